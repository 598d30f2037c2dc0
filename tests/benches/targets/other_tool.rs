//! The `aws` command on the same sandbox.

use std::process::Command;

use crate::process::{median, medians, once};
use crate::report::{Report, Target, ms};
use crate::stage::{Stage, region};

const WHAT: &str = "`aws ec2 describe-instances`, 100 instances";
const TIMES: usize = 10;

pub fn measure(stage: &Stage, report: &mut Report) {
    let Some(version) = version() else {
        report.skip(WHAT, "there is no aws command");
        return;
    };
    let programs = stage.warm_home(100);
    let ours = medians(&mut [programs.command(["list"])], stage.times(200))[0];
    let nowhere = programs.home.path().join("nowhere");
    let mut theirs = Command::new("aws");
    theirs
        .args(["ec2", "describe-instances"])
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
        // The only variable for it that both versions of the command read.
        .env("AWS_DEFAULT_REGION", region(100));
    let like = programs.command(["list"]);
    let settings = like.get_envs().filter(|(name, _)| {
        name.to_str()
            .is_some_and(|name| name.starts_with("AWS_") && !name.starts_with("AWS_SSM_"))
    });
    theirs.envs(settings.filter_map(|(name, value)| Some((name, value?))));
    let theirs = median((0..stage.times(TIMES)).map(|_| once(&mut theirs)).collect());
    let target = Target {
        what: WHAT,
        guide: "–",
        at_most: 100.0,
        unit: "× the warm `list`",
    };
    let note = format!("{version}: {:.0} ms; ours {:.2} ms", ms(theirs), ms(ours));
    report.add_at_least(&target, ms(theirs) / ms(ours), &note);
}

/// The first word of what it says of itself.
fn version() -> Option<String> {
    let output = Command::new("aws").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.split_whitespace().next().map(str::to_owned))?
}
