//! The settings: what is wrong with them, and which of them the running daemon has
//! otherwise.

use aws_ssm_proto::domain::{ConfigCheck, ConfigFinding, Setting};

use super::alone::{Answers, Outcome};
use super::check::{Check, Name};
use super::programs::NO_PROGRAM;
use super::running::Running;

const FILE: Name = Name::new("configuration", "settings");
const IN_USE: Name = Name::new("configuration", "in-use");

pub(super) fn checks(running: &Running, alone: &Outcome) -> Vec<Check> {
    let Ok(answers) = alone else {
        return vec![FILE.skipped(NO_PROGRAM)];
    };
    let mut checks = match &answers.check {
        Ok(check) => findings(check),
        Err(error) => vec![FILE.error(error)],
    };
    checks.extend(in_use(running, answers));
    checks
}

fn findings(check: &ConfigCheck) -> Vec<Check> {
    if check.findings.is_empty() {
        return vec![match &check.file {
            Some(file) => FILE.ok(format!("{}: no mistake", file.display())),
            None => FILE.ok("no file is read: the defaults hold"),
        }];
    }
    check.findings.iter().map(finding).collect()
}

fn finding(finding: &ConfigFinding) -> Check {
    let place = match finding.position {
        Some((line, column)) => format!("{}:{line}:{column}", finding.place),
        None => finding.place.clone(),
    };
    let check = match finding.is_mistake {
        true => FILE.failed(&*finding.what),
        false => FILE.warning(&*finding.what),
    };
    check.about(place).why(&*finding.why).mend(&*finding.hint)
}

/// Whether the running daemon has the settings that one started now would have.
fn in_use(running: &Running, answers: &Answers) -> Option<Check> {
    let theirs = running.met()?.settings.as_ref()?;
    let ours = answers.settings.as_ref().ok()?;
    let differs = |setting: &&Setting| {
        let their = theirs.iter().find(|their| their.name == setting.name);
        their.is_some_and(|their| their.value != setting.value)
    };
    let names: Vec<&str> = ours
        .iter()
        .filter(differs)
        .map(|setting| setting.name.as_str())
        .collect();
    Some(match names.is_empty() {
        true => IN_USE.ok("the running daemon has the same settings"),
        false => IN_USE
            .warning(format!(
                "the running daemon has other values of {}",
                names.join(", ")
            ))
            .why("the file or this terminal's variables are not those it was started with")
            .mend("aws-ssm daemon restart; for what is in the file, aws-ssm daemon reload"),
    })
}
