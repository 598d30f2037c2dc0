//! AWS in trouble: what a person sees of it, and what not.

mod apart;
mod bounds;
mod breaker;
mod clock;
mod crowd;
mod permission;
mod storm;
mod throttle;
mod whole;

use std::time::Duration;

use aws_ssm_tests::harness::PATIENCE;
use aws_ssm_tests::sandbox::Fault;
use serde_json::Value;
use tokio::time::Instant;

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, assert_told, sorted};

/// What fails once fails for good, so that nobody waits for retries.
const NO_RETRIES: &str = "resilience:\n  max_attempts: 1\n";

#[tokio::test]
async fn while_aws_cannot_be_asked_a_name_that_is_not_known_is_not_said_to_be_nobodys() {
    let stage = Stage::new().await.configured(NO_RETRIES);
    stage.done(&["list"]).await;
    stage.sandbox.inject(Fault::unavailable());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let resolve = stage.run(&["resolve", "web_"]).await;
        // Data of a few seconds is taken for the truth.
        if resolve.code() == 3 {
            assert!(Instant::now() < deadline, "{resolve:?}");
            continue;
        }
        let words = ["\"web_\" in what is known", "there may be one by now"];
        return assert_refused(&resolve, 5, &words);
    }
}

#[tokio::test]
async fn unreachable_with_data_known_shows_the_data_and_its_age() {
    let config =
        format!("{NO_RETRIES}cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 0.1\n");
    let Stage { sandbox, programs } = Stage::new().await.configured(&config);
    let known = programs.run(&["list", "-o", "ids"]).await;
    assert_eq!(known.code(), 0, "{known:?}");
    sandbox.shutdown().await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = programs.run(&["list", "-o", "ids"]).await;
        assert_eq!((list.code(), &list.stdout), (0, &known.stdout), "{list:?}");
        if list.stderr.contains("data is") {
            assert!(
                list.stderr.contains("old") && list.stderr.contains("cannot reach"),
                "{list:?}"
            );
            break;
        }
        assert!(Instant::now() < deadline, "the data never grew old");
    }
    let quiet = programs.run(&["list", "-o", "ids", "-q"]).await;
    assert_eq!((quiet.code(), quiet.stderr.as_str()), (0, ""));
    let meta = programs.run(&["list", "-o", "json", "--meta"]).await;
    let meta: Value = serde_json::from_str(&meta.stdout).expect("JSON");
    assert_eq!(meta["stale"], true);
    assert_ne!(meta["errors"], serde_json::json!([]));
    // Who insists on fresh data is told that there is none.
    assert_refused(
        &programs.run(&["list", "--fresh"]).await,
        5,
        &["cannot reach"],
    );
}

#[tokio::test]
async fn trouble_with_nothing_known_is_one_error_in_time() {
    for operation in ["GetCallerIdentity", "DescribeInstances"] {
        let faults = [
            (Fault::cut(), ""),
            (Fault::nonsense(), "makes no sense"),
            (Fault::internal_error(), "failing"),
            (Fault::unavailable(), "failing"),
            (Fault::throttle(1.0), "throttling"),
        ];
        for (fault, word) in faults {
            let stage = Stage::new().await.configured(NO_RETRIES);
            let case = format!("{:?} on {operation}", fault.kind);
            stage.sandbox.inject(fault.on(operation));
            let list = stage.run(&["list", "--timeout", "20s"]).await;
            assert_eq!(list.code(), 5, "{case}: {list:?}");
            assert_refused(&list, 5, &[word]);
            stage.sandbox.clear_faults();
            let again = stage.run(&["list", "-o", "ids", "--fresh"]).await;
            assert_eq!(sorted(again.lines()), stage.listed(), "{case}: {again:?}");
        }
    }
}

#[tokio::test]
async fn an_aws_that_never_answers_is_waited_for_as_long_as_the_caller_wants() {
    for operation in ["GetCallerIdentity", "DescribeInstances"] {
        let stage = Stage::new().await;
        stage.done(&["daemon", "start"]).await;
        stage.sandbox.inject(Fault::hang().on(operation));
        let list = ["list", "--timeout", "3s"];
        let unsorted = [&list[..], &["--sort", "none", "-o", "jsonl"]].concat();
        let alone = [&list[..], &["--no-daemon"]].concat();
        let (list, unsorted, alone) =
            tokio::join!(stage.run(&list), stage.run(&unsorted), stage.run(&alone));
        for finished in [list, unsorted, alone] {
            assert_refused(&finished, 5, &["in time", "--timeout"]);
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_named() {
    let stage = Stage::new().await.configured(NO_RETRIES);
    let list = [
        "list",
        "--endpoint-url",
        "http://127.0.0.1:9",
        "--timeout",
        "20s",
    ];
    assert_refused(
        &stage.run(&list).await,
        5,
        &["http://127.0.0.1:9", "refuses"],
    );
    assert_eq!(stage.sandbox.counts().total(), 0);
}

/// Two regions, one of which cannot be had.
#[tokio::test]
async fn regions_that_fail_are_told_of_beside_those_that_do_not() {
    let stage = Stage::new().await.configured(NO_RETRIES);
    stage.sandbox.inject(
        Fault::access_denied()
            .on("DescribeInstances")
            .in_region(OTHER_REGION),
    );
    let regions = format!("{REGION},{OTHER_REGION}");
    for sort in ["name", "none"] {
        let list = stage
            .run(&["list", "-r", &regions, "-o", "ids", "--sort", sort])
            .await;
        assert_eq!(list.code(), 0, "{list:?}");
        assert_eq!(sorted(list.lines()), stage.listed(), "{sort}");
        assert_told(&list, &[OTHER_REGION, "ec2:DescribeInstances"]);
    }
    let meta = stage.json(&["list", "-r", &regions, "--meta"]).await;
    assert_eq!(
        meta["errors"].as_array().expect("errors").len(),
        1,
        "{meta}"
    );
    assert_refused(
        &stage.run(&["list", "-r", OTHER_REGION]).await,
        4,
        &["ec2:DescribeInstances"],
    );
}

#[tokio::test]
async fn a_load_that_outlasts_its_caller_serves_the_next() {
    let stage = Stage::new().await;
    stage.done(&["whoami"]).await;
    stage
        .sandbox
        .set_latency(Duration::from_secs(2), Duration::ZERO);
    let first = stage.run(&["list", "--timeout", "500ms"]).await;
    assert_refused(&first, 5, &["--timeout"]);
    let second = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(second.lines()), stage.listed());
    assert_eq!(stage.calls("DescribeInstances"), 1);
}
