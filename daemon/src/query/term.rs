//! What one term asks of an instance, read and checked.

use std::net::IpAddr;

use aws_ssm_proto::domain::{AgentStatus, InstanceState};

use super::pattern::Pattern;
use crate::inventory::{AddressText, SharedField};

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// It began with `!`: what passes the test is left out.
    pub(super) excludes: bool,
    pub(super) test: Test,
}

/// A test that an instance passes or not. Of several values any one will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// A word without a key: name, id, addresses, DNS names, values of tags.
    Word(Vec<Pattern>),
    Text(SharedField, Vec<Pattern>),
    Id(Vec<Pattern>),
    Dns(Vec<Pattern>),
    Group(Vec<Pattern>),
    Region(Vec<Pattern>),
    Address(Which, Vec<Network>),
    State(Vec<InstanceState>),
    Agent(Vec<AgentStatus>),
    Tag(Pattern, Vec<Pattern>),
    /// A tag whose key is one of these.
    Has(Vec<Pattern>),
    /// One of these is no tag's key.
    Missing(Vec<Pattern>),
    Launched(Vec<Moments>),
    /// The same of those that are pending or running.
    Up(Vec<Moments>),
}

/// Of an instance's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Any,
    Private,
    Public,
}

/// One value of a term about addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// Addresses whose first bits are those of this one; all of them: itself.
    Block(IpAddr, u8),
    Glob(Pattern),
}

impl Network {
    /// Whether this text is an address of it.
    pub(super) fn has(&self, text: &str) -> bool {
        match self {
            Self::Glob(pattern) => pattern.matches(text),
            Self::Block(..) => text.parse().is_ok_and(|ip| self.has_ip(ip)),
        }
    }

    pub(super) fn has_ip(&self, ip: IpAddr) -> bool {
        match (self, ip) {
            (Self::Glob(pattern), ip) => pattern.matches(AddressText::new(ip).as_str()),
            (Self::Block(IpAddr::V4(block), bits), IpAddr::V4(address)) => {
                let host = 32 - u32::from(*bits);
                let differ = block.to_bits() ^ address.to_bits();
                differ.checked_shr(host).unwrap_or(0) == 0
            }
            (Self::Block(IpAddr::V6(block), bits), IpAddr::V6(address)) => {
                let host = 128 - u32::from(*bits);
                let differ = block.to_bits() ^ address.to_bits();
                differ.checked_shr(host).unwrap_or(0) == 0
            }
            (Self::Block(..), _) => false,
        }
    }
}

/// From a second since 1970 on, and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moments {
    pub(super) from: i64,
    pub(super) before: i64,
}

impl Moments {
    pub(super) fn have(self, second: i64) -> bool {
        self.from <= second && second < self.before
    }
}
