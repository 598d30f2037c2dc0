//! The plain types both sides think in. None of them knows how it travels.

mod answer;
mod caller;
mod challenge;
mod column;
mod completion;
mod configuration;
mod daemon;
mod diagnosis;
mod error;
mod instance;
mod interface;
mod regions;
mod request;
mod stats;
mod target;

pub use answer::{DataState, Identity, ListSummary, Region, RegionSummary, ResolvedTargets};
pub use caller::{CALLER_VARIABLES, Caller};
pub use challenge::{Answer, Challenge, EnvironmentDigest, ProcessCredentials, Question, Turn};
pub use column::{Column, UnknownColumn, nearest, nearest_few};
pub use completion::{Candidate, Completable, MOST_CANDIDATES};
pub use configuration::{
    ConfigCheck, ConfigFile, ConfigFileState, ConfigFinding, ConfigReload, ConfigTemplate,
    OUTPUT_FORMATS, Setting, SettingChange, SettingValue,
};
pub use daemon::{CacheEntry, DaemonStatus, Hello};
pub use diagnosis::{CallFinding, ClockOffset, Diagnosis, ProfileFinding};
pub use error::{Error, ErrorKind};
pub use instance::{AgentStatus, InstanceRef, InstanceState};
pub use interface::{
    InstanceInterfaces, InterfacesQuery, InterfacesSummary, NetworkInterface, PrivateAddress,
    RegionFailure,
};
pub use regions::{FailedRegions, failures, whole_failure};
pub use request::{Freshness, ListQuery, Sort, SortKey, TagFilter};
pub use stats::{
    ApiStats, BreakerStats, CacheStats, LatencyStats, MemoryStats, PoolStats, RpcStats, Stats,
    Summary,
};
pub use target::{Doubt, MatchedBy, PossibleNode, PossibleNodes};
