//! Breakers: whom they spare, and when they are done.

use aws_ssm_tests::harness::PATIENCE;
use aws_ssm_tests::sandbox::Fault;
use serde_json::Value;
use tokio::time::Instant;

use super::NO_RETRIES;
use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, sorted};

#[tokio::test]
async fn a_breaker_that_is_open_asks_nobody_and_says_when_it_will() {
    let config = format!("{NO_RETRIES}  failure_threshold: 2\n  open_seconds: 3600\n");
    let stage = Stage::new().await.configured(&config);
    stage.done(&["list", "-r", OTHER_REGION]).await;
    stage
        .sandbox
        .inject(Fault::internal_error().on("DescribeInstances"));
    for _ in 0..2 {
        assert_refused(&stage.run(&["list"]).await, 5, &["failing"]);
    }
    stage.sandbox.reset_counts();
    let refused = stage.run(&["list"]).await;
    assert_refused(
        &refused,
        5,
        &[
            "EC2 in eu-west-1",
            "kept failing",
            "breaker opened",
            "ago; the last error: InternalError",
            "tried again in 59m",
        ],
    );
    assert_eq!(stage.sandbox.counts().total(), 0);

    let stats = stage.json(&["daemon", "stats"]).await;
    let breakers = stats["breakers"].as_array().expect("breakers");
    let state = |region: &str| {
        let is_it = |b: &&Value| b["region"] == region && b["service"] == "ec2";
        breakers
            .iter()
            .find(is_it)
            .map(|breaker| breaker["state"].clone())
    };
    assert_eq!(state(REGION), Some("open".into()), "{stats}");
    assert_eq!(state(OTHER_REGION), Some("closed".into()), "{stats}");
    stage.done(&["list", "-r", OTHER_REGION]).await;
    // Another account's calls are not in the way of this one's failures.
    stage.sandbox.clear_faults();
    let other = stage.sandbox.account(1).role_arn("ops");
    stage.done(&["list", "--role-arn", &other]).await;
}

#[tokio::test]
async fn a_breaker_closes_when_aws_is_well_again() {
    let config =
        format!("{NO_RETRIES}  failure_threshold: 1\n  open_seconds: 0.1\n  half_open_probes: 1\n");
    let stage = Stage::new().await.configured(&config);
    stage
        .sandbox
        .inject(Fault::unavailable().on("DescribeInstances").times(1));
    assert_refused(&stage.run(&["list"]).await, 5, &[]);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = stage.run(&["list", "-o", "ids"]).await;
        if list.code() == 0 {
            assert_eq!(sorted(list.lines()), stage.listed());
            break;
        }
        assert_refused(&list, 5, &["kept failing"]);
        assert!(Instant::now() < deadline, "it never closed");
    }
}
