//! The instances of one region at one moment, immutable and compact.
//!
//! A row is a fixed-size record. What repeats across the fleet is a number into
//! a table of strings; what is unique to an instance (id, addresses, DNS names)
//! lies in one block of text. Orders that answers need are computed when the
//! snapshot is made, never when it is read.

mod addresses;
mod beginning;
mod index;
mod stored;

use aws_ssm_proto::domain::InstanceState;

use super::strings::{Interner, StringId, Strings};
use addresses::Addresses;
pub use addresses::{Address, AddressText};
pub use index::{Index, MadeName, plain_dns_name};

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

/// Text that no other instance has, in the order it lies in `Snapshot::unique`.
#[derive(Clone, Copy)]
enum Unique {
    Id,
    PrivateIp,
    PublicIp,
    PrivateDns,
    PublicDns,
}
const UNIQUE_FIELDS: usize = 5;

/// A text that many instances have, for questions about it. See [`Row::shared`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SharedField {
    Name,
    Type,
    Az,
    Vpc,
    Subnet,
    Image,
    Platform,
    Arch,
    Lifecycle,
    Profile,
}

/// Strings that many instances have.
#[derive(Clone, Copy, Debug)]
struct Shared {
    name: StringId,
    instance_type: StringId,
    az: StringId,
    vpc: StringId,
    subnet: StringId,
    image: StringId,
    platform: StringId,
    arch: StringId,
    lifecycle: StringId,
    key: StringId,
    profile: StringId,
    account: StringId,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    launched: i64,
    unique_at: u32,
    unique_len: [u16; UNIQUE_FIELDS],
    state: Option<InstanceState>,
    /// The table of addresses has some of this row.
    more_addresses: bool,
    shared: Shared,
    tags: Span,
    security_groups: Span,
}

/// A run of pairs.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    len: u32,
}

type Pair = (StringId, StringId);

/// The instances of one region. See the module.
#[derive(Debug)]
pub struct Snapshot {
    strings: Strings,
    unique: String,
    records: Vec<Record>,
    pairs: Vec<Pair>,
    addresses: Addresses,
    by_name: Vec<u32>,
    by_id: Vec<u32>,
    /// Every tag that an instance has, once, by key and value.
    tags: Vec<Pair>,
    /// The configured maximum was reached: the region has more than these.
    pub cut: bool,
}

/// A launch time that AWS did not give.
const NEVER: i64 = i64::MIN;

impl Snapshot {
    /// How many instances there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>()
            + self.strings.weight()
            + self.unique.capacity()
            + self.records.capacity() * size_of::<Record>()
            + (self.pairs.capacity() + self.tags.capacity()) * size_of::<Pair>()
            + self.addresses.weight()
            + (self.by_name.capacity() + self.by_id.capacity()) * size_of::<u32>()
    }

    /// How many different strings its instances share: the bound of every number of
    /// one.
    #[must_use]
    pub fn strings(&self) -> usize {
        self.strings.len()
    }

    /// A string that instances share.
    #[must_use]
    pub fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    /// One instance, by its place in AWS's order.
    ///
    /// # Panics
    ///
    /// If there is no such place.
    #[must_use]
    pub fn row(&self, index: u32) -> Row<'_> {
        Row {
            snapshot: self,
            record: &self.records[index as usize],
            place: index,
        }
    }

    /// All instances, in the order AWS gave them.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let records = self.records.iter().enumerate();
        records.map(|(place, record)| Row {
            snapshot: self,
            record,
            place: place as u32,
        })
    }

    /// Places in AWS's order, sorted by name, then id.
    #[must_use]
    pub fn by_name(&self) -> &[u32] {
        &self.by_name
    }

    /// The instance with this id.
    #[must_use]
    pub fn find_id(&self, id: &str) -> Option<Row<'_>> {
        self.place_of(id).map(|place| self.row(place))
    }

    /// The place of the instance with this id in AWS's order.
    #[must_use]
    pub fn place_of(&self, id: &str) -> Option<u32> {
        let found = self.by_id.binary_search_by(|i| self.row(*i).id().cmp(id));
        found.ok().map(|place| self.by_id[place])
    }

    /// The instances with exactly this name, by id.
    pub fn find_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Row<'a>> {
        let start = self
            .by_name
            .partition_point(|i| self.row(*i).name().unwrap_or("") < name);
        self.by_name[start..]
            .iter()
            .map(|i| self.row(*i))
            .take_while(move |row| row.name() == Some(name))
    }
}

/// One instance of a [`Snapshot`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    snapshot: &'a Snapshot,
    record: &'a Record,
    place: u32,
}

macro_rules! shared_fields {
    ($($name:ident),+) => {
        $(
            #[allow(missing_docs)]
            #[must_use]
            pub fn $name(&self) -> Option<&'a str> {
                present(self.snapshot.strings.get(self.record.shared.$name))
            }
        )+
    };
}

impl<'a> Row<'a> {
    shared_fields!(
        name,
        instance_type,
        az,
        vpc,
        subnet,
        image,
        platform,
        arch,
        lifecycle,
        key,
        profile,
        account
    );

    /// Its place in AWS's order.
    #[must_use]
    pub fn place(&self) -> u32 {
        self.place
    }

    /// The instance's id; the only field that is never absent.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.unique(Unique::Id)
    }

    #[allow(missing_docs)]
    #[must_use]
    pub fn private_ip(&self) -> Option<&'a str> {
        present(self.unique(Unique::PrivateIp))
    }

    #[allow(missing_docs)]
    #[must_use]
    pub fn public_ip(&self) -> Option<&'a str> {
        present(self.unique(Unique::PublicIp))
    }

    #[allow(missing_docs)]
    #[must_use]
    pub fn private_dns(&self) -> Option<&'a str> {
        present(self.unique(Unique::PrivateDns))
    }

    #[allow(missing_docs)]
    #[must_use]
    pub fn public_dns(&self) -> Option<&'a str> {
        present(self.unique(Unique::PublicDns))
    }

    #[allow(missing_docs)]
    #[must_use]
    pub fn state(&self) -> Option<InstanceState> {
        self.record.state
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn launched(&self) -> Option<i64> {
        (self.record.launched != NEVER).then_some(self.record.launched)
    }

    /// Keys and values, in AWS's order.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.pairs(self.record.tags)
    }

    /// The value of one tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&'a str> {
        self.tags().find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// Ids and names.
    pub fn security_groups(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.pairs(self.record.security_groups)
    }

    /// The addresses that are neither `private_ip` nor `public_ip`: IPv6, secondary
    /// ones and those of further interfaces, in rising order.
    pub fn more_addresses(&self) -> impl Iterator<Item = Address> + use<'a> {
        let entries = match self.record.more_addresses {
            true => self.snapshot.addresses.of(self.place),
            false => &[],
        };
        entries.iter().map(|entry| entry.address)
    }

    /// The number of a text that many instances have, so that whoever asks the same of
    /// all of them looks at each text once. Absent: that of the empty text.
    #[must_use]
    pub fn shared(&self, field: SharedField) -> StringId {
        let shared = &self.record.shared;
        match field {
            SharedField::Name => shared.name,
            SharedField::Type => shared.instance_type,
            SharedField::Az => shared.az,
            SharedField::Vpc => shared.vpc,
            SharedField::Subnet => shared.subnet,
            SharedField::Image => shared.image,
            SharedField::Platform => shared.platform,
            SharedField::Arch => shared.arch,
            SharedField::Lifecycle => shared.lifecycle,
            SharedField::Profile => shared.profile,
        }
    }

    /// The numbers of its tags' keys and values.
    #[must_use]
    pub fn tag_ids(&self) -> &'a [(StringId, StringId)] {
        self.pair_ids(self.record.tags)
    }

    /// The numbers of its security groups' ids and names.
    #[must_use]
    pub fn security_group_ids(&self) -> &'a [(StringId, StringId)] {
        self.pair_ids(self.record.security_groups)
    }

    fn pairs(&self, span: Span) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let strings = &self.snapshot.strings;
        self.pair_ids(span)
            .iter()
            .map(|(a, b)| (strings.get(*a), strings.get(*b)))
    }

    fn pair_ids(&self, span: Span) -> &'a [Pair] {
        &self.snapshot.pairs[span.start as usize..(span.start + span.len) as usize]
    }

    fn unique(&self, field: Unique) -> &'a str {
        let lens = &self.record.unique_len;
        let before: usize = lens[..field as usize].iter().map(|n| *n as usize).sum();
        let start = self.record.unique_at as usize + before;
        &self.snapshot.unique[start..start + lens[field as usize] as usize]
    }

    fn all_unique(&self) -> &'a str {
        let len: usize = self.record.unique_len.iter().map(|n| *n as usize).sum();
        let start = self.record.unique_at as usize;
        &self.snapshot.unique[start..start + len]
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
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
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Says whose the instances from this place on are.
    pub(super) fn own(&mut self, from: usize, account: &str) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(id: &'a str, name: &'a str) -> Facts<'a> {
        Facts {
            id,
            private_ip: "10.0.0.1",
            public_dns: "host.example",
            state: Some(InstanceState::Running),
            instance_type: "t3.micro",
            launched: Some(7),
            tags: vec![("Team", "core"), ("Name", name), ("Empty", "")],
            security_groups: vec![("sg-1", "web")],
            more_addresses: more(name),
            ..Facts::default()
        }
    }

    /// Some have further addresses, and some have none.
    fn more(name: &str) -> Vec<Address> {
        let of = |text: &str| Address::new(text.parse().unwrap(), false);
        match name {
            "web-1" => vec![of("10.0.0.2"), of("2600::1")],
            "old" => vec![of("10.0.0.3")],
            "new" => vec![of("10.0.0.4")],
            _ => Vec::new(),
        }
    }

    fn snapshot(instances: &[(&str, &str)]) -> Snapshot {
        let mut builder = Builder::with_capacity(instances.len());
        for (id, name) in instances {
            builder.push(&facts(id, name));
        }
        builder.finish(false)
    }

    #[test]
    fn every_fact_is_read_back() {
        let snapshot = snapshot(&[("i-1", "web-1")]);
        let row = snapshot.find_id("i-1").expect("there");
        assert_eq!(row.name(), Some("web-1"));
        assert_eq!(row.private_ip(), Some("10.0.0.1"));
        assert_eq!(row.public_ip(), None);
        assert_eq!(row.private_dns(), None);
        assert_eq!(row.public_dns(), Some("host.example"));
        assert_eq!(row.instance_type(), Some("t3.micro"));
        assert_eq!(row.vpc(), None);
        assert_eq!(row.launched(), Some(7));
        assert_eq!(row.tag("Team"), Some("core"));
        assert_eq!(row.tag("Empty"), Some(""));
        assert_eq!(row.tag("Missing"), None);
        assert_eq!(row.security_groups().collect::<Vec<_>>(), [("sg-1", "web")]);
        assert!(row.more_addresses().eq(more("web-1")));
    }

    #[test]
    fn rows_stand_by_name_then_id() {
        let snapshot = snapshot(&[("i-3", "b"), ("i-2", "a"), ("i-1", "b"), ("i-4", "")]);
        let ids: Vec<_> = snapshot
            .by_name()
            .iter()
            .map(|i| snapshot.row(*i).id())
            .collect();
        assert_eq!(ids, ["i-4", "i-2", "i-1", "i-3"]);
        let named: Vec<_> = snapshot.find_name("b").map(|row| row.id()).collect();
        assert_eq!(named, ["i-1", "i-3"]);
        assert_eq!(snapshot.find_name("c").count(), 0);
    }

    #[test]
    fn pages_become_one_snapshot_with_nothing_lost() {
        let pages = [
            snapshot(&[("i-1", "web-1"), ("i-2", "db")]),
            snapshot(&[("i-3", "web-1")]),
        ];
        let mut builder = Builder::with_capacity(3);
        pages.iter().for_each(|page| builder.append(page));
        let whole = builder.finish(true);
        assert!(whole.cut);
        assert_eq!(whole.len(), 3);
        for page in &pages {
            for row in page.rows() {
                let copy = whole.find_id(row.id()).expect("copied");
                assert_eq!(copy.name(), row.name());
                assert_eq!(copy.public_dns(), row.public_dns());
                assert!(copy.tags().eq(row.tags()));
                assert!(copy.security_groups().eq(row.security_groups()));
                assert!(copy.more_addresses().eq(row.more_addresses()));
                assert!(copy.more_addresses().eq(more(row.name().unwrap())));
            }
        }
    }

    #[test]
    fn an_instance_seen_on_two_pages_is_kept_as_last_seen() {
        let whole = snapshot(&[("i-1", "old"), ("i-2", "x"), ("i-1", "new")]);
        assert_eq!(whole.len(), 2);
        assert_eq!(whole.find_id("i-1").and_then(|row| row.name()), Some("new"));
        assert_eq!(whole.find_id("i-2").and_then(|row| row.name()), Some("x"));
        for row in whole.rows() {
            assert!(row.more_addresses().eq(more(row.name().unwrap())));
        }
    }
}
