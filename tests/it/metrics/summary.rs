//! The line that the log gets every so often.

use aws_ssm_tests::harness::{PATIENCE, finish};
use tokio::time::Instant;

use crate::stage::Stage;

const EVERY_SECOND: &str = "performance:\n  metrics_interval_seconds: 1\n";

async fn log(stage: &Stage) -> String {
    let status = stage.json(&["daemon", "status"]).await;
    let path = status["log_file"].as_str().expect("a log").to_owned();
    std::fs::read_to_string(path).expect("a log")
}

fn summaries(log: &str) -> Vec<&str> {
    log.lines()
        .filter_map(|line| Some(line.split_once("Performance Metrics Summary: ")?.1))
        .collect()
}

#[tokio::test]
async fn the_summary_is_logged_as_often_as_the_settings_say() {
    let stage = Stage::new().await.configured(EVERY_SECOND);
    stage.done(&["list"]).await;
    stage.settled().await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = log(&stage).await;
        let is_whole = |line: &&str| {
            let names = line.split(' ').filter_map(|part| part.split_once('='));
            let names: Vec<_> = names.map(|(name, _)| name).collect();
            let wanted = "calls successes failures success_rate avg_duration cache_hit_rate";
            names.join(" ") == wanted && line.contains("success_rate=100.00%")
        };
        if summaries(&log).iter().any(is_whole) {
            break;
        }
        assert!(Instant::now() < deadline, "{log}");
        tokio::task::yield_now().await;
    }
}

/// In the foreground the log is standard error, and ends with the daemon.
#[tokio::test]
async fn without_metrics_there_is_no_summary_but_the_counters_are_there() {
    let off = format!("{EVERY_SECOND}  enable_metrics: false\n");
    let stage = Stage::new().await.configured(&off);
    let command = stage.programs.daemon_command(["--foreground"]);
    let running = tokio::spawn(finish(command));
    stage.done(&["list"]).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stats = stage.json(&["daemon", "stats"]).await;
        assert!(stats["summary"]["calls"].as_u64() > Some(0), "{stats}");
        if stats["summary"]["uptime_seconds"].as_f64() > Some(2.0) {
            break;
        }
        assert!(Instant::now() < deadline, "{stats}");
        tokio::task::yield_now().await;
    }
    stage.done(&["daemon", "stop"]).await;
    let log = running.await.expect("it ends").stderr;
    assert_eq!(summaries(&log), [""; 0], "{log}");
}
