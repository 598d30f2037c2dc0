//! The daemon's counters are what the sandbox has counted too.

use aws_ssm_tests::audit;
use aws_ssm_tests::sandbox::Fault;
use serde_json::Value;

use crate::stage::{OTHER_REGION, REGION, Stage};

async fn stats(stage: &Stage) -> Value {
    stage.json(&["daemon", "stats"]).await
}

fn assert_true(stats: &Value, stage: &Stage) {
    audit::same_calls(stats, &stage.sandbox.counts()).expect("what the sandbox counted");
}

#[tokio::test]
async fn every_figure_about_aws_is_what_the_sandbox_counted() {
    let stage = Stage::new().await;
    let regions = format!("{REGION},{OTHER_REGION}");
    stage.done(&["list", "-r", &regions]).await;
    stage.done(&["list", "-r", &regions]).await;
    stage.done(&["show", "web-1"]).await;
    stage.done(&["regions"]).await;
    stage.done(&["whoami"]).await;
    stage.done(&["cache", "refresh"]).await;
    stage.settled().await;
    let stats = stats(&stage).await;
    assert_true(&stats, &stage);
    audit::every_section_counts(&stats).expect("figures everywhere");
    assert_eq!(stats["summary"]["regions"], 2, "{stats}");
}

/// Whatever the luck of the throttling, the sums hold.
#[tokio::test]
async fn retries_throttles_and_failures_are_counted_as_they_were_refused() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Fault::throttle(0.3));
    for _ in 0..5 {
        stage.run(&["list", "--fresh"]).await;
    }
    stage.sandbox.clear_faults();
    stage.done(&["whoami"]).await;
    let stats = stats(&stage).await;
    assert_true(&stats, &stage);
    let api = stats["api"].as_array().expect("operations");
    let sum = |figure: &str| -> u64 { api.iter().filter_map(|op| op[figure].as_u64()).sum() };
    assert!(sum("throttles") > 0, "{stats}");
    assert_eq!(
        sum("throttles"),
        sum("retries") + sum("failures"),
        "{stats}"
    );
}

#[tokio::test]
async fn a_failure_is_told_with_its_time() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .inject(Fault::access_denied().on("DescribeInstances"));
    stage.run(&["list"]).await;
    let stats = stats(&stage).await;
    let operation = stats["api"].as_array().expect("operations").iter();
    let mut operation = operation.filter(|op| op["operation"] == "ec2:DescribeInstances");
    let operation = operation.next().expect("it was called");
    let error = operation["last_error"].as_str().expect("an error");
    assert!(error.contains("not authorized"), "{error}");
    assert!(operation["last_error_at"].is_string(), "{operation}");
    let told = stage.done(&["daemon", "stats"]).await.stdout;
    assert!(
        told.contains("api last errors") && told.contains(error),
        "{told}"
    );
}
