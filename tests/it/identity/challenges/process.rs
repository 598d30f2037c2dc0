//! Credential processes, run by the client.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use aws_ssm_tests::harness::{PATIENCE, finish};
use aws_ssm_tests::sandbox::{Account, MFA_CODE};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::terminal::in_terminal;
use crate::stage::{Stage, assert_told};

/// What a process prints for an account, good until `end`.
fn printed(account: &Account, end: Option<SystemTime>) -> String {
    let end = end.map(|end| jiff::Timestamp::try_from(end).expect("a time").to_string());
    serde_json::json!({
        "Version": 1,
        "AccessKeyId": account.access_key,
        "SecretAccessKey": account.secret_key,
        "Expiration": end,
    })
    .to_string()
}

/// A stage whose profile `p` runs `give`, which writes a line into `runs` and then
/// does this.
async fn stage(script: &str) -> Stage {
    let stage = Stage::new().await;
    let home = &stage.programs.home;
    for number in [0, 1] {
        let account = stage.sandbox.account(number);
        home.write(&format!("keys-{number}"), &printed(account, None));
    }
    let script = format!("#!/bin/sh\necho run >>\"$HOME/runs\"\n{script}\n");
    let give = home.write("give", &script);
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&give, executable).expect("ours");
    home.write(
        ".aws/config",
        &format!(
            "[profile p]\ncredential_process = \"{}\" 'one word'\n\
             [profile above]\nrole_arn = {}\nsource_profile = p\n\
             [profile mfa]\nrole_arn = {}\nsource_profile = p\nmfa_serial = {}\n",
            give.display(),
            stage.sandbox.account(0).role_arn("ops"),
            stage.sandbox.account(0).role_arn("mfa"),
            stage.sandbox.account(0).mfa_serial,
        ),
    );
    stage
}

fn runs(stage: &Stage) -> usize {
    let runs = std::fs::read_to_string(stage.programs.home.path().join("runs"));
    runs.unwrap_or_default().lines().count()
}

const GIVE: &str = "[ \"$1\" = 'one word' ] && cat \"$HOME/keys-${TEAM:-0}\"";

#[tokio::test]
async fn a_credential_process_runs_once_for_all_who_wait_and_for_those_after_them() {
    let stage = stage(GIVE).await;
    let whoami = ["whoami", "--profile", "p", "-o", "json"];
    let finished = join_all((0..8).map(|_| stage.run(&whoami))).await;
    for finished in &finished {
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert!(finished.stdout.contains("profile p (credential process)"));
    }
    stage.done(&["list", "--profile", "p"]).await;
    let above = stage.done(&["whoami", "--profile", "above"]).await;
    assert!(above.stdout.contains(":assumed-role/ops/"), "{above:?}");
    assert_eq!(runs(&stage), 1);
    stage
        .done(&["whoami", "--profile", "p", "--no-daemon"])
        .await;
    assert_eq!(runs(&stage), 2, "a daemon of one call knows nothing");
}

#[tokio::test]
async fn it_runs_in_the_environment_of_the_call_which_shares_its_keys_with_no_other() {
    let stage = stage(GIVE).await;
    let account = async |team: &str| {
        let mut command = stage
            .programs
            .command(["whoami", "--profile", "p", "-o", "json"]);
        command.env("TEAM", team).env("SHLVL", team);
        let finished = finish(command).await;
        let whoami: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
        whoami["account"].as_str().expect("a number").to_owned()
    };
    let accounts = [0, 1].map(|number| stage.sandbox.account(number).id.to_string());
    for team in [0, 1, 1, 0] {
        assert_eq!(account(&team.to_string()).await, accounts[team]);
    }
    assert_eq!(runs(&stage), 2);
    let mut elsewhere = stage.programs.command(["whoami", "--profile", "p"]);
    elsewhere.env("SHLVL", "9").current_dir("/");
    finish(elsewhere).await;
    assert_eq!(runs(&stage), 3, "it might look at what lies around it");
}

#[tokio::test]
async fn with_aws_unreachable_keys_of_a_process_open_what_is_known() {
    let stage = stage(GIVE).await;
    let list = ["list", "--profile", "p", "-o", "ids"];
    let known = stage.done(&list).await;
    stage.done(&["daemon", "stop"]).await;
    let Stage { sandbox, programs } = stage;
    sandbox.shutdown().await;
    let again = programs.run(&list).await;
    assert_eq!(
        (again.code(), &again.stdout),
        (0, &known.stdout),
        "{again:?}"
    );
    assert!(again.stderr.contains("STS"), "it says why: {again:?}");
}

/// Whose they are is not known before the process has run: it may be another's by now.
#[tokio::test]
async fn after_a_restart_a_process_runs_before_anything_is_shown() {
    let stage = stage(GIVE).await;
    let list = ["list", "--profile", "p", "-o", "ids"];
    stage.done(&list).await;
    stage.done(&["daemon", "stop"]).await;
    let theirs = stage.sandbox.account(1);
    stage.programs.home.write("keys-0", &printed(theirs, None));
    let now = stage.done(&list).await;
    assert_eq!(runs(&stage), 2);
    let listed = crate::stage::listed(&stage.sandbox, 1, crate::stage::REGION);
    assert_eq!(crate::stage::sorted(now.lines()), listed);
}

#[tokio::test]
async fn keys_that_end_are_given_anew() {
    let stage = stage(GIVE).await;
    let account = stage.sandbox.account(0);
    let lasting = |seconds| {
        let end = SystemTime::now() + Duration::from_secs(seconds);
        let home = &stage.programs.home;
        home.write("keys-0", &printed(account, Some(end)));
    };
    lasting(4);
    stage.done(&["whoami", "--profile", "p"]).await;
    assert_eq!(runs(&stage), 1);
    lasting(3600);
    let deadline = Instant::now() + PATIENCE;
    while runs(&stage) == 1 {
        assert!(Instant::now() < deadline, "the keys do not end");
        stage.done(&["whoami", "--profile", "p"]).await;
    }
    stage.done(&["whoami", "--profile", "p"]).await;
    assert_eq!(runs(&stage), 2);
}

#[tokio::test]
async fn a_process_below_a_role_that_wants_a_code_is_run_first() {
    let stage = stage(GIVE).await;
    let list = ["list", "--profile", "mfa", "-o", "ids"];
    let typed = format!("{MFA_CODE}\n");
    let seen = in_terminal(&stage.programs.command(list), &[&typed]).await;
    assert_eq!(
        (seen.code, seen.prompts(), runs(&stage)),
        (0, 1, 1),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_process_is_said_without_its_output() {
    let past = "2020-01-01T00:00:00Z";
    let ended = format!(
        "echo '{{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hush\",\"Expiration\":\"{past}\"}}'"
    );
    let cases: [(&str, &[&str]); 8] = [
        (
            "echo hush; echo complaint >&2; exit 3",
            &["complaint\n", "exit status 3"],
        ),
        ("echo hush; kill -9 $$", &["signal 9"]),
        ("echo hush", &["printed no credentials", "no JSON"]),
        ("echo '{\"Version\":2}'", &["Version is not 1"]),
        ("exit 0", &["it is empty"]),
        (&ended, &["Expiration is past"]),
        ("while echo hush; do :; done", &["more than 65536 bytes"]),
        (
            "echo hush; exec sleep 600",
            &["has not ended within", "--timeout"],
        ),
    ];
    for (script, words) in cases {
        let stage = stage(script).await;
        let slow = script.contains("sleep");
        let timeout = if slow { "2s" } else { "60s" };
        let list = ["list", "--profile", "p", "--timeout", timeout];
        let finished = stage.run(&list).await;
        assert_eq!(finished.code(), 4, "{script}: {finished:?}");
        assert_told(&finished, words);
        assert_told(&finished, &["profile p"]);
        let told = finished.stdout + &finished.stderr;
        assert!(!told.contains("hush"), "{told}");
        // It is not remembered.
        stage.run(&list).await;
        assert_eq!(runs(&stage), 2, "{script}");
    }
}

#[tokio::test]
async fn a_process_that_cannot_be_run_is_said() {
    let stage = stage("").await;
    let cases = [
        (
            "nonesuch --token hush",
            4,
            "nonesuch: it is not on the PATH",
        ),
        ("/none/such hush", 4, "/none/such: it does not exist"),
        ("/dev/null", 4, "it may not be executed"),
        ("'give hush", 2, "is not closed"),
        ("''", 4, "cannot be run"),
    ];
    for (command, code, expected) in cases {
        let config = format!("[profile p]\ncredential_process = {command}\n");
        stage.programs.home.write(".aws/config", &config);
        let finished = stage.run(&["list", "--profile", "p"]).await;
        assert_eq!(finished.code(), code, "{command}: {finished:?}");
        assert_told(&finished, &[expected, "profile p"]);
        assert!(!finished.stderr.contains("hush"), "{finished:?}");
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait() {
    let stage = stage("read line <\"$HOME/gate\"; exit 3").await;
    let gate = stage.programs.home.path().join("gate");
    let made = std::process::Command::new("mkfifo").arg(&gate).status();
    assert!(made.expect("mkfifo").success());
    stage.done(&["whoami"]).await;
    let whoami = ["whoami", "--profile", "p", "-v"];
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut command = tokio::process::Command::from(stage.programs.command(whoami));
        clients.push(command.kill_on_drop(true).spawn().expect("the client"));
    }
    // All have asked, and two of them queue up behind the one that runs it.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stats = stage.json(&["daemon", "stats"]).await;
        let turns = rpc_calls(&stats, "TakeTurn");
        if turns >= 3 {
            break;
        }
        assert!(Instant::now() < deadline, "{stats}");
    }
    tokio::fs::write(&gate, "go\n")
        .await
        .expect("somebody reads");
    for client in clients {
        let output = client.wait_with_output().await.expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(told.contains("exit status 3"), "{told}");
    }
    assert_eq!(runs(&stage), 1);
}

/// How many calls of a method have been answered.
fn rpc_calls(stats: &serde_json::Value, method: &str) -> u64 {
    let rows = stats["rpc"].as_array().into_iter().flatten();
    let mut rows = rows.filter(|row| row["method"] == method);
    rows.next()
        .and_then(|row| row["calls"].as_u64())
        .unwrap_or(0)
}
