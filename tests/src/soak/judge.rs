//! Whether an answer may be what it is.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::harness::Finished;

use super::scene::{THRESHOLD, TTL};
use super::truth::{Place, Rows, Truth};

/// An answer tells its time in whole seconds, and is made a moment after the question.
const SLACK: Duration = Duration::from_secs(2);

/// What the client says of a daemon that hangs, before it answers without it.
const WEDGED: &str = "takes connections and does not answer";

/// What was asked of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What the settings say.
    Configured,
    /// Data from after the question.
    Fresh,
    /// Data of at most so many seconds.
    MaxAge(u64),
}

/// What surrounds a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// When it was asked.
    pub(super) asked: SystemTime,
    pub(super) wanted: Wanted,
    /// AWS may have failed meanwhile.
    pub(super) trouble: bool,
    /// AWS may have refused these credentials meanwhile.
    pub(super) refused: bool,
    /// The daemon knows the answer, so that no trouble is a reason to fail.
    pub(super) known: bool,
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right; its data was fetched then.
    Right(SystemTime),
    /// It failed, and there was a reason.
    Excused,
    /// It failed although the answer was known.
    Failed(String),
    /// It is not what it should be.
    Wrong(String),
}

#[derive(Deserialize)]
struct Answer {
    fetched_at: Option<String>,
    stale: bool,
    cut: bool,
    errors: Vec<serde_json::Value>,
    rows: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: Option<String>,
    state: String,
    account: Option<String>,
}

/// The columns that a list is asked for.
pub(super) const COLUMNS: &str = "id,name,state,account";

/// Judges a list of one fleet, in JSON with what `--meta` adds.
pub(super) fn list(
    finished: Option<&Finished>,
    place: &Place,
    truth: &Truth,
    circumstances: Circumstances,
) -> Verdict {
    let finished = match ended(finished, circumstances) {
        Ok(finished) => finished,
        Err(verdict) => return verdict,
    };
    let answer: Answer = match serde_json::from_str(&finished.stdout) {
        Ok(answer) => answer,
        Err(error) => return Verdict::Wrong(format!("no JSON: {error}: {finished:?}")),
    };
    let Some(fetched) = answer.fetched_at.as_deref().and_then(time) else {
        return Verdict::Wrong(format!("nothing was fetched: {finished:?}"));
    };
    let age = circumstances
        .asked
        .duration_since(fetched)
        .unwrap_or_default();
    let limit = match (circumstances.wanted, answer.stale, answer.errors.is_empty()) {
        (Wanted::Fresh, ..) => Some(Duration::ZERO),
        (Wanted::MaxAge(seconds), ..) => Some(Duration::from_secs(seconds)),
        (Wanted::Configured, false, true) => Some(TTL),
        (Wanted::Configured, true, true) => Some(THRESHOLD),
        // The last known, which says why it is not better.
        (Wanted::Configured, _, false) => None,
    };
    if limit.is_some_and(|limit| age > limit + SLACK) {
        return Verdict::Wrong(format!("{age:?} old without a word: {}", finished.stderr));
    }
    let of_another = |row: &Listed| row.account.as_ref().is_some_and(|id| *id != place.0);
    if answer.cut || answer.rows.iter().any(of_another) {
        return Verdict::Wrong(format!("of another account, or cut: {finished:?}"));
    }
    let rows: Rows = answer
        .rows
        .into_iter()
        .map(|row| (row.id, row.name, row.state))
        .collect();
    match truth.was(place, &rows, fetched) {
        true => Verdict::Right(fetched),
        false => {
            let now = truth.now(place);
            let extra: Vec<_> = rows.difference(now).take(3).collect();
            let missing: Vec<_> = now.difference(&rows).take(3).collect();
            Verdict::Wrong(format!(
                "{place:?} never was this at {fetched:?} (age {age:?}): more than now: {extra:?}; less: {missing:?}"
            ))
        }
    }
}

/// Of an RFC 3339 time.
fn time(text: &str) -> Option<SystemTime> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let seconds = u64::try_from(time.as_second()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Judges the id that a name led to.
pub(super) fn resolve(
    finished: Option<&Finished>,
    place: &Place,
    name: &str,
    truth: &Truth,
    circumstances: Circumstances,
) -> Verdict {
    match ended(finished, circumstances) {
        Ok(finished) if truth.was_called(place, name, finished.stdout.trim()) => {
            Verdict::Right(circumstances.asked)
        }
        Ok(finished) => Verdict::Wrong(format!("{name} never was that: {finished:?}")),
        Err(verdict) => verdict,
    }
}

/// Judges a command that says something of the daemon itself.
pub(super) fn other(finished: Option<&Finished>, circumstances: Circumstances) -> Verdict {
    match ended(finished, circumstances) {
        Ok(_) => Verdict::Right(circumstances.asked),
        Err(verdict) => verdict,
    }
}

/// The run, if it succeeded; else what that means.
fn ended(finished: Option<&Finished>, is: Circumstances) -> Result<&Finished, Verdict> {
    let Some(finished) = finished else {
        return Err(Verdict::Wrong("it never ended".to_owned()));
    };
    let told = || format!("exit {}: {}", finished.code(), finished.stderr.trim());
    if finished.stderr.contains(WEDGED) {
        return Err(Verdict::Wrong(told()));
    }
    match finished.code() {
        0 => Ok(finished),
        4 if is.refused => Err(Verdict::Excused),
        5 if is.known && !is.refused => Err(Verdict::Failed(told())),
        5 if is.trouble || is.refused => Err(Verdict::Excused),
        _ => Err(Verdict::Wrong(told())),
    }
}
