//! What addresses an instance has beyond the two that its row names.
//!
//! Most instances have none, so they lie in a table of their own, sorted by row, and a
//! row only knows whether to look there.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str;

/// An address, and where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// It is not of a private network. IPv6 tells by itself; of IPv4, AWS says it.
    pub public: bool,
}

impl Address {
    /// `public` is what the place says where AWS names it.
    #[must_use]
    pub fn new(ip: IpAddr, public: bool) -> Self {
        let public = match ip {
            IpAddr::V4(_) => public,
            IpAddr::V6(six) => !six.is_unique_local(),
        };
        Self { ip, public }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Addresses(Vec<Entry>);

/// An address, and the place of its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) row: u32,
    pub(super) address: Address,
}

impl Addresses {
    /// Adds those of a row after all that are there.
    pub(super) fn push(&mut self, row: u32, addresses: &[Address]) {
        let entries = addresses.iter().map(|address| Entry {
            row,
            address: *address,
        });
        self.0.extend(entries);
    }

    /// Drops those of these rows, which rise, and counts the others as if these had
    /// never been.
    pub(super) fn without(&mut self, rows: &[u32]) {
        self.0.retain_mut(|entry| {
            let before = rows.partition_point(|row| *row < entry.row);
            let dropped = rows.get(before) == Some(&entry.row);
            entry.row -= before as u32;
            !dropped
        });
    }

    pub(super) fn of(&self, row: u32) -> &[Entry] {
        let start = self.0.partition_point(|entry| entry.row < row);
        let rest = &self.0[start..];
        &rest[..rest.partition_point(|entry| entry.row == row)]
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(super) fn from_entries(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Bytes of memory held.
    pub(super) fn weight(&self) -> usize {
        self.0.capacity() * size_of::<Entry>()
    }
}

/// The text of an address, without a place in memory of its own: whoever compares the
/// texts of a whole fleet allocates nothing.
#[derive(Debug)]
pub struct AddressText {
    bytes: [u8; LONGEST],
    len: usize,
}

/// An IPv4 address written as IPv6 in full.
const LONGEST: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();

impl AddressText {
    /// As AWS writes it.
    #[must_use]
    pub fn new(ip: IpAddr) -> Self {
        let mut text = Self {
            bytes: [0; LONGEST],
            len: 0,
        };
        write!(text, "{ip}").expect("there is room for the longest");
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).expect("addresses are ASCII")
    }
}

impl Write for AddressText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// The bytes of an address: an IPv4 one is mapped into IPv6.
pub(super) fn to_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => six.octets(),
    }
}

/// What [`to_bytes`] made.
pub(super) fn from_bytes(bytes: [u8; 16]) -> IpAddr {
    let six = Ipv6Addr::from(bytes);
    let four: Option<Ipv4Addr> = six.to_ipv4_mapped();
    four.map_or(IpAddr::V6(six), IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::new(text.parse().unwrap(), false)
    }

    fn table() -> Addresses {
        let mut table = Addresses::default();
        table.push(1, &[address("10.0.0.1"), address("2600::1")]);
        table.push(2, &[]);
        table.push(4, &[address("10.0.0.2")]);
        table
    }

    fn of(table: &Addresses, row: u32) -> Vec<String> {
        let entries = table.of(row).iter();
        entries.map(|entry| entry.address.ip.to_string()).collect()
    }

    #[test]
    fn each_row_has_its_own() {
        let table = table();
        assert_eq!(of(&table, 1), ["10.0.0.1", "2600::1"]);
        assert_eq!(of(&table, 4), ["10.0.0.2"]);
        for row in [0, 2, 3, 5] {
            assert!(of(&table, row).is_empty(), "{row}");
        }
    }

    #[test]
    fn rows_that_go_take_theirs_with_them() {
        let mut table = table();
        table.without(&[0, 1]);
        assert_eq!(of(&table, 2), ["10.0.0.2"]);
        assert_eq!(table.entries().len(), 1);
    }

    #[test]
    fn six_tells_by_itself_whether_it_is_private() {
        let public = |text: &str, said| Address::new(text.parse().unwrap(), said).public;
        assert!(public("2600::1", false));
        assert!(!public("fd00::1", true));
        assert!(public("54.0.0.1", true));
        assert!(!public("54.0.0.1", false));
    }

    #[test]
    fn the_longest_text_has_room() {
        for text in [
            "255.255.255.255",
            "ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888",
            "::ffff:255.255.255.255",
            "::",
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(AddressText::new(ip).as_str(), text);
        }
    }

    #[test]
    fn bytes_are_read_back() {
        for text in ["10.1.2.3", "2600:1f18::5", "::"] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(from_bytes(to_bytes(ip)), ip);
        }
    }
}
