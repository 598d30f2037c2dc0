//! Our own local AWS before boto3: what it answers, and what the programs print of it.

use aws_ssm_tests::sandbox::{Account, MFA_CODE, Sandbox, SandboxConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::judge::{EVERY_COLUMN, Question, describe, programs, rows};
use super::python::{Python, python};

const REGION: &str = "us-east-1";
const AWAY: &str = "eu-west-1";

/// What `judge.py` found.
#[derive(Debug, Deserialize)]
struct Verdict {
    checks: u32,
    failures: Vec<String>,
}

async fn sandbox(instances: usize) -> Sandbox {
    let config = SandboxConfig {
        regions: vec![REGION.to_owned(), AWAY.to_owned()],
        instances,
        ..SandboxConfig::default()
    };
    Sandbox::start(config).await.expect("a sandbox")
}

fn keys(account: &Account) -> Value {
    json!({"id": account.access_key, "secret": account.secret_key})
}

/// Lets boto3 judge a subject, with at least so many checks.
async fn judge(python: &Python, subject: &str, instances: usize, at_least: u32) {
    let sandbox = sandbox(instances).await;
    let account = |account: &Account| {
        json!({
            "id": account.id,
            "arn": account.user_arn,
            "mfa": account.mfa_serial,
            "keys": keys(account),
        })
    };
    let request = json!({
        "endpoint": sandbox.endpoint(),
        "region": REGION,
        "away": AWAY,
        "accounts": sandbox.accounts().iter().map(account).collect::<Vec<_>>(),
        "mfa_code": MFA_CODE,
        "web_identity_token": SandboxConfig::default().web_identity_token,
    });
    let verdict: Verdict = python.ask(&["judge.py", subject], &request).await;
    assert!(verdict.failures.is_empty(), "{:#?}", verdict.failures);
    assert!(verdict.checks >= at_least, "only {} checks", verdict.checks);
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_pages_through_the_sandbox() {
    let Some(python) = python().await else { return };
    judge(python, "pages", 60, 10_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_filters_as_fnmatch_does() {
    let Some(python) = python().await else { return };
    judge(python, "filters", 24, 1_500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_the_agents_of_the_sandbox() {
    let Some(python) = python().await else { return };
    judge(python, "agents", 60, 150).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn botocore_reads_every_error_of_the_sandbox() {
    let Some(python) = python().await else { return };
    judge(python, "errors", 24, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn botocore_takes_the_faults_of_the_sandbox_for_real() {
    let Some(python) = python().await else { return };
    judge(python, "faults", 24, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn botocore_assumes_the_roles_of_the_sandbox() {
    let Some(python) = python().await else { return };
    judge(python, "identities", 24, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_of_the_sandbox_is_what_boto3_describes() {
    let Some(python) = python().await else { return };
    let sandbox = sandbox(150).await;
    let (first, second) = (sandbox.account(0), sandbox.account(1));
    let role = second.role_arn("ops");
    let question = |label: &str, region: &str| {
        Question::new(label, &sandbox.endpoint(), region, keys(first)).with_agents()
    };
    let listed = json!([{"Name": "instance-state-name", "Values": ["pending", "running"]}]);
    let questions = [
        question("home", REGION),
        question("listed", REGION).filters(listed),
        question("away", AWAY),
        question("role", REGION).role(&role),
    ];
    let described = describe(python, &questions).await;
    let home = &described["home"];
    for status in ["online", "lost", "none"] {
        let known = home.rows.iter().any(|row| row["ssm"] == status);
        assert!(known, "no instance is {status}");
    }

    let programs = programs().with_account(&sandbox, first, REGION);
    programs.home.write(
        ".aws/config",
        &format!(
            "[profile user]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
             [profile role]\nsource_profile = user\nrole_arn = {role}\n",
            first.access_key, first.secret_key
        ),
    );
    let everything = ["list", "--all", "--columns", EVERY_COLUMN];
    let with = |more: &[&'static str]| [&everything[..], more].concat();
    home.assert_printed(&rows(&programs, &everything).await);
    described["away"].assert_printed(&rows(&programs, &with(&["-r", AWAY])).await);
    described["role"].assert_printed(&rows(&programs, &with(&["-p", "role"])).await);
    let running = ["list", "--columns", EVERY_COLUMN];
    described["listed"].assert_printed(&rows(&programs, &running).await);
    let mut shown = rows(&programs, &["show", &home.sorted[0]]).await;
    // They are judged by themselves.
    shown[0].remove("interfaces").expect("a field of its own");
    home.assert_row(&shown[0]);
}
