//! Making room for the daemon of a newer program.
//!
//! How depends on who would start it. A daemon that a client started starts its
//! successor itself, with its own arguments and environment, and hands the socket over
//! while it listens. One that a service manager handed the socket goes on accepting
//! until nobody is connected, because the manager starts no other before it has ended.
//! Any other gives up the socket's name and the lock, and whoever comes next starts one.
//!
//! Nobody is refused, and nobody waits for what this one still has in flight.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::launch::{self, DaemonCommand};
use tokio::time::{Instant, sleep};

use super::drain::Reason;
use super::handover;
use super::life::Life;
use super::program::Program;
use super::{Listener, Starter};

/// Somebody may always be connected: then it is done all the same after this time.
/// Nobody notices where the socket's name is given up; where a manager must wait for
/// our end, callers wait with it.
const SOON: Duration = Duration::from_secs(10);
const LATER: Duration = Duration::from_secs(60);

/// A program that is being replaced may not be whole yet: it must stay the same so long.
const SETTLED: Duration = Duration::from_millis(500);

/// A successor that takes longer to start is ended.
const START: Duration = Duration::from_secs(10);

/// After a successor that did not start, the next is tried.
const AGAIN: Duration = Duration::from_secs(60);

/// How this daemon makes room.
#[derive(Debug, Default)]
pub(super) enum Succession {
    /// Whoever comes next starts another.
    #[default]
    Vacate,
    /// A service manager has the socket.
    Managed,
    /// We start it, and hand over this listener.
    HandOver(OwnedFd),
}

/// What trying to hand over came to.
enum Outcome {
    /// Another daemon serves, or is about to.
    Done,
    /// The program that is there does not take over; it can be started as usual.
    Unwilling,
    /// It does not start.
    Failed(Error),
}

impl Succession {
    /// That of a daemon that listens so and was started so.
    ///
    /// # Errors
    ///
    /// There are no descriptors left.
    pub(super) fn of(listener: &Listener, starter: &Starter) -> io::Result<Self> {
        if listener.is_managed() {
            return Ok(Self::Managed);
        }
        match listener.share()? {
            Some(shared) if starter.is_launched() => Ok(Self::HandOver(shared)),
            _ => Ok(Self::Vacate),
        }
    }
}

/// Makes room once it is asked for. Returns when the end has begun.
pub(super) async fn watch(life: &Life, succession: Succession, program: Option<&Program>) {
    let draining = life.shutdown().draining();
    draining
        .run_until_cancelled(make_room(life, succession, program))
        .await;
    // A successor that was being started may have said that the lock is its own.
    // Nothing of the socket is kept open beyond this.
    life.sign_lock();
}

async fn make_room(life: &Life, succession: Succession, program: Option<&Program>) {
    loop {
        life.asked_to_retire().await;
        let (Succession::HandOver(listener), Some(program)) = (&succession, program) else {
            break;
        };
        let Some(found) = program.replaced_by() else {
            // A newer client is here, and its daemon is somewhere else.
            break;
        };
        sleep(SETTLED).await;
        if program.replaced_by() != Some(found) {
            life.retire();
            continue;
        }
        match hand_over(life, listener, program).await {
            Outcome::Done => return,
            Outcome::Unwilling => break,
            Outcome::Failed(error) => {
                tracing::warn!(
                    %error, program = %program.path().display(), again_in_s = AGAIN.as_secs(),
                    "a newer program is there and does not start; this one goes on"
                );
                sleep(AGAIN).await;
            }
        }
    }
    let (reason, bound) = match succession {
        Succession::Managed => (Reason::Retired, LATER),
        _ => (Reason::Vacated, SOON),
    };
    life.end_when_alone(reason);
    sleep(bound).await;
    life.shutdown().begin(reason, false);
}

async fn hand_over(life: &Life, listener: &OwnedFd, program: &Program) -> Outcome {
    let papers = life.with_lock(|lock| handover::hand_over(listener, lock));
    let (confirmation, papers) = match papers {
        Some(Ok(papers)) => papers,
        Some(Err(error)) => return Outcome::Failed(unable(&error)),
        None => return Outcome::Unwilling,
    };
    let command = DaemonCommand::like_this_process(program.path().to_owned());
    let started = launch::succeed(&command, papers, Instant::now() + START).await;
    let outcome = match started {
        Ok(_) if confirmation.confirmed() => {
            life.release_lock();
            life.shutdown().begin(Reason::HandedOver, false);
            return Outcome::Done;
        }
        Ok(_) => Outcome::Unwilling,
        Err(error) => Outcome::Failed(error),
    };
    // It may have said that the lock is its own.
    life.sign_lock();
    outcome
}

fn unable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the socket cannot be handed over").why(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn made_room(succession: Succession, connected: bool) -> (Reason, Duration) {
        let life = Life::new(None);
        if connected {
            life.caller_came();
        }
        life.retire();
        let began = Instant::now();
        watch(&life, succession, None).await;
        let reason = life.shutdown().reason().expect("the end has begun");
        (reason, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_nobody_calls_makes_room_at_once() {
        for (succession, expected) in [
            (Succession::Vacate, Reason::Vacated),
            (Succession::Managed, Reason::Retired),
        ] {
            let (reason, took) = made_room(succession, false).await;
            assert_eq!((reason, took), (expected, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_always_has_callers_makes_room_all_the_same() {
        for (succession, bound) in [(Succession::Vacate, SOON), (Succession::Managed, LATER)] {
            let (_, took) = made_room(succession, true).await;
            assert!(took >= bound && took < 2 * bound, "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_managed_daemon_makes_room_when_its_last_caller_leaves() {
        let life = Life::new(None);
        life.caller_came();
        life.retire();
        let leaving = async {
            sleep(LATER / 2).await;
            assert!(!life.shutdown().is_draining(), "it goes on accepting");
            life.caller_left();
        };
        tokio::join!(watch(&life, Succession::Managed, None), leaving);
        assert_eq!(life.shutdown().reason(), Some(Reason::Retired));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_is_not_asked_to_stays() {
        let life = Life::new(None);
        let watched = watch(&life, Succession::Vacate, None);
        let stays = tokio::time::timeout(100 * LATER, watched).await;
        assert!(stays.is_err() && !life.shutdown().is_draining());
    }
}
