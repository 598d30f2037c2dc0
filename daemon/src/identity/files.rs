//! The profile files as they are on disk now.
//!
//! A file is read when its stamp changes and kept parsed, so a warm call costs a
//! `stat`. A stamp vouches for content only once it is older than the coarsest
//! clock a file system keeps: two writes within one tick leave equal stamps, and
//! a younger file is therefore read again each time.
//!
//! As the `aws` command does, a file that is missing, or is no regular file,
//! counts as empty; that also means no pipe is ever waited for.

use std::collections::HashMap;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::SharedTimeSource;
use aws_ssm_proto::domain::{Error, ErrorKind};
use zeroize::Zeroizing;

use super::key::{Digest, KeyMaker};
use super::profile::{FileKind, ParseError, ProfileFile};

/// The coarsest time stamps in use are those of FAT: two seconds.
const STAMP_TICK: Duration = Duration::from_secs(2);
/// A profile file beyond this size is a mistake. The largest that generators
/// make, a profile for every role of a thousand accounts, are under 1 MiB.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How many files are kept parsed: those of a few dozen different settings.
const MAX_FILES: usize = 64;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The file system.
    pub dev: u64,
    /// The file in it.
    pub inode: u64,
    /// In bytes.
    pub size: u64,
    /// When its content changed, in nanoseconds since 1970.
    pub mtime_ns: i128,
    /// When its content or attributes changed; nobody can set this one back.
    pub ctime_ns: i128,
}

impl Stamp {
    /// The stamp of what is at `path`; `None` if that is no regular file.
    ///
    /// # Errors
    ///
    /// If the path cannot be looked at.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(metadata.is_file().then(|| Self::from(&metadata))),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether equal stamps mean equal content, for a file read at `now`.
    fn is_settled(&self, now: SystemTime) -> bool {
        let newest = self.mtime_ns.max(self.ctime_ns);
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        i128::try_from(now.as_nanos())
            .is_ok_and(|now| now - newest > STAMP_TICK.as_nanos().cast_signed())
    }
}

impl From<&std::fs::Metadata> for Stamp {
    fn from(metadata: &std::fs::Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Self {
            dev: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// One state of a profile file.
#[derive(Clone, Debug, Default)]
pub struct LoadedFile {
    /// What it holds.
    pub parsed: Arc<ProfileFile>,
    /// `None` when there is no file.
    pub version: Option<(Stamp, Digest)>,
}

struct Kept {
    loaded: LoadedFile,
    settled: bool,
    last_used: u64,
}

/// The parsed profile files.
pub struct FileCache {
    keys: Arc<KeyMaker>,
    clock: SharedTimeSource,
    kept: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    files: HashMap<(PathBuf, FileKind), Kept>,
    uses: u64,
}

impl FileCache {
    /// An empty cache.
    #[must_use]
    pub fn new(keys: Arc<KeyMaker>, clock: SharedTimeSource) -> Self {
        Self {
            keys,
            clock,
            kept: Mutex::default(),
        }
    }

    /// The file's present content; empty if there is none.
    ///
    /// # Errors
    ///
    /// A `Config` error if the file cannot be read or is not of the format.
    pub async fn load(&self, path: &Path, kind: FileKind) -> Result<LoadedFile, Error> {
        let stamp = Stamp::of(path).map_err(|error| unreadable(path, &error))?;
        let Some(stamp) = stamp else {
            return Ok(LoadedFile::default());
        };
        if let Some(loaded) = self.kept(path, kind, stamp) {
            return Ok(loaded);
        }
        let read_at = self.clock.now();
        let owned = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read(&owned)).await;
        let read = read.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        let Some((stamp, bytes)) = read.map_err(|error| unreadable(path, &error))? else {
            return Ok(LoadedFile::default());
        };
        let parsed =
            ProfileFile::parse(&bytes, kind).map_err(|error| malformed(path, kind, &error))?;
        let loaded = LoadedFile {
            parsed: Arc::new(parsed),
            version: Some((stamp, self.keys.digest(&bytes))),
        };
        self.keep(path, kind, &loaded, stamp.is_settled(read_at));
        Ok(loaded)
    }

    fn kept(&self, path: &Path, kind: FileKind, stamp: Stamp) -> Option<LoadedFile> {
        let mut shelf = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.uses += 1;
        let uses = shelf.uses;
        let kept = shelf.files.get_mut(&(path.to_owned(), kind))?;
        kept.last_used = uses;
        let same = kept.loaded.version.is_some_and(|(known, _)| known == stamp);
        (same && kept.settled).then(|| kept.loaded.clone())
    }

    fn keep(&self, path: &Path, kind: FileKind, loaded: &LoadedFile, settled: bool) {
        let mut shelf = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (path.to_owned(), kind);
        if shelf.files.len() >= MAX_FILES && !shelf.files.contains_key(&place) {
            let oldest = shelf.files.iter().min_by_key(|(_, kept)| kept.last_used);
            if let Some(oldest) = oldest.map(|(place, _)| place.clone()) {
                shelf.files.remove(&oldest);
            }
        }
        let last_used = shelf.uses;
        let kept = Kept {
            loaded: loaded.clone(),
            settled,
            last_used,
        };
        shelf.files.insert(place, kept);
    }
}

impl std::fmt::Debug for FileCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileCache").finish_non_exhaustive()
    }
}

/// A regular file's bytes, with the stamp of the file they were read from. Anything
/// else counts as absent, and is not waited for: a pipe would hold this thread until
/// somebody writes.
///
/// # Errors
///
/// If it cannot be read, or is larger than [`MAX_BYTES`].
pub fn read(path: &Path) -> io::Result<Option<(Stamp, Zeroizing<Vec<u8>>)>> {
    let opened = std::fs::File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    if metadata.len() > MAX_BYTES {
        let reason = format!("it is larger than {} MiB", MAX_BYTES / 1024 / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    // Room for all at once: growing would leave copies of secrets behind.
    let room = usize::try_from(metadata.len()).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some((Stamp::from(&metadata), bytes)))
}

/// The text of a web identity token file.
///
/// # Errors
///
/// A `Credentials` error if it cannot be read or is empty.
pub async fn read_token(path: &Path) -> Result<Zeroizing<String>, Error> {
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read(&owned)).await;
    let bytes = match read.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Ok(Some((_, bytes))) => bytes,
        Ok(None) => return Err(no_token(path, "there is no such plain file")),
        Err(error) => return Err(no_token(path, &reason(&error))),
    };
    match std::str::from_utf8(&bytes).map(str::trim) {
        Ok("") => Err(no_token(path, "the file is empty")),
        Ok(token) => Ok(Zeroizing::new(token.to_owned())),
        Err(_) => Err(no_token(path, "the file holds no text")),
    }
}

fn no_token(path: &Path, why: &str) -> Error {
    let what = format!("the web identity token {} cannot be read", path.display());
    Error::new(ErrorKind::Credentials, what)
        .why(why)
        .hint("have the token written there again, or use other credentials with --profile")
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let what = format!("the profile file {} cannot be read", path.display());
    Error::new(ErrorKind::Config, what)
        .why(reason(error))
        .hint(format!("make it readable: chmod u+r {}", path.display()))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    }
}

fn malformed(path: &Path, kind: FileKind, error: &ParseError) -> Error {
    let file = match kind {
        FileKind::Config => "configuration",
        FileKind::Credentials => "credentials",
    };
    let what = format!("the AWS {file} file {} is broken", path.display());
    Error::new(ErrorKind::Config, what)
        .why(error.to_string())
        .hint(format!("mend line {} of {}", error.line, path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::profile::Profiles;
    use crate::identity::testing::FixedClock;

    fn cache(clock: &FixedClock) -> FileCache {
        FileCache::new(Arc::new(KeyMaker::with([1; 32])), clock.source())
    }

    /// A clock by which what is written now is long settled.
    fn later() -> FixedClock {
        FixedClock::at(SystemTime::now() + Duration::from_secs(60))
    }

    fn region(loaded: &LoadedFile) -> Option<String> {
        let none = ProfileFile::default();
        let profiles = Profiles::new(&loaded.parsed, &none);
        let profile = profiles.get("default")?;
        profile.get("region").map(str::to_owned)
    }

    #[tokio::test]
    async fn an_unchanged_file_is_parsed_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        std::fs::write(&path, "[default]\nregion = a\n").unwrap();
        let cache = cache(&later());
        let first = cache.load(&path, FileKind::Config).await.unwrap();
        let second = cache.load(&path, FileKind::Config).await.unwrap();
        assert!(Arc::ptr_eq(&first.parsed, &second.parsed));
    }

    #[tokio::test]
    async fn a_rewrite_within_one_tick_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        let cache = cache(&FixedClock::at(SystemTime::now()));
        std::fs::write(&path, "[default]\nregion = a\n").unwrap();
        let first = cache.load(&path, FileKind::Config).await.unwrap();
        std::fs::write(&path, "[default]\nregion = b\n").unwrap();
        let second = cache.load(&path, FileKind::Config).await.unwrap();
        assert_eq!(region(&second).as_deref(), Some("b"));
        let digest = |loaded: &LoadedFile| loaded.version.unwrap().1;
        assert_ne!(digest(&first), digest(&second));
    }

    #[tokio::test]
    async fn an_equal_stamp_vouches_for_no_file_younger_than_a_tick() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        std::fs::write(&path, "[default]\nregion = a\n").unwrap();
        let cache = cache(&FixedClock::at(SystemTime::now()));
        let first = cache.load(&path, FileKind::Config).await.unwrap();
        let second = cache.load(&path, FileKind::Config).await.unwrap();
        assert_eq!(first.version, second.version);
        assert!(!Arc::ptr_eq(&first.parsed, &second.parsed));
    }

    #[tokio::test]
    async fn what_is_no_regular_file_counts_as_empty() {
        let home = tempfile::tempdir().unwrap();
        let cache = cache(&later());
        let missing = home.path().join("none");
        for path in [Path::new("/dev/null"), home.path(), missing.as_path()] {
            let loaded = cache.load(path, FileKind::Config).await.unwrap();
            assert!(loaded.version.is_none());
        }
    }

    #[tokio::test]
    async fn a_broken_file_is_named_with_its_line() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        std::fs::write(&path, "[default]\nregion a\n").unwrap();
        let error = cache(&later()).load(&path, FileKind::Config).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.what.contains(path.to_str().unwrap()));
        assert_eq!(error.why, "line 2: expected `name = value`");
        assert!(error.hint.starts_with("mend line 2"));
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(MAX_BYTES + 1).unwrap();
        let error = cache(&later()).load(&path, FileKind::Config).await;
        assert!(error.unwrap_err().why.contains("larger than 4 MiB"));
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let home = tempfile::tempdir().unwrap();
        let cache = cache(&later());
        for number in 0..MAX_FILES + 8 {
            let path = home.path().join(number.to_string());
            std::fs::write(&path, "[default]\n").unwrap();
            cache.load(&path, FileKind::Config).await.unwrap();
        }
        let shelf = cache.kept.lock().unwrap();
        assert_eq!(shelf.files.len(), MAX_FILES);
    }

    /// Nobody writes into it, so whoever opened it as a file would wait for ever.
    #[tokio::test]
    async fn a_token_that_is_a_pipe_is_refused_and_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        for path in [path.as_path(), home.path()] {
            let error = read_token(path).await.unwrap_err();
            assert_eq!(error.why, "there is no such plain file");
        }
    }

    #[tokio::test]
    async fn a_token_is_read_without_the_blanks_around_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        std::fs::write(&path, " ey.ab\n").unwrap();
        assert_eq!(read_token(&path).await.unwrap().as_str(), "ey.ab");
        std::fs::write(&path, "\n").unwrap();
        let error = read_token(&path).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Credentials);
        assert_eq!(error.why, "the file is empty");
    }
}
