//! Warm commands as whole processes, against the floor.

use std::process::Command;

use aws_ssm_tests::harness::Programs;

use crate::process::medians;
use crate::report::{Report, Target, ms};
use crate::stage::{Stage, run};

const TIMES: usize = 500;
const UNIT: &str = "× floor";

pub fn measure(stage: &Stage, report: &mut Report) {
    let small = stage.warm_home(100);
    let medium = stage.warm_home(1_000);
    let large = stage.warm_home(10_000);
    let names = run(&large, &["list", "--columns", "name", "-o", "tsv"]);
    // The first rows have no name.
    let name = names.lines().last().expect("a row").to_owned();
    let rows = [
        (
            "warm `list`, 100 instances",
            "50 ms",
            1.6,
            small.command(["list"]),
        ),
        ("… 1,000 instances", "–", 2.5, medium.command(["list"])),
        ("… 10,000 instances", "–", 10.0, large.command(["list"])),
        (
            "`resolve`, 10,000 instances, warm",
            "–",
            1.6,
            large.command(["resolve", &name]),
        ),
        (
            "completion of a name, 10,000 instances, warm",
            "–",
            1.6,
            large.command(["__complete", "zsh", "--", "show", &name]),
        ),
        (
            "completion of a tag's value, 10,000 instances, warm",
            "–",
            1.6,
            large.command(["__complete", "zsh", "--", "list", "-t", "Name="]),
        ),
    ];
    for (what, guide, at_most, command) in rows {
        // Each in turn with the floor alone: a run of 10,000 rows between two of
        // 100 would leave them cold caches, which nobody's second command finds.
        let mut commands = [floor(stage, &small), command];
        let medians = medians(&mut commands, stage.times(TIMES));
        let target = Target {
            what,
            guide,
            at_most,
            unit: UNIT,
        };
        let (floor, taken) = (ms(medians[0]), ms(medians[1]));
        let note = format!("{taken:.2} ms; floor {floor:.2} ms");
        report.add(&target, taken / floor, &note);
    }
}

/// The program that does nothing, in the same environment.
fn floor(stage: &Stage, programs: &Programs) -> Command {
    let like = programs.command(["list"]);
    let mut floor = Command::new(&stage.floor);
    floor.env_clear().stdin(std::process::Stdio::null());
    floor.envs(
        like.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    floor
}
