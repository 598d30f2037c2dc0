//! What EC2 is asked to choose by: a name of a filter, and the values of which any will
//! do. An instance must pass all of them.

use std::sync::Arc;

use aws_sdk_ec2::types;

/// AWS takes no more values in one call, of all filters together (`FilterLimitExceeded`).
pub const MOST_VALUES: usize = 200;

/// One of EC2's filters. In its values `*` is any text, `?` a letter, and a backslash
/// takes away what the letter after it means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// As EC2 calls it, `tag:Team` or `instance-state-name`.
    pub name: String,
    /// Case counts in them.
    pub values: Vec<String>,
}

/// Those of one question; none means everything.
pub type Filters = Arc<[Filter]>;

/// As the SDK takes them.
pub(super) fn for_sdk(filters: &[Filter]) -> Option<Vec<types::Filter>> {
    let one = |filter: &Filter| {
        let named = types::Filter::builder().name(&filter.name);
        named.set_values(Some(filter.values.clone())).build()
    };
    (!filters.is_empty()).then(|| filters.iter().map(one).collect())
}
