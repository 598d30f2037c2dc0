//! Whether the daemon still is what its callers reach.
//!
//! A daemon whose socket was removed can be reached by nobody and would live on
//! beside its successor; one whose program was replaced answers as the version
//! before. Both are noticed within a minute.

use std::fs::{Metadata, remove_file};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use super::drain::Reason;
use super::life::Life;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(60);

/// The socket's file, told from any other that may come to its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// The file that is there now.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn at(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        Ok(Self {
            path: path.to_owned(),
            device: found.dev(),
            inode: found.ino(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_ours(&self) -> bool {
        Self::at(&self.path).is_ok_and(|found| found == *self)
    }

    /// Removes it, unless another has come to its place.
    ///
    /// # Errors
    ///
    /// It stays.
    pub fn remove(&self) -> io::Result<()> {
        if self.is_ours() {
            remove_file(&self.path)
        } else {
            Ok(())
        }
    }
}

/// The program this process was started from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    path: PathBuf,
    stamp: (u64, u64, i64, i64),
}

impl Program {
    pub(super) fn at(path: PathBuf) -> io::Result<Self> {
        let stamp = stamp(&path.metadata()?);
        Ok(Self { path, stamp })
    }

    /// Whether its file is another by now. One that is missing has not been
    /// replaced yet.
    fn is_replaced(&self) -> bool {
        self.path
            .metadata()
            .is_ok_and(|found| stamp(&found) != self.stamp)
    }
}

fn stamp(found: &Metadata) -> (u64, u64, i64, i64) {
    (found.dev(), found.ino(), found.mtime(), found.mtime_nsec())
}

/// Begins the end when the socket is lost, and retires the daemon when its
/// program is replaced. Returns when the end has begun.
pub(super) async fn watch(life: &Life, socket: Option<&SocketFile>, program: Option<&Program>) {
    let shutdown = life.shutdown();
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = shutdown.draining().cancelled() => return,
        }
        if socket.is_some_and(|socket| !socket.is_ours()) {
            shutdown.begin(Reason::SocketLost, false);
        }
        if program.is_some_and(Program::is_replaced) {
            life.retire();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_daemon_whose_socket_was_replaced_ends_within_a_minute() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _ours = UnixListener::bind(&path).unwrap();
        let socket = SocketFile::at(&path).unwrap();
        assert!(socket.is_ours());
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();

        let life = Life::new(None);
        let began = Instant::now();
        watch(&life, Some(&socket), None).await;
        assert_eq!(life.shutdown().reason(), Some(Reason::SocketLost));
        assert!(began.elapsed() <= INTERVAL + Duration::from_secs(1));
        socket.remove().unwrap();
        assert!(path.exists(), "another's socket is left alone");
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_whose_program_was_replaced_retires() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("aws-ssmd");
        fs::write(&path, "old").unwrap();
        let program = Program::at(path.clone()).unwrap();
        assert!(!program.is_replaced());
        fs::remove_file(&path).unwrap();
        assert!(!program.is_replaced(), "an upgrade may be half way");
        fs::write(temp.path().join("new"), "new").unwrap();
        fs::rename(temp.path().join("new"), &path).unwrap();

        let life = Life::new(None);
        watch(&life, None, Some(&program)).await;
        assert_eq!(life.shutdown().reason(), Some(Reason::Retired));
    }

    #[test]
    fn our_own_socket_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        SocketFile::at(&path).unwrap().remove().unwrap();
        assert!(!path.exists());
    }
}
