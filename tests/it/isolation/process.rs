//! What the system shows of the daemon's process.
#![cfg(target_os = "linux")]

use aws_ssm_tests::harness::secrets;

use crate::stage::{LOG_LEVEL, Stage};

fn of_process(pid: u32, what: &str) -> String {
    let text = std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
    String::from_utf8_lossy(&text).replace('\0', " ")
}

#[tokio::test]
async fn the_daemon_leaves_no_core_dump() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let pid = stage.programs.daemon_pid().await.expect("it runs");
    let limits = of_process(pid, "limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<_> = core.expect("a limit").split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
}

#[tokio::test]
async fn neither_arguments_nor_variables_of_the_daemon_hold_a_secret() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let pid = stage.programs.daemon_pid().await.expect("it runs");
    let arguments = of_process(pid, "cmdline");
    assert!(arguments.contains("daemon-under-test"), "{arguments}");
    // Only root may read the second; it is empty for everybody else.
    let variables = of_process(pid, "environ");
    assert!(!variables.contains("AWS_ACCESS_KEY_ID"), "{variables}");
    for text in [arguments, variables] {
        assert_eq!(
            secrets::search(text.as_bytes(), || "the process".to_owned()),
            Ok(())
        );
    }
}

/// The search of every test's files is worth as much as what is written into them.
#[tokio::test]
async fn a_daemon_under_test_tells_all_that_it_can() {
    let mut stage = Stage::new().await;
    let log = stage.programs.home.endpoint().log;
    let tells = async |stage: &Stage| {
        stage.done(&["list"]).await;
        stage.settled().await;
        stage.done(&["daemon", "stop"]).await;
        stage.done(&["list"]).await;
        stage.done(&["daemon", "stop"]).await;
        let text = std::fs::read_to_string(&log).expect("a log");
        std::fs::remove_file(&log).expect("it is ours");
        text.lines().filter(|line| line.contains(" DEBUG ")).count()
    };
    assert!(tells(&stage).await > 0);
    stage.programs.unset(LOG_LEVEL);
    assert_eq!(tells(&stage).await, 0);
}
