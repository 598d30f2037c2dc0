//! Instructions of a warm answer on both sides, counted by callgrind: unlike a
//! time, they are the same on every run of one machine.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_ssm_tests::harness::{PATIENCE, Programs};
use tokio::time::{Instant, sleep};

use crate::report::Report;
use crate::stage::{Stage, default_list};

const CLIENT: &str = "instructions of the client, warm `list` of 100";
const COMPLETION: &str = "instructions of the client, completion of an id, 100 instances";
const DAEMON: &str = "instructions of the daemon, cached list of 100 on a kept connection";

/// The difference between many answers and few is that of the answers alone.
const FEW: usize = 10;
const MANY: usize = 210;

pub fn measure(stage: &Stage, report: &mut Report) {
    let valgrind = Command::new("valgrind").arg("--version").output();
    if !valgrind.is_ok_and(|version| version.status.success()) {
        report.skip(CLIENT, "valgrind is not installed");
        report.skip(COMPLETION, "valgrind is not installed");
        report.skip(DAEMON, "valgrind is not installed");
        return;
    }
    report.count(CLIENT, of_the_client(stage, &["list"]));
    let tab = ["__complete", "--timeout", "60s", "zsh", "--", "show", "i-"];
    report.count(COMPLETION, of_the_client(stage, &tab));
    let (few, many) = (of_the_daemon(stage, FEW), of_the_daemon(stage, MANY));
    report.count(DAEMON, many.saturating_sub(few) / (MANY - FEW) as u64);
}

fn of_the_client(stage: &Stage, arguments: &[&str]) -> u64 {
    let programs = stage.warm_home(100);
    let log = programs.home.path().join("callgrind.log");
    let mut client = watched(&programs.command(arguments), &log);
    assert!(client.wait().expect("it ends").success());
    counted(&log)
}

/// The whole life of a daemon that answers so many times from memory.
fn of_the_daemon(stage: &Stage, answers: usize) -> u64 {
    let programs = stage.home(100);
    let log = programs.home.path().join("callgrind.log");
    let mut daemon = watched(&programs.daemon_command(["--foreground"]), &log);
    stage.runtime.block_on(ask(stage, &programs, answers));
    let stop = programs.run_blocking(&["daemon", "stop", "--timeout", "60s"]);
    assert_eq!(stop.code(), 0, "{}", stop.stderr);
    daemon.wait().expect("it ends");
    counted(&log)
}

async fn ask(stage: &Stage, programs: &Programs, answers: usize) {
    let socket = programs.home.endpoint().socket;
    let deadline = Instant::now() + PATIENCE;
    while !socket.exists() {
        assert!(Instant::now() < deadline, "it does not start");
        sleep(Duration::from_millis(20)).await;
    }
    let client = stage.connect(programs).await;
    let (caller, query) = (stage.caller(100), default_list());
    for _ in 0..=answers {
        let pages = client.list_instances(&caller, &query).await;
        let mut pages = pages.expect("an answer");
        while pages.next().await.expect("a page").is_some() {}
    }
}

/// Starts a program under callgrind.
fn watched(program: &Command, log: &Path) -> Child {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", log.display()))
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    valgrind.spawn().expect("valgrind runs")
}

fn counted(log: &Path) -> u64 {
    let log = std::fs::read_to_string(log).expect("what callgrind says");
    let counted = log
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let counted = counted.unwrap_or_else(|| panic!("no figure: {log}"));
    counted.trim().parse().expect("a number")
}
