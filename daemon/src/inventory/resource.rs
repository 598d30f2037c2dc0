//! What can be loaded and kept: instances, agents, interfaces, subnets, regions.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_ssm_proto::domain::{Error, Region};
use tokio::time::Instant;

use super::agents::{self, Agents};
use super::ahead::Ahead;
use super::calls::Calls;
use super::encode::EncodedCache;
use super::freshness::Policy;
use super::load::Pages;
use super::project::{self, InstancesPage};
use super::snapshot::{Builder, Index, Snapshot};
use super::stored::Stored;
use crate::aws::{ApiError, Filters, Operation, Page, PageRequest};

/// Which of them; the word is the one people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Instances,
    Agents,
    Interfaces,
    Subnets,
    Regions,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Instances,
        Self::Agents,
        Self::Interfaces,
        Self::Subnets,
        Self::Regions,
    ];

    /// The word people see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Agents => "agents",
            Self::Interfaces => "interfaces",
            Self::Subnets => "subnets",
            Self::Regions => "regions",
        }
    }
}

/// How many instances AWS gives at a time.
pub const PAGE_SIZES: RangeInclusive<u16> = 5..=1000;

/// How much is asked of AWS.
#[derive(Clone, Copy, Debug)]
pub struct LoadLimits {
    /// Instances of the first page when somebody waits for it.
    pub first_page: u16,
    /// Instances of every other page.
    pub later_pages: u16,
    /// Instances of a region; reaching it cuts the snapshot.
    pub max_items: usize,
    /// For one call, retries included.
    pub call_timeout: Duration,
}

impl LoadLimits {
    /// When a call that is made now must have ended.
    pub(super) fn call_deadline(&self) -> Instant {
        Instant::now() + self.call_timeout
    }
}

/// One load: where to, and how.
#[derive(Debug)]
pub struct LoadContext {
    /// Calls AWS.
    pub calls: Calls,
    /// How much is asked.
    pub limits: LoadLimits,
    /// What AWS chooses instances by.
    pub filters: Filters,
    /// Somebody waits for the first rows.
    pub attended: bool,
    /// The first page, if it was asked for before.
    pub ahead: Option<Ahead>,
}

impl LoadContext {
    /// The next page of instances; `room` is how many may still be kept.
    async fn instances(
        &mut self,
        request: PageRequest,
        room: usize,
    ) -> Result<Page<InstancesPage>, Error> {
        if let Some(ahead) = self.ahead.take()
            && let Some(page) = ahead.page().await
        {
            let client = self.calls.client();
            client.learn(Instances::OPERATION, &page);
            return page.map_err(ApiError::into_error);
        }
        let deadline = self.limits.call_deadline();
        self.calls.instances(request, room, deadline).await
    }
}

/// A page of instances that is part of no snapshot.
#[derive(Debug)]
pub struct StraightPage {
    /// Those there was room for.
    pub instances: Arc<Instances>,
    /// There were more on it.
    pub left_out: bool,
    /// Asks for the page after it.
    pub next: Option<String>,
}

/// Asks for one page.
pub(super) async fn page(
    mut calls: Calls,
    request: PageRequest,
    room: usize,
    deadline: Instant,
) -> Result<StraightPage, Error> {
    let page = calls.instances(request, room, deadline).await?;
    let InstancesPage { rows, left_out } = page.items;
    Ok(StraightPage {
        instances: Arc::new(Instances::new(rows.finish(false))),
        left_out,
        next: page.next,
    })
}

/// Something that is loaded whole and kept for a while.
pub trait Resource: Stored + Send + Sync + 'static {
    /// Which it is.
    const KIND: Kind;
    /// What loads it.
    const OPERATION: Operation;

    /// How long it is good for, where instances are for so long.
    #[must_use]
    fn policy(of_instances: Policy) -> Policy {
        of_instances
    }

    /// Loads it, publishing what is already there on the way.
    fn load(
        context: LoadContext,
        pages: &Pages<Self>,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// How many things it holds.
    fn rows(&self) -> usize;

    /// Bytes of memory held.
    fn weight(&self) -> usize;

    /// A cache holds it now, which has room for so many bytes more and is told by
    /// `grown` when they are used.
    fn settle_in(&self, _room: usize, _grown: impl Fn() + Send + Sync + 'static) {}
}

/// The instances of a region, and what of them is already encoded.
#[derive(Debug)]
pub struct Instances {
    /// The rows.
    pub snapshot: Snapshot,
    pub(super) encoded: EncodedCache,
    index: OnceLock<Index>,
}

impl Instances {
    /// Nothing is encoded yet.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            encoded: EncodedCache::default(),
            index: OnceLock::new(),
        }
    }

    /// Where they are found by what names them. A load makes it; of what was read from
    /// disk, which may only be listed, the first who looks for one does.
    pub fn index(&self) -> &Index {
        if let Some(index) = self.index.get() {
            return index;
        }
        let index = self.index.get_or_init(|| Index::new(&self.snapshot));
        self.encoded.tell_grown();
        index
    }
}

/// Instances of several pages, put together by hand.
#[derive(Debug)]
pub struct Gathered(Builder);

impl Default for Gathered {
    fn default() -> Self {
        Self(Builder::with_capacity(0))
    }
}

impl Gathered {
    /// Adds the rows at these places of a page.
    pub fn add(&mut self, page: &Instances, places: impl Iterator<Item = u32>) {
        let snapshot = &page.snapshot;
        self.0
            .append_rows(snapshot, places.map(|place| snapshot.row(place)));
    }

    /// How many there are, some of them twice perhaps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, each once.
    #[must_use]
    pub fn finish(self) -> Instances {
        Instances::new(self.0.finish(false))
    }
}

impl Resource for Instances {
    const KIND: Kind = Kind::Instances;
    const OPERATION: Operation = Operation::DescribeInstances;

    async fn load(mut context: LoadContext, pages: &Pages<Self>) -> Result<Self, Error> {
        let limits = context.limits;
        let mut size = if context.attended {
            limits.first_page
        } else {
            limits.later_pages
        };
        let mut token = None;
        let mut loaded = 0;
        let cut = loop {
            let request = PageRequest {
                token: token.take(),
                size: Some(size),
                filters: Arc::clone(&context.filters),
            };
            let room = limits.max_items - loaded;
            let page = context.instances(request, room).await?;
            let next = page.next;
            let InstancesPage { rows, left_out } = page.items;
            loaded += rows.len();
            let full = loaded >= limits.max_items;
            pages.publish(Self::new(rows.finish(false)));
            match next {
                _ if left_out => break true,
                Some(_) if full => break true,
                Some(next) => token = Some(next),
                None => break false,
            }
            size = limits.later_pages;
        };
        let mut whole = Builder::with_capacity(loaded);
        pages.with(|pages| pages.iter().for_each(|page| whole.append(&page.snapshot)));
        let whole = Self::new(whole.finish(cut));
        whole.index();
        Ok(whole)
    }

    fn rows(&self) -> usize {
        self.snapshot.len()
    }

    fn weight(&self) -> usize {
        let index = self.index.get().map_or(0, Index::weight);
        self.snapshot.weight() + self.encoded.weight() + index
    }

    fn settle_in(&self, room: usize, grown: impl Fn() + Send + Sync + 'static) {
        self.encoded.settle_in(room, grown);
    }
}

impl Resource for Agents {
    const KIND: Kind = Kind::Agents;
    const OPERATION: Operation = Operation::DescribeInstanceInformation;

    async fn load(mut context: LoadContext, _pages: &Pages<Self>) -> Result<Self, Error> {
        let mut agents = agents::Builder::new();
        let mut token = None;
        loop {
            let deadline = context.limits.call_deadline();
            let page = context.calls.agents(token.take(), deadline).await?;
            let known = page.items.iter().filter_map(project::agent);
            known.for_each(|agent| agents.push(agent));
            match page.next {
                Some(next) => token = Some(next),
                None => return Ok(agents.finish()),
            }
        }
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn weight(&self) -> usize {
        Self::weight(self)
    }
}

/// The regions of an account.
pub type Regions = Vec<Region>;

impl Resource for Regions {
    const KIND: Kind = Kind::Regions;
    const OPERATION: Operation = Operation::DescribeRegions;

    async fn load(mut context: LoadContext, _pages: &Pages<Self>) -> Result<Self, Error> {
        let deadline = context.limits.call_deadline();
        let mut regions = context.calls.regions(deadline).await?;
        regions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(regions)
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn weight(&self) -> usize {
        let text = |region: &Region| {
            region.name.len() + region.endpoint.len() + region.opt_in_status.len()
        };
        self.iter()
            .map(|region| size_of::<Region>() + text(region))
            .sum()
    }
}
