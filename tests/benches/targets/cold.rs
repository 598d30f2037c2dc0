//! Calls that find nothing, with AWS as far away as it is in life.

use std::time::Duration;

use aws_ssm_tests::harness::Programs;

use crate::process::{first_byte, median, once};
use crate::report::{Report, Target, ms};
use crate::stage::{Stage, run};

/// What one AWS call takes.
const LATENCY: Duration = Duration::from_millis(80);
const TIMES: usize = 20;

pub fn measure(stage: &Stage, report: &mut Report) {
    let programs = stage.home(1_000);
    let large = stage.home(10_000);
    stage.sandbox.set_latency(LATENCY, Duration::ZERO);
    cold_list(stage, report, &programs);
    first_command(stage, report, &programs);
    no_daemon(stage, report, &programs);
    first_row(stage, report, &large);
    stage.sandbox.set_latency(Duration::ZERO, Duration::ZERO);
}

/// The daemon runs and has never heard of the caller.
fn cold_list(stage: &Stage, report: &mut Report, programs: &Programs) {
    let (took, api) = each(stage, || {
        run(programs, &["daemon", "restart"]);
        forget(programs);
        stage.sandbox.reset_counts();
        once(&mut programs.command(["list"]))
    });
    let target = Target {
        what: "cold `list` of 1,000 (80 ms a call)",
        guide: "2,100 ms",
        at_most: 10.0,
        unit: "% above API time",
    };
    report.add(
        &target,
        (ms(took) / ms(api) - 1.0) * 100.0,
        &beside(took, api),
    );
}

/// Nothing runs.
fn first_command(stage: &Stage, report: &mut Report, programs: &Programs) {
    let (took, api) = each(stage, || {
        forget(programs);
        run(programs, &["daemon", "stop"]);
        stage.sandbox.reset_counts();
        once(&mut programs.command(["list"]))
    });
    let target = Target {
        what: "first command after boot, daemon start included",
        guide: "–",
        at_most: 60.0,
        unit: "ms above API time",
    };
    report.add(&target, ms(took) - ms(api), &beside(took, api));
}

/// Nothing runs, and nothing is known from before.
fn no_daemon(stage: &Stage, report: &mut Report, programs: &Programs) {
    run(programs, &["daemon", "stop"]);
    let (took, api) = each(stage, || {
        run(programs, &["cache", "clear", "--all", "--no-daemon"]);
        stage.sandbox.reset_counts();
        once(&mut programs.command(["list", "--no-daemon"]))
    });
    let target = Target {
        what: "`list --no-daemon` of 1,000",
        guide: "–",
        at_most: 60.0,
        unit: "ms above API time",
    };
    report.add(&target, ms(took) - ms(api), &beside(took, api));
}

/// What the daemon before knew must not answer for AWS.
fn forget(programs: &Programs) {
    run(programs, &["cache", "clear", "--all"]);
}

/// The first page of many.
fn first_row(stage: &Stage, report: &mut Report, programs: &Programs) {
    run(programs, &["list"]);
    let mut took = Vec::new();
    for _ in 0..stage.times(TIMES) {
        stage.settle(programs);
        run(programs, &["cache", "clear"]);
        let mut command = programs.command(["list", "--sort", "none", "-o", "jsonl"]);
        took.push(first_byte(&mut command));
    }
    let took = median(took);
    let target = Target {
        what: "first row of a cold list of 10,000, `--sort none -o jsonl`",
        guide: "–",
        at_most: 10.0,
        unit: "ms above the first page's API time",
    };
    report.add(&target, ms(took) - ms(LATENCY), &beside(took, LATENCY));
}

/// What a region that was asked before costs when its data is to be loaded again.
pub fn measure_calls(stage: &Stage, report: &mut Report) {
    let programs = stage.warm_home(1_000);
    let before = stage.sandbox.connections();
    stage.sandbox.reset_counts();
    run(&programs, &["list"]);
    let warm_calls = stage.sandbox.counts().total();
    run(&programs, &["cache", "clear"]);
    run(&programs, &["list"]);
    let counts = stage.sandbox.counts();
    let new = stage.sandbox.connections() - before + counts.of("GetCallerIdentity");
    let target = Target {
        what: "repeated region access",
        guide: "120 ms",
        at_most: 0.0,
        unit: "new connections and STS calls",
    };
    let pages = counts.of("DescribeInstances");
    let note = format!("data loaded again in {pages} pages; from the cache {warm_calls} calls");
    report.add(&target, new as f64, &note);
}

/// The median time of some runs, and what AWS took of it.
fn each(stage: &Stage, mut measure: impl FnMut() -> Duration) -> (Duration, Duration) {
    let times = (0..stage.times(TIMES)).map(|_| measure()).collect();
    let counts = stage.sandbox.counts();
    // A list does not wait for the agents.
    let calls = counts.of("DescribeInstances") + counts.of("GetCallerIdentity");
    let calls = u32::try_from(calls).expect("a few");
    (median(times), LATENCY * calls)
}

fn beside(took: Duration, api: Duration) -> String {
    format!("{:.0} ms; API {:.0} ms", ms(took), ms(api))
}
