//! Questions about how instances are connected.

mod encode;
mod pages;

use std::sync::Arc;

use aws_ssm_proto::domain::{
    Caller, Error, Freshness, InterfacesQuery, InterfacesSummary, ListQuery, RegionFailure,
    RegionSummary,
};
use aws_ssm_proto::wire;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::inventory::admit_to_fleet;
use super::question::Question;
use super::regions::{Scope, failed_region, no_answer};
use super::targets::{Found, Search};
use crate::aws::Filters;
use crate::daemon::Daemon;
use crate::inventory::{AgentsNeed, Fleet, Wiring};
use crate::query::{list, node, rows::At};

pub(super) use pages::Pages;

/// What one region has to say of its instances' connections.
type Known = Result<(Wiring, RegionSummary), Error>;

/// The answer to a query, in pages.
pub(super) async fn pages(
    daemon: &Arc<Daemon>,
    caller: &Caller,
    query: InterfacesQuery,
    deadline: Instant,
) -> Result<Pages, Error> {
    let question = Question::new(ListQuery::from(&query), std::time::SystemTime::now())?;
    let asked = query.freshness;
    // Who is named by a target may be anybody, until all are known.
    let filters = match query.targets.as_slice() {
        [] => question.filters(&daemon.inventory),
        _ => Filters::default(),
    };
    let scope = admit_to_fleet(daemon, caller, &filters, asked, deadline).await?;
    let wanted = Wanted {
        daemon,
        scope: &scope,
        asked,
        deadline,
    };
    let call = daemon.life.call();
    if query.targets.is_empty() {
        let matching = wanted.matching(&question, &filters, &query.node_names);
        let matching = matching.await?;
        return Ok(matching.pages(call));
    }
    let search = Search {
        daemon,
        scope: &scope,
        asked,
        need: AgentsNeed::Ignore,
        deadline,
    };
    let found = search.find(&query.targets);
    let beside = async { Ok(wanted.beforehand().await) };
    let (findings, early) = tokio::try_join!(found, beside)?;
    let (instances, mut summary) = wanted.of(&findings.found, early).await;
    summary.regions.extend(findings.refused);
    match instances.is_empty() {
        true => Err(no_answer(&summary.regions)),
        false => Ok(pages::of(instances, &summary, call)),
    }
}

/// Who wants to know, how fresh, and by when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) scope: &'a Scope,
    pub(super) asked: Freshness,
    pub(super) deadline: Instant,
}

impl Wanted<'_> {
    async fn known(&self, region: &str) -> Known {
        let (identity, inventory) = (&self.scope.identity, &self.daemon.inventory);
        let wiring = inventory.wiring(identity, region, self.asked, self.deadline);
        wiring.await
    }

    /// What can be asked for before it is known which instances it is about: where
    /// there is one region alone, they can only be there.
    pub(super) async fn beforehand(&self) -> Option<Known> {
        match self.scope.regions.as_slice() {
            [region] => Some(self.known(region).await),
            _ => None,
        }
    }

    /// The interfaces of these instances, as far as they can be had, and where they
    /// came from.
    pub(super) async fn of(
        &self,
        found: &[Found],
        early: Option<Known>,
    ) -> (Vec<wire::InstanceInterfaces>, InterfacesSummary) {
        let mut regions: Vec<Arc<str>> = Vec::new();
        for Found { fleet, .. } in found {
            if !regions.contains(&fleet.region) {
                regions.push(Arc::clone(&fleet.region));
            }
        }
        let known = match early {
            Some(known) => vec![known],
            None => join_all(regions.iter().map(|region| self.known(region))).await,
        };
        let mut summary = InterfacesSummary::default();
        let mut wirings = Vec::new();
        for (region, known) in regions.into_iter().zip(known) {
            match known {
                Ok((wiring, source)) => {
                    tell(&mut summary, source, &wiring);
                    wirings.push((region, wiring));
                }
                Err(error) => summary.regions.push(failed_region(&region, error)),
            }
        }
        let instances = found.iter().filter_map(|Found { fleet, place, .. }| {
            let (_, wiring) = (wirings.iter()).find(|(region, _)| *region == fleet.region)?;
            Some(encode::instance(fleet, *place, wiring))
        });
        (instances.collect(), summary)
    }

    /// All instances that match, with what is known of their connections; those whom
    /// AWS may leave out do not match.
    async fn matching(
        &self,
        question: &Question,
        filters: &Filters,
        names: &[String],
    ) -> Result<Matching, Error> {
        let (inventory, identity) = (&self.daemon.inventory, &self.scope.identity);
        let need = AgentsNeed::Ignore;
        let loads = self.scope.each(|region| async move {
            let (asked, deadline) = (self.asked, self.deadline);
            let fleet = inventory.chosen(identity, region, filters, asked, need, deadline);
            tokio::try_join!(fleet, self.known(region))
                .map_err(|error| failed_region(region, error))
        });
        let mut matching = Matching::default();
        for outcome in loads.await {
            match outcome {
                Ok(((fleet, instances), (wiring, interfaces))) => {
                    let source = older(instances, interfaces);
                    tell(&mut matching.summary, source, &wiring);
                    matching.fleets.push(fleet);
                    matching.wirings.push(wiring);
                }
                Err(failed) => matching.summary.regions.push(failed),
            }
        }
        if matching.fleets.is_empty() {
            return Err(no_answer(&matching.summary.regions));
        }
        let mut rows = list::places(&matching.fleets, &question.conditions);
        rows.retain(|(fleet, row)| {
            let snapshot = &matching.fleets[*fleet as usize].instances.snapshot;
            node::is_called_one_of(snapshot.row(*row), names)
        });
        matching.rows = rows;
        Ok(matching)
    }
}

/// Instances that match, and what is known of their connections.
#[derive(Debug, Default)]
struct Matching {
    fleets: Vec<Fleet>,
    /// One for each of the fleets.
    wirings: Vec<Wiring>,
    rows: Vec<At>,
    summary: InterfacesSummary,
}

/// Takes up where the answer came from, and what is missing of it.
fn tell(summary: &mut InterfacesSummary, source: RegionSummary, wiring: &Wiring) {
    if let Some(error) = wiring.subnets_unknown() {
        summary.missing.push(RegionFailure {
            region: source.region.clone(),
            error: error.clone(),
        });
    }
    summary.regions.push(source);
}

/// An answer of two sources is as old as the older one.
fn older(one: RegionSummary, other: RegionSummary) -> RegionSummary {
    let (older, younger) = match one.age >= other.age {
        true => (one, other),
        false => (other, one),
    };
    RegionSummary {
        refreshing: older.refreshing || younger.refreshing,
        cut: older.cut || younger.cut,
        error: older.error.or(younger.error),
        ..older
    }
}
