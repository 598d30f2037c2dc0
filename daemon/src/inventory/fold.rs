//! What capital and small letters have in common.

/// One letter without its case. Letters whose small form is several stand for
/// themselves.
pub fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => letter,
    }
}

/// A text without its case.
pub fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Whether a text has no case to lose.
pub fn is_folded(text: &str) -> bool {
    match text.is_ascii() {
        true => !text.bytes().any(|byte| byte.is_ascii_uppercase()),
        false => text.chars().all(|letter| fold(letter) == letter),
    }
}
