//! Owns DescribeInstances: ids, filters and pages over rendered instances.
//!
//! Invariant: pages count instances, not reservations; neighbours of one
//! reservation share its element.

use super::filter::{Attribute, Filterable, Filters};
use super::{Page, check_ids, document, instance_xml, not_found};
use crate::sandbox::clock;
use crate::sandbox::fleet::Fleet;
use crate::sandbox::fleet::instance::{Instance, Interface};
use crate::sandbox::fleet::network::{private_dns, public_dns};
use crate::sandbox::form::Form;
use crate::sandbox::handle::{Answer, Context};
use crate::sandbox::page;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::xml::Xml;

const OPERATION: &str = "DescribeInstances";

pub(super) fn describe(context: Context<'_>, form: &Form) -> Result<Answer, Refusal> {
    let ids = form.list("InstanceId");
    check_ids(&ids, "i-", "InvalidInstanceID.Malformed")?;
    let filters = Filters::<Instance>::read(form.filters())?;
    let page = Page::read(context, OPERATION, form, ("instancesSet", !ids.is_empty()))?;
    let fleet = context.fleet();
    let candidates = candidates(&fleet, &ids)?;
    let rows = candidates
        .skip_while(|(position, _)| *position < page.start)
        .filter(|(_, instance)| filters.accept(instance));
    let (instances, next) = page::cut(rows, page.limit);

    let body = document(OPERATION, context.request_id, |xml| {
        let rendered = instances
            .iter()
            .map(|instance| instance_xml::kept(instance).len());
        xml.reserve(rendered.sum());
        write(xml, &instances);
        page.next_token(xml, next);
    });
    Ok(Answer {
        body,
        rows: instances.len(),
    })
}

/// Positions and instances: those with the ids, or all if there are none.
fn candidates<'f>(
    fleet: &'f Fleet,
    ids: &[String],
) -> Result<Box<dyn Iterator<Item = (u64, &'f Instance)> + 'f>, Refusal> {
    let instances = fleet.instances();
    if ids.is_empty() {
        return Ok(Box::new((0..).zip(instances)));
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match fleet.index_of(id) {
            Some(index) => found.push(index),
            None => missing.push(id.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(not_found(
            "instance",
            &missing,
            "InvalidInstanceID.NotFound",
        ));
    }
    found.sort_unstable();
    found.dedup();
    Ok(Box::new(
        found
            .into_iter()
            .map(|index| (index as u64, &instances[index])),
    ))
}

fn write(xml: &mut Xml, instances: &[&Instance]) {
    let reservations = instances.chunk_by(|one, next| one.reservation == next.reservation);
    xml.list("reservationSet", reservations, |xml, instances| {
        xml.text("reservationId", &instances[0].reservation);
        xml.text("ownerId", &instances[0].home.account);
        xml.empty("groupSet");
        xml.list("instancesSet", instances, |xml, instance| {
            xml.raw(instance_xml::kept(instance));
        });
        if launched_by_autoscaling(instances[0]) {
            // The account of the Auto Scaling service.
            xml.text("requesterId", "940372691376");
        }
    });
}

fn launched_by_autoscaling(instance: &Instance) -> bool {
    instance.tag("aws:autoscaling:groupName").is_some()
}

impl Filterable for Instance {
    fn tags(&self) -> &[(String, String)] {
        &self.tags
    }

    fn attribute(name: &str) -> Option<Attribute<Self>> {
        if let Some(name) = name.strip_prefix("network-interface.") {
            return interface_attribute(name);
        }
        Some(match name {
            "affinity" | "placement-group-name" | "ramdisk-id" | "kernel-id" | "product-code" => {
                |_, _| false
            }
            "architecture" => |i, test| test(i.shape.architecture()),
            "availability-zone" => |i, test| test(&i.zone.name),
            "availability-zone-id" => |i, test| test(&i.zone.id),
            "block-device-mapping.device-name" => {
                |i, test| i.volumes.iter().any(|v| test(v.device))
            }
            "block-device-mapping.volume-id" => |i, test| i.volumes.iter().any(|v| test(&v.id)),
            "dns-name" => |i, test| {
                let public = i.primary().and_then(|primary| primary.public);
                public.is_some_and(|public| test(&public_dns(public, i.home.region)))
            },
            "hypervisor" => |_, test| test("xen"),
            "iam-instance-profile.arn" => {
                |i, test| i.profile.as_ref().is_some_and(|p| test(&p.arn))
            }
            "iam-instance-profile.id" => |i, test| i.profile.as_ref().is_some_and(|p| test(&p.id)),
            "image-id" => |i, test| test(&i.image),
            "instance-id" => |i, test| test(&i.id),
            "instance-lifecycle" => |i, test| i.spot_request.is_some() && test("spot"),
            "instance-state-code" => |i, test| test(&i.state.code().to_string()),
            "instance-state-name" => |i, test| test(i.state.name()),
            "instance-type" => |i, test| test(i.shape.name),
            "instance.group-id" | "group-id" => |i, test| {
                i.primary()
                    .is_some_and(|p| p.groups.iter().any(|g| test(&g.id)))
            },
            "instance.group-name" | "group-name" => |i, test| {
                i.primary()
                    .is_some_and(|p| p.groups.iter().any(|g| test(&g.name)))
            },
            "ip-address" => |i, test| {
                let public = i.primary().and_then(|primary| primary.public);
                public.is_some_and(|public| test(&public.to_string()))
            },
            "ipv6-address" => |i, test| {
                i.primary()
                    .is_some_and(|p| p.ipv6.iter().any(|a| test(&a.to_string())))
            },
            "key-name" => |i, test| i.key_name.is_some_and(test),
            "launch-index" => |i, test| test(&i.launch_index.to_string()),
            "launch-time" => |i, test| test(&clock::with_milliseconds(i.launched)),
            "monitoring-state" => |i, test| test(instance_xml::monitoring(i)),
            "owner-id" => |i, test| test(&i.home.account),
            "platform" => |i, test| i.system.is_windows() && test("windows"),
            "platform-details" => |i, test| test(i.system.details()),
            "private-dns-name" => |i, test| {
                i.primary()
                    .is_some_and(|p| test(&private_dns(p.address, i.home.region)))
            },
            "private-ip-address" => {
                |i, test| i.primary().is_some_and(|p| test(&p.address.to_string()))
            }
            "requester-id" => |i, test| launched_by_autoscaling(i) && test("940372691376"),
            "reservation-id" => |i, test| test(&i.reservation),
            "root-device-name" => |i, test| test(i.system.root_device()),
            "root-device-type" => |_, test| test("ebs"),
            "source-dest-check" => |i, test| i.primary().is_some() && test("true"),
            "spot-instance-request-id" => |i, test| i.spot_request.as_deref().is_some_and(test),
            "state-reason-code" => {
                |i, test| instance_xml::state_reason(i).is_some_and(|(code, _)| test(code))
            }
            "subnet-id" => |i, test| i.primary().is_some_and(|p| test(&p.subnet.id)),
            "tenancy" => |_, test| test("default"),
            "usage-operation" => |i, test| test(i.system.usage_operation()),
            "virtualization-type" => |_, test| test("hvm"),
            "vpc-id" => |i, test| i.primary().is_some_and(|p| test(&p.subnet.vpc.id)),
            _ => return None,
        })
    }
}

/// The filters that look at all interfaces of an instance.
fn interface_attribute(name: &str) -> Option<Attribute<Instance>> {
    Some(match name {
        "addresses.association.public-ip" => |i, test| {
            let mut public = i.interfaces.iter().flat_map(Interface::public_addresses);
            public.any(|public| test(&public.to_string()))
        },
        "association.public-ip" => |i, test| {
            let mut public = i.interfaces.iter().filter_map(|n| n.public);
            public.any(|public| test(&public.to_string()))
        },
        "addresses.primary" => |i, test| {
            i.interfaces
                .iter()
                .any(|n| test("true") || !n.secondary.is_empty() && test("false"))
        },
        "addresses.private-ip-address" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(Interface::addresses)
                .any(|a| test(&a.to_string()))
        },
        "attachment.attachment-id" => |i, test| i.interfaces.iter().any(|n| test(&n.attachment)),
        "attachment.device-index" => {
            |i, test| i.interfaces.iter().any(|n| test(&n.device.to_string()))
        }
        "attachment.network-card-index" => {
            |i, test| i.interfaces.iter().any(|n| test(&n.card.to_string()))
        }
        "availability-zone" => |i, test| i.interfaces.iter().any(|n| test(&n.subnet.zone.name)),
        "description" => |i, test| i.interfaces.iter().any(|n| test(n.description)),
        "group-id" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(|n| &n.groups)
                .any(|g| test(&g.id))
        },
        "group-name" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(|n| &n.groups)
                .any(|g| test(&g.name))
        },
        "ipv4-prefixes.ipv4-prefix" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(|n| &n.ipv4_prefixes)
                .any(|p| test(p))
        },
        "ipv6-addresses.ipv6-address" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(|n| &n.ipv6)
                .any(|a| test(&a.to_string()))
        },
        "ipv6-prefixes.ipv6-prefix" => |i, test| {
            i.interfaces
                .iter()
                .flat_map(|n| &n.ipv6_prefixes)
                .any(|p| test(p))
        },
        "mac-address" => |i, test| i.interfaces.iter().any(|n| test(&n.mac)),
        "network-interface-id" => |i, test| i.interfaces.iter().any(|n| test(&n.id)),
        "owner-id" => |i, test| i.interfaces.iter().any(|n| test(&n.subnet.home.account)),
        "private-dns-name" => |i, test| {
            i.interfaces
                .iter()
                .any(|n| test(&private_dns(n.address, i.home.region)))
        },
        "private-ip-address" => |i, test| i.interfaces.iter().any(|n| test(&n.address.to_string())),
        "status" => |i, test| !i.interfaces.is_empty() && test("in-use"),
        "subnet-id" => |i, test| i.interfaces.iter().any(|n| test(&n.subnet.id)),
        "vpc-id" => |i, test| i.interfaces.iter().any(|n| test(&n.subnet.vpc.id)),
        _ => return None,
    })
}
