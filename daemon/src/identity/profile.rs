//! The profiles of the shared configuration and credentials files.
//!
//! A profile is what both files say under its name; the credentials file wins
//! where both set a property. Nothing here touches the disk, and nothing decides
//! what a property means.

mod parse;

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

pub use parse::ParseError;
use parse::{RawProperty, Section, Sections};

/// The profile that is used when nobody names one.
pub const DEFAULT_PROFILE: &str = "default";

/// Which of the two files something stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `~/.aws/config`: profiles have a prefix, other sections exist.
    Config,
    /// `~/.aws/credentials`: every section is a profile, by its bare name.
    Credentials,
}

/// What one file holds.
#[derive(Default)]
pub struct ProfileFile {
    profiles: BTreeMap<String, BTreeMap<String, Property>>,
    services: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    sso_sessions: BTreeMap<String, BTreeMap<String, Property>>,
    /// Sections that are no profile although a profile of that name may be
    /// meant: `[name]` in the configuration file.
    bare: Vec<String>,
}

/// One property of a profile.
#[derive(Clone)]
pub struct Property {
    value: Zeroizing<String>,
    line: usize,
}

impl ProfileFile {
    /// Reads a file's bytes.
    ///
    /// # Errors
    ///
    /// The first line that is not of the format.
    pub fn parse(bytes: &[u8], kind: FileKind) -> Result<Self, ParseError> {
        let sections = parse::parse(bytes)?;
        Ok(match kind {
            FileKind::Config => Self::from_config(sections),
            FileKind::Credentials => Self {
                profiles: sections
                    .into_iter()
                    .map(|(name, section)| (name, properties(section)))
                    .collect(),
                ..Self::default()
            },
        })
    }

    fn from_config(sections: Sections) -> Self {
        let mut file = Self::default();
        // In the order of the file, so that of `[default]` and
        // `[profile default]` the later stands.
        let mut sections: Vec<_> = sections.into_iter().collect();
        sections.sort_by_key(|(_, section)| section.line);
        for (header, section) in sections {
            match words(&header).as_slice() {
                [kind, name] if kind == "profile" => {
                    let properties = properties(section);
                    file.profiles.insert(name.clone(), properties);
                }
                [kind, name] if kind == "services" => {
                    file.services.insert(name.clone(), nested(section));
                }
                [kind, name] if kind == "sso-session" => {
                    let properties = properties(section);
                    file.sso_sessions.insert(name.clone(), properties);
                }
                [name] if name == DEFAULT_PROFILE => {
                    let properties = properties(section);
                    file.profiles.insert(name.clone(), properties);
                }
                [name] => file.bare.push(name.clone()),
                // Sections of other kinds, and of tools other than this.
                _ => {}
            }
        }
        file
    }
}

impl fmt::Debug for ProfileFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileFile")
            .field("profiles", &self.profiles.keys())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

fn properties(section: Section) -> BTreeMap<String, Property> {
    let property = |raw: RawProperty| Property {
        value: raw.value,
        line: raw.line,
    };
    section
        .properties
        .into_iter()
        .map(|(name, raw)| (name, property(raw)))
        .collect()
}

fn nested(section: Section) -> BTreeMap<String, BTreeMap<String, String>> {
    section
        .properties
        .into_iter()
        .map(|(service, raw)| (service, raw.nested))
        .collect()
}

/// The words of a section's header; quotes hold a name with spaces together.
fn words(header: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = header.trim();
    while let Some(first) = rest.chars().next() {
        let quoted = matches!(first, '"' | '\'')
            .then(|| rest[1..].split_once(first))
            .flatten();
        let (word, after) = quoted
            .or_else(|| rest.split_once(char::is_whitespace))
            .unwrap_or((rest, ""));
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// Both files as one.
#[derive(Clone, Copy, Debug)]
pub struct Profiles<'a> {
    config: &'a ProfileFile,
    credentials: &'a ProfileFile,
}

impl<'a> Profiles<'a> {
    /// Lays the credentials file over the configuration file.
    #[must_use]
    pub fn new(config: &'a ProfileFile, credentials: &'a ProfileFile) -> Self {
        Self {
            config,
            credentials,
        }
    }

    /// The profile of this name, if either file has it.
    #[must_use]
    pub fn get(&self, name: &'a str) -> Option<Profile<'a>> {
        let config = self.config.profiles.get(name);
        let credentials = self.credentials.profiles.get(name);
        (config.is_some() || credentials.is_some()).then_some(Profile {
            name,
            config,
            credentials,
        })
    }

    /// The names of all profiles; one that stands in both files comes twice.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let config = self.config.profiles.keys();
        let names = config.chain(self.credentials.profiles.keys());
        names.map(String::as_str)
    }

    /// Whether the configuration file has `[name]` where `[profile name]` would
    /// make a profile.
    #[must_use]
    pub fn lacks_prefix(&self, name: &str) -> bool {
        self.config.bare.iter().any(|bare| bare == name)
    }

    /// A property of a `[sso-session name]` section; one that is set to nothing
    /// counts as not set. `None` if there is no such section.
    #[must_use]
    pub fn sso_session(&self, name: &str, property: &str) -> Option<Option<&'a str>> {
        let section = self.config.sso_sessions.get(name)?;
        let value = section.get(property).map(|found| found.value.as_str());
        Some(value.filter(|value| !value.is_empty()))
    }

    /// The names of all `[sso-session name]` sections.
    pub fn sso_sessions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.config.sso_sessions.keys().map(String::as_str)
    }

    /// A property of one service in a `[services name]` section. `None` if
    /// there is no such section.
    #[must_use]
    pub fn service(&self, section: &str, service: &str, property: &str) -> Option<Option<&'a str>> {
        let section = self.config.services.get(section)?;
        let service = section.get(service);
        Some(
            service
                .and_then(|nested| nested.get(property))
                .map(String::as_str),
        )
    }
}

/// One profile, as both files have it.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    name: &'a str,
    config: Option<&'a BTreeMap<String, Property>>,
    credentials: Option<&'a BTreeMap<String, Property>>,
}

impl<'a> Profile<'a> {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// A property's value; one that is set to nothing counts as not set.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&'a str> {
        self.in_file(FileKind::Credentials, property)
            .or_else(|| self.in_file(FileKind::Config, property))
    }

    /// A property's value in one of the files alone.
    #[must_use]
    pub fn in_file(&self, file: FileKind, property: &str) -> Option<&'a str> {
        let property = self.properties(file)?.get(property)?;
        Some(property.value.as_str()).filter(|value| !value.is_empty())
    }

    fn properties(&self, file: FileKind) -> Option<&'a BTreeMap<String, Property>> {
        match file {
            FileKind::Config => self.config,
            FileKind::Credentials => self.credentials,
        }
    }

    /// Which file a property comes from, and on which line.
    #[must_use]
    pub fn place(&self, property: &str) -> Option<(FileKind, usize)> {
        let file = [FileKind::Credentials, FileKind::Config]
            .into_iter()
            .find(|file| self.in_file(*file, property).is_some())?;
        let property = self.properties(file)?.get(property)?;
        Some((file, property.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ProfileFile {
        ProfileFile::parse(text.as_bytes(), FileKind::Config).unwrap()
    }

    fn credentials(text: &str) -> ProfileFile {
        ProfileFile::parse(text.as_bytes(), FileKind::Credentials).unwrap()
    }

    #[test]
    fn the_credentials_file_wins() {
        let config = config("[profile a]\nregion = x\naws_access_key_id = old\n");
        let credentials = credentials("[a]\naws_access_key_id = new\n");
        let profiles = Profiles::new(&config, &credentials);
        let profile = profiles.get("a").unwrap();
        assert_eq!(profile.get("aws_access_key_id"), Some("new"));
        assert_eq!(profile.get("region"), Some("x"));
        let place = profile.place("aws_access_key_id");
        assert_eq!(place, Some((FileKind::Credentials, 2)));
    }

    #[test]
    fn a_profile_of_the_config_file_needs_its_prefix() {
        let config = config("[a]\nregion = x\n[profile \"two words\"]\nregion = y\n");
        let none = ProfileFile::default();
        let profiles = Profiles::new(&config, &none);
        assert!(profiles.get("a").is_none());
        assert!(profiles.lacks_prefix("a"));
        let quoted = profiles.get("two words").unwrap();
        assert_eq!(quoted.get("region"), Some("y"));
    }

    #[test]
    fn the_later_default_stands() {
        let config = config("[profile default]\nregion = x\n[default]\noutput = json\n");
        let none = ProfileFile::default();
        let profiles = Profiles::new(&config, &none);
        let default = profiles.get("default").unwrap();
        assert_eq!(default.get("region"), None);
        assert_eq!(default.get("output"), Some("json"));
    }

    #[test]
    fn services_are_found_by_section_and_name() {
        let config = config("[services s]\nec2 =\n  endpoint_url = http://a\n");
        let none = ProfileFile::default();
        let profiles = Profiles::new(&config, &none);
        let found = profiles.service("s", "ec2", "endpoint_url");
        assert_eq!(found, Some(Some("http://a")));
        assert_eq!(profiles.service("s", "ssm", "endpoint_url"), Some(None));
        assert_eq!(profiles.service("t", "ec2", "endpoint_url"), None);
    }

    #[test]
    fn sign_in_sessions_are_found_by_name() {
        let config = config("[sso-session corp]\nsso_region = eu-west-1\nempty =\n");
        let none = ProfileFile::default();
        let profiles = Profiles::new(&config, &none);
        let region = profiles.sso_session("corp", "sso_region");
        assert_eq!(region, Some(Some("eu-west-1")));
        assert_eq!(profiles.sso_session("corp", "empty"), Some(None));
        assert_eq!(profiles.sso_session("other", "sso_region"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let file = credentials("[a]\naws_secret_access_key = hunter2\n");
        let shown = format!("{file:?} {:?}", file.profiles);
        assert!(shown.contains("aws_secret_access_key"));
        assert!(!shown.contains("hunter2"));
    }
}
