//! A question to a list, read and checked: what every way to answer it works with.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_ssm_proto::domain::{Column, Error, Freshness, ListQuery, Sort};

use crate::aws::Filters;
use crate::inventory::{AgentsNeed, Inventory};
use crate::query::Conditions;

/// See the module.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) query: ListQuery,
    pub(super) conditions: Conditions,
}

impl Question {
    /// Reads the terms; times in them are counted from `now`.
    ///
    /// # Errors
    ///
    /// `Usage`, with the column of the mistake.
    pub(super) fn new(query: ListQuery, now: SystemTime) -> Result<Self, Error> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            conditions: Conditions::new(&query, now)?,
            query,
        })
    }

    /// What AWS may choose by for this question alone: nothing where the answer is kept,
    /// as one for another question then comes of the same load.
    pub(super) fn filters(&self, inventory: &Inventory) -> Filters {
        match inventory.keeps() {
            true => Filters::default(),
            false => self.conditions.filters(),
        }
    }

    /// A list waits for the agents only when it is about them: it sorts by them or
    /// asks for some, its caller named a column of theirs, or wants nothing old.
    pub(super) fn agents_need(&self) -> AgentsNeed {
        let query = &self.query;
        let sorts_by_agents = match &query.sort {
            Sort::By(keys) => keys.iter().any(|key| key.column.is_agent()),
            Sort::Standard | Sort::Unsorted => false,
        };
        let about_agents = sorts_by_agents || self.conditions.are_about_agents();
        let shown = !query.count_only && query.columns.iter().any(Column::is_agent);
        let waits = query.wait_for_agents || query.freshness != Freshness::Configured;
        match (about_agents, shown) {
            (false, false) => AgentsNeed::Ignore,
            (false, true) if !waits => AgentsNeed::IfKnown,
            _ => AgentsNeed::Wait,
        }
    }

    /// Why a fleet of which the agents are not known, for this reason, has no answer: it
    /// is asked about them. None of its instances would be taken, or with `!` all, and
    /// both were untrue.
    pub(super) fn unanswerable(&self, unknown: Option<&Error>) -> Option<Error> {
        let asked = self.conditions.are_about_agents();
        unknown.filter(|_| asked).cloned()
    }
}
