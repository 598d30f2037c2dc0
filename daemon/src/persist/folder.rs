//! A directory that is ours alone, and the files in it.
//!
//! A file is replaced by renaming a whole new one over it, so that whoever reads
//! gets the old or the new one, also when the writer is killed. Nothing is synced:
//! what a power cut tears is told by its checksum, and costs one load from AWS. A
//! link, another user's file, or one that others can read is never followed, read
//! or written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::endpoint::private_directory;
use rustix::fs::OFlags;

/// Begins the names of files that are being written.
const UNFINISHED: &str = ".new-";
/// Begins the names of files that were of no use.
const ASIDE: &str = "aside-";
/// How many of those are kept, for whoever wants to know.
const KEPT_ASIDE: usize = 4;

/// A file that is there and of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("{0}")]
    Foreign(&'static str),
    #[error(transparent)]
    Damaged(#[from] super::codec::Damaged),
    #[error("it is of an earlier version: {0}")]
    Earlier(u32),
    #[error("it is of a later version: {0}")]
    Later(u32),
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    uid: u32,
}

/// A file of the folder.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Found {
    pub(super) fn is_unfinished(&self) -> bool {
        self.name.starts_with(UNFINISHED)
    }

    /// Zero for what comes from the future.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.modified).unwrap_or_default()
    }
}

/// A file that is whole, but not in its place. It goes unless it is put there.
pub(super) struct Unplaced(Option<PathBuf>);

impl Drop for Unplaced {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What is left of it goes with a later sweep.
            let _ = fs::remove_file(path);
        }
    }
}

impl Folder {
    /// Touches nothing.
    pub(super) fn new(path: PathBuf, uid: u32) -> Self {
        Self { path, uid }
    }

    /// Whether there is anything to look into.
    pub(super) fn exists(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it if it is missing, and refuses what others can enter.
    fn prepare(&self) -> io::Result<()> {
        private_directory(&self.path, self.uid)
            .map_err(|error| io::Error::other(format!("{}: {}", error.what, error.why)))
    }

    /// A file's content; `None` if there is none of this name.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Unusable> {
        if !self.exists() {
            return Ok(None);
        }
        self.prepare().map_err(Unusable::Unreadable)?;
        // Without waiting for whoever might write into a pipe of this name.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(self.path.join(name));
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(Unusable::Foreign("it is a symbolic link"));
            }
            Err(error) => return Err(Unusable::Unreadable(error)),
        };
        let size = self.check(&file, limit)?;
        let mut bytes = Vec::with_capacity(size);
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(Unusable::Unreadable)?;
        Ok(Some(bytes))
    }

    /// Whether a file may be read; its size.
    fn check(&self, file: &File, limit: u64) -> Result<usize, Unusable> {
        let found = file.metadata().map_err(Unusable::Unreadable)?;
        if !found.is_file() {
            return Err(Unusable::Foreign("it is no regular file"));
        }
        if found.uid() != self.uid {
            return Err(Unusable::Foreign("it is another user's"));
        }
        if found.mode() & 0o077 != 0 {
            return Err(Unusable::Foreign("others may open it"));
        }
        if found.len() > limit {
            return Err(Unusable::Foreign("it is too large"));
        }
        usize::try_from(found.len()).map_err(|_| Unusable::Foreign("it is too large"))
    }

    /// Writes a file that has no place yet.
    pub(super) fn write(
        &self,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<Unplaced> {
        self.prepare()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let name = format!("{UNFINISHED}{:016x}", u64::from_le_bytes(random));
        let path = self.path.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let written = Unplaced(Some(path));
        fill(&mut file)?;
        Ok(written)
    }

    /// Puts a file into its place, where it replaces what is there.
    pub(super) fn place(&self, mut written: Unplaced, name: &str) -> io::Result<()> {
        let path = written.0.as_ref().expect("it is placed once");
        fs::rename(path, self.path.join(name))?;
        written.0 = None;
        Ok(())
    }

    /// Puts a file into its place; `false` if there is one already.
    pub(super) fn place_new(&self, written: &Unplaced, name: &str) -> io::Result<bool> {
        let path = written.0.as_ref().expect("it is never placed by renaming");
        match fs::hard_link(path, self.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether there was one.
    pub(super) fn remove(&self, name: &str) -> io::Result<bool> {
        match fs::remove_file(self.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Moves a file that is of no use out of the way, in the place of the oldest of
    /// those before it. Says so once: the next reader finds nothing.
    pub(super) fn set_aside(&self, name: &str, why: &Unusable) {
        let slots = (0..KEPT_ASIDE).map(|slot| self.path.join(format!("{ASIDE}{slot}")));
        let age = |path: &PathBuf| {
            let found = path.symlink_metadata().ok();
            found.and_then(|found| found.modified().ok())
        };
        let slot = slots.min_by_key(age).expect("there are slots");
        let path = self.path.join(name);
        let moved = fs::rename(&path, &slot).or_else(|_| fs::remove_file(&path));
        match moved {
            Ok(()) => tracing::warn!(
                file = %path.display(), to = %slot.display(), %why,
                "a file of the cache is of no use, and is set aside"
            ),
            Err(error) => tracing::warn!(
                file = %path.display(), %why, %error,
                "a file of the cache is of no use, and cannot be set aside"
            ),
        }
    }

    /// Every file, with its size and age; none if there is no directory.
    pub(super) fn list(&self) -> io::Result<Vec<Found>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        self.prepare()?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            // Gone between the two: another daemon of ours is at work.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            found.push(Found {
                name: entry.file_name().to_string_lossy().into_owned(),
                size: metadata.len(),
                modified: metadata.modified()?,
            });
        }
        Ok(found)
    }

    /// Removes the directory, if it is empty.
    pub(super) fn remove_itself(&self) {
        // A file that another daemon of ours has just written may keep it.
        let _ = fs::remove_dir(&self.path);
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests;
