//! The search language as the table of the user guide says it, on plain values: what
//! the daemon's own evaluation is judged by, and questions by chance to judge it with.
//!
//! Invariant: it depends on nothing, so that it shares no line with what it judges.

mod chance;
mod machine;
mod matching;
mod random;

pub use machine::Machine;
pub use random::Random;

/// Where and when questions are asked.
#[derive(Clone, Debug)]
pub struct World {
    /// The region's name.
    pub region: String,
    /// Seconds since 1970.
    pub now: i64,
    /// Lengths of time as they are typed, and their seconds.
    pub lengths: Vec<(String, i64)>,
    /// Days as they are typed, and the second in which each begins.
    pub days: Vec<(String, i64)>,
}

impl World {
    /// A world whose questions have lengths of whole days, fewer than 40.
    #[must_use]
    pub fn new(region: &str, now: i64, days: Vec<(String, i64)>) -> Self {
        Self {
            region: region.to_owned(),
            now,
            lengths: (0..40).map(|n| (format!("{n}d"), n * 86_400)).collect(),
            days,
        }
    }
}

/// A term, and what it was made of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// As a person types it.
    pub typed: String,
    excludes: bool,
    /// Empty for a word.
    key: &'static str,
    /// The key of a `tag:`.
    tag: String,
    values: Vec<String>,
}

impl Asked {
    /// Whether its key is this one.
    #[must_use]
    pub fn is_of(&self, key: &str) -> bool {
        self.key == key
    }

    /// Whether an instance passes it.
    #[must_use]
    pub fn takes(&self, world: &World, machine: &Machine) -> bool {
        let passes = match (self.key, self.values.as_slice()) {
            ("tag", []) => matching::has_key(machine, &self.tag),
            (_, values) => values
                .iter()
                .any(|value| matching::passes(self.key, &self.tag, value, world, machine)),
        };
        passes != self.excludes
    }
}

/// The ids of those that a list shows, in order of id.
#[must_use]
pub fn listed(
    world: &World,
    machines: &[Machine],
    asked: &[Asked],
    all_states: bool,
) -> Vec<String> {
    let lifted = all_states || asked.iter().any(|asked| asked.is_of("state"));
    let takes = |machine: &&Machine| {
        (lifted || machine.is_up()) && asked.iter().all(|asked| asked.takes(world, machine))
    };
    let chosen = machines.iter().filter(takes);
    let mut ids: Vec<String> = chosen.map(|machine| machine.id.clone()).collect();
    ids.sort();
    ids
}
