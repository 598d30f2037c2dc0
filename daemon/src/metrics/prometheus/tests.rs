use std::collections::BTreeSet;

use super::*;
use crate::aws::Operation;

fn text(metrics: &Metrics) -> String {
    let counted = metrics.snapshot();
    let stats = Stats {
        api: counted.api,
        cache: counted.cache,
        rpc: counted.rpc,
        ..Stats::default()
    };
    let started = UNIX_EPOCH + Duration::from_millis(1500);
    exposition(&stats, metrics, "1.2.3", started)
}

#[test]
fn a_call_is_in_its_bucket_and_in_all_above() {
    let metrics = Metrics::new();
    let took = Duration::from_millis(80);
    metrics.api(Operation::DescribeInstances).succeeded(took);
    let text = text(&metrics);
    for line in [
        "aws_ssm_api_calls_total{operation=\"ec2:DescribeInstances\"} 1",
        "aws_ssm_api_duration_seconds_bucket{operation=\"ec2:DescribeInstances\",le=\"0.05\"} 0",
        "aws_ssm_api_duration_seconds_bucket{operation=\"ec2:DescribeInstances\",le=\"0.1\"} 1",
        "aws_ssm_api_duration_seconds_bucket{operation=\"ec2:DescribeInstances\",le=\"+Inf\"} 1",
        "aws_ssm_api_duration_seconds_sum{operation=\"ec2:DescribeInstances\"} 0.08",
        "aws_ssm_api_duration_seconds_count{operation=\"ec2:DescribeInstances\"} 1",
        "aws_ssm_api_duration_p99_seconds{operation=\"ec2:DescribeInstances\"} 0.08",
        "aws_ssm_build_info{version=\"1.2.3\"} 1",
        "aws_ssm_start_time_seconds 1.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

/// A series that appears with its first event has no rate for it.
#[test]
fn counters_are_there_before_the_first_call() {
    let metrics = Metrics::new();
    let _method = metrics.rpc("ListInstances");
    let text = text(&metrics);
    for operation in Operation::ALL {
        let line = format!("aws_ssm_api_failures_total{{operation=\"{operation}\"}} 0\n");
        assert!(text.contains(&line), "{text}");
    }
    assert!(text.contains("aws_ssm_rpc_calls_total{method=\"ListInstances\"} 0\n"));
    assert!(!text.contains("duration_p99_seconds{"), "there is none yet");
}

#[test]
fn the_text_of_an_error_is_in_no_label() {
    let metrics = Metrics::new();
    let at = UNIX_EPOCH + Duration::from_secs(7);
    metrics.api(Operation::AssumeRole).failed(
        Duration::ZERO,
        "Denied: arn:aws:iam::1:role/x".into(),
        at,
    );
    let text = text(&metrics);
    assert!(!text.contains("arn:"), "{text}");
    assert!(text.contains("aws_ssm_api_last_error_time_seconds{operation=\"sts:AssumeRole\"} 7\n"));
}

#[test]
fn every_family_is_declared_once_and_its_counters_say_so() {
    let text = text(&Metrics::new());
    let mut seen = BTreeSet::new();
    for declared in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = declared.split_once(' ').expect("a name and a kind");
        assert!(seen.insert(name), "{name} is declared twice");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
    }
    assert!(seen.len() > 40, "{seen:?}");
}
