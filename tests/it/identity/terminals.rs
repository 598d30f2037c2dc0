//! Terminals with other settings, at the same time, as people have them.

use aws_ssm_tests::harness::{Programs, finish};
use futures_util::future::join_all;

use crate::stage::{REGION, Stage, assert_refused, eventually, listed, sorted};

/// Variables that are set or taken away, flags, and the account that is meant.
type Terminal<'a> = (&'a [(&'a str, Option<&'a str>)], &'a [&'a str], usize);

#[tokio::test]
async fn terminals_with_other_settings_share_a_daemon_and_no_fleet() {
    let stage = Stage::new().await;
    let [a, b] = [0, 1].map(|n| stage.sandbox.account(n));
    let home = &stage.programs.home;
    let keys = |name: &str, account: &aws_ssm_tests::sandbox::Account| {
        format!(
            "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            account.access_key, account.secret_key
        )
    };
    home.write(".aws/credentials", &(keys("default", b) + &keys("mine", a)));
    home.write(".aws/config", "[profile mine]\nregion = us-east-1\n");
    home.write("elsewhere", &keys("mine", b));
    let elsewhere = home.path().join("elsewhere").display().to_string();

    let exported_b: &[(&str, Option<&str>)] = &[
        ("AWS_ACCESS_KEY_ID", Some(&b.access_key)),
        ("AWS_SECRET_ACCESS_KEY", Some(&b.secret_key)),
    ];
    let no_keys: &[(&str, Option<&str>)] =
        &[("AWS_ACCESS_KEY_ID", None), ("AWS_SECRET_ACCESS_KEY", None)];
    let other_file = [
        no_keys,
        &[("AWS_SHARED_CREDENTIALS_FILE", Some(elsewhere.as_str()))],
    ]
    .concat();
    let role = b.role_arn("ops");
    let assuming = ["--role-arn", role.as_str()];
    let terminals: [Terminal<'_>; 7] = [
        (&[], &[], 0),
        (exported_b, &[], 1),
        (no_keys, &[], 1),
        (no_keys, &["--profile", "mine"], 0),
        (exported_b, &["--profile", "mine"], 0),
        (&other_file, &["--profile", "mine"], 1),
        (&[], &assuming, 1),
    ];
    let runs = terminals.iter().map(|(variables, flags, _)| {
        let mut command = stage.programs.command(["list", "-o", "ids"]);
        command.args(*flags);
        for (name, value) in *variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        finish(command)
    });
    let finished = join_all(runs).await;
    for ((variables, flags, account), finished) in terminals.iter().zip(&finished) {
        assert_eq!(finished.code(), 0, "{flags:?}: {finished:?}");
        let expected = listed(&stage.sandbox, *account, REGION);
        assert_eq!(
            sorted(finished.lines()),
            expected,
            "{flags:?} {}",
            variables.len()
        );
    }
    let status = stage.json(&["daemon", "status"]).await;
    assert!(status["pid"].is_number(), "{status}");
}

/// Starts the daemon as a careless service manager would: with somebody's settings.
async fn with_settings_of_its_own(programs: &Programs, stage: &Stage) -> tokio::process::Child {
    let foreign = stage.sandbox.account(1);
    let mut command = programs.daemon_command(["--foreground"]);
    command
        .env("AWS_ACCESS_KEY_ID", &foreign.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &foreign.secret_key)
        .env("AWS_PROFILE", "nonesuch")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_ROLE_ARN", foreign.role_arn("ops"))
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("AWS_CA_BUNDLE", "/nonexistent/ca.pem")
        .env("AWS_USE_FIPS_ENDPOINT", "true")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
        .stderr(std::process::Stdio::null());
    let child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn();
    let socket = programs.home.endpoint().socket;
    eventually("the daemon's socket", || socket.exists()).await;
    child.expect("the daemon can be run")
}

#[tokio::test]
async fn the_daemons_own_settings_are_nobodys() {
    let stage = Stage::new().await;
    let daemon = with_settings_of_its_own(&stage.programs, &stage).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    let whoami = stage.json(&["whoami"]).await;
    assert_eq!(whoami["account"], *stage.sandbox.account(0).id, "{whoami}");

    let mut nobody = stage.programs.command(["list"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        nobody.env_remove(name);
    }
    assert_refused(&finish(nobody).await, 4, &["no AWS credentials"]);
    let mut nowhere = stage.programs.command(["list"]);
    nowhere.env_remove("AWS_REGION");
    assert_refused(&finish(nowhere).await, 2, &["no region"]);
    drop(daemon);
}

#[tokio::test]
async fn a_daemon_that_a_terminal_starts_knows_nothing_of_that_terminal() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    // The second terminal has the first one's home and no settings at all.
    let mut command = stage.programs.command(["whoami"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(name);
    }
    assert_refused(&finish(command).await, 4, &["no AWS credentials"]);
}
