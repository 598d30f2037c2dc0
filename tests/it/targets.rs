//! What a TARGET may be, and what is said when it names none or several.

mod cut;
mod kinds;
mod told;

use std::net::IpAddr;

use aws_ssm_proto::domain::MatchedBy;
use aws_ssm_tests::sandbox::{InstanceSummary, Sandbox, State};

use crate::stage::REGION;

/// Targets of one instance, each with the way in which it is found.
type Table = Vec<(String, MatchedBy)>;

/// The first account's instances in a state.
fn those(sandbox: &Sandbox, wanted: State) -> Vec<InstanceSummary> {
    let fleet = sandbox.instances(&sandbox.account(0).id, REGION);
    let mut fleet = fleet.expect("a fleet");
    fleet.retain(|instance| instance.state == wanted);
    fleet
}

/// A running instance that is in no way like another: its name has capitals, and it has
/// a tag of its own.
fn special(sandbox: &Sandbox) -> InstanceSummary {
    let is_public = |ip: &IpAddr| matches!(ip, IpAddr::V4(four) if !four.is_private());
    let with_public = |one: &&InstanceSummary| {
        one.addresses.len() == 3
            && one.addresses.iter().any(is_public)
            && one.addresses.iter().any(IpAddr::is_ipv6)
    };
    // The last, so that it is not among the first of a region that is cut.
    let running = those(sandbox, State::Running);
    let special = running.iter().rfind(with_public).expect("one on the web");
    let account = &sandbox.account(0).id;
    for tag in [("Name", "Lonely-Node-7"), ("app:Serial", "a=b:c")] {
        let tag = (tag.0, Some(tag.1));
        let done = sandbox.retag(account, REGION, &special.id, tag);
        done.expect("an instance");
    }
    special.clone()
}

/// Everything that names it.
fn targets_of(special: &InstanceSummary) -> Table {
    let four: Vec<_> = special
        .addresses
        .iter()
        .filter(|ip| ip.is_ipv4())
        .map(ToString::to_string)
        .collect();
    let dashed = |ip: &String| ip.replace('.', "-");
    let [private, public] = four.as_slice() else {
        panic!("{four:?}");
    };
    let six = special.addresses.iter().find_map(|ip| match ip {
        IpAddr::V6(six) => Some(six),
        IpAddr::V4(_) => None,
    });
    let six = six.expect("it has one");
    let full: Vec<_> = six.segments().map(|part| format!("{part:04X}")).into();
    let typed = |by| move |text: String| (text, by);
    let mut table = vec![
        (special.id.clone(), MatchedBy::Id),
        (format!("  {}\t", special.id), MatchedBy::Id),
        (special.id[..12].to_owned(), MatchedBy::IdPrefix),
    ];
    let addresses = [
        private.clone(),
        public.clone(),
        six.to_string(),
        full.join(":"),
        format!("[{six}]"),
    ];
    table.extend(addresses.map(typed(MatchedBy::Address)));
    let tags = [
        "tag:app:Serial=a=b:c",
        "app:Serial=a=b:c",
        "tag:Name=Lonely-Node-7",
        "Name:Lonely-Node-7",
    ];
    table.extend(tags.map(str::to_owned).map(typed(MatchedBy::Tag)));
    let names = [
        format!("ip-{}", dashed(private)),
        format!("ip-{}.ec2.internal", dashed(private)),
        format!("IP-{}.{REGION}.compute.internal.", dashed(private)),
        format!("ec2-{}.{REGION}.compute.amazonaws.com", dashed(public)),
    ];
    table.extend(names.map(typed(MatchedBy::DnsName)));
    table.push(("Lonely-Node-7".into(), MatchedBy::Name));
    table.push(("lonely-node-7".into(), MatchedBy::NameIgnoringCase));
    table.push(("ONELY-no".into(), MatchedBy::PartOfName));
    table
}
