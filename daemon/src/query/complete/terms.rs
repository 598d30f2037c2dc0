//! How a term of the search language can go on: its key, and then a value.
//!
//! A candidate is the whole term. What the language would take for its own is written
//! with a backslash before it, as a person would.

use aws_ssm_proto::domain::{AgentStatus, Candidate, InstanceState};

use super::tag_values;
use super::{beginning_so, by_id, ends, in_order, is_alive, is_id, named, snapshots, tag_keys};
use crate::inventory::{Fleet, SharedField, Snapshot, StringId};
use crate::query::parse::key_names;

/// What the language takes for its own in a value.
const SPECIAL: &str = "\\\"',:=*?!";

/// The terms that begin so.
#[must_use]
pub fn terms(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    let (not, term) = match beginning.strip_prefix('!') {
        Some(term) => ("!", term),
        None => ("", beginning),
    };
    let Some((key, list)) = split(term, ':') else {
        let keys: Vec<String> = key_names().map(|key| format!("{key}:")).collect();
        let mut words = beginning_so(keys.iter().map(String::as_str), term);
        words.extend(of_instances(fleets, term));
        return within(not, in_order(words));
    };
    let key = key.to_ascii_lowercase();
    let (tag, list) = match split(list, '=') {
        Some((tag, list)) if key == "tag" => (Some(tag), list),
        _ => (None, list),
    };
    let last = last_value(list);
    let found = match tag {
        Some(tag) => values_of_tag(fleets, tag, last),
        None => values(fleets, &key, last),
    };
    within(&beginning[..beginning.len() - last.len()], found)
}

/// Where a letter is that no backslash protects.
fn places(text: &str, letter: char) -> impl Iterator<Item = usize> {
    let mut letters = text.char_indices();
    std::iter::from_fn(move || {
        loop {
            match letters.next()? {
                (_, '\\') => drop(letters.next()),
                (at, found) if found == letter => return Some(at),
                _ => {}
            }
        }
    })
}

fn split(text: &str, letter: char) -> Option<(&str, &str)> {
    let at = places(text, letter).next()?;
    Some((&text[..at], &text[at + letter.len_utf8()..]))
}

fn last_value(list: &str) -> &str {
    let comma = places(list, ',').last();
    comma.map_or(list, |comma| &list[comma + 1..])
}

fn within(before: &str, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let candidates = candidates.into_iter();
    candidates.map(|one| one.between(before, "")).collect()
}

/// The values of a key that begin so.
fn values(fleets: &[Fleet], key: &str, beginning: &str) -> Vec<Candidate> {
    let bare = unprotected(beginning);
    match key {
        "name" => of_instances(fleets, beginning),
        "id" if is_id(beginning) => ids(fleets, beginning),
        "tag" => keys_of_tags(fleets, beginning),
        "has" | "missing" => protected_so(tag_keys(fleets, &bare), beginning),
        "state" => beginning_so(
            InstanceState::ALL.into_iter().map(InstanceState::as_str),
            beginning,
        ),
        "ssm" => beginning_so(
            AgentStatus::ALL.into_iter().map(AgentStatus::as_str),
            beginning,
        ),
        "region" => beginning_so(fleets.iter().map(|fleet| &*fleet.region), beginning),
        "sg" => protected_so(beginning_so(groups(fleets), &bare), beginning),
        _ => field(key).map_or_else(Vec::new, |field| {
            protected_so(beginning_so(shared(fleets, field), &bare), beginning)
        }),
    }
}

fn field(key: &str) -> Option<SharedField> {
    Some(match key {
        "type" => SharedField::Type,
        "az" | "zone" => SharedField::Az,
        "vpc" => SharedField::Vpc,
        "subnet" => SharedField::Subnet,
        "image" => SharedField::Image,
        "platform" => SharedField::Platform,
        "arch" => SharedField::Arch,
        "lifecycle" => SharedField::Lifecycle,
        "profile" => SharedField::Profile,
        _ => return None,
    })
}

fn shared(fleets: &[Fleet], field: SharedField) -> impl Iterator<Item = &str> {
    snapshots(fleets).flat_map(move |fleet| {
        let ids = fleet.rows().map(|row| row.shared(field));
        once_each(fleet, ids)
    })
}

/// Names and ids of security groups.
fn groups(fleets: &[Fleet]) -> impl Iterator<Item = &str> {
    snapshots(fleets).flat_map(|fleet| {
        let pairs = fleet.rows().flat_map(|row| row.security_group_ids());
        once_each(fleet, pairs.flat_map(|(id, name)| [*id, *name]))
    })
}

/// There are many instances and few texts: a text is looked at once, however many have
/// it.
fn once_each(fleet: &Snapshot, ids: impl Iterator<Item = StringId>) -> Vec<&str> {
    let mut seen = vec![false; fleet.strings()];
    seen[StringId::ABSENT.index()] = true;
    let new = ids.filter(|id| !std::mem::replace(&mut seen[id.index()], true));
    new.map(|id| fleet.text(id)).collect()
}

fn of_instances(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    let bare = unprotected(beginning);
    let names = snapshots(fleets).flat_map(|fleet| {
        let names = fleet.names_beginning(&bare);
        ends(names.filter_map(named))
    });
    protected_so(names.collect(), beginning)
}

fn ids(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    let ids = snapshots(fleets).flat_map(|fleet| {
        let rows = fleet.ids_beginning(beginning);
        ends(rows.filter(is_alive).map(by_id))
    });
    in_order(ids.collect())
}

/// `K=`: the value comes after that.
fn keys_of_tags(fleets: &[Fleet], beginning: &str) -> Vec<Candidate> {
    let keys = protected_so(tag_keys(fleets, &unprotected(beginning)), beginning);
    keys.into_iter().map(|key| key.between("", "=")).collect()
}

fn values_of_tag(fleets: &[Fleet], key: &str, beginning: &str) -> Vec<Candidate> {
    let values = tag_values(fleets, &unprotected(key), &unprotected(beginning));
    protected_so(values, beginning)
}

/// Protects each; those that begin so then are left, as whoever typed that may have
/// protected less or more.
fn protected_so(candidates: Vec<Candidate>, beginning: &str) -> Vec<Candidate> {
    let protected = candidates.into_iter().map(|candidate| Candidate {
        value: protected(&candidate.value),
        ..candidate
    });
    let found = protected.filter(|one| !one.value.is_empty() && one.value.starts_with(beginning));
    in_order(found.collect())
}

fn protected(value: &str) -> String {
    let mut safe = String::with_capacity(value.len() + 4);
    for c in value.chars() {
        if c.is_whitespace() || SPECIAL.contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn unprotected(value: &str) -> String {
    let mut chars = value.chars();
    let mut bare = String::with_capacity(value.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => bare.extend(chars.next()),
            c => bare.push(c),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use aws_ssm_proto::domain::ListQuery;

    use crate::inventory::{Builder, Facts, Instances};
    use crate::query::Conditions;

    fn fleets() -> [Fleet; 1] {
        let mut builder = Builder::with_capacity(2);
        for (id, name, team) in [("i-1", "web 1", "a,b"), ("i-2", "db:*", "ops")] {
            builder.push(&Facts {
                id,
                state: Some(InstanceState::Running),
                instance_type: "t3.micro",
                az: "eu-west-1a",
                tags: vec![
                    ("Name", name),
                    ("Team", team),
                    ("K:1", "x=y!"),
                    ("a=b", "c"),
                ],
                security_groups: vec![("sg-1", "front")],
                ..Facts::default()
            });
        }
        [Fleet {
            region: "eu-west-1".into(),
            instances: Arc::new(Instances::new(builder.finish(false))),
            agents: None,
            agents_error: None,
        }]
    }

    fn found(beginning: &str) -> Vec<String> {
        let found = terms(&fleets(), beginning).into_iter();
        found.map(|candidate| candidate.value).collect()
    }

    #[test]
    fn a_term_goes_on_as_a_key_or_a_name() {
        assert_eq!(found("sta"), ["state:"]);
        assert_eq!(found("!sta"), ["!state:"]);
        assert_eq!(found("!we"), [r"!web\ 1"]);
        assert_eq!(found("d"), [r"db\:\*", "dns:"]);
        assert_eq!(found(r"db\:"), [r"db\:\*"]);
    }

    #[test]
    fn after_a_key_its_values_come() {
        for (beginning, expected) in [
            ("state:ru", &["state:running"][..]),
            (
                "!state:running,stop",
                &["!state:running,stopping", "!state:running,stopped"],
            ),
            ("STATE:pe", &["STATE:pending"]),
            ("ssm:o", &["ssm:online"]),
            ("tag:Te", &["tag:Team="]),
            ("tag:K", &[r"tag:K\:1="]),
            (r"tag:K\:1=", &[r"tag:K\:1=x\=y\!"]),
            ("tag:a", &[r"tag:a\=b="]),
            (r"tag:a\=b=", &[r"tag:a\=b=c"]),
            ("tag:Team=", &[r"tag:Team=a\,b", "tag:Team=ops"]),
            (r"tag:Team=a\,", &[r"tag:Team=a\,b"]),
            (r"tag:Team=a\,b,o", &[r"tag:Team=a\,b,ops"]),
            ("tag:Team=a,", &[r"tag:Team=a,a\,b", "tag:Team=a,ops"]),
            ("has:Te", &["has:Team"]),
            ("id:i-", &["id:i-1", "id:i-2"]),
            ("name:web", &[r"name:web\ 1"]),
            (r"name:web\ ", &[r"name:web\ 1"]),
            ("type:t3", &["type:t3.micro"]),
            ("zone:eu", &["zone:eu-west-1a"]),
            ("sg:", &["sg:front", "sg:sg-1"]),
            ("region:eu", &["region:eu-west-1"]),
            ("up:", &[]),
            ("nonesuch:", &[]),
        ] {
            let mut expected = expected.to_vec();
            let mut found = found(beginning);
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{beginning}");
        }
    }

    /// What is offered is in the language, and finds what it was offered for.
    #[test]
    fn every_whole_term_that_is_offered_can_be_asked() {
        for key in key_names() {
            for term in found(&format!("{key}:")) {
                if term.ends_with('=') {
                    continue;
                }
                let asked = ListQuery {
                    terms: vec![term.clone()],
                    ..ListQuery::default()
                };
                assert!(Conditions::new(&asked, 0).is_ok(), "{term}");
            }
        }
    }

    #[test]
    fn the_language_is_known_without_a_fleet() {
        let found = terms(&[], "st");
        assert_eq!(found, [Candidate::bare("state:")]);
        assert_eq!(terms(&[], "state:stopp").len(), 2);
    }
}
