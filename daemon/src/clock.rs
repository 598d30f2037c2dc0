//! The one clock that ages are measured by.
//!
//! It counts time since boot, sleep included, so that a laptop that was closed
//! for an hour comes back to data that is an hour old, and a changed wall clock
//! changes no age.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A monotonic clock; clones read the same one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// Time since boot, sleep included where the system can tell.
    #[must_use]
    pub fn boot() -> Self {
        Self(Arc::new(since_boot))
    }

    /// A clock that a test turns by hand.
    #[cfg(test)]
    #[must_use]
    pub fn from_fn(read: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Time since an arbitrary origin.
    #[must_use]
    pub fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(target_os = "linux")]
    let id = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let id = ClockId::Monotonic;
    let time = clock_gettime(id);
    let secs = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(secs, nanos)
}
