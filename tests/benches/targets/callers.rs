//! The daemon seen by callers who stay connected.

use std::time::{Duration, Instant};

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::Caller;
use aws_ssm_tests::harness::Programs;

use crate::process::{cpu, median};
use crate::report::{Report, Target, ms};
use crate::stage::{Stage, default_list};

const QUESTIONS: usize = 5_000;
const CALLERS: usize = 64;
const COLD_CALLERS: usize = 200;

pub fn measure(stage: &Stage, report: &mut Report) {
    own_time(stage, report);
    in_parallel(stage, report);
    at_once(stage, report);
}

/// One caller, one question after the other.
fn own_time(stage: &Stage, report: &mut Report) {
    let programs = stage.warm_home(100);
    let caller = stage.caller(100);
    let (took, stats) = stage.runtime.block_on(async {
        let client = stage.connect(&programs).await;
        let mut took = Vec::new();
        for _ in 0..stage.times(QUESTIONS) {
            let began = Instant::now();
            list(&client, &caller, 100).await;
            took.push(began.elapsed());
        }
        (took, client.metrics().await.expect("its counters"))
    });
    let method = stats.rpc.iter().find(|rpc| rpc.method == "ListInstances");
    let latency = method.expect("it was called").latency;
    let target = Target {
        what: "daemon's own time for a cached list of 100, p99",
        guide: "< 10 ms",
        at_most: 0.3,
        unit: "ms",
    };
    let note = format!(
        "p50 {:.3} ms; round trip of a connected caller, median {:.3} ms",
        ms(latency.p50),
        ms(median(took))
    );
    report.add(&target, ms(latency.p99), &note);
}

/// Many callers, each asking again as soon as it is answered.
fn in_parallel(stage: &Stage, report: &mut Report) {
    let programs = stage.warm_home(100);
    let pid = stage.daemon_pid(&programs);
    let time = Duration::from_millis(stage.times(5_000) as u64);
    let before = cpu(pid);
    let began = Instant::now();
    let answers = stage.runtime.block_on(ask_for(stage, &programs, time));
    let (wall, used) = (began.elapsed(), cpu(pid) - before);
    let target = Target {
        what: "64 callers in a loop, cached list of 100",
        guide: "–",
        at_most: 10_000.0,
        unit: "answers a second of the daemon's processor",
    };
    let wall = wall.as_secs_f64();
    let note = format!(
        "{:.0} a second of the clock, no error",
        answers as f64 / wall
    );
    report.add_at_least(
        &target,
        (answers as f64 / used.as_secs_f64()).round(),
        &note,
    );
}

async fn ask_for(stage: &Stage, programs: &Programs, time: Duration) -> usize {
    let end = Instant::now() + time;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let client = stage.connect(programs).await;
        let caller = stage.caller(100);
        callers.spawn(async move {
            let mut answers = 0;
            while Instant::now() < end {
                list(&client, &caller, 100).await;
                answers += 1;
            }
            answers
        });
    }
    callers.join_all().await.into_iter().sum()
}

/// Many callers who find nothing cached.
fn at_once(stage: &Stage, report: &mut Report) {
    let programs = stage.home(1_000);
    crate::stage::run(&programs, &["daemon", "start"]);
    stage.sandbox.reset_counts();
    stage.runtime.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..COLD_CALLERS {
            let client = stage.connect(&programs).await;
            let caller = stage.caller(1_000);
            callers.spawn(async move { list(&client, &caller, 1_000).await });
        }
        callers.join_all().await;
    });
    let pages = stage.sandbox.counts().of("DescribeInstances");
    // 100 on the first page, then 1,000: this fleet has some that are not listed.
    let loads = pages.div_ceil(2);
    let target = Target {
        what: "200 cold callers at once, one key",
        guide: "–",
        at_most: 1.0,
        unit: "load",
    };
    report.add(&target, loads as f64, &format!("{pages} pages"));
}

async fn list(client: &Client, caller: &Caller, rows: usize) {
    let query = default_list();
    let mut pages = client
        .list_instances(caller, &query)
        .await
        .expect("an answer");
    let mut seen = 0;
    while let Some(page) = pages.next().await.expect("a page") {
        seen += page.rows().count();
    }
    assert_eq!(seen, rows);
}
