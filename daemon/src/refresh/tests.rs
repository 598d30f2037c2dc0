//! The real inventory with the real workers, before an AWS without a network, on
//! a clock that runs as fast as nothing happens.

mod bounds;
mod timeline;
mod warm;
mod whole;
mod workers;

use std::sync::atomic::{AtomicU64, Ordering};

use aws_ssm_proto::domain::{DataState, Error, Freshness};
use tokio::time::sleep_until;

use super::*;
use crate::aws::testing::{Answer, Asked, StubAws};
use crate::aws::{Connector, Pool};
use crate::clock::Clock;
use crate::config::Config;
use crate::identity::{Identities, testing};
use crate::inventory::{Instances, Served};
use crate::resilience::Resilience;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const REGION: &str = "eu-west-1";
const DESCRIBE: &str = "DescribeInstances";

/// Nothing is refreshed but what a read asks for.
const NOT_UNASKED: &str = "cache:\n  keep_warm_minutes: 0\n";

/// A daemon's inventory and workers, as its settings make them.
struct World {
    aws: StubAws,
    inventory: Arc<Inventory>,
    identities: Arc<Identities>,
    metrics: Arc<Metrics>,
    resilience: Arc<Resilience>,
    workers: Workers,
    /// Somebody is always connected, unless a test gives it [`World::idle`].
    life: Life,
    /// After this without callers the daemon would end.
    idle: Option<Duration>,
    start: Instant,
    /// Seconds that passed while the machine slept.
    slept: Arc<AtomicU64>,
}

/// What a read gets.
#[derive(Debug)]
struct Got {
    /// The version of the fleet.
    version: u32,
    state: DataState,
    age: Duration,
    refreshing: bool,
    error: Option<Error>,
    /// How long the read took.
    waited: Duration,
}

impl Got {
    /// The version, how it is marked, and whether a refresh is coming.
    fn shown(&self) -> (u32, DataState, bool) {
        (self.version, self.state, self.refreshing)
    }
}

impl World {
    /// With this configuration file.
    fn new(settings: &str) -> Self {
        Self::of(settings, 10)
    }

    /// With fleets of this size.
    fn of(settings: &str, instances: usize) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("config.yaml");
        std::fs::write(&file, settings).expect("a file");
        let config = Config::load(Some(&file), &[], |_| None).expect("a configuration");
        let (start, slept) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let asleep = Arc::clone(&slept);
        // Far from zero, so that "never" is not "just now".
        let clock = Clock::from_fn(move || {
            let slept = Duration::from_secs(asleep.load(Ordering::SeqCst));
            24 * HOUR + start.elapsed() + slept
        });
        let aws = StubAws::new(instances);
        let metrics = Arc::new(Metrics::new());
        let resilience = Arc::new(Resilience::new(config.resilience(), Arc::clone(&metrics)));
        let connector = Connector::over(&config.resilience(), aws.http());
        let identities = Arc::new(testing::everybody(clock.clone()));
        let settings = config.workers();
        let queue = Queue::new(
            settings.workers,
            Arc::clone(&metrics),
            clock.clone(),
            Jitter::seeded(1),
        );
        let inventory = Arc::new(Inventory::new(
            config.inventory(),
            Arc::new(Pool::new(
                &config.pool(),
                connector,
                Arc::clone(&resilience),
            )),
            Arc::clone(&identities),
            crate::persist::Disk::nowhere(),
            Arc::clone(&metrics),
            queue.clone(),
            clock,
        ));
        let life = Life::new(None);
        let workers = Workers::spawn(settings, &queue, &inventory, &metrics, &life);
        Self {
            aws,
            inventory,
            identities,
            metrics,
            resilience,
            workers,
            life,
            idle: config.idle_timeout(),
            start,
            slept,
        }
    }

    async fn identity(&self, user: &str) -> VerifiedIdentity {
        let admission = self.identities.admit(&testing::user(user), soon()).await;
        admission.expect("everybody is verified").identity
    }

    /// So long after the start.
    async fn at(&self, time: Duration) {
        sleep_until(self.start + time).await;
    }

    /// The machine sleeps: only the clock that counts sleep goes on.
    fn sleep(&self, time: Duration) {
        self.slept.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    async fn read(&self) -> Got {
        self.read_as("anna", REGION, Freshness::Configured)
            .await
            .expect("an answer")
    }

    async fn read_as(&self, user: &str, region: &str, asked: Freshness) -> Result<Got, Error> {
        let identity = self.identity(user).await;
        let began = Instant::now();
        let cached = &self.inventory.instances;
        let served = cached.get(&identity, region, asked, began + MINUTE).await?;
        Ok(Got {
            version: version(&served),
            state: served.state,
            age: served.age,
            refreshing: served.refreshing,
            error: served.error,
            waited: began.elapsed(),
        })
    }

    /// How often instances were asked for.
    fn calls(&self) -> u64 {
        self.aws.calls(DESCRIBE)
    }

    /// Ends it, and waits until everything it started is gone.
    async fn end(self) {
        self.workers.shut_down().await;
        self.inventory.shut_down().await;
    }
}

fn soon() -> Instant {
    Instant::now() + MINUTE
}

/// The version that every instance of a fleet wears.
///
/// Panics if they do not wear the same.
fn version(served: &Served<Instances>) -> u32 {
    let snapshot = &served.entry.value.snapshot;
    let names = (0..snapshot.len() as u32).map(|place| snapshot.row(place).name());
    let mut versions: Vec<_> = names.collect();
    versions.dedup();
    let [Some(version)] = versions[..] else {
        panic!("some of one fleet, some of another: {versions:?}");
    };
    version[1..].parse().expect("a number")
}

/// Lets what was begun come to its end, as far as it waits for nothing.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn unavailable(_: &Asked) -> Answer {
    Answer::Refusal(500, "InternalError")
}
