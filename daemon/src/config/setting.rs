//! Every setting there is: its name, what it takes, when a change of it holds, and
//! where it goes.
//!
//! The guide, the messages, `config show` and `config init` are all made of, or held
//! against, this one table.

use std::fmt;

use aws_ssm_proto::domain::OUTPUT_FORMATS;
use serde_json::Value;

use super::Config;
use super::held::Held;

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

macro_rules! setting {
    ($section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal) => {
        setting!($section.$key, $takes, $applies, $about, None)
    };
    ($section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal, unset $unset:literal) => {
        setting!($section.$key, $takes, $applies, $about, Some($unset))
    };
    ($section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal, $unset:expr) => {
        Setting {
            name: concat!(stringify!($section), ".", stringify!($key)),
            takes: $takes,
            applies: Applies::$applies,
            unset: $unset,
            about: $about,
            put: |config, value| {
                let held = Held::take(value);
                held.map(|held| config.$section.$key = held).is_some()
            },
            get: |config| config.$section.$key.give(),
            copy: |from, to| to.$section.$key.clone_from(&from.$section.$key),
        }
    };
}

use Takes::{Listener, Number, Path, Switch, Text, Whole, Word};

/// A week, the longest time that anybody keeps data for.
const WEEK: f64 = 10_080.0;
/// A day, in minutes.
const DAY: f64 = 1440.0;

/// The table of the configuration guide, in its order.
pub(super) const SETTINGS: &[Setting] = &[
    setting!(default.region, Text, AtOnce, "the region when flag, variables and profile name none", unset "none"),
    setting!(default.profile, Text, AtOnce, "the profile when neither flag nor variables name one", unset "none"),
    setting!(default.output, Word(&OUTPUT_FORMATS), AtOnce, "the format when --output names none", unset "table"),
    setting!(
        cache.enabled,
        Switch,
        AtOnce,
        "false: every call loads from AWS"
    ),
    setting!(
        cache.share,
        Word(&["principal", "credentials"]),
        WithRestart,
        "who shares an entry: all who are the same principal to AWS, or only who uses the very same credentials"
    ),
    setting!(
        cache.ttl_minutes,
        Number(0.1, DAY),
        AtOnce,
        "how long data is fresh"
    ),
    setting!(
        cache.background_refresh,
        Switch,
        AtOnce,
        "false: nothing is refreshed behind an answer or unasked"
    ),
    setting!(
        cache.refresh_workers,
        Whole(1, 64),
        WithRestart,
        "refreshes at the same time; one identity holds all but one of them at most"
    ),
    setting!(cache.stale_threshold_minutes, Number(0.1, WEEK), AtOnce, "older data is loaded again before it is shown; not below ttl_minutes", unset "6, or 1.2 × ttl_minutes if that is more"),
    setting!(
        cache.refresh_ahead,
        Number(0.1, 1.0),
        AtOnce,
        "the part of ttl_minutes after which a read also refreshes"
    ),
    setting!(
        cache.keep_warm_minutes,
        Number(0.0, WEEK),
        AtOnce,
        "how long after its last use an entry is kept fresh without being asked for"
    ),
    setting!(
        cache.persist,
        Switch,
        WithRestart,
        "whether what is known is kept on disk, for the next daemon"
    ),
    setting!(cache.cache_dir, Path, WithRestart, "where on disk", unset "the platform's directory for caches"),
    setting!(
        performance.client_pool_size,
        Whole(1, 1000),
        AtOnce,
        "AWS clients kept, one for each identity and region"
    ),
    setting!(
        performance.client_pool_ttl_minutes,
        Number(0.1, DAY),
        AtOnce,
        "a client unused for so long is dropped"
    ),
    setting!(performance.streaming_page_size, Whole(5, 1000), AtOnce, "instances on a page from EC2; unset, the first page that a caller waits for is small and the others are large", unset "100, then 1000"),
    setting!(
        performance.streaming_max_items,
        Whole(1, 1_000_000),
        AtOnce,
        "instances kept of one region; a list that was cut says so"
    ),
    setting!(
        performance.memory_limit_mb,
        Whole(1, 4096),
        WithRestart,
        "for instance data, the rows kept encoded included; the least used entries go first, and one entry that is larger alone is served and not kept"
    ),
    setting!(
        performance.enable_metrics,
        Switch,
        AtOnce,
        "whether a summary line is logged"
    ),
    setting!(
        performance.metrics_interval_seconds,
        Number(1.0, 86_400.0),
        AtOnce,
        "how often"
    ),
    setting!(
        resilience.failure_threshold,
        Whole(1, 1000),
        AtOnce,
        "failures in a row after which AWS is left alone for a while"
    ),
    setting!(
        resilience.open_seconds,
        Number(0.1, 3600.0),
        AtOnce,
        "how long it is left alone"
    ),
    setting!(
        resilience.half_open_probes,
        Whole(1, 100),
        AtOnce,
        "calls that must succeed after that"
    ),
    setting!(
        resilience.max_attempts,
        Whole(1, 10),
        AtOnce,
        "tries of one call"
    ),
    setting!(
        resilience.attempt_timeout_seconds,
        Number(0.1, 600.0),
        AtOnce,
        "for one try"
    ),
    setting!(
        resilience.operation_timeout_seconds,
        Number(0.1, 600.0),
        AtOnce,
        "for one call with all its tries"
    ),
    setting!(
        resilience.requests_per_second,
        Number(0.1, 10_000.0),
        AtOnce,
        "calls on average"
    ),
    setting!(resilience.burst, Whole(1, 100_000), AtOnce, "calls at once"),
    setting!(
        daemon.idle_timeout_minutes,
        Number(0.0, 100_000.0),
        AtOnce,
        "it ends when nobody has called for so long; 0: never"
    ),
    setting!(
        daemon.log_level,
        Word(&["error", "warn", "info", "debug", "trace"]),
        AtOnce,
        "from which level on the log tells"
    ),
    setting!(
        daemon.log_max_mb,
        Whole(1, 1024),
        WithRestart,
        "size at which the log is rotated"
    ),
    setting!(
        daemon.log_files,
        Whole(1, 100),
        WithRestart,
        "log files kept, the current one included"
    ),
    setting!(metrics.prometheus_listen, Listener, WithRestart, "where Prometheus may ask for the counters: unix:PATH, or a loopback address and port", unset "nowhere"),
];

#[cfg(test)]
mod tests {
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
