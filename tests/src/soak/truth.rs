//! What the fleets were, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::sandbox::{InstanceSummary, Sandbox};

/// From the moment AWS makes an answer to the moment the daemon says it has fetched
/// it: an attempt's time, and what a busy machine adds.
const ON_ITS_WAY: Duration = Duration::from_secs(6);

/// The daemon says it in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// What names begin with that were given here, and only once.
pub(super) const NAMES: &str = "soak-";

/// An instance, as far as answers are compared: id, name, state.
pub(super) type Row = (String, Option<String>, String);

/// A fleet at one time, in order.
pub(super) type Rows = BTreeSet<Row>;

/// Where a fleet is: account id and region.
pub(super) type Place = (String, String);

#[derive(Debug)]
struct Version {
    since: SystemTime,
    rows: Rows,
}

/// Every state that every fleet has had.
#[derive(Debug, Default)]
pub(super) struct Truth(BTreeMap<Place, Vec<Version>>);

impl Truth {
    /// Takes in what a fleet is now. To be called before it changes for the first
    /// time, and after each change.
    pub(super) fn note(&mut self, sandbox: &Sandbox, place: &Place) {
        let (account, region) = place;
        let instances = sandbox.instances(account, region).expect("a fleet");
        self.add(place, SystemTime::now(), rows(instances));
    }

    fn add(&mut self, place: &Place, since: SystemTime, rows: Rows) {
        let version = Version { since, rows };
        self.0.entry(place.clone()).or_default().push(version);
    }

    /// What a fleet is now.
    pub(super) fn now(&self, place: &Place) -> &Rows {
        let versions = self.0.get(place).expect("every fleet was noted");
        &versions.last().expect("a fleet has a state").rows
    }

    /// Whether a fleet was this at the time at which it is said to have been read.
    pub(super) fn was(&self, place: &Place, rows: &Rows, fetched_at: SystemTime) -> bool {
        let versions = self.0.get(place).map(Vec::as_slice).unwrap_or_default();
        let (from, to) = (fetched_at - ON_ITS_WAY, fetched_at + 2 * SECOND);
        versions.iter().enumerate().any(|(number, version)| {
            // A change is made a moment before it is noted.
            let until = versions.get(number + 1).map(|next| next.since + SECOND);
            let is_current = version.since <= to + SECOND && until.is_none_or(|end| end >= from);
            is_current && version.rows == *rows
        })
    }

    /// Names that running instances have had for so long.
    pub(super) fn names(&self, place: &Place, age: Duration) -> Vec<String> {
        let versions = self.0.get(place).map(Vec::as_slice).unwrap_or_default();
        let then = SystemTime::now() - age;
        // Those that were over by then say nothing.
        let old = versions.partition_point(|version| version.since < then);
        let mut since = versions[old.saturating_sub(1)..].iter();
        let Some(first) = since.next().filter(|first| first.since < then) else {
            return Vec::new();
        };
        let mut lasting = first.rows.clone();
        for version in since {
            lasting.retain(|row| version.rows.contains(row));
        }
        let up = lasting.into_iter().filter(|row| row.2 == "running");
        let names = up.filter_map(|row| row.1);
        names.filter(|name| name.starts_with(NAMES)).collect()
    }

    /// Whether an instance has ever had this name there.
    pub(super) fn was_called(&self, place: &Place, name: &str, id: &str) -> bool {
        let versions = self.0.get(place).map(Vec::as_slice).unwrap_or_default();
        let mut rows = versions.iter().flat_map(|version| &version.rows);
        rows.any(|row| row.0 == id && row.1.as_deref() == Some(name))
    }
}

fn rows(instances: Vec<InstanceSummary>) -> Rows {
    let row = |instance: InstanceSummary| {
        let state = serde_json::to_value(instance.state).expect("a state has a name");
        let state = state.as_str().unwrap_or_default().to_owned();
        (instance.id, instance.name, state)
    };
    instances.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(names: &[&str]) -> Rows {
        let row = |name: &&str| {
            (
                format!("i-{name}"),
                Some((*name).to_owned()),
                "running".to_owned(),
            )
        };
        names.iter().map(row).collect()
    }

    #[test]
    fn an_answer_is_right_only_for_its_fleet_and_its_time() {
        let place = |account: &str| (account.to_owned(), "eu-west-1".to_owned());
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + seconds);
        let mut truth = Truth::default();
        truth.add(&place("a"), at(0), fleet(&["web"]));
        truth.add(&place("a"), at(100), fleet(&["web", "db"]));
        truth.add(&place("b"), at(0), fleet(&["other"]));

        assert!(truth.was(&place("a"), &fleet(&["web"]), at(50)));
        assert!(truth.was(&place("a"), &fleet(&["web"]), at(103)));
        assert!(!truth.was(&place("a"), &fleet(&["web"]), at(120)));
        assert!(!truth.was(&place("a"), &fleet(&["web", "db"]), at(50)));
        assert!(!truth.was(&place("a"), &fleet(&["other"]), at(50)));
        assert!(!truth.was(&place("a"), &fleet(&[]), at(50)));
        assert_eq!(truth.now(&place("a")), &fleet(&["web", "db"]));
        assert!(truth.was_called(&place("a"), "db", "i-db"));
        assert!(!truth.was_called(&place("b"), "db", "i-db"));
    }
}
