//! The figures for other Rust programs.

use std::time::Duration;

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{TestDaemon, list_ids};

use crate::stage::{first_caller, sandbox};

#[tokio::test]
async fn a_program_reads_the_summary_typed() {
    let sandbox = sandbox().await;
    sandbox.set_latency(Duration::from_millis(5), Duration::ZERO);
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let nothing = client.metrics().await.expect("counters").summary();
    assert_eq!((nothing.success_rate, nothing.cache_hit_rate), (None, None));
    let caller = first_caller(&sandbox);
    for _ in 0..4 {
        list_ids(&client, &caller, ListQuery::default())
            .await
            .expect("a list");
    }
    let summary = client.metrics().await.expect("counters").summary();
    assert_eq!(summary.success_rate, Some(1.0));
    assert_eq!(summary.cache_hit_rate, Some(0.75));
    assert!(
        summary.avg_duration >= Duration::from_millis(5),
        "{summary:?}"
    );
    daemon.stop().await;
}
