//! The instances that a command is about: those that are named, and on a terminal those
//! that somebody picks, where none is named or a name fits several.

use std::collections::HashSet;
use std::fs::File;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{
    Caller, Column, Error, ErrorKind, Freshness, ListQuery, ListSummary, ResolvedTargets,
};
use tokio::time::Instant;

use super::{Context, report, unix};
use crate::connect::Link;
use crate::ending::Ending;
use crate::error::{Failure, usage};
use crate::picker::{self, Choice};
use crate::render::Format;
use crate::render::terminal::{is_dumb, look};

/// What was typed in place of a TARGET, or of several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets<'a> {
    /// None: they are picked.
    pub(super) typed: &'a [String],
    /// The command takes several.
    pub(super) many: bool,
    /// Their network interfaces are wanted too.
    pub(super) interfaces: bool,
}

impl Targets<'_> {
    /// Looks whether there are any, before somebody is asked for something.
    ///
    /// # Errors
    ///
    /// None is named, and none can be picked.
    pub(super) fn check(self, ctx: &Context<'_>) -> Result<(), Error> {
        match self.typed.is_empty() && tty(ctx).is_none() {
            true => Err(nothing_named(ctx.settings.quiet)),
            false => Ok(()),
        }
    }

    /// Finds them, with these columns.
    ///
    /// # Errors
    ///
    /// A target names no instance, or several and nobody can be asked which; nothing was
    /// picked; whatever keeps the daemon from answering.
    pub(super) async fn find(
        self,
        columns: &[Column],
        caller: &mut Caller,
        ctx: &mut Context<'_>,
    ) -> Result<ResolvedTargets, Failure> {
        let wanted = (columns, self.interfaces);
        if !self.typed.is_empty() {
            return match resolve(self.typed, wanted, caller, ctx).await {
                Err(error) if error.kind == ErrorKind::Ambiguous => {
                    self.choose(error, wanted, caller, ctx).await
                }
                outcome => Ok(told(self.typed, outcome?, ctx)),
            };
        }
        let tty = tty(ctx).ok_or_else(|| nothing_named(ctx.settings.quiet))?;
        // Boxed, because nearly no call comes here.
        Box::pin(async {
            let mut ending = Ending::new()?;
            let picked = pick(tty, None, self.many, &mut ending, caller, ctx).await?;
            let found = finally(&mut ending, resolve(&picked, wanted, caller, ctx)).await;
            Ok(told(&picked, found?, ctx))
        })
        .await
    }

    /// Has somebody choose between the candidates of each ambiguous target.
    async fn choose(
        self,
        error: Error,
        wanted: Wanted<'_>,
        caller: &mut Caller,
        ctx: &mut Context<'_>,
    ) -> Result<ResolvedTargets, Failure> {
        if tty(ctx).is_none() {
            return Err(error.into());
        }
        Box::pin(async {
            let mut ending = Ending::new()?;
            let mut picked = Vec::with_capacity(self.typed.len());
            for target in self.typed {
                let one = [target.clone()];
                let found = finally(
                    &mut ending,
                    resolve(&one, (&[Column::Id], false), caller, ctx),
                );
                match found.await {
                    Err(Failure::Told(error)) if error.kind == ErrorKind::Ambiguous => {
                        let tty = tty(ctx).ok_or_else(|| error.clone())?;
                        let only = Some(error.candidates.as_slice());
                        picked.extend(pick(tty, only, self.many, &mut ending, caller, ctx).await?);
                    }
                    found => drop((found?, picked.push(target.clone()))),
                }
            }
            let found = finally(&mut ending, resolve(&picked, wanted, caller, ctx)).await;
            Ok(told(&picked, found?, ctx))
        })
        .await
    }
}

/// What was found, having said how.
fn told(targets: &[String], found: ResolvedTargets, ctx: &Context<'_>) -> ResolvedTargets {
    report::tell_of_matches(&found, targets, ctx.notices);
    found
}

/// Where somebody could be asked. `-q` wants nothing on the terminal.
fn tty(ctx: &Context<'_>) -> Option<File> {
    if ctx.settings.quiet || is_dumb(ctx.surroundings.variable) {
        return None;
    }
    picker::terminal()
}

fn nothing_named(quiet: bool) -> Error {
    usage("no TARGET is named")
        .why(match quiet {
            true => "with -q nobody is asked to pick one",
            false => "there is no terminal on which somebody could pick one",
        })
        .hint("name it by its id or its name; `aws-ssm list` shows what there is")
}

/// Columns of instances, and whether their interfaces too.
type Wanted<'a> = (&'a [Column], bool);

async fn resolve(
    targets: &[String],
    (columns, interfaces): Wanted<'_>,
    caller: &mut Caller,
    ctx: &mut Context<'_>,
) -> Result<ResolvedTargets, Error> {
    let freshness = ctx.settings.freshness;
    let question = async |client: &Client, caller: &Caller| match interfaces {
        true => client.describe(caller, targets, columns, freshness).await,
        false => client.resolve(caller, targets, columns, freshness).await,
    };
    ctx.ask(caller, question).await
}

/// Waits for an answer, or for a signal: from the first picker on, none ends the
/// process by itself.
async fn finally<T>(
    ending: &mut Ending,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    tokio::select! {
        answer = answer => Ok(answer?),
        ended = ending.next() => Err(ended),
    }
}

/// Has somebody pick instances, of all or of those with these ids.
async fn pick(
    tty: File,
    only: Option<&[String]>,
    many: bool,
    ending: &mut Ending,
    caller: &mut Caller,
    ctx: &mut Context<'_>,
) -> Result<Vec<String>, Failure> {
    let look = look(
        &tty,
        Format::Table,
        ctx.settings.colours,
        true,
        ctx.surroundings.variable,
    );
    let mut choice = Choice::new(many, look.colours, unix(ctx.now));
    let summary = finally(ending, load(&mut choice, only, caller, ctx)).await?;
    if let Some(failure) = report::whole_failure(&summary.regions) {
        return Err(failure);
    }
    if choice.is_empty() {
        return Err(nothing_there(&summary).into());
    }
    choice.remarks = report::remarks(&summary.regions);
    let mut since = Instant::now();
    let link = &mut ctx.link;
    let ask = async |terms: &[String]| {
        // What a person takes is not the call's time.
        link.extend(std::mem::replace(&mut since, Instant::now()).elapsed());
        matching(link, caller, terms).await
    };
    let picked = choice.pick(tty, ending, ask).await;
    link.extend(since.elapsed());
    picked
}

/// Loads what can be picked.
async fn load(
    choice: &mut Choice,
    only: Option<&[String]>,
    caller: &mut Caller,
    ctx: &mut Context<'_>,
) -> Result<ListSummary, Error> {
    let query = ListQuery {
        all_states: true,
        columns: Choice::columns(),
        freshness: ctx.settings.freshness,
        ..ListQuery::default()
    };
    let question = async |client: &Client, caller: &Caller| {
        let list = client.list_instances(caller, &query);
        list.await
    };
    let mut pages = ctx.ask(caller, question).await?;
    let mut summary = None;
    while let Some(page) = pages.next().await? {
        choice.add(&page, only);
        summary = page.summary.or(summary);
    }
    report::complete(summary)
}

/// The ids of the instances that match terms.
async fn matching(
    link: &mut Link,
    caller: &Caller,
    terms: &[String],
) -> Result<HashSet<String>, Error> {
    let query = ListQuery {
        terms: terms.to_vec(),
        all_states: true,
        columns: vec![Column::Id],
        freshness: Freshness::Configured,
        ..ListQuery::default()
    };
    let question = async |client: &Client| {
        let mut pages = client.list_instances(caller, &query).await?;
        let mut ids = HashSet::new();
        while let Some(page) = pages.next().await? {
            let rows = page.rows().filter_map(|row| row.id);
            ids.extend(rows.map(str::to_owned));
        }
        Ok(ids)
    };
    link.ask(question).await
}

fn nothing_there(summary: &ListSummary) -> Error {
    let regions: Vec<&str> = summary
        .regions
        .iter()
        .map(|one| one.region.as_str())
        .collect();
    Error::new(ErrorKind::NotFound, "there is no instance to pick")
        .why(format!("{} has none", regions.join(", ")))
        .hint("ask in another region with --region, or with another --profile")
}
