//! The instances of one region at one moment, immutable and compact.
//!
//! A row is a fixed-size record. What repeats across the fleet is a number into
//! a table of strings; what is unique to an instance (id, addresses, DNS names)
//! lies in one block of text. Orders that answers need are computed when the
//! snapshot is made, never when it is read.

mod addresses;
mod beginning;
mod build;
mod index;
mod row;
mod stored;

use aws_ssm_proto::domain::InstanceState;

use super::strings::{StringId, Strings};
use addresses::Addresses;
pub use addresses::{Address, AddressText};
pub use build::{Builder, Facts};
pub use index::{Index, MadeName, plain_dns_name};
pub use row::Row;

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

#[cfg(test)]
mod tests;
