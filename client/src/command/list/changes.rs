//! What differs between two looks at a list.
//!
//! Invariant: an instance is gone only if a whole look, at a region that answered, is
//! without it. What nobody knows yet is no change: the last word on it stands.

use std::collections::BTreeMap;

use crate::render::change::{Cells, Difference};

/// What was seen of the instances that match, by id. As large as they are many.
#[derive(Debug)]
pub(super) struct Seen {
    /// The columns, by their places, of which another value is a change.
    counted: Vec<bool>,
    held: BTreeMap<Box<str>, Held>,
    look: u64,
}

#[derive(Debug)]
struct Held {
    region: Box<str>,
    cells: Cells,
    /// The last look that it was in.
    look: u64,
}

/// What a row says that was not known before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It was not there.
    Added,
    /// These cells were others.
    Changed(Vec<Difference>),
}

impl Seen {
    /// Nothing yet.
    pub(super) fn new(counted: Vec<bool>) -> Self {
        Self {
            counted,
            held: BTreeMap::new(),
            look: 0,
        }
    }

    /// Begins a look.
    pub(super) fn begin(&mut self) {
        self.look += 1;
    }

    /// Takes a row of this look; returns what is new in it, and all that is known of the
    /// instance.
    pub(super) fn take(&mut self, id: &str, region: &str, cells: Cells) -> Option<(News, &Cells)> {
        let look = self.look;
        if !self.held.contains_key(id) {
            let held = Held {
                region: region.into(),
                cells,
                look,
            };
            let held = self.held.entry(id.into()).or_insert(held);
            return Some((News::Added, &held.cells));
        }
        let held = self.held.get_mut(id).expect("it was looked for above");
        held.look = look;
        if held.cells == cells {
            return None;
        }
        let differences = differences(&held.cells, &cells, &self.counted);
        held.cells = cells.or(&held.cells);
        (!differences.is_empty()).then_some((News::Changed(differences), &held.cells))
    }

    /// Ends a look; returns what was not in it any more. Of regions that did not answer
    /// everything stays.
    pub(super) fn end(&mut self, silent: impl Fn(&str) -> bool) -> Vec<Cells> {
        let look = self.look;
        let mut gone = Vec::new();
        self.held.retain(|_, held| {
            let stays = held.look == look || silent(&held.region);
            if !stays {
                gone.push(held.cells.clone());
            }
            stays
        });
        gone
    }
}

fn differences(before: &Cells, after: &Cells, counted: &[bool]) -> Vec<Difference> {
    let pairs = before.iter().zip(after.iter()).zip(counted).enumerate();
    pairs
        .filter(|(_, ((before, after), counted))| {
            **counted && before != after && !before.is_empty() && !after.is_empty()
        })
        .map(|(place, ((before, after), _))| Difference {
            place,
            before: before.to_owned(),
            after: after.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "eu-west-1";

    fn seen() -> Seen {
        let mut seen = Seen::new(vec![true, false, true]);
        seen.begin();
        assert_eq!(
            take(&mut seen, "i-1", ["running", "5m", ""]),
            Some(News::Added)
        );
        assert!(seen.end(|_| false).is_empty());
        seen.begin();
        seen
    }

    fn take(seen: &mut Seen, id: &str, cells: [&str; 3]) -> Option<News> {
        let news = seen.take(id, HERE, Cells::of(cells));
        news.map(|(news, _)| news)
    }

    fn change(place: usize, before: &str, after: &str) -> Option<News> {
        let (before, after) = (before.to_owned(), after.to_owned());
        Some(News::Changed(vec![Difference {
            place,
            before,
            after,
        }]))
    }

    #[test]
    fn a_row_is_added_once_and_changes_where_a_column_counts() {
        let mut seen = seen();
        assert_eq!(take(&mut seen, "i-1", ["running", "5m", ""]), None);
        assert_eq!(take(&mut seen, "i-1", ["running", "6m", ""]), None);
        let stopped = take(&mut seen, "i-1", ["stopped", "7m", ""]);
        assert_eq!(stopped, change(0, "running", "stopped"));
    }

    #[test]
    fn what_nobody_knows_yet_is_no_change_and_the_last_word_stands() {
        let mut seen = seen();
        assert_eq!(take(&mut seen, "i-1", ["running", "5m", "online"]), None);
        assert_eq!(take(&mut seen, "i-1", ["running", "5m", ""]), None);
        let lost = take(&mut seen, "i-1", ["running", "5m", "lost"]);
        assert_eq!(lost, change(2, "online", "lost"));
    }

    #[test]
    fn what_a_whole_look_is_without_is_gone_once() {
        let mut seen = seen();
        let gone = seen.end(|_| false);
        assert_eq!(gone, [Cells::of(["running", "5m", ""])]);
        seen.begin();
        assert!(seen.end(|_| false).is_empty());
        assert_eq!(
            take(&mut seen, "i-1", ["running", "", ""]),
            Some(News::Added)
        );
    }

    #[test]
    fn of_a_region_that_did_not_answer_nothing_goes() {
        let mut seen = seen();
        assert!(seen.end(|region| region == HERE).is_empty());
        seen.begin();
        assert_eq!(take(&mut seen, "i-1", ["running", "5m", ""]), None);
    }
}
