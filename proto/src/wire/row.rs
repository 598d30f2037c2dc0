//! Writing and reading the fields of one encoded `Instance` in place.
//!
//! A page may hold ten thousand rows: building a message object for each, with a
//! `String` for every field, would cost more than everything else a warm answer
//! does. The tests hold this file against the generated code.

use crate::domain::{AgentStatus, InstanceRef, InstanceState};

/// Field numbers of `Instance`; they are those of `inventory.proto`.
#[allow(missing_docs)]
pub mod field {
    pub const ID: u32 = 1;
    pub const NAME: u32 = 2;
    pub const STATE: u32 = 3;
    pub const TYPE: u32 = 4;
    pub const PRIVATE_IP: u32 = 5;
    pub const AZ: u32 = 6;
    pub const SSM: u32 = 7;
    pub const PUBLIC_IP: u32 = 8;
    pub const PRIVATE_DNS: u32 = 9;
    pub const PUBLIC_DNS: u32 = 10;
    pub const VPC: u32 = 11;
    pub const SUBNET: u32 = 12;
    pub const SECURITY_GROUPS: u32 = 13;
    pub const IMAGE: u32 = 14;
    pub const PLATFORM: u32 = 15;
    pub const ARCH: u32 = 16;
    pub const LIFECYCLE: u32 = 17;
    pub const LAUNCHED: u32 = 18;
    pub const KEY: u32 = 19;
    pub const PROFILE: u32 = 20;
    pub const ACCOUNT: u32 = 21;
    pub const REGION: u32 = 22;
    pub const AGENT: u32 = 23;
    pub const AGENT_VERSION: u32 = 24;
    pub const TAGS: u32 = 25;
}

const VARINT: u32 = 0;
const DELIMITED: u32 = 2;

/// Appends a base-128 varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The bytes that [`put_varint`] writes for `value`.
fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a number field.
pub fn put_number(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field << 3 | VARINT));
    put_varint(out, value);
}

/// Appends a string field; an absent one is written by not calling this.
pub fn put_str(out: &mut Vec<u8>, field: u32, value: &str) {
    put_varint(out, u64::from(field << 3 | DELIMITED));
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a message of two strings: a tag or a security group.
pub fn put_pair(out: &mut Vec<u8>, field: u32, first: &str, second: &str) {
    let len: usize = [first, second]
        .iter()
        .map(|s| 1 + varint_len(s.len() as u64) + s.len())
        .sum();
    put_varint(out, u64::from(field << 3 | DELIMITED));
    put_varint(out, len as u64);
    put_str(out, 1, first);
    put_str(out, 2, second);
}

/// Takes a varint off the front; `None` if it is cut or longer than 64 bits.
fn take_varint(buf: &mut &[u8]) -> Option<u64> {
    // Nearly all keys, lengths and enums are one byte.
    if let [byte @ ..0x80, rest @ ..] = *buf {
        *buf = rest;
        return Some(u64::from(*byte));
    }
    let mut value = 0u64;
    for (i, byte) in buf.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            *buf = &buf[i + 1..];
            return Some(value);
        }
    }
    None
}

/// Takes a length and that many bytes off the front.
pub(super) fn take_delimited<'a>(buf: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take_varint(buf)?).ok()?;
    let (taken, rest) = buf.split_at_checked(len)?;
    *buf = rest;
    Some(taken)
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn take_field<'a>(buf: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let key = u32::try_from(take_varint(buf)?).ok()?;
    let value = match key & 7 {
        VARINT => Value::Number(take_varint(buf)?),
        DELIMITED => Value::Bytes(take_delimited(buf)?),
        _ => return None,
    };
    Some((key >> 3, value))
}

/// Reads one encoded `Instance`; `None` if the bytes are no such message.
#[must_use]
pub fn read(encoded: &[u8]) -> Option<InstanceRef<'_>> {
    let mut row = InstanceRef::default();
    let mut rest = encoded;
    // Short fields with low numbers, as a list mostly asks for, have keys and
    // lengths that are characters too. One check of the whole row costs a quarter
    // of what the checks of its fields do; where it fails, the fields are checked.
    let whole = std::str::from_utf8(encoded).ok();
    while !rest.is_empty() {
        let (number, value) = take_field(&mut rest)?;
        match value {
            Value::Number(n) => match number {
                field::STATE => row.state = InstanceState::from_number(n),
                field::SSM => row.ssm = AgentStatus::from_number(n),
                field::LAUNCHED => row.launched = Some(n as i64),
                field::AGENT => row.agent = Some(n as i64),
                _ => {}
            },
            Value::Bytes(bytes) => match number {
                // Repeated messages are read when they are asked for.
                field::SECURITY_GROUPS | field::TAGS => row.encoded = encoded,
                _ => {
                    let end = encoded.len() - rest.len();
                    let text = match whole {
                        Some(whole) => whole.get(end - bytes.len()..end)?,
                        None => std::str::from_utf8(bytes).ok()?,
                    };
                    if let Some(slot) = text_slot(&mut row, number) {
                        *slot = Some(text);
                    }
                }
            },
        }
    }
    Some(row)
}

fn text_slot<'r, 'a>(row: &'r mut InstanceRef<'a>, number: u32) -> Option<&'r mut Option<&'a str>> {
    Some(match number {
        field::ID => &mut row.id,
        field::NAME => &mut row.name,
        field::TYPE => &mut row.instance_type,
        field::PRIVATE_IP => &mut row.private_ip,
        field::AZ => &mut row.az,
        field::PUBLIC_IP => &mut row.public_ip,
        field::PRIVATE_DNS => &mut row.private_dns,
        field::PUBLIC_DNS => &mut row.public_dns,
        field::VPC => &mut row.vpc,
        field::SUBNET => &mut row.subnet,
        field::IMAGE => &mut row.image,
        field::PLATFORM => &mut row.platform,
        field::ARCH => &mut row.arch,
        field::LIFECYCLE => &mut row.lifecycle,
        field::KEY => &mut row.key,
        field::PROFILE => &mut row.profile,
        field::ACCOUNT => &mut row.account,
        field::REGION => &mut row.region,
        field::AGENT_VERSION => &mut row.agent_version,
        _ => return None,
    })
}

/// The pairs of strings that an encoded `Instance` holds under `number`.
pub(crate) fn pairs(encoded: &[u8], number: u32) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = encoded;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            if let (n, Value::Bytes(bytes)) = take_field(&mut rest)?
                && n == number
            {
                return read_pair(bytes);
            }
        }
        None
    })
}

fn read_pair(mut encoded: &[u8]) -> Option<(&str, &str)> {
    let (mut first, mut second) = ("", "");
    while !encoded.is_empty() {
        match take_field(&mut encoded)? {
            (1, Value::Bytes(bytes)) => first = std::str::from_utf8(bytes).ok()?,
            (2, Value::Bytes(bytes)) => second = std::str::from_utf8(bytes).ok()?,
            _ => {}
        }
    }
    Some((first, second))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::wire::{Instance, SecurityGroup, Tag};

    #[test]
    fn fields_read_in_place_are_those_the_generated_code_writes() {
        let tag = |key: &str, value: &str| Tag {
            key: key.into(),
            value: value.into(),
        };
        let message = Instance {
            id: Some("i-0abc".into()),
            name: Some("wéb-1".into()),
            state: 2,
            ssm: 1,
            launched: Some(1_700_000_000),
            agent_version: Some("3.3".into()),
            security_groups: vec![SecurityGroup {
                id: "sg-1".into(),
                name: "web".into(),
            }],
            tags: vec![tag("a", ""), tag("b", "2")],
            ..Instance::default()
        };
        let bytes = message.encode_to_vec();
        let row = read(&bytes).expect("reads");
        assert_eq!(row.id, Some("i-0abc"));
        assert_eq!(row.name, Some("wéb-1"));
        assert_eq!(row.state, Some(InstanceState::Running));
        assert_eq!(row.ssm, Some(AgentStatus::Online));
        assert_eq!(row.launched, Some(1_700_000_000));
        assert_eq!(row.agent_version, Some("3.3"));
        assert_eq!(row.tags().collect::<Vec<_>>(), [("a", ""), ("b", "2")]);
        assert_eq!(row.security_groups().collect::<Vec<_>>(), [("sg-1", "web")]);
    }

    #[test]
    fn fields_written_by_hand_are_read_by_the_generated_code() {
        let mut out = Vec::new();
        put_str(&mut out, field::ID, "i-1");
        put_number(&mut out, field::STATE, 6);
        put_pair(&mut out, field::TAGS, "Name", &"x".repeat(200));
        put_number(&mut out, field::LAUNCHED, 1_800_000_000);
        let message = Instance::decode(out.as_slice()).expect("decodes");
        assert_eq!(message.id.as_deref(), Some("i-1"));
        assert_eq!(message.state, 6);
        assert_eq!(message.tags[0].value.len(), 200);
        assert_eq!(message.launched, Some(1_800_000_000));
    }

    #[test]
    fn text_is_checked_whether_or_not_the_whole_row_is_text() {
        for field in [field::NAME, field::AGENT_VERSION] {
            let mut out = Vec::new();
            put_str(&mut out, field, "wéb");
            assert!(read(&out).is_some());
            // Half a character at its end, for which the next key is the rest.
            let at = out.iter().position(|byte| *byte == 0xc3).expect("é");
            out.truncate(at + 1);
            out[at - 2] = 2;
            assert!(read(&out).is_none(), "{out:?}");
            put_number(&mut out, field::LAUNCHED, 1_700_000_000);
            assert!(read(&out).is_none(), "{out:?}");
        }
    }

    #[test]
    fn damaged_bytes_are_no_row() {
        let damaged: [&[u8]; 4] = [&[0x0a, 5, b'x'], &[0x0a], &[0xff; 12], &[0x0a, 1, 0xff]];
        for bytes in damaged {
            assert!(read(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn varint_lengths() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out.len(), varint_len(value));
            assert_eq!(take_varint(&mut out.as_slice()), Some(value));
        }
    }
}
