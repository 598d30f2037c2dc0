//! Owns what is known of one instance and its interfaces.
//!
//! Invariant: the rendered XML is that of the present fields; a change to an
//! instance that may have been rendered ends with [`Instance::change`] or
//! [`Instance::enter`], which drop it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::Serialize;

use super::catalog::{Shape, System};
use super::network::{Group, Home, Subnet, Zone};

/// The state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Starting.
    Pending,
    /// Running.
    Running,
    /// On its way to terminated.
    ShuttingDown,
    /// Gone; EC2 shows it for a while, the sandbox for good.
    Terminated,
    /// On its way to stopped.
    Stopping,
    /// Stopped.
    Stopped,
}

impl State {
    /// As EC2 writes it: `shutting-down`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// Whether it holds its public addresses.
    pub(crate) fn is_up(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) home: Arc<Home>,
    pub(crate) zone: Arc<Zone>,
    pub(crate) reservation: Arc<str>,
    pub(crate) launch_index: u64,
    pub(crate) state: State,
    /// When it last was started, stopped or terminated.
    pub(crate) state_since: Timestamp,
    pub(crate) launched: Timestamp,
    pub(crate) shape: &'static Shape,
    pub(crate) system: System,
    pub(crate) image: Arc<str>,
    pub(crate) key_name: Option<&'static str>,
    pub(crate) profile: Option<Arc<Profile>>,
    /// The request of a spot instance.
    pub(crate) spot_request: Option<String>,
    pub(crate) monitored: bool,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) agent: Option<Agent>,
    rendered: OnceLock<Box<str>>,
}

/// An IAM instance profile.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) arn: String,
}

#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) device: &'static str,
}

#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) attachment: String,
    pub(crate) description: &'static str,
    pub(crate) mac: String,
    pub(crate) card: u32,
    pub(crate) device: u32,
    pub(crate) subnet: Arc<Subnet>,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) address: Ipv4Addr,
    /// Associated with `address`.
    pub(crate) public: Option<Ipv4Addr>,
    pub(crate) secondary: Vec<Ipv4Addr>,
    /// Secondary addresses, and the Elastic IP addresses associated with them, which
    /// they keep when the instance is stopped.
    pub(crate) elastic: Vec<(Ipv4Addr, Ipv4Addr)>,
    pub(crate) ipv6: Vec<Ipv6Addr>,
    pub(crate) ipv4_prefixes: Vec<String>,
    pub(crate) ipv6_prefixes: Vec<String>,
}

/// What Systems Manager knows of the instance.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) version: &'static str,
    /// Its connection is lost although the instance runs.
    pub(crate) lost: bool,
}

/// The fields that have to be given when an instance is made.
pub(crate) struct Origin {
    pub(crate) id: String,
    pub(crate) home: Arc<Home>,
    pub(crate) zone: Arc<Zone>,
    pub(crate) reservation: Arc<str>,
    pub(crate) launch_index: u64,
    pub(crate) launched: Timestamp,
    pub(crate) shape: &'static Shape,
    pub(crate) system: System,
    pub(crate) image: Arc<str>,
}

impl Instance {
    /// A running instance without anything that is optional.
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            id: origin.id,
            home: origin.home,
            zone: origin.zone,
            reservation: origin.reservation,
            launch_index: origin.launch_index,
            state: State::Running,
            state_since: origin.launched,
            launched: origin.launched,
            shape: origin.shape,
            system: origin.system,
            image: origin.image,
            key_name: None,
            profile: None,
            spot_request: None,
            monitored: false,
            tags: Vec::new(),
            interfaces: Vec::new(),
            volumes: Vec::new(),
            agent: None,
            rendered: OnceLock::new(),
        }
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        self.rendered = OnceLock::new();
    }

    /// The instance as `render` writes it, kept from the first time on.
    pub(crate) fn rendered(&self, render: impl FnOnce(&Self) -> String) -> &str {
        self.rendered.get_or_init(|| render(self).into_boxed_str())
    }

    /// The interface that was there from the start; terminated instances have
    /// none.
    pub(crate) fn primary(&self) -> Option<&Interface> {
        self.interfaces.first()
    }

    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let found = self.tags.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a tag, or removes it if there is no value.
    pub(crate) fn retag(&mut self, key: &str, value: Option<&str>) {
        self.change(|instance| {
            instance.tags.retain(|(name, _)| name != key);
            if let Some(value) = value {
                instance.tags.push((key.to_owned(), value.to_owned()));
            }
        });
    }

    /// Enters `state` and gives back what that state does not keep.
    pub(crate) fn enter(&mut self, state: State, now: Timestamp) {
        self.change(|instance| {
            instance.state = state;
            instance.state_since = now;
            if !state.is_up() {
                for interface in &mut instance.interfaces {
                    interface.public = None;
                }
            }
            if state == State::Terminated {
                instance.interfaces.clear();
                instance.volumes.clear();
                instance.agent = None;
            }
        });
    }
}

impl Interface {
    /// All private IPv4 addresses, the primary one first.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        std::iter::once(self.address).chain(self.secondary.iter().copied())
    }

    /// The public address that is associated with a private one.
    pub(crate) fn public_of(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        if address == self.address {
            return self.public;
        }
        let mut elastic = self.elastic.iter();
        elastic
            .find(|(private, _)| *private == address)
            .map(|(_, public)| *public)
    }

    /// Those of both families, private and public.
    pub(crate) fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let four = self.addresses().chain(self.public_addresses());
        let six = self.ipv6.iter().copied().map(IpAddr::V6);
        four.map(IpAddr::V4).chain(six)
    }

    /// All public IPv4 addresses.
    pub(crate) fn public_addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses()
            .filter_map(|address| self.public_of(address))
    }
}
