//! Whether anybody listens on a socket, asked without waiting.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

/// Who answers at a socket's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// There is no file.
    Absent,
    /// There is a file, and nobody behind it.
    Stale,
    /// Somebody listens; whether he still answers is another question.
    Listening,
}

/// Tries to connect to `path` and never waits, however long the queue is there.
///
/// # Errors
///
/// The path cannot be a socket's, or may not be connected to.
pub fn probe(path: &Path) -> io::Result<Probe> {
    let address = SocketAddrUnix::new(path)?;
    let socket: OwnedFd = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    match connect(&socket, &address) {
        // A full queue is somebody's queue.
        Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS) => Ok(Probe::Listening),
        Err(Errno::NOENT) => Ok(Probe::Absent),
        Err(Errno::CONNREFUSED) => Ok(Probe::Stale),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{bind, listen};

    use super::*;

    /// A socket that has a name and does not listen, as a dead daemon's.
    fn bound(path: &Path) -> OwnedFd {
        let address = SocketAddrUnix::new(path).unwrap();
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&socket, &address).unwrap();
        socket
    }

    #[test]
    fn the_three_answers() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        assert_eq!(probe(&path).unwrap(), Probe::Absent);
        let nobody = bound(&path);
        assert_eq!(probe(&path).unwrap(), Probe::Stale);
        listen(&nobody, 1).unwrap();
        assert_eq!(probe(&path).unwrap(), Probe::Listening);
    }

    #[test]
    fn a_full_queue_is_somebodys() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let crowded = bound(&path);
        listen(&crowded, 0).unwrap();
        for _ in 0..4 {
            // Kept in the queue: closing our end does not take it out.
            assert_eq!(probe(&path).unwrap(), Probe::Listening);
        }
    }
}
