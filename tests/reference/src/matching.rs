//! What each key means: one line for each.

use std::net::IpAddr;

use super::{Machine, World};

/// Whether there is a tag with such a key.
pub(crate) fn has_key(machine: &Machine, wanted: &str) -> bool {
    machine.tags.iter().any(|(key, _)| like(wanted, key))
}

/// Whether an instance passes one value of a term.
pub(crate) fn passes(key: &str, tag: &str, value: &str, world: &World, machine: &Machine) -> bool {
    let part = |text: &str| !text.is_empty() && part(value, text);
    let whole = |text: &str| !text.is_empty() && like(value, text);
    match key {
        "" => {
            let own = [&machine.id, &machine.private_dns, &machine.public_dns];
            let addresses = machine.all_addresses();
            own.into_iter().chain(addresses).any(|text| part(text))
                || machine
                    .tags
                    .iter()
                    .any(|(_, text)| crate::matching::part(value, text))
        }
        "name" => part(&machine.name()),
        "id" => part(&machine.id),
        "dns" => part(&machine.private_dns) || part(&machine.public_dns),
        "image" => part(&machine.image),
        "profile" => part(&machine.profile),
        "ip" => machine.all_addresses().any(|text| at(value, text)),
        "private-ip" => machine.addresses(false).any(|text| at(value, text)),
        "public-ip" => machine.addresses(true).any(|text| at(value, text)),
        "state" => whole(&machine.state),
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
        "region" => whole(&world.region),
        "tag" => (machine.tags.iter()).any(|(key, text)| like(tag, key) && like(value, text)),
        "has" => has_key(machine, value),
        "missing" => !has_key(machine, value),
        "ssm" => whole(&machine.agent),
        "launched" => machine
            .launched
            .is_some_and(|second| when(value, second, world)),
        "up" => {
            machine.is_up()
                && machine
                    .launched
                    .is_some_and(|second| when(value, second, world))
        }
        other => unreachable!("{other}"),
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

fn when(value: &str, second: i64, world: &World) -> bool {
    let operator = value.trim_end_matches(|letter: char| !"<>=".contains(letter));
    let operand = &value[operator.len()..];
    let known = |list: &[(String, i64)]| {
        let found = list.iter().find(|(typed, _)| typed == operand);
        found.map(|(_, second)| *second)
    };
    let (order, equal) = match (known(&world.lengths), known(&world.days)) {
        (Some(length), _) => {
            let age = world.now - second;
            (age.cmp(&length), age == length)
        }
        (None, Some(day)) => (second.cmp(&day), (day..day + 86_400).contains(&second)),
        (None, None) => unreachable!("{operand}"),
    };
    match operator {
        ">" => order.is_gt() && !equal,
        ">=" => order.is_gt() || equal,
        "<" => order.is_lt() && !equal,
        "<=" => order.is_lt() || equal,
        other => unreachable!("{other}"),
    }
}
