//! A local AWS, and what the tests, the benches and the demo are made with.

pub mod audit;
pub mod demo;
pub mod harness;
pub mod sandbox;
