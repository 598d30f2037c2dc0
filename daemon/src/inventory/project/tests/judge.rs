//! What the SDK's own reader makes of an answer.

use std::fmt::Write;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::types::{Instance, InstanceNetworkInterface};
use aws_ssm_proto::domain::InstanceState;

use crate::inventory::fuzzing::Canned;
use crate::inventory::project::draft::{ON_DEMAND, more_addresses};
use crate::inventory::snapshot::{Address, Builder, Facts, Snapshot};

/// An answer as far as it matters: instances by id, every fact of each on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) instances: Vec<String>,
    pub(super) next: Option<String>,
}

/// Reads an answer by the SDK's types.
pub(super) async fn judge(xml: &str) -> Result<Read, String> {
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(Canned::from(xml))
        .build();
    let answer = Client::from_conf(config).describe_instances().send().await;
    let answer = answer.map_err(|error| format!("{error:?}"))?;
    let mut rows = Builder::with_capacity(0);
    for reservation in answer.reservations() {
        let owner = reservation.owner_id().unwrap_or_default();
        let instances = reservation.instances().iter();
        let known = instances.filter_map(|instance| facts(instance, owner));
        known.for_each(|facts| rows.push(&facts));
    }
    Ok(Read {
        instances: read(&rows.finish(false)),
        next: answer.next_token,
    })
}

/// Every row with every fact.
pub(super) fn read(snapshot: &Snapshot) -> Vec<String> {
    let line = |row: crate::inventory::Row<'_>| {
        let mut line = format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            row.id(),
            row.name(),
            row.state(),
            row.private_ip(),
            row.public_ip(),
            row.private_dns(),
            row.public_dns(),
            row.instance_type(),
            row.az(),
            row.vpc(),
            row.subnet(),
            row.image(),
            row.platform(),
            row.arch(),
            row.lifecycle(),
            row.key(),
            row.profile(),
            row.account(),
        );
        let pairs = row.tags().chain(row.security_groups());
        let (tags, launched) = (pairs.collect::<Vec<_>>(), row.launched());
        let addresses: Vec<_> = row.more_addresses().collect();
        write!(line, " {launched:?} {tags:?} {addresses:?}").expect("a string takes it");
        line
    };
    snapshot.rows().map(line).collect()
}

/// What is kept of an instance; `None` if it has no id.
fn facts<'a>(instance: &'a Instance, owner: &'a str) -> Option<Facts<'a>> {
    let text = |value: &'a Option<String>| value.as_deref().unwrap_or_default();
    let state = instance
        .state
        .as_ref()
        .and_then(|state| state.name.as_ref());
    let profile = instance
        .iam_instance_profile
        .as_ref()
        .and_then(|profile| profile.arn.as_deref())
        .and_then(|arn| arn.rsplit('/').next());
    Some(Facts {
        id: instance.instance_id.as_deref()?,
        private_ip: text(&instance.private_ip_address),
        public_ip: text(&instance.public_ip_address),
        private_dns: text(&instance.private_dns_name),
        public_dns: text(&instance.public_dns_name),
        state: state.and_then(|name| InstanceState::parse(name.as_str())),
        instance_type: instance.instance_type.as_ref().map_or("", |t| t.as_str()),
        az: instance
            .placement
            .as_ref()
            .map_or("", |placement| text(&placement.availability_zone)),
        vpc: text(&instance.vpc_id),
        subnet: text(&instance.subnet_id),
        image: text(&instance.image_id),
        platform: text(&instance.platform_details),
        arch: instance.architecture.as_ref().map_or("", |a| a.as_str()),
        // EC2 leaves it out for what most instances are.
        lifecycle: instance
            .instance_lifecycle
            .as_ref()
            .map_or(ON_DEMAND, |l| l.as_str()),
        key: text(&instance.key_name),
        profile: profile.unwrap_or_default(),
        account: owner,
        launched: instance.launch_time.map(|time| time.secs()),
        tags: instance
            .tags()
            .iter()
            .map(|tag| (text(&tag.key), text(&tag.value)))
            .collect(),
        security_groups: instance
            .security_groups()
            .iter()
            .map(|group| (text(&group.group_id), text(&group.group_name)))
            .collect(),
        more_addresses: more_addresses(
            &addresses(instance),
            [
                text(&instance.private_ip_address),
                text(&instance.public_ip_address),
            ],
        ),
    })
}

/// Every address of an instance that the SDK has read.
fn addresses(instance: &Instance) -> Vec<Address> {
    let mut named = vec![(&instance.ipv6_address, true)];
    for interface in instance.network_interfaces() {
        named.extend(addresses_of(interface));
    }
    let read = |(text, public): (&Option<String>, bool)| {
        let ip = text.as_deref()?.parse().ok()?;
        Some(Address::new(ip, public))
    };
    named.into_iter().filter_map(read).collect()
}

fn addresses_of(interface: &InstanceNetworkInterface) -> Vec<(&Option<String>, bool)> {
    let mut named = vec![(&interface.private_ip_address, false)];
    let outside = interface.association.iter();
    named.extend(outside.map(|association| (&association.public_ip, true)));
    for address in interface.private_ip_addresses() {
        named.push((&address.private_ip_address, false));
        let outside = address.association.iter();
        named.extend(outside.map(|association| (&association.public_ip, true)));
    }
    let six = interface.ipv6_addresses().iter();
    named.extend(six.map(|six| (&six.ipv6_address, true)));
    named
}
