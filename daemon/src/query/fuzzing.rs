//! Terms of any letters, one a line.

use aws_ssm_proto::domain::ListQuery;

use super::Conditions;
use crate::fuzzing::told;

/// 2026-11-01, at noon.
const NOW: i64 = 1_793_534_400;

/// Reads each line as a term, and tells of those that are none.
pub fn terms(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for line in text.lines() {
        let query = ListQuery {
            terms: vec![line.to_owned()],
            ..ListQuery::default()
        };
        match Conditions::new(&query, NOW) {
            Ok(conditions) => assert_eq!(conditions.terms.len(), 1),
            Err(error) => {
                told(&error);
                assert!(error.to_string().len() < 2000, "{error:?}");
                assert!(!error.why.is_empty() && !error.hint.is_empty(), "{error:?}");
            }
        }
    }
}
