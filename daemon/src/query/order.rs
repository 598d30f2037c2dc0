//! The order of rows.

use std::cmp::Ordering;
use std::net::IpAddr;

use aws_ssm_proto::domain::{AgentStatus, Column, Sort, SortKey};

use super::list::Place;

/// Sorts rows that may come from several fleets.
pub(super) fn sort(rows: &mut [Place<'_>], sort: &Sort) {
    match sort {
        Sort::Unsorted => {}
        Sort::Standard => rows.sort_by(standard),
        Sort::By(keys) => rows.sort_by(|a, b| by(keys, a, b).then_with(|| standard(a, b))),
    }
}

fn standard(a: &Place<'_>, b: &Place<'_>) -> Ordering {
    let names = a.row.name().cmp(&b.row.name());
    names.then_with(|| a.row.id().cmp(b.row.id()))
}

fn by(keys: &[SortKey], a: &Place<'_>, b: &Place<'_>) -> Ordering {
    keys.iter()
        .map(|key| {
            let order = compare(&key.column, a, b);
            if key.descending {
                order.reverse()
            } else {
                order
            }
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Absent values come first.
fn compare(column: &Column, a: &Place<'_>, b: &Place<'_>) -> Ordering {
    let number = |of: fn(&Place<'_>) -> Option<i64>| of(a).cmp(&of(b));
    match column {
        Column::PrivateIp => address(a.row.private_ip()).cmp(&address(b.row.private_ip())),
        Column::PublicIp => address(a.row.public_ip()).cmp(&address(b.row.public_ip())),
        Column::State => a.row.state().cmp(&b.row.state()),
        Column::Launched => number(|place| place.row.launched()),
        // The older one was launched earlier.
        Column::Age => number(|place| place.row.launched()).reverse(),
        Column::Ssm => status(a).cmp(&status(b)),
        Column::Agent => number(|place| place.fleet.agent(place.row.id())?.last_ping),
        Column::SecurityGroups => a.row.security_groups().cmp(b.row.security_groups()),
        Column::Tags => a.row.tags().cmp(b.row.tags()),
        _ => text(column, a).cmp(&text(column, b)),
    }
}

/// Addresses sort as numbers: 10.0.0.9 before 10.0.0.10.
fn address(text: Option<&str>) -> Option<IpAddr> {
    text?.parse().ok()
}

fn status(place: &Place<'_>) -> Option<AgentStatus> {
    let agents = place.fleet.agents.as_ref()?;
    Some(agents.status(place.row.id()))
}

fn text<'a>(column: &Column, place: &Place<'a>) -> Option<&'a str> {
    let row = place.row;
    match column {
        Column::Name => row.name(),
        Column::Id => Some(row.id()),
        Column::Type => row.instance_type(),
        Column::Az => row.az(),
        Column::PrivateDns => row.private_dns(),
        Column::PublicDns => row.public_dns(),
        Column::Vpc => row.vpc(),
        Column::Subnet => row.subnet(),
        Column::Image => row.image(),
        Column::Platform => row.platform(),
        Column::Arch => row.arch(),
        Column::Lifecycle => row.lifecycle(),
        Column::Key => row.key(),
        Column::Profile => row.profile(),
        Column::Account => row.account(),
        Column::Region => Some(&place.fleet.region),
        Column::AgentVersion => place.fleet.agent(row.id()).map(|agent| agent.version),
        Column::Tag(key) => row.tag(key),
        Column::PrivateIp
        | Column::PublicIp
        | Column::State
        | Column::Launched
        | Column::Age
        | Column::Ssm
        | Column::Agent
        | Column::SecurityGroups
        | Column::Tags => None,
    }
}
