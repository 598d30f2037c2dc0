//! What is said when a target names no node, or several.

use aws_ssm_proto::domain::{
    Error, ErrorKind, InstanceState, PossibleNode, RegionSummary, failures, nearest_few,
};

use super::target::{Target, Way};
use crate::inventory::{Fleet, Row};

/// Nodes that are told, of all that a target may mean.
const TOLD: usize = 50;

/// Near names that are told.
const NEAR: usize = 5;

/// Nothing is named so in the regions that were not `refused`.
#[must_use]
pub fn not_found(fleets: &[Fleet], refused: &[RegionSummary], target: &Target<'_>) -> Error {
    let regions: Vec<_> = fleets.iter().map(|fleet| &*fleet.region).collect();
    let (text, regions) = (target.text(), regions.join(", "));
    let mut why = format!("in {regions} it is no id, address, tag, DNS name or part of a name");
    for refused in failures(refused) {
        why.push_str(&format!("; {}: {}", refused.names(), refused.error.what));
    }
    let error = Error::new(
        ErrorKind::NotFound,
        format!("no instance is called {text:?}"),
    )
    .why(why);
    match nearest_few(text, names(fleets), NEAR).as_slice() {
        [] => error.hint("`aws-ssm list --all` shows every instance; --region asks elsewhere"),
        [one] => error
            .hint(format!("did you mean {one}?"))
            .candidates(vec![(*one).to_owned()]),
        several => error
            .hint("did you mean one of these?")
            .candidates(several.iter().copied().map(str::to_owned).collect()),
    }
}

/// Each name of a fleet once: equal names stand together.
fn names(fleets: &[Fleet]) -> impl Iterator<Item = &str> {
    fleets.iter().flat_map(|fleet| {
        let snapshot = &fleet.instances.snapshot;
        let rows = snapshot.by_name().iter().map(|place| snapshot.row(*place));
        let alive = rows.filter(|row| row.state() != Some(InstanceState::Terminated));
        let mut before = None;
        alive.filter_map(|row| row.name()).filter(move |name| {
            let is_new = before != Some(*name);
            before = Some(*name);
            is_new
        })
    })
}

/// Several are named so.
#[must_use]
pub fn ambiguous(target: &Target<'_>, way: Way, nodes: &[PossibleNode]) -> Error {
    let (count, text) = (nodes.len(), target.text());
    let what = match way {
        Way::Id => format!("{count} ids begin with {text:?}"),
        Way::Address => format!("{count} instances have the address {text}"),
        Way::Tag => format!("{count} instances have the tag {text:?}"),
        Way::DnsName => format!("{count} instances have the DNS name {text}"),
        Way::Name => format!("{count} instances are called {text:?}"),
        Way::NameIgnoringCase => format!("{count} instances are called {text:?} in some case"),
        Way::PartOfName => format!("{count} instances have {text:?} in their names"),
    };
    let up = |node: &PossibleNode| node.state.is_some_and(InstanceState::is_listed_by_default);
    let why = match nodes.iter().all(up) {
        true => "all of them run",
        false => "none of them runs",
    };
    let ids = nodes.iter().map(|node| node.id.clone()).collect();
    let error = Error::new(ErrorKind::Ambiguous, what).candidates(ids);
    let error = match count > TOLD {
        true => error
            .why(format!("{why}; these are the first {TOLD}"))
            .hint("name one of them by its id, or be more exact"),
        false => error.why(why).hint("name one of them by its id"),
    };
    error.may_mean(nodes[..count.min(TOLD)].to_vec())
}

/// What is told of an instance that may be meant.
#[must_use]
pub fn candidate(fleet: &Fleet, row: Row<'_>) -> PossibleNode {
    let own = |text: Option<&str>| text.map(str::to_owned);
    PossibleNode {
        id: row.id().to_owned(),
        name: own(row.name()),
        state: row.state(),
        instance_type: own(row.instance_type()),
        private_ip: own(row.private_ip()),
        az: own(row.az()),
        region: fleet.region.to_string(),
    }
}
