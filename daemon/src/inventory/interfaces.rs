//! The network interfaces of a region's instances, immutable and compact.
//!
//! Of each there is a record of fixed size; every text is a number into a table of
//! strings, for a region has few networks, groups and states. What an interface has
//! several of lies in one run of numbers. Those of one instance lie side by side, in
//! the order in which they are shown: by network card, then device, and last those
//! that are being detached.

mod build;
mod stored;

use aws_ssm_proto::domain::Error;

use super::load::Pages;
use super::resource::{Kind, LoadContext, Resource};
use super::strings::{StringId, Strings};
use crate::aws::{Operation, PageRequest};

pub(super) use build::{Builder, Draft};

/// Interfaces that are kept for each instance that may be kept, on the average. Most
/// instances have one, and nodes of EKS have some.
const OF_AN_INSTANCE: usize = 4;

/// Texts that an interface has once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    Id,
    Instance,
    Subnet,
    Vpc,
    Az,
    Description,
    Status,
    Mac,
    Kind,
    Attachment,
}
pub(super) const TEXTS: usize = Text::Attachment as usize + 1;

/// What an interface has several of, in the order in which they lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    /// Ids and names, in turn.
    Groups,
    /// Private addresses and the public one of each, in turn; the primary one first.
    Addresses,
    Ipv6,
    Prefixes,
}
pub(super) const LISTS: usize = List::Prefixes as usize + 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    texts: [StringId; TEXTS],
    card: Option<u32>,
    device: Option<u32>,
    attached: Option<i64>,
    deleted_with_instance: Option<bool>,
    checks_addresses: Option<bool>,
    /// Where its lists begin, and how long each is.
    lists_at: u32,
    lists: [u16; LISTS],
}

impl Record {
    fn text(&self, field: Text) -> StringId {
        self.texts[field as usize]
    }

    fn list(&self, list: List) -> std::ops::Range<usize> {
        let before = self.lists[..list as usize].iter();
        let start = self.lists_at as usize + before.map(|len| usize::from(*len)).sum::<usize>();
        start..start + usize::from(self.lists[list as usize])
    }
}

/// All of a region's that belong to an instance. See the module.
#[derive(Debug, Default)]
pub struct Interfaces {
    strings: Strings,
    records: Vec<Record>,
    lists: Vec<StringId>,
    /// There are more than these.
    pub cut: bool,
}

impl Interfaces {
    /// Those of one instance, in the order in which they are shown.
    pub fn of<'a>(&'a self, instance: &str) -> impl ExactSizeIterator<Item = Interface<'a>> {
        let of = |record: &Record| self.strings.get(record.text(Text::Instance));
        let start = self.records.partition_point(|record| of(record) < instance);
        let count = self.records[start..].partition_point(|record| of(record) == instance);
        let records = self.records[start..start + count].iter();
        records.map(|record| Interface {
            interfaces: self,
            record,
        })
    }

    fn count(&self) -> usize {
        self.records.len()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.strings.weight()
            + self.records.capacity() * size_of::<Record>()
            + self.lists.capacity() * size_of::<StringId>()
    }

    /// What interfaces are ordered by.
    fn order<'a>(strings: &'a Strings, record: &Record) -> impl Ord + use<'a> {
        let text = |field| strings.get(record.text(field));
        let attachment = text(Text::Attachment);
        let leaves = matches!(attachment, "detaching" | "detached") || record.device.is_none();
        (
            text(Text::Instance),
            leaves,
            record.card.unwrap_or(0),
            record.device,
            text(Text::Id),
        )
    }
}

/// One interface of an instance.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    interfaces: &'a Interfaces,
    record: &'a Record,
}

macro_rules! texts {
    ($($name:ident: $field:ident),+) => {
        $(
            #[allow(missing_docs)]
            #[must_use]
            pub fn $name(&self) -> Option<&'a str> {
                let text = self.interfaces.strings.get(self.record.text(Text::$field));
                (!text.is_empty()).then_some(text)
            }
        )+
    };
}

impl<'a> Interface<'a> {
    texts!(
        subnet: Subnet,
        vpc: Vpc,
        az: Az,
        description: Description,
        status: Status,
        mac: Mac,
        kind: Kind,
        attachment: Attachment
    );

    /// Its id; never absent.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.interfaces.strings.get(self.record.text(Text::Id))
    }

    /// The number of its network card.
    #[must_use]
    pub fn card(&self) -> Option<u32> {
        self.record.card
    }

    /// Its number on the instance.
    #[must_use]
    pub fn device(&self) -> Option<u32> {
        self.record.device
    }

    /// When it was attached, in seconds since 1970.
    #[must_use]
    pub fn attached(&self) -> Option<i64> {
        self.record.attached
    }

    /// Whether it goes when the instance is terminated.
    #[must_use]
    pub fn deleted_with_instance(&self) -> Option<bool> {
        self.record.deleted_with_instance
    }

    /// Whether it takes only what is addressed to it.
    #[must_use]
    pub fn checks_addresses(&self) -> Option<bool> {
        self.record.checks_addresses
    }

    /// Ids and names.
    pub fn security_groups(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.pairs(List::Groups)
    }

    /// Private addresses, the primary one first, and the public one of each, which is
    /// empty where there is none.
    pub fn addresses(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.pairs(List::Addresses)
    }

    #[allow(missing_docs)]
    pub fn ipv6_addresses(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.all(List::Ipv6)
    }

    /// Delegated prefixes, those of IPv4 first.
    pub fn prefixes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.all(List::Prefixes)
    }

    fn all(&self, list: List) -> impl Iterator<Item = &'a str> + use<'a> {
        let strings = &self.interfaces.strings;
        let ids = &self.interfaces.lists[self.record.list(list)];
        ids.iter().map(|id| strings.get(*id))
    }

    fn pairs(&self, list: List) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let strings = &self.interfaces.strings;
        let (pairs, _) = self.interfaces.lists[self.record.list(list)].as_chunks::<2>();
        pairs
            .iter()
            .map(|[a, b]| (strings.get(*a), strings.get(*b)))
    }
}

impl Resource for Interfaces {
    const KIND: Kind = Kind::Interfaces;
    const OPERATION: Operation = Operation::DescribeNetworkInterfaces;

    async fn load(mut context: LoadContext, _pages: &Pages<Self>) -> Result<Self, Error> {
        let limits = context.limits;
        let most = limits.max_items.saturating_mul(OF_AN_INSTANCE);
        let mut whole = Builder::new();
        let mut token = None;
        loop {
            let request = PageRequest {
                token: token.take(),
                size: Some(limits.later_pages),
                ..PageRequest::default()
            };
            let room = most - whole.len();
            let page = context
                .calls
                .interfaces(request, room, limits.call_deadline());
            let page = page.await?;
            let left_out = page.items.left_out;
            whole.absorb(page.items.rows);
            match page.next {
                _ if left_out => return Ok(whole.finish(true)),
                Some(_) if whole.len() >= most => return Ok(whole.finish(true)),
                Some(next) => token = Some(next),
                None => return Ok(whole.finish(false)),
            }
        }
    }

    fn rows(&self) -> usize {
        self.count()
    }

    fn weight(&self) -> usize {
        self.bytes()
    }
}

#[cfg(test)]
pub(super) mod tests;
