//! What is known of the instance that is pointed at, as far as there is room for it.

use std::time::Duration;

use anstyle::Style;

use super::Size;
use crate::picker::fleet::{Row, Text};
use crate::picker::paint::{Line, POINTED};
use crate::render::colour::Tone;
use crate::render::instance::{agent_tone, tone};
use crate::render::time::{Calendar, span};

/// The widest label, and two blanks.
const INDENT: usize = 12;

/// With this many columns, the tags stand beside the rest.
const ROOM_FOR_BOTH: usize = 70;

/// The page, cut to this size.
pub(super) fn lines(row: Row<'_>, now: i64, size: Size) -> Vec<Line> {
    let has_room = size.columns >= ROOM_FOR_BOTH;
    // Somewhat more than a half: a time and how long ago that was.
    let (left, right) = match has_room {
        true => (size.columns * 5 / 9, size.columns * 4 / 9),
        false => (size.columns, size.columns),
    };
    let mut page = Page::new(left);
    facts(&mut page, row, now);
    let mut tags = Page::new(right);
    row.tags().for_each(|tag| tags.tag(tag));
    let mut lines = vec![title(row, size.columns)];
    match has_room {
        true => lines.extend(beside(page, tags, size.columns)),
        false => lines.extend(page.lines.into_iter().chain(tags.lines)),
    }
    lines.truncate(size.rows);
    lines
}

fn title(row: Row<'_>, columns: usize) -> Line {
    let title = [row.text(Text::Name), row.text(Text::Id)].join("  ");
    let mut line = Line::new(columns);
    line.push(POINTED, title.trim_start());
    line
}

fn facts(page: &mut Page, row: Row<'_>, now: i64) {
    let state = row.state();
    let toned = state.map_or(Style::new(), |state| tone(state).style());
    page.item("state", toned, state.map_or("", |state| state.as_str()));
    if let Some(agent) = row.ssm() {
        let words = [agent.as_str(), row.text(Text::AgentVersion)];
        page.item("ssm", agent_tone(agent).style(), words.join(" ").trim());
    }
    for (label, text) in [
        ("type", Text::Type),
        ("private-ip", Text::PrivateIp),
        ("public-ip", Text::PublicIp),
        ("az", Text::Az),
        ("region", Text::Region),
        ("platform", Text::Platform),
    ] {
        page.item(label, Style::new(), row.text(text));
    }
    if let Some(launched) = row.launched() {
        let time = Calendar::default().text(launched);
        let age = u64::try_from(now.saturating_sub(launched)).unwrap_or(0);
        let age = span(Duration::from_secs(age));
        page.item("launched", Style::new(), &format!("{age} ago, {time}"));
    }
}

/// Two columns of lines, of which one may be longer.
fn beside(left: Page, right: Page, columns: usize) -> Vec<Line> {
    let rows = left.lines.len().max(right.lines.len());
    let start = left.columns;
    let (mut left, mut right) = (left.lines.into_iter(), right.lines.into_iter());
    let line = |_| {
        let mut line = Line::new(columns);
        if let Some(left) = left.next() {
            line.join(left);
        }
        if let Some(right) = right.next() {
            line.pad(start).join(right);
        }
        line
    };
    (0..rows).map(line).collect()
}

struct Page {
    lines: Vec<Line>,
    columns: usize,
}

impl Page {
    fn new(columns: usize) -> Self {
        Self {
            lines: Vec::new(),
            columns,
        }
    }

    /// Nothing where there is nothing.
    fn item(&mut self, label: &str, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut line = Line::new(self.columns);
        line.push(Tone::Faint.style(), label).pad(INDENT);
        line.push(style, text);
        self.lines.push(line);
    }

    fn tag(&mut self, tag: &str) {
        let mut line = Line::new(self.columns);
        line.push(Style::new(), tag);
        self.lines.push(line);
    }
}
