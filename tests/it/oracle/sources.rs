//! Where credentials come from: boto3 in the same terminal is the same person.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::{CONTAINER_PATH, CONTAINER_TOKEN, Sandbox, SandboxConfig};
use serde::Serialize;
use serde_json::Value;

use super::judge::programs;
use super::python::python;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A terminal, for `whoami.py`.
#[derive(Clone, Debug, Serialize)]
struct Terminal {
    variables: BTreeMap<&'static str, String>,
    profile: Option<&'static str>,
}

impl Terminal {
    fn with(&self, variables: &[(&'static str, &str)]) -> Self {
        let mut terminal = self.clone();
        let owned = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        terminal.variables.extend(owned);
        terminal
    }

    fn of(&self, profile: &'static str) -> Self {
        Self {
            profile: Some(profile),
            ..self.clone()
        }
    }

    /// Whom our program is here.
    async fn whoami(&self, programs: &Programs) -> String {
        let mut command = programs.command(["whoami", "-o", "json"]);
        command.envs(&self.variables);
        if let Some(profile) = self.profile {
            command.args(["--profile", profile]);
        }
        let finished = aws_ssm_tests::harness::finish(command).await;
        assert_eq!(finished.code(), 0, "{self:?}: {finished:?}");
        let said: Value = serde_json::from_str(&finished.stdout).expect("JSON");
        said["arn"].as_str().unwrap_or_default().to_owned()
    }
}

fn config(sandbox: &Sandbox) -> String {
    let [a, b] = [0, 1].map(|n| sandbox.account(n));
    let address = "sso_start_url = https://sandbox.awsapps.com/start\nsso_region = us-east-1\n";
    let role = |account: &str| format!("sso_account_id = {account}\nsso_role_name = ops\n");
    let [in_a, in_b] = [a, b].map(|account| role(&account.id));
    let on_top = format!("role_arn = {}\nrole_session_name = me\n", b.role_arn("ops"));
    format!(
        "[sso-session corp]\n{address}\
         [profile dev]\nsso_session = corp\n{in_a}\
         [profile prod]\nsso_session = corp\n{in_b}\
         [profile old]\n{address}{in_a}\
         [profile chained]\nsource_profile = dev\n{on_top}\
         [profile instance]\ncredential_source = Ec2InstanceMetadata\n{on_top}\
         [profile task]\ncredential_source = EcsContainer\n{on_top}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_is_the_same_person_with_every_source_of_credentials() {
    let Some(python) = python().await else { return };
    let sandbox = Sandbox::start(SandboxConfig::default())
        .await
        .expect("a sandbox");
    let programs = programs();
    let home = &programs.home;
    home.write(".aws/config", &config(&sandbox));
    // Short enough to be renewed by whoever comes first.
    home.sign_in("corp", &sandbox.sign_in("ada", Duration::from_secs(120)));
    let address = "https://sandbox.awsapps.com/start";
    home.sign_in(address, &sandbox.sign_in("bob", HOUR));
    sandbox.set_machine_role(Some((0, HOUR)));

    let plain = Terminal {
        variables: BTreeMap::new(),
        profile: None,
    };
    let plain = plain.with(&[
        ("HOME", &home.path().display().to_string()),
        ("AWS_ENDPOINT_URL", &sandbox.endpoint()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let instance = plain.with(&[
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &sandbox.endpoint()),
    ]);
    let url = format!("{}{CONTAINER_PATH}", sandbox.endpoint());
    let task = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN),
    ];
    let container = plain.with(&task);
    let terminals = [
        plain.of("dev"),
        plain.of("prod"),
        plain.of("old"),
        plain.of("chained"),
        instance.clone(),
        instance.of("instance"),
        container.clone(),
        container.of("task"),
        // The container comes before the instance.
        instance.with(&task),
    ];
    let mut ours = Vec::new();
    for terminal in &terminals {
        ours.push(terminal.whoami(&programs).await);
    }
    let theirs: Vec<String> = python.ask(&["whoami.py"], &terminals).await;
    for (terminal, (ours, theirs)) in terminals.iter().zip(ours.iter().zip(&theirs)) {
        assert_eq!(ours, theirs, "{terminal:?}");
    }
    let renewals = sandbox.counts().of("CreateToken");
    assert_eq!(
        renewals, 1,
        "boto3 goes on with the token that we have written"
    );
}
