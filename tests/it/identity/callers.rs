//! Callers of every kind on one daemon.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Identity, ListQuery};
use aws_ssm_tests::harness::{Home, TestDaemon, caller, forget_keys, list_ids};
use aws_ssm_tests::sandbox::{Account, Sandbox};

use crate::stage::{OTHER_REGION, REGION, listed, sandbox, sorted};

/// A way to say whose fleet is meant, and whose it must be.
struct Kind {
    name: &'static str,
    caller: Caller,
    account: usize,
    /// A part of the principal's ARN and where the credentials come from.
    arn: &'static str,
    source: &'static str,
}

fn keys(account: &Account) -> String {
    let Account {
        access_key,
        secret_key,
        ..
    } = account;
    format!("aws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n")
}

/// A caller without keys of its own, in this home.
fn of_home(sandbox: &Sandbox, home: &Home) -> Caller {
    let mut caller = caller(sandbox, sandbox.account(0), &[REGION]);
    forget_keys(&mut caller);
    caller.config_file = home.path().join("config");
    caller.credentials_file = home.path().join("credentials");
    caller.home = home.path().to_owned();
    caller
}

/// Two homes whose profiles have the same names and other contents.
fn homes(sandbox: &Sandbox) -> [Home; 2] {
    let [a, b] = [0, 1].map(|n| sandbox.account(n));
    let home = |own: &Account, other: &Account| {
        let home = Home::new();
        let credentials = format!("[work]\n{}[other]\n{}", keys(own), keys(other));
        home.write("credentials", &credentials);
        let config = format!(
            "[profile chained]\nsource_profile = work\nrole_arn = {}\n",
            other.role_arn("ops")
        );
        home.write("config", &config);
        home.write("token", "web-identity-token");
        home
    };
    [home(a, b), home(b, a)]
}

fn kinds(sandbox: &Sandbox, homes: &[Home; 2]) -> Vec<Kind> {
    let [a, b] = [0, 1].map(|n| sandbox.account(n));
    let exported = |account| caller(sandbox, account, &[REGION]);
    let profile = |home: &Home, name: &str| Caller {
        profile: Some(name.to_owned()),
        ..of_home(sandbox, home)
    };
    let with = |mut caller: Caller, variables: &[(&str, &str)]| {
        for (name, value) in variables {
            caller
                .environment
                .insert((*name).to_owned(), (*value).to_owned().into());
        }
        caller
    };
    let kind = |name, caller, account, arn, source| Kind {
        name,
        caller,
        account,
        arn,
        source,
    };
    let exported_b = [
        ("AWS_ACCESS_KEY_ID", b.access_key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", b.secret_key.as_str()),
    ];
    let token = homes[0].path().join("token");
    let web_identity = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().expect("text")),
        ("AWS_ROLE_ARN", &a.role_arn("ops")),
    ];
    let role = |caller, account: &Account| Caller {
        role_arn: Some(account.role_arn("ops")),
        ..caller
    };
    let [here, there] = homes;
    vec![
        kind("keys of A", exported(a), 0, ":user/user", "environment"),
        kind("keys of B", exported(b), 1, ":user/user", "environment"),
        kind(
            "profile of A",
            profile(here, "work"),
            0,
            ":user/user",
            "profile work",
        ),
        kind(
            "profile of B",
            profile(here, "other"),
            1,
            ":user/user",
            "profile other",
        ),
        kind(
            "the same profile in another file",
            profile(there, "work"),
            1,
            ":user/user",
            "profile work",
        ),
        kind(
            "a profile of A beside exported keys of B",
            with(profile(here, "work"), &exported_b),
            0,
            ":user/user",
            "profile work",
        ),
        kind(
            "exported keys of B beside AWS_PROFILE of A",
            with(
                with(of_home(sandbox, here), &exported_b),
                &[("AWS_PROFILE", "work")],
            ),
            1,
            ":user/user",
            "environment",
        ),
        kind(
            "AWS_PROFILE of A",
            with(of_home(sandbox, here), &[("AWS_PROFILE", "work")]),
            0,
            ":user/user",
            "profile work",
        ),
        kind(
            "a role of B through a profile of A",
            profile(here, "chained"),
            1,
            ":assumed-role/ops/",
            "role",
        ),
        kind(
            "a role of A through a profile of B",
            profile(there, "chained"),
            0,
            ":assumed-role/ops/",
            "role",
        ),
        kind(
            "a web identity of A",
            with(of_home(sandbox, here), &web_identity),
            0,
            ":assumed-role/ops/",
            "web identity",
        ),
        kind(
            "--role-arn of B on keys of A",
            role(exported(a), b),
            1,
            ":assumed-role/ops/",
            "role",
        ),
        kind(
            "--role-arn of A on a profile of B",
            role(profile(here, "other"), a),
            0,
            ":assumed-role/ops/",
            "role",
        ),
    ]
}

async fn ask(client: &Client, kind: &Kind) -> (Vec<String>, Identity) {
    let list = list_ids(client, &kind.caller, ListQuery::default());
    let (list, identity) = tokio::join!(list, client.whoami(&kind.caller));
    let (ids, _) = list.unwrap_or_else(|error| panic!("{}: {error:?}", kind.name));
    (
        sorted(ids),
        identity.unwrap_or_else(|error| panic!("{}: {error:?}", kind.name)),
    )
}

fn judge(sandbox: &Sandbox, kind: &Kind, (ids, identity): &(Vec<String>, Identity), beside: &str) {
    let name = format!("{}, beside {beside}", kind.name);
    assert_eq!(identity.account, sandbox.account(kind.account).id, "{name}");
    assert!(identity.arn.contains(kind.arn), "{name}: {identity:?}");
    assert!(
        identity.source.contains(kind.source),
        "{name}: {identity:?}"
    );
    assert_eq!(*ids, listed(sandbox, kind.account, REGION), "{name}");
}

/// Both arrive with nothing known, on connections of their own.
#[tokio::test]
async fn every_pair_of_callers_gets_each_its_own_fleet() {
    let sandbox = sandbox().await;
    assert_ne!(listed(&sandbox, 0, REGION), listed(&sandbox, 1, REGION));
    let homes = homes(&sandbox);
    let kinds = kinds(&sandbox, &homes);
    for (n, one) in kinds.iter().enumerate() {
        for other in &kinds[n..] {
            let daemon = TestDaemon::start("").await;
            let clients = [daemon.client().await, daemon.client().await];
            let (first, second) = tokio::join!(ask(&clients[0], one), ask(&clients[1], other));
            judge(&sandbox, one, &first, other.name);
            judge(&sandbox, other, &second, one.name);
            drop(clients);
            daemon.stop().await;
        }
    }
}

/// All of them, cold, then warm, then after everything was dropped, on one daemon.
#[tokio::test]
async fn all_callers_at_once_get_each_its_own_fleet() {
    let sandbox = sandbox().await;
    let homes = homes(&sandbox);
    let kinds = kinds(&sandbox, &homes);
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    for round in ["cold", "warm", "cleared"] {
        if round == "cleared" {
            client.clear_cache(None).await.expect("cleared");
        }
        let asked = kinds.iter().map(|kind| ask(&client, kind));
        let answers = futures_util::future::join_all(asked).await;
        for (kind, answer) in kinds.iter().zip(&answers) {
            judge(&sandbox, kind, answer, round);
        }
    }
    daemon.stop().await;
}

/// Two users of one principal share what is known; a role of the same account is
/// another principal.
#[tokio::test]
async fn one_principal_loads_once_whatever_its_callers_are_called() {
    let sandbox = sandbox().await;
    let homes = homes(&sandbox);
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let mut of_a = kinds(&sandbox, &homes);
    of_a.retain(|kind| kind.account == 0 && kind.arn == ":user/user");
    assert!(of_a.len() > 2);
    for kind in &of_a {
        ask(&client, kind).await;
    }
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn shared_by_credentials_nothing_is_shared_beyond_them() {
    let sandbox = sandbox().await;
    let homes = homes(&sandbox);
    let daemon = TestDaemon::start("cache:\n  share: credentials\n").await;
    let client = daemon.client().await;
    let mut of_a = kinds(&sandbox, &homes);
    of_a.retain(|kind| kind.account == 0 && kind.arn == ":user/user");
    for kind in of_a.iter().chain(&of_a) {
        ask(&client, kind).await;
    }
    assert_eq!(sandbox.counts().of("DescribeInstances"), of_a.len() as u64);
    daemon.stop().await;
}

#[tokio::test]
async fn regions_are_told_apart_as_callers_are() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    for regions in [&[REGION][..], &[OTHER_REGION], &[REGION, OTHER_REGION]] {
        for account in 0..2 {
            let caller = caller(&sandbox, sandbox.account(account), regions);
            let (ids, summary) = list_ids(&client, &caller, ListQuery::default())
                .await
                .expect("a list");
            let expected = regions
                .iter()
                .flat_map(|region| listed(&sandbox, account, region));
            assert_eq!(sorted(ids), sorted(expected));
            let named: Vec<_> = summary.regions.iter().map(|r| r.region.as_str()).collect();
            assert_eq!(named, regions);
        }
    }
    daemon.stop().await;
}
