//! What is counted, and everybody who reads it: people, programs, Prometheus.

mod counts;
mod entries;
mod library;
pub mod prometheus;
mod rules;
mod summary;
pub mod watch;
