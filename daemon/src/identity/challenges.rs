//! What only a person or the caller's terminal can give: MFA codes, and the output of
//! credential processes.
//!
//! Whoever needs such a thing notes the question here and fails with a challenge; it
//! never waits. The callers who were challenged queue up, one of them answers for all,
//! and what the answer opens is held until shortly before its end. How an answer fails
//! is told to all who wait for it, and not kept.
//!
//! Invariants: an answer is used by those only whose every setting that decides the
//! credentials is equal ([`Step`]); what is held is in zeroizing memory and bounded;
//! nobody waits past his deadline, and nobody has the turn for ever.

mod queue;
mod step;
mod words;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_async::time::SharedTimeSource;
use aws_ssm_proto::domain::{Answer, Error, ProcessCredentials, Question};
use tokio::sync::watch;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::key::KeyMaker;
use super::plan::{CredentialPlan, ProcessPlan, RolePlan};
use super::sts::{Place, TokenService};
use crate::aws::sts::{AssumeRole, Mfa};

pub use queue::Queue;
pub(super) use step::Step;

/// How many questions may be open. Each belongs to a profile that somebody has just
/// used.
const MOST_QUESTIONS: usize = 64;
/// How many answers are held: as many as there are bindings.
const MOST_SESSIONS: usize = 1000;
/// A question that nobody has answered for so long is forgotten.
const QUESTION_LIFE: Duration = Duration::from_secs(15 * 60);
/// Keys that name no end are taken for good for so long.
const ENDLESS: Duration = Duration::from_secs(60 * 60);
/// No credentials are used in the last minute of their life, or in its last tenth if
/// that is shorter: a call that begins then might not get through.
const MARGIN: Duration = Duration::from_secs(60);

/// See the module.
pub struct Challenges {
    keys: Arc<KeyMaker>,
    sts: Arc<dyn TokenService>,
    wall: SharedTimeSource,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: HashMap<Step, Session>,
    questions: HashMap<Step, Asked>,
    /// How many turns there have been.
    turns: u64,
}

/// What an answer has opened.
struct Session {
    credentials: Credentials,
    until: SystemTime,
}

/// A question that is open.
struct Asked {
    wanted: Wanted,
    since: Instant,
    standing: watch::Sender<Standing>,
}

/// How far a question has come.
#[derive(Clone, Debug)]
enum Standing {
    /// Nobody is answering.
    Free,
    /// Whoever has this turn is.
    Taken(u64),
    /// It was answered.
    Over(Result<(), Error>),
}

/// What is made of an answer.
#[derive(Clone)]
enum Wanted {
    /// A role is assumed with a code.
    Mfa(Box<WithCode>),
    /// A program's output is taken as it is.
    Process { profile: String },
}

/// All that assuming a role with a code needs, but the code.
#[derive(Clone)]
struct WithCode {
    source: Credentials,
    request: AssumeRole,
    serial: String,
    place: Place,
}

impl Challenges {
    pub(super) fn new(
        keys: Arc<KeyMaker>,
        sts: Arc<dyn TokenService>,
        wall: SharedTimeSource,
    ) -> Self {
        Self {
            keys,
            sts,
            wall,
            state: Mutex::default(),
        }
    }

    /// What stands for all that decides the credentials of a plan.
    pub(super) fn step(&self, plan: &CredentialPlan, place: &Place) -> Step {
        Step::of(&self.keys, plan, place)
    }

    /// The credentials that an answer has opened, if they still serve.
    pub(super) fn held(&self, step: Step) -> Option<Credentials> {
        let now = self.wall.now();
        let mut state = self.lock();
        let session = state.sessions.get(&step)?;
        if now < session.until {
            return Some(session.credentials.clone());
        }
        state.sessions.remove(&step);
        None
    }

    /// Drops what an answer has opened: AWS has refused it.
    pub(super) fn forget(&self, step: Step) {
        self.lock().sessions.remove(&step);
    }

    /// Drops what has ended and what nobody has answered. To be called now and then.
    pub(super) fn forget_old(&self) {
        let now = self.wall.now();
        let mut state = self.lock();
        state.sessions.retain(|_, session| now < session.until);
        state.forget_questions(Instant::now());
    }

    /// Notes that a role needs a code, and who would assume it. The error is the
    /// challenge.
    pub(super) fn ask_code(
        &self,
        step: Step,
        role: &RolePlan,
        source: Credentials,
        place: &Place,
    ) -> Error {
        let device = role
            .mfa
            .as_ref()
            .expect("only a role that wants a code asks");
        let question = Question::MfaCode {
            serial: device.serial.clone(),
            profile: device.profile.clone(),
            role_arn: role.role_arn.clone(),
        };
        let wanted = Wanted::Mfa(Box::new(WithCode {
            source,
            request: role.request(),
            serial: device.serial.clone(),
            place: place.clone(),
        }));
        self.ask(step, wanted);
        words::challenge(step, question)
    }

    /// Notes that a program is to be run. The error is the challenge.
    pub(super) fn ask_process(&self, step: Step, process: &ProcessPlan) -> Error {
        let profile = process.profile.clone();
        let question = Question::CredentialProcess {
            profile: profile.clone(),
            command: process.command.to_string(),
        };
        self.ask(step, Wanted::Process { profile });
        words::challenge(step, question)
    }

    fn ask(&self, step: Step, wanted: Wanted) {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(asked) = state.questions.get_mut(&step) {
            (asked.wanted, asked.since) = (wanted, now);
            return;
        }
        state.forget_questions(now);
        if state.questions.len() >= MOST_QUESTIONS {
            let oldest = state.questions.iter().min_by_key(|(_, asked)| asked.since);
            if let Some(oldest) = oldest.map(|(step, _)| *step) {
                // Who waits for it is told that it is over, and asks again.
                state.questions.remove(&oldest);
            }
        }
        let asked = Asked {
            wanted,
            since: now,
            standing: watch::Sender::new(Standing::Free),
        };
        state.questions.insert(step, asked);
    }

    /// Answers for all who wait. `false`: nobody waits for that any more.
    ///
    /// # Errors
    ///
    /// What STS says of the code; what is wrong with the credentials.
    pub(super) async fn answer(
        &self,
        id: &str,
        turn: u64,
        answer: Answer,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let Some((step, wanted)) = self.wanted(id, turn) else {
            return Ok(false);
        };
        let opened = match (answer, wanted) {
            (Answer::MfaCode(code), Wanted::Mfa(mfa)) => self.open(*mfa, code, deadline).await,
            (Answer::Credentials(given), Wanted::Process { profile }) => self.take(given, &profile),
            (Answer::Failure(error), _) => {
                self.settle(step, Err(error));
                return Ok(true);
            }
            _ => Err(words::other_question()),
        };
        let outcome = opened.map(|credentials| self.hold(step, credentials));
        self.settle(step, outcome.clone());
        outcome.map(|()| true)
    }

    /// What whoever has this turn is to answer.
    fn wanted(&self, id: &str, turn: u64) -> Option<(Step, Wanted)> {
        let step = Step::parse(id)?;
        let state = self.lock();
        let asked = state.questions.get(&step)?;
        let is_theirs =
            matches!(&*asked.standing.borrow(), Standing::Taken(taken) if *taken == turn);
        is_theirs.then(|| (step, asked.wanted.clone()))
    }

    async fn open(
        &self,
        mfa: WithCode,
        code: Zeroizing<String>,
        deadline: Instant,
    ) -> Result<Credentials, Error> {
        let serial_number = mfa.serial.clone();
        let request = AssumeRole {
            mfa: Some(Mfa {
                serial_number,
                code,
            }),
            ..mfa.request
        };
        let asked = self
            .sts
            .assume_role(&mfa.place, mfa.source, request, deadline);
        asked
            .await
            .map_err(|error| words::refused(error, &mfa.serial))
    }

    fn take(&self, given: ProcessCredentials, profile: &str) -> Result<Credentials, Error> {
        if given.expires_at.is_some_and(|end| end <= self.wall.now()) {
            return Err(words::already_ended(profile));
        }
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key.as_str(),
            given.session_token.map(|token| token.to_string()),
            given.expires_at,
            "credential process",
        ))
    }

    /// Holds credentials, which from now on end a little earlier than they do.
    fn hold(&self, step: Step, mut credentials: Credentials) {
        let now = self.wall.now();
        let until = credentials.expiry().map(|end| {
            let left = end.duration_since(now).unwrap_or_default();
            end - MARGIN.min(left / 10)
        });
        if let Some(until) = until {
            *credentials.expiry_mut() = Some(until);
        }
        let mut state = self.lock();
        state.sessions.retain(|_, session| now < session.until);
        if state.sessions.len() >= MOST_SESSIONS {
            let soonest = state.sessions.iter().min_by_key(|(_, held)| held.until);
            if let Some(soonest) = soonest.map(|(step, _)| *step) {
                state.sessions.remove(&soonest);
            }
        }
        let until = until.unwrap_or(now + ENDLESS);
        state.sessions.insert(step, Session { credentials, until });
    }

    fn settle(&self, step: Step, outcome: Result<(), Error>) {
        if let Some(asked) = self.lock().questions.remove(&step) {
            asked.standing.send_replace(Standing::Over(outcome));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_questions(&mut self, now: Instant) {
        self.questions
            .retain(|_, asked| now.duration_since(asked.since) < QUESTION_LIFE);
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Challenges")
            .field("sessions", &state.sessions.len())
            .field("questions", &state.questions.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
