//! The forms in which a secret may come to be written.

use std::sync::LazyLock;

use crate::sandbox::{MARK, SandboxConfig};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A form and a text that is there if a secret was written in that form.
pub(super) type Needle = (&'static str, String);

/// All that is searched for.
pub(super) fn needles() -> &'static [Needle] {
    static NEEDLES: LazyLock<Vec<Needle>> = LazyLock::new(|| {
        let token = SandboxConfig::default().web_identity_token;
        [all(MARK), all(&token)].concat()
    });
    &NEEDLES
}

/// The forms of a secret, or of a part of one.
pub(super) fn all(secret: &str) -> Vec<Needle> {
    let bytes = secret.as_bytes();
    let list = |write: fn(&u8) -> String, between| {
        let numbers: Vec<_> = bytes.iter().map(write).collect();
        numbers.join(between)
    };
    let mut forms = vec![
        ("plainly", secret.to_owned()),
        ("in hexadecimal", list(|byte| format!("{byte:02x}"), "")),
        ("in hexadecimal", list(|byte| format!("{byte:02X}"), "")),
        ("as a list of numbers", list(u8::to_string, ", ")),
    ];
    forms.extend((0..3).map(|before| ("in base64", base64(before, bytes))));
    forms
}

/// What bytes look like in base64 after so many others, without the digits at either
/// end that their neighbours share.
fn base64(before: usize, bytes: &[u8]) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(0, before)
        .chain(bytes.iter().copied())
        .collect();
    let bits = |at: usize| usize::from(padded[at / 8] >> (7 - at % 8) & 1);
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    let digit = |digit: usize| (0..6).fold(0, |value, bit| value << 1 | bits(digit * 6 + bit));
    let digits = (first..last).map(|at| char::from(BASE64[digit(at)]));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_everybody_writes_it() {
        // "light work." is bGlnaHQgd29yay4=
        assert_eq!(base64(0, b"light work."), "bGlnaHQgd29yay");
        assert_eq!(base64(1, b"ight work."), "lnaHQgd29yay");
        assert_eq!(base64(2, b"ght work."), "naHQgd29yay");
    }
}
