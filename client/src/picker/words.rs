//! What is typed, taken apart: terms of the search language and words to look for.
//!
//! A term is told by its key or by the `!` before it; whether it is right, the daemon
//! says. Everything else is looked for here, letter by letter.

use std::net::Ipv6Addr;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// In the search language.
    pub(super) terms: Vec<String>,
    /// To be found in a row, each in some part of it.
    pub(super) words: Vec<String>,
}

impl Wanted {
    /// Reads what is typed. Quotes and backslashes keep blanks in a word, as in the
    /// search language, and belong to it.
    pub(super) fn read(typed: &str) -> Self {
        let mut wanted = Self::default();
        for word in split(typed) {
            match is_term(word) {
                true if wanted.terms.iter().any(|term| term == word) => {}
                true => wanted.terms.push(word.to_owned()),
                false => wanted.words.push(plain(word)),
            }
        }
        wanted.words.retain(|word| !word.is_empty());
        wanted
    }
}

/// What a letter does to those after it, as the search language has it.
#[derive(Default)]
struct Quoting {
    open: Option<char>,
    escaped: bool,
}

impl Quoting {
    /// Whether this letter stands for itself, rather than keeping others together.
    fn takes(&mut self, letter: char) -> bool {
        if std::mem::take(&mut self.escaped) {
            return true;
        }
        match (letter, self.open) {
            ('\\', _) => self.escaped = true,
            (quote, Some(open)) if quote == open => self.open = None,
            ('"' | '\'', None) => self.open = Some(letter),
            _ => return true,
        }
        false
    }

    fn keeps_blanks(&self) -> bool {
        self.escaped || self.open.is_some()
    }
}

fn split(typed: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quoting = Quoting::default();
    for (at, letter) in typed.char_indices() {
        if letter.is_whitespace() && !quoting.keeps_blanks() {
            words.extend(start.take().map(|start: usize| &typed[start..at]));
            continue;
        }
        start.get_or_insert(at);
        quoting.takes(letter);
    }
    words.extend(start.map(|start| &typed[start..]));
    words
}

fn is_term(word: &str) -> bool {
    if word.starts_with('!') {
        return true;
    }
    let Some((key, _)) = word.split_once(':') else {
        return false;
    };
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    // Of an address only the first figures can read like a key.
    is_key && word.parse::<Ipv6Addr>().is_err()
}

/// Without what only kept it together.
fn plain(word: &str) -> String {
    let mut quoting = Quoting::default();
    word.chars().filter(|c| quoting.takes(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> (Vec<String>, Vec<String>) {
        let Wanted { terms, words } = Wanted::read(typed);
        (terms, words)
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_has_a_key_is_a_term_and_the_rest_are_words() {
        let (terms, words) = read(" web state:stopped  10.0.3 !tag:Env=prod !old ");
        assert_eq!(terms, owned(&["state:stopped", "!tag:Env=prod", "!old"]));
        assert_eq!(words, owned(&["web", "10.0.3"]));
        let (terms, words) = read("tag: foo:bar state:a state:a");
        assert_eq!(terms, owned(&["tag:", "foo:bar", "state:a"]));
        assert_eq!(words, owned(&[]));
    }

    #[test]
    fn an_address_is_a_word_for_all_its_colons() {
        let (terms, words) = read("2600:1f00:: 2600: fd00:: face:b00c::1");
        assert_eq!(terms, owned(&[]));
        assert_eq!(words.len(), 4);
    }

    #[test]
    fn quotes_and_backslashes_keep_blanks_in_a_word() {
        let (terms, words) = read(r#"name:"a b" tag:K=a\ b "c d" 'e f' e\"f"#);
        assert_eq!(terms, owned(&[r#"name:"a b""#, r"tag:K=a\ b"]));
        assert_eq!(words, owned(&["c d", "e f", "e\"f"]));
        let (_, words) = read(r#"" half"#);
        assert_eq!(words, owned(&[" half"]));
        assert_eq!(read(r#""" \"#), Default::default());
    }
}
