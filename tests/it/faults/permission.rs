//! Calls that AWS refuses to these credentials: the caller's trouble, not AWS's.

use aws_ssm_tests::sandbox::{Fault, Service};

use crate::stage::{Stage, assert_refused, sorted};

#[tokio::test]
async fn a_permission_that_is_taken_away_takes_the_data_along() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let denied = stage
        .sandbox
        .inject(Fault::access_denied().on("DescribeInstances"));
    assert_refused(
        &stage.run(&["list", "--fresh"]).await,
        4,
        &["ec2:DescribeInstances"],
    );
    assert_refused(&stage.run(&["list"]).await, 4, &["ec2:DescribeInstances"]);
    // It is the caller's trouble, not AWS's: no breaker stands in the way after it.
    for _ in 0..10 {
        stage.run(&["list"]).await;
    }
    stage.sandbox.remove_fault(denied);
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
}

#[tokio::test]
async fn a_list_works_without_permission_for_systems_manager() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .inject(Fault::access_denied().on_service(Service::Ssm));
    for _ in ["cold", "warm"] {
        let rows = stage.json(&["list"]).await;
        let rows = rows.as_array().expect("rows");
        assert_eq!(rows.len(), stage.listed().len());
        assert!(rows.iter().all(|row| row["ssm"].is_null()), "{rows:?}");
    }
    let explicit = stage.json(&["list", "--columns", "id,agent-version"]).await;
    assert!(explicit[0]["agent_version"].is_null(), "{explicit}");
    let show = stage.done(&["show", "web-1"]).await;
    assert!(
        show.stdout.contains("ssm:DescribeInstanceInformation"),
        "{}",
        show.stdout
    );
}
