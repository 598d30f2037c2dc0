//! What a node is called by those who run things on it.

use crate::inventory::Row;

/// Whether an instance has one of these names: its tag `Name`, or its private DNS
/// name, whole or up to the first dot, as Kubernetes has it. Without names every one
/// has.
#[must_use]
pub fn is_called_one_of(row: Row<'_>, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| is_called(row, name.trim()))
}

fn is_called(row: Row<'_>, name: &str) -> bool {
    let is_host = |host: &str| host.eq_ignore_ascii_case(name);
    row.name() == Some(name)
        || row.private_dns().is_some_and(|dns| {
            let label = dns.split_once('.').map_or(dns, |(label, _)| label);
            is_host(dns) || is_host(label)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Builder, Facts};

    #[test]
    fn a_node_is_called_by_its_name_or_its_host() {
        let mut builder = Builder::with_capacity(1);
        builder.push(&Facts {
            id: "i-1",
            private_dns: "ip-10-0-0-1.eu-west-1.compute.internal",
            tags: vec![("Name", "Web-1")],
            ..Facts::default()
        });
        let snapshot = builder.finish(false);
        let is = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            is_called_one_of(snapshot.row(0), &names)
        };
        assert!(is(&[]));
        assert!(is(&["db-1", "Web-1"]));
        assert!(is(&["IP-10-0-0-1"]) && is(&["ip-10-0-0-1.eu-west-1.compute.internal"]));
        assert!(!is(&["web-1"]), "a tag is what it is, letter for letter");
        assert!(!is(&["ip-10-0-0"]) && !is(&["i-1"]) && !is(&[""]));
    }
}
