//! Which versions understand each other.
//!
//! Every request and every answer carries the sender's version in two headers, so
//! that skew is noticed without a round trip of its own. Within one protocol
//! major both sides understand each other whatever their minors are; another
//! major listens on another socket, so that the two meet by mistake only.

use std::cmp::Ordering;

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::domain::{Error, ErrorKind};

/// Grows when a peer of the version before would misunderstand; the socket's
/// name carries it.
pub const PROTOCOL_MAJOR: u32 = 1;
/// Grows with additions that older peers ignore.
pub const PROTOCOL_MINOR: u32 = 0;
/// Both numbers as they travel.
const PROTOCOL: &str = "1.0";
/// Version of the program this is compiled into.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// Header that carries `MAJOR.MINOR`.
pub const PROTOCOL_HEADER: &str = "aws-ssm-protocol";
/// Header that carries the program's version.
pub const BUILD_HEADER: &str = "aws-ssm-build";

/// The version of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Breaking version of the protocol.
    pub major: u32,
    /// Additions to the protocol.
    pub minor: u32,
    /// Version of the program.
    pub build: String,
}

/// What a client does about a daemon of some version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They understand each other.
    Use,
    /// They understand each other, but the daemon is left over from before an
    /// upgrade: it ends as soon as nobody is connected, and the next command
    /// starts the new one.
    UseAndRetire,
    /// They do not understand each other.
    Incompatible,
}

impl Version {
    /// The version this was compiled as.
    #[must_use]
    pub fn ours() -> Self {
        Self {
            major: PROTOCOL_MAJOR,
            minor: PROTOCOL_MINOR,
            build: BUILD.to_owned(),
        }
    }

    /// What the other side announced; `None` for a peer that announces nothing,
    /// such as a general gRPC tool.
    #[must_use]
    pub fn announced(metadata: &MetadataMap) -> Option<Self> {
        let text = |name| metadata.get(name)?.to_str().ok();
        let (major, minor) = text(PROTOCOL_HEADER)?.split_once('.')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
            build: text(BUILD_HEADER).unwrap_or_default().to_owned(),
        })
    }
}

/// Puts our version into a request or an answer.
pub fn announce(metadata: &mut MetadataMap) {
    metadata.insert(PROTOCOL_HEADER, MetadataValue::from_static(PROTOCOL));
    metadata.insert(BUILD_HEADER, MetadataValue::from_static(BUILD));
}

/// What `client` does about `daemon`. Both sides come to the same decision.
#[must_use]
pub fn decide(client: &Version, daemon: &Version) -> Decision {
    if client.major != daemon.major {
        return Decision::Incompatible;
    }
    let older = (daemon.minor, Build::of(&daemon.build)) < (client.minor, Build::of(&client.build));
    if older {
        Decision::UseAndRetire
    } else {
        Decision::Use
    }
}

/// For the daemon: whether it may serve a caller, and whether it is to retire.
/// A caller that announces nothing is served.
///
/// # Errors
///
/// The caller speaks another major.
pub fn admit(metadata: &MetadataMap) -> Result<Decision, Error> {
    let Some(client) = Version::announced(metadata) else {
        return Ok(Decision::Use);
    };
    let daemon = Version::ours();
    match decide(&client, &daemon) {
        Decision::Incompatible => Err(incompatible(&client, &daemon)),
        decision => Ok(decision),
    }
}

/// For the client: what a failed call has to do with versions, if anything.
#[must_use]
pub fn explain(status: &Status) -> Option<Error> {
    let daemon = Version::announced(status.metadata())?;
    let client = Version::ours();
    match decide(&client, &daemon) {
        Decision::Incompatible => Some(incompatible(&client, &daemon)),
        _ if status.code() == Code::Unimplemented => Some(unknown_call(&client, &daemon)),
        _ => None,
    }
}

/// Both versions, and which side to renew.
#[must_use]
pub fn incompatible(client: &Version, daemon: &Version) -> Error {
    let hint = if client.major > daemon.major {
        "run `aws-ssm daemon restart`, so that the daemon is of this version too"
    } else {
        "update aws-ssm: this program is older than the daemon that runs"
    };
    Error::new(
        ErrorKind::Daemon,
        "aws-ssm and the running daemon do not understand each other",
    )
    .why(both(client, daemon))
    .hint(hint)
}

fn unknown_call(client: &Version, daemon: &Version) -> Error {
    Error::new(
        ErrorKind::Daemon,
        "the running daemon does not know this command",
    )
    .why(both(client, daemon))
    .hint("run `aws-ssm daemon restart`")
}

fn both(client: &Version, daemon: &Version) -> String {
    format!(
        "aws-ssm {} speaks protocol {}.{}, aws-ssmd {} speaks {}.{}",
        client.build, client.major, client.minor, daemon.build, daemon.major, daemon.minor
    )
}

/// A build as it is compared: by its numbers, a pre-release before its release.
/// One that is not made of numbers compares equal to everything, so that nobody
/// retires over a name.
struct Build<'a>(Option<([u64; 3], Option<&'a str>)>);

impl<'a> Build<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let mut parts = numbers.split('.').map(str::parse);
        let mut next = || parts.next().and_then(Result::ok);
        let numbers = (|| Some([next()?, next()?, next()?]))();
        Self(numbers.map(|numbers| (numbers, pre)))
    }
}

impl PartialEq for Build<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Build<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (Some((ours, our_pre)), Some((theirs, their_pre))) = (&self.0, &other.0) else {
            return Some(Ordering::Equal);
        };
        let pre = match (our_pre, their_pre) {
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            // Two pre-releases of one version are left alone: their names need
            // not tell which came first.
            _ => Ordering::Equal,
        };
        Some(ours.cmp(theirs).then(pre))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32, minor: u32, build: &str) -> Version {
        Version {
            major,
            minor,
            build: build.into(),
        }
    }

    #[test]
    fn the_table_of_skew() {
        use Decision::{Incompatible, Use, UseAndRetire};
        let client = version(1, 2, "0.3.0");
        let rows = [
            (version(1, 2, "0.3.0"), Use, "the same"),
            (version(1, 2, "0.2.9"), UseAndRetire, "an older build"),
            (
                version(1, 2, "0.3.0-rc.1"),
                UseAndRetire,
                "a pre-release of ours",
            ),
            (version(1, 2, "0.3.1"), Use, "a newer build"),
            (
                version(1, 2, "0.10.0"),
                Use,
                "a newer build, compared as numbers",
            ),
            (version(1, 1, "0.3.0"), UseAndRetire, "an older minor"),
            (
                version(1, 3, "0.2.0"),
                Use,
                "a newer minor, whatever its build",
            ),
            (version(1, 2, "main"), Use, "a build without numbers"),
            (version(1, 2, ""), Use, "no build at all"),
            (version(2, 0, "0.3.0"), Incompatible, "a newer major"),
            (version(0, 9, "0.3.0"), Incompatible, "an older major"),
        ];
        for (daemon, expected, row) in rows {
            assert_eq!(decide(&client, &daemon), expected, "{row}");
        }
    }

    #[test]
    fn what_is_announced_is_read_back() {
        let mut metadata = MetadataMap::new();
        announce(&mut metadata);
        assert_eq!(Version::announced(&metadata), Some(Version::ours()));
    }

    #[test]
    fn a_peer_that_announces_nothing_or_nonsense_is_served() {
        let mut metadata = MetadataMap::new();
        assert_eq!(admit(&metadata), Ok(Decision::Use));
        metadata.insert(PROTOCOL_HEADER, MetadataValue::from_static("one"));
        assert_eq!(admit(&metadata), Ok(Decision::Use));
    }

    #[test]
    fn another_major_is_refused_in_three_parts_with_both_versions() {
        let mut metadata = MetadataMap::new();
        metadata.insert(PROTOCOL_HEADER, MetadataValue::from_static("7.3"));
        metadata.insert(BUILD_HEADER, MetadataValue::from_static("9.8.7"));
        let error = admit(&metadata).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Daemon);
        assert!(error.why.contains("9.8.7") && error.why.contains("7.3"));
        assert!(error.why.contains(BUILD));
        assert!(!error.hint.is_empty());
    }

    #[test]
    fn the_older_side_is_the_one_to_renew() {
        let (old, new) = (version(1, 0, "0.1.0"), version(2, 0, "1.0.0"));
        assert!(incompatible(&new, &old).hint.contains("daemon restart"));
        assert!(incompatible(&old, &new).hint.contains("update aws-ssm"));
    }

    #[test]
    fn a_failure_of_a_daemon_of_our_version_is_not_explained_by_versions() {
        let mut status = Status::unavailable("throttled");
        assert_eq!(explain(&status), None);
        announce(status.metadata_mut());
        assert_eq!(explain(&status), None);
    }

    #[test]
    fn a_call_that_the_daemon_does_not_know_is_explained() {
        let mut status = Status::unimplemented("");
        announce(status.metadata_mut());
        assert!(explain(&status).unwrap().hint.contains("restart"));
    }
}
