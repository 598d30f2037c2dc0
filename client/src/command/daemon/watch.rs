//! `daemon stats`, once or again and again: in place on a terminal, block after
//! block in a pipe.
//!
//! The daemon is never started for it; when it goes away, so does this.

use std::time::{Duration, SystemTime};

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Error, Stats};
use rustix::process::{Signal as Sent, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::super::{Context, unix};
use super::{needed, stats};
use crate::cli::StatsArgs;
use crate::ending::Ending;
use crate::error::{Failure, usage};
use crate::render::Format;
use crate::render::screen::{Screen, frame, height};
use crate::render::terminal::{Look, is_dumb};
use crate::render::time::{Calendar, span};
use crate::settings::positive;

/// Between two looks when nobody says otherwise.
const INTERVAL: Duration = Duration::from_secs(2);
/// More often would only keep the daemon busy.
const SHORTEST: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &StatsArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    stats::check(ctx)?;
    let format = ctx.format()?;
    let look = ctx.look(format);
    if !args.watch {
        let stats = needed(ctx).await?.metrics().await?;
        let omitted = stats::put(&stats, &mut ctx.sink, format, look)?;
        ctx.say_omitted(&omitted);
        return Ok(());
    }
    let interval = interval(args)?;
    let source = Source(needed(ctx).await?);
    let is_screen = look.terminal && format.is_table() && !is_dumb(ctx.surroundings.variable);
    match is_screen {
        true => on_screen(source, interval, format, ctx).await,
        false => in_blocks(source, interval, (format, look), ctx).await,
    }
}

fn interval(args: &StatsArgs) -> Result<Duration, Error> {
    let Some(text) = &args.interval else {
        return Ok(INTERVAL);
    };
    let interval = positive("--interval", text)?;
    if interval < SHORTEST {
        return Err(usage("--interval is too short")
            .why("more than ten times a second would only keep the daemon busy")
            .hint("allow 100ms or more, as in --interval 1s"));
    }
    Ok(interval)
}

/// Where the counters come from.
struct Source(Client);

impl Source {
    /// Asks; a connection that has ended is made again once, because the daemon may
    /// have been restarted.
    async fn ask(&mut self, timeout: Duration, ctx: &Context<'_>) -> Result<Stats, Error> {
        self.0.set_deadline(Instant::now() + timeout);
        match self.0.metrics().await {
            Err(_) => {
                self.0 = needed(ctx).await?;
                self.0.set_deadline(Instant::now() + timeout);
                self.0.metrics().await
            }
            stats => stats,
        }
    }
}

/// One block after the other, the names of columns before the first alone.
async fn in_blocks(
    mut source: Source,
    interval: Duration,
    (format, mut look): (Format, Look),
    ctx: &mut Context<'_>,
) -> Result<(), Failure> {
    loop {
        let next = Instant::now() + interval;
        let stats = source.ask(ctx.settings.timeout, ctx).await?;
        stats::put(&stats, &mut ctx.sink, format, look)?;
        ctx.sink.flush()?;
        look.header &= format.is_table();
        sleep_until(next).await;
        match format {
            Format::Table | Format::Wide => ctx.sink.buffer().push(b'\n'),
            Format::Yaml => ctx.sink.buffer().extend_from_slice(b"---\n"),
            _ => {}
        }
    }
}

/// In place, until a signal ends it.
async fn on_screen(
    mut source: Source,
    interval: Duration,
    format: Format,
    ctx: &mut Context<'_>,
) -> Result<(), Failure> {
    let mut ending = Ending::new()?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut suspended = signal(SignalKind::from_raw(Sent::TSTP.as_raw()))?;
    let mut screen = Screen::enter()?;
    loop {
        let next = Instant::now() + interval;
        let stats = tokio::select! {
            stats = source.ask(ctx.settings.timeout, ctx) => stats?,
            ended = ending.next() => return Err(ended),
        };
        loop {
            draw(&stats, interval, format, ctx)?;
            tokio::select! {
                () = sleep_until(next) => break,
                ended = ending.next() => return Err(ended),
                _ = resized.recv() => {}
                _ = suspended.recv() => {
                    drop(screen);
                    // Goes on from here when the shell brings it back.
                    let _ = kill_process(getpid(), Sent::STOP);
                    screen = Screen::enter()?;
                }
            }
        }
    }
}

fn draw(
    stats: &Stats,
    interval: Duration,
    format: Format,
    ctx: &mut Context<'_>,
) -> Result<(), Failure> {
    let look = ctx.look(format);
    stats::put(stats, &mut ctx.sink, format, look)?;
    let page = std::mem::take(ctx.sink.buffer());
    let now = Calendar::default().text(unix(SystemTime::now()));
    let title = format!("{now}, every {}, until Ctrl-C", span(interval));
    *ctx.sink.buffer() = frame(&title, &page, height());
    Ok(ctx.sink.flush()?)
}
