//! The interfaces of a region as a file has them; every number is checked on reading.

use std::io;

use super::{Interfaces, LISTS, Record, Strings, TEXTS, Text};
use crate::persist::{Damaged, Input, Output};

/// Bytes of a stored record, at least: its texts, five options of which none is, and
/// its lists.
const RECORD: usize = TEXTS * 4 + 5 + 4 + LISTS * 2;

impl Interfaces {
    pub(in crate::inventory) fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        self.strings.write(out)?;
        out.length(self.lists.len())?;
        self.lists.iter().try_for_each(|id| id.write(out))?;
        out.length(self.records.len())?;
        self.records
            .iter()
            .try_for_each(|record| record.write(out))?;
        out.u8(u8::from(self.cut))
    }

    pub(in crate::inventory) fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let mut interfaces = Self {
            strings: Strings::read(input)?,
            ..Self::default()
        };
        let length = input.length(size_of::<u32>())?;
        interfaces.lists.reserve_exact(length);
        for _ in 0..length {
            let id = interfaces.strings.read_id(input)?;
            interfaces.lists.push(id);
        }
        let length = input.length(RECORD)?;
        interfaces.records.reserve_exact(length);
        for _ in 0..length {
            let record = Record::read(input, &interfaces.strings)?;
            interfaces.check(&record)?;
            interfaces.records.push(record);
        }
        interfaces.cut = flag(input.u8()?)?;
        Ok(interfaces)
    }

    /// Whether a record may follow those that are there.
    fn check(&self, record: &Record) -> Result<(), Damaged> {
        let lists: usize = record.lists.iter().map(|len| usize::from(*len)).sum();
        if record.lists_at as usize + lists > self.lists.len() {
            return Err(Damaged("a list is longer than all of them"));
        }
        let of = |record: &Record| self.strings.get(record.text(Text::Instance));
        match self.records.last() {
            Some(last) if of(last) > of(record) => Err(Damaged("the interfaces are not in order")),
            _ => Ok(()),
        }
    }
}

impl Record {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        self.texts.iter().try_for_each(|id| id.write(out))?;
        for number in [self.card, self.device] {
            out.u8(u8::from(number.is_some()))?;
            number.map_or(Ok(()), |number| out.u32(number))?;
        }
        out.u8(u8::from(self.attached.is_some()))?;
        self.attached.map_or(Ok(()), |time| out.i64(time))?;
        for known in [self.deleted_with_instance, self.checks_addresses] {
            out.u8(known.map_or(2, u8::from))?;
        }
        out.u32(self.lists_at)?;
        self.lists.iter().try_for_each(|len| out.u16(*len))
    }

    fn read(input: &mut Input<'_>, strings: &Strings) -> Result<Self, Damaged> {
        let mut texts = [super::StringId::ABSENT; TEXTS];
        for text in &mut texts {
            *text = strings.read_id(input)?;
        }
        let (card, device) = (number(input)?, number(input)?);
        let attached = match flag(input.u8()?)? {
            true => Some(input.i64()?),
            false => None,
        };
        let (deleted_with_instance, checks_addresses) = (known(input)?, known(input)?);
        let lists_at = input.u32()?;
        let mut lists = [0; LISTS];
        for len in &mut lists {
            *len = input.u16()?;
        }
        Ok(Self {
            texts,
            card,
            device,
            attached,
            deleted_with_instance,
            checks_addresses,
            lists_at,
            lists,
        })
    }
}

fn flag(byte: u8) -> Result<bool, Damaged> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Damaged("something is neither so nor not")),
    }
}

fn number(input: &mut Input<'_>) -> Result<Option<u32>, Damaged> {
    match flag(input.u8()?)? {
        true => input.u32().map(Some),
        false => Ok(None),
    }
}

fn known(input: &mut Input<'_>) -> Result<Option<bool>, Damaged> {
    match input.u8()? {
        2 => Ok(None),
        byte => flag(byte).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{described, interfaces};
    use super::*;
    use crate::persist::testing::{bytes_of, mutations};

    #[test]
    fn interfaces_are_read_back_as_they_were() {
        let written = interfaces();
        let bytes = bytes_of(|out| written.write(out));
        let mut input = Input::new(&bytes);
        let read = Interfaces::read(&mut input).unwrap();
        input.end().unwrap();
        for instance in ["i-1", "i-2", "i-3"] {
            assert_eq!(described(&read, instance), described(&written, instance));
        }
    }

    #[test]
    fn whatever_the_bytes_are_reading_them_fails_or_gives_interfaces() {
        for bytes in mutations(&bytes_of(|out| interfaces().write(out))) {
            if let Ok(read) = Interfaces::read(&mut Input::new(&bytes)) {
                for record in &read.records {
                    let instance = read.strings.get(record.text(Text::Instance));
                    drop(described(&read, instance));
                }
            }
        }
    }
}
