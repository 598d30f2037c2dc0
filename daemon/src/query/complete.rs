//! How a word that is being typed can go on, in fleets that are at hand.
//!
//! However large a fleet is, an answer has [`MOST_CANDIDATES`] at most. Of more, the
//! first ones are given and the last: what all begin with is what these begin with,
//! and that is what a shell puts on the line.

pub mod terms;

use aws_ssm_proto::domain::{Candidate, InstanceState, MOST_CANDIDATES};

use crate::inventory::{Fleet, Row, Snapshot};

/// What a target can be: names of instances that begin so, ids if an id has been begun,
/// and tags after `tag:`. Terminated ones are left out.
#[must_use]
pub fn targets(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    if let Some(tag) = beginning.strip_prefix("tag:") {
        return tags(fleets, tag);
    }
    let mut candidates = Vec::new();
    for snapshot in snapshots(fleets) {
        let names = snapshot.names_beginning(beginning);
        candidates.extend(ends(names.filter_map(named)));
        if is_id(beginning) {
            let ids = snapshot.ids_beginning(beginning).filter(is_alive);
            candidates.extend(ends(ids.map(by_id)));
        }
    }
    in_order(candidates)
}

/// `tag:K=`, and `tag:K=V` once the key is whole.
fn tags(fleets: &[Fleet], tag: &str) -> Vec<Candidate> {
    let Some((key, value)) = tag.split_once('=') else {
        let keys = tag_keys(fleets, tag).into_iter();
        return keys.map(|key| key.between("tag:", "=")).collect();
    };
    let values = tag_values(fleets, key, value).into_iter();
    let before = format!("tag:{key}=");
    values.map(|value| value.between(&before, "")).collect()
}

/// Keys of tags that begin so.
#[must_use]
pub fn tag_keys(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    let keys = snapshots(fleets).flat_map(|fleet| fleet.tag_keys(beginning));
    in_order(keys.map(Candidate::bare).collect())
}

/// Values of the tag with this key that begin so.
#[must_use]
pub fn tag_values(fleets: &[Fleet], key: &str, beginning: &str) -> Vec<Candidate> {
    let values = snapshots(fleets).flat_map(|fleet| ends(fleet.tag_values(key, beginning)));
    in_order(values.map(Candidate::bare).collect())
}

/// Those of `texts` that begin so.
#[must_use]
pub fn beginning_so<'a>(texts: impl Iterator<Item = &'a str>, beginning: &str) -> Vec<Candidate> {
    let found = texts.filter(|text| text.starts_with(beginning));
    in_order(found.map(Candidate::bare).collect())
}

fn snapshots(fleets: &[Fleet]) -> impl Iterator<Item = &Snapshot> {
    fleets.iter().map(|fleet| &fleet.instances.snapshot)
}

/// Whether nothing but an id, or a name that looks like one, begins so.
fn is_id(beginning: &str) -> bool {
    beginning.starts_with("i-") || beginning.starts_with("mi-")
}

fn is_alive(row: &Row<'_>) -> bool {
    row.state() != Some(InstanceState::Terminated)
}

/// A name that some instances have.
fn named<'a>(rows: impl Iterator<Item = Row<'a>>) -> Option<Candidate> {
    let mut alive = rows.filter(is_alive);
    let first = alive.next()?;
    Some(Candidate {
        value: first.name()?.to_owned(),
        about: match alive.count() {
            0 => format!("{} {}", first.id(), state(first)),
            others => format!("{} instances", 1 + others),
        },
    })
}

fn by_id(row: Row<'_>) -> Candidate {
    Candidate {
        value: row.id().to_owned(),
        about: format!("{} {}", row.name().unwrap_or("-"), state(row)),
    }
}

fn state(row: Row<'_>) -> &'static str {
    row.state().map_or("", InstanceState::as_str)
}

/// All, or as many of the first as there is room for and the last.
fn ends<T>(mut candidates: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
    let last = candidates.next_back();
    let mut chosen: Vec<_> = candidates.take(MOST_CANDIDATES - 1).collect();
    chosen.extend(last);
    chosen
}

/// What several fleets have, as one.
fn in_order(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort();
    candidates.dedup_by(|one, other| one.value == other.value);
    ends(candidates.into_iter())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use InstanceState::{Running, Stopped, Terminated};

    use super::*;
    use crate::inventory::{Builder, Facts, Instances};

    fn fleet<'a>(instances: impl IntoIterator<Item = (&'a str, &'a str, InstanceState)>) -> Fleet {
        let mut builder = Builder::with_capacity(0);
        for (id, name, state) in instances {
            builder.push(&Facts {
                id,
                state: Some(state),
                tags: vec![("Name", name)],
                ..Facts::default()
            });
        }
        Fleet {
            region: "eu-west-1".into(),
            instances: Arc::new(Instances::new(builder.finish(false))),
            agents: None,
            agents_error: None,
        }
    }

    fn shown(candidates: &[Candidate]) -> Vec<(&str, &str)> {
        let pairs = candidates
            .iter()
            .map(|c| (c.value.as_str(), c.about.as_str()));
        pairs.collect()
    }

    #[test]
    fn a_target_goes_on_as_a_name_of_any_region() {
        let fleets = [
            fleet([("i-1", "web-1", Running), ("i-2", "web-2", Running)]),
            fleet([("i-3", "web-1", Stopped), ("i-4", "db", Running)]),
        ];
        let found = targets(&fleets, "w");
        assert_eq!(
            shown(&found),
            [("web-1", "i-1 running"), ("web-2", "i-2 running")]
        );
        assert_eq!(targets(&fleets, "x"), []);
    }

    #[test]
    fn a_name_that_several_have_comes_once() {
        let fleets = [fleet([
            ("i-1", "web", Running),
            ("i-2", "web", Terminated),
            ("i-3", "web", Stopped),
            ("i-4", "wed", Terminated),
        ])];
        assert_eq!(shown(&targets(&fleets, "we")), [("web", "2 instances")]);
    }

    #[test]
    fn a_target_goes_on_as_a_tag() {
        let fleets = [fleet([("i-1", "web", Running), ("i-2", "api", Running)])];
        assert_eq!(shown(&targets(&fleets, "tag:N")), [("tag:Name=", "")]);
        assert_eq!(
            shown(&targets(&fleets, "tag:Name=w")),
            [("tag:Name=web", "")]
        );
    }

    #[test]
    fn ids_are_offered_to_who_has_begun_one() {
        let fleets = [fleet([("i-1", "web", Running), ("i-2", "", Stopped)])];
        assert_eq!(shown(&targets(&fleets, "")), [("web", "i-1 running")]);
        assert_eq!(
            shown(&targets(&fleets, "i-")),
            [("i-1", "web running"), ("i-2", "- stopped")]
        );
    }

    #[test]
    fn of_too_many_the_ends_are_given_so_that_their_common_beginning_is_right() {
        let names: Vec<String> = (0..10_000).map(|n| format!("web-{n}")).collect();
        let all = names.iter().map(|name| ("i-1", name.as_str(), Running));
        let ids: Vec<String> = (0..10_000).map(|n| format!("i-{n}")).collect();
        let all = all
            .zip(&ids)
            .map(|((_, name, state), id)| (id.as_str(), name, state));
        let half: Vec<_> = all.collect();
        let fleets = [
            fleet(half[..5000].iter().copied()),
            fleet(half[5000..].iter().copied()),
        ];
        for found in [
            targets(&fleets, "web-"),
            tag_values(&fleets, "Name", "web-"),
        ] {
            assert_eq!(found.len(), MOST_CANDIDATES);
            assert_eq!(found[0].value, "web-0");
            assert_eq!(found[1].value, "web-1");
            assert_eq!(found.last().expect("the last").value, "web-9999");
        }
        assert_eq!(targets(&fleets, "web-777").len(), 11);
    }

    #[test]
    fn tags_go_on_in_order() {
        let fleets = [
            fleet([("i-1", "web", Running), ("i-2", "api", Running)]),
            fleet([("i-3", "web", Running)]),
        ];
        assert_eq!(shown(&tag_keys(&fleets, "N")), [("Name", "")]);
        assert_eq!(tag_keys(&fleets, "n"), []);
        let values = tag_values(&fleets, "Name", "");
        assert_eq!(shown(&values), [("api", ""), ("web", "")]);
    }
}
