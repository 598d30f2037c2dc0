//! Which rows a list shows, in which order, encoded.

use aws_ssm_proto::domain::{ListQuery, Sort};

use super::rows::{At, Chosen, Rows};
use super::select::Selector;
use super::{Conditions, order};
use crate::inventory::{Encoded, Fleet, Row, RowsEncoder};

/// A row and the fleet it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) row: Row<'a>,
    at: At,
}

/// The answer to a list.
#[derive(Debug)]
pub struct Selection {
    /// How many instances match, whatever the limit.
    pub matched: u64,
    /// Those to be sent.
    pub rows: Rows,
}

/// Answers a list from the fleets of one or several regions.
#[must_use]
pub fn list(fleets: &[Fleet], query: &ListQuery, conditions: &Conditions) -> Selection {
    let limit = usize::try_from(query.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    match fleets {
        // What most people ask most of the time is encoded already.
        [fleet] if conditions.are_of_state_alone() && query.sort == Sort::Standard => {
            let encoded = fleet.standard_list(&query.columns, conditions.all_states);
            let wanted = if query.count_only { 0 } else { limit };
            Selection {
                matched: encoded.len() as u64,
                rows: Rows::Encoded(encoded.pages(wanted)),
            }
        }
        _ => {
            let mut rows = matching(fleets, conditions, &query.sort);
            if fleets.len() > 1 || query.sort != Sort::Standard {
                order::sort(&mut rows, &query.sort);
            }
            let wanted = if query.count_only { 0 } else { limit };
            let chosen = rows.iter().take(wanted).map(|place| place.at).collect();
            Selection {
                matched: rows.len() as u64,
                rows: Rows::Chosen(Chosen::new(fleets, &query.columns, chosen)),
            }
        }
    }
}

/// Where the rows that match are, by name, then id: which of the fleets, and which of
/// its rows.
#[must_use]
pub fn places(fleets: &[Fleet], conditions: &Conditions) -> Vec<At> {
    let mut rows = matching(fleets, conditions, &Sort::Standard);
    if fleets.len() > 1 {
        order::sort(&mut rows, &Sort::Standard);
    }
    rows.iter().map(|place| place.at).collect()
}

/// The rows of one fleet that match, in AWS's order, at most `limit` of them.
#[must_use]
pub fn unsorted(
    fleet: &Fleet,
    query: &ListQuery,
    conditions: &Conditions,
    limit: usize,
) -> Encoded {
    let mut encoder = RowsEncoder::default();
    let mut selector = Selector::new(fleet, conditions);
    let rows = fleet.instances.snapshot.rows();
    for row in rows.filter(|row| selector.takes(*row)).take(limit) {
        encoder.push(fleet, row, &query.columns);
    }
    encoder.finish()
}

/// The rows that match, those of each fleet in AWS's order or by name, then id.
fn matching<'a>(fleets: &'a [Fleet], conditions: &Conditions, sort: &Sort) -> Vec<Place<'a>> {
    let mut places = Vec::new();
    for (fleet, number) in fleets.iter().zip(0..) {
        let mut selector = Selector::new(fleet, conditions);
        let snapshot = &fleet.instances.snapshot;
        let take = |at| {
            let row = snapshot.row(at);
            if selector.takes(row) {
                places.push(Place {
                    fleet,
                    row,
                    at: (number, at),
                });
            }
        };
        match sort {
            Sort::Unsorted => (0..snapshot.len() as u32).for_each(take),
            Sort::Standard | Sort::By(_) => snapshot.by_name().iter().copied().for_each(take),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_ssm_proto::domain::{AgentStatus, Column, InstanceState, SortKey, TagFilter};
    use aws_ssm_proto::wire::{Page, row};
    use bytes::Bytes;

    use super::*;

    fn list(fleets: &[Fleet], query: &ListQuery) -> Selection {
        let conditions = Conditions::new(query, 0).expect("no terms");
        super::list(fleets, query, &conditions)
    }
    use crate::inventory::{Agent, Agents, Builder, Facts, Instances};

    fn fleet(region: &str, instances: &[(&str, &str, InstanceState, &str)]) -> Fleet {
        let mut builder = Builder::with_capacity(instances.len());
        for (id, name, state, address) in instances {
            builder.push(&Facts {
                id,
                state: Some(*state),
                private_ip: address,
                tags: vec![
                    ("Name", name),
                    ("Team", if id.len() > 3 { "b" } else { "a" }),
                ],
                ..Facts::default()
            });
        }
        Fleet {
            region: region.into(),
            instances: Arc::new(Instances::new(builder.finish(false))),
            agents: None,
            agents_error: None,
        }
    }

    fn two_regions() -> [Fleet; 2] {
        use InstanceState::{Running, Stopped};
        [
            fleet(
                "eu-west-1",
                &[
                    ("i-2", "web", Running, "10.0.0.10"),
                    ("i-1", "web", Running, "10.0.0.9"),
                    ("i-3", "api", Stopped, "10.0.0.1"),
                ],
            ),
            fleet("us-east-1", &[("i-44", "db", Running, "10.0.0.2")]),
        ]
    }

    fn query() -> ListQuery {
        ListQuery {
            columns: vec![Column::Id, Column::Region],
            ..ListQuery::default()
        }
    }

    fn pieces(selection: Selection) -> Vec<Bytes> {
        match selection.rows {
            Rows::Encoded(pieces) => pieces,
            Rows::Chosen(rows) => rows.collect(),
        }
    }

    fn ids(selection: Selection) -> Vec<String> {
        let pages = pieces(selection).into_iter().map(|rows| Page {
            rows,
            ..Page::default()
        });
        pages
            .flat_map(|page| {
                let ids = page.encoded_rows().filter_map(row::read);
                ids.filter_map(|row| row.id.map(str::to_owned))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn a_list_shows_what_runs_by_name_then_id() {
        let fleets = two_regions();
        let one = list(&fleets[..1], &query());
        assert_eq!(
            (one.matched, ids(one)),
            (2, vec!["i-1".into(), "i-2".into()])
        );
        let both = list(&fleets, &query());
        assert_eq!(ids(both), ["i-44", "i-1", "i-2"]);
    }

    #[test]
    fn one_region_and_the_general_way_agree() {
        let fleets = two_regions();
        for all_states in [false, true] {
            let standard = ListQuery {
                all_states,
                ..query()
            };
            let general = ListQuery {
                sort: Sort::By(Vec::new()),
                ..standard.clone()
            };
            let (a, b) = (list(&fleets[..1], &standard), list(&fleets[..1], &general));
            assert_eq!((a.matched, ids(a)), (b.matched, ids(b)));
        }
    }

    #[test]
    fn tags_limit_and_count() {
        let fleets = two_regions();
        let tagged = ListQuery {
            tags: vec![TagFilter {
                key: "Team".into(),
                value: "b".into(),
            }],
            ..query()
        };
        assert_eq!(ids(list(&fleets, &tagged)), ["i-44"]);
        let limited = ListQuery {
            limit: Some(1),
            ..query()
        };
        let limited = list(&fleets, &limited);
        assert_eq!((limited.matched, ids(limited)), (3, vec!["i-44".into()]));
        let counted = ListQuery {
            count_only: true,
            ..query()
        };
        let counted = list(&fleets, &counted);
        assert_eq!((counted.matched, pieces(counted).len()), (3, 0));
    }

    #[test]
    fn addresses_sort_as_numbers() {
        let fleets = two_regions();
        let by_address = ListQuery {
            sort: Sort::By(vec![SortKey {
                column: Column::PrivateIp,
                descending: false,
            }]),
            ..query()
        };
        assert_eq!(ids(list(&fleets, &by_address)), ["i-44", "i-1", "i-2"]);
    }

    #[test]
    fn newer_agents_are_seen_in_the_rows_that_were_encoded_before() {
        let mut fleet = two_regions()[1].clone();
        let columns = [Column::Ssm];
        let status = |fleet: &Fleet| {
            let encoded = fleet.standard_list(&columns, false);
            let page = Page {
                rows: encoded.pages(1)[0].clone(),
                ..Page::default()
            };
            let ssm = page.encoded_rows().next().and_then(row::read);
            ssm.and_then(|row| row.ssm)
        };
        let agents = |status| {
            Some(Arc::new(Agents::new([Agent {
                id: "i-44",
                status,
                last_ping: None,
                version: "3",
            }])))
        };
        assert_eq!(status(&fleet), None);
        fleet.agents = agents(AgentStatus::Online);
        assert_eq!(status(&fleet), Some(AgentStatus::Online));
        fleet.agents = agents(AgentStatus::ConnectionLost);
        assert_eq!(status(&fleet), Some(AgentStatus::ConnectionLost));
        fleet.agents = Some(Arc::default());
        assert_eq!(status(&fleet), Some(AgentStatus::None));
    }

    #[test]
    fn a_long_list_is_cut_into_pages_at_whole_rows() {
        let names: Vec<String> = (0..20_000).map(|n| format!("i-{n:017}")).collect();
        let rows: Vec<_> = names
            .iter()
            .map(|id| (id.as_str(), "web", InstanceState::Running, ""))
            .collect();
        let fleets = [fleet("eu-west-1", &rows)];
        let reversed = ListQuery {
            sort: Sort::By(vec![SortKey {
                column: Column::Id,
                descending: true,
            }]),
            ..query()
        };
        for query in [query(), reversed] {
            let cut = pieces(list(&fleets, &query));
            assert!(cut.len() > 1);
            assert!(cut.iter().all(|piece| piece.len() < 300 << 10));
            let mut listed = ids(list(&fleets, &query));
            listed.sort_unstable();
            assert_eq!(listed, names);
        }
    }
}
