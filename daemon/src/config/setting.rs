//! Every setting there is: its name, what it takes, when a change of it holds, and
//! where it goes.
//!
//! The guide, the messages, `config show` and `config init` are all made of, or held
//! against, this one table.

mod table;

use std::fmt;

use serde_json::Value;

use super::Config;

pub(super) use table::SETTINGS;

/// One setting of the file and of the environment.
pub(super) struct Setting {
    /// Section and key, as in `cache.ttl_minutes`.
    pub(super) name: &'static str,
    /// The values that are right.
    pub(super) takes: Takes,
    /// When a changed value holds.
    pub(super) applies: Applies,
    /// What holds while it is unset, where that is no value of its own.
    pub(super) unset: Option<&'static str>,
    /// What it is for, in a few words.
    pub(super) about: &'static str,
    put: fn(&mut Config, &Value) -> bool,
    get: fn(&Config) -> Value,
    copy: fn(&Config, &mut Config),
}

/// The values that are right; ranges include their ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Takes {
    Text,
    Switch,
    Number(f64, f64),
    Whole(u64, u64),
    Word(&'static [&'static str]),
    Path,
    Listener,
}

/// When a changed value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    /// As soon as the file is read again.
    AtOnce,
    /// With the next daemon.
    WithRestart,
}

impl Takes {
    /// Whether a value is of the kind, and within the range.
    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Self::Switch => value.is_boolean(),
            Self::Number(min, max) => value.as_f64().is_some_and(|n| (min..=max).contains(&n)),
            Self::Whole(min, max) => value.as_u64().is_some_and(|n| (min..=max).contains(&n)),
            Self::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Path | Self::Listener => value.is_string(),
        }
    }

    /// Whether a variable's text stands for itself, however much it looks like a
    /// number.
    pub(super) fn is_text(self) -> bool {
        !matches!(self, Self::Switch | Self::Number(..) | Self::Whole(..))
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Switch => f.write_str("true or false"),
            Self::Number(min, max) => write!(f, "a number from {min} to {max}"),
            Self::Whole(min, max) => write!(f, "a whole number from {min} to {max}"),
            Self::Word(words) => f.write_str(&words.join(", ")),
            Self::Path => f.write_str("an absolute path"),
            Self::Listener => {
                f.write_str("unix:PATH with an absolute path, or a loopback address with a port")
            }
        }
    }
}

impl Setting {
    /// Puts a value in its place; says whether it is a right one.
    pub(super) fn put(&self, config: &mut Config, value: &Value) -> bool {
        self.takes.admits(value) && (self.put)(config, value)
    }

    /// Its value; null while it is unset.
    pub(super) fn get(&self, config: &Config) -> Value {
        (self.get)(config)
    }

    /// Makes it the same in both.
    pub(super) fn copy(&self, from: &Config, to: &mut Config) {
        (self.copy)(from, to);
    }

    /// The variable that sets it: that of `cache.ttl_minutes` is
    /// `AWS_SSM_CACHE_TTL_MINUTES`.
    pub(super) fn variable(&self) -> String {
        format!("AWS_SSM_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Section and key.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        let parts = self.name.split_once('.');
        parts.expect("every name has a section and a key")
    }
}

/// The setting of this name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Every section, once, in the order of the guide.
pub(super) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = SETTINGS.iter().map(|s| s.parts().0).collect();
    sections.dedup();
    sections
}

#[cfg(test)]
mod tests {
    use super::Takes::{Listener, Number, Path, Switch, Text, Whole, Word};
    use super::*;

    #[test]
    fn every_default_is_one_of_the_values_taken() {
        let defaults = Config::default();
        for setting in SETTINGS {
            let value = setting.get(&defaults);
            assert_eq!(value.is_null(), setting.unset.is_some(), "{}", setting.name);
            let mut config = Config::default();
            let right = value.is_null() || setting.put(&mut config, &value);
            assert!(right, "{} = {value}", setting.name);
            assert_eq!(setting.get(&config), value, "{}", setting.name);
        }
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it_and_nothing_beyond() {
        for setting in SETTINGS {
            let (inside, outside): (Vec<Value>, Vec<Value>) = match setting.takes {
                Number(min, max) => (
                    vec![min.into(), max.into()],
                    vec![
                        (min - 0.01).into(),
                        (max + 1.0).into(),
                        "5".into(),
                        true.into(),
                    ],
                ),
                Whole(min, max) => (
                    vec![min.into(), max.into()],
                    vec![
                        (min - 1).into(),
                        (max + 1).into(),
                        (-1).into(),
                        1.5.into(),
                        "5".into(),
                    ],
                ),
                Switch => (
                    vec![true.into(), false.into()],
                    vec![1.into(), "true".into()],
                ),
                Word(words) => (
                    words.iter().map(|word| Value::from(*word)).collect(),
                    vec!["nonesuch".into(), "".into(), Value::Null],
                ),
                Text => (vec!["x".into()], vec!["".into(), 1.into(), Value::Null]),
                Path => (vec!["/x".into()], vec!["x".into(), "".into(), 1.into()]),
                Listener => (vec!["unix:/x".into()], vec!["x".into(), 9464.into()]),
            };
            for (values, right) in [(inside, true), (outside, false)] {
                for value in values {
                    let taken = setting.put(&mut Config::default(), &value);
                    assert_eq!(taken, right, "{} = {value}", setting.name);
                }
            }
        }
    }

    #[test]
    fn names_are_apart_as_settings_and_as_variables() {
        let mut names: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        let sections = sections();
        assert!(sections.is_sorted_by(|a, b| a != b), "{sections:?}");
    }
}
