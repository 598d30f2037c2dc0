//! The performance guide's own snippets, as they stand there.

use super::*;

const SMALL: &str = "\
performance:
  client_pool_size: 10
  streaming_page_size: 50
  memory_limit_mb: 20
cache:
  ttl_minutes: 10
  refresh_workers: 1
";

const MEDIUM: &str = "\
performance:
  client_pool_size: 30
  streaming_page_size: 100
  memory_limit_mb: 50
cache:
  ttl_minutes: 5
  refresh_workers: 3
";

const LARGE: &str = "\
performance:
  client_pool_size: 50
  streaming_page_size: 200
  streaming_max_items: 50000
  memory_limit_mb: 100
cache:
  ttl_minutes: 3
  background_refresh: true
  refresh_workers: 5
  stale_threshold_minutes: 5
";

const MIGRATION: &str = "\
performance:
  enable_metrics: true
  client_pool_size: 50
  streaming_page_size: 100
cache:
  background_refresh: true
  refresh_workers: 3
";

const FEATURES: [&str; 4] = [
    "performance:
  client_pool_size: 50        # Maximum number of pooled clients
  client_pool_ttl_minutes: 30 # How long to keep idle clients
",
    "performance:
  streaming_page_size: 100    # Instances per page
  streaming_max_items: 10000  # Maximum instances to fetch
  memory_limit_mb: 50         # Memory limit for instance data
",
    "cache:
  enabled: true
  ttl_minutes: 5
  background_refresh: true      # Enable background refresh
  refresh_workers: 3            # Number of background workers
  stale_threshold_minutes: 6    # When to consider data stale
",
    "performance:
  enable_metrics: true
  metrics_interval_seconds: 300  # Log metrics every 5 minutes
",
];

fn quiet(text: &str) -> Config {
    let config = parsed(text).expect("the guide's own words");
    assert_eq!(config.warnings, [""; 0]);
    config
}

#[test]
fn the_profile_for_small_environments_loads_as_it_stands() {
    let config = quiet(SMALL);
    assert_eq!(config.pool().capacity, 10);
    assert_eq!(config.inventory().limits.first_page, 50);
    assert_eq!(config.inventory().max_bytes, 20 << 20);
    assert_eq!(config.policy().ttl, Duration::from_secs(600));
    assert_eq!(config.policy().stale_threshold, Duration::from_secs(720));
    assert_eq!(config.workers().workers, 1);
}

#[test]
fn the_profile_for_medium_environments_loads_as_it_stands() {
    let config = quiet(MEDIUM);
    assert_eq!(config.pool().capacity, 30);
    assert_eq!(config.policy().ttl, Duration::from_secs(300));
    assert_eq!(config.workers().workers, 3);
}

#[test]
fn the_profile_for_large_environments_loads_as_it_stands() {
    let config = quiet(LARGE);
    let limits = config.inventory().limits;
    assert_eq!((limits.first_page, limits.later_pages), (200, 200));
    assert_eq!(limits.max_items, 50_000);
    assert_eq!(config.policy().ttl, Duration::from_secs(180));
    assert_eq!(config.policy().stale_threshold, Duration::from_secs(300));
    assert_eq!(config.workers().workers, 5);
}

#[test]
fn the_migration_snippet_loads_as_it_stands() {
    let config = quiet(MIGRATION);
    assert_eq!(config.pool().capacity, 50);
    assert!(config.metrics_interval().is_some());
}

#[test]
fn the_snippets_of_the_features_are_the_defaults() {
    for text in FEATURES {
        let changes = quiet(text).changes_since(&Config::default());
        // The guide's 100 and 6 are the same as what holds while they are unset.
        let only_unset = changes
            .iter()
            .all(|change| change.before.starts_with(&change.after));
        assert!(only_unset, "{changes:?}");
    }
}

#[test]
fn the_migration_snippet_appended_to_a_profile_shows_the_merged_sections() {
    let error = parsed(&format!("{SMALL}{MIGRATION}")).expect_err("twice");
    assert_eq!(error.what, "the configuration has 2 mistakes");
    let merged: Vec<_> = error
        .candidates
        .iter()
        .filter_map(|line| line.strip_prefix("    "))
        .collect();
    let config = parsed(&merged.join("\n")).expect("what is shown is right");
    assert_eq!(config.performance.memory_limit_mb, 20);
    assert_eq!(config.performance.client_pool_size, 50);
    assert_eq!(config.cache.ttl_minutes, 10.0);
    assert_eq!(config.cache.refresh_workers, 3);
}
