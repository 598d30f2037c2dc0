//! How EC2 is asked for what a target names, where the snapshot does not have all.
//!
//! Case counts in EC2's filters. What is asked for may therefore be more than what is
//! named, and never less: whoever asks puts the target to the answer once more.

use std::net::IpAddr;

use super::target::{Target, Way};
use crate::aws::{Filter, Filters};
use crate::inventory::MadeName;

/// AWS takes no longer value.
const LONGEST: usize = 255;

/// The filters of each question; what is named is in one of the answers.
#[must_use]
pub fn questions(target: &Target<'_>, way: Way, region: &str) -> Vec<Filters> {
    let text = target.text();
    let questions = match way {
        Way::Id => vec![filter("instance-id", vec![beginning(text)])],
        Way::Address => target.address().map_or_else(Vec::new, addresses),
        Way::Tag => target.tag().map_or_else(Vec::new, |(key, value)| {
            vec![filter(&format!("tag:{key}"), vec![literal(value)])]
        }),
        Way::DnsName => dns_names(target.dns_name().unwrap_or_default(), region),
        Way::Name => vec![filter("tag:Name", vec![literal(text)])],
        Way::NameIgnoringCase => vec![filter("tag:Name", vec![in_any_case(text)])],
        Way::PartOfName => {
            let part = format!("*{}*", in_any_case(text));
            vec![filter("tag:Name", vec![part])]
        }
    };
    let alone = |filter: Filter| Filters::from([filter]);
    questions.into_iter().map(alone).collect()
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    let values = values.into_iter().map(fitted).collect();
    Filter {
        name: name.to_owned(),
        values,
    }
}

/// An address may be any of an instance's.
fn addresses(ip: IpAddr) -> Vec<Filter> {
    let names: &[_] = match ip {
        IpAddr::V4(_) => &[PRIVATE, PUBLIC],
        IpAddr::V6(_) => &["network-interface.ipv6-addresses.ipv6-address"],
    };
    let names = names.iter();
    names
        .map(|name| filter(name, vec![ip.to_string()]))
        .collect()
}

const PRIVATE: &str = "network-interface.addresses.private-ip-address";
const PUBLIC: &str = "network-interface.addresses.association.public-ip";

fn dns_names(name: &str, region: &str) -> Vec<Filter> {
    let name = name.to_ascii_lowercase();
    match MadeName::read(&name, region) {
        Some(MadeName::Private(ip)) => return vec![filter(PRIVATE, vec![ip.to_string()])],
        Some(MadeName::Public(ip)) => return vec![filter(PUBLIC, vec![ip.to_string()])],
        Some(MadeName::Id(id)) => return vec![filter("instance-id", vec![id.to_owned()])],
        None => {}
    }
    let host = name.split('.').next().unwrap_or_default();
    let spellings = vec![
        literal(&name),
        format!("{}.ec2.internal", literal(host)),
        format!("{}.{region}.compute.internal", literal(host)),
    ];
    vec![
        filter("private-dns-name", spellings),
        filter("dns-name", vec![literal(&name)]),
    ]
}

fn beginning(id: &str) -> String {
    format!("{id}*")
}

/// A text whose letters all mean themselves.
fn literal(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '\\') {
            value.push('\\');
        }
        value.push(letter);
    }
    value
}

/// A pattern that a text passes in whatever case, and others like it.
fn in_any_case(text: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphabetic() => "?".to_owned(),
        letter if letter.is_ascii() => literal(letter.encode_utf8(&mut [0; 4])),
        // How long another letter is may depend on its case.
        _ => "*".to_owned(),
    };
    text.chars().map(letter).collect()
}

/// The beginning of what is too long.
fn fitted(value: String) -> String {
    if value.chars().count() <= LONGEST {
        return value;
    }
    let mut cut: String = value.chars().take(LONGEST - 1).collect();
    // Half of what is protected would protect the star.
    while cut.ends_with('\\') {
        cut.pop();
    }
    cut + "*"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typed: &str, way: Way) -> Vec<String> {
        let questions = questions(&Target::new(typed), way, "eu-west-1");
        let line = |filters: &Filters| {
            let filters = filters.iter();
            let lines = filters.map(|one| format!("{}={}", one.name, one.values.join(",")));
            lines.collect::<Vec<_>>().join(" ")
        };
        questions.iter().map(line).collect()
    }

    #[test]
    fn every_way_has_its_filters() {
        let private = "network-interface.addresses.private-ip-address=10.0.0.1";
        let public = "network-interface.addresses.association.public-ip=10.0.0.1";
        assert_eq!(asked("i-0abc", Way::Id), ["instance-id=i-0abc*"]);
        assert_eq!(asked("10.0.0.1", Way::Address), [private, public]);
        assert_eq!(
            asked("2600:0::1", Way::Address),
            ["network-interface.ipv6-addresses.ipv6-address=2600::1"]
        );
        assert_eq!(asked("tag:Te=a*b", Way::Tag), ["tag:Te=a\\*b"]);
        assert_eq!(asked("ip-10-0-0-1.ec2.internal", Way::DnsName), [private]);
        assert_eq!(
            asked("Db.ec2.internal", Way::DnsName),
            [
                "private-dns-name=db.ec2.internal,db.ec2.internal,db.eu-west-1.compute.internal",
                "dns-name=db.ec2.internal"
            ]
        );
        assert_eq!(asked("a?b", Way::Name), ["tag:Name=a\\?b"]);
        assert_eq!(asked("wEb-1ß", Way::NameIgnoringCase), ["tag:Name=???-1*"]);
        assert_eq!(asked("web-1", Way::PartOfName), ["tag:Name=*???-1*"]);
    }

    #[test]
    fn what_is_too_long_is_asked_for_by_its_beginning() {
        let long = "*".repeat(300);
        let asked = asked(&long, Way::Name);
        let value = asked[0].strip_prefix("tag:Name=").expect("the filter");
        assert!(value.chars().count() <= LONGEST);
        assert!(value.ends_with("\\**"), "{value}");
    }
}
