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
    let mut commands = [
        floor(stage, &small),
        small.command(["list"]),
        medium.command(["list"]),
        large.command(["list"]),
        large.command(["resolve", &name]),
    ];
    let medians = medians(&mut commands, stage.times(TIMES));
    let (floor, rest) = medians.split_first().expect("the floor is first");
    let targets = [
        ("warm `list`, 100 instances", "50 ms", 1.6),
        ("… 1,000 instances", "–", 2.5),
        ("… 10,000 instances", "–", 10.0),
        ("`resolve`, 10,000 instances, warm", "–", 1.6),
    ];
    for ((what, guide, at_most), median) in targets.into_iter().zip(rest) {
        let target = Target {
            what,
            guide,
            at_most,
            unit: UNIT,
        };
        let note = format!("{:.2} ms; floor {:.2} ms", ms(*median), ms(*floor));
        report.add(&target, ms(*median) / ms(*floor), &note);
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
