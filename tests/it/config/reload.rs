//! Settings that change while the daemon runs.

use aws_ssm_proto::domain::{Column, Error, ErrorKind, Freshness, ListQuery, ListSummary};
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use aws_ssm_tests::sandbox::Fault;

use crate::life::kill::{listening_process, send};
use crate::stage::{LOG_LEVEL, REGION, Stage, assert_refused, eventually, first_caller, sandbox};

#[tokio::test]
async fn a_changed_file_holds_at_once_and_says_what_needs_a_restart() {
    let daemon = TestDaemon::start("cache:\n  ttl_minutes: 5\n").await;
    let client = daemon.client().await;
    let text = "cache:\n  ttl_minutes: 7\nperformance:\n  memory_limit_mb: 60\n";
    daemon.home.write("config.yaml", text);
    let reload = client.reload_config().await.expect("it reloads");
    let told: Vec<_> = reload
        .changes
        .iter()
        .map(|change| {
            (
                &*change.name,
                &*change.before,
                &*change.after,
                change.applied,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("cache.ttl_minutes", "5", "7", true),
            ("performance.memory_limit_mb", "50", "60", false),
        ]
    );
    let settings = client.settings().await.expect("settings");
    let source = |name: &str| {
        let setting = settings.iter().find(|setting| setting.name == name);
        setting.map(|setting| setting.source.clone()).expect(name)
    };
    assert!(source("cache.ttl_minutes").ends_with("config.yaml:2"));
    assert_eq!(source("performance.memory_limit_mb"), "default");
    // What is put off is told of again, and nothing else.
    let again = client.reload_config().await.expect("it reloads");
    assert_eq!(again.changes.len(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_wrong_file_leaves_everything_as_it_is_and_is_told_in_full() {
    let daemon = TestDaemon::start("cache:\n  ttl_minutes: 5\n").await;
    let client = daemon.client().await;
    let text = "cache:\n  ttl_minutes: 0\n  refresh_worker: 1\n";
    daemon.home.write("config.yaml", text);
    let error = client.reload_config().await.expect_err("wrong");
    assert_eq!(error.kind, ErrorKind::Config);
    assert_eq!(error.what, "the daemon goes on with the settings it had");
    assert_eq!(error.candidates.len(), 2, "{error:?}");
    let settings = client.settings().await.expect("settings");
    let ttl = settings.iter().find(|s| s.name == "cache.ttl_minutes");
    assert!(ttl.is_some_and(|ttl| ttl.source.ends_with("config.yaml:2")));
    std::fs::remove_file(daemon.home.path().join("config.yaml")).expect("removed");
    let error = client.reload_config().await.expect_err("missing");
    assert!(error.why.contains("config.yaml"), "{error:?}");
    // More mistakes than a report has room for are still told.
    let many: String = (0..5000)
        .map(|n| format!("section{n}: {}\n", "x".repeat(100)))
        .collect();
    daemon.home.write("config.yaml", &many);
    let error = client.reload_config().await.expect_err("wrong");
    assert!(error.why.contains("5000 mistakes"), "{error:?}");
    daemon.stop().await;
}

#[tokio::test]
async fn an_entry_that_is_there_is_judged_by_the_new_times() {
    let sandbox = sandbox().await;
    let config = "cache:\n  background_refresh: false\n";
    let daemon = TestDaemon::start(config).await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let loads = || sandbox.counts().of("DescribeInstances");
    let list = async || {
        let listed = list_ids(&client, &caller, ListQuery::default()).await;
        listed.expect("a list")
    };
    list().await;
    let first = loads();
    assert!(first > 0);
    list().await;
    assert_eq!(loads(), first, "it is served from memory");
    // Off: nothing is kept, and what was is dropped.
    daemon
        .home
        .write("config.yaml", "cache:\n  enabled: false\n");
    client.reload_config().await.expect("it reloads");
    assert!(client.cache().await.expect("entries").is_empty());
    list().await;
    list().await;
    assert_eq!(loads(), 3 * first);
    daemon.home.write("config.yaml", config);
    client.reload_config().await.expect("it reloads");
    list().await;
    list().await;
    assert_eq!(loads(), 4 * first);
    daemon.stop().await;
}

#[tokio::test]
async fn page_sizes_and_limits_hold_for_the_next_load() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let fresh = || ListQuery {
        freshness: Freshness::Fresh,
        all_states: true,
        columns: vec![Column::Id],
        ..ListQuery::default()
    };
    let (all, _) = list_ids(&client, &caller, fresh()).await.expect("a list");
    assert!(all.len() > 20);
    let text = "performance:\n  streaming_page_size: 5\n  streaming_max_items: 20\n";
    daemon.home.write("config.yaml", text);
    client.reload_config().await.expect("it reloads");
    let before = sandbox.counts().of("DescribeInstances");
    let (some, summary) = list_ids(&client, &caller, fresh()).await.expect("a list");
    assert_eq!(some.len(), 20);
    assert!(summary.regions[0].cut);
    assert_eq!(sandbox.counts().of("DescribeInstances") - before, 4);
    daemon.stop().await;
}

#[tokio::test]
async fn attempts_and_default_region_hold_for_the_next_call() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("resilience:\n  max_attempts: 1\n").await;
    let client = daemon.client().await;
    let mut caller = first_caller(&sandbox);
    list_ids(&client, &caller, ListQuery::default())
        .await
        .expect("a list");
    let fresh = || ListQuery {
        freshness: Freshness::Fresh,
        ..ListQuery::default()
    };
    let refuse_one = || Fault::throttle(1.0).on("DescribeInstances").times(1);
    sandbox.inject(refuse_one());
    let refused = list_ids(&client, &caller, fresh()).await;
    assert!(gave_up(refused), "one attempt is all there is");
    let text = format!("default:\n  region: {REGION}\nresilience:\n  max_attempts: 3\n");
    daemon.home.write("config.yaml", &text);
    client.reload_config().await.expect("it reloads");
    sandbox.inject(refuse_one());
    caller.regions.clear();
    let listed = list_ids(&client, &caller, fresh()).await;
    let (ids, summary) = listed.expect("the second attempt");
    assert!(!ids.is_empty());
    assert_eq!(summary.regions[0].region, REGION);
    daemon.stop().await;
}

/// Whether a list has failed, as a whole or in its region.
fn gave_up(listed: Result<(Vec<String>, ListSummary), Error>) -> bool {
    listed.is_err() || listed.is_ok_and(|(_, summary)| summary.regions[0].error.is_some())
}

#[tokio::test]
async fn daemon_reload_prints_what_has_changed() {
    let stage = Stage::new().await.configured("cache:\n  ttl_minutes: 5\n");
    assert_refused(&stage.run(&["daemon", "reload"]).await, 6, &["no daemon"]);
    stage.done(&["daemon", "start"]).await;
    let same = stage.done(&["daemon", "reload"]).await;
    assert_eq!(same.stdout, "");
    let text = "cache:\n  ttl_minutes: 6\n  share: credentials\nplugins: []\n";
    stage.programs.home.write("config.yaml", text);
    let changes = stage.json(&["daemon", "reload"]).await;
    assert_eq!(changes[0]["setting"], "cache.share");
    assert_eq!(changes[0]["holds"], "after a restart");
    assert_eq!(changes[1]["before"], "5");
    let told = stage.done(&["daemon", "reload"]).await;
    assert!(told.stderr.contains("plugins has no effect"), "{told:?}");
    assert!(told.stderr.contains("daemon restart"), "{told:?}");
    stage.programs.home.write("config.yaml", "cache: [");
    let wrong = stage.run(&["daemon", "reload"]).await;
    assert_refused(&wrong, 2, &["goes on with the settings it had", "line 1"]);
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn sighup_reads_the_settings_again() {
    let mut stage = Stage::new()
        .await
        .configured("daemon:\n  log_level: warn\n");
    // It would stand above the file.
    stage.programs.unset(LOG_LEVEL);
    stage.done(&["daemon", "start"]).await;
    let pid = listening_process(&stage.programs)
        .await
        .expect("it listens");
    let log = stage.programs.home.endpoint().log;
    let says = |words: &str| {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        text.contains(words)
    };
    stage
        .programs
        .home
        .write("config.yaml", "daemon:\n  log_level: nonesuch\n");
    send(pid, rustix::process::Signal::HUP);
    eventually("the mistake in the log", || says("nonesuch")).await;
    stage
        .programs
        .home
        .write("config.yaml", "daemon:\n  log_level: info\n");
    send(pid, rustix::process::Signal::HUP);
    eventually("the change in the log", || says("daemon.log_level is info")).await;
    assert_eq!(listening_process(&stage.programs).await, Some(pid));
}
