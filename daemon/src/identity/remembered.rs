//! Whom credential keys stood for when STS was last asked, on disk.
//!
//! What is remembered ends when the credentials do, and a week after STS was last
//! asked. It holds no credentials: of them only the credential key, a keyed hash.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{Error, ErrorKind};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::Prepared;
use super::key::CredentialKey;
use super::principal::Principal;
use super::verified::VerifiedIdentity;
use crate::aws::sts::CallerIdentity;
use crate::persist::{Damaged, Disk, Input, MAX_AGE, Moment, Name, Output, read_time, write_time};

/// Ends the names of these files.
const KIND: &str = "identity";
/// The disk is waited for no longer: without it STS decides alone.
const PATIENCE: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct Memory {
    disk: Arc<Disk>,
    /// Lets one caller read at a time: a disk that hangs holds one thread.
    reading: Arc<Semaphore>,
}

/// What STS said of a credential key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    key: CredentialKey,
    account: String,
    arn: String,
    user_id: String,
    said: Moment,
    /// When the credentials end; `None` if they do not, or do not say.
    until: Option<SystemTime>,
}

impl Memory {
    pub(super) fn new(disk: Arc<Disk>) -> Self {
        Self {
            disk,
            reading: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whom STS named for these settings, if that still holds.
    pub(super) async fn recall(&self, prepared: &Prepared) -> Option<Principal> {
        if !self.disk.is_used() {
            return None;
        }
        let word = timeout(PATIENCE, self.read(prepared.key)).await.ok()??;
        let said = CallerIdentity {
            account: word.account,
            arn: word.arn,
            user_id: word.user_id,
        };
        Principal::new(said, prepared.endpoints.clone()).ok()
    }

    async fn read(&self, key: CredentialKey) -> Option<Word> {
        let turn = Arc::clone(&self.reading).acquire_owned().await.ok()?;
        let disk = Arc::clone(&self.disk);
        let read = spawn_blocking(move || {
            let _turn = turn;
            let word = disk.read(&name(&disk, key), |input| Word::read(input, key))?;
            word.holds(&disk.moments().now()).then_some(word)
        });
        // A panic is in the log, and nothing was found.
        read.await.ok()?
    }

    /// Takes in what a verification has led to.
    pub(super) fn learn(&self, key: CredentialKey, outcome: &Result<VerifiedIdentity, Error>) {
        match outcome {
            Ok(identity) => self.remember(identity),
            // Nobody has been refused.
            Err(error) if error.challenge.is_some() => {}
            Err(error) => match error.kind {
                ErrorKind::Credentials | ErrorKind::Permission => self.forget(key),
                _ => {}
            },
        }
    }

    /// Remembers whom STS has named.
    pub(super) fn remember(&self, identity: &VerifiedIdentity) {
        if !self.disk.is_used() || identity.unconfirmed().is_some() {
            return;
        }
        let (key, principal) = (*identity.credential_key(), identity.principal());
        let word = Word {
            key,
            account: principal.account().to_owned(),
            arn: principal.arn().to_owned(),
            user_id: principal.user_id().to_owned(),
            said: self.disk.moments().now(),
            until: identity.bound_until(),
        };
        let name = name(&self.disk, key);
        self.disk.put(name, move |out| word.write(out));
    }

    /// STS has refused these credentials.
    fn forget(&self, key: CredentialKey) {
        self.disk.remove(&name(&self.disk, key));
    }
}

fn name(disk: &Disk, key: CredentialKey) -> Name {
    disk.name(&key.to_hex(), "", KIND)
}

impl Word {
    /// A clock that says that it was given in the future is not believed.
    fn holds(&self, now: &Moment) -> bool {
        let is_young = self.said.wall_age(now).is_some_and(|age| age < MAX_AGE);
        is_young && self.until.is_none_or(|end| now.wall < end)
    }

    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.bytes(self.key.as_bytes())?;
        out.text(&self.account)?;
        out.text(&self.arn)?;
        out.text(&self.user_id)?;
        self.said.write(out)?;
        out.u8(u8::from(self.until.is_some()))?;
        self.until.map_or(Ok(()), |end| write_time(end, out))
    }

    /// What was said of this key.
    fn read(input: &mut Input<'_>, key: CredentialKey) -> Result<Self, Damaged> {
        if input.array()? != *key.as_bytes() {
            return Err(Damaged("it is of another key"));
        }
        Ok(Self {
            key,
            account: input.text()?.to_owned(),
            arn: input.text()?.to_owned(),
            user_id: input.text()?.to_owned(),
            said: Moment::read(input)?,
            until: match input.u8()? {
                0 => None,
                _ => Some(read_time(input)?),
            },
        })
    }
}

#[cfg(test)]
mod tests;
