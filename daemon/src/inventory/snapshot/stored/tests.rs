use super::super::{Address, Builder, Facts};
use super::*;
use crate::persist::testing::{bytes_of, mutations};

fn snapshot(cut: bool) -> Snapshot {
    let mut builder = Builder::with_capacity(3);
    for (id, name, state) in [
        ("i-3", "web-ü", Some(InstanceState::Running)),
        ("i-1", "", None),
        ("i-2", "web-ü", Some(InstanceState::Terminated)),
    ] {
        builder.push(&Facts {
            id,
            private_ip: "10.0.0.1",
            public_dns: "höst.example",
            state,
            instance_type: "t3.micro",
            launched: state.map(|_| -7),
            tags: vec![("Team", "core"), ("Name", name), ("Empty", "")],
            security_groups: vec![("sg-1", "web")],
            more_addresses: match id {
                "i-1" => Vec::new(),
                _ => ["10.0.0.2", "2600::1", "fd00::1"]
                    .map(|text| Address::new(text.parse().unwrap(), true))
                    .into(),
            },
            ..Facts::default()
        });
    }
    builder.finish(cut)
}

fn bytes(snapshot: &Snapshot) -> Vec<u8> {
    bytes_of(|out| snapshot.write(out))
}

/// Everything that can be asked of it.
fn everything(snapshot: &Snapshot) -> Vec<String> {
    let row = |row: super::super::Row<'_>| {
        let shared = [
            row.name(),
            row.instance_type(),
            row.az(),
            row.vpc(),
            row.subnet(),
            row.image(),
            row.platform(),
            row.arch(),
            row.lifecycle(),
            row.key(),
            row.profile(),
            row.account(),
        ];
        let unique = [
            row.private_ip(),
            row.public_ip(),
            row.private_dns(),
            row.public_dns(),
        ];
        let tags: Vec<_> = row.tags().collect();
        let groups: Vec<_> = row.security_groups().collect();
        let numbers = (row.state(), row.launched());
        let addresses: Vec<_> = row.more_addresses().collect();
        let texts = (row.id(), shared, unique, tags, groups);
        format!("{:?}", (texts, numbers, addresses))
    };
    let mut all: Vec<String> = snapshot.rows().map(row).collect();
    all.extend(
        snapshot
            .by_name()
            .iter()
            .map(|place| row(snapshot.row(*place))),
    );
    let found = |id: &str| snapshot.find_id(id).map(row);
    all.extend(snapshot.rows().filter_map(|known| found(known.id())));
    let named = snapshot.rows().filter_map(|known| known.name());
    all.extend(named.flat_map(|name| snapshot.find_name(name)).map(row));
    all
}

#[test]
fn a_snapshot_is_read_back_as_it_was() {
    for cut in [false, true] {
        let snapshot = snapshot(cut);
        let bytes = bytes(&snapshot);
        let mut input = Input::new(&bytes);
        let read = Snapshot::read(&mut input).unwrap();
        input.end().unwrap();
        assert_eq!(read.cut, cut);
        assert_eq!(everything(&read), everything(&snapshot));
    }
}

#[test]
fn an_empty_region_is_read_back() {
    let empty = Builder::with_capacity(0).finish(false);
    let read = Snapshot::read(&mut Input::new(&bytes(&empty))).unwrap();
    assert_eq!(read.len(), 0);
    assert!(read.find_id("i-1").is_none());
}

/// What a checksum does not find out: somebody wrote it so.
#[test]
fn whatever_the_bytes_are_reading_them_fails_or_gives_a_snapshot() {
    let mut whole = 0;
    for bytes in mutations(&bytes(&snapshot(false))) {
        if let Ok(read) = Snapshot::read(&mut Input::new(&bytes)) {
            everything(&read);
            whole += 1;
        }
    }
    assert!(whole > 0, "some changes are of a text only");
}
