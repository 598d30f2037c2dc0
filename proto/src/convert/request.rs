//! Questions to the inventory.

use std::time::Duration;

use super::bounds;
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
                terms: query.terms.clone(),
            }),
            freshness: Some(query.freshness.into()),
            columns: query.columns.iter().map(ToString::to_string).collect(),
            sort: sort_keys(&query.sort),
            limit: query.limit.unwrap_or(0),
            count_only: query.count_only,
            wait_for_agents: query.wait_for_agents,
            straight: None,
            progress: false,
        }
    }
}

impl TryFrom<wire::ListInstancesRequest> for (Caller, ListQuery) {
    type Error = Error;

    fn try_from(request: wire::ListInstancesRequest) -> Result<Self, Error> {
        let query = request.query.unwrap_or_default();
        bounds::at_most(bounds::TAGS, query.tags.len(), "tags")?;
        bounds::check_terms(&query.terms)?;
        let query = ListQuery {
            tags: query.tags.into_iter().map(Into::into).collect(),
            terms: query.terms,
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

/// Reads column names off the wire, each once: a row has each value once.
///
/// # Errors
///
/// A name that no column has, or too many.
pub fn columns(names: &[String]) -> Result<Vec<Column>, Error> {
    bounds::at_most(bounds::COLUMNS, names.len(), "columns")?;
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let column = Column::parse(name).map_err(|unknown| unknown_column(&unknown))?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Ok(columns)
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
    bounds::at_most(bounds::SORT_KEYS, keys.len(), "columns to sort by")?;
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
            terms: vec!["name:web-*".into(), "größe".into()],
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
    fn a_column_that_is_named_again_is_sent_once() {
        let named = ["id", "tag:Team", "id", "tag:Team", "tag:team"].map(str::to_owned);
        let expected = ["id", "tag:Team", "tag:team"].map(|name| Column::parse(name).expect("one"));
        assert_eq!(columns(&named), Ok(expected.into()));
    }

    #[test]
    fn a_question_that_names_more_than_anybody_reads_is_refused() {
        let tag = TagFilter {
            key: "k".into(),
            value: "v".into(),
        };
        let key = SortKey {
            column: Column::Id,
            descending: false,
        };
        let column = |number| Column::Tag(format!("t{number}"));
        let queries = [
            ListQuery {
                tags: vec![tag; bounds::TAGS + 1],
                ..ListQuery::default()
            },
            ListQuery {
                terms: vec!["web".into(); bounds::TERMS + 1],
                ..ListQuery::default()
            },
            ListQuery {
                columns: (0..=bounds::COLUMNS).map(column).collect(),
                ..ListQuery::default()
            },
            ListQuery {
                sort: Sort::By(vec![key; bounds::SORT_KEYS + 1]),
                ..ListQuery::default()
            },
        ];
        for query in queries {
            let error = travel(&query).expect_err("too much");
            assert_eq!(error.kind, ErrorKind::Usage);
            assert!(error.what.ends_with("are too many"), "{error}");
        }
    }

    #[test]
    fn an_unknown_column_is_a_usage_error_with_the_nearest_name() {
        let error = columns(&["regoin".to_owned()]).expect_err("no such column");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.hint.contains("region"));
    }
}
