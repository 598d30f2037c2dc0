//! What went wrong, in a form that can be acted upon.

use std::fmt;

use super::{Challenge, PossibleNode, PossibleNodes};

/// The family an error belongs to; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request itself is wrong.
    Usage,
    /// A configuration or profile file is wrong.
    Config,
    /// A target names no instance.
    NotFound,
    /// A target names several instances.
    Ambiguous,
    /// Credentials are missing, wrong, or expired.
    Credentials,
    /// The credentials are right, but may not do this.
    Permission,
    /// AWS is throttling, unreachable, or took too long.
    Unavailable,
    /// The daemon cannot be reached or started, is stopping, or is of another
    /// version.
    Daemon,
    /// Anything else: the disk, or a bug.
    Internal,
}

/// One line of what, one of why, one of what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its family.
    pub kind: ErrorKind,
    /// What went wrong.
    pub what: String,
    /// Why; may be empty.
    pub why: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// Not found: the nearest names. Ambiguous: the ids that match.
    pub candidates: Vec<String>,
    /// Ambiguous: the nodes that match, as many as travel; see [`Error::nodes`].
    pub may_mean: Option<Box<PossibleNodes>>,
    /// What the caller can give to make the same call succeed.
    pub challenge: Option<Box<Challenge>>,
}

impl Error {
    /// An error of which only what happened is known.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            why: String::new(),
            hint: String::new(),
            candidates: Vec::new(),
            may_mean: None,
            challenge: None,
        }
    }

    /// Says why.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Says what else might have been meant.
    #[must_use]
    pub fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }

    /// Says which nodes might have been meant.
    #[must_use]
    pub fn may_mean(mut self, nodes: Vec<PossibleNode>) -> Self {
        self.may_mean = (!nodes.is_empty()).then(|| Box::new(PossibleNodes(nodes)));
        self
    }

    /// The nodes that might have been meant.
    #[must_use]
    pub fn nodes(&self) -> &[PossibleNode] {
        self.may_mean.as_ref().map_or(&[], |nodes| &nodes.0)
    }

    /// Says what the caller can give to make the same call succeed.
    #[must_use]
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(Box::new(challenge));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
