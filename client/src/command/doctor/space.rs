//! Room on the disks that the daemon writes to.

use std::path::{Path, PathBuf};

use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

use super::check::{Check, Name};
use crate::render::value::size;

const SPACE: Name = Name::new("files", "disk-space");

/// A log file and the snapshots of a large fleet, and then some.
const ENOUGH: u64 = 64 << 20;
/// With less, no file can be counted on to be written whole.
const LEAST: u64 = 1 << 20;

/// What is known of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Room {
    bytes: u64,
    /// Of files; `None` where they are not counted.
    files: Option<u64>,
    read_only: bool,
}

impl From<StatVfs> for Room {
    fn from(found: StatVfs) -> Self {
        Self {
            bytes: found.f_bavail.saturating_mul(found.f_frsize),
            files: (found.f_files > 0).then_some(found.f_favail),
            read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        }
    }
}

/// One check for each place; places on one file system have one between them.
pub(super) fn checks<'a>(places: impl Iterator<Item = &'a Path>) -> Vec<Check> {
    let mut seen: Vec<u64> = Vec::new();
    let mut checks = Vec::new();
    for place in places {
        // What is not there yet will be made on the disk of what is above it.
        let Some(place) = place.ancestors().find(|above| above.is_dir()) else {
            continue;
        };
        match statvfs(place) {
            Ok(found) if seen.contains(&found.f_fsid) => {}
            Ok(found) => {
                seen.push(found.f_fsid);
                checks.push(judge(place.to_owned(), Room::from(found)));
            }
            Err(error) => checks.push(
                SPACE
                    .skipped(format!("{}: {error}", place.display()))
                    .about(place.display().to_string()),
            ),
        }
    }
    checks
}

fn judge(place: PathBuf, room: Room) -> Check {
    let shown = place.display().to_string();
    let free = format!("{} free", size(room.bytes));
    let make_room = format!("make room there: du -xh '{shown}' | sort -h | tail");
    let check = if room.read_only {
        SPACE
            .failed("the file system is read-only")
            .why("no socket, no log and no snapshot can be made there")
            .mend("mount it for writing, or set AWS_SSM_HOME to another place")
    } else if room.files == Some(0) {
        SPACE
            .failed("no file can be made any more")
            .why("the file system has no inode left")
            .mend(make_room)
    } else if room.bytes < LEAST {
        SPACE
            .failed(free)
            .why("no socket, no log and no snapshot can be counted on")
            .mend(make_room)
    } else if room.bytes < ENOUGH {
        SPACE
            .warning(free)
            .why("snapshots and the log may not be written whole")
            .mend(make_room)
    } else {
        SPACE.ok(free)
    };
    check.about(shown)
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;

    const FINE: Room = Room {
        bytes: 1 << 30,
        files: Some(1000),
        read_only: false,
    };

    fn status(room: Room) -> Status {
        let check = judge("/somewhere".into(), room);
        let is_well = check.status == Status::Ok;
        assert_eq!(check.mend.is_empty(), is_well, "{check:?}");
        check.status
    }

    #[test]
    fn a_disk_that_is_full_or_read_only_is_told_with_its_mend() {
        assert_eq!(status(FINE), Status::Ok);
        assert_eq!(
            status(Room {
                files: None,
                ..FINE
            }),
            Status::Ok
        );
        assert_eq!(
            status(Room {
                bytes: LEAST,
                ..FINE
            }),
            Status::Warning
        );
        for broken in [
            Room { bytes: 0, ..FINE },
            Room {
                files: Some(0),
                ..FINE
            },
            Room {
                read_only: true,
                ..FINE
            },
        ] {
            assert_eq!(status(broken), Status::Failed, "{broken:?}");
        }
    }

    #[test]
    fn places_on_one_disk_are_told_of_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let missing = dir.path().join("not/there/yet");
        let checks = checks([dir.path(), &missing].into_iter());
        assert_eq!(checks.len(), 1, "{checks:?}");
    }
}
