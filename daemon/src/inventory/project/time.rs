//! Times as EC2 writes them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::aws::Unreadable;

/// Seconds since 1970; `what` says in an error which time it is.
pub(super) fn seconds(what: &str, text: &str) -> Result<i64, Unreadable> {
    let time = DateTime::from_str(text, Format::DateTimeWithOffset);
    time.map(|time| time.secs())
        .map_err(|_| Unreadable::new(format!("{what} {text:?} is no time")))
}
