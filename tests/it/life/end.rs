//! How a daemon ends: asked, idle, in a hurry, and with work in flight.

use std::fs::File;
use std::time::Duration;

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::join;

use super::kill::listening_process;
use crate::stage::{Stage, eventually, sorted};

/// Whether another daemon could start at this very moment.
fn is_gone(programs: &Programs) -> bool {
    let endpoint = programs.home.endpoint();
    let lock = File::open(&endpoint.lock).expect("the lock's file");
    lock.try_lock().is_ok() && !endpoint.socket.exists()
}

#[tokio::test]
async fn stop_returns_when_another_daemon_could_start() {
    let stage = Stage::new().await;
    for how in [&["daemon", "stop"][..], &["daemon", "stop", "--now"]] {
        stage.done(&["list"]).await;
        stage.done(how).await;
        assert!(is_gone(&stage.programs), "{how:?}");
    }
    assert_eq!(stage.run(&["daemon", "status"]).await.code(), 6);
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn what_is_in_flight_is_answered_before_a_stop_is_done() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .set_latency(Duration::from_millis(500), Duration::ZERO);
    let stopping = async {
        eventually("the load", || stage.calls("DescribeInstances") > 0).await;
        stage.done(&["daemon", "stop"]).await;
        assert!(is_gone(&stage.programs));
    };
    let (list, ()) = join(stage.run(&["list", "-o", "ids"]), stopping).await;
    assert_eq!(list.code(), 0, "{list:?}");
    assert_eq!(sorted(list.lines()), stage.listed());
    assert_eq!(
        stage.calls("DescribeInstances"),
        1,
        "the same daemon answered"
    );
}

#[tokio::test]
async fn a_call_that_hangs_does_not_hold_up_a_stop_in_a_hurry() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstances").times(1));
    let stopping = async {
        eventually("the load", || stage.calls("DescribeInstances") > 0).await;
        let first = listening_process(&stage.programs).await;
        let stop = stage.done(&["daemon", "stop", "--now"]).await;
        (first, stop)
    };
    let (list, (first, stop)) = join(stage.run(&["list", "-o", "ids"]), stopping).await;
    assert!(first.is_some() && stop.stderr.contains("ended"), "{stop:?}");
    // The list is cut, asks once more, and is answered by the next daemon.
    assert_eq!(list.code(), 0, "{list:?}");
    assert_ne!(listening_process(&stage.programs).await, first);
}

#[tokio::test]
async fn a_daemon_that_nobody_calls_ends_and_the_next_command_starts_another() {
    let stage = Stage::new()
        .await
        .configured("daemon:\n  idle_timeout_minutes: 0.005\n");
    for _ in 0..2 {
        let list = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(sorted(list.lines()), stage.listed());
        eventually("its end", || is_gone(&stage.programs)).await;
    }
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log).expect("a log");
    assert_eq!(log.matches("nobody has called").count(), 2, "{log}");
}

#[tokio::test]
async fn commands_that_meet_a_daemon_at_its_end_are_all_answered() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.done(&["list"]).await;
        let lists =
            futures_util::future::join_all((0..10).map(|_| stage.run(&["list", "-o", "ids"])));
        let (lists, stop) = join(lists, stage.run(&["daemon", "stop"])).await;
        assert_eq!(stop.code(), 0, "{stop:?}");
        for list in lists {
            assert_eq!(list.code(), 0, "{list:?}");
            assert_eq!(sorted(list.lines()), stage.listed());
        }
    }
}
