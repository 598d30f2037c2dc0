//! `show`: everything known of an instance, and how old that is.

use aws_ssm_proto::domain::{
    AgentStatus, Column, Error, InstanceRef, RegionSummary, ResolvedTargets,
};

use super::list::columns;
use super::target::Targets;
use super::{Context, report, unix};
use crate::error::Failure;
use crate::render::instance::{InstanceRow, asked_columns, fields};
use crate::render::page::Page;
use crate::render::{Format, Look, Printer, Row, Value};

pub(super) async fn run(typed: &[String], ctx: &mut Context<'_>) -> Result<(), Failure> {
    // What was typed wrong is told before anybody is asked.
    let targets = Targets { typed, many: true };
    targets.check(ctx)?;
    if let Some(named) = &ctx.settings.columns {
        columns(Format::default(), Some(named))?;
    }
    let mut caller = ctx.caller()?;
    ctx.settle_format().await?;
    let format = ctx.settings.format.unwrap_or_default();
    let as_page = format.is_table() && ctx.settings.columns.is_none();
    let columns = match &ctx.settings.columns {
        Some(named) => columns(format, Some(named))?,
        // Everything, in whatever format.
        None if format != Format::Ids => columns(Format::Json, None)?,
        None => columns(Format::Ids, None)?,
    };
    let asked = asked_columns(&columns);
    let answer = targets.find(&asked, &mut caller, ctx).await?;
    let look = ctx.look(format);
    let now = unix(ctx.now);
    if as_page {
        print_pages(ctx.sink.buffer(), &answer, look, now);
    } else {
        print_rows(ctx, &answer, &columns, format)?;
    }
    report::tell_of(&once_each(&answer.sources), ctx.notices);
    Ok(())
}

fn print_rows(
    ctx: &mut Context<'_>,
    answer: &ResolvedTargets,
    columns: &[Column],
    format: Format,
) -> Result<(), Failure> {
    let now = unix(ctx.now);
    let mut printer = Printer::new(format, fields(columns), ctx.look(format));
    let rows = answer.instances().map(|instance| InstanceRow {
        columns,
        instance,
        now,
    });
    printer.print(ctx.sink.buffer(), rows);
    let omitted = printer.end(&mut ctx.sink)?;
    if ctx.settings.meta {
        let mut meta = report::meta(&once_each(&answer.sources));
        meta.errors
            .extend(answer.agent_error.clone().map(|error| (None, error)));
        Printer::wrap(ctx.sink.buffer(), &meta, "rows");
    } else if let Some(error) = &answer.agent_error {
        ctx.notices
            .say(format_args!("agent status is not known: {error}"));
    }
    ctx.say_omitted(&omitted);
    Ok(())
}

/// Several targets in one region have one source.
fn once_each(sources: &[RegionSummary]) -> Vec<RegionSummary> {
    let mut seen: Vec<RegionSummary> = Vec::new();
    for source in sources {
        if !seen.iter().any(|known| known.region == source.region) {
            seen.push(source.clone());
        }
    }
    seen
}

fn print_pages(out: &mut Vec<u8>, answer: &ResolvedTargets, look: Look, now: i64) {
    for (place, instance) in answer.instances().enumerate() {
        if place > 0 {
            out.push(b'\n');
        }
        let source = answer.sources.get(place);
        InstancePage { instance, now }.print(out, look, source, answer.agent_error.as_ref());
    }
}

struct InstancePage<'a> {
    instance: InstanceRef<'a>,
    now: i64,
}

const PARTS: [(&str, &[Column]); 3] = [
    (
        "Instance",
        &[
            Column::State,
            Column::Type,
            Column::Arch,
            Column::Platform,
            Column::Image,
            Column::Lifecycle,
            Column::Launched,
            Column::Age,
            Column::Key,
            Column::Profile,
        ],
    ),
    ("Placement", &[Column::Account, Column::Region, Column::Az]),
    (
        "Network",
        &[
            Column::PrivateIp,
            Column::PublicIp,
            Column::PrivateDns,
            Column::PublicDns,
            Column::Vpc,
            Column::Subnet,
        ],
    ),
];

impl InstancePage<'_> {
    fn print(
        &self,
        out: &mut Vec<u8>,
        look: Look,
        source: Option<&RegionSummary>,
        agent_error: Option<&Error>,
    ) {
        let title = [self.instance.id, self.instance.name];
        let title: Vec<&str> = title.into_iter().flatten().collect();
        let mut page = Page::new(out, look);
        page.heading(&title.join("  "));
        for (heading, columns) in PARTS {
            self.print_part(&mut page, heading, columns);
        }
        self.print_groups(&mut page);
        self.print_agent(&mut page, agent_error);
        self.print_tags(&mut page);
        if let Some(source) = source {
            page.lines("Data", &data(source));
        }
    }

    fn print_part(&self, page: &mut Page<'_>, heading: &str, columns: &[Column]) {
        let row = InstanceRow {
            columns,
            instance: self.instance,
            now: self.now,
        };
        let labels: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let values = (0..columns.len()).map(|place| row.value(place));
        let lines: Vec<_> = labels.iter().map(String::as_str).zip(values).collect();
        page.lines(heading, &lines);
    }

    fn print_groups(&self, page: &mut Page<'_>) {
        let groups = self.instance.security_groups();
        let lines: Vec<_> = groups.map(|(id, name)| (id, Value::Text(name))).collect();
        if !lines.is_empty() {
            page.lines("Security groups", &lines);
        }
    }

    fn print_agent(&self, page: &mut Page<'_>, error: Option<&Error>) {
        let columns = [Column::Ssm, Column::AgentVersion, Column::Agent];
        let row = InstanceRow {
            columns: &columns,
            instance: self.instance,
            now: self.now,
        };
        let mut lines = vec![("ssm", row.value(0))];
        if self.instance.agent_version.is_some() {
            lines.push(("version", row.value(1)));
        }
        if self.instance.agent.is_some() {
            lines.push(("last heard", row.value(2)));
        }
        match (self.instance.ssm, error) {
            (None, Some(error)) => {
                lines.push(("why", Value::Owned(error.to_string())));
                if !error.hint.is_empty() {
                    lines.push(("hint", Value::Text(&error.hint)));
                }
            }
            (None, None) => lines.push(("why", Value::Text("not asked for yet; run it again"))),
            (Some(AgentStatus::None), _) => lines.push(("why", Value::Text(UNMANAGED))),
            _ => {}
        }
        page.lines("Agent", &lines);
    }

    fn print_tags(&self, page: &mut Page<'_>) {
        let tags = self.instance.tags();
        let lines: Vec<_> = tags.map(|(key, value)| (key, Value::Text(value))).collect();
        if !lines.is_empty() {
            page.lines("Tags", &lines);
        }
    }
}

const UNMANAGED: &str = "Systems Manager does not know it: the agent is not installed or not \
                         running, has no network, or the instance profile does not allow it";

fn data(source: &RegionSummary) -> Vec<(&'static str, Value<'_>)> {
    let mut lines = vec![
        ("fetched", Value::Time(unix(source.fetched_at))),
        ("age", Value::Span(report::whole_seconds(source.age))),
        ("state", Value::Text(source.state.as_str())),
    ];
    if source.refreshing {
        lines.push(("refreshing", Value::Flag(true)));
    }
    if let Some(error) = &source.error {
        lines.push(("why", Value::Owned(error.to_string())));
    }
    lines
}
