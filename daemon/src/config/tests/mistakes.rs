//! What is wrong, and what is said of it.

use super::*;

fn error(text: &str) -> Error {
    parsed(text).expect_err(text)
}

#[test]
fn an_unknown_key_names_file_line_column_and_the_nearest_key() {
    let error = error("cache:\n  enabled: true\n  ttl_minute: 5\n");
    let place = "/h/config.yaml, line 3, column 3: ";
    assert!(error.what.starts_with(place), "{error}");
    assert_eq!(error.hint, "did you mean cache.ttl_minutes?");
}

#[test]
fn a_key_of_another_section_is_told_where_it_belongs() {
    let error = self::error("cache:\n  memory_limit_mb: 50\n");
    assert_eq!(error.hint, "did you mean performance.memory_limit_mb?");
    let error = self::error("cache:\n  ttl: 50\n");
    assert_eq!(error.hint, "did you mean cache.ttl_minutes?");
    let error = self::error("memory_limit_mb: 50\n");
    assert_eq!(error.hint, "put it below `performance:`, and indent it");
    let error = self::error("cahce:\n  ttl_minutes: 5\n");
    assert_eq!(error.hint, "did you mean cache?");
}

#[test]
fn a_value_out_of_range_names_the_range_and_its_own_place() {
    let error = error("cache:\n  refresh_workers:  65\n");
    assert!(error.what.contains("line 2, column 21"), "{error}");
    assert!(error.what.contains("cache.refresh_workers"), "{error}");
    assert_eq!(error.why, "it takes a whole number from 1 to 64");
}

#[test]
fn a_wrong_word_is_told_the_nearest_right_one() {
    let error = self::error("cache:\n  share: credential\n");
    assert_eq!(error.hint, "did you mean credentials?");
    assert_eq!(error.why, "it takes principal, credentials");
    let error = self::error("default:\n  output: jsn\n");
    assert_eq!(error.hint, "did you mean json?");
}

#[test]
fn a_number_where_a_text_belongs_is_to_be_put_in_quotes() {
    let error = self::error("default:\n  profile: 123456789012\n");
    assert_eq!(error.hint, "write it in quotes");
    let config = parsed("default:\n  profile: '123456789012'\n").expect("fine");
    assert_eq!(config.default.profile.as_deref(), Some("123456789012"));
}

#[test]
fn a_key_without_a_value_is_no_setting() {
    let error = self::error("cache:\n  ttl_minutes:\n  enabled: true\n");
    assert!(error.what.contains("line 2, column 3"), "{error}");
    assert!(error.what.contains("cannot be empty"), "{error}");
}

#[test]
fn all_mistakes_of_a_file_and_of_variables_are_told_at_once() {
    let text = "cache:\n  ttl_minute: 5\n  refresh_workers: 65\nperformence:\n  x: 1\n";
    let variables = [("AWS_SSM_RESILIENCE_BURST", "many")];
    let error = loaded(text, &variables).into_config().expect_err("four");
    assert_eq!(error.what, "the configuration has 4 mistakes");
    let told = [
        "line 2, column 3: there is no setting cache.ttl_minute",
        "line 3, column 20: cache.refresh_workers cannot be 65: it takes a whole number from 1 to 64",
        "line 4, column 1: there is no section performence",
        "AWS_SSM_RESILIENCE_BURST: resilience.burst cannot be \"many\"",
    ];
    assert_eq!(error.candidates.len(), told.len(), "{error:?}");
    for (line, words) in error.candidates.iter().zip(told) {
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn a_section_written_twice_shows_the_two_as_one() {
    let text = "cache:\n  ttl_minutes: 3\n  enabled: true\n\
                daemon:\n  log_files: 1\n\
                cache:\n  ttl_minutes: 5\n  refresh_workers: 3\n";
    let error = error(text);
    assert!(
        error
            .what
            .contains("line 6, column 1: cache is written twice"),
        "{error}"
    );
    assert!(error.why.contains("line 1"), "{error}");
    let merged = [
        "cache:",
        "  ttl_minutes: 5  # not as on line 2",
        "  enabled: true",
        "  refresh_workers: 3",
    ];
    assert_eq!(error.candidates, merged);
    // What is shown can be put in their place.
    let config = parsed(&merged.join("\n")).expect("fine");
    assert_eq!(config.cache.ttl_minutes, 5.0);
}

#[test]
fn a_key_written_twice_names_both_lines() {
    let error = error("cache:\n  ttl_minutes: 3\n  ttl_minutes: 5\n");
    assert!(error.what.contains("line 3, column 3"), "{error}");
    assert!(error.why.contains("line 2"), "{error}");
}

#[test]
fn a_threshold_below_the_ttl_is_told_where_it_was_set() {
    let text = "cache:\n  ttl_minutes: 5\n  stale_threshold_minutes: 4\n";
    assert!(error(text).what.contains("line 3, column 28"));
    let variables = [("AWS_SSM_CACHE_STALE_THRESHOLD_MINUTES", "4")];
    let error = loaded("", &variables).into_config().expect_err("too low");
    assert!(
        error.what.contains("AWS_SSM_CACHE_STALE_THRESHOLD_MINUTES"),
        "{error}"
    );
}

#[test]
fn what_is_no_yaml_is_told_with_its_place_and_in_one_line_of_the_readers_words() {
    for text in [
        "cache: [1\n",
        ": : :\n",
        "cache:\n\tttl_minutes: 5\n",
        "a: *b\n",
    ] {
        let error = error(text);
        assert!(error.what.ends_with("this is no valid YAML"), "{error}");
        assert!(error.what.contains(", line "), "{error}");
        assert!(!error.why.contains(['\n', '|', '<']), "{}", error.why);
    }
}

#[test]
fn every_mistake_is_told_in_three_parts() {
    for text in [
        "cache:\n  ttl_minute: 5\n",
        "cache:\n  xylophone: 5\n",
        "cache:\n  ttl_minutes: 0\n",
        "cache:\n  ttl_minutes: soon\n",
        "cache:\n  ttl_minutes: .nan\n",
        "cache:\n  ttl_minutes: [5]\n",
        "cache:\n  ttl_minutes: {a: 5}\n",
        "cache:\n  1: 5\n",
        "cache: 5\n",
        "cache: []\n",
        "5\n",
        "- 5\n",
        "cache: [\n",
    ] {
        let error = error(text);
        for part in [&error.what, &error.why, &error.hint] {
            assert!(!part.is_empty(), "{text:?}: {error:?}");
        }
    }
}

#[test]
fn a_long_value_is_not_told_in_full() {
    let error = error(&format!("cache:\n  share: {}\n", "é".repeat(10_000)));
    assert!(error.what.chars().count() < 200, "{error}");
}

#[test]
fn keys_of_the_older_tool_are_told_of_and_not_refused() {
    let text = "interactive: true\nkeybindings:\n  up: k\nbookmarks: []\nplugins: {}\n\
                default:\n  filters: [a]\n  columns: [id]\n  weights: {a: 1}\n  region: eu-west-1\n";
    let loaded = loaded(text, &[]);
    assert_eq!(loaded.warnings.len(), 7);
    let config = loaded.into_config().expect("fine");
    assert_eq!(config.default.region.as_deref(), Some("eu-west-1"));
    assert!(config.warnings[0].contains("line 1, column 1: interactive has no effect"));
}

#[test]
fn what_this_version_does_not_do_is_told_of() {
    let text = "sessions:\n  reconnect_minutes: 5\ntunnels:\n  db:\n    target: db-1\n";
    let config = parsed(text).expect("fine");
    assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
}

#[test]
fn a_file_of_nothing_but_mistakes_is_told_in_bounds() {
    let keys: String = (0..10_000).map(|n| format!("  key{n}: 1\n")).collect();
    let error = error(&format!("cache:\n{keys}{}", "cache: {}\n".repeat(1000)));
    assert!(error.candidates.len() < 60);
}
