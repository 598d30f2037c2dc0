//! Several regions in one answer: which they are, what is asked of AWS for them, and
//! what is said of those that fail.

mod cached;
mod failing;

use aws_ssm_tests::sandbox::Fault;

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, listed, sorted};

/// Regions that every account of the local AWS has.
const ENABLED: u64 = 17;

impl Stage {
    /// What runs in both regions that have instances.
    fn everywhere(&self) -> Vec<String> {
        let mut ids = self.listed();
        ids.extend(listed(&self.sandbox, 0, OTHER_REGION));
        sorted(ids)
    }

    async fn ids(&self, arguments: &[&str]) -> Vec<String> {
        let arguments = [&["list", "-o", "ids"], arguments].concat();
        sorted(self.done(&arguments).await.lines())
    }
}

#[tokio::test]
async fn a_list_of_all_regions_has_the_rows_of_each_and_is_answered_warm_without_a_call() {
    let stage = Stage::new().await;
    let cold = stage.done(&["list", "--region", "all", "-o", "ids"]).await;
    assert_eq!(sorted(cold.lines()), stage.everywhere());
    assert_eq!(stage.calls("DescribeInstances"), ENABLED);
    assert_eq!(stage.calls("DescribeRegions"), 1);
    let before = stage.sandbox.counts().total();
    for arguments in [
        &["list", "-r", "all", "-o", "ids"][..],
        &["list", "-r", "us-*,eu-*", "-o", "ids"],
        &["list", "-r", "all", "--count"],
        &["list", "-r", "all", "--sort", "none", "-o", "ids"],
        &["whoami", "-r", "all"],
        &["regions", "-r", "all"],
    ] {
        stage.done(arguments).await;
    }
    let again = stage.done(&["list", "--region", "all", "-o", "ids"]).await;
    assert_eq!(again.stdout, cold.stdout, "warm or cold, in the same order");
    assert_eq!(stage.sandbox.counts().total(), before, "no call of AWS");
}

#[tokio::test]
async fn globs_and_names_mix_and_each_region_is_asked_once() {
    let stage = Stage::new().await;
    assert_eq!(stage.ids(&["-r", "eu-west-*"]).await, stage.listed());
    let named = ["-r", "us-*,eu-west-1,us-east-1", "-r", "us-east-?"];
    assert_eq!(stage.ids(&named[..2]).await, stage.everywhere());
    let who = stage.json(&["whoami", "-r", named[1]]).await;
    let who = who.get(0).unwrap_or(&who);
    let regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", REGION];
    assert_eq!(who["regions"], serde_json::json!(regions));
    let unsorted = stage.ids(&["-r", "all", "--sort", "none"]).await;
    assert_eq!(unsorted, stage.everywhere());
    let counted = stage.done(&["list", "-r", "*", "--count"]).await;
    assert_eq!(counted.lines(), [stage.everywhere().len().to_string()]);
}

#[tokio::test]
async fn one_instance_is_found_in_any_of_the_regions() {
    let stage = Stage::new().await;
    let id = &listed(&stage.sandbox, 0, OTHER_REGION)[0];
    let found = stage.done(&["resolve", "--region", "all", id]).await;
    assert_eq!(found.lines(), [id.as_str()]);
    let shown = stage.json(&["show", "--region", "us-*", id]).await;
    assert_eq!(shown[0]["region"], OTHER_REGION);
}

#[tokio::test]
async fn without_a_region_of_its_own_a_terminal_can_still_ask_for_all() {
    let mut stage = Stage::new().await;
    stage.programs.unset("AWS_REGION");
    assert_eq!(stage.ids(&["--region", "all"]).await, stage.everywhere());
    assert_refused(&stage.run(&["list"]).await, 2, &["no region is set"]);
}

#[tokio::test]
async fn only_the_flag_takes_more_than_one_region() {
    let mut stage = Stage::new().await;
    stage.programs.set("AWS_REGION", "us-*");
    let words = ["\"us-*\" is no region", "AWS_REGION names it", "--region"];
    assert_refused(&stage.run(&["list"]).await, 2, &words);
    assert_eq!(stage.calls("DescribeRegions"), 0);
}

#[tokio::test]
async fn a_call_without_the_daemon_knows_all_regions_too() {
    let stage = Stage::new().await;
    let ids = stage.ids(&["--no-daemon", "--region", "all"]).await;
    assert_eq!(ids, stage.everywhere());
}

#[tokio::test]
async fn a_region_that_is_opted_out_is_left_out_of_globs_and_asked_by_its_name() {
    let stage = Stage::new().await;
    // The account has not enabled it.
    let finished = stage.run(&["list", "-r", "me-south-1"]).await;
    assert_refused(&finished, 4, &["has not enabled"]);
    let who = stage.json(&["whoami", "-r", "all"]).await;
    let who = who.get(0).unwrap_or(&who);
    let regions = who["regions"].as_array().expect("names");
    assert_eq!(regions.len() as u64, ENABLED);
    assert!(regions.iter().all(|region| region != "me-south-1"));
    let with = stage
        .run(&["list", "-r", "eu-west-1,me-south-1", "-o", "ids"])
        .await;
    assert_eq!(with.code(), 0, "{with:?}");
    assert_eq!(sorted(with.lines()), stage.listed());
    assert!(with.stderr.contains("error: me-south-1: "), "{with:?}");
}

#[tokio::test]
async fn words_that_mean_no_region_are_told_with_the_nearest() {
    let stage = Stage::new().await;
    let wrong = stage.run(&["list", "-r", "us-wst-*"]).await;
    assert_refused(&wrong, 2, &["is like us-wst-*", "did you mean us-west-"]);
    let wrong = stage.run(&["list", "-r", "US-*"]).await;
    assert_refused(&wrong, 2, &["did you mean us-*?"]);
    let wrong = stage.run(&["list", "-r", "eu-wst-1"]).await;
    assert_refused(&wrong, 4, &["did you mean eu-west-1?"]);
    let many = vec!["eu-west-1"; 50].join(",") + ",us-*";
    stage.done(&["list", "-r", &many, "--count"]).await;
    let many: Vec<String> = (0..101u8)
        .map(|n| format!("a-{}-{}", "b".repeat(1 + usize::from(n / 10)), n % 10))
        .collect();
    let finished = stage.run(&["list", "-r", &many.join(",")]).await;
    assert_refused(&finished, 2, &["are too many"]);
}

#[tokio::test]
async fn without_the_permission_to_list_regions_words_have_no_meaning_and_names_still_do() {
    let stage = Stage::new().await;
    let denied = Fault::access_denied().on("DescribeRegions");
    stage.sandbox.inject(denied);
    for command in [&["list", "-r", "us-*"][..], &["whoami", "-r", "us-*"]] {
        let words = [
            "cannot tell which regions us-* means",
            "ec2:DescribeRegions",
            "name the regions",
        ];
        assert_refused(&stage.run(command).await, 4, &words);
    }
    let named = stage.ids(&["-r", "eu-west-1,us-east-1"]).await;
    assert_eq!(named, stage.everywhere());
}
