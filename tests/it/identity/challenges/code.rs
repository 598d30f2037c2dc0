//! Codes of MFA devices, typed in a real terminal.

use std::time::Duration;

use aws_ssm_tests::harness::PATIENCE;
use aws_ssm_tests::sandbox::{MFA_CODE, Role, SandboxConfig};
use tokio::time::Instant;

use super::terminal::{Seen, in_terminal, unattended};
use crate::stage::{OTHER_REGION, Stage, assert_refused, assert_told, sorted};

/// A stage whose profile `mfa` wants a code of the first account's device.
async fn stage() -> Stage {
    with(crate::stage::small()).await
}

async fn with(config: SandboxConfig) -> Stage {
    let stage = Stage::with(config).await;
    let account = stage.sandbox.account(0);
    let config = format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
         [profile mfa]\nrole_arn = {}\nsource_profile = base\nmfa_serial = {}\n\
         [profile above]\nrole_arn = {}\nsource_profile = mfa\n",
        account.access_key,
        account.secret_key,
        account.role_arn("mfa"),
        account.mfa_serial,
        account.role_arn("ops"),
    );
    stage.programs.home.write(".aws/config", &config);
    stage
}

/// A code and the key that ends the line.
fn typed() -> String {
    format!("{MFA_CODE}\n")
}

async fn whoami(stage: &Stage, todo: &[&str]) -> Seen {
    let client = stage.programs.command(["whoami", "--profile", "mfa"]);
    in_terminal(&client, todo).await
}

#[tokio::test]
async fn a_code_that_is_typed_opens_the_role_for_every_terminal() {
    let stage = stage().await;
    let seen = whoami(&stage, &[&typed()]).await;
    assert_eq!((seen.code, seen.prompts()), (0, 1), "{seen:?}");
    assert!(seen.said.contains(":assumed-role/mfa/"), "{seen:?}");
    let serial = &stage.sandbox.account(0).mfa_serial;
    assert!(seen.said.contains(serial.as_str()), "{seen:?}");

    let list = unattended(&stage, &["list", "-o", "ids", "--profile", "mfa"]).await;
    assert_eq!(list.code(), 0, "{list:?}");
    assert_eq!(sorted(list.lines()), stage.listed());
    // The same session opens what builds on it.
    let above = unattended(&stage, &["whoami", "--profile", "above"]).await;
    assert!(above.stdout.contains(":assumed-role/ops/"), "{above:?}");
    // And an edit of something else costs no code.
    let config = stage.programs.home.path().join(".aws/config");
    let text = std::fs::read_to_string(&config).expect("a file");
    std::fs::write(&config, text + "[profile other]\nregion = us-east-1\n").expect("a file");
    let again = unattended(&stage, &["whoami", "--profile", "mfa"]).await;
    assert_eq!(again.code(), 0, "{again:?}");
    assert_eq!(stage.calls("AssumeRole"), 2);

    let status = stage.json(&["daemon", "status"]).await;
    let log = status["log_file"].as_str().expect("a log");
    let log = std::fs::read_to_string(log).expect("a file");
    assert!(!log.contains(MFA_CODE), "the code is in the log");
}

#[tokio::test]
async fn several_clients_that_need_one_code_ask_once() {
    let stage = stage().await;
    let script = "for n in 1 2 3 4 5; do \"$CLIENT\" whoami --profile mfa -o json >$HOME/$n & \
                  done; wait";
    let seen = in_terminal(&stage.programs.shell(script), &[&typed()]).await;
    assert_eq!((seen.code, seen.prompts()), (0, 1), "{seen:?}");
    for number in 1..=5 {
        let printed = stage.programs.home.path().join(number.to_string());
        let printed = std::fs::read_to_string(printed).expect("a file");
        assert!(printed.contains(":assumed-role/mfa/"), "{printed} {seen:?}");
    }
    assert_eq!(stage.calls("AssumeRole"), 1);
}

#[tokio::test]
async fn when_the_one_who_was_asked_gives_up_the_next_one_is_asked() {
    let stage = stage().await;
    let script = "for n in 1 2; do { \"$CLIENT\" whoami --profile mfa; echo \"exit:$?\"; } & \
                  done; wait";
    let todo = ["\u{4}", &typed()];
    let seen = in_terminal(&stage.programs.shell(script), &todo).await;
    assert_eq!(seen.prompts(), 2, "{seen:?}");
    assert!(seen.said.contains("exit:4"), "{seen:?}");
    assert!(seen.said.contains("exit:0"), "{seen:?}");
}

#[tokio::test]
async fn a_wrong_code_is_refused_for_all_and_the_next_call_asks_anew() {
    let stage = stage().await;
    let script = "for n in 1 2 3; do { \"$CLIENT\" whoami --profile mfa; echo \"exit:$?\"; } & \
                  done; wait";
    // All of them wait before it is typed.
    let all_wait = "!until \"$CLIENT\" daemon stats -o json | tr -d ' \\n' | \
                    grep -q '\"TakeTurn\",\"calls\":3'; do :; done";
    let todo = [all_wait, "000000\n"];
    let seen = in_terminal(&stage.programs.shell(script), &todo).await;
    assert_eq!(seen.said.matches("exit:4").count(), 3, "{seen:?}");
    assert_eq!(seen.prompts(), 1, "{seen:?}");
    assert!(seen.said.contains("does not accept the code"), "{seen:?}");
    assert!(seen.said.contains("type the next code"), "{seen:?}");
    let seen = whoami(&stage, &["12345\n", &typed()]).await;
    assert_eq!((seen.code, seen.prompts()), (0, 2), "{seen:?}");
    assert!(seen.said.contains("a code has six digits"), "{seen:?}");
}

#[tokio::test]
async fn ctrl_c_at_the_prompt_leaves_terminal_and_daemon_as_they_were() {
    let stage = stage().await;
    for _ in 0..2 {
        let seen = whoami(&stage, &["\u{3}"]).await;
        // A shell makes 130 of it.
        assert_eq!(seen.code, -2, "{seen:?}");
        assert!(seen.same, "the terminal's settings have changed");
        assert_eq!(seen.prompts(), 1, "{seen:?}");
    }
    assert_eq!(stage.calls("AssumeRole"), 0);
}

#[tokio::test]
async fn without_a_terminal_the_error_says_what_to_run() {
    let stage = stage().await;
    let words = [
        "no terminal",
        "`aws-ssm whoami --profile mfa`",
        stage.sandbox.account(0).mfa_serial.as_str(),
    ];
    for flags in [&["list"][..], &["list", "-q"], &["list", "--no-daemon"]] {
        let arguments = [flags, &["--profile", "mfa"]].concat();
        assert_refused(&unattended(&stage, &arguments).await, 4, &words);
    }
    let above = unattended(&stage, &["list", "--profile", "above"]).await;
    assert_refused(&above, 4, &words);
    assert_eq!(stage.calls("AssumeRole"), 0);
}

#[tokio::test]
async fn a_code_outlives_the_daemon_that_asked_for_it() {
    let stage = stage().await;
    stage.done(&["whoami"]).await;
    let pid = stage.programs.daemon_pid().await.expect("a daemon");
    let kill = format!("!kill -9 {pid}");
    let seen = whoami(&stage, &[&kill, &typed()]).await;
    assert_eq!((seen.code, seen.prompts()), (0, 1), "{seen:?}");
    assert_ne!(stage.programs.daemon_pid().await, Some(pid));
}

#[tokio::test]
async fn without_the_daemon_every_call_asks() {
    let stage = stage().await;
    let arguments = ["whoami", "--profile", "mfa", "--no-daemon"];
    for _ in 0..2 {
        let seen = in_terminal(&stage.programs.command(arguments), &[&typed()]).await;
        assert_eq!((seen.code, seen.prompts()), (0, 1), "{seen:?}");
    }
}

#[tokio::test]
async fn workers_never_ask_and_the_next_call_does() {
    let short = Role {
        session: Some(Duration::from_secs(6)),
        ..Role::with_mfa("mfa")
    };
    let stage = with(SandboxConfig {
        roles: vec![short, Role::open("ops")],
        ..crate::stage::small()
    })
    .await
    .configured("cache: {ttl_minutes: 0.1, stale_threshold_minutes: 1440}\n");
    let list = ["list", "-o", "ids", "--profile", "mfa"];
    let first = in_terminal(&stage.programs.command(list), &[&typed()]).await;
    assert_eq!((first.code, first.prompts()), (0, 1), "{first:?}");

    // The session ends, and the data grows older than a worker would let it.
    let deadline = Instant::now() + PATIENCE;
    let refused = loop {
        let refused = unattended(&stage, &list).await;
        if refused.code() != 0 {
            break refused;
        }
        assert!(Instant::now() < deadline, "the session does not end");
    };
    assert_told(&refused, &["MFA device", "--profile mfa"]);
    let calls = stage.calls("DescribeInstances");
    loop {
        let entries = stage.json(&["cache", "show"]).await;
        let states: Vec<_> = entries.as_array().into_iter().flatten().collect();
        assert!(states.iter().all(|entry| entry["last_error"].is_null()));
        if states.iter().any(|entry| entry["state"] == "stale") {
            break;
        }
        assert!(Instant::now() < deadline, "{entries}");
    }
    assert_eq!(stage.calls("DescribeInstances"), calls);

    let again = in_terminal(&stage.programs.command(list), &[&typed()]).await;
    assert_eq!((again.code, again.prompts()), (0, 1), "{again:?}");
    assert!(again.said.contains(&stage.listed()[0]), "{again:?}");
}

const LIST: [&str; 5] = ["list", "-o", "ids", "--profile", "mfa"];

/// A fleet was listed with a code, and its daemon has ended.
async fn listed_with_a_code() -> Stage {
    let stage = stage().await;
    let seen = in_terminal(&stage.programs.command(LIST), &[&typed()]).await;
    assert_eq!((seen.code, seen.prompts()), (0, 1), "{seen:?}");
    stage.done(&["daemon", "stop"]).await;
    stage
}

#[tokio::test]
async fn after_a_restart_a_code_is_asked_for_when_something_must_be_loaded_and_not_before() {
    let stage = listed_with_a_code().await;
    let again = unattended(&stage, &LIST).await;
    assert_eq!((again.code(), again.stderr.as_str()), (0, ""), "{again:?}");
    assert_eq!(sorted(again.lines()), stage.listed());

    let unknown: [&[&str]; 3] = [
        &["list", "-r", OTHER_REGION, "--profile", "mfa"],
        &["list", "--fresh", "--profile", "mfa"],
        &["whoami", "--profile", "mfa"],
    ];
    for arguments in unknown {
        assert_refused(&unattended(&stage, arguments).await, 4, &["MFA device"]);
    }
    let both = ["list", "-r", "eu-west-1,us-east-1", "--profile", "mfa"];
    let both = in_terminal(&stage.programs.command(both), &[&typed()]).await;
    assert_eq!((both.code, both.prompts()), (0, 1), "{both:?}");
}

#[tokio::test]
async fn with_aws_unreachable_a_restarted_daemon_asks_for_no_code_and_shows_what_is_known() {
    let stage = listed_with_a_code().await;
    let listed = stage.listed();
    let Stage { sandbox, programs } = stage;
    sandbox.shutdown().await;
    let list = in_terminal(&programs.command(LIST), &[]).await;
    assert_eq!((list.code, list.prompts()), (0, 0), "{list:?}");
    assert!(list.said.contains("data is "), "{list:?}");
    assert!(list.said.contains("STS"), "it says why: {list:?}");
    assert!(listed.iter().all(|id| list.said.contains(id)), "{list:?}");
    let fresh = in_terminal(&programs.command([&LIST[..], &["--fresh"]].concat()), &[]).await;
    assert_eq!((fresh.code, fresh.prompts()), (5, 0), "{fresh:?}");
}
