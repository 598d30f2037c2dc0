//! The search language, through the daemon and as it is typed.

mod agents;
mod rows;
mod typed;
