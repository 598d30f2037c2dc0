//! `kill -9` at any point: the next command answers.

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::{join, join_all};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixStream;

use crate::stage::{Stage, assert_told, eventually, sorted};

/// The process that listens on the socket, whether it still answers or not.
pub async fn listening_process(programs: &Programs) -> Option<Pid> {
    let socket = UnixStream::connect(programs.home.endpoint().socket)
        .await
        .ok()?;
    Pid::from_raw(socket.peer_cred().ok()?.pid()?)
}

pub fn send(pid: Pid, signal: Signal) {
    kill_process(pid, signal).expect("our own daemon can be signalled");
}

async fn kill(programs: &Programs) {
    let pid = listening_process(programs).await.expect("a daemon listens");
    send(pid, Signal::KILL);
}

#[tokio::test]
async fn after_kill_9_of_an_idle_daemon_the_next_command_answers() {
    let stage = Stage::new().await;
    let expected = stage.listed();
    for _ in 0..3 {
        stage.done(&["list"]).await;
        kill(&stage.programs).await;
        assert!(
            stage.programs.home.endpoint().socket.exists(),
            "nobody tidied up"
        );
        let list = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(sorted(list.lines()), expected);
        assert_eq!(list.stderr, "");
    }
}

/// Between the socket's birth and the first word to whoever started it.
#[tokio::test]
async fn after_kill_9_of_a_daemon_that_is_starting_the_next_command_answers() {
    let stage = Stage::new().await;
    let socket = stage.programs.home.endpoint().socket;
    for _ in 0..5 {
        let starting = stage.run(&["list", "-o", "ids"]);
        let killing = async {
            eventually("the socket", || socket.exists()).await;
            if let Some(pid) = listening_process(&stage.programs).await {
                send(pid, Signal::KILL);
            }
        };
        let (first, ()) = join(starting, killing).await;
        assert!([0, 6].contains(&first.code()), "{first:?}");
        let next = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(sorted(next.lines()), stage.listed());
        kill(&stage.programs).await;
        std::fs::remove_file(&socket).expect("it was left behind");
    }
}

/// The call that is under way is asked again of the daemon's successor.
#[tokio::test]
async fn a_command_whose_daemon_is_killed_while_it_waits_is_answered_by_the_next() {
    for operation in ["GetCallerIdentity", "DescribeInstances"] {
        let stage = Stage::new().await;
        stage.sandbox.inject(Fault::hang().on(operation).times(1));
        let killing = async {
            eventually(operation, || stage.calls(operation) > 0).await;
            kill(&stage.programs).await;
        };
        let (list, ()) = join(stage.run(&["list", "-o", "ids"]), killing).await;
        assert_eq!(list.code(), 0, "{operation}: {list:?}");
        assert_eq!(sorted(list.lines()), stage.listed(), "{operation}");
    }
}

#[tokio::test]
async fn after_kill_9_beneath_twenty_clients_the_next_command_answers() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    for _ in 0..3 {
        let clients = join_all((0..20).map(|_| stage.run(&["list", "-o", "ids"])));
        let killing = async {
            // As soon as one of them is there.
            let busy = || async { stage.programs.home.endpoint().socket.exists() };
            assert!(busy().await);
            kill(&stage.programs).await;
        };
        let (clients, ()) = join(clients, killing).await;
        for finished in clients {
            match finished.code() {
                0 => assert_eq!(sorted(finished.lines()), stage.listed()),
                6 => assert_told(&finished, &["again"]),
                _ => panic!("{finished:?}"),
            }
        }
        let next = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(sorted(next.lines()), stage.listed());
    }
}

/// It may be busy, or stopped by a debugger: it is told of, never killed.
#[tokio::test]
async fn a_daemon_that_does_not_answer_is_told_of_and_done_without() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let pid = listening_process(&stage.programs).await.expect("a daemon");
    send(pid, Signal::STOP);
    let list = stage.run(&["list", "-o", "ids"]).await;
    let stopped = stage.run(&["daemon", "status", "--timeout", "1s"]).await;
    send(pid, Signal::CONT);
    assert_eq!(list.code(), 0, "{list:?}");
    assert_eq!(sorted(list.lines()), stage.listed());
    assert!(list.stderr.contains("does not answer"), "{list:?}");
    crate::stage::assert_refused(&stopped, 6, &["daemon"]);
    let status = stage.json(&["daemon", "status"]).await;
    assert_eq!(status["pid"], pid.as_raw_nonzero().get(), "it lives on");
}

#[tokio::test]
async fn a_daemon_that_is_wedged_is_left_by_stop_and_ended_by_stop_now_and_by_restart() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let deaf = listening_process(&stage.programs).await.expect("a daemon");
    send(deaf, Signal::STOP);
    let stop = stage.run(&["daemon", "stop"]).await;
    let pid = deaf.as_raw_nonzero().to_string();
    crate::stage::assert_refused(&stop, 6, &[&pid, "stop --now"]);
    let restart = stage.done(&["daemon", "restart"]).await;
    assert!(
        restart.stderr.contains(&format!("process {pid}")),
        "{restart:?}"
    );
    let next = listening_process(&stage.programs).await.expect("a daemon");
    assert_ne!(next, deaf);
    send(next, Signal::STOP);
    stage.done(&["daemon", "stop", "--now"]).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert_eq!(list.stderr, "");
}

/// After a crash and a reboot, the number of a dead daemon is anybody's.
#[tokio::test]
async fn a_process_that_has_the_number_of_a_dead_daemon_is_left_alone() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut command = tokio::process::Command::new("sleep");
    let mut bystander = command
        .arg("600")
        .kill_on_drop(true)
        .spawn()
        .expect("sleep");
    stage.done(&["list"]).await;
    kill(&stage.programs).await;
    eventually("its end", || {
        std::os::unix::net::UnixStream::connect(&endpoint.socket).is_err()
    })
    .await;
    let number = bystander.id().expect("it runs").to_string();
    std::fs::write(&endpoint.lock, &number).expect("written");
    let stop = stage.done(&["daemon", "stop", "--now"]).await;
    assert!(stop.stderr.contains("no daemon is running"), "{stop:?}");
    stage.done(&["list"]).await;
    stage.done(&["daemon", "restart"]).await;
    assert!(
        bystander.try_wait().expect("it is ours").is_none(),
        "it lives on"
    );
}

#[tokio::test]
async fn whatever_a_crash_or_a_reboot_left_is_in_nobodys_way() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    endpoint.prepare().expect("a directory");
    drop(std::os::unix::net::UnixListener::bind(&endpoint.socket).expect("a socket"));
    for (file, content) in [
        (&endpoint.lock, "1\n"),
        (&endpoint.startup_lock, ""),
        (
            &endpoint.start_failure,
            "1 9999999 7\nfailed daemon\nold\nold\nold\n",
        ),
        (&endpoint.settings, "default.output=json\n"),
    ] {
        std::fs::write(file, content).expect("written");
    }
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert_eq!(list.stderr, "");
}

/// It still takes connections for a moment, and resets them.
#[tokio::test]
async fn a_daemon_that_is_dying_is_no_reason_why_a_restart_fails() {
    let stage = Stage::new().await;
    for _ in 0..8 {
        stage.done(&["list"]).await;
        let pid = listening_process(&stage.programs).await;
        send(pid.expect("a daemon listens"), Signal::KILL);
        stage.done(&["daemon", "restart"]).await;
        stage.done(&["list"]).await;
    }
}
