//! The files by which a service manager knows the daemon: what is in them, and whose
//! they are.
//!
//! A file is replaced or removed only as `install` wrote it, which its mark tells. One
//! that was changed, or that somebody else has put there, is left alone and named.

mod mark;
mod render;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::service::{Manager, Service};

pub use render::{Program, lasting};

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// Where.
    pub path: PathBuf,
    /// With its mark.
    pub text: String,
}

/// What is in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Missing,
    /// Exactly what is to be there.
    AsWanted,
    /// What an `install` wrote, for another program or by another version.
    Ours,
    /// What an `install` wrote, and somebody has changed.
    Edited,
    /// Something else.
    Foreign,
}

/// The files of a service that runs `program` and listens on `socket`.
///
/// # Errors
///
/// A path cannot be written into such a file.
pub fn files(service: &Service, program: &Program, socket: &Path) -> Result<Vec<UnitFile>, Error> {
    let texts = match service.manager {
        Manager::Systemd => vec![render::socket_unit(), render::service_unit(program)?],
        Manager::Launchd => vec![render::plist(program, socket)?],
    };
    let files = service.files().into_iter().zip(texts);
    Ok(files.map(|(path, text)| UnitFile { path, text }).collect())
}

/// What is at `path`, where `wanted` is to be.
///
/// # Errors
///
/// It cannot be read.
pub fn standing(path: &Path, wanted: Option<&str>) -> Result<Standing, Error> {
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    match fs::read_to_string(path) {
        // A link to /dev/null masks a unit, which somebody did on purpose.
        _ if is_link => Ok(Standing::Foreign),
        Ok(text) if Some(text.as_str()) == wanted => Ok(Standing::AsWanted),
        Ok(text) => Ok(match mark::holds(&text) {
            Some(true) => Standing::Ours,
            Some(false) => Standing::Edited,
            None => Standing::Foreign,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Standing::Missing),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Standing::Foreign),
        Err(error) => Err(failed("read", path, &error)),
    }
}

/// Refuses to touch what is not as an `install` left it.
///
/// # Errors
///
/// It is not.
pub fn check_ours(path: &Path, standing: Standing) -> Result<(), Error> {
    let shown = path.display();
    let why = match standing {
        Standing::Missing | Standing::AsWanted | Standing::Ours => return Ok(()),
        Standing::Edited => "it was changed since `aws-ssm daemon install` wrote it",
        Standing::Foreign => "`aws-ssm daemon install` has not written it",
    };
    Err(
        Error::new(ErrorKind::Daemon, format!("{shown} is left as it is"))
            .why(why)
            .hint(format!(
                "move it away (`mv '{shown}' '{shown}.mine'`) and run this again; changes \
                 last in a drop-in, which `systemctl --user edit aws-ssmd.service` makes"
            )),
    )
}

impl UnitFile {
    /// Puts it in place as a whole.
    ///
    /// # Errors
    ///
    /// Its directory takes no file.
    pub fn write(&self) -> Result<(), Error> {
        let written = || {
            if let Some(parent) = self.path.parent() {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(parent)?;
            }
            let beside = self.path.with_extension("aws-ssm-new");
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o644)
                .open(&beside)?;
            file.write_all(self.text.as_bytes())?;
            fs::rename(&beside, &self.path)
        };
        written().map_err(|error| failed("write", &self.path, &error))
    }
}

/// Removes a file; one that is gone is as good.
///
/// # Errors
///
/// It stays.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", path, &error))
        }
        _ => Ok(()),
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorKind::Daemon,
        format!("cannot {what} {}", path.display()),
    )
    .why(error.to_string())
    .hint("check who owns that file and its directory")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn wanted(home: &Path, program: &str) -> Vec<UnitFile> {
        let service = Service::systemd(home, home, 1000);
        let program = Program {
            path: program.into(),
            config: None,
        };
        files(&service, &program, Path::new("/s")).expect("files")
    }

    #[test]
    fn a_file_is_ours_until_somebody_changes_it() {
        let home = tempfile::tempdir().unwrap();
        let file = &wanted(home.path(), "/usr/bin/aws-ssmd")[1];
        let stands = |wanted: &str| standing(&file.path, Some(wanted)).unwrap();
        assert_eq!(stands(&file.text), Standing::Missing);
        file.write().unwrap();
        assert_eq!(stands(&file.text), Standing::AsWanted);
        let newer = &wanted(home.path(), "/opt/aws-ssmd")[1];
        assert_eq!(stands(&newer.text), Standing::Ours);
        check_ours(&file.path, Standing::Ours).unwrap();

        let edited = file.text.replace("WatchdogSec=30", "WatchdogSec=60");
        fs::write(&file.path, edited).unwrap();
        assert_eq!(stands(&file.text), Standing::Edited);
        let error = check_ours(&file.path, Standing::Edited).unwrap_err();
        assert!(error.what.contains("aws-ssmd.service"), "{error}");
        assert!(error.hint.contains("systemctl --user edit"), "{error:?}");
    }

    #[test]
    fn what_somebody_else_has_put_there_is_not_ours() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("aws-ssmd.service");
        for foreign in ["[Service]\nExecStart=/usr/bin/true\n", ""] {
            fs::write(&path, foreign).unwrap();
            assert_eq!(standing(&path, None).unwrap(), Standing::Foreign);
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(standing(&path, None).unwrap(), Standing::Foreign);
        fs::remove_file(&path).unwrap();
        symlink("/dev/null", &path).unwrap();
        assert_eq!(standing(&path, None).unwrap(), Standing::Foreign);
        assert!(check_ours(&path, Standing::Foreign).is_err());
    }

    #[test]
    fn what_is_gone_needs_no_removing() {
        let home = tempfile::tempdir().unwrap();
        let file = &wanted(home.path(), "/a")[0];
        file.write().unwrap();
        for _ in 0..2 {
            remove(&file.path).unwrap();
            assert!(!file.path.exists());
        }
    }
}
