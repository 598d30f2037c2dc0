//! More callers than the daemon has descriptors.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{PATIENCE, list_ids};
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::stage::{Stage, eventually, first_caller, sorted};

#[tokio::test]
async fn a_thousand_connections_that_use_up_the_descriptors_are_answered_in_turn_and_leave_no_trace()
 {
    const CROWD: usize = 1000;
    raise_our_own_limit();
    let stage = Stage::new().await;
    let script = "ulimit -n 128; exec \"$AWS_SSM_DAEMON\" --foreground";
    let mut daemon = tokio::process::Command::from(stage.programs.shell(script));
    let mut daemon = daemon.kill_on_drop(true).spawn().expect("a daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    stage.done(&["list"]).await;
    let caller = first_caller(&stage.sandbox);
    let deadline = Instant::now() + PATIENCE;
    // Each hangs up when it has its answer, and so makes room for the next.
    let crowd = (0..CROWD).map(|_| async {
        let stream = UnixStream::connect(&socket).await.expect("it listens");
        let client = Client::over(stream, deadline).await.expect("it answers");
        let list = list_ids(&client, &caller, ListQuery::default()).await;
        list.expect("a list").0
    });
    let expected = stage.listed();
    for ids in join_all(crowd).await {
        assert_eq!(sorted(ids), expected);
    }
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), expected);
    stage.done(&["daemon", "stop"]).await;
    let ended = tokio::time::timeout(PATIENCE, daemon.wait()).await;
    assert!(ended.expect("it ends").expect("ours").success());
}

/// The callers are all in this process, which is to have a descriptor for each.
fn raise_our_own_limit() {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum;
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).expect("it is our own");
}
