//! From what is kept of interfaces to messages.

use aws_ssm_proto::wire;

use crate::inventory::{Fleet, Interface, Wiring};

/// An instance of a fleet, by its place there, with its interfaces.
pub(super) fn instance(fleet: &Fleet, place: u32, wiring: &Wiring) -> wire::InstanceInterfaces {
    let row = fleet.instances.snapshot.row(place);
    let interfaces = wiring.interfaces.of(row.id());
    wire::InstanceInterfaces {
        id: row.id().to_owned(),
        name: row.name().map(str::to_owned),
        state: row.state().map_or(0, |state| state as i32),
        account: row.account().map(str::to_owned),
        region: fleet.region.to_string(),
        interfaces: interfaces.map(|one| interface(one, wiring)).collect(),
    }
}

fn interface(one: Interface<'_>, wiring: &Wiring) -> wire::NetworkInterface {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let present = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let subnet = wiring.subnet(one);
    let groups = one.security_groups();
    let addresses = one.addresses();
    wire::NetworkInterface {
        id: one.id().to_owned(),
        network_card: one.card(),
        device: one.device(),
        subnet: text(one.subnet()),
        cidr: subnet.and_then(|subnet| present(&subnet.cidr)),
        ipv6_cidrs: subnet.map_or_else(Vec::new, |subnet| subnet.ipv6_cidrs.clone()),
        vpc: text(one.vpc()),
        az: text(one.az()),
        security_groups: groups
            .map(|(id, name)| wire::SecurityGroup {
                id: id.to_owned(),
                name: name.to_owned(),
            })
            .collect(),
        private_addresses: addresses
            .map(|(private, public)| wire::PrivateAddress {
                address: private.to_owned(),
                public_address: present(public),
            })
            .collect(),
        ipv6_addresses: one.ipv6_addresses().map(str::to_owned).collect(),
        prefixes: one.prefixes().map(str::to_owned).collect(),
        mac: text(one.mac()),
        status: text(one.status()),
        r#type: text(one.kind()),
        attachment: text(one.attachment()),
        description: text(one.description()),
        attached_at: one.attached(),
        delete_on_termination: one.deleted_with_instance(),
        source_dest_check: one.checks_addresses(),
    }
}
