//! Who is asked for: every caller gets the fleet of its own credentials, however
//! many ask at once and whatever the daemon was started with.

mod callers;
mod challenges;
mod changes;
mod machine;
mod network;
mod sign_in;
mod terminals;
