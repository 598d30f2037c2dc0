use super::super::{Address, Builder, Facts};
use super::*;

use InstanceState::{Running, Stopped, Terminated};

fn more(texts: &[(&str, bool)]) -> Vec<Address> {
    let address = |(text, public): &(&str, bool)| Address::new(text.parse().unwrap(), *public);
    texts.iter().map(address).collect()
}

/// 0 and 1 are as EC2 makes them, 2 is odd in everything, 3 has nothing.
fn snapshot() -> Snapshot {
    let mut builder = Builder::with_capacity(4);
    builder.push(&Facts {
        id: "i-0a",
        state: Some(Stopped),
        private_ip: "10.0.0.1",
        public_ip: "54.0.0.1",
        private_dns: "ip-10-0-0-1.eu-west-1.compute.internal",
        public_dns: "ec2-54-0-0-1.eu-west-1.compute.amazonaws.com",
        tags: vec![("Name", "web"), ("Team", "core"), ("Only", "one")],
        more_addresses: more(&[("10.0.0.9", false), ("54.0.0.9", true), ("2600::1", true)]),
        ..Facts::default()
    });
    builder.push(&Facts {
        id: "i-0b",
        state: Some(Running),
        private_ip: "10.0.0.2",
        private_dns: "i-0b.ec2.internal",
        tags: vec![("Team", "core"), ("Name", "Web")],
        ..Facts::default()
    });
    builder.push(&Facts {
        id: "i-0c",
        state: Some(Running),
        private_ip: "10.0.0.1",
        private_dns: "Db.ec2.internal",
        public_dns: "db.example.com",
        tags: vec![("Team", "core"), ("Name", "GRÖẞE")],
        ..Facts::default()
    });
    builder.push(&Facts {
        id: "i-0d",
        state: Some(Terminated),
        tags: vec![("Only", "one")],
        ..Facts::default()
    });
    builder.finish(false)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_is_found_whosever_it_is_and_wherever_it_is_known() {
    let snapshot = snapshot();
    let index = Index::new(&snapshot);
    let found = |text, public| index.with_address(&snapshot, ip(text), public);
    assert_eq!(found("10.0.0.1", None), [0, 2]);
    assert_eq!(found("10.0.0.2", None), [1]);
    assert_eq!(found("10.0.0.9", Some(false)), [0]);
    assert_eq!(found("10.0.0.9", Some(true)), [0; 0]);
    assert_eq!(found("54.0.0.1", Some(true)), [0]);
    assert_eq!(found("54.0.0.9", None), [0]);
    assert_eq!(found("2600:0::0:1", None), [0]);
    for unknown in ["10.0.0.3", "0.0.0.0", "255.255.255.255", "2600::2", "::"] {
        assert_eq!(found(unknown, None), [0; 0], "{unknown}");
    }
}

#[test]
fn a_tag_is_found_first_on_what_runs_and_never_on_what_is_terminated() {
    let snapshot = snapshot();
    let index = Index::new(&snapshot);
    let found = |key, value| index.with_tag(&snapshot, key, value);
    // Three have it: the two that run are enough.
    assert_eq!(found("Team", "core"), [1, 2]);
    assert_eq!(found("Only", "one"), [0]);
    for (key, value) in [("Team", "Core"), ("team", "core"), ("Team", ""), ("", "")] {
        assert_eq!(found(key, value), [0; 0], "{key} {value}");
    }
}

#[test]
fn only_dns_names_that_ec2_did_not_make_are_kept() {
    let snapshot = snapshot();
    let index = Index::new(&snapshot);
    assert_eq!(index.dns_names.len(), 2);
    let found = |name| index.with_dns_name(&snapshot, &plain_dns_name(name));
    assert_eq!(found("db.eu-west-1.compute.internal"), [2]);
    assert_eq!(found("DB.ec2.internal"), [2]);
    assert_eq!(found("db.Example.com"), [2]);
    assert_eq!(found("example.com"), [0; 0]);
}

#[test]
fn a_name_is_found_in_every_case() {
    let snapshot = snapshot();
    let index = Index::new(&snapshot);
    assert_eq!(index.capitals.len(), 2);
    let called = |name| index.called(&snapshot, &folded(name));
    assert_eq!(called("WEB"), [0, 1]);
    assert_eq!(called("größe"), [2]);
    assert_eq!(called("we"), [0; 0]);
}

#[test]
fn what_a_made_name_was_made_of_is_read_back() {
    let read = |name| MadeName::read(name, "eu-west-1");
    let private = Some(MadeName::Private(Ipv4Addr::new(10, 0, 0, 1)));
    let public = Some(MadeName::Public(Ipv4Addr::new(54, 0, 0, 1)));
    assert_eq!(read("ip-10-0-0-1"), private);
    assert_eq!(read("ip-10-0-0-1.ec2.internal"), private);
    assert_eq!(read("ip-10-0-0-1.eu-west-1.compute.internal"), private);
    assert_eq!(read("ec2-54-0-0-1.eu-west-1.compute.amazonaws.com"), public);
    assert_eq!(read("ec2-54-0-0-1.compute-1.amazonaws.com"), public);
    assert_eq!(
        read("ec2-54-0-0-1.cn-north-1.compute.amazonaws.com.cn"),
        public
    );
    assert_eq!(read("i-0b.ec2.internal"), Some(MadeName::Id("i-0b")));
    for other in [
        "ip-10-0-0-1.us-east-1.compute.internal",
        "ip-10-0-0-1.example.com",
        "ip-10-0-0",
        "ip-10-0-0-300",
        "ec2-54-0-0-1",
        "i-0b",
        "web.ec2.internal",
    ] {
        assert_eq!(read(other), None, "{other}");
    }
}
