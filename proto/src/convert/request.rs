//! Questions to the inventory.

use std::time::Duration;

use super::time::span_ms;
use crate::domain::{
    Caller, Column, Error, ErrorKind, Freshness, ListQuery, Sort, SortKey, TagFilter, UnknownColumn,
};
use crate::wire;

/// The name on the wire of an order that is no column's.
const UNSORTED: &str = "none";

impl From<Freshness> for wire::Freshness {
    fn from(freshness: Freshness) -> Self {
        Self {
            fresh: freshness == Freshness::Fresh,
            max_age_ms: match freshness {
                Freshness::MaxAge(age) => Some(span_ms(age)),
                Freshness::Fresh | Freshness::Configured => None,
            },
        }
    }
}

impl From<wire::Freshness> for Freshness {
    fn from(freshness: wire::Freshness) -> Self {
        match (freshness.fresh, freshness.max_age_ms) {
            (true, _) => Self::Fresh,
            (false, Some(ms)) => Self::MaxAge(Duration::from_millis(ms)),
            (false, None) => Self::Configured,
        }
    }
}

impl wire::ListInstancesRequest {
    /// Puts a question into a message.
    #[must_use]
    pub fn new(caller: &Caller, query: &ListQuery) -> Self {
        Self {
            caller: Some(caller.into()),
            query: Some(wire::Query {
                tags: query.tags.iter().map(Into::into).collect(),
                all_states: query.all_states,
            }),
            freshness: Some(query.freshness.into()),
            columns: query.columns.iter().map(ToString::to_string).collect(),
            sort: sort_keys(&query.sort),
            limit: query.limit.unwrap_or(0),
            count_only: query.count_only,
            wait_for_agents: query.wait_for_agents,
            straight: None,
        }
    }
}

impl TryFrom<wire::ListInstancesRequest> for (Caller, ListQuery) {
    type Error = Error;

    fn try_from(request: wire::ListInstancesRequest) -> Result<Self, Error> {
        let query = request.query.unwrap_or_default();
        let query = ListQuery {
            tags: query.tags.into_iter().map(Into::into).collect(),
            all_states: query.all_states,
            columns: columns(&request.columns)?,
            sort: sort(request.sort)?,
            limit: (request.limit > 0).then_some(request.limit),
            count_only: request.count_only,
            wait_for_agents: request.wait_for_agents,
            freshness: request.freshness.unwrap_or_default().into(),
        };
        Ok((request.caller.unwrap_or_default().into(), query))
    }
}

/// Reads column names off the wire.
///
/// # Errors
///
/// A name that no column has.
pub fn columns(names: &[String]) -> Result<Vec<Column>, Error> {
    let parsed: Result<_, _> = names.iter().map(|name| Column::parse(name)).collect();
    parsed.map_err(|unknown: UnknownColumn| unknown_column(&unknown))
}

fn unknown_column(unknown: &UnknownColumn) -> Error {
    let error = Error::new(ErrorKind::Usage, unknown.to_string());
    match unknown.nearest {
        Some(nearest) => error.hint(format!("did you mean {nearest}?")),
        None => error.hint("`aws-ssm list --help` names the columns"),
    }
}

fn sort_keys(sort: &Sort) -> Vec<wire::SortKey> {
    let key = |column: String, descending| wire::SortKey { column, descending };
    match sort {
        Sort::Standard => Vec::new(),
        Sort::Unsorted => vec![key(UNSORTED.to_owned(), false)],
        Sort::By(keys) => keys
            .iter()
            .map(|k| key(k.column.to_string(), k.descending))
            .collect(),
    }
}

fn sort(keys: Vec<wire::SortKey>) -> Result<Sort, Error> {
    match keys.as_slice() {
        [] => Ok(Sort::Standard),
        [only] if only.column == UNSORTED => Ok(Sort::Unsorted),
        _ => keys
            .into_iter()
            .map(|key| {
                let column = Column::parse(&key.column).map_err(|e| unknown_column(&e))?;
                Ok(SortKey {
                    column,
                    descending: key.descending,
                })
            })
            .collect::<Result<_, _>>()
            .map(Sort::By),
    }
}

impl From<&TagFilter> for wire::TagFilter {
    fn from(filter: &TagFilter) -> Self {
        Self {
            key: filter.key.clone(),
            value: filter.value.clone(),
        }
    }
}

impl From<wire::TagFilter> for TagFilter {
    fn from(filter: wire::TagFilter) -> Self {
        Self {
            key: filter.key,
            value: filter.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn travel(query: &ListQuery) -> Result<ListQuery, Error> {
        let message = wire::ListInstancesRequest::new(&Caller::default(), query);
        <(Caller, ListQuery)>::try_from(message).map(|(_, query)| query)
    }

    #[test]
    fn a_question_survives_the_wire() {
        let query = ListQuery {
            tags: vec![TagFilter {
                key: "Team".into(),
                value: "core".into(),
            }],
            all_states: true,
            columns: vec![Column::Id, Column::Tag("Team".into())],
            sort: Sort::By(vec![SortKey {
                column: Column::Launched,
                descending: true,
            }]),
            limit: Some(7),
            count_only: true,
            wait_for_agents: true,
            freshness: Freshness::MaxAge(Duration::from_secs(30)),
        };
        assert_eq!(travel(&query), Ok(query));
        let unsorted = ListQuery {
            sort: Sort::Unsorted,
            freshness: Freshness::Fresh,
            ..ListQuery::default()
        };
        assert_eq!(travel(&unsorted), Ok(unsorted));
    }

    #[test]
    fn an_unknown_column_is_a_usage_error_with_the_nearest_name() {
        let error = columns(&["regoin".to_owned()]).expect_err("no such column");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.hint.contains("region"));
    }
}
