//! Network interfaces: what is printed is what boto3 describes, read by parsers that
//! are not ours.

use std::collections::BTreeMap;

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use super::judge::{Row, id, programs, run};
use super::moto::{HOME, moto};
use super::python::{Python, python};

/// Judges `interfaces` in the notations that programs read.
async fn assert_printed(python: &Python, programs: &Programs, expected: &[Row]) {
    for format in ["json", "jsonl", "yaml"] {
        let printed = run(programs, &["interfaces", "--all", "-o", format]).await;
        let text = printed.stdout.as_bytes();
        let read: Vec<Row> = python.pipe(&["parse.py", format], text).await;
        assert_eq!(read.len(), expected.len(), "{format}");
        for (read, expected) in read.iter().zip(expected) {
            assert_eq!(read, expected, "{format}");
        }
    }
    for format in ["csv", "tsv"] {
        let printed = run(programs, &["interfaces", "--all", "-o", format]).await;
        let text = printed.stdout.as_bytes();
        let read: Vec<BTreeMap<String, String>> = python.pipe(&["parse.py", format], text).await;
        assert_eq!(read.len(), expected.len(), "{format}");
        for (read, expected) in read.iter().zip(expected) {
            for (field, found) in read {
                let value = flat(&expected[field]);
                assert_eq!(*found, value, "{format}: {field} of {}", id(expected));
            }
        }
    }
}

/// A field on a line: of groups the ids, of several all.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(several) => {
            let texts = several.iter().map(|one| match one {
                Value::Object(group) => flat(&group["id"]),
                one => flat(one),
            });
            texts.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn interfaces_on_moto_are_those_that_boto3_describes() {
    let Some(moto) = moto().await else { return };
    let question = json!({"endpoint": moto.endpoint, "region": HOME, "keys": moto.keys()});
    let expected: Vec<Row> = moto.python.ask(&["interfaces.py"], &question).await;
    assert!(expected.len() >= moto.fleets.home.len());
    assert_printed(moto.python, &moto.programs(), &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interfaces_of_every_shape_are_those_that_boto3_describes() {
    let Some(python) = python().await else { return };
    let config = SandboxConfig {
        regions: vec!["eu-west-1".to_owned()],
        instances: 600,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let account = sandbox.account(0);
    let question = json!({
        "endpoint": sandbox.endpoint(),
        "region": "eu-west-1",
        "keys": {"id": account.access_key, "secret": account.secret_key},
    });
    let expected: Vec<Row> = python.ask(&["interfaces.py"], &question).await;
    let some = |field: &str, least: usize| {
        let is = |row: &Row| row[field].as_array().is_some_and(|all| all.len() >= least);
        assert!(expected.iter().any(is), "{field}");
    };
    some("private_ips", 2);
    some("ipv6_addresses", 1);
    some("prefixes", 2);
    some("security_groups", 2);
    assert!(expected.iter().any(|row| row["network_card"] == 3));
    let programs = programs().with_account(&sandbox, account, "eu-west-1");
    assert_printed(python, &programs, &expected).await;
}
