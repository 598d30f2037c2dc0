//! Owns the elements that an interface has both inside its instance and in
//! DescribeNetworkInterfaces.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::sandbox::clock;
use crate::sandbox::fleet::instance::{Instance, Interface};
use crate::sandbox::fleet::network::{Group, private_dns, public_dns};
use crate::sandbox::xml::Xml;

/// From the description to the security groups.
pub(super) fn head(xml: &mut Xml, interface: &Interface) {
    let subnet = &interface.subnet;
    xml.text("networkInterfaceId", &interface.id);
    xml.text("subnetId", &subnet.id);
    xml.text("vpcId", &subnet.vpc.id);
    xml.text("description", interface.description);
    xml.text("ownerId", &subnet.home.account);
    xml.text("status", "in-use");
    xml.text("macAddress", &interface.mac);
    xml.show("privateIpAddress", interface.address);
    xml.text(
        "privateDnsName",
        &private_dns(interface.address, subnet.home.region),
    );
    xml.text("sourceDestCheck", "true");
    groups(xml, &interface.groups);
}

/// `whose` says in the words of the operation to which instance it is attached.
pub(super) fn attachment(
    xml: &mut Xml,
    interface: &Interface,
    instance: &Instance,
    whose: impl FnOnce(&mut Xml),
) {
    xml.node("attachment", |xml| {
        xml.text("attachmentId", &interface.attachment);
        whose(xml);
        xml.show("deviceIndex", interface.device);
        xml.text("status", "attached");
        xml.text("attachTime", &clock::with_milliseconds(instance.launched));
        xml.text("deleteOnTermination", "true");
        xml.show("networkCardIndex", interface.card);
    });
}

/// All addresses and prefixes.
pub(super) fn addresses(xml: &mut Xml, interface: &Interface) {
    association(xml, interface, interface.address);
    xml.list(
        "privateIpAddressesSet",
        interface.addresses(),
        |xml, address| {
            let primary = address == interface.address;
            xml.show("privateIpAddress", address);
            xml.text(
                "privateDnsName",
                &private_dns(address, interface.subnet.home.region),
            );
            xml.show("primary", primary);
            association(xml, interface, address);
        },
    );
    xml.list("ipv6AddressesSet", &interface.ipv6, |xml, address| {
        xml.show("ipv6Address", address);
        xml.text("isPrimaryIpv6", "false");
    });
    if !interface.ipv4_prefixes.is_empty() {
        xml.list("ipv4PrefixSet", &interface.ipv4_prefixes, |xml, prefix| {
            xml.text("ipv4Prefix", prefix);
        });
    }
    if !interface.ipv6_prefixes.is_empty() {
        xml.list("ipv6PrefixSet", &interface.ipv6_prefixes, |xml, prefix| {
            xml.text("ipv6Prefix", prefix);
        });
    }
    xml.text("interfaceType", "interface");
    xml.node("operator", |xml| xml.text("managed", "false"));
}

pub(super) fn groups(xml: &mut Xml, groups: &[Arc<Group>]) {
    xml.list("groupSet", groups, |xml, group| {
        xml.text("groupId", &group.id);
        xml.text("groupName", &group.name);
    });
}

fn association(xml: &mut Xml, interface: &Interface, private: Ipv4Addr) {
    let Some(public) = interface.public_of(private) else {
        return;
    };
    let region = interface.subnet.home.region;
    xml.node("association", |xml| {
        xml.show("publicIp", public);
        xml.text("publicDnsName", &public_dns(public, region));
        xml.text("ipOwnerId", "amazon");
    });
}
