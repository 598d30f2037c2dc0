//! What went wrong lately: by the daemon's counters, its entries, its breakers, and
//! its log.

use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{BreakerStats, CacheEntry};

use super::check::{Check, Name};
use super::log::Trouble;
use super::running::{Met, Running};
use crate::command::unix;
use crate::render::time::{Calendar, span};

const LAST: Name = Name::new("daemon", "last-error");
const ENTRY: Name = Name::new("daemon", "cache-entry");
const BREAKER: Name = Name::new("daemon", "breaker");

/// More is history.
const MOST: usize = 20;
/// What is older is told, and is no warning any more.
const RECENT: Duration = Duration::from_secs(3600);

pub(super) fn checks(running: &Running, log: &[Trouble], now: SystemTime) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(met) = running.met() {
        let breakers = met.stats.iter().flat_map(|stats| &stats.breakers);
        checks.extend(breakers.filter_map(breaker));
        checks.extend(met.cache.iter().flatten().filter_map(entry));
    }
    checks.extend(last_errors(running.met(), log, now));
    checks
}

/// A service that is left alone for now.
fn breaker(breaker: &BreakerStats) -> Option<Check> {
    if breaker.state == "closed" {
        return None;
    }
    let place = format!(
        "{} in {} for {}",
        breaker.service, breaker.region, breaker.account
    );
    let again = match breaker.retry_in {
        Some(wait) if !wait.is_zero() => format!("in {}", span(wait)),
        _ => "with the next call".to_owned(),
    };
    let check = BREAKER
        .warning("its circuit breaker is open: it is not called, because it kept failing")
        .about(place)
        .why(breaker.last_error.clone().unwrap_or_default())
        .mend(format!(
            "it is tried again {again}; `aws-ssm daemon stats` shows what failed"
        ));
    Some(check)
}

/// Data that could not be loaded or refreshed.
fn entry(entry: &CacheEntry) -> Option<Check> {
    let error = entry.last_error.as_deref()?;
    let (resource, region) = (&entry.resource, &entry.region);
    let check = ENTRY
        .warning(format!(
            "could not be refreshed, and is {} old",
            span(entry.age)
        ))
        .about(format!("{resource} in {region} for {}", entry.account))
        .why(error)
        .mend(format!("aws-ssm cache refresh --region {region}"));
    Some(check)
}

/// One error, wherever it was found.
struct Error {
    at: SystemTime,
    about: String,
    text: String,
    mend: &'static str,
}

fn last_errors(met: Option<&Met>, log: &[Trouble], now: SystemTime) -> Vec<Check> {
    let mut errors: Vec<Error> = log.iter().map(Error::logged).collect();
    if let Some(stats) = met.and_then(|met| met.stats.as_ref()) {
        errors.extend(stats.api.iter().filter_map(|api| {
            Some(Error {
                at: api.last_error_at?,
                about: api.operation.clone(),
                text: api.last_error.clone()?,
                mend: "aws-ssm daemon stats shows how often",
            })
        }));
    }
    errors.sort_by_key(|error| std::cmp::Reverse(error.at));
    errors.truncate(MOST);
    match errors.is_empty() {
        true => vec![LAST.ok("none is known")],
        false => errors.iter().map(|error| error.check(now)).collect(),
    }
}

impl Error {
    fn logged(trouble: &Trouble) -> Self {
        let times = match trouble.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        Self {
            at: trouble.at,
            about: format!("log, {}", trouble.level),
            text: format!("{}{times}", trouble.text),
            mend: "aws-ssm daemon logs shows what was before it",
        }
    }

    fn check(&self, now: SystemTime) -> Check {
        let at = Calendar::default().text(unix(self.at));
        let ago = now.duration_since(self.at).unwrap_or_default();
        let finding = format!("{at}, {} ago", span(Duration::from_secs(ago.as_secs())));
        let check = match ago < RECENT {
            true => LAST.warning(finding).mend(self.mend),
            false => LAST.ok(finding),
        };
        check.about(&*self.about).why(&*self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;

    fn trouble(ago: u64, text: &str) -> Trouble {
        Trouble {
            at: noon() - Duration::from_secs(ago),
            level: "warn",
            text: text.to_owned(),
            times: 2,
        }
    }

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    #[test]
    fn the_youngest_errors_come_first_and_old_ones_warn_of_nothing() {
        let log = [trouble(9000, "old"), trouble(5, "young")];
        let checks = last_errors(None, &log, noon());
        let seen: Vec<_> = checks.iter().map(|c| (c.status, c.why.as_str())).collect();
        let expected = [
            (Status::Warning, "young (2 times)"),
            (Status::Ok, "old (2 times)"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn no_more_are_told_than_a_person_reads() {
        let log: Vec<Trouble> = (0..100).map(|n| trouble(n, &n.to_string())).collect();
        assert_eq!(last_errors(None, &log, noon()).len(), MOST);
        assert_eq!(last_errors(None, &[], noon())[0].status, Status::Ok);
    }
}
