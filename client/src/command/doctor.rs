//! `doctor`: why something does not work, and what mends it.
//!
//! The running daemon is asked what it says of itself, with little patience; files are
//! looked at from here; and a daemon of this call alone says what the settings are
//! worth and what AWS answers, so that neither a daemon that hangs nor one that is
//! missing hides what else is wrong. Nothing is changed, nobody is signalled, and no
//! check waits for another or beyond the deadline.

mod alone;
mod aws;
mod check;
mod configuration;
mod daemon;
mod environment;
mod errors;
mod files;
mod lock;
mod log;
mod programs;
mod report;
mod running;
mod service;
mod space;

use std::time::Duration;

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::endpoint::Endpoint;
use tokio::time::{Instant, timeout_at};

use super::Context;
use crate::error::Failure;
use check::Name;
use files::Seen;
use running::Running;

/// What the running daemon may take to say of itself.
const DAEMON_TIME: Duration = Duration::from_secs(4);
/// What AWS may take, all profiles and regions side by side.
const AWS_TIME: Duration = Duration::from_secs(20);
/// What the disks may take.
const DISK_TIME: Duration = Duration::from_secs(3);

const DISKS: Name = Name::new("files", "disks");

pub(super) async fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let began = Instant::now();
    // What is left is for printing.
    let all = ctx.link.deadline().saturating_duration_since(began) * 9 / 10;
    let until = |most: Duration| began + most.min(all);
    let endpoint = Endpoint::from_process_environment();
    let caller = ctx.caller();
    let program = ctx.link.daemon();
    let may_ask = !ctx.link.leaves_daemon_alone();
    ctx.link.leave_daemon_alone_until(until(AWS_TIME));

    let running = running::ask(endpoint.as_ref().ok(), may_ask, until(DAEMON_TIME));
    let asking = caller.as_ref().ok().cloned();
    let alone = alone::ask(&mut ctx.link, ctx.surroundings, ctx.notices, asking);
    let service = service::look(endpoint.as_ref().ok(), until(DAEMON_TIME));
    let (running, alone, service) = tokio::join!(running, alone, service);

    let seen = look_at_disks(&endpoint, &running, &alone, until(AWS_TIME + DISK_TIME)).await;

    let mut checks = programs::checks(&program, &alone);
    checks.extend(seen.checks.iter().cloned());
    checks.extend(daemon::checks(&daemon::Evidence {
        endpoint: endpoint.as_ref().ok(),
        running: &running,
        seen: &seen,
        program: program.as_ref().ok(),
        alone: &alone,
    }));
    checks.push(service::check(service.as_ref()));
    checks.extend(errors::checks(&running, &seen.troubles, ctx.now));
    checks.extend(configuration::checks(&running, &alone));
    checks.extend(environment::checks(
        std::env::vars_os(),
        ctx.args.profile.is_some(),
    ));
    checks.extend(aws::checks(&caller, &alone, ctx.now));
    report::print(&checks, began.elapsed(), ctx)
}

/// A disk may be one of the things that hang, so it is waited for elsewhere.
async fn look_at_disks(
    endpoint: &Result<Endpoint, Error>,
    running: &Running,
    alone: &alone::Outcome,
    deadline: Instant,
) -> Seen {
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint.clone(),
        Err(error) => return Seen::nothing(files::SOCKET_PATH.error(error)),
    };
    let wanted = files::Wanted {
        log: running.log_file().or_else(|| Some(endpoint.log.clone())),
        snapshots: alone::snapshot_directory(alone),
        daemon_runs: running.is_met(),
        endpoint,
    };
    let look = tokio::task::spawn_blocking(move || files::look(&wanted));
    match timeout_at(deadline, look).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        Err(_) => Seen::nothing(
            DISKS
                .failed("a disk does not answer")
                .why("the directories of the daemon could not be looked at in time")
                .mend("check the file systems they are on: mount"),
        ),
    }
}
