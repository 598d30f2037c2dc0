//! People who sign in through IAM Identity Center, as `aws sso login` leaves them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_ssm_tests::sandbox::{Account, Fault, Sandbox, Service};
use futures_util::future::join_all;
use serde_json::Value;

use crate::stage::{REGION, Stage, assert_refused, listed, programs, sandbox, sorted};

const LONG: Duration = Duration::from_secs(8 * 60 * 60);
/// Shorter than the five minutes before its end in which a token is renewed.
const SHORT: Duration = Duration::from_secs(120);

fn profile(name: &str, session: &str, account: &Account) -> String {
    let id = &account.id;
    format!("[profile {name}]\n{session}\nsso_account_id = {id}\nsso_role_name = ops\n")
}

/// Both programs of somebody whose profiles `dev` and `prod` sign in, and whose
/// profile `old` does without a session.
async fn stage() -> Stage {
    let sandbox = sandbox().await;
    let [a, b] = [0, 1].map(|n| sandbox.account(n));
    let address = "sso_start_url = https://sandbox.awsapps.com/start\nsso_region = us-east-1";
    let chained = format!(
        "[profile chained]\nsource_profile = dev\nrole_arn = {}\n",
        b.role_arn("ops")
    );
    let config = [
        format!("[sso-session corp]\n{address}\n"),
        profile("dev", "sso_session = corp", a),
        profile("prod", "sso_session = corp", b),
        profile("old", address, a),
        chained,
    ];
    let programs = programs()
        .with("AWS_ENDPOINT_URL", sandbox.endpoint())
        .with("AWS_REGION", REGION);
    programs.home.write(".aws/config", &config.concat());
    Stage { sandbox, programs }
}

fn sign_in(stage: &Stage, person: &str, lives: Duration) -> PathBuf {
    let token = stage.sandbox.sign_in(person, lives);
    stage.programs.home.sign_in("corp", &token)
}

fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).expect("a token");
    serde_json::from_str(&text).expect("JSON")
}

fn fleet(sandbox: &Sandbox, account: usize) -> Vec<String> {
    listed(sandbox, account, REGION)
}

#[tokio::test]
async fn an_sso_login_in_another_terminal_works_without_a_restart() {
    let stage = stage().await;
    let list = ["list", "-o", "ids", "--profile", "dev"];
    let refused = stage.run(&list).await;
    let command = "run aws sso login --profile dev";
    assert_refused(&refused, 4, &["profile dev is not signed in", command]);
    let pid = stage.programs.daemon_pid().await.expect("it goes on");

    sign_in(&stage, "ada", LONG);
    let done = stage.done(&list).await;
    assert_eq!(sorted(done.lines()), fleet(&stage.sandbox, 0));
    let whoami = stage.json(&["whoami", "--profile", "dev"]).await;
    assert!(
        whoami["arn"].as_str().unwrap_or_default().ends_with("/ada"),
        "{whoami}"
    );
    assert_eq!(
        whoami["source"],
        format!(
            "profile dev (ops in {} by IAM Identity Center)",
            stage.sandbox.account(0).id
        )
    );
    assert!(whoami["expires_at"].is_string(), "{whoami}");

    // Somebody else at the same keyboard is somebody else.
    sign_in(&stage, "bob", LONG);
    let whoami = stage.json(&["whoami", "--profile", "dev"]).await;
    assert!(
        whoami["arn"].as_str().unwrap_or_default().ends_with("/bob"),
        "{whoami}"
    );
    assert_eq!(stage.programs.daemon_pid().await, Some(pid));
}

#[tokio::test]
async fn an_expired_sso_session_is_an_error_at_once_with_the_login_command() {
    let stage = stage().await;
    let token = stage.sandbox.sign_in("ada", Duration::ZERO);
    let address = "https://sandbox.awsapps.com/start";
    stage.programs.home.sign_in(address, &token);
    let refused = stage.run(&["list", "--profile", "old"]).await;
    let words = [
        "the sign-in of profile old has expired",
        "run aws sso login --profile old",
    ];
    assert_refused(&refused, 4, &words);
    assert_eq!(
        stage.sandbox.counts().total(),
        0,
        "nobody needs to be asked"
    );

    // A session whose refresh token is used up is as much at its end.
    sign_in(&stage, "ada", Duration::ZERO);
    stage.sandbox.sign_out();
    let refused = stage.run(&["list", "--profile", "dev"]).await;
    assert_refused(&refused, 4, &["run aws sso login --profile dev"]);
    assert_eq!(stage.calls("CreateToken"), 1);

    sign_in(&stage, "ada", LONG);
    stage.done(&["list", "--profile", "dev"]).await;
}

#[tokio::test]
async fn a_session_that_ends_is_renewed_once_for_all_its_profiles() {
    let stage = stage().await;
    let file = sign_in(&stage, "ada", SHORT);
    let before = read(&file);
    let profiles = ["dev", "prod", "chained", "dev", "prod", "chained"];
    let runs = profiles.map(|profile| {
        let command = ["list", "-o", "ids", "--profile", profile];
        aws_ssm_tests::harness::finish(stage.programs.command(command))
    });
    for (profile, finished) in profiles.iter().zip(join_all(runs).await) {
        assert_eq!(finished.code(), 0, "{profile}: {finished:?}");
        let account = usize::from(*profile != "dev");
        assert_eq!(
            sorted(finished.lines()),
            fleet(&stage.sandbox, account),
            "{profile}"
        );
    }
    assert_eq!(stage.calls("CreateToken"), 1);

    let after = read(&file);
    for renewed in ["accessToken", "refreshToken", "expiresAt"] {
        assert_ne!(before[renewed], after[renewed], "{renewed}");
    }
    for kept in [
        "clientId",
        "clientSecret",
        "startUrl",
        "registrationExpiresAt",
    ] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    let mode = std::fs::metadata(&file)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // The token is another, the person is the same: what is known stays warm.
    let loads = stage.calls("DescribeInstances");
    stage.done(&["list", "--profile", "dev"]).await;
    assert_eq!(stage.calls("DescribeInstances"), loads);
    assert_eq!(stage.calls("CreateToken"), 1);
}

#[tokio::test]
async fn a_role_that_nobody_assigned_is_named_with_its_account() {
    let stage = stage().await;
    sign_in(&stage, "ada", LONG);
    stage
        .sandbox
        .inject(Fault::access_denied().on("GetRoleCredentials"));
    let refused = stage.run(&["list", "--profile", "prod"]).await;
    let account = &stage.sandbox.account(1).id;
    let what = format!("profile prod may not use ops in account {account}");
    assert_refused(&refused, 4, &[&what, "ForbiddenException"]);
}

#[tokio::test]
async fn a_portal_that_hangs_holds_nobody_beyond_his_time() {
    let resilience = "resilience:\n  attempt_timeout_seconds: 1\n  max_attempts: 1\n";
    let stage = stage().await.configured(resilience);
    sign_in(&stage, "ada", SHORT);
    for service in [Service::SsoOidc, Service::Sso] {
        stage.sandbox.inject(Fault::hang().on_service(service));
    }
    let refused = stage
        .run(&["list", "--profile", "dev", "--timeout", "2s"])
        .await;
    assert_refused(&refused, 5, &[]);
    stage.sandbox.clear_faults();
    // Whoever comes while an attempt still hangs shares its outcome.
    loop {
        let finished = stage.run(&["list", "--profile", "dev"]).await;
        match finished.code() {
            0 => break,
            _ => assert_refused(&finished, 5, &[]),
        }
    }
}
