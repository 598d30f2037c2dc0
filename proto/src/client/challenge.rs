//! Answering what the daemon asks of a caller.

use tokio::time::timeout_at;
use tonic::Streaming;

use super::{Client, GRACE, silent};
use crate::domain::{Answer, Error, Turn};
use crate::{status, wire};

impl Client {
    /// Queues up to answer a challenge. [`Turns::next`] says when it is our turn.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; why nobody could answer, if somebody has tried meanwhile.
    pub async fn take_turn(&self, challenge_id: &str) -> Result<Turns, Error> {
        let request = self.request(wire::TakeTurnRequest {
            challenge_id: challenge_id.to_owned(),
        });
        let stream = self.call(self.challenges().take_turn(request)).await?;
        Ok(Turns {
            stream,
            deadline: self.deadline,
        })
    }

    /// Answers a challenge, for all who wait. `false` if the daemon does not wait for
    /// that any more.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; why AWS does not take the answer.
    pub async fn answer_challenge(
        &self,
        challenge_id: &str,
        turn: u64,
        answer: &Answer,
    ) -> Result<bool, Error> {
        let request = self.request(wire::AnswerChallengeRequest {
            challenge_id: challenge_id.to_owned(),
            turn,
            answer: Some(answer.into()),
        });
        let answer = self
            .call(self.challenges().answer_challenge(request))
            .await?;
        Ok(answer.taken)
    }
}

/// A place in the queue of those who wait for one answer, and the turn to give it.
/// Dropping it leaves both to others.
#[derive(Debug)]
pub struct Turns {
    stream: Streaming<wire::TakeTurnResponse>,
    deadline: tokio::time::Instant,
}

impl Turns {
    /// How things stand. After [`Turn::Ours`] and [`Turn::Over`] nothing follows.
    ///
    /// # Errors
    ///
    /// As [`Client::take_turn`].
    pub async fn next(&mut self) -> Result<Turn, Error> {
        let turn = timeout_at(self.deadline + GRACE, self.stream.message()).await;
        let turn = turn
            .map_err(|_| silent())?
            .map_err(|status| status::to_error(&status))?;
        Ok(turn.map_or(Turn::Over, Into::into))
    }
}
