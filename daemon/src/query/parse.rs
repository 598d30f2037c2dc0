//! From a term as it was typed to what it asks.
//!
//! Invariant: every letter of a term counts. What has no meaning is a mistake, told
//! with its column; nothing is left out.

mod key;
mod mistake;
mod moment;
mod network;
mod scan;

#[cfg(test)]
mod tests;

use aws_ssm_proto::domain::{AgentStatus, Error, InstanceState};

use key::Key;
pub(super) use key::key_names;
use mistake::Mistake;
use scan::{Letter, alternatives, find, scan, text, trimmed};

use super::pattern::{Pattern, Piece};
use super::term::{Term, Test, Which};
use crate::inventory::SharedField;
use crate::inventory::fold;

/// Reads one term; `now` is in seconds since 1970.
///
/// # Errors
///
/// `Usage`, with the column of the mistake.
pub(super) fn term(typed: &str, now: i64) -> Result<Term, Error> {
    read(typed, now).map_err(|mistake| mistake.into_error(typed))
}

fn read(typed: &str, now: i64) -> Result<Term, Mistake> {
    let letters = scan(typed)?;
    let letters = trimmed(&letters);
    let (excludes, letters) = match letters {
        [first, rest @ ..] if first.is('!') => (true, trimmed(rest)),
        letters => (false, letters),
    };
    let end = typed.trim_end().chars().count() + 1;
    let Some(first) = letters.first() else {
        return Err(Mistake::empty_term(end));
    };
    if excludes && first.is('!') {
        return Err(Mistake::twice_excluded(first.column));
    }
    let asked = Asked { now, end };
    let test = match find(letters, ':') {
        Some(colon) if !is_ipv6(letters) => asked.keyed(letters, colon),
        _ => asked.patterns(letters, part).map(Test::Word),
    }?;
    Ok(Term { excludes, test })
}

/// An address needs no quotes for its colons.
fn is_ipv6(letters: &[Letter]) -> bool {
    text(letters).parse::<std::net::Ipv6Addr>().is_ok()
}

/// What is known while a value is read.
struct Asked {
    now: i64,
    /// The column after the last one.
    end: usize,
}

impl Asked {
    fn keyed(&self, term: &[Letter], colon: usize) -> Result<Test, Mistake> {
        let key = key::read(term, colon)?;
        let value = &term[colon + 1..];
        key::no_other_term(value)?;
        Ok(match key {
            Key::Name => Test::Text(SharedField::Name, self.patterns(value, part)?),
            Key::Image => Test::Text(SharedField::Image, self.patterns(value, part)?),
            Key::Profile => Test::Text(SharedField::Profile, self.patterns(value, part)?),
            Key::Id => Test::Id(self.patterns(value, part)?),
            Key::Dns => Test::Dns(self.patterns(value, part)?),
            Key::Type => Test::Text(SharedField::Type, self.patterns(value, whole)?),
            Key::Az => Test::Text(SharedField::Az, self.patterns(value, whole)?),
            Key::Vpc => Test::Text(SharedField::Vpc, self.patterns(value, whole)?),
            Key::Subnet => Test::Text(SharedField::Subnet, self.patterns(value, whole)?),
            Key::Platform => Test::Text(SharedField::Platform, self.patterns(value, whole)?),
            Key::Arch => Test::Text(SharedField::Arch, self.patterns(value, whole)?),
            Key::Lifecycle => Test::Text(SharedField::Lifecycle, self.patterns(value, whole)?),
            Key::Sg => Test::Group(self.patterns(value, whole)?),
            Key::Region => Test::Region(self.patterns(value, whole)?),
            Key::Ip => Test::Address(Which::Any, self.each(value, network::read)?),
            Key::PrivateIp => Test::Address(Which::Private, self.each(value, network::read)?),
            Key::PublicIp => Test::Address(Which::Public, self.each(value, network::read)?),
            Key::State => Test::State(self.states(value)?),
            Key::Ssm => Test::Agent(self.each(value, status)?),
            Key::Tag => self.tag(value)?,
            Key::Has => Test::Has(self.patterns(value, whole)?),
            Key::Missing => Test::Missing(self.patterns(value, whole)?),
            Key::Launched => Test::Launched(self.moments(value)?),
            Key::Up => Test::Up(self.moments(value)?),
        })
    }

    /// Each value that a comma ends, read.
    fn each<T>(
        &self,
        value: &[Letter],
        read: impl Fn(&[Letter]) -> Result<T, Mistake>,
    ) -> Result<Vec<T>, Mistake> {
        alternatives(value, self.end)?
            .into_iter()
            .map(read)
            .collect()
    }

    fn patterns(
        &self,
        value: &[Letter],
        read: impl Fn(&[Letter]) -> Pattern,
    ) -> Result<Vec<Pattern>, Mistake> {
        self.each(value, |letters| Ok(read(letters)))
    }

    fn moments(&self, value: &[Letter]) -> Result<Vec<super::term::Moments>, Mistake> {
        self.each(value, |letters| moment::read(letters, self.now))
    }

    fn states(&self, value: &[Letter]) -> Result<Vec<InstanceState>, Mistake> {
        let states: Vec<Vec<_>> = self.each(value, |letters| {
            let pattern = whole(letters);
            let matching = InstanceState::ALL.into_iter();
            let matching: Vec<_> = matching.filter(|s| pattern.matches(s.as_str())).collect();
            let words = InstanceState::ALL.map(InstanceState::as_str);
            match matching.is_empty() {
                true => Err(Mistake::no_such(letters, "state", &words)),
                false => Ok(matching),
            }
        })?;
        Ok(states.concat())
    }

    /// `K=V`, else `K:V`: a key may hold colons if an equals sign ends it.
    fn tag(&self, value: &[Letter]) -> Result<Test, Mistake> {
        let Some(at) = find(value, '=').or_else(|| find(value, ':')) else {
            return Err(Mistake::no_tag_value(&text(value), self.end));
        };
        let (key, values) = (trimmed(&value[..at]), &value[at + 1..]);
        if key.is_empty() {
            return Err(Mistake::no_tag_key(value[at].column));
        }
        let key = whole(key);
        // Empty quotes are a value, and an empty one.
        if values.is_empty() && value[at].column + 1 == self.end {
            return Ok(Test::Has(vec![key]));
        }
        Ok(Test::Tag(key, self.patterns(values, whole)?))
    }
}

fn status(letters: &[Letter]) -> Result<AgentStatus, Mistake> {
    let pattern = whole(letters);
    let mut all = AgentStatus::ALL.into_iter();
    all.find(|status| pattern.matches(status.as_str()))
        .filter(|_| !matches!(pattern, Pattern::Glob(_)))
        .ok_or_else(|| {
            let words = AgentStatus::ALL.map(AgentStatus::as_str);
            Mistake::no_such(letters, "agent status", &words)
        })
}

/// A value that is the whole text, or a glob over it.
fn whole(letters: &[Letter]) -> Pattern {
    glob(letters).unwrap_or_else(|| Pattern::Equal(folded(letters)))
}

/// A value that is a part of the text, or a glob over the whole.
fn part(letters: &[Letter]) -> Pattern {
    glob(letters).unwrap_or_else(|| Pattern::Contains(folded(letters)))
}

fn folded(letters: &[Letter]) -> String {
    letters.iter().map(|letter| fold(letter.letter)).collect()
}

/// `None` without a star or a question mark that means what it does in globs.
fn glob(letters: &[Letter]) -> Option<Pattern> {
    let wild = |letter: &Letter| letter.is('*') || letter.is('?');
    letters.iter().any(wild).then(|| {
        let pieces = letters.iter().map(|letter| match letter {
            letter if letter.is('*') => Piece::AnyRun,
            letter if letter.is('?') => Piece::AnyOne,
            letter => Piece::One(fold(letter.letter)),
        });
        Pattern::Glob(pieces.collect())
    })
}
