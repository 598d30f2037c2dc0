//! Who may be at the other end of the socket: the same user, and nobody else.
//!
//! Both sides hold it. The client checks before it sends anything, since what it
//! sends are credentials; the daemon checks before it reads anything. Root is
//! refused like everyone else, so that `sudo aws-ssm` never acts with the
//! identity of the user whose daemon it would reach.

use std::io;

use rustix::process::geteuid;
use thiserror::Error;
use tokio::net::UnixStream;

/// Why a peer is not talked to.
#[derive(Debug, Error)]
pub enum PeerError {
    /// The system does not say who the peer is.
    #[error("the system does not tell who is at the other end of the socket")]
    Unknown(#[source] io::Error),
    /// The peer runs as another user.
    #[error("user {theirs} is at the other end of the socket, and only user {ours} may be")]
    OtherUser {
        /// The peer's effective user id when it connected or began to listen.
        theirs: u32,
        /// Our own.
        ours: u32,
    },
}

/// Holds the rule for a connected socket.
///
/// # Errors
///
/// The peer's effective user is not ours, or cannot be told.
pub fn check_peer(stream: &UnixStream) -> Result<(), PeerError> {
    let theirs = stream.peer_cred().map_err(PeerError::Unknown)?.uid();
    same_user(theirs, geteuid().as_raw())
}

fn same_user(theirs: u32, ours: u32) -> Result<(), PeerError> {
    if theirs == ours {
        Ok(())
    } else {
        Err(PeerError::OtherUser { theirs, ours })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_ends_of_our_own_pair_may_talk() {
        let (one, other) = UnixStream::pair().unwrap();
        check_peer(&one).unwrap();
        check_peer(&other).unwrap();
    }

    #[test]
    fn another_user_is_refused() {
        assert!(same_user(1001, 1000).is_err());
    }

    #[test]
    fn root_is_refused_by_a_user_and_a_user_by_root() {
        assert!(same_user(0, 1000).is_err());
        assert!(same_user(1000, 0).is_err());
    }

    #[test]
    fn the_reason_names_both_users() {
        let error = same_user(0, 1000).unwrap_err().to_string();
        assert!(error.contains("user 0") && error.contains("user 1000"));
    }
}
