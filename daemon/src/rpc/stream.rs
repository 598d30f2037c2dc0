//! Answers of many pages.

use std::collections::VecDeque;
use std::sync::Arc;

use aws_ssm_proto::domain::{Error, ListSummary, RegionSummary};
use aws_ssm_proto::{status, wire};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;
use tonic::Status;

use super::question::Question;
use super::regions::{AT_ONCE, Scope, failed_region, no_answer};
use crate::aws::Filters;
use crate::daemon::Daemon;
use crate::identity::VerifiedIdentity;
use crate::inventory::{Fleet, Found, Instances, Key, KnownAgents, Load, summarize};
use crate::lifecycle::Call;
use crate::query::list;
use crate::query::rows::{Chosen, Rows};

/// What every answer of pages is.
pub(super) type Pages = BoxStream<'static, Result<wire::Page, Status>>;

/// All rows of an answer; the summary goes with the last of them.
pub(super) fn pages(rows: Rows, summary: &ListSummary, call: Call) -> Pages {
    match rows {
        Rows::Encoded(rows) => encoded(rows, summary, call),
        Rows::Chosen(rows) => chosen(rows, summary, call),
    }
}

fn chosen(mut rows: Chosen, summary: &ListSummary, call: Call) -> Pages {
    let mut summary = Some(summary.into());
    let pages = std::iter::from_fn(move || {
        let _until_it_is_sent = &call;
        summary.as_ref()?;
        let rows_of_page = rows.next().unwrap_or_default();
        Some(Ok(wire::Page {
            rows: rows_of_page,
            summary: summary.take_if(|_| rows.is_read()),
            progress: None,
        }))
    });
    stream::iter(pages).boxed()
}

fn encoded(rows: Vec<Bytes>, summary: &ListSummary, call: Call) -> Pages {
    let mut pages: Vec<_> = rows
        .into_iter()
        .map(|rows| wire::Page {
            rows,
            ..wire::Page::default()
        })
        .collect();
    if pages.is_empty() {
        pages.push(wire::Page::default());
    }
    if let Some(last) = pages.last_mut() {
        last.summary = Some(summary.into());
    }
    let pages = pages.into_iter().map(move |page| {
        let _until_it_is_sent = &call;
        Ok(page)
    });
    stream::iter(pages).boxed()
}

/// Rows as AWS gives them: those of a load that is under way are sent on as its
/// pages arrive. Regions are asked side by side, and sent in the caller's order.
pub(super) async fn unsorted(
    daemon: &Arc<Daemon>,
    scope: Scope,
    question: Question,
    filters: Filters,
    deadline: Instant,
) -> Pages {
    let Scope { identity, regions } = scope;
    let mut state = Unsorted {
        later: regions.into(),
        waiting: VecDeque::new(),
        daemon: Arc::clone(daemon),
        left: question.query.limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }),
        identity,
        question,
        filters,
        deadline,
        now: None,
        ready: VecDeque::new(),
        summary: ListSummary::default(),
        ended: false,
        _call: daemon.life.call(),
    };
    state.look().await;
    stream::unfold(state, |mut state| async move {
        let page = state.next().await.transpose()?;
        Some((page.map_err(|error| status::from_error(&error)), state))
    })
    .boxed()
}

/// An answer that is being sent.
struct Unsorted {
    daemon: Arc<Daemon>,
    identity: VerifiedIdentity,
    question: Question,
    filters: Filters,
    deadline: Instant,
    /// Rows that may still be sent.
    left: usize,
    /// Regions that nobody has looked for yet.
    later: VecDeque<String>,
    /// Regions that are there, or on their way.
    waiting: VecDeque<(String, Key, Found<Instances>)>,
    now: Option<Region>,
    ready: VecDeque<Bytes>,
    summary: ListSummary,
    ended: bool,
    _call: Call,
}

/// The region whose pages are arriving.
struct Region {
    name: String,
    key: Key,
    load: Load<Instances>,
    seen: usize,
    agents: KnownAgents,
}

impl Unsorted {
    /// The next page; `None` when the summary is sent.
    async fn next(&mut self) -> Result<Option<wire::Page>, Error> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(wire::Page {
                    rows,
                    ..wire::Page::default()
                }));
            }
            if let Some(region) = self.now.take() {
                self.receive(region).await;
            } else if let Some((name, key, found)) = self.waiting.pop_front() {
                self.look().await;
                self.begin(name, key, found).await;
            } else if self.ended {
                return Ok(None);
            } else {
                self.ended = true;
                return self.end().map(Some);
            }
        }
    }

    /// Has the next regions loaded, if they must be, while those before them are sent.
    async fn look(&mut self) {
        let cached = &self.daemon.inventory.instances;
        let asked = self.question.query.freshness;
        while self.waiting.len() < AT_ONCE
            && let Some(region) = self.later.pop_front()
        {
            let key = cached.key(&self.identity, &region).chosen_by(&self.filters);
            cached.recall(&self.identity, &key, asked).await;
            let found = cached.find(&self.identity, &key, asked);
            self.waiting.push_back((region, key, found));
        }
    }

    async fn begin(&mut self, name: String, key: Key, found: Found<Instances>) {
        let need = self.question.agents_need();
        let inventory = &self.daemon.inventory;
        let identity = &self.identity;
        let asked = self.question.query.freshness;
        let agents = inventory
            .agents_of(identity, &name, asked, need, self.deadline)
            .await;
        if let Some(error) = self.question.unanswerable(agents.unknown()) {
            self.summary.regions.push(failed_region(&name, error));
            return;
        }
        match found {
            Found::Ready(served) => {
                self.summary.regions.push(summarize(&name, &served));
                let instances = Arc::clone(&served.entry.value);
                let fleet = inventory.join(&name, instances, agents);
                self.send(&fleet);
            }
            Found::Loading(load) => {
                self.now = Some(Region {
                    name,
                    key,
                    load,
                    seen: 0,
                    agents,
                });
            }
        }
    }

    /// Takes the pages that came since, or ends the region.
    async fn receive(&mut self, mut region: Region) {
        let news = region.load.pages_after(region.seen, self.deadline).await;
        match news {
            Ok(news) if news.is_empty() => self.finish(region).await,
            Ok(news) => {
                region.seen += news.len();
                for page in news {
                    let agents = region.agents.clone();
                    let fleet = self.daemon.inventory.join(&region.name, page, agents);
                    self.send(&fleet);
                }
                self.now = Some(region);
            }
            Err(error) => self.give_up(&region, error),
        }
    }

    /// The whole is there: what it says of itself goes into the summary.
    async fn finish(&mut self, region: Region) {
        let outcome = region.load.clone().whole(self.deadline).await;
        let cached = &self.daemon.inventory.instances;
        let identity = &self.identity;
        let asked = self.question.query.freshness;
        match cached.settle(identity, &region.key, asked, outcome) {
            Ok(served) => self.summary.regions.push(summarize(&region.name, &served)),
            Err(error) => self
                .summary
                .regions
                .push(failed_region(&region.name, error)),
        }
    }

    /// A load that failed: data from before it serves if nothing was sent yet.
    fn give_up(&mut self, region: &Region, error: Error) {
        let cached = &self.daemon.inventory.instances;
        let identity = &self.identity;
        let asked = self.question.query.freshness;
        let name = &region.name;
        match cached.settle(identity, &region.key, asked, Err(error)) {
            Ok(served) if region.seen == 0 => {
                self.summary.regions.push(summarize(name, &served));
                let instances = Arc::clone(&served.entry.value);
                let agents = region.agents.clone();
                let fleet = self.daemon.inventory.join(name, instances, agents);
                self.send(&fleet);
            }
            Ok(served) => {
                let error = served.error.unwrap_or_else(interrupted);
                self.summary.regions.push(failed_region(name, error));
            }
            Err(error) => self.summary.regions.push(failed_region(name, error)),
        }
    }

    fn send(&mut self, fleet: &Fleet) {
        let Question { query, conditions } = &self.question;
        let rows = list::unsorted(fleet, query, conditions, usize::MAX);
        self.summary.matched += rows.len() as u64;
        if !self.question.query.count_only {
            self.ready.extend(rows.pages(self.left));
            self.left = self.left.saturating_sub(rows.len());
        }
    }

    fn end(&mut self) -> Result<wire::Page, Error> {
        let regions = &self.summary.regions;
        if self.summary.matched == 0 && !regions.iter().any(RegionSummary::has_data) {
            return Err(no_answer(regions));
        }
        Ok(wire::Page {
            summary: Some((&self.summary).into()),
            ..wire::Page::default()
        })
    }
}

fn interrupted() -> Error {
    use aws_ssm_proto::domain::ErrorKind;
    Error::new(ErrorKind::Unavailable, "the list is incomplete")
        .why("AWS stopped answering in the middle of it")
        .hint("run the command again")
}
