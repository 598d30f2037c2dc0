//! What the daemon says of itself.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::DataState;

/// Which daemon answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Breaking version of the protocol.
    pub protocol_major: u32,
    /// Grows with additions that older peers ignore.
    pub protocol_minor: u32,
    /// Version of the program.
    pub build: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started_at: SystemTime,
}

/// The state of a running daemon.
#[derive(Clone, Debug)]
pub struct DaemonStatus {
    /// Which daemon this is.
    pub hello: Hello,
    /// The program it runs.
    pub executable: PathBuf,
    /// Where it listens.
    pub socket: PathBuf,
    /// The configuration file it read.
    pub config_file: Option<PathBuf>,
    /// Where it logs; `None` when that is standard error.
    pub log_file: Option<PathBuf>,
    /// Its standard error is the service manager's journal.
    pub log_in_journal: bool,
    /// Connections open now, this one included.
    pub connections: u64,
    /// How long until it ends for want of callers; `None`: never.
    pub idle_exit_in: Option<Duration>,
    /// It finishes what is in flight and takes nothing new.
    pub draining: bool,
    /// Identities it has verified.
    pub identities: u64,
    /// Entries it holds.
    pub cache_entries: u64,
    /// Where Prometheus may read the counters, and what is wrong with that.
    pub prometheus: Option<String>,
}

/// One entry of the cache.
#[derive(Clone, Debug)]
pub struct CacheEntry {
    /// The account's number.
    pub account: String,
    /// The principal's ARN.
    pub principal: String,
    /// The region's name.
    pub region: String,
    /// `instances`, `agents` or `regions`.
    pub resource: String,
    /// Since its fetch ended.
    pub age: Duration,
    /// How good it is.
    pub state: DataState,
    /// How many things it holds.
    pub rows: u64,
    /// What they weigh in memory.
    pub bytes: u64,
    /// A refresh is under way.
    pub refreshing: bool,
    /// When a worker refreshes it, if it is in use; `None` when nothing is planned.
    pub next_refresh: Option<Duration>,
    /// How long nobody has asked for it.
    pub unused: Duration,
    /// Why the last load failed; `None` when it did not.
    pub last_error: Option<String>,
}
