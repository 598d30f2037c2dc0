//! Keeps the directory small: what is old goes, then the oldest beyond the room.

use std::io;
use std::time::{Duration, SystemTime};

use super::folder::{Folder, Found};
use super::moment::MAX_AGE;
use super::secret;

/// How often, at most; and only where something was written.
pub(super) const EVERY: Duration = Duration::from_secs(3600);
/// All files together: a few hundred regions of 1,000 instances each.
const MAX_BYTES: u64 = 256 << 20;
/// All files together.
const MAX_FILES: usize = 2000;
/// A file that is still being written by then never will be.
const UNFINISHED_AGE: Duration = Duration::from_secs(600);

/// Removes what is too old or too much.
pub(super) fn sweep(folder: &Folder, now: SystemTime) {
    let swept = folder.list().and_then(|found| {
        surplus(found, now)
            .iter()
            .try_for_each(|name| folder.remove(name).map(drop))
    });
    if let Err(error) = swept {
        tracing::warn!(%error, folder = %folder.path().display(), "the cache cannot be swept");
    }
}

/// Removes everything.
pub(super) fn wipe(folder: &Folder) {
    if !folder.exists() {
        return;
    }
    let wiped: io::Result<()> = folder.list().and_then(|found| {
        found
            .iter()
            .try_for_each(|found| folder.remove(&found.name).map(drop))
    });
    folder.remove_itself();
    match wiped {
        Ok(()) => tracing::info!(
            folder = %folder.path().display(),
            "nothing is to be kept on disk any more: what was there is removed"
        ),
        Err(error) => {
            tracing::warn!(%error, folder = %folder.path().display(), "the cache cannot be removed");
        }
    }
}

/// The names of what goes.
fn surplus(mut found: Vec<Found>, now: SystemTime) -> Vec<String> {
    // The key comes first: without it nothing else is of use.
    found.sort_by_key(|found| {
        (
            found.name != secret::FILE,
            std::cmp::Reverse(found.modified),
        )
    });
    let (mut files, mut bytes) = (0, 0);
    let mut keep = |found: &Found| {
        if found.name == secret::FILE {
            return true;
        }
        let limit = match found.is_unfinished() {
            true => UNFINISHED_AGE,
            false => MAX_AGE,
        };
        if found.age(now) > limit {
            return false;
        }
        files += 1;
        bytes += found.size;
        files <= MAX_FILES && bytes <= MAX_BYTES
    };
    found.retain(|found| !keep(found));
    found.into_iter().map(|found| found.name).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn now() -> SystemTime {
        UNIX_EPOCH + 1000 * DAY
    }

    fn file(name: &str, size: u64, age: Duration) -> Found {
        Found {
            name: name.to_owned(),
            size,
            modified: now() - age,
        }
    }

    #[test]
    fn what_is_old_goes_and_the_key_stays() {
        let found = vec![
            file("key", 80, 900 * DAY),
            file("a", 1, 8 * DAY),
            file("b", 1, 6 * DAY),
            file(".new-1", 1, DAY),
            file(".new-2", 1, Duration::ZERO),
        ];
        assert_eq!(surplus(found, now()), [".new-1", "a"]);
    }

    #[test]
    fn the_oldest_beyond_the_room_go() {
        let half = MAX_BYTES / 2;
        let found = vec![
            file("old", half, 3 * DAY),
            file("new", half, DAY),
            file("older", 1, 4 * DAY),
            file("key", 80, 900 * DAY),
        ];
        assert_eq!(surplus(found, now()), ["older"]);
    }

    #[test]
    fn ten_thousand_small_files_are_too_many() {
        let files = (0..10_000).map(|n| file(&n.to_string(), 1, Duration::from_secs(n)));
        let gone = surplus(files.collect(), now());
        assert_eq!(gone.len(), 10_000 - MAX_FILES);
        assert!(!gone.contains(&"0".to_owned()));
    }

    #[test]
    fn a_clock_that_was_set_back_removes_nothing() {
        let found = vec![file("a", 1, DAY)];
        assert!(surplus(found, now() - 30 * DAY).is_empty());
    }
}
