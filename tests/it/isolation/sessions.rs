//! Sessions of roles: those that may do less than their principal, and those that
//! cannot be renewed.

use std::time::Duration;

use aws_ssm_proto::domain::{Caller, ErrorKind, ListQuery};
use aws_ssm_tests::harness::{Finished, Home, PATIENCE, TestDaemon, list_ids};
use aws_ssm_tests::sandbox::{Account, Fault, Role, SandboxConfig};
use tokio::time::Instant;

use crate::stage::{REGION, Stage, assert_refused, first_caller, listed, sandbox, small, sorted};

/// Two profiles that assume one role under one session name: one principal, and two
/// sessions, of which each may have a policy of its own.
fn profiles(account: &Account) -> String {
    let Account {
        access_key,
        secret_key,
        ..
    } = account;
    let role = account.role_arn("ops");
    let session = |name: &str| {
        format!(
            "[{name}]\nrole_arn = {role}\nsource_profile = base\nrole_session_name = me\n\
             external_id = {name}\n"
        )
    };
    format!(
        "[base]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n\
         {}{}",
        session("wide"),
        session("narrow")
    )
}

#[tokio::test]
async fn sessions_of_one_principal_that_may_do_less_see_nothing_of_those_that_may_do_more() {
    let sandbox = sandbox().await;
    let home = Home::new();
    home.write("credentials", &profiles(sandbox.account(0)));
    let config = "cache:\n  share: credentials\nresilience:\n  max_attempts: 1\n";
    let daemon = TestDaemon::start(config).await;
    let client = daemon.client().await;
    let [wide, narrow] = ["wide", "narrow"].map(|profile| Caller {
        profile: Some(profile.to_owned()),
        credentials_file: home.path().join("credentials"),
        ..first_caller(&sandbox)
    });
    let arn = async |caller| client.whoami(caller).await.expect("known").arn;
    assert_eq!(arn(&wide).await, arn(&narrow).await);

    let fleet = listed(&sandbox, 0, REGION);
    let list = async |caller| list_ids(&client, caller, ListQuery::default()).await;
    assert_eq!(sorted(list(&wide).await.expect("a list").0), fleet);
    // The next call is the narrow session's, whose policy does not allow it.
    sandbox.inject(Fault::access_denied().on("DescribeInstances").times(1));
    let refused = list(&narrow).await.expect_err("its policy refuses");
    assert_eq!(refused.kind, ErrorKind::Permission, "{refused:?}");
    let loads = sandbox.counts().of("DescribeInstances");
    assert_eq!(sorted(list(&wide).await.expect("a list").0), fleet);
    assert_eq!(
        sandbox.counts().of("DescribeInstances"),
        loads,
        "it is still known"
    );
    assert!(
        !daemon.home.path().join("cache").exists(),
        "nothing is on disk"
    );
    drop(client);
    daemon.stop().await;
}

/// What a list shows while the role may be assumed, and whether it is refused after.
fn judge(stage: &Stage, list: &Finished) -> bool {
    if list.code() == 0 {
        assert_eq!(sorted(list.lines()), listed(&stage.sandbox, 1, REGION));
        return false;
    }
    assert_refused(list, 4, &["sts:AssumeRole"]);
    true
}

#[tokio::test]
async fn a_role_whose_trust_is_revoked_shows_nothing_once_its_session_has_ended() {
    let short = Role {
        session: Some(Duration::from_secs(2)),
        ..Role::open("ops")
    };
    let config = SandboxConfig {
        roles: vec![short],
        ..small()
    };
    let stage = Stage::with(config).await;
    let role = stage.sandbox.account(1).role_arn("ops");
    let list = ["list", "-o", "ids", "--role-arn", &role];
    let first = stage.done(&list).await;
    assert!(!judge(&stage, &first));
    stage
        .sandbox
        .inject(Fault::access_denied().on("AssumeRole"));
    let deadline = Instant::now() + PATIENCE;
    while !judge(&stage, &stage.run(&list).await) {
        assert!(Instant::now() < deadline, "the session never ended");
    }
    let old = [&list[..], &["--max-age", "1h"]].concat();
    assert_refused(&stage.run(&old).await, 4, &["sts:AssumeRole"]);
    // Whoever is trusted by himself notices nothing.
    let own = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(own.lines()), stage.listed());
    // Nor does the disk remember it, when nobody can be asked any more.
    stage.done(&["daemon", "stop"]).await;
    let Stage { sandbox, programs } = stage;
    sandbox.shutdown().await;
    assert_refused(&programs.run(&list).await, 5, &["STS"]);
}
