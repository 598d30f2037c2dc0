//! The one secret of the cache directory: 32 random bytes, made by the first daemon
//! and read by every other.
//!
//! Names of files, their checksums and credential keys are hashes with keys that
//! follow from it. So no name tells whose file it is, a file that was put there by
//! somebody else is noticed, and a credential key says nothing of the secrets that
//! went into it.

use std::io::{self, Write};

use zeroize::Zeroizing;

use super::codec::Damaged;
use super::folder::{Folder, Unusable};

pub(super) const FILE: &str = "key";
const MAGIC: [u8; 16] = *b"aws-ssm key v1\n\0";
const LENGTH: usize = MAGIC.len() + 32 + blake3::OUT_LEN;

/// Keys that follow from the secret; equal in every daemon that has read it.
pub(super) struct Keys {
    secret: Zeroizing<[u8; 32]>,
    pub(super) credentials: Zeroizing<[u8; 32]>,
    pub(super) names: Zeroizing<[u8; 32]>,
    pub(super) seal: Zeroizing<[u8; 32]>,
}

impl Keys {
    fn of(secret: Zeroizing<[u8; 32]>) -> Self {
        let derive = |purpose| Zeroizing::new(blake3::derive_key(purpose, &*secret));
        Self {
            credentials: derive("aws-ssm 2026 credential keys"),
            names: derive("aws-ssm 2026 names of cache files"),
            seal: derive("aws-ssm 2026 checksums of cache files"),
            secret,
        }
    }

    /// New ones, of which nothing is written.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub(super) fn fresh() -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret).expect("the operating system gives random bytes");
        Self::of(secret)
    }

    /// Those of the folder; new ones are put there if there are none. An error means
    /// that they are known to nobody else.
    pub(super) fn of_folder(folder: &Folder) -> (Self, io::Result<()>) {
        match read(folder) {
            Ok(Some(secret)) => return (Self::of(secret), Ok(())),
            Ok(None) => {}
            Err(why) => folder.set_aside(FILE, &why),
        }
        let fresh = Self::fresh();
        match write(folder, &fresh.secret) {
            Ok(true) => (fresh, Ok(())),
            // Another daemon was quicker.
            Ok(false) => match read(folder) {
                Ok(Some(secret)) => (Self::of(secret), Ok(())),
                _ => (fresh, Err(io::Error::other("the key cannot be read"))),
            },
            Err(error) => (fresh, Err(error)),
        }
    }

    /// Whether the folder's are these; they are put there if there are none.
    pub(super) fn hold(&self, folder: &Folder) -> io::Result<bool> {
        let found = read(folder).map_err(io::Error::other)?;
        match found {
            Some(secret) => Ok(secret == self.secret),
            None => write(folder, &self.secret),
        }
    }
}

fn read(folder: &Folder) -> Result<Option<Zeroizing<[u8; 32]>>, Unusable> {
    let Some(bytes) = folder.read(FILE, LENGTH as u64)?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let damaged = || Damaged("it is no key of ours");
    let (content, checksum) = bytes
        .split_last_chunk::<{ blake3::OUT_LEN }>()
        .ok_or_else(damaged)?;
    let secret = content.strip_prefix(&MAGIC).ok_or_else(damaged)?;
    if blake3::hash(content) != *checksum {
        return Err(damaged().into());
    }
    let secret = secret.try_into().map_err(|_| damaged())?;
    Ok(Some(Zeroizing::new(secret)))
}

/// Whether it is there now; `false` if another one is.
fn write(folder: &Folder, secret: &[u8; 32]) -> io::Result<bool> {
    let mut content = Zeroizing::new(Vec::with_capacity(LENGTH));
    content.extend_from_slice(&MAGIC);
    content.extend_from_slice(secret);
    let checksum = blake3::hash(&content);
    content.extend_from_slice(checksum.as_bytes());
    let written = folder.write(|file| file.write_all(&content))?;
    folder.place_new(&written, FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(dir: &tempfile::TempDir) -> Folder {
        Folder::new(
            dir.path().join("snapshots"),
            rustix::process::geteuid().as_raw(),
        )
    }

    #[test]
    fn every_daemon_has_the_same_keys() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        let (first, kept) = Keys::of_folder(&folder);
        kept.unwrap();
        let (second, kept) = Keys::of_folder(&folder);
        kept.unwrap();
        assert_eq!(first.secret, second.secret);
        assert_eq!(first.names, second.names);
        assert!(second.hold(&folder).unwrap());
        assert!(!Keys::fresh().hold(&folder).unwrap());
    }

    #[test]
    fn one_secret_gives_different_keys_for_different_ends() {
        let keys = Keys::of(Zeroizing::new([7; 32]));
        let all = [&keys.secret, &keys.credentials, &keys.names, &keys.seal];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }

    #[test]
    fn a_damaged_key_is_set_aside_for_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        let (first, _) = Keys::of_folder(&folder);
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (second, kept) = Keys::of_folder(&folder);
        kept.unwrap();
        assert_ne!(first.secret, second.secret);
        assert!(folder.path().join("aside-0").exists());
    }

    #[test]
    fn a_key_that_was_removed_is_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        let (keys, _) = Keys::of_folder(&folder);
        folder.remove(FILE).unwrap();
        assert!(keys.hold(&folder).unwrap());
        assert_eq!(Keys::of_folder(&folder).0.secret, keys.secret);
    }
}
