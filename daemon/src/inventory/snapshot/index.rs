//! Where instances are found by what names them: orders that are made once, when a
//! region has been loaded, so that finding one costs the same however many there are.
//!
//! An order is a list of numbers. What most instances have alike costs nothing: a DNS
//! name that EC2 made of an address is found by that address, a name in small letters by
//! the order of names, and a tag that many share is kept for two of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use aws_ssm_proto::domain::InstanceState;

use super::{Row, Snapshot};
use crate::inventory::fold::{folded, is_folded};

/// See the module. It belongs to one snapshot, and means nothing for another.
#[derive(Debug)]
pub struct Index {
    /// Addresses, as [`Snapshot::address`] numbers them, in rising order.
    addresses: Vec<u32>,
    /// Tags but names, by their place among the pairs, in the order of keys and values.
    /// Of each no more than [`SAME_TAG`], first of instances that run.
    tags: Vec<u32>,
    /// DNS names that EC2 did not make of an address or an id, as
    /// [`Snapshot::dns_name`] numbers them, in their order without case.
    dns_names: Vec<u32>,
    /// Instances whose name has capitals, in the order of their names without case.
    capitals: Vec<u32>,
}

/// Two of a tag are enough to know that it names nobody.
const SAME_TAG: u8 = 2;

impl Index {
    /// Puts a snapshot in order.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        Self {
            addresses: addresses(snapshot),
            tags: tags(snapshot),
            dns_names: dns_names(snapshot),
            capitals: capitals(snapshot),
        }
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn weight(&self) -> usize {
        let orders = [&self.addresses, &self.tags, &self.dns_names, &self.capitals];
        let numbers: usize = orders.iter().map(|order| order.capacity()).sum();
        numbers * size_of::<u32>()
    }

    /// The instances with this address; `public`: only where it is that, or is not.
    pub fn with_address(&self, snapshot: &Snapshot, ip: IpAddr, public: Option<bool>) -> Vec<u32> {
        let of = |number: &u32| snapshot.address(*number);
        let start = self
            .addresses
            .partition_point(|number| of(number).is_some_and(|(_, known, _)| known < ip));
        let same = self.addresses[start..].iter().map_while(|number| {
            let (row, known, is_public) = of(number)?;
            (known == ip).then_some((row, is_public))
        });
        let wanted = same.filter(|(_, is)| public.is_none_or(|public| public == *is));
        let mut rows: Vec<u32> = wanted.map(|(row, _)| row).collect();
        // Both main addresses of one instance may be the same.
        rows.dedup();
        rows
    }

    /// Instances with this tag; two at most, first those that run, none that are
    /// terminated.
    pub fn with_tag(&self, snapshot: &Snapshot, key: &str, value: &str) -> Vec<u32> {
        let wanted = (key, value);
        let of = |place: &u32| snapshot.tag_texts(*place);
        let start = self.tags.partition_point(|place| of(place) < wanted);
        let same = self.tags[start..]
            .iter()
            .take_while(|place| of(place) == wanted);
        same.filter_map(|place| snapshot.tagged(*place)).collect()
    }

    /// The instances with this DNS name, which EC2 did not make of an address or an id,
    /// in a text that [`plain_dns_name`] gave.
    pub fn with_dns_name(&self, snapshot: &Snapshot, plain: &str) -> Vec<u32> {
        let of = |number: &u32| plain_dns_name(snapshot.dns_name(*number));
        let start = self
            .dns_names
            .partition_point(|number| of(number).as_str() < plain);
        let same = self.dns_names[start..].iter();
        same.take_while(|number| of(number) == plain)
            .map(|number| number / 2)
            .collect()
    }

    /// The instances that are called this without its case.
    pub fn called(&self, snapshot: &Snapshot, folded_name: &str) -> Vec<u32> {
        let of = |row: &u32| folded(snapshot.row(*row).name().unwrap_or_default());
        let start = self
            .capitals
            .partition_point(|row| of(row).as_str() < folded_name);
        let same = self.capitals[start..].iter().copied();
        let capitals = same.take_while(|row| of(row) == folded_name);
        let small = snapshot.find_name(folded_name).map(|row| row.place);
        small.chain(capitals).collect()
    }
}

fn addresses(snapshot: &Snapshot) -> Vec<u32> {
    let main = 2 * snapshot.len() as u32;
    let all = main + snapshot.addresses.entries().len() as u32;
    let mut known: Vec<(IpAddr, u32)> = (0..all)
        .filter_map(|number| Some((snapshot.address(number)?.1, number)))
        .collect();
    known.sort_unstable();
    known.into_iter().map(|(_, number)| number).collect()
}

fn tags(snapshot: &Snapshot) -> Vec<u32> {
    let mut taken: HashMap<super::Pair, u8> = HashMap::new();
    let mut places = Vec::new();
    let is_up = |row: &Row<'_>| row.state().is_some_and(InstanceState::is_listed_by_default);
    let is_down = |row: &Row<'_>| !is_up(row) && row.state() != Some(InstanceState::Terminated);
    let up = snapshot.rows().filter(is_up);
    for row in up.chain(snapshot.rows().filter(is_down)) {
        let first = row.record.tags.start;
        for (place, pair) in (first..).zip(row.tag_ids()) {
            let count = taken.entry(*pair).or_default();
            // Names have an order of their own.
            if *count < SAME_TAG && snapshot.text(pair.0) != "Name" {
                *count += 1;
                places.push(place);
            }
        }
    }
    // Stable, so that those that run stay first.
    places.sort_by(|a, b| snapshot.tag_texts(*a).cmp(&snapshot.tag_texts(*b)));
    places.shrink_to_fit();
    places
}

fn dns_names(snapshot: &Snapshot) -> Vec<u32> {
    let mut odd = Vec::new();
    for row in snapshot.rows() {
        let number = 2 * row.place;
        if row.private_dns().is_some() && !is_made_private(row) {
            odd.push(number);
        }
        if row.public_dns().is_some() && !is_made_public(row) {
            odd.push(number + 1);
        }
    }
    odd.sort_by_cached_key(|number| plain_dns_name(snapshot.dns_name(*number)));
    odd
}

fn capitals(snapshot: &Snapshot) -> Vec<u32> {
    let with_capitals = |row: Row<'_>| (!is_folded(row.name()?)).then_some(row.place);
    let mut rows: Vec<u32> = snapshot.rows().filter_map(with_capitals).collect();
    rows.sort_by_cached_key(|row| folded(snapshot.row(*row).name().unwrap_or_default()));
    rows
}

impl Snapshot {
    /// The address of this number, whose it is, and whether it is public. Each instance
    /// has two numbers for its main ones, and those of the table come after them.
    fn address(&self, number: u32) -> Option<(u32, IpAddr, bool)> {
        let row = number / 2;
        if (row as usize) < self.len() {
            let public = number % 2 == 1;
            let text = match public {
                true => self.row(row).public_ip(),
                false => self.row(row).private_ip(),
            };
            return Some((row, text?.parse().ok()?, public));
        }
        let further = number as usize - 2 * self.len();
        let entry = self.addresses.entries().get(further)?;
        Some((entry.row, entry.address.ip, entry.address.public))
    }

    /// The DNS name of this number: each instance has two.
    fn dns_name(&self, number: u32) -> &str {
        let row = self.row(number / 2);
        let name = match number % 2 {
            0 => row.private_dns(),
            _ => row.public_dns(),
        };
        name.unwrap_or_default()
    }

    /// Key and value of the pair at this place.
    fn tag_texts(&self, place: u32) -> (&str, &str) {
        let (key, value) = self.pairs[place as usize];
        (self.text(key), self.text(value))
    }

    /// The instance that has the pair at this place among its tags.
    fn tagged(&self, place: u32) -> Option<u32> {
        let after = self
            .records
            .partition_point(|record| record.tags.start <= place);
        // Those without tags begin where the next one's do.
        let row = after.checked_sub(1)?;
        let tags = self.records[row].tags;
        (place < tags.start + tags.len).then_some(row as u32)
    }
}

/// A DNS name as names are compared: without case, and without the private domain, of
/// which there are two spellings.
#[must_use]
pub fn plain_dns_name(name: &str) -> String {
    let mut plain = name.to_ascii_lowercase();
    if let Some((host, domain)) = plain.split_once('.')
        && is_private_domain(domain)
    {
        plain.truncate(host.len());
    }
    plain
}

/// `ec2.internal`, or `REGION.compute.internal` of any region.
fn is_private_domain(domain: &str) -> bool {
    let region = domain.strip_suffix(".compute.internal");
    domain == "ec2.internal" || region.is_some_and(|region| !region.contains('.'))
}

/// A DNS name that EC2 makes of what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeName<'a> {
    /// `ip-10-0-0-1`, with or without a domain.
    Private(Ipv4Addr),
    /// `ec2-54-0-0-1` in a domain of AWS.
    Public(Ipv4Addr),
    /// An id, in a private domain.
    Id(&'a str),
}

impl<'a> MadeName<'a> {
    /// What EC2 made the name of; it must be in small letters. The domain of a private
    /// name is that of a region.
    #[must_use]
    pub fn read(name: &'a str, region: &str) -> Option<Self> {
        let (host, domain) = match name.split_once('.') {
            Some((host, domain)) => (host, Some(domain)),
            None => (name, None),
        };
        let is_here = |domain: &str| match domain.strip_suffix(".compute.internal") {
            Some(of) => of == region,
            None => domain == "ec2.internal",
        };
        let dashed = |prefix: &str| host.strip_prefix(prefix)?.replace('-', ".").parse().ok();
        match (host, domain) {
            (_, Some(domain)) if is_public_domain(domain) => dashed("ec2-").map(Self::Public),
            (id, Some(domain)) if id.starts_with("i-") && is_here(domain) => Some(Self::Id(id)),
            (_, domain) if domain.is_none_or(is_here) => dashed("ip-").map(Self::Private),
            _ => None,
        }
    }
}

fn is_public_domain(domain: &str) -> bool {
    let domain = domain.strip_suffix(".cn").unwrap_or(domain);
    domain.ends_with(".amazonaws.com")
}

fn is_made_private(row: Row<'_>) -> bool {
    let Some((host, domain)) = row.private_dns().and_then(|name| name.split_once('.')) else {
        return false;
    };
    is_private_domain(domain) && (host == row.id() || is_dashed(host, "ip-", row.private_ip()))
}

fn is_made_public(row: Row<'_>) -> bool {
    let Some((host, domain)) = row.public_dns().and_then(|name| name.split_once('.')) else {
        return false;
    };
    is_public_domain(domain) && is_dashed(host, "ec2-", row.public_ip())
}

fn is_dashed(host: &str, prefix: &str, address: Option<&str>) -> bool {
    let (Some(dashed), Some(address)) = (host.strip_prefix(prefix), address) else {
        return false;
    };
    let dashes = address
        .bytes()
        .map(|byte| if byte == b'.' { b'-' } else { byte });
    dashed.bytes().eq(dashes)
}

#[cfg(test)]
mod tests;
