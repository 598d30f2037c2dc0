//! What is shown when AWS refuses a part of it.

use aws_ssm_tests::sandbox::{Fault, State};

use super::rows;
use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused};

#[tokio::test]
async fn without_permission_for_subnets_only_their_blocks_are_missing() {
    let stage = Stage::new().await;
    let fault = Fault::access_denied().on("DescribeSubnets");
    let fault = stage.sandbox.inject(fault);
    let answer = stage.done(&["interfaces", "web-1", "-o", "json"]).await;
    assert!(
        answer.stdout.contains(r#""subnet_cidr":null"#),
        "{answer:?}"
    );
    assert!(answer.stdout.contains(r#""subnet":"subnet-"#), "{answer:?}");
    for word in ["warning", REGION, "ec2:DescribeSubnets"] {
        assert!(answer.stderr.contains(word), "{answer:?}");
    }
    let meta = stage.json(&["interfaces", "web-1", "--meta"]).await;
    assert_eq!(meta["errors"][0]["kind"], "permission", "{meta}");
    assert_eq!(meta["errors"][0]["region"], REGION, "{meta}");
    assert_eq!(meta["rows"][0]["instance_state"], "running", "{meta}");
    // With the permission they come by themselves.
    stage.sandbox.remove_fault(fault);
    let rows = rows(&stage, &["web-1"]).await;
    assert!(rows[0]["subnet_cidr"].is_string(), "{rows:?}");
}

#[tokio::test]
async fn without_permission_for_interfaces_the_action_is_named() {
    let stage = Stage::new().await;
    let fault = Fault::access_denied().on("DescribeNetworkInterfaces");
    stage.sandbox.inject(fault);
    for arguments in [&["interfaces"][..], &["interfaces", "web-1"]] {
        let refused = stage.run(arguments).await;
        assert_refused(&refused, 4, &["ec2:DescribeNetworkInterfaces"]);
    }
}

#[tokio::test]
async fn a_permission_that_is_taken_away_takes_the_interfaces_along() {
    let stage = Stage::new().await;
    stage.done(&["interfaces", "web-1"]).await;
    let fault = Fault::access_denied().on("DescribeNetworkInterfaces");
    stage.sandbox.inject(fault);
    for flags in [&["--fresh"][..], &[]] {
        let refused = stage.run(&[&["interfaces"], flags].concat()).await;
        assert_refused(&refused, 4, &["ec2:DescribeNetworkInterfaces"]);
    }
}

#[tokio::test]
async fn a_region_that_refuses_leaves_the_others_their_answer() {
    let stage = Stage::new().await;
    let fault = Fault::access_denied().on("DescribeNetworkInterfaces");
    stage.sandbox.inject(fault.in_region(OTHER_REGION));
    let regions = format!("{REGION},{OTHER_REGION}");
    let answer = stage.done(&["interfaces", "-r", &regions]).await;
    assert!(answer.stdout.contains(REGION), "{answer:?}");
    assert!(!answer.stdout.contains(OTHER_REGION), "{answer:?}");
    for word in [OTHER_REGION, "ec2:DescribeNetworkInterfaces"] {
        assert!(answer.stderr.contains(word), "{answer:?}");
    }
}

#[tokio::test]
async fn a_terminated_instance_has_no_interfaces_and_no_error() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let fleet = stage.sandbox.instances(account, REGION).expect("a fleet");
    let gone = fleet.iter().find(|i| i.state == State::Terminated);
    let id = &gone.expect("one of sixty").id;
    assert!(rows(&stage, &[id.as_str()]).await.is_empty());
    let page = stage.done(&["show", id]).await;
    assert!(!page.stdout.contains("Interfaces"), "{page:?}");
    assert_eq!(page.stderr, "");
}
