//! Wire types to domain types and back, one file for each message family.

mod answer;
mod bounds;
mod caller;
mod challenge;
mod completion;
mod configuration;
mod daemon;
mod diagnosis;
mod interface;
mod request;
mod stats;
mod target;
mod time;

pub use bounds::check_targets;
pub use request::columns;
