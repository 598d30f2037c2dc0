use std::sync::Arc;

use InstanceState::{Running, Stopped, Terminated};

use super::*;
use crate::inventory::{Address, Builder, Facts, Instances};

fn fleet(region: &str, instances: &[Facts<'_>]) -> Fleet {
    let mut builder = Builder::with_capacity(instances.len());
    instances.iter().for_each(|facts| builder.push(facts));
    Fleet {
        region: region.into(),
        instances: Arc::new(Instances::new(builder.finish(false))),
        agents: None,
        agents_error: None,
    }
}

fn named<'a>(id: &'a str, name: &'a str, state: InstanceState) -> Facts<'a> {
    Facts {
        id,
        state: Some(state),
        tags: vec![("Name", name), ("Team", "core")],
        ..Facts::default()
    }
}

/// The ids that a target comes to, and the first way in which it comes to any.
fn resolved(fleets: &[Fleet], typed: &str) -> (Option<Way>, Vec<String>) {
    let target = Target::new(typed);
    let id = |hit: Hit| row(fleets, hit).id().to_owned();
    for way in Way::ALL {
        match choose(fleets, &target, way) {
            Choice::None => {}
            Choice::One(hit) => return (Some(way), vec![id(hit)]),
            Choice::Several(hits) => return (Some(way), hits.into_iter().map(id).collect()),
        }
    }
    (None, Vec::new())
}

#[track_caller]
fn assert_found(fleets: &[Fleet], typed: &str, way: Way, ids: &[&str]) {
    let (by, found) = resolved(fleets, typed);
    assert_eq!(
        (by, found.as_slice()),
        (
            Some(way),
            ids.iter()
                .map(|id| (*id).to_owned())
                .collect::<Vec<_>>()
                .as_slice()
        ),
        "{typed}"
    );
}

#[track_caller]
fn assert_none(fleets: &[Fleet], typed: &str) {
    assert_eq!(resolved(fleets, typed), (None, Vec::new()), "{typed}");
}

/// Each instance is called what the one before it is by a way that comes first.
#[test]
fn each_way_comes_before_the_next() {
    let name = "i-0abcde";
    let mut by_address = named("i-02", "x", Running);
    by_address.private_ip = "10.0.0.1";
    let mut by_tag = named("i-03", "10.0.0.1", Running);
    by_tag.tags.push(("a.b", "c"));
    let mut by_dns = named("i-04", "a.b=c", Running);
    by_dns.public_dns = "Host.example";
    let fleets = [fleet(
        "eu-west-1",
        &[
            named("i-0abcdef01", "other", Running),
            named("i-01", name, Running),
            by_address,
            by_tag,
            by_dns,
            named("i-05", "host.example", Running),
            named("i-06", "HOST.example", Running),
            named("i-07", "host.Example.2", Running),
        ],
    )];
    assert_found(&fleets, name, Way::Id, &["i-0abcdef01"]);
    assert_found(&fleets, "10.0.0.1", Way::Address, &["i-02"]);
    assert_found(&fleets, "a.b=c", Way::Tag, &["i-03"]);
    assert_found(&fleets, "host.EXAMPLE", Way::DnsName, &["i-04"]);
    let others = [fleet(
        "eu-west-1",
        &[
            named("i-05", "host", Running),
            named("i-06", "HOST", Running),
            named("i-07", "Host-2", Running),
        ],
    )];
    assert_found(&others, "host", Way::Name, &["i-05"]);
    assert_found(&others, "HOST", Way::Name, &["i-06"]);
    assert_found(&others, "Host", Way::NameIgnoringCase, &["i-06", "i-05"]);
    assert_found(&others, "host-", Way::PartOfName, &["i-07"]);
    assert_none(&others, "host-3");
    assert_none(&others, "");
    assert_none(&others, "  ");
}

#[test]
fn an_id_is_found_whatever_its_state() {
    let fleets = [fleet("eu-west-1", &[named("i-1", "web", Terminated)])];
    assert_found(&fleets, " i-1 ", Way::Id, &["i-1"]);
    assert_none(&fleets, "web");
    assert_none(&fleets, "Team=core");
    assert_none(&fleets, "we");
}

#[test]
fn six_letters_begin_an_id_and_what_runs_comes_first() {
    let fleets = [
        fleet(
            "eu-west-1",
            &[
                named("i-0abc1", "a", Terminated),
                named("i-0abc2", "b", Running),
                named("i-0def1", "c", Terminated),
                named("i-0def2", "d", Stopped),
            ],
        ),
        fleet(
            "us-east-1",
            &[
                named("i-0abc11", "e", Running),
                named("i-0fed1", "f", Terminated),
            ],
        ),
    ];
    assert_found(&fleets, "i-0abc1", Way::Id, &["i-0abc1"]);
    assert_found(&fleets, "i-0abc", Way::Id, &["i-0abc2", "i-0abc11"]);
    assert_found(&fleets, "i-0def", Way::Id, &["i-0def2"]);
    assert_found(&fleets, "i-0fed", Way::Id, &["i-0fed1"]);
    assert_none(&fleets, "i-0ab");
}

#[test]
fn a_stopped_twin_is_no_ambiguity() {
    let fleets = [
        fleet(
            "eu-west-1",
            &[named("i-1", "web", Stopped), named("i-2", "web", Running)],
        ),
        fleet("us-east-1", &[named("i-3", "db", Stopped)]),
    ];
    assert_found(&fleets, "web", Way::Name, &["i-2"]);
    assert_found(&fleets, "db", Way::Name, &["i-3"]);
    assert_found(&fleets, "D", Way::PartOfName, &["i-3"]);
    assert_found(&fleets, "tag:Team=core", Way::Tag, &["i-2"]);
}

#[test]
fn all_that_may_be_meant_are_told_by_name_then_id() {
    let many: Vec<_> = ["i-4", "i-3", "i-2", "i-1"]
        .map(|id| named(id, "web", Running))
        .into();
    let fleets = [
        fleet("eu-west-1", &many[..2]),
        fleet("us-east-1", &many[2..]),
    ];
    let all = ["i-1", "i-2", "i-3", "i-4"];
    assert_found(&fleets, "web", Way::Name, &all);
    assert_found(&fleets, "WEB", Way::NameIgnoringCase, &all);
    assert_found(&fleets, "Team:core", Way::Tag, &all);
    assert_found(&fleets, "Name=web", Way::Tag, &all);
    assert_found(&fleets, "e", Way::PartOfName, &all);
}

#[test]
fn both_spellings_of_a_dns_name_are_the_same_node() {
    let mut ours = named("i-0a", "a", Running);
    ours.private_ip = "10.0.0.1";
    ours.private_dns = "ip-10-0-0-1.eu-west-1.compute.internal";
    ours.public_ip = "54.0.0.1";
    ours.public_dns = "ec2-54-0-0-1.eu-west-1.compute.amazonaws.com";
    ours.more_addresses = vec![
        Address::new("10.0.0.7".parse().unwrap(), false),
        Address::new("54.0.0.7".parse().unwrap(), true),
    ];
    let mut other = named("i-0b", "b", Running);
    other.private_dns = "db.ec2.internal";
    let fleets = [fleet("eu-west-1", &[ours, other])];
    for name in [
        "ip-10-0-0-1.eu-west-1.compute.internal",
        "IP-10-0-0-1.ec2.internal.",
        "ip-10-0-0-1",
        "ip-10-0-0-7.ec2.internal",
        "ec2-54-0-0-1.eu-west-1.compute.amazonaws.com",
        "ec2-54-0-0-7.eu-west-1.compute.amazonaws.com",
        "i-0a.eu-west-1.compute.internal",
    ] {
        assert_found(&fleets, name, Way::DnsName, &["i-0a"]);
    }
    for name in ["db.ec2.internal", "db.eu-west-1.compute.internal"] {
        assert_found(&fleets, name, Way::DnsName, &["i-0b"]);
    }
    for name in [
        "ip-10-0-0-1.us-east-1.compute.internal",
        "db.us-east-1.compute.internal",
        "ec2-10-0-0-1.eu-west-1.compute.amazonaws.com",
        "ip-54-0-0-1.ec2.internal",
    ] {
        assert_none(&fleets, name);
    }
}

#[test]
fn an_address_in_two_networks_is_two_instances() {
    let mut one = named("i-1", "a", Running);
    one.private_ip = "10.0.0.1";
    let mut other = named("i-2", "b", Running);
    other.more_addresses = vec![Address::new("10.0.0.1".parse().unwrap(), false)];
    let mut stopped = named("i-3", "c", Stopped);
    stopped.private_ip = "10.0.0.1";
    let fleets = [fleet("eu-west-1", &[one, other, stopped])];
    assert_found(&fleets, "10.0.0.1", Way::Address, &["i-1", "i-2"]);
}
