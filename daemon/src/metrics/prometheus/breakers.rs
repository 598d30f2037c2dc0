//! Circuit breakers: how many are in each state, and which are not closed.
//!
//! There is a breaker for each identity, region and service, and identities are no
//! labels: breakers of one account, region and service are one series, and what is
//! worst of them is shown.

use std::collections::BTreeMap;

use aws_ssm_proto::domain::BreakerStats;

use super::text::{Kind, Text};
use crate::aws::Service;

/// Accounts, regions and services that are listed at one time.
const MOST_LISTED: usize = 64;

const STATES: [&str; 3] = ["closed", "half-open", "open"];

pub(super) fn write(text: &mut Text, breakers: &[BreakerStats]) {
    text.family(
        "aws_ssm_breakers",
        Kind::Gauge,
        "Circuit breakers of identities and regions, by service and state.",
    );
    for service in Service::ALL.map(Service::as_str) {
        for state in STATES {
            let is_it = |b: &&BreakerStats| b.service == service && b.state == state;
            let count = breakers.iter().filter(is_it).count();
            text.sample("", &[("service", service), ("state", state)], count);
        }
    }
    let listed = not_closed(breakers);
    let families: [Figure; 3] = [
        (
            "aws_ssm_breaker_open_seconds",
            "How long a breaker has not been closed.",
            |worst| worst.open_for,
        ),
        (
            "aws_ssm_breaker_failures",
            "Failures that opened it.",
            |worst| worst.failures,
        ),
        (
            "aws_ssm_breaker_retry_in_seconds",
            "When AWS will be tried again.",
            |worst| worst.retry_in,
        ),
    ];
    for (name, help, of) in families {
        text.family(name, Kind::Gauge, help);
        for ((account, region, service), worst) in &listed {
            let labels = [
                ("account", *account),
                ("region", *region),
                ("service", *service),
            ];
            text.sample("", &labels, of(worst));
        }
    }
}

/// Its name, what it is, and where it stands.
type Figure = (&'static str, &'static str, fn(&Worst) -> f64);

/// Account, region and service.
type Place<'a> = (&'a str, &'a str, &'a str);

#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    open_for: f64,
    failures: f64,
    retry_in: f64,
}

/// Those that have been open longest, by account, region and service.
fn not_closed(breakers: &[BreakerStats]) -> Vec<(Place<'_>, Worst)> {
    let mut places: BTreeMap<Place<'_>, Worst> = BTreeMap::new();
    for breaker in breakers.iter().filter(|breaker| breaker.state != "closed") {
        let place = (&*breaker.account, &*breaker.region, &*breaker.service);
        let worst = places.entry(place).or_default();
        let seconds =
            |length: Option<std::time::Duration>| length.unwrap_or_default().as_secs_f64();
        worst.open_for = worst.open_for.max(seconds(breaker.open_for));
        worst.failures = worst.failures.max(breaker.failures.into());
        worst.retry_in = worst.retry_in.max(seconds(breaker.retry_in));
    }
    let mut listed: Vec<_> = places.into_iter().collect();
    listed.sort_by(|(_, a), (_, b)| b.open_for.total_cmp(&a.open_for));
    listed.truncate(MOST_LISTED);
    listed.sort_by_key(|(place, _)| *place);
    listed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn breaker(account: usize, state: &str, open_for: u64) -> BreakerStats {
        BreakerStats {
            account: format!("{account:012}"),
            region: "eu-west-1".to_owned(),
            service: "ec2".to_owned(),
            state: state.to_owned(),
            failures: 5,
            retry_in: Some(Duration::from_secs(30)),
            open_for: Some(Duration::from_secs(open_for)),
            last_error: None,
        }
    }

    fn written(breakers: &[BreakerStats]) -> String {
        let mut text = Text::default();
        write(&mut text, breakers);
        text.finish()
    }

    #[test]
    fn breakers_of_two_identities_in_one_account_are_one_series() {
        let text = written(&[breaker(1, "open", 10), breaker(1, "half-open", 70)]);
        let labels = "{account=\"000000000001\",region=\"eu-west-1\",service=\"ec2\"}";
        let lines = text.lines().filter(|line| line.contains(labels));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0], format!("aws_ssm_breaker_open_seconds{labels} 70"));
        assert!(text.contains("aws_ssm_breakers{service=\"ec2\",state=\"open\"} 1"));
    }

    #[test]
    fn a_closed_breaker_is_only_counted() {
        let text = written(&[breaker(1, "closed", 0)]);
        assert!(text.contains("aws_ssm_breakers{service=\"ec2\",state=\"closed\"} 1"));
        assert!(!text.contains("account="), "{text}");
    }

    #[test]
    fn however_many_are_open_so_many_are_listed() {
        let open: Vec<_> = (0..1000).map(|n| breaker(n, "open", n as u64)).collect();
        let text = written(&open);
        assert_eq!(
            text.matches("aws_ssm_breaker_open_seconds{").count(),
            MOST_LISTED
        );
        assert!(
            text.contains("000000000999"),
            "the longest open one is there"
        );
        assert!(
            text.contains("state=\"open\"} 1000"),
            "all of them are counted"
        );
    }
}
