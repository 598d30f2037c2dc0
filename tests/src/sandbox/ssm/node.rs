//! Owns what SSM says of a managed node, be it an instance or a hybrid one.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sandbox::fleet::Fleet;
use crate::sandbox::fleet::catalog::System;
use crate::sandbox::fleet::hybrid::HybridNode;
use crate::sandbox::fleet::instance::{Agent, Instance, State};
use crate::sandbox::fleet::network::private_dns;

const HYBRID_AGENT: &str = "3.3.1611.0";
const LATEST_AGENT: &str = "3.3.1611.0";
const HYBRID_ROLE: &str = "hybrid-nodes";

/// A managed node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node<'f> {
    Instance(&'f Instance, &'f Agent),
    Hybrid(&'f HybridNode),
}

/// All nodes with their positions. Hybrid nodes come first because their number
/// never changes, so that a new instance moves nobody.
pub(super) fn all(fleet: &Fleet) -> impl Iterator<Item = (u64, Node<'_>)> {
    let hybrid = (0..).zip(fleet.hybrid().iter().map(Node::Hybrid));
    let instances = (fleet.hybrid().len() as u64..).zip(fleet.instances());
    hybrid.chain(instances.filter_map(|(position, instance)| {
        let agent = instance.agent.as_ref()?;
        Some((position, Node::Instance(instance, agent)))
    }))
}

impl<'f> Node<'f> {
    pub(super) fn id(&self) -> &'f str {
        match self {
            Self::Instance(instance, _) => &instance.id,
            Self::Hybrid(node) => &node.id,
        }
    }

    pub(super) fn ping(&self) -> &'static str {
        match self {
            Self::Instance(instance, agent) => {
                if instance.state == State::Running && !agent.lost {
                    "Online"
                } else {
                    "ConnectionLost"
                }
            }
            Self::Hybrid(node) => node.ping,
        }
    }

    pub(super) fn platform_type(&self) -> &'static str {
        if self.system().is_windows() {
            "Windows"
        } else {
            "Linux"
        }
    }

    pub(super) fn resource_type(&self) -> &'static str {
        match self {
            Self::Instance(..) => "EC2Instance",
            Self::Hybrid(_) => "ManagedInstance",
        }
    }

    pub(super) fn source_type(&self) -> &'static str {
        match self {
            Self::Instance(..) => "AWS::EC2::Instance",
            Self::Hybrid(_) => "AWS::SSM::ManagedInstance",
        }
    }

    pub(super) fn agent_version(&self) -> &'static str {
        match self {
            Self::Instance(_, agent) => agent.version,
            Self::Hybrid(_) => HYBRID_AGENT,
        }
    }

    pub(super) fn association_status(&self) -> &'static str {
        if self.ping() == "Online" {
            "Success"
        } else {
            "Pending"
        }
    }

    pub(super) fn activation(&self) -> Option<&'f str> {
        match self {
            Self::Instance(..) => None,
            Self::Hybrid(node) => Some(&node.activation),
        }
    }

    pub(super) fn iam_role(&self) -> Option<&'static str> {
        match self {
            Self::Instance(..) => None,
            Self::Hybrid(_) => Some(HYBRID_ROLE),
        }
    }

    pub(super) fn tags(&self) -> &'f [(String, String)] {
        match self {
            Self::Instance(instance, _) => &instance.tags,
            Self::Hybrid(node) => &node.tags,
        }
    }

    /// The node's entry in the answer.
    pub(super) fn describe(&self, now: Timestamp) -> Value {
        let (platform, version) = self.system().release();
        let mut entry = json!({
            "InstanceId": self.id(),
            "PingStatus": self.ping(),
            "LastPingDateTime": seconds(self.last_ping(now)),
            "AgentVersion": self.agent_version(),
            "IsLatestVersion": self.agent_version() == LATEST_AGENT,
            "PlatformType": self.platform_type(),
            "PlatformName": platform,
            "PlatformVersion": version,
            "ResourceType": self.resource_type(),
            "AssociationStatus": self.association_status(),
            "LastAssociationExecutionDate": seconds(self.last_ping(now) - HOUR),
            "SourceId": self.id(),
            "SourceType": self.source_type(),
        });
        match self {
            Self::Instance(instance, _) => {
                // Only instances with an address have an agent.
                if let Some(primary) = instance.primary() {
                    entry["IPAddress"] = primary.address.to_string().into();
                    let host = private_dns(primary.address, instance.home.region);
                    entry["ComputerName"] = host.into();
                }
            }
            Self::Hybrid(node) => {
                entry["Name"] = node.name.as_str().into();
                entry["ComputerName"] = format!("{}.example.internal", node.name).into();
                entry["IPAddress"] = node.address.to_string().into();
                entry["ActivationId"] = node.activation.as_str().into();
                entry["IamRole"] = HYBRID_ROLE.into();
                entry["RegistrationDate"] = seconds(node.registered).into();
            }
        }
        entry
    }

    fn last_ping(&self, now: Timestamp) -> Timestamp {
        match (self.ping(), self) {
            // Agents call every five minutes.
            ("Online", _) => now - SignedDuration::from_secs(now.as_second() % 300),
            (_, Self::Instance(instance, _)) => instance.state_since,
            (_, Self::Hybrid(node)) => node.registered + HOUR,
        }
    }

    fn system(&self) -> System {
        match self {
            Self::Instance(instance, _) => instance.system,
            Self::Hybrid(node) => node.system,
        }
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Times in JSON 1.1 are seconds with a fraction.
fn seconds(time: Timestamp) -> f64 {
    time.as_second() as f64
}
