//! One instance while its elements are read.
//!
//! Its text lies in one block that the next instance uses again, so that reading a
//! page allocates next to nothing for each instance.

use std::net::IpAddr;
use std::ops::Range;

use aws_ssm_proto::domain::InstanceState;

use super::time::seconds;
use crate::aws::Unreadable;
use crate::inventory::snapshot::{Address, Facts};

/// What AWS leaves out for what most instances are.
pub(super) const ON_DEMAND: &str = "on-demand";

/// Texts that an instance has once.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) enum Field {
    Id,
    PrivateIp,
    PublicIp,
    PrivateDns,
    PublicDns,
    State,
    Type,
    Az,
    Vpc,
    Subnet,
    Image,
    Platform,
    Arch,
    Lifecycle,
    Key,
    ProfileArn,
    Launched,
}
const FIELDS: usize = Field::Launched as usize + 1;

/// Both halves of a tag or of a security group.
type Pair = (Range<usize>, Range<usize>);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    fields: [Option<Range<usize>>; FIELDS],
    tags: Vec<Pair>,
    groups: Vec<Pair>,
    addresses: Vec<Address>,
}

impl Draft {
    /// Forgets the instance before.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.fields.fill(None);
        self.tags.clear();
        self.groups.clear();
        self.addresses.clear();
    }

    /// A field that is given twice is what it was last.
    pub(super) fn set(&mut self, field: Field, text: &str) {
        self.fields[field as usize] = Some(self.keep(text));
    }

    pub(super) fn add_tag(&mut self) {
        self.tags.push((0..0, 0..0));
    }

    pub(super) fn set_tag_key(&mut self, text: &str) {
        let kept = self.keep(text);
        if let Some(tag) = self.tags.last_mut() {
            tag.0 = kept;
        }
    }

    pub(super) fn set_tag_value(&mut self, text: &str) {
        let kept = self.keep(text);
        if let Some(tag) = self.tags.last_mut() {
            tag.1 = kept;
        }
    }

    pub(super) fn add_group(&mut self) {
        self.groups.push((0..0, 0..0));
    }

    pub(super) fn set_group_id(&mut self, text: &str) {
        let kept = self.keep(text);
        if let Some(group) = self.groups.last_mut() {
            group.0 = kept;
        }
    }

    pub(super) fn set_group_name(&mut self, text: &str) {
        let kept = self.keep(text);
        if let Some(group) = self.groups.last_mut() {
            group.1 = kept;
        }
    }

    /// What is no address is left out.
    pub(super) fn add_address(&mut self, text: &str, public: bool) {
        let ip = text.parse().ok();
        self.addresses.extend(ip.map(|ip| Address::new(ip, public)));
    }

    /// What is kept of it; `None` if it has no id. Whose it is is not known yet.
    pub(super) fn facts(&self) -> Result<Option<Facts<'_>>, Unreadable> {
        let Some(id) = self.get(Field::Id) else {
            return Ok(None);
        };
        let text = |field| self.get(field).unwrap_or_default();
        let launched = self.get(Field::Launched);
        let launched = launched.map(|text| seconds("the launch time", text));
        let launched = launched.transpose()?;
        Ok(Some(Facts {
            id,
            private_ip: text(Field::PrivateIp),
            public_ip: text(Field::PublicIp),
            private_dns: text(Field::PrivateDns),
            public_dns: text(Field::PublicDns),
            state: self.get(Field::State).and_then(InstanceState::parse),
            instance_type: text(Field::Type),
            az: text(Field::Az),
            vpc: text(Field::Vpc),
            subnet: text(Field::Subnet),
            image: text(Field::Image),
            platform: text(Field::Platform),
            arch: text(Field::Arch),
            lifecycle: self.get(Field::Lifecycle).unwrap_or(ON_DEMAND),
            key: text(Field::Key),
            profile: text(Field::ProfileArn).rsplit('/').next().unwrap_or(""),
            account: "",
            launched,
            tags: self.pairs(&self.tags),
            security_groups: self.pairs(&self.groups),
            more_addresses: more_addresses(
                &self.addresses,
                [Field::PrivateIp, Field::PublicIp].map(text),
            ),
        }))
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    fn get(&self, field: Field) -> Option<&str> {
        let range = self.fields[field as usize].clone()?;
        Some(&self.text[range])
    }

    fn pairs(&self, pairs: &[Pair]) -> Vec<(&str, &str)> {
        let text = |range: &Range<usize>| &self.text[range.clone()];
        pairs.iter().map(|(a, b)| (text(a), text(b))).collect()
    }
}

/// Each of these addresses once, in rising order, without the two that have fields of
/// their own.
pub(super) fn more_addresses(all: &[Address], main: [&str; 2]) -> Vec<Address> {
    let main: [Option<IpAddr>; 2] = main.map(|text| text.parse().ok());
    let more = all.iter().copied();
    let mut more: Vec<_> = more
        .filter(|address| !main.contains(&Some(address.ip)))
        .collect();
    more.sort_unstable();
    more.dedup_by_key(|address| address.ip);
    more
}
