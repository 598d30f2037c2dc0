//! The text for Prometheus before Prometheus's own parser for Python.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::python::python;
use crate::metrics::prometheus::{free_address, scrape};
use crate::stage::Stage;

#[derive(Debug, Deserialize)]
struct Family {
    name: String,
    r#type: String,
    help: String,
    samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: String,
}

impl Sample {
    fn value(&self) -> f64 {
        self.value.parse().expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_clients_parser_reads_every_counter() {
    let Some(python) = python().await else { return };
    let address = free_address();
    let stage = Stage::new().await;
    let stage = stage.configured(&format!("metrics:\n  prometheus_listen: {address:?}\n"));
    stage.done(&["list"]).await;
    stage.done(&["list"]).await;
    stage.settled().await;
    let text = scrape(&address).await;
    let families: Vec<Family> = python.pipe(&["metrics.py"], text.as_bytes()).await;

    let samples: usize = families.iter().map(|family| family.samples.len()).sum();
    let lines = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(samples, lines, "each line is a sample");
    let mut seen = BTreeSet::new();
    for family in &families {
        assert_ne!(family.r#type, "unknown", "{}", family.name);
        assert!(
            family.help.ends_with('.'),
            "{}: {}",
            family.name,
            family.help
        );
        for sample in &family.samples {
            assert!(
                seen.insert((&sample.name, &sample.labels)),
                "twice: {sample:?}"
            );
            assert!(sample.value() >= 0.0, "{sample:?}");
        }
        if family.r#type == "histogram" {
            assert_cumulative(family);
        }
    }
    let described = stage.calls("DescribeInstances") as f64;
    let calls = families.iter().flat_map(|family| &family.samples);
    let mut calls = calls.filter(|sample| {
        let operation = sample.labels.get("operation").map(String::as_str);
        sample.name == "aws_ssm_api_calls_total" && operation == Some("ec2:DescribeInstances")
    });
    assert_eq!(calls.next().map(Sample::value), Some(described));
}

/// Buckets only grow, and the last is all there is.
fn assert_cumulative(family: &Family) {
    let mut series: BTreeMap<_, Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        labels.remove("le");
        series.entry(labels).or_default().push(sample);
    }
    for samples in series.values() {
        let of = |suffix: &str| {
            let name = format!("{}{suffix}", family.name);
            let samples = samples.iter().filter(move |sample| sample.name == name);
            samples.map(|sample| sample.value()).collect::<Vec<_>>()
        };
        let buckets = of("_bucket");
        assert!(buckets.len() > 10 && buckets.is_sorted(), "{samples:?}");
        assert_eq!(buckets.last(), of("_count").first(), "{samples:?}");
        assert_eq!(of("_sum").len(), 1, "{samples:?}");
    }
}
