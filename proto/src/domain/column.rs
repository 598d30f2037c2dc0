//! The columns an instance has, by the names people type.

use std::fmt;

use thiserror::Error;

/// One column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Column {
    Name,
    Id,
    State,
    Type,
    PrivateIp,
    Az,
    Ssm,
    PublicIp,
    PrivateDns,
    PublicDns,
    Vpc,
    Subnet,
    SecurityGroups,
    Image,
    Platform,
    Arch,
    Lifecycle,
    Launched,
    /// Time since launch; computed by who prints.
    Age,
    Key,
    Profile,
    Account,
    Region,
    /// When the agent was last heard of.
    Agent,
    AgentVersion,
    /// Every tag.
    Tags,
    /// The value of one tag.
    Tag(String),
}

/// A name that no column has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no column {name:?}")]
pub struct UnknownColumn {
    /// What was asked for.
    pub name: String,
    /// The column whose name is most like it.
    pub nearest: Option<&'static str>,
}

const NAMED: &[(&str, Column)] = &[
    ("name", Column::Name),
    ("id", Column::Id),
    ("state", Column::State),
    ("type", Column::Type),
    ("private-ip", Column::PrivateIp),
    ("az", Column::Az),
    ("ssm", Column::Ssm),
    ("public-ip", Column::PublicIp),
    ("private-dns", Column::PrivateDns),
    ("public-dns", Column::PublicDns),
    ("vpc", Column::Vpc),
    ("subnet", Column::Subnet),
    ("sg", Column::SecurityGroups),
    ("image", Column::Image),
    ("platform", Column::Platform),
    ("arch", Column::Arch),
    ("lifecycle", Column::Lifecycle),
    ("launched", Column::Launched),
    ("age", Column::Age),
    ("key", Column::Key),
    ("profile", Column::Profile),
    ("account", Column::Account),
    ("region", Column::Region),
    ("agent", Column::Agent),
    ("agent-version", Column::AgentVersion),
    ("tags", Column::Tags),
];

impl Column {
    /// What a table shows when nobody says otherwise.
    pub const DEFAULT: [Self; 7] = [
        Self::Name,
        Self::Id,
        Self::State,
        Self::Type,
        Self::PrivateIp,
        Self::Az,
        Self::Ssm,
    ];

    /// What `wide` adds to [`Column::DEFAULT`].
    pub const WIDE: [Self; 6] = [
        Self::PublicIp,
        Self::Platform,
        Self::Vpc,
        Self::Subnet,
        Self::Launched,
        Self::AgentVersion,
    ];

    /// Every column with a name of its own, in the documented order.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|(_, column)| column.clone())
    }

    /// Reads a name such as `private-ip` or `tag:Team`.
    ///
    /// # Errors
    ///
    /// No column has this name, or `tag:` names no key.
    pub fn parse(name: &str) -> Result<Self, UnknownColumn> {
        if let Some(key) = name.strip_prefix("tag:").filter(|key| !key.is_empty()) {
            return Ok(Self::Tag(key.to_owned()));
        }
        let known = NAMED.iter().find(|(n, _)| *n == name);
        known.map(|(_, column)| column.clone()).ok_or_else(|| {
            let names = NAMED.iter().map(|(n, _)| *n);
            UnknownColumn {
                name: name.to_owned(),
                nearest: nearest(name, names),
            }
        })
    }

    /// Whether it comes from Systems Manager instead of EC2.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        matches!(self, Self::Ssm | Self::Agent | Self::AgentVersion)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Tag(key) = self {
            return write!(f, "tag:{key}");
        }
        let name = NAMED.iter().find(|(_, column)| column == self);
        f.write_str(name.map_or("", |(name, _)| *name))
    }
}

/// Nobody slips in a longer name, and telling how far two are apart takes as long as
/// their lengths multiplied.
const LONGEST_SLIP: usize = 256;

/// The candidate most like `name`, if any is close enough to be a slip of it.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likely = slips(name, candidates).min_by_key(|(distance, _)| *distance);
    likely.map(|(_, candidate)| candidate)
}

/// The candidates most like `name`, each once, at most `count` of those that are close
/// enough.
pub fn nearest_few<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let mut likely: Vec<_> = slips(name, candidates).collect();
    likely.sort_unstable();
    likely.dedup();
    likely.truncate(count);
    likely.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The candidates that `name` may be a slip of, and how far they are from it.
fn slips<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = (usize, &'a str)> {
    let letters = name.chars().count();
    let limit = (letters / 3).max(1);
    // Each letter more or less is a slip of its own.
    let lengths = letters.saturating_sub(limit)..=letters + limit;
    candidates
        // A character has four bytes at most.
        .filter(|candidate| name.len() <= LONGEST_SLIP && candidate.len() <= 4 * LONGEST_SLIP)
        .filter(move |candidate| lengths.contains(&candidate.chars().count()))
        .map(move |candidate| (edit_distance(name, candidate), candidate))
        .filter(move |(distance, _)| *distance <= limit)
}

/// Letters to insert, drop, replace, or swap with their neighbour, ignoring ASCII
/// case.
fn edit_distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|text| text.to_ascii_lowercase().chars().collect::<Vec<_>>());
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let replaced = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared letter by letter, these would take minutes.
    #[test]
    fn names_of_any_length_are_told_apart_at_once() {
        let long = "x".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()].into_iter()), None);
        let many = [long.as_str(), "name"].into_iter().cycle().take(10_000);
        assert_eq!(nearest("nam", many), Some("name"));
    }

    #[test]
    fn every_column_reads_back_from_its_name() {
        for column in Column::all().chain([Column::Tag("Team".into())]) {
            assert_eq!(Column::parse(&column.to_string()), Ok(column));
        }
    }

    #[test]
    fn a_slip_is_told_the_nearest_name() {
        let slip = |name| Column::parse(name).expect_err("no such column").nearest;
        assert_eq!(slip("privat-ip"), Some("private-ip"));
        assert_eq!(slip("stat"), Some("state"));
        assert_eq!(slip("xylophone"), None);
        assert_eq!(slip("tag:"), Some("tags"));
    }

    #[test]
    fn two_letters_that_are_swapped_are_one_slip() {
        assert_eq!(edit_distance("wbe-1", "web-1"), 1);
        assert_eq!(edit_distance("ab", "ba"), 1);
        assert_eq!(edit_distance("abc", "ca"), 3);
        assert_eq!(edit_distance("Web", "weB"), 0);
        assert_eq!(edit_distance("", "web"), 3);
        assert_eq!(edit_distance("web", ""), 3);
        let names = ["web-1", "db-1"];
        assert_eq!(nearest("wbe-1", names.into_iter()), Some("web-1"));
    }

    #[test]
    fn several_near_names_come_nearest_first_and_once() {
        let names = ["db-1", "node-22", "node-21", "node-21", "node-212", "cache"];
        let near = |count| nearest_few("ndoe-21", names.into_iter(), count);
        assert_eq!(near(5), ["node-21", "node-212", "node-22"]);
        assert_eq!(near(1), ["node-21"]);
        assert!(nearest_few("xylophone", names.into_iter(), 5).is_empty());
    }
}
