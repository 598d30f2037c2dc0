//! Questions to fleets that are at hand: pure, no waiting, no input or output.

pub mod ask;
pub mod complete;
mod conditions;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod list;
pub mod node;
mod order;
mod parse;
mod pattern;
mod pushdown;
pub mod refuse;
pub mod resolve;
pub mod rows;
mod select;
pub mod target;
mod term;

#[cfg(test)]
mod tests;

pub use conditions::Conditions;
pub(crate) use pattern::like;
