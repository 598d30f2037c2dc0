//! Owns the instances and hybrid nodes of one account in one region, and every
//! change to them.
//!
//! Invariant: an instance keeps its index for good, for page tokens hold it;
//! terminated instances therefore stay. It must not know of any protocol.

pub(crate) mod catalog;
pub(crate) mod hybrid;
pub(crate) mod instance;
mod launch;
pub(crate) mod network;
mod wiring;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::random::Random;
use hybrid::HybridNode;
pub use instance::State;
use instance::{Instance, Interface};
use launch::{Age, Launcher};
use network::{Home, Network};

/// An instance, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceSummary {
    /// `i-…`.
    pub id: String,
    /// The tag `Name`.
    pub name: Option<String>,
    /// Its state.
    pub state: State,
    /// The primary private address; terminated instances have none.
    pub private_ip: Option<Ipv4Addr>,
    /// Every address of its interfaces, IPv6 among them.
    pub addresses: Vec<IpAddr>,
    /// All tags.
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Fleet {
    instances: Vec<Instance>,
    by_id: HashMap<String, usize>,
    hybrid: Vec<HybridNode>,
    network: Network,
    launcher: Launcher,
}

/// How large a fleet is at first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) instances: usize,
    pub(crate) hybrid: usize,
    pub(crate) agent_share: f64,
}

impl Fleet {
    /// The fleet that follows from `seed` and `home`, as of `now`.
    pub(crate) fn new(home: Home, seed: u64, size: Size, now: Timestamp) -> Self {
        let mut random = Random::labelled(seed, &["fleet", &home.account, home.region.name]);
        let home = Arc::new(home);
        let hybrid = hybrid::nodes(size.hybrid, now, &mut random);
        let network = Network::new(Arc::clone(&home), &mut random);
        let mut fleet = Self {
            instances: Vec::with_capacity(size.instances),
            by_id: HashMap::with_capacity(size.instances),
            hybrid,
            network,
            launcher: Launcher::new(home, random, size.agent_share),
        };
        fleet.fill(size.instances, Age::Before(now));
        fleet
    }

    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    pub(crate) fn hybrid(&self) -> &[HybridNode] {
        &self.hybrid
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Where an instance is in `instances`.
    pub(crate) fn index_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn summaries(&self) -> Vec<InstanceSummary> {
        let summary = |instance: &Instance| InstanceSummary {
            id: instance.id.clone(),
            name: instance.tag("Name").map(str::to_owned),
            state: instance.state,
            private_ip: instance.primary().map(|interface| interface.address),
            addresses: (instance.interfaces.iter())
                .flat_map(Interface::all_addresses)
                .collect(),
            tags: instance.tags.iter().cloned().collect(),
        };
        self.instances.iter().map(summary).collect()
    }

    /// Adds running instances, launched `now`; returns their ids.
    pub(crate) fn add(&mut self, count: usize, now: Timestamp) -> Vec<String> {
        let before = self.instances.len();
        self.fill(before + count, Age::Now(now));
        let added = &self.instances[before..];
        added.iter().map(|instance| instance.id.clone()).collect()
    }

    /// Starts a stopped instance; false if there is none with this id.
    pub(crate) fn start(&mut self, id: &str, now: Timestamp) -> bool {
        let public = self.network.public_address();
        self.change(id, |instance| {
            if instance.state.is_up() {
                return true;
            }
            let Some(primary) = instance.interfaces.first_mut() else {
                return false;
            };
            if primary.subnet.public {
                primary.public = Some(public);
            }
            instance.launched = now;
            instance.enter(State::Running, now);
            true
        })
    }

    /// Stops an instance; false if there is none to stop with this id.
    pub(crate) fn stop(&mut self, id: &str, now: Timestamp) -> bool {
        self.change(id, |instance| {
            if instance.state == State::Terminated {
                return false;
            }
            instance.enter(State::Stopped, now);
            true
        })
    }

    /// Terminates an instance; false if there is none with this id.
    pub(crate) fn terminate(&mut self, id: &str, now: Timestamp) -> bool {
        self.change(id, |instance| {
            instance.enter(State::Terminated, now);
            true
        })
    }

    /// Sets or removes a tag; false if there is no instance with this id.
    pub(crate) fn retag(&mut self, id: &str, key: &str, value: Option<&str>) -> bool {
        self.change(id, |instance| {
            instance.retag(key, value);
            true
        })
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Instance) -> bool) -> bool {
        let index = self.index_of(id);
        index.is_some_and(|index| change(&mut self.instances[index]))
    }

    fn fill(&mut self, size: usize, age: Age) {
        let before = self.instances.len();
        self.launcher
            .fill(&mut self.instances, &mut self.network, size, age);
        let added = self.instances.iter().enumerate().skip(before);
        self.by_id
            .extend(added.map(|(index, instance)| (instance.id.clone(), index)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::region;
    use std::collections::HashSet;

    fn fleet(instances: usize) -> Fleet {
        let home = Home {
            account: "111122223333".to_owned(),
            region: region::find("eu-west-1").expect("known"),
        };
        let size = Size {
            instances,
            hybrid: 12,
            agent_share: 0.9,
        };
        Fleet::new(home, 1, size, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_fleet_follows_from_its_seed() {
        let (one, other) = (fleet(500), fleet(500));
        assert_eq!(one.summaries(), other.summaries());
        assert_eq!(one.summaries()[0].name.as_deref(), Some("web-1"));
        assert!(
            one.summaries()[..4]
                .iter()
                .all(|i| i.state == State::Running)
        );
        assert_eq!(fleet(100).summaries()[..50], one.summaries()[..50]);
    }

    #[test]
    fn ids_and_addresses_are_unique() {
        let fleet = fleet(9_000);
        assert_eq!(fleet.instances().len(), 9_000);
        assert_eq!(fleet.by_id.len(), 9_000);
        let interfaces = || fleet.instances().iter().flat_map(|i| &i.interfaces);
        let ids: HashSet<_> = interfaces().map(|interface| &interface.id).collect();
        assert_eq!(ids.len(), interfaces().count());
        let addresses: HashSet<_> = interfaces().flat_map(Interface::all_addresses).collect();
        assert_eq!(
            addresses.len(),
            interfaces().flat_map(Interface::all_addresses).count()
        );
    }

    #[test]
    fn a_fleet_of_a_thousand_has_something_of_everything() {
        let fleet = fleet(1_000);
        let some = |what: &dyn Fn(&Instance) -> bool| fleet.instances().iter().any(what);
        for state in [
            State::Pending,
            State::Running,
            State::Stopping,
            State::Stopped,
            State::Terminated,
        ] {
            assert!(some(&|i| i.state == state), "{state:?}");
        }
        assert!(some(&|i| i.spot_request.is_some()));
        assert!(some(&|i| i.system.is_windows()));
        assert!(some(&|i| i.shape.arm));
        assert!(some(&|i| i.interfaces.iter().any(|n| n.card == 3)));
        assert!(some(&|i| i
            .interfaces
            .iter()
            .any(|n| !n.secondary.is_empty())));
        assert!(some(&|i| i
            .interfaces
            .iter()
            .any(|n| !n.elastic.is_empty())));
        assert!(some(&|i| i.interfaces.iter().any(|n| !n.ipv6.is_empty())));
        assert!(some(
            &|i| i.interfaces.len() == 2 && !i.interfaces[1].ipv6.is_empty()
        ));
        assert!(some(&|i| i
            .interfaces
            .iter()
            .any(|n| !n.ipv4_prefixes.is_empty())));
        assert!(some(&|i| i.agent.is_none()));
        assert!(some(&|i| i.tag("Name").is_none()));

        assert!(!some(
            &|i| (i.state == State::Terminated) != i.interfaces.is_empty()
        ));
        let running: HashSet<_> = fleet
            .instances()
            .iter()
            .filter(|i| i.state == State::Running)
            .filter_map(|i| i.tag("Name"))
            .collect();
        assert!(some(&|i| i.state == State::Stopped
            && i.tag("Name").is_some_and(|name| running.contains(name))));
    }

    #[test]
    fn instances_change_state_and_tags() {
        let mut fleet = fleet(50);
        let id = fleet.summaries()[0].id.clone();
        let now = Timestamp::UNIX_EPOCH;
        let public = |fleet: &Fleet| fleet.instances()[0].primary().and_then(|p| p.public);
        let first = public(&fleet);
        assert!(first.is_some());

        assert!(fleet.stop(&id, now));
        assert_eq!(public(&fleet), None);
        assert!(fleet.start(&id, now));
        assert!(public(&fleet).is_some());
        assert_ne!(public(&fleet), first);

        assert!(fleet.retag(&id, "Name", Some("other")));
        assert!(fleet.retag(&id, "Team", None));
        assert_eq!(fleet.instances()[0].tag("Name"), Some("other"));
        assert_eq!(fleet.instances()[0].tag("Team"), None);

        assert!(fleet.terminate(&id, now));
        assert!(!fleet.start(&id, now));
        assert!(!fleet.stop(&id, now));
        assert_eq!(fleet.summaries()[0].private_ip, None);
        assert!(!fleet.terminate("i-00000000000000000", now));

        let added = fleet.add(7, now);
        assert_eq!(added.len(), 7);
        assert_eq!(fleet.index_of(&added[6]), Some(56));
    }

    #[test]
    fn a_changed_instance_is_rendered_again() {
        let mut fleet = fleet(1);
        let render = |i: &Instance| i.tag("Name").unwrap_or_default().to_owned();
        assert_eq!(fleet.instances()[0].rendered(render), "web-1");
        let id = fleet.summaries()[0].id.clone();
        fleet.retag(&id, "Name", Some("new"));
        assert_eq!(fleet.instances()[0].rendered(render), "new");
    }
}
