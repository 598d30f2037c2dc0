//! A table of strings as a file has it: the text, and where each string ends.

use std::io;

use super::{StringId, Strings};
use crate::persist::{Damaged, Input, Output};

impl Strings {
    pub(in crate::inventory) fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.text(&self.text)?;
        out.u32s(&self.ends)
    }

    /// Every number below the count is a string of what this gives.
    pub(in crate::inventory) fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let strings = Self {
            text: input.text()?.to_owned(),
            ends: input.u32s()?,
        };
        // The empty string comes first, and stands for what is absent.
        let mut before = 0;
        for (at, end) in strings.ends.iter().enumerate() {
            let ends_well = *end >= before && strings.text.is_char_boundary(*end as usize);
            if !ends_well || (at == 0 && *end != 0) {
                return Err(Damaged("a string ends where none can"));
            }
            before = *end;
        }
        match strings.ends.last() {
            Some(end) if *end as usize == strings.text.len() => Ok(strings),
            _ => Err(Damaged("the strings are not those of the text")),
        }
    }

    /// A number that was stored, if there is such a string.
    pub(in crate::inventory) fn read_id(&self, input: &mut Input<'_>) -> Result<StringId, Damaged> {
        let id = input.u32()?;
        match (id as usize) < self.ends.len() {
            true => Ok(StringId(id)),
            false => Err(Damaged("there is no string of this number")),
        }
    }
}

impl StringId {
    pub(in crate::inventory) fn write(self, out: &mut Output<'_>) -> io::Result<()> {
        out.u32(self.0)
    }
}
