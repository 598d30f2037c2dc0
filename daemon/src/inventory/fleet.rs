//! The instances of a region together with the agents on them.

use std::sync::Arc;

use aws_ssm_proto::domain::{Column, Error, Freshness, InstanceState, RegionSummary};
use tokio::time::Instant;

use super::freshness::Verdict;
use super::{Agent, Agents, Encoded, Instances, Inventory, Kind, Row, Served, summary};
use crate::aws::Filters;
use crate::identity::VerifiedIdentity;

/// Whether an answer needs to know the agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentsNeed {
    /// No column shows them.
    Ignore,
    /// Shown as far as they are known; nobody waits for them.
    IfKnown,
    /// Waited for.
    Wait,
}

/// The instances of one region and the agents on them, as one caller sees them.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The region's name.
    pub region: Arc<str>,
    /// The instances.
    pub instances: Arc<Instances>,
    /// `None` while they are not known.
    pub agents: Option<Arc<Agents>>,
    /// Why they are not known, if that was found out.
    pub agents_error: Option<Error>,
}

impl Fleet {
    /// Why nothing is known of the agents, if that was found out.
    #[must_use]
    pub fn agents_unknown(&self) -> Option<&Error> {
        self.agents_error.as_ref().filter(|_| self.agents.is_none())
    }

    /// The agent on one instance.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<Agent<'_>> {
        self.agents.as_ref()?.get(id)
    }

    /// The list without filters, by name, then id.
    #[must_use]
    pub fn standard_list(&self, columns: &[Column], all_states: bool) -> Arc<Encoded> {
        self.instances.encoded.get(self, columns, all_states)
    }
}

/// Whether a list shows this instance when it is not asked for all states.
#[must_use]
pub fn is_listed(row: Row<'_>) -> bool {
    row.state().is_some_and(InstanceState::is_listed_by_default)
}

/// The agents of a region, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct KnownAgents {
    agents: Option<Arc<Agents>>,
    error: Option<Error>,
}

impl KnownAgents {
    /// Why nothing is known of them, if that was found out.
    #[must_use]
    pub fn unknown(&self) -> Option<&Error> {
        self.error.as_ref().filter(|_| self.agents.is_none())
    }
}

impl Inventory {
    /// The fleet of one region.
    ///
    /// # Errors
    ///
    /// The instances cannot be had; see [`Cached::get`]. Agents that cannot be had
    /// are no error.
    pub async fn fleet(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> Result<(Fleet, RegionSummary), Error> {
        let everything = Filters::default();
        self.chosen(identity, region, &everything, asked, need, deadline)
            .await
    }

    /// Of the fleet of one region at least those whom AWS chooses by these filters.
    /// What was chosen is kept for nobody, whatever is kept else.
    ///
    /// # Errors
    ///
    /// As [`Inventory::fleet`].
    pub async fn chosen(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        filters: &Filters,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> Result<(Fleet, RegionSummary), Error> {
        let key = self.instances.key(identity, region).chosen_by(filters);
        let (served, agents) = tokio::join!(
            self.instances.get_by(identity, &key, asked, deadline),
            self.agents_of(identity, region, asked, need, deadline),
        );
        let served = served?;
        let summary = summarize(region, &served);
        Ok((
            self.join(region, served.entry.value.clone(), agents),
            summary,
        ))
    }

    /// Puts instances and what is known of their agents together.
    #[must_use]
    pub fn join(&self, region: &str, instances: Arc<Instances>, agents: KnownAgents) -> Fleet {
        Fleet {
            region: region.into(),
            instances,
            agents: agents.agents,
            agents_error: agents.error,
        }
    }

    /// The fleet of one region if it is in memory, however old, without its agents.
    /// Nothing is begun by this, and it does not count as use.
    #[must_use]
    pub fn in_memory(&self, identity: &VerifiedIdentity, region: &str) -> Option<Fleet> {
        let entry = self.instances.peek(&self.instances.key(identity, region))?;
        let instances = Arc::clone(&entry.value);
        Some(self.join(region, instances, KnownAgents::default()))
    }

    /// The regions that this caller's entries in memory tell of, in order.
    #[must_use]
    pub fn regions_in_memory(&self, identity: &VerifiedIdentity) -> Vec<String> {
        let loaded = self.instances.regions_of(identity).into_iter();
        let mut names: Vec<_> = loaded.map(|region| region.to_string()).collect();
        for region in self.regions.regions_of(identity) {
            if let Some(entry) = self.regions.peek(&self.regions.key(identity, &region)) {
                names.extend(entry.value.iter().map(|region| region.name.clone()));
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The agents of one region, as far as the caller needs them.
    pub async fn agents_of(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> KnownAgents {
        match need {
            AgentsNeed::Ignore => KnownAgents::default(),
            AgentsNeed::IfKnown => {
                let key = self.agents.key(identity, region);
                self.agents.recall(identity, &key, asked).await;
                self.known_agents(identity, region)
            }
            AgentsNeed::Wait => {
                let served = self.agents.get(identity, region, asked, deadline).await;
                match served {
                    Ok(served) => KnownAgents {
                        agents: Some(Arc::clone(&served.entry.value)),
                        error: served.error,
                    },
                    Err(error) => KnownAgents {
                        error: Some(error),
                        ..self.known_agents(identity, region)
                    },
                }
            }
        }
    }

    /// What is known now. What is missing or old is loaded by a worker, who also
    /// sees to it that agents which cannot be had are not asked for at every call.
    fn known_agents(&self, identity: &VerifiedIdentity, region: &str) -> KnownAgents {
        let key = self.agents.key(identity, region);
        let entry = self.agents.peek(&key);
        let now = self.shared.clock.now();
        let verdict = entry.as_ref().map(|entry| {
            let age = entry.age(now);
            self.shared.policy().judge(age, Freshness::Configured)
        });
        if !matches!(verdict, Some(Verdict::Serve { refresh: false, .. })) {
            self.shared.refresh(Kind::Agents, &key, identity);
        }
        KnownAgents {
            agents: entry.map(|entry| Arc::clone(&entry.value)),
            error: None,
        }
    }
}

/// What an answer says of the region its rows came from.
#[must_use]
pub fn summarize(region: &str, served: &Served<Instances>) -> RegionSummary {
    summary(region, served, served.entry.value.snapshot.cut)
}
