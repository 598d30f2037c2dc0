//! What comes back beside the rows.

use prost::Message;

use super::time::{from_ms, span_ms, to_ms};
use crate::domain::{
    DataState, Identity, ListSummary, MatchedBy, Region, RegionSummary, ResolvedTargets,
};
use crate::wire;

impl From<DataState> for wire::DataState {
    fn from(state: DataState) -> Self {
        match state {
            DataState::Fresh => Self::Fresh,
            DataState::Stale => Self::Stale,
            DataState::LastKnown => Self::LastKnown,
        }
    }
}

impl From<wire::DataState> for DataState {
    fn from(state: wire::DataState) -> Self {
        match state {
            wire::DataState::Fresh | wire::DataState::Unspecified => Self::Fresh,
            wire::DataState::Stale => Self::Stale,
            wire::DataState::LastKnown => Self::LastKnown,
        }
    }
}

impl From<&RegionSummary> for wire::RegionSummary {
    fn from(summary: &RegionSummary) -> Self {
        Self {
            region: summary.region.clone(),
            fetched_at_ms: to_ms(summary.fetched_at),
            age_ms: span_ms(summary.age),
            state: wire::DataState::from(summary.state).into(),
            refreshing: summary.refreshing,
            cut: summary.cut,
            error: summary.error.as_ref().map(Into::into),
        }
    }
}

impl From<wire::RegionSummary> for RegionSummary {
    fn from(summary: wire::RegionSummary) -> Self {
        Self {
            state: summary.state().into(),
            fetched_at: from_ms(summary.fetched_at_ms),
            age: std::time::Duration::from_millis(summary.age_ms),
            refreshing: summary.refreshing,
            cut: summary.cut,
            error: summary.error.map(Into::into),
            region: summary.region,
        }
    }
}

impl From<&ListSummary> for wire::ListSummary {
    fn from(summary: &ListSummary) -> Self {
        Self {
            matched: summary.matched,
            regions: summary.regions.iter().map(Into::into).collect(),
        }
    }
}

impl From<wire::ListSummary> for ListSummary {
    fn from(summary: wire::ListSummary) -> Self {
        Self {
            matched: summary.matched,
            regions: summary.regions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Region> for wire::Region {
    fn from(region: Region) -> Self {
        Self {
            name: region.name,
            endpoint: region.endpoint,
            opt_in_status: region.opt_in_status,
        }
    }
}

impl From<wire::Region> for Region {
    fn from(region: wire::Region) -> Self {
        Self {
            name: region.name,
            endpoint: region.endpoint,
            opt_in_status: region.opt_in_status,
        }
    }
}

impl From<Identity> for wire::WhoAmIResponse {
    fn from(identity: Identity) -> Self {
        Self {
            account: identity.account,
            arn: identity.arn,
            user_id: identity.user_id,
            source: identity.source,
            expires_at_ms: identity.expires_at.map(to_ms),
            regions: identity.regions,
        }
    }
}

impl From<wire::WhoAmIResponse> for Identity {
    fn from(answer: wire::WhoAmIResponse) -> Self {
        Self {
            account: answer.account,
            arn: answer.arn,
            user_id: answer.user_id,
            source: answer.source,
            expires_at: answer.expires_at_ms.map(from_ms),
            regions: answer.regions,
        }
    }
}

impl From<wire::ResolveTargetsResponse> for ResolvedTargets {
    fn from(answer: wire::ResolveTargetsResponse) -> Self {
        let by = answer.matched_by.into_iter();
        Self {
            matched_by: by
                .map(|by| MatchedBy::from_number(u64::try_from(by).ok()?))
                .collect(),
            rows: answer
                .instances
                .iter()
                .map(|instance| instance.encode_to_vec().into())
                .collect(),
            sources: answer.sources.into_iter().map(Into::into).collect(),
            refused: answer.refused.into_iter().map(Into::into).collect(),
            agent_error: answer.agent_error.map(Into::into),
            interfaces: answer.interfaces.into_iter().map(Into::into).collect(),
            interfaces_summary: answer.interfaces_summary.unwrap_or_default().into(),
        }
    }
}
