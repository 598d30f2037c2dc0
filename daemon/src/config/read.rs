//! From files, variables and flags to settings, and to all that is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use aws_ssm_proto::domain::{Error, nearest};
use serde_json::Value;

use super::foreign::foreign;
use super::mistake::{self, At, Mistake};
use super::origin::{Origin, read_text};
use super::setting::{SETTINGS, Setting, Takes, find, sections};
use super::tree::{self, Entry, Located, Node, Place};
use super::{Config, Source, twice};

/// A value is shown up to here.
const SHOWN: usize = 60;

/// What reading came to.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings, as far as they are right.
    pub(super) config: Config,
    /// What keeps them from being used.
    pub(super) mistakes: Vec<Mistake>,
    /// What is there for nothing.
    pub(super) warnings: Vec<Mistake>,
}

impl Loaded {
    /// The settings, if nothing is wrong with them.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub(crate) fn into_config(self) -> Result<Config, Error> {
        match self.error() {
            Some(error) => Err(error),
            None => Ok(self.config),
        }
    }

    /// All that is wrong, as one error.
    pub(crate) fn error(&self) -> Option<Error> {
        (!self.mistakes.is_empty()).then(|| mistake::error(&self.mistakes))
    }
}

impl Origin {
    /// Reads everything.
    pub(crate) fn load(&self) -> Loaded {
        let mut reader = Reader::new(self);
        if let Some(file) = self.file() {
            match read_text(&file.path) {
                Ok(text) => {
                    reader.file(&file.path, &text);
                    reader.loaded.config.file = Some(file.path.clone());
                }
                Err(error) => reader.unreadable(&file.path, &error),
            }
        }
        reader.finish()
    }

    /// Reads `text` as if it were the file at `path`.
    pub(crate) fn load_text(&self, path: &Path, text: &str) -> Loaded {
        let mut reader = Reader::new(self);
        reader.file(path, text);
        reader.loaded.config.file = Some(path.to_owned());
        reader.finish()
    }

    /// Reads another file in the place of its own.
    pub(crate) fn load_file(&self, path: &Path) -> Loaded {
        match read_text(path) {
            Ok(text) => self.load_text(path, &text),
            Err(error) => {
                let mut reader = Reader::new(self);
                reader.unreadable(path, &error);
                reader.finish()
            }
        }
    }
}

struct Reader<'a> {
    origin: &'a Origin,
    loaded: Loaded,
}

impl<'a> Reader<'a> {
    fn new(origin: &'a Origin) -> Self {
        let config = Config {
            user: origin.user.clone(),
            origin: origin.clone(),
            ..Config::default()
        };
        let loaded = Loaded {
            config,
            mistakes: Vec::new(),
            warnings: Vec::new(),
        };
        Self { origin, loaded }
    }

    fn finish(mut self) -> Loaded {
        self.variables();
        self.flags();
        self.check_threshold();
        self.loaded.mistakes.sort_by(|a, b| a.at.cmp(&b.at));
        let warnings = self.loaded.warnings.iter();
        self.loaded.config.warnings = warnings.map(ToString::to_string).collect();
        self.loaded
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        let at = At::File(path.to_owned(), None);
        self.wrong(
            Mistake::new(at, "", "the file cannot be read")
                .why(error.to_string())
                .hint("name another file with --config, or make one with `aws-ssm config init`"),
        );
    }

    fn file(&mut self, path: &Path, text: &str) {
        let at = |place| At::File(path.to_owned(), place);
        match tree::parse(text) {
            Ok(None) => {}
            Ok(Some(Located { value, place })) => match value {
                Node::Scalar(Value::Null) => {}
                Node::Map(entries) => self.sections(path, &entries),
                other => self.wrong(
                    Mistake::new(at(Some(place)), "", format!("the file holds {other}"))
                        .why("it takes sections, such as `cache:`, with keys below them"),
                ),
            },
            Err(error) => self
                .wrong(Mistake::new(at(error.place), "", "this is no valid YAML").why(error.why)),
        }
    }

    fn sections(&mut self, path: &Path, entries: &[Entry]) {
        for (name, node) in entries {
            let at = At::File(path.to_owned(), Some(name.place));
            let section = name.value.as_str();
            if let Some(warning) = foreign(&at, section) {
                self.loaded.warnings.push(warning);
            } else if !sections().contains(&section) {
                self.wrong(unknown_section(at, section));
            } else {
                match &node.value {
                    Node::Scalar(Value::Null) => {}
                    Node::Map(keys) => self.keys(path, section, keys),
                    other => self.wrong(
                        Mistake::new(at, section, format!("{section} is {other}"))
                            .why("it is a section and takes keys below it"),
                    ),
                }
            }
        }
        self.loaded.mistakes.extend(twice::sections(path, entries));
    }

    fn keys(&mut self, path: &Path, section: &str, keys: &[Entry]) {
        for (key, value) in keys {
            let name = format!("{section}.{}", key.value);
            let at = |place: Place| At::File(path.to_owned(), Some(place));
            if let Some(warning) = foreign(&at(key.place), &name) {
                self.loaded.warnings.push(warning);
                continue;
            }
            let Some(setting) = find(&name) else {
                self.wrong(unknown(at(key.place), &name));
                continue;
            };
            let right = match &value.value {
                Node::Scalar(value) => setting.put(&mut self.loaded.config, value),
                Node::List | Node::Map(_) => false,
            };
            if right {
                let source = Source::File(value.place);
                self.loaded.config.sources.insert(setting.name, source);
            } else {
                // Where nothing stands there is no place either.
                let nothing = value.value == Node::Scalar(Value::Null);
                let place = if nothing { key.place } else { value.place };
                self.wrong(refused(at(place), setting, &value.value));
            }
        }
        self.loaded
            .mistakes
            .extend(twice::keys(path, section, keys));
    }

    fn variables(&mut self) {
        let mut left: BTreeMap<_, _> = self.origin.variables.iter().collect();
        for setting in SETTINGS {
            let variable = setting.variable();
            if let Some(text) = left.remove(&variable) {
                let at = At::Variable(variable);
                self.text(setting, at, text, Source::Variable);
            }
        }
        for variable in left.into_keys() {
            self.loaded.warnings.push(unknown_variable(variable));
        }
    }

    fn flags(&mut self) {
        if let Some(level) = &self.origin.log_level {
            let setting = find("daemon.log_level").expect("it is in the table");
            let flag = "--log-level";
            self.text(setting, At::Flag(flag), level, Source::Flag(flag));
        }
    }

    /// Reads a text as the file would be read.
    fn text(&mut self, setting: &'static Setting, at: At, text: &str, source: Source) {
        let value = match setting.takes.is_text() {
            true => Node::Scalar(text.into()),
            false => match tree::parse(text) {
                Ok(Some(located)) => located.value,
                _ => Node::Scalar(text.into()),
            },
        };
        let right = match &value {
            Node::Scalar(value) => setting.put(&mut self.loaded.config, value),
            Node::List | Node::Map(_) => false,
        };
        if right {
            self.loaded.config.sources.insert(setting.name, source);
        } else {
            self.wrong(refused(at, setting, &Node::Scalar(text.into())));
        }
    }

    fn check_threshold(&mut self) {
        let config = &self.loaded.config;
        let policy = config.policy();
        if policy.stale_threshold >= policy.ttl {
            return;
        }
        let name = "cache.stale_threshold_minutes";
        let at = match (config.sources.get(name), &config.file) {
            (Some(Source::File(place)), Some(file)) => At::File(file.clone(), Some(*place)),
            _ => At::Variable("AWS_SSM_CACHE_STALE_THRESHOLD_MINUTES".to_owned()),
        };
        self.wrong(
            Mistake::new(at, name, format!("{name} is below cache.ttl_minutes"))
                .why("data would expire before it is stale")
                .hint("raise the threshold, or leave it out"),
        );
    }

    fn wrong(&mut self, mistake: Mistake) {
        self.loaded.mistakes.push(mistake);
    }
}

fn refused(at: At, setting: &Setting, value: &Node) -> Mistake {
    let mut shown = value.to_string();
    if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    let name = setting.name;
    let mistake = Mistake::new(at, name, format!("{name} cannot be {shown}"))
        .why(format!("it takes {}", setting.takes));
    match (setting.takes, value) {
        (Takes::Word(words), Node::Scalar(Value::String(word))) => {
            match nearest(word, words.iter().copied()) {
                Some(nearest) => mistake.hint(format!("did you mean {nearest}?")),
                None => mistake,
            }
        }
        (_, Node::Scalar(Value::Null)) => mistake.hint("write a value, or leave the key out"),
        (takes, Node::Scalar(Value::Number(_) | Value::Bool(_))) if takes.is_text() => {
            mistake.hint("write it in quotes")
        }
        _ => mistake,
    }
}

fn unknown(at: At, name: &str) -> Mistake {
    let names = || SETTINGS.iter().map(|setting| setting.name);
    let key = name.split_once('.').map_or(name, |(_, key)| key);
    let elsewhere = names().find(|known| known.ends_with(&format!(".{key}")));
    let longer = names().find(|known| known.starts_with(name));
    suggest(
        Mistake::new(at, name, format!("there is no setting {name}")),
        nearest(name, names()).or(elsewhere).or(longer),
    )
}

fn unknown_section(at: At, section: &str) -> Mistake {
    let mistake = Mistake::new(at, section, format!("there is no section {section}"));
    let setting = SETTINGS.iter().find(|setting| setting.parts().1 == section);
    match setting.map(Setting::parts) {
        Some((above, key)) => mistake
            .why(format!("{key} is a key of the section {above}"))
            .hint(format!("put it below `{above}:`, and indent it")),
        None => suggest(mistake, nearest(section, sections().into_iter())),
    }
}

fn unknown_variable(name: &str) -> Mistake {
    let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let at = At::Variable(name.to_owned());
    let mistake = Mistake::new(at, "", "it has no effect").why("there is no such setting");
    match nearest(name, names.iter().map(String::as_str)) {
        Some(nearest) => mistake.hint(format!("did you mean {nearest}?")),
        None => mistake.hint("unset it"),
    }
}

fn suggest(mistake: Mistake, nearest: Option<&str>) -> Mistake {
    let mistake = mistake.why("a name that means nothing is refused rather than left out");
    match nearest {
        Some(nearest) => mistake.hint(format!("did you mean {nearest}?")),
        None => mistake,
    }
}
