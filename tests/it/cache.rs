//! Warm answers: when AWS is asked, when it is not, and what a person can do
//! about it.

use aws_ssm_proto::domain::{DataState, Freshness, ListQuery};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, caller, list_ids};
use aws_ssm_tests::sandbox::{Fault, Service};
use tokio::time::Instant;

use crate::stage::{
    OTHER_REGION, REGION, Stage, eventually, first_caller, listed, sandbox, sorted,
};

#[tokio::test]
async fn the_second_list_makes_no_aws_call() {
    let stage = Stage::new().await;
    let cold = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(cold.lines()), stage.listed());
    stage.done(&["list"]).await;
    stage.settled().await;

    stage.sandbox.reset_counts();
    for format in ["ids", "table", "json"] {
        stage.done(&["list", "-o", format]).await;
    }
    let warm = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(warm.stdout, cold.stdout);
    let counts = stage.sandbox.counts();
    assert_eq!(counts.total(), 0, "{counts:?}");
}

#[tokio::test]
async fn every_question_about_a_known_fleet_is_answered_without_aws() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.done(&["interfaces"]).await;
    stage.settled().await;
    stage.done(&["regions"]).await;

    stage.sandbox.reset_counts();
    let id = stage.done(&["resolve", "web-1"]).await;
    stage.done(&["show", id.stdout.trim()]).await;
    stage.done(&["interfaces", "web-1"]).await;
    stage.done(&["list", "--all", "--tag", "Name=web-1"]).await;
    stage.done(&["list", "--count", "--all"]).await;
    stage.done(&["list", "--sort", "none", "-o", "jsonl"]).await;
    stage.done(&["whoami"]).await;
    stage.done(&["regions"]).await;
    let counts = stage.sandbox.counts();
    assert_eq!(counts.total(), 0, "{counts:?}");
}

/// The time to live is the shortest there is; nothing refreshes unasked.
const SHORT_LIVED: &str = "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 60\n  \
                           refresh_ahead: 0.1\n  keep_warm_minutes: 0\n";

#[tokio::test]
async fn past_the_soft_limit_the_calls_are_made_behind_the_answer() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start(SHORT_LIVED).await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let list = async || {
        let answer = list_ids(&client, &caller, ListQuery::default()).await;
        answer.expect("a list")
    };
    let (cold, _) = list().await;

    // Whoever waited for this refresh would wait for ever.
    sandbox.inject(Fault::hang().on("DescribeInstances"));
    sandbox.reset_counts();
    let deadline = Instant::now() + PATIENCE;
    while sandbox.counts().of("DescribeInstances") == 0 {
        assert!(Instant::now() < deadline, "no refresh was begun");
        assert_eq!(list().await.0, cold);
    }

    // It goes on serving while the refresh is stuck, and says how good it is.
    loop {
        let (warm, summary) = list().await;
        assert_eq!(warm, cold);
        assert!(summary.regions[0].refreshing);
        if summary.regions[0].state == DataState::Stale {
            break;
        }
        assert!(Instant::now() < deadline, "the data never grew stale");
    }
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn workers_keep_used_entries_fresh_unasked() {
    let sandbox = sandbox().await;
    let config = "cache:\n  ttl_minutes: 0.1\n  refresh_ahead: 0.1\n  keep_warm_minutes: 10\n";
    let daemon = TestDaemon::start(config).await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    list_ids(&client, &caller, ListQuery::default())
        .await
        .expect("a list");
    sandbox.reset_counts();
    eventually("a refresh", || sandbox.counts().of("DescribeInstances") > 0).await;
    daemon.stop().await;
}

#[tokio::test]
async fn fresh_and_max_age_decide_whether_aws_is_asked() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let list = async |freshness| {
        let query = ListQuery {
            freshness,
            ..ListQuery::default()
        };
        let before = sandbox.counts().of("DescribeInstances");
        list_ids(&client, &caller, query).await.expect("a list");
        sandbox.counts().of("DescribeInstances") - before
    };
    assert_eq!(list(Freshness::Configured).await, 1);
    assert_eq!(list(Freshness::MaxAge(PATIENCE * 60)).await, 0);
    assert_eq!(list(Freshness::Fresh).await, 1);
    assert_eq!(list(Freshness::MaxAge(std::time::Duration::ZERO)).await, 1);
    assert_eq!(list(Freshness::Configured).await, 0);
    daemon.stop().await;
}

#[tokio::test]
async fn fresh_sees_what_has_changed_and_everybody_sees_it_from_then_on() {
    let stage = Stage::new().await;
    let named = ["list", "--tag", "Name=renamed", "-o", "ids"];
    let id = stage
        .done(&["resolve", "web-1"])
        .await
        .stdout
        .trim()
        .to_owned();
    let account = &stage.sandbox.account(0).id;
    let tag = ("Name", Some("renamed"));
    stage
        .sandbox
        .retag(account, REGION, &id, tag)
        .expect("an instance");

    assert_eq!(stage.done(&named).await.stdout, "");
    let fresh = stage.done(&[&named[..], &["--fresh"]].concat()).await;
    assert_eq!(fresh.lines(), [&id]);
    assert_eq!(stage.done(&named).await.lines(), [&id]);
    let max_age = stage
        .done(&[&named[..], &["--max-age", "1h"]].concat())
        .await;
    assert_eq!(max_age.lines(), [&id]);
}

#[tokio::test]
async fn refresh_loads_again_and_clear_forgets() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.settled().await;
    stage.sandbox.reset_counts();

    let refreshed = stage.json(&["cache", "refresh"]).await;
    assert_eq!(refreshed[0]["region"], REGION);
    assert_eq!(refreshed[0]["error"], serde_json::Value::Null);
    assert_eq!(stage.calls("DescribeInstances"), 1);
    assert!(stage.calls("DescribeInstanceInformation") > 0);

    let shown = stage.json(&["cache", "show"]).await;
    let instances = shown.as_array().expect("rows").iter();
    let instances: Vec<_> = instances.filter(|e| e["resource"] == "instances").collect();
    assert_eq!(instances.len(), 1);
    assert_eq!(instances[0]["rows"], 60);
    assert_eq!(instances[0]["state"], "fresh");
    assert_eq!(instances[0]["account"], *stage.sandbox.account(0).id);

    stage.done(&["cache", "clear"]).await;
    assert_eq!(stage.json(&["cache", "show"]).await, serde_json::json!([]));
    stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(stage.calls("DescribeInstances"), 2);
}

#[tokio::test]
async fn clear_leaves_the_entries_of_others_unless_told_otherwise() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let [ours, theirs] =
        [0, 1].map(|n| caller(&sandbox, sandbox.account(n), &[REGION, OTHER_REGION]));
    let accounts = async || -> Vec<String> {
        let entries = client.cache().await.expect("entries").into_iter();
        sorted(
            entries
                .filter(|e| e.resource == "instances")
                .map(|e| e.account),
        )
    };
    for caller in [&ours, &theirs] {
        list_ids(&client, caller, ListQuery::default())
            .await
            .expect("a list");
    }
    let [a, b] = [0, 1].map(|n| sandbox.account(n).id.clone());
    assert_eq!(accounts().await, [a.clone(), a, b.clone(), b.clone()]);
    assert_eq!(client.clear_cache(Some(&ours)).await.expect("cleared"), 2);
    assert_eq!(accounts().await, [b.clone(), b]);
    assert_eq!(client.clear_cache(None).await.expect("cleared"), 2);
    assert!(accounts().await.is_empty());
    daemon.stop().await;
}

#[tokio::test]
async fn without_a_cache_every_call_loads() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("cache:\n  enabled: false\n").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    for calls in 1..=3 {
        let (ids, _) = list_ids(&client, &caller, ListQuery::default())
            .await
            .expect("a list");
        assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
        assert_eq!(sandbox.counts().of("DescribeInstances"), calls);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn one_call_without_the_daemon_leaves_none_behind() {
    let stage = Stage::new().await;
    let alone = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    assert_eq!(sorted(alone.lines()), stage.listed());
    assert_eq!(stage.run(&["daemon", "status"]).await.code(), 6);
    assert!(!stage.programs.home.endpoint().socket.exists());
}

#[tokio::test]
async fn stats_tell_why_the_second_list_was_quick() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.done(&["list", "-o", "ids"]).await;
    }
    let stats = stage.json(&["daemon", "stats"]).await;
    assert_eq!(stats["cache"]["misses"], 1, "{stats}");
    assert_eq!(stats["cache"]["hits"], 2, "{stats}");
    let api = stats["api"].as_array().expect("operations");
    let describe = api
        .iter()
        .find(|op| op["operation"] == "ec2:DescribeInstances");
    assert_eq!(describe.expect("was called")["calls"], 1, "{stats}");
}

#[tokio::test]
async fn a_list_shows_what_is_known_of_agents_and_waits_for_no_more() {
    let stage = Stage::new().await;
    let agents = async |flags: &[&str]| -> Vec<String> {
        let list = stage
            .done(&[&["list", "-o", "tsv", "--no-header"], flags].concat())
            .await;
        let rows = list.stdout.lines().map(|line| line.rsplit('\t').next());
        rows.map(|agent| agent.expect("a column").to_owned())
            .collect()
    };
    // Whoever waited for this would wait for ever.
    let hang = stage.sandbox.inject(Fault::hang().on_service(Service::Ssm));
    assert!(agents(&[]).await.iter().all(String::is_empty));
    stage.sandbox.remove_fault(hang);
    let known = agents(&["--fresh"]).await;
    assert!(known.iter().all(|agent| !agent.is_empty()), "{known:?}");
    assert!(known.iter().any(|agent| agent == "online"), "{known:?}");
    assert_eq!(agents(&[]).await, known);
}
