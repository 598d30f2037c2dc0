//! Daemons that are dead, hung, foreign, or have other things in mind.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::process::Stdio;

use aws_ssm_proto::hello::BUILD;
use aws_ssm_tests::sandbox::{Fault, Service};
use rustix::process::{Signal, geteuid};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{examine, examine_with};
use crate::life::kill::{listening_process, send};
use crate::socket::daemons::{OLDER, pretend, speak_another_protocol, speak_of_an_older_build};
use crate::stage::Stage;

#[tokio::test]
async fn with_a_daemon_that_is_well_everything_is_well() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let report = examine(&stage, &[]).await;
    report.assert_well();
    let pid = listening_process(&stage.programs).await.expect("it runs");
    let pid = pid.as_raw_nonzero().to_string();
    for (check, words) in [("answers", &*pid), ("lock", &pid), ("paths", "the same")] {
        let row = report.one(check, "");
        let finding = row["finding"].as_str().expect("a finding");
        assert!(finding.contains(words), "{row:#}");
    }
    report.assert_ok("version", "");
    report.assert_ok("executable", "");
    report.assert_ok("in-use", "");
}

#[tokio::test]
async fn a_daemon_that_has_died_is_told_from_one_that_never_ran() {
    let stage = Stage::new().await;
    examine(&stage, &[]).await.assert_ok("answers", "");
    stage.done(&["list"]).await;
    let pid = listening_process(&stage.programs).await.expect("it runs");
    send(pid, Signal::KILL);
    crate::stage::eventually("its end", || {
        let lock = std::fs::File::open(stage.programs.home.endpoint().lock).expect("a lock");
        lock.try_lock().is_ok()
    })
    .await;
    let report = examine(&stage, &[]).await;
    report.assert_told(("answers", ""), "warning", &["has died"], "daemon start");
    assert_eq!(report.finished.code(), 0, "commands work: {report:?}");
    stage.done(&["daemon", "start"]).await;
    examine(&stage, &[]).await.assert_well();
}

#[tokio::test]
async fn a_daemon_that_hangs_is_named_with_its_process_and_hides_nothing_else() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let pid = listening_process(&stage.programs).await.expect("it runs");
    send(pid, Signal::STOP);
    let report = examine(&stage, &[]).await;
    let mend = format!("kill -CONT {}", pid.as_raw_nonzero());
    report.assert_told(("answers", ""), "failed", &["did not answer"], &mend);
    report.assert_told(("lock", ""), "failed", &["is stopped"], &mend);
    for check in ["identity", "clock", "settings", "daemon-starts"] {
        report.assert_ok(check, "");
    }
    // What it says to do mends it; nobody was signalled before.
    send(pid, Signal::CONT);
    examine(&stage, &[]).await.assert_well();
    assert_eq!(listening_process(&stage.programs).await, Some(pid));
}

#[tokio::test]
async fn whoever_listens_without_the_lock_is_no_daemon_and_is_told_of() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut silent = pretend(&endpoint, |caller| async move {
        std::future::pending::<()>().await;
        drop(caller);
    });
    let report = examine(&stage, &[]).await;
    let words = ["holds no daemon's lock"];
    report.assert_told(("answers", ""), "failed", &words, "ss -xlp");
    report.assert_ok("identity", "");
    silent.shutdown().await;
    std::fs::remove_file(&endpoint.socket).expect("the socket");
    let mut rude = pretend(&endpoint, |mut caller| async move {
        let _ = caller.write_all(b"220 mail.example.com ESMTP\r\n").await;
    });
    let report = examine(&stage, &[]).await;
    report.assert_told(("answers", ""), "failed", &words, "ss -xlp");
    rude.shutdown().await;
}

#[tokio::test]
async fn a_daemon_of_another_protocol_is_told_with_what_to_update() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut daemon = pretend(&endpoint, speak_another_protocol);
    let report = examine(&stage, &[]).await;
    let words = ["do not understand each other", "9.8.7"];
    report.assert_told(("answers", ""), "failed", &words, "update aws-ssm");
    report.assert_ok("identity", "");
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_daemon_of_an_older_build_is_told_with_both_builds_and_its_mend() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut daemon = pretend(&endpoint, speak_of_an_older_build);
    let report = examine(&stage, &[]).await;
    let words = ["older than this program", OLDER, BUILD];
    report.assert_told(("version", ""), "warning", &words, "daemon restart");
    report.assert_ok("answers", "");
    report.assert_ok("identity", "");
    daemon.shutdown().await;
}

/// Listens as another user, on a socket that was bound before it became that one.
const FOREIGN: &str = "import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.setuid(65534)
s.listen(8)
print('ready', flush=True)
sys.stdin.read()
";

/// Only root can become another user; everybody else has to leave this untried.
#[tokio::test]
async fn another_users_daemon_is_not_talked_to() {
    if !geteuid().is_root() {
        return;
    }
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut dirs = DirBuilder::new();
    dirs.mode(0o700)
        .create(endpoint.run_dir())
        .expect("a directory");
    let mut other = tokio::process::Command::new("python3");
    other.args(["-c", FOREIGN]).arg(&endpoint.socket);
    other.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut other = other.kill_on_drop(true).spawn().expect("python");
    let mut said = BufReader::new(other.stdout.take().expect("piped")).lines();
    let ready = said.next_line().await.expect("its output");
    assert_eq!(ready.as_deref(), Some("ready"));
    let report = examine(&stage, &[]).await;
    let words = ["not this user's daemon", "user 65534"];
    report.assert_told(("answers", ""), "failed", &words, "AWS_SSM_HOME");
    report.assert_ok("identity", "");
    other.kill().await.expect("our own");
}

#[tokio::test]
async fn a_daemon_whose_settings_are_not_this_terminals_is_told_of() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let other = [("AWS_SSM_CACHE_TTL_MINUTES", "7")];
    let report = examine_with(&stage, &[], &other).await;
    let words = ["cache.ttl_minutes"];
    report.assert_told(("in-use", ""), "warning", &words, "daemon restart");
    stage
        .programs
        .home
        .write("config.yaml", "cache:\n  ttl_minutes: 7\n");
    let report = examine(&stage, &[]).await;
    report.assert_told(("in-use", ""), "warning", &words, "daemon reload");
    let about = ("paths", "configuration file");
    report.assert_told(about, "warning", &["config.yaml"], "daemon restart");
}

#[tokio::test]
async fn a_daemon_that_is_another_program_than_would_be_started_is_told_of() {
    let stage = Stage::new().await;
    let copy = stage.programs.home.path().join("aws-ssmd");
    std::fs::copy(env!("CARGO_BIN_EXE_daemon-under-test"), &copy).expect("a copy");
    std::fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("our own");
    let shown = copy.display().to_string();
    let mut start = stage.programs.command(["daemon", "start"]);
    start.env("AWS_SSM_DAEMON", &copy);
    let started = aws_ssm_tests::harness::finish(start).await;
    assert_eq!(started.code(), 0, "{started:?}");
    let report = examine(&stage, &[]).await;
    let restart = "daemon restart";
    report.assert_told(("executable", ""), "warning", &[&shown], restart);
}

#[tokio::test]
async fn what_the_daemon_failed_of_lately_is_told() {
    let stage = Stage::new().await;
    stage
        .sandbox
        .inject(Fault::internal_error().on_service(Service::Ec2));
    for _ in 0..6 {
        assert_eq!(stage.run(&["list"]).await.code(), 5);
    }
    stage.sandbox.clear_faults();
    let report = examine(&stage, &[]).await;
    let about = ("last-error", "ec2:DescribeInstances");
    report.assert_told(about, "warning", &["InternalError"], "daemon stats");
    let words = ["kept failing", "InternalError"];
    report.assert_told(
        ("breaker", "ec2 in eu-west-1"),
        "warning",
        &words,
        "tried again",
    );
    // A daemon of its own has no breaker that is open.
    report.assert_ok("identity", "");
    report.assert_ok("permission", "ec2:DescribeInstances");
}

#[tokio::test]
async fn without_the_daemon_it_is_left_alone() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let report = examine(&stage, &["--no-daemon"]).await;
    report.assert_well();
    let row = report.one("answers", "");
    assert_eq!(row["status"], "skipped", "{row:#}");
    assert!(
        row["why"]
            .as_str()
            .expect("a reason")
            .contains("--no-daemon")
    );
    assert!(report.all("version").is_empty());
}
