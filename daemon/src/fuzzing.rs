//! What the fuzz targets feed with bytes, and what tests feed with those that are
//! kept: everything that reads what somebody else wrote. Built for tests and for
//! `cargo fuzz` only.
//!
//! Each function returns, whatever the bytes are, and asserts what must hold of what
//! it made of them.

pub use crate::config::fuzzing::settings;
pub use crate::identity::fuzzing::profiles;
pub use crate::inventory::fuzzing::{agents, instances, interfaces, snapshot};
pub use crate::query::fuzzing::terms;

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::status;

/// An error that a person may be shown.
pub(crate) fn told(error: &Error) {
    assert!(!error.what.is_empty(), "{error:?}");
    let told = status::to_error(&status::from_error(error));
    assert_eq!(told.kind, error.kind);
}

#[cfg(test)]
mod tests;
