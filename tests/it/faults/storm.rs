//! Everything that AWS is asked behind the answers fails, and the answers do not.

use std::time::Duration;

use aws_ssm_proto::domain::{DataState, ListQuery};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, caller, list_ids};
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::NO_RETRIES;
use crate::stage::{OTHER_REGION, REGION, sandbox};

/// Refreshes all that it is asked for at once, and tries each refresh once.
fn restless() -> String {
    format!(
        "{NO_RETRIES}  failure_threshold: 2\n  attempt_timeout_seconds: 60\n\
         cache:\n  refresh_workers: 8\n  ttl_minutes: 0.1\n  \
         stale_threshold_minutes: 60\n  refresh_ahead: 0.1\n"
    )
}

#[tokio::test]
async fn an_error_storm_while_refreshing_fails_no_warm_call() {
    let storm = [
        Fault::throttle(1.0),
        Fault::internal_error(),
        Fault::unavailable(),
        Fault::cut(),
        Fault::nonsense(),
        Fault::hang(),
    ];
    join_all(storm.map(weather)).await;
}

/// Lists what is known until this has struck a refresh of each entry.
async fn weather(fault: Fault) {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start(&restless()).await;
    let client = daemon.client().await;
    let callers = [0, 1].map(|n| caller(&sandbox, sandbox.account(n), &[REGION, OTHER_REGION]));
    for caller in &callers {
        let list = list_ids(&client, caller, ListQuery::default()).await;
        let (_, summary) = list.expect("a cold list");
        assert!(summary.regions.iter().all(|region| region.error.is_none()));
    }
    let kind = fault.kind;
    sandbox.inject(fault);
    let deadline = Instant::now() + PATIENCE;
    while sandbox.faults()[0].struck < 4 {
        assert!(Instant::now() < deadline, "{kind:?}: nothing was refreshed");
        for caller in &callers {
            let list = list_ids(&client, caller, ListQuery::default()).await;
            let (_, summary) = list.unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
            for region in &summary.regions {
                assert_eq!(region.error, None, "{kind:?}");
                assert_ne!(region.state, DataState::LastKnown, "{kind:?}");
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(client);
    daemon.stop().await;
}
