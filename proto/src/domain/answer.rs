//! What comes back beside the rows.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{Error, InstanceInterfaces, InstanceRef, InterfacesSummary, MatchedBy};
use crate::wire::row;

/// How good data is, by its age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataState {
    /// Within its time to live.
    #[default]
    Fresh,
    /// Beyond it, within the stale threshold.
    Stale,
    /// Beyond that, served because AWS is unavailable.
    LastKnown,
}

impl DataState {
    /// The word shown to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::LastKnown => "last known",
        }
    }
}

/// Where the rows of one region came from.
#[derive(Clone, Debug)]
pub struct RegionSummary {
    /// The region's name.
    pub region: String,
    /// When the fetch of its rows ended.
    pub fetched_at: SystemTime,
    /// How long ago that was when the answer was given.
    pub age: Duration,
    /// How good the rows are.
    pub state: DataState,
    /// A refresh is under way.
    pub refreshing: bool,
    /// The configured maximum was reached: there are more instances than these.
    pub cut: bool,
    /// Why there are no rows, or only old ones.
    pub error: Option<Error>,
}

/// What a list says when its rows are through.
#[derive(Clone, Debug, Default)]
pub struct ListSummary {
    /// How many instances match, whatever the limit.
    pub matched: u64,
    /// One for each region, in the order asked.
    pub regions: Vec<RegionSummary>,
}

/// The instances that targets name.
#[derive(Clone, Debug, Default)]
pub struct ResolvedTargets {
    pub(crate) rows: Vec<Bytes>,
    pub(crate) matched_by: Vec<Option<MatchedBy>>,
    /// Where each came from, in the same order.
    pub sources: Vec<RegionSummary>,
    /// Regions that refuse the caller; whatever is there, he cannot mean it.
    pub refused: Vec<RegionSummary>,
    /// Why agent columns are empty, when they are.
    pub agent_error: Option<Error>,
    /// Their network interfaces, if they were asked for and could be had.
    pub interfaces: Vec<InstanceInterfaces>,
    /// Where these came from, or why there are none.
    pub interfaces_summary: InterfacesSummary,
}

impl ResolvedTargets {
    /// One instance for each target, in the order asked.
    pub fn instances(&self) -> impl Iterator<Item = InstanceRef<'_>> {
        self.rows.iter().filter_map(|bytes| row::read(bytes))
    }
}

/// A region of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Region {
    pub name: String,
    pub endpoint: String,
    /// As EC2 spells it.
    pub opt_in_status: String,
}

/// Whose credentials a caller's settings lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's number.
    pub account: String,
    /// The principal's ARN.
    pub arn: String,
    /// The principal's unique id.
    pub user_id: String,
    /// Where the credentials came from.
    pub source: String,
    /// When they end; `None` if they do not.
    pub expires_at: Option<SystemTime>,
    /// The regions that the settings name.
    pub regions: Vec<String>,
}
