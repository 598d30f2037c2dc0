//! Keeps names and tags from steering a terminal or breaking a line.
//!
//! Whoever may tag an instance chooses these texts, so no control character of
//! theirs is printed as it is, and none that turns the direction of writing.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// The text as a person may see it, on one line.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if is_printable_ascii(text) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push_char(&mut safe, c));
    Cow::Owned(safe)
}

/// The text as one field of a line: [`shown`], with backslashes doubled so that it
/// can be read back.
#[must_use]
pub fn field(text: &str) -> Cow<'_, str> {
    if text.contains('\\') {
        Cow::Owned(shown(&text.replace('\\', "\\\\")).into_owned())
    } else {
        shown(text)
    }
}

/// Columns of a terminal that the text takes.
#[must_use]
pub fn width(shown: &str) -> usize {
    if is_printable_ascii(shown) {
        shown.len()
    } else {
        shown.width()
    }
}

/// The longest beginning of the text that takes at most `columns`.
#[must_use]
pub fn prefix(shown: &str, columns: usize) -> &str {
    if is_printable_ascii(shown) {
        return &shown[..columns.min(shown.len())];
    }
    let ends = shown.char_indices().map(|(at, c)| at + c.len_utf8());
    let fits = ends.take_while(|end| shown[..*end].width() <= columns);
    &shown[..fits.last().unwrap_or(0)]
}

/// Whether printing this character does more than show it.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Line and paragraph separators.
            '\u{2028}' | '\u{2029}'
            // Marks, embeddings, overrides and isolates of writing direction.
            | '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether every byte shows as one column, as nearly all that is printed does.
#[must_use]
pub fn is_printable_ascii(text: &str) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let mut words = text.as_bytes().chunks_exact(8);
    // Eight bytes at a time: a byte is not printable if its own high bit is set,
    // or becomes so by adding one (DEL) or by taking a blank away (controls).
    // What is carried into the next byte comes from one that has told already.
    let unprintable = words.by_ref().fold(0, |seen, word| {
        let word = u64::from_le_bytes(word.try_into().expect("it has eight bytes"));
        let del = word.wrapping_add(0x0101_0101_0101_0101);
        let control = word.wrapping_sub(0x2020_2020_2020_2020);
        seen | (word | del | control)
    });
    let rest = words.remainder();
    unprintable & HIGH_BITS == 0 && rest.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn push_char(safe: &mut String, c: char) {
    match c {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        c if is_unsafe(c) => {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        }
        c => safe.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_spelled_out() {
        assert_eq!(shown("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(shown("a\nb\tc\rd"), "a\\nb\\tc\\rd");
        assert_eq!(shown("\u{9b}2J\u{7f}"), "\\u{9b}2J\\u{7f}");
        assert_eq!(shown("abc\u{202e}cba"), "abc\\u{202e}cba");
        assert_eq!(shown("\u{2028}"), "\\u{2028}");
    }

    #[test]
    fn printable_ascii_is_told_byte_by_byte() {
        for byte in 0..=127u8 {
            for place in [0, 3, 7, 8] {
                let mut bytes = [b'a'; 9];
                bytes[place] = byte;
                let text = std::str::from_utf8(&bytes).expect("ASCII");
                let expected = (b' '..=b'~').contains(&byte);
                assert_eq!(is_printable_ascii(text), expected, "{byte} at {place}");
            }
        }
        assert!(!is_printable_ascii("abcdefgé"));
        assert!(!is_printable_ascii("é"));
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in ["web-1", "büro", "東京", "👩‍💻", "a\\b", ""] {
            assert!(matches!(shown(text), Cow::Borrowed(t) if t == text));
        }
    }

    #[test]
    fn a_field_reads_back() {
        assert_eq!(field("a\\tb\tc"), "a\\\\tb\\tc");
        assert_eq!(field("plain"), "plain");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("東京"), 4);
        assert_eq!(width("é"), 1);
        assert_eq!(width("e\u{301}"), 1);
    }

    #[test]
    fn a_prefix_never_splits_a_character() {
        assert_eq!(prefix("東京都", 3), "東");
        assert_eq!(prefix("東京都", 4), "東京");
        assert_eq!(prefix("abc", 2), "ab");
        assert_eq!(prefix("abc", 9), "abc");
        assert_eq!(prefix("東", 1), "");
        assert_eq!(prefix("e\u{301}x", 1), "e\u{301}");
    }
}
