//! What is told of everybody's calls: figures, breakers, entries, errors, the log.

use aws_ssm_tests::sandbox::{Fault, SandboxConfig};

use crate::stage::{Stage, assert_refused, small};

/// Every way in which credentials can be wrong, each with its own words for it.
fn wrongs(stage: &Stage) -> Vec<Vec<(&'static str, String)>> {
    let other = stage.sandbox.account(1);
    vec![
        vec![("AWS_SECRET_ACCESS_KEY", other.secret_key.clone())],
        vec![("AWS_ACCESS_KEY_ID", "AKIANOBODYS4KEY00000".to_owned())],
        vec![("AWS_SESSION_TOKEN", other.secret_key.clone())],
        // Mistakes of people who copy: the secret in another's place.
        vec![("AWS_ACCESS_KEY_ID", other.secret_key.clone())],
        vec![
            ("AWS_PROFILE", "nonesuch".to_owned()),
            ("AWS_ACCESS_KEY_ID", String::new()),
        ],
        vec![("AWS_SECRET_ACCESS_KEY", String::new())],
    ]
}

/// The harness searches every line that is printed here, and every file, for the
/// accounts' secrets; what is judged is that there is something to search.
#[tokio::test]
async fn no_error_figure_or_entry_tells_a_secret_whatever_was_wrong() {
    let mut stage = Stage::with(SandboxConfig {
        instances: 5,
        ..small()
    })
    .await;
    stage.done(&["list"]).await;
    let right = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    for wrong in wrongs(&stage) {
        for (name, value) in &wrong {
            stage.programs.set(name, value);
        }
        assert_refused(&stage.run(&["list", "--fresh"]).await, 4, &[]);
        assert_refused(&stage.run(&["whoami", "-vv"]).await, 4, &[]);
        for (name, _) in &wrong {
            stage.programs.unset(name);
        }
        let account = stage.sandbox.account(0);
        for (name, value) in right.iter().zip([&account.access_key, &account.secret_key]) {
            stage.programs.set(name, value);
        }
    }
    stage
        .sandbox
        .inject(Fault::access_denied().on("DescribeInstances"));
    stage.run(&["list", "--fresh"]).await;
    let stats = stage.json(&["daemon", "stats"]).await;
    let api = stats["api"].as_array().expect("operations");
    let failed = |operation: &serde_json::Value| !operation["last_error"].is_null();
    assert!(api.iter().any(failed), "{stats}");
    for command in [
        &["cache", "show"][..],
        &["daemon", "status"],
        &["config", "show"],
    ] {
        stage.done(command).await;
    }
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log);
    assert!(log.expect("a log").contains("identity verified"));
}

/// The caller's own trouble is told to him, not to the next.
#[tokio::test]
async fn an_error_of_one_identity_is_no_answer_to_another() {
    let mut stage = Stage::new()
        .await
        .configured("resilience:\n  max_attempts: 1\n");
    let [ours, theirs] = [0, 1].map(|number| stage.sandbox.account(number).clone());
    let denied = Fault::access_denied().on("DescribeInstances");
    stage.sandbox.inject(denied.for_account(&ours.id));
    for _ in ["cold", "known"] {
        let refused = stage.run(&["list"]).await;
        assert_refused(&refused, 4, &["ec2:DescribeInstances"]);
        stage.programs.set("AWS_ACCESS_KEY_ID", &theirs.access_key);
        stage
            .programs
            .set("AWS_SECRET_ACCESS_KEY", &theirs.secret_key);
        let list = stage.done(&["list", "-o", "json"]).await;
        assert_eq!(list.stderr, "");
        assert!(!list.stdout.contains(&ours.id), "{list:?}");
        stage.programs.set("AWS_ACCESS_KEY_ID", &ours.access_key);
        stage
            .programs
            .set("AWS_SECRET_ACCESS_KEY", &ours.secret_key);
    }
}
