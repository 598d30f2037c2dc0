//! The network interfaces of instances, and how they are asked for.

use super::{Error, Freshness, InstanceState, RegionSummary, TagFilter};

/// One network interface of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NetworkInterface {
    pub id: String,
    pub network_card: Option<u32>,
    pub device: Option<u32>,
    pub subnet: Option<String>,
    /// The subnet's block of IPv4 addresses.
    pub cidr: Option<String>,
    /// The subnet's blocks of IPv6 addresses.
    pub ipv6_cidrs: Vec<String>,
    pub vpc: Option<String>,
    pub az: Option<String>,
    /// Ids and names.
    pub security_groups: Vec<(String, String)>,
    /// The primary one first.
    pub private_addresses: Vec<PrivateAddress>,
    pub ipv6_addresses: Vec<String>,
    /// Delegated ones, those of IPv4 first.
    pub prefixes: Vec<String>,
    pub mac: Option<String>,
    /// As EC2 spells it: `in-use`.
    pub status: Option<String>,
    /// As EC2 spells it: `interface`, `efa`.
    pub kind: Option<String>,
    /// As EC2 spells it: `attached`.
    pub attachment: Option<String>,
    pub description: Option<String>,
    /// Seconds since 1970.
    pub attached_at: Option<i64>,
    pub delete_on_termination: Option<bool>,
    pub source_dest_check: Option<bool>,
}

/// A private IPv4 address, and the public one that leads to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PrivateAddress {
    pub address: String,
    pub public: Option<String>,
}

/// An instance and its interfaces, by network card, then device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct InstanceInterfaces {
    pub id: String,
    /// The `Name` tag.
    pub name: Option<String>,
    pub state: Option<InstanceState>,
    pub account: Option<String>,
    pub region: String,
    pub interfaces: Vec<NetworkInterface>,
}

/// A question for interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterfacesQuery {
    /// Each names one instance. Empty: all that match the rest.
    pub targets: Vec<String>,
    /// Every one must match.
    pub tags: Vec<TagFilter>,
    /// Only instances with one of these names: their tag `Name`, or their private DNS
    /// name, whole or up to its first dot. Empty: whatever they are called.
    pub node_names: Vec<String>,
    /// Also of instances that are neither pending nor running.
    pub all_states: bool,
    /// How old the answer may be.
    pub freshness: Freshness,
}

/// What an answer says when its instances are through.
#[derive(Clone, Debug, Default)]
pub struct InterfacesSummary {
    /// One for each region, in the order asked.
    pub regions: Vec<RegionSummary>,
    /// What is missing of interfaces that came.
    pub missing: Vec<RegionFailure>,
}

/// Something that could not be had in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RegionFailure {
    pub region: String,
    pub error: Error,
}
