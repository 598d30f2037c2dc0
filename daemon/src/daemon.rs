//! The running daemon: its parts, put together once and handed to the services.

mod diagnose;
mod reload;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{DaemonStatus, Hello, Stats};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::hello;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::aws::{Connector, Pool};
use crate::clock::Clock;
use crate::config::Config;
use crate::identity::{DefaultSettings, Identities, is_instance};
use crate::inventory::Inventory;
use crate::lifecycle::{Life, Reason};
use crate::metrics::{self, Metrics, summary_line};
use crate::persist::{Disk, Moments};
use crate::refresh::{Jitter, Queue, Workers};
use crate::resilience::Resilience;
use crate::scrape::Scrape;
use crate::standing::keep_going;
use settings::Settings;

/// How often what is unused is dropped.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// What the daemon can say of itself, fixed when it starts.
#[derive(Clone, Debug)]
pub struct Facts {
    socket: PathBuf,
    log_file: Option<PathBuf>,
    log_in_journal: bool,
    /// Where clients look for the settings; `None`: there is one client, who knows.
    publish: Option<PathBuf>,
    started_at: SystemTime,
    started: Duration,
    clock: Clock,
}

impl Facts {
    /// Of a daemon that starts now.
    #[must_use]
    pub fn new(endpoint: &Endpoint, log_file: Option<PathBuf>) -> Self {
        let clock = Clock::boot();
        Self {
            socket: endpoint.socket.clone(),
            log_file,
            log_in_journal: false,
            publish: Some(endpoint.settings.clone()),
            started_at: SystemTime::now(),
            started: clock.now(),
            clock,
        }
    }

    /// Of one whose standard error is the service manager's journal, if it is.
    #[must_use]
    pub fn in_journal(self, log_in_journal: bool) -> Self {
        Self {
            log_in_journal,
            ..self
        }
    }

    /// The settings as this daemon needs them: with one client, nothing is refreshed
    /// that nobody waits for, and nothing is offered to others.
    fn fitted(&self, config: &Config) -> Config {
        let mut fitted = config.clone();
        if self.publish.is_none() {
            fitted.cache.background_refresh = false;
            fitted.metrics.prometheus_listen = None;
        }
        fitted
    }

    /// Of a daemon for one client, who can be told everything.
    #[must_use]
    pub fn for_one(endpoint: &Endpoint) -> Self {
        Self {
            publish: None,
            ..Self::new(endpoint, None)
        }
    }
}

pub use settings::Wanted;

/// See the module.
#[derive(Debug)]
pub struct Daemon {
    pub(crate) identities: Arc<Identities>,
    pub(crate) inventory: Arc<Inventory>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) life: Life,
    pool: Arc<Pool>,
    resilience: Arc<Resilience>,
    disk: Arc<Disk>,
    facts: Facts,
    settings: Settings,
    scrape: Option<Scrape>,
    background: Mutex<Option<Background>>,
}

/// The tasks that nobody's call runs.
#[derive(Debug)]
struct Background {
    workers: Workers,
    chores: JoinSet<()>,
}

impl Daemon {
    /// Puts the parts together and starts what runs beside calls, on `loads`. Asks
    /// nothing of AWS, and reads no file but what the kernel says of the machine. With settings that are wrong it answers only
    /// what is asked of them.
    #[must_use]
    pub fn start(wanted: Wanted, facts: Facts, life: Life, loads: &Handle) -> Arc<Self> {
        let settings = Settings::new(wanted, facts.publish.clone());
        let config = &facts.fitted(&settings.running());
        let _entered = loads.enter();
        let metrics = Arc::new(Metrics::new());
        let resilience = Arc::new(Resilience::new(config.resilience(), Arc::clone(&metrics)));
        let connector = Connector::new(&config.resilience());
        let moments = Moments::of_this_machine(facts.clock.clone());
        let disk = Disk::start(&config.disk(), moments, loads);
        let identities = Arc::new(Identities::new(
            &connector,
            Arc::clone(&resilience),
            defaults(config),
            facts.clock.clone(),
            Arc::clone(&disk),
        ));
        let pool = Arc::new(Pool::new(
            &config.pool(),
            connector,
            Arc::clone(&resilience),
        ));
        let queue = Queue::new(
            config.workers().workers,
            Arc::clone(&metrics),
            facts.clock.clone(),
            Jitter::random(),
        );
        let inventory = Arc::new(Inventory::new(
            config.inventory(),
            Arc::clone(&pool),
            Arc::clone(&identities),
            Arc::clone(&disk),
            Arc::clone(&metrics),
            queue.clone(),
            facts.clock.clone(),
        ));
        let workers = Workers::spawn(config.workers(), &queue, &inventory, &metrics, &life);
        let daemon = Arc::new(Self {
            identities,
            inventory,
            metrics,
            life,
            pool,
            resilience,
            disk,
            facts,
            settings,
            scrape: config.metrics.prometheus_listen.clone().map(Scrape::new),
            background: Mutex::new(None),
        });
        let mut chores = daemon.chores();
        daemon.offer_counters(&mut chores);
        *daemon.lock_background() = Some(Background { workers, chores });
        daemon
    }

    /// Which daemon this is.
    #[must_use]
    pub fn hello(&self) -> Hello {
        Hello {
            protocol_major: hello::PROTOCOL_MAJOR,
            protocol_minor: hello::PROTOCOL_MINOR,
            build: hello::BUILD.to_owned(),
            pid: std::process::id(),
            started_at: self.facts.started_at,
        }
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> DaemonStatus {
        DaemonStatus {
            hello: self.hello(),
            executable: std::env::current_exe().unwrap_or_default(),
            socket: self.facts.socket.clone(),
            config_file: self.settings.running().file.clone(),
            log_file: self.facts.log_file.clone(),
            log_in_journal: self.facts.log_in_journal,
            connections: self.life.connections(),
            idle_exit_in: self.life.idle_exit_in(),
            draining: self.life.shutdown().is_draining(),
            identities: self.identities.count() as u64,
            cache_entries: self.inventory.describe().len() as u64,
            prometheus: self.scrape.as_ref().map(ToString::to_string),
        }
    }

    /// Everything that is counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counted = self.metrics.snapshot();
        let entries = self.inventory.describe();
        let mut regions: Vec<_> = entries.iter().map(|entry| &entry.region).collect();
        regions.sort_unstable();
        regions.dedup();
        let mut cache = counted.cache;
        cache.entries = entries.len() as u64;
        cache.rows = entries.iter().map(|entry| entry.rows).sum();
        cache.bytes = entries.iter().map(|entry| entry.bytes).sum();
        let mut memory = counted.memory;
        memory.instance_data = cache.bytes;
        Stats {
            uptime: self.facts.clock.now().saturating_sub(self.facts.started),
            api: counted.api,
            cache,
            pool: self.pool.stats(),
            memory,
            rpc: counted.rpc,
            breakers: self.resilience.breakers(),
            identities: self.identities.count() as u64,
            regions: regions.len() as u64,
        }
    }

    /// Ends the daemon at a caller's wish.
    pub fn end(&self, now: bool) {
        self.life.shutdown().begin(Reason::Asked, now);
    }

    /// Stops what nobody's call runs, once the end has begun: nothing is refreshed any
    /// more, and what another daemon could want is let go of.
    pub async fn wind_down(&self) {
        self.settings.withdraw();
        let background = self.lock_background().take();
        if let Some(Background {
            workers,
            mut chores,
        }) = background
        {
            chores.shutdown().await;
            workers.shut_down().await;
        }
    }

    /// Stops everything that still runs, and waits until it is gone.
    pub async fn shut_down(&self) {
        self.wind_down().await;
        self.inventory.shut_down().await;
        self.identities.shutdown().await;
        self.disk.shut_down().await;
    }

    /// Everything that is counted, as Prometheus reads it.
    fn exposition(&self) -> String {
        let started = self.facts.started_at;
        metrics::exposition(&self.stats(), &self.metrics, hello::BUILD, started)
    }

    fn offer_counters(self: &Arc<Self>, chores: &mut JoinSet<()>) {
        if let Some(scrape) = self.scrape.clone() {
            // Weak, because the daemon owns this task.
            let daemon = Arc::downgrade(self);
            chores.spawn(scrape.serve(move || Some(daemon.upgrade()?.exposition())));
        }
    }

    fn chores(self: &Arc<Self>) -> JoinSet<()> {
        let mut chores = JoinSet::new();
        // Weak, because the daemon owns these tasks.
        let daemon = Arc::downgrade(self);
        chores.spawn(keep_going("housekeeping", move || {
            keep_house(daemon.clone())
        }));
        let (daemon, every) = (Arc::downgrade(self), self.settings.summary_every());
        chores.spawn(keep_going("the summary", move || {
            summarize(daemon.clone(), every.clone())
        }));
        let (daemon, life) = (Arc::downgrade(self), self.life.clone());
        chores.spawn(keep_going("reloading", move || {
            reload::when_asked(daemon.clone(), life.clone())
        }));
        chores
    }

    fn lock_background(&self) -> std::sync::MutexGuard<'_, Option<Background>> {
        self.background
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what is unused, now and then.
async fn keep_house(daemon: Weak<Daemon>) {
    let mut ticks = interval(HOUSEKEEPING);
    loop {
        ticks.tick().await;
        let Some(daemon) = daemon.upgrade() else {
            return;
        };
        daemon.pool.sweep();
        daemon.identities.forget_idle();
        daemon.inventory.forget_unused();
    }
}

/// Logs what was counted, as often as the settings say.
async fn summarize(daemon: Weak<Daemon>, mut every: watch::Receiver<Option<Duration>>) {
    loop {
        let wait = *every.borrow_and_update();
        let changed = match wait {
            Some(wait) => timeout(wait, every.changed()).await.ok(),
            None => Some(every.changed().await),
        };
        match (changed, daemon.upgrade()) {
            (Some(Err(_)), _) | (_, None) => return,
            (Some(Ok(())), _) => {}
            (None, Some(daemon)) => tracing::info!("{}", summary_line(&daemon.stats())),
        }
    }
}

fn defaults(config: &Config) -> DefaultSettings {
    DefaultSettings {
        region: config.default.region.clone(),
        profile: config.default.profile.clone(),
        session_name: DefaultSettings::session_name_for(&config.user),
        is_instance: is_instance(Path::new("/")),
    }
}
