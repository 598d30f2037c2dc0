//! The sandbox from outside: over TCP, with signed requests.

mod client;

use std::collections::HashSet;
use std::time::Duration;

use super::*;
use client::{Client, Reply};

const REGION: &str = "us-east-1";

async fn sandbox(instances: usize) -> Sandbox {
    let config = SandboxConfig {
        instances,
        ..SandboxConfig::default()
    };
    Sandbox::start(config).await.expect("a free port")
}

fn values(body: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let parts = body.split(open.as_str()).skip(1);
    let value = |part: &str| Some(part.split_once(close.as_str())?.0.to_owned());
    parts.filter_map(value).collect()
}

fn value(body: &str, tag: &str) -> String {
    values(body, tag).into_iter().next().unwrap_or_default()
}

/// Instances appear once with their own id; interfaces do not name them.
fn instance_ids(reply: &Reply) -> Vec<String> {
    values(&reply.body, "instanceId")
}

#[tokio::test]
async fn pages_cover_each_instance_exactly_once() {
    let sandbox = sandbox(333).await;
    let account = sandbox.account(0);
    let mut client = Client::new(&sandbox, account, REGION).await;
    for size in ["5", "100", "1000"] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = [("MaxResults", size), ("NextToken", &token)];
            let reply = client.ec2("DescribeInstances", &page).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let ids = instance_ids(&reply);
            assert!(!ids.is_empty() && ids.len() <= size.parse().expect("a number"));
            seen.extend(ids);
            token = value(&reply.body, "nextToken");
            if token.is_empty() {
                break;
            }
        }
        let all = sandbox.instances(&account.id, REGION).expect("a fleet");
        let all: Vec<String> = all.into_iter().map(|instance| instance.id).collect();
        assert_eq!(seen, all, "pages of {size}");
    }
    let reply = client.ec2("DescribeInstances", &[]).await;
    assert_eq!(instance_ids(&reply).len(), 333);
}

#[tokio::test]
async fn pages_may_grow_but_tokens_serve_their_own_question_only() {
    let sandbox = sandbox(50).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    let first = client
        .ec2("DescribeInstances", &[("MaxResults", "5")])
        .await;
    let token = value(&first.body, "nextToken");
    let next =
        |more: &[(&'static str, &'static str)]| [&[("NextToken", token.as_str())], more].concat();
    let grown = client
        .ec2("DescribeInstances", &next(&[("MaxResults", "1000")]))
        .await;
    assert_eq!(instance_ids(&grown).len(), 45);

    let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", "*")];
    let other = client.ec2("DescribeInstances", &next(&filter)).await;
    assert_eq!(other.error(), (400, "InvalidParameterValue".to_owned()));
    let other = client.ec2("DescribeSubnets", &next(&[])).await;
    assert_eq!(other.error(), (400, "InvalidParameterValue".to_owned()));
    let mut elsewhere = Client::new(&sandbox, sandbox.account(0), "eu-west-1").await;
    let other = elsewhere.ec2("DescribeInstances", &next(&[])).await;
    assert_eq!(other.error(), (400, "InvalidParameterValue".to_owned()));
}

#[tokio::test]
async fn wrong_parameters_are_refused_as_ec2_does() {
    let sandbox = sandbox(5).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    let known = sandbox
        .instances(&sandbox.account(0).id, REGION)
        .expect("a fleet")[0]
        .id
        .clone();
    let both = [("InstanceId.1", known.as_str()), ("MaxResults", "5")];
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("MaxResults", "4")], "InvalidParameterValue"),
        (&[("MaxResults", "1001")], "InvalidParameterValue"),
        (&both, "InvalidParameterCombination"),
        (
            &[("InstanceId.1", "i-0123456789abcdef0")],
            "InvalidInstanceID.NotFound",
        ),
        (&[("InstanceId.1", "web-1")], "InvalidInstanceID.Malformed"),
        (
            &[("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")],
            "InvalidParameterValue",
        ),
    ];
    for (parameters, code) in cases {
        let reply = client.ec2("DescribeInstances", parameters).await;
        assert_eq!(reply.error(), (400, code.to_owned()), "{parameters:?}");
    }
    let reply = client.ec2("TerminateInstances", &[]).await;
    assert_eq!(reply.error(), (400, "InvalidAction".to_owned()));
}

#[tokio::test]
async fn each_service_refuses_bad_keys_in_its_own_words() {
    let sandbox = sandbox(5).await;
    let mut wrong_secret = Client::new(&sandbox, sandbox.account(0), REGION).await;
    wrong_secret.secret_key = "wrong".to_owned();
    let mut unknown_key = Client::new(&sandbox, sandbox.account(0), REGION).await;
    unknown_key.access_key = "AKIAXXXXXXXXXXXXXXXX".to_owned();
    let mut nowhere = Client::new(&sandbox, sandbox.account(0), "us-nowhere-1").await;
    let mut not_opted_in = Client::new(&sandbox, sandbox.account(0), "af-south-1").await;
    let cases = [
        (
            &mut wrong_secret,
            [
                (401, "AuthFailure"),
                (400, "InvalidSignatureException"),
                (403, "SignatureDoesNotMatch"),
            ],
        ),
        (
            &mut unknown_key,
            [
                (401, "AuthFailure"),
                (400, "UnrecognizedClientException"),
                (403, "InvalidClientTokenId"),
            ],
        ),
        (
            &mut nowhere,
            [
                (401, "AuthFailure"),
                (400, "InvalidSignatureException"),
                (403, "SignatureDoesNotMatch"),
            ],
        ),
        (
            &mut not_opted_in,
            [
                (401, "AuthFailure"),
                (400, "UnrecognizedClientException"),
                (403, "InvalidClientTokenId"),
            ],
        ),
    ];
    for (client, [ec2, ssm, sts]) in cases {
        let expected = |(status, code): (u16, &str)| (status, code.to_owned());
        let reply = client.ec2("DescribeRegions", &[]).await;
        assert_eq!(reply.error(), expected(ec2));
        let reply = client.ssm("{}").await;
        assert_eq!(reply.error(), expected(ssm));
        let reply = client.sts("GetCallerIdentity", &[]).await;
        assert_eq!(reply.error(), expected(sts));
    }
}

#[tokio::test]
async fn managed_nodes_are_paged_and_hybrid_ones_have_names() {
    let sandbox = sandbox(120).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    let (mut seen, mut body) = (Vec::new(), r#"{"MaxResults":50}"#.to_owned());
    loop {
        let answer: serde_json::Value =
            serde_json::from_str(&client.ssm(&body).await.body).expect("JSON");
        seen.extend(
            answer["InstanceInformationList"]
                .as_array()
                .expect("a list")
                .clone(),
        );
        let Some(token) = answer["NextToken"].as_str() else {
            break;
        };
        body = format!(r#"{{"MaxResults":50,"NextToken":"{token}"}}"#);
    }
    let ids: HashSet<_> = seen
        .iter()
        .map(|node| node["InstanceId"].to_string())
        .collect();
    assert_eq!(ids.len(), seen.len());
    assert!(seen.len() > 80, "{} nodes", seen.len());
    let hybrid = seen
        .iter()
        .filter(|node| node["ResourceType"] == "ManagedInstance");
    let names: Vec<_> = hybrid
        .map(|node| node["Name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["edge-1", "edge-2", "edge-3"]);
}

#[tokio::test]
async fn roles_are_assumed_across_accounts_and_their_keys_end() {
    let config = SandboxConfig {
        roles: vec![
            Role::open("ops"),
            Role {
                session: Some(Duration::ZERO),
                ..Role::open("brief")
            },
        ],
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("a free port");
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    let mut assume = async |role: &str| {
        let arn = sandbox.account(1).role_arn(role);
        let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "me")];
        let reply = client.sts("AssumeRole", &parameters).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let mut assumed = Client::new(&sandbox, sandbox.account(0), REGION).await;
        assumed.access_key = value(&reply.body, "AccessKeyId");
        assumed.secret_key = value(&reply.body, "SecretAccessKey");
        assumed.session_token = Some(value(&reply.body, "SessionToken"));
        assumed
    };
    let mut ops = assume("ops").await;
    let identity = ops.sts("GetCallerIdentity", &[]).await;
    let arn = format!("arn:aws:sts::{}:assumed-role/ops/me", sandbox.account(1).id);
    assert_eq!(value(&identity.body, "Arn"), arn);
    ops.session_token = None;
    let reply = ops.ec2("DescribeRegions", &[]).await;
    assert_eq!(reply.error(), (401, "AuthFailure".to_owned()));

    let mut brief = assume("brief").await;
    let reply = brief.ec2("DescribeRegions", &[]).await;
    assert_eq!(reply.error(), (400, "RequestExpired".to_owned()));
    let reply = brief.ssm("{}").await;
    assert_eq!(reply.error(), (400, "ExpiredTokenException".to_owned()));
    let reply = brief.sts("GetCallerIdentity", &[]).await;
    assert_eq!(reply.error(), (403, "ExpiredToken".to_owned()));
}

#[tokio::test]
async fn a_role_may_need_mfa_and_trust_only_some() {
    let trusting = |accounts: &[&Account]| Role {
        trusted_accounts: Some(accounts.iter().map(|account| account.id.clone()).collect()),
        ..Role::open("family")
    };
    let config = SandboxConfig {
        roles: vec![Role::with_mfa("mfa"), trusting(&[&Account::numbered(1)])],
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("a free port");
    let account = sandbox.account(0);
    let mut client = Client::new(&sandbox, account, REGION).await;
    let (mfa, family) = (account.role_arn("mfa"), account.role_arn("family"));
    let mut assume = async |role: &str, more: &[(&str, &str)]| {
        let parameters = [&[("RoleArn", role), ("RoleSessionName", "me")], more].concat();
        client.sts("AssumeRole", &parameters).await.status
    };
    let serial = ("SerialNumber", account.mfa_serial.as_str());
    assert_eq!(assume(&mfa, &[]).await, 403);
    assert_eq!(assume(&mfa, &[serial, ("TokenCode", "000000")]).await, 403);
    assert_eq!(assume(&mfa, &[serial, ("TokenCode", MFA_CODE)]).await, 200);
    assert_eq!(assume(&family, &[]).await, 403);
    assert_eq!(assume(&account.role_arn("unknown"), &[]).await, 403);
}

#[tokio::test]
async fn a_web_identity_needs_no_signature() {
    let sandbox = sandbox(0).await;
    let mut client = Client::unsigned(&sandbox, REGION).await;
    let role = sandbox.account(0).role_arn("ops");
    let mut assume = async |token: &str| {
        let parameters = [
            ("RoleArn", role.as_str()),
            ("RoleSessionName", "pod"),
            ("WebIdentityToken", token),
        ];
        client.sts("AssumeRoleWithWebIdentity", &parameters).await
    };
    assert_eq!(assume("web-identity-token").await.status, 200);
    let reply = assume("another").await;
    assert_eq!(reply.error(), (400, "InvalidIdentityToken".to_owned()));
    let reply = client.sts("GetCallerIdentity", &[]).await;
    assert_eq!(
        reply.error(),
        (403, "MissingAuthenticationToken".to_owned())
    );
    let calls = sandbox.counts();
    assert_eq!(calls.of("AssumeRoleWithWebIdentity"), 2);
    let account = &sandbox.account(0).id;
    assert_eq!(calls.by(account, "unknown", "AssumeRoleWithWebIdentity"), 2);
}

#[tokio::test]
async fn calls_and_connections_are_counted_refused_ones_too() {
    let sandbox = sandbox(5).await;
    let account = sandbox.account(0);
    let mut client = Client::new(&sandbox, account, REGION).await;
    client.ec2("DescribeInstances", &[]).await;
    client
        .ec2("DescribeInstances", &[("MaxResults", "1")])
        .await;
    client.secret_key = "wrong".to_owned();
    client.ec2("DescribeInstances", &[]).await;
    client.access_key = "AKIAXXXXXXXXXXXXXXXX".to_owned();
    client.ec2("DescribeInstances", &[]).await;

    let counts = sandbox.counts();
    assert_eq!(counts.total(), 4);
    assert_eq!(counts.refused(), 3);
    assert_eq!(counts.by(&account.id, REGION, "DescribeInstances"), 3);
    assert_eq!(counts.by("unknown", REGION, "DescribeInstances"), 1);
    assert_eq!(sandbox.connections(), 1);
    sandbox.reset_counts();
    assert_eq!(sandbox.counts().total(), 0);
}

#[tokio::test]
async fn faults_strike_as_ordered() {
    let sandbox = sandbox(5).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    sandbox.inject(Fault::throttle(1.0).on("DescribeRegions").times(1));
    let reply = client.ec2("DescribeRegions", &[]).await;
    assert_eq!(reply.error(), (503, "RequestLimitExceeded".to_owned()));
    assert_eq!(client.ec2("DescribeRegions", &[]).await.status, 200);

    let denied = sandbox.inject(Fault::access_denied().for_key(&client.access_key));
    let reply = client.ec2("DescribeRegions", &[]).await;
    assert_eq!(reply.error(), (403, "UnauthorizedOperation".to_owned()));
    assert!(sandbox.remove_fault(denied));

    sandbox.inject(Fault::nonsense().times(1));
    let reply = client.ec2("DescribeRegions", &[]).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.starts_with("<!DOCTYPE html>"));

    sandbox.inject(Fault::cut().times(1));
    let cut = client.try_ec2("DescribeRegions", &[]).await;
    let cut = cut.expect_err("the connection is closed").to_string();
    assert!(cut.starts_with("half:"), "{cut}");
}

#[tokio::test]
async fn a_hanging_call_ends_with_the_sandbox() {
    let sandbox = sandbox(5).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    sandbox.inject(Fault::hang());
    let call = tokio::spawn(async move { client.try_ec2("DescribeRegions", &[]).await });
    while sandbox.counts().refused() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    sandbox.shutdown().await;
    let outcome = call.await.expect("no panic");
    assert!(outcome.is_err(), "the connection is closed");
}

#[tokio::test]
async fn a_dropped_sandbox_listens_no_more() {
    let sandbox = sandbox(5).await;
    let mut client = Client::new(&sandbox, sandbox.account(0), REGION).await;
    assert_eq!(client.ec2("DescribeRegions", &[]).await.status, 200);
    drop(sandbox);
    assert!(client.try_ec2("DescribeRegions", &[]).await.is_err());
}

#[tokio::test]
async fn changes_show_in_the_next_answer() {
    let sandbox = sandbox(5).await;
    let account = sandbox.account(0);
    let id = sandbox.instances(&account.id, REGION).expect("a fleet")[0]
        .id
        .clone();
    let mut client = Client::new(&sandbox, account, REGION).await;
    sandbox.prepare(&account.id, REGION).expect("a fleet");
    sandbox
        .stop_instance(&account.id, REGION, &id)
        .expect("an instance");
    let tag = ("Name", Some("<renamed>"));
    sandbox
        .retag(&account.id, REGION, &id, tag)
        .expect("an instance");
    sandbox
        .add_instances(&account.id, REGION, 3)
        .expect("a fleet");

    let one = client
        .ec2("DescribeInstances", &[("InstanceId.1", &id)])
        .await;
    assert!(one.body.contains("<name>stopped</name>"));
    assert!(one.body.contains("<value>&lt;renamed&gt;</value>"));
    let all = client.ec2("DescribeInstances", &[]).await;
    assert_eq!(instance_ids(&all).len(), 8);
    assert!(sandbox.start_instance(&account.id, REGION, "i-1").is_err());
    assert!(sandbox.instances(&account.id, "af-south-1").is_err());
}

/// A terminated instance has lost its interfaces, and what belongs to them.
#[tokio::test]
async fn a_filter_finds_only_what_its_answer_shows() {
    let sandbox = sandbox(20).await;
    let account = sandbox.account(0);
    let ids = sandbox.instances(&account.id, REGION).expect("a fleet");
    let gone = &ids[0].id;
    let terminated = sandbox.terminate_instance(&account.id, REGION, gone);
    terminated.expect("an instance");
    let mut client = Client::new(&sandbox, account, REGION).await;
    let filter = [
        ("Filter.1.Name", "source-dest-check"),
        ("Filter.1.Value.1", "*"),
    ];
    let found = client.ec2("DescribeInstances", &filter).await;
    let shown = values(&found.body, "sourceDestCheck");
    assert!(!shown.is_empty());
    assert!(!instance_ids(&found).contains(gone));
}

#[tokio::test]
async fn control_is_for_programs_not_for_web_pages() {
    let sandbox = sandbox(5).await;
    let mut client = Client::unsigned(&sandbox, REGION).await;
    let order = r#"{"kind":"throttle","service":"sts","times":1}"#;
    let reply = client.control("POST", "/_sandbox/faults", "", order).await;
    assert_eq!((reply.status, reply.body.trim()), (200, r#"{"id":1}"#));
    assert_eq!(sandbox.faults().len(), 1);
    let origin = "origin: http://example.com\r\n";
    let reply = client
        .control("DELETE", "/_sandbox/faults", origin, "")
        .await;
    assert_eq!(reply.status, 403);
    assert_eq!(sandbox.faults().len(), 1);
    let reply = client.control("DELETE", "/_sandbox/faults/1", "", "").await;
    assert_eq!(reply.status, 200);
    let reply = client.control("GET", "/_sandbox/unknown", "", "").await;
    assert_eq!(reply.status, 404);
    assert_eq!(sandbox.counts().total(), 0);
}

#[tokio::test]
async fn hundreds_of_connections_are_kept_at_once() {
    let sandbox = sandbox(20).await;
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(Client::new(&sandbox, sandbox.account(0), REGION).await);
    }
    for _ in 0..2 {
        for client in &mut clients {
            assert_eq!(client.ec2("DescribeRegions", &[]).await.status, 200);
        }
    }
    assert_eq!(sandbox.connections(), 300);
    assert_eq!(sandbox.counts().of("DescribeRegions"), 600);
}

#[tokio::test]
async fn a_port_in_use_is_said_so() {
    let first = sandbox(0).await;
    let port = first
        .endpoint()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let config = SandboxConfig {
        port: port.expect("endpoints end with a port"),
        ..SandboxConfig::default()
    };
    let error = Sandbox::start(config).await.expect_err("the port is taken");
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
