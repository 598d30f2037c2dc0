//! Says once that something is wrong with the disk, until that is mended.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Name;
use super::secret;

/// The file that the log has been told of.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<Name>>);

impl Trouble {
    /// A file cannot be read or written. What else goes wrong meanwhile has the same
    /// reason or is no news to who reads of this.
    pub(super) fn tell(&self, name: &Name, what: &'static str, error: &io::Error) {
        let mut told = self.lock();
        if told.is_none() {
            tracing::warn!(%error, "{what}; answers come from memory and from AWS");
            *told = Some(name.clone());
        }
    }

    /// A file was written, and with the key.
    pub(super) fn mended(&self, name: &Name) {
        let mut told = self.lock();
        if told
            .as_ref()
            .is_some_and(|told| told == name || told.0 == secret::FILE)
        {
            *told = None;
        }
    }

    #[cfg(test)]
    pub(super) fn is_told(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_that_is_written_mends_nothing() {
        let trouble = Trouble::default();
        let [large, small] = ["large", "small"].map(|name| Name(name.to_owned()));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        trouble.tell(&large, "as ordered", &full);
        trouble.mended(&small);
        assert!(trouble.is_told());
        trouble.mended(&large);
        assert!(!trouble.is_told());
    }
}
