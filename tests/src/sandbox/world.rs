//! Owns the state that all connections share: accounts, keys, fleets, counts,
//! faults and latency.
//!
//! Invariant: accounts and their enabled regions are fixed from the start; a
//! fleet is made when it is first asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::clock;
use super::config::SandboxConfig;
use super::counts::Counter;
use super::fault::Faults;
use super::fleet::network::Home;
use super::fleet::{Fleet, Size};
use super::keyring::Keyring;
use super::metadata::Machine;
use super::random::Random;
use super::region::{self, Region};
use super::sso::SignIns;

pub(crate) struct World {
    pub(crate) config: SandboxConfig,
    pub(crate) accounts: Vec<Account>,
    pub(crate) keyring: Keyring,
    pub(crate) counter: Counter,
    pub(crate) faults: Faults,
    pub(crate) sign_ins: SignIns,
    pub(crate) machine: Machine,
    /// TCP connections accepted so far.
    pub(crate) connections: AtomicU64,
    latency: RwLock<Latency>,
    /// Seconds that AWS's clock is ahead of this machine's.
    ahead: AtomicI64,
    fleets: HashMap<(String, &'static str), LazyFleet>,
    requests: AtomicU64,
}

/// How long answers take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) per_call: Duration,
    pub(crate) per_row: Duration,
}

/// A fleet that is made when it is first asked for.
struct LazyFleet {
    size: Size,
    fleet: OnceLock<RwLock<Fleet>>,
}

impl World {
    /// The configuration must have passed its check.
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let accounts: Vec<Account> = (0..config.accounts).map(Account::numbered).collect();
        let mut fleets = HashMap::new();
        for (number, account) in accounts.iter().enumerate() {
            for region in region::REGIONS.iter().filter(|r| config.is_enabled(r)) {
                let size = Size {
                    instances: config.size_of(number, region.name),
                    hybrid: config.hybrid_nodes_in(region.name),
                    agent_share: config.agent_share,
                };
                let fleet = OnceLock::new();
                fleets.insert((account.id.clone(), region.name), LazyFleet { size, fleet });
            }
        }
        Self {
            keyring: Keyring::new(&accounts, config.seed),
            counter: Counter::default(),
            faults: Faults::new(config.seed),
            sign_ins: SignIns::new(config.seed),
            machine: Machine::default(),
            connections: AtomicU64::new(0),
            latency: RwLock::new(Latency {
                per_call: config.latency_per_call,
                per_row: config.latency_per_row,
            }),
            ahead: AtomicI64::new(0),
            fleets,
            requests: AtomicU64::new(0),
            accounts,
            config,
        }
    }

    /// Whether the account exists and has the region.
    pub(crate) fn is_enabled(&self, account: &str, region: &Region) -> bool {
        self.fleets.contains_key(&(account.to_owned(), region.name))
    }

    pub(crate) fn read(&self, account: &str, region: &str) -> Option<RwLockReadGuard<'_, Fleet>> {
        let fleet = self.fleet(account, region)?;
        Some(fleet.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn write(&self, account: &str, region: &str) -> Option<RwLockWriteGuard<'_, Fleet>> {
        let fleet = self.fleet(account, region)?;
        Some(fleet.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn latency(&self) -> Latency {
        *self.latency.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_latency(&self, latency: Latency) {
        *self.latency.write().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// The present, as AWS has it.
    pub(crate) fn now(&self) -> Timestamp {
        clock::now() + SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed))
    }

    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// An id in the form of a UUID, another one for each call.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::labelled(number, &["request"]);
        let mut part = |length| random.hex(length);
        format!(
            "{}-{}-4{}-a{}-{}",
            part(8),
            part(4),
            part(3),
            part(3),
            part(12)
        )
    }

    fn fleet(&self, account: &str, region: &str) -> Option<&RwLock<Fleet>> {
        let region = region::find(region)?;
        let entry = self.fleets.get(&(account.to_owned(), region.name))?;
        Some(entry.fleet.get_or_init(|| {
            let home = Home {
                account: account.to_owned(),
                region,
            };
            RwLock::new(Fleet::new(home, self.config.seed, entry.size, clock::now()))
        }))
    }
}
