//! Moments that still mean something after a restart, and the age between two.
//!
//! Within one boot of the machine the clock that counts since then tells the age,
//! and nobody can set it. Across boots there is only the wall clock, which can be
//! set to anything: an age by it is never less than what is certain, and never
//! makes data look fresh.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::codec::{Damaged, Input, Output};
use crate::clock::Clock;

/// What is older is not read any more, and goes. Also the age of what a clock that
/// was set back makes out to come from the future: how old that is cannot be
/// known, so it counts as being as old as anything can be.
pub const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Two readings of one boot differ by less, if nobody sets the wall clock.
const DRIFT: Duration = Duration::from_secs(2);

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Names one boot of the machine, where the system does.
    pub boot: Option<[u8; 16]>,
    /// On the clock that counts since that boot.
    pub since_boot: Duration,
    /// On the wall clock.
    pub wall: SystemTime,
}

impl Moment {
    /// How old at `now` is what is of this moment. Across boots it is at least
    /// `expired`, because only AWS can tell then how old it really is.
    #[must_use]
    pub fn age(&self, now: &Self, expired: Duration) -> Duration {
        if self.is_same_boot(now) {
            let age = now.since_boot.checked_sub(self.since_boot);
            return age.unwrap_or(MAX_AGE);
        }
        let by_wall = now.wall.duration_since(self.wall).unwrap_or(MAX_AGE);
        // It was there before this boot.
        by_wall.max(now.since_boot).max(expired)
    }

    /// How long ago by the wall clock this was; `None` if that is not so.
    #[must_use]
    pub fn wall_age(&self, now: &Self) -> Option<Duration> {
        now.wall.duration_since(self.wall).ok()
    }

    fn is_same_boot(&self, now: &Self) -> bool {
        match (self.boot, now.boot) {
            (Some(then), Some(now)) => then == now,
            (None, None) => {
                let (then, now) = (self.booted_at(), now.booted_at());
                then.abs_diff(now) < DRIFT
            }
            _ => false,
        }
    }

    /// When the machine was booted, after 1970.
    fn booted_at(&self) -> Duration {
        let wall = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        wall.saturating_sub(self.since_boot)
    }

    pub(crate) fn write(&self, out: &mut Output<'_>) -> std::io::Result<()> {
        out.bytes(&self.boot.unwrap_or_default())?;
        write_duration(self.since_boot, out)?;
        write_time(self.wall, out)
    }

    pub(crate) fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let boot = input.array()?;
        Ok(Self {
            boot: (boot != [0; 16]).then_some(boot),
            since_boot: read_duration(input)?,
            wall: read_time(input)?,
        })
    }
}

/// Writes a time after 1970; an earlier one becomes that.
pub(crate) fn write_time(time: SystemTime, out: &mut Output<'_>) -> std::io::Result<()> {
    write_duration(time.duration_since(UNIX_EPOCH).unwrap_or_default(), out)
}

/// Reads what [`write_time`] wrote.
pub(crate) fn read_time(input: &mut Input<'_>) -> Result<SystemTime, Damaged> {
    let since = read_duration(input)?;
    UNIX_EPOCH.checked_add(since).ok_or(IMPOSSIBLE)
}

fn write_duration(duration: Duration, out: &mut Output<'_>) -> std::io::Result<()> {
    out.u64(duration.as_secs())?;
    out.u32(duration.subsec_nanos())
}

fn read_duration(input: &mut Input<'_>) -> Result<Duration, Damaged> {
    let (seconds, nanos) = (input.u64()?, input.u32()?);
    if nanos >= 1_000_000_000 {
        return Err(IMPOSSIBLE);
    }
    Ok(Duration::new(seconds, nanos))
}

const IMPOSSIBLE: Damaged = Damaged("a time is impossible");

/// Where moments come from.
#[derive(Clone)]
pub struct Moments(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Moments {
    /// Those of this machine, with this clock since boot.
    #[must_use]
    pub fn of_this_machine(clock: Clock) -> Self {
        let boot = std::sync::OnceLock::new();
        Self::from_fn(move || Moment {
            boot: *boot.get_or_init(boot_id),
            since_boot: clock.now(),
            wall: SystemTime::now(),
        })
    }

    /// Those that `read` gives.
    #[must_use]
    pub fn from_fn(read: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The present one.
    #[must_use]
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}

impl fmt::Debug for Moments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moments").field(&self.now()).finish()
    }
}

/// Linux names its boots.
fn boot_id() -> Option<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    parse_boot_id(text.trim())
}

fn parse_boot_id(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[a, b]| (a << 4 | b) as u8).collect();
    rest.is_empty().then(|| bytes.try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);
    const EXPIRED: Duration = Duration::from_secs(360);

    fn at(boot: u8, since_boot: Duration, wall: Duration) -> Moment {
        Moment {
            boot: Some([boot; 16]),
            since_boot,
            wall: UNIX_EPOCH + 1000 * HOUR + wall,
        }
    }

    #[test]
    fn within_one_boot_the_wall_clock_changes_no_age() {
        let then = at(1, 10 * HOUR, HOUR);
        for wall in [Duration::ZERO, HOUR, 2 * HOUR, 99 * HOUR] {
            let now = at(1, 10 * HOUR + MINUTE, wall);
            assert_eq!(then.age(&now, EXPIRED), MINUTE);
        }
    }

    #[test]
    fn across_boots_nothing_is_younger_than_expired_or_than_the_boot() {
        let then = at(1, 10 * HOUR, HOUR);
        let soon = at(2, MINUTE, HOUR + 2 * MINUTE);
        assert_eq!(then.age(&soon, EXPIRED), EXPIRED);
        // The clock was set back by an hour between the two.
        let set_back = at(2, 50 * MINUTE, HOUR + MINUTE);
        assert_eq!(then.age(&set_back, EXPIRED), 50 * MINUTE);
        let later = at(2, MINUTE, 6 * HOUR);
        assert_eq!(then.age(&later, EXPIRED), 5 * HOUR);
    }

    #[test]
    fn what_comes_from_the_future_is_as_old_as_can_be() {
        let then = at(1, 10 * HOUR, 2 * HOUR);
        assert_eq!(then.age(&at(2, MINUTE, HOUR), EXPIRED), MAX_AGE);
        assert_eq!(then.age(&at(1, 9 * HOUR, 3 * HOUR), EXPIRED), MAX_AGE);
        assert_eq!(then.wall_age(&at(2, MINUTE, HOUR)), None);
    }

    #[test]
    fn a_system_that_names_no_boots_tells_them_by_when_they_were() {
        let unnamed = |since_boot, wall| Moment {
            boot: None,
            ..at(0, since_boot, wall)
        };
        let then = unnamed(10 * HOUR, HOUR);
        let later = unnamed(10 * HOUR + MINUTE, HOUR + MINUTE);
        assert_eq!(then.age(&later, EXPIRED), MINUTE);
        // Somebody set the clock: it might as well be another boot.
        let set_back = unnamed(10 * HOUR + MINUTE, MINUTE);
        assert_eq!(then.age(&set_back, EXPIRED), MAX_AGE);
        let named = at(1, 10 * HOUR + MINUTE, HOUR + MINUTE);
        assert_eq!(then.age(&named, EXPIRED), 10 * HOUR + MINUTE);
    }

    #[test]
    fn linux_names_a_boot_with_32_digits() {
        let id = parse_boot_id("01020304-0506-0708-090a-0b0c0d0e0f10");
        assert_eq!(
            id,
            Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
        );
        assert_eq!(parse_boot_id(""), None);
        assert_eq!(parse_boot_id("01020304"), None);
        assert_eq!(parse_boot_id("x"), None);
    }
}
