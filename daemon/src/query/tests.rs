//! Random questions, answered as a list answers them and by an evaluator that is as
//! simple as can be.

use std::sync::Arc;

use aws_ssm_proto::domain::{AgentStatus, Column, InstanceState, ListQuery};
use aws_ssm_proto::wire::{Page, row};

use super::rows::Rows;
use super::{Conditions, list};
use crate::inventory::{Address, Agent, Agents, Builder, Facts, Fleet, Instances};
use aws_ssm_reference::{Asked, Machine, Random, World, listed};

/// 2026-11-24.
const NOW: i64 = 1_795_478_400;
const QUESTIONS: usize = 10_000;
const REGION: &str = "eu-west-1";

fn world() -> World {
    let days = [("2026-11-24", 0), ("2026-11-14", 10), ("2026-10-31", 24)];
    let day = |(typed, ago): (&str, i64)| (typed.to_owned(), NOW - ago * 86_400);
    World::new(REGION, NOW, days.map(day).into())
}

fn state(machine: &Machine) -> Option<InstanceState> {
    let mut states = InstanceState::ALL.into_iter();
    states.find(|state| state.as_str() == machine.state)
}

fn agent(machine: &Machine) -> AgentStatus {
    let mut statuses = AgentStatus::ALL.into_iter();
    let known = statuses.find(|status| status.as_str() == machine.agent);
    known.expect("a word of ours")
}

fn fleet(machines: &[Machine]) -> Fleet {
    let mut builder = Builder::with_capacity(machines.len());
    for machine in machines {
        builder.push(&Facts {
            id: &machine.id,
            private_ip: &machine.private_ip,
            public_ip: &machine.public_ip,
            private_dns: &machine.private_dns,
            public_dns: &machine.public_dns,
            state: state(machine),
            instance_type: &machine.kind,
            az: &machine.az,
            vpc: &machine.vpc,
            subnet: &machine.subnet,
            image: &machine.image,
            platform: &machine.platform,
            arch: &machine.arch,
            lifecycle: &machine.lifecycle,
            profile: &machine.profile,
            launched: machine.launched,
            tags: pairs(&machine.tags),
            security_groups: pairs(&machine.groups),
            more_addresses: machine
                .more
                .iter()
                .map(|(text, public)| Address::new(text.parse().expect("an address"), *public))
                .collect(),
            ..Facts::default()
        });
    }
    let known = machines.iter().filter(|machine| machine.agent != "none");
    Fleet {
        region: REGION.into(),
        instances: Arc::new(Instances::new(builder.finish(false))),
        agents: Some(Arc::new(Agents::new(known.map(|machine| Agent {
            id: &machine.id,
            status: agent(machine),
            last_ping: None,
            version: "3",
        })))),
        agents_error: None,
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(k, v)| (&**k, &**v)).collect()
}

fn pieces(rows: Rows) -> Vec<bytes::Bytes> {
    match rows {
        Rows::Encoded(pieces) => pieces,
        Rows::Chosen(rows) => rows.collect(),
    }
}

fn ids(rows: impl IntoIterator<Item = bytes::Bytes>) -> Vec<String> {
    let mut ids = Vec::new();
    for rows in rows {
        let page = Page {
            rows,
            ..Page::default()
        };
        let rows = page.encoded_rows().filter_map(row::read);
        ids.extend(rows.filter_map(|row| row.id.map(str::to_owned)));
    }
    ids.sort();
    ids
}

#[test]
fn random_questions_are_answered_as_by_the_plainest_evaluator() {
    let (mut random, world) = (Random(0x2026_1124), world());
    let machines: Vec<_> = (0..48)
        .map(|number| Machine::by_chance(&mut random, &world, number))
        .collect();
    let fleet = fleet(&machines);
    let (mut some, mut all) = (0, 0);
    for _ in 0..QUESTIONS {
        let asked: Vec<Asked> = (0..=random.below(3))
            .map(|_| Asked::by_chance(&mut random, &world, &machines))
            .collect();
        let query = ListQuery {
            terms: asked.iter().map(|asked| asked.typed.clone()).collect(),
            all_states: random.chance(50),
            columns: vec![Column::Id],
            ..ListQuery::default()
        };
        let conditions = Conditions::new(&query, NOW)
            .unwrap_or_else(|error| panic!("{:?}: {error:?}", query.terms));
        let expected = listed(&world, &machines, &asked, query.all_states);
        let fleets = std::slice::from_ref(&fleet);
        let chosen = list::list(fleets, &query, &conditions);
        assert_eq!(chosen.matched as usize, expected.len());
        assert_eq!(ids(pieces(chosen.rows)), expected, "{:?}", query.terms);
        let unsorted = list::unsorted(&fleet, &query, &conditions, usize::MAX);
        assert_eq!(
            ids(unsorted.pages(usize::MAX)),
            expected,
            "{:?}",
            query.terms
        );
        some += usize::from(!expected.is_empty());
        all += usize::from(expected.len() == machines.len());
    }
    // Questions that all or no instances answer would agree with anything.
    assert!(some > QUESTIONS / 3, "only {some} questions found any");
    assert!(all < QUESTIONS / 10, "{all} questions found all");
}

#[test]
fn too_many_values_are_refused() {
    let query = ListQuery {
        terms: vec!["a,".repeat(999) + "a", "b".to_owned()],
        ..ListQuery::default()
    };
    let error = Conditions::new(&query, NOW).expect_err("too many");
    assert_eq!(error.kind, aws_ssm_proto::domain::ErrorKind::Usage);
}

#[test]
fn what_an_instance_does_not_have_is_matched_by_nothing() {
    let mut random = Random(7);
    let bare = Machine {
        vpc: String::new(),
        public_ip: String::new(),
        more: Vec::new(),
        launched: None,
        tags: vec![("Empty".into(), String::new())],
        ..Machine::by_chance(&mut random, &world(), 1)
    };
    let fleets = [fleet(&[bare])];
    let matched = |term: &str| {
        let query = ListQuery {
            terms: vec![term.to_owned()],
            all_states: true,
            ..ListQuery::default()
        };
        let conditions = Conditions::new(&query, NOW).expect("a term");
        list::list(&fleets, &query, &conditions).matched
    };
    for term in [
        "vpc:*",
        "public-ip:*",
        "public-ip:0.0.0.0/0",
        "launched:>0s",
        "tag:Other=*",
    ] {
        assert_eq!(
            (matched(term), matched(&format!("!{term}"))),
            (0, 1),
            "{term}"
        );
    }
    // A value that is there and empty is a value.
    assert_eq!((matched("tag:empty=*"), matched("has:empty")), (1, 1));
}
