//! What is asked: which instances, in which order, how fresh.

use std::time::Duration;

use super::Column;

/// How old an answer may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// Whatever the daemon's configuration calls good enough.
    #[default]
    Configured,
    /// Only data whose fetch began after the call did.
    Fresh,
    /// Only data at most this old.
    MaxAge(Duration),
}

/// A tag that must have this value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TagFilter {
    pub key: String,
    pub value: String,
}

/// One key of a sort order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SortKey {
    pub column: Column,
    pub descending: bool,
}

/// The order of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name, then id.
    #[default]
    Standard,
    /// As AWS gives them; pages of a load are sent on as they arrive.
    Unsorted,
    /// Most significant first; ties by name, then id.
    By(Vec<SortKey>),
}

/// A question to the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Every one must match.
    pub tags: Vec<TagFilter>,
    /// Terms of the search language; every one must match.
    pub terms: Vec<String>,
    /// Also instances that are neither pending nor running.
    pub all_states: bool,
    /// What to send of each instance.
    pub columns: Vec<Column>,
    /// The order of the rows.
    pub sort: Sort,
    /// At most this many rows.
    pub limit: Option<u64>,
    /// No rows, only the summary.
    pub count_only: bool,
    /// Wait for the agents when a column shows them; otherwise they are shown as
    /// far as they are known.
    pub wait_for_agents: bool,
    /// How old the answer may be.
    pub freshness: Freshness,
}
