//! Connections that take up room and say nothing.

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{PATIENCE, caller, list_ids};
use futures_util::future::join_all;
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::time::Instant;

use super::Scene;
use crate::stage::{OTHER_REGION, Stage, eventually, listed, sorted};

/// A daemon with so few descriptors, of which its callers may have half.
const DESCRIPTORS: usize = 128;

async fn cramped() -> (Scene, Child) {
    let stage = Stage::new().await;
    let script = format!("ulimit -n {DESCRIPTORS}; exec \"$AWS_SSM_DAEMON\" --foreground");
    let mut daemon = tokio::process::Command::from(stage.programs.shell(&script));
    daemon.stderr(std::process::Stdio::null());
    let daemon = daemon.kill_on_drop(true).spawn().expect("a daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    (Scene::of(stage).await, daemon)
}

async fn silent(scene: &Scene, count: usize) -> Vec<UnixStream> {
    join_all((0..count).map(|_| scene.connect())).await
}

#[tokio::test]
async fn callers_who_take_their_half_of_the_descriptors_leave_the_other_to_aws() {
    let (scene, daemon) = cramped().await;
    // The witness and one newcomer have the last two places.
    let crowd = silent(&scene, DESCRIPTORS / 2 - 2).await;
    scene.others_are_answered().await;
    // Nothing of this is known yet: connections to AWS are needed for it.
    for account in 0..2 {
        let other = scene.stage.sandbox.account(account);
        let cold = caller(&scene.stage.sandbox, other, &[OTHER_REGION]);
        let list = list_ids(&scene.witness, &cold, ListQuery::default()).await;
        let expected = listed(&scene.stage.sandbox, account, OTHER_REGION);
        assert_eq!(sorted(list.expect("a list").0), expected);
    }
    scene.stays_small("silent callers").await;
    drop(crowd);
    scene.ends_well().await;
    drop(daemon);
}

#[tokio::test]
async fn a_crowd_that_takes_every_place_keeps_nobody_from_an_answer_and_leaves_no_trace() {
    let (scene, daemon) = cramped().await;
    let crowd = silent(&scene, DESCRIPTORS).await;
    let list = scene.stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), scene.stage.listed());
    drop(crowd);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = scene.stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(sorted(list.lines()), scene.stage.listed());
        if list.stderr.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{list:?}");
    }
    scene.stays_small("a crowd").await;
    scene.ends_well().await;
    drop(daemon);
}
