//! The service, its settings, and what tells of them.

use crate::stage::{Stage, assert_refused};

#[tokio::test]
async fn the_settings_are_shown_with_their_sources_checked_found_and_begun() {
    let stage = Stage::new().await;
    stage.done(&["config", "init"]).await;
    let path = stage.done(&["config", "path"]).await;
    assert!(path.stdout.contains("config.yaml"), "{path:?}");
    stage.done(&["config", "check"]).await;
    let settings = stage.json(&["config", "show"]).await;
    let settings = settings.as_array().expect("rows");
    let ttl = settings
        .iter()
        .find(|row| row["setting"] == "cache.ttl_minutes");
    let ttl = ttl.expect("a setting");
    assert!(!ttl["source"].is_null() && !ttl["value"].is_null(), "{ttl}");
    stage
        .programs
        .home
        .write("wrong.yaml", "cache:\n  ttl_minuts: 5\n");
    let wrong = stage.programs.home.path().join("wrong.yaml");
    let wrong = wrong.to_str().expect("text");
    let told = stage.run(&["config", "check", wrong]).await;
    assert_eq!(told.code(), 2, "{told:?}");
}

#[tokio::test]
async fn the_daemon_is_started_looked_at_and_stopped() {
    let stage = Stage::new().await;
    // Only a start starts it.
    for command in ["status", "stats", "reload"] {
        assert_refused(&stage.run(&["daemon", command]).await, 6, &["daemon"]);
    }
    stage.done(&["daemon", "stop"]).await;
    stage.done(&["daemon", "start"]).await;
    let first = stage.json(&["daemon", "status"]).await;
    stage.done(&["list"]).await;
    let stats = stage.json(&["daemon", "stats"]).await;
    assert!(!stats.is_null());
    stage.done(&["daemon", "reload"]).await;
    stage.done(&["daemon", "restart"]).await;
    let second = stage.json(&["daemon", "status"]).await;
    assert_ne!(first["pid"], second["pid"], "{first} {second}");
    let logs = stage.done(&["daemon", "logs"]).await;
    assert!(!logs.stdout.is_empty());
    stage.done(&["daemon", "stop", "--now"]).await;
    stage.done(&["daemon", "stop"]).await;
    // A home of one's own has no service.
    for command in ["install", "uninstall"] {
        let told = stage.run(&["daemon", command, "--print"]).await;
        assert_refused(&told, 2, &["AWS_SSM_HOME"]);
    }
}

#[tokio::test]
async fn version_and_doctor_answer_with_the_daemon_dead_and_alive() {
    let stage = Stage::new().await;
    for start in [false, true] {
        if start {
            stage.done(&["daemon", "start"]).await;
        }
        let version = stage.done(&["version"]).await;
        assert!(
            version.stdout.contains(env!("CARGO_PKG_VERSION")),
            "{version:?}"
        );
        let checks = stage.run(&["doctor", "-o", "json"]).await;
        assert!(matches!(checks.code(), 0 | 1), "{checks:?}");
        let checks: serde_json::Value = serde_json::from_str(&checks.stdout).expect("JSON");
        let identity = |check: &&serde_json::Value| check["check"] == "identity";
        let identity = checks.as_array().expect("rows").iter().find(identity);
        assert_eq!(identity.expect("a check")["status"], "ok");
    }
}
