//! How a daemon starts, and what a start must not do.

use aws_ssm_tests::harness::finish;

use super::kill::listening_process;
use crate::stage::{Stage, assert_refused, eventually, programs, sorted};

#[tokio::test]
async fn commands_that_look_at_the_daemon_start_none() {
    let programs = programs();
    for arguments in [&["daemon", "status"][..], &["daemon", "stats"]] {
        let finished = programs.run(arguments).await;
        assert_refused(&finished, 6, &["no daemon is running", "daemon start"]);
    }
    let stopped = programs.run(&["daemon", "stop"]).await;
    assert_eq!(stopped.code(), 0, "{stopped:?}");
    let version = programs.run(&["version"]).await;
    assert_eq!(version.code(), 0, "{version:?}");
    let left = std::fs::read_dir(programs.home.path())
        .expect("a home")
        .count();
    assert_eq!(left, 0, "nothing was made");
}

#[tokio::test]
async fn start_is_done_also_when_a_daemon_runs() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let first = listening_process(&stage.programs).await;
    let again = stage.done(&["daemon", "start"]).await;
    assert_eq!(again.stdout, "");
    assert_eq!(listening_process(&stage.programs).await, first);
    stage.done(&["daemon", "restart"]).await;
    let second = listening_process(&stage.programs).await;
    assert!(second.is_some() && second != first);
}

/// The shell waits until every copy of the pipe is closed, and a daemon that kept
/// one would keep the shell.
#[tokio::test]
async fn a_daemon_holds_none_of_the_descriptors_of_its_starter() {
    let stage = Stage::new().await;
    let script = r#"ids=$("$CLIENT" list -o ids 3>&1 4>&2) && printf '%s\n' "$ids""#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(sorted(finished.lines()), stage.listed());
    assert!(
        listening_process(&stage.programs).await.is_some(),
        "it runs on"
    );
}

#[tokio::test]
async fn a_start_is_ready_before_aws_is_asked_anything() {
    let stage = Stage::new().await;
    stage.sandbox.inject(aws_ssm_tests::sandbox::Fault::hang());
    stage.done(&["daemon", "start"]).await;
    stage.done(&["daemon", "status"]).await;
    assert_eq!(stage.sandbox.counts().total(), 0);
}

#[tokio::test]
async fn the_second_daemon_of_a_home_says_so_and_leaves() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let first = listening_process(&stage.programs).await;
    let second = finish(stage.programs.daemon_command(["--foreground"])).await;
    assert_eq!(second.code(), 0, "{second:?}");
    let said = format!("{}{}", second.stdout, second.stderr);
    let socket = stage.programs.home.endpoint().socket;
    assert!(said.contains(&socket.display().to_string()), "{second:?}");
    assert_eq!(listening_process(&stage.programs).await, first);
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn two_homes_have_two_daemons() {
    let (one, other) = (Stage::new().await, Stage::new().await);
    let lists = futures_util::future::join(one.done(&["list"]), other.done(&["list"])).await;
    drop(lists);
    let pids = [&one, &other].map(|stage| listening_process(&stage.programs));
    let [first, second] = pids;
    assert_ne!(first.await, second.await);
}

#[tokio::test]
async fn a_daemon_started_by_hand_serves_and_ends_with_its_terminal() {
    let stage = Stage::new().await;
    let command = stage
        .programs
        .daemon_command(["--foreground", "--log-level", "debug"]);
    let mut command = tokio::process::Command::from(command);
    command.stderr(std::process::Stdio::null());
    let mut daemon = command.kill_on_drop(true).spawn().expect("the daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    let pid = listening_process(&stage.programs)
        .await
        .expect("it listens");
    assert_eq!(Some(pid.as_raw_nonzero().get().unsigned_abs()), daemon.id());
    super::kill::send(pid, rustix::process::Signal::INT);
    let status = daemon.wait().await.expect("it ends");
    assert!(status.success(), "{status}");
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_missing_daemon_program_is_named() {
    let stage = Stage::new().await;
    let mut command = stage.programs.command(["list"]);
    command.env("AWS_SSM_DAEMON", "/nonexistent/aws-ssmd");
    assert_refused(
        &finish(command).await,
        6,
        &["/nonexistent/aws-ssmd", "AWS_SSM_DAEMON"],
    );
    let mut command = stage.programs.command(["list", "--timeout", "5s"]);
    command.env("AWS_SSM_DAEMON", "/bin/false");
    assert_refused(&finish(command).await, 6, &["did not start"]);
}
