//! From what AWS says to what is kept, dropping what nobody asks for.

mod draft;
mod instances;
mod interfaces;
mod time;
mod walk;
mod xml;

use aws_sdk_ssm::types::{InstanceInformation, PingStatus};
use aws_ssm_proto::domain::AgentStatus;

use super::agents::Agent;
pub(super) use instances::{InstancesPage, InstancesProjection};
pub(super) use interfaces::{InterfacesPage, InterfacesProjection};

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

#[cfg(test)]
mod tests;
