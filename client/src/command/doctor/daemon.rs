//! The running daemon: whether it answers, of which version it is, and whether it has
//! the same files in mind as this program.

use std::path::Path;

use aws_ssm_proto::domain::{DaemonStatus, Error, Hello};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::hello::{BUILD, Decision, Version, decide};
use aws_ssm_proto::launch::DaemonCommand;

use super::alone::Outcome;
use super::check::{Check, Name};
use super::files::Seen;
use super::lock::State;
use super::running::{HELLO_TIME, Met, Running};
use crate::command::unix;
use crate::render::time::{Calendar, span};

const ANSWERS: Name = Name::new("daemon", "answers");
const VERSION: Name = Name::new("daemon", "version");
const EXECUTABLE: Name = Name::new("daemon", "executable");
const PATHS: Name = Name::new("daemon", "paths");

const RESTART: &str = "aws-ssm daemon restart";

/// All that is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    /// `None`: nobody knows where it would be.
    pub(super) endpoint: Option<&'a Endpoint>,
    pub(super) running: &'a Running,
    pub(super) seen: &'a Seen,
    /// What would be started where none runs.
    pub(super) program: Option<&'a DaemonCommand>,
    pub(super) alone: &'a Outcome,
}

pub(super) fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let Some(endpoint) = evidence.endpoint else {
        return vec![ANSWERS.skipped("nobody knows where its socket would be")];
    };
    let met = match evidence.running {
        Running::NotAsked => return vec![ANSWERS.skipped("--no-daemon leaves it alone")],
        Running::Unreachable(error) => return vec![ANSWERS.error(error)],
        Running::Nobody => return vec![nobody(evidence.seen)],
        Running::Met(met) => met,
    };
    let hello = match &met.hello {
        Ok(hello) => hello,
        Err(error) => return vec![mute(met, error, endpoint, &evidence.seen.lock)],
    };
    let mut checks = vec![answers(hello), version(hello)];
    if let Some(status) = &met.status {
        checks.extend(executable(status, evidence.program));
        checks.extend(paths(status, endpoint, evidence.alone));
    }
    checks
}

fn nobody(seen: &Seen) -> Check {
    match &seen.lock {
        State::Held(holder) => ANSWERS
            .failed("a daemon lives, and does not listen")
            .why("it holds its lock: it is just starting or ending, or its socket was removed")
            .mend(match holder {
                Some(holder) if holder.stopped => holder.mend(),
                Some(holder) => {
                    format!("try again in a minute; if it stays so: kill {}", holder.pid)
                }
                None => "try again in a minute".to_owned(),
            }),
        _ if seen.socket => ANSWERS
            .warning("a daemon has died: its socket is there, and nobody listens")
            .why("it was killed, or this machine went down with it")
            .mend("aws-ssm daemon start; every command that needs one does so by itself"),
        _ => ANSWERS.ok("none runs; the next command that needs one starts it"),
    }
}

/// Somebody takes connections and does not say hello.
fn mute(met: &Met, error: &Error, endpoint: &Endpoint, lock: &State) -> Check {
    let socket = endpoint.socket.display();
    let stranger =
        format!("find out who listens, and end it: ss -xlp | grep '{socket}'; or set AWS_SSM_HOME");
    let check = ANSWERS.error(error);
    match lock {
        State::Free | State::Unknown(_) if met.silent => check
            .why("whoever listens holds no daemon's lock, and says nothing")
            .mend(stranger),
        State::Free => {
            let why = format!("{}; whoever listens holds no daemon's lock", error.why);
            check.why(why).mend(format!("{}; {stranger}", error.hint))
        }
        State::Held(holder) if met.silent => {
            let check = check.why(match holder {
                Some(holder) if holder.stopped => {
                    format!("process {} is stopped", holder.pid)
                }
                Some(holder) => format!(
                    "process {} said nothing within {}",
                    holder.pid,
                    span(HELLO_TIME)
                ),
                None => format!("it said nothing within {}", span(HELLO_TIME)),
            });
            check.mend(match holder {
                Some(holder) => holder.mend(),
                None => RESTART.to_owned(),
            })
        }
        _ => check,
    }
}

fn answers(hello: &Hello) -> Check {
    let since = Calendar::default().text(unix(hello.started_at));
    ANSWERS.ok(format!("process {} answers, since {since}", hello.pid))
}

fn version(hello: &Hello) -> Check {
    let theirs = Version {
        major: hello.protocol_major,
        minor: hello.protocol_minor,
        build: hello.build.clone(),
    };
    let ours = Version::ours();
    let both = format!("aws-ssmd {}, this is aws-ssm {BUILD}", hello.build);
    match (decide(&ours, &theirs), decide(&theirs, &ours)) {
        (Decision::UseAndRetire, _) => VERSION
            .warning("the running daemon is older than this program")
            .why(both)
            .mend(RESTART),
        (_, Decision::UseAndRetire) => VERSION
            .warning("the running daemon is newer than this program")
            .why(both)
            .mend("update aws-ssm, or call the one that was installed with the daemon"),
        (Decision::Incompatible, _) => VERSION
            .failed("the running daemon and this program do not understand each other")
            .why(both)
            .mend(RESTART),
        (Decision::Use, _) => VERSION.ok(both),
    }
}

/// What Linux puts behind the path of a program whose file is gone.
const DELETED: &str = " (deleted)";

fn executable(status: &DaemonStatus, program: Option<&DaemonCommand>) -> Option<Check> {
    let runs = status.executable.display().to_string();
    if let Some(path) = runs.strip_suffix(DELETED) {
        return Some(
            EXECUTABLE
                .warning("the running daemon's program was replaced or removed")
                .why(format!("it was {path}"))
                .mend(RESTART),
        );
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let starts = real(&program?.program);
    Some(match real(&status.executable) == starts {
        true => EXECUTABLE.ok(runs),
        false => EXECUTABLE
            .warning("the running daemon is not the program that would be started here")
            .why(format!(
                "{runs} runs, {} would be started",
                starts.display()
            ))
            .mend(RESTART),
    })
}

/// What both sides have in mind, where it is not the same.
fn paths(status: &DaemonStatus, endpoint: &Endpoint, alone: &Outcome) -> Vec<Check> {
    let config = alone.as_ref().ok().map(|answers| answers.config_file());
    let mut pairs = vec![("socket", Some(&*status.socket), Some(&*endpoint.socket))];
    if status.log_file.is_some() {
        pairs.push(("log", status.log_file.as_deref(), Some(&*endpoint.log)));
    }
    if let Some(ours) = &config {
        pairs.push((
            "configuration file",
            status.config_file.as_deref(),
            ours.as_deref(),
        ));
    }
    let differ: Vec<Check> = pairs.into_iter().filter_map(difference).collect();
    match differ.is_empty() {
        true => vec![PATHS.ok("the daemon and this program use the same")],
        false => differ,
    }
}

fn difference((what, theirs, ours): (&str, Option<&Path>, Option<&Path>)) -> Option<Check> {
    let shown = |path: Option<&Path>| match path {
        Some(path) => path.display().to_string(),
        None => "none".to_owned(),
    };
    (theirs != ours).then(|| {
        PATHS
            .warning(format!("the daemon has {}", shown(theirs)))
            .about(what)
            .why(format!("this program would have {}", shown(ours)))
            .mend(RESTART)
    })
}
