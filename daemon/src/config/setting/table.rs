//! The settings, in the order of the configuration guide.
//!
//! The name of each is that of its field, so that neither can be without the other.

use aws_ssm_proto::domain::OUTPUT_FORMATS;

use super::super::held::Held;
use super::Takes::{Listener, Number, Path, Switch, Text, Whole, Word};
use super::{Applies, Setting};

/// A field, what it takes, when a change of it holds, what it is for; and last, what
/// holds while it is unset, if it can be.
macro_rules! setting {
    ($section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal) => {
        setting!(@ $section.$key, $takes, $applies, $about, None)
    };
    ($section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal, $unset:literal) => {
        setting!(@ $section.$key, $takes, $applies, $about, Some($unset))
    };
    (@ $section:ident.$key:ident, $takes:expr, $applies:ident, $about:literal, $unset:expr) => {
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

/// A week, the longest time that anybody keeps data for.
const WEEK: f64 = 10_080.0;
/// A day, in minutes.
const DAY: f64 = 1440.0;

/// See the module.
pub(in super::super) const SETTINGS: &[Setting] = &[
    setting!(
        default.region,
        Text,
        AtOnce,
        "the region when flag, variables and profile name none",
        "none"
    ),
    setting!(
        default.profile,
        Text,
        AtOnce,
        "the profile when neither flag nor variables name one",
        "none"
    ),
    setting!(
        default.output,
        Word(&OUTPUT_FORMATS),
        AtOnce,
        "the format when --output names none",
        "table"
    ),
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
    setting!(
        cache.stale_threshold_minutes,
        Number(0.1, WEEK),
        AtOnce,
        "older data is loaded again before it is shown; not below ttl_minutes",
        "6, or 1.2 × ttl_minutes if that is more"
    ),
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
    setting!(
        cache.cache_dir,
        Path,
        WithRestart,
        "where on disk",
        "the platform's directory for caches"
    ),
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
    setting!(
        performance.streaming_page_size,
        Whole(5, 1000),
        AtOnce,
        "instances on a page from EC2; unset, the first page that a caller waits for is small and the others are large",
        "100, then 1000"
    ),
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
    setting!(
        metrics.prometheus_listen,
        Listener,
        WithRestart,
        "where Prometheus may ask for the counters: unix:PATH, or a loopback address and port",
        "nowhere"
    ),
];
