//! The daemon's life: how it starts, ends, is killed, and what is left of it.

mod end;
pub mod kill;
mod start;
