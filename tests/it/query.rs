//! The search language, through the daemon and as it is typed.

mod addresses;
mod agents;
mod narrowed;
mod random;
mod rows;
mod typed;
