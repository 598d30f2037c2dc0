//! How much one question may name.
//!
//! All that it names is looked up for every instance, on the one thread that answers
//! everybody: a question without bounds would be everybody's wait.

use crate::domain::{Error, ErrorKind};

/// Columns of a row. There are some thirty, and one for each tag.
pub(super) const COLUMNS: usize = 256;
/// Columns to sort by.
pub(super) const SORT_KEYS: usize = 32;
/// Tags to filter by; an instance has 50 at most.
pub(super) const TAGS: usize = 256;
/// Terms of the search language.
pub(super) const TERMS: usize = 64;
/// Bytes of all terms together: some hundreds of ids.
const TERMS_BYTES: usize = 16 << 10;
/// Targets of one call.
const TARGETS: usize = 1000;
/// Bytes of one target: a tag's key and value are the longest, with 384 characters.
const TARGET: usize = 2048;

/// Refuses more than `most` of something.
pub(super) fn at_most(most: usize, count: usize, what: &str) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Usage, format!("{count} {what} are too many"));
    Err(error
        .why(format!("one call may name {most}"))
        .hint("ask for some of them at a time"))
}

/// Refuses terms that are too many or too long to be looked for.
pub(super) fn check_terms(terms: &[String]) -> Result<(), Error> {
    at_most(TERMS, terms.len(), "terms")?;
    let bytes: usize = terms.iter().map(String::len).sum();
    if bytes <= TERMS_BYTES {
        return Ok(());
    }
    let error = Error::new(
        ErrorKind::Usage,
        format!("terms of {bytes} bytes are too long"),
    );
    Err(error
        .why(format!("one call may have {TERMS_BYTES} bytes of them"))
        .hint("use a glob such as web-*, or ask for some of them at a time"))
}

/// Refuses targets that are too many or too long to be looked up.
///
/// # Errors
///
/// `Usage`, with the bound.
pub fn check_targets(targets: &[String]) -> Result<(), Error> {
    at_most(TARGETS, targets.len(), "targets")?;
    match targets.iter().find(|target| target.len() > TARGET) {
        None => Ok(()),
        Some(long) => Err(Error::new(
            ErrorKind::Usage,
            format!("a target of {} bytes is too long", long.len()),
        )
        .why(format!(
            "no id, name, address or tag is longer than {TARGET} bytes"
        ))
        .hint("`aws-ssm list` shows what instances are called")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_bounded_in_number_and_length() {
        let long = |length| vec!["x".repeat(length / TERMS); TERMS];
        assert_eq!(check_terms(&long(TERMS_BYTES)), Ok(()));
        let error = check_terms(&long(2 * TERMS_BYTES)).expect_err("too long");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.to_string().len() < 200, "{error}");
        assert!(check_terms(&vec![String::new(); TERMS + 1]).is_err());
    }

    #[test]
    fn targets_are_bounded_in_number_and_length() {
        let named = |count, length| vec!["x".repeat(length); count];
        assert_eq!(check_targets(&named(TARGETS, 100)), Ok(()));
        assert_eq!(check_targets(&named(1, TARGET)), Ok(()));
        let many = check_targets(&named(TARGETS + 1, 1)).expect_err("too many");
        assert_eq!(many.what, "1001 targets are too many");
        let long = check_targets(&named(1, TARGET + 1)).expect_err("too long");
        assert_eq!((many.kind, long.kind), (ErrorKind::Usage, ErrorKind::Usage));
        // What is refused for its length is not sent back.
        assert!(long.to_string().len() < 200, "{long}");
    }
}
