//! Conditions put to the rows of one fleet.
//!
//! What instances share is a number into a table of strings. A verdict on a string is
//! kept by that number, so that each is looked at once however many rows have it. A
//! row is tested without allocating.

use aws_ssm_proto::domain::InstanceState;

use super::conditions::Conditions;
use super::pattern::{Pattern, any};
use super::term::{Moments, Network, Term, Test, Which};
use crate::inventory::{Address, AddressText, Fleet, Row, Snapshot, StringId, is_listed};

/// See the module.
#[derive(Debug)]
pub(super) struct Selector<'a> {
    fleet: &'a Fleet,
    all_states: bool,
    checks: Vec<Check<'a>>,
}

impl<'a> Selector<'a> {
    pub(super) fn new(fleet: &'a Fleet, conditions: &'a Conditions) -> Self {
        let snapshot = &fleet.instances.snapshot;
        let checks = conditions.terms.iter();
        Self {
            fleet,
            all_states: conditions.all_states,
            checks: checks.map(|term| Check::new(term, snapshot)).collect(),
        }
    }

    /// Whether an instance of this fleet meets every condition.
    pub(super) fn takes(&mut self, row: Row<'_>) -> bool {
        let fleet = self.fleet;
        (self.all_states || is_listed(row))
            && (self.checks.iter_mut()).all(|check| check.passes(fleet, row))
    }
}

/// A term, and what is known of the strings of the fleet.
#[derive(Debug)]
struct Check<'a> {
    term: &'a Term,
    /// One for each question that the term asks of strings.
    memos: Vec<Memo>,
}

impl<'a> Check<'a> {
    fn new(term: &'a Term, snapshot: &Snapshot) -> Self {
        let questions = term.test.questions();
        let memo = || Memo(vec![Verdict::None; snapshot.strings()]);
        Self {
            term,
            memos: std::iter::repeat_with(memo).take(questions).collect(),
        }
    }

    fn passes(&mut self, fleet: &Fleet, row: Row<'_>) -> bool {
        self.test(fleet, row) != self.term.excludes
    }

    fn test(&mut self, fleet: &Fleet, row: Row<'_>) -> bool {
        let snapshot = &fleet.instances.snapshot;
        let memos = &mut self.memos;
        match &self.term.test {
            Test::Word(patterns) => {
                unique_texts(row).any(|text| any(patterns, text))
                    || (row.more_addresses())
                        .any(|address| any(patterns, AddressText::new(address.ip).as_str()))
                    || (row.tag_ids().iter())
                        .any(|(_, value)| memos[0].any(snapshot, *value, patterns))
            }
            Test::Text(field, patterns) => {
                let id = row.shared(*field);
                id != StringId::ABSENT && memos[0].any(snapshot, id, patterns)
            }
            Test::Id(patterns) => any(patterns, row.id()),
            Test::Dns(patterns) => dns_names(row).any(|name| any(patterns, name)),
            Test::Group(patterns) => (row.security_group_ids().iter()).any(|(id, name)| {
                memos[0].any(snapshot, *id, patterns) || memos[0].any(snapshot, *name, patterns)
            }),
            Test::Region(patterns) => any(patterns, &fleet.region),
            Test::Address(which, networks) => is_at(row, *which, networks),
            Test::State(states) => row.state().is_some_and(|state| states.contains(&state)),
            Test::Agent(statuses) => (fleet.agents.as_ref())
                .is_some_and(|agents| statuses.contains(&agents.status(row.id()))),
            Test::Tag(key, values) => {
                let (of_keys, of_values) = memos.split_at_mut(1);
                let wanted = std::slice::from_ref(key);
                row.tag_ids().iter().any(|(key, value)| {
                    of_keys[0].any(snapshot, *key, wanted)
                        && of_values[0].any(snapshot, *value, values)
                })
            }
            Test::Has(keys) => has_key(&mut memos[0], snapshot, row, keys),
            Test::Missing(keys) => keys
                .iter()
                .zip(memos)
                .any(|(key, memo)| !has_key(memo, snapshot, row, std::slice::from_ref(key))),
            Test::Launched(moments) => was_launched(row, moments),
            Test::Up(moments) => {
                row.state().is_some_and(InstanceState::is_listed_by_default)
                    && was_launched(row, moments)
            }
        }
    }
}

impl Test {
    /// How many different questions it asks of the strings of a fleet.
    fn questions(&self) -> usize {
        match self {
            Self::Word(_) | Self::Text(..) | Self::Group(_) | Self::Has(_) => 1,
            Self::Tag(..) => 2,
            Self::Missing(keys) => keys.len(),
            Self::Id(_)
            | Self::Dns(_)
            | Self::Region(_)
            | Self::Address(..)
            | Self::State(_)
            | Self::Agent(_)
            | Self::Launched(_)
            | Self::Up(_) => 0,
        }
    }

    /// How many values it names.
    pub(super) fn values(&self) -> usize {
        match self {
            Self::Word(values)
            | Self::Text(_, values)
            | Self::Id(values)
            | Self::Dns(values)
            | Self::Group(values)
            | Self::Region(values)
            | Self::Tag(_, values)
            | Self::Has(values)
            | Self::Missing(values) => values.len(),
            Self::Address(_, networks) => networks.len(),
            Self::State(states) => states.len(),
            Self::Agent(statuses) => statuses.len(),
            Self::Launched(moments) | Self::Up(moments) => moments.len(),
        }
    }
}

/// What the strings of a fleet were found to be, by their numbers.
#[derive(Debug)]
struct Memo(Vec<Verdict>);

/// `None`: nobody has looked yet.
type Verdict = Option<bool>;

impl Memo {
    fn any(&mut self, snapshot: &Snapshot, id: StringId, patterns: &[Pattern]) -> bool {
        let verdict = &mut self.0[id.index()];
        *verdict.get_or_insert_with(|| any(patterns, snapshot.text(id)))
    }
}

fn has_key(memo: &mut Memo, snapshot: &Snapshot, row: Row<'_>, keys: &[Pattern]) -> bool {
    let mut tags = row.tag_ids().iter();
    tags.any(|(key, _)| memo.any(snapshot, *key, keys))
}

/// What a word is looked for in, besides tags and further addresses; the name is one
/// of the tags.
fn unique_texts(row: Row<'_>) -> impl Iterator<Item = &str> {
    let id = std::iter::once(row.id());
    id.chain(addresses(row, Which::Any)).chain(dns_names(row))
}

fn dns_names(row: Row<'_>) -> impl Iterator<Item = &str> {
    [row.private_dns(), row.public_dns()].into_iter().flatten()
}

fn addresses(row: Row<'_>, which: Which) -> impl Iterator<Item = &str> {
    let private = row.private_ip().filter(|_| which != Which::Public);
    let public = row.public_ip().filter(|_| which != Which::Private);
    [private, public].into_iter().flatten()
}

fn is_at(row: Row<'_>, which: Which, networks: &[Network]) -> bool {
    let main =
        || addresses(row, which).any(|text| networks.iter().any(|network| network.has(text)));
    let is_asked = |address: &Address| match which {
        Which::Any => true,
        Which::Private => !address.public,
        Which::Public => address.public,
    };
    main()
        || (row.more_addresses().filter(is_asked))
            .any(|address| networks.iter().any(|network| network.has_ip(address.ip)))
}

fn was_launched(row: Row<'_>, moments: &[Moments]) -> bool {
    let within = |second| moments.iter().any(|moments| moments.have(second));
    row.launched().is_some_and(within)
}
