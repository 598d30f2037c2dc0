//! A home directory, empty at first and gone at the end.

use std::path::{Path, PathBuf};

use aws_ssm_proto::endpoint::{Endpoint, EndpointSettings};
use tempfile::TempDir;

/// Stands for a person's home directory and is `AWS_SSM_HOME` too. Its path is
/// short, because a socket's must be.
#[derive(Debug)]
pub struct Home(TempDir);

impl Home {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// If there is no room for a directory.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ssm").tempdir_in("/tmp");
        Self(dir.expect("a temporary directory"))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
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
        path
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
