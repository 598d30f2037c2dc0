//! What a process holds, as the system tells it.

use std::fs;
use std::path::Path;

use rustix::process::Pid;

/// What a daemon holds at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Which process.
    pub(super) pid: i32,
    pub(super) descriptors: usize,
    pub(super) threads: usize,
    /// In KiB.
    pub(super) resident: usize,
}

/// How much more one that answers the same questions may hold later: threads that
/// block come and go, an allocator keeps what it may need.
const SLACK: Held = Held {
    pid: 0,
    descriptors: 8,
    threads: 8,
    resident: 8 << 10,
};

impl Held {
    /// What a process holds now; `None` if it has ended.
    pub(super) fn by(pid: Pid) -> Option<Self> {
        let pid = pid.as_raw_nonzero().get();
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let figure = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some(Self {
            pid,
            descriptors,
            threads: figure("Threads:")?,
            resident: figure("VmRSS:")?,
        })
    }

    /// What has grown beyond what is due to chance; empty if nothing.
    pub(super) fn leaked_since(&self, before: &Self) -> Vec<String> {
        let figures = [
            (
                "descriptors",
                before.descriptors,
                self.descriptors,
                SLACK.descriptors,
            ),
            ("threads", before.threads, self.threads, SLACK.threads),
            (
                "KiB resident",
                before.resident,
                self.resident,
                SLACK.resident,
            ),
        ];
        let grown = figures
            .iter()
            .filter(|(_, before, now, slack)| *now > before + slack);
        grown
            .map(|(name, before, now, _)| format!("{name}: {before}, later {now}"))
            .collect()
    }
}

/// How many processes run a program in this directory.
pub(super) fn processes_below(bin: &Path) -> usize {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let programs = processes.filter_map(|process| fs::read_link(process.path().join("exe")).ok());
    programs.filter(|program| program.starts_with(bin)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_beyond_chance_is_told() {
        let before = Held {
            pid: 1,
            descriptors: 20,
            threads: 4,
            resident: 20_000,
        };
        assert_eq!(before.leaked_since(&before), [""; 0]);
        let later = Held {
            descriptors: 29,
            resident: 40_000,
            ..before
        };
        let told = later.leaked_since(&before);
        assert_eq!(
            told,
            [
                "descriptors: 20, later 29",
                "KiB resident: 20000, later 40000"
            ]
        );
    }

    #[test]
    fn this_process_is_seen() {
        let held = Held::by(rustix::process::getpid()).expect("it runs");
        assert!(held.descriptors > 0 && held.threads > 0 && held.resident > 0);
        let program = std::env::current_exe().expect("a program has a file");
        assert!(processes_below(program.parent().expect("a directory")) > 0);
    }
}
