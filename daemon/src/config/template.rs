//! A configuration file to begin with: every setting, as a comment.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use aws_ssm_proto::domain::{ConfigTemplate, Error, ErrorKind};
use serde_json::Value;

use super::Config;
use super::origin::Origin;
use super::setting::{SETTINGS, Setting, sections};

const HEAD: &str = "\
# Settings of aws-ssmd. Each stands here at its default; take a line's # away to change
# it. `aws-ssm config check` looks for mistakes, `aws-ssm daemon reload` puts changes
# into use, and docs/configuration.md says more.
";

/// The text of the file.
pub(crate) fn text() -> String {
    let defaults = Config::default();
    let mut text = HEAD.to_owned();
    for section in sections() {
        text.push_str(&format!("\n{section}:\n"));
        let settings = SETTINGS.iter().filter(|s| s.parts().0 == section);
        settings.for_each(|setting| text.push_str(&lines(setting, &defaults)));
    }
    text
}

fn lines(setting: &Setting, defaults: &Config) -> String {
    let (_, key) = setting.parts();
    let (about, takes) = (setting.about, setting.takes);
    match setting.get(defaults) {
        Value::Null => {
            let unset = setting.unset.unwrap_or_default();
            format!("  # {about} ({takes}); unset: {unset}\n  # {key}:\n")
        }
        value => format!("  # {about} ({takes})\n  # {key}: {value}\n"),
    }
}

impl Origin {
    /// The file to begin with; with `write` it is put in its place.
    ///
    /// # Errors
    ///
    /// There is a file already, or it cannot be written.
    pub(crate) fn init(&self, write: bool) -> Result<ConfigTemplate, Error> {
        let Some(candidate) = self.first() else {
            let error = Error::new(
                ErrorKind::Config,
                "there is no place for a configuration file",
            );
            return Err(error
                .why("neither HOME nor AWS_SSM_HOME is set")
                .hint("name a file with --config"));
        };
        let path = candidate.path.clone();
        let text = text();
        if write {
            create(&path, &text).map_err(|error| refused(&path, &error))?;
        }
        Ok(ConfigTemplate { path, text })
    }
}

/// Writes a file that is not there yet, and the directories above it.
fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory)?;
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn refused(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        let what = format!("{} is there already", path.display());
        return Error::new(ErrorKind::Config, what)
            .why("a file with settings is never written over")
            .hint("edit it, or look at every setting with `aws-ssm config init --print`");
    }
    let what = format!("{} cannot be written", path.display());
    Error::new(ErrorKind::Config, what)
        .why(error.to_string())
        .hint("name another file with --config")
}
