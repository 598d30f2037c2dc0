//! `--no-daemon`: the same answers from a process that stays for one call alone.

use std::os::unix::process::CommandExt;

use aws_ssm_tests::harness::finish;
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::join_all;
use rustix::process::{Pid, Signal};

use crate::life::kill::send;
use crate::stage::{Stage, assert_refused, eventually, sorted};

/// What a person asks for, right and wrong.
const JOURNEY: [&[&str]; 14] = [
    &["list", "-o", "ids"],
    &["list", "-o", "json", "--columns", "name,id,state,sg,tags"],
    &[
        "list",
        "-t",
        "Team=web",
        "-o",
        "csv",
        "--columns",
        "name,id",
    ],
    &[
        "list", "--all", "--sort", "-name", "--limit", "3", "-o", "ids",
    ],
    &["list", "--count", "-r", "eu-west-1,us-east-1"],
    &[
        "show",
        "web-1",
        "-o",
        "yaml",
        "--columns",
        "name,id,private-ip",
    ],
    &["resolve", "web-1"],
    &["regions"],
    &["whoami", "-o", "json"],
    &["version"],
    &["resolve", "nobody"],
    &["list", "--columns", "nmae"],
    &["list", "--profile", "nobody"],
    &["list", "--region", "eu-west-1a"],
];

#[tokio::test]
async fn every_answer_and_every_error_is_the_same_without_the_daemon() {
    let stage = Stage::new().await;
    let mut alone = Vec::new();
    for arguments in JOURNEY {
        let arguments = [arguments, &["--no-daemon"]].concat();
        alone.push(stage.run(&arguments).await);
    }
    for name in ["run", "state"] {
        let path = stage.programs.home.path().join(name);
        assert!(!path.exists(), "{name} was made");
    }
    stage.done(&["daemon", "start"]).await;
    for (arguments, alone) in JOURNEY.iter().zip(alone) {
        let shared = stage.run(arguments).await;
        assert_eq!(alone.stdout, shared.stdout, "{arguments:?}");
        assert_eq!(alone.stderr, shared.stderr, "{arguments:?}");
        assert_eq!(alone.code(), shared.code(), "{arguments:?}");
    }
}

#[tokio::test]
async fn commands_about_the_daemon_are_refused_without_one() {
    let stage = Stage::new().await;
    for command in ["start", "stop", "restart", "status", "stats", "reload"] {
        let finished = stage.run(&["daemon", command, "--no-daemon"]).await;
        assert_refused(&finished, 2, &["--no-daemon", "leave"]);
    }
    assert!(!stage.programs.home.endpoint().run_dir().exists());
}

#[tokio::test]
async fn a_script_keeps_its_standard_input() {
    let stage = Stage::new().await;
    let script = r#"printf 'a\nb\n' | { "$CLIENT" list --no-daemon -o ids >/dev/null; cat; }"#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!((finished.code(), &*finished.stdout), (0, "a\nb\n"));
    let closed = r#""$CLIENT" list --no-daemon -o ids <&-"#;
    let finished = finish(stage.programs.shell(closed)).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(sorted(finished.lines()), stage.listed());
}

#[tokio::test]
async fn a_reader_who_leaves_ends_it_quietly() {
    let stage = Stage::new().await;
    let script = r#""$CLIENT" list --no-daemon -o jsonl | head -n 1"#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!(
        (finished.code(), &*finished.stderr),
        (0, ""),
        "{finished:?}"
    );
    assert_eq!(finished.lines().len(), 1);
}

#[tokio::test]
async fn ctrl_c_ends_it_at_once_and_without_a_word() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Fault::hang().on("GetCallerIdentity"));
    let mut command = stage.programs.command(["list", "--no-daemon"]);
    command.process_group(0);
    let mut command = tokio::process::Command::from(command);
    let client = command.kill_on_drop(true).spawn().expect("the client");
    eventually("the call", || stage.calls("GetCallerIdentity") > 0).await;
    let pid = client.id().and_then(|pid| i32::try_from(pid).ok());
    send(pid.and_then(Pid::from_raw).expect("a process"), Signal::INT);
    let output = client.wait_with_output().await.expect("it ends");
    let finished = aws_ssm_tests::harness::Finished::from(output);
    assert_eq!(finished.code(), 130, "{finished:?}");
    assert_eq!((&*finished.stdout, &*finished.stderr), ("", ""));
}

#[tokio::test]
async fn many_at_once_share_what_is_on_disk_and_are_all_answered() {
    let stage = Stage::new().await;
    let ask = ["list", "--no-daemon", "-o", "ids"];
    for _ in 0..3 {
        for list in join_all((0..8).map(|_| stage.run(&ask))).await {
            assert_eq!((list.code(), &*list.stderr), (0, ""), "{list:?}");
            assert_eq!(sorted(list.lines()), stage.listed());
        }
    }
    let calls = stage.calls("DescribeInstances");
    assert!(
        (1..=8).contains(&calls),
        "those that come later read it: {calls}"
    );
}
