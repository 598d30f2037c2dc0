//! Appends what a cell of a table holds.
//!
//! A table is made of very many very short copies. For such a size, calling the C
//! library's copy costs more than the copy, so the sizes here are known when this
//! is compiled, and no call is made.

const BLANKS: [u8; 32] = [b' '; 32];

/// Appends a text, which is usually short.
#[inline]
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        0 => {}
        1..4 => text.iter().for_each(|byte| out.push(*byte)),
        4..8 => ends::<4>(out, text),
        8..16 => ends::<8>(out, text),
        16..=32 => ends::<16>(out, text),
        _ => out.extend_from_slice(text),
    }
}

/// Appends a text of `N` to 2 × `N` bytes: its first `N`, and over them its last.
#[inline]
fn ends<const N: usize>(out: &mut Vec<u8>, text: &[u8]) {
    if let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) {
        let end = out.len() + text.len();
        out.extend_from_slice(first);
        out.truncate(end - N);
        out.extend_from_slice(last);
    }
}

/// Appends so many blanks.
#[inline]
pub(super) fn blanks(out: &mut Vec<u8>, count: usize) {
    let end = out.len() + count;
    while out.len() < end {
        out.extend_from_slice(&BLANKS);
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_appended_whole() {
        let long: Vec<u8> = (0..100).collect();
        for length in 0..=long.len() {
            let mut out = b"before".to_vec();
            text(&mut out, &long[..length]);
            assert_eq!(out, [b"before", &long[..length]].concat());
            text(&mut out, b"|");
            assert_eq!(out.len(), 7 + length);
        }
    }

    #[test]
    fn so_many_blanks_and_no_more() {
        for count in 0..100 {
            let mut out = vec![b'|'];
            blanks(&mut out, count);
            assert_eq!(out, [vec![b'|'], vec![b' '; count]].concat());
        }
    }
}
