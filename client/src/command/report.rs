//! What is said of the data beside the data: its age, what is missing, what failed.

use std::time::Duration;

use aws_ssm_proto::domain::{
    DataState, Error, ErrorKind, MatchedBy, RegionFailure, RegionSummary, ResolvedTargets, failures,
};

use super::unix;
use crate::error::{Failure, lines};
use crate::notices::{Notices, tell};
use crate::render::Meta;
use crate::render::time::span;

/// The error of an answer that has nothing to show: every region failed.
pub(super) fn whole_failure(regions: &[RegionSummary]) -> Option<Failure> {
    aws_ssm_proto::domain::whole_failure(regions).map(Failure::from)
}

/// Says on standard error what a reader of the rows must know.
pub(super) fn tell_of(regions: &[RegionSummary], notices: Notices) {
    tell_failures(regions);
    let several = regions.len() > 1;
    for region in regions {
        let place = match several {
            true => format!("{}: ", region.region),
            false => String::new(),
        };
        if !region.has_data() {
            continue;
        }
        if let Some(age) = age(region) {
            notices.say(format_args!("{place}{age}"));
        }
        if region.cut {
            notices.warn(format_args!(
                "{place}the list was cut at the daemon's maximum, there are more instances \
                 (performance.streaming_max_items)"
            ));
        }
        notices.detail(1, format_args!("{}: {}", region.region, source(region)));
    }
}

/// Says how targets were found, of those who wish to know; and in any case of those that
/// are only a part of a name.
pub(super) fn tell_of_matches(answer: &ResolvedTargets, targets: &[String], notices: Notices) {
    for (place, (target, instance)) in targets.iter().zip(answer.instances()).enumerate() {
        let (target, id) = (target.trim(), instance.id.unwrap_or("an instance"));
        match answer.matched_by(place) {
            Some(MatchedBy::PartOfName) => {
                notices.say(format_args!(
                    "{target:?} is only a part of the name of {id}"
                ));
            }
            Some(by) => notices.detail(1, format_args!("{target:?} is {} of {id}", by.as_str())),
            None => {}
        }
    }
}

/// `data is 5m12s old (refreshing)`, for data that is not fresh.
fn age(region: &RegionSummary) -> Option<String> {
    let refreshing = if region.refreshing {
        " (refreshing)"
    } else {
        ""
    };
    let why = region.error.as_ref().map(|error| format!(": {error}"));
    (region.state != DataState::Fresh).then(|| {
        format!(
            "data is {} old{refreshing}{}",
            span(whole_seconds(region.age)),
            why.unwrap_or_default()
        )
    })
}

/// The same in one line, where there is no more room.
pub(super) fn remarks(regions: &[RegionSummary]) -> String {
    let several = regions.len() > 1;
    let failed = failures(regions)
        .into_iter()
        .map(|failed| format!("{}: {}", failed.names(), failed.error));
    let known = regions.iter().filter(|region| region.has_data());
    let known = known.flat_map(|region| {
        let cut = region.cut.then(|| "cut at the daemon's maximum".to_owned());
        let remarks = [age(region), cut].into_iter().flatten();
        remarks.map(move |remark| match several {
            true => format!("{}: {remark}", region.region),
            false => remark,
        })
    });
    failed.chain(known).collect::<Vec<_>>().join("; ")
}

fn source(region: &RegionSummary) -> String {
    format!(
        "fetched {} ago, {}",
        span(whole_seconds(region.age)),
        region.state.as_str()
    )
}

pub(super) fn whole_seconds(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs())
}

/// What some regions did not give, each reason once.
pub(super) fn tell_failures(regions: &[RegionSummary]) {
    for failed in failures(regions) {
        let what = format!("{}: {}", failed.names(), failed.error.what);
        tell(&lines(&Error {
            what,
            ..failed.error
        }));
    }
}

/// Says what is missing of rows that are there.
pub(super) fn tell_missing(what: &str, missing: &[RegionFailure], notices: Notices) {
    for RegionFailure { region, error } in missing {
        let hint = match error.hint.as_str() {
            "" => String::new(),
            hint => format!("; {hint}"),
        };
        notices.warn(format_args!("{region}: {what}: {error}{hint}"));
    }
}

/// The same for programs.
pub(super) fn meta(regions: &[RegionSummary]) -> Meta {
    let with_data = || regions.iter().filter(|region| region.has_data());
    let errors = regions.iter().filter_map(|region| {
        let error = region.error.clone()?;
        Some((Some(region.region.clone()), error))
    });
    Meta {
        fetched_at: with_data().map(|region| unix(region.fetched_at)).min(),
        stale: with_data().any(|region| region.state != DataState::Fresh),
        cut: regions.iter().any(|region| region.cut),
        errors: errors.collect(),
    }
}

/// The summary that ends every list; without it rows may be missing.
pub(super) fn complete<T>(summary: Option<T>) -> Result<T, Error> {
    summary.ok_or_else(|| {
        Error::new(ErrorKind::Daemon, "the daemon's answer is not complete")
            .why("it ended before its summary")
            .hint("run the command again")
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn region(name: &str, state: DataState, error: Option<Error>) -> RegionSummary {
        RegionSummary {
            region: name.into(),
            fetched_at: SystemTime::UNIX_EPOCH + Duration::from_secs(60),
            age: Duration::from_millis(312_900),
            state,
            refreshing: state == DataState::Stale,
            cut: false,
            error,
        }
    }

    fn denied() -> Error {
        Error::new(ErrorKind::Permission, "may not look")
    }

    #[test]
    fn stale_data_says_its_age() {
        let stale = region("eu-west-1", DataState::Stale, None);
        assert_eq!(
            age(&stale).as_deref(),
            Some("data is 5m12s old (refreshing)")
        );
        let kept = region("eu-west-1", DataState::LastKnown, Some(denied()));
        assert_eq!(
            age(&kept).as_deref(),
            Some("data is 5m12s old: may not look")
        );
        assert_eq!(age(&region("eu-west-1", DataState::Fresh, None)), None);
    }

    #[test]
    fn a_line_has_room_for_all_that_is_to_be_known() {
        let stale = region("eu-west-1", DataState::Stale, None);
        assert_eq!(
            remarks(std::slice::from_ref(&stale)),
            "data is 5m12s old (refreshing)"
        );
        let failed = region("us-east-1", DataState::Fresh, Some(denied()));
        let cut = RegionSummary {
            cut: true,
            ..region("us-west-2", DataState::Fresh, None)
        };
        assert_eq!(
            remarks(&[stale, failed, cut]),
            "us-east-1: may not look; eu-west-1: data is 5m12s old (refreshing); \
             us-west-2: cut at the daemon's maximum"
        );
        assert_eq!(remarks(&[region("a", DataState::Fresh, None)]), "");
    }

    #[test]
    fn one_region_with_data_makes_an_answer() {
        let failed = region("eu-west-1", DataState::Fresh, Some(denied()));
        let good = region("us-east-1", DataState::Fresh, None);
        assert!(whole_failure(&[failed.clone(), good]).is_none());
        let failure = whole_failure(&[failed]).expect("nothing to show");
        assert_eq!(failure.exit_code(), 4);
        assert!(whole_failure(&[]).is_none());
    }

    #[test]
    fn last_known_data_is_data() {
        let kept = region("eu-west-1", DataState::LastKnown, Some(denied()));
        assert!(whole_failure(std::slice::from_ref(&kept)).is_none());
        let meta = meta(&[kept]);
        assert!(meta.stale);
        assert_eq!(meta.errors.len(), 1);
        assert_eq!(meta.fetched_at, Some(60));
    }
}
