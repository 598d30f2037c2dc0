//! What callers give that the daemon cannot get: whose turn it is, and the answers.

use std::sync::Arc;

use aws_ssm_proto::domain::{Answer, Error, ErrorKind};
use aws_ssm_proto::wire::challenges_server;
use aws_ssm_proto::{status, wire};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tonic::{Request, Response, Status};

use super::call::Method;
use crate::daemon::Daemon;

#[derive(Debug)]
pub(super) struct ChallengesService {
    take_turn: Method,
    answer_challenge: Method,
}

impl ChallengesService {
    pub(super) fn new(daemon: &Arc<Daemon>) -> Self {
        Self {
            take_turn: Method::new(daemon, "TakeTurn"),
            answer_challenge: Method::new(daemon, "AnswerChallenge"),
        }
    }
}

#[tonic::async_trait]
impl challenges_server::Challenges for ChallengesService {
    type TakeTurnStream = BoxStream<'static, Result<wire::TakeTurnResponse, Status>>;

    async fn take_turn(
        &self,
        request: Request<wire::TakeTurnRequest>,
    ) -> Result<Response<Self::TakeTurnStream>, Status> {
        let method = &self.take_turn;
        let work = |question: wire::TakeTurnRequest, deadline| async move {
            let identities = &method.daemon.identities;
            let queue = identities.queue_up(&question.challenge_id, deadline);
            let turns = stream::unfold(Some(queue), |queue| async move {
                let mut queue = queue?;
                match queue.next().await {
                    Ok(turn) => Some((Ok(turn?.into()), Some(queue))),
                    Err(error) => Some((Err(status::from_error(&error)), None)),
                }
            });
            Ok(turns.boxed())
        };
        method.serve(request, work).await
    }

    async fn answer_challenge(
        &self,
        request: Request<wire::AnswerChallengeRequest>,
    ) -> Result<Response<wire::AnswerChallengeResponse>, Status> {
        let method = &self.answer_challenge;
        let work = |given: wire::AnswerChallengeRequest, deadline| async move {
            let answer: Answer = given.answer.ok_or_else(no_answer)?.try_into()?;
            let identities = &method.daemon.identities;
            let taken = identities.answer(&given.challenge_id, given.turn, answer, deadline);
            Ok(wire::AnswerChallengeResponse {
                taken: taken.await?,
            })
        };
        method.serve(request, work).await
    }
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Usage, "the answer to the challenge is missing")
        .why("the request holds none that this version knows")
}
