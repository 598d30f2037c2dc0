//! The letters of a term: where each stands, and whether it is protected.

use super::mistake::Mistake;

/// A letter as it counts, quotes and backslashes taken away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) letter: char,
    /// From 1, in the term as it was typed.
    pub(super) column: usize,
    /// Neither in quotes nor after a backslash: it may have a meaning.
    bare: bool,
}

impl Letter {
    /// This letter, with the meaning it has in terms.
    pub(super) fn is(&self, letter: char) -> bool {
        self.bare && self.letter == letter
    }

    pub(super) fn is_space(&self) -> bool {
        self.bare && self.letter.is_whitespace()
    }
}

pub(super) fn scan(typed: &str) -> Result<Vec<Letter>, Mistake> {
    let mut letters = Vec::with_capacity(typed.len());
    let mut open: Option<(char, usize)> = None;
    let mut typed = (1..).zip(typed.chars());
    while let Some((column, letter)) = typed.next() {
        let mut push = |letter, bare| {
            letters.push(Letter {
                letter,
                column,
                bare,
            });
        };
        match (letter, open) {
            ('\\', _) => match typed.next() {
                Some((_, protected)) => push(protected, false),
                None => return Err(Mistake::nothing_protected(column)),
            },
            (quote, Some((opened, _))) if quote == opened => open = None,
            ('"' | '\'', None) => open = Some((letter, column)),
            (letter, _) => push(letter, open.is_none()),
        }
    }
    match open {
        Some((quote, column)) => Err(Mistake::open_quote(quote, column)),
        None => Ok(letters),
    }
}

/// Where the first of these stands that means what it does in terms.
pub(super) fn find(letters: &[Letter], wanted: char) -> Option<usize> {
    letters.iter().position(|letter| letter.is(wanted))
}

/// Without the spaces around it that nothing protects.
pub(super) fn trimmed(letters: &[Letter]) -> &[Letter] {
    let inner = |letter: &Letter| !letter.is_space();
    let start = letters.iter().position(inner).unwrap_or(letters.len());
    let end = letters
        .iter()
        .rposition(inner)
        .map_or(start, |last| last + 1);
    &letters[start..end]
}

/// What is between commas, none of it empty; `end` is the column after the last.
pub(super) fn alternatives(value: &[Letter], end: usize) -> Result<Vec<&[Letter]>, Mistake> {
    let mut all = Vec::new();
    let mut rest = value;
    loop {
        let comma = find(rest, ',');
        let one = trimmed(&rest[..comma.unwrap_or(rest.len())]);
        if one.is_empty() {
            let at = comma.map_or(end, |comma| rest[comma].column);
            return Err(Mistake::empty_value(at));
        }
        all.push(one);
        match comma {
            Some(comma) => rest = &rest[comma + 1..],
            None => return Ok(all),
        }
    }
}

pub(super) fn text(letters: &[Letter]) -> String {
    letters.iter().map(|letter| letter.letter).collect()
}
