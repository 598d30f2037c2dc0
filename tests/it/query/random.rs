//! Questions by chance to a fleet that is as odd as can be, answered three times: from
//! memory, by AWS for this question alone, and by the plainest evaluator.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Column, InstanceRef, ListQuery, Sort, TagFilter};
use aws_ssm_reference::{Asked, Machine, Random, World, listed};
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use aws_ssm_tests::sandbox::{InstanceSummary, Sandbox, SandboxConfig};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::stage::{REGION, first_caller, small};

const QUESTIONS: usize = 10_000;
/// Every cold answer reads most of them anew.
const INSTANCES: usize = 40;
/// Connections to each daemon.
const CONNECTIONS: usize = 4;

const UNLIMITED: &str = "resilience:\n  requests_per_second: 10000\n  burst: 10000\n";
const UNKEPT: &str = "cache:\n  enabled: false\n";

/// Seconds of a day of UTC.
const DAY: i64 = 86_400;

/// Launched within so many seconds of a length, an instance may pass it while the
/// questions are asked.
const MARGIN: i64 = 3600;

struct Question {
    query: ListQuery,
    expected: Vec<String>,
}

/// A fleet whose tags are hard to type and to tell apart.
async fn odd_fleet(random: &mut Random) -> Sandbox {
    let config = SandboxConfig {
        instances: INSTANCES,
        ..small()
    };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    for instance in summaries(&sandbox) {
        for (key, value) in Machine::odd_tags(random) {
            let account = &sandbox.account(0).id;
            let tag = (key.as_str(), Some(value.as_str()));
            let tagged = sandbox.retag(account, REGION, &instance.id, tag);
            tagged.expect("an instance");
        }
    }
    sandbox
}

fn summaries(sandbox: &Sandbox) -> Vec<InstanceSummary> {
    let fleet = sandbox.instances(&sandbox.account(0).id, REGION);
    fleet.expect("a fleet")
}

/// The whole fleet in plain values: what the local AWS has of it, and for the rest what
/// a list of everything shows.
async fn machines(sandbox: &Sandbox, client: &Client, caller: &Caller) -> Vec<Machine> {
    let known = summaries(sandbox).into_iter();
    let mut known: BTreeMap<_, _> = known.map(|one| (one.id.clone(), one)).collect();
    let everything = ListQuery {
        all_states: true,
        wait_for_agents: true,
        columns: Column::all().collect(),
        ..ListQuery::default()
    };
    let mut pages = client
        .list_instances(caller, &everything)
        .await
        .expect("a list");
    let mut machines = Vec::new();
    while let Some(page) = pages.next().await.expect("a page") {
        for row in page.rows() {
            let id = row.id.expect("every instance has one");
            machines.push(machine(&row, &known.remove(id).expect("an instance of it")));
        }
    }
    assert!(known.is_empty(), "{known:?}");
    machines
}

fn machine(row: &InstanceRef<'_>, known: &InstanceSummary) -> Machine {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let shown = [row.private_ip, row.public_ip];
    let further = known.addresses.iter();
    let further = further.map(|address| (address.to_string(), is_public(*address)));
    Machine {
        id: known.id.clone(),
        private_ip: text(row.private_ip),
        public_ip: text(row.public_ip),
        more: further
            .filter(|(address, _)| !shown.contains(&Some(address)))
            .collect(),
        private_dns: text(row.private_dns),
        public_dns: text(row.public_dns),
        state: known.state.name().to_owned(),
        kind: text(row.instance_type),
        az: text(row.az),
        vpc: text(row.vpc),
        subnet: text(row.subnet),
        image: text(row.image),
        platform: text(row.platform),
        arch: text(row.arch),
        lifecycle: text(row.lifecycle),
        profile: text(row.profile),
        launched: row.launched,
        tags: known.tags.clone().into_iter().collect(),
        groups: (row.security_groups())
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .collect(),
        agent: row
            .ssm
            .expect("the agents were waited for")
            .as_str()
            .to_owned(),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => !four.is_private(),
        IpAddr::V6(six) => !six.is_unique_local(),
    }
}

/// Here and now, with lengths of time that no instance reaches meanwhile.
fn world(machines: &[Machine]) -> World {
    let now = Timestamp::try_from(SystemTime::now()).expect("a time of ours");
    let day = |ago: i64| {
        let then = now.as_second() - ago * DAY;
        let midnight = then - then.rem_euclid(DAY);
        let typed = Timestamp::from_second(midnight).expect("a time of ours");
        (typed.to_string()[..10].to_owned(), midnight)
    };
    let days = [0, 1, 10, 24, 100, 400].map(day);
    let mut world = World::new(REGION, now.as_second(), days.into());
    world.lengths.push(("36h".to_owned(), 36 * 3600));
    world.lengths.push(("2w3d".to_owned(), 17 * DAY));
    world.lengths.retain(|(_, length)| {
        let ages = machines.iter().filter_map(|machine| machine.launched);
        let mut ages = ages.map(|launched| now.as_second() - launched);
        ages.all(|age| (age - length).abs() > MARGIN)
    });
    assert!(world.lengths.len() > 10, "{:?}", world.lengths);
    world
}

fn question(random: &mut Random, world: &World, machines: &[Machine]) -> Question {
    let asked: Vec<Asked> = (0..=random.below(3))
        .map(|_| Asked::by_chance(random, world, machines))
        .collect();
    let of = &machines[random.below(machines.len())].tags;
    let tag = match random.below(4) {
        0 if !of.is_empty() => Some(of[random.below(of.len())].clone()),
        _ => None,
    };
    let all_states = random.chance(50);
    let tagged = |machine: &&Machine| tag.iter().all(|tag| machine.tags.contains(tag));
    let candidates: Vec<_> = machines.iter().filter(tagged).cloned().collect();
    Question {
        expected: listed(world, &candidates, &asked, all_states),
        query: ListQuery {
            terms: asked.into_iter().map(|asked| asked.typed).collect(),
            tags: (tag.into_iter())
                .map(|(key, value)| TagFilter { key, value })
                .collect(),
            all_states,
            ..ListQuery::default()
        },
    }
}

/// Asks both daemons, and each in AWS's order, too, now and then.
async fn judge(question: &Question, warm: &Client, cold: &Client, caller: &Caller, number: usize) {
    let Question { query, expected } = question;
    let ask = async |client: &Client, query: ListQuery| {
        let answer = list_ids(client, caller, query).await;
        let (ids, summary) = answer.unwrap_or_else(|error| panic!("{question:?}: {error:?}"));
        assert_eq!(summary.matched as usize, ids.len(), "{question:?}");
        ids
    };
    let from_memory = ask(warm, query.clone()).await;
    let from_aws = ask(cold, query.clone()).await;
    assert_eq!(from_memory, from_aws, "warm, cold: {question:?}");
    let in_order = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(&in_order(from_memory), expected, "{question:?}");
    if number.is_multiple_of(20) {
        let unsorted = ListQuery {
            sort: Sort::Unsorted,
            ..query.clone()
        };
        for client in [warm, cold] {
            let ids = ask(client, unsorted.clone()).await;
            assert_eq!(&in_order(ids), expected, "unsorted: {question:?}");
        }
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ListQuery {
            terms,
            tags,
            all_states,
            ..
        } = &self.query;
        write!(f, "{terms:?} {tags:?} {all_states}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_random_questions_have_one_answer_warm_cold_and_by_the_plainest_evaluator() {
    let mut random = Random(0x2026_1124_0005);
    let sandbox = odd_fleet(&mut random).await;
    let [kept, unkept] = [UNLIMITED.to_owned(), UNLIMITED.to_owned() + UNKEPT];
    let daemons = [
        TestDaemon::start(&kept).await,
        TestDaemon::start(&unkept).await,
    ];
    let caller = first_caller(&sandbox);
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push((daemons[0].client().await, daemons[1].client().await));
    }
    let machines = machines(&sandbox, &clients[0].0, &caller).await;
    let world = world(&machines);
    let questions: Vec<Question> = (0..QUESTIONS)
        .map(|_| question(&mut random, &world, &machines))
        .collect();
    let some = questions
        .iter()
        .filter(|one| !one.expected.is_empty())
        .count();
    // Questions that nothing answers would agree with anything.
    assert!(some > QUESTIONS / 4, "only {some} questions found any");
    let calls = sandbox.counts().of("DescribeInstances");
    let numbered = stream::iter(questions.iter().enumerate());
    let judged = numbered.for_each_concurrent(2 * CONNECTIONS, |(number, question)| {
        let (warm, cold) = &clients[number % CONNECTIONS];
        judge(question, warm, cold, &caller, number)
    });
    judged.await;
    let asked = sandbox.counts().of("DescribeInstances") - calls;
    // Of those that ask AWS for the same side by side, one asks.
    assert!(asked as usize > QUESTIONS / 2, "only {asked} calls of AWS");
    drop(clients);
    for daemon in daemons {
        daemon.stop().await;
    }
}
