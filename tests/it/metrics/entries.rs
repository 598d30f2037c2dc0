//! `cache show` explains each entry.

use aws_ssm_tests::sandbox::Fault;
use serde_json::Value;

use crate::stage::{REGION, Stage};

async fn instances(stage: &Stage) -> Value {
    let entries = stage.json(&["cache", "show"]).await;
    let entries = entries.as_array().expect("entries").clone();
    let mut instances = entries.into_iter().filter(|e| e["resource"] == "instances");
    instances.next().expect("an entry of instances")
}

#[tokio::test]
async fn an_entry_tells_why_it_is_not_younger_until_it_is() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.settled().await;
    let entry = instances(&stage).await;
    assert_eq!(entry["last_error"], Value::Null, "{entry}");
    assert_eq!(entry["rows"], 60, "{entry}");
    assert!(entry["unused_seconds"].is_u64() && entry["next_refresh_seconds"].as_u64() > Some(0));

    stage
        .sandbox
        .inject(Fault::unavailable().on("DescribeInstances"));
    stage.run(&["list", "--fresh"]).await;
    let entry = instances(&stage).await;
    let why = entry["last_error"].as_str().expect("why").to_owned();
    assert!(why.contains("EC2") && why.contains(REGION), "{why}");
    let told = stage.done(&["cache", "show"]).await.stderr;
    let words =
        format!("{REGION} instances: the last load failed: {why}; it is not tried again for ");
    assert!(told.contains(&words), "{told}");

    stage.sandbox.clear_faults();
    stage.done(&["list", "--fresh"]).await;
    assert_eq!(instances(&stage).await["last_error"], Value::Null);
}
