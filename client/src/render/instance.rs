//! Instances as rows.

use std::borrow::Cow;
use std::time::Duration;

use aws_ssm_proto::domain::{AgentStatus, Column, InstanceRef, InstanceState};

use super::colour::Tone;
use super::{Field, Format, Row, Value};

/// An instance, seen through the columns that were asked for.
#[derive(Clone, Copy, Debug)]
pub struct InstanceRow<'a> {
    /// What is shown of it.
    pub columns: &'a [Column],
    /// The instance.
    pub instance: InstanceRef<'a>,
    /// Seconds since 1970, for its age.
    pub now: i64,
}

impl Row for InstanceRow<'_> {
    fn value(&self, field: usize) -> Value<'_> {
        let row = &self.instance;
        match &self.columns[field] {
            Column::Name => Value::text(row.name),
            Column::Id => Value::text(row.id),
            Column::State => Value::of(row.state, state),
            Column::Type => Value::text(row.instance_type),
            Column::PrivateIp => Value::text(row.private_ip),
            Column::Az => Value::text(row.az),
            Column::Ssm => row.ssm.map_or(Value::Pending, agent),
            Column::PublicIp => Value::text(row.public_ip),
            Column::PrivateDns => Value::text(row.private_dns),
            Column::PublicDns => Value::text(row.public_dns),
            Column::Vpc => Value::text(row.vpc),
            Column::Subnet => Value::text(row.subnet),
            Column::SecurityGroups => Value::Groups(row),
            Column::Image => Value::text(row.image),
            Column::Platform => Value::text(row.platform),
            Column::Arch => Value::text(row.arch),
            Column::Lifecycle => Value::text(row.lifecycle),
            Column::Launched => Value::of(row.launched, Value::Time),
            Column::Age => Value::of(row.launched, |launched| age(self.now, launched)),
            Column::Key => Value::text(row.key),
            Column::Profile => Value::text(row.profile),
            Column::Account => Value::text(row.account),
            Column::Region => Value::text(row.region),
            Column::Agent => Value::of(row.agent, Value::Time),
            Column::AgentVersion => Value::text(row.agent_version),
            Column::Tags => Value::Tags(row),
            Column::Tag(key) => Value::text(row.tag(key)),
        }
    }
}

/// A state, and how good a thing it says.
#[must_use]
pub fn state(state: InstanceState) -> Value<'static> {
    Value::Word(state.as_str(), tone(state))
}

/// How good a state is.
pub(crate) fn tone(state: InstanceState) -> Tone {
    match state {
        InstanceState::Running => Tone::Good,
        InstanceState::Pending | InstanceState::Stopping | InstanceState::ShuttingDown => {
            Tone::Warning
        }
        InstanceState::Stopped => Tone::Bad,
        InstanceState::Terminated => Tone::Faint,
    }
}

fn agent(status: AgentStatus) -> Value<'static> {
    Value::Word(status.as_str(), agent_tone(status))
}

/// How good the status of an agent is.
pub(crate) fn agent_tone(status: AgentStatus) -> Tone {
    match status {
        AgentStatus::Online => Tone::Good,
        AgentStatus::ConnectionLost => Tone::Bad,
        AgentStatus::Inactive => Tone::Warning,
        AgentStatus::None => Tone::Faint,
    }
}

fn age(now: i64, launched: i64) -> Value<'static> {
    let seconds = u64::try_from(now.saturating_sub(launched)).unwrap_or(0);
    Value::Span(Duration::from_secs(seconds))
}

/// The columns of a format when nobody names any.
#[must_use]
pub fn default_columns(format: Format) -> Vec<Column> {
    match format {
        Format::Table | Format::Csv | Format::Tsv => Column::DEFAULT.to_vec(),
        Format::Wide => [Column::DEFAULT.as_slice(), Column::WIDE.as_slice()].concat(),
        Format::Ids => vec![Column::Id],
        // An age would make every answer another one; `launched` says the same.
        Format::Json | Format::Jsonl | Format::Yaml => Column::all()
            .filter(|column| *column != Column::Age)
            .collect(),
    }
}

/// The columns to ask the daemon for: ages are computed here, from launch times.
#[must_use]
pub fn asked_columns(columns: &[Column]) -> Vec<Column> {
    let mut asked: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        let source = match column {
            Column::Age => &Column::Launched,
            other => other,
        };
        if !asked.contains(source) {
            asked.push(source.clone());
        }
    }
    asked
}

/// How a column appears in each format.
#[must_use]
pub fn fields(columns: &[Column]) -> Vec<Field> {
    columns.iter().map(field).collect()
}

fn field(column: &Column) -> Field {
    let label = column.to_string();
    let key = match column {
        Column::SecurityGroups => "security_groups".into(),
        Column::Age => "age_seconds".into(),
        Column::Tag(_) => label.clone(),
        _ => label.replace('-', "_"),
    };
    Field {
        label: Cow::Owned(label),
        key: Cow::Owned(key),
        whole: *column == Column::Id,
    }
}
