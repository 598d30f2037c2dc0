//! A snapshot as a file has it: its parts one after the other, nearly as they lie
//! in memory.
//!
//! Reading checks every number against what it counts or points into, so that a row
//! of what was read can no more fail than one of what was loaded.

use std::io;

use aws_ssm_proto::domain::InstanceState;

use super::addresses::{Address, Addresses, Entry, from_bytes, to_bytes};
use super::{Pair, Record, Shared, Snapshot, Span, Strings, UNIQUE_FIELDS};
use crate::persist::{Damaged, Input, Output};

/// Bytes of a stored record.
const RECORD: usize = 8 + 4 + 2 * UNIQUE_FIELDS + 1 + 4 * 12 + 2 * 8;
/// Bytes of a stored pair.
const PAIR: usize = 8;
/// Bytes of a stored address.
const ADDRESS: usize = 4 + 1 + 16;

impl Snapshot {
    pub(in crate::inventory) fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.u8(u8::from(self.cut))?;
        self.strings.write(out)?;
        out.text(&self.unique)?;
        out.length(self.pairs.len())?;
        for (first, second) in &self.pairs {
            first.write(out)?;
            second.write(out)?;
        }
        out.length(self.records.len())?;
        for record in &self.records {
            record.write(out)?;
        }
        self.addresses.write(out)?;
        out.u32s(&self.by_name)?;
        out.u32s(&self.by_id)
    }

    pub(in crate::inventory) fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let cut = match input.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Damaged("it is neither cut nor whole")),
        };
        let strings = Strings::read(input)?;
        let unique = input.text()?.to_owned();
        let pairs = read_list(input, PAIR, |input| {
            Ok((strings.read_id(input)?, strings.read_id(input)?))
        })?;
        let mut records = read_list(input, RECORD, |input| {
            Record::read(input, &strings, &unique, &pairs)
        })?;
        let addresses = Addresses::read(input, &mut records)?;
        let mut snapshot = Self {
            strings,
            unique,
            records,
            pairs,
            addresses,
            by_name: input.u32s()?,
            by_id: input.u32s()?,
            tags: Vec::new(),
            cut,
        };
        snapshot.check_orders()?;
        snapshot.tags = snapshot.tags_in_order();
        Ok(snapshot)
    }

    /// Every instance stands in both orders once, and where it belongs.
    fn check_orders(&self) -> Result<(), Damaged> {
        let count = self.records.len();
        let complete = |places: &[u32]| {
            places.len() == count && places.iter().all(|place| (*place as usize) < count)
        };
        if !complete(&self.by_name) || !complete(&self.by_id) {
            return Err(Damaged("an order names other instances"));
        }
        let id = |place: &u32| self.row(*place).id();
        let name = |place: &u32| (self.row(*place).name(), id(place));
        // Ids that rise are all different, and so are the places.
        let rises = self.by_id.is_sorted_by(|a, b| id(a) < id(b))
            && self.by_name.is_sorted_by(|a, b| name(a) < name(b));
        match rises {
            true => Ok(()),
            false => Err(Damaged("an order is none")),
        }
    }
}

/// A list with its length before it, of things that have `size` bytes or more.
fn read_list<'a, T>(
    input: &mut Input<'a>,
    size: usize,
    mut read: impl FnMut(&mut Input<'a>) -> Result<T, Damaged>,
) -> Result<Vec<T>, Damaged> {
    let length = input.length(size)?;
    let mut list = Vec::with_capacity(length);
    for _ in 0..length {
        list.push(read(input)?);
    }
    Ok(list)
}

impl Record {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.i64(self.launched)?;
        out.u32(self.unique_at)?;
        self.unique_len.iter().try_for_each(|len| out.u16(*len))?;
        out.u8(self.state.map_or(0, |state| state as u8))?;
        self.shared.write(out)?;
        for span in [self.tags, self.security_groups] {
            out.u32(span.start)?;
            out.u32(span.len)?;
        }
        Ok(())
    }

    fn read(
        input: &mut Input<'_>,
        strings: &Strings,
        unique: &str,
        pairs: &[Pair],
    ) -> Result<Self, Damaged> {
        let launched = input.i64()?;
        let unique_at = input.u32()?;
        let mut unique_len = [0; UNIQUE_FIELDS];
        let mut end = unique_at as usize;
        for len in &mut unique_len {
            *len = input.u16()?;
            check_boundary(unique, end)?;
            end += usize::from(*len);
        }
        check_boundary(unique, end)?;
        let state = match input.u8()? {
            0 => None,
            number => Some(
                InstanceState::from_number(number.into())
                    .ok_or(Damaged("there is no such state"))?,
            ),
        };
        Ok(Self {
            launched,
            unique_at,
            unique_len,
            state,
            // The addresses come after all records.
            more_addresses: false,
            shared: Shared::read(input, strings)?,
            tags: Span::read(input, pairs)?,
            security_groups: Span::read(input, pairs)?,
        })
    }
}

impl Addresses {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.length(self.entries().len())?;
        self.entries().iter().try_for_each(|entry| {
            out.u32(entry.row)?;
            out.u8(u8::from(entry.address.public))?;
            out.bytes(&to_bytes(entry.address.ip))
        })
    }

    /// Tells the records which of them have some.
    fn read(input: &mut Input<'_>, records: &mut [Record]) -> Result<Self, Damaged> {
        let mut before = 0;
        let entries = read_list(input, ADDRESS, |input| {
            let row = input.u32()?;
            let said = match input.u8()? {
                0 => false,
                1 => true,
                _ => return Err(Damaged("an address is neither public nor private")),
            };
            let address = Address::new(from_bytes(input.array()?), said);
            let record = records.get_mut(row as usize);
            let record = record.filter(|_| row >= before && address.public == said);
            let record = record.ok_or(Damaged("an address is no instance's"))?;
            record.more_addresses = true;
            before = row;
            Ok(Entry { row, address })
        })?;
        Ok(Self::from_entries(entries))
    }
}

fn check_boundary(text: &str, at: usize) -> Result<(), Damaged> {
    match text.is_char_boundary(at) {
        true => Ok(()),
        false => Err(Damaged("a text is cut where it cannot be")),
    }
}

impl Span {
    fn read(input: &mut Input<'_>, pairs: &[Pair]) -> Result<Self, Damaged> {
        let (start, len) = (input.u32()?, input.u32()?);
        match start.checked_add(len) {
            Some(end) if end as usize <= pairs.len() => Ok(Self { start, len }),
            _ => Err(Damaged("there are no such pairs")),
        }
    }
}

impl Shared {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        let all = [
            self.name,
            self.instance_type,
            self.az,
            self.vpc,
            self.subnet,
            self.image,
            self.platform,
            self.arch,
            self.lifecycle,
            self.key,
            self.profile,
            self.account,
        ];
        all.into_iter().try_for_each(|id| id.write(out))
    }

    fn read(input: &mut Input<'_>, strings: &Strings) -> Result<Self, Damaged> {
        let mut next = || strings.read_id(input);
        Ok(Self {
            name: next()?,
            instance_type: next()?,
            az: next()?,
            vpc: next()?,
            subnet: next()?,
            image: next()?,
            platform: next()?,
            arch: next()?,
            lifecycle: next()?,
            key: next()?,
            profile: next()?,
            account: next()?,
        })
    }
}

#[cfg(test)]
mod tests;
