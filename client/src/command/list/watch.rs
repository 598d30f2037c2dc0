//! `list --watch`: the rows, and then a line for every change, until Ctrl-C.
//!
//! Each look is a question like another, for data younger than the interval. So watchers
//! share what is loaded, with each other and with everybody else, and a daemon holds
//! nothing for any of them; what has changed is found here. No connection is kept between
//! two looks: a daemon may end meanwhile, and another may take its place.

mod asked;

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use aws_ssm_proto::Client;
use aws_ssm_proto::client::InstancePage;
use aws_ssm_proto::domain::{
    Caller, Column, Error, ErrorKind, Freshness, ListSummary, RegionSummary,
};
use tokio::time::{Instant, sleep};

use super::super::{Context, reader, report, unix};
use super::Plan;
use super::changes::{News, Seen};
use super::health::Health;
use crate::cli::ListArgs;
use crate::ending::Ending;
use crate::error::{Failure, lines};
use crate::notices::tell;
use crate::render::change::{Change, Changes};
use crate::render::instance::{InstanceRow, asked_columns, fields};
use crate::render::time::span;
use crate::render::{Format, Printer};

pub(super) async fn run(args: &ListArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let interval = asked::interval(args)?;
    asked::check(args, ctx)?;
    ctx.settings.format = asked::format(ctx).await?;
    let mut ending = Ending::new()?;
    let mut watch = Watch::new(args, interval, ctx)?;
    tokio::select! {
        ended = watch.go_on(ctx) => ended.map(|never| match never {}),
        () = reader::gone() => Err(Failure::BrokenPipe),
        ended = ending.next() => Err(ended),
    }
}

struct Watch {
    plan: Plan,
    caller: Caller,
    interval: Duration,
    changes: Changes,
    seen: Seen,
    health: Health,
    /// Prints the rows of the first look, until that is over; `None` for programs, which
    /// get them as lines.
    table: Option<Printer>,
    /// The first look is over.
    begun: bool,
}

impl Watch {
    fn new(args: &ListArgs, interval: Duration, ctx: &Context<'_>) -> Result<Self, Failure> {
        let mut plan = Plan::new(args, &ctx.settings)?;
        let for_programs = plan.format == Format::Jsonl;
        let look = ctx.look(plan.format);
        let changes = Changes::new(&plan.columns, for_programs, &look);
        plan.query.columns = asked_columns(changes.columns());
        // What is as old as a look ago must be loaded anew, also agents, whose load ends
        // a little later.
        plan.query.freshness = Freshness::MaxAge(interval - interval / 5);
        let table = || Printer::new(plan.format, fields(&plan.columns), look);
        Ok(Self {
            caller: ctx.caller()?,
            seen: Seen::new(counted(&changes, ctx.settings.columns.is_some())),
            health: Health::default(),
            table: (!for_programs).then(table),
            begun: false,
            changes,
            interval,
            plan,
        })
    }

    async fn go_on(&mut self, ctx: &mut Context<'_>) -> Result<Infallible, Failure> {
        let summary = self.look(ctx).await?;
        self.begin(&summary, ctx)?;
        let mut rest = rest(&summary.regions, self.interval);
        loop {
            // A daemon of this call alone has no other caller, and would end.
            if !ctx.link.leaves_daemon_alone() {
                ctx.link.hang_up().await;
            }
            sleep(rest).await;
            ctx.link.renew(Instant::now() + ctx.settings.timeout);
            rest = match self.look_again(ctx).await {
                Ok(summary) => self.tell_of(&summary.regions, ctx),
                Err(Failure::Told(error)) if may_pass(error.kind) => {
                    self.tell_of_silence(&error, ctx)
                }
                Err(failure) => return Err(failure),
            };
        }
    }

    /// A daemon that ends while it answers has a successor, which is asked instead.
    async fn look_again(&mut self, ctx: &mut Context<'_>) -> Result<ListSummary, Failure> {
        match self.look(ctx).await {
            Err(Failure::Told(error)) if error.kind == ErrorKind::Daemon => {
                ctx.link.hang_up().await;
                self.look(ctx).await
            }
            looked => looked,
        }
    }

    /// Asks, and prints what is new.
    async fn look(&mut self, ctx: &mut Context<'_>) -> Result<ListSummary, Failure> {
        let query = &self.plan.query;
        let question = async |client: &Client, caller: &Caller| {
            let list = client.list_instances(caller, query);
            list.await
        };
        let mut pages = ctx.ask(&mut self.caller, question).await?;
        let now = unix(SystemTime::now());
        self.seen.begin();
        let mut summary = None;
        while let Some(page) = pages.next().await? {
            self.take(&page, now, ctx.sink.buffer());
            summary = page.summary.or(summary);
        }
        let summary = report::complete(summary)?;
        if let Some(failure) = report::whole_failure(&summary.regions) {
            return Err(failure);
        }
        let silent = summary.regions.iter().filter(|region| !region.has_data());
        let silent: Vec<&str> = silent.map(|region| region.region.as_str()).collect();
        for cells in self.seen.end(|region| silent.contains(&region)) {
            let out = ctx.sink.buffer();
            self.changes.write(out, now, Change::Removed, &cells);
        }
        ctx.sink.flush()?;
        Ok(summary)
    }

    fn take(&mut self, page: &InstancePage, now: i64, out: &mut Vec<u8>) {
        for instance in page.rows() {
            let cells = self.changes.cells(instance, now);
            let id = instance.id.unwrap_or_default();
            let region = instance.region.unwrap_or_default();
            let Some((news, cells)) = self.seen.take(id, region, cells) else {
                continue;
            };
            let change = match &news {
                News::Added if !self.begun => Change::Present,
                News::Added => Change::Added,
                News::Changed(differences) => Change::Changed(differences),
            };
            match &mut self.table {
                Some(table) => {
                    let columns = &self.plan.columns;
                    let row = InstanceRow {
                        columns,
                        instance,
                        now,
                    };
                    table.print(out, std::iter::once(row));
                }
                None => self.changes.write(out, now, change, cells),
            }
        }
    }

    /// Ends the first look.
    fn begin(&mut self, summary: &ListSummary, ctx: &mut Context<'_>) -> Result<(), Failure> {
        self.begun = true;
        if let Some(mut table) = self.table.take() {
            let omitted = table.end(&mut ctx.sink)?;
            ctx.sink.flush()?;
            if table.rows() == 0 {
                ctx.notices.say("no instance matches yet");
            }
            ctx.say_omitted(&omitted);
        }
        if ctx.look(self.plan.format).terminal {
            let every = span(self.interval);
            let notice = format_args!("changes follow, looked for every {every}, until Ctrl-C");
            ctx.notices.say(notice);
        }
        report::tell_of(&summary.regions, ctx.notices);
        self.health.heard(&summary.regions, Instant::now());
        Ok(())
    }

    /// Says what is other with the regions; returns how long to rest.
    fn tell_of(&mut self, regions: &[RegionSummary], ctx: &Context<'_>) -> Duration {
        let heard = self.health.heard(regions, Instant::now());
        report::tell_failures(&heard.failed);
        if !heard.failed.is_empty() {
            self.say_what_stands(ctx);
        }
        for (region, silence) in heard.back {
            let silence = span(report::whole_seconds(silence));
            let notice = format_args!("{region} answers again; its rows were {silence} old");
            ctx.notices.say(notice);
        }
        rest(regions, self.interval)
    }

    /// The same when no region answered.
    fn tell_of_silence(&mut self, error: &Error, ctx: &Context<'_>) -> Duration {
        if self.health.heard_nothing(error) {
            tell(&lines(error));
            self.say_what_stands(ctx);
        }
        self.interval
    }

    fn say_what_stands(&self, ctx: &Context<'_>) {
        let age = span(report::whole_seconds(self.health.oldest(Instant::now())));
        let every = span(self.interval);
        ctx.notices.say(format_args!(
            "what was seen {age} ago stands until there is an answer; asking every {every}"
        ));
    }
}

/// Whether a later look may have an answer where this one had none. What refuses a caller,
/// or what he has typed, does not pass.
fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::Daemon | ErrorKind::Internal
    )
}

/// Which columns tell of a change. Ages and pings are others at nearly every look; a ping
/// counts if its column was `named`.
fn counted(changes: &Changes, named: bool) -> Vec<bool> {
    let columns = changes.columns().iter().enumerate();
    columns
        .map(|(place, column)| match column {
            Column::State => true,
            Column::Age => false,
            Column::Agent => named,
            _ => place < changes.chosen(),
        })
        .collect()
}

/// How long until the oldest of the data is as old as the interval.
fn rest(regions: &[RegionSummary], interval: Duration) -> Duration {
    let left = regions.iter().map(|region| match region.has_data() {
        true => interval.saturating_sub(region.age),
        false => interval,
    });
    // However old an answer is, the next one is given some time.
    left.min().unwrap_or(interval).max(interval / 5)
}

#[cfg(test)]
mod tests {
    use rustix::stdio::stdout;

    use super::*;
    use crate::render::terminal::{Colours, look};

    #[test]
    fn the_state_counts_always_a_ping_if_it_was_named_and_an_age_never() {
        let columns = [Column::Age, Column::Agent, Column::Type];
        let look = look(stdout(), Format::Table, Colours::Never, true, |_| None);
        let changes = Changes::new(&columns, false, &look);
        let names: Vec<String> = changes.columns().iter().map(Column::to_string).collect();
        assert_eq!(
            names,
            ["age", "agent", "type", "name", "id", "state", "region"]
        );
        let unnamed = [false, false, true, false, false, true, false];
        assert_eq!(counted(&changes, false), unnamed);
        let named = [false, true, true, false, false, true, false];
        assert_eq!(counted(&changes, true), named);
    }

    #[test]
    fn the_oldest_data_say_when_to_look_again() {
        let seconds = Duration::from_secs;
        let region = |age: u64, error: Option<Error>| RegionSummary {
            region: "eu-west-1".into(),
            fetched_at: SystemTime::UNIX_EPOCH,
            age: seconds(age),
            state: aws_ssm_proto::domain::DataState::Fresh,
            refreshing: false,
            cut: false,
            error,
        };
        let failed = || region(0, Some(Error::new(ErrorKind::Unavailable, "no answer")));
        let rest = |regions: &[RegionSummary]| rest(regions, seconds(30)).as_secs();
        assert_eq!(rest(&[region(0, None)]), 30);
        assert_eq!(rest(&[region(0, None), region(20, None)]), 10);
        assert_eq!(rest(&[region(600, None)]), 6);
        assert_eq!(rest(&[failed(), region(12, None)]), 18);
        assert_eq!(rest(&[failed()]), 30);
    }
}
