//! One daemon for each socket: whoever holds the lock.
//!
//! The lock is the system's and goes with the process, however it ends. A socket
//! is removed only by who holds its lock, so a dead daemon's is cleared and a
//! living one's never. Its file says which process that is, for those who wait for its
//! end; nothing else is decided by it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two attempts.
const POLL: Duration = Duration::from_millis(10);

/// Held for as long as the daemon lives; dropping it lets the next one in.
#[derive(Debug)]
#[must_use = "the next daemon may start as soon as this is dropped"]
pub struct Lock {
    file: File,
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
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
        let lock = Self::guarding(file, path);
        Ok(lock.inspect(Self::sign))
    }

    /// One that another process holds and hands over, if it guards `path`. It goes on
    /// saying that it is that one's.
    pub(super) fn inherited(file: File, path: &Path) -> Option<Self> {
        Self::guarding(file, path)
    }

    /// A lock on a file that has been removed guards nothing.
    fn guarding(file: File, path: &Path) -> Option<Self> {
        let guards = path.metadata().is_ok_and(|found| {
            file.metadata()
                .is_ok_and(|ours| (ours.dev(), ours.ino()) == (found.dev(), found.ino()))
        });
        guards.then_some(Self { file })
    }

    /// Says that this process holds it.
    pub(super) fn sign(&self) {
        let pid = format!("{}\n", std::process::id());
        let signed = self.file.set_len(0);
        let signed = signed.and_then(|()| self.file.write_all_at(pid.as_bytes(), 0));
        if let Err(error) = signed {
            // Whoever waits for our end looks at the lock itself as well.
            tracing::warn!(%error, "the lock does not say whose it is");
        }
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
    async fn it_says_whose_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        fs::write(&path, "a number that is longer than any process id\n").unwrap();
        let _lock = ours(&path).await;
        let said = fs::read_to_string(&path).unwrap();
        assert_eq!(said.trim(), std::process::id().to_string());
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
