//! What Systems Manager knows of the agents in one region.

use aws_ssm_proto::domain::AgentStatus;

/// The agent of one managed node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The node's id, `i-…` or `mi-…`.
    pub id: Box<str>,
    /// What Systems Manager says of it.
    pub status: AgentStatus,
    /// When it was last heard of, in seconds since 1970.
    pub last_ping: Option<i64>,
    /// Its version.
    pub version: Box<str>,
}

/// All agents of a region, by node id.
#[derive(Debug, Default)]
pub struct Agents {
    sorted: Vec<Agent>,
}

impl Agents {
    /// Of agents that come twice, because the list changed between two pages, one
    /// is kept.
    #[must_use]
    pub fn new(mut agents: Vec<Agent>) -> Self {
        agents.sort_by(|a, b| a.id.cmp(&b.id));
        agents.dedup_by(|a, b| a.id == b.id);
        agents.shrink_to_fit();
        Self { sorted: agents }
    }

    /// The agent on one node.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Agent> {
        let found = self.sorted.binary_search_by(|agent| (*agent.id).cmp(id));
        found.ok().map(|place| &self.sorted[place])
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
        let text: usize = self
            .sorted
            .iter()
            .map(|agent| agent.id.len() + agent.version.len())
            .sum();
        size_of::<Self>() + self.sorted.capacity() * size_of::<Agent>() + text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_not_listed_has_no_agent() {
        let agent = |id: &str, status| Agent {
            id: id.into(),
            status,
            last_ping: None,
            version: "3.3".into(),
        };
        let agents = Agents::new(vec![
            agent("i-2", AgentStatus::ConnectionLost),
            agent("i-1", AgentStatus::Online),
            agent("i-1", AgentStatus::Online),
        ]);
        assert_eq!(agents.len(), 2);
        assert_eq!(agents.status("i-1"), AgentStatus::Online);
        assert_eq!(agents.status("i-2"), AgentStatus::ConnectionLost);
        assert_eq!(agents.status("i-3"), AgentStatus::None);
    }
}
