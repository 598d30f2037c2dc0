//! What the settings are, for people and for other programs.

use aws_ssm_proto::domain::{ConfigCheck, ConfigFinding, Setting, SettingChange, SettingValue};
use aws_ssm_proto::published::{self, Published};
use serde_json::Value;

use super::held::Held;
use super::mistake::{At, Mistake};
use super::read::Loaded;
use super::setting::{self, Applies, SETTINGS};
use super::tree::Place;
use super::{Config, Source};

/// Its default follows from another setting.
const THRESHOLD: &str = "cache.stale_threshold_minutes";
/// Its default is found where the process runs.
const CACHE_DIR: &str = "cache.cache_dir";

impl Config {
    /// Every setting, with where its value comes from.
    pub(crate) fn describe(&self) -> Vec<Setting> {
        let describe = |setting: &setting::Setting| Setting {
            name: setting.name.to_owned(),
            value: match setting.get(self) {
                Value::Null if setting.name == THRESHOLD => {
                    SettingValue::Set(self.threshold_minutes().give().to_string())
                }
                Value::Null => SettingValue::Unset(self.instead_of(setting)),
                value => SettingValue::Set(value.to_string()),
            },
            source: self.source(setting),
        };
        SETTINGS.iter().map(describe).collect()
    }

    /// What clients may know before they ask.
    pub(crate) fn published(&self) -> Published {
        let file = self.file.iter();
        let file = file.map(|path| (published::FILE, path.display().to_string()));
        let set = SETTINGS.iter().filter_map(|setting| {
            let value = match setting.name {
                THRESHOLD => self.threshold_minutes().give(),
                _ => setting.get(self),
            };
            (!value.is_null()).then(|| (setting.name, plain(&value)))
        });
        Published::new(file.chain(set))
    }

    /// Everything that is not as it is in `before`.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<SettingChange> {
        let changed = SETTINGS.iter().filter(|s| s.get(self) != s.get(before));
        let change = |setting: &setting::Setting| SettingChange {
            name: setting.name.to_owned(),
            before: before.shown(setting),
            after: self.shown(setting),
            applied: setting.applies == Applies::AtOnce,
        };
        changed.map(change).collect()
    }

    /// These settings as far as they can hold at once; the rest stays as it is in
    /// `running`.
    pub(crate) fn held_by(&self, running: &Self) -> Self {
        let mut held = self.clone();
        for setting in SETTINGS
            .iter()
            .filter(|s| s.applies == Applies::WithRestart)
        {
            setting.copy(running, &mut held);
            match running.sources.get(setting.name) {
                Some(source) => held.sources.insert(setting.name, *source),
                None => held.sources.remove(setting.name),
            };
        }
        held
    }

    fn shown(&self, setting: &setting::Setting) -> String {
        match setting.get(self) {
            Value::Null => self.instead_of(setting),
            value => plain(&value),
        }
    }

    /// The one in use, set or not.
    fn threshold_minutes(&self) -> f64 {
        self.policy().stale_threshold.as_secs_f64() / 60.0
    }

    /// What holds while it is unset.
    fn instead_of(&self, setting: &setting::Setting) -> String {
        match (setting.name, &self.disk().cache_dir) {
            (THRESHOLD, _) => self.threshold_minutes().give().to_string(),
            (CACHE_DIR, Some(dir)) => dir.display().to_string(),
            _ => setting.unset.unwrap_or_default().to_owned(),
        }
    }

    fn source(&self, setting: &setting::Setting) -> String {
        match (self.sources.get(setting.name), &self.file) {
            (Some(Source::File(place)), Some(file)) => {
                format!("{}:{}", file.display(), place.line)
            }
            (Some(Source::Variable), _) => setting.variable(),
            (Some(Source::Flag(flag)), _) => (*flag).to_owned(),
            (None | Some(Source::File(_)), _) => "default".to_owned(),
        }
    }
}

impl Loaded {
    /// All there is to say.
    pub(crate) fn check(&self) -> ConfigCheck {
        let mistakes = self.mistakes.iter().map(|mistake| finding(mistake, true));
        let warnings = self.warnings.iter().map(|warning| finding(warning, false));
        ConfigCheck {
            file: self.config.file.clone(),
            findings: mistakes.chain(warnings).collect(),
            error: self.error(),
        }
    }
}

fn finding(mistake: &Mistake, is_mistake: bool) -> ConfigFinding {
    let (place, position) = match &mistake.at {
        At::File(path, place) => (path.display().to_string(), *place),
        At::Variable(name) => (name.clone(), None),
        At::Flag(name) => ((*name).to_owned(), None),
    };
    ConfigFinding {
        is_mistake,
        place,
        position: position.map(|Place { line, column }| (line, column)),
        setting: mistake.setting.clone(),
        what: mistake.what.clone(),
        why: mistake.why.clone(),
        hint: mistake.hint.clone(),
    }
}

/// Text without quotes, everything else as it is written.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
