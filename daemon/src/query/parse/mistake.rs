//! What is wrong with a term, in the three parts that a person is told.

use aws_ssm_proto::domain::{Error, ErrorKind, nearest};

use super::key::KEYS;
use super::scan::{Letter, text};

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// From 1, in the term as it was typed.
    pub(super) column: usize,
    what: String,
    why: String,
    hint: String,
}

/// Letters of a term, or of a part of it, that an error repeats.
const SHOWN: usize = 60;

/// As much of a text as an error repeats, and nothing that moves a cursor.
fn shown(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { '?' } else { letter };
    let mut shown: String = text.chars().take(SHOWN).map(plain).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

impl Mistake {
    fn new(
        column: usize,
        what: impl Into<String>,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            column,
            what: what.into(),
            why: why.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn into_error(self, typed: &str) -> Error {
        let Self {
            column,
            what,
            why,
            hint,
        } = self;
        let what = format!("term `{}`, column {column}: {what}", shown(typed));
        Error::new(ErrorKind::Usage, what).why(why).hint(hint)
    }

    pub(super) fn empty_term(column: usize) -> Self {
        Self::new(
            column,
            "there is nothing to look for",
            "a term is a word, or a key and a value",
            "write it as in web or state:stopped; without terms, all are listed",
        )
    }

    pub(super) fn twice_excluded(column: usize) -> Self {
        Self::new(
            column,
            "one ! excludes already",
            "a second one would undo the first",
            "leave one out; to look for a !, write \\!",
        )
    }

    pub(super) fn empty_value(column: usize) -> Self {
        Self::new(
            column,
            "a value is empty",
            "each comma and each colon is followed by a value",
            "add the value, or leave the comma out; has:K asks for a tag of any value",
        )
    }

    pub(super) fn open_quote(quote: char, column: usize) -> Self {
        Self::new(
            column,
            "the quote is not closed",
            format!("what follows a {quote} is taken as it stands, up to the next one"),
            format!("close it, or write \\{quote} for the letter itself"),
        )
    }

    pub(super) fn nothing_protected(column: usize) -> Self {
        Self::new(
            column,
            "the backslash protects nothing",
            "it takes away the meaning of the letter after it",
            "write \\\\ for a backslash itself",
        )
    }

    pub(super) fn no_key(column: usize) -> Self {
        Self::new(
            column,
            "no key is before the colon",
            format!("the keys are {}", keys()),
            "write one, or \\: to look for a colon",
        )
    }

    pub(super) fn unknown_key(column: usize, key: &str, value: &str) -> Self {
        let hint = match nearest(key, KEYS.iter().map(|(name, _)| *name)) {
            Some(nearest) => format!("did you mean {nearest}:{}?", shown(value)),
            None => format!(
                "tag:{}={} looks for a tag; quotes around all of it look for the text",
                shown(key),
                shown(value)
            ),
        };
        Self::new(
            column,
            format!("there is no key {}", shown(key)),
            format!("the keys are {}", keys()),
            hint,
        )
    }

    pub(super) fn second_term(column: usize) -> Self {
        Self::new(
            column,
            "another term begins within this one",
            "each argument is one term, and its spaces belong to it",
            "write the terms as arguments of their own, or put quotes around the value",
        )
    }

    pub(super) fn no_such(letters: &[Letter], what: &str, words: &[&str]) -> Self {
        let typed = text(letters);
        let hint = match nearest(&typed, words.iter().copied()) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("write one of {}", words.join(", ")),
        };
        Self::new(
            letters[0].column,
            format!("there is no {what} {}", shown(&typed)),
            format!("there are {}", words.join(", ")),
            hint,
        )
    }

    pub(super) fn no_tag_value(key: &str, column: usize) -> Self {
        let key = shown(key);
        Self::new(
            column,
            "a tag's value is missing",
            "tag: takes a key and a value",
            format!("write tag:{key}=VALUE; has:{key} asks for a tag of any value"),
        )
    }

    pub(super) fn no_tag_key(column: usize) -> Self {
        Self::new(
            column,
            "a tag's key is missing",
            "tag: takes a key and a value",
            "write it as in tag:Team=web; a value of any tag is found by the word alone",
        )
    }

    pub(super) fn no_address(column: usize, typed: &str) -> Self {
        Self::new(
            column,
            format!("{} is no address", shown(typed)),
            "ip, private-ip and public-ip take whole addresses, globs and blocks",
            "write it as in 10.0.3.7, 10.0.*, 10.0.0.0/16 or 2600:1f00::/24",
        )
    }

    pub(super) fn no_prefix(column: usize, typed: &str, most: u8) -> Self {
        Self::new(
            column,
            format!("/{} is no length of a prefix", shown(typed)),
            format!("it is a number of bits, 0 to {most} for such an address"),
            format!(
                "write it as in {}",
                if most == 32 {
                    "10.0.0.0/16"
                } else {
                    "2600:1f00::/24"
                }
            ),
        )
    }

    pub(super) fn no_time(column: usize, typed: &str) -> Self {
        let what = match typed.is_empty() {
            true => "a time is missing".to_owned(),
            false => format!("{} is no time", shown(typed)),
        };
        Self::new(
            column,
            what,
            "a time is a length in w, d, h, m and s, or a date in UTC",
            "write it as in >7d, <2h30m, >=2026-11-01 or <2026-11-01T12:30",
        )
    }

    pub(super) fn no_comparison(column: usize, typed: &str) -> Self {
        let typed = shown(typed);
        Self::new(
            column,
            format!("{typed} is compared with nothing"),
            "hardly anything was launched exactly so long ago",
            format!("write >{typed} for longer ago, <{typed} for more lately"),
        )
    }
}

fn keys() -> String {
    let names: Vec<_> = KEYS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
