//! Bad peers on the socket: those that the daemon meets, and those that a client
//! takes for the daemon.

mod callers;
pub mod daemons;
