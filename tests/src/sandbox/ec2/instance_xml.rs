//! Owns the XML of one instance: every element that DescribeInstances gives.

use super::{interface_xml, tag_set};
use crate::sandbox::clock;
use crate::sandbox::fleet::instance::{Instance, Interface, State};
use crate::sandbox::fleet::network::{private_dns, public_dns};
use crate::sandbox::xml::Xml;

/// The content of the instance's `item`, rendered once.
pub(super) fn kept(instance: &Instance) -> &str {
    instance.rendered(render)
}

pub(crate) fn render(instance: &Instance) -> String {
    let mut xml = Xml::default();
    identity(&mut xml, instance);
    placement(&mut xml, instance);
    network(&mut xml, instance);
    machine(&mut xml, instance);
    storage(&mut xml, instance);
    purchase(&mut xml, instance);
    tag_set(&mut xml, &instance.tags);
    xml.list("networkInterfaceSet", &instance.interfaces, |xml, one| {
        interface(xml, one, instance);
    });
    options(&mut xml, instance);
    xml.finish()
}

/// Code and message of the last change of state, as far as EC2 keeps them.
pub(super) fn state_reason(instance: &Instance) -> Option<(&'static str, &'static str)> {
    match instance.state {
        State::Pending => Some(("pending", "pending")),
        State::Running => None,
        State::Stopping | State::Stopped | State::ShuttingDown | State::Terminated => Some((
            "Client.UserInitiatedShutdown",
            "Client.UserInitiatedShutdown: User initiated shutdown",
        )),
    }
}

pub(super) fn monitoring(instance: &Instance) -> &'static str {
    if instance.monitored {
        "enabled"
    } else {
        "disabled"
    }
}

fn identity(xml: &mut Xml, instance: &Instance) {
    xml.text("instanceId", &instance.id);
    xml.text("imageId", &instance.image);
    xml.node("instanceState", |xml| {
        xml.show("code", instance.state.code());
        xml.text("name", instance.state.name());
    });
    let region = instance.home.region;
    let primary = instance.primary();
    let private = primary.map(|primary| private_dns(primary.address, region));
    xml.text("privateDnsName", &private.unwrap_or_default());
    let public = primary.and_then(|primary| primary.public);
    let public = public.map(|public| public_dns(public, region));
    xml.text("dnsName", &public.unwrap_or_default());
    if instance.state.is_up() {
        xml.empty("reason");
    } else {
        let since = instance.state_since.strftime("%Y-%m-%d %H:%M:%S GMT");
        xml.show("reason", format_args!("User initiated ({since})"));
    }
    if let Some(key) = instance.key_name {
        xml.text("keyName", key);
    }
    xml.show("amiLaunchIndex", instance.launch_index);
    xml.empty("productCodes");
    xml.text("instanceType", instance.shape.name);
    xml.text("launchTime", &clock::with_milliseconds(instance.launched));
}

fn placement(xml: &mut Xml, instance: &Instance) {
    xml.node("placement", |xml| {
        xml.text("availabilityZone", &instance.zone.name);
        xml.text("availabilityZoneId", &instance.zone.id);
        xml.empty("groupName");
        xml.text("tenancy", "default");
    });
    if instance.system.is_windows() {
        xml.text("platform", "windows");
    }
    xml.node("monitoring", |xml| xml.text("state", monitoring(instance)));
}

fn network(xml: &mut Xml, instance: &Instance) {
    let Some(primary) = instance.primary() else {
        return xml.empty("groupSet");
    };
    xml.text("subnetId", &primary.subnet.id);
    xml.text("vpcId", &primary.subnet.vpc.id);
    xml.show("privateIpAddress", primary.address);
    if let Some(public) = primary.public {
        xml.show("ipAddress", public);
    }
    if let Some(ipv6) = primary.ipv6.first() {
        xml.show("ipv6Address", ipv6);
    }
    xml.text("sourceDestCheck", "true");
    interface_xml::groups(xml, &primary.groups);
}

fn machine(xml: &mut Xml, instance: &Instance) {
    if let Some((code, message)) = state_reason(instance) {
        xml.node("stateReason", |xml| {
            xml.text("code", code);
            xml.text("message", message);
        });
    }
    xml.text("architecture", instance.shape.architecture());
    xml.text("virtualizationType", "hvm");
    xml.text("hypervisor", "xen");
    xml.node("cpuOptions", |xml| {
        xml.show("coreCount", instance.shape.cores);
        xml.show("threadsPerCore", instance.shape.threads);
    });
}

fn storage(xml: &mut Xml, instance: &Instance) {
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", instance.system.root_device());
    xml.list("blockDeviceMapping", &instance.volumes, |xml, volume| {
        xml.text("deviceName", volume.device);
        xml.node("ebs", |xml| {
            xml.text("volumeId", &volume.id);
            xml.text("status", "attached");
            xml.text("attachTime", &clock::with_milliseconds(instance.launched));
            let is_root = volume.device == instance.system.root_device();
            xml.show("deleteOnTermination", is_root);
            xml.node("operator", |xml| xml.text("managed", "false"));
        });
    });
    xml.text("ebsOptimized", "true");
    xml.text("enaSupport", "true");
}

fn purchase(xml: &mut Xml, instance: &Instance) {
    if let Some(request) = &instance.spot_request {
        xml.text("instanceLifecycle", "spot");
        xml.text("spotInstanceRequestId", request);
    }
    xml.text("clientToken", &format!("tf-{}", instance.reservation));
    xml.text("platformDetails", instance.system.details());
    xml.text("usageOperation", instance.system.usage_operation());
    xml.text(
        "usageOperationUpdateTime",
        &clock::with_milliseconds(instance.launched),
    );
    if let Some(profile) = &instance.profile {
        xml.node("iamInstanceProfile", |xml| {
            xml.text("arn", &profile.arn);
            xml.text("id", &profile.id);
        });
    }
}

fn interface(xml: &mut Xml, interface: &Interface, instance: &Instance) {
    interface_xml::head(xml, interface);
    interface_xml::attachment(xml, interface, instance, |_| {});
    interface_xml::addresses(xml, interface);
}

fn options(xml: &mut Xml, instance: &Instance) {
    xml.node("capacityReservationSpecification", |xml| {
        xml.text("capacityReservationPreference", "open");
    });
    xml.node("hibernationOptions", |xml| xml.text("configured", "false"));
    xml.node("enclaveOptions", |xml| xml.text("enabled", "false"));
    xml.node("metadataOptions", |xml| {
        let applied = if instance.state.is_up() {
            "applied"
        } else {
            "pending"
        };
        xml.text("state", applied);
        xml.text("httpTokens", "required");
        xml.text("httpPutResponseHopLimit", "2");
        xml.text("httpEndpoint", "enabled");
        xml.text("httpProtocolIpv6", "disabled");
        xml.text("instanceMetadataTags", "disabled");
    });
    xml.node("maintenanceOptions", |xml| {
        xml.text("autoRecovery", "default");
        xml.text("rebootMigration", "default");
    });
    xml.text("bootMode", "uefi-preferred");
    xml.text("currentInstanceBootMode", "uefi");
    xml.node("privateDnsNameOptions", |xml| {
        xml.text("hostnameType", "ip-name");
        xml.text("enableResourceNameDnsARecord", "false");
        xml.text("enableResourceNameDnsAAAARecord", "false");
    });
    xml.node("networkPerformanceOptions", |xml| {
        xml.text("bandwidthWeighting", "default");
    });
    xml.node("operator", |xml| xml.text("managed", "false"));
}
