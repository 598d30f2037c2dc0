//! How a daemon ends: asked, idle, in a hurry, and with work in flight.

use std::fs::File;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_tests::harness::{PATIENCE, Programs};
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::join;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::Instant;

use super::kill::{listening_process, send};
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

/// The log says so when something had to be cut because its time was up.
#[tokio::test]
async fn connections_over_which_nothing_is_asked_do_not_hold_up_a_stop() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let endpoint = stage.programs.home.endpoint();
    let connect = || async {
        UnixStream::connect(&endpoint.socket)
            .await
            .expect("a daemon")
    };
    // Who never says a word, who stops in the middle of the first, who has nothing to
    // ask for now, and who was suspended.
    let _silent = connect().await;
    let mut begun = connect().await;
    begun.write_all(b"PRI * HTTP/2.0").await.expect("heard");
    let client = Client::over(connect().await, Instant::now() + PATIENCE).await;
    let client = client.expect("a client");
    client.hello().await.expect("an answer");
    let watch = stage
        .programs
        .command(["daemon", "stats", "--watch", "-o", "jsonl"]);
    let mut watch = tokio::process::Command::from(watch);
    let mut suspended = watch.kill_on_drop(true).spawn().expect("a client");
    let mut output = suspended.stdout.take().expect("its output");
    output.read_u8().await.expect("its first answer");
    let pid = suspended.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = rustix::process::Pid::from_raw(pid.expect("it runs")).expect("a process");
    send(pid, Signal::STOP);

    stage.done(&["daemon", "stop"]).await;
    assert!(is_gone(&stage.programs));
    send(pid, Signal::CONT);
    let log = std::fs::read_to_string(endpoint.log).expect("a log");
    assert!(!log.contains("not finished in time"), "{log}");
}

#[tokio::test]
async fn a_call_in_flight_has_its_time_and_then_the_stop_is_done() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstances").times(1));
    let stopping = async {
        eventually("the load", || stage.calls("DescribeInstances") > 0).await;
        stage.done(&["daemon", "stop"]).await
    };
    let (list, _) = join(stage.run(&["list", "-o", "ids"]), stopping).await;
    assert_eq!(list.code(), 0, "{list:?}");
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log).expect("a log");
    assert!(log.contains("not finished in time"), "{log}");
}

#[tokio::test]
async fn a_second_signal_ends_a_daemon_at_once() {
    let stage = Stage::new().await;
    stage.done(&["whoami"]).await;
    let endpoint = stage.programs.home.endpoint();
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstances").times(1));
    let ending = async {
        eventually("the load", || stage.calls("DescribeInstances") > 0).await;
        let pid = listening_process(&stage.programs).await.expect("a daemon");
        send(pid, Signal::TERM);
        eventually("the first", || !endpoint.socket.exists()).await;
        send(pid, Signal::TERM);
    };
    let (list, ()) = join(stage.run(&["list", "-o", "ids"]), ending).await;
    assert_eq!(list.code(), 0, "its successor answers: {list:?}");
    let log = std::fs::read_to_string(&endpoint.log).expect("a log");
    assert_eq!(log.matches("signal 15").count(), 1, "{log}");
    assert!(!log.contains("stopped"), "it did not finish: {log}");
}

/// Its child could otherwise be asked for by the shell, or by Ctrl-C.
#[tokio::test]
async fn a_daemon_outlives_the_terminal_that_started_it() {
    use std::os::unix::process::CommandExt;
    let stage = Stage::new().await;
    // Ctrl-C, Ctrl-\\ and a terminal that closes reach the whole group of processes.
    let script =
        r#""$CLIENT" daemon start; trap '' HUP INT QUIT; kill -INT 0; kill -QUIT 0; kill -HUP 0"#;
    let mut command = stage.programs.shell(script);
    command.process_group(0);
    let finished = aws_ssm_tests::harness::finish(command).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    let first = listening_process(&stage.programs).await;
    assert!(first.is_some(), "it runs on");
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert_eq!(listening_process(&stage.programs).await, first);
}
