//! Owns every conversation with AWS: connections shared by all callers of a network,
//! typed clients kept warm for each caller and region, and what a failure means.
//!
//! Invariants: every call passes through [`crate::resilience`]; nothing here
//! reads the daemon's own environment for AWS or proxy settings; credentials
//! arrive as providers and are never logged.
//!
//! It decides neither whose credentials are used nor what is kept of an answer.

pub mod connector;
pub mod error;
mod filter;
pub(crate) mod http;
pub(crate) mod idle;
pub mod network;
mod operation;
pub mod pool;
mod region_client;
pub mod route;
mod skew;
pub mod sso;
mod streamed;
pub mod sts;
#[cfg(test)]
pub(crate) mod testing;
mod user_agent;

pub use connector::Connector;
pub use error::{ApiError, ErrorClass};
pub use filter::{Filter, Filters, MOST_VALUES};
pub use operation::{Operation, Service};
pub use pool::{Pool, PoolConfig};
pub use region_client::{Page, PageRequest, RegionClient};
pub use route::{Route, Variant};
pub(crate) use skew::{answered_at, by_our_clock};
pub use sso::Sso;
pub(crate) use streamed::Received;
pub use streamed::{Projection, Unreadable};
pub use sts::Sts;
