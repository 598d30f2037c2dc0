//! Owns the count of calls by account, region and operation.
//!
//! Invariant: every call is counted when it arrives, whatever becomes of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// The account of calls whose key belongs to nobody, and the region of calls
/// that are not signed.
pub(crate) const UNKNOWN: &str = "unknown";

/// How often one operation was called by one account in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Twelve digits, or `unknown` if the key is nobody's.
    pub account: String,
    /// The region of the credential scope, or `unknown` if there is none.
    pub region: String,
    /// As in `DescribeInstances`.
    pub operation: String,
    /// All calls, those refused included.
    pub calls: u64,
    /// Calls that got anything but a good answer.
    pub refused: u64,
    /// Bytes of all answers, refusals included, without their headers.
    pub bytes: u64,
}

/// The calls since the start or the last reset, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(Vec<Count>);

impl Counts {
    /// All calls.
    pub fn total(&self) -> u64 {
        self.sum(|_| true)
    }

    /// The calls of one operation, everywhere.
    pub fn of(&self, operation: &str) -> u64 {
        self.sum(|count| count.operation == operation)
    }

    /// The calls of one operation by one account in one region.
    pub fn by(&self, account: &str, region: &str, operation: &str) -> u64 {
        self.sum(|count| {
            count.account == account && count.region == region && count.operation == operation
        })
    }

    /// Calls that got anything but a good answer.
    pub fn refused(&self) -> u64 {
        self.0.iter().map(|count| count.refused).sum()
    }

    /// Ordered by account, region and operation.
    pub fn iter(&self) -> std::slice::Iter<'_, Count> {
        self.0.iter()
    }

    fn sum(&self, counts: impl Fn(&Count) -> bool) -> u64 {
        let counted = self.0.iter().filter(|count| counts(count));
        counted.map(|count| count.calls).sum()
    }
}

impl<'a> IntoIterator for &'a Counts {
    type Item = &'a Count;
    type IntoIter = std::slice::Iter<'a, Count>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What is counted apart: account, region, operation.
pub(crate) type Line = (String, String, String);

#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    refused: u64,
    bytes: u64,
}

/// Counts while the sandbox runs.
#[derive(Debug, Default)]
pub(crate) struct Counter(Mutex<BTreeMap<Line, Tally>>);

impl Counter {
    pub(crate) fn arrived(&self, line: &Line) {
        self.change(line, |tally| tally.calls += 1);
    }

    pub(crate) fn refused(&self, line: &Line) {
        self.change(line, |tally| tally.refused += 1);
    }

    pub(crate) fn answered(&self, line: &Line, bytes: usize) {
        self.change(line, |tally| tally.bytes += bytes as u64);
    }

    pub(crate) fn read(&self) -> Counts {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = tallies
            .iter()
            .map(|((account, region, operation), tally)| Count {
                account: account.clone(),
                region: region.clone(),
                operation: operation.clone(),
                calls: tally.calls,
                refused: tally.refused,
                bytes: tally.bytes,
            });
        Counts(counts.collect())
    }

    pub(crate) fn reset(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn change(&self, line: &Line, change: impl FnOnce(&mut Tally)) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tallies.get_mut(line) {
            Some(tally) => change(tally),
            None => change(tallies.entry(line.clone()).or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_apart_and_added_up() {
        let counter = Counter::default();
        let line = |account: &str, region: &str, operation: &str| {
            (account.to_owned(), region.to_owned(), operation.to_owned())
        };
        let describe = line("1", "us-east-1", "DescribeInstances");
        counter.arrived(&describe);
        counter.arrived(&describe);
        counter.refused(&describe);
        counter.answered(&describe, 512);
        counter.answered(&describe, 512);
        counter.arrived(&line("2", "us-east-1", "DescribeInstances"));
        counter.arrived(&line("1", "us-east-1", "GetCallerIdentity"));

        let counts = counter.read();
        assert_eq!(counts.total(), 4);
        assert_eq!(counts.of("DescribeInstances"), 3);
        assert_eq!(counts.by("1", "us-east-1", "DescribeInstances"), 2);
        assert_eq!(counts.by("1", "eu-west-1", "DescribeInstances"), 0);
        assert_eq!(counts.refused(), 1);
        let bytes: u64 = counts.iter().map(|count| count.bytes).sum();
        assert_eq!(bytes, 1024);
        assert_eq!(counts.iter().count(), 3);

        counter.reset();
        assert_eq!(counter.read(), Counts::default());
    }
}
