//! What came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::judge::Verdict;
use super::leaks::Held;
use super::step::Step;

/// More examples of the same say nothing new.
const EXAMPLES: usize = 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Report {
    seed: u64,
    verbose: bool,
    steps: BTreeMap<Step, u64>,
    calls: u64,
    right: u64,
    excused: u64,
    failed: u64,
    wrong: u64,
    broken: u64,
    daemons: Vec<i32>,
    /// Of the last daemon, when it was first looked at and lately.
    held: Option<(Held, Held)>,
    rounds: u64,
    examples: Vec<String>,
}

impl Report {
    pub(super) fn new(seed: u64, verbose: bool) -> Self {
        Self {
            seed,
            verbose,
            steps: BTreeMap::new(),
            calls: 0,
            right: 0,
            excused: 0,
            failed: 0,
            wrong: 0,
            broken: 0,
            daemons: Vec::new(),
            held: None,
            rounds: 0,
            examples: Vec::new(),
        }
    }

    /// A step is taken.
    pub(super) fn step(&mut self, step: Step) {
        *self.steps.entry(step).or_default() += 1;
        self.say(format_args!("{step:?}"));
    }

    /// Says what is done to those who want to see every step.
    pub(super) fn say(&self, what: fmt::Arguments<'_>) {
        if self.verbose {
            eprintln!("  {what}");
        }
    }

    /// A call came to this.
    pub(super) fn call(&mut self, what: &str, verdict: &Verdict) {
        self.calls += 1;
        self.say(format_args!("{what}: {verdict:?}"));
        match verdict {
            Verdict::Right(_) => self.right += 1,
            Verdict::Excused => self.excused += 1,
            Verdict::Failed(why) => {
                self.failed += 1;
                self.example("failed although it was known", what, why);
            }
            Verdict::Wrong(why) => {
                self.wrong += 1;
                self.example("wrong", what, why);
            }
        }
    }

    /// Something else is not as it should be.
    pub(super) fn broken(&mut self, what: &str, why: &str) {
        self.broken += 1;
        self.example("broken", what, why);
    }

    /// All was mended and judged; the daemon holds this.
    pub(super) fn round(&mut self, held: Held) {
        self.rounds += 1;
        if !self.daemons.contains(&held.pid) {
            self.daemons.push(held.pid);
        }
        self.held = match self.held {
            Some((first, _)) if first.pid == held.pid => Some((first, held)),
            _ => Some((held, held)),
        };
    }

    /// How far it is.
    pub(super) fn progress(&self, elapsed: Duration) {
        eprintln!(
            "{:>5.0}s  {} calls, {} wrong, {} failed, {} broken",
            elapsed.as_secs_f64(),
            self.calls,
            self.wrong,
            self.failed,
            self.broken
        );
    }

    /// Nothing was wrong.
    pub(super) fn is_clean(&self) -> bool {
        self.wrong + self.failed + self.broken == 0 && self.leaks().is_empty()
    }

    fn leaks(&self) -> Vec<String> {
        let leaked = self
            .held
            .map(|(first, last)| (last, last.leaked_since(&first)));
        leaked.map(|(_, told)| told).unwrap_or_default()
    }

    fn example(&mut self, kind: &str, what: &str, why: &str) {
        let example = format!("{kind}: {what}: {why}");
        eprintln!("{example}");
        if self.examples.len() < EXAMPLES {
            self.examples.push(example);
        }
    }

    fn count(&self, steps: &[Step]) -> u64 {
        let counts = steps.iter().filter_map(|step| self.steps.get(step));
        counts.sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |what: &str, figure: String| writeln!(f, "{what:<44}{figure}");
        line("seed", self.seed.to_string())?;
        line(
            "rounds, each ending with everything mended",
            self.rounds.to_string(),
        )?;
        line("calls", self.calls.to_string())?;
        line("  right", self.right.to_string())?;
        line("  refused for a reason", self.excused.to_string())?;
        for (what, steps) in [
            ("fleets changed", &[Step::ChangeFleet][..]),
            ("faults of AWS", &[Step::Fault, Step::Refuse]),
            ("daemons killed", &[Step::Kill, Step::CrowdAndKill]),
            ("daemons restarted", &[Step::Restart]),
            ("programs replaced", &[Step::ReplaceProgram]),
            ("settings read again", &[Step::Reload]),
            ("clock jumps", &[Step::JumpClock]),
            ("disks filled or mended", &[Step::FillDisk]),
            (
                "profiles edited, caches cleared",
                &[Step::EditProfile, Step::ClearCache],
            ),
        ] {
            line(what, self.count(steps).to_string())?;
        }
        line("wrong answers", self.wrong.to_string())?;
        line(
            "failed although the answer was known",
            self.failed.to_string(),
        )?;
        line("otherwise broken", self.broken.to_string())?;
        if let Some((first, last)) = self.held {
            let figures =
                |name: &str, first: usize, last: usize| format!("{name} {first} -> {last}");
            let held = [
                figures("descriptors", first.descriptors, last.descriptors),
                figures("threads", first.threads, last.threads),
                figures("KiB resident", first.resident, last.resident),
            ];
            line("the last daemon holds", held.join(", "))?;
        }
        let leaks = self.leaks();
        line(
            "leaks",
            if leaks.is_empty() {
                "0".to_owned()
            } else {
                leaks.join(", ")
            },
        )?;
        self.examples
            .iter()
            .try_for_each(|example| writeln!(f, "{example}"))
    }
}
