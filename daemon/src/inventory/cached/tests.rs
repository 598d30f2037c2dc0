use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::super::ahead::Waiting;
use super::super::freshness::Policy;
use super::super::load::Pages;
use super::super::resource::{Kind, LoadLimits};
use super::super::stored::Stored;
use super::super::{InventoryConfig, Tasks};
use super::*;
use crate::aws::{Connector, Operation, Pool, PoolConfig};
use crate::clock::Clock;
use crate::identity::{Identities, testing};
use crate::metrics::Metrics;
use crate::persist::{Damaged, Disk, Input, Output};
use crate::refresh::{Jitter, Queue};
use crate::resilience::{Resilience, ResilienceConfig};

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> InventoryConfig {
    InventoryConfig {
        policy: Policy {
            refresh_ahead: 4 * MINUTE,
            ttl: 5 * MINUTE,
            stale_threshold: 6 * MINUTE,
            background_refresh: true,
        },
        limits: LoadLimits {
            first_page: 100,
            later_pages: 1000,
            max_items: 10,
            call_timeout: MINUTE,
        },
        max_bytes: 1 << 20,
        keep: true,
        share_by_credentials: false,
    }
}

/// What a load of [`Thing`] does.
pub(super) enum Step {
    Succeed(u32),
    Fail(ErrorKind),
    Panic,
    /// Succeeds when the test says so.
    Wait(u32, oneshot::Receiver<()>),
}

/// The loads to come, by region: each test has regions of its own.
static SCRIPT: Mutex<Option<HashMap<String, VecDeque<Step>>>> = Mutex::new(None);

#[derive(Debug, PartialEq)]
pub(super) struct Thing(pub(super) u32);

impl Stored for Thing {
    fn write(&self, out: &mut Output<'_>) -> std::io::Result<()> {
        out.u32(self.0)
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.u32().map(Self)
    }
}

impl Resource for Thing {
    const KIND: Kind = Kind::Instances;
    const OPERATION: Operation = Operation::DescribeInstances;

    async fn load(context: LoadContext, _pages: &Pages<Self>) -> Result<Self, Error> {
        let step = {
            let mut script = SCRIPT.lock().unwrap_or_else(PoisonError::into_inner);
            let steps = script
                .as_mut()
                .and_then(|s| s.get_mut(context.calls.client().region()));
            steps.and_then(VecDeque::pop_front)
        };
        match step.expect("a load that the test expects") {
            Step::Succeed(number) => Ok(Self(number)),
            Step::Fail(kind) => Err(Error::new(kind, "as ordered")),
            Step::Panic => panic!("as ordered"),
            Step::Wait(number, go) => {
                go.await.expect("the test says so");
                Ok(Self(number))
            }
        }
    }

    fn rows(&self) -> usize {
        1
    }

    fn weight(&self) -> usize {
        1
    }
}

/// A cache of things in one region, with a clock to turn.
pub(super) struct World {
    pub(super) cached: Arc<Cached<Thing>>,
    identities: Arc<Identities>,
    metrics: Arc<Metrics>,
    seconds: Arc<AtomicU64>,
    region: &'static str,
}

impl World {
    fn new(region: &'static str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::holding(1 << 20, region, steps)
    }

    /// A cache of so many bytes.
    fn holding(
        max_bytes: u64,
        region: &'static str,
        steps: impl IntoIterator<Item = Step>,
    ) -> Self {
        Self::of(
            max_bytes,
            region,
            steps,
            testing::remembering,
            Disk::nowhere(),
        )
    }

    /// A daemon that starts now, with what is on this disk.
    pub(super) fn of(
        max_bytes: u64,
        region: &'static str,
        steps: impl IntoIterator<Item = Step>,
        identities: fn(Clock, Arc<Disk>) -> Identities,
        disk: Arc<Disk>,
    ) -> Self {
        SCRIPT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_default()
            .insert(region.to_owned(), steps.into_iter().collect());
        // Far from zero, so that "never" is not "just now".
        let seconds = Arc::new(AtomicU64::new(100_000));
        let read = Arc::clone(&seconds);
        let clock = Clock::from_fn(move || Duration::from_secs(read.load(Ordering::SeqCst)));
        let metrics = Arc::new(Metrics::new());
        let config = ResilienceConfig::default();
        let connector = Connector::new(&config);
        let resilience = Arc::new(Resilience::new(config, Arc::clone(&metrics)));
        let identities = Arc::new(identities(clock.clone(), Arc::clone(&disk)));
        let jitter = Jitter::seeded(1);
        let queue = Queue::new(3, Arc::clone(&metrics), clock.clone(), jitter);
        let shared = Shared {
            pool: Arc::new(Pool::new(&PoolConfig::default(), connector, resilience)),
            identities: Arc::clone(&identities),
            disk,
            metrics: Arc::clone(&metrics),
            queue,
            clock,
            config: ArcSwap::from_pointee(settings()),
            share_by_credentials: false,
            tasks: Tasks::here(),
            ahead: Waiting::default(),
        };
        Self {
            cached: Cached::new(max_bytes, Arc::new(shared)),
            identities,
            metrics,
            seconds,
            region,
        }
    }

    pub(super) fn at(&self, age: u64) {
        self.seconds.store(100_000 + age, Ordering::SeqCst);
    }

    pub(super) async fn identity(&self, user: &str) -> VerifiedIdentity {
        let caller = testing::user(user);
        let admission = self.identities.admit(&caller, soon()).await;
        admission.expect("everybody is verified").identity
    }

    pub(super) async fn get(&self, asked: Freshness) -> Result<Served<Thing>, Error> {
        let identity = self.identity("anna").await;
        self.cached.get(&identity, self.region, asked, soon()).await
    }

    /// Whether anything is being loaded.
    pub(super) fn is_loading(&self) -> bool {
        !self.cached.lock_loads().is_empty()
    }

    /// The number got, its state, and whether a refresh is coming.
    pub(super) async fn got(&self, asked: Freshness) -> Result<(u32, DataState, bool), ErrorKind> {
        let served = self.get(asked).await.map_err(|error| error.kind)?;
        Ok((served.entry.value.0, served.state, served.refreshing))
    }
}

pub(super) fn soon() -> Instant {
    Instant::now() + MINUTE
}

#[tokio::test]
async fn an_entry_is_served_refreshed_stale_and_expired_as_it_ages() {
    use DataState::{Fresh, Stale};
    let world = World::new("timeline", [Step::Succeed(1), Step::Succeed(2)]);
    let got = || world.got(Freshness::Configured);
    assert_eq!(got().await, Ok((1, Fresh, false)));
    world.at(239);
    assert_eq!(got().await, Ok((1, Fresh, false)));
    world.at(240);
    assert_eq!(got().await, Ok((1, Fresh, true)));
    world.at(300);
    assert_eq!(got().await, Ok((1, Stale, true)));
    world.at(360);
    assert_eq!(got().await, Ok((2, Fresh, false)));
    let cache = world.metrics.snapshot().cache;
    assert_eq!((cache.misses, cache.hits, cache.stale_hits), (2, 3, 1));
}

#[tokio::test]
async fn two_hundred_cold_callers_are_one_load() {
    let world = World::new("stampede", [Step::Succeed(1)]);
    let all = join_all((0..200).map(|_| world.got(Freshness::Configured))).await;
    assert!(
        all.iter()
            .all(|got| *got == Ok((1, DataState::Fresh, false)))
    );
}

#[tokio::test]
async fn fresh_data_does_not_come_from_a_load_that_began_before_the_call() {
    let (go, gone) = oneshot::channel();
    let world = World::new("fresh", [Step::Wait(1, gone), Step::Succeed(2)]);
    let identity = world.identity("anna").await;
    let key = world.cached.key(&identity, world.region);
    let Found::Loading(early) = world.cached.find(&identity, &key, Freshness::Configured) else {
        panic!("nothing is there yet");
    };
    // The first load is under way when the others come.
    while early.begins_after(Duration::MAX) {
        tokio::task::yield_now().await;
    }
    world.at(1);
    let fresh = (0..50).map(|_| world.got(Freshness::Fresh));
    let both = tokio::join!(join_all(fresh), async {
        go.send(()).expect("the first load waits");
        early.whole(soon()).await
    });
    let (fresh, early) = both;
    // Fifty insisted, and one load followed the one that was too early for them.
    assert_eq!(fresh, vec![Ok((2, DataState::Fresh, false)); 50]);
    assert_eq!(*early.expect("it ends").value, Thing(1));
    let kept = world.got(Freshness::Configured).await;
    assert_eq!(kept, Ok((2, DataState::Fresh, false)));
}

#[tokio::test]
async fn while_aws_is_unavailable_the_last_data_is_served_and_says_why() {
    use ErrorKind::Unavailable;
    let steps = [
        Step::Succeed(1),
        Step::Fail(Unavailable),
        Step::Fail(Unavailable),
    ];
    let world = World::new("outage", steps);
    world.get(Freshness::Configured).await.expect("loaded");
    world.at(3600);
    let served = world.get(Freshness::Configured).await.expect("last known");
    assert_eq!(served.state, DataState::LastKnown);
    assert_eq!(served.age, 60 * MINUTE);
    assert_eq!(served.error.map(|error| error.kind), Some(Unavailable));
    // Who insists on fresh data is told that there is none.
    assert_eq!(world.got(Freshness::Fresh).await, Err(Unavailable));
}

#[tokio::test]
async fn a_refused_caller_sees_no_more_of_what_was_loaded() {
    use ErrorKind::{Permission, Unavailable};
    let steps = [
        Step::Succeed(1),
        Step::Fail(Permission),
        Step::Fail(Unavailable),
    ];
    let world = World::new("refused", steps);
    world.get(Freshness::Configured).await.expect("loaded");
    assert_eq!(world.got(Freshness::Fresh).await, Err(Permission));
    assert_eq!(world.got(Freshness::Configured).await, Err(Unavailable));
}

#[tokio::test]
async fn a_refused_credential_is_verified_again() {
    let steps = [Step::Succeed(1), Step::Fail(ErrorKind::Credentials)];
    let world = World::new("expired", steps);
    world.get(Freshness::Configured).await.expect("loaded");
    assert_eq!(world.identities.count(), 1);
    let refused = world.got(Freshness::Fresh).await;
    assert_eq!(refused, Err(ErrorKind::Credentials));
    assert_eq!(world.identities.count(), 0);
}

#[tokio::test]
async fn a_load_that_panics_is_an_error_and_does_not_stay_in_the_way() {
    let world = World::new("panic", [Step::Panic, Step::Succeed(1)]);
    assert_eq!(
        world.got(Freshness::Configured).await,
        Err(ErrorKind::Daemon)
    );
    let got = world.got(Freshness::Configured).await;
    assert_eq!(got, Ok((1, DataState::Fresh, false)));
}

#[tokio::test]
async fn principals_do_not_share_entries() {
    let world = World::new("apart", [Step::Succeed(1), Step::Succeed(2)]);
    for (user, number) in [("anna", 1), ("berta", 2), ("anna", 1), ("berta", 2)] {
        let identity = world.identity(user).await;
        let asked = Freshness::Configured;
        let served = world.cached.get(&identity, world.region, asked, soon());
        assert_eq!(*served.await.expect("loaded").entry.value, Thing(number));
    }
    let anna = world.identity("anna").await;
    assert_eq!(world.cached.clear(Some(&anna)).len(), 1);
    assert_eq!(world.cached.entries().len(), 1);
}

#[tokio::test]
async fn entries_are_bounded_in_number_however_little_they_hold() {
    const LIMIT: u64 = 64 << 10;
    let world = World::holding(LIMIT, "empty", (0..100).map(Step::Succeed));
    for user in 0..100 {
        let identity = world.identity(&format!("user{user}")).await;
        let asked = Freshness::Configured;
        let served = world.cached.get(&identity, world.region, asked, soon());
        served.await.expect("loaded");
    }
    assert!(world.cached.weighed() <= LIMIT);
    let kept = world.cached.entries().len();
    assert!((1..=64).contains(&kept), "{kept} entries of a byte each");
}
