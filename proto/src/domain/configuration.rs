//! The daemon's settings, as they are asked for and told.

use std::path::PathBuf;

use super::Error;

/// The names of the output formats: what `--output` and `default.output` take.
pub const OUTPUT_FORMATS: [&str; 8] = [
    "table", "wide", "json", "jsonl", "yaml", "csv", "tsv", "ids",
];

/// One setting and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Section and key, as in `cache.ttl_minutes`.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
    /// `default`, `FILE:LINE`, the variable, or the flag.
    pub source: String,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// As JSON.
    Set(String),
    /// There is none; what holds instead.
    Unset(String),
}

/// What a look at the settings found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigCheck {
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// All there is to say of it and of the variables.
    pub findings: Vec<ConfigFinding>,
    /// All mistakes as one error, if there is any.
    pub error: Option<Error>,
}

/// Something that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFinding {
    /// Keeps a daemon from starting; otherwise it has no effect.
    pub is_mistake: bool,
    /// The file, the variable or the flag.
    pub place: String,
    /// Line and column, from 1.
    pub position: Option<(u64, u64)>,
    /// The setting it is about; may be empty.
    pub setting: String,
    /// What is wrong.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// A place where the configuration file may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file.
    pub path: PathBuf,
    /// A flag, a variable, or which directory it is in.
    pub named_by: String,
    /// What is there.
    pub state: ConfigFileState,
}

/// What is at such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigFileState {
    /// The file that the settings come from.
    Read,
    /// A file; but one before it is read.
    NotRead,
    /// Nothing.
    Missing,
}

/// A configuration file to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigTemplate {
    /// Where it belongs.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// What reading the settings again came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigReload {
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What is not as it was.
    pub changes: Vec<SettingChange>,
    /// What is set without effect, each in one line.
    pub warnings: Vec<String>,
}

/// A setting that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Section and key.
    pub name: String,
    /// What it was, for people.
    pub before: String,
    /// What it is now.
    pub after: String,
    /// It holds from now on, not only with the next daemon.
    pub applied: bool,
}
