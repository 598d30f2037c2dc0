//! Questions by chance that EC2's filters can ask, too: boto3 asks them of moto with its
//! filters, and the daemon in the search language, from memory and with the cache off.

use std::collections::BTreeSet;

use aws_ssm_proto::domain::{ListQuery, TagFilter};
use aws_ssm_reference::Random;
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use serde_json::{Value, json};

use super::judge::{Described, Row, describe, describe_one};
use super::moto::{HOME, moto};

const QUESTIONS: usize = 200;
/// Put to boto3 in one run of its script, which is to end in a minute and a half.
const AT_ONCE: usize = 10;

/// The same question in both languages. Every filter has a name of its own, as two of
/// one name mean something else.
#[derive(Default)]
struct Question {
    query: ListQuery,
    filters: Vec<(String, Vec<String>)>,
}

impl Question {
    /// Some of the kinds of terms, about what there is.
    fn by_chance(random: &mut Random, rows: &[Row]) -> Self {
        let mut question = Self::default();
        question.states(random);
        for _ in 0..random.below(3) {
            let of = &rows[random.below(rows.len())];
            match random.below(4) {
                0 => question.tag(random, of),
                1 => question.group(random, of),
                _ => question.field(random, rows),
            }
        }
        question
    }

    fn add(&mut self, filter: &str, values: &[&str], term: String) {
        if self.filters.iter().any(|(name, _)| name == filter) {
            return;
        }
        self.filter(filter, values);
        self.query.terms.push(term);
    }

    fn filter(&mut self, filter: &str, values: &[&str]) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.filters.push((filter.to_owned(), values));
    }

    /// The states that a list shows, all, or some.
    fn states(&mut self, random: &mut Random) {
        const STATES: [(&str, &[&str]); 4] = [
            ("state:running", &["running"]),
            ("state:stopped,terminated", &["stopped", "terminated"]),
            ("state:stop*", &["stopping", "stopped"]),
            ("state:R*,*TED", &["running", "terminated"]),
        ];
        match random.below(3) {
            0 => self.filter("instance-state-name", &["pending", "running"]),
            1 => self.query.all_states = true,
            _ => {
                let (term, states) = STATES[random.below(STATES.len())];
                self.add("instance-state-name", states, term.to_owned());
            }
        }
    }

    /// One or two of the values that a field has.
    fn field(&mut self, random: &mut Random, rows: &[Row]) {
        const FIELDS: [(&str, &str, &str); 11] = [
            ("type", "type", "instance-type"),
            ("az", "az", "availability-zone"),
            ("vpc", "vpc", "vpc-id"),
            ("subnet", "subnet", "subnet-id"),
            ("arch", "arch", "architecture"),
            ("image", "image", "image-id"),
            ("id", "id", "instance-id"),
            ("private-ip", "private_ip", "private-ip-address"),
            ("public-ip", "public_ip", "ip-address"),
            ("dns", "private_dns", "private-dns-name"),
            ("dns", "public_dns", "dns-name"),
        ];
        let (key, column, filter) = FIELDS[random.below(FIELDS.len())];
        let mut some = BTreeSet::new();
        for _ in 0..=random.below(2) {
            some.extend(rows[random.below(rows.len())][column].as_str());
        }
        let values: Vec<&str> = some.into_iter().collect();
        if !values.is_empty() {
            let written = values.join(",");
            let written = match random.below(3) {
                0 => written.to_uppercase(),
                _ => written,
            };
            self.add(filter, &values, format!("{key}:{written}"));
        }
    }

    fn group(&mut self, random: &mut Random, of: &Row) {
        let groups = of["security_groups"].as_array().expect("an array");
        let Some(group) = groups.first() else { return };
        let text = |key: &str| group[key].as_str().expect("text").to_owned();
        match random.below(2) {
            0 => self.add(
                "instance.group-id",
                &[&text("id")],
                format!("sg:{}", text("id")),
            ),
            _ => {
                let name = text("name");
                let quoted = format!("sg:'{name}'");
                self.add("instance.group-name", &[&name], quoted);
            }
        }
    }

    /// A tag, its key alone, or its flag, which is the only one to which case counts.
    fn tag(&mut self, random: &mut Random, of: &Row) {
        // Of these nothing in the fleet differs in case alone.
        const TERMS: [(&str, &str, &str); 8] = [
            ("tag:Stage=live", "tag:Stage", "live"),
            ("tag:stage:L*", "tag:Stage", "l*"),
            ("tag:Stage=?es?", "tag:Stage", "?es?"),
            ("tag:Kosten\\ Stelle=", "tag:Kosten Stelle", "*"),
            ("has:Stage", "tag-key", "Stage"),
            ("has:comma\\,*", "tag-key", "comma,*"),
            ("tag:Team='a,b=c'", "tag:Team", "a,b=c"),
            ("tag:team=größe", "tag:Team", "größe"),
        ];
        let tags = of["tags"].as_object().expect("an object");
        let own = tags.iter().nth(random.below(tags.len().max(1)));
        match own {
            Some((key, Value::String(value))) if random.chance(60) => {
                let filter = format!("tag:{key}");
                // A glob to EC2, and letters to us.
                let is_plain = !value.contains(['*', '?', '\\', '[']);
                let known = self.filters.iter().any(|(name, _)| *name == filter);
                if is_plain && !known {
                    self.filter(&filter, &[value]);
                    let (key, value) = (key.clone(), value.clone());
                    self.query.tags.push(TagFilter { key, value });
                }
            }
            _ => {
                let (term, filter, value) = TERMS[random.below(TERMS.len())];
                self.add(filter, &[value], term.to_owned());
            }
        }
    }

    fn filters(&self) -> Value {
        let filters = self.filters.iter();
        let filters = filters.map(|(name, values)| json!({"Name": name, "Values": values}));
        filters.collect()
    }
}

#[tokio::test]
async fn two_hundred_random_questions_choose_what_boto3s_filters_choose() {
    let Some(moto) = moto().await else { return };
    let home = describe_one(moto.python, moto.question("home", HOME)).await;
    let mut random = Random(0x2026_1124_0200);
    let questions: Vec<_> = (0..QUESTIONS)
        .map(|_| Question::by_chance(&mut random, &home.rows))
        .collect();
    let daemons = [
        TestDaemon::start("").await,
        TestDaemon::start("cache:\n  enabled: false\n").await,
    ];
    let clients = [daemons[0].client().await, daemons[1].client().await];
    let (caller, mut hits) = (moto.caller(), 0);
    for questions in questions.chunks(AT_ONCE) {
        let asked = (0..).zip(questions).map(|(number, question): (usize, _)| {
            let asked = moto.question(&number.to_string(), HOME);
            asked.filters(question.filters()).in_pages_of(1000)
        });
        let described = describe(moto.python, &asked.collect::<Vec<_>>()).await;
        for (number, question) in (0..).zip(questions) {
            let number: usize = number;
            let Described { sorted, .. } = &described[&number.to_string()];
            for client in &clients {
                let (terms, filters) = (&question.query, question.filters());
                let listed = list_ids(client, &caller, terms.clone()).await;
                let (ids, _) = listed.unwrap_or_else(|error| panic!("{terms:?}: {error:?}"));
                assert_eq!(&ids, sorted, "{terms:?} is not {filters}");
            }
            hits += usize::from(!sorted.is_empty());
        }
    }
    // Filters that nothing passes would agree on anything.
    assert!(hits > QUESTIONS / 2, "only {hits} questions chose any");
    drop(clients);
    for daemon in daemons {
        daemon.stop().await;
    }
}
