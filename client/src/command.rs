//! The commands, one file each: what its arguments mean, and how it is run.

mod cache;
mod complete;
mod completion;
mod config;
mod daemon;
mod doctor;
mod interfaces;
mod list;
mod man;
mod reader;
mod regions;
mod report;
mod resolve;
mod show;
mod target;
mod version;
mod whoami;

use std::time::{SystemTime, UNIX_EPOCH};

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Error};

use crate::caller::{Surroundings, caller, named_regions};
use crate::challenge;
use crate::cli::{Cli, Command, GlobalArgs};
use crate::connect::Link;
use crate::error::{Failure, usage};
use crate::notices::Notices;
use crate::render::sheet::Sheet;
use crate::render::sink::Sink;
use crate::render::terminal::{Look, look};
use crate::render::{Format, candidates};
use crate::settings::Settings;

/// What a command works with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The global flags as typed, for the caller.
    pub args: &'a GlobalArgs,
    /// The global flags, understood.
    pub settings: Settings,
    /// Where the process runs.
    pub surroundings: &'a Surroundings<'a>,
    /// Who answers.
    pub link: Link,
    /// Where data goes.
    pub sink: Sink,
    /// Where everything else goes.
    pub notices: Notices,
    /// The time, for ages.
    pub now: SystemTime,
}

/// Runs the command that was typed.
///
/// # Errors
///
/// Whatever keeps it from being done.
pub async fn run(cli: &Cli, ctx: &mut Context<'_>) -> Result<(), Failure> {
    check_meta(cli, &ctx.settings)?;
    let outcome = match &cli.command {
        Command::List(args) => list::run(args, ctx).await,
        Command::Show(args) => show::run(&args.target, ctx).await,
        Command::Resolve(args) => resolve::run(args.target.as_ref(), ctx).await,
        Command::Interfaces(args) => interfaces::run(args, ctx).await,
        Command::Regions => regions::run(ctx).await,
        Command::Whoami => whoami::run(ctx).await,
        Command::Cache(command) => cache::run(command, ctx).await,
        Command::Config(command) => config::run(command, ctx).await,
        Command::Daemon(command) => daemon::run(command, ctx).await,
        Command::Doctor => doctor::run(ctx).await,
        Command::Completion(args) => completion::run(&args.shell, ctx),
        Command::Man(args) => man::run(args, ctx),
        Command::Version => version::run(ctx).await,
        Command::Complete(args) => complete::run(args, ctx).await,
    };
    // Half an answer is not printed beside an error.
    let outcome = outcome.and_then(|()| Ok(ctx.sink.flush()?));
    ctx.link.finish().await;
    outcome
}

fn check_meta(cli: &Cli, settings: &Settings) -> Result<(), Error> {
    if !settings.meta {
        return Ok(());
    }
    if settings.format != Some(Format::Json) {
        return Err(usage("--meta is for JSON")
            .why("no other format has a place for it")
            .hint("add -o json"));
    }
    match cli.command {
        Command::List(_) | Command::Show(_) | Command::Resolve(_) | Command::Interfaces(_) => {
            Ok(())
        }
        _ => Err(usage("--meta is for instances")
            .why("only answers about instances have an age and can be cut")
            .hint("leave --meta out")),
    }
}

/// Shows the nodes that a target may mean, if that is why a command was not done.
pub fn tell_candidates(outcome: &Result<(), Failure>, ctx: &Context<'_>) {
    let Err(Failure::Told(error)) = outcome else {
        return;
    };
    if error.nodes().is_empty() {
        return;
    }
    let look = look(
        rustix::stdio::stderr(),
        Format::Table,
        ctx.settings.colours,
        true,
        ctx.surroundings.variable,
    );
    // There is nobody to tell when that fails.
    let _ = candidates::write(
        error.nodes(),
        &mut Sink::new(Box::new(std::io::stderr())),
        look,
    );
}

impl Context<'_> {
    /// Who asks.
    fn caller(&self) -> Result<Caller, Error> {
        caller(self.args, self.surroundings)
    }

    /// The regions that `--region` names.
    fn regions(&self) -> Result<Vec<String>, Error> {
        named_regions(&self.args.region)
    }

    /// Puts a caller's question to whoever answers, and answers what is asked back.
    async fn ask<T>(
        &mut self,
        caller: &mut Caller,
        question: impl AsyncFn(&Client, &Caller) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (link, surroundings) = (&mut self.link, self.surroundings);
        challenge::ask(link, surroundings, self.notices, caller, question).await
    }

    /// The format that was asked for, or else the one of the settings.
    fn format(&self) -> Result<Format, Error> {
        match (self.settings.format, self.default_format()?) {
            (Some(format), _) | (None, Some(format)) => Ok(format),
            (None, None) => Ok(Format::default()),
        }
    }

    /// The same for those who must know before they ask: connects, because only then
    /// is it known whose settings count.
    async fn settle_format(&mut self) -> Result<(), Error> {
        if self.settings.format.is_none() {
            self.link.ask(async |_| Ok(())).await?;
            self.settings.format = self.default_format()?;
        }
        Ok(())
    }

    /// `default.output`: this terminal's, or else that of whoever answers.
    fn default_format(&self) -> Result<Option<Format>, Error> {
        const VARIABLE: &str = "AWS_SSM_DEFAULT_OUTPUT";
        if self.settings.format.is_some() {
            return Ok(None);
        }
        let named = (self.surroundings.variable)(VARIABLE).filter(|name| !name.is_empty());
        match named {
            Some(name) => Format::parse(&name.to_string_lossy())
                .map(Some)
                .map_err(|error| error.hint(format!("mend or unset {VARIABLE}"))),
            None => Ok(self
                .link
                .default_output()
                .and_then(|name| Format::parse(&name).ok())),
        }
    }

    /// How standard output looks in this format.
    fn look(&self, format: Format) -> Look {
        look(
            rustix::stdio::stdout(),
            format,
            self.settings.colours,
            self.settings.header,
            self.surroundings.variable,
        )
    }

    /// Prints a small answer, with the columns that were asked for.
    fn print(&mut self, sheet: Sheet<'_>) -> Result<(), Failure> {
        let format = self.format()?;
        let sheet = match &self.settings.columns {
            Some(columns) => sheet.select(columns)?,
            None => sheet,
        };
        let look = self.look(format);
        let omitted = sheet.print(&mut self.sink, format, look)?;
        self.say_omitted(&omitted);
        Ok(())
    }

    /// Tells of columns that the terminal has no room for.
    fn say_omitted(&self, columns: &[String]) {
        if !columns.is_empty() {
            self.notices.say(format_args!(
                "no room for {}: widen the terminal, or choose with --columns",
                columns.join(", ")
            ));
        }
    }
}

/// Seconds since 1970, negative before.
fn unix(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}
