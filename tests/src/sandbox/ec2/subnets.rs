//! Owns DescribeSubnets.

use super::filter::{Attribute, Filterable, Filters};
use super::{Page, check_ids, document, not_found, tag_set};
use crate::sandbox::fleet::network::Slot;
use crate::sandbox::form::Form;
use crate::sandbox::handle::{Answer, Context};
use crate::sandbox::page;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::xml::Xml;

const OPERATION: &str = "DescribeSubnets";

pub(super) fn describe(context: Context<'_>, form: &Form) -> Result<Answer, Refusal> {
    let ids = form.list("SubnetId");
    check_ids(&ids, "subnet-", "InvalidSubnetID.Malformed")?;
    let filters = Filters::<Slot>::read(form.filters())?;
    let page = Page::read(context, OPERATION, form, ("subnetSet", !ids.is_empty()))?;
    let fleet = context.fleet();
    let slots = fleet.network().slots();
    let exists = |id: &str| slots.iter().any(|slot| slot.subnet.id == id);
    if let Some(id) = ids.iter().find(|id| !exists(id)) {
        return Err(not_found("subnet", &[id], "InvalidSubnetID.NotFound"));
    }
    let rows = (0..)
        .zip(slots)
        .skip_while(|(position, _)| *position < page.start)
        .filter(|(_, slot)| ids.is_empty() || ids.contains(&slot.subnet.id))
        .filter(|(_, slot)| filters.accept(slot));
    let (slots, next) = page::cut(rows, page.limit);

    let body = document(OPERATION, context.request_id, |xml| {
        xml.list("subnetSet", &slots, |xml, slot| write(xml, slot));
        page.next_token(xml, next);
    });
    Ok(Answer {
        body,
        rows: slots.len(),
    })
}

fn write(xml: &mut Xml, slot: &Slot) {
    let subnet = &slot.subnet;
    xml.text("subnetId", &subnet.id);
    xml.text("subnetArn", &subnet.arn());
    xml.text("state", "available");
    xml.text("ownerId", &subnet.home.account);
    xml.text("vpcId", &subnet.vpc.id);
    xml.text("cidrBlock", &subnet.cidr());
    xml.list(
        "ipv6CidrBlockAssociationSet",
        [subnet.ipv6_cidr()],
        |xml, cidr| {
            xml.text("ipv6CidrBlock", &cidr);
            xml.text(
                "associationId",
                &subnet.id.replace("subnet-", "subnet-cidr-assoc-"),
            );
            xml.node("ipv6CidrBlockState", |xml| xml.text("state", "associated"));
        },
    );
    xml.show("availableIpAddressCount", slot.available());
    xml.text("availabilityZone", &subnet.zone.name);
    xml.text("availabilityZoneId", &subnet.zone.id);
    xml.text("defaultForAz", "false");
    xml.show("mapPublicIpOnLaunch", subnet.public);
    xml.text("mapCustomerOwnedIpOnLaunch", "false");
    xml.show("assignIpv6AddressOnCreation", subnet.public);
    xml.text("enableDns64", "false");
    xml.text("ipv6Native", "false");
    xml.node("privateDnsNameOptionsOnLaunch", |xml| {
        xml.text("hostnameType", "ip-name");
        xml.text("enableResourceNameDnsARecord", "false");
        xml.text("enableResourceNameDnsAAAARecord", "false");
    });
    tag_set(xml, &subnet.tags);
}

impl Filterable for Slot {
    fn tags(&self) -> &[(String, String)] {
        &self.subnet.tags
    }

    fn attribute(name: &str) -> Option<Attribute<Self>> {
        Some(match name {
            "availability-zone" | "availabilityZone" => |slot, test| test(&slot.subnet.zone.name),
            "availability-zone-id" | "availabilityZoneId" => {
                |slot, test| test(&slot.subnet.zone.id)
            }
            "available-ip-address-count" => |slot, test| test(&slot.available().to_string()),
            "cidr-block" | "cidr" | "cidrBlock" => |slot, test| test(&slot.subnet.cidr()),
            "default-for-az" | "defaultForAz" => |_, test| test("false"),
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                |slot, test| test(&slot.subnet.ipv6_cidr())
            }
            "map-public-ip-on-launch" => |slot, test| test(&slot.subnet.public.to_string()),
            "owner-id" => |slot, test| test(&slot.subnet.home.account),
            "state" => |_, test| test("available"),
            "subnet-arn" => |slot, test| test(&slot.subnet.arn()),
            "subnet-id" => |slot, test| test(&slot.subnet.id),
            "vpc-id" => |slot, test| test(&slot.subnet.vpc.id),
            _ => return None,
        })
    }
}
