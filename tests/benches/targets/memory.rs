//! Resident memory, as the kernel counts it.

use std::thread::sleep;
use std::time::Duration;

use aws_ssm_tests::harness::Programs;

use crate::process::{memory, peak};
use crate::report::{Report, Target, mib};
use crate::stage::{Stage, region, run};

/// The daemon gives back what a load has freed a second after it.
const GIVEN_BACK: Duration = Duration::from_secs(2);

pub fn measure(stage: &Stage, report: &mut Report) {
    let idle = idle(stage, report);
    thousand(stage, report);
    fifty_thousand(stage, report, idle);
    client(stage, report);
}

/// A daemon that nobody has asked anything.
fn idle(stage: &Stage, report: &mut Report) -> u64 {
    let programs = stage.home(100);
    run(&programs, &["daemon", "start"]);
    let idle = resident(stage.daemon_pid(&programs));
    add(report, "idle daemon, resident", "–", 15.0, mib(idle), "");
    idle
}

/// What 1,000 instances add to a daemon that has spoken to AWS before.
fn thousand(stage: &Stage, report: &mut Report) {
    let programs = stage.warm_home(100);
    let pid = stage.daemon_pid(&programs);
    let before = at_rest(stage, &programs, pid);
    stage.home(1_000);
    run(&programs, &["list", "-r", region(1_000)]);
    let after = at_rest(stage, &programs, pid);
    let note = format!("{:.1} MB in all", mib(after));
    let grown = mib(after) - mib(before);
    add(
        report,
        "1,000 instances, growth",
        "12 MB",
        1.0,
        grown,
        &note,
    );
}

fn fifty_thousand(stage: &Stage, report: &mut Report, idle: u64) {
    let programs = stage.home(50_000);
    run(&programs, &["daemon", "start"]);
    let pid = stage.daemon_pid(&programs);
    run(&programs, &["list"]);
    let grown = mib(at_rest(stage, &programs, pid)) - mib(idle);
    add(report, "50,000 instances, growth", "–", 30.0, grown, "");
    let peak = memory(pid, "VmHWM:").expect("it runs");
    let grown = mib(peak) - mib(idle);
    add(
        report,
        "peak while 50,000 load, above idle",
        "–",
        64.0,
        grown,
        "",
    );
}

fn client(stage: &Stage, report: &mut Report) {
    let programs = stage.warm_home(1_000);
    let table = peak(&mut programs.command(["list"]));
    let note = format!(
        "`-o json`: {:.1} MB",
        mib(peak(&mut programs.command(["list", "-o", "json"])))
    );
    add(
        report,
        "client, peak, 1,000 instances",
        "–",
        8.0,
        mib(table),
        &note,
    );
    let programs = stage.warm_home(10_000);
    let streamed = peak(&mut programs.command(["list", "-o", "jsonl"]));
    let table = mib(peak(&mut programs.command(["list"])));
    let note = format!("as a table {table:.1} MB");
    add(
        report,
        "… 10,000, streamed as `jsonl`",
        "–",
        8.0,
        mib(streamed),
        &note,
    );
}

fn add(
    report: &mut Report,
    what: &str,
    guide: &'static str,
    at_most: f64,
    figure: f64,
    note: &str,
) {
    let target = Target {
        what,
        guide,
        at_most,
        unit: "MB",
    };
    report.add(&target, figure, note);
}

/// What a daemon holds when its loads are over.
fn at_rest(stage: &Stage, programs: &Programs, pid: u32) -> u64 {
    stage.settle(programs);
    sleep(GIVEN_BACK);
    resident(pid)
}

fn resident(pid: u32) -> u64 {
    memory(pid, "VmRSS:").expect("it runs")
}
