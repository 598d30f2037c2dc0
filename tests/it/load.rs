//! Many at once: one load for all who wait, one daemon for all who start it.

use std::time::Duration;

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use aws_ssm_tests::sandbox::{Sandbox, SandboxConfig};
use futures_util::future::join_all;

use crate::stage::{
    REGION, Stage, assert_refused, eventually, first_caller, listed, sandbox, small, sorted,
};

#[tokio::test]
async fn two_hundred_cold_callers_cause_one_load() {
    let config = SandboxConfig {
        instances: 250,
        ..small()
    };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    // Slow enough that all of them come while the first still waits.
    sandbox.set_latency(Duration::from_millis(100), Duration::ZERO);
    let daemon = TestDaemon::start("").await;
    let caller = first_caller(&sandbox);
    let callers = (0..200).map(|_| async {
        let client = daemon.client().await;
        list_ids(&client, &caller, ListQuery::default()).await
    });
    let expected = listed(&sandbox, 0, REGION);
    for answer in join_all(callers).await {
        assert_eq!(sorted(answer.expect("a list").0), expected);
    }
    let counts = sandbox.counts();
    assert_eq!(
        counts.of("DescribeInstances"),
        2,
        "a page of 100, and the rest"
    );
    assert_eq!(counts.of("GetCallerIdentity"), 1);
    assert_eq!(counts.total(), 3, "{counts:?}");
    daemon.stop().await;
}

/// A caller who leaves must not take the load along that others wait for.
#[tokio::test]
async fn a_load_goes_on_when_the_caller_who_caused_it_leaves() {
    let sandbox = sandbox().await;
    sandbox.set_latency(Duration::from_millis(200), Duration::ZERO);
    let daemon = TestDaemon::start("").await;
    let caller = first_caller(&sandbox);
    let first = {
        let (client, caller) = (daemon.client().await, caller.clone());
        tokio::spawn(async move {
            list_ids(&client, &caller, ListQuery::default())
                .await
                .is_ok()
        })
    };
    eventually("the load", || sandbox.counts().of("DescribeInstances") > 0).await;
    first.abort();
    let client = daemon.client().await;
    let (ids, _) = list_ids(&client, &caller, ListQuery::default())
        .await
        .expect("a list");
    assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn fifty_commands_on_a_cold_machine_start_one_daemon() {
    let stage = Stage::new().await;
    let runs = (0..50).map(|_| stage.run(&["list", "-o", "ids"]));
    let expected = stage.listed();
    for finished in join_all(runs).await {
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert_eq!(sorted(finished.lines()), expected);
        assert_eq!(finished.stderr, "");
    }
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log).expect("a log");
    assert_eq!(log.matches("listening").count(), 1, "{log}");
    assert_eq!(stage.calls("DescribeInstances"), 1);
    assert_eq!(stage.calls("GetCallerIdentity"), 1);
}

#[tokio::test]
async fn fifty_commands_on_a_broken_configuration_are_told_so_by_one_start() {
    let stage = Stage::new().await.configured("cache:\n  ttl_minute: 5\n");
    let runs = (0..50).map(|_| stage.run(&["list"]));
    for finished in join_all(runs).await {
        assert_refused(&finished, 2, &["config.yaml", "line 2", "ttl_minutes"]);
    }
    assert!(!stage.programs.home.endpoint().socket.exists());
}
