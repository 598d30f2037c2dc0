//! Which one node a target names: pure, on fleets that are at hand.
//!
//! The ways to name one are tried one after the other; the first that anything is found
//! by decides. Each finds instances by an index; only parts of names are looked for in
//! every name.

use aws_ssm_proto::domain::InstanceState;

use super::pattern::contains;
use super::target::{Target, Way};
use crate::inventory::{Fleet, MadeName, Row, folded, plain_dns_name};

/// Where an instance is: the place of its fleet among those asked, and that of its row.
pub type Hit = (usize, u32);

/// What a target comes to in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing is called so.
    None,
    /// This is it.
    One(Hit),
    /// It may be any of these, in the order of their names.
    Several(Vec<Hit>),
}

/// Looks for what a target names in one way, and chooses.
///
/// Those that run come before those that do not, and those that are terminated are found
/// by their id only.
#[must_use]
pub fn choose(fleets: &[Fleet], target: &Target<'_>, way: Way) -> Choice {
    let likely = likeliest(fleets, found(fleets, target, way));
    match likely.as_slice() {
        [] => Choice::None,
        [one] => Choice::One(*one),
        _ => {
            // An index may not have all.
            let mut all = likeliest(fleets, hits(fleets, target, way));
            all.sort_by_key(|hit| (row(fleets, *hit).name(), row(fleets, *hit).id()));
            Choice::Several(all)
        }
    }
}

/// Every instance that a target names in one way; terminated ones by their id only.
#[must_use]
pub fn hits(fleets: &[Fleet], target: &Target<'_>, way: Way) -> Vec<Hit> {
    match target.tag() {
        Some(tag) if way == Way::Tag => every_tagged(fleets, tag),
        _ => found(fleets, target, way),
    }
}

fn likeliest(fleets: &[Fleet], mut hits: Vec<Hit>) -> Vec<Hit> {
    for better in [is_up, is_alive] {
        if hits.iter().any(|hit| better(row(fleets, *hit))) {
            hits.retain(|hit| better(row(fleets, *hit)));
            return hits;
        }
    }
    hits
}

fn found(fleets: &[Fleet], target: &Target<'_>, way: Way) -> Vec<Hit> {
    let mut hits = Vec::new();
    if !target.may_be(way) {
        return hits;
    }
    for (at, fleet) in fleets.iter().enumerate() {
        let places = places(fleet, target, way).into_iter();
        let found = places.map(|place| (at, place));
        hits.extend(found.filter(|hit| way == Way::Id || is_alive(row(fleets, *hit))));
    }
    // One region may have the id, and another ids that begin with it.
    let is_whole = |hit: &Hit| row(fleets, *hit).id() == target.text();
    if way == Way::Id && hits.iter().any(is_whole) {
        hits.retain(is_whole);
    }
    hits
}

fn places(fleet: &Fleet, target: &Target<'_>, way: Way) -> Vec<u32> {
    let snapshot = &fleet.instances.snapshot;
    let of = |rows: &mut dyn Iterator<Item = Row<'_>>| rows.map(|row| row.place()).collect();
    match way {
        Way::Id => match snapshot.find_id(target.text()) {
            Some(row) => vec![row.place()],
            None => match target.id_prefix() {
                Some(prefix) => of(&mut snapshot.ids_beginning(prefix)),
                None => Vec::new(),
            },
        },
        Way::Address => target.address().map_or_else(Vec::new, |ip| {
            fleet.instances.index().with_address(snapshot, ip, None)
        }),
        Way::Tag => match target.tag() {
            Some(("Name", value)) => of(&mut snapshot.find_name(value)),
            Some((key, value)) => fleet.instances.index().with_tag(snapshot, key, value),
            None => Vec::new(),
        },
        Way::DnsName => with_dns_name(fleet, target.dns_name().unwrap_or_default()),
        Way::Name => of(&mut snapshot.find_name(target.text())),
        Way::NameIgnoringCase => {
            let name = folded(target.text());
            fleet.instances.index().called(snapshot, &name)
        }
        Way::PartOfName => with_part(fleet, target.text()),
    }
}

fn with_dns_name(fleet: &Fleet, name: &str) -> Vec<u32> {
    let (snapshot, index) = (&fleet.instances.snapshot, fleet.instances.index());
    let name = name.to_ascii_lowercase();
    let made = match MadeName::read(&name, &fleet.region) {
        Some(MadeName::Private(ip)) => index.with_address(snapshot, ip.into(), Some(false)),
        Some(MadeName::Public(ip)) => index.with_address(snapshot, ip.into(), Some(true)),
        Some(MadeName::Id(id)) => snapshot
            .find_id(id)
            .map(|row| row.place())
            .into_iter()
            .collect(),
        None => Vec::new(),
    };
    let is_elsewhere = || {
        let region = name
            .strip_suffix(".compute.internal")
            .and_then(|name| name.split_once('.'));
        region.is_some_and(|(_, region)| region != &*fleet.region)
    };
    match made.is_empty() && !is_elsewhere() {
        true => index.with_dns_name(snapshot, &plain_dns_name(&name)),
        false => made,
    }
}

/// Each name is looked at once, however many have it: equal names stand together.
fn with_part(fleet: &Fleet, part: &str) -> Vec<u32> {
    let snapshot = &fleet.instances.snapshot;
    let part = folded(part);
    let mut before = (None, false);
    let mut has_part = |place: &&u32| {
        let name = snapshot.row(**place).name();
        if before.0 != name {
            before = (name, name.is_some_and(|name| contains(&part, name)));
        }
        before.1
    };
    let places = snapshot.by_name().iter();
    places.filter(|place| has_part(place)).copied().collect()
}

fn every_tagged(fleets: &[Fleet], (key, value): (&str, &str)) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (at, fleet) in fleets.iter().enumerate() {
        let rows = fleet.instances.snapshot.rows();
        let tagged = rows.filter(|row| is_alive(*row) && row.tag(key) == Some(value));
        hits.extend(tagged.map(|row| (at, row.place())));
    }
    hits
}

fn row(fleets: &[Fleet], (fleet, place): Hit) -> Row<'_> {
    fleets[fleet].instances.snapshot.row(place)
}

fn is_up(row: Row<'_>) -> bool {
    row.state().is_some_and(InstanceState::is_listed_by_default)
}

fn is_alive(row: Row<'_>) -> bool {
    row.state() != Some(InstanceState::Terminated)
}

#[cfg(test)]
mod tests;
