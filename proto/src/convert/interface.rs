//! Network interfaces.

use super::bounds;
use crate::convert::check_targets;
use crate::domain::{
    Caller, Error, InstanceInterfaces, InstanceState, InterfacesQuery, InterfacesSummary,
    ListQuery, NetworkInterface, PrivateAddress, RegionFailure,
};
use crate::wire;

impl wire::ListInterfacesRequest {
    /// Puts a question into a message.
    #[must_use]
    pub fn new(caller: &Caller, query: &InterfacesQuery) -> Self {
        Self {
            caller: Some(caller.into()),
            targets: query.targets.clone(),
            query: Some(wire::Query {
                tags: query.tags.iter().map(Into::into).collect(),
                all_states: query.all_states,
                terms: Vec::new(),
            }),
            node_names: query.node_names.clone(),
            freshness: Some(query.freshness.into()),
        }
    }
}

impl TryFrom<wire::ListInterfacesRequest> for (Caller, InterfacesQuery) {
    type Error = Error;

    fn try_from(request: wire::ListInterfacesRequest) -> Result<Self, Error> {
        let query = request.query.unwrap_or_default();
        bounds::at_most(bounds::TAGS, query.tags.len(), "tags")?;
        check_targets(&request.targets)?;
        check_targets(&request.node_names)?;
        let query = InterfacesQuery {
            targets: request.targets,
            tags: query.tags.into_iter().map(Into::into).collect(),
            node_names: request.node_names,
            all_states: query.all_states,
            freshness: request.freshness.unwrap_or_default().into(),
        };
        Ok((request.caller.unwrap_or_default().into(), query))
    }
}

impl From<&InterfacesQuery> for ListQuery {
    /// The question for the instances whose interfaces are wanted.
    fn from(query: &InterfacesQuery) -> Self {
        Self {
            tags: query.tags.clone(),
            all_states: query.all_states,
            freshness: query.freshness,
            ..Self::default()
        }
    }
}

impl From<wire::InstanceInterfaces> for InstanceInterfaces {
    fn from(instance: wire::InstanceInterfaces) -> Self {
        Self {
            state: u64::try_from(instance.state)
                .ok()
                .and_then(InstanceState::from_number),
            id: instance.id,
            name: instance.name,
            account: instance.account,
            region: instance.region,
            interfaces: instance.interfaces.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<wire::NetworkInterface> for NetworkInterface {
    fn from(interface: wire::NetworkInterface) -> Self {
        let groups = interface.security_groups.into_iter();
        let addresses = interface.private_addresses.into_iter();
        Self {
            id: interface.id,
            network_card: interface.network_card,
            device: interface.device,
            subnet: interface.subnet,
            cidr: interface.cidr,
            ipv6_cidrs: interface.ipv6_cidrs,
            vpc: interface.vpc,
            az: interface.az,
            security_groups: groups.map(|group| (group.id, group.name)).collect(),
            private_addresses: addresses
                .map(|address| PrivateAddress {
                    address: address.address,
                    public: address.public_address,
                })
                .collect(),
            ipv6_addresses: interface.ipv6_addresses,
            prefixes: interface.prefixes,
            mac: interface.mac,
            status: interface.status,
            kind: interface.r#type,
            attachment: interface.attachment,
            description: interface.description,
            attached_at: interface.attached_at,
            delete_on_termination: interface.delete_on_termination,
            source_dest_check: interface.source_dest_check,
        }
    }
}

impl From<wire::InterfacesSummary> for InterfacesSummary {
    fn from(summary: wire::InterfacesSummary) -> Self {
        Self {
            regions: summary.regions.into_iter().map(Into::into).collect(),
            missing: summary.missing.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&InterfacesSummary> for wire::InterfacesSummary {
    fn from(summary: &InterfacesSummary) -> Self {
        Self {
            regions: summary.regions.iter().map(Into::into).collect(),
            missing: summary.missing.iter().map(Into::into).collect(),
        }
    }
}

impl From<&RegionFailure> for wire::RegionFailure {
    fn from(failure: &RegionFailure) -> Self {
        Self {
            region: failure.region.clone(),
            error: Some((&failure.error).into()),
        }
    }
}

impl From<wire::RegionFailure> for RegionFailure {
    fn from(failure: wire::RegionFailure) -> Self {
        Self {
            region: failure.region,
            error: failure.error.unwrap_or_default().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{ErrorKind, Freshness, TagFilter};

    fn travel(query: &InterfacesQuery) -> Result<InterfacesQuery, Error> {
        let request = wire::ListInterfacesRequest::new(&Caller::default(), query);
        <(Caller, InterfacesQuery)>::try_from(request).map(|(_, query)| query)
    }

    #[test]
    fn a_question_survives_the_wire() {
        let query = InterfacesQuery {
            targets: vec!["web-1".into()],
            tags: vec![TagFilter {
                key: "Team".into(),
                value: "core".into(),
            }],
            node_names: vec!["ip-10-0-0-1".into()],
            all_states: true,
            freshness: Freshness::MaxAge(Duration::from_secs(30)),
        };
        assert_eq!(travel(&query), Ok(query));
    }

    #[test]
    fn a_question_that_names_more_than_anybody_reads_is_refused() {
        let many = vec!["web".to_owned(); 2000];
        for query in [
            InterfacesQuery {
                targets: many.clone(),
                ..InterfacesQuery::default()
            },
            InterfacesQuery {
                node_names: many,
                ..InterfacesQuery::default()
            },
        ] {
            let error = travel(&query).expect_err("too much");
            assert_eq!(error.kind, ErrorKind::Usage);
        }
    }
}
