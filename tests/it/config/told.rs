//! What callers are told of settings that have no effect.

use crate::stage::Stage;

#[tokio::test]
async fn keys_of_the_older_tool_are_warned_of_once_by_the_call_that_starts_the_daemon() {
    let text = "interactive: true\ndefault:\n  filters: []\n";
    let stage = Stage::new().await.configured(text);
    let first = stage.done(&["list"]).await;
    let warnings = |stderr: &str| stderr.matches("warning: ").count();
    assert_eq!(warnings(&first.stderr), 2, "{first:?}");
    assert!(
        first.stderr.contains("line 1, column 1: interactive"),
        "{first:?}"
    );
    assert!(first.stderr.contains("default.filters"), "{first:?}");
    let second = stage.done(&["list"]).await;
    assert_eq!(warnings(&second.stderr), 0, "{second:?}");
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log).expect("a log");
    assert_eq!(log.matches("has no effect").count(), 2);
}

#[tokio::test]
async fn a_terminal_whose_variables_the_daemon_does_not_have_is_told_so() {
    let mut stage = Stage::new().await.configured("cache:\n  ttl_minutes: 6\n");
    stage.done(&["daemon", "start"]).await;
    stage.programs.set("AWS_SSM_CACHE_TTL_MINUTES", "6.0");
    let same = stage.done(&["list"]).await;
    assert_eq!(same.stderr, "");
    stage.programs.set("AWS_SSM_CACHE_TTL_MINUTES", "7");
    let other = stage.done(&["list"]).await;
    assert!(
        other.stderr.contains("AWS_SSM_CACHE_TTL_MINUTES"),
        "{other:?}"
    );
    assert!(other.stderr.contains("daemon restart"), "{other:?}");
    let alone = stage.done(&["list", "--no-daemon"]).await;
    assert_eq!(alone.stderr, "", "a daemon of its own has them");
    let reload = stage.done(&["daemon", "reload"]).await;
    assert!(reload.stderr.contains("daemon restart"), "{reload:?}");
    stage.done(&["daemon", "restart"]).await;
    assert_eq!(stage.done(&["list"]).await.stderr, "");
}

#[tokio::test]
async fn another_file_than_the_running_daemons_is_told_without_asking_it() {
    let stage = Stage::new().await.configured("");
    stage.done(&["daemon", "start"]).await;
    let own = stage.programs.home.path().join("config.yaml");
    let own = own.display().to_string();
    let same = stage.done(&["list", "--config", &own]).await;
    assert_eq!(same.stderr, "");
    let other = stage.programs.home.write("other.yaml", "");
    let other = other.display().to_string();
    let told = stage.done(&["list", "--config", &other]).await;
    assert!(told.stderr.contains(&own), "{told:?}");
    assert!(
        told.stderr.contains(&format!("restart --config {other}")),
        "{told:?}"
    );
}
