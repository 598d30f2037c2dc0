//! From facts and other snapshots to a snapshot, with its orders.

use aws_ssm_proto::domain::InstanceState;

use super::addresses::{Address, Addresses};
use super::{NEVER, Pair, Record, Row, Shared, Snapshot, Span};
use crate::inventory::strings::Interner;

/// What is known of one instance, as handed to a [`Builder`]. Empty means absent.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Facts<'a> {
    pub id: &'a str,
    pub private_ip: &'a str,
    pub public_ip: &'a str,
    pub private_dns: &'a str,
    pub public_dns: &'a str,
    pub state: Option<InstanceState>,
    pub instance_type: &'a str,
    pub az: &'a str,
    pub vpc: &'a str,
    pub subnet: &'a str,
    pub image: &'a str,
    pub platform: &'a str,
    pub arch: &'a str,
    pub lifecycle: &'a str,
    pub key: &'a str,
    pub profile: &'a str,
    pub account: &'a str,
    /// Seconds since 1970.
    pub launched: Option<i64>,
    pub tags: Vec<(&'a str, &'a str)>,
    /// Ids and names.
    pub security_groups: Vec<(&'a str, &'a str)>,
    /// Those that are neither `private_ip` nor `public_ip`.
    pub more_addresses: Vec<Address>,
}

/// Makes a [`Snapshot`].
#[derive(Debug)]
pub struct Builder {
    interner: Interner,
    unique: String,
    records: Vec<Record>,
    pairs: Vec<Pair>,
    addresses: Addresses,
}

impl Builder {
    /// An empty one with room for so many instances.
    #[must_use]
    pub fn with_capacity(instances: usize) -> Self {
        Self {
            interner: Interner::new(),
            unique: String::new(),
            records: Vec::with_capacity(instances),
            pairs: Vec::new(),
            addresses: Addresses::default(),
        }
    }

    /// Adds an instance.
    pub fn push(&mut self, facts: &Facts<'_>) {
        let unique_at = self.unique.len() as u32;
        let unique_len = [
            facts.id,
            facts.private_ip,
            facts.public_ip,
            facts.private_dns,
            facts.public_dns,
        ]
        .map(|text| {
            self.unique.push_str(text);
            text.len() as u16
        });
        let name = facts.tags.iter().find(|(key, _)| *key == "Name");
        let mut intern = |text| self.interner.intern(text);
        let shared = Shared {
            name: intern(name.map_or("", |(_, value)| value)),
            instance_type: intern(facts.instance_type),
            az: intern(facts.az),
            vpc: intern(facts.vpc),
            subnet: intern(facts.subnet),
            image: intern(facts.image),
            platform: intern(facts.platform),
            arch: intern(facts.arch),
            lifecycle: intern(facts.lifecycle),
            key: intern(facts.key),
            profile: intern(facts.profile),
            account: intern(facts.account),
        };
        let tags = self.push_pairs(&facts.tags);
        let security_groups = self.push_pairs(&facts.security_groups);
        let place = self.records.len() as u32;
        self.addresses.push(place, &facts.more_addresses);
        self.records.push(Record {
            launched: facts.launched.unwrap_or(NEVER),
            unique_at,
            unique_len,
            state: facts.state,
            more_addresses: !facts.more_addresses.is_empty(),
            shared,
            tags,
            security_groups,
        });
    }

    /// How many instances were added.
    pub(in crate::inventory) fn len(&self) -> usize {
        self.records.len()
    }

    /// Says whose the instances from this place on are.
    pub(in crate::inventory) fn own(&mut self, from: usize, account: &str) {
        let account = self.interner.intern(account);
        for record in &mut self.records[from..] {
            record.shared.account = account;
        }
    }

    fn push_pairs(&mut self, pairs: &[(&str, &str)]) -> Span {
        let start = self.pairs.len() as u32;
        for (first, second) in pairs {
            let pair = (self.interner.intern(first), self.interner.intern(second));
            self.pairs.push(pair);
        }
        Span {
            start,
            len: pairs.len() as u32,
        }
    }

    /// Adds every instance of another snapshot, hashing each of its strings once.
    pub fn append(&mut self, other: &Snapshot) {
        self.append_rows(other, other.rows());
    }

    /// Adds these instances of another snapshot.
    pub fn append_rows<'a>(&mut self, other: &'a Snapshot, rows: impl Iterator<Item = Row<'a>>) {
        let translation = self.interner.absorb(&other.strings);
        let to = |id| translation.apply(id);
        for row in rows {
            let place = self.records.len() as u32;
            let addresses: Vec<_> = row.more_addresses().collect();
            self.addresses.push(place, &addresses);
            let unique_at = self.unique.len() as u32;
            self.unique.push_str(row.all_unique());
            let mut copy_pairs = |span: Span| {
                let start = self.pairs.len() as u32;
                let ids = row.pair_ids(span);
                self.pairs.extend(ids.iter().map(|(a, b)| (to(*a), to(*b))));
                Span { start, ..span }
            };
            let tags = copy_pairs(row.record.tags);
            let security_groups = copy_pairs(row.record.security_groups);
            let shared = row.record.shared;
            self.records.push(Record {
                unique_at,
                shared: Shared {
                    name: to(shared.name),
                    instance_type: to(shared.instance_type),
                    az: to(shared.az),
                    vpc: to(shared.vpc),
                    subnet: to(shared.subnet),
                    image: to(shared.image),
                    platform: to(shared.platform),
                    arch: to(shared.arch),
                    lifecycle: to(shared.lifecycle),
                    key: to(shared.key),
                    profile: to(shared.profile),
                    account: to(shared.account),
                },
                tags,
                security_groups,
                ..*row.record
            });
        }
    }

    /// Ends the snapshot. An instance that was added twice, because the fleet
    /// changed between two pages, is kept as it was added last.
    #[must_use]
    pub fn finish(self, cut: bool) -> Snapshot {
        let mut snapshot = Snapshot {
            strings: self.interner.finish(),
            unique: self.unique,
            records: self.records,
            pairs: self.pairs,
            addresses: self.addresses,
            by_name: Vec::new(),
            by_id: Vec::new(),
            tags: Vec::new(),
            cut,
        };
        snapshot.unique.shrink_to_fit();
        snapshot.records.shrink_to_fit();
        snapshot.pairs.shrink_to_fit();
        snapshot.addresses.shrink_to_fit();
        snapshot.by_id = snapshot.ids_in_order();
        if snapshot.drop_repeated() {
            snapshot.by_id = snapshot.ids_in_order();
        }
        snapshot.by_name = snapshot.by_id.clone();
        // Stable, so equal names stay in the order of their ids.
        let mut by_name = std::mem::take(&mut snapshot.by_name);
        by_name.sort_by_key(|i| snapshot.row(*i).name());
        snapshot.by_name = by_name;
        snapshot.tags = snapshot.tags_in_order();
        snapshot
    }
}

impl Snapshot {
    fn ids_in_order(&self) -> Vec<u32> {
        let mut places: Vec<u32> = (0..self.records.len() as u32).collect();
        // Stable, so that of two equal ids the later one stays later.
        places.sort_by_key(|i| self.row(*i).id());
        places
    }

    /// Whether there was anything to drop.
    fn drop_repeated(&mut self) -> bool {
        let mut repeated: Vec<u32> = self
            .by_id
            .windows(2)
            .filter(|pair| self.row(pair[0]).id() == self.row(pair[1]).id())
            .map(|pair| pair[0])
            .collect();
        repeated.sort_unstable();
        for place in repeated.iter().rev() {
            self.records.remove(*place as usize);
        }
        self.addresses.without(&repeated);
        !repeated.is_empty()
    }
}
