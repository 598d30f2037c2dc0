//! AWS says that calls are too many.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, ListQuery, Stats};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, caller, list_ids};
use aws_ssm_tests::sandbox::{Fault, Sandbox};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::stage::{OTHER_REGION, REGION, Stage, listed, sandbox, sorted};

/// Entries are refreshed every second or so, and never expire.
const RESTLESS: &str =
    "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 60\n  refresh_ahead: 0.1\n";

/// The part of calls that are throttled.
const PART: f64 = 0.3;

/// Makes these data known, however often it takes.
async fn warm_up(client: &Client, caller: &Caller) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = list_ids(client, caller, ListQuery::default()).await {
        assert!(Instant::now() < deadline, "{error:?}");
    }
}

/// One caller for each account and region, with the ids that it is to see.
fn callers(sandbox: &Sandbox) -> Vec<(Caller, Vec<String>)> {
    let places = [
        (0, REGION),
        (1, REGION),
        (0, OTHER_REGION),
        (1, OTHER_REGION),
    ];
    places
        .map(|(number, region)| {
            let caller = caller(sandbox, sandbox.account(number), &[region]);
            (caller, listed(sandbox, number, region))
        })
        .into()
}

/// Lists again and again over one connection; each answer is whole.
async fn list_warm(client: &Client, caller: &Caller, expected: &[String], times: usize) {
    for _ in 0..times {
        let (mut ids, summary) = list_ids(client, caller, ListQuery::default())
            .await
            .expect("warm");
        ids.sort_unstable();
        assert_eq!(ids, expected);
        let excused = summary.regions.iter().any(|region| region.error.is_some());
        assert!(!excused, "{summary:?}");
    }
}

fn assert_no_breaker_open(stats: &Stats) {
    let mut breakers = stats.breakers.iter();
    assert!(breakers.all(|b| b.state == "closed"), "{stats:?}");
}

#[tokio::test]
async fn ten_thousand_warm_lists_have_no_failure_while_a_third_of_the_calls_is_throttled() {
    const CONNECTIONS: usize = 8;
    const LISTS: usize = 10_000;
    let sandbox = sandbox().await;
    sandbox.inject(Fault::throttle(PART));
    let daemon = TestDaemon::start(RESTLESS).await;
    let callers = callers(&sandbox);
    let client = daemon.client().await;
    for (caller, _) in &callers {
        warm_up(&client, caller).await;
    }
    let cold = client.metrics().await.expect("stats");
    let connections = (0..CONNECTIONS).map(|number| {
        let (caller, expected) = &callers[number % callers.len()];
        let daemon = &daemon;
        async move {
            let client = daemon.client().await;
            list_warm(&client, caller, expected, LISTS / CONNECTIONS).await;
        }
    });
    join_all(connections).await;
    // On a fast machine that is over before much has been refreshed.
    let refreshed = async |client: &Client| {
        let stats = client.metrics().await.expect("stats");
        let throttles: u64 = stats.api.iter().map(|api| api.throttles).sum();
        stats.cache.refreshes_succeeded >= 8 && throttles >= 5
    };
    let deadline = Instant::now() + PATIENCE;
    while !refreshed(&client).await {
        assert!(Instant::now() < deadline, "hardly anything was refreshed");
        for (caller, expected) in &callers {
            list_warm(&client, caller, expected, 10).await;
        }
    }
    let stats = client.metrics().await.expect("stats");
    assert_no_breaker_open(&stats);
    assert_eq!(stats.cache.misses, cold.cache.misses, "all were warm");
    assert!(stats.cache.hits >= LISTS as u64);
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn hundreds_of_commands_have_no_failure_while_a_third_of_the_calls_is_throttled() {
    const AT_ONCE: usize = 8;
    const ROUNDS: usize = 40;
    let stage = Stage::new().await.configured(RESTLESS);
    stage.done(&["list"]).await;
    stage.sandbox.inject(Fault::throttle(PART));
    let expected = stage.listed();
    for _ in 0..ROUNDS {
        let runs = (0..AT_ONCE).map(|_| stage.run(&["list", "-o", "ids", "-q"]));
        for list in join_all(runs).await {
            assert_eq!((list.code(), list.stderr.as_str()), (0, ""), "{list:?}");
            assert_eq!(sorted(list.lines()), expected);
        }
    }
    let stats = stage.json(&["daemon", "stats"]).await;
    assert_eq!(stats["cache"]["misses"], 1, "{stats}");
    assert_ne!(stats["cache"]["refreshes_begun"], 0, "{stats}");
}

#[tokio::test]
async fn retries_carry_a_cold_call_through_throttling() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::throttle(1.0).on("DescribeInstances").times(2));
    sandbox.inject(Fault::throttle(1.0).on("GetCallerIdentity").times(1));
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let ours = caller(&sandbox, sandbox.account(0), &[REGION]);
    let (ids, _) = list_ids(&client, &ours, ListQuery::default())
        .await
        .expect("a list");
    assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    let api = client.metrics().await.expect("stats").api;
    let describe = api
        .iter()
        .find(|op| op.operation == "ec2:DescribeInstances");
    let describe = describe.expect("was called");
    assert_eq!(
        (describe.calls, describe.retries, describe.throttles),
        (1, 2, 2)
    );
    daemon.stop().await;
}
