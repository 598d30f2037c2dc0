//! Every command and every flag of all commands once, as a person types them.

mod commands;
mod flags;
mod service;
