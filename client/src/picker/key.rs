//! Keys, from the bytes that a terminal sends for them.
//!
//! A read may end anywhere: within a letter of several bytes, and within an escape
//! sequence. What is not whole is kept for the next read.

/// What somebody does to the picker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Key {
    Letter(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Left,
    Right,
    Home,
    End,
    Mark,
    MarkUpwards,
    Enter,
    Backspace,
    Delete,
    EraseWord,
    EraseAll,
    Leave,
}

const ESCAPE: u8 = 0x1b;

/// No key has a longer sequence; what goes on is noise.
const LONGEST: usize = 32;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    rest: Vec<u8>,
}

/// What the bytes begin with.
enum Found {
    Key(Key, usize),
    /// So many bytes that mean nothing here.
    Nothing(usize),
    /// The rest of it has not come yet.
    Part,
}

impl Decoder {
    /// The keys that these bytes and those before them are.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.rest.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut at = 0;
        while at < self.rest.len() {
            match next(&self.rest[at..]) {
                Found::Key(key, length) => {
                    keys.push(key);
                    at += length;
                }
                Found::Nothing(length) => at += length,
                Found::Part => break,
            }
        }
        self.rest.drain(..at);
        keys
    }

    /// Whether what has come may be the escape key, or the beginning of another.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.rest.first() == Some(&ESCAPE)
    }

    /// Nothing has followed: a lone escape was the key, and more of it is no key at all.
    pub(super) fn resolve(&mut self) -> Option<Key> {
        let rest = std::mem::take(&mut self.rest);
        (rest == [ESCAPE]).then_some(Key::Leave)
    }
}

fn next(bytes: &[u8]) -> Found {
    let key = match bytes[0] {
        ESCAPE => return escaped(bytes),
        0x01 => Key::Home,
        0x03 => Key::Leave,
        0x04 => Key::Delete,
        0x05 => Key::End,
        0x08 | 0x7f => Key::Backspace,
        b'\t' => Key::Mark,
        b'\r' | b'\n' => Key::Enter,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::EraseAll,
        0x17 => Key::EraseWord,
        0..0x20 => return Found::Nothing(1),
        _ => return letter(bytes),
    };
    Found::Key(key, 1)
}

fn letter(bytes: &[u8]) -> Found {
    let length = match bytes[0] {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return Found::Nothing(1),
    };
    let is_middle = |byte: &u8| byte & 0xc0 == 0x80;
    let middles = bytes[1..].iter().take(length - 1);
    if !middles.clone().all(is_middle) {
        return Found::Nothing(1);
    }
    if bytes.len() < length {
        return Found::Part;
    }
    let text = std::str::from_utf8(&bytes[..length]).ok();
    match text.and_then(|text| text.chars().next()) {
        Some(letter) if !letter.is_control() => Found::Key(Key::Letter(letter), length),
        _ => Found::Nothing(length),
    }
}

fn escaped(bytes: &[u8]) -> Found {
    match bytes.get(1) {
        None => Found::Part,
        Some(b'[') => sequence(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Found::Part,
            Some(last) => found(plain(*last), 3),
        },
        Some(&ESCAPE) => Found::Key(Key::Leave, 1),
        Some(0x08 | 0x7f) => Found::Key(Key::EraseWord, 2),
        // With Alt held down.
        Some(_) => Found::Nothing(2),
    }
}

/// `ESC [`, figures, and a last letter that tells which key.
fn sequence(bytes: &[u8]) -> Found {
    let figures = bytes[2..]
        .iter()
        .take_while(|byte| (0x20..0x40).contains(*byte));
    let end = 2 + figures.count();
    let Some(last) = bytes.get(end) else {
        return match bytes.len() > LONGEST {
            true => Found::Nothing(bytes.len()),
            false => Found::Part,
        };
    };
    let key = match (last, &bytes[2..end]) {
        (b'~', b"1" | b"7") => Some(Key::Home),
        (b'~', b"4" | b"8") => Some(Key::End),
        (b'~', b"3") => Some(Key::Delete),
        (b'~', b"5") => Some(Key::PageUp),
        (b'~', b"6") => Some(Key::PageDown),
        (b'Z', _) => Some(Key::MarkUpwards),
        (last, b"") => plain(*last),
        _ => None,
    };
    found(key, end + 1)
}

fn plain(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Home,
        b'M' => Key::Enter,
        _ => return None,
    })
}

fn found(key: Option<Key>, length: usize) -> Found {
    match key {
        Some(key) => Found::Key(key, length),
        None => Found::Nothing(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Decoder::default().feed(bytes)
    }

    #[test]
    fn both_spellings_of_a_key_are_known() {
        assert_eq!(keys(b"\x1b[A\x1bOA\x10"), [Key::Up; 3]);
        assert_eq!(keys(b"\x1b[B\x1bOB\x0e"), [Key::Down; 3]);
        assert_eq!(keys(b"\x1b[H\x1bOH\x1b[1~\x1b[7~\x01"), [Key::Home; 5]);
        assert_eq!(keys(b"\x1b[F\x1bOF\x1b[4~\x1b[8~\x05"), [Key::End; 5]);
        assert_eq!(keys(b"\x1b[5~\x1b[6~"), [Key::PageUp, Key::PageDown]);
        assert_eq!(keys(b"\t\x1b[Z"), [Key::Mark, Key::MarkUpwards]);
        assert_eq!(keys(b"\r\n"), [Key::Enter; 2]);
        assert_eq!(keys(b"\x7f\x08"), [Key::Backspace; 2]);
        assert_eq!(keys(b"\x03"), [Key::Leave]);
    }

    #[test]
    fn keys_survive_being_split_anywhere() {
        let bytes = "a\u{1b}[5~ü東👩\u{1b}OA\u{1b}[Zz".as_bytes();
        let whole = keys(bytes);
        assert_eq!(whole.len(), 8);
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let mut decoder = Decoder::default();
                let mut parts = decoder.feed(&bytes[..first]);
                parts.extend(decoder.feed(&bytes[first..second]));
                parts.extend(decoder.feed(&bytes[second..]));
                assert_eq!(parts, whole, "{first} {second}");
            }
        }
    }

    #[test]
    fn a_lone_escape_leaves_once_nothing_follows() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b"), []);
        assert!(decoder.is_in_doubt());
        assert_eq!(decoder.resolve(), Some(Key::Leave));
        assert!(!decoder.is_in_doubt());
        assert_eq!(decoder.feed(b"[A"), [Key::Letter('['), Key::Letter('A')]);
        assert_eq!(keys(b"\x1b\x1b"), [Key::Leave]);
    }

    #[test]
    fn half_a_sequence_is_no_key() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b[5"), []);
        assert_eq!(decoder.resolve(), None);
        assert_eq!(decoder.feed(b"x"), [Key::Letter('x')]);
    }

    #[test]
    fn what_means_nothing_is_passed_over() {
        assert_eq!(keys(b"\x1b[1;5Cx"), [Key::Letter('x')]);
        assert_eq!(keys(b"\x1b[200~x"), [Key::Letter('x')]);
        assert_eq!(keys(b"\x00\x1a\x1bxy"), [Key::Letter('y')]);
        assert_eq!(keys(b"\xff\xc3(\xe6\x9d"), [Key::Letter('(')]);
        let endless = [b"\x1b[".as_slice(), &[b'1'; 100], b"x"].concat();
        assert_eq!(keys(&endless).len(), 0);
        // A control character in two bytes.
        assert_eq!(keys("\u{9b}x".as_bytes()), [Key::Letter('x')]);
    }
}
