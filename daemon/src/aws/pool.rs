//! Keeps AWS clients warm: one entry for each credential key and region.
//!
//! Invariants: a hit makes no connection, loads nothing and calls nobody; an
//! entry is built once however many ask at the same time; there are never more
//! than the capacity, and none stays unused beyond its idle time.

use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::domain::PoolStats;
use tokio::time::Instant;

use super::idle::IdleMap;
use super::{Connector, RegionClient};
use crate::identity::{CredentialKey, Unverified, VerifiedIdentity};
use crate::resilience::{Resilience, ResilienceConfig};

/// The pool's part of the `performance` section of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Entries at most; at least 1.
    pub capacity: usize,
    /// How long an unused entry stays.
    pub idle: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            capacity: 50,
            idle: Duration::from_secs(30 * 60),
        }
    }
}

/// The warm clients.
#[derive(Debug)]
pub struct Pool {
    connector: Connector,
    resilience: Arc<Resilience>,
    clients: IdleMap<(CredentialKey, String), Arc<RegionClient>>,
}

impl Pool {
    /// An empty pool, whose clients share the connector's connections.
    #[must_use]
    pub fn new(config: &PoolConfig, connector: Connector, resilience: Arc<Resilience>) -> Self {
        Self {
            connector,
            resilience,
            clients: IdleMap::new(config.capacity, config.idle),
        }
    }

    /// The clients of an identity in a region.
    #[must_use]
    pub fn client(&self, identity: &VerifiedIdentity, region: &str) -> Arc<RegionClient> {
        let key = (*identity.credential_key(), region.to_owned());
        self.clients.get_or_build(key, Instant::now(), || {
            let resilience = Arc::clone(&self.resilience);
            Arc::new(RegionClient::new(
                &self.connector,
                resilience,
                identity,
                region,
            ))
        })
    }

    /// Goes on with these settings.
    pub fn retune(&self, config: &PoolConfig) {
        self.clients
            .resize(config.capacity, config.idle, Instant::now());
    }

    /// Bounds calls so from now on: every client is made anew when it is asked for
    /// next, on the connections that are open.
    pub fn renew(&self, bounds: &ResilienceConfig) {
        self.connector.retune(bounds);
        self.clients.clear();
    }

    /// Clients for credentials whose principal is not known yet. They are not kept:
    /// calls are counted and limited by principal, and soon it is known.
    #[must_use]
    pub fn unverified_client(&self, caller: &Unverified, region: &str) -> RegionClient {
        let resilience = Arc::clone(&self.resilience);
        RegionClient::unverified(&self.connector, resilience, caller, region)
    }

    /// Drops the clients that nobody used for their idle time.
    pub fn sweep(&self) {
        self.clients.sweep(Instant::now());
    }

    /// What it holds and what it did.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.sweep();
        let counts = self.clients.counts();
        PoolStats {
            size: self.clients.len() as u64,
            hits: counts.hits,
            misses: counts.misses,
            evicted_by_capacity: counts.evicted_by_capacity,
            evicted_by_age: counts.evicted_by_age,
        }
    }
}

#[cfg(test)]
mod tests;
