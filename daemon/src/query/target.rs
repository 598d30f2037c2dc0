//! What was typed to name one node, and the ways in which it can be meant.

use std::net::IpAddr;

use aws_ssm_proto::domain::MatchedBy;

/// A way in which a target may name a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The id, or a beginning of it.
    Id,
    Address,
    Tag,
    DnsName,
    Name,
    NameIgnoringCase,
    PartOfName,
}

impl Way {
    /// In the order in which they are tried.
    pub const ALL: [Self; 7] = [
        Self::Id,
        Self::Address,
        Self::Tag,
        Self::DnsName,
        Self::Name,
        Self::NameIgnoringCase,
        Self::PartOfName,
    ];
}

/// Letters that the beginning of an id must have, with its `i-`.
const SHORTEST_ID: usize = 6;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    text: &'a str,
    id: bool,
    address: Option<IpAddr>,
    tag: Option<(&'a str, &'a str)>,
    dns_name: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Reads what was typed.
    #[must_use]
    pub fn new(typed: &'a str) -> Self {
        let text = typed.trim();
        let address = address(text);
        Self {
            text,
            id: is_id(text),
            address,
            // IPv6 has colons, too.
            tag: if address.is_none() { tag(text) } else { None },
            dns_name: dns_name(text).filter(|_| address.is_none()),
        }
    }

    /// As typed, without the space around it.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The id that it is, or begins.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.id.then_some(self.text)
    }

    /// The beginning of an id that it may be.
    #[must_use]
    pub fn id_prefix(&self) -> Option<&'a str> {
        self.id().filter(|id| id.len() >= SHORTEST_ID)
    }

    /// The address that it is.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Key and value of the tag that it is.
    #[must_use]
    pub fn tag(&self) -> Option<(&'a str, &'a str)> {
        self.tag
    }

    /// The DNS name that it may be, without the dot at its end.
    #[must_use]
    pub fn dns_name(&self) -> Option<&'a str> {
        self.dns_name
    }

    /// Whether it can be meant so.
    #[must_use]
    pub fn may_be(&self, way: Way) -> bool {
        match way {
            Way::Id => self.id,
            Way::Address => self.address.is_some(),
            Way::Tag => self.tag.is_some(),
            Way::DnsName => self.dns_name.is_some(),
            Way::Name | Way::NameIgnoringCase | Way::PartOfName => !self.text.is_empty(),
        }
    }

    /// How the node with this id was found.
    #[must_use]
    pub fn matched_by(&self, way: Way, id: &str) -> MatchedBy {
        match way {
            Way::Id if id == self.text => MatchedBy::Id,
            Way::Id => MatchedBy::IdPrefix,
            Way::Address => MatchedBy::Address,
            Way::Tag => MatchedBy::Tag,
            Way::DnsName => MatchedBy::DnsName,
            Way::Name => MatchedBy::Name,
            Way::NameIgnoringCase => MatchedBy::NameIgnoringCase,
            Way::PartOfName => MatchedBy::PartOfName,
        }
    }
}

fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix('m').unwrap_or(text).strip_prefix("i-");
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn address(text: &str) -> Option<IpAddr> {
    // As in URLs.
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let ip: IpAddr = bare.unwrap_or(text).parse().ok()?;
    Some(ip.to_canonical())
}

/// The key ends at the first `=`, or without one at the first colon, as in terms.
fn tag(text: &str) -> Option<(&str, &str)> {
    let split = |text: &'_ str| -> Option<usize> { text.find('=').or_else(|| text.find(':')) };
    let pair = match text.strip_prefix("tag:") {
        Some(rest) if split(rest).is_some() => rest,
        _ => text,
    };
    let at = split(pair)?;
    let (key, value) = (&pair[..at], &pair[at + 1..]);
    (!key.is_empty()).then_some((key, value))
}

fn dns_name(text: &str) -> Option<&str> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let looks_like = name.contains('.') || starts_with_ip(name);
    (looks_like && name.bytes().all(is_letter)).then_some(name)
}

/// A host without its domain is a DNS name only if EC2 made it of an address.
fn starts_with_ip(name: &str) -> bool {
    let head = name.as_bytes().first_chunk();
    head.is_some_and(|head: &[u8; 3]| head.eq_ignore_ascii_case(b"ip-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hexadecimal_and_six_letters_begin_one() {
        for (typed, id, prefix) in [
            (" i-0a ", Some("i-0a"), None),
            ("i-0abc", Some("i-0abc"), Some("i-0abc")),
            ("mi-0ab", Some("mi-0ab"), Some("mi-0ab")),
            ("i-", None, None),
            ("i-love", None, None),
            ("mmi-0abc", None, None),
            ("web-1", None, None),
        ] {
            let target = Target::new(typed);
            assert_eq!((target.id(), target.id_prefix()), (id, prefix), "{typed}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_one_and_never_a_tag() {
        let read = |typed: &str| Target::new(typed).address().map(|ip| ip.to_string());
        for (typed, read_as) in [
            ("10.0.0.1", "10.0.0.1"),
            ("2600::1", "2600::1"),
            ("2600:0:0:0:0:0:0:1", "2600::1"),
            ("2600:0000::0001", "2600::1"),
            ("2600::ABCD", "2600::abcd"),
            ("[2600::1]", "2600::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("fd00::1", "fd00::1"),
        ] {
            assert_eq!(read(typed).as_deref(), Some(read_as), "{typed}");
            assert_eq!(Target::new(typed).tag(), None, "{typed}");
            assert!(!Target::new(typed).may_be(Way::DnsName), "{typed}");
        }
        for none in ["10.0.0", "10.0.0.300", "web", "2600:1", "[10.0.0.1", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_tag_is_written_in_three_ways() {
        for (typed, tag) in [
            ("tag:Team=core", Some(("Team", "core"))),
            ("tag:Team:core", Some(("Team", "core"))),
            ("Team=core", Some(("Team", "core"))),
            ("Team:core", Some(("Team", "core"))),
            (
                "aws:autoscaling:groupName=web",
                Some(("aws:autoscaling:groupName", "web")),
            ),
            ("tag:aws:x=y=z", Some(("aws:x", "y=z"))),
            ("tag:Team", Some(("tag", "Team"))),
            ("Team=", Some(("Team", ""))),
            ("=core", None),
            ("web-1", None),
        ] {
            assert_eq!(Target::new(typed).tag(), tag, "{typed}");
        }
    }

    #[test]
    fn a_dns_name_has_a_dot_or_is_of_an_address() {
        for (typed, name) in [
            (
                "ip-10-0-0-1.ec2.internal.",
                Some("ip-10-0-0-1.ec2.internal"),
            ),
            ("ip-10-0-0-1", Some("ip-10-0-0-1")),
            ("db.example.com", Some("db.example.com")),
            ("web-1", None),
            ("a b.c", None),
            ("größe.de", None),
        ] {
            assert_eq!(Target::new(typed).dns_name(), name, "{typed}");
        }
    }
}
