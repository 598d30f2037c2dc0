//! Where settings are read from: the files that may be there, variables, flags.
//!
//! All of it is told once, when the process starts; reading again reads the same
//! places again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::{ConfigFile, ConfigFileState};

use super::setting::{SETTINGS, Setting, sections};

/// A larger file is a mistake.
const MAX_BYTES: u64 = 1 << 20;

/// A place where the file may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The file.
    pub(crate) path: PathBuf,
    /// Who says so, for people.
    pub(crate) named_by: &'static str,
    /// Somebody named this very file, so it must be there, and no other counts.
    pub(crate) explicit: bool,
}

/// Everything that settings are read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The first that is explicit or there is read.
    pub(crate) candidates: Vec<Candidate>,
    /// Those that set something, and those that seem to be meant to.
    pub(crate) variables: BTreeMap<String, String>,
    /// What `--log-level` says.
    pub(crate) log_level: Option<String>,
    /// Who runs the daemon.
    pub(crate) user: String,
    /// The directory for caches, unless a setting names one; where there is none,
    /// nothing is kept on disk.
    pub(crate) cache: Option<PathBuf>,
}

impl Origin {
    /// That of this process: the file that it names, or else the first that is
    /// there of `AWS_SSM_HOME/config.yaml`, `~/.aws-ssm/config.yaml` and
    /// `aws-ssm/config.yaml` in the platform's configuration directory.
    pub(crate) fn of_this_process(config: Option<&Path>, log_level: Option<&str>) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user = variable("USER")
            .or_else(|| variable("LOGNAME"))
            .unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string());
        let set = std::env::vars_os()
            .map(|(name, value)| [name, value].map(|text| text.to_string_lossy().into_owned()))
            .filter(|[name, value]| is_meant(name) && !value.is_empty());
        Self {
            candidates: candidates(config, variable),
            variables: set.map(|[name, value]| (name, value)).collect(),
            log_level: log_level.map(str::to_owned),
            user,
            cache: cache(variable("AWS_SSM_HOME")),
        }
    }

    /// A file that must be there, or else the first of `usual` that is; and the
    /// variables of the settings.
    pub(super) fn given(
        explicit: Option<&Path>,
        usual: &[PathBuf],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let candidate = |path: &Path, explicit| Candidate {
            path: path.to_owned(),
            named_by: "the caller",
            explicit,
        };
        let named = explicit.iter().map(|path| candidate(path, true));
        let usual = usual.iter().map(|path| candidate(path, false));
        let names = SETTINGS.iter().map(Setting::variable);
        Self {
            candidates: named.chain(usual).collect(),
            variables: names
                .filter_map(|name| variable(&name).map(|value| (name, value)))
                .collect(),
            ..Self::default()
        }
    }

    /// The file to read, if there is one to.
    pub(super) fn file(&self) -> Option<&Candidate> {
        let mut candidates = self.candidates.iter();
        candidates.find(|candidate| candidate.explicit || candidate.path.exists())
    }

    /// Where a first file belongs.
    pub(super) fn first(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// Every place, and what is there.
    pub(crate) fn places(&self) -> Vec<ConfigFile> {
        let read = self.file();
        let place = |candidate: &Candidate| ConfigFile {
            path: candidate.path.clone(),
            named_by: candidate.named_by.to_owned(),
            state: match candidate.path.exists() {
                false => ConfigFileState::Missing,
                true if read == Some(candidate) => ConfigFileState::Read,
                true => ConfigFileState::NotRead,
            },
        };
        self.candidates.iter().map(place).collect()
    }
}

/// The text of a file, in bounds.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    // One that waits for a writer would be waited for without end.
    if path.metadata()?.file_type().is_fifo() {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut text = String::new();
    // Nor is a terminal waited for.
    let read = File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

/// Whether a variable sets something, or is named as if it did.
fn is_meant(name: &str) -> bool {
    let rest = name.strip_prefix("AWS_SSM_");
    let sections = sections();
    let mut sections = sections.iter().map(|section| section.to_uppercase());
    rest.and_then(|rest| rest.split_once('_'))
        .is_some_and(|(section, _)| sections.any(|known| known == section))
}

fn candidates(config: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut add = |path: Option<PathBuf>, named_by, explicit| {
        candidates.extend(path.map(|path| Candidate {
            path,
            named_by,
            explicit,
        }));
    };
    // What is relative to this process's directory is told to others too.
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let home_file = |home: String| Path::new(&home).join("config.yaml");
    let config = config.map(Path::to_owned).map(absolute);
    add(config, "--config", true);
    let named = variable("AWS_SSM_CONFIG").map(PathBuf::from).map(absolute);
    add(named, "AWS_SSM_CONFIG", true);
    match variable("AWS_SSM_HOME") {
        Some(home) => add(Some(home_file(home)), "AWS_SSM_HOME", false),
        None => {
            let home = variable("HOME").map(|home| Path::new(&home).join(".aws-ssm/config.yaml"));
            add(home, "home directory", false);
            let platform = directories::ProjectDirs::from("", "", "aws-ssm");
            let platform = platform.map(|dirs| dirs.config_dir().join("config.yaml"));
            add(platform, "configuration directory", false);
        }
    }
    candidates
}

fn cache(home: Option<String>) -> Option<PathBuf> {
    if let Some(home) = home {
        return Some(Path::new(&home).join("cache"));
    }
    let platform = directories::ProjectDirs::from("", "", "aws-ssm");
    platform.map(|dirs| dirs.cache_dir().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(config: Option<&str>, variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let candidates = candidates(config.map(Path::new), variable);
        let path = |candidate: Candidate| candidate.path.display().to_string();
        candidates.into_iter().map(path).collect()
    }

    #[test]
    fn a_home_of_its_own_is_the_only_one() {
        let variables = [("AWS_SSM_HOME", "/h"), ("HOME", "/home/ada")];
        assert_eq!(paths(None, &variables), ["/h/config.yaml"]);
        let both = paths(
            Some("/c.yaml"),
            &[("AWS_SSM_CONFIG", "/v.yaml"), variables[0]],
        );
        assert_eq!(both, ["/c.yaml", "/v.yaml", "/h/config.yaml"]);
        let usual = paths(None, &[("HOME", "/home/ada")]);
        assert_eq!(usual[0], "/home/ada/.aws-ssm/config.yaml");
    }

    #[test]
    fn only_names_that_begin_as_settings_do_are_looked_at() {
        for name in [
            "AWS_SSM_CACHE_TTL_MINUTES",
            "AWS_SSM_CACHE_TTL",
            "AWS_SSM_DAEMON_X",
        ] {
            assert!(is_meant(name), "{name}");
        }
        for name in [
            "AWS_SSM_HOME",
            "AWS_SSM_DAEMON",
            "AWS_SSM_CONFIG",
            "AWS_REGION",
        ] {
            assert!(!is_meant(name), "{name}");
        }
    }

    #[test]
    fn a_file_without_end_is_not_read_to_it() {
        let error = read_text(Path::new("/dev/zero")).expect_err("too large");
        assert!(error.to_string().contains("1 MiB"), "{error}");
    }
}
