//! From the SDK's types to ours, dropping what nobody asks for.

use aws_sdk_ec2::types::Instance;
use aws_sdk_ssm::types::{InstanceInformation, PingStatus};
use aws_ssm_proto::domain::{AgentStatus, InstanceState};

use super::agents::Agent;
use super::snapshot::Facts;

/// What is kept of an instance; `None` if it has no id.
pub(super) fn facts<'a>(instance: &'a Instance, owner: &'a str) -> Option<Facts<'a>> {
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
            .map_or("on-demand", |l| l.as_str()),
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
    })
}

/// What is kept of an agent; `None` if it has no node.
pub(super) fn agent(information: &InstanceInformation) -> Option<Agent<'_>> {
    let status = match information.ping_status.as_ref() {
        Some(PingStatus::Online) => AgentStatus::Online,
        Some(PingStatus::ConnectionLost) => AgentStatus::ConnectionLost,
        _ => AgentStatus::Inactive,
    };
    Some(Agent {
        id: information.instance_id.as_deref()?,
        status,
        last_ping: information.last_ping_date_time.map(|time| time.secs()),
        version: information.agent_version.as_deref().unwrap_or_default(),
    })
}
