//! Owns page tokens.
//!
//! Invariant: a token opens only for the question it was sealed for (account,
//! region, operation, filters), so one that was tampered with or belongs to
//! another request is told from a good one. The page size is no part of the
//! question: it may change from page to page, as with AWS.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::hex;

const POSITION_DIGITS: usize = 16;
const SEAL_BYTES: usize = 24;

/// Seals and opens the tokens of one question.
#[derive(Debug)]
pub(crate) struct Pager {
    question: Hmac<Sha256>,
}

impl Pager {
    /// `parts` are whatever decides the rows; their order counts.
    pub(crate) fn new(secret: u64, parts: &[&str]) -> Self {
        let mut question = Hmac::<Sha256>::new_from_slice(&secret.to_be_bytes())
            .expect("HMAC takes keys of any length");
        for part in parts {
            question.update(part.as_bytes());
            question.update(&[0]);
        }
        Self { question }
    }

    /// The token that continues at `position`.
    pub(crate) fn seal(&self, position: u64) -> String {
        let mut mac = self.question.clone();
        mac.update(&position.to_be_bytes());
        let seal = mac.finalize().into_bytes();
        format!("{position:016x}{}", hex::encode(&seal[..SEAL_BYTES]))
    }

    /// Where to continue, or `None` for a token that was not made for this
    /// question.
    pub(crate) fn open(&self, token: &str) -> Option<u64> {
        let digits = token.get(..POSITION_DIGITS)?;
        let position = u64::from_str_radix(digits, 16).ok()?;
        (self.seal(position) == token).then_some(position)
    }
}

/// Takes rows up to `limit` and says where the next page begins, which is the
/// position of the first row left over.
pub(crate) fn cut<T>(rows: impl Iterator<Item = (u64, T)>, limit: usize) -> (Vec<T>, Option<u64>) {
    let mut page = Vec::new();
    for (position, row) in rows {
        if page.len() == limit {
            return (page, Some(position));
        }
        page.push(row);
    }
    (page, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_for_its_own_question_only() {
        let pager = Pager::new(1, &["111122223333", "us-east-1", "DescribeInstances"]);
        let token = pager.seal(4711);
        assert_eq!(pager.open(&token), Some(4711));
        assert_eq!(
            Pager::new(1, &["111122223333", "eu-west-1", "DescribeInstances"]).open(&token),
            None
        );
        assert_eq!(
            Pager::new(2, &["111122223333", "us-east-1", "DescribeInstances"]).open(&token),
            None
        );
    }

    #[test]
    fn a_tampered_token_does_not_open() {
        let pager = Pager::new(1, &["q"]);
        let token = pager.seal(10);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let tampered = String::from_utf8(bytes).expect("ascii");
            assert_eq!(pager.open(&tampered), None, "changed at {at}");
        }
        assert_eq!(pager.open(""), None);
        assert_eq!(pager.open("ü"), None);
        assert_eq!(pager.open(&token.to_uppercase()), None);
    }

    #[test]
    fn the_last_page_has_no_successor() {
        let rows = || (0..10_u64).map(|n| (n * 2, n));
        assert_eq!(cut(rows(), 4), (vec![0, 1, 2, 3], Some(8)));
        assert_eq!(cut(rows(), 10).1, None);
        assert_eq!(cut(rows(), 100).0.len(), 10);
    }
}
