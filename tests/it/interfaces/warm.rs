//! When AWS is asked for interfaces and subnets, and when it is not.

use aws_ssm_tests::harness::caller;
use aws_ssm_tests::sandbox::Fault;

use super::{instances, rows};
use crate::stage::{REGION, Stage, eventually, listed};

const INTERFACES: &str = "DescribeNetworkInterfaces";
const SUBNETS: &str = "DescribeSubnets";

#[tokio::test]
async fn interfaces_are_loaded_when_they_are_asked_for_and_not_before() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.done(&["resolve", "web-1"]).await;
    stage
        .done(&["show", "web-1", "--columns", "id,subnet"])
        .await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (0, 0));
    stage.done(&["interfaces", "web-1"]).await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (1, 1));
    stage.settled().await;

    stage.sandbox.reset_counts();
    stage.done(&["interfaces"]).await;
    stage.done(&["interfaces", "web-1", "-o", "json"]).await;
    stage
        .done(&["interfaces", "--all", "-t", "Name=web-1"])
        .await;
    stage.done(&["show", "web-1"]).await;
    let counts = stage.sandbox.counts();
    assert_eq!(counts.total(), 0, "{counts:?}");
}

#[tokio::test]
async fn a_cold_show_asks_for_everything_once_and_a_warm_one_for_nothing() {
    let stage = Stage::new().await;
    stage.done(&["show", "web-1"]).await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (1, 1));
    stage.settled().await;
    stage.sandbox.reset_counts();
    for format in ["table", "json", "csv"] {
        stage.done(&["show", "web-1", "-o", format]).await;
    }
    let counts = stage.sandbox.counts();
    assert_eq!(counts.total(), 0, "{counts:?}");
}

#[tokio::test]
async fn fresh_interfaces_are_asked_for_anew() {
    let stage = Stage::new().await;
    stage.done(&["interfaces", "web-1"]).await;
    let new = {
        let account = &stage.sandbox.account(0).id;
        let added = stage.sandbox.add_instances(account, REGION, 1);
        added.expect("a region").remove(0)
    };
    let found = instances(&rows(&stage, &["--instance-id", &new, "--fresh"]).await);
    assert_eq!(found, [new]);
    assert_eq!(stage.calls(INTERFACES), 2);
}

#[tokio::test]
async fn a_refresh_by_hand_loads_those_that_somebody_has_asked_for() {
    let stage = Stage::new().await;
    stage.done(&["cache", "refresh"]).await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (0, 0));
    stage.done(&["interfaces", "web-1"]).await;
    stage.done(&["cache", "refresh"]).await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (2, 2));
}

#[tokio::test]
async fn a_daemon_that_was_started_again_knows_them_still() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let known = stage.done(&["interfaces", "-o", "json"]).await;
    stage.settled().await;
    stage.done(&["daemon", "stop"]).await;
    stage.sandbox.reset_counts();
    let again = stage.done(&["interfaces", "-o", "json"]).await;
    assert_eq!(again.stdout, known.stdout);
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (0, 0));
}

#[tokio::test]
async fn nobody_sees_the_interfaces_of_another_account() {
    let stage = Stage::new().await;
    let mine = rows(&stage, &["--all"]).await;
    let other = stage.sandbox.account(1);
    let keys = caller(&stage.sandbox, other, &[REGION]);
    let mut command = stage
        .programs
        .command(["interfaces", "--all", "-o", "json"]);
    for (name, value) in &keys.environment {
        command.env(name, value.as_str());
    }
    let theirs = aws_ssm_tests::harness::finish(command).await;
    assert_eq!(theirs.code(), 0, "{theirs:?}");
    let theirs: Vec<serde_json::Value> = serde_json::from_str(&theirs.stdout).expect("JSON");
    assert!(!theirs.is_empty());
    for row in &theirs {
        assert_eq!(row["account"], other.id.as_str());
        assert!(mine.iter().all(|one| one["id"] != row["id"]));
    }
    assert_eq!(stage.calls(INTERFACES), 2);
}

#[tokio::test]
async fn the_cache_shows_what_it_holds_of_them_and_lets_go_of_it() {
    let stage = Stage::new().await;
    stage.done(&["interfaces", "web-1"]).await;
    let entries = stage.json(&["cache", "show"]).await;
    let entries = entries.as_array().expect("rows");
    let due = |resource: &str| {
        let entry = entries.iter().find(|entry| entry["resource"] == resource);
        let entry = entry.unwrap_or_else(|| panic!("no {resource}: {entries:?}"));
        assert!(entry["rows"].as_u64() > Some(0), "{entry}");
        assert!(entry["bytes"].as_u64() > Some(0), "{entry}");
        entry["next_refresh_seconds"].as_f64().expect("a number")
    };
    assert!(
        due("subnets") > 10.0 * due("interfaces"),
        "subnets hardly ever change: {entries:?}"
    );
    stage.done(&["cache", "clear"]).await;
    stage.done(&["interfaces", "web-1"]).await;
    assert_eq!((stage.calls(INTERFACES), stage.calls(SUBNETS)), (2, 2));
}

/// What is used is refreshed at the next look that is taken at it.
const SOON_OLD: &str = "cache:\n  ttl_minutes: 0.5\n  refresh_ahead: 0.1\n";

#[tokio::test]
async fn interfaces_in_use_are_kept_warm() {
    let stage = Stage::new().await.configured(SOON_OLD);
    stage.done(&["interfaces", "web-1"]).await;
    eventually("a refresh that nobody asked for", || {
        stage.calls(INTERFACES) > 1
    })
    .await;
}

#[tokio::test]
async fn many_callers_make_one_load() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage
        .sandbox
        .inject(Fault::throttle(1.0).on(INTERFACES).times(1));
    let ask = || async { instances(&rows(&stage, &[]).await) };
    let answers = futures_util::future::join_all((0..8).map(|_| ask())).await;
    let expected = listed(&stage.sandbox, 0, REGION).len();
    assert!(
        answers.iter().all(|ids| ids.len() == expected),
        "{answers:?}"
    );
    assert_eq!(stage.calls(INTERFACES), 2, "one, and once more");
}
