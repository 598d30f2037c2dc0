//! Questions to fleets that are at hand: pure, no waiting, no input or output.

pub mod list;
mod order;
pub mod resolve;
pub mod rows;
