//! Programs that are missing, or not what they should be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{examine, examine_with};
use crate::stage::Stage;

#[tokio::test]
async fn a_missing_daemon_program_is_told_and_what_it_would_have_said_is_skipped() {
    let stage = Stage::new().await;
    let missing = [("AWS_SSM_DAEMON", "/nonexistent/aws-ssmd")];
    let report = examine_with(&stage, &[], &missing).await;
    let words = ["/nonexistent/aws-ssmd"];
    report.assert_told(("daemon-program", ""), "failed", &words, "AWS_SSM_DAEMON");
    for check in ["identity", "settings"] {
        let row = report.one(check, "");
        assert_eq!(row["status"], "skipped", "{row:#}");
        assert!(row["why"].as_str().expect("a reason").contains("aws-ssmd"));
    }
    report.assert_ok("socket-path", "");
}

#[tokio::test]
async fn a_daemon_program_that_may_not_be_executed_is_mended_by_what_is_said() {
    let stage = Stage::new().await;
    let program = stage.programs.home.path().join("aws-ssmd");
    fs::copy(env!("CARGO_BIN_EXE_daemon-under-test"), &program).expect("a copy");
    fs::set_permissions(&program, Permissions::from_mode(0o644)).expect("our own");
    let shown = program.display().to_string();
    let named = [("AWS_SSM_DAEMON", &*shown)];
    let report = examine_with(&stage, &[], &named).await;
    let chmod = format!("chmod +x '{shown}'");
    report.assert_told(("daemon-program", ""), "failed", &[&shown], &chmod);
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("our own");
    examine_with(&stage, &[], &named).await.assert_well();
}

#[tokio::test]
async fn a_program_that_is_no_daemon_is_told_with_its_last_words() {
    let stage = Stage::new().await;
    let program = stage
        .programs
        .home
        .write("impostor", "#!/bin/sh\necho not me; exit 3\n");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("our own");
    let named = [("AWS_SSM_DAEMON", program.to_str().expect("text"))];
    let report = examine_with(&stage, &[], &named).await;
    let words = ["did not start", "not me"];
    report.assert_told(("daemon-starts", ""), "failed", &words, "aws-ssmd");
    assert_eq!(report.one("identity", "")["status"], "skipped");
}

/// Such a one is waited for within the time that there is, and no longer.
#[tokio::test]
async fn a_program_that_never_speaks_takes_no_more_than_the_time_there_is() {
    let stage = Stage::new().await;
    let program = stage
        .programs
        .home
        .write("mute", "#!/bin/sh\nexec sleep 600\n");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("our own");
    let named = [("AWS_SSM_DAEMON", program.to_str().expect("text"))];
    let report = examine_with(&stage, &["--timeout", "2s"], &named).await;
    let words = ["not ready in time"];
    report.assert_told(("daemon-starts", ""), "failed", &words, "--timeout");
}

#[tokio::test]
async fn a_running_daemon_is_found_while_its_program_is_missing() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let missing = [("AWS_SSM_DAEMON", "/nonexistent/aws-ssmd")];
    let report = examine_with(&stage, &[], &missing).await;
    report.assert_ok("answers", "");
    report.assert_ok("version", "");
    assert_eq!(report.finished.code(), 1);
    examine(&stage, &[]).await.assert_well();
}
