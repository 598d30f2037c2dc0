//! `daemon logs`: with a daemon, without one, and while it goes on.

use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use aws_ssm_tests::harness::finish;
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::kill::send;
use crate::stage::{LOG_LEVEL, Stage, assert_refused, eventually, programs};

/// Starts a command whose output is read while it goes on.
fn begin(stage: &Stage, arguments: &[&str]) -> Child {
    let mut command = Command::from(stage.programs.command(arguments));
    command.kill_on_drop(true).spawn().expect("the client")
}

fn pid_of(child: &Child) -> rustix::process::Pid {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    rustix::process::Pid::from_raw(pid.expect("it runs")).expect("a process")
}

#[tokio::test]
async fn the_log_is_shown_whether_a_daemon_runs_is_dead_or_does_not_answer() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let log = stage.programs.home.endpoint().log;
    let alive = stage.done(&["daemon", "logs"]).await;
    assert!(alive.stdout.contains("listening"), "{alive:?}");
    let pid = super::kill::listening_process(&stage.programs)
        .await
        .expect("a daemon");
    send(pid, Signal::STOP);
    let deaf = stage.done(&["daemon", "logs"]).await;
    send(pid, Signal::CONT);
    assert!(deaf.stdout.contains("listening"), "{deaf:?}");
    stage.done(&["daemon", "stop"]).await;
    let dead = stage.done(&["daemon", "logs", "-n", "all"]).await;
    assert_eq!(dead.stdout, std::fs::read_to_string(&log).expect("a log"));
    let last = stage.done(&["daemon", "logs", "--lines", "1"]).await;
    assert_eq!(last.lines().len(), 1);
    assert!(dead.stdout.ends_with(&last.stdout), "{last:?}");
    assert!(
        !stage.programs.home.endpoint().socket.exists(),
        "none was started"
    );
}

#[tokio::test]
async fn without_a_log_it_is_said_where_one_would_be() {
    let programs = programs();
    let finished = programs.run(&["daemon", "logs"]).await;
    assert_refused(
        &finished,
        6,
        &["aws-ssmd-v1.log", "daemon start", "journalctl"],
    );
    let wrong = programs.run(&["daemon", "logs", "-n", "few"]).await;
    assert_refused(&wrong, 2, &["few", "--lines 100"]);
    let wrong = programs.run(&["daemon", "logs", "-o", "json"]).await;
    assert_refused(&wrong, 2, &["text"]);
}

#[tokio::test]
async fn what_is_followed_goes_on_over_a_rotation_a_restart_and_until_ctrl_c() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    stage.done(&["daemon", "start"]).await;
    stage.done(&["daemon", "stop"]).await;
    let mut following = begin(&stage, &["daemon", "logs", "-f", "-n", "1"]);
    let output = following.stdout.take().expect("its output");
    let mut lines = BufReader::new(output).lines();
    let mut next = async || lines.next_line().await.expect("a line").expect("more");
    assert!(next().await.contains("stopped"));
    // As the daemon rotates it.
    let older = endpoint.log.with_file_name("aws-ssmd-v1.log.1");
    std::fs::rename(&endpoint.log, older).expect("rotated");
    stage.done(&["daemon", "start"]).await;
    while !next().await.contains("listening") {}
    stage.done(&["daemon", "stop"]).await;
    while !next().await.contains("stopped") {}
    send(pid_of(&following), Signal::INT);
    let mut said = String::new();
    let mut stderr = following.stderr.take().expect("its standard error");
    stderr.read_to_string(&mut said).await.expect("text");
    let status = following.wait().await.expect("it ends");
    assert_eq!((status.code(), said.as_str()), (Some(130), ""));
}

#[tokio::test]
async fn a_reader_who_leaves_ends_a_follower_quietly_though_nothing_more_is_written() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let script = r#""$CLIENT" daemon logs -f | head -n 1"#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(finished.lines().len(), 1);
    assert_eq!(finished.stderr, "");
}

/// What a service manager does: it says which file the daemon's standard error is.
#[tokio::test]
async fn a_log_that_is_in_the_journal_is_read_there() {
    let mut stage = Stage::new().await;
    let journal = stage.programs.home.write(
        "bin/journalctl",
        "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 7\n",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&journal, mode).expect("a program");
    let stream = stage.programs.home.write("stream", "");
    let opened = std::fs::File::options()
        .append(true)
        .open(&stream)
        .expect("a stream");
    let found = opened.metadata().expect("a stream");
    let mut command = stage.programs.daemon_command(["--foreground"]);
    command.env("JOURNAL_STREAM", format!("{}:{}", found.dev(), found.ino()));
    command.stderr(Stdio::from(opened));
    let mut daemon = Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .expect("the daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    let status = stage.json(&["daemon", "status"]).await;
    assert_eq!(status["log_in_journal"], true);
    let bin = journal.parent().expect("a directory").display().to_string();
    stage.programs.set("PATH", bin);
    let logs = stage.run(&["daemon", "logs", "-f", "-n", "5"]).await;
    assert_eq!(logs.code(), 7, "{logs:?}");
    let arguments = "--user-unit aws-ssmd.service --output cat --lines 5 --follow";
    assert_eq!(logs.lines().join(" "), arguments);
    std::fs::remove_file(journal).expect("removed");
    let logs = stage.run(&["daemon", "logs"]).await;
    assert_refused(
        &logs,
        6,
        &["journal", "journalctl --user-unit aws-ssmd.service"],
    );
    stage.done(&["daemon", "stop"]).await;
    daemon.wait().await.expect("it ends");
}

#[tokio::test]
async fn a_daemon_on_a_terminal_of_its_own_says_that_its_log_is_there() {
    let stage = Stage::new().await;
    let mut command = Command::from(stage.programs.daemon_command(["--foreground"]));
    let mut daemon = command.kill_on_drop(true).spawn().expect("the daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    let logs = stage.run(&["daemon", "logs"]).await;
    let pid = daemon.id().expect("it runs").to_string();
    assert_refused(&logs, 6, &["standard error", &pid]);
    stage.done(&["daemon", "stop"]).await;
    let mut said = String::new();
    let mut stderr = daemon.stderr.take().expect("its standard error");
    stderr.read_to_string(&mut said).await.expect("text");
    assert!(said.contains("listening"), "{said}");
}

#[tokio::test]
async fn the_level_of_the_log_changes_while_the_daemon_runs() {
    let mut stage = Stage::new()
        .await
        .configured("daemon:\n  log_level: warn\n");
    // It would stand above the file.
    stage.programs.unset(LOG_LEVEL);
    stage.done(&["list"]).await;
    let quiet = stage.done(&["daemon", "logs"]).await;
    assert_eq!(quiet.stdout, "");
    let stage = stage.configured("daemon:\n  log_level: info\n");
    stage.done(&["daemon", "reload"]).await;
    let logs = stage.done(&["daemon", "logs"]).await;
    assert!(logs.stdout.contains("daemon.log_level is info"), "{logs:?}");
}
