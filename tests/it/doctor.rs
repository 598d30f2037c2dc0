//! `doctor`: every situation is really made, found, and told with what mends it.

mod aws;
mod daemon;
mod files;
mod output;
mod programs;

use aws_ssm_tests::harness::{Finished, finish};
use serde_json::Value;

use crate::stage::Stage;

/// What `doctor` found.
#[derive(Debug)]
struct Report {
    checks: Vec<Value>,
    finished: Finished,
}

/// Runs it, with JSON as its output.
async fn examine(stage: &Stage, arguments: &[&str]) -> Report {
    examine_with(stage, arguments, &[]).await
}

/// The same with these variables.
async fn examine_with(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> Report {
    let arguments = [&["doctor", "-o", "json"], arguments].concat();
    let mut command = stage.programs.command(arguments);
    command.envs(variables.iter().copied());
    Report::of(finish(command).await)
}

impl Report {
    /// What a run has printed as JSON.
    fn of(finished: Finished) -> Self {
        let checks: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}: {finished:?}"));
        let checks = checks.as_array().expect("rows").clone();
        Self { checks, finished }
    }

    /// The checks of this name.
    fn all(&self, check: &str) -> Vec<&Value> {
        let named = |row: &&Value| row["check"] == check;
        self.checks.iter().filter(named).collect()
    }

    /// The one check of this name whose `about` has these words.
    #[track_caller]
    fn one(&self, check: &str, about: &str) -> &Value {
        let meant = |row: &&Value| row["about"].as_str().unwrap_or_default().contains(about);
        let found: Vec<&Value> = self.all(check).into_iter().filter(meant).collect();
        assert_eq!(found.len(), 1, "{check} {about}: {:#?}", self.checks);
        found[0]
    }

    /// Nothing is wrong, nothing is warned of, and the exit code says so.
    #[track_caller]
    fn assert_well(&self) {
        let unwell = |row: &&Value| row["status"] == "failed" || row["status"] == "warning";
        let found: Vec<&Value> = self.checks.iter().filter(unwell).collect();
        assert!(found.is_empty(), "{found:#?}");
        assert_eq!(self.finished.code(), 0, "{:?}", self.finished);
    }

    #[track_caller]
    fn assert_ok(&self, check: &str, about: &str) {
        let row = self.one(check, about);
        assert_eq!(row["status"], "ok", "{row:#}");
    }

    /// A check that did not go well: its status, words of the finding or its reason,
    /// and words of what mends it. A failure is the exit code 1.
    #[track_caller]
    fn assert_told(&self, (check, about): (&str, &str), status: &str, words: &[&str], mend: &str) {
        let row = self.one(check, about);
        assert_eq!(row["status"], status, "{row:#}");
        let said = format!("{} {}", row["finding"], row["why"]);
        for word in words {
            assert!(said.contains(word), "{word:?}: {row:#}");
        }
        let mends = row["mend"].as_str().unwrap_or_default();
        assert!(
            !mends.is_empty() && mends.contains(mend),
            "{mend:?}: {row:#}"
        );
        let is_failure = status == "failed";
        assert!(
            !is_failure || self.finished.code() == 1,
            "{:?}",
            self.finished
        );
    }
}
