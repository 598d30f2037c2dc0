//! What becomes of a daemon that is killed, hangs, or cannot start.

use futures_util::future::join_all;
use rustix::process::Signal;

use super::stage::{NONE, SERVICE, SOCKET, Stage, assert_refused};

pub async fn killed(stage: Stage) {
    let stage = stage.installed().await;
    for (restarts, signal) in [(1, Signal::KILL), (2, Signal::ABORT)] {
        stage.lists().await;
        let before = stage.pid().await;
        stage.send(before, signal);
        join_all((0..8).map(|_| stage.lists())).await;
        let after = stage.pid().await;
        assert_ne!(after, before);
        assert_eq!(stage.daemons(), [after], "one owner");
        let counted = stage.property(SERVICE, "NRestarts");
        assert_eq!(counted, restarts.to_string());
    }
}

/// A stopped process is alive to everybody but those who wait for its answer.
pub async fn hanging(stage: Stage) {
    let stage = stage.installed().await;
    stage.drop_in("watchdog", "[Service]\nWatchdogSec=5\n");
    stage.lists().await;
    let heard = || stage.property(SERVICE, "WatchdogTimestampMonotonic");
    let at_first = heard();
    stage
        .eventually("a sign of life", || heard() != at_first)
        .await;
    let before = stage.pid().await;
    stage.send(before, Signal::STOP);
    stage
        .eventually("another process", || {
            let pid = stage.property(SERVICE, "MainPID");
            pid != before.to_string() && stage.property(SERVICE, "SubState") == "running"
        })
        .await;
    assert_ne!(stage.property(SERVICE, "NRestarts"), "0");
    let list = stage.lists().await;
    assert_eq!(list.stderr, "");
    assert!(!stage.daemons().contains(&before));
}

pub async fn start_limit(stage: Stage) {
    let stage = stage.installed().await;
    stage.configure("cach:\n  ttl_minutes: 5\n");
    let words = [
        "given the daemon up",
        "aws-ssm config check",
        "reset-failed",
    ];
    for _ in 0..2 {
        let refused = stage.run(&["list"]).await;
        assert_refused(&refused, 2, &words);
    }
    assert_eq!(stage.property(SOCKET, "Result"), "service-start-limit-hit");
    assert_eq!(
        stage.daemons(),
        NONE,
        "nobody starts one beside the service"
    );

    stage.configure("cache:\n  ttl_minutes: 5\n");
    // Whoever was not told yet is told; starting it is a decision.
    assert_refused(&stage.run(&["list"]).await, 2, &words);
    stage.done(&["list", "--no-daemon"]).await;
    stage.done(&["daemon", "start"]).await;
    stage.lists().await;
    assert_eq!(stage.property(SOCKET, "ActiveState"), "active");
}

/// The manager holds the socket of a program that is not there any more.
pub async fn program_gone(stage: Stage) {
    let program = stage.home.join("aws-ssmd");
    std::fs::copy("/run/bin/aws-ssmd", &program).expect("a copy");
    let mut install = stage.command("aws-ssm", &["daemon", "install"]);
    install.env("AWS_SSM_DAEMON", &program);
    let installed = crate::harness::finish(install).await;
    assert_eq!(installed.code(), 0, "{installed:?}");
    stage.lists().await;
    stage.done(&["daemon", "stop"]).await;
    std::fs::remove_file(&program).expect("it was there");
    let path = program.to_str().expect("a path");
    let refused = stage.run(&["list"]).await;
    assert_refused(&refused, 6, &["program is gone", path, "daemon install"]);
    stage.done(&["daemon", "install"]).await;
    stage.lists().await;
}
