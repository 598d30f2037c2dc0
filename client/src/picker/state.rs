//! What a picker shows and what keys do to it. Nothing here waits, asks or draws.

use std::collections::{BTreeSet, HashSet};

use aws_ssm_proto::domain::Error;

use super::filter::{Filter, Terms};
use super::finder::Finder;
use super::fleet::{Fleet, Row, Text};
use super::key::Key;
use super::prompt::Prompt;
use super::search::Search;
use super::words::Wanted;

/// A question to the daemon names no more targets.
const MOST_MARKS: usize = 1000;

/// Rows that are looked at before the next key is: about a millisecond's worth.
const SLICE: usize = 1000;

/// What somebody has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// These ids, in the order of the list.
    Picked(Vec<String>),
    /// Nothing.
    Left,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Picker {
    pub(super) fleet: Fleet,
    pub(super) finder: Finder,
    pub(super) prompt: Prompt,
    /// Several may be picked.
    pub(super) many: bool,
    /// What is to be known of the data, such as its age.
    pub(super) remarks: String,
    search: Search,
    filter: Filter,
    /// The rows of the list, best first.
    listed: Vec<u32>,
    /// The row that is pointed at, as a place in the list.
    at: usize,
    /// The first row that is in sight.
    top: usize,
    /// Rows that are in sight.
    height: usize,
    marked: BTreeSet<u32>,
    /// Enter was pressed before the list was what the prompt asks for.
    enters: bool,
}

impl Picker {
    pub(super) fn new(fleet: Fleet, many: bool, remarks: String) -> Self {
        let mut picker = Self {
            search: Search::new(&fleet),
            fleet,
            finder: Finder::default(),
            prompt: Prompt::default(),
            many,
            remarks,
            filter: Filter::default(),
            listed: Vec::new(),
            at: 0,
            top: 0,
            height: 1,
            marked: BTreeSet::new(),
            enters: false,
        };
        picker.list();
        picker
    }

    /// Does what a key does.
    pub(super) fn press(&mut self, key: Key) -> Option<Decision> {
        self.enters = false;
        match key {
            Key::Leave => return Some(Decision::Left),
            Key::Enter => {
                self.enters = true;
                return self.enter();
            }
            Key::Up => self.point(self.at.saturating_sub(1)),
            Key::Down => self.point(self.at + 1),
            Key::PageUp => self.point(self.at.saturating_sub(self.height)),
            Key::PageDown => self.point(self.at + self.height),
            Key::Mark => self.mark(self.at + 1),
            Key::MarkUpwards => self.mark(self.at.saturating_sub(1)),
            key if self.prompt.press(key) => self.read(),
            _ => {}
        }
        None
    }

    /// Whether rows are still to be looked at.
    pub(super) fn is_searching(&self) -> bool {
        !self.search.is_done()
    }

    /// Looks at some more.
    pub(super) fn search(&mut self) {
        self.search.go_on(SLICE, &self.fleet, &mut self.finder);
        if self.search.is_done() {
            self.list();
        }
    }

    /// What the daemon is to be asked.
    pub(super) fn question(&self) -> Option<Terms> {
        self.filter.question()
    }

    /// The answer to that.
    pub(super) fn answered(&mut self, terms: Terms, answer: Result<HashSet<String>, Error>) {
        self.filter.answered(terms, answer);
        self.list();
    }

    /// What was decided by an Enter that had to wait.
    pub(super) fn decided(&mut self) -> Option<Decision> {
        self.enters.then(|| self.enter()).flatten()
    }

    /// So many rows are in sight.
    pub(super) fn show(&mut self, height: usize) {
        self.height = height.max(1);
        self.top = self.top.min(self.at);
        if self.at >= self.top + self.height {
            self.top = self.at + 1 - self.height;
        }
        // No blank rows as long as there are others.
        let most = self.listed.len().saturating_sub(self.height);
        self.top = self.top.min(most);
    }

    /// The rows in sight: which one, whether it is pointed at, and whether marked.
    pub(super) fn in_sight(&self) -> impl Iterator<Item = (usize, bool, bool)> {
        let rows = self.listed.iter().enumerate().skip(self.top);
        rows.take(self.height)
            .map(|(place, row)| (*row as usize, place == self.at, self.marked.contains(row)))
    }

    /// What is pointed at.
    pub(super) fn pointed(&self) -> Option<Row<'_>> {
        let row = self.listed.get(self.at)?;
        Some(self.fleet.row(*row as usize))
    }

    pub(super) fn listed(&self) -> usize {
        self.listed.len()
    }

    pub(super) fn marked(&self) -> usize {
        self.marked.len()
    }

    /// What is wrong with what is typed.
    pub(super) fn trouble(&self) -> Option<&Error> {
        self.filter.trouble()
    }

    fn enter(&mut self) -> Option<Decision> {
        let rows: Vec<u32> = match self.marked.is_empty() {
            false => self.marked.iter().copied().collect(),
            true if self.is_searching() || self.question().is_some() => return None,
            // A row that a wrong term lets stand is not what was asked for.
            true if self.trouble().is_some() => return None,
            true => self.listed.get(self.at).copied().into_iter().collect(),
        };
        let id = |row: u32| self.fleet.row(row as usize).text(Text::Id).to_owned();
        let ids: Vec<String> = rows.into_iter().map(id).collect();
        (!ids.is_empty()).then_some(Decision::Picked(ids))
    }

    fn point(&mut self, place: usize) {
        self.at = place.min(self.listed.len().saturating_sub(1));
    }

    fn mark(&mut self, next: usize) {
        if !self.many {
            return self.point(next);
        }
        if let Some(row) = self.listed.get(self.at) {
            if !self.marked.remove(row) && self.marked.len() < MOST_MARKS {
                self.marked.insert(*row);
            }
            self.point(next);
        }
    }

    /// Reads the prompt again.
    fn read(&mut self) {
        let wanted = Wanted::read(self.prompt.text());
        self.filter.want(&wanted.terms);
        self.search
            .look_for(&wanted.words, &self.fleet, &mut self.finder);
        if self.search.is_done() {
            self.list();
        }
    }

    /// Lists what was found and the filter takes, from the top.
    fn list(&mut self) {
        if self.is_searching() {
            return;
        }
        let id = |row: &u32| self.fleet.row(*row as usize).text(Text::Id);
        let rows = self.search.rows();
        let listed: Vec<u32> = rows.filter(|row| self.filter.takes(id(row))).collect();
        if listed != self.listed {
            (self.at, self.top) = (0, 0);
            self.listed = listed;
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::domain::ErrorKind;

    use super::super::fleet::tests::instance;
    use super::*;

    fn picker(many: bool) -> Picker {
        let mut fleet = Fleet::default();
        for (id, name) in [("i-0", "db-1"), ("i-1", "web-1"), ("i-2", "web-2")] {
            fleet.push(&instance(id, name));
        }
        let mut picker = Picker::new(fleet, many, String::new());
        picker.show(2);
        picker
    }

    fn typed(picker: &mut Picker, text: &str) {
        for letter in text.chars() {
            assert_eq!(picker.press(Key::Letter(letter)), None);
        }
        while picker.is_searching() {
            picker.search();
        }
    }

    fn picked(ids: &[&str]) -> Option<Decision> {
        Some(Decision::Picked(
            ids.iter().map(|id| (*id).to_owned()).collect(),
        ))
    }

    fn answer(picker: &mut Picker, answer: Result<&[&str], ErrorKind>) {
        let question = picker.question().expect("a question");
        let answer = answer
            .map(|ids| ids.iter().map(|id| (*id).to_owned()).collect())
            .map_err(|kind| Error::new(kind, "wrong"));
        picker.answered(question, answer);
    }

    #[test]
    fn enter_picks_what_is_pointed_at() {
        let mut picker = picker(false);
        assert_eq!(picker.press(Key::Enter), picked(&["i-0"]));
        typed(&mut picker, "web");
        assert_eq!(picker.press(Key::Down), None);
        assert_eq!(picker.press(Key::Enter), picked(&["i-2"]));
        picker.press(Key::EraseAll);
        assert_eq!(picker.press(Key::Enter), picked(&["i-0"]));
        assert_eq!(picker.press(Key::Leave), Some(Decision::Left));
    }

    #[test]
    fn the_pointer_stays_in_the_list_and_in_sight() {
        let mut picker = picker(false);
        for _ in 0..5 {
            picker.press(Key::Down);
        }
        picker.show(2);
        let seen: Vec<_> = picker.in_sight().collect();
        assert_eq!(seen, [(1, false, false), (2, true, false)]);
        picker.press(Key::PageUp);
        picker.show(2);
        assert_eq!(picker.in_sight().next(), Some((0, true, false)));
        picker.press(Key::Up);
        picker.press(Key::PageDown);
        picker.show(9);
        assert_eq!(picker.in_sight().count(), 3);
        typed(&mut picker, "nothing");
        picker.show(9);
        assert_eq!(picker.in_sight().count(), 0);
        assert_eq!(picker.press(Key::Down), None);
        assert_eq!(picker.press(Key::Enter), None);
        assert!(picker.pointed().is_none());
    }

    #[test]
    fn several_are_picked_in_the_order_of_the_list_where_that_is_allowed() {
        let mut several = picker(true);
        several.press(Key::PageDown);
        several.press(Key::MarkUpwards);
        several.press(Key::MarkUpwards);
        several.press(Key::Mark);
        assert_eq!(several.marked(), 3);
        several.press(Key::MarkUpwards);
        assert_eq!(several.press(Key::Enter), picked(&["i-0", "i-2"]));
        // Marks are kept while something else is looked for.
        typed(&mut several, "nothing");
        assert_eq!(several.press(Key::Enter), picked(&["i-0", "i-2"]));

        let mut one = picker(false);
        one.press(Key::Mark);
        assert_eq!(one.marked(), 0);
        assert_eq!(one.press(Key::Enter), picked(&["i-1"]));
    }

    #[test]
    fn an_enter_waits_until_the_list_is_what_was_asked_for() {
        let mut picker = picker(false);
        typed(&mut picker, "state:stopped");
        assert_eq!(picker.press(Key::Enter), None);
        assert_eq!(picker.decided(), None);
        answer(&mut picker, Ok(&["i-2"]));
        assert_eq!(picker.decided(), picked(&["i-2"]));
        // Whoever does something else meanwhile has thought better of it.
        typed(&mut picker, "x");
        picker.press(Key::Enter);
        picker.press(Key::Backspace);
        assert_eq!(picker.decided(), None);
    }

    #[test]
    fn a_wrong_term_empties_nothing_and_picks_nothing() {
        let mut picker = picker(false);
        typed(&mut picker, "stat:x");
        answer(&mut picker, Err(ErrorKind::Usage));
        assert_eq!(picker.listed(), 3);
        assert!(picker.trouble().is_some());
        assert_eq!(picker.press(Key::Enter), None);
        picker.press(Key::EraseAll);
        assert_eq!(picker.press(Key::Enter), picked(&["i-0"]));
    }

    #[test]
    fn a_mark_that_is_one_too_many_is_not_made() {
        let mut fleet = Fleet::default();
        for _ in 0..=MOST_MARKS {
            fleet.push(&instance("i-0", "web"));
        }
        let mut picker = Picker::new(fleet, true, String::new());
        for _ in 0..=MOST_MARKS {
            picker.press(Key::Mark);
        }
        assert_eq!(picker.marked(), MOST_MARKS);
    }
}
