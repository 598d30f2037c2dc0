//! A table for people: aligned, coloured if wanted, cut to a width if there is one.
//!
//! Cells are kept as they will be shown, one after the other in one buffer; a
//! million rows cost what their text costs and a few bytes a cell. Widths are known
//! only after the last row, so nothing is written before.

use super::colour::{Tone, push};
use super::layout::{GAP, Wish, fit};
use super::terminal::Look;
use super::time::Calendar;
use super::{Field, Row, escape};

const BLANKS: &[u8] = &[b' '; 64];
const ELLIPSIS: &str = "…";

/// One cell: where its text ends in the buffer, and what it takes on a screen.
#[derive(Clone, Copy, Debug)]
struct Cell {
    end: usize,
    width: u32,
    tone: Tone,
}

/// A table that is being filled.
#[derive(Debug)]
pub(super) struct Table {
    headers: Vec<String>,
    wishes: Vec<Wish>,
    /// All values of the column so far are figures.
    figures: Vec<bool>,
    text: Vec<u8>,
    cells: Vec<Cell>,
}

impl Table {
    pub(super) fn new(fields: &[Field], look: &Look) -> Self {
        let headers: Vec<String> = fields.iter().map(header).collect();
        let wishes = headers.iter().zip(fields).map(|(header, field)| Wish {
            content: 0,
            header: if look.header {
                escape::width(header)
            } else {
                1
            },
            whole: field.whole,
        });
        Self {
            wishes: wishes.collect(),
            figures: vec![true; headers.len()],
            headers,
            text: Vec::new(),
            cells: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: &impl Row, calendar: &mut Calendar) {
        for field in 0..self.headers.len() {
            let value = row.value(field);
            let width = value.show(&mut self.text, calendar);
            let tone = value.tone();
            self.cells.push(Cell {
                end: self.text.len(),
                width: u32::try_from(width).unwrap_or(u32::MAX),
                tone,
            });
            let wish = &mut self.wishes[field];
            wish.content = wish.content.max(width);
            self.figures[field] &= value.is_figure() || tone == Tone::Faint;
        }
    }

    /// Writes the table; returns the names of the columns that had no room.
    pub(super) fn write(&self, out: &mut Vec<u8>, look: &Look) -> Vec<String> {
        if self.cells.is_empty() {
            return Vec::new();
        }
        let widths = fit(&self.wishes, look.width.unwrap_or(usize::MAX));
        let last = widths.iter().rposition(Option::is_some);
        let mut line = Line {
            widths: &widths,
            figures: &self.figures,
            last: last.unwrap_or(0),
            colours: look.colours,
        };
        out.reserve(self.text.len() * 3 / 2);
        if look.header {
            line.write_headers(out, &self.headers);
        }
        let mut start = 0;
        for row in self.cells.chunks_exact(self.headers.len()) {
            line.write(out, &self.text, start, row);
            start = row.last().map_or(start, |cell| cell.end);
        }
        let omitted = self.headers.iter().zip(&widths);
        omitted
            .filter(|(_, width)| width.is_none())
            .map(|(header, _)| header.to_lowercase())
            .collect()
    }
}

/// `PRIVATE-IP` for `private-ip`; the key of a tag keeps its case, which counts.
fn header(field: &Field) -> String {
    match field.label.strip_prefix("tag:") {
        Some(key) => format!("TAG:{}", escape::shown(key)),
        None => field.label.to_uppercase(),
    }
}

/// How a line is written.
struct Line<'a> {
    widths: &'a [Option<usize>],
    figures: &'a [bool],
    last: usize,
    colours: bool,
}

impl Line<'_> {
    fn write_headers(&mut self, out: &mut Vec<u8>, headers: &[String]) {
        for (column, header) in headers.iter().enumerate() {
            self.cell(
                out,
                column,
                header.as_bytes(),
                escape::width(header),
                Tone::Heading,
            );
        }
        out.push(b'\n');
    }

    fn write(&self, out: &mut Vec<u8>, text: &[u8], mut start: usize, cells: &[Cell]) {
        for (column, cell) in cells.iter().enumerate() {
            let shown = &text[start..cell.end];
            self.cell(out, column, shown, cell.width as usize, cell.tone);
            start = cell.end;
        }
        out.push(b'\n');
    }

    fn cell(&self, out: &mut Vec<u8>, column: usize, shown: &[u8], width: usize, tone: Tone) {
        let Some(room) = self.widths[column] else {
            return;
        };
        if width > room {
            let (shown, width) = shorten(shown, room);
            push(out, self.colours, tone, &shown);
            return self.end(out, column, room.saturating_sub(width));
        }
        let blanks = room - width;
        if self.figures[column] {
            pad(out, blanks);
            push(out, self.colours, tone, shown);
            self.end(out, column, 0);
        } else {
            push(out, self.colours, tone, shown);
            self.end(out, column, blanks);
        }
    }

    fn end(&self, out: &mut Vec<u8>, column: usize, blanks: usize) {
        if column != self.last {
            pad(out, blanks + GAP);
        }
    }
}

/// The beginning of a cell with an ellipsis after it, and what that takes.
fn shorten(shown: &[u8], room: usize) -> (Vec<u8>, usize) {
    let text = String::from_utf8_lossy(shown);
    let beginning = escape::prefix(&text, room.saturating_sub(1));
    let short = [beginning, ELLIPSIS].concat();
    let width = escape::width(&short);
    (short.into_bytes(), width)
}

fn pad(out: &mut Vec<u8>, mut blanks: usize) {
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        out.extend_from_slice(&BLANKS[..some]);
        blanks -= some;
    }
}
