//! Credentials, regions, permissions and clocks that are not as they should be.

use std::os::unix::fs::PermissionsExt;

use aws_ssm_tests::sandbox::{Account, Fault, Service};

use super::{examine, examine_with};
use crate::stage::{OTHER_REGION, Stage};

/// Variables that are taken away.
const NO_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];

fn keys(name: &str, account: &Account, secret: &str) -> String {
    format!(
        "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {secret}\n",
        account.access_key
    )
}

#[tokio::test]
async fn somebody_without_credentials_is_told_how_to_begin() {
    let stage = Stage::new().await;
    let report = examine_with(&stage, &[], &NO_KEYS).await;
    let words = ["no AWS credentials were found", ".aws/config"];
    report.assert_told(("identity", ""), "failed", &words, "aws configure");
    assert!(report.all("profile").is_empty() && report.all("region").is_empty());
    assert_eq!(report.one("clock", "")["status"], "skipped");
    assert_eq!(stage.sandbox.counts().total(), 0, "nobody was asked");
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_told_with_the_nearest() {
    let stage = Stage::new().await;
    let home = &stage.programs.home;
    let account = stage.sandbox.account(0);
    home.write(
        ".aws/credentials",
        &keys("prod", account, &account.secret_key),
    );
    let report = examine(&stage, &["--profile", "prd"]).await;
    report.assert_told(("identity", ""), "failed", &["prd"], "did you mean prod?");
    assert!(
        report.all("profile").is_empty(),
        "this one alone: {report:?}"
    );
    examine(&stage, &["--profile", "prod"]).await.assert_well();
}

#[tokio::test]
async fn every_profile_is_looked_at_and_one_that_is_not_used_may_be_broken() {
    let stage = Stage::new().await;
    let [a, b] = [0, 1].map(|n| stage.sandbox.account(n));
    let role = a.role_arn("ops");
    stage.programs.home.write(
        ".aws/credentials",
        &(keys("wrong", a, "no such secret") + &keys("other", b, &b.secret_key)),
    );
    let config = format!("[profile ops]\nrole_arn = {role}\nsource_profile = other\n");
    stage.programs.home.write(".aws/config", &config);
    let report = examine(&stage, &[]).await;
    assert_eq!(
        report.finished.code(),
        0,
        "the keys in use are right: {report:?}"
    );
    report.assert_ok("identity", "");
    let words = ["does not accept"];
    report.assert_told(("profile", "wrong"), "warning", &words, "secret access key");
    for (profile, whose) in [("other", &b.id), ("ops", &a.id)] {
        report.assert_ok("profile", profile);
        let row = report.one("profile", profile);
        assert!(
            row["finding"].as_str().expect("text").contains(whose),
            "{row:#}"
        );
    }
    let ops = report.one("profile", "ops")["finding"]
        .as_str()
        .expect("text");
    assert!(ops.contains("until 2"), "when its session ends: {ops}");
}

/// A look runs the program of the profile in use, and asks nobody for a code.
#[tokio::test]
async fn what_wants_a_program_or_a_person_is_no_failure() {
    let stage = Stage::new().await;
    let [a, b] = [0, 1].map(|n| stage.sandbox.account(n));
    let home = &stage.programs.home;
    let program = format!(
        "#!/bin/sh\necho '{{\"Version\":1,\"AccessKeyId\":\"{}\",\"SecretAccessKey\":\"{}\"}}'\n",
        b.access_key, b.secret_key
    );
    let program = home.write("keys", &program);
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("our own");
    let (program, role, device) = (program.display(), a.role_arn("mfa"), &a.mfa_serial);
    home.write(
        ".aws/config",
        &format!(
            "[profile program]\ncredential_process = {program}\n\
             [profile code]\nrole_arn = {role}\nsource_profile = own\nmfa_serial = {device}\n"
        ),
    );
    home.write(".aws/credentials", &keys("own", a, &a.secret_key));
    let report = examine(&stage, &[]).await;
    assert_eq!(report.finished.code(), 0, "{report:?}");
    for profile in ["program", "code"] {
        let row = report.one("profile", profile);
        assert_eq!(row["status"], "skipped", "{row:#}");
        let mend = format!("aws-ssm doctor --profile {profile}");
        assert_eq!(row["mend"], mend.as_str(), "{row:#}");
    }
    let report = examine(&stage, &["--profile", "program"]).await;
    report.assert_well();
    let finding = report.one("identity", "")["finding"].to_string();
    assert!(finding.contains(&b.id), "{finding}");
    let report = examine(&stage, &["--profile", "code"]).await;
    report.assert_told(("identity", ""), "warning", &["wants a code"], "whoami");
    assert_eq!(report.finished.code(), 0, "{report:?}");
    std::fs::write(home.path().join("keys"), "#!/bin/sh\nexit 7\n").expect("a file");
    let report = examine(&stage, &["--profile", "program"]).await;
    report.assert_told(("identity", ""), "failed", &["7"], "");
}

#[tokio::test]
async fn profile_files_that_are_broken_are_told_with_the_line() {
    let stage = Stage::new().await;
    stage
        .programs
        .home
        .write(".aws/config", "[default]\nregion eu-west-1\n");
    let report = examine(&stage, &[]).await;
    report.assert_told(("identity", ""), "failed", &["line 2"], "mend line 2");
    report.assert_told(("profile", ""), "failed", &["line 2"], "mend line 2");
}

#[tokio::test]
async fn a_great_many_profiles_are_counted_and_not_all_asked_for() {
    let stage = Stage::new().await;
    let account = stage.sandbox.account(0);
    let all: Vec<String> = (0..60)
        .map(|n| keys(&format!("p{n:02}"), account, &account.secret_key))
        .collect();
    stage.programs.home.write(".aws/credentials", &all.concat());
    let report = examine(&stage, &[]).await;
    report.assert_well();
    assert_eq!(report.all("profile").len(), 51);
    let rest = report.one("profile", "10 more");
    assert_eq!(rest["status"], "skipped", "{rest:#}");
    assert_eq!(stage.calls("GetCallerIdentity"), 51);
}

#[tokio::test]
async fn keys_that_aws_refuses_are_told_each_in_its_way() {
    for (fault, words, mend) in [
        (Fault::expired_token(), "have expired", "aws sso login"),
        (Fault::unknown_key(), "does not accept", "access key id"),
    ] {
        let stage = Stage::new().await;
        stage.sandbox.inject(fault);
        let report = examine(&stage, &[]).await;
        report.assert_told(("identity", ""), "failed", &[words], mend);
        assert!(report.all("permission").is_empty());
    }
}

/// Opt-in regions refuse the keys of an account that has not enabled them.
#[tokio::test]
async fn a_region_that_refuses_is_told_and_the_others_are_well() {
    let stage = Stage::new().await;
    let report = examine(&stage, &["-r", "eu-west-1,af-south-1"]).await;
    report.assert_ok("identity", "");
    for row in report.all("region") {
        let expected = match row["about"].as_str() {
            Some("eu-west-1") => "ok",
            _ => "failed",
        };
        assert_eq!(row["status"], expected, "{row:#}");
        assert_eq!(row["mend"].is_null(), expected == "ok", "{row:#}");
    }
    assert_eq!(report.all("region").len(), 4);
    assert_eq!(report.finished.code(), 1);
}

#[tokio::test]
async fn a_permission_that_everything_needs_is_a_failure_and_others_are_not() {
    let stage = Stage::new().await;
    let regions = ["-r", "eu-west-1,us-east-1"];
    stage
        .sandbox
        .inject(Fault::access_denied().on_service(Service::Ssm));
    let report = examine(&stage, &regions).await;
    let denied = report.all("permission");
    let denied = denied.iter().filter(|row| row["status"] == "warning");
    assert_eq!(denied.count(), 2, "one for each region: {report:?}");
    assert_eq!(report.finished.code(), 0, "{report:?}");
    let denied = Fault::access_denied().on("DescribeSubnets");
    stage.sandbox.inject(denied.in_region(OTHER_REGION));
    let report = examine(&stage, &regions).await;
    let rows = report.all("permission");
    let of = |about: &str| -> Vec<_> {
        let rows = rows.iter().filter(|row| row["about"] == about);
        rows.map(|row| row["status"].clone()).collect()
    };
    assert_eq!(of("ec2:DescribeNetworkInterfaces"), ["ok"]);
    assert_eq!(of("ec2:DescribeSubnets"), ["ok", "warning"]);
    assert_eq!(report.finished.code(), 0, "{report:?}");
    let denied = Fault::access_denied().on("DescribeInstances");
    stage.sandbox.inject(denied.in_region(OTHER_REGION));
    let report = examine(&stage, &regions).await;
    assert_eq!(report.finished.code(), 1);
    let rows = report.all("permission");
    let of_ec2: Vec<_> = rows
        .iter()
        .filter(|row| row["about"] == "ec2:DescribeInstances")
        .collect();
    assert_eq!(of_ec2.len(), 2, "{of_ec2:#?}");
    assert_eq!(of_ec2[0]["finding"], "allowed in eu-west-1");
    assert_eq!(of_ec2[1]["status"], "failed");
    let mend = of_ec2[1]["mend"].as_str().expect("a mend");
    assert!(mend.contains("ec2:DescribeInstances allowed"), "{mend}");
    assert_eq!(report.all("region").len(), 4, "a refusal is an answer");
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_told_to_which_side() {
    let stage = Stage::new().await;
    for (ahead, side) in [(3600, "behind"), (-3600, "ahead of")] {
        stage.sandbox.set_clock(ahead);
        let report = examine(&stage, &[]).await;
        let words = [side, "AWS's"];
        report.assert_told(("clock", ""), "failed", &words, "sudo ");
        report.assert_ok("identity", "");
        report.assert_ok("permission", "ec2:DescribeInstances");
    }
    stage.sandbox.set_clock(0);
    examine(&stage, &[]).await.assert_well();
}

/// What has not answered is told, and what has is not held up by it.
#[tokio::test]
async fn an_aws_that_hangs_takes_no_more_than_the_time_there_is() {
    let stage = Stage::new().await;
    let hang = Fault::hang().on("DescribeInstances");
    stage.sandbox.inject(hang.in_region(OTHER_REGION));
    let regions = ["-r", "eu-west-1,us-east-1", "--timeout", "3s"];
    let report = examine(&stage, &regions).await;
    let hung: Vec<_> = report
        .all("region")
        .into_iter()
        .filter(|row| row["status"] != "ok")
        .collect();
    assert_eq!(hung.len(), 1, "{report:?}");
    assert_eq!(hung[0]["about"], OTHER_REGION);
    assert_eq!(hung[0]["status"], "failed");
    let mend = hung[0]["mend"].as_str().expect("a mend");
    assert!(mend.contains("--timeout"), "{mend}");
    assert_eq!(report.finished.code(), 1);

    stage.sandbox.inject(Fault::hang().on_service(Service::Sts));
    let report = examine(&stage, &["--timeout", "2s"]).await;
    report.assert_told(("identity", ""), "failed", &["STS"], "check the network");
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_told() {
    let stage = Stage::new().await;
    let nowhere = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
    let report = examine_with(&stage, &[], &nowhere).await;
    let words = ["127.0.0.1:9", "refuses connections"];
    report.assert_told(("identity", ""), "failed", &words, "endpoint URL");
    let shown = report.one("aws-variables", "")["finding"].to_string();
    assert!(
        shown.contains("AWS_ENDPOINT_URL=http://127.0.0.1:9"),
        "{shown}"
    );
}
