//! An instance as a page for a person: what it is, where it is, how it is connected,
//! its tags, its agent, and how old all that is.

use std::io;
use std::time::Duration;

use aws_ssm_proto::domain::{
    AgentStatus, Column, Error, InstanceInterfaces, InstanceRef, RegionSummary,
};

use crate::command::interfaces::UNKNOWN_SUBNETS;
use crate::command::{report, unix};
use crate::render::instance::{InstanceRow, state};
use crate::render::interface::{self, columns};
use crate::render::page::Page;
use crate::render::sink::Sink;
use crate::render::time::{Calendar, span};
use crate::render::{Format, Look, Row, Value};

/// All there is to say of an instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct InstancePage<'a> {
    pub(super) instance: InstanceRef<'a>,
    /// `None` if they are not known.
    pub(super) interfaces: Option<&'a InstanceInterfaces>,
    /// Why they are not known, or not better.
    pub(super) interfaces_error: Option<&'a Error>,
    pub(super) subnets_error: Option<&'a Error>,
    pub(super) agent_error: Option<&'a Error>,
    /// Where the instance came from.
    pub(super) source: Option<&'a RegionSummary>,
    pub(super) now: i64,
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
            Column::Account,
        ],
    ),
    (
        "Placement",
        &[Column::Region, Column::Az, Column::Vpc, Column::Subnet],
    ),
    (
        "Network",
        &[
            Column::PrivateIp,
            Column::PublicIp,
            Column::PrivateDns,
            Column::PublicDns,
        ],
    ),
];

impl InstancePage<'_> {
    pub(super) fn print(&self, sink: &mut Sink, look: Look) -> io::Result<()> {
        let mut page = Page::new(sink.buffer(), look);
        let title = [self.instance.name, self.instance.id];
        let parts = title.into_iter().flatten();
        page.title(parts, self.instance.state.map(state));
        for (heading, columns) in PARTS {
            self.print_part(&mut page, heading, columns);
        }
        self.print_groups(&mut page);
        self.print_interfaces(sink, look)?;
        let mut page = Page::new(sink.buffer(), look);
        self.print_tags(&mut page);
        self.print_agent(&mut page);
        if let Some(source) = self.source {
            page.lines("Data", &data(source));
        }
        Ok(())
    }

    fn print_part(&self, page: &mut Page<'_>, heading: &str, columns: &[Column]) {
        let row = self.row(columns);
        let labels: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let values = (0..columns.len()).map(|place| row.value(place));
        let lines: Vec<_> = labels.iter().map(String::as_str).zip(values).collect();
        page.lines(heading, &lines);
    }

    fn row<'a>(&'a self, columns: &'a [Column]) -> InstanceRow<'a> {
        InstanceRow {
            columns,
            instance: self.instance,
            now: self.now,
        }
    }

    fn print_groups(&self, page: &mut Page<'_>) {
        let groups = self.instance.security_groups();
        let lines: Vec<_> = groups.map(|(id, name)| (id, Value::Text(name))).collect();
        if !lines.is_empty() {
            page.lines("Security groups", &lines);
        }
    }

    fn print_interfaces(&self, sink: &mut Sink, look: Look) -> io::Result<()> {
        match self.interfaces {
            Some(instance) if instance.interfaces.is_empty() => {}
            Some(instance) => {
                let columns = columns(Format::Table, None).expect("the usual ones are known");
                interface::print(sink, look, "Interfaces", &columns, instance)?;
            }
            None => {}
        }
        let mut lines = Vec::new();
        if let Some(error) = self.interfaces_error {
            say(&mut lines, error, error.to_string());
        }
        if let Some(error) = self.subnets_error {
            say(&mut lines, error, format!("{UNKNOWN_SUBNETS}: {error}"));
        }
        if !lines.is_empty() {
            let heading = match self.interfaces {
                Some(_) => "",
                None => "Interfaces",
            };
            Page::new(sink.buffer(), look).lines(heading, &lines);
        }
        Ok(())
    }

    fn print_agent(&self, page: &mut Page<'_>) {
        let columns = [Column::Ssm, Column::AgentVersion];
        let row = self.row(&columns);
        let mut lines = vec![("ssm", row.value(0))];
        if self.instance.agent_version.is_some() {
            lines.push(("version", row.value(1)));
        }
        if let Some(heard) = self.instance.agent {
            let since = u64::try_from(self.now.saturating_sub(heard)).unwrap_or(0);
            let since = span(Duration::from_secs(since));
            let heard = Calendar::default().text(heard);
            lines.push(("last heard", Value::Owned(format!("{heard}, {since} ago"))));
        }
        match (self.instance.ssm, self.agent_error) {
            (None, Some(error)) => say(&mut lines, error, error.to_string()),
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

/// Why something is missing, and what to do about it.
fn say<'a>(lines: &mut Vec<(&'a str, Value<'a>)>, error: &'a Error, why: String) {
    lines.push(("why", Value::Owned(why)));
    if !error.hint.is_empty() {
        lines.push(("hint", Value::Text(&error.hint)));
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

#[cfg(test)]
mod tests;
