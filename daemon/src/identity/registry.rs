//! Which credential key stands for which principal, and which are being found
//! out.
//!
//! A binding ends when its credentials do, when nobody has used it for a while,
//! or when room is needed. A verification under way is shared by all who ask for
//! its key; one that fails leaves nothing behind. No lock is held across an
//! await.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::SharedTimeSource;
use aws_ssm_proto::domain::{Error, ErrorKind};
use tokio::sync::watch;
use tokio::time::Instant;

use super::key::CredentialKey;
use super::provider::Provider;
use super::verified::VerifiedIdentity;
use crate::clock::Clock;

/// How many bindings are kept: far more settings than one person uses.
const CAPACITY: usize = 1000;
/// How many verifications may be under way at once.
const MAX_PENDING: usize = 256;
/// A binding unused for this long goes, and with it the keys it holds. Longer
/// than an entry is kept warm for want of callers.
const IDLE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// What a verification has led to, once it has.
pub(super) type Outcome = Option<Result<VerifiedIdentity, Error>>;

pub(super) struct Registry {
    state: Mutex<State>,
    idle: Clock,
    wall: SharedTimeSource,
}

#[derive(Default)]
struct State {
    bound: HashMap<CredentialKey, Binding>,
    pending: HashMap<CredentialKey, Pending>,
}

/// A verification that somebody has begun.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) outcome: watch::Receiver<Outcome>,
    pub(super) began: Instant,
}

struct Binding {
    identity: VerifiedIdentity,
    last_used: Duration,
    /// A service has refused its credentials.
    refused: bool,
}

/// What is known of a credential key.
pub(super) enum Known {
    /// Whose it is.
    Bound(VerifiedIdentity),
    /// Somebody is finding out.
    Pending(Pending),
    /// Nothing: whoever is told so must find out.
    Nothing(Verification),
}

/// The duty to find out whose a credential key is. Dropped unfulfilled, it lets
/// the next caller try.
pub(super) struct Verification {
    registry: Arc<Registry>,
    key: CredentialKey,
    publish: watch::Sender<Outcome>,
    began: Instant,
    /// The credentials of a binding that has ended: they may hold still, or
    /// have been renewed.
    pub(super) provider: Option<Arc<Provider>>,
    settled: bool,
}

impl Registry {
    pub(super) fn new(idle: Clock, wall: SharedTimeSource) -> Self {
        Self {
            state: Mutex::default(),
            idle,
            wall,
        }
    }

    /// Whose a key is, if that is known and holds. Nothing is begun, and the binding
    /// does not count as used.
    pub(super) fn bound(&self, key: &CredentialKey) -> Option<VerifiedIdentity> {
        let state = self.state();
        let binding = state.bound.get(key)?;
        let holds = !binding.has_ended(self.wall.now());
        holds.then(|| binding.identity.clone())
    }

    /// What is known of a key.
    pub(super) fn look(self: &Arc<Self>, key: CredentialKey) -> Result<Known, Error> {
        let now = self.idle.now();
        let mut state = self.state();
        let mut provider = None;
        if let Some(binding) = state.bound.get_mut(&key) {
            if !binding.has_ended(self.wall.now()) {
                binding.last_used = now;
                return Ok(Known::Bound(binding.identity.clone()));
            }
            provider = Some(Arc::clone(binding.identity.provider()));
        }
        if let Some(pending) = state.pending.get(&key) {
            return Ok(Known::Pending(pending.clone()));
        }
        if state.pending.len() >= MAX_PENDING {
            return Err(too_many());
        }
        let (publish, outcome) = watch::channel(None);
        let began = Instant::now();
        state.pending.insert(key, Pending { outcome, began });
        Ok(Known::Nothing(Verification {
            registry: Arc::clone(self),
            key,
            publish,
            began,
            provider,
            settled: false,
        }))
    }

    /// Whether this is what the key is bound to.
    pub(super) fn is_bound(&self, identity: &VerifiedIdentity) -> bool {
        let state = self.state();
        let bound = state.bound.get(identity.credential_key());
        bound.is_some_and(|binding| !binding.refused && binding.identity.is_same(identity))
    }

    /// Ends this binding, unless the key has been bound anew since.
    pub(super) fn unbind(&self, identity: &VerifiedIdentity) {
        self.end(identity, VerifiedIdentity::is_same);
    }

    /// Ends the binding of these credentials, whichever verification it came of.
    pub(super) fn unbind_credentials(&self, identity: &VerifiedIdentity) {
        self.end(identity, VerifiedIdentity::has_same_credentials);
    }

    /// Clients are made with a binding's credentials and outlive it, so the next one of
    /// the key goes on with the same.
    fn end(
        &self,
        identity: &VerifiedIdentity,
        is_meant: fn(&VerifiedIdentity, &VerifiedIdentity) -> bool,
    ) {
        let mut state = self.state();
        if let Some(binding) = state.bound.get_mut(identity.credential_key())
            && is_meant(&binding.identity, identity)
        {
            binding.refused = true;
        }
    }

    /// Ends the bindings that nobody has used for a while.
    pub(super) fn forget_idle(&self) {
        let now = self.idle.now();
        let mut state = self.state();
        let in_use = |binding: &mut Binding| now.saturating_sub(binding.last_used) < IDLE_LIMIT;
        state.bound.retain(|_, binding| in_use(binding));
    }

    pub(super) fn count(&self) -> usize {
        let state = self.state();
        let bindings = state.bound.values();
        bindings.filter(|binding| !binding.refused).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Binding {
    fn has_ended(&self, now: SystemTime) -> bool {
        self.refused || self.identity.bound_until().is_some_and(|end| now >= end)
    }
}

impl State {
    fn bind(&mut self, identity: VerifiedIdentity, now: Duration) {
        let key = *identity.credential_key();
        if self.bound.len() >= CAPACITY && !self.bound.contains_key(&key) {
            let oldest = self.bound.iter().min_by_key(|(_, b)| b.last_used);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.bound.remove(&oldest);
            }
        }
        let last_used = now;
        self.bound.insert(
            key,
            Binding {
                identity,
                last_used,
                refused: false,
            },
        );
    }
}

impl Verification {
    pub(super) fn subscribe(&self) -> Pending {
        Pending {
            outcome: self.publish.subscribe(),
            began: self.began,
        }
    }

    /// Binds the key if the outcome allows it, and tells all who wait.
    pub(super) fn settle(mut self, outcome: Result<VerifiedIdentity, Error>) {
        self.settled = true;
        self.registry.forget_idle();
        let mut state = self.registry.state();
        state.pending.remove(&self.key);
        match &outcome {
            Ok(identity) => state.bind(identity.clone(), self.registry.idle.now()),
            // Ended, and not to be had again: its credentials are of no use.
            Err(error) if error.kind == ErrorKind::Credentials && error.challenge.is_none() => {
                state.bound.remove(&self.key);
            }
            Err(_) => {}
        }
        drop(state);
        self.publish.send_replace(Some(outcome));
    }
}

impl Drop for Verification {
    fn drop(&mut self) {
        if !self.settled {
            self.registry.state().pending.remove(&self.key);
        }
    }
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::Daemon,
        "the daemon cannot verify more credentials at once",
    )
    .why(format!("{MAX_PENDING} are being verified"))
    .hint("try again in a moment")
}
