//! A page for a person: headings, and below each what belongs to it, line by line.
//! Never cut: on a narrow terminal long values wrap.

use super::append::blanks;
use super::colour::{Tone, push};
use super::time::Calendar;
use super::wrap::wrap;
use super::{Look, Value, escape};

/// A page that is being written.
#[derive(Debug)]
pub struct Page<'o> {
    out: &'o mut Vec<u8>,
    look: Look,
    calendar: Calendar,
}

impl<'o> Page<'o> {
    /// A page at the end of `out`.
    #[must_use]
    pub fn new(out: &'o mut Vec<u8>, look: Look) -> Self {
        Self {
            out,
            look,
            calendar: Calendar::default(),
        }
    }

    /// A heading, with a blank line before it unless the page begins with it.
    pub fn heading(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
        let shown = escape::shown(text);
        for piece in wrap(&shown, self.look.width.unwrap_or(usize::MAX).max(1)) {
            push(self.out, self.look.colours, Tone::Heading, piece.as_bytes());
            self.out.push(b'\n');
        }
    }

    /// What a page is about, and the state that it is in.
    pub fn title<'t>(&mut self, parts: impl Iterator<Item = &'t str>, state: Option<Value<'_>>) {
        let parts: Vec<_> = parts.collect();
        let title = parts.join("  ");
        let title = escape::shown(&title);
        let mut shown = Vec::new();
        let width = state
            .as_ref()
            .map_or(0, |state| 2 + state.show(&mut shown, &mut self.calendar));
        let room = self.look.width.unwrap_or(usize::MAX);
        let pieces = wrap(&title, room.max(1));
        let last = pieces.last().map_or(0, |last| escape::width(last));
        for (place, piece) in pieces.iter().enumerate() {
            if place > 0 {
                self.out.push(b'\n');
            }
            push(self.out, self.look.colours, Tone::Heading, piece.as_bytes());
        }
        if let Some(state) = state {
            let behind: &[u8] = if last + width > room { b"\n" } else { b"  " };
            self.out.extend_from_slice(behind);
            push(self.out, self.look.colours, state.tone(), &shown);
        }
        self.out.push(b'\n');
    }

    /// A line of text.
    pub fn line(&mut self, text: &str) {
        let shown = escape::shown(text);
        self.out.extend_from_slice(shown.as_bytes());
        self.out.push(b'\n');
    }

    /// A label, and behind it a text that begins in column `indent` and is wrapped
    /// between words. A terminal with little room gets hardly any indentation.
    pub fn item(&mut self, (label, tone): (&str, Tone), indent: usize, text: &str) {
        let room = self.look.width;
        let indent = match room {
            Some(room) if room < indent + LEAST_TEXT => 1,
            _ => indent,
        };
        push(self.out, self.look.colours, tone, label.as_bytes());
        let mut used = label.len();
        let mut gap = indent.saturating_sub(used).max(1);
        for word in escape::shown(text).split(' ') {
            let width = escape::width(word);
            if used > indent && room.is_some_and(|room| used + gap + width > room) {
                self.out.push(b'\n');
                (used, gap) = (0, indent);
            }
            blanks(self.out, gap);
            self.out.extend_from_slice(word.as_bytes());
            used += gap + width;
            gap = 1;
        }
        self.out.push(b'\n');
    }

    /// Labels and values, aligned, under a heading if it is not empty. Several things
    /// take a line each, and a value that is too long for the terminal is wrapped.
    pub fn lines(&mut self, heading: &str, lines: &[(&str, Value<'_>)]) {
        if !heading.is_empty() {
            self.heading(heading);
        }
        let indent = if heading.is_empty() { 0 } else { INDENT };
        let labels = lines.iter().map(|(label, _)| escape::shown(label));
        let widths = labels.map(|label| escape::width(&label));
        // A label that is longer than most stands on a line of its own.
        let most = self.look.width.map_or(usize::MAX, |_| LONG_LABEL);
        let widest = widths.filter(|width| *width <= most).max().unwrap_or(0);
        for (label, value) in lines {
            self.pair((indent, widest), label, value);
        }
    }

    /// A label and its value behind it, or below it where the room behind is too
    /// little.
    fn pair(&mut self, (indent, widest): (usize, usize), label: &str, value: &Value<'_>) {
        let label = escape::shown(label);
        let width = escape::width(&label);
        let at = indent + widest + 2;
        let room = self.look.width.unwrap_or(usize::MAX);
        let below = width > widest || (room < at + LEAST_VALUE && !self.has_room(value, room, at));
        if below {
            for piece in wrap(&label, room.saturating_sub(indent).max(1)) {
                blanks(self.out, indent);
                self.out.extend_from_slice(piece.as_bytes());
                self.out.push(b'\n');
            }
        } else {
            blanks(self.out, indent);
            self.out.extend_from_slice(label.as_bytes());
            blanks(self.out, widest - width + 2);
        }
        let at = if below { indent + INDENT } else { at };
        let mut first = !below;
        for line in self.shown(value) {
            for piece in wrap(&line, room.saturating_sub(at).max(1)) {
                blanks(self.out, if first { 0 } else { at });
                first = false;
                push(self.out, self.look.colours, value.tone(), piece.as_bytes());
                self.out.push(b'\n');
            }
        }
    }

    /// Whether every line of the value has room behind column `at`.
    fn has_room(&mut self, value: &Value<'_>, room: usize, at: usize) -> bool {
        let mut lines = self.shown(value).into_iter();
        lines.all(|line| at + escape::width(&line) <= room)
    }

    /// The lines that a value has, before it is wrapped.
    fn shown(&mut self, value: &Value<'_>) -> Vec<String> {
        if let Value::Several(several) = value
            && !value.is_nothing()
        {
            let lines = several.shown().into_iter();
            let lines = lines.filter(|line| !line.is_empty());
            return lines
                .map(|line| escape::shown(&line).into_owned())
                .collect();
        }
        let mut shown = Vec::new();
        value.show_or(self.look.ellipsis, &mut shown, &mut self.calendar);
        vec![String::from_utf8_lossy(&shown).into_owned()]
    }

    /// Labels and values as [`Page::lines`] has them, side by side in as many pairs
    /// as the terminal has room for; without one, one below the other.
    pub fn grid(&mut self, heading: &str, lines: &[(&str, Value<'_>)]) {
        let cells: Vec<Cell> = lines.iter().map(|line| self.cell(line)).collect();
        let columns = (2..=MOST_COLUMNS).rev().find(|columns| {
            self.look
                .width
                .is_some_and(|room| width(&cells, *columns) <= room)
        });
        let Some(columns) = columns else {
            return self.lines(heading, lines);
        };
        if !heading.is_empty() {
            self.heading(heading);
        }
        let height = cells.len().div_ceil(columns);
        let widths: Vec<_> = cells.chunks(height).map(widest).collect();
        for row in 0..height {
            let shown = cells.iter().skip(row).step_by(height).zip(&widths);
            let mut behind = INDENT;
            for (cell, (label, value)) in shown {
                blanks(self.out, behind);
                self.out.extend_from_slice(cell.label.as_bytes());
                blanks(self.out, label - cell.label_width + 2);
                push(self.out, self.look.colours, cell.tone, &cell.value);
                behind = value - cell.value_width + BETWEEN;
            }
            self.out.push(b'\n');
        }
    }

    fn cell(&mut self, (label, value): &(&str, Value<'_>)) -> Cell {
        let label = escape::shown(label).into_owned();
        let mut shown = Vec::new();
        Cell {
            label_width: escape::width(&label),
            label,
            value_width: value.show_or(self.look.ellipsis, &mut shown, &mut self.calendar),
            value: shown,
            tone: value.tone(),
        }
    }
}

/// A label that is wider is not aligned with others on a terminal.
const LONG_LABEL: usize = 24;
/// With fewer columns left behind its label, a value that needs more stands below it.
const LEAST_VALUE: usize = 24;
/// With fewer columns left, a text is not aligned with others.
const LEAST_TEXT: usize = 30;

/// More pairs in a row than this are hard to read.
const MOST_COLUMNS: usize = 4;
/// Before the first pair of a row, and between two.
const INDENT: usize = 2;
const BETWEEN: usize = 4;

/// A pair of a grid.
struct Cell {
    label: String,
    label_width: usize,
    value: Vec<u8>,
    value_width: usize,
    tone: Tone,
}

/// What the labels and the values of a column take.
fn widest(column: &[Cell]) -> (usize, usize) {
    let label = column.iter().map(|cell| cell.label_width).max();
    let value = column.iter().map(|cell| cell.value_width).max();
    (label.unwrap_or(0), value.unwrap_or(0))
}

/// What a grid of so many columns takes.
fn width(cells: &[Cell], columns: usize) -> usize {
    let columns = cells.chunks(cells.len().div_ceil(columns).max(1));
    let columns = columns.map(|column| {
        let (label, value) = widest(column);
        label + 2 + value + BETWEEN
    });
    (columns.sum::<usize>() + INDENT).saturating_sub(BETWEEN)
}
