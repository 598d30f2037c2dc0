//! How findings look to people and to programs.

use std::collections::BTreeSet;

use aws_ssm_tests::harness::finish;
use serde_json::Value;

use super::{examine, examine_with};
use crate::stage::Stage;

const FIELDS: [&str; 7] = [
    "check", "subject", "about", "status", "finding", "why", "mend",
];

#[tokio::test]
async fn every_row_has_the_documented_fields_and_what_is_not_well_has_a_reason_and_a_mend() {
    let stage = Stage::new().await.configured("cache:\n  ttl_minute: 5\n");
    let variables = [
        ("AWS_PROFILE", "nobody"),
        ("AWS_SSM_DAEMON", "/nonexistent"),
    ];
    for variables in [&[][..], &variables[..1], &variables] {
        let report = examine_with(&stage, &[], variables).await;
        for row in &report.checks {
            let fields: Vec<&String> = row.as_object().expect("an object").keys().collect();
            let documented: BTreeSet<&str> = FIELDS.into();
            let found: BTreeSet<&str> = fields.into_iter().map(String::as_str).collect();
            assert_eq!(found, documented);
            assert!(row["finding"].is_string(), "{row:#}");
            match row["status"].as_str().expect("a status") {
                "ok" => assert!(row["mend"].is_null(), "{row:#}"),
                "skipped" => assert!(row["why"].is_string(), "{row:#}"),
                "warning" | "failed" => {
                    assert!(row["why"].is_string() && row["mend"].is_string(), "{row:#}");
                }
                other => panic!("{other}"),
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_made_and_no_daemon_is_started() {
    let stage = Stage::new().await;
    examine(&stage, &[]).await.assert_well();
    for name in ["run", "state"] {
        let path = stage.programs.home.path().join(name);
        assert!(!path.exists(), "{name} was made");
    }
    assert_eq!(stage.run(&["daemon", "status"]).await.code(), 6);
}

#[tokio::test]
async fn people_read_a_line_for_each_check_under_its_subject() {
    let stage = Stage::new().await;
    let finished = stage.done(&["doctor"]).await;
    let headings: Vec<&str> = finished
        .stdout
        .split("\n\n")
        .filter_map(|group| group.lines().next())
        .collect();
    let subjects = [
        "programs",
        "files",
        "daemon",
        "configuration",
        "environment",
        "aws",
    ];
    assert_eq!(headings, subjects, "{}", finished.stdout);
    let lines = finished.stdout.lines();
    let checks = lines.filter(|line| line.starts_with("ok  ")).count();
    assert!(checks > 15, "{}", finished.stdout);
    assert!(
        finished.stderr.contains(&format!("{checks} ok")),
        "{finished:?}"
    );
    assert!(!finished.stdout.contains('\u{1b}'), "no colour in a pipe");
    let quiet = stage.done(&["doctor", "-q"]).await;
    assert_eq!(quiet.stderr, "");
}

#[tokio::test]
async fn every_format_has_every_check() {
    let stage = Stage::new().await;
    let report = examine(&stage, &[]).await;
    let lines = stage.done(&["doctor", "-o", "jsonl"]).await;
    assert_eq!(lines.lines().len(), report.checks.len());
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).expect("an object");
        assert_eq!(row["status"], "ok", "{row:#}");
    }
    let chosen = ["doctor", "-o", "csv", "--columns", "status,check"];
    let table = stage.done(&chosen).await;
    assert_eq!(table.lines()[0], "status,check");
    assert_eq!(table.lines().len(), report.checks.len() + 1);
    let wrong = stage.run(&["doctor", "--columns", "stat"]).await;
    assert_eq!(wrong.code(), 2, "{wrong:?}");
}

#[tokio::test]
async fn no_secret_is_shown() {
    let stage = Stage::new().await;
    let account = stage.sandbox.account(0);
    let marked = [
        ("AWS_SESSION_TOKEN", "marked-token"),
        (
            "AWS_ENDPOINT_URL_SSM",
            "http://me:marked-password@127.0.0.1:9/",
        ),
    ];
    for format in ["table", "json"] {
        let mut command = stage.programs.command(["doctor", "-vv", "-o", format]);
        command.envs(marked);
        let finished = finish(command).await;
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(said.contains("AWS_SECRET_ACCESS_KEY (set)"), "{said}");
        for secret in [&*account.secret_key, "marked-token", "marked-password"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[tokio::test]
async fn keys_that_beat_a_profile_are_pointed_out() {
    let stage = Stage::new().await;
    let report = examine_with(&stage, &[], &[("AWS_PROFILE", "default")]).await;
    let words = ["exported keys are used", "AWS_PROFILE"];
    report.assert_told(
        ("precedence", ""),
        "warning",
        &words,
        "unset AWS_ACCESS_KEY_ID",
    );
}

#[tokio::test]
async fn a_reader_who_leaves_ends_it_quietly() {
    let stage = Stage::new().await;
    let script = r#""$CLIENT" doctor -q | head -n 1"#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!(
        (finished.code(), &*finished.stderr),
        (0, ""),
        "{finished:?}"
    );
    assert_eq!(finished.stdout, "programs\n");
}

/// The guide's table of checks is that of the program.
#[tokio::test]
async fn every_check_that_is_made_is_in_the_guide() {
    let guide = include_str!("../../../docs/commands.md");
    let section = guide
        .split("\n## ")
        .find(|part| part.starts_with("doctor\n"));
    let section = section.expect("a section on doctor");
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let report = examine(&stage, &[]).await;
    for row in &report.checks {
        let named = format!("`{}`", row["check"].as_str().expect("a name"));
        assert!(section.contains(&named), "{named}");
    }
}
