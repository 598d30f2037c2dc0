//! The line that goes to the log every few minutes, and how times are written.

use std::time::Duration;

use aws_ssm_proto::domain::Stats;

/// All counters in one line.
#[must_use]
pub fn summary_line(stats: &Stats) -> String {
    let summary = stats.summary();
    format!(
        "Performance Metrics Summary: calls={} successes={} failures={} \
         success_rate={} avg_duration={} cache_hit_rate={}",
        summary.calls,
        summary.successes,
        summary.failures,
        percent(summary.success_rate, 2),
        human(summary.avg_duration),
        percent(summary.cache_hit_rate, 1),
    )
}

/// A duration as people write it: `234ms`, `1.5s`, `48s`, `2m05s`.
#[must_use]
pub fn human(duration: Duration) -> String {
    let (ms, s) = (duration.as_millis(), duration.as_secs());
    match s {
        0 if ms == 0 && !duration.is_zero() => format!("{}us", duration.as_micros()),
        0 => format!("{ms}ms"),
        1..10 if !ms.is_multiple_of(1000) => format!("{:.1}s", duration.as_secs_f64()),
        1..120 => format!("{s}s"),
        120..7200 => format!("{}m{:02}s", s / 60, s % 60),
        _ => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
    }
}

fn percent(rate: Option<f64>, digits: usize) -> String {
    match rate {
        Some(rate) => format!("{:.digits$}%", rate * 100.0),
        None => "n/a".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_ssm_proto::domain::{ApiStats, CacheStats, LatencyStats};

    #[test]
    fn the_summary_is_the_guides_line() {
        let stats = Stats {
            api: vec![ApiStats {
                calls: 150,
                successes: 145,
                failures: 5,
                latency: LatencyStats {
                    average: Duration::from_millis(234),
                    ..LatencyStats::default()
                },
                ..ApiStats::default()
            }],
            cache: CacheStats {
                hits: 157,
                misses: 43,
                ..CacheStats::default()
            },
            ..Stats::default()
        };
        assert_eq!(
            summary_line(&stats),
            "Performance Metrics Summary: calls=150 successes=145 failures=5 \
             success_rate=96.67% avg_duration=234ms cache_hit_rate=78.5%"
        );
    }

    #[test]
    fn before_the_first_call_there_are_no_rates() {
        let line = summary_line(&Stats::default());
        assert!(line.ends_with("success_rate=n/a avg_duration=0ms cache_hit_rate=n/a"));
    }

    #[test]
    fn times_are_short_at_every_size() {
        let cases = [
            (Duration::from_micros(250), "250us"),
            (Duration::from_millis(234), "234ms"),
            (Duration::from_millis(1500), "1.5s"),
            (Duration::from_secs(48), "48s"),
            (Duration::from_secs(125), "2m05s"),
            (Duration::from_secs(7260), "2h01m"),
        ];
        for (duration, written) in cases {
            assert_eq!(human(duration), written);
        }
    }
}
