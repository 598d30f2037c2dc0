//! What became of several regions that were asked together.

use super::{DataState, Error, ErrorKind, RegionSummary};

/// Names of regions that a line has room for.
const NAMES: usize = 4;

/// Regions that gave nothing, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRegions<'a> {
    /// Their names, in the order asked.
    pub regions: Vec<&'a str>,
    /// What the first of them said; of several, without its name.
    pub error: Error,
}

impl FailedRegions<'_> {
    /// Their names, as far as a line has room.
    #[must_use]
    pub fn names(&self) -> String {
        let all = &self.regions;
        // One more name takes no more room than its number.
        match all.len().saturating_sub(NAMES) {
            0 | 1 => all.join(", "),
            more => format!("{} and {more} more", all[..NAMES].join(", ")),
        }
    }
}

impl RegionSummary {
    /// Whether there are rows to show, old ones too.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.error.is_none() || self.state != DataState::Fresh
    }
}

/// The regions that gave nothing, together where they said the same, in the order asked.
#[must_use]
pub fn failures(regions: &[RegionSummary]) -> Vec<FailedRegions<'_>> {
    let mut failures: Vec<FailedRegions<'_>> = Vec::new();
    let failed = regions.iter().filter(|region| !region.has_data());
    for (region, error) in failed.filter_map(|region| Some((region, region.error.as_ref()?))) {
        let general = without_name(error, &region.region);
        let alike = failures.iter_mut().find(|known| {
            let other = without_name(&known.error, known.regions[0]);
            (other.kind, other.what, other.hint)
                == (general.kind, general.what.clone(), general.hint.clone())
        });
        match alike {
            Some(known) => {
                known.error = without_name(&known.error, known.regions[0]);
                known.regions.push(&region.region);
            }
            None => failures.push(FailedRegions {
                regions: vec![&region.region],
                error: error.clone(),
            }),
        }
    }
    failures
}

/// What is said of any region alike.
fn without_name(error: &Error, region: &str) -> Error {
    Error {
        what: error.what.replace(&format!(" in {region}"), ""),
        hint: error.hint.replace(&format!(" in {region}"), ""),
        ..error.clone()
    }
}

/// Why none of these regions has anything to show; `None` if one has.
///
/// Its kind is [`ErrorKind::Unavailable`] if one of them may answer when it is asked
/// again, else that of the first.
#[must_use]
pub fn whole_failure(regions: &[RegionSummary]) -> Option<Error> {
    if regions.iter().any(RegionSummary::has_data) {
        return None;
    }
    let failures = failures(regions);
    let later = |failed: &&FailedRegions<'_>| failed.error.kind == ErrorKind::Unavailable;
    let decides = failures.iter().find(later).or(failures.first())?;
    if regions.len() == 1 {
        return Some(decides.error.clone());
    }
    let said = failures
        .iter()
        .map(|failed| format!("{}: {}", failed.names(), failed.error));
    Some(Error {
        what: format!("none of {} regions has an answer", regions.len()),
        why: said.collect::<Vec<_>>().join("; "),
        ..decides.error.clone()
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn region(name: &str, error: Option<Error>) -> RegionSummary {
        RegionSummary {
            region: name.into(),
            fetched_at: SystemTime::UNIX_EPOCH,
            age: Duration::ZERO,
            state: DataState::Fresh,
            refreshing: false,
            cut: false,
            error,
        }
    }

    fn denied(region: &str) -> Error {
        let what = format!("these credentials may not look in {region}");
        Error::new(ErrorKind::Permission, what)
            .why("refused")
            .hint("have it allowed")
    }

    fn away(region: &str) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!("cannot reach EC2 in {region}"),
        )
        .why("dark")
    }

    #[test]
    fn one_region_with_data_makes_an_answer_and_old_data_is_data() {
        let failed = region("eu-west-1", Some(denied("eu-west-1")));
        assert_eq!(
            whole_failure(&[failed.clone(), region("us-east-1", None)]),
            None
        );
        let kept = RegionSummary {
            state: DataState::LastKnown,
            ..failed.clone()
        };
        assert_eq!(whole_failure(&[failed.clone(), kept]), None);
        assert_eq!(whole_failure(&[failed]), Some(denied("eu-west-1")));
        assert_eq!(whole_failure(&[]), None);
    }

    #[test]
    fn regions_that_fail_alike_are_told_of_once() {
        let names = ["a-a-1", "a-b-1", "a-c-1", "a-d-1", "a-e-1", "a-f-1"];
        let mut regions: Vec<_> = names.map(|name| region(name, Some(denied(name)))).into();
        regions.insert(1, region("b-b-1", Some(away("b-b-1"))));
        regions.insert(2, region("c-c-1", None));
        let told = failures(&regions);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].names(), "a-a-1, a-b-1, a-c-1, a-d-1 and 2 more");
        assert_eq!(told[0].error.what, "these credentials may not look");
        assert_eq!(told[1].names(), "b-b-1");
        assert_eq!(told[1].error, away("b-b-1"));
    }

    #[test]
    fn of_several_failures_the_one_that_may_pass_decides() {
        let regions = [
            region("a-a-1", Some(denied("a-a-1"))),
            region("b-b-1", Some(away("b-b-1"))),
        ];
        let error = whole_failure(&regions).expect("no data");
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert_eq!(error.what, "none of 2 regions has an answer");
        assert_eq!(
            error.why,
            "a-a-1: these credentials may not look in a-a-1: refused; \
             b-b-1: cannot reach EC2 in b-b-1: dark"
        );
        let error = whole_failure(&regions[..1]).expect("no data");
        assert_eq!(error.kind, ErrorKind::Permission);
    }
}
