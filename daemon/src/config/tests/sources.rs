//! Which of file, variable, flag and default counts, and how that is told.

use super::*;

fn source(config: &Config, name: &str) -> String {
    let settings = config.describe();
    let found = settings.into_iter().find(|setting| setting.name == name);
    found.expect("a setting").source
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let name = "daemon.log_level";
    let text = "daemon:\n  log_level: warn\n";
    let variable = [("AWS_SSM_DAEMON_LOG_LEVEL", "debug")];
    let config = Config::default();
    assert_eq!(
        (&*config.daemon.log_level, &*source(&config, name)),
        ("info", "default")
    );
    let config = loaded(text, &[]).into_config().expect("fine");
    assert_eq!(config.daemon.log_level, "warn");
    assert_eq!(source(&config, name), "/h/config.yaml:2");
    let config = loaded(text, &variable).into_config().expect("fine");
    assert_eq!(config.daemon.log_level, "debug");
    assert_eq!(source(&config, name), "AWS_SSM_DAEMON_LOG_LEVEL");
    let mut origin = config.origin().clone();
    origin.log_level = Some("trace".to_owned());
    let config = origin.load_text(Path::new("/h/config.yaml"), text);
    let config = config.into_config().expect("fine");
    assert_eq!(config.daemon.log_level, "trace");
    assert_eq!(source(&config, name), "--log-level");
    origin.log_level = Some("loud".to_owned());
    let error = origin.load().into_config().expect_err("no level");
    assert!(error.what.starts_with("--log-level: "), "{error}");
}

#[test]
fn every_setting_has_a_variable() {
    for setting in setting::SETTINGS {
        let value = match setting.takes {
            setting::Takes::Text => "x",
            setting::Takes::Switch => "false",
            setting::Takes::Number(..) | setting::Takes::Whole(..) => "6",
            setting::Takes::Word(words) => words[words.len() - 1],
            setting::Takes::Path => "/x",
            setting::Takes::Listener => "unix:/x",
        };
        let value = if setting.name == "cache.refresh_ahead" {
            "0.5"
        } else {
            value
        };
        let variable = setting.variable();
        let config = loaded("", &[(&variable, value)]).into_config();
        let config = config.unwrap_or_else(|error| panic!("{variable}: {error}"));
        assert_eq!(source(&config, setting.name), variable);
    }
}

#[test]
fn the_text_of_a_variable_is_a_text_where_one_belongs() {
    let variables = [
        ("AWS_SSM_DEFAULT_PROFILE", "123456789012"),
        ("AWS_SSM_CACHE_BACKGROUND_REFRESH", "no"),
    ];
    let config = loaded("", &variables).into_config().expect("fine");
    assert_eq!(config.default.profile.as_deref(), Some("123456789012"));
    assert!(!config.cache.background_refresh);
}

#[test]
fn a_variable_that_sets_nothing_is_told_of() {
    let mut origin = Origin::default();
    let name = "AWS_SSM_CACHE_TTL_MINUTE".to_owned();
    origin.variables.insert(name, "5".to_owned());
    let config = origin.load().into_config().expect("fine");
    assert!(
        config.warnings[0].contains("AWS_SSM_CACHE_TTL_MINUTES"),
        "{:?}",
        config.warnings
    );
}

#[test]
fn what_needs_a_restart_stays_as_it_is() {
    let before = parsed("performance:\n  memory_limit_mb: 20\n").expect("fine");
    let text = "performance:\n  memory_limit_mb: 30\ncache:\n  ttl_minutes: 1\n";
    let wanted = parsed(text).expect("fine");
    let changes = wanted.changes_since(&before);
    let told = changes
        .iter()
        .map(|c| (&*c.name, &*c.before, &*c.after, c.applied));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("cache.ttl_minutes", "5", "1", true),
            ("performance.memory_limit_mb", "20", "30", false),
        ]
    );
    let held = wanted.held_by(&before);
    assert_eq!(held.cache.ttl_minutes, 1.0);
    assert_eq!(held.performance.memory_limit_mb, 20);
    // What is put off is still wanted at the next reading.
    assert_eq!(wanted.changes_since(&held).len(), 1);
}
