//! The projection of interfaces against the SDK's own reader.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::types::NetworkInterface;

use super::super::interfaces::{InterfacesPage, InterfacesProjection};
use super::variety::{Dice, element, pairs, text};
use crate::aws::{Page, Projection, Unreadable};
use crate::inventory::fuzzing::Canned;
use crate::inventory::interfaces::tests::described;
use crate::inventory::interfaces::{Builder, Draft, List, Text};

const PLENTY: usize = 10_000;
/// Few, so that instances have several interfaces.
const INSTANCES: [&str; 3] = ["i-1", "i-2", "i-3"];

fn project<'a>(
    room: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Page<InterfacesPage>, Unreadable> {
    let mut projection = InterfacesProjection::new(room);
    for piece in pieces {
        projection.read(piece)?;
    }
    projection.end()
}

/// Every fact of every instance's interfaces.
fn facts(rows: Builder) -> Vec<Vec<String>> {
    let interfaces = rows.finish(false);
    INSTANCES.map(|id| described(&interfaces, id)).into()
}

#[tokio::test]
async fn every_answer_about_interfaces_reads_as_the_sdk_reads_it() {
    let mut interfaces = 0;
    for seed in 0..150 {
        let xml = answer(&mut Dice::new(seed));
        let (expected, next) = judge(&xml).await;
        interfaces += expected.len();
        let page = project(PLENTY, [xml.as_bytes()]);
        let page = page.unwrap_or_else(|error| panic!("{seed}: {error}\n{xml}"));
        assert_eq!(page.next, next, "{seed}:\n{xml}");
        assert_eq!(facts(page.items.rows), facts(expected), "{seed}:\n{xml}");
    }
    assert!(interfaces > 300, "{interfaces}");
}

#[test]
fn an_answer_about_interfaces_reads_the_same_in_pieces() {
    for seed in 0..20 {
        let xml = answer(&mut Dice::new(seed));
        let whole = project(PLENTY, [xml.as_bytes()]).expect("a good answer");
        let whole = facts(whole.items.rows);
        for size in [1, 2, 3, 7, 64, 1000] {
            let pieces = project(PLENTY, xml.as_bytes().chunks(size)).expect("the same");
            assert_eq!(facts(pieces.items.rows), whole, "{seed}, pieces of {size}");
        }
    }
}

#[test]
fn no_broken_answer_about_interfaces_panics() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut xml = answer(&mut dice).into_bytes();
        for _ in 0..=dice.below(4) {
            let at = dice.below(xml.len());
            match dice.below(4) {
                0 => xml[at] = dice.below(256) as u8,
                1 => xml.insert(at, b"<>&;/\"![]-?"[dice.below(11)]),
                2 => drop(xml.remove(at)),
                _ => xml.truncate(at.max(1)),
            }
        }
        if let Ok(page) = project(PLENTY, xml.chunks(1 + dice.below(500))) {
            facts(page.items.rows);
        }
    }
}

#[test]
fn interfaces_of_nobody_are_passed_over_and_the_rest_has_bounds() {
    let of = |instance: &str| {
        format!(
            "<item><networkInterfaceId>eni-1</networkInterfaceId>\
             <attachment><instanceId>{instance}</instanceId></attachment></item>"
        )
    };
    let items = [of("i-1"), of(""), of("i-2"), of("i-3")].concat();
    let xml = format!(
        "<DescribeNetworkInterfacesResponse><networkInterfaceSet>{items}\
         </networkInterfaceSet></DescribeNetworkInterfacesResponse>"
    );
    for (room, kept, left_out) in [(0, 0, true), (2, 2, true), (3, 3, false)] {
        let page = project(room, [xml.as_bytes()]).expect("an answer").items;
        assert_eq!((page.rows.len(), page.left_out), (kept, left_out));
    }
}

#[test]
fn what_cannot_be_said_of_an_interface_is_told() {
    let xml = |content: &str| {
        format!(
            "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item>{content}</item>\
             </networkInterfaceSet></DescribeNetworkInterfacesResponse>"
        )
    };
    for (content, told) in [
        (
            "<attachment><deviceIndex>first</deviceIndex></attachment>",
            "no number",
        ),
        (
            "<attachment><attachTime>now</attachTime></attachment>",
            "no time",
        ),
        ("<sourceDestCheck>maybe</sourceDestCheck>", "neither true"),
    ] {
        let error = project(1, [xml(content).as_bytes()]).expect_err(told);
        assert!(error.to_string().contains(told), "{error}");
    }
}

/// Reads an answer by the SDK's types.
async fn judge(xml: &str) -> (Builder, Option<String>) {
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(Canned::from(xml))
        .build();
    let call = Client::from_conf(config).describe_network_interfaces();
    let answer = call.send().await.expect("the SDK reads it");
    let mut rows = Builder::new();
    for interface in answer.network_interfaces() {
        let draft = draft(interface);
        if draft.is_of_instance() {
            rows.push(&draft).expect("not too many");
        }
    }
    (rows, answer.next_token)
}

fn draft(interface: &NetworkInterface) -> Draft {
    let mut draft = Draft::default();
    let mut set = |field, text: Option<&str>| draft.set(field, text.unwrap_or_default());
    set(Text::Id, interface.network_interface_id());
    set(Text::Subnet, interface.subnet_id());
    set(Text::Vpc, interface.vpc_id());
    set(Text::Az, interface.availability_zone());
    set(Text::Description, interface.description());
    set(
        Text::Status,
        interface.status().map(|status| status.as_str()),
    );
    set(Text::Mac, interface.mac_address());
    set(
        Text::Kind,
        interface.interface_type().map(|kind| kind.as_str()),
    );
    if let Some(attachment) = interface.attachment() {
        set(Text::Instance, attachment.instance_id());
        let status = attachment.status().map(|status| status.as_str());
        set(Text::Attachment, status);
        let number = |number: i32| u32::try_from(number).expect("it was one");
        draft.card = attachment.network_card_index().map(number);
        draft.device = attachment.device_index().map(number);
        draft.attached = attachment.attach_time().map(|time| time.secs());
        draft.deleted_with_instance = attachment.delete_on_termination();
    }
    draft.checks_addresses = interface.source_dest_check();
    for group in interface.groups() {
        let halves = [group.group_id(), group.group_name()];
        let halves = halves.map(|text| text.unwrap_or_default().to_owned());
        draft.list(List::Groups).extend(halves);
    }
    for address in interface.private_ip_addresses() {
        let public = address.association().and_then(|one| one.public_ip());
        let pair = [address.private_ip_address(), public];
        let pair = pair.map(|text| text.unwrap_or_default().to_owned());
        let addresses = draft.list(List::Addresses);
        let at = match address.primary() {
            Some(true) => 0,
            _ => addresses.len(),
        };
        addresses.splice(at..at, pair);
    }
    let six = interface.ipv6_addresses().iter();
    let six = six.filter_map(|address| address.ipv6_address().map(str::to_owned));
    *draft.list(List::Ipv6) = six.collect();
    let four = interface.ipv4_prefixes().iter();
    let four = four.filter_map(|prefix| prefix.ipv4_prefix().map(str::to_owned));
    let six = interface.ipv6_prefixes().iter();
    let six = six.filter_map(|prefix| prefix.ipv6_prefix().map(str::to_owned));
    *draft.list(List::Prefixes) = four.chain(six).collect();
    draft
}

/// A whole answer of `DescribeNetworkInterfaces`.
fn answer(dice: &mut Dice) -> String {
    let mut parts = vec!["<requestId>r</requestId>".to_owned()];
    let interfaces: String = (0..dice.below(8)).map(|_| interface(dice)).collect();
    parts.push(element(dice, "networkInterfaceSet", &interfaces));
    if dice.one_in(2) {
        let token = text(dice);
        parts.push(element(dice, "nextToken", &token));
    }
    dice.shuffle(&mut parts);
    let name = "DescribeNetworkInterfacesResponse";
    format!(
        "<?xml version=\"1.0\"?>\n<{name}>{}</{name}>\n",
        parts.concat()
    )
}

fn interface(dice: &mut Dice) -> String {
    // An id is of one interface, or two would be told apart by chance.
    let id = format!("eni-{:017x}", dice.below(1 << 40));
    let mut parts = vec![element(dice, "networkInterfaceId", &id)];
    for name in [
        "subnetId",
        "vpcId",
        "availabilityZone",
        "description",
        "macAddress",
        "privateIpAddress",
    ] {
        if !dice.one_in(3) {
            let content = text(dice);
            parts.push(element(dice, name, &content));
        }
    }
    let status = dice.pick(&["in-use", "available", "new-word"]);
    parts.push(element(dice, "status", status));
    let kind = dice.pick(&["interface", "efa", "branch"]);
    parts.push(element(dice, "interfaceType", kind));
    let checks = dice.pick(&["true", "false"]);
    parts.push(format!("<sourceDestCheck>{checks}</sourceDestCheck>"));
    if !dice.one_in(5) {
        parts.push(attachment(dice));
    }
    parts.push("<association><publicIp>192.0.2.9</publicIp></association>".to_owned());
    parts.push("<tagSet><item><key>status</key><value>no</value></item></tagSet>".to_owned());
    let groups = pairs(dice, ["groupId", "groupName"]);
    parts.push(element(dice, "groupSet", &groups));
    let addresses: String = (0..dice.below(4)).map(|_| address(dice)).collect();
    parts.push(element(dice, "privateIpAddressesSet", &addresses));
    for (set, name) in [
        ("ipv6AddressesSet", "ipv6Address"),
        ("ipv4PrefixSet", "ipv4Prefix"),
        ("ipv6PrefixSet", "ipv6Prefix"),
    ] {
        let items = (0..dice.below(3)).map(|_| {
            let content = text(dice);
            let inner = element(dice, name, &content);
            element(
                dice,
                "item",
                &format!("{inner}<isPrimaryIpv6>false</isPrimaryIpv6>"),
            )
        });
        let items: String = items.collect();
        parts.push(element(dice, set, &items));
    }
    dice.shuffle(&mut parts);
    let content = parts.concat();
    element(dice, "item", &content)
}

fn attachment(dice: &mut Dice) -> String {
    let instance = dice.pick(&["i-1", "i-2", "i-3", ""]);
    let mut parts = vec![element(dice, "instanceId", instance)];
    let status = dice.pick(&["attached", "detaching", "attaching"]);
    parts.push(element(dice, "status", status));
    for name in ["deviceIndex", "networkCardIndex"] {
        if !dice.one_in(4) {
            parts.push(format!("<{name}>{}</{name}>", dice.below(3)));
        }
    }
    if !dice.one_in(3) {
        parts.push("<attachTime>2026-11-23T20:00:00.000Z</attachTime>".to_owned());
        parts.push("<deleteOnTermination>false</deleteOnTermination>".to_owned());
    }
    dice.shuffle(&mut parts);
    format!("<attachment>{}</attachment>", parts.concat())
}

fn address(dice: &mut Dice) -> String {
    let content = text(dice);
    let mut parts = vec![element(dice, "privateIpAddress", &content)];
    let primary = dice.pick(&["true", "false", "false"]);
    parts.push(format!("<primary>{primary}</primary>"));
    if dice.one_in(2) {
        let public = text(dice);
        let public = element(dice, "publicIp", &public);
        parts.push(format!(
            "<association>{public}<ipOwnerId>amazon</ipOwnerId></association>"
        ));
    }
    dice.shuffle(&mut parts);
    let content = parts.concat();
    element(dice, "item", &content)
}
