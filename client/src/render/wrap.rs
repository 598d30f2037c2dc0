//! Breaks a text into lines that a terminal has room for.

use super::escape;

/// The text in pieces of at most `room` columns: between words where there are any,
/// else wherever the room ends. At least one piece; none is empty unless the text is.
#[must_use]
pub fn wrap(shown: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = shown;
    while escape::width(rest) > room {
        let fits = escape::prefix(rest, room);
        let end = match fits.len() {
            // Not even one character has room, and it must go somewhere.
            0 => rest.chars().next().map_or(rest.len(), char::len_utf8),
            end => break_in(rest, end),
        };
        let (piece, left) = rest.split_at(end);
        pieces.push(piece.trim_end_matches(' '));
        rest = left.trim_start_matches(' ');
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Where to break a text of which so many bytes have room: after the last word that
/// does, unless that would leave half of the room empty.
fn break_in(text: &str, end: usize) -> usize {
    if text[end..].starts_with(' ') {
        return end;
    }
    let fits = &text[..end];
    match fits.rfind([' ', ',', '/', '.', ':', '-']) {
        Some(at) if at >= end / 2 => at + 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_its_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two", 7), ["one two"]);
        assert_eq!(wrap("sg-1,sg-2,sg-3", 10), ["sg-1,sg-2,", "sg-3"]);
        assert_eq!(
            wrap("ip-10-0-0-7.compute.internal", 20),
            ["ip-10-0-0-7.compute.", "internal"]
        );
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn a_word_without_room_is_broken_anywhere() {
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a bcdefgh", 6), ["a bcde", "fgh"]);
        assert_eq!(wrap("東京都", 3), ["東", "京", "都"]);
        assert_eq!(wrap("東", 1), ["東"]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
    }

    #[test]
    fn nothing_but_blanks_is_lost() {
        let text = "the quick, brown fox / jumps over 東京 twice";
        for room in 1..60 {
            let without = |text: &str| text.replace(' ', "");
            let pieces = wrap(text, room);
            assert_eq!(without(&pieces.concat()), without(text), "{room}");
            assert!(
                pieces
                    .iter()
                    .all(|piece| escape::width(piece) <= room.max(2))
            );
        }
    }
}
