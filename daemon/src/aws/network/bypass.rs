//! `NO_PROXY`: who is reached without the proxy.
//!
//! What the `aws` command takes, and the address ranges that curl takes, too: hosts
//! with everything below them, hosts with a port, addresses, ranges, and `*`.

use std::net::IpAddr;

use http::Uri;

/// See the module.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bypass(Vec<Rule>);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Rule {
    Everybody,
    /// A host, or `host:port`, and all below it; lower case.
    Name(String),
    /// The first so many bits of an address.
    Range(IpAddr, u32),
}

impl Bypass {
    pub(super) fn parse(list: &str) -> Self {
        let words = list.split([',', ' ']).filter(|word| !word.is_empty());
        Self(words.map(Rule::parse).collect())
    }

    /// Whether a request goes past the proxy.
    pub(super) fn covers(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches([']', '.']);
        let usual = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let with_port = format!("{host}:{}", uri.port_u16().unwrap_or(usual));
        self.0.iter().any(|rule| rule.covers(host, &with_port))
    }
}

impl Rule {
    fn parse(word: &str) -> Self {
        if word == "*" {
            return Self::Everybody;
        }
        let word = word.to_ascii_lowercase();
        let (address, bits) = match word.split_once('/') {
            Some((address, bits)) => (address, bits.parse().ok()),
            None => (word.as_str(), Some(u32::MAX)),
        };
        let address = address.trim_start_matches('[').trim_end_matches(']');
        match (address.parse(), bits) {
            (Ok(address), Some(bits)) => Self::Range(address, bits),
            // `*.example.com` is not in any of the rules, but it is meant so.
            _ => Self::Name(word.trim_start_matches('*').trim_matches('.').to_owned()),
        }
    }

    fn covers(&self, host: &str, with_port: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Name(name) => [host, with_port].into_iter().any(|host| {
                let before = host.strip_suffix(name.as_str());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }),
            Self::Range(first, bits) => host
                .parse()
                .is_ok_and(|address| shares(*first, address, *bits)),
        }
    }
}

/// Whether two addresses begin with the same so many bits.
fn shares(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let differs = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differs = u32::from(one) ^ u32::from(other);
            differs
                .checked_shr(32_u32.saturating_sub(bits))
                .unwrap_or(0)
                != 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differs = u128::from(one) ^ u128::from(other);
            differs
                .checked_shr(128_u32.saturating_sub(bits))
                .unwrap_or(0)
                != 0
        }
        _ => true,
    };
    !differs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(list: &str, uri: &str) -> bool {
        Bypass::parse(list).covers(&uri.parse().unwrap())
    }

    #[test]
    fn a_host_stands_for_itself_and_all_below_it() {
        for list in [
            "amazonaws.com",
            ".amazonaws.com",
            "*.amazonaws.com",
            "x, AmazonAWS.com",
        ] {
            assert!(
                covers(list, "https://ec2.eu-west-1.amazonaws.com/"),
                "{list}"
            );
            assert!(covers(list, "https://amazonaws.com"), "{list}");
            assert!(!covers(list, "https://notamazonaws.com"), "{list}");
            assert!(!covers(list, "https://amazonaws.com.example"), "{list}");
        }
    }

    #[test]
    fn a_port_counts_where_it_is_written() {
        assert!(covers("localhost:4566", "http://localhost:4566/"));
        assert!(!covers("localhost:4566", "http://localhost:1/"));
        assert!(covers("sts.example:443", "https://sts.example"));
        assert!(covers("localhost", "http://localhost:4566/"));
    }

    #[test]
    fn addresses_and_ranges_are_met_by_addresses() {
        assert!(covers("127.0.0.1", "http://127.0.0.1:4566"));
        assert!(covers("10.0.0.0/8", "https://10.200.3.4"));
        assert!(!covers("10.0.0.0/8", "https://11.0.0.1"));
        assert!(covers("0.0.0.0/0", "https://11.0.0.1"));
        assert!(covers("fd00::/16", "https://[fd00:1::2]:8443"));
        assert!(!covers("fd00::/16", "https://[fd01::2]"));
        assert!(!covers("10.0.0.0/8", "https://10.example.com"));
    }

    #[test]
    fn a_star_is_everybody_and_nothing_is_nobody() {
        assert!(covers("*", "https://ec2.amazonaws.com"));
        for list in ["", " ", ","] {
            assert!(!covers(list, "https://ec2.amazonaws.com"), "{list:?}");
        }
    }
}
