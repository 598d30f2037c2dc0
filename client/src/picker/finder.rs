//! Whether a row has what is looked for, how well, and where.
//!
//! Every word must be found in one part of the row: in its name, its state or a tag
//! letter by letter, with others between; in its id or an address as it stands there,
//! because of figures nearly every row has all.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::fleet::{Row, Text};

/// Somebody who looks for a word most likely means a name: as much as the beginning of
/// a word is worth to the matcher.
const NAME_BONUS: u32 = 8;

/// Where a word is looked for, besides the tags and the state.
const PLACES: [(Text, Kind); 4] = [
    (Text::Name, Kind::Loose),
    (Text::Id, Kind::Strict),
    (Text::PrivateIp, Kind::Strict),
    (Text::PublicIp, Kind::Strict),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Letters with others between them.
    Loose,
    /// Letters side by side.
    Strict,
}

struct Word {
    loose: Atom,
    strict: Atom,
}

impl Word {
    fn new(word: &str) -> Self {
        let atom = |kind| {
            Atom::new(
                word,
                CaseMatching::Ignore,
                Normalization::Smart,
                kind,
                false,
            )
        };
        Self {
            loose: atom(AtomKind::Fuzzy),
            strict: atom(AtomKind::Substring),
        }
    }

    fn atom(&self, kind: Kind) -> &Atom {
        match kind {
            Kind::Loose => &self.loose,
            Kind::Strict => &self.strict,
        }
    }
}

/// See the module.
pub(super) struct Finder {
    matcher: Matcher,
    letters: Vec<char>,
    words: Vec<Word>,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder").finish_non_exhaustive()
    }
}

impl Default for Finder {
    fn default() -> Self {
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        Self {
            matcher: Matcher::new(config),
            letters: Vec::new(),
            words: Vec::new(),
        }
    }
}

impl Finder {
    /// Looks for these words from now on.
    pub(super) fn look_for(&mut self, words: &[String]) {
        self.words = words.iter().map(|word| Word::new(word)).collect();
    }

    /// How well the row has them all; `None` if it lacks one.
    pub(super) fn score(&mut self, row: Row<'_>) -> Option<u32> {
        let Self {
            matcher,
            letters,
            words,
        } = self;
        let mut sum = 0;
        for word in words {
            let mut best: Option<u32> = None;
            let mut look = |text: &str, kind, bonus| {
                let found = word.atom(kind).score(Utf32Str::new(text, letters), matcher);
                best = best.max(found.map(|score| u32::from(score) + bonus));
            };
            for (text, kind) in PLACES {
                let bonus = if text == Text::Name { NAME_BONUS } else { 0 };
                look(row.text(text), kind, bonus);
            }
            look(
                row.state().map_or("", |state| state.as_str()),
                Kind::Loose,
                0,
            );
            row.tags().for_each(|tag| look(tag, Kind::Loose, 0));
            sum += best?;
        }
        Some(sum)
    }

    /// Which letters of a text of a row are what was looked for, by their number.
    pub(super) fn letters(&mut self, text: Text, shown: &str) -> Vec<u32> {
        let place = PLACES.iter().find(|(place, _)| *place == text);
        place.map_or_else(Vec::new, |(_, kind)| self.places(shown, *kind))
    }

    /// The same for a state or a tag.
    pub(super) fn loose_letters(&mut self, shown: &str) -> Vec<u32> {
        self.places(shown, Kind::Loose)
    }

    fn places(&mut self, shown: &str, kind: Kind) -> Vec<u32> {
        let Self {
            matcher,
            letters,
            words,
        } = self;
        let mut places = Vec::new();
        for word in words {
            let shown = Utf32Str::new(shown, letters);
            word.atom(kind).indices(shown, matcher, &mut places);
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet::Fleet;
    use super::super::fleet::tests::instance;
    use super::*;

    fn scores(typed: &str, names: &[&str]) -> Vec<Option<u32>> {
        let mut fleet = Fleet::default();
        for name in names {
            fleet.push(&instance("i-0123456789abcdef0", name));
        }
        let words: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let mut finder = Finder::default();
        finder.look_for(&words);
        (0..fleet.len())
            .map(|at| finder.score(fleet.row(at)))
            .collect()
    }

    #[test]
    fn letters_of_a_name_may_have_others_between_them() {
        let scores = scores("wb1", &["web-1", "wb1", "web-2", "1bw"]);
        assert!(scores[0].is_some() && scores[1] > scores[0], "{scores:?}");
        assert_eq!(scores[2..], [None, None]);
    }

    #[test]
    fn letters_of_an_id_stand_side_by_side() {
        assert!(scores("456789", &["x"])[0].is_some());
        assert_eq!(scores("0369", &["x"]), [None]);
    }

    #[test]
    fn every_word_must_be_found_and_in_any_order() {
        assert!(scores("prod WEB", &["web-prod"])[0].is_some());
        assert_eq!(scores("prod db", &["web-prod"]), [None]);
        assert!(scores("running", &["x"])[0].is_some());
        // Never one word in two parts of a row.
        assert_eq!(scores("xrunning", &["x"]), [None]);
    }

    #[test]
    fn the_beginning_of_a_name_counts_more() {
        let scores = scores("web", &["web-1", "my-web", "cobweb"]);
        assert!(scores[0] > scores[1] && scores[1] > scores[2], "{scores:?}");
    }

    #[test]
    fn the_letters_that_were_found_are_told() {
        let mut finder = Finder::default();
        finder.look_for(&["wb".to_owned(), "1".to_owned()]);
        assert_eq!(finder.letters(Text::Name, "web-1"), [0, 2, 4]);
        assert_eq!(finder.letters(Text::Id, "i-1"), [2]);
        assert_eq!(finder.letters(Text::Az, "web-1"), [0; 0]);
        // Letters, not bytes.
        assert_eq!(finder.loose_letters("東wéb"), [1, 3]);
    }
}
