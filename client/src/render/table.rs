//! A table for people: aligned, coloured if wanted, cut to a width if there is one.
//!
//! Cells are kept as they will be shown, one after the other in one buffer; a
//! million rows cost what their text costs and a few bytes a cell. Widths are known
//! only after the last row, so nothing is written before.

use std::io;

use super::colour::{Tone, push};
use super::layout::{GAP, Wish, fit, natural};
use super::sink::Sink;
use super::terminal::Look;
use super::time::Calendar;
use super::{Field, Row, Value, append, escape};

/// One cell: bytes of its text in the buffer, and what it takes on a screen.
#[derive(Clone, Copy, Debug)]
struct Cell {
    bytes: u32,
    width: u16,
    tone: Tone,
}

/// A table that is being filled.
#[derive(Debug)]
pub(super) struct Table {
    headers: Vec<String>,
    wishes: Vec<Wish>,
    /// Whether all values of the column so far are figures; `None` while there is
    /// nothing but what is absent.
    figures: Vec<Option<bool>>,
    text: Vec<u8>,
    cells: Vec<Cell>,
    ellipsis: &'static str,
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
            figures: vec![None; headers.len()],
            headers,
            text: Vec::new(),
            cells: Vec::new(),
            ellipsis: look.ellipsis,
        }
    }

    pub(super) fn push(&mut self, row: &impl Row, calendar: &mut Calendar) {
        let columns = self.wishes.iter_mut().zip(&mut self.figures);
        for (field, (wish, figures)) in columns.enumerate() {
            let value = row.value(field);
            let start = self.text.len();
            let width = value.show_or(self.ellipsis, &mut self.text, calendar);
            let tone = value.tone();
            self.cells.push(Cell {
                // A field that is longer than an answer may be does not arrive.
                bytes: (self.text.len() - start) as u32,
                // Beyond this a cell is shortened on every terminal.
                width: u16::try_from(width).unwrap_or(u16::MAX),
                tone,
            });
            wish.content = wish.content.max(width);
            if !matches!(value, Value::Absent | Value::Blank | Value::Pending) {
                *figures = Some(figures.unwrap_or(true) && value.is_figure());
            }
        }
    }

    /// Whether nothing of it has to be cut.
    pub(super) fn fits(&self, look: &Look) -> bool {
        look.width.is_none_or(|room| natural(&self.wishes) <= room)
    }

    /// Writes the table; returns the names of the columns that had no room.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub(super) fn write(&self, sink: &mut Sink, look: &Look) -> io::Result<Vec<String>> {
        if self.cells.is_empty() {
            return Ok(Vec::new());
        }
        let widths = fit(&self.wishes, look.width.unwrap_or(usize::MAX));
        let figures: Vec<bool> = self.figures.iter().map(|all| *all == Some(true)).collect();
        let line = Line::new(&widths, &figures, look);
        if look.header {
            line.write_headers(sink.buffer(), &self.headers);
        }
        let mut rest = self.text.as_slice();
        for row in self.cells.chunks_exact(self.headers.len()) {
            rest = line.write(sink.buffer(), rest, row);
            sink.relieve()?;
        }
        let omitted = self.headers.iter().zip(&widths);
        Ok(omitted
            .filter(|(_, width)| width.is_none())
            .map(|(header, _)| header.to_lowercase())
            .collect())
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
    /// The last column that is shown; nothing follows it.
    last: usize,
    colours: bool,
    ellipsis: &'static str,
}

impl<'a> Line<'a> {
    fn new(widths: &'a [Option<usize>], figures: &'a [bool], look: &Look) -> Self {
        Self {
            widths,
            figures,
            last: widths.iter().rposition(Option::is_some).unwrap_or(0),
            colours: look.colours,
            ellipsis: look.ellipsis,
        }
    }

    fn write_headers(&self, out: &mut Vec<u8>, headers: &[String]) {
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

    /// Writes the cells whose texts lead `text`; returns what follows them.
    fn write<'t>(&self, out: &mut Vec<u8>, mut text: &'t [u8], cells: &[Cell]) -> &'t [u8] {
        for (column, cell) in cells.iter().enumerate() {
            let (shown, rest) = text.split_at(cell.bytes as usize);
            self.cell(out, column, shown, cell.width.into(), cell.tone);
            text = rest;
        }
        out.push(b'\n');
        text
    }

    #[inline]
    fn cell(&self, out: &mut Vec<u8>, column: usize, shown: &[u8], width: usize, tone: Tone) {
        let Some(room) = self.widths[column] else {
            return;
        };
        if width > room {
            let (shown, width) = shorten(shown, room, self.ellipsis);
            push(out, self.colours, tone, &shown);
            self.end(out, column, room.saturating_sub(width));
        } else if self.figures[column] {
            append::blanks(out, room - width);
            push(out, self.colours, tone, shown);
            self.end(out, column, 0);
        } else {
            push(out, self.colours, tone, shown);
            self.end(out, column, room - width);
        }
    }

    #[inline]
    fn end(&self, out: &mut Vec<u8>, column: usize, blanks: usize) {
        if column != self.last {
            append::blanks(out, blanks + GAP);
        }
    }
}

/// The beginning of a cell with an ellipsis after it, and what that takes.
fn shorten(shown: &[u8], room: usize, ellipsis: &str) -> (Vec<u8>, usize) {
    let text = String::from_utf8_lossy(shown);
    let ellipsis = escape::prefix(ellipsis, room.max(1));
    let beginning = escape::prefix(&text, room.saturating_sub(escape::width(ellipsis)));
    let short = [beginning, ellipsis].concat();
    let width = escape::width(&short);
    (short.into_bytes(), width)
}
