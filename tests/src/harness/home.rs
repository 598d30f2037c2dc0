//! A home directory, empty at first and gone at the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use aws_ssm_proto::endpoint::{Endpoint, EndpointSettings};
use tempfile::TempDir;

use super::secrets::{self, Found};
use crate::sandbox::SignIn;

/// Where the `aws` command keeps tokens.
const TOKENS: &str = ".aws/sso/cache";

/// Stands for a person's home directory and is `AWS_SSM_HOME` too. Its path is
/// short, because a socket's must be.
///
/// At its end every file in it is searched for secrets: what a test wrote itself, and
/// the AWS directory with its credentials, are the only places for one.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    /// What the test itself has written.
    written: Mutex<BTreeSet<PathBuf>>,
}

impl Home {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// If there is no room for a directory.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ssm").tempdir_in("/tmp");
        Self {
            dir: dir.expect("a temporary directory"),
            written: Mutex::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where a daemon of this home listens.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::resolve(&EndpointSettings {
            aws_ssm_home: Some(self.path().to_owned()),
            home: self.path().to_owned(),
            run_user: None,
            hostname: String::new(),
        })
    }

    /// Leaves a token as `aws sso login` does for a session of this name, or for an
    /// address where there is no session.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn sign_in(&self, named: &str, token: &SignIn) -> PathBuf {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, named.as_bytes());
        let name: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        self.write(&format!("{TOKENS}/{name}.json"), &token.token_file())
    }

    /// Writes a file, and the directories above it.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        let dir = path.parent().expect("a file is in a directory");
        std::fs::create_dir_all(dir).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(path.clone());
        path
    }

    /// What must not be in its files, and the first that has it.
    fn search(&self) -> Result<(), Found> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let aws = self.path().join(".aws");
        let is_known = |path: &Path| path == aws || written.contains(path);
        secrets::search_below(self.path(), &is_known)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A test that has failed already says why.
        if !std::thread::panicking() {
            let found = self.search().and_then(|()| secrets::overheard());
            found.unwrap_or_else(|found| panic!("{found}"));
        }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
