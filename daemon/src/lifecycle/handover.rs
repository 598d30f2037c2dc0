//! Passing the socket and the lock from one process to the next, while it listens.
//!
//! Both are descriptors, sent over the socket that is the next one's standard input.
//! The socket listens all the time, so nobody who connects meanwhile is refused; the
//! lock is held by both until the first lets go, so no third can come in between.
//! The next one confirms that it has taken them: an older program, which knows
//! nothing of this, does not.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Goes with the descriptors, since nothing can be sent without a byte.
const HANDED: &[u8; 1] = b"h";
/// Says that they are taken over.
const TAKEN: &[u8; 1] = b"t";

/// What is sent is there before its reader is started.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a daemon takes over.
#[derive(Debug)]
pub(super) struct Inheritance {
    pub(super) listener: UnixListener,
    pub(super) lock: File,
    confirm: UnixStream,
}

/// What is handed over: our end, on which it is confirmed, and theirs.
///
/// # Errors
///
/// The system has no descriptors left.
pub(super) fn hand_over(
    listener: impl AsFd,
    lock: impl AsFd,
) -> io::Result<(Confirmation, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    let handed = [listener.as_fd(), lock.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut descriptors = SendAncillaryBuffer::new(&mut space);
    let fits = descriptors.push(SendAncillaryMessage::ScmRights(&handed));
    debug_assert!(fits, "the space is for two");
    sendmsg(
        &ours,
        &[IoSlice::new(HANDED)],
        &mut descriptors,
        SendFlags::empty(),
    )?;
    Ok((Confirmation(ours), theirs.into()))
}

/// Where a successor says that it has taken over.
#[derive(Debug)]
pub(super) struct Confirmation(UnixStream);

impl Confirmation {
    /// Whether it has. Does not wait: to be asked once it is ready.
    pub(super) fn confirmed(mut self) -> bool {
        let mut byte = [0];
        let read = self.0.set_nonblocking(true);
        read.and_then(|()| self.0.read(&mut byte)).is_ok() && byte == *TAKEN
    }
}

impl Inheritance {
    /// Takes what another daemon hands over.
    ///
    /// # Errors
    ///
    /// Nothing of the kind comes.
    pub(super) fn receive(papers: UnixStream) -> io::Result<Self> {
        papers.set_read_timeout(Some(PATIENCE))?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut room = [IoSliceMut::new(&mut byte)];
        recvmsg(&papers, &mut room, &mut ancillary, RecvFlags::empty())?;
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        for descriptor in &descriptors {
            fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
        }
        let [listener, lock] = <[OwnedFd; 2]>::try_from(descriptors)
            .map_err(|_| io::Error::other("no socket and no lock were handed over"))?;
        Ok(Self {
            listener: listener.into(),
            lock: lock.into(),
            confirm: papers,
        })
    }

    /// Says that it is taken over.
    ///
    /// # Errors
    ///
    /// The other daemon is gone.
    pub(super) fn confirm(mut self) -> io::Result<(UnixListener, File)> {
        self.confirm.write_all(TAKEN)?;
        Ok((self.listener, self.lock))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_socket_that_is_handed_over_listens_all_the_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let lock = File::create(temp.path().join("l")).unwrap();
        lock.try_lock().unwrap();
        let (confirmation, theirs) = hand_over(&listener, &lock).unwrap();
        let mut caller = UnixStream::connect(&path).unwrap();
        drop(listener);
        let inode = lock.metadata().unwrap().ino();
        drop(lock);

        let inherited = Inheritance::receive(theirs.into()).unwrap();
        let (listener, lock) = inherited.confirm().unwrap();
        assert!(confirmation.confirmed());
        assert_eq!(lock.metadata().unwrap().ino(), inode);
        let rival = File::open(temp.path().join("l")).unwrap();
        assert!(rival.try_lock().is_err(), "it was locked all the time");
        let (mut served, _) = listener.accept().unwrap();
        served.write_all(b"d").unwrap();
        let mut byte = [0];
        caller.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"d");
    }

    #[test]
    fn a_program_that_knows_nothing_of_it_confirms_nothing() {
        let lock = tempfile::tempfile().unwrap();
        let (confirmation, theirs) = hand_over(&lock, &lock).unwrap();
        drop(theirs);
        assert!(!confirmation.confirmed());
    }

    #[test]
    fn what_is_no_handover_is_refused() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(HANDED).unwrap();
        Inheritance::receive(theirs).unwrap_err();
    }
}
