//! `daemon`: its life, its state, its counters.
//!
//! Only `start` and `restart` ever start one.

mod install;
mod logs;
mod reload;
mod stats;
mod uninstall;
mod watch;

use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{DaemonStatus, Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch;
use aws_ssm_proto::service::Service;
use tokio::time::Instant;

use super::{Context, unix};
use crate::cli::DaemonCommand;
use crate::connect::{attend, running};
use crate::error::{Failure, usage};
use crate::render::sheet::Sheet;
use crate::render::{Field, Value};

pub(super) async fn run(command: &DaemonCommand, ctx: &mut Context<'_>) -> Result<(), Failure> {
    if ctx.link.leaves_daemon_alone() {
        return Err(contradiction().into());
    }
    match command {
        DaemonCommand::Start => start(ctx).await,
        DaemonCommand::Stop { now: true } => stop(Manner::Now, ctx).await,
        DaemonCommand::Stop { now: false } => stop(Manner::Gently, ctx).await,
        DaemonCommand::Restart => restart(ctx).await,
        DaemonCommand::Status => status(ctx).await,
        DaemonCommand::Reload => reload::run(ctx).await,
        DaemonCommand::Stats(args) => watch::run(args, ctx).await,
        DaemonCommand::Logs(args) => logs::run(args, ctx).await,
        DaemonCommand::Install(args) => install::run(args.print, ctx).await,
        DaemonCommand::Uninstall(args) => uninstall::run(args.print, ctx).await,
    }
}

fn contradiction() -> Error {
    usage("--no-daemon leaves no daemon to do this with")
        .why("the commands of `daemon` are about the one that runs or is to run")
        .hint("leave --no-daemon out")
}

async fn start(ctx: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(service) = Service::owner_of(&Endpoint::from_process_environment()?) {
        // Whoever says so in so many words wants another try.
        service.forgive(ctx.link.deadline()).await;
    }
    let hello = ctx.link.ask(async |client| client.hello().await).await?;
    ctx.notices.say(format_args!(
        "aws-ssmd {} runs as process {}",
        hello.build, hello.pid
    ));
    Ok(())
}

async fn restart(ctx: &mut Context<'_>) -> Result<(), Failure> {
    stop(Manner::Certainly, ctx).await?;
    start(ctx).await
}

/// What a process that was killed needs to be gone.
const DEATH: Duration = Duration::from_secs(1);

/// How a daemon is stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It finishes what is in flight; one that does not answer is left alone.
    Gently,
    /// It finishes what is in flight; one that does not answer is ended.
    Certainly,
    /// It finishes nothing; one that does not answer is ended.
    Now,
}

/// The running daemon. One that was killed still takes connections for a moment, and
/// resets them.
async fn alive(endpoint: &Endpoint, deadline: Instant) -> Result<Option<Client>, Error> {
    match running(deadline).await {
        Err(error) => {
            let listens = launch::connect_only(endpoint, deadline).await?;
            listens.map_or(Ok(None), |_| Err(error))
        }
        found => found,
    }
}

/// Done when the daemon's process is gone, also when there was none.
async fn stop(manner: Manner, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let deadline = ctx.link.deadline();
    let endpoint = Endpoint::from_process_environment()?;
    let Some(client) = alive(&endpoint, deadline).await? else {
        ctx.notices.say("no daemon is running");
        return Ok(());
    };
    let holder = launch::lock_holder(&endpoint)?;
    let asked = attend(&client, client.shutdown(manner == Manner::Now)).await;
    drop(client);
    match asked {
        Some(asked) => {
            let pid = match (asked, holder) {
                (Ok(pid), _) => pid,
                // It may be dying of something else, which is as good.
                (Err(error), Some(pid)) => {
                    let soon = deadline.min(Instant::now() + DEATH);
                    let gone = launch::wait_until_gone(&endpoint, pid, soon).await;
                    gone.map_err(|_| error)?;
                    pid
                }
                (Err(error), None) => match alive(&endpoint, deadline).await? {
                    Some(_) => return Err(error.into()),
                    None => {
                        ctx.notices.say("aws-ssmd has ended");
                        return Ok(());
                    }
                },
            };
            launch::wait_until_gone(&endpoint, pid, deadline).await?;
            ctx.notices
                .say(format_args!("aws-ssmd has ended, process {pid}"));
        }
        None if manner == Manner::Gently => return Err(deaf(&endpoint).into()),
        None => {
            let pid = launch::end_by_force(&endpoint, deadline).await?;
            ctx.notices.warn(format_args!(
                "aws-ssmd did not answer and was killed, process {pid}"
            ));
        }
    }
    if manner == Manner::Gently && Service::owner_of(&endpoint).is_some() {
        ctx.notices
            .say("it is a service: the next command starts it again");
    }
    Ok(())
}

fn deaf(endpoint: &Endpoint) -> Error {
    let holder = launch::lock_holder(endpoint).ok().flatten();
    let process = holder.map_or_else(String::new, |pid| format!(", process {pid},"));
    Error::new(ErrorKind::Daemon, "the daemon did not answer in time")
        .why(format!("it{process} takes connections and says nothing"))
        .hint("`aws-ssm daemon stop --now` ends it all the same")
}

async fn status(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let status = needed(ctx).await?.status().await?;
    ctx.print(status_sheet(&status))
}

/// The daemon, which must run already.
async fn needed(ctx: &Context<'_>) -> Result<Client, Error> {
    let client = running(ctx.link.deadline()).await?;
    match client {
        Some(client) => Ok(client),
        None => Err(launch::not_running(&Endpoint::from_process_environment()?)),
    }
}

fn status_sheet(status: &DaemonStatus) -> Sheet<'_> {
    let path = |path: &std::path::Path| Value::Owned(path.display().to_string());
    let hello = &status.hello;
    let state = if status.draining { "ending" } else { "running" };
    Sheet::single(vec![
        (Field::named("state"), Value::Text(state)),
        (Field::named("pid"), Value::Number(hello.pid.into())),
        (Field::named("version"), Value::Text(&hello.build)),
        (
            Field::named("protocol"),
            Value::Owned(format!("{}.{}", hello.protocol_major, hello.protocol_minor)),
        ),
        (
            Field::named("started-at"),
            Value::Time(unix(hello.started_at)),
        ),
        (Field::named("executable"), path(&status.executable)),
        (Field::named("socket"), path(&status.socket)),
        (
            Field::named("config-file"),
            Value::of(status.config_file.as_deref(), path),
        ),
        (
            Field::named("log-file"),
            Value::of(status.log_file.as_deref(), path),
        ),
        (
            Field::named("log-in-journal"),
            Value::Flag(status.log_in_journal),
        ),
        (
            Field::named("connections"),
            Value::Number(status.connections),
        ),
        (
            Field::named("idle-exit-in").key("idle_exit_in_seconds"),
            Value::of(status.idle_exit_in, Value::Span),
        ),
        (Field::named("identities"), Value::Number(status.identities)),
        (
            Field::named("cache-entries"),
            Value::Number(status.cache_entries),
        ),
        (
            Field::named("prometheus"),
            Value::text(status.prometheus.as_deref()),
        ),
    ])
}
