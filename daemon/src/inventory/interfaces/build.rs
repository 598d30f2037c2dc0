//! From what AWS says of interfaces, page by page, to [`Interfaces`].

use super::{Interfaces, LISTS, List, Record, StringId, TEXTS, Text};
use crate::inventory::strings::Interner;

/// What is known of an interface, as handed to a [`Builder`]. Empty means absent.
#[derive(Clone, Debug, Default)]
pub(in crate::inventory) struct Draft {
    pub(in crate::inventory) texts: [String; TEXTS],
    pub(in crate::inventory) lists: [Vec<String>; LISTS],
    pub(in crate::inventory) card: Option<u32>,
    pub(in crate::inventory) device: Option<u32>,
    /// Seconds since 1970.
    pub(in crate::inventory) attached: Option<i64>,
    pub(in crate::inventory) deleted_with_instance: Option<bool>,
    pub(in crate::inventory) checks_addresses: Option<bool>,
}

impl Draft {
    /// Forgets the interface before.
    pub(in crate::inventory) fn clear(&mut self) {
        self.texts.iter_mut().for_each(String::clear);
        self.lists.iter_mut().for_each(Vec::clear);
        (self.card, self.device, self.attached) = (None, None, None);
        (self.deleted_with_instance, self.checks_addresses) = (None, None);
    }

    pub(in crate::inventory) fn set(&mut self, field: Text, text: &str) {
        text.clone_into(&mut self.texts[field as usize]);
    }

    /// Whether it is one of an instance.
    pub(in crate::inventory) fn is_of_instance(&self) -> bool {
        let has = |field| !self.texts[field as usize].is_empty();
        has(Text::Id) && has(Text::Instance)
    }

    pub(in crate::inventory) fn list(&mut self, list: List) -> &mut Vec<String> {
        &mut self.lists[list as usize]
    }
}

/// Makes [`Interfaces`].
#[derive(Debug)]
pub(in crate::inventory) struct Builder {
    interner: Interner,
    records: Vec<Record>,
    lists: Vec<StringId>,
}

impl Builder {
    /// None yet.
    pub(in crate::inventory) fn new() -> Self {
        Self {
            interner: Interner::new(),
            records: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// How many were added.
    pub(in crate::inventory) fn len(&self) -> usize {
        self.records.len()
    }

    /// Adds an interface; `None` if it has more of something than can be.
    pub(in crate::inventory) fn push(&mut self, draft: &Draft) -> Option<()> {
        let mut lens = [0; LISTS];
        for (len, list) in lens.iter_mut().zip(&draft.lists) {
            *len = u16::try_from(list.len()).ok()?;
        }
        let lists_at = u32::try_from(self.lists.len()).ok()?;
        let interner = &mut self.interner;
        let all = draft.lists.iter().flatten();
        self.lists.extend(all.map(|text| interner.intern(text)));
        self.records.push(Record {
            texts: draft.texts.each_ref().map(|text| interner.intern(text)),
            card: draft.card,
            device: draft.device,
            attached: draft.attached,
            deleted_with_instance: draft.deleted_with_instance,
            checks_addresses: draft.checks_addresses,
            lists_at,
            lists: lens,
        });
        Some(())
    }

    /// Adds all of a page, hashing each of its strings once.
    pub(super) fn absorb(&mut self, page: Self) {
        let translation = self.interner.absorb(&page.interner.finish());
        let to = |id: &StringId| translation.apply(*id);
        // No answer is so long that its lists had more than 4 billion elements.
        let moved = self.lists.len() as u32;
        self.lists.extend(page.lists.iter().map(to));
        let records = page.records.iter().map(|record| Record {
            texts: record.texts.each_ref().map(to),
            lists_at: record.lists_at + moved,
            ..*record
        });
        self.records.extend(records);
    }

    /// Ends it. Of interfaces that came twice, because the list changed between two
    /// pages, one is kept.
    pub(in crate::inventory) fn finish(self, cut: bool) -> Interfaces {
        let strings = self.interner.finish();
        let (mut records, mut lists) = (self.records, self.lists);
        records.sort_by(|a, b| Interfaces::order(&strings, a).cmp(&Interfaces::order(&strings, b)));
        records.dedup_by_key(|record| (record.text(Text::Instance), record.text(Text::Id)));
        records.shrink_to_fit();
        lists.shrink_to_fit();
        Interfaces {
            strings,
            records,
            lists,
            cut,
        }
    }
}
