//! One instance of the fleet, as read from an answer.

use crate::wire::row;

/// Where an instance is in its life, in EC2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum InstanceState {
    Pending = 1,
    Running = 2,
    ShuttingDown = 3,
    Terminated = 4,
    Stopping = 5,
    Stopped = 6,
}

impl InstanceState {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::ShuttingDown,
        Self::Terminated,
        Self::Stopping,
        Self::Stopped,
    ];

    /// EC2's own spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// Reads EC2's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state of this number; numbers never change their meaning.
    #[must_use]
    pub fn from_number(value: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u64 == value)
    }

    /// Whether a list shows it unless all states are asked for.
    #[must_use]
    pub fn is_listed_by_default(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

/// What Systems Manager says of the agent on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgentStatus {
    /// Heard of within the last minutes.
    Online = 1,
    /// Was heard of, but not lately.
    ConnectionLost = 2,
    /// Has been silent so long that Systems Manager gave it up.
    Inactive = 3,
    /// Systems Manager does not know the instance.
    None = 4,
}

impl AgentStatus {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Online,
        Self::ConnectionLost,
        Self::Inactive,
        Self::None,
    ];

    /// The word that output and the search language use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::ConnectionLost => "lost",
            Self::Inactive => "inactive",
            Self::None => "none",
        }
    }

    /// The status of this number; numbers never change their meaning.
    #[must_use]
    pub fn from_number(value: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as u64 == value)
    }
}

/// An instance whose fields lie in the answer they came with.
///
/// A field is `None` when it is unknown and when it was not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct InstanceRef<'a> {
    pub id: Option<&'a str>,
    /// The `Name` tag.
    pub name: Option<&'a str>,
    pub state: Option<InstanceState>,
    pub instance_type: Option<&'a str>,
    pub private_ip: Option<&'a str>,
    pub az: Option<&'a str>,
    pub ssm: Option<AgentStatus>,
    pub public_ip: Option<&'a str>,
    pub private_dns: Option<&'a str>,
    pub public_dns: Option<&'a str>,
    pub vpc: Option<&'a str>,
    pub subnet: Option<&'a str>,
    pub image: Option<&'a str>,
    pub platform: Option<&'a str>,
    pub arch: Option<&'a str>,
    /// `spot`, `scheduled`, or `on-demand`.
    pub lifecycle: Option<&'a str>,
    /// Seconds since 1970.
    pub launched: Option<i64>,
    /// The key pair's name.
    pub key: Option<&'a str>,
    /// The name of the instance profile.
    pub profile: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// When the agent was last heard of, in seconds since 1970.
    pub agent: Option<i64>,
    pub agent_version: Option<&'a str>,
    /// The whole encoded row; tags and groups are read from it on demand.
    pub(crate) encoded: &'a [u8],
}

impl<'a> InstanceRef<'a> {
    /// Keys and values, in the order AWS gave them.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        row::pairs(self.encoded, row::field::TAGS)
    }

    /// The value of one tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&'a str> {
        self.tags().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Ids and names.
    pub fn security_groups(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        row::pairs(self.encoded, row::field::SECURITY_GROUPS)
    }
}
