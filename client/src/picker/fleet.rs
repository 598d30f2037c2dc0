//! The instances that can be picked, as text that a terminal can show.
//!
//! All their texts lie one behind the other in one allocation. What is matched,
//! highlighted and shown is the same text, in which control characters are spelled
//! out; so a place in one is a place in the other.

use std::cmp::Reverse;
use std::ops::Range;

use aws_ssm_proto::client::InstancePage;
use aws_ssm_proto::domain::{AgentStatus, Column, InstanceRef, InstanceState};

use crate::render::escape;

/// A text that every instance has, or could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Text {
    Name,
    Id,
    PrivateIp,
    PublicIp,
    Type,
    Az,
    Region,
    Platform,
    AgentVersion,
}

const TEXTS: usize = 9;

/// What is asked of the daemon for a picker.
pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::Name,
        Column::Id,
        Column::State,
        Column::Type,
        Column::PrivateIp,
        Column::Az,
        Column::Ssm,
        Column::PublicIp,
        Column::Platform,
        Column::Launched,
        Column::Region,
        Column::AgentVersion,
        Column::Tags,
    ]
}

type Span = Range<u32>;

#[derive(Clone, Debug)]
struct Entry {
    texts: [Span; TEXTS],
    /// Which of the tags are its own.
    tags: Span,
    state: Option<InstanceState>,
    ssm: Option<AgentStatus>,
    launched: Option<i64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    text: String,
    /// As `K=V`.
    tags: Vec<Span>,
    entries: Vec<Entry>,
}

impl Fleet {
    /// Adds the instances of a page; with `only`, those with these ids.
    pub(super) fn add(&mut self, page: &InstancePage, only: Option<&[String]>) {
        for row in page.rows() {
            let id = row.id.unwrap_or_default();
            if only.is_none_or(|ids| ids.iter().any(|one| one == id)) {
                self.push(&row);
            }
        }
    }

    pub(super) fn push(&mut self, row: &InstanceRef<'_>) {
        let texts = [
            row.name,
            row.id,
            row.private_ip,
            row.public_ip,
            row.instance_type,
            row.az,
            row.region,
            row.platform,
            row.agent_version,
        ];
        let texts = texts.map(|text| self.keep(&[text.unwrap_or_default()]));
        let first = offset(self.tags.len());
        // The name has a place of its own.
        for (key, value) in row.tags().filter(|(key, _)| *key != "Name") {
            let tag = self.keep(&[key, "=", value]);
            self.tags.push(tag);
        }
        self.entries.push(Entry {
            texts,
            tags: first..offset(self.tags.len()),
            state: row.state,
            ssm: row.ssm,
            launched: row.launched,
        });
    }

    fn keep(&mut self, parts: &[&str]) -> Span {
        let start = offset(self.text.len());
        for part in parts {
            self.text.push_str(&escape::shown(part));
        }
        start..offset(self.text.len())
    }

    /// Puts those first that somebody most likely looks for: running ones, and those
    /// that are gone last. Otherwise they stay as the daemon gave them.
    pub(super) fn order(&mut self) {
        let is_gone = |state| {
            let gone = [InstanceState::ShuttingDown, InstanceState::Terminated];
            gone.contains(&state)
        };
        self.entries.sort_by_key(|entry| {
            let listed = entry.state.is_some_and(InstanceState::is_listed_by_default);
            (Reverse(listed), entry.state.is_some_and(is_gone))
        });
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn row(&self, place: usize) -> Row<'_> {
        Row {
            fleet: self,
            entry: &self.entries[place],
        }
    }

    fn text(&self, span: &Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }
}

/// All answers together are far smaller.
fn offset(length: usize) -> u32 {
    u32::try_from(length).expect("less than 4 GiB of instances")
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    fleet: &'a Fleet,
    entry: &'a Entry,
}

impl<'a> Row<'a> {
    /// Empty where there is none.
    pub(super) fn text(self, text: Text) -> &'a str {
        self.fleet.text(&self.entry.texts[text as usize])
    }

    /// Each as `K=V`, without the name.
    pub(super) fn tags(self) -> impl Iterator<Item = &'a str> {
        let Span { start, end } = self.entry.tags;
        let tags = &self.fleet.tags[start as usize..end as usize];
        tags.iter().map(|span| self.fleet.text(span))
    }

    pub(super) fn state(self) -> Option<InstanceState> {
        self.entry.state
    }

    pub(super) fn ssm(self) -> Option<AgentStatus> {
        self.entry.ssm
    }

    pub(super) fn launched(self) -> Option<i64> {
        self.entry.launched
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An instance of few words.
    pub(in super::super) fn instance<'a>(id: &'a str, name: &'a str) -> InstanceRef<'a> {
        let mut row = InstanceRef::default();
        let running = Some(InstanceState::Running);
        (row.id, row.name, row.state) = (Some(id), Some(name), running);
        row
    }

    #[test]
    fn running_instances_come_first_and_terminated_ones_last() {
        use InstanceState::{Pending, Running, Stopped, Terminated};
        let mut fleet = Fleet::default();
        for (id, state) in [
            ("a", Terminated),
            ("b", Stopped),
            ("c", Running),
            ("d", Stopped),
            ("e", Pending),
        ] {
            let mut row = instance(id, "");
            row.state = Some(state);
            fleet.push(&row);
        }
        fleet.order();
        let ids: Vec<_> = (0..fleet.len())
            .map(|at| fleet.row(at).text(Text::Id))
            .collect();
        assert_eq!(ids, ["c", "e", "b", "d", "a"]);
    }

    #[test]
    fn nothing_in_a_row_steers_a_terminal() {
        let mut fleet = Fleet::default();
        fleet.push(&instance("i-1", "a\u{1b}[2Jb\nc"));
        let row = fleet.row(0);
        assert_eq!(row.text(Text::Name), "a\\u{1b}[2Jb\\nc");
        assert_eq!(row.text(Text::Az), "");
        assert_eq!(row.tags().count(), 0);
    }
}
