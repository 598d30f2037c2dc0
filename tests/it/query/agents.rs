//! Terms about agents, which other calls than the instances' tell of.

use aws_ssm_tests::sandbox::{Fault, Service};

use crate::stage::{Stage, assert_refused, sorted};

#[tokio::test]
async fn a_list_that_is_asked_for_agents_waits_for_them() {
    let stage = Stage::new().await;
    let online = stage.done(&["list", "ssm:online", "-o", "ids"]).await;
    assert_eq!(stage.calls("DescribeInstanceInformation"), 2, "pages of 50");
    let other = stage.done(&["list", "!ssm:online", "-o", "ids"]).await;
    let unsorted = ["list", "ssm:online", "--sort", "none", "-o", "ids"];
    let unsorted = stage.done(&unsorted).await;
    assert_eq!(sorted(unsorted.lines()), sorted(online.lines()));
    assert!(!online.lines().is_empty() && !other.lines().is_empty());
    let all = online.lines().into_iter().chain(other.lines());
    assert_eq!(sorted(all), stage.listed());
}

#[tokio::test]
async fn a_list_that_is_asked_for_agents_nobody_knows_says_so_and_shows_nothing() {
    let stage = Stage::new().await;
    let denied = Fault::access_denied().on_service(Service::Ssm);
    stage.sandbox.inject(denied);
    for term in ["ssm:none", "!ssm:online"] {
        for arguments in [vec![], vec!["--sort", "none"], vec!["--count"]] {
            let arguments = [&["list", term], arguments.as_slice()].concat();
            let finished = stage.run(&arguments).await;
            assert_refused(&finished, 4, &["ssm:DescribeInstanceInformation"]);
        }
    }
}
