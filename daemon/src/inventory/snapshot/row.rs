//! One instance, read where it lies.

use aws_ssm_proto::domain::InstanceState;

use super::addresses::Address;
use super::{NEVER, Pair, Record, SharedField, Snapshot, Span, Unique};
use crate::inventory::strings::StringId;

/// One instance of a [`Snapshot`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) record: &'a Record,
    pub(super) place: u32,
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

    pub(super) fn pair_ids(&self, span: Span) -> &'a [Pair] {
        &self.snapshot.pairs[span.start as usize..(span.start + span.len) as usize]
    }

    fn unique(&self, field: Unique) -> &'a str {
        let lens = &self.record.unique_len;
        let before: usize = lens[..field as usize].iter().map(|n| *n as usize).sum();
        let start = self.record.unique_at as usize + before;
        &self.snapshot.unique[start..start + lens[field as usize] as usize]
    }

    pub(super) fn all_unique(&self) -> &'a str {
        let len: usize = self.record.unique_len.iter().map(|n| *n as usize).sum();
        let start = self.record.unique_at as usize;
        &self.snapshot.unique[start..start + len]
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
