//! The search language as its table says it, on plain values, one line for each key.
//! It shares no code with what it judges.

use std::net::IpAddr;

use aws_ssm_proto::domain::{AgentStatus, InstanceState};

use super::{NOW, REGION, Random};

/// An instance in plain values; empty means absent.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) id: String,
    pub(super) private_ip: String,
    pub(super) public_ip: String,
    /// Further addresses, and whether they are public.
    pub(super) more: Vec<(String, bool)>,
    pub(super) private_dns: String,
    pub(super) public_dns: String,
    pub(super) state: Option<InstanceState>,
    pub(super) kind: String,
    pub(super) az: String,
    pub(super) vpc: String,
    pub(super) subnet: String,
    pub(super) image: String,
    pub(super) platform: String,
    pub(super) arch: String,
    pub(super) lifecycle: String,
    pub(super) profile: String,
    pub(super) launched: Option<i64>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) groups: Vec<(&'static str, &'static str)>,
    pub(super) agent: AgentStatus,
}

impl Machine {
    pub(super) fn is_up(&self) -> bool {
        matches!(
            self.state,
            Some(InstanceState::Pending | InstanceState::Running)
        )
    }

    /// The private or the public addresses.
    fn addresses(&self, public: bool) -> impl Iterator<Item = &String> {
        let main = if public {
            &self.public_ip
        } else {
            &self.private_ip
        };
        let more = self.more.iter().filter(move |(_, is)| *is == public);
        std::iter::once(main).chain(more.map(|(address, _)| address))
    }

    fn all_addresses(&self) -> impl Iterator<Item = &String> {
        self.addresses(false).chain(self.addresses(true))
    }

    fn name(&self) -> String {
        let name = self.tags.iter().find(|(key, _)| key == "Name");
        name.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// A term, and what it was made of.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) typed: String,
    excludes: bool,
    /// Empty for a word.
    key: &'static str,
    /// The key of a `tag:`.
    tag: String,
    values: Vec<String>,
}

const KEYS: &[&str] = &[
    "",
    "name",
    "id",
    "dns",
    "image",
    "profile",
    "ip",
    "private-ip",
    "public-ip",
    "state",
    "type",
    "az",
    "zone",
    "vpc",
    "subnet",
    "sg",
    "platform",
    "arch",
    "lifecycle",
    "region",
    "tag",
    "has",
    "missing",
    "ssm",
    "launched",
    "up",
];

const TAGS: &[&str] = &[
    "Team",
    "TEAM",
    "Name",
    "aws:autoscaling:groupName",
    "t*",
    "Nobody",
    "?eam",
];

/// Of a value: itself, a piece of it, a glob that may fit, in another case.
fn bent(random: &mut Random, value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    if letters.is_empty() {
        return "x".to_owned();
    }
    let from = random.below(letters.len());
    let to = from + 1 + random.below(letters.len() - from);
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let bent = match random.below(6) {
        0 => text(&letters[from..to]),
        1 => text(&letters[..to]) + "*",
        2 => format!("*{}*", text(&letters[from..to])),
        3 => format!("{}?{}", text(&letters[..from]), text(&letters[from + 1..])),
        _ => value.to_owned(),
    };
    match random.below(3) {
        0 => bent.to_uppercase(),
        _ => bent,
    }
}

fn value(random: &mut Random, key: &str, of: &Machine) -> String {
    let text = |random: &mut Random, value: &str| bent(random, value);
    match key {
        "" => match random.below(4) {
            0 => text(random, &of.id),
            1 => {
                let address = some_address(random, of);
                text(random, address)
            }
            2 => text(random, &of.private_dns),
            _ => text(random, &of.name()),
        },
        "name" => text(random, &of.name()),
        "id" => text(random, &of.id),
        "dns" if random.chance(50) => text(random, &of.private_dns),
        "dns" => text(random, &of.public_dns),
        "image" => text(random, &of.image),
        "profile" => text(random, &of.profile),
        "ip" | "private-ip" | "public-ip" => {
            let own = some_address(random, of);
            let bits = random.below(33);
            match random.below(6) {
                0 => "10.0.*".to_owned(),
                1 if own.contains(':') => format!("{own}/{}", bits * 4),
                5 => random.one(&["2600:*", "fd00::/8", "*::?2"]).to_owned(),
                1 if own.contains('.') => format!("{own}/{bits}"),
                2 => format!("2600:1f00::/{}", random.below(129)),
                3 => "0.0.0.0/0".to_owned(),
                _ if own.is_empty() => "10.1.0.0/16".to_owned(),
                _ => own.to_owned(),
            }
        }
        "state" => random
            .one(&["running", "Stopped", "stop*", "*ing", "?ending"])
            .to_owned(),
        "type" => text(random, &of.kind),
        "az" | "zone" => text(random, &of.az),
        "vpc" => text(random, &of.vpc),
        "subnet" => text(random, &of.subnet),
        "sg" => random
            .one(&["sg-1", "WEB", "d*", "sg-?", "nobody"])
            .to_owned(),
        "platform" => text(random, &of.platform),
        "arch" => text(random, &of.arch),
        "lifecycle" => text(random, &of.lifecycle),
        "region" => text(random, REGION),
        "tag" => match of.tags.first() {
            Some((_, value)) if random.chance(70) => text(random, value),
            _ => random.one(&["core", "w*", "*", "a=b", "*asg"]).to_owned(),
        },
        "has" | "missing" => random.one(TAGS).to_owned(),
        "ssm" => random
            .one(&["online", "LOST", "inactive", "none"])
            .to_owned(),
        "launched" | "up" => {
            let comparison = random.one(&[">", ">=", "<", "<="]);
            match random.below(2) {
                0 => format!("{comparison}{}d", random.below(40)),
                _ => format!("{comparison}{}", DAYS[random.below(DAYS.len())].0),
            }
        }
        other => unreachable!("{other}"),
    }
}

fn some_address<'a>(random: &mut Random, of: &'a Machine) -> &'a str {
    let all: Vec<_> = of.all_addresses().map(String::as_str).collect();
    random.one(&all)
}

/// Days, and when they begin.
const DAYS: &[(&str, i64)] = &[
    ("2026-11-24", NOW),
    ("2026-11-14", NOW - 10 * 86_400),
    ("2026-10-31", NOW - 24 * 86_400),
];

/// With all protected that has a meaning, except in globs.
fn protected(random: &mut Random, value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-./*?=<>_".contains(letter);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    let glob = value.contains(['*', '?']);
    match random.below(2) {
        0 if !glob => format!("\"{value}\""),
        _ => value
            .chars()
            .flat_map(|letter| {
                let backslash = (!plain(letter)).then_some('\\');
                backslash.into_iter().chain([letter])
            })
            .collect(),
    }
}

impl Asked {
    pub(super) fn by_chance(random: &mut Random, machines: &[Machine]) -> Self {
        let key = random.one(KEYS);
        let excludes = random.chance(25);
        let any_value = key == "tag" && random.chance(10);
        let count = if any_value { 0 } else { 1 + random.below(3) };
        let values: Vec<String> = (0..count)
            .map(|_| {
                let of = &machines[random.below(machines.len())];
                value(random, key, of)
            })
            .collect();
        let tag = random.one(TAGS).to_owned();
        let written: Vec<_> = values
            .iter()
            .map(|value| protected(random, value))
            .collect();
        let typed = [
            if excludes { "!" } else { "" }.to_owned(),
            match key {
                "" => String::new(),
                "tag" => format!("tag:{tag}="),
                key => format!("{key}:"),
            },
            written.join(random.one(&[",", " , "])),
        ];
        Self {
            typed: typed.concat(),
            excludes,
            key,
            tag,
            values,
        }
    }

    pub(super) fn is_of(&self, key: &str) -> bool {
        self.key == key
    }

    pub(super) fn takes(&self, machine: &Machine) -> bool {
        let passes = match (self.key, self.values.as_slice()) {
            ("tag", []) => machine.tags.iter().any(|(key, _)| like(&self.tag, key)),
            (_, values) => values.iter().any(|value| self.passes(value, machine)),
        };
        passes != self.excludes
    }

    fn passes(&self, value: &str, machine: &Machine) -> bool {
        let part = |text: &str| !text.is_empty() && part(value, text);
        let whole = |text: &str| !text.is_empty() && like(value, text);
        let has = |wanted: &str| machine.tags.iter().any(|(key, _)| like(wanted, key));
        let state = machine.state.map_or("", InstanceState::as_str);
        match self.key {
            "" => {
                let own = [&machine.id, &machine.private_dns, &machine.public_dns];
                let addresses = machine.all_addresses();
                own.into_iter().chain(addresses).any(|text| part(text))
                    || machine.tags.iter().any(|(_, text)| self::part(value, text))
            }
            "name" => part(&machine.name()),
            "id" => part(&machine.id),
            "dns" => part(&machine.private_dns) || part(&machine.public_dns),
            "image" => part(&machine.image),
            "profile" => part(&machine.profile),
            "ip" => machine.all_addresses().any(|text| at(value, text)),
            "private-ip" => machine.addresses(false).any(|text| at(value, text)),
            "public-ip" => machine.addresses(true).any(|text| at(value, text)),
            "state" => whole(state),
            "type" => whole(&machine.kind),
            "az" | "zone" => whole(&machine.az),
            "vpc" => whole(&machine.vpc),
            "subnet" => whole(&machine.subnet),
            "sg" => machine
                .groups
                .iter()
                .any(|(id, name)| whole(id) || whole(name)),
            "platform" => whole(&machine.platform),
            "arch" => whole(&machine.arch),
            "lifecycle" => whole(&machine.lifecycle),
            "region" => whole(REGION),
            "tag" => {
                (machine.tags.iter()).any(|(key, text)| like(&self.tag, key) && like(value, text))
            }
            "has" => has(value),
            "missing" => !has(value),
            "ssm" => whole(machine.agent.as_str()),
            "launched" => machine.launched.is_some_and(|second| when(value, second)),
            "up" => machine.is_up() && machine.launched.is_some_and(|second| when(value, second)),
            other => unreachable!("{other}"),
        }
    }
}

fn small(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// A substring, or a glob over the whole.
fn part(value: &str, text: &str) -> bool {
    if value.contains(['*', '?']) {
        return like(value, text);
    }
    let [value, text]: [String; 2] = [value, text].map(|text| small(text).into_iter().collect());
    text.contains(&value)
}

/// Equal, or a glob over the whole.
fn like(value: &str, text: &str) -> bool {
    fn fits(value: &[char], text: &[char]) -> bool {
        match (value, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|skip| fits(rest, &text[skip..])),
            (['?', rest @ ..], [_, text @ ..]) => fits(rest, text),
            ([one, rest @ ..], [letter, text @ ..]) => one == letter && fits(rest, text),
            _ => false,
        }
    }
    fits(&small(value), &small(text))
}

fn at(value: &str, address: &str) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => format!("{:032b}", four.to_bits()),
        IpAddr::V6(six) => format!("{:0128b}", six.to_bits()),
    };
    if value.contains('*') {
        return !address.is_empty() && like(value, address);
    }
    let Ok(address) = address.parse().map(bits) else {
        return false;
    };
    let (block, prefix) = value.split_once('/').unwrap_or((value, "128"));
    let block = bits(block.parse().expect("an address"));
    let prefix: usize = prefix.parse().expect("a number");
    let length = prefix.min(block.len());
    block.len() == address.len() && block[..length] == address[..length]
}

fn when(value: &str, second: i64) -> bool {
    let operator = value.trim_end_matches(|letter: char| !"<>=".contains(letter));
    let operand = &value[operator.len()..];
    let (order, equal) = match operand.strip_suffix('d') {
        Some(days) => {
            let length = 86_400 * days.parse::<i64>().expect("a number");
            let age = NOW - second;
            (age.cmp(&length), age == length)
        }
        None => {
            let (_, day) = DAYS.iter().find(|(day, _)| *day == operand).expect("a day");
            let within = (*day..*day + 86_400).contains(&second);
            (second.cmp(day), within)
        }
    };
    match operator {
        ">" => order.is_gt() && !equal,
        ">=" => order.is_gt() || equal,
        "<" => order.is_lt() && !equal,
        "<=" => order.is_lt() || equal,
        other => unreachable!("{other}"),
    }
}
