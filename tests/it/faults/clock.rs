//! This machine's clock jumps, and is set right again.

use std::time::Duration;

use aws_ssm_proto::domain::{Freshness, ListQuery};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, list_ids};
use tokio::time::Instant;

use crate::stage::{REGION, first_caller, listed, sandbox, sorted};

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
