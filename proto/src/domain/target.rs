//! What a target was found to name.

use super::{DataState, InstanceState, RegionSummary, ResolvedTargets};

/// What of a node a target names, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchedBy {
    /// Its whole id.
    Id = 1,
    /// The beginning of its id.
    IdPrefix = 2,
    /// One of its addresses.
    Address = 3,
    /// A tag, key and value.
    Tag = 4,
    /// One of its DNS names.
    DnsName = 5,
    /// Its name.
    Name = 6,
    /// Its name in another case.
    NameIgnoringCase = 7,
    /// A part of its name, which no other has.
    PartOfName = 8,
}

impl MatchedBy {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Id,
        Self::IdPrefix,
        Self::Address,
        Self::Tag,
        Self::DnsName,
        Self::Name,
        Self::NameIgnoringCase,
        Self::PartOfName,
    ];

    /// For people, as in `it is the name of i-0abc`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "the id",
            Self::IdPrefix => "the beginning of the id",
            Self::Address => "an address",
            Self::Tag => "a tag",
            Self::DnsName => "a DNS name",
            Self::Name => "the name",
            Self::NameIgnoringCase => "the name in another case",
            Self::PartOfName => "a part of the name",
        }
    }

    /// The one of this number; numbers never change their meaning.
    #[must_use]
    pub fn from_number(value: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|by| *by as u64 == value)
    }
}

/// Why nobody should act on a node who has not seen that it is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The target is only a part of its name: what it means changes with the names of
    /// others.
    PartOfName,
    /// AWS could not be asked whether it is still there.
    LastKnown,
}

impl ResolvedTargets {
    /// Each region once: first where the nodes are, then those that refused.
    #[must_use]
    pub fn regions(&self) -> Vec<RegionSummary> {
        let mut regions: Vec<RegionSummary> = Vec::new();
        for source in self.sources.iter().chain(&self.refused) {
            if !regions.iter().any(|known| known.region == source.region) {
                regions.push(source.clone());
            }
        }
        regions
    }

    /// How the target at this place was found; `None` from a daemon that does not say.
    #[must_use]
    pub fn matched_by(&self, place: usize) -> Option<MatchedBy> {
        self.matched_by.get(place).copied().flatten()
    }

    /// Why the node of the target at this place should not be acted upon unseen, if
    /// there is a reason.
    #[must_use]
    pub fn doubt(&self, place: usize) -> Option<Doubt> {
        if self.matched_by(place) == Some(MatchedBy::PartOfName) {
            return Some(Doubt::PartOfName);
        }
        let source = self.sources.get(place)?;
        (source.state == DataState::LastKnown).then_some(Doubt::LastKnown)
    }
}

/// One of several nodes that a target may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleNode {
    /// `i-…` or `mi-…`.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// Of an instance.
    pub state: Option<InstanceState>,
    /// Of an instance.
    pub instance_type: Option<String>,
    /// The main one.
    pub private_ip: Option<String>,
    /// Availability zone of an instance.
    pub az: Option<String>,
    /// Where it is.
    pub region: String,
}

/// Nodes that a target may mean. They are behind a pointer in an error, which is
/// returned by value everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleNodes(pub Vec<PossibleNode>);

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn resolved(by: Option<MatchedBy>, state: DataState) -> ResolvedTargets {
        ResolvedTargets {
            matched_by: vec![by],
            sources: vec![RegionSummary {
                region: "eu-west-1".into(),
                fetched_at: SystemTime::UNIX_EPOCH,
                age: Duration::ZERO,
                state,
                refreshing: false,
                cut: false,
                error: None,
            }],
            ..ResolvedTargets::default()
        }
    }

    #[test]
    fn a_part_of_a_name_and_last_known_data_are_doubtful() {
        for by in MatchedBy::ALL {
            assert_eq!(MatchedBy::from_number(by as u64), Some(by));
            let fresh = resolved(Some(by), DataState::Fresh).doubt(0);
            let last_known = resolved(Some(by), DataState::LastKnown).doubt(0);
            match by {
                MatchedBy::PartOfName => assert_eq!(fresh, Some(Doubt::PartOfName)),
                _ => assert_eq!((fresh, last_known), (None, Some(Doubt::LastKnown))),
            }
            assert!(last_known.is_some());
        }
        assert_eq!(resolved(None, DataState::Stale).doubt(0), None);
    }
}
