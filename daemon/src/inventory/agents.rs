//! What Systems Manager knows of the agents in one region.
//!
//! Kept in a few blocks of memory, for one small piece for each agent would keep
//! alive the page of memory that it lies on among the rest of an answer of AWS:
//! 9,000 agents of 19 bytes each held 8 MB.

mod stored;

use aws_ssm_proto::domain::AgentStatus;

use super::strings::{Interner, StringId, Strings};

/// The agent of one managed node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent<'a> {
    /// The node's id, `i-…` or `mi-…`.
    pub id: &'a str,
    /// What Systems Manager says of it.
    pub status: AgentStatus,
    /// When it was last heard of, in seconds since 1970.
    pub last_ping: Option<i64>,
    /// Its version; empty if it is not known.
    pub version: &'a str,
}

/// All agents of a region, by node id.
#[derive(Debug, Default)]
pub struct Agents {
    ids: String,
    versions: Strings,
    sorted: Vec<Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    last_ping: Option<i64>,
    id_at: u32,
    id_len: u16,
    status: AgentStatus,
    version: StringId,
}

impl Record {
    fn id<'a>(&self, ids: &'a str) -> &'a str {
        let start = self.id_at as usize;
        &ids[start..start + usize::from(self.id_len)]
    }
}

impl Agents {
    /// Agents in any order; see [`Builder::finish`].
    #[cfg(any(test, fuzzing))]
    #[must_use]
    pub fn new<'a>(agents: impl IntoIterator<Item = Agent<'a>>) -> Self {
        let mut builder = Builder::new();
        for agent in agents {
            builder.push(agent);
        }
        builder.finish()
    }

    /// The agent on one node.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Agent<'_>> {
        let order = |record: &Record| record.id(&self.ids).cmp(id);
        let place = self.sorted.binary_search_by(order).ok()?;
        let record = &self.sorted[place];
        Some(Agent {
            id: record.id(&self.ids),
            status: record.status,
            last_ping: record.last_ping,
            version: self.versions.get(record.version),
        })
    }

    /// The status of one node; a node that is not listed has no agent.
    #[must_use]
    pub fn status(&self, id: &str) -> AgentStatus {
        self.get(id).map_or(AgentStatus::None, |agent| agent.status)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>()
            + self.ids.capacity()
            + self.versions.weight()
            + self.sorted.capacity() * size_of::<Record>()
    }
}

/// Makes [`Agents`].
#[derive(Debug)]
pub(super) struct Builder {
    ids: String,
    versions: Interner,
    records: Vec<Record>,
}

impl Builder {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            ids: String::new(),
            versions: Interner::new(),
            records: Vec::new(),
        }
    }

    /// Adds an agent.
    pub(super) fn push(&mut self, agent: Agent<'_>) {
        self.records.push(Record {
            last_ping: agent.last_ping,
            id_at: self.ids.len() as u32,
            id_len: agent.id.len() as u16,
            status: agent.status,
            version: self.versions.intern(agent.version),
        });
        self.ids.push_str(agent.id);
    }

    /// Ends it. Of agents that came twice, because the list changed between two
    /// pages, one is kept.
    pub(super) fn finish(mut self) -> Agents {
        let ids = &self.ids;
        self.records.sort_by_key(|record| record.id(ids));
        self.records.dedup_by(|a, b| a.id(ids) == b.id(ids));
        self.records.shrink_to_fit();
        self.ids.shrink_to_fit();
        Agents {
            ids: self.ids,
            versions: self.versions.finish(),
            sorted: self.records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_not_listed_has_no_agent() {
        let agent = |id, status| Agent {
            id,
            status,
            last_ping: None,
            version: "3.3",
        };
        let agents = Agents::new([
            agent("i-2", AgentStatus::ConnectionLost),
            agent("i-1", AgentStatus::Online),
            agent("i-1", AgentStatus::Online),
        ]);
        assert_eq!(agents.len(), 2);
        assert_eq!(agents.status("i-1"), AgentStatus::Online);
        assert_eq!(agents.status("i-2"), AgentStatus::ConnectionLost);
        assert_eq!(agents.status("i-3"), AgentStatus::None);
    }

    #[test]
    fn what_is_known_of_an_agent_is_read_back() {
        let known = Agent {
            id: "mi-1",
            status: AgentStatus::Inactive,
            last_ping: Some(7),
            version: "3.2",
        };
        let other = Agent {
            id: "i-1",
            status: AgentStatus::Online,
            last_ping: None,
            version: "",
        };
        let agents = Agents::new([known, other]);
        assert_eq!(agents.get("mi-1"), Some(known));
        assert_eq!(agents.get("i-1"), Some(other));
        assert_eq!(agents.get("i-2"), None);
    }
}
