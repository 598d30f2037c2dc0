//! Regions that fail while others answer, and all of them.

use aws_ssm_tests::sandbox::Fault;

use super::ENABLED;
use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, sorted};

fn denied(region: &str) -> Fault {
    Fault::access_denied()
        .on("DescribeInstances")
        .in_region(region)
}

fn away(region: &str) -> Fault {
    Fault::unavailable()
        .on("DescribeInstances")
        .in_region(region)
}

#[tokio::test]
async fn a_region_that_fails_is_told_of_and_the_rows_of_the_others_are_an_answer() {
    let stage = Stage::new().await;
    stage.sandbox.inject(denied(OTHER_REGION));
    for more in [&[][..], &["--sort", "none"], &["--sort", "-name"]] {
        let arguments = [&["list", "-r", "all", "-o", "ids"], more].concat();
        let finished = stage.run(&arguments).await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert_eq!(sorted(finished.lines()), stage.listed());
        let told = "error: us-east-1: these credentials may not call ec2:DescribeInstances";
        assert!(finished.stderr.contains(told), "{finished:?}");
    }
    let meta = stage.json(&["list", "-r", "all", "--meta"]).await;
    assert_eq!(meta["errors"][0]["region"], OTHER_REGION);
    assert_eq!(meta["errors"][0]["kind"], "permission");
}

/// Straight from AWS one region comes after the other.
#[tokio::test]
async fn where_nothing_is_kept_a_region_that_fails_takes_nothing_from_the_others() {
    let stage = Stage::new().await;
    let stage = stage.configured("cache:\n  enabled: false\n");
    stage.sandbox.inject(denied(OTHER_REGION));
    for regions in ["us-east-1,eu-west-1", "eu-west-1,us-east-1"] {
        assert!(regions.contains(REGION) && regions.contains(OTHER_REGION));
        let asked = ["list", "-r", regions, "--sort", "none", "-o", "ids"];
        let finished = stage.run(&asked).await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert_eq!(sorted(finished.lines()), stage.listed());
        let told = "error: us-east-1: these credentials may not call";
        assert!(finished.stderr.contains(told), "{finished:?}");
    }
    stage.sandbox.inject(away(REGION));
    let nothing = ["list", "-r", "us-east-1,eu-west-1", "--sort", "none"];
    let refused = stage.run(&nothing).await;
    assert_refused(&refused, 5, &["none of 2 regions has an answer"]);
}

/// Accounts whose rules close most regions to everybody are common.
#[tokio::test]
async fn a_target_is_found_beside_regions_that_refuse() {
    let stage = Stage::new().await;
    for region in [OTHER_REGION, "ca-central-1"] {
        stage.sandbox.inject(denied(region));
    }
    let id = stage.done(&["resolve", "web-1"]).await.stdout;
    let told = "error: ca-central-1, us-east-1: these credentials may not call";
    for command in ["resolve", "show", "interfaces"] {
        let found = stage
            .run(&[command, "web-1", "-r", "all", "-o", "json"])
            .await;
        assert_eq!(found.code(), 0, "{found:?}");
        assert_eq!(found.stderr.matches(told).count(), 1, "{found:?}");
        assert!(found.stdout.contains(id.trim()), "{found:?}");
    }
    let meta = stage
        .json(&["resolve", "web-1", "-r", "all", "--meta"])
        .await;
    assert_eq!(meta["errors"].as_array().map(Vec::len), Some(2), "{meta}");
    let none = stage.run(&["resolve", "no-such-node", "-r", "all"]).await;
    let words = ["no instance is called", "ca-central-1, us-east-1: these"];
    assert_refused(&none, 3, &words);
    // One that does not answer is another matter: it may have the name, too.
    stage.sandbox.inject(away("ap-south-1"));
    let doubtful = stage
        .run(&["resolve", "web-1", "-r", "all", "--fresh"])
        .await;
    assert_eq!(doubtful.code(), 5, "{doubtful:?}");
}

#[tokio::test]
async fn regions_that_fail_alike_are_told_of_once() {
    let stage = Stage::new().await;
    let regions = ["ap-south-1", "ca-central-1", "sa-east-1"];
    for region in regions {
        stage.sandbox.inject(denied(region));
    }
    let finished = stage.run(&["list", "-r", "all", "--count"]).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    let told = format!("error: {}: these credentials", regions.join(", "));
    assert!(finished.stderr.contains(&told), "{finished:?}");
    assert_eq!(
        finished.stderr.matches("error: ").count(),
        1,
        "{finished:?}"
    );
}

#[tokio::test]
async fn no_answer_at_all_has_the_exit_code_of_its_reason() {
    let stage = Stage::new().await;
    let both = format!("{REGION},{OTHER_REGION}");
    let refused = [REGION, OTHER_REGION].map(|region| stage.sandbox.inject(denied(region)));
    let finished = stage.run(&["list", "-r", &both]).await;
    let words = [
        "none of 2 regions",
        "eu-west-1, us-east-1: these credentials",
    ];
    assert_refused(&finished, 4, &words);
    // One of them may answer when it is asked again.
    stage.sandbox.remove_fault(refused[1]);
    stage.sandbox.inject(away(OTHER_REGION));
    for more in [&[][..], &["--sort", "none"], &["--count"]] {
        let arguments = [&["list", "-r", &both], more].concat();
        let finished = stage.run(&arguments).await;
        assert_refused(&finished, 5, &["eu-west-1: these", "us-east-1: EC2"]);
    }
    let finished = stage.run(&["cache", "refresh", "-r", &both]).await;
    assert_refused(&finished, 5, &["none of 2 regions"]);
}

#[tokio::test]
async fn a_refresh_of_all_regions_says_which_failed() {
    let stage = Stage::new().await;
    stage.sandbox.inject(denied(OTHER_REGION));
    let rows = stage.json(&["cache", "refresh", "-r", "all"]).await;
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len() as u64, ENABLED);
    let failed: Vec<_> = rows.iter().filter(|row| row["state"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["region"], OTHER_REGION);
}
