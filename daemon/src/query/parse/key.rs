//! The keys of the search language.

use super::mistake::Mistake;
use super::scan::{Letter, find, text, trimmed};

/// What stands before the colon of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Name,
    Id,
    Dns,
    Image,
    Profile,
    Ip,
    PrivateIp,
    PublicIp,
    State,
    Type,
    Az,
    Vpc,
    Subnet,
    Sg,
    Platform,
    Arch,
    Lifecycle,
    Region,
    Tag,
    Has,
    Missing,
    Ssm,
    Launched,
    Up,
}

/// As they are typed, in the documented order.
pub(super) const KEYS: &[(&str, Key)] = &[
    ("name", Key::Name),
    ("id", Key::Id),
    ("dns", Key::Dns),
    ("image", Key::Image),
    ("profile", Key::Profile),
    ("ip", Key::Ip),
    ("private-ip", Key::PrivateIp),
    ("public-ip", Key::PublicIp),
    ("state", Key::State),
    ("type", Key::Type),
    ("az", Key::Az),
    ("zone", Key::Az),
    ("vpc", Key::Vpc),
    ("subnet", Key::Subnet),
    ("sg", Key::Sg),
    ("platform", Key::Platform),
    ("arch", Key::Arch),
    ("lifecycle", Key::Lifecycle),
    ("region", Key::Region),
    ("tag", Key::Tag),
    ("has", Key::Has),
    ("missing", Key::Missing),
    ("ssm", Key::Ssm),
    ("launched", Key::Launched),
    ("up", Key::Up),
];

/// What can be typed before a colon, in the documented order.
pub(in crate::query) fn key_names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

fn called(name: &str) -> Option<Key> {
    let mut keys = KEYS.iter();
    let found = keys.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, key)| *key)
}

/// The key that ends with the colon at this place of a term.
pub(super) fn read(term: &[Letter], colon: usize) -> Result<Key, Mistake> {
    let name = trimmed(&term[..colon]);
    let typed = text(name);
    if let Some(key) = called(&typed) {
        return Ok(key);
    }
    // `web state:stopped` as one argument.
    no_other_term(term)?;
    match name.first() {
        Some(first) => Err(Mistake::unknown_key(
            first.column,
            &typed,
            &text(&term[colon + 1..]),
        )),
        None => Err(Mistake::no_key(term[colon].column)),
    }
}

/// Refuses letters among which, after a space, another term seems to begin.
pub(super) fn no_other_term(letters: &[Letter]) -> Result<(), Mistake> {
    let mut rest = letters;
    while let Some(space) = rest.iter().position(Letter::is_space) {
        rest = trimmed(&rest[space..]);
        let inner = match rest {
            [first, inner @ ..] if first.is('!') => inner,
            inner => inner,
        };
        let key = find(inner, ':').map(|colon| text(&inner[..colon]));
        if key.and_then(|key| called(&key)).is_some() {
            return Err(Mistake::second_term(rest[0].column));
        }
    }
    Ok(())
}
