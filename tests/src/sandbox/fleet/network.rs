//! Owns the network of one account and region: VPCs, subnets, security groups
//! and the addresses given out.
//!
//! Invariant: no private address is given out twice in a subnet, and no public
//! one twice in a region. It grows by *cells* of three VPCs (prod, staging,
//! dev), each cell large enough for [`CELL_INSTANCES`].

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::catalog::{ENVIRONMENTS, Environment, SERVICES};
use crate::sandbox::random::Random;
use crate::sandbox::region::Region;

/// How many instances share the VPCs of one cell.
const CELL_INSTANCES: usize = 4_000;
const ZONES: usize = 3;
/// A public and a private subnet in each zone.
const SUBNETS_A_VPC: usize = ZONES * 2;
const SUBNET_BITS: u32 = 12;
/// AWS keeps the first four addresses of a subnet and the last.
const RESERVED_LOW: u32 = 4;
const RESERVED: u32 = 5;
/// The lower three quarters of a subnet are for single addresses, the rest for
/// prefixes of 16.
const PREFIX_RANGE: u32 = 3 << (SUBNET_BITS - 2);
const PREFIX_SIZE: u32 = 16;

/// Whose network it is, and where.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) account: String,
    pub(crate) region: &'static Region,
}

#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) id: String,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) environment: &'static Environment,
    /// One for the environment, then one for each service.
    groups: Vec<Arc<Group>>,
}

#[derive(Debug)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    pub(crate) home: Arc<Home>,
    pub(crate) vpc: Arc<Vpc>,
    pub(crate) zone: Arc<Zone>,
    /// Instances in it get public addresses.
    pub(crate) public: bool,
    pub(crate) base: Ipv4Addr,
    /// The upper 64 bits of its IPv6 addresses.
    pub(crate) ipv6_prefix: u64,
    pub(crate) tags: Vec<(String, String)>,
}

/// A subnet and how many of its addresses are taken.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) subnet: Arc<Subnet>,
    taken: u32,
    prefixes: u32,
}

/// How many public addresses a region has.
const PUBLIC_ROOM: u32 = 1 << 22;

#[derive(Debug)]
pub(crate) struct Network {
    home: Arc<Home>,
    zones: Vec<Arc<Zone>>,
    slots: Vec<Slot>,
    public_base: u32,
    public_taken: u32,
    elastic_taken: u32,
}

/// Where an instance is to be placed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    slot: usize,
}

impl Network {
    pub(crate) fn new(home: Arc<Home>, random: &mut Random) -> Self {
        let stem = home.region.zone_id_stem();
        let zones = ["a", "b", "c"].iter().zip(1..).map(|(letter, number)| {
            Arc::new(Zone {
                name: format!("{}{letter}", home.region.name),
                id: format!("{stem}-az{number}"),
            })
        });
        Self {
            zones: zones.collect(),
            slots: Vec::new(),
            // A quarter of a /8 that EC2 has used, somewhere else for each fleet.
            public_base: u32::from(Ipv4Addr::new(*random.pick(&[3, 18, 34, 52, 54]), 0, 0, 0))
                | (random.below(4) as u32) << 22,
            public_taken: 1,
            elastic_taken: 0,
            home,
        }
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The place of the instance with this number: in a VPC of its environment,
    /// in any zone.
    pub(crate) fn place(
        &mut self,
        instance: usize,
        environment: usize,
        public: bool,
        random: &mut Random,
    ) -> Place {
        let cell = instance / CELL_INSTANCES;
        while self.slots.len() <= cell * ENVIRONMENTS.len() * SUBNETS_A_VPC {
            self.add_cell(random);
        }
        let vpc = cell * ENVIRONMENTS.len() + environment;
        let zone = random.below(ZONES as u64) as usize;
        Place {
            slot: vpc * SUBNETS_A_VPC + zone * 2 + usize::from(!public),
        }
    }

    pub(crate) fn subnet(&self, place: Place) -> &Arc<Subnet> {
        &self.slots[place.slot].subnet
    }

    /// The next private address. Neighbours in time are not neighbours in number.
    pub(crate) fn private_address(&mut self, place: Place) -> Ipv4Addr {
        let slot = &mut self.slots[place.slot];
        let room = PREFIX_RANGE - RESERVED;
        assert!(slot.taken < room, "a cell has room for its instances");
        // Every number below the room comes once, for the room is prime.
        let host = slot.taken * 1237 % room + RESERVED_LOW;
        slot.taken += 1;
        Ipv4Addr::from(u32::from(slot.subnet.base) | host)
    }

    /// The next delegated prefix, a /28.
    pub(crate) fn prefix(&mut self, place: Place) -> String {
        let slot = &mut self.slots[place.slot];
        let host = PREFIX_RANGE + slot.prefixes * PREFIX_SIZE;
        assert!(host < 1 << SUBNET_BITS, "a cell has room for its prefixes");
        slot.prefixes += 1;
        let address = Ipv4Addr::from(u32::from(slot.subnet.base) | host);
        format!("{address}/28")
    }

    pub(crate) fn public_address(&mut self) -> Ipv4Addr {
        self.public_taken += 1;
        self.public(self.public_taken - 1)
    }

    /// A public address that stays with whoever got it; taken from the other end.
    pub(crate) fn elastic_address(&mut self) -> Ipv4Addr {
        self.elastic_taken += 1;
        self.public(PUBLIC_ROOM - self.elastic_taken)
    }

    fn public(&self, number: u32) -> Ipv4Addr {
        // Odd, so every number below the room comes once.
        let host = number.wrapping_mul(2_654_435_769) % PUBLIC_ROOM;
        Ipv4Addr::from(self.public_base | host)
    }

    fn add_cell(&mut self, random: &mut Random) {
        for environment in ENVIRONMENTS {
            let number = self.slots.len() / SUBNETS_A_VPC;
            let group = |name: String, random: &mut Random| {
                let id = format!("sg-0{}", random.hex(16));
                Arc::new(Group { id, name })
            };
            let mut groups = vec![group(format!("{}-base", environment.name), random)];
            for service in SERVICES {
                groups.push(group(
                    format!("{}-{}", environment.name, service.name),
                    random,
                ));
            }
            let vpc = Arc::new(Vpc {
                id: format!("vpc-0{}", random.hex(16)),
                environment,
                groups,
            });
            // 2600:1f00::/24 is Amazon's; a /56 for each VPC, a /64 for each subnet.
            let ipv6 = 0x2600_1f00_0000_0000 | random.below(1 << 32) << 8;
            for subnet in 0..SUBNETS_A_VPC {
                self.add_subnet(&vpc, number, subnet, ipv6, random);
            }
        }
    }

    fn add_subnet(
        &mut self,
        vpc: &Arc<Vpc>,
        vpc_number: usize,
        number: usize,
        ipv6: u64,
        random: &mut Random,
    ) {
        let zone = Arc::clone(&self.zones[number / 2]);
        let public = number.is_multiple_of(2);
        let kind = if public { "public" } else { "private" };
        let environment = vpc.environment.name;
        let tags = [
            ("Name", format!("{environment}-{kind}-{}", zone.name)),
            ("Environment", environment.to_owned()),
            ("Tier", kind.to_owned()),
        ];
        let subnet = Subnet {
            id: format!("subnet-0{}", random.hex(16)),
            home: Arc::clone(&self.home),
            vpc: Arc::clone(vpc),
            zone,
            public,
            base: Ipv4Addr::new(10, (vpc_number % 256) as u8, (number as u8) << 4, 0),
            ipv6_prefix: ipv6 | number as u64,
            tags: tags.map(|(key, value)| (key.to_owned(), value)).into(),
        };
        self.slots.push(Slot {
            subnet: Arc::new(subnet),
            taken: 0,
            prefixes: 0,
        });
    }
}

impl Slot {
    pub(crate) fn available(&self) -> u32 {
        (1 << SUBNET_BITS) - RESERVED - self.taken - self.prefixes * PREFIX_SIZE
    }
}

impl Vpc {
    pub(crate) fn base_group(&self) -> &Arc<Group> {
        &self.groups[0]
    }

    pub(crate) fn service_group(&self, service: usize) -> &Arc<Group> {
        &self.groups[service + 1]
    }
}

impl Subnet {
    pub(crate) fn cidr(&self) -> String {
        format!("{}/{}", self.base, 32 - SUBNET_BITS)
    }

    pub(crate) fn ipv6_cidr(&self) -> String {
        format!("{}/64", self.ipv6_address(0))
    }

    pub(crate) fn ipv6_address(&self, host: u64) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(self.ipv6_prefix) << 64 | u128::from(host))
    }

    pub(crate) fn arn(&self) -> String {
        let Home { account, region } = &*self.home;
        format!("arn:aws:ec2:{}:{account}:subnet/{}", region.name, self.id)
    }
}

/// A private DNS name: `ip-10-0-0-5.ec2.internal`.
pub(crate) fn private_dns(address: Ipv4Addr, region: &Region) -> String {
    format!("ip-{}.{}", Dashed(address), region.private_domain())
}

/// A public DNS name: `ec2-54-0-0-5.compute-1.amazonaws.com`.
pub(crate) fn public_dns(address: Ipv4Addr, region: &Region) -> String {
    format!("ec2-{}.{}", Dashed(address), region.public_domain())
}

struct Dashed(Ipv4Addr);

impl fmt::Display for Dashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets();
        write!(f, "{a}-{b}-{c}-{d}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::region;
    use std::collections::HashSet;

    fn network() -> (Network, Random) {
        let mut random = Random::labelled(1, &["network"]);
        let home = Arc::new(Home {
            account: "111122223333".to_owned(),
            region: region::find("us-east-1").expect("known"),
        });
        (Network::new(home, &mut random), random)
    }

    #[test]
    fn addresses_are_given_out_once_and_belong_to_their_subnet() {
        let (mut network, mut random) = network();
        let place = network.place(0, 0, true, &mut random);
        let base = u32::from(network.subnet(place).base);
        let mut seen = HashSet::new();
        for _ in 0..3067 {
            let address = network.private_address(place);
            let host = u32::from(address) - base;
            assert!((4..3072).contains(&host), "{address}");
            assert!(seen.insert(address), "{address} twice");
        }
        let available = network.slots()[place.slot].available();
        assert_ne!(network.prefix(place), network.prefix(place));
        assert_eq!(network.slots()[place.slot].available(), available - 32);
        let public: HashSet<_> = (0..100_000).map(|_| network.public_address()).collect();
        assert_eq!(public.len(), 100_000);
    }

    #[test]
    fn later_instances_get_another_cell() {
        let (mut network, mut random) = network();
        let near = network.place(0, 0, true, &mut random);
        let far = network.place(9_000, 0, true, &mut random);
        assert_ne!(network.subnet(near).vpc.id, network.subnet(far).vpc.id);
        assert_eq!(network.slots().len(), 3 * 3 * SUBNETS_A_VPC);
    }

    #[test]
    fn dns_names_are_those_of_ec2() {
        let address = Ipv4Addr::new(10, 0, 1, 5);
        let names = |name| {
            let region = region::find(name).expect("known");
            (private_dns(address, region), public_dns(address, region))
        };
        assert_eq!(
            names("us-east-1"),
            (
                "ip-10-0-1-5.ec2.internal".to_owned(),
                "ec2-10-0-1-5.compute-1.amazonaws.com".to_owned()
            )
        );
        assert_eq!(
            names("eu-west-1").0,
            "ip-10-0-1-5.eu-west-1.compute.internal"
        );
    }
}
