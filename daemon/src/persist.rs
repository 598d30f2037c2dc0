//! What outlives the daemon: snapshots of fleets, and which credential key stands
//! for which principal.
//!
//! It owns one directory of the user's alone. Reading happens when something is
//! asked for that is not in memory; writing behind the answers, by one task that
//! [`Disk::shut_down`] joins. Invariants: no secret of AWS is ever written; a file
//! is read only if we wrote it, whole, and then still without trust; whatever the
//! disk does, answers come as they would without it, and the log says so once.

mod behind;
mod codec;
mod folder;
mod moment;
mod queue;
mod seal;
mod secret;
mod sweep;
mod trouble;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::SNAPSHOT_DIRECTORY;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

pub use codec::{Damaged, Input, Output};
pub use moment::{MAX_AGE, Moment, Moments};
pub(crate) use moment::{read_time, write_time};

use folder::{Folder, Unusable};
use queue::Queue;
use secret::Keys;
use trouble::Trouble;

/// A larger file is neither written nor read: the instances of one region that take
/// so much are more than 200,000.
const MAX_FILE: u64 = 64 << 20;
/// What is not written by then when the daemon ends is left. A client of
/// `--no-daemon` waits twice as long.
const FLUSH: Duration = Duration::from_secs(1);

/// What the log says when something cannot be written.
const NOT_KEPT: &str = "what is known cannot be kept for the next start";

/// What the disk is used for.
#[derive(Clone, Debug, Default)]
pub struct DiskConfig {
    /// The directory for caches; `None`: nothing is read or written.
    pub cache_dir: Option<PathBuf>,
    /// Off: nothing is read or written, and what is there from before goes.
    pub keep: bool,
}

/// What a file is called. It tells nobody whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// Whether this kind ends it.
    #[must_use]
    pub fn is_of(&self, kind: &str) -> bool {
        self.0.rsplit('.').next() == Some(kind)
    }
}

/// See the module.
pub struct Disk {
    inner: Arc<Inner>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    /// `None`: nothing is read or written.
    folder: Option<Folder>,
    keys: OnceLock<Keys>,
    moments: Moments,
    queue: Queue,
    /// How often something was dropped; what was read before is of no use then.
    drops: AtomicU64,
    trouble: Trouble,
}

impl Disk {
    /// Starts the task that writes, on `runtime`. Reads nothing yet.
    #[must_use]
    pub fn start(config: &DiskConfig, moments: Moments, runtime: &Handle) -> Arc<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let folder = config.cache_dir.as_ref();
        let folder = folder.map(|dir| Folder::new(dir.join(SNAPSHOT_DIRECTORY), uid));
        let (folder, leftover) = match config.keep {
            true => (folder, None),
            false => (None, folder),
        };
        let inner = Arc::new(Inner::new(folder, moments));
        let writer = runtime.spawn(behind::write(Arc::clone(&inner), leftover));
        Arc::new(Self {
            inner,
            writer: Mutex::new(Some(writer)),
        })
    }

    /// One that nothing is read from or written to.
    #[cfg(test)]
    #[must_use]
    pub fn nowhere() -> Arc<Self> {
        let clock = crate::clock::Clock::boot();
        let inner = Inner::new(None, Moments::of_this_machine(clock));
        Arc::new(Self {
            inner: Arc::new(inner),
            writer: Mutex::new(None),
        })
    }

    /// Whether anything is read or written.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.inner.folder.is_some()
    }

    /// Whether there is a file of this kind, whoever it belongs to. Reads the
    /// directory.
    #[must_use]
    pub fn holds(&self, kind: &str) -> bool {
        let names = self.inner.folder.as_ref().and_then(|f| f.list().ok());
        let mut names = names.into_iter().flatten();
        names.any(|found| Name(found.name).is_of(kind))
    }

    /// Where moments come from.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.inner.moments
    }

    /// The key that credentials are hashed with: the same in every daemon that uses
    /// this disk.
    #[must_use]
    pub fn credential_hash_key(&self) -> Zeroizing<[u8; 32]> {
        self.inner.keys().credentials.clone()
    }

    /// The name of what belongs to `owner`; `kind` ends it.
    #[must_use]
    pub fn name(&self, owner: &str, what: &str, kind: &str) -> Name {
        let owned = self.inner.hash(&[owner, what]);
        Name(format!("{}{owned}.{kind}", self.prefix(owner)))
    }

    /// What the names of all that belongs to `owner` begin with.
    fn prefix(&self, owner: &str) -> String {
        format!("{}-", self.inner.hash(&[owner]))
    }

    /// Reads a file: what `read` makes of its content, or nothing if there is none or
    /// none of use. Blocks.
    pub fn read<T>(
        &self,
        name: &Name,
        read: impl FnOnce(&mut Input<'_>) -> Result<T, Damaged>,
    ) -> Option<T> {
        let folder = self.inner.folder.as_ref()?;
        let drops = self.inner.drops.load(Ordering::SeqCst);
        let bytes = match folder.read(&name.0, MAX_FILE) {
            Ok(bytes) => bytes?,
            Err(why) => return self.inner.cannot_use(folder, name, &why),
        };
        let opened = seal::open(&bytes, &self.inner.keys().seal);
        let value = opened.and_then(|mut input| {
            let value = read(&mut input)?;
            input.end()?;
            Ok(value)
        });
        match value {
            Ok(value) => (self.inner.drops.load(Ordering::SeqCst) == drops).then_some(value),
            Err(why) => self.inner.cannot_use(folder, name, &why),
        }
    }

    /// Writes a file, soon. What is dropped before is not written.
    pub fn put(
        &self,
        name: Name,
        content: impl Fn(&mut Output<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) {
        if self.is_used() && !self.inner.queue.put(name, Box::new(content)) {
            tracing::debug!("too much waits to be written; this is left");
        }
    }

    /// How often something was dropped so far.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.inner.drops.load(Ordering::SeqCst)
    }

    /// Removes a file now, and whatever waits to be written under its name.
    pub fn remove(&self, name: &Name) {
        let removed = self.inner.drop_and(
            |known| known == name,
            |folder| folder.remove(&name.0).map(drop),
        );
        if let Err(error) = removed {
            let what = "a file of the cache cannot be removed";
            self.inner.trouble.tell(name, what, &error);
        }
    }

    /// Removes all that belongs to `owner`, or with `None` everything there is. The
    /// names of what was there. Blocks.
    ///
    /// # Errors
    ///
    /// Something is still there.
    pub fn clear(&self, owner: Option<&str>) -> Result<Vec<Name>, Error> {
        let prefix = owner.map(|owner| self.prefix(owner));
        let is_owned = |name: &str| {
            prefix
                .as_ref()
                .is_none_or(|prefix| name.starts_with(prefix))
        };
        let cleared = self.inner.drop_and(
            |name| is_owned(&name.0),
            |folder| {
                let mut names = folder.list()?;
                names.retain(|found| is_owned(&found.name));
                for found in &names {
                    folder.remove(&found.name)?;
                }
                if owner.is_none() {
                    folder.remove_itself();
                }
                Ok(names.into_iter().map(|found| Name(found.name)).collect())
            },
        );
        cleared.map_err(|error| self.inner.not_cleared(&error))
    }

    /// Removes these. The names of what was there. Blocks.
    ///
    /// # Errors
    ///
    /// As [`Disk::clear`].
    pub fn clear_only(&self, mut names: HashSet<Name>) -> Result<Vec<Name>, Error> {
        let unwanted = names.clone();
        let cleared = self.inner.drop_and(
            |name| unwanted.contains(name),
            |folder| {
                let mut cleared = Vec::new();
                for name in names.drain() {
                    if folder.remove(&name.0)? {
                        cleared.push(name);
                    }
                }
                Ok(cleared)
            },
        );
        cleared.map_err(|error| self.inner.not_cleared(&error))
    }

    /// Writes what still waits, as far as there is time.
    pub async fn shut_down(&self) {
        self.inner.queue.closed.cancel();
        let writer = self.writer.lock();
        let writer = writer.unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut writer) = writer else { return };
        if timeout(FLUSH, &mut writer).await.is_err() {
            tracing::warn!("what is known was not written in time");
            writer.abort();
        }
    }
}

impl Inner {
    fn new(folder: Option<Folder>, moments: Moments) -> Self {
        Self {
            folder,
            keys: OnceLock::new(),
            moments,
            queue: Queue::default(),
            drops: AtomicU64::new(0),
            trouble: Trouble::default(),
        }
    }

    fn keys(&self) -> &Keys {
        self.keys.get_or_init(|| {
            let Some(folder) = &self.folder else {
                return Keys::fresh();
            };
            let (keys, kept) = Keys::of_folder(folder);
            if let Err(error) = kept {
                let name = Name(secret::FILE.to_owned());
                self.trouble.tell(&name, NOT_KEPT, &error);
            }
            keys
        })
    }

    /// 16 digits.
    fn hash(&self, parts: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.keys().names);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    fn drop_and<T: Default>(
        &self,
        which: impl Fn(&Name) -> bool,
        remove: impl FnOnce(&Folder) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(folder) = &self.folder else {
            return Ok(T::default());
        };
        self.queue.drop_and(which, || {
            self.drops.fetch_add(1, Ordering::SeqCst);
            remove(folder)
        })
    }

    fn cannot_use<T>(&self, folder: &Folder, name: &Name, why: &Unusable) -> Option<T> {
        match why {
            Unusable::Unreadable(error) => {
                let what = "a file of the cache cannot be read";
                self.trouble.tell(name, what, error);
            }
            // Every update of the program meets these.
            Unusable::Earlier(_) => {
                tracing::debug!(file = %name.0, %why, "a file of the cache is removed");
                // What stays is written over by the next load.
                let _ = folder.remove(&name.0);
            }
            why => folder.set_aside(&name.0, why),
        }
        None
    }

    fn not_cleared(&self, error: &io::Error) -> Error {
        let folder = self.folder.as_ref().map(|folder| folder.path().display());
        let folder = folder.map(|path| path.to_string()).unwrap_or_default();
        Error::new(ErrorKind::Internal, "not everything could be removed")
            .why(format!("{folder}: {error}"))
            .hint(format!("memory is clear; remove {folder} yourself"))
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("folder", &self.inner.folder)
            .finish_non_exhaustive()
    }
}

/// Writes content without its frame.
#[cfg(any(test, fuzzing))]
pub(crate) fn write_bare(
    to: &mut dyn io::Write,
    content: impl FnOnce(&mut Output<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = Output::new(to, blake3::Hasher::new(), MAX_FILE);
    content(&mut out)?;
    out.finish().map(drop)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
