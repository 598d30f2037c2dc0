//! A breaker's permission for one call, and what its outcome tells the breaker.

use tokio::time::Instant;

use super::breaker::{Pass, Transition};
use super::{CallTarget, Lane, lock};
use crate::aws::{ApiError, Operation};

/// The breaker's permission for one call; dropped unsettled, the call counts
/// neither way.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    lane: &'a Lane,
    target: &'a CallTarget,
    operation: Operation,
    pass: Option<Pass>,
}

impl<'a> Ticket<'a> {
    pub(super) fn admit(
        lane: &'a Lane,
        target: &'a CallTarget,
        operation: Operation,
    ) -> Result<Self, ApiError> {
        let admitted = lock(&lane.breaker).admit(Instant::now());
        match admitted {
            Ok((pass, transition)) => {
                let ticket = Self {
                    lane,
                    target,
                    operation,
                    pass: Some(pass),
                };
                ticket.log(transition);
                Ok(ticket)
            }
            Err(open) => Err(ApiError::breaker_open(operation, &target.region, open)),
        }
    }

    pub(super) fn settle<T>(mut self, result: &Result<T, ApiError>) {
        let Some(pass) = self.pass.take() else {
            return;
        };
        let mut breaker = lock(&self.lane.breaker);
        let transition = match result {
            Ok(_) => breaker.succeeded(pass),
            // A role's credentials may have failed to come from STS: this
            // service was then never asked.
            Err(error) if error.service() != self.operation.service() => breaker.abandoned(pass),
            Err(error) if error.counts_against_breaker() => {
                breaker.failed(pass, Instant::now(), &error.reason())
            }
            Err(error) if error.is_refusal() => breaker.succeeded(pass),
            Err(_) => breaker.abandoned(pass),
        };
        drop(breaker);
        self.log(transition);
    }

    fn log(&self, transition: Option<Transition>) {
        let (service, region) = (self.operation.service(), self.target.region());
        match transition {
            None => {}
            Some(Transition::Opened {
                failures,
                retry_in,
                last_error,
            }) => tracing::warn!(
                %service, region, account = &*self.target.account, failures,
                retry_in_s = retry_in.as_secs(), last_error, "circuit breaker opened"
            ),
            Some(Transition::HalfOpened) => tracing::info!(
                %service, region, account = &*self.target.account,
                "circuit breaker half-open: trying again"
            ),
            Some(Transition::Closed) => tracing::info!(
                %service, region, account = &*self.target.account, "circuit breaker closed"
            ),
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            lock(&self.lane.breaker).abandoned(pass);
        }
    }
}
