//! This machine's clock jumps, and is set right again.

use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{Caller, Freshness, ListQuery};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, list_ids};
use aws_ssm_tests::sandbox::Sandbox;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::stage::{OTHER_REGION, REGION, first_caller, listed, sandbox, sorted};

/// Refreshed every second or so, and never expired.
const RESTLESS: &str =
    "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 60\n  refresh_ahead: 0.1\n";

#[tokio::test]
async fn a_clock_that_jumps_an_hour_and_back_changes_no_age_and_stops_no_refresh() {
    for hour in [3600, -3600] {
        let sandbox = sandbox().await;
        let daemon = TestDaemon::start(RESTLESS).await;
        let client = daemon.client().await;
        let caller = first_caller(&sandbox);
        let list = async |freshness| {
            let query = ListQuery {
                freshness,
                ..ListQuery::default()
            };
            let (ids, summary) = list_ids(&client, &caller, query).await.expect("a list");
            assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
            let region = &summary.regions[0];
            assert_eq!(region.error, None, "{hour}");
            assert!(region.age < PATIENCE, "{hour}: {:?}", region.age);
        };
        let refreshes = async || {
            let cache = client.metrics().await.expect("stats").cache;
            assert_eq!(cache.refreshes_failed, 0, "{hour}: {cache:?}");
            cache.refreshes_succeeded
        };
        list(Freshness::Configured).await;
        // And back: what was learnt of the wrong time is wrong then.
        for ahead in [hour, 0] {
            sandbox.set_clock(ahead);
            sandbox.reset_counts();
            let before = refreshes().await;
            let deadline = Instant::now() + PATIENCE;
            while refreshes().await < before + 3 {
                assert!(Instant::now() < deadline, "{hour}: nothing is refreshed");
                list(Freshness::Configured).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            list(Freshness::Fresh).await;
            let counts = sandbox.counts();
            // A refusal tells the time: the calls that follow are signed by it.
            let refused = counts.refused();
            assert!((1..=2).contains(&refused), "{hour}: {counts:?}");
            assert!(counts.of("DescribeInstances") < 20, "{hour}: {counts:?}");
        }
        drop(client);
        daemon.stop().await;
    }
}

/// The first account's caller, in a role whose sessions last an hour.
fn in_a_role(sandbox: &Sandbox) -> Caller {
    let mut caller = first_caller(sandbox);
    caller.role_arn = Some(sandbox.account(0).role_arn("ops"));
    caller
}

/// How many calls of an operation had a good answer.
fn accepted(sandbox: &Sandbox, operation: &str) -> u64 {
    let counts = sandbox.counts();
    let counts = counts.iter().filter(|count| count.operation == operation);
    counts.map(|count| count.calls - count.refused).sum()
}

/// Only what is loaded now will do.
fn fresh() -> ListQuery {
    ListQuery {
        freshness: Freshness::Fresh,
        ..ListQuery::default()
    }
}

#[tokio::test]
async fn with_a_clock_an_hour_off_a_session_of_an_hour_is_had_once_and_holds_its_hour() {
    for hour in [3600, -3600] {
        let sandbox = sandbox().await;
        sandbox.set_clock(hour);
        let daemon = TestDaemon::start("").await;
        let client = daemon.client().await;
        let caller = in_a_role(&sandbox);
        for _ in 0..3 {
            let (ids, _) = list_ids(&client, &caller, fresh()).await.expect("a list");
            assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
        }
        assert_eq!(accepted(&sandbox, "AssumeRole"), 1, "{hour}");
        let identity = client.whoami(&caller).await.expect("known");
        let ends = identity.expires_at.expect("sessions end");
        let left = ends.duration_since(SystemTime::now()).expect("it holds");
        let minutes = left.as_secs() / 60;
        assert!((45..=61).contains(&minutes), "{hour}: {minutes} minutes");
        drop(client);
        daemon.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_is_over_before_its_time_is_renewed_once_within_the_calls_told_so() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let mut caller = in_a_role(&sandbox);
    caller.regions.push(OTHER_REGION.to_owned());
    list_ids(&client, &caller, fresh()).await.expect("a list");
    // By this machine's clock it would hold for an hour yet.
    sandbox.set_clock(2 * 3600);
    sandbox.reset_counts();
    for outcome in join_all((0..4).map(|_| list_ids(&client, &caller, fresh()))).await {
        let (ids, summary) = outcome.expect("a list");
        assert!(summary.regions.iter().all(|region| region.error.is_none()));
        let both = [REGION, OTHER_REGION].map(|region| listed(&sandbox, 0, region));
        assert_eq!(sorted(ids), sorted(both.concat()));
    }
    assert_eq!(accepted(&sandbox, "AssumeRole"), 1);
    assert_eq!(accepted(&sandbox, "GetCallerIdentity"), 1);
    drop(client);
    daemon.stop().await;
}
