//! What outlives the daemon: one that is started again answers from where the last
//! one stood, also when AWS cannot be reached, and nobody gets what is another's.

mod files;
mod restart;
mod trouble;

use std::path::PathBuf;

use aws_ssm_tests::harness::Programs;

use crate::stage::{Stage, eventually};

/// The directory of what is kept.
fn directory(programs: &Programs) -> PathBuf {
    programs.home.path().join("cache/snapshots")
}

/// The files that are kept, of this kind.
fn kept(programs: &Programs, kind: &str) -> Vec<PathBuf> {
    let mut files = everything(programs);
    files.retain(|path| path.extension().is_some_and(|end| end == kind));
    files
}

/// Every file that is kept.
fn everything(programs: &Programs) -> Vec<PathBuf> {
    let found = std::fs::read_dir(directory(programs));
    let entries = found.into_iter().flatten();
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// How many warnings the daemon's log has with these words.
fn warnings(programs: &Programs, words: &str) -> usize {
    let log = std::fs::read_to_string(programs.home.endpoint().log).expect("a log");
    let lines = log.lines().filter(|line| line.contains("WARN"));
    lines.filter(|line| line.contains(words)).count()
}

/// A list has been shown, all of it is on disk, and no daemon runs.
async fn listed_once(stage: &Stage) -> String {
    // The columns of the table also load the agents.
    stage.done(&["list"]).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    stage.settled().await;
    stop(&stage.programs).await;
    eventually("snapshots", || kept(&stage.programs, "agents").len() == 1).await;
    list.stdout
}

async fn stop(programs: &Programs) {
    let stopped = programs.run(&["daemon", "stop"]).await;
    assert_eq!(stopped.code(), 0, "{stopped:?}");
}
