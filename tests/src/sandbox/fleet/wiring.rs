//! Owns which interfaces an instance gets, and which addresses on them.

use std::sync::Arc;

use super::catalog::SERVICES;
use super::instance::Interface;
use super::network::{Network, Place};
use crate::sandbox::random::Random;

/// How an instance is connected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wiring {
    /// The index of its service.
    pub(crate) service: usize,
    /// How many network cards it has.
    pub(crate) cards: u32,
    pub(crate) place: Place,
}

impl Wiring {
    /// One interface on each network card; databases have a second one on their
    /// only card, for replication, with an IPv6 address. The first is the primary one.
    pub(crate) fn interfaces(self, network: &mut Network, random: &mut Random) -> Vec<Interface> {
        let service = &SERVICES[self.service];
        let mut interfaces = vec![self.primary(network, random)];
        for card in 1..self.cards {
            interfaces.push(self.plain((card, 1), network, random));
        }
        if service.name == "db" {
            let mut replication = self.plain((0, 1), network, random);
            let host = u64::from(u32::from(replication.address));
            replication.ipv6 = vec![replication.subnet.ipv6_address(host)];
            interfaces.push(replication);
        }
        interfaces
    }

    fn primary(self, network: &mut Network, random: &mut Random) -> Interface {
        let service = &SERVICES[self.service];
        let mut interface = self.plain((0, 0), network, random);
        interface.description = "Primary network interface";
        let subnet = &interface.subnet;
        let base = subnet.vpc.base_group();
        interface.groups.push(Arc::clone(base));
        if service.public {
            interface.public = Some(network.public_address());
        }
        match service.name {
            "web" => interface.ipv6.push(subnet.ipv6_address(random.word())),
            "api" if random.chance(0.3) => {
                let count = 1 + random.below(2);
                interface.secondary = (0..count)
                    .map(|_| network.private_address(self.place))
                    .collect();
                let first = interface.secondary[0];
                interface.elastic = vec![(first, network.elastic_address())];
            }
            "cache" => {
                // The upper 16 of the lower 64 bits make a /80.
                let block = u64::from(u32::from(interface.address)) << 48;
                interface.ipv6_prefixes = vec![format!("{}/80", subnet.ipv6_address(block))];
                interface.ipv4_prefixes = vec![network.prefix(self.place)];
            }
            _ => {}
        }
        interface
    }

    /// An interface with one private address, in the group of its service.
    fn plain(
        self,
        (card, device): (u32, u32),
        network: &mut Network,
        random: &mut Random,
    ) -> Interface {
        let subnet = Arc::clone(network.subnet(self.place));
        let [a, b, c, d, e, ..] = random.word().to_be_bytes();
        Interface {
            id: format!("eni-0{}", random.hex(16)),
            attachment: format!("eni-attach-0{}", random.hex(16)),
            description: "",
            // The second bit says that the address is locally administered.
            mac: format!("0a:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}"),
            card,
            device,
            groups: vec![Arc::clone(subnet.vpc.service_group(self.service))],
            subnet,
            address: network.private_address(self.place),
            public: None,
            secondary: Vec::new(),
            elastic: Vec::new(),
            ipv6: Vec::new(),
            ipv4_prefixes: Vec::new(),
            ipv6_prefixes: Vec::new(),
        }
    }
}
