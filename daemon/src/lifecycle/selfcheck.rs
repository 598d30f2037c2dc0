//! Whether the daemon still is what its callers reach.
//!
//! A daemon whose socket was removed can be reached by nobody and would live on
//! beside its successor; one whose program was replaced answers as the version
//! before. Both are noticed within a minute. One whose program was removed is of no use
//! to anybody; that takes two looks, because an upgrade may remove before it installs.

use std::fs::remove_file;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use super::drain::Reason;
use super::life::Life;
use super::program::Program;

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

/// Begins the end when the socket is lost, or once nobody is connected when the program
/// is removed; has the daemon make room when its program is replaced. Returns when the
/// end has begun.
pub(super) async fn watch(life: &Life, socket: Option<&SocketFile>, program: Option<&Program>) {
    let shutdown = life.shutdown();
    let mut was_missing = false;
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = shutdown.draining().cancelled() => return,
        }
        if socket.is_some_and(|socket| !socket.is_ours()) {
            shutdown.begin(Reason::SocketLost, false);
        }
        if program.is_some_and(|program| program.replaced_by().is_some()) {
            life.retire();
        }
        let is_missing = program.is_some_and(Program::is_missing);
        if is_missing && was_missing {
            life.end_when_alone(Reason::Removed);
        }
        was_missing = is_missing;
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
    async fn a_program_that_was_replaced_is_noticed_within_a_minute() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("aws-ssmd");
        let write = |path: &Path, content: &str| {
            fs::write(path, content).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write(&path, "old");
        let program = Program::at(path.clone()).unwrap();
        write(&temp.path().join("new"), "new");
        fs::rename(temp.path().join("new"), &path).unwrap();

        let life = Life::new(None);
        let began = Instant::now();
        tokio::select! {
            () = watch(&life, None, Some(&program)) => panic!("it does not end for that"),
            () = life.asked_to_retire() => {}
        }
        assert!(began.elapsed() <= INTERVAL + Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_whose_program_was_removed_ends_when_its_last_caller_leaves() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("aws-ssmd");
        fs::write(&path, "program").unwrap();
        let program = Program::at(path.clone()).unwrap();
        let life = Life::new(None);
        life.caller_came();
        let script = async {
            // Missing at one look only, as in an upgrade that removes before it installs.
            fs::rename(&path, temp.path().join("aside")).unwrap();
            sleep(INTERVAL * 3 / 2).await;
            fs::rename(temp.path().join("aside"), &path).unwrap();
            sleep(INTERVAL).await;
            fs::remove_file(&path).unwrap();
            sleep(INTERVAL).await;
            life.caller_left();
            assert_eq!(life.shutdown().reason(), None, "an upgrade may be half way");
            life.caller_came();
            sleep(INTERVAL).await;
            assert_eq!(life.shutdown().reason(), None, "somebody is connected");
            life.caller_left();
        };
        tokio::join!(watch(&life, None, Some(&program)), script);
        assert_eq!(life.shutdown().reason(), Some(Reason::Removed));
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
