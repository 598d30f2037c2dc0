//! Owns DescribeNetworkInterfaces: the interfaces of all instances.

use super::filter::{Attribute, Filterable, Filters};
use super::{Page, check_ids, document, interface_xml, not_found};
use crate::sandbox::fleet::Fleet;
use crate::sandbox::fleet::instance::{Instance, Interface};
use crate::sandbox::fleet::network::{private_dns, public_dns};
use crate::sandbox::form::Form;
use crate::sandbox::handle::{Answer, Context};
use crate::sandbox::page;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::xml::Xml;

const OPERATION: &str = "DescribeNetworkInterfaces";

/// An interface with the instance it is attached to.
#[derive(Debug, Clone, Copy)]
struct Attached<'f> {
    instance: &'f Instance,
    interface: &'f Interface,
}

pub(super) fn describe(context: Context<'_>, form: &Form) -> Result<Answer, Refusal> {
    let ids = form.list("NetworkInterfaceId");
    check_ids(&ids, "eni-", "InvalidNetworkInterfaceID.Malformed")?;
    let filters = Filters::read(form.filters())?;
    let page = Page::read(
        context,
        OPERATION,
        form,
        ("networkInterfaceIdSet", !ids.is_empty()),
    )?;
    let fleet = context.fleet();
    let missing = missing(&fleet, &ids);
    if !missing.is_empty() {
        let code = "InvalidNetworkInterfaceID.NotFound";
        return Err(not_found("networkInterface", &missing, code));
    }
    let rows = all(&fleet)
        .skip_while(|(position, _)| *position < page.start)
        .filter(|(_, one)| ids.is_empty() || ids.contains(&one.interface.id))
        .filter(|(_, one)| filters.accept(one));
    let (interfaces, next) = page::cut(rows, page.limit);

    let rows = interfaces.len();
    let body = document(OPERATION, context.request_id, |xml| {
        xml.list("networkInterfaceSet", interfaces, write);
        page.next_token(xml, next);
    });
    Ok(Answer { body, rows })
}

/// A position stays that of its interface while other instances change: it is
/// made of the instance's index and the interface's number there.
fn all(fleet: &Fleet) -> impl Iterator<Item = (u64, Attached<'_>)> {
    (0_u64..)
        .zip(fleet.instances())
        .flat_map(|(index, instance)| {
            (index << 8..).zip(instance.interfaces.iter().map(move |interface| Attached {
                instance,
                interface,
            }))
        })
}

fn missing<'i>(fleet: &Fleet, ids: &'i [String]) -> Vec<&'i str> {
    let exists = |id: &str| all(fleet).any(|(_, one)| one.interface.id == id);
    let ids = ids.iter().map(String::as_str);
    ids.filter(|id| !exists(id)).collect()
}

fn write(xml: &mut Xml, one: Attached<'_>) {
    let Attached {
        instance,
        interface,
    } = one;
    interface_xml::head(xml, interface);
    xml.text("availabilityZone", &interface.subnet.zone.name);
    xml.text("availabilityZoneId", &interface.subnet.zone.id);
    xml.text("requesterManaged", "false");
    interface_xml::attachment(xml, interface, instance, |xml| {
        xml.text("instanceId", &instance.id);
        xml.text("instanceOwnerId", &instance.home.account);
    });
    xml.empty("tagSet");
    interface_xml::addresses(xml, interface);
}

impl Filterable for Attached<'_> {
    fn tags(&self) -> &[(String, String)] {
        &[]
    }

    fn attribute(name: &str) -> Option<Attribute<Self>> {
        Some(match name {
            "addresses.association.public-ip" => |one, test| {
                let mut public = one.interface.public_addresses();
                public.any(|ip| test(&ip.to_string()))
            },
            "association.public-ip" => {
                |one, test| one.interface.public.is_some_and(|ip| test(&ip.to_string()))
            }
            "addresses.primary" => {
                |one, test| test("true") || !one.interface.secondary.is_empty() && test("false")
            }
            "addresses.private-ip-address" => {
                |one, test| one.interface.addresses().any(|ip| test(&ip.to_string()))
            }
            "association.public-dns-name" => |one, test| {
                let region = one.instance.home.region;
                let public = one.interface.public;
                public.is_some_and(|public| test(&public_dns(public, region)))
            },
            "attachment.attachment-id" => |one, test| test(&one.interface.attachment),
            "attachment.device-index" => |one, test| test(&one.interface.device.to_string()),
            "attachment.instance-id" => |one, test| test(&one.instance.id),
            "attachment.instance-owner-id" | "owner-id" => {
                |one, test| test(&one.instance.home.account)
            }
            "attachment.network-card-index" => |one, test| test(&one.interface.card.to_string()),
            "attachment.status" => |_, test| test("attached"),
            "availability-zone" => |one, test| test(&one.interface.subnet.zone.name),
            "description" => |one, test| test(one.interface.description),
            "group-id" => |one, test| one.interface.groups.iter().any(|g| test(&g.id)),
            "group-name" => |one, test| one.interface.groups.iter().any(|g| test(&g.name)),
            "interface-type" => |_, test| test("interface"),
            "ipv6-addresses.ipv6-address" => {
                |one, test| one.interface.ipv6.iter().any(|ip| test(&ip.to_string()))
            }
            "mac-address" => |one, test| test(&one.interface.mac),
            "network-interface-id" => |one, test| test(&one.interface.id),
            "private-dns-name" => |one, test| {
                let region = one.instance.home.region;
                test(&private_dns(one.interface.address, region))
            },
            "private-ip-address" => |one, test| test(&one.interface.address.to_string()),
            "requester-managed" => |_, test| test("false"),
            "source-dest-check" => |_, test| test("true"),
            "status" => |_, test| test("in-use"),
            "subnet-id" => |one, test| test(&one.interface.subnet.id),
            "vpc-id" => |one, test| test(&one.interface.subnet.vpc.id),
            _ => return None,
        })
    }
}
