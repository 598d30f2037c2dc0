//! How a picker looks on a terminal of any size: pure, from its state to lines.
//!
//! ```text
//! > what is typed
//! 12/10000  2 marked  data is 5m12s old     counts, and what is to be known of the data
//! > web-1  i-0123  running  …               the list
//!  *web-2  i-4567  stopped  …
//! ------------------------------------     what is pointed at; beside the list where
//! state  running …                          there is room
//! enter picks  esc leaves …                help, or what is wrong with a term
//! ```

mod list;
mod preview;

use anstyle::Style;

use super::paint::Line;
use super::state::Picker;
use crate::render::colour::Tone;
use crate::render::escape;

pub(super) use list::Widths;

/// Columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// From this width on, the preview stands beside the list.
const WIDE: usize = 110;
/// From this height on, it stands below.
const HIGH: usize = 18;
/// From this height on, there is a line of help, in whose place a wrong term is told:
/// anywhere else it would move the list up and down while somebody types. On a lower
/// terminal it takes the place of the counts.
const ROOM_FOR_HELP: usize = 8;

const PROMPT: &str = "> ";

/// See the module.
#[derive(Debug)]
pub(super) struct View {
    pub(super) widths: Widths,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// What a terminal shows.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) lines: Vec<Line>,
    /// The column of the first line where typing goes on.
    pub(super) cursor: usize,
}

/// How the rows of a terminal are shared out.
struct Plan {
    list: Size,
    /// Its size, and whether it is beside the list.
    preview: Option<(Size, bool)>,
}

impl View {
    /// The picker in all of a terminal.
    pub(super) fn frame(&self, picker: &mut Picker, size: Size) -> Frame {
        let (prompt, cursor) = prompt(picker, size.columns);
        let has_help = size.rows >= ROOM_FOR_HELP;
        let trouble = trouble(picker, size.columns);
        let (head, foot) = match (has_help, trouble) {
            (false, Some(trouble)) => (trouble, None),
            (false, None) => (counts(picker, size.columns), None),
            (true, trouble) => {
                let foot = trouble.unwrap_or_else(|| help(picker.many, size.columns));
                (counts(picker, size.columns), Some(foot))
            }
        };
        let mut lines = vec![prompt, head];
        lines.truncate(size.rows.max(1));
        let rest = size
            .rows
            .saturating_sub(lines.len() + usize::from(has_help));
        let plan = plan(Size { rows: rest, ..size }, size.rows);
        picker.show(plan.list.rows);
        let list = list::lines(picker, &self.widths, plan.list);
        lines.extend(self.body(list, picker, &plan, size));
        lines.extend(foot);
        Frame { lines, cursor }
    }

    /// The list with the preview beside it or below.
    fn body(&self, list: Vec<Line>, picker: &Picker, plan: &Plan, size: Size) -> Vec<Line> {
        let Some((room, is_beside)) = plan.preview else {
            return list;
        };
        let row = picker.pointed();
        let preview = row.map_or_else(Vec::new, |row| preview::lines(row, self.now, room));
        if !is_beside {
            let mut rule = Line::new(size.columns);
            rule.push(Tone::Faint.style(), &"-".repeat(size.columns));
            let blank = std::iter::repeat_with(|| Line::new(0));
            let preview = preview.into_iter().chain(blank).take(room.rows);
            return list.into_iter().chain([rule]).chain(preview).collect();
        }
        let mut preview = preview.into_iter();
        let beside = list.into_iter().map(|line| {
            let mut whole = Line::new(size.columns);
            whole.join(line).pad(plan.list.columns + 1);
            whole.push(Tone::Faint.style(), "| ");
            if let Some(line) = preview.next() {
                whole.join(line);
            }
            whole
        });
        beside.collect()
    }
}

/// Shares out what the prompt and the counts leave.
fn plan(size: Size, whole_height: usize) -> Plan {
    let all = Plan {
        list: size,
        preview: None,
    };
    if size.columns >= WIDE && size.rows > 2 {
        let columns = size.columns * 2 / 3;
        let preview = Size {
            columns: size.columns - columns - 3,
            ..size
        };
        return Plan {
            list: Size { columns, ..size },
            preview: Some((preview, true)),
        };
    }
    if whole_height < HIGH {
        return all;
    }
    let rows = size.rows * 2 / 5;
    Plan {
        list: Size {
            rows: size.rows - rows - 1,
            ..size
        },
        preview: Some((Size { rows, ..size }, false)),
    }
}

/// What is typed, moved to the left so far that the place of typing is in sight.
fn prompt(picker: &Picker, columns: usize) -> (Line, usize) {
    let mut line = Line::new(columns);
    line.push(Tone::Faint.style(), PROMPT);
    let before = escape::shown(picker.prompt.before());
    let after = &picker.prompt.text()[picker.prompt.before().len()..];
    let room = line.rest().saturating_sub(1);
    let mut seen: &str = &before;
    while escape::width(seen) > room {
        let mut letters = seen.chars();
        letters.next();
        seen = letters.as_str();
    }
    line.push(Style::new(), seen);
    let cursor = columns - line.rest();
    line.push(Style::new(), &escape::shown(after));
    (line, cursor.min(columns.saturating_sub(1)))
}

/// The counts, and what is to be known of the data.
fn counts(picker: &Picker, columns: usize) -> Line {
    let mut counts = Line::new(columns);
    let is_busy = picker.is_searching() || picker.question().is_some();
    let busy = if is_busy { " …" } else { "" };
    let (listed, all) = (picker.listed(), picker.fleet.len());
    counts.push(Tone::Faint.style(), &format!("{listed}/{all}{busy}"));
    if picker.marked() > 0 {
        counts.push(Style::new(), &format!("  {} marked", picker.marked()));
    }
    if !picker.remarks.is_empty() {
        counts.push(Style::new(), "  ");
        counts.push(Tone::Warning.style(), &escape::shown(&picker.remarks));
    }
    counts
}

/// What is wrong with a term, and what mends it.
fn trouble(picker: &Picker, columns: usize) -> Option<Line> {
    let error = picker.trouble()?;
    let said = [error.what.as_str(), &error.hint].join("; ");
    let mut line = Line::new(columns);
    line.push(
        Tone::Bad.style(),
        &escape::shown(said.trim_end_matches("; ")),
    );
    Some(line)
}

fn help(many: bool, columns: usize) -> Line {
    let mut line = Line::new(columns);
    let marks = if many { "tab marks  " } else { "" };
    let help = format!(
        "enter picks  {marks}esc leaves  ^U clears  key:value filters, as in state:stopped"
    );
    line.push(Tone::Faint.style(), &help);
    line
}
