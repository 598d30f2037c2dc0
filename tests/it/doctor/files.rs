//! Directories and files in which no daemon can be, and settings that are broken.

use std::fs::{self, DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::process::Command;

use aws_ssm_tests::harness::finish;
use rustix::process::geteuid;

use super::{Report, examine, examine_with};
use crate::stage::Stage;

#[tokio::test]
async fn a_directory_that_others_may_enter_is_mended_by_what_is_said() {
    let stage = Stage::new().await;
    let run = stage.programs.home.endpoint().run_dir().to_owned();
    DirBuilder::new()
        .mode(0o700)
        .create(&run)
        .expect("a directory");
    fs::set_permissions(&run, Permissions::from_mode(0o755)).expect("our own");
    let report = examine(&stage, &[]).await;
    let chmod = format!("chmod 700 '{}'", run.display());
    report.assert_told(("run-directory", ""), "failed", &["mode 0755"], &chmod);
    let mode = fs::metadata(&run)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755, "it was looked at, and left alone");
    fs::set_permissions(&run, Permissions::from_mode(0o700)).expect("our own");
    examine(&stage, &[]).await.assert_well();
}

#[tokio::test]
async fn a_plain_file_in_the_sockets_place_is_told_and_left_alone() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut dirs = DirBuilder::new();
    dirs.mode(0o700)
        .create(endpoint.run_dir())
        .expect("a directory");
    fs::write(&endpoint.socket, "precious").expect("a file");
    let report = examine(&stage, &[]).await;
    for check in ["socket", "answers"] {
        report.assert_told((check, ""), "failed", &["not a socket"], "move it away");
    }
    let left = fs::read_to_string(&endpoint.socket).expect("a file");
    assert_eq!(left, "precious");
}

#[tokio::test]
async fn a_socket_path_that_is_too_long_is_told_with_its_limit_and_nothing_is_made() {
    let stage = Stage::new().await;
    let home = stage.programs.home.path().join("h".repeat(120));
    let home = home.display().to_string();
    let report = examine_with(&stage, &[], &[("AWS_SSM_HOME", &home)]).await;
    let words = ["too long", "107"];
    let words = if cfg!(target_os = "linux") {
        &words[..]
    } else {
        &words[..1]
    };
    report.assert_told(("socket-path", ""), "failed", words, "AWS_SSM_HOME");
    report.assert_ok("identity", "");
    assert!(!std::path::Path::new(&home).join("run").exists());
}

#[tokio::test]
async fn a_home_that_leads_nowhere_is_told() {
    let stage = Stage::new().await;
    let report = examine_with(&stage, &[], &[("AWS_SSM_HOME", "relative/home")]).await;
    let words = ["not an absolute path", "relative/home"];
    report.assert_told(("socket-path", ""), "failed", &words, "begins with /");
    assert_eq!(report.one("answers", "")["status"], "skipped");
}

#[tokio::test]
async fn files_in_the_place_of_directories_cost_the_log_and_the_snapshots() {
    let stage = Stage::new().await;
    stage.programs.home.write("cache", "in the way");
    stage.programs.home.write("state", "in the way");
    let report = examine(&stage, &[]).await;
    for (check, name) in [("snapshots", "cache"), ("state-directory", "state")] {
        let path = stage.programs.home.path().join(name);
        let mend = format!("mv '{}'", path.display());
        report.assert_told((check, ""), "warning", &["no directory"], &mend);
    }
    assert_eq!(report.finished.code(), 0, "commands work: {report:?}");
    stage.done(&["list"]).await;
}

/// Runs `doctor` where `mount` has put another file system in the place of the cache,
/// for this run alone. Only root can do that.
async fn with_a_disk(stage: &Stage, mount: &str) -> Option<Report> {
    let alone = Command::new("unshare").args(["--mount", "true"]).status();
    if !geteuid().is_root() || !alone.is_ok_and(|status| status.success()) {
        // As for what is played under a service manager: CI can.
        let required = std::env::var("AWS_SSM_USER_MANAGER");
        assert_ne!(required.as_deref(), Ok("required"));
        // Not through `eprintln!`, which is shown for tests that fail only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: no disk can be mounted here");
        return None;
    }
    let script = format!(
        "mkdir -p -m 700 \"$HOME/cache\" && {mount} \"$HOME/cache\" && \
         exec \"$CLIENT\" doctor -o json"
    );
    let inner = stage.programs.shell(&script);
    let mut command = Command::new("unshare");
    command
        .arg("--mount")
        .arg(inner.get_program())
        .args(inner.get_args());
    command.env_clear();
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Some(Report::of(finish(command).await))
}

#[tokio::test]
async fn a_full_disk_is_told_with_what_makes_room_and_nothing_else_fails() {
    let stage = Stage::new().await;
    let full = "mount -t tmpfs -o size=512k,mode=700 tmpfs";
    let Some(report) = with_a_disk(&stage, full).await else {
        return;
    };
    let cache = stage.programs.home.path().join("cache");
    let cache = cache.to_str().expect("text");
    report.assert_told(("disk-space", cache), "failed", &["free"], "make room");
    for check in ["identity", "daemon-starts"] {
        report.assert_ok(check, "");
    }
}

#[tokio::test]
async fn a_read_only_file_system_is_told_with_what_mends_it() {
    let stage = Stage::new().await;
    let Some(report) = with_a_disk(&stage, "mount -t tmpfs -o ro,mode=700 tmpfs").await else {
        return;
    };
    let cache = stage.programs.home.path().join("cache");
    let cache = cache.to_str().expect("text");
    let words = ["read-only"];
    report.assert_told(("disk-space", cache), "failed", &words, "AWS_SSM_HOME");
    report.assert_ok("identity", "");
}

#[tokio::test]
async fn snapshots_that_others_could_read_are_told_of() {
    let stage = Stage::new().await;
    stage.done(&["list", "--no-daemon"]).await;
    let snapshots = stage.programs.home.path().join("cache/snapshots");
    fs::set_permissions(&snapshots, Permissions::from_mode(0o755)).expect("our own");
    let report = examine(&stage, &[]).await;
    let chmod = format!("chmod 700 '{}'", snapshots.display());
    report.assert_told(("snapshots", ""), "warning", &["mode 0755"], &chmod);
}

#[tokio::test]
async fn every_mistake_of_the_settings_is_told_and_aws_is_looked_at_all_the_same() {
    let config = "cache:\n  ttl_minute: 5\nperformance:\n  client_pool_size: 0\n";
    let stage = Stage::new().await.configured(config);
    assert_eq!(stage.run(&["list"]).await.code(), 2);
    let report = examine(&stage, &[]).await;
    let words = ["ttl_minute"];
    report.assert_told(
        ("settings", "config.yaml:2"),
        "failed",
        &words,
        "ttl_minutes",
    );
    let about = ("settings", "config.yaml:4");
    let words = ["client_pool_size", "from 1 to 1000"];
    report.assert_told(about, "failed", &words, "configuration.md");
    for check in ["identity", "clock", "daemon-starts"] {
        report.assert_ok(check, "");
    }
    let failed = "the last start failed";
    report.assert_told(("last-start", ""), "warning", &[failed, "mistakes"], "");
    let snapshots = report.one("snapshots", "");
    assert_eq!(snapshots["status"], "skipped", "{snapshots:#}");
    fs::remove_file(stage.programs.home.path().join("config.yaml")).expect("the file");
    stage.done(&["list"]).await;
    examine(&stage, &[]).await.assert_well();
}

/// What a file that cannot be read forbids is not done.
#[tokio::test]
async fn with_broken_settings_nothing_is_kept_on_disk() {
    let config = "cache:\n  persist: false\n  ttl_minutes: never\n";
    let stage = Stage::new().await.configured(config);
    let report = examine(&stage, &[]).await;
    report.assert_ok("identity", "");
    assert!(!stage.programs.home.path().join("cache").exists());
}
