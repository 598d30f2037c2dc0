//! Wire types to domain types and back, one file for each message family.

mod answer;
mod caller;
mod configuration;
mod daemon;
mod request;
mod stats;
mod time;

pub use request::columns;
