//! The file in which `aws sso login` leaves a token.
//!
//! Whatever else stands in it stays there when a new token is written. A file is
//! replaced whole, for this user alone, and not at all if somebody else has replaced
//! it meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::aws::sso::{NewToken, Renewal};
use crate::identity::files::{self, Stamp};

/// A token file as it was read; secret, therefore without `Debug`.
pub(super) struct TokenFile {
    fields: Fields,
    ends: SystemTime,
    stamp: Stamp,
    written: bool,
}

/// The JSON object, whose texts are zeroized.
struct Fields(BTreeMap<String, Value>);

impl Drop for Fields {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

impl Fields {
    fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        read_time(self.text(name)?)
    }

    fn set(&mut self, name: &str, text: &str) {
        let old = self.0.insert(name.to_owned(), text.into());
        if let Some(Value::String(mut old)) = old {
            old.zeroize();
        }
    }
}

impl TokenFile {
    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or holds no token.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let Some((stamp, bytes)) = files::read(path)? else {
            return Ok(None);
        };
        let nonsense = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        // serde_json's own message would show a part of the file.
        let fields = serde_json::from_slice(&bytes).map_err(|_| nonsense("it is no JSON"))?;
        let fields = Fields(fields);
        if fields.text("accessToken").is_none() {
            return Err(nonsense("it has no accessToken"));
        }
        let ends = fields.time("expiresAt");
        let ends = ends.ok_or_else(|| nonsense("it has no expiresAt"))?;
        Ok(Some(Self {
            fields,
            ends,
            stamp,
            written: true,
        }))
    }

    /// The token itself.
    pub(super) fn token(&self) -> Zeroizing<String> {
        let token = self.fields.text("accessToken").unwrap_or_default();
        Zeroizing::new(token.to_owned())
    }

    /// When the token ends.
    pub(super) fn ends(&self) -> SystemTime {
        self.ends
    }

    /// What a new token can be asked for with; `None` if that takes the person.
    pub(super) fn renewal(&self, now: SystemTime) -> Option<Renewal> {
        let registered_until = self.fields.time("registrationExpiresAt")?;
        if registered_until <= now {
            return None;
        }
        let secret = |name: &str| Some(Zeroizing::new(self.fields.text(name)?.to_owned()));
        Some(Renewal {
            client_id: self.fields.text("clientId")?.to_owned(),
            client_secret: secret("clientSecret")?,
            refresh_token: secret("refreshToken")?,
        })
    }

    /// Goes on with a new token.
    pub(super) fn renew(&mut self, new: &NewToken, now: SystemTime) {
        // The file has whole seconds.
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let ends = Duration::from_secs((since.unwrap_or_default() + new.lives).as_secs());
        self.ends = SystemTime::UNIX_EPOCH + ends;
        self.written = false;
        self.fields.set("accessToken", &new.access_token);
        if let Some(refresh_token) = &new.refresh_token {
            self.fields.set("refreshToken", refresh_token);
        }
        self.fields.set("expiresAt", &write_time(self.ends));
    }

    /// The file as it is to be on disk from now on.
    pub(super) fn replacement(&self, path: &Path) -> Replacement {
        let text = serde_json::to_vec(&self.fields.0);
        Replacement {
            path: path.to_owned(),
            text: Zeroizing::new(text.expect("what was read as JSON can be written as JSON")),
            of: self.stamp,
        }
    }

    /// Whether the file says the same.
    pub(super) fn is_written(&self) -> bool {
        self.written
    }

    pub(super) fn set_written(&mut self) {
        self.written = true;
    }

    /// The state of the file it was read from.
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }
}

/// What is to stand in the place of a file.
pub(super) struct Replacement {
    path: PathBuf,
    text: Zeroizing<Vec<u8>>,
    /// The state of the file that was read.
    of: Stamp,
}

impl Replacement {
    /// Replaces the file, unless it is another than was read.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn write(&self) -> io::Result<()> {
        // A link stays a link.
        let path = fs::canonicalize(&self.path)?;
        let beside = beside(&path);
        let written = write_new(&beside, &self.text).and_then(|()| {
            if Stamp::of(&path)? != Some(self.of) {
                return Err(io::Error::other("somebody has signed in meanwhile"));
            }
            fs::rename(&beside, &path)
        });
        if written.is_err() {
            // What is left of a failure holds a token.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

/// There is one renewal at a time, and one daemon, so the process tells enough.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    // Left there by a daemon that was killed.
    let _ = fs::remove_file(path);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)?;
    // The old refresh token is of no use any more: an empty file after a power cut
    // would be a person's loss.
    file.sync_data()
}

/// Older versions of the `aws` command end a time with `UTC`.
fn read_time(text: &str) -> Option<SystemTime> {
    let text = match text.strip_suffix("UTC") {
        Some(time) => format!("{time}Z"),
        None => text.to_owned(),
    };
    let time = DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?;
    SystemTime::try_from(time).ok()
}

fn write_time(time: SystemTime) -> String {
    DateTime::from(time)
        .fmt(Format::DateTime)
        .expect("a time that is in a file or hours ahead has a date")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FILE: &str = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1",
        "accessToken": "old", "expiresAt": "2026-11-24T10:00:00Z", "clientId": "id",
        "clientSecret": "secret", "registrationExpiresAt": "2027-01-01T00:00:00Z",
        "refreshToken": "again", "unknown": 7}"#;

    fn at(text: &str) -> SystemTime {
        read_time(text).expect("a time")
    }

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token.json");
        fs::write(&path, text).unwrap();
        (home, path)
    }

    fn new() -> NewToken {
        NewToken {
            access_token: "new".to_owned().into(),
            refresh_token: None,
            lives: Duration::from_secs(3600),
        }
    }

    #[test]
    fn a_new_token_leaves_the_rest_of_the_file_as_it_is() {
        let (_home, path) = written(FILE);
        let mut file = TokenFile::read(&path).unwrap().unwrap();
        assert_eq!(file.token().as_str(), "old");
        file.renew(&new(), at("2026-11-24T09:59:00Z"));
        file.replacement(&path).write().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["accessToken"], "new");
        assert_eq!(read["expiresAt"], "2026-11-24T10:59:00Z");
        assert_eq!(read["refreshToken"], "again");
        assert_eq!(read["unknown"], 7);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn who_has_signed_in_meanwhile_keeps_his_token() {
        let (_home, path) = written(FILE);
        let mut file = TokenFile::read(&path).unwrap().unwrap();
        file.renew(&new(), at("2026-11-24T09:59:00Z"));
        fs::write(&path, FILE.replace("old", "signed in")).unwrap();
        file.replacement(&path).write().unwrap_err();
        assert!(fs::read_to_string(&path).unwrap().contains("signed in"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_token_is_renewed_only_with_all_that_takes() {
        let now = at("2026-11-24T09:59:00Z");
        let renewable = |text: &str| {
            let (_home, path) = written(text);
            let file = TokenFile::read(&path).unwrap().unwrap();
            file.renewal(now).is_some()
        };
        assert!(renewable(FILE));
        for missing in ["clientId", "clientSecret", "refreshToken"] {
            assert!(!renewable(&FILE.replace(missing, "other")), "{missing}");
        }
        assert!(!renewable(&FILE.replace("2027-", "2025-")));
    }

    #[test]
    fn times_of_older_versions_are_read() {
        assert_eq!(at("2020-06-14T17:13:26UTC"), at("2020-06-14T17:13:26Z"));
        assert!(read_time("tomorrow").is_none());
    }

    #[test]
    fn what_is_no_token_is_said_without_showing_it() {
        for (text, why) in [
            ("{\"accessToken\": \"hunter2", "it is no JSON"),
            ("{}", "it has no accessToken"),
            ("{\"accessToken\": \"hunter2\"}", "it has no expiresAt"),
        ] {
            let (_home, path) = written(text);
            let error = TokenFile::read(&path).err().expect("refused");
            assert_eq!(error.to_string(), why);
        }
        let (home, _) = written("");
        let none = TokenFile::read(&home.path().join("other")).unwrap();
        assert!(none.is_none());
    }
}
