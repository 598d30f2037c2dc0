//! Owns the faults that were ordered: which calls each strikes, how often and
//! how many times. What a struck call gets is decided in `handle`.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::random::Random;
use super::refusal::Service;

/// What happens to a call that a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Refused as too many: EC2 503, SSM and STS 400.
    Throttle,
    /// Status 500.
    InternalError,
    /// Status 503.
    Unavailable,
    /// Never answered; the connection stays open.
    Hang,
    /// Half of the answer, then the connection is closed.
    Cut,
    /// Status 200 and an HTML page, as from a captive portal.
    Nonsense,
    /// Refused for want of permission: EC2 and STS 403, SSM 400.
    AccessDenied,
    /// Refused as if the session token had expired.
    ExpiredToken,
    /// Refused as if the access key did not exist.
    UnknownKey,
}

/// A fault and the calls it strikes; fields left at `None` mean "any".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// The probability that a call it could strike is struck, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// Only calls to this service.
    pub service: Option<Service>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only calls with keys of this account.
    pub account: Option<String>,
    /// Only calls in this region.
    pub region: Option<String>,
    /// Only calls with this access key.
    pub access_key: Option<String>,
    /// It strikes so many times, then no more.
    pub times: Option<u64>,
    /// It lets so many calls pass that it could strike, then begins.
    #[serde(default)]
    pub after: u64,
}

fn always() -> f64 {
    1.0
}

/// Names a fault that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub(crate) u64);

impl Fault {
    /// A fault that strikes every call.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            rate: always(),
            service: None,
            operation: None,
            account: None,
            region: None,
            access_key: None,
            times: None,
            after: 0,
        }
    }

    /// Throttles this part of the calls, 0 to 1.
    pub fn throttle(rate: f64) -> Self {
        Self::new(FaultKind::Throttle).rate(rate)
    }

    /// Answers 500.
    pub fn internal_error() -> Self {
        Self::new(FaultKind::InternalError)
    }

    /// Answers 503.
    pub fn unavailable() -> Self {
        Self::new(FaultKind::Unavailable)
    }

    /// Never answers.
    pub fn hang() -> Self {
        Self::new(FaultKind::Hang)
    }

    /// Closes the connection in the middle of the answer.
    pub fn cut() -> Self {
        Self::new(FaultKind::Cut)
    }

    /// Answers with an HTML page.
    pub fn nonsense() -> Self {
        Self::new(FaultKind::Nonsense)
    }

    /// Refuses for want of permission.
    pub fn access_denied() -> Self {
        Self::new(FaultKind::AccessDenied)
    }

    /// Refuses as if the session token had expired.
    pub fn expired_token() -> Self {
        Self::new(FaultKind::ExpiredToken)
    }

    /// Refuses as if the access key did not exist.
    pub fn unknown_key() -> Self {
        Self::new(FaultKind::UnknownKey)
    }

    /// Strikes with this probability, 0 to 1.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Strikes only this service.
    #[must_use]
    pub fn on_service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Strikes only this operation, as in `DescribeInstances`.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Strikes only this account's keys.
    #[must_use]
    pub fn for_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Strikes only this access key.
    #[must_use]
    pub fn for_key(mut self, access_key: &str) -> Self {
        self.access_key = Some(access_key.to_owned());
        self
    }

    /// Strikes only in this region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Strikes so many times, then no more.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many calls pass that it could strike, then begins.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }

    /// Counts a call that it could strike.
    fn has_begun(&mut self) -> bool {
        let has_begun = self.after == 0;
        self.after = self.after.saturating_sub(1);
        has_begun
    }

    fn could_strike(&self, target: &Target<'_>) -> bool {
        fn fits(wanted: Option<&str>, actual: &str) -> bool {
            wanted.is_none_or(|wanted| wanted == actual)
        }
        self.service.is_none_or(|service| service == target.service)
            && fits(self.operation.as_deref(), target.operation)
            && fits(self.account.as_deref(), target.account)
            && fits(self.region.as_deref(), target.region)
            && fits(self.access_key.as_deref(), target.access_key)
    }
}

/// What a fault may be limited to, of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'c> {
    pub(crate) service: Service,
    pub(crate) operation: &'c str,
    pub(crate) account: &'c str,
    pub(crate) region: &'c str,
    pub(crate) access_key: &'c str,
}

/// A fault that stands, with what it has done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandingFault {
    /// Its name.
    pub id: FaultId,
    /// How many calls it has struck.
    pub struck: u64,
    /// As it was ordered.
    #[serde(flatten)]
    pub fault: Fault,
}

/// All faults that stand, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    standing: Vec<StandingFault>,
    ordered: u64,
    luck: Random,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Inner {
            standing: Vec::new(),
            ordered: 0,
            luck: Random::labelled(seed, &["faults"]),
        }))
    }

    pub(crate) fn add(&self, fault: Fault) -> FaultId {
        let mut inner = self.lock();
        inner.ordered += 1;
        let id = FaultId(inner.ordered);
        inner.standing.push(StandingFault {
            id,
            struck: 0,
            fault,
        });
        id
    }

    pub(crate) fn remove(&self, id: FaultId) -> bool {
        let mut inner = self.lock();
        let before = inner.standing.len();
        inner.standing.retain(|fault| fault.id != id);
        inner.standing.len() < before
    }

    pub(crate) fn clear(&self) {
        self.lock().standing.clear();
    }

    pub(crate) fn list(&self) -> Vec<StandingFault> {
        self.lock().standing.clone()
    }

    /// The first fault that strikes this call, if any.
    pub(crate) fn strike(&self, target: &Target<'_>) -> Option<FaultKind> {
        let mut inner = self.lock();
        let Inner { standing, luck, .. } = &mut *inner;
        standing.iter_mut().find_map(|standing| {
            let StandingFault { struck, fault, .. } = standing;
            let strikes = fault.times.is_none_or(|times| *struck < times)
                && fault.could_strike(target)
                && fault.has_begun()
                && luck.chance(fault.rate);
            strikes.then(|| {
                *struck += 1;
                fault.kind
            })
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target<'static> = Target {
        service: Service::Ec2,
        operation: "DescribeInstances",
        account: "111122223333",
        region: "us-east-1",
        access_key: "AKIA1",
    };

    #[test]
    fn a_fault_strikes_only_what_it_is_limited_to() {
        let faults = Faults::new(1);
        faults.add(Fault::throttle(1.0).on("DescribeRegions"));
        faults.add(Fault::hang().on_service(Service::Ssm));
        faults.add(Fault::cut().for_account("999999999999"));
        faults.add(Fault::nonsense().in_region("eu-west-1"));
        faults.add(Fault::expired_token().for_key("AKIA2"));
        faults.add(Fault::internal_error().rate(0.0));
        assert_eq!(faults.strike(&TARGET), None);
        faults.add(
            Fault::unavailable()
                .on("DescribeInstances")
                .in_region("us-east-1"),
        );
        assert_eq!(faults.strike(&TARGET), Some(FaultKind::Unavailable));
    }

    #[test]
    fn times_run_out_and_removal_ends_a_fault() {
        let faults = Faults::new(1);
        let twice = faults.add(Fault::access_denied().times(2));
        let struck: Vec<_> = (0..3).map(|_| faults.strike(&TARGET).is_some()).collect();
        assert_eq!(struck, [true, true, false]);
        assert_eq!(faults.list()[0].struck, 2);
        assert!(faults.remove(twice));
        assert!(!faults.remove(twice));
        faults.add(Fault::unknown_key());
        faults.clear();
        assert_eq!(faults.strike(&TARGET), None);
    }

    #[test]
    fn calls_that_pass_first_are_those_it_could_strike() {
        let faults = Faults::new(1);
        faults.add(Fault::hang().on("DescribeInstances").after(2).times(1));
        let other = Target {
            operation: "DescribeRegions",
            ..TARGET
        };
        let calls = [TARGET, other, TARGET, TARGET, TARGET];
        let struck = calls.map(|call| faults.strike(&call).is_some());
        assert_eq!(struck, [false, false, false, true, false]);
    }

    #[test]
    fn a_rate_is_about_that_part_of_the_calls() {
        let faults = Faults::new(1);
        faults.add(Fault::throttle(0.3));
        let struck = (0..10_000).filter(|_| faults.strike(&TARGET).is_some());
        assert!((2_700..3_300).contains(&struck.count()));
    }

    #[test]
    fn a_fault_can_be_written_as_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"kind":"throttle","rate":0.5,"service":"ec2","times":3}"#)
                .expect("a fault");
        assert_eq!(
            fault,
            Fault::throttle(0.5).on_service(Service::Ec2).times(3)
        );
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"throttle","rates":1}"#).is_err());
    }
}
