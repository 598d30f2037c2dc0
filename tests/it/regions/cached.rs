//! The cache of some regions: looked at, loaded again, dropped.

use serde_json::Value;

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused};

impl Stage {
    async fn regions_of_entries(&self, arguments: &[&str]) -> Vec<String> {
        let arguments = [&["cache", "show"], arguments].concat();
        let entries = self.json(&arguments).await;
        let entries = entries.as_array().expect("rows").iter();
        let instances = entries.filter(|entry| entry["resource"] == "instances");
        let region = |entry: &Value| entry["region"].as_str().expect("text").to_owned();
        instances.map(region).collect()
    }
}

#[tokio::test]
async fn entries_are_shown_and_dropped_by_region() {
    let stage = Stage::new().await;
    stage
        .done(&["list", "-r", "eu-west-1,us-east-1", "--count"])
        .await;
    assert_eq!(stage.regions_of_entries(&[]).await, [REGION, OTHER_REGION]);
    assert_eq!(
        stage.regions_of_entries(&["-r", "us-*"]).await,
        [OTHER_REGION]
    );
    assert_eq!(stage.regions_of_entries(&["-r", "all"]).await.len(), 2);
    let wrong = stage.run(&["cache", "show", "-r", "us_*"]).await;
    assert_refused(&wrong, 2, &["\"us_*\" is no region"]);

    let dropped = stage.json(&["cache", "clear", "-r", "us-*"]).await;
    assert_eq!(dropped["dropped_entries"], 1, "{dropped}");
    assert_eq!(stage.regions_of_entries(&[]).await, [REGION]);
    let wrong = stage.run(&["cache", "clear", "--all", "-r", "us-*"]).await;
    assert_refused(&wrong, 2, &["--all or --region"]);
}

#[tokio::test]
async fn what_is_dropped_of_a_region_does_not_come_back_from_disk() {
    let stage = Stage::new().await;
    stage
        .done(&["list", "-r", "eu-west-1,us-east-1", "--count"])
        .await;
    stage.done(&["daemon", "stop"]).await;
    // The next daemon has read nothing of them yet.
    let dropped = stage.json(&["cache", "clear", "-r", OTHER_REGION]).await;
    assert_eq!(dropped["dropped_entries"], 1, "{dropped}");
    let before = stage.calls("DescribeInstances");
    stage.done(&["list", "-r", REGION, "--count"]).await;
    assert_eq!(stage.calls("DescribeInstances"), before);
    stage.done(&["list", "-r", OTHER_REGION, "--count"]).await;
    assert_eq!(stage.calls("DescribeInstances"), before + 1);
}
