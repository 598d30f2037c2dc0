//! The program this process was started from, and whether it still is that one.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{env, io};

/// Leads to the program that runs, where there is such a thing.
const RUNNING: &str = "/proc/self/exe";

/// What Linux puts after the path of a program whose file is gone.
const GONE: &[u8] = b" (deleted)";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    path: PathBuf,
    stamp: Stamp,
}

/// What tells two files at one path apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    size: u64,
}

impl Program {
    /// That of this process. To be asked early: until then, another file could come to
    /// its place unnoticed where the system shows only paths.
    ///
    /// # Errors
    ///
    /// The system does not tell.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let program = env::current_exe()?;
        // What runs, also when it has lost its name.
        let running = Path::new(RUNNING).metadata();
        let stamp = Stamp::of(&running.or_else(|_| program.metadata())?);
        let name = env::args_os().next();
        let path = as_called(name.as_deref(), program, stamp);
        Ok(Self { path, stamp })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The program that has come to its place, if another has. A file that is missing
    /// or cannot be run has not replaced it yet: an upgrade may be half way.
    pub(super) fn replaced_by(&self) -> Option<Stamp> {
        let found = self.path.metadata().ok()?;
        let runs = found.is_file() && found.permissions().mode() & 0o111 != 0;
        let stamp = Stamp::of(&found);
        (runs && found.size() > 0 && stamp != self.stamp).then_some(stamp)
    }

    /// Whether nothing is at its place: it was removed, or an upgrade is half way.
    pub(super) fn is_missing(&self) -> bool {
        let found = self.path.metadata();
        found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            modified: (found.mtime(), found.mtime_nsec()),
            size: found.size(),
        }
    }
}

/// The path that a successor would be started by: the one we were called by, if it
/// leads to what runs, since an upgrade may only turn a symbolic link round. (A wrapper
/// may call us by its own path.)
fn as_called(name: Option<&OsStr>, program: PathBuf, running: Stamp) -> PathBuf {
    let called = name.map(Path::new).filter(|name| name.is_absolute());
    let leads_to_us = |called: &&Path| {
        let found = called.metadata();
        found.is_ok_and(|found| Stamp::of(&found) == running)
    };
    if let Some(called) = called.filter(leads_to_us) {
        return called.to_owned();
    }
    match program.as_os_str().as_bytes().strip_suffix(GONE) {
        Some(before) => OsStr::from_bytes(before).into(),
        None => program,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    impl Program {
        /// The one whose file is there now.
        pub(in super::super) fn at(path: PathBuf) -> io::Result<Self> {
            let stamp = Stamp::of(&path.metadata()?);
            Ok(Self { path, stamp })
        }
    }

    fn write(path: &Path, content: &str, mode: u32) {
        let beside = path.with_extension("new");
        fs::write(&beside, content).unwrap();
        fs::set_permissions(&beside, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(beside, path).unwrap();
    }

    #[test]
    fn a_program_is_replaced_once_another_that_can_be_run_is_in_its_place() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("aws-ssmd");
        write(&path, "old", 0o755);
        let program = Program::at(path.clone()).unwrap();
        assert_eq!(program.replaced_by(), None);
        fs::remove_file(&path).unwrap();
        assert_eq!(program.replaced_by(), None, "an upgrade may be half way");
        for (content, mode) in [("new", 0o644), ("", 0o755)] {
            write(&path, content, mode);
            assert_eq!(program.replaced_by(), None, "it cannot be run yet");
        }
        write(&path, "new", 0o755);
        assert!(program.replaced_by().is_some());
    }

    #[test]
    fn an_upgrade_that_turns_a_link_round_is_noticed() {
        let temp = tempfile::tempdir().unwrap();
        let [old, new, link] = ["1", "2", "aws-ssmd"].map(|name| temp.path().join(name));
        write(&old, "old", 0o755);
        write(&new, "new", 0o755);
        symlink(&old, &link).unwrap();
        let running = Stamp::of(&old.metadata().unwrap());
        let path = as_called(Some(link.as_os_str()), old.clone(), running);
        assert_eq!(path, link);
        let program = Program::at(path).unwrap();
        fs::remove_file(&link).unwrap();
        symlink(&new, &link).unwrap();
        assert!(program.replaced_by().is_some());
        let other = as_called(Some(new.as_os_str()), old.clone(), running);
        assert_eq!(other, old, "a wrapper's name says nothing");
        let relative = as_called(Some(OsStr::new("aws-ssmd")), old.clone(), running);
        assert_eq!(relative, old);
        let gone = PathBuf::from("/usr/bin/aws-ssmd (deleted)");
        let path = as_called(None, gone, running);
        assert_eq!(path, Path::new("/usr/bin/aws-ssmd"));
    }
}
