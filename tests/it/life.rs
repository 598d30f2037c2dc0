//! The daemon's life: how it starts, ends, makes room for another, is killed, and what
//! is left of it.

mod end;
pub mod kill;
mod logs;
mod start;
mod upgrade;
mod versions;
