//! From the answer of `DescribeNetworkInterfaces`, as it arrives, to the interfaces of
//! instances.
//!
//! Those of load balancers, functions and other services are passed over: nobody asks
//! for them by an instance.

use super::time::seconds;
use super::walk::{Reading, Sense};
use crate::aws::{Page, Unreadable};
use crate::inventory::interfaces::{Builder, Draft, List, Text};

/// The interfaces of a page.
#[derive(Debug)]
pub(in crate::inventory) struct InterfacesPage {
    /// Those there was room for.
    pub(in crate::inventory) rows: Builder,
    /// There were more.
    pub(in crate::inventory) left_out: bool,
}

/// Reads the interfaces of an answer.
pub(in crate::inventory) type InterfacesProjection = Reading<Answer>;

impl InterfacesProjection {
    /// Takes at most `room` interfaces.
    pub(in crate::inventory) fn new(room: usize) -> Self {
        Self::of(Answer {
            next: None,
            draft: Draft::default(),
            address: Address::default(),
            ipv4_prefixes: 0,
            room,
            page: InterfacesPage {
                rows: Builder::new(),
                left_out: false,
            },
        })
    }
}

/// An element that matters.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) enum Place {
    Response,
    Interfaces,
    Interface,
    Attachment,
    Groups,
    Group,
    Addresses,
    Address,
    Association,
    Ipv6s,
    Ipv6,
    Ipv4Prefixes,
    Ipv4Prefix,
    Ipv6Prefixes,
    Ipv6Prefix,
    Text(Meaning),
}

/// What an element's text says.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) enum Meaning {
    NextToken,
    Of(Text),
    ChecksAddresses,
    Card,
    Device,
    Attached,
    DeletedWithInstance,
    GroupId,
    GroupName,
    Private,
    IsPrimary,
    Public,
    Ipv6,
    Ipv4Prefix,
    Ipv6Prefix,
}

/// A private address while its elements are read.
#[derive(Debug, Default)]
struct Address {
    private: String,
    public: String,
    primary: bool,
}

/// The answer as far as it is read.
#[derive(Debug)]
pub(in crate::inventory) struct Answer {
    next: Option<String>,
    draft: Draft,
    address: Address,
    /// How many of the draft's prefixes are of IPv4.
    ipv4_prefixes: usize,
    room: usize,
    page: InterfacesPage,
}

fn within_interface(name: &str) -> Option<Place> {
    use Meaning::{ChecksAddresses, Of};
    let text = match name {
        "attachment" => return Some(Place::Attachment),
        "groupSet" => return Some(Place::Groups),
        "privateIpAddressesSet" => return Some(Place::Addresses),
        "ipv6AddressesSet" => return Some(Place::Ipv6s),
        "ipv4PrefixSet" => return Some(Place::Ipv4Prefixes),
        "ipv6PrefixSet" => return Some(Place::Ipv6Prefixes),
        "sourceDestCheck" => return Some(Place::Text(ChecksAddresses)),
        "networkInterfaceId" => Text::Id,
        "subnetId" => Text::Subnet,
        "vpcId" => Text::Vpc,
        "availabilityZone" => Text::Az,
        "description" => Text::Description,
        "status" => Text::Status,
        "macAddress" => Text::Mac,
        "interfaceType" => Text::Kind,
        _ => return None,
    };
    Some(Place::Text(Of(text)))
}

impl Sense for Answer {
    type Place = Place;
    type Output = Page<InterfacesPage>;

    fn within(place: Option<Place>, name: &str) -> Option<Place> {
        let Some(place) = place else {
            return (name == "DescribeNetworkInterfacesResponse").then_some(Place::Response);
        };
        let meaning = match (place, name) {
            (Place::Response, "networkInterfaceSet") => return Some(Place::Interfaces),
            (Place::Interfaces, "item") => return Some(Place::Interface),
            (Place::Interface, name) => return within_interface(name),
            (Place::Groups, "item") => return Some(Place::Group),
            (Place::Addresses, "item") => return Some(Place::Address),
            (Place::Address, "association") => return Some(Place::Association),
            (Place::Ipv6s, "item") => return Some(Place::Ipv6),
            (Place::Ipv4Prefixes, "item") => return Some(Place::Ipv4Prefix),
            (Place::Ipv6Prefixes, "item") => return Some(Place::Ipv6Prefix),
            (Place::Response, "nextToken") => Meaning::NextToken,
            (Place::Attachment, "instanceId") => Meaning::Of(Text::Instance),
            (Place::Attachment, "status") => Meaning::Of(Text::Attachment),
            (Place::Attachment, "networkCardIndex") => Meaning::Card,
            (Place::Attachment, "deviceIndex") => Meaning::Device,
            (Place::Attachment, "attachTime") => Meaning::Attached,
            (Place::Attachment, "deleteOnTermination") => Meaning::DeletedWithInstance,
            (Place::Group, "groupId") => Meaning::GroupId,
            (Place::Group, "groupName") => Meaning::GroupName,
            (Place::Address, "privateIpAddress") => Meaning::Private,
            (Place::Address, "primary") => Meaning::IsPrimary,
            (Place::Association, "publicIp") => Meaning::Public,
            (Place::Ipv6, "ipv6Address") => Meaning::Ipv6,
            (Place::Ipv4Prefix, "ipv4Prefix") => Meaning::Ipv4Prefix,
            (Place::Ipv6Prefix, "ipv6Prefix") => Meaning::Ipv6Prefix,
            _ => return None,
        };
        Some(Place::Text(meaning))
    }

    fn is_text(place: Place) -> bool {
        matches!(place, Place::Text(_))
    }

    fn begin(&mut self, place: Place) {
        match place {
            Place::Interface => {
                self.draft.clear();
                self.ipv4_prefixes = 0;
            }
            Place::Address => self.address = Address::default(),
            // Its id, then its name.
            Place::Group => {
                let groups = self.draft.list(List::Groups);
                groups.extend([String::new(), String::new()]);
            }
            _ => {}
        }
    }

    fn finish(&mut self, place: Place, text: &str) -> Result<(), Unreadable> {
        match place {
            Place::Text(meaning) => self.learn(meaning, text)?,
            Place::Address => self.add_address(),
            Place::Interface => self.push()?,
            _ => {}
        }
        Ok(())
    }

    fn output(self) -> Self::Output {
        Page {
            items: self.page,
            next: self.next,
        }
    }
}

impl Answer {
    fn learn(&mut self, meaning: Meaning, text: &str) -> Result<(), Unreadable> {
        let draft = &mut self.draft;
        match meaning {
            Meaning::NextToken => self.next = Some(text.to_owned()),
            Meaning::Of(field) => draft.set(field, text),
            Meaning::ChecksAddresses => draft.checks_addresses = Some(flag(text)?),
            Meaning::Card => draft.card = Some(number(text)?),
            Meaning::Device => draft.device = Some(number(text)?),
            Meaning::Attached => draft.attached = Some(seconds("the attach time", text)?),
            Meaning::DeletedWithInstance => draft.deleted_with_instance = Some(flag(text)?),
            Meaning::GroupId | Meaning::GroupName => {
                let groups = draft.list(List::Groups);
                let back = if matches!(meaning, Meaning::GroupId) {
                    2
                } else {
                    1
                };
                let at = groups.len().checked_sub(back);
                if let Some(place) = at.and_then(|at| groups.get_mut(at)) {
                    text.clone_into(place);
                }
            }
            Meaning::Private => text.clone_into(&mut self.address.private),
            Meaning::IsPrimary => self.address.primary = flag(text)?,
            Meaning::Public => text.clone_into(&mut self.address.public),
            Meaning::Ipv6 => draft.list(List::Ipv6).push(text.to_owned()),
            Meaning::Ipv4Prefix => {
                let prefixes = draft.list(List::Prefixes);
                prefixes.insert(self.ipv4_prefixes, text.to_owned());
                self.ipv4_prefixes += 1;
            }
            Meaning::Ipv6Prefix => draft.list(List::Prefixes).push(text.to_owned()),
        }
        Ok(())
    }

    /// The primary one comes before all others.
    fn add_address(&mut self) {
        let Address {
            private,
            public,
            primary,
        } = std::mem::take(&mut self.address);
        let addresses = self.draft.list(List::Addresses);
        let at = if primary { 0 } else { addresses.len() };
        addresses.splice(at..at, [private, public]);
    }

    fn push(&mut self) -> Result<(), Unreadable> {
        if !self.draft.is_of_instance() {
            return Ok(());
        }
        if self.page.rows.len() >= self.room {
            self.page.left_out = true;
            return Ok(());
        }
        let pushed = self.page.rows.push(&self.draft);
        pushed.ok_or_else(|| Unreadable::new("an interface has too many addresses"))
    }
}

fn flag(text: &str) -> Result<bool, Unreadable> {
    text.parse()
        .map_err(|_| Unreadable::new(format!("{text:?} is neither true nor false")))
}

fn number(text: &str) -> Result<u32, Unreadable> {
    text.parse()
        .map_err(|_| Unreadable::new(format!("{text:?} is no number of a device")))
}
