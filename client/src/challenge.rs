//! Answers what the daemon asks of a person, or of a program in this terminal.
//!
//! A call that needs an MFA code, or the output of a credential process, fails with a
//! challenge. Of all the clients that were challenged one has the turn; it answers,
//! and all of them call again. A code and what a program prints are held in zeroizing
//! memory, go to the daemon, and are never shown or logged.

mod environment;
mod output;
mod process;
mod terminal;
mod words;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::Turns;
use aws_ssm_proto::domain::{Answer, Caller, Challenge, Error, ErrorKind, Question, Turn};
use tokio::time::Instant;

use crate::caller::Surroundings;
use crate::connect::Link;
use crate::notices::Notices;

/// A role chain has 16 steps at most, each of which may ask; some more for answers
/// that the daemon did not wait for any longer.
const MOST_CHALLENGES: usize = 24;

/// Puts a caller's question to whoever answers, and answers what is asked back.
///
/// # Errors
///
/// The question's own, nobody can be reached, or there is no answer to what is asked
/// back.
pub(crate) async fn ask<T>(
    link: &mut Link,
    surroundings: &Surroundings<'_>,
    notices: Notices,
    caller: &mut Caller,
    question: impl AsyncFn(&Client, &Caller) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut unsent = None;
    for _ in 0..MOST_CHALLENGES {
        let theirs: &Caller = caller;
        match link
            .ask(async |client| question(client, theirs).await)
            .await
        {
            Err(error) if error.challenge.is_some() => {
                let mut respondent = Respondent {
                    link,
                    surroundings,
                    notices,
                    unsent: &mut unsent,
                };
                // Boxed, because nearly no call comes here.
                Box::pin(respondent.meet(caller, error)).await?;
            }
            outcome => return outcome,
        }
    }
    Err(too_many())
}

/// An answer that nobody took: its daemon has gone, and the next one will ask again.
type Unsent = Option<(Question, Answer)>;

struct Respondent<'a, 's> {
    link: &'a mut Link,
    surroundings: &'a Surroundings<'s>,
    notices: Notices,
    unsent: &'a mut Unsent,
}

impl Respondent<'_, '_> {
    /// Does what the challenge in an error asks for, so that the call can be repeated.
    async fn meet(&mut self, caller: &mut Caller, error: Error) -> Result<(), Error> {
        let Some(challenge) = error.challenge.as_deref() else {
            return Err(error);
        };
        match challenge.question {
            Question::EnvironmentDigest if caller.environment_digest.is_none() => {
                let variables = (self.surroundings.variables)();
                let directory = (self.surroundings.directory)().unwrap_or_default();
                caller.environment_digest = Some(environment::digest(variables, &directory));
                Ok(())
            }
            Question::EnvironmentDigest => Err(error),
            _ => self.take_turn(challenge, &error).await,
        }
    }

    async fn take_turn(&mut self, challenge: &Challenge, error: &Error) -> Result<(), Error> {
        let queue_up = async |client: &Client| client.take_turn(&challenge.id).await;
        let mut turns = self.link.ask(queue_up).await?;
        let Some(turn) = self.wait_for_turn(&mut turns, &challenge.question).await? else {
            return Ok(());
        };
        // As long as `turns` lives, it is our turn.
        let answer = self.answer(&challenge.question, error).await?;
        let send = async |client: &Client| {
            let sent = client.answer_challenge(&challenge.id, turn, &answer);
            sent.await
        };
        let taken = self.link.ask(send).await;
        drop(turns);
        match (answer, taken) {
            (Answer::Failure(error), _) => Err(error),
            (_, Ok(true)) => Ok(()),
            (answer, Ok(false)) => {
                *self.unsent = Some((challenge.question.clone(), answer));
                Ok(())
            }
            (_, Err(error)) => Err(error),
        }
    }

    /// The number of our turn; `None` if there is nothing to answer any more.
    async fn wait_for_turn(
        &self,
        turns: &mut Turns,
        question: &Question,
    ) -> Result<Option<u64>, Error> {
        loop {
            match turns.next().await {
                Ok(Turn::Ours(turn)) => return Ok(Some(turn)),
                Ok(Turn::Over) => return Ok(None),
                Ok(Turn::Wait) => match question {
                    Question::CredentialProcess { profile, .. } => self.notices.detail(
                        1,
                        format_args!("another terminal runs the credential process of {profile}"),
                    ),
                    _ => self
                        .notices
                        .say("waiting for the MFA code that another terminal asks for"),
                },
                // It has ended; its successor asks again.
                Err(error) if error.kind == ErrorKind::Daemon => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    async fn answer(&mut self, question: &Question, error: &Error) -> Result<Answer, Error> {
        match self.unsent.take() {
            Some((known, answer)) if known == *question => return Ok(answer),
            _ => {}
        }
        match question {
            Question::MfaCode { serial, .. } => {
                let began = Instant::now();
                let typed = terminal::ask_code(serial).await;
                // What a person takes is not the call's time.
                self.link.extend(began.elapsed());
                let code = typed.map_err(|trouble| trouble.explain(error))?;
                Ok(Answer::MfaCode(code))
            }
            Question::CredentialProcess { profile, command } => {
                let deadline = self.link.deadline();
                let given = process::credentials(profile, command, deadline).await;
                Ok(given.map_or_else(Answer::Failure, Answer::Credentials))
            }
            Question::EnvironmentDigest => Err(error.clone()),
        }
    }
}

fn too_many() -> Error {
    Error::new(ErrorKind::Credentials, "the credentials cannot be had")
        .why(format!(
            "the daemon has asked {MOST_CHALLENGES} times for something that it had been given"
        ))
        .hint("the daemon's log says more; `aws-ssm daemon status` names it")
}
