//! One daemon for each socket: whoever holds the lock.
//!
//! The lock is the system's and goes with the process, however it ends. A socket
//! is removed only by who holds its lock, so a dead daemon's is cleared and a
//! living one's never.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two attempts.
const POLL: Duration = Duration::from_millis(10);

/// Held for as long as the daemon lives; dropping it lets the next one in.
#[derive(Debug)]
#[must_use = "the next daemon may start as soon as this is dropped"]
pub struct Lock {
    _file: File,
}

/// What waiting for the lock came to.
#[derive(Debug)]
pub(super) enum Acquired {
    Ours(Lock),
    /// Another daemon holds it, and serves.
    Served,
    /// Another daemon still held it when patience ran out, and does not serve.
    Held,
}

impl Lock {
    /// Waits up to `patience` for the lock at `path`: a daemon that ends holds it
    /// until it has. Gives up at once if the holder turns out to serve.
    pub(super) async fn acquire(
        path: &Path,
        patience: Duration,
        is_served: impl Fn() -> bool,
    ) -> io::Result<Acquired> {
        let deadline = Instant::now() + patience;
        loop {
            match Self::attempt(path)? {
                Some(lock) => return Ok(Acquired::Ours(lock)),
                None if is_served() => return Ok(Acquired::Served),
                None if Instant::now() >= deadline => return Ok(Acquired::Held),
                None => sleep(POLL).await,
            }
        }
    }

    fn attempt(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // A lock on a file that has been removed guards nothing.
        let guards = path.metadata().is_ok_and(|found| {
            file.metadata()
                .is_ok_and(|ours| (ours.dev(), ours.ino()) == (found.dev(), found.ino()))
        });
        Ok(guards.then_some(Self { _file: file }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const AMPLE: Duration = Duration::from_secs(60);

    async fn ours(path: &Path) -> Lock {
        match Lock::acquire(path, AMPLE, || false).await.unwrap() {
            Acquired::Ours(lock) => lock,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_only_one_gets_it() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let first = ours(&path).await;
        let second = Lock::acquire(&path, AMPLE, || false).await.unwrap();
        assert!(matches!(second, Acquired::Held), "{second:?}");
        drop(first);
        let _third = ours(&path).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_daemon_that_serves() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let _first = ours(&path).await;
        let began = Instant::now();
        let second = Lock::acquire(&path, AMPLE, || true).await.unwrap();
        assert!(matches!(second, Acquired::Served), "{second:?}");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn it_is_waited_for_while_its_holder_ends() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let first = ours(&path).await;
        let (_second, ()) = tokio::join!(ours(&path), async {
            tokio::task::yield_now().await;
            drop(first);
        });
    }

    #[tokio::test]
    async fn a_lock_whose_file_was_removed_is_taken_anew() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let _orphan = ours(&path).await;
        fs::remove_file(&path).unwrap();
        let _second = ours(&path).await;
    }
}
