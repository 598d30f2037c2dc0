//! What a failed AWS call means, apart from which client reported it.
//!
//! Invariants: a class is decided once, in [`sdk`]; only a failure that shows
//! AWS itself unwell counts against a breaker; no text here holds a secret.

mod codes;
mod explain;
mod regions;
pub(crate) mod sdk;

use std::fmt;
use std::time::Duration;

use aws_ssm_proto::domain;

use super::{Operation, Service};

/// What kind of failure it is; decides what is tried next and what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// AWS refused because of the rate of calls.
    Throttled,
    /// AWS failed (5xx), or could not be reached.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The credentials are right, but may not do this.
    Denied,
    /// The credentials are missing or wrong.
    BadCredentials,
    /// The credentials were right once.
    Expired,
    /// AWS refused the request itself: any other 4xx.
    Invalid,
    /// Not tried: the last calls of this identity, region and service failed.
    BreakerOpen,
    /// The answer is not what the service would say.
    Nonsense,
}

/// A failed call. [`ApiError::into_error`] says it to a person.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// What was called.
    pub operation: Operation,
    /// Where.
    pub region: String,
    /// AWS's own code, as in `UnauthorizedOperation`.
    pub code: Option<String>,
    /// One line, from AWS or from below it.
    pub message: String,
    /// Scheme and authority that was called, as in
    /// `https://ec2.eu-west-1.amazonaws.com`, once that was known.
    pub(crate) endpoint: Option<String>,
    pub(crate) detail: Detail,
}

/// What some failures know beyond their class.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    None,
    /// The connection failed before AWS answered.
    Connection(ConnectionFault),
    /// The breaker's state when it refused.
    Breaker(Box<OpenBreaker>),
    /// The caller's time ran out, or our own limiter left none: that says
    /// nothing about AWS.
    Hurried,
    /// A credentials provider has already said all there is to say.
    Said(Box<domain::Error>),
}

/// Why a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionFault {
    Refused,
    UnknownName,
    Tls,
    /// The proxy refused, or could not be reached.
    Proxy,
    /// Cut, reset, unroutable, or anything else.
    Broken,
}

/// A breaker that lets nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBreaker {
    /// How long ago it opened.
    pub open_for: Duration,
    /// Until it is tried again; zero while it is being tried.
    pub retry_in: Duration,
    /// The failure that opened it, on one line.
    pub last_error: String,
}

impl ApiError {
    pub(crate) fn new(
        class: ErrorClass,
        operation: Operation,
        region: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            class,
            operation,
            region: region.to_owned(),
            code: None,
            message: message.into(),
            endpoint: None,
            detail: Detail::None,
        }
    }

    pub(crate) fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    pub(crate) fn breaker_open(operation: Operation, region: &str, open: OpenBreaker) -> Self {
        let message = open.last_error.clone();
        Self::new(ErrorClass::BreakerOpen, operation, region, message)
            .detail(Detail::Breaker(Box::new(open)))
    }

    /// A good answer without what it is asked for.
    pub(crate) fn incomplete(operation: Operation, region: &str, expected: &str) -> Self {
        let message = format!("the answer does not hold {expected}");
        Self::new(ErrorClass::Nonsense, operation, region, message)
    }

    /// The service that was called.
    #[must_use]
    pub fn service(&self) -> Service {
        self.operation.service()
    }

    /// Whether it shows AWS itself unwell: throttling, 5xx, no connection, no
    /// answer. A refusal for want of permission never does, and a caller who
    /// was in a hurry proves nothing.
    #[must_use]
    pub fn counts_against_breaker(&self) -> bool {
        let unwell = matches!(
            self.class,
            ErrorClass::Throttled | ErrorClass::Unavailable | ErrorClass::Timeout
        );
        unwell && !matches!(self.detail, Detail::Hurried | Detail::Said(_))
    }

    /// Whether the service itself refused: then it is well.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.code.is_some() && !self.counts_against_breaker()
    }

    /// Code and message on one line.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.code {
            Some(code) if self.message.is_empty() => code.clone(),
            Some(code) => format!("{code}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// What, why and what to do, for a person.
    #[must_use]
    pub fn into_error(self) -> domain::Error {
        explain::explain(self)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in {}: {}",
            self.operation,
            self.region,
            self.reason()
        )
    }
}

impl std::error::Error for ApiError {}
