//! The one node that each target names.
//!
//! What is known answers, and where it cannot, AWS is asked: a target that is not found
//! in data that are old may name what was launched since, and a region that was cut
//! proves neither that there is none nor that there is only one.

use std::slice;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{DataState, Error, ErrorKind, Freshness, MatchedBy, RegionSummary};
use tokio::time::Instant;

use super::regions::{Scope, failed_region, no_answer};
use crate::aws::{Filters, PageRequest};
use crate::daemon::Daemon;
use crate::inventory::{AgentsNeed, Fleet, Gathered, Instances, PAGE_SIZES, Row};
use crate::query::resolve::{self, Choice, Hit};
use crate::query::target::{Target, Way};
use crate::query::{ask, refuse};

/// A target that is not found in data older than this may be newer than the data.
const YOUNG: Freshness = Freshness::MaxAge(Duration::from_secs(10));

/// Instances of a region that is cut which may be meant; nobody reads more of them.
const MOST_ASKED: usize = 1000;

/// Looks for nodes, for one call.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) scope: &'a Scope,
    pub(super) asked: Freshness,
    pub(super) need: AgentsNeed,
    pub(super) deadline: Instant,
}

/// The nodes that targets name, in their order.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) found: Vec<Found>,
    /// Regions that refuse the caller.
    pub(super) refused: Vec<RegionSummary>,
}

/// The node that a target names.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) fleet: Fleet,
    pub(super) place: u32,
    pub(super) by: MatchedBy,
    pub(super) source: RegionSummary,
}

impl Found {
    pub(super) fn row(&self) -> Row<'_> {
        self.fleet.instances.snapshot.row(self.place)
    }
}

/// What is known of the regions of a call.
#[derive(Debug, Default)]
struct Known {
    fleets: Vec<Fleet>,
    sources: Vec<RegionSummary>,
    /// Why a region is missing here that may have what is meant.
    missing: Option<Error>,
    /// Regions that refuse the caller: whatever is there, he cannot mean it.
    refused: Vec<RegionSummary>,
}

impl Search<'_> {
    /// Finds the node that each of these names.
    ///
    /// # Errors
    ///
    /// One of them names none or several, or what must be known to tell cannot be had.
    pub(super) async fn find(&self, targets: &[String]) -> Result<Findings, Error> {
        let known = self.known(self.asked).await?;
        match self.find_in(known, targets).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                let young = self.known(YOUNG).await;
                let young = young.and_then(|young| match &young.missing {
                    Some(why) => Err(why.clone()),
                    None => Ok(young),
                });
                let young = young.map_err(|why| unproved(&error, why))?;
                self.find_in(young, targets).await
            }
            found => found,
        }
    }

    async fn known(&self, asked: Freshness) -> Result<Known, Error> {
        let (inventory, identity) = (&self.daemon.inventory, &self.scope.identity);
        let load = |region| inventory.fleet(identity, region, asked, self.need, self.deadline);
        let mut known = Known::default();
        for (region, outcome) in self.scope.regions.iter().zip(self.scope.each(load).await) {
            match outcome {
                Ok((fleet, source)) => {
                    known.fleets.push(fleet);
                    known.sources.push(source);
                }
                Err(error) if error.kind == ErrorKind::Permission => {
                    known.refused.push(failed_region(region, error));
                }
                Err(error) => known.missing = known.missing.or(Some(error)),
            }
        }
        match known.missing {
            Some(error) if known.fleets.is_empty() => Err(error),
            None if known.fleets.is_empty() => Err(no_answer(&known.refused)),
            missing => Ok(Known { missing, ..known }),
        }
    }

    async fn find_in(&self, known: Known, targets: &[String]) -> Result<Findings, Error> {
        let mut found = Vec::with_capacity(targets.len());
        for target in targets {
            found.push(self.find_one(&known, &Target::new(target)).await?);
        }
        let refused = known.refused;
        Ok(Findings { found, refused })
    }

    async fn find_one(&self, known: &Known, target: &Target<'_>) -> Result<Found, Error> {
        if let Some(hit) = whole_id(&known.fleets, target) {
            return Ok(known.found(target, Way::Id, hit));
        }
        // Any other may also be what a region is called that is missing.
        if let Some(error) = &known.missing {
            return Err(error.clone());
        }
        let is_cut = known
            .fleets
            .iter()
            .any(|fleet| fleet.instances.snapshot.cut);
        for way in Way::ALL {
            if !target.may_be(way) {
                continue;
            }
            let found = match is_cut {
                false => known.choose(target, way)?,
                true => self
                    .ask_aws(known, target, way)
                    .await?
                    .choose(target, way)?,
            };
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Err(refuse::not_found(&known.fleets, &known.refused, target))
    }

    /// The same regions; of those that are cut, what AWS has that may be meant.
    async fn ask_aws(&self, known: &Known, target: &Target<'_>, way: Way) -> Result<Known, Error> {
        let mut asked = Known::default();
        for (fleet, source) in known.fleets.iter().zip(&known.sources) {
            let (mut fleet, mut source) = (fleet.clone(), source.clone());
            if fleet.instances.snapshot.cut {
                fleet.instances = self.matching(&fleet, target, way).await?;
                source = asked_now(&fleet.region);
            }
            asked.fleets.push(fleet);
            asked.sources.push(source);
        }
        Ok(asked)
    }

    async fn matching(
        &self,
        fleet: &Fleet,
        target: &Target<'_>,
        way: Way,
    ) -> Result<Arc<Instances>, Error> {
        let mut gathered = Gathered::default();
        for filters in ask::questions(target, way, &fleet.region) {
            let mut token = None;
            loop {
                let (page, next) = self.page(fleet, &filters, token).await?;
                let hits = resolve::hits(slice::from_ref(&page), target, way);
                let rows = hits.iter().map(|(_, place)| *place);
                gathered.add(&page.instances, rows);
                match next {
                    Some(next) if gathered.len() < MOST_ASKED => token = Some(next),
                    _ => break,
                }
            }
        }
        Ok(Arc::new(gathered.finish()))
    }

    async fn page(
        &self,
        fleet: &Fleet,
        filters: &Filters,
        token: Option<String>,
    ) -> Result<(Fleet, Option<String>), Error> {
        let request = PageRequest {
            token,
            size: Some(*PAGE_SIZES.end()),
            filters: Arc::clone(filters),
        };
        let (inventory, identity) = (&self.daemon.inventory, &self.scope.identity);
        let page = inventory.page(identity, &fleet.region, request, usize::MAX, self.deadline);
        let page = page.await?;
        let fleet = Fleet {
            instances: page.instances,
            ..fleet.clone()
        };
        Ok((fleet, page.next))
    }
}

impl Known {
    /// What the target comes to in one way; nothing if nothing is called so.
    fn choose(&self, target: &Target<'_>, way: Way) -> Result<Option<Found>, Error> {
        match resolve::choose(&self.fleets, target, way) {
            Choice::None => Ok(None),
            Choice::One(hit) => Ok(Some(self.found(target, way, hit))),
            Choice::Several(hits) => {
                let candidate = |(at, place): &Hit| {
                    let fleet = &self.fleets[*at];
                    refuse::candidate(fleet, fleet.instances.snapshot.row(*place))
                };
                let candidates: Vec<_> = hits.iter().map(candidate).collect();
                Err(refuse::ambiguous(target, way, &candidates))
            }
        }
    }

    fn found(&self, target: &Target<'_>, way: Way, (at, place): Hit) -> Found {
        let fleet = self.fleets[at].clone();
        let id = fleet.instances.snapshot.row(place).id();
        Found {
            by: target.matched_by(way, id),
            place,
            // That there are more says nothing of this one.
            source: RegionSummary {
                cut: false,
                ..self.sources[at].clone()
            },
            fleet,
        }
    }
}

/// An id that is known whole is that of one instance, whatever else there is.
fn whole_id(fleets: &[Fleet], target: &Target<'_>) -> Option<Hit> {
    let id = target.id()?;
    let mut fleets = fleets.iter().enumerate();
    fleets.find_map(|(at, fleet)| {
        let row = fleet.instances.snapshot.find_id(id)?;
        Some((at, row.place()))
    })
}

/// What is known does not have it, and AWS cannot be asked whether it is there by now:
/// no proof that it is not.
fn unproved(missing: &Error, why: Error) -> Error {
    if why.kind != ErrorKind::Unavailable {
        return why;
    }
    let known = format!("{} in what is known", missing.what);
    Error::new(ErrorKind::Unavailable, known)
        .why(format!("there may be one by now: {}", why.what))
        .hint(missing.hint.clone())
        .candidates(missing.candidates.clone())
}

/// Where an answer comes from that AWS has just given.
fn asked_now(region: &str) -> RegionSummary {
    RegionSummary {
        region: region.to_owned(),
        fetched_at: SystemTime::now(),
        age: Duration::ZERO,
        state: DataState::Fresh,
        refreshing: false,
        cut: false,
        error: None,
    }
}
