//! Questions by chance, most of which some instance answers.

use super::{Asked, Machine, Random, World};

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

fn value(random: &mut Random, world: &World, key: &str, of: &Machine) -> String {
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
        "sg" => match of.groups.first() {
            Some((id, name)) if random.chance(60) => {
                let own = random.one(&[id.as_str(), name]);
                text(random, own)
            }
            _ => random
                .one(&["sg-1", "WEB", "d*", "sg-?", "nobody"])
                .to_owned(),
        },
        "platform" => text(random, &of.platform),
        "arch" => text(random, &of.arch),
        "lifecycle" => text(random, &of.lifecycle),
        "region" => text(random, &world.region),
        "tag" => match of.tags.as_slice() {
            [_, ..] if random.chance(70) => {
                let (_, value) = &of.tags[random.below(of.tags.len())];
                text(random, value)
            }
            _ => random.one(&["core", "w*", "*", "a=b", "*asg"]).to_owned(),
        },
        "has" | "missing" => random.one(TAGS).to_owned(),
        "ssm" => random
            .one(&["online", "LOST", "inactive", "none"])
            .to_owned(),
        "launched" | "up" => {
            let comparison = random.one(&[">", ">=", "<", "<="]);
            let moments = match random.below(2) {
                0 => &world.lengths,
                _ => &world.days,
            };
            format!("{comparison}{}", moments[random.below(moments.len())].0)
        }
        other => unreachable!("{other}"),
    }
}

fn some_address<'a>(random: &mut Random, of: &'a Machine) -> &'a str {
    let all: Vec<_> = of.all_addresses().map(String::as_str).collect();
    random.one(&all)
}

/// With all protected that has a meaning, except in globs.
fn protected(random: &mut Random, value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-./*?=<>_".contains(letter);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    // A glob in quotes is none, and quotes hold no quotes.
    let unquotable = value.contains(['*', '?', '"', '\\']);
    match random.below(2) {
        0 if !unquotable => format!("\"{value}\""),
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
    /// A term about one of these instances, more or less.
    pub fn by_chance(random: &mut Random, world: &World, machines: &[Machine]) -> Self {
        let key = random.one(KEYS);
        let excludes = random.chance(25);
        let any_value = key == "tag" && random.chance(10);
        let count = if any_value { 0 } else { 1 + random.below(3) };
        let values: Vec<String> = (0..count)
            .map(|_| {
                let of = &machines[random.below(machines.len())];
                value(random, world, key, of)
            })
            .collect();
        let own = &machines[random.below(machines.len())].tags;
        let tag = match own.as_slice() {
            [_, ..] if random.chance(40) => own[random.below(own.len())].0.clone(),
            _ => random.one(TAGS).to_owned(),
        };
        let written: Vec<_> = values
            .iter()
            .map(|value| protected(random, value))
            .collect();
        let typed = [
            if excludes { "!" } else { "" }.to_owned(),
            match key {
                "" => String::new(),
                "tag" => format!("tag:{}=", protected(random, &tag)),
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
}
