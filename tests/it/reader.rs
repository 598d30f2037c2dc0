//! The daemon's reader of `DescribeInstances` against the SDK's own, on everything
//! that the local AWS says.

use std::collections::BTreeMap;

use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::types::{Instance, Reservation};
use aws_sdk_ec2::{Client, Config};
use aws_ssm_tests::sandbox::{Account, Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::stage::{REGION, Stage, small};

/// Everything the account has, as the SDK reads it.
async fn described(sandbox: &Sandbox, account: &Account) -> Vec<Reservation> {
    let (key, secret) = (account.access_key.clone(), account.secret_key.clone());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(sandbox.endpoint())
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .build();
    let answer = Client::from_conf(config).describe_instances().send().await;
    answer.expect("an answer").reservations.unwrap_or_default()
}

/// An instance as the SDK's types say it, in the words of our JSON.
fn row(instance: &Instance, owner: Option<&str>) -> Value {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let tags: BTreeMap<_, _> = instance
        .tags()
        .iter()
        .map(|tag| {
            (
                tag.key().unwrap_or_default(),
                tag.value().unwrap_or_default(),
            )
        })
        .collect();
    let groups: Vec<_> = instance
        .security_groups()
        .iter()
        .map(|group| json!({"id": group.group_id(), "name": group.group_name()}))
        .collect();
    let profile = instance
        .iam_instance_profile()
        .and_then(|profile| profile.arn());
    json!({
        "id": instance.instance_id(),
        "name": tags.get("Name"),
        "state": instance.state().and_then(|state| state.name()).map(|name| name.as_str()),
        "type": instance.instance_type().map(|kind| kind.as_str()),
        "private_ip": text(instance.private_ip_address()),
        "public_ip": text(instance.public_ip_address()),
        "private_dns": text(instance.private_dns_name()),
        "public_dns": text(instance.public_dns_name()),
        "az": instance.placement().and_then(|place| place.availability_zone()),
        "vpc": text(instance.vpc_id()),
        "subnet": text(instance.subnet_id()),
        "image": text(instance.image_id()),
        "platform": text(instance.platform_details()),
        "arch": instance.architecture().map(|arch| arch.as_str()),
        "lifecycle": instance.instance_lifecycle().map_or("on-demand", |one| one.as_str()),
        "key": text(instance.key_name()),
        "profile": profile.and_then(|arn| arn.rsplit('/').next()),
        "account": owner,
        "launched": instance.launch_time().map(|time| time.secs()),
        "tags": tags,
        "security_groups": groups,
    })
}

#[tokio::test]
async fn every_row_of_the_local_aws_is_what_the_sdk_reads() {
    let config = SandboxConfig {
        instances: 1500,
        ..small()
    };
    let stage = Stage::with(config).await;
    let mut rows = BTreeMap::new();
    for printed in stage
        .json(&["list", "--all"])
        .await
        .as_array()
        .expect("rows")
    {
        let id = printed["id"].as_str().expect("an id").to_owned();
        rows.insert(id, printed.clone());
    }
    let reservations = described(&stage.sandbox, stage.sandbox.account(0)).await;
    let mut seen = 0;
    for reservation in &reservations {
        for instance in reservation.instances() {
            let expected = row(instance, reservation.owner_id());
            let printed = &rows[instance.instance_id().expect("an id")];
            for (field, expected) in expected.as_object().expect("fields") {
                let printed = match field.as_str() {
                    "launched" => seconds(&printed[field]),
                    _ => printed[field].clone(),
                };
                assert_eq!(printed, *expected, "{field} of {instance:?}");
            }
            seen += 1;
        }
    }
    assert_eq!((seen, rows.len()), (1500, 1500));
}

/// A time as JSON shows it, in seconds since 1970.
fn seconds(time: &Value) -> Value {
    time.as_str().map_or(Value::Null, |time| {
        let time: jiff::Timestamp = time.parse().expect("a time");
        time.as_second().into()
    })
}
