//! The alerting rules that come with the guide, and the page that explains them:
//! every counter they name is there. What the rules do, promtool tries in `.ci/run`.

use std::collections::BTreeSet;
use std::path::Path;

use aws_ssm_tests::harness::TestDaemon;

use super::prometheus::{free_address, scrape};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(DOCS).join(name)).expect("a page of the guide")
}

/// The words of a text that are names of counters.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    words
        .filter(|word| word.starts_with("aws_ssm_") && !word.ends_with('_'))
        .collect()
}

/// The names that series have, not only their families.
async fn offered() -> BTreeSet<String> {
    let address = free_address();
    let daemon = TestDaemon::start(&format!("metrics:\n  prometheus_listen: {address:?}\n")).await;
    let text = scrape(&address).await;
    daemon.stop().await;
    let declared = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    declared
        .flat_map(|declared| match declared.split_once(' ') {
            Some((name, "histogram")) => ["", "_bucket", "_sum", "_count"]
                .map(|suffix| format!("{name}{suffix}"))
                .to_vec(),
            Some((name, _)) => vec![name.to_owned()],
            None => panic!("no kind: {declared}"),
        })
        .collect()
}

#[tokio::test]
async fn every_counter_that_rules_and_guide_name_is_offered() {
    let offered = offered().await;
    for page in [
        "prometheus/alerts.yaml",
        "prometheus/alerts.test.yaml",
        "metrics.md",
    ] {
        let text = read(page);
        let named = names(&text);
        assert!(named.len() > 5, "{page}: {named:?}");
        for name in named {
            assert!(offered.contains(name), "{page} names {name}");
        }
    }
}

#[tokio::test]
async fn every_counter_that_is_offered_is_in_the_guide() {
    let page = read("metrics.md");
    let named = names(&page);
    for name in offered().await {
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(&name);
        assert!(named.contains(family), "docs/metrics.md lacks {name}");
    }
}

#[test]
fn every_alert_is_tried_and_in_the_guide() {
    let (rules, tests, page) = (
        read("prometheus/alerts.yaml"),
        read("prometheus/alerts.test.yaml"),
        read("metrics.md"),
    );
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let alerts: Vec<_> = alerts.collect();
    assert!(alerts.len() >= 4, "{alerts:?}");
    for alert in alerts {
        assert!(
            tests.contains(&format!("alertname: {alert}\n")),
            "{alert} is untried"
        );
        assert!(
            page.contains(&format!("`{alert}`")),
            "{alert} is unexplained"
        );
    }
}
