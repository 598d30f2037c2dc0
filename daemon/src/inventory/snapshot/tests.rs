use super::*;

fn facts<'a>(id: &'a str, name: &'a str) -> Facts<'a> {
    Facts {
        id,
        private_ip: "10.0.0.1",
        public_dns: "host.example",
        state: Some(InstanceState::Running),
        instance_type: "t3.micro",
        launched: Some(7),
        tags: vec![("Team", "core"), ("Name", name), ("Empty", "")],
        security_groups: vec![("sg-1", "web")],
        more_addresses: more(name),
        ..Facts::default()
    }
}

/// Some have further addresses, and some have none.
fn more(name: &str) -> Vec<Address> {
    let of = |text: &str| Address::new(text.parse().unwrap(), false);
    match name {
        "web-1" => vec![of("10.0.0.2"), of("2600::1")],
        "old" => vec![of("10.0.0.3")],
        "new" => vec![of("10.0.0.4")],
        _ => Vec::new(),
    }
}

fn snapshot(instances: &[(&str, &str)]) -> Snapshot {
    let mut builder = Builder::with_capacity(instances.len());
    for (id, name) in instances {
        builder.push(&facts(id, name));
    }
    builder.finish(false)
}

#[test]
fn every_fact_is_read_back() {
    let snapshot = snapshot(&[("i-1", "web-1")]);
    let row = snapshot.find_id("i-1").expect("there");
    assert_eq!(row.name(), Some("web-1"));
    assert_eq!(row.private_ip(), Some("10.0.0.1"));
    assert_eq!(row.public_ip(), None);
    assert_eq!(row.private_dns(), None);
    assert_eq!(row.public_dns(), Some("host.example"));
    assert_eq!(row.instance_type(), Some("t3.micro"));
    assert_eq!(row.vpc(), None);
    assert_eq!(row.launched(), Some(7));
    assert_eq!(row.tag("Team"), Some("core"));
    assert_eq!(row.tag("Empty"), Some(""));
    assert_eq!(row.tag("Missing"), None);
    assert_eq!(row.security_groups().collect::<Vec<_>>(), [("sg-1", "web")]);
    assert!(row.more_addresses().eq(more("web-1")));
}

#[test]
fn rows_stand_by_name_then_id() {
    let snapshot = snapshot(&[("i-3", "b"), ("i-2", "a"), ("i-1", "b"), ("i-4", "")]);
    let ids: Vec<_> = snapshot
        .by_name()
        .iter()
        .map(|i| snapshot.row(*i).id())
        .collect();
    assert_eq!(ids, ["i-4", "i-2", "i-1", "i-3"]);
    let named: Vec<_> = snapshot.find_name("b").map(|row| row.id()).collect();
    assert_eq!(named, ["i-1", "i-3"]);
    assert_eq!(snapshot.find_name("c").count(), 0);
}

#[test]
fn pages_become_one_snapshot_with_nothing_lost() {
    let pages = [
        snapshot(&[("i-1", "web-1"), ("i-2", "db")]),
        snapshot(&[("i-3", "web-1")]),
    ];
    let mut builder = Builder::with_capacity(3);
    pages.iter().for_each(|page| builder.append(page));
    let whole = builder.finish(true);
    assert!(whole.cut);
    assert_eq!(whole.len(), 3);
    for page in &pages {
        for row in page.rows() {
            let copy = whole.find_id(row.id()).expect("copied");
            assert_eq!(copy.name(), row.name());
            assert_eq!(copy.public_dns(), row.public_dns());
            assert!(copy.tags().eq(row.tags()));
            assert!(copy.security_groups().eq(row.security_groups()));
            assert!(copy.more_addresses().eq(row.more_addresses()));
            assert!(copy.more_addresses().eq(more(row.name().unwrap())));
        }
    }
}

#[test]
fn an_instance_seen_on_two_pages_is_kept_as_last_seen() {
    let whole = snapshot(&[("i-1", "old"), ("i-2", "x"), ("i-1", "new")]);
    assert_eq!(whole.len(), 2);
    assert_eq!(whole.find_id("i-1").and_then(|row| row.name()), Some("new"));
    assert_eq!(whole.find_id("i-2").and_then(|row| row.name()), Some("x"));
    for row in whole.rows() {
        assert!(row.more_addresses().eq(more(row.name().unwrap())));
    }
}
