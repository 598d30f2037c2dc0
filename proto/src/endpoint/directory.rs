//! Directories that only their user may enter.
//!
//! One that is missing is made so. One that exists is looked at and refused if
//! others could enter it, never mended: it may be somebody's on purpose.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use crate::domain::{Error, ErrorKind};

/// Makes sure that `path` is a directory of user `euid` that nobody else may
/// enter, and makes it if it is missing, with whatever is missing above it.
///
/// # Errors
///
/// It cannot be made; or it is a symbolic link, no directory, another user's, or
/// open to the group or to others.
pub fn private_directory(path: &Path, euid: u32) -> Result<(), Error> {
    let found = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(|error| failed("cannot make", path, &error))?;
            path.symlink_metadata()
        }
        found => found,
    };
    let found = found.map_err(|error| failed("cannot look at", path, &error))?;
    check(path, &found, euid)
}

/// Whether `path` is there; makes nothing.
///
/// # Errors
///
/// What [`private_directory`] would refuse it for.
pub fn look_at_private_directory(path: &Path, euid: u32) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(found) => check(path, &found, euid).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("cannot look at", path, &error)),
    }
}

fn make(path: &Path) -> io::Result<()> {
    // Succeeds as well if another process was quicker.
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn check(path: &Path, found: &Metadata, euid: u32) -> Result<(), Error> {
    let shown = path.display();
    let mode = found.mode() & 0o7777;
    let (why, hint) = if found.is_symlink() {
        (
            format!("{shown} is a symbolic link"),
            format!("make {shown} a directory, or set AWS_SSM_HOME to another place"),
        )
    } else if !found.is_dir() {
        (
            format!("{shown} is not a directory"),
            format!("move {shown} away"),
        )
    } else if found.uid() != euid {
        (
            format!(
                "{shown} belongs to user {}, and this is user {euid}",
                found.uid()
            ),
            "give it to this user, or set AWS_SSM_HOME to another place".to_owned(),
        )
    } else if mode & 0o077 != 0 {
        (
            format!("{shown} has mode {mode:04o}, so others may enter it"),
            format!("run `chmod 700 '{shown}'`"),
        )
    } else {
        return Ok(());
    };
    Err(
        Error::new(ErrorKind::Daemon, "a directory of the daemon is not safe")
            .why(why)
            .hint(hint),
    )
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorKind::Daemon,
        format!("{what} the directory {}", path.display()),
    )
    .why(error.to_string())
    .hint("mend that, or set AWS_SSM_HOME to a directory of your own")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::process::geteuid;

    use super::*;

    fn us() -> u32 {
        geteuid().as_raw()
    }

    #[test]
    fn a_missing_directory_is_made_for_its_user_alone() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        private_directory(&dir, us()).unwrap();
        for made in [&dir, &temp.path().join("a")] {
            assert_eq!(fs::metadata(made).unwrap().mode() & 0o777, 0o700);
        }
        private_directory(&dir, us()).unwrap();
    }

    #[test]
    fn a_look_makes_nothing_and_refuses_the_same() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("run");
        assert_eq!(look_at_private_directory(&dir, us()), Ok(false));
        assert!(!dir.exists());
        private_directory(&dir, us()).unwrap();
        assert_eq!(look_at_private_directory(&dir, us()), Ok(true));
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let looked = look_at_private_directory(&dir, us()).unwrap_err();
        assert_eq!(looked, private_directory(&dir, us()).unwrap_err());
    }

    #[test]
    fn another_users_directory_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let error = private_directory(temp.path(), us() + 1).unwrap_err();
        assert!(
            error.why.contains(&format!("belongs to user {}", us())),
            "{error}"
        );
    }

    #[test]
    fn a_directory_open_to_others_is_refused_and_left_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        for mode in [0o710, 0o701, 0o770, 0o755] {
            fs::set_permissions(temp.path(), fs::Permissions::from_mode(mode)).unwrap();
            let error = private_directory(temp.path(), us()).unwrap_err();
            assert!(error.why.contains(&format!("mode {mode:04o}")), "{error}");
            assert!(error.hint.contains("chmod 700"), "{error}");
            assert_eq!(fs::metadata(temp.path()).unwrap().mode() & 0o777, mode);
        }
    }

    #[test]
    fn a_symbolic_link_to_a_good_directory_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let good = temp.path().join("good");
        private_directory(&good, us()).unwrap();
        let link = temp.path().join("link");
        symlink(&good, &link).unwrap();
        let error = private_directory(&link, us()).unwrap_err();
        assert!(error.why.contains("symbolic link"), "{error}");
    }

    #[test]
    fn a_file_is_no_directory() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(private_directory(&file, us()).is_err());
        let below = private_directory(&file.join("run"), us()).unwrap_err();
        assert!(below.what.contains("run"), "{below}");
    }
}
