//! Watches the attempts of one call from inside the SDK: counts retries, bytes
//! and what attempts failed of, and remembers why the last one did.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::Instant;

use super::limiter::Limiter;
use super::lock;
use crate::aws::error::Detail;
use crate::aws::error::sdk::from_attempt;
use crate::aws::{ApiError, ErrorClass, Operation, Received, answered_at, by_our_clock};
use crate::metrics::Metrics;

/// The attempts of one call; clones watch the same call.
#[derive(Clone, Debug)]
pub struct Attempts(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    operation: Operation,
    region: Arc<str>,
    metrics: Arc<Metrics>,
    limiter: Arc<Limiter>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    endpoint: Option<String>,
    in_flight: bool,
    /// AWS's clock and ours at the last answer.
    met: Option<(SystemTime, SystemTime)>,
    last_failure: Option<ApiError>,
}

impl Attempts {
    pub(super) fn new(
        operation: Operation,
        region: Arc<str>,
        metrics: Arc<Metrics>,
        limiter: Arc<Limiter>,
    ) -> Self {
        Self(Arc::new(Watched {
            operation,
            region,
            metrics,
            limiter,
            seen: Mutex::default(),
        }))
    }

    /// What to hand the SDK for an operation that fails with `E`.
    #[must_use]
    pub fn probe<E>(&self) -> Probe<E> {
        Probe {
            attempts: self.clone(),
            fails_with: PhantomData,
        }
    }

    /// Scheme and authority that the call was sent to, once it was.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        lock(&self.0.seen).endpoint.clone()
    }

    /// A moment that AWS names in its answer, by this machine's clock.
    #[must_use]
    pub fn by_our_clock(&self, moment: SystemTime) -> SystemTime {
        let met = lock(&self.0.seen).met;
        met.map_or(moment, |met| by_our_clock(moment, met))
    }

    /// The call is given up. An attempt that it leaves unanswered had no answer
    /// in time; the failure of one before explains more.
    pub(super) fn given_up(&self) -> Option<ApiError> {
        let mut seen = lock(&self.0.seen);
        if std::mem::take(&mut seen.in_flight) {
            self.0.metrics.api(self.0.operation).timed_out();
        }
        seen.last_failure.clone()
    }

    fn begun(&self, number: u32) {
        lock(&self.0.seen).in_flight = true;
        if number > 1 {
            self.0.metrics.api(self.0.operation).retried();
            self.0.limiter.charge(Instant::now());
        }
    }

    fn failed(&self, failure: ApiError) {
        let counters = self.0.metrics.api(self.0.operation);
        match (failure.class, &failure.detail) {
            // The attempts of whoever was to provide credentials are counted there.
            (_, Detail::Said(_)) => {}
            (ErrorClass::Throttled, _) => counters.throttled(),
            (ErrorClass::Timeout, _) => counters.timed_out(),
            (ErrorClass::Unavailable, Detail::Connection(_)) => counters.connection_failed(),
            (ErrorClass::Unavailable, _) => counters.server_failed(),
            _ => {}
        }
        lock(&self.0.seen).last_failure = Some(failure);
    }
}

/// An interceptor for one call of an operation that fails with `E`.
pub struct Probe<E> {
    attempts: Attempts,
    fails_with: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for Probe<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl<E> Intercept for Probe<E>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "Probe"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(attempts) = cfg.load::<RequestAttempts>() {
            self.attempts.begun(attempts.attempts());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut seen = lock(&self.attempts.0.seen);
        if seen.endpoint.is_none() {
            seen.endpoint = origin(context.request().uri());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let watched = &self.attempts.0;
        lock(&watched.seen).in_flight = false;
        let response = context.response();
        if let Some(response) = response {
            let bytes = match cfg.load::<Received>() {
                Some(received) => received.bytes(),
                None => response.body().bytes().map_or(0, <[u8]>::len),
            };
            watched.metrics.api(watched.operation).received(bytes);
            if let Some(theirs) = answered_at(response) {
                let ours = SystemTime::now();
                watched.metrics.clock().saw(theirs, ours);
                lock(&watched.seen).met = Some((theirs, ours));
            }
        }
        if let Some(Err(error)) = context.output_or_error() {
            self.attempts.failed(from_attempt::<E>(
                watched.operation,
                &watched.region,
                self.attempts.endpoint(),
                error,
                response.map(|response| response.status().as_u16()),
            ));
        }
        Ok(())
    }
}

/// `https://ec2.eu-west-1.amazonaws.com` of a request to anywhere below it.
fn origin(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_neither_path_nor_user() {
        let shown = |uri| origin(uri).unwrap_or_default();
        assert_eq!(shown("http://127.0.0.1:9/"), "http://127.0.0.1:9");
        assert_eq!(shown("https://me:pw@host/x?y"), "https://host");
        assert_eq!(shown("nonsense"), "");
    }
}
