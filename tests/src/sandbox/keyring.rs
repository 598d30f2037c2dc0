//! Owns the access keys that exist and whom each stands for.
//!
//! Invariant: a key once handed out keeps its principal; a temporary one is
//! known for a while after its end, so that "expired" is told from "unknown".

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::account::{self, Account};
use super::random::Random;

/// How long expired keys are remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Who signed a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    /// The MFA device, which only users have.
    pub(crate) mfa_serial: Option<String>,
}

impl Principal {
    fn user(account: &Account) -> Self {
        Self {
            account: account.id.clone(),
            arn: account.user_arn.clone(),
            user_id: account::unique_id("AIDA", &account.user_arn),
            mfa_serial: Some(account.mfa_serial.clone()),
        }
    }

    pub(crate) fn assumed_role(account: &str, role: &str, session: &str) -> Self {
        let role_arn = format!("arn:aws:iam::{account}:role/{role}");
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            user_id: format!("{}:{session}", account::unique_id("AROA", &role_arn)),
            mfa_serial: None,
        }
    }
}

/// What is needed to check a signature made with a key.
pub(crate) struct Key {
    pub(crate) secret: String,
    pub(crate) principal: Principal,
    pub(crate) session: Option<Session>,
}

/// What temporary keys have in addition.
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) ends: Timestamp,
}

/// All access keys by id.
pub(crate) struct Keyring {
    keys: Mutex<HashMap<String, Arc<Key>>>,
    random: Mutex<Random>,
}

impl Keyring {
    pub(crate) fn new(accounts: &[Account], seed: u64) -> Self {
        let keys = accounts.iter().map(|account| {
            let key = Key {
                secret: account.secret_key.clone(),
                principal: Principal::user(account),
                session: None,
            };
            (account.access_key.clone(), Arc::new(key))
        });
        Self {
            keys: Mutex::new(keys.collect()),
            random: Mutex::new(Random::labelled(seed, &["temporary keys"])),
        }
    }

    pub(crate) fn find(&self, access_key: &str) -> Option<Arc<Key>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(access_key).cloned()
    }

    /// Makes temporary keys for `principal` that end at `ends`; returns their id.
    pub(crate) fn issue(
        &self,
        principal: Principal,
        now: Timestamp,
        ends: Timestamp,
    ) -> (String, Arc<Key>) {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let access_key = account::access_key("ASIA", &mut random);
        let key = Arc::new(Key {
            secret: account::secret_key(&mut random),
            principal,
            session: Some(Session {
                token: account::session_token(&mut random),
                ends,
            }),
        });
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, key| {
            let session = key.session.as_ref();
            session.is_none_or(|session| now.duration_since(session.ends) < REMEMBERED)
        });
        keys.insert(access_key.clone(), Arc::clone(&key));
        (access_key, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issued_keys_are_known_until_long_after_their_end() {
        let account = Account::numbered(0);
        let keyring = Keyring::new(std::slice::from_ref(&account), 1);
        let principal = Principal::assumed_role(&account.id, "ops", "me");
        let start = Timestamp::UNIX_EPOCH;
        let soon = start + SignedDuration::from_secs(60);
        let (id, key) = keyring.issue(principal.clone(), start, soon);
        assert!(id.starts_with("ASIA"));
        assert_eq!(
            key.principal.arn,
            "arn:aws:sts::111122223333:assumed-role/ops/me"
        );
        assert!(keyring.find(&id).is_some());

        let much_later = soon + SignedDuration::from_hours(25);
        keyring.issue(principal, much_later, much_later);
        assert!(keyring.find(&id).is_none());
        assert!(keyring.find(&account.access_key).is_some());
    }
}
