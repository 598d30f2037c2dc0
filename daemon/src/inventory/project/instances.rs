//! From the answer of `DescribeInstances`, as it arrives, to rows of a snapshot.
//!
//! It knows where in the answer each fact lies, and passes over all the rest. It
//! takes what it reads for true only as far as it can be wrong without harm: a text
//! of unreasonable length or a broken answer ends it.

use super::draft::{Draft, Field};
use super::xml::{Outline, Pieces};
use crate::aws::{Page, Projection, Unreadable};
use crate::inventory::snapshot::Builder;

/// More than any text of an instance that AWS allows: a tag's value has at most
/// 256 characters, a name of the DNS 253.
const LONGEST_TEXT: usize = 16 << 10;
/// Deeper than anything of AWS.
const DEEPEST: usize = 128;

/// The instances of a page.
#[derive(Debug)]
pub(in crate::inventory) struct InstancesPage {
    /// Those there was room for.
    pub(in crate::inventory) rows: Builder,
    /// There were more.
    pub(in crate::inventory) left_out: bool,
}

/// See the module.
#[derive(Debug)]
pub(in crate::inventory) struct InstancesProjection {
    pieces: Pieces,
    answer: Answer,
}

impl InstancesProjection {
    /// Takes at most `room` instances.
    pub(in crate::inventory) fn new(room: usize) -> Self {
        Self {
            pieces: Pieces::default(),
            answer: Answer {
                place: vec![Place::Document],
                passed_over: 0,
                text: String::new(),
                owner: String::new(),
                next: None,
                draft: Draft::default(),
                reservation_at: 0,
                room,
                ended: false,
                page: InstancesPage {
                    rows: Builder::with_capacity(0),
                    left_out: false,
                },
            },
        }
    }
}

impl Projection for InstancesProjection {
    type Output = Page<InstancesPage>;

    fn read(&mut self, piece: &[u8]) -> Result<(), Unreadable> {
        self.pieces.read(piece, &mut self.answer)
    }

    fn end(mut self) -> Result<Self::Output, Unreadable> {
        self.pieces.end(&mut self.answer)?;
        if !self.answer.ended {
            return Err(Unreadable::new("it is not whole"));
        }
        Ok(Page {
            items: self.answer.page,
            next: self.answer.next,
        })
    }
}

/// An element that matters.
#[derive(Clone, Copy, Debug)]
enum Place {
    Document,
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
enum Meaning {
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
struct Answer {
    /// The open elements that matter, outermost first.
    place: Vec<Place>,
    /// How many elements are open within the innermost of them that do not.
    passed_over: usize,
    /// The text of the innermost, if it is one of text.
    text: String,
    owner: String,
    next: Option<String>,
    draft: Draft,
    /// How many rows there were before this reservation.
    reservation_at: usize,
    room: usize,
    ended: bool,
    page: InstancesPage,
}

/// What an element of this name is within another; `None`: nothing that matters.
fn within(place: Place, name: &str) -> Option<Place> {
    use Meaning::{Address, GroupId, GroupName, NextToken, Of, Owner, TagKey, TagValue};
    Some(match (place, name) {
        (Place::Document, "DescribeInstancesResponse") => Place::Response,
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

impl Outline for Answer {
    fn open(&mut self, name: &str) -> Result<(), Unreadable> {
        let place = *self.place.last().expect("the document is never closed");
        let inner = if self.passed_over > 0 {
            None
        } else {
            within(place, name)
        };
        let Some(inner) = inner else {
            if matches!(place, Place::Document) {
                return Err(Unreadable::new(format!("it is a <{name}>")));
            }
            self.passed_over += 1;
            if self.passed_over > DEEPEST {
                return Err(Unreadable::new("its elements are nested too deep"));
            }
            return Ok(());
        };
        if self.ended {
            return Err(Unreadable::new("it goes on after its end"));
        }
        self.place.push(inner);
        self.begin(inner);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return Ok(());
        }
        if self.place.len() == 1 {
            return Err(Unreadable::new("it closes an element that is not open"));
        }
        let place = self.place.pop().expect("more than the document is open");
        self.finish(place)
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        match self.place.last() {
            Some(Place::Text(_)) if self.passed_over == 0 => {
                self.text.push_str(text);
                if self.text.len() > LONGEST_TEXT {
                    return Err(Unreadable::new("a text of it is too long"));
                }
            }
            Some(Place::Document) if !text.trim_ascii().is_empty() => {
                return Err(Unreadable::new("it is no XML"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Answer {
    fn begin(&mut self, place: Place) {
        match place {
            Place::Reservation => {
                self.reservation_at = self.page.rows.len();
                self.owner.clear();
            }
            Place::Instance => self.draft.clear(),
            Place::Tag => self.draft.add_tag(),
            Place::Group => self.draft.add_group(),
            Place::Text(_) => self.text.clear(),
            _ => {}
        }
    }

    fn finish(&mut self, place: Place) -> Result<(), Unreadable> {
        match place {
            Place::Text(meaning) => self.learn(meaning),
            Place::Instance => self.push()?,
            // It may name its owner after its instances.
            Place::Reservation => self.page.rows.own(self.reservation_at, &self.owner),
            Place::Response => self.ended = true,
            _ => {}
        }
        Ok(())
    }

    fn learn(&mut self, meaning: Meaning) {
        let text = self.text.as_str();
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
