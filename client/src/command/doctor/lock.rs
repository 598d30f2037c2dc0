//! Who holds the lock that a daemon has for as long as it lives.
//!
//! Processes are named for a person to look at; none is ever signalled.

use std::fs;

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::{HeldLock, held_lock};

use super::check::{Check, Name};

const LOCK: Name = Name::new("files", "lock");

/// A process that holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    /// It was stopped, by Ctrl-Z or a debugger, and does nothing until it is continued.
    pub(super) stopped: bool,
}

/// The state of the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No daemon lives.
    Free,
    /// One does; it may not have said yet which process it is.
    Held(Option<Holder>),
    /// It cannot be told, or was not looked at.
    Unknown(Option<Error>),
}

/// Looks at it, and holds it for no longer than that takes.
pub(super) fn look(endpoint: &Endpoint) -> State {
    match held_lock(endpoint) {
        Ok(None) => State::Free,
        Ok(Some(HeldLock { holder })) => State::Held(holder.map(Holder::find)),
        Err(error) => State::Unknown(Some(error)),
    }
}

pub(super) fn check(state: &State) -> Check {
    match state {
        State::Free => LOCK.ok("nobody holds it, so no daemon lives"),
        State::Held(Some(holder)) if holder.stopped => LOCK
            .failed(format!("process {} holds it, and is stopped", holder.pid))
            .why("somebody has stopped that process, and it does nothing meanwhile")
            .mend(holder.mend()),
        State::Held(Some(holder)) => LOCK.ok(format!("process {} holds it", holder.pid)),
        State::Held(None) => LOCK.ok("a daemon holds it"),
        State::Unknown(Some(error)) => LOCK.error(error),
        State::Unknown(None) => LOCK.skipped("its disk does not answer"),
    }
}

impl Holder {
    fn find(pid: u32) -> Self {
        // There is no such file on macOS, where nobody is known to be stopped.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        Self {
            pid,
            stopped: is_stopped(&stat),
        }
    }

    /// What has it answer again, or puts another in its place. A restart ends a daemon
    /// that is deaf, once it is certain that it is one.
    pub(super) fn mend(self) -> String {
        match self.stopped {
            true => format!("kill -CONT {}", self.pid),
            false => "aws-ssm daemon restart".to_owned(),
        }
    }
}

/// Reads `/proc/PID/stat`: the state stands behind the name, which may hold anything.
fn is_stopped(stat: &str) -> bool {
    let state = stat.rsplit(") ").next().unwrap_or_default();
    state.starts_with(['T', 't'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_process_is_told_by_its_state_and_not_by_its_name() {
        assert!(is_stopped("1 (aws-ssmd) T 0 1"));
        assert!(is_stopped("1 (a) b) t 0 1"));
        assert!(!is_stopped("1 (odd) T name) S 0 1"));
        assert!(!is_stopped(""));
    }

    #[test]
    fn a_process_that_runs_is_to_be_replaced_and_one_that_is_stopped_to_be_continued() {
        let pid = std::process::id();
        let ours = Holder::find(pid);
        assert!(!ours.stopped);
        assert_eq!(ours.mend(), "aws-ssm daemon restart");
        let stopped = Holder { pid, stopped: true };
        assert_eq!(stopped.mend(), format!("kill -CONT {pid}"));
    }
}
