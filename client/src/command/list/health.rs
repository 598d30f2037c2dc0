//! Which regions answer those who watch them, so that an outage is told when it begins
//! and when it ends, and not at every look between.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_ssm_proto::domain::{DataState, Error, ErrorKind, RegionSummary};
use tokio::time::Instant;

/// How the regions were when they were last asked.
#[derive(Debug, Default)]
pub(super) struct Health(BTreeMap<String, Region>);

#[derive(Debug)]
struct Region {
    /// When its rows were good.
    good: Instant,
    trouble: Option<ErrorKind>,
}

/// What is other than at the look before.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Those that have stopped answering, or do not answer for another reason.
    pub(super) failed: Vec<RegionSummary>,
    /// Those that answer again, and how old their rows were before.
    pub(super) back: Vec<(String, Duration)>,
}

impl Health {
    /// Takes what an answer says of its regions.
    pub(super) fn heard(&mut self, regions: &[RegionSummary], now: Instant) -> Report {
        let mut report = Report::default();
        for summary in regions {
            let good = now.checked_sub(summary.age).unwrap_or(now);
            let known = self.0.entry(summary.region.clone()).or_insert(Region {
                good,
                trouble: None,
            });
            let trouble = summary.error.as_ref();
            let before = std::mem::replace(&mut known.trouble, trouble.map(|error| error.kind));
            match (trouble, before) {
                (None, None) => {}
                (None, Some(_)) => {
                    let silence = now.saturating_duration_since(known.good);
                    report.back.push((summary.region.clone(), silence));
                }
                (Some(error), before) if before != Some(error.kind) => {
                    report.failed.push(without_rows(summary));
                }
                (Some(_), _) => {}
            }
            if trouble.is_none() {
                known.good = good;
            }
        }
        report
    }

    /// There was no answer at all; whether that is news.
    pub(super) fn heard_nothing(&mut self, error: &Error) -> bool {
        let mut news = false;
        for region in self.0.values_mut() {
            news |= region.trouble.replace(error.kind) != Some(error.kind);
        }
        news
    }

    /// How old the oldest rows are.
    pub(super) fn oldest(&self, now: Instant) -> Duration {
        let ages = self.0.values().map(|region| region.good);
        ages.map(|good| now.saturating_duration_since(good))
            .max()
            .unwrap_or_default()
    }
}

/// Old rows are no news to those who saw them when they were new.
fn without_rows(summary: &RegionSummary) -> RegionSummary {
    RegionSummary {
        state: DataState::Fresh,
        ..summary.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn region(name: &str, error: Option<ErrorKind>) -> RegionSummary {
        RegionSummary {
            region: name.into(),
            fetched_at: SystemTime::UNIX_EPOCH,
            age: Duration::ZERO,
            state: DataState::Fresh,
            refreshing: false,
            cut: false,
            error: error.map(|kind| Error::new(kind, "no answer")),
        }
    }

    fn names(report: &Report) -> (Vec<&str>, Vec<&str>) {
        let failed = report.failed.iter().map(|region| region.region.as_str());
        let back = report.back.iter().map(|(region, _)| region.as_str());
        (failed.collect(), back.collect())
    }

    #[test]
    fn an_outage_is_told_when_it_begins_when_its_reason_changes_and_when_it_ends() {
        use ErrorKind::{Permission, Unavailable};
        let (mut health, now) = (Health::default(), Instant::now());
        let cases = [
            (None, (vec![], vec![])),
            (Some(Unavailable), (vec!["b"], vec![])),
            (Some(Unavailable), (vec![], vec![])),
            (Some(Permission), (vec!["b"], vec![])),
            (None, (vec![], vec!["b"])),
            (None, (vec![], vec![])),
        ];
        for (error, expected) in cases {
            let report = health.heard(&[region("a", None), region("b", error)], now);
            assert_eq!(names(&report), expected, "{error:?}");
        }
    }

    #[test]
    fn no_answer_at_all_is_told_once_and_its_end_for_each_region() {
        let (mut health, now) = (Health::default(), Instant::now());
        let regions = [region("a", None), region("b", None)];
        health.heard(&regions, now);
        let error = Error::new(ErrorKind::Unavailable, "no answer");
        assert!(health.heard_nothing(&error));
        assert!(!health.heard_nothing(&error));
        let later = now + Duration::from_secs(60);
        assert_eq!(health.oldest(later), Duration::from_secs(60));
        let report = health.heard(&regions, later);
        assert_eq!(names(&report), (vec![], vec!["a", "b"]));
        assert_eq!(report.back[0].1, Duration::from_secs(60));
        assert_eq!(health.oldest(later), Duration::ZERO);
    }
}
