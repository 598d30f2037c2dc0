//! Random questions, answered as a list answers them and by an evaluator that is as
//! simple as can be.

mod reference;

use std::sync::Arc;

use aws_ssm_proto::domain::{AgentStatus, Column, InstanceState, ListQuery};
use aws_ssm_proto::wire::{Page, row};

use super::rows::Rows;
use super::{Conditions, list};
use crate::inventory::{Address, Agent, Agents, Builder, Facts, Fleet, Instances};
use reference::{Asked, Machine};

/// 2026-11-24.
const NOW: i64 = 1_795_478_400;
const QUESTIONS: usize = 10_000;
const REGION: &str = "eu-west-1";

/// The same numbers in every run.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("64 bits") % bound
    }

    pub(super) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn machine(random: &mut Random, number: usize) -> Machine {
    let states = InstanceState::ALL;
    let address = |random: &mut Random| {
        format!(
            "10.{}.{}.{}",
            random.below(3),
            random.below(4),
            random.below(256)
        )
    };
    let private_ip = if random.chance(90) {
        address(random)
    } else {
        String::new()
    };
    let public_ip = match random.below(4) {
        0 => format!("54.1.{}.{}", random.below(4), random.below(256)),
        1 => format!("2600:1f{:02x}::{:x}", random.below(2), number),
        _ => String::new(),
    };
    let more = [
        (
            format!("10.9.{}.{}", random.below(4), random.below(256)),
            false,
        ),
        (
            format!("54.9.{}.{}", random.below(4), random.below(256)),
            true,
        ),
        (
            format!("2600:1f{:02x}::9:{number:x}", random.below(2)),
            true,
        ),
        (format!("fd00::{number:x}"), false),
    ];
    let more = more.into_iter().filter(|_| random.chance(25)).collect();
    let mut tags = Vec::new();
    for (key, values) in [
        (
            "Name",
            &[
                "web-1",
                "WEB-2",
                "db,1",
                "größe",
                "Straße 東京",
                "",
                "api:v2",
                "web-10",
            ][..],
        ),
        ("Team", &["core", "Core", "web", "a=b", ""]),
        ("team", &["shadow", "WEB"]),
        ("aws:autoscaling:groupName", &["web-asg", "db-asg"]),
    ] {
        if random.chance(60) {
            tags.push((key.to_owned(), random.one(values).to_owned()));
        }
    }
    let one = |random: &mut Random, of: &[&str]| random.one(of).to_owned();
    Machine {
        id: format!("i-0{number:03x}{:04x}", random.below(65_536)),
        private_dns: match private_ip.as_str() {
            "" => String::new(),
            ip => format!("ip-{}.{REGION}.compute.internal", ip.replace('.', "-")),
        },
        private_ip,
        public_dns: one(random, &["", "ec2-54-1-0-1.compute.amazonaws.com"]),
        public_ip,
        more,
        state: random
            .chance(97)
            .then(|| states[random.below(states.len())]),
        kind: one(
            random,
            &["t3.micro", "t3.large", "m5.large", "m6g.metal-24xl"],
        ),
        az: one(random, &["eu-west-1a", "eu-west-1b"]),
        vpc: one(random, &["vpc-0a", "vpc-0b", ""]),
        subnet: one(random, &["subnet-1", "subnet-2", ""]),
        image: one(random, &["ami-0123", "ami-4567"]),
        platform: one(random, &["Linux/UNIX", "Windows"]),
        arch: one(random, &["x86_64", "arm64"]),
        lifecycle: one(random, &["on-demand", "spot"]),
        profile: one(random, &["web-role", "Admin", ""]),
        launched: random.chance(95).then(|| {
            let day = 86_400 * random.below(40) as i64;
            NOW - day - [0, 1, 43_200][random.below(3)]
        }),
        groups: [("sg-1", "default"), ("sg-2", "Web"), ("sg-3", "db")]
            .into_iter()
            .filter(|_| random.chance(40))
            .collect(),
        agent: [
            AgentStatus::None,
            AgentStatus::Online,
            AgentStatus::ConnectionLost,
            AgentStatus::Inactive,
        ][random.below(4)],
        tags,
    }
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
            state: machine.state,
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
            tags: machine.tags.iter().map(|(k, v)| (&**k, &**v)).collect(),
            security_groups: machine.groups.clone(),
            more_addresses: machine
                .more
                .iter()
                .map(|(text, public)| Address::new(text.parse().expect("an address"), *public))
                .collect(),
            ..Facts::default()
        });
    }
    let known = machines.iter().filter(|m| m.agent != AgentStatus::None);
    Fleet {
        region: REGION.into(),
        instances: Arc::new(Instances::new(builder.finish(false))),
        agents: Some(Arc::new(Agents::new(known.map(|machine| Agent {
            id: &machine.id,
            status: machine.agent,
            last_ping: None,
            version: "3",
        })))),
        agents_error: None,
    }
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
            summary: None,
        };
        let rows = page.encoded_rows().filter_map(row::read);
        ids.extend(rows.filter_map(|row| row.id.map(str::to_owned)));
    }
    ids.sort();
    ids
}

#[test]
fn random_questions_are_answered_as_by_the_plainest_evaluator() {
    let mut random = Random(0x2026_1124);
    let machines: Vec<_> = (0..48).map(|number| machine(&mut random, number)).collect();
    let fleet = fleet(&machines);
    let (mut some, mut all) = (0, 0);
    for _ in 0..QUESTIONS {
        let asked: Vec<Asked> = (0..=random.below(3))
            .map(|_| Asked::by_chance(&mut random, &machines))
            .collect();
        let query = ListQuery {
            terms: asked.iter().map(|asked| asked.typed.clone()).collect(),
            all_states: random.chance(50),
            columns: vec![Column::Id],
            ..ListQuery::default()
        };
        let conditions = Conditions::new(&query, NOW)
            .unwrap_or_else(|error| panic!("{:?}: {error:?}", query.terms));
        let lifted = query.all_states || asked.iter().any(|asked| asked.is_of("state"));
        let expected = machines.iter().filter(|machine| {
            (lifted || machine.is_up()) && asked.iter().all(|asked| asked.takes(machine))
        });
        let mut expected: Vec<_> = expected.map(|machine| machine.id.clone()).collect();
        expected.sort();
        let fleets = std::slice::from_ref(&fleet);
        let listed = list::list(fleets, &query, &conditions);
        assert_eq!(listed.matched as usize, expected.len());
        assert_eq!(ids(pieces(listed.rows)), expected, "{:?}", query.terms);
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
        ..machine(&mut random, 1)
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
