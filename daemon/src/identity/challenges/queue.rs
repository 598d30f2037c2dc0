//! Those who wait for one answer, and whose turn it is to give it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::domain::{Error, Turn};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Challenges, Standing, Step, words};

/// Whoever has not answered by then has gone without hanging up. Longer than a client
/// waits for a person, or for a program.
const TURN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// A caller's place. Dropping it leaves the turn to the next.
pub struct Queue {
    challenges: Arc<Challenges>,
    /// `None`: there is nothing to wait for.
    place: Option<Place>,
    deadline: Instant,
}

struct Place {
    step: Step,
    standing: watch::Receiver<Standing>,
    /// The turn that it has.
    turn: Option<u64>,
    has_waited: bool,
}

impl Challenges {
    /// Queues up to answer a challenge.
    pub(in crate::identity) fn queue(self: &Arc<Self>, id: &str, deadline: Instant) -> Queue {
        let place = Step::parse(id).and_then(|step| {
            let state = self.lock();
            let standing = state.questions.get(&step)?.standing.subscribe();
            Some(Place {
                step,
                standing,
                turn: None,
                has_waited: false,
            })
        });
        Queue {
            challenges: Arc::clone(self),
            place,
            deadline,
        }
    }

    /// Takes the turn if nobody has it.
    fn take_turn(&self, step: Step) -> Option<u64> {
        let mut state = self.lock();
        let turn = state.turns + 1;
        let asked = state.questions.get(&step)?;
        let is_free = matches!(*asked.standing.borrow(), Standing::Free);
        is_free.then(|| asked.standing.send_replace(Standing::Taken(turn)))?;
        state.turns = turn;
        Some(turn)
    }

    /// Leaves the turn to the next, unless it was used.
    fn leave_turn(&self, step: Step, turn: u64) {
        let state = self.lock();
        if let Some(asked) = state.questions.get(&step) {
            asked.standing.send_if_modified(|standing| {
                let is_ours = matches!(standing, Standing::Taken(taken) if *taken == turn);
                if is_ours {
                    *standing = Standing::Free;
                }
                is_ours
            });
        }
    }
}

impl Queue {
    /// How things stand, whenever that changes. The turn lasts until this is dropped,
    /// or `None` comes.
    ///
    /// # Errors
    ///
    /// Why the answer that was waited for has failed, or that none came in time.
    pub async fn next(&mut self) -> Result<Option<Turn>, Error> {
        loop {
            let Some(place) = &mut self.place else {
                return Ok(None);
            };
            let now = place.standing.borrow_and_update().clone();
            match now {
                _ if place.turn.is_some() => return self.outlast().await,
                Standing::Over(outcome) => {
                    self.place = None;
                    return outcome.map(|()| Some(Turn::Over));
                }
                Standing::Free => {
                    if let Some(turn) = self.challenges.take_turn(place.step) {
                        place.turn = Some(turn);
                        return Ok(Some(Turn::Ours(turn)));
                    }
                }
                Standing::Taken(_) if !place.has_waited => {
                    place.has_waited = true;
                    return Ok(Some(Turn::Wait));
                }
                Standing::Taken(_) => {}
            }
            let changed = timeout_at(self.deadline, place.standing.changed()).await;
            match changed {
                Err(_) => return Err(words::nobody_answered()),
                // The question is forgotten.
                Ok(Err(_)) if !matches!(*place.standing.borrow(), Standing::Over(_)) => {
                    self.place = None;
                    return Ok(Some(Turn::Over));
                }
                Ok(_) => {}
            }
        }
    }

    /// Lets whoever has the turn have it, for a time.
    async fn outlast(&mut self) -> Result<Option<Turn>, Error> {
        if let Some(place) = &mut self.place {
            let over = |standing: &Standing| matches!(standing, Standing::Over(_));
            // Both mean that the turn is at its end.
            let _ = timeout(TURN_LIMIT, place.standing.wait_for(over)).await;
        }
        self.leave();
        Ok(None)
    }

    fn leave(&mut self) {
        if let Some(place) = self.place.take()
            && let Some(turn) = place.turn
        {
            self.challenges.leave_turn(place.step, turn);
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
