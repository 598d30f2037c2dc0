//! What a text is compared with: a value, a part of it, or a glob.
//!
//! Case is ignored letter by letter, so that a text of ASCII costs no more than its
//! bytes, and a `?` stands for one letter in any script.

use crate::inventory::fold;

/// One value of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Exactly this, letter for letter.
    Literal(String),
    /// This, whatever the case; folded.
    Equal(String),
    /// This is a part of it, whatever the case; folded.
    Contains(String),
    /// `*` and `?` over the whole of it, whatever the case; folded.
    Glob(Vec<Piece>),
}

/// A part of a glob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    One(char),
    AnyOne,
    AnyRun,
}

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(value) => value == text,
            Self::Equal(value) => equal(value, text),
            Self::Contains(part) => contains(part, text),
            Self::Glob(pieces) => glob(pieces, text),
        }
    }
}

/// Whether a text is like this glob, whatever the case.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let piece = |letter| match letter {
        '*' => Piece::AnyRun,
        '?' => Piece::AnyOne,
        letter => Piece::One(fold(letter)),
    };
    glob(&pattern.chars().map(piece).collect::<Vec<_>>(), text)
}

/// Whether any of them matches.
pub(super) fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

fn equal(folded: &str, text: &str) -> bool {
    if text.is_ascii() {
        return folded.eq_ignore_ascii_case(text);
    }
    text.chars().map(fold).eq(folded.chars())
}

/// Whether a folded text is a part of another, whatever the case.
pub(super) fn contains(folded: &str, text: &str) -> bool {
    if text.is_ascii() {
        let (part, text) = (folded.as_bytes(), text.as_bytes());
        return part.is_empty()
            || (text.windows(part.len())).any(|window| window.eq_ignore_ascii_case(part));
    }
    let mut rest = text.chars();
    loop {
        let mut ahead = rest.clone().map(fold);
        if folded.chars().all(|letter| ahead.next() == Some(letter)) {
            return true;
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

/// Walks both once; where they differ the latest `*` takes one letter more, so that
/// the cost is at most the product of both lengths.
fn glob(pieces: &[Piece], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    let mut latest_run = None;
    loop {
        let mut ahead = rest.clone();
        let letter = ahead.next();
        match (pieces.get(at), letter) {
            (Some(Piece::AnyRun), _) => {
                at += 1;
                latest_run = Some((at, rest.clone()));
                continue;
            }
            (Some(Piece::AnyOne), Some(_)) => {}
            (Some(Piece::One(wanted)), Some(letter)) if *wanted == fold(letter) => {}
            (None, None) => return true,
            _ => {
                let Some((after, from)) = &mut latest_run else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                (at, rest) = (*after, from.clone());
                continue;
            }
        }
        at += 1;
        rest = ahead;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_over_the_whole_text() {
        for (pattern, text) in [
            ("*", ""),
            ("web-*", "web-"),
            ("w?b*1", "Web-eu-1"),
            ("*-*-*", "a-b-c"),
            ("?", "京"),
            ("größe*", "GRÖSSE".replace("SS", "ß").as_str()),
        ] {
            assert!(like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("?", ""), ("web", "web-1"), ("*a", "ab")] {
            assert!(!like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn case_is_ignored_in_every_script() {
        assert!(equal("größe", "GRÖßE"));
        assert!(equal("web", "WeB"));
        assert!(!equal("web", "web-1"));
        assert!(!equal("größe", "größer"));
        assert!(contains("öß", "GRÖßE"));
        assert!(contains("kelvin", "\u{212a}elvin"));
        assert!(!contains("ß", "ss"));
        assert!(contains("", ""));
        assert!(!contains("longer", "long"));
        assert!(Pattern::Literal("Web".into()).matches("Web"));
        assert!(!Pattern::Literal("Web".into()).matches("web"));
    }

    #[test]
    fn many_stars_end() {
        let pattern = "*a".repeat(40) + "b";
        assert!(!like(&pattern, &"a".repeat(400)));
    }
}
