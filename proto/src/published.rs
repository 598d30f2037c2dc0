//! The settings of the running daemon, in a small file beside its socket.
//!
//! A client reads it on the way to its question: to ask that would be a second round
//! trip for every command. The daemon writes it before it serves and whenever its
//! settings change; whoever finds none goes on without.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// All settings are a tenth of this.
const MAX_BYTES: usize = 16 << 10;

/// The name under which the path of the configuration file stands.
pub const FILE: &str = "file";

/// What a daemon has published: a line for each setting that is set, its name and
/// its value with an equals sign between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published(String);

impl Published {
    /// These names with these values. What could not be told from the next line is
    /// left out.
    pub fn new<'a>(settings: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut text = String::new();
        for (name, value) in settings {
            if !value.contains(char::is_control) {
                text.extend([name, "=", &value, "\n"]);
            }
        }
        Self(text)
    }

    /// What the daemon that publishes at `path` has published.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut bytes = vec![0; MAX_BYTES];
        // It is put in place whole and small, so one read has all of it.
        let length = rustix::io::read(&file, &mut bytes).ok()?;
        bytes.truncate(length);
        String::from_utf8(bytes).ok().map(Self)
    }

    /// Puts it in place at once, for this user's eyes.
    ///
    /// # Errors
    ///
    /// The directory takes no file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("settings-new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(self.0.as_bytes())?;
        fs::rename(&beside, path)
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = |(known, value)| (known == name).then_some(value);
        self.iter().find_map(value)
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once('='))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("v1.settings");
        assert_eq!(Published::read(&path), None);
        for output in ["json", "yaml"] {
            let settings = [
                ("default.output", output.to_owned()),
                ("default.profile", "a=b".to_owned()),
                ("default.region", "two\nlines".to_owned()),
            ];
            Published::new(settings).write(&path).unwrap();
            let read = Published::read(&path).unwrap();
            assert_eq!(read.get("default.output"), Some(output));
            assert_eq!(read.get("default.profile"), Some("a=b"));
            assert_eq!(read.get("default.region"), None);
        }
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
