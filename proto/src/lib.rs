//! The contract between `aws-ssm` and `aws-ssmd`, and the only crate both share.
//!
//! It owns the messages (`aws_ssm/v1/*.proto`), the plain types both sides think
//! in ([`domain`]), where the socket lives ([`endpoint`]), who may talk over it
//! ([`peer`]), which versions understand each other ([`hello`]), how the daemon is
//! started when nobody answers ([`launch`]), what of its settings a client knows before
//! it asks ([`published`]), how a service manager owns it ([`service`]), and a typed
//! [`Client`].
//!
//! It knows nothing of AWS clients and nothing of command lines.

pub mod client;
pub mod convert;
pub mod domain;
pub mod endpoint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hello;
pub mod launch;
pub mod peer;
pub mod published;
pub mod service;
pub mod status;
pub mod transport;
pub mod wire;

pub use client::Client;
