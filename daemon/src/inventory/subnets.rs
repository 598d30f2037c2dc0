//! The subnets of a region: what block of addresses each has.
//!
//! They hardly ever change, so they are good for longer than all else.

use std::io;

use aws_ssm_proto::domain::Error;

use super::freshness::Policy;
use super::load::Pages;
use super::resource::{Kind, LoadContext, Resource};
use super::stored::Stored;
use crate::aws::Operation;
use crate::persist::{Damaged, Input, Output};

/// How many times as long as instances they are good for: an hour, with the settings
/// that nobody changed.
const LONGER: u32 = 12;

/// One subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its block of IPv4 addresses; empty if it has none.
    pub cidr: String,
    /// Its blocks of IPv6 addresses.
    pub ipv6_cidrs: Vec<String>,
}

/// All subnets of a region, by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Subnets(Vec<Subnet>);

impl Subnets {
    /// Subnets in any order.
    pub(super) fn new(mut subnets: Vec<Subnet>) -> Self {
        subnets.sort_by(|a, b| a.id.cmp(&b.id));
        subnets.dedup_by(|a, b| a.id == b.id);
        subnets.shrink_to_fit();
        Self(subnets)
    }

    /// The subnet with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Subnet> {
        let found = self.0.binary_search_by(|subnet| subnet.id.as_str().cmp(id));
        found.ok().map(|place| &self.0[place])
    }
}

impl Resource for Subnets {
    const KIND: Kind = Kind::Subnets;
    const OPERATION: Operation = Operation::DescribeSubnets;

    fn policy(of_instances: Policy) -> Policy {
        of_instances.stretched(LONGER)
    }

    async fn load(mut context: LoadContext, _pages: &Pages<Self>) -> Result<Self, Error> {
        let mut subnets = Vec::new();
        let mut token = None;
        loop {
            let deadline = context.limits.call_deadline();
            let page = context.calls.subnets(token.take(), deadline).await?;
            let known = page.items.into_iter().filter_map(|subnet| {
                let blocks = subnet.ipv6_cidr_block_association_set.into_iter().flatten();
                Some(Subnet {
                    id: subnet.subnet_id?,
                    cidr: subnet.cidr_block.unwrap_or_default(),
                    ipv6_cidrs: blocks.filter_map(|block| block.ipv6_cidr_block).collect(),
                })
            });
            subnets.extend(known);
            match page.next {
                Some(next) => token = Some(next),
                None => return Ok(Self::new(subnets)),
            }
        }
    }

    fn rows(&self) -> usize {
        self.0.len()
    }

    fn weight(&self) -> usize {
        let blocks = |subnet: &Subnet| {
            let text = subnet
                .ipv6_cidrs
                .iter()
                .map(String::capacity)
                .sum::<usize>();
            text + subnet.ipv6_cidrs.capacity() * size_of::<String>()
        };
        let one = |subnet: &Subnet| {
            size_of::<Subnet>() + subnet.id.capacity() + subnet.cidr.capacity() + blocks(subnet)
        };
        self.0.iter().map(one).sum()
    }
}

impl Stored for Subnets {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.length(self.0.len())?;
        self.0.iter().try_for_each(|subnet| {
            out.text(&subnet.id)?;
            out.text(&subnet.cidr)?;
            out.length(subnet.ipv6_cidrs.len())?;
            let mut blocks = subnet.ipv6_cidrs.iter();
            blocks.try_for_each(|block| out.text(block))
        })
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        // Three lengths at least.
        let length = input.length(3 * size_of::<u32>())?;
        let mut subnets = Vec::with_capacity(length);
        for _ in 0..length {
            let (id, cidr) = (input.text()?.to_owned(), input.text()?.to_owned());
            let blocks = input.length(size_of::<u32>())?;
            let blocks = (0..blocks).map(|_| input.text().map(str::to_owned));
            subnets.push(Subnet {
                id,
                cidr,
                ipv6_cidrs: blocks.collect::<Result<_, _>>()?,
            });
        }
        // Whatever their order was.
        Ok(Self::new(subnets))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::persist::testing::{bytes_of, mutations};

    fn subnets() -> Subnets {
        let subnet = |id: &str, blocks: &[&str]| Subnet {
            id: id.to_owned(),
            cidr: "10.0.0.0/20".to_owned(),
            ipv6_cidrs: blocks.iter().map(|block| (*block).to_owned()).collect(),
        };
        Subnets::new(vec![
            subnet("subnet-2", &[]),
            subnet("subnet-1", &["2600:1f00::/64"]),
            subnet("subnet-2", &[]),
        ])
    }

    #[test]
    fn a_subnet_is_found_by_its_id() {
        let subnets = subnets();
        assert_eq!(subnets.rows(), 2);
        let found = subnets.get("subnet-1").expect("it is there");
        assert_eq!(found.ipv6_cidrs, ["2600:1f00::/64"]);
        assert_eq!(subnets.get("subnet-3"), None);
    }

    #[test]
    fn subnets_are_read_back_as_they_were() {
        let bytes = bytes_of(|out| subnets().write(out));
        assert_eq!(Subnets::read(&mut Input::new(&bytes)), Ok(subnets()));
        for bytes in mutations(&bytes) {
            // It must come back, with whatever.
            let _ = Subnets::read(&mut Input::new(&bytes));
        }
    }

    #[test]
    fn subnets_are_good_for_longer_than_instances() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let policy = Subnets::policy(Policy {
            refresh_ahead: minutes(4),
            ttl: minutes(5),
            stale_threshold: minutes(6),
            background_refresh: true,
        });
        assert_eq!(
            (policy.refresh_ahead, policy.ttl, policy.stale_threshold),
            (minutes(48), minutes(60), minutes(72))
        );
    }
}
