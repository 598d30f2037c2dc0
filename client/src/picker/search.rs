//! Which rows have what is looked for, best first: worked out bit by bit, so that the
//! next key never waits for the answer to the last.

use std::cmp::Reverse;

use super::finder::Finder;
use super::fleet::Fleet;

#[derive(Clone, Copy, Debug)]
struct Found {
    score: u32,
    row: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Search {
    words: Vec<String>,
    /// The rows that may have them.
    candidates: Vec<u32>,
    /// How many of these have been looked at.
    looked_at: usize,
    found: Vec<Found>,
}

impl Search {
    /// Looks for nothing: every row has that.
    pub(super) fn new(fleet: &Fleet) -> Self {
        let rows = 0..u32::try_from(fleet.len()).unwrap_or(u32::MAX);
        Self {
            candidates: rows.clone().collect(),
            looked_at: fleet.len(),
            found: rows.map(|row| Found { score: 0, row }).collect(),
            ..Self::default()
        }
    }

    /// Looks for other words.
    pub(super) fn look_for(&mut self, words: &[String], fleet: &Fleet, finder: &mut Finder) {
        if self.words == words {
            return;
        }
        finder.look_for(words);
        if words.is_empty() {
            *self = Self::new(fleet);
            return;
        }
        // Who goes on typing looks for less: only what was found needs another look.
        self.candidates = match self.is_done() && narrows(&self.words, words) {
            true => self.found.iter().map(|found| found.row).collect(),
            false => Self::new(fleet).candidates,
        };
        words.clone_into(&mut self.words);
        self.looked_at = 0;
        self.found.clear();
    }

    pub(super) fn is_done(&self) -> bool {
        self.looked_at == self.candidates.len()
    }

    /// Looks at this many rows more.
    pub(super) fn go_on(&mut self, rows: usize, fleet: &Fleet, finder: &mut Finder) {
        let rest = &self.candidates[self.looked_at..];
        let next = &rest[..rows.min(rest.len())];
        for row in next {
            if let Some(score) = finder.score(fleet.row(*row as usize)) {
                self.found.push(Found { score, row: *row });
            }
        }
        self.looked_at += next.len();
        if self.is_done() {
            self.found
                .sort_unstable_by_key(|found| (Reverse(found.score), found.row));
        }
    }

    /// The rows that have everything; all of them, in order, only when it is done.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.found.iter().map(|found| found.row)
    }
}

/// Whether what has the `next` words has had those before, too.
fn narrows(before: &[String], next: &[String]) -> bool {
    let pairs = before.iter().zip(next);
    before.len() <= next.len() && pairs.into_iter().all(|(old, new)| new.starts_with(old))
}

#[cfg(test)]
mod tests {
    use super::super::fleet::Text;
    use super::super::fleet::tests::instance;
    use super::*;

    struct Searched {
        fleet: Fleet,
        finder: Finder,
        search: Search,
    }

    fn over(names: &[&str]) -> Searched {
        let mut fleet = Fleet::default();
        names
            .iter()
            .for_each(|name| fleet.push(&instance("i-1", name)));
        Searched {
            search: Search::new(&fleet),
            finder: Finder::default(),
            fleet,
        }
    }

    impl Searched {
        fn names(&mut self, typed: &str) -> Vec<&str> {
            let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
            self.search.look_for(&words, &self.fleet, &mut self.finder);
            while !self.search.is_done() {
                self.search.go_on(2, &self.fleet, &mut self.finder);
            }
            let rows = self.search.rows();
            rows.map(|row| self.fleet.row(row as usize).text(Text::Name))
                .collect()
        }
    }

    #[test]
    fn the_best_come_first_and_equals_in_their_order() {
        let mut all = over(&["cobweb", "web-1", "db", "web-2"]);
        assert_eq!(all.names(""), ["cobweb", "web-1", "db", "web-2"]);
        assert_eq!(all.names("web"), ["web-1", "web-2", "cobweb"]);
    }

    /// However somebody came to a text, it finds what it finds when typed at once.
    #[test]
    fn what_is_found_does_not_depend_on_what_was_typed_before() {
        const NAMES: [&str; 6] = ["web-1", "web-12", "db-1", "Straße-1", "straß", "wb"];
        let typed = [
            "w", "we", "web", "w b", "web 1", "wb1", "", "1", "1 2", "ß", "ss", "W",
        ];
        let mut one_after_another = over(&NAMES);
        for before in typed {
            for now in typed {
                one_after_another.names(before);
                let found = one_after_another.names(now);
                let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
                assert_eq!(found, over(&NAMES).names(now), "{before:?} then {now:?}");
            }
        }
    }

    #[test]
    fn a_search_that_was_broken_off_leaves_nothing_out() {
        let mut all = over(&["web-1", "web-2", "web-3"]);
        let words = ["w".to_owned()];
        all.search.look_for(&words, &all.fleet, &mut all.finder);
        all.search.go_on(1, &all.fleet, &mut all.finder);
        assert!(!all.search.is_done());
        assert_eq!(all.names("we"), ["web-1", "web-2", "web-3"]);
    }
}
