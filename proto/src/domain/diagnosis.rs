//! What the caller's AWS settings come to, as AWS says at this moment.

use std::time::Duration;

use super::{Error, Identity};

/// See the module.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What the caller's own settings lead to.
    pub identity: Result<Identity, Error>,
    /// The profiles of the caller's files.
    pub profiles: Vec<ProfileFinding>,
    /// How many more there are than were looked at.
    pub profiles_left_out: u32,
    /// Why the profiles cannot be read, if they cannot.
    pub profiles_error: Option<Error>,
    /// What the caller's identity is answered in its regions.
    pub calls: Vec<CallFinding>,
    /// How many more regions there are than were looked at.
    pub regions_left_out: u32,
    /// How far AWS's clock is ahead of this machine's; `None` if AWS has not answered.
    pub clock: Option<ClockOffset>,
}

/// How far a clock is ahead of ours, in milliseconds; negative: behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset(pub i64);

impl ClockOffset {
    /// How far apart the two are.
    #[must_use]
    pub fn apart(self) -> Duration {
        Duration::from_millis(self.0.unsigned_abs())
    }

    /// Ours shows less than the other.
    #[must_use]
    pub fn is_behind(self) -> bool {
        self.0 > 0
    }
}

/// Whom a profile leads to.
#[derive(Clone, Debug)]
pub struct ProfileFinding {
    /// The profile's name.
    pub name: String,
    /// Its principal, or why it leads to none.
    pub identity: Result<Identity, Error>,
}

/// What one call was answered.
#[derive(Clone, Debug)]
pub struct CallFinding {
    /// Where AWS was asked.
    pub region: String,
    /// Service and operation, as in `ec2:DescribeInstances`.
    pub operation: String,
    /// How long it took.
    pub took: Duration,
    /// Why there was no answer, if there was none.
    pub error: Option<Error>,
}
