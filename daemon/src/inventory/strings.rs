//! Repeated strings, kept once.
//!
//! A fleet repeats itself: types, zones, networks, tag keys and most tag values
//! are few. A row holds a number for each of them instead of a string.

mod stored;

use std::collections::HashMap;

/// A string of one [`Strings`]; meaningless in any other. The empty string, which
/// every table holds first, stands for what is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StringId(u32);

impl StringId {
    /// What stands for no string at all.
    pub const ABSENT: Self = Self(0);

    /// Its place in the table.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A table of distinct strings in one block of memory.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    /// Where each string ends; it begins where the one before it ends.
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, id: StringId) -> &str {
        let index = id.0 as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of memory held.
    pub(super) fn weight(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| self.get(StringId(index as u32)))
    }
}

/// Fills a [`Strings`].
#[derive(Debug)]
pub(super) struct Interner {
    strings: Strings,
    ids: HashMap<Box<str>, StringId>,
}

impl Interner {
    pub(super) fn new() -> Self {
        let mut interner = Self {
            strings: Strings::default(),
            ids: HashMap::new(),
        };
        interner.intern("");
        interner
    }

    /// The number of `text`, which is added if it is new.
    pub(super) fn intern(&mut self, text: &str) -> StringId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = StringId(self.strings.ends.len() as u32);
        self.strings.text.push_str(text);
        self.strings.ends.push(self.strings.text.len() as u32);
        self.ids.insert(text.into(), id);
        id
    }

    /// Adds every string of another table; the answer maps its numbers to ours.
    pub(super) fn absorb(&mut self, other: &Strings) -> Translation {
        Translation(other.iter().map(|text| self.intern(text)).collect())
    }

    pub(super) fn finish(mut self) -> Strings {
        self.strings.text.shrink_to_fit();
        self.strings.ends.shrink_to_fit();
        self.strings
    }
}

/// From the numbers of one table to those of another.
#[derive(Debug)]
pub(super) struct Translation(Vec<StringId>);

impl Translation {
    pub(super) fn apply(&self, id: StringId) -> StringId {
        self.0[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_get_one_number() {
        let mut interner = Interner::new();
        let a = interner.intern("t3.micro");
        let b = interner.intern("us-east-1a");
        assert_eq!(interner.intern("t3.micro"), a);
        let empty = interner.intern("");
        assert_eq!(empty, StringId(0));
        let strings = interner.finish();
        assert_eq!(strings.get(a), "t3.micro");
        assert_eq!(strings.get(b), "us-east-1a");
        assert_eq!(strings.get(empty), "");
    }

    #[test]
    fn a_table_absorbs_another() {
        let mut first = Interner::new();
        first.intern("b");
        let theirs = first.intern("a");
        let first = first.finish();
        let mut second = Interner::new();
        let ours = second.intern("a");
        let translation = second.absorb(&first);
        assert_eq!(translation.apply(theirs), ours);
        let empty = second.intern("");
        assert_eq!(translation.apply(empty), empty);
    }
}
