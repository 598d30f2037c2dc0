//! What a target was found to name, or may.

use crate::domain::{InstanceState, MatchedBy, PossibleNode};
use crate::wire;

impl From<MatchedBy> for wire::MatchedBy {
    fn from(by: MatchedBy) -> Self {
        match by {
            MatchedBy::Id => Self::Id,
            MatchedBy::IdPrefix => Self::IdPrefix,
            MatchedBy::Address => Self::Address,
            MatchedBy::Tag => Self::Tag,
            MatchedBy::DnsName => Self::DnsName,
            MatchedBy::Name => Self::Name,
            MatchedBy::NameIgnoringCase => Self::NameIgnoringCase,
            MatchedBy::PartOfName => Self::PartOfName,
        }
    }
}

impl From<&PossibleNode> for wire::PossibleNode {
    fn from(candidate: &PossibleNode) -> Self {
        Self {
            id: candidate.id.clone(),
            name: candidate.name.clone(),
            state: candidate.state.map(|state| state.as_str().to_owned()),
            r#type: candidate.instance_type.clone(),
            private_ip: candidate.private_ip.clone(),
            az: candidate.az.clone(),
            region: candidate.region.clone(),
        }
    }
}

impl From<wire::PossibleNode> for PossibleNode {
    fn from(candidate: wire::PossibleNode) -> Self {
        Self {
            state: candidate.state.as_deref().and_then(InstanceState::parse),
            id: candidate.id,
            name: candidate.name,
            instance_type: candidate.r#type,
            private_ip: candidate.private_ip,
            az: candidate.az,
            region: candidate.region,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_number_the_ways_alike() {
        for by in MatchedBy::ALL {
            assert_eq!(i32::from(wire::MatchedBy::from(by)), by as i32);
        }
    }
}
