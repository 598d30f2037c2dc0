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
use crate::render::layout::{GAP, Wish, fit};

/// What a row shows; the last give way first.
#[derive(Clone, Copy)]
enum Cell {
    Text(Text),
    State,
}

const CELLS: [(Cell, usize); 6] = [
    (Cell::Text(Text::Name), 8),
    (Cell::Text(Text::Id), 8),
    (Cell::State, 7),
    (Cell::Text(Text::PrivateIp), 10),
    (Cell::Text(Text::Type), 8),
    (Cell::Text(Text::Az), 6),
];

/// Longer names are cut.
const WIDEST: usize = 40;
/// With fewer columns left, a tag is not shown.
const LEAST_TAG: usize = 10;
/// The pointer, the mark, and a blank.
const GUTTER: usize = 3;

/// What the widest cell of each column takes: over the whole fleet, so that the columns
/// stay where they are.
#[derive(Debug)]
pub(in crate::picker) struct Widths([usize; CELLS.len()]);

impl Widths {
    pub(in crate::picker) fn new(fleet: &Fleet) -> Self {
        let mut widths = [0; CELLS.len()];
        for at in 0..fleet.len() {
            let row = fleet.row(at);
            for (width, (cell, _)) in widths.iter_mut().zip(CELLS) {
                *width = escape::width(shown(row, cell)).min(WIDEST).max(*width);
            }
        }
        Self(widths)
    }

    /// The same where there is only so much room; `None` for what is left out.
    fn fit(&self, room: usize) -> Vec<Option<usize>> {
        let wishes = self.0.iter().zip(CELLS).map(|(content, (_, least))| Wish {
            content: *content,
            header: least.min(*content),
            whole: false,
        });
        fit(&wishes.collect::<Vec<_>>(), room)
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
    widths: &[Option<usize>],
    finder: &mut Finder,
    style: Style,
) {
    let mut column = GUTTER;
    for ((cell, _), width) in CELLS.into_iter().zip(widths) {
        let Some(width) = *width else { continue };
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
        line.pad(column).found(style, text, &places, width);
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
