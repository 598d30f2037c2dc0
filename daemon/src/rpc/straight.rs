//! Answers that go straight from AWS to whoever reads them.
//!
//! Nothing is taken from the cache or put into it. The next page of AWS is asked for
//! when the reader has room for it, so a slow reader slows the calls; when he leaves,
//! the call under way ends with him. At any moment there is one page in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{
    DataState, Error, ErrorKind, ListSummary, RegionSummary, whole_failure,
};
use aws_ssm_proto::{status, wire};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;

use super::question::Question;
use super::regions::{Scope, failed_region};
use super::stream::Pages;
use crate::aws::{Filters, PageRequest};
use crate::daemon::Daemon;
use crate::identity::VerifiedIdentity;
use crate::inventory::{KnownAgents, PAGE_SIZES};
use crate::lifecycle::Call;
use crate::query::list;

/// Rows of every region, one after the other, in AWS's order. A region that gives none
/// is told of in the summary; one that fails after some of its rows ends the answer, as
/// does a failure of all of them.
///
/// # Errors
///
/// `Usage` for a page size that AWS does not take.
pub(super) fn pages(
    daemon: &Arc<Daemon>,
    scope: Scope,
    question: Question,
    asked: &wire::StraightFromAws,
    deadline: Instant,
) -> Result<Pages, Error> {
    let size = page_size(daemon, asked.page_size)?;
    let Scope { identity, regions } = scope;
    let straight = Straight {
        filters: question.conditions.filters(),
        daemon: Arc::clone(daemon),
        left: question.query.limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }),
        identity,
        question,
        size,
        deadline,
        waiting: regions.into(),
        now: None,
        ready: VecDeque::new(),
        summary: ListSummary::default(),
        ended: false,
        _call: daemon.life.call(),
    };
    let pages = stream::unfold(straight, |mut straight| async move {
        let page = straight.next().await;
        if page.is_err() {
            straight.ended = true;
        }
        let page = page.transpose()?;
        Some((page.map_err(|error| status::from_error(&error)), straight))
    });
    Ok(pages.boxed())
}

fn page_size(daemon: &Daemon, asked: u32) -> Result<u16, Error> {
    if asked == 0 {
        return Ok(daemon.inventory.limits().first_page);
    }
    let size = u16::try_from(asked).ok();
    size.filter(|size| PAGE_SIZES.contains(size))
        .ok_or_else(|| {
            let (least, most) = (PAGE_SIZES.start(), PAGE_SIZES.end());
            Error::new(
                ErrorKind::Usage,
                format!("a page cannot have {asked} instances"),
            )
            .why(format!("AWS gives {least} to {most} at a time"))
            .hint("ask for a page size in this range, or for none")
        })
}

struct Straight {
    daemon: Arc<Daemon>,
    identity: VerifiedIdentity,
    question: Question,
    filters: Filters,
    /// Instances on a page of AWS.
    size: u16,
    deadline: Instant,
    /// Rows that may still be sent.
    left: usize,
    waiting: VecDeque<String>,
    now: Option<Region>,
    ready: VecDeque<Bytes>,
    summary: ListSummary,
    ended: bool,
    _call: Call,
}

/// The region whose pages are being asked for.
struct Region {
    name: String,
    token: Option<String>,
    agents: KnownAgents,
    /// Instances that `performance.streaming_max_items` leaves.
    room: usize,
}

impl Straight {
    /// The next page; `None` when the summary is sent.
    async fn next(&mut self) -> Result<Option<wire::Page>, Error> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(wire::Page {
                    rows,
                    ..wire::Page::default()
                }));
            }
            if self.ended {
                return Ok(None);
            }
            if self.left == 0 {
                self.waiting.clear();
                if let Some(region) = self.now.take() {
                    self.finish(&region.name, false);
                }
            }
            if let Some(region) = self.now.take() {
                self.ask(region).await?;
            } else if let Some(name) = self.waiting.pop_front() {
                match self.begin(&name).await {
                    Ok(region) => self.now = Some(region),
                    Err(error) => self.leave_out(&name, error)?,
                }
            } else if let Some(error) = whole_failure(&self.summary.regions) {
                return Err(error);
            } else {
                self.ended = true;
                return Ok(Some(wire::Page {
                    summary: Some((&self.summary).into()),
                    ..wire::Page::default()
                }));
            }
        }
    }

    async fn begin(&self, name: &str) -> Result<Region, Error> {
        let inventory = &self.daemon.inventory;
        let (need, asked) = (self.question.agents_need(), self.question.query.freshness);
        let identity = &self.identity;
        let agents = inventory.agents_of(identity, name, asked, need, self.deadline);
        let agents = agents.await;
        if let Some(error) = self.question.unanswerable(agents.unknown()) {
            return Err(error);
        }
        Ok(Region {
            agents,
            name: name.to_owned(),
            token: None,
            room: inventory.limits().max_items,
        })
    }

    async fn ask(&mut self, mut region: Region) -> Result<(), Error> {
        let is_first = region.token.is_none();
        let request = PageRequest {
            token: region.token.take(),
            size: Some(self.size),
            filters: Arc::clone(&self.filters),
        };
        let inventory = &self.daemon.inventory;
        let identity = &self.identity;
        let page = inventory.page(identity, &region.name, request, region.room, self.deadline);
        let page = match page.await {
            Err(error) if is_first => return self.leave_out(&region.name, error),
            page => page?,
        };
        region.room -= page.instances.snapshot.len();
        let fleet = inventory.join(&region.name, page.instances, region.agents.clone());
        let Question { query, conditions } = &self.question;
        let rows = list::unsorted(&fleet, query, conditions, self.left);
        self.summary.matched += rows.len() as u64;
        self.left -= rows.len();
        if !self.question.query.count_only {
            self.ready.extend(rows.pages(usize::MAX));
        }
        match page.next {
            Some(token) if region.room > 0 => {
                region.token = Some(token);
                self.now = Some(region);
            }
            next => self.finish(&region.name, page.left_out || next.is_some()),
        }
        Ok(())
    }

    /// Goes on without a region that has given nothing.
    ///
    /// # Errors
    ///
    /// The same one, if the whole call is made again when it is answered.
    fn leave_out(&mut self, region: &str, error: Error) -> Result<(), Error> {
        if error.challenge.is_some() {
            return Err(error);
        }
        self.summary.regions.push(failed_region(region, error));
        Ok(())
    }

    /// `cut`: the configured maximum ended it.
    fn finish(&mut self, region: &str, cut: bool) {
        self.summary.regions.push(RegionSummary {
            region: region.to_owned(),
            fetched_at: SystemTime::now(),
            age: Duration::ZERO,
            state: DataState::Fresh,
            refreshing: false,
            cut,
            error: None,
        });
    }
}
