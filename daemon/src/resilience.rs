//! Owns the way every AWS call takes: breaker, limiter, attempts, deadline.
//!
//! Invariants: what one identity suffers never slows another, nor another
//! region or service; nothing waits past the caller's deadline; every call that
//! ends is counted once, and one that is dropped gives back what it held.
//!
//! It does not know what is asked, and keeps no answers.

mod attempts;
mod breaker;
mod limiter;
mod ticket;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_ssm_proto::domain::BreakerStats;
use tokio::time::Instant;

pub use attempts::Attempts;
use breaker::Breaker;
use limiter::Limiter;
use ticket::Ticket;

use crate::aws::error::Detail;
use crate::aws::idle::IdleMap;
use crate::aws::{ApiError, ErrorClass, Operation, Service};
use crate::metrics::Metrics;

/// How many (identity, region, service) are remembered; beyond it the least
/// used is forgotten, and begins anew with a closed breaker.
const MAX_LANES: usize = 1024;

/// How long an unused one is remembered: longer than any breaker stays open.
const LANE_IDLE: Duration = Duration::from_secs(3600);

/// The `resilience` section of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ResilienceConfig {
    /// Failures in a row that open a breaker; at least 1.
    pub failure_threshold: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// Successes in a row that close it again; at least 1.
    pub half_open_probes: u32,
    /// Attempts of one call, the first included; at least 1.
    pub max_attempts: u32,
    /// The time of one attempt.
    pub attempt_timeout: Duration,
    /// The time of all attempts together.
    pub operation_timeout: Duration,
    /// Sustained calls a second for one identity, region and service.
    pub requests_per_second: f64,
    /// Calls at once after a pause; at least 1.
    pub burst: u32,
}

impl Default for ResilienceConfig {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            open_for: Duration::from_secs(60),
            half_open_probes: 3,
            max_attempts: 3,
            attempt_timeout: Duration::from_secs(10),
            operation_timeout: Duration::from_secs(60),
            requests_per_second: 20.0,
            burst: 100,
        }
    }
}

/// In whose name a call is made, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallTarget {
    identity: Arc<str>,
    account: Arc<str>,
    region: Arc<str>,
}

impl CallTarget {
    /// `identity` keeps callers apart and is never shown; `account` is what a
    /// breaker is listed under.
    #[must_use]
    pub fn new(
        identity: impl Into<Arc<str>>,
        account: impl Into<Arc<str>>,
        region: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            identity: identity.into(),
            account: account.into(),
            region: region.into(),
        }
    }

    /// The region's name.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// What is kept for one identity, region and service.
#[derive(Debug)]
struct Lane {
    breaker: Mutex<Breaker>,
    limiter: Arc<Limiter>,
    partition: RetryPartition,
}

/// The guard of all AWS calls.
#[derive(Debug)]
pub struct Resilience {
    config: ArcSwap<ResilienceConfig>,
    metrics: Arc<Metrics>,
    lanes: IdleMap<(CallTarget, Service), Arc<Lane>>,
}

impl Resilience {
    /// A guard whose breakers are all closed.
    #[must_use]
    pub fn new(config: ResilienceConfig, metrics: Arc<Metrics>) -> Self {
        Self {
            config: ArcSwap::from_pointee(config),
            metrics,
            lanes: IdleMap::new(MAX_LANES, LANE_IDLE),
        }
    }

    /// Goes on with these settings. A breaker that is open stays so for the time it
    /// was opened for.
    pub fn retune(&self, config: ResilienceConfig) {
        let config = Arc::new(config);
        self.config.store(Arc::clone(&config));
        self.lanes.map(|_, lane| {
            lock(&lane.breaker).retune(&config);
            lane.limiter
                .retune(config.requests_per_second, config.burst);
        });
    }

    /// The SDK's retry quota for these calls. Without one of their own all
    /// identities would share a quota for each region.
    #[must_use]
    pub fn retry_partition(&self, target: &CallTarget, service: Service) -> RetryPartition {
        self.lane(target, service).partition.clone()
    }

    /// Makes one call: `send` when breaker and limiter let it, until `deadline`.
    ///
    /// # Errors
    /// What `send` fails with; [`ErrorClass::BreakerOpen`] without calling;
    /// [`ErrorClass::Timeout`] at the deadline, unless an attempt failed before,
    /// whose failure then explains more.
    pub async fn call<T, F, Fut>(
        &self,
        target: &CallTarget,
        operation: Operation,
        deadline: Instant,
        send: F,
    ) -> Result<T, ApiError>
    where
        F: FnOnce(Attempts) -> Fut,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        let lane = self.lane(target, operation.service());
        let ticket = Ticket::admit(&lane, target, operation)?;
        lane.limiter
            .acquire(deadline)
            .await
            .map_err(|wait| self.no_turn(target, operation, wait))?;

        let began = Instant::now();
        let attempts = Attempts::new(
            operation,
            Arc::clone(&target.region),
            Arc::clone(&self.metrics),
            Arc::clone(&lane.limiter),
        );
        let result = match tokio::time::timeout_at(deadline, send(attempts.clone())).await {
            Ok(result) => result,
            Err(_) => Err(self.out_of_time(target, operation, began.elapsed(), &attempts)),
        };
        let counters = self.metrics.api(operation);
        match &result {
            Ok(_) => counters.succeeded(began.elapsed()),
            Err(error) => counters.failed(began.elapsed(), error.reason(), SystemTime::now()),
        }
        ticket.settle(&result);
        result
    }

    /// The breakers of what was called lately, by account, region and service.
    #[must_use]
    pub fn breakers(&self) -> Vec<BreakerStats> {
        let now = Instant::now();
        self.lanes.sweep(now);
        let describe = |(target, service): &(CallTarget, Service), lane: &Arc<Lane>| {
            let seen = lock(&lane.breaker).look(now);
            BreakerStats {
                account: target.account.to_string(),
                region: target.region.to_string(),
                service: service.as_str().to_owned(),
                state: seen.state.to_owned(),
                failures: seen.failures,
                retry_in: seen.retry_in,
                open_for: seen.open_for,
                last_error: seen.last_error,
            }
        };
        let mut all = self.lanes.map(describe);
        all.sort_by(|a, b| {
            (&a.account, &a.region, &a.service).cmp(&(&b.account, &b.region, &b.service))
        });
        all
    }

    /// Tells the breaker of a call that was made in another name, before anybody
    /// knew whose it was.
    pub fn learn<T>(
        &self,
        target: &CallTarget,
        operation: Operation,
        outcome: &Result<T, ApiError>,
    ) {
        let lane = self.lane(target, operation.service());
        if let Ok(ticket) = Ticket::admit(&lane, target, operation) {
            ticket.settle(outcome);
        }
    }

    fn lane(&self, target: &CallTarget, service: Service) -> Arc<Lane> {
        self.lanes
            .get_or_build((target.clone(), service), Instant::now(), || {
                Arc::new(Lane {
                    breaker: Mutex::new(Breaker::new(&self.config.load())),
                    limiter: Arc::new(Limiter::new(
                        self.config.load().requests_per_second,
                        self.config.load().burst,
                    )),
                    partition: RetryPartition::custom(service.as_str()).build(),
                })
            })
    }

    fn no_turn(&self, target: &CallTarget, operation: Operation, wait: Duration) -> ApiError {
        let message = format!(
            "the limit of {} calls a second leaves the next turn in {}",
            self.config.load().requests_per_second,
            crate::metrics::human(wait),
        );
        ApiError::new(ErrorClass::Timeout, operation, &target.region, message)
            .detail(Detail::Hurried)
    }

    fn out_of_time(
        &self,
        target: &CallTarget,
        operation: Operation,
        spent: Duration,
        attempts: &Attempts,
    ) -> ApiError {
        if let Some(failure) = attempts.given_up() {
            return failure;
        }
        let message = format!("no answer within {}", crate::metrics::human(spent));
        let error = ApiError::new(ErrorClass::Timeout, operation, &target.region, message);
        // A caller who gave AWS less time than an attempt has proves nothing.
        if spent < self.config.load().attempt_timeout {
            return error.detail(Detail::Hurried);
        }
        error
    }
}

/// A panic elsewhere leaves these values whole: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
