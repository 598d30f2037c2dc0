//! The rows of the list, in columns, with what was found in them.

use anstyle::Style;

use super::Size;
use crate::picker::finder::Finder;
use crate::picker::fleet::{Fleet, Row, Text};
use crate::picker::paint::{Line, POINTED};
use crate::picker::state::Picker;
use crate::render::colour::Tone;
use crate::render::escape;
use crate::render::instance::tone;

/// What a row shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Text(Text),
    State,
}

/// The last give way first, and are then left out: half an id is of no use.
const CELLS: [Cell; 6] = [
    Cell::Text(Text::Name),
    Cell::Text(Text::Id),
    Cell::State,
    Cell::Text(Text::PrivateIp),
    Cell::Text(Text::Type),
    Cell::Text(Text::Az),
];

/// Longer names are cut.
const WIDEST: usize = 40;
/// Names give way down to this, to let the id in.
const LEAST_NAME: usize = 12;
/// With fewer columns left, a tag is not shown.
const LEAST_TAG: usize = 10;
/// The pointer, the mark, and a blank.
const GUTTER: usize = 3;
/// Between two columns.
const GAP: usize = 2;

/// What the widest cell of each column takes: over the whole fleet, so that the columns
/// stay where they are.
#[derive(Debug)]
pub(in crate::picker) struct Widths([usize; CELLS.len()]);

impl Widths {
    pub(in crate::picker) fn new(fleet: &Fleet) -> Self {
        let mut widths = [1; CELLS.len()];
        for at in 0..fleet.len() {
            let row = fleet.row(at);
            for (width, cell) in widths.iter_mut().zip(CELLS) {
                *width = escape::width(shown(row, cell)).min(WIDEST).max(*width);
            }
        }
        Self(widths)
    }

    /// The columns that so much room lets in, and how wide each is.
    fn fit(&self, room: usize) -> Vec<(Cell, usize)> {
        let [name, id, ..] = self.0;
        let beside_id = room.saturating_sub(GAP + id).max(LEAST_NAME);
        let name = name.min(beside_id).min(room);
        let mut fitting = vec![(CELLS[0], name)];
        let mut rest = room - name;
        for (cell, width) in CELLS.into_iter().zip(self.0).skip(1) {
            let Some(left) = rest.checked_sub(GAP + width) else {
                break;
            };
            fitting.push((cell, width));
            rest = left;
        }
        if let [name] = fitting.as_mut_slice() {
            name.1 = room;
        }
        fitting
    }
}

fn shown(row: Row<'_>, cell: Cell) -> &str {
    match cell {
        Cell::Text(text) => row.text(text),
        Cell::State => row.state().map_or("", |state| state.as_str()),
    }
}

/// The rows in sight.
pub(super) fn lines(picker: &mut Picker, widths: &Widths, size: Size) -> Vec<Line> {
    let widths = widths.fit(size.columns.saturating_sub(GUTTER));
    let in_sight: Vec<_> = picker.in_sight().take(size.rows).collect();
    let Picker { fleet, finder, .. } = picker;
    let mut lines: Vec<Line> = Vec::with_capacity(size.rows);
    for (at, is_pointed, is_marked) in in_sight {
        let mut line = Line::new(size.columns);
        let gutter = [
            if is_pointed { ">" } else { " " },
            if is_marked { "*" } else { " " },
            " ",
        ];
        let style = if is_pointed { POINTED } else { Style::new() };
        line.push(style, &gutter.concat());
        cells(&mut line, fleet.row(at), &widths, finder, style);
        lines.push(line);
    }
    lines.resize_with(size.rows, || Line::new(size.columns));
    lines
}

fn cells(
    line: &mut Line,
    row: Row<'_>,
    widths: &[(Cell, usize)],
    finder: &mut Finder,
    style: Style,
) {
    let has_id = widths.iter().any(|(cell, _)| *cell == CELLS[1]);
    let mut column = GUTTER;
    for (cell, width) in widths {
        let cell = match cell {
            // Something must tell it from the others.
            Cell::Text(Text::Name) if !has_id && row.text(Text::Name).is_empty() => CELLS[1],
            cell => *cell,
        };
        let text = shown(row, cell);
        let (style, places) = match cell {
            _ if text.is_empty() => (Tone::Faint.style(), Vec::new()),
            Cell::Text(text_of) => (style, finder.letters(text_of, text)),
            Cell::State => {
                let toned = row.state().map_or(style, |state| tone(state).style());
                (toned, finder.loose_letters(text))
            }
        };
        let text = if text.is_empty() { "-" } else { text };
        line.pad(column).found(style, text, &places, *width);
        column += width + GAP;
    }
    // Whoever looks for what a tag says wants to see why a row is here.
    let why = row.tags().find_map(|tag| {
        let places = finder.loose_letters(tag);
        (!places.is_empty()).then_some((tag, places))
    });
    if let Some((tag, places)) = why
        && line.pad(column).rest() >= LEAST_TAG
    {
        line.found(style, tag, &places, usize::MAX);
    }
}
