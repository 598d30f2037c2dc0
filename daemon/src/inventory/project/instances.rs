//! From the answer of `DescribeInstances`, as it arrives, to rows of a snapshot.
//!
//! It knows where in the answer each fact lies; see [`super::walk`].

use super::draft::{Draft, Field};
use super::walk::{Reading, Sense};
use crate::aws::{Page, Unreadable};
use crate::inventory::snapshot::Builder;

/// The instances of a page.
#[derive(Debug)]
pub(in crate::inventory) struct InstancesPage {
    /// Those there was room for.
    pub(in crate::inventory) rows: Builder,
    /// There were more.
    pub(in crate::inventory) left_out: bool,
}

/// Reads the instances of an answer.
pub(in crate::inventory) type InstancesProjection = Reading<Answer>;

impl InstancesProjection {
    /// Takes at most `room` instances.
    pub(in crate::inventory) fn new(room: usize) -> Self {
        Self::of(Answer {
            owner: String::new(),
            next: None,
            draft: Draft::default(),
            reservation_at: 0,
            room,
            page: InstancesPage {
                rows: Builder::with_capacity(0),
                left_out: false,
            },
        })
    }
}

/// An element that matters.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) enum Place {
    Response,
    Reservations,
    Reservation,
    Instances,
    Instance,
    State,
    Placement,
    Profile,
    Tags,
    Tag,
    Groups,
    Group,
    Interfaces,
    /// An interface, or one of its private addresses, which has the same of it.
    Interface,
    PrivateAddresses,
    /// What stands for a private address outside.
    Association,
    SixAddresses,
    SixAddress,
    Text(Meaning),
}

/// What an element's text says.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) enum Meaning {
    NextToken,
    Owner,
    Of(Field),
    TagKey,
    TagValue,
    GroupId,
    GroupName,
    Address { public: bool },
}

/// The answer as far as it is read.
#[derive(Debug)]
pub(in crate::inventory) struct Answer {
    owner: String,
    next: Option<String>,
    draft: Draft,
    /// How many rows there were before this reservation.
    reservation_at: usize,
    room: usize,
    page: InstancesPage,
}

fn within_instance(name: &str) -> Option<Place> {
    let field = match name {
        "instanceState" => return Some(Place::State),
        "placement" => return Some(Place::Placement),
        "iamInstanceProfile" => return Some(Place::Profile),
        "tagSet" => return Some(Place::Tags),
        "groupSet" => return Some(Place::Groups),
        "networkInterfaceSet" => return Some(Place::Interfaces),
        "ipv6Address" => return Some(Place::Text(Meaning::Address { public: true })),
        "instanceId" => Field::Id,
        "imageId" => Field::Image,
        "privateDnsName" => Field::PrivateDns,
        "dnsName" => Field::PublicDns,
        "keyName" => Field::Key,
        "instanceType" => Field::Type,
        "launchTime" => Field::Launched,
        "subnetId" => Field::Subnet,
        "vpcId" => Field::Vpc,
        "privateIpAddress" => Field::PrivateIp,
        "ipAddress" => Field::PublicIp,
        "architecture" => Field::Arch,
        "instanceLifecycle" => Field::Lifecycle,
        "platformDetails" => Field::Platform,
        _ => return None,
    };
    Some(Place::Text(Meaning::Of(field)))
}

impl Sense for Answer {
    type Place = Place;
    type Output = Page<InstancesPage>;

    fn within(place: Option<Place>, name: &str) -> Option<Place> {
        use Meaning::{Address, GroupId, GroupName, NextToken, Of, Owner, TagKey, TagValue};
        let Some(place) = place else {
            return (name == "DescribeInstancesResponse").then_some(Place::Response);
        };
        Some(match (place, name) {
            (Place::Response, "reservationSet") => Place::Reservations,
            (Place::Response, "nextToken") => Place::Text(NextToken),
            (Place::Reservations, "item") => Place::Reservation,
            (Place::Reservation, "instancesSet") => Place::Instances,
            (Place::Reservation, "ownerId") => Place::Text(Owner),
            (Place::Instances, "item") => Place::Instance,
            (Place::Instance, name) => return within_instance(name),
            (Place::State, "name") => Place::Text(Of(Field::State)),
            (Place::Placement, "availabilityZone") => Place::Text(Of(Field::Az)),
            (Place::Profile, "arn") => Place::Text(Of(Field::ProfileArn)),
            (Place::Tags, "item") => Place::Tag,
            (Place::Tag, "key") => Place::Text(TagKey),
            (Place::Tag, "value") => Place::Text(TagValue),
            (Place::Groups, "item") => Place::Group,
            (Place::Group, "groupId") => Place::Text(GroupId),
            (Place::Group, "groupName") => Place::Text(GroupName),
            (Place::Interfaces | Place::PrivateAddresses, "item") => Place::Interface,
            (Place::Interface, "privateIpAddress") => Place::Text(Address { public: false }),
            (Place::Interface, "association") => Place::Association,
            (Place::Interface, "privateIpAddressesSet") => Place::PrivateAddresses,
            (Place::Interface, "ipv6AddressesSet") => Place::SixAddresses,
            (Place::Association, "publicIp") => Place::Text(Address { public: true }),
            (Place::SixAddresses, "item") => Place::SixAddress,
            (Place::SixAddress, "ipv6Address") => Place::Text(Address { public: true }),
            _ => return None,
        })
    }

    fn is_text(place: Place) -> bool {
        matches!(place, Place::Text(_))
    }

    fn begin(&mut self, place: Place) {
        match place {
            Place::Reservation => {
                self.reservation_at = self.page.rows.len();
                self.owner.clear();
            }
            Place::Instance => self.draft.clear(),
            Place::Tag => self.draft.add_tag(),
            Place::Group => self.draft.add_group(),
            _ => {}
        }
    }

    fn finish(&mut self, place: Place, text: &str) -> Result<(), Unreadable> {
        match place {
            Place::Text(meaning) => self.learn(meaning, text),
            Place::Instance => self.push()?,
            // It may name its owner after its instances.
            Place::Reservation => self.page.rows.own(self.reservation_at, &self.owner),
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
    fn learn(&mut self, meaning: Meaning, text: &str) {
        match meaning {
            Meaning::NextToken => self.next = Some(text.to_owned()),
            Meaning::Owner => text.clone_into(&mut self.owner),
            Meaning::Of(field) => self.draft.set(field, text),
            Meaning::TagKey => self.draft.set_tag_key(text),
            Meaning::TagValue => self.draft.set_tag_value(text),
            Meaning::GroupId => self.draft.set_group_id(text),
            Meaning::GroupName => self.draft.set_group_name(text),
            Meaning::Address { public } => self.draft.add_address(text, public),
        }
    }

    fn push(&mut self) -> Result<(), Unreadable> {
        if let Some(facts) = self.draft.facts()? {
            if self.page.rows.len() < self.room {
                self.page.rows.push(&facts);
            } else {
                self.page.left_out = true;
            }
        }
        Ok(())
    }
}
