//! The daemon's directories and files, as they look from here. Nothing is made.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use aws_ssm_proto::endpoint::{Endpoint, SOCKET_PATH_MAX, look_at_private_directory};
use aws_ssm_proto::launch;
use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::check::{Check, Name, Status};
use super::{lock, log, space};
use crate::command::unix;
use crate::render::time::Calendar;

pub(super) const SOCKET_PATH: Name = Name::new("files", "socket-path");
const RUN: Name = Name::new("files", "run-directory");
const SOCKET: Name = Name::new("files", "socket");
const STATE: Name = Name::new("files", "state-directory");
const SNAPSHOTS: Name = Name::new("files", "snapshots");
const LOG: Name = Name::new("files", "log");
const START: Name = Name::new("files", "last-start");

/// What is to be looked at.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) endpoint: Endpoint,
    pub(super) log: Option<PathBuf>,
    /// `None`: nothing is kept, or nobody knows where.
    pub(super) snapshots: Option<PathBuf>,
    pub(super) daemon_runs: bool,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) checks: Vec<Check>,
    pub(super) lock: lock::State,
    /// A socket is in its place, whether anybody listens or not.
    pub(super) socket: bool,
    /// The end of the log.
    pub(super) troubles: Vec<log::Trouble>,
}

impl Seen {
    /// No disk could be looked at.
    pub(super) fn nothing(check: Check) -> Self {
        Self {
            checks: vec![check],
            lock: lock::State::Unknown(None),
            socket: false,
            troubles: Vec::new(),
        }
    }
}

pub(super) fn look(wanted: &Wanted) -> Seen {
    let lock = lock::look(&wanted.endpoint);
    let socket = wanted.endpoint.socket.symlink_metadata();
    let log = wanted.log.as_deref();
    Seen {
        checks: checks(wanted, &lock),
        lock,
        socket: socket.is_ok_and(|found| found.file_type().is_socket()),
        troubles: log.map(log::troubles).unwrap_or_default(),
    }
}

fn checks(wanted: &Wanted, lock: &lock::State) -> Vec<Check> {
    let endpoint = &wanted.endpoint;
    let mut checks = vec![
        socket_path(endpoint),
        private(RUN, endpoint.run_dir(), Status::Failed),
        socket(endpoint),
        lock::check(lock),
    ];
    checks.extend(last_start(wanted));
    checks.push(writable(STATE, &endpoint.state_dir));
    checks.extend(wanted.log.as_deref().map(log_file));
    checks.push(match &wanted.snapshots {
        Some(directory) => snapshots(directory),
        None => SNAPSHOTS.skipped("none are kept, or nobody can say where"),
    });
    let places = [Some(endpoint.run_dir()), Some(&*endpoint.state_dir)];
    let places = places.into_iter().chain([wanted.snapshots.as_deref()]);
    checks.extend(space::checks(places.flatten()));
    checks
}

fn socket_path(endpoint: &Endpoint) -> Check {
    let shown = endpoint.socket.display();
    let length = endpoint.socket.as_os_str().len();
    match endpoint.check_length() {
        Ok(()) => SOCKET_PATH.ok(format!("{shown}, {length} of {SOCKET_PATH_MAX} bytes")),
        Err(error) => SOCKET_PATH.error(&error),
    }
}

/// A directory that only its user may enter.
fn private(name: Name, path: &Path, otherwise: Status) -> Check {
    let shown = path.display();
    match look_at_private_directory(path, geteuid().as_raw()) {
        Ok(true) => name.ok(format!("{shown}, {}", owner_and_mode(path))),
        Ok(false) => name.ok(format!("{shown} is made when it is needed")),
        Err(error) => name.told(otherwise, &error),
    }
}

fn owner_and_mode(path: &Path) -> String {
    match path.symlink_metadata() {
        Ok(found) => format!("owner {}, mode {:04o}", found.uid(), found.mode() & 0o7777),
        Err(error) => error.to_string(),
    }
}

fn socket(endpoint: &Endpoint) -> Check {
    let path = &endpoint.socket;
    let shown = path.display();
    match path.symlink_metadata() {
        Err(error) if is_absence(&error) => SOCKET.ok("there is none, so no daemon listens"),
        Err(error) => SOCKET
            .failed(format!("{shown} cannot be looked at"))
            .why(error.to_string())
            .mend("check who owns the directories above it and who may enter them"),
        Ok(found) if found.file_type().is_socket() => its_owner(&found, endpoint),
        Ok(_) => match endpoint.check_socket_file() {
            Err(error) => SOCKET.error(&error),
            Ok(()) => SOCKET.ok("it has just been made"),
        },
    }
}

fn its_owner(found: &Metadata, endpoint: &Endpoint) -> Check {
    let (owner, ours) = (found.uid(), geteuid().as_raw());
    let shown = endpoint.socket.display();
    if owner == ours {
        return SOCKET.ok(format!("owner {owner}, mode {:04o}", found.mode() & 0o7777));
    }
    SOCKET
        .failed(format!("{shown} is another user's"))
        .why(format!(
            "it belongs to user {owner}, and this is user {ours}"
        ))
        .mend("run aws-ssm as that user, or set AWS_SSM_HOME to a directory of your own")
}

fn is_absence(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Why the last start failed, while nobody has succeeded since.
fn last_start(wanted: &Wanted) -> Option<Check> {
    if wanted.daemon_runs {
        return None;
    }
    let (at, error) = launch::last_failure(&wanted.endpoint)?;
    let at = Calendar::default().text(unix(at));
    let mut check = START.told(Status::Warning, &error);
    check.finding = format!("the last start failed at {at}: {}", error.what);
    Some(check)
}

/// A directory that the daemon writes into, if there is one yet.
fn writable(name: Name, path: &Path) -> Check {
    let shown = path.display();
    let found = match path.metadata() {
        Err(error) if is_absence(&error) => {
            return name.ok(format!("{shown} is made when it is needed"));
        }
        Err(error) => {
            return name
                .warning(format!("{shown} cannot be looked at"))
                .why(error.to_string())
                .mend("check who owns the directories above it and who may enter them");
        }
        Ok(found) => found,
    };
    if !found.is_dir() {
        return name
            .warning(format!("{shown} is no directory"))
            .why("the log and what outlives a daemon have no place")
            .mend(format!(
                "look at what it is, and move it away: mv '{shown}' '{shown}.old'"
            ));
    }
    match access(path, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => name.ok(format!("{shown}, {}", owner_and_mode(path))),
        Err(error) => name
            .warning(format!("{shown} cannot be written into"))
            .why(format!("{error}; {}", owner_and_mode(path)))
            .mend(format!("chmod u+rwx '{shown}', or give it to this user")),
    }
}

fn log_file(path: &Path) -> Check {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => LOG
            .warning(format!("{shown} is no file"))
            .why("the daemon cannot log")
            .mend(format!("move it away: mv '{shown}' '{shown}.old'")),
        Ok(found) => match access(path, Access::WRITE_OK) {
            Ok(()) => LOG.ok(format!("{shown}, {} bytes", found.len())),
            Err(error) => LOG
                .warning(format!("{shown} cannot be written"))
                .why(format!("{error}; {}", owner_and_mode(path)))
                .mend(format!("chmod u+rw '{shown}', or move it away")),
        },
        Err(error) if is_absence(&error) => LOG.ok(format!("{shown} is not there yet")),
        Err(error) => LOG
            .warning(format!("{shown} cannot be looked at"))
            .why(error.to_string())
            .mend("check who owns the directories above it and who may enter them"),
    }
}

/// Answers are right without them, so nothing here is a failure.
fn snapshots(path: &Path) -> Check {
    let above = path.ancestors().skip(1).find(|above| above.exists());
    let in_the_way = above.filter(|above| !above.is_dir());
    if let Some(file) = in_the_way {
        let shown = file.display();
        return SNAPSHOTS
            .warning("what is known cannot be kept for the next start")
            .why(format!("{shown} is no directory"))
            .mend(format!("move it away: mv '{shown}' '{shown}.old'"));
    }
    let checked = private(SNAPSHOTS, path, Status::Warning);
    let nearest = if path.exists() { Some(path) } else { above };
    match nearest.map(|place| (place, access(place, Access::WRITE_OK | Access::EXEC_OK))) {
        Some((place, Err(error))) if checked.status == Status::Ok => SNAPSHOTS
            .warning("what is known cannot be kept for the next start")
            .why(format!(
                "{} cannot be written into: {error}",
                place.display()
            ))
            .mend(
                "mend that, name another place with cache.cache_dir, or set cache.persist: false",
            ),
        _ => checked,
    }
}
