//! Owns the accounts of the sandbox: ids, the IAM user of each and its keys.
//!
//! Invariant: an account depends on its number only, never on the seed, so
//! tests and shells can write its id and keys down.

use super::MARK;
use super::random::Random;

const UPPERCASE_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// An AWS account with one IAM user, named `user`.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits: `111122223333`, `111222233334`, …
    pub id: String,
    /// The user's static access key, `AKIA…`.
    pub access_key: String,
    /// The secret of [`Account::access_key`].
    pub secret_key: String,
    /// `arn:aws:iam::<id>:user/user`.
    pub user_arn: String,
    /// The MFA device of the user, `arn:aws:iam::<id>:mfa/user`; its code is
    /// always [`super::MFA_CODE`].
    pub mfa_serial: String,
}

impl Account {
    /// The account with this number, counted from 0.
    pub(crate) fn numbered(number: usize) -> Self {
        let id = format!(
            "{:04}{:04}{:04}",
            1111 + number,
            2222 + number,
            3333 + number
        );
        let mut random = Random::labelled(0, &["account", &id]);
        Self {
            access_key: access_key("AKIA", &mut random),
            secret_key: secret_key(&mut random),
            user_arn: format!("arn:aws:iam::{id}:user/user"),
            mfa_serial: format!("arn:aws:iam::{id}:mfa/user"),
            id,
        }
    }

    /// The ARN of a role of this account: `role_arn("ops")`.
    pub fn role_arn(&self, role: &str) -> String {
        format!("arn:aws:iam::{}:role/{role}", self.id)
    }
}

/// Secrets of a sandbox protect nothing, but what is written to a log here
/// would be copied from here.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// An access key id: the prefix tells static (`AKIA`) from temporary (`ASIA`).
pub(crate) fn access_key(prefix: &str, random: &mut Random) -> String {
    format!("{prefix}{}", random.text(16, UPPERCASE_AND_DIGITS))
}

/// A unique id as IAM gives users (`AIDA`) and roles (`AROA`): always the same
/// for the same ARN.
pub(crate) fn unique_id(prefix: &str, arn: &str) -> String {
    let mut random = Random::labelled(0, &["unique id", arn]);
    format!("{prefix}{}", random.text(17, UPPERCASE_AND_DIGITS))
}

/// As long as a real one, and marked.
pub(crate) fn secret_key(random: &mut Random) -> String {
    format!("{MARK}{}", random.text(40 - MARK.len(), BASE64))
}

/// A session token, about as long as a real one, and marked.
pub(crate) fn session_token(random: &mut Random) -> String {
    let rest = random.text(336 - MARK.len(), BASE64);
    format!("IQoJb3JpZ2luX2Vj{MARK}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_told_apart_and_stay_the_same() {
        let first = Account::numbered(0);
        assert_eq!(first.id, "111122223333");
        assert_eq!(first, Account::numbered(0));
        assert_eq!(first.access_key.len(), 20);
        assert_eq!(first.secret_key.len(), 40);
        assert_ne!(first.access_key, Account::numbered(1).access_key);
        assert!(!format!("{first:?}").contains(&first.secret_key));
    }
}
