//! A start that failed, kept for the clients that would only fail again.
//!
//! It spares two kinds of client: those who waited while the start failed (a
//! stampede on a broken configuration pays once), and for a few seconds those
//! after a start that took long to fail. A start that fails at once is tried
//! again at once, so that whoever has mended the reason is not told the old one.
//!
//! The file is read and written by whoever holds the startup lock.

use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{DaemonCommand, report};
use crate::domain::Error;

/// A failure that took this long is worth sparing others.
const SLOW: Duration = Duration::from_secs(1);

/// How long others are spared it.
const REMEMBERED: Duration = Duration::from_secs(5);

/// How one start failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// When it had failed.
    pub at: SystemTime,
    /// How long that took.
    pub took: Duration,
    /// What was started.
    pub command: u64,
    /// Why it failed.
    pub error: Error,
}

/// Tells commands apart for as long as a failure is remembered.
pub(super) fn identify(command: &DaemonCommand) -> u64 {
    let mut hasher = DefaultHasher::new();
    command.hash(&mut hasher);
    hasher.finish()
}

impl Failure {
    /// Whether a client that has wanted `command` started since `asked` is to take
    /// this failure for its own.
    pub(super) fn spares(&self, command: u64, asked: SystemTime, now: SystemTime) -> bool {
        if self.command != command {
            return false;
        }
        let age = now.duration_since(self.at);
        let recent_and_slow = self.took >= SLOW && age.is_ok_and(|age| age < REMEMBERED);
        self.at >= asked || recent_and_slow
    }

    /// What was remembered; whatever cannot be read was not.
    pub(super) fn recall(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let (head, report) = text.split_once('\n')?;
        let mut numbers = head.split(' ').map(|number| number.parse::<u64>().ok());
        let mut number = || numbers.next().flatten();
        Some(Self {
            at: UNIX_EPOCH + Duration::from_nanos(number()?),
            took: Duration::from_millis(number()?),
            command: number()?,
            error: report::read_failure(report)?,
        })
    }

    /// Remembers it. If that fails, the next client pays, and that is all.
    pub(super) fn remember(&self, path: &Path) {
        let since_epoch = self.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let text = format!(
            "{} {} {}\n{}",
            since_epoch.as_nanos(),
            self.took.as_millis(),
            self.command,
            report::failure(&self.error)
        );
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path);
        let _ = file.and_then(|mut file| file.write_all(text.as_bytes()));
    }

    /// Forgets whatever was remembered, now that a start has succeeded.
    pub(super) fn forget(path: &Path) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    const COMMAND: u64 = 7;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn failure(took: Duration) -> Failure {
        Failure {
            at: at(10),
            took,
            command: COMMAND,
            error: Error::new(ErrorKind::Config, "what")
                .why("why")
                .hint("hint"),
        }
    }

    #[test]
    fn those_who_waited_share_any_failure() {
        let quick = failure(Duration::ZERO);
        assert!(quick.spares(COMMAND, at(9), at(10)));
        assert!(quick.spares(COMMAND, at(10), at(60)));
    }

    #[test]
    fn those_who_come_after_a_quick_failure_try_again() {
        assert!(!failure(Duration::from_millis(900)).spares(COMMAND, at(11), at(11)));
    }

    #[test]
    fn those_who_come_after_a_slow_failure_are_spared_for_five_seconds() {
        let slow = failure(Duration::from_secs(1));
        assert!(slow.spares(COMMAND, at(14), at(14)));
        assert!(!slow.spares(COMMAND, at(15), at(15)));
    }

    #[test]
    fn another_command_is_tried() {
        assert!(!failure(Duration::from_secs(9)).spares(COMMAND + 1, at(9), at(10)));
    }

    #[test]
    fn a_clock_that_was_put_back_spares_nobody_for_long() {
        let slow = failure(Duration::from_secs(1));
        let asked = at(0);
        assert!(
            slow.spares(COMMAND, asked, at(1)),
            "it cannot be told from waiting"
        );
        assert!(!failure(SLOW).spares(COMMAND, at(11), at(9)));
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("f");
        assert_eq!(Failure::recall(&path), None);
        let failure = failure(Duration::from_millis(1500));
        failure.remember(&path);
        assert_eq!(Failure::recall(&path), Some(failure));
        fs::write(&path, "1 2\nfailed config\n").unwrap();
        assert_eq!(Failure::recall(&path), None);
        Failure::forget(&path);
        assert!(!path.exists());
    }

    #[test]
    fn another_argument_is_another_command() {
        let command = DaemonCommand {
            program: "/a".into(),
            args: vec![],
            environment: vec![],
        };
        let mut other = command.clone();
        other.args.push("--config".into());
        assert_eq!(identify(&command), identify(&command.clone()));
        assert_ne!(identify(&command), identify(&other));
    }
}
