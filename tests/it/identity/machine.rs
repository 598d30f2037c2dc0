//! Credentials that an instance or a container has by itself.

use std::time::Duration;

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::{CONTAINER_PATH, CONTAINER_TOKEN, Sandbox};
use serde_json::Value;

use crate::stage::{REGION, assert_refused, listed, programs, sandbox, sorted};

const HOUR: Duration = Duration::from_secs(60 * 60);
const LIST: [&str; 3] = ["list", "-o", "ids"];

/// Somebody without any settings but a region, on a machine whose metadata service is
/// the sandbox's.
async fn on_an_instance() -> (Sandbox, Programs) {
    let sandbox = sandbox().await;
    let programs = programs()
        .with("AWS_ENDPOINT_URL", sandbox.endpoint())
        .with("AWS_REGION", REGION)
        .with("AWS_EC2_METADATA_DISABLED", "false")
        .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", sandbox.endpoint());
    (sandbox, programs)
}

async fn whoami(programs: &Programs, more: &[&str]) -> Value {
    let arguments = [&["whoami", "-o", "json"], more].concat();
    let finished = programs.run(&arguments).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    serde_json::from_str(&finished.stdout).expect("JSON")
}

#[tokio::test]
async fn an_instance_without_settings_uses_its_role() {
    let (sandbox, programs) = on_an_instance().await;
    let refused = programs.run(&LIST).await;
    let words = [
        "no AWS credentials were found",
        "no instance profile is attached",
    ];
    assert_refused(&refused, 4, &words);

    sandbox.set_machine_role(Some((1, HOUR)));
    let list = programs.run(&LIST).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 1, REGION),
        "{list:?}"
    );
    let whoami = whoami(&programs, &[]).await;
    assert_eq!(whoami["source"], "role of this instance");
    assert!(whoami["expires_at"].is_string(), "{whoami}");
    let asked = sandbox.machine_asked();
    assert_eq!(
        asked[0], "PUT /latest/api/token",
        "only the second version is spoken"
    );
    let before = asked.len();
    programs.run(&LIST).await;
    assert_eq!(
        sandbox.machine_asked().len(),
        before,
        "it is asked when they end"
    );
}

#[tokio::test]
async fn an_instances_role_is_renewed_before_it_ends() {
    let (sandbox, programs) = on_an_instance().await;
    // Within the five minutes before their end in which credentials are renewed.
    sandbox.set_machine_role(Some((0, Duration::from_secs(120))));
    let list = programs.run(&LIST).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 0, REGION),
        "{list:?}"
    );
    let before = sandbox.machine_asked().len();
    programs.run(&["list", "--fresh"]).await;
    assert!(sandbox.machine_asked().len() > before);
}

#[tokio::test]
async fn whatever_else_is_configured_comes_before_the_machines_role() {
    let (sandbox, mut programs) = on_an_instance().await;
    sandbox.set_machine_role(Some((1, HOUR)));
    let account = sandbox.account(0);
    programs.set("AWS_ACCESS_KEY_ID", &account.access_key);
    programs.set("AWS_SECRET_ACCESS_KEY", &account.secret_key);
    let list = programs.run(&LIST).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 0, REGION),
        "{list:?}"
    );
    assert!(sandbox.machine_asked().is_empty());
}

#[tokio::test]
async fn a_machine_without_metadata_is_told_at_once_what_is_missing() {
    let (sandbox, mut programs) = on_an_instance().await;
    programs.set("AWS_EC2_METADATA_DISABLED", "true");
    let refused = programs.run(&LIST).await;
    assert_refused(
        &refused,
        4,
        &["no AWS credentials were found", "aws configure"],
    );
    programs.home.write(
        ".aws/config",
        &format!(
            "[profile machine]\ncredential_source = Ec2InstanceMetadata\nrole_arn = {}\n",
            sandbox.account(0).role_arn("ops")
        ),
    );
    let refused = programs.run(&["list", "--profile", "machine"]).await;
    assert_refused(
        &refused,
        4,
        &["profile machine", "AWS_EC2_METADATA_DISABLED"],
    );
    assert!(sandbox.machine_asked().is_empty());
}

#[tokio::test]
async fn a_profile_builds_its_role_on_that_of_the_machine() {
    let (sandbox, programs) = on_an_instance().await;
    sandbox.set_machine_role(Some((1, HOUR)));
    let role = sandbox.account(0).role_arn("ops");
    let profile = |name: &str, source: &str| {
        format!("[profile {name}]\ncredential_source = {source}\nrole_arn = {role}\n")
    };
    let text = profile("instance", "Ec2InstanceMetadata") + &profile("task", "EcsContainer");
    programs.home.write(".aws/config", &text);
    let list = ["list", "-o", "ids", "--profile", "instance"];
    let list = programs.run(&list).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 0, REGION),
        "{list:?}"
    );

    let refused = programs.run(&["list", "--profile", "task"]).await;
    let words = ["profile task", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    assert_refused(&refused, 4, &words);
}

#[tokio::test]
async fn a_container_shows_its_token_and_uses_its_role() {
    let sandbox = sandbox().await;
    sandbox.set_machine_role(Some((1, HOUR)));
    let mut programs = programs()
        .with("AWS_ENDPOINT_URL", sandbox.endpoint())
        .with("AWS_REGION", REGION);
    let url = format!("{}{CONTAINER_PATH}", sandbox.endpoint());
    programs.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    let refused = programs.run(&LIST).await;
    assert_refused(&refused, 4, &["role of this container", "status 401"]);

    programs.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN);
    let list = programs.run(&LIST).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 1, REGION),
        "{list:?}"
    );
    assert_eq!(
        whoami(&programs, &[]).await["source"],
        "role of this container"
    );

    // A token in a file, as a pod has it, comes first.
    let file = programs.home.write("token", CONTAINER_TOKEN);
    programs.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "stale");
    programs.set(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        file.display().to_string(),
    );
    let list = programs.run(&LIST).await;
    assert_eq!(
        sorted(list.lines()),
        listed(&sandbox, 1, REGION),
        "{list:?}"
    );

    programs.set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://example.com/credentials",
    );
    let refused = programs.run(&LIST).await;
    assert_refused(&refused, 4, &["names example.com over plain HTTP"]);
}
