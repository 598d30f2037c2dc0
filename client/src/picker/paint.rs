//! A line of the screen: pieces of text in styles, never wider than its room.

use anstyle::{AnsiColor, Style};

use crate::render::escape;

/// The letters that were looked for.
pub(super) const FOUND: Style = Style::new()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)))
    .bold();
/// What is pointed at.
pub(super) const POINTED: Style = Style::new().bold();

/// See the module.
#[derive(Debug)]
pub(super) struct Line {
    pieces: Vec<(Style, String)>,
    width: usize,
    room: usize,
}

impl Line {
    /// An empty one with room for so many columns.
    pub(super) fn new(room: usize) -> Self {
        Self {
            pieces: Vec::new(),
            width: 0,
            room,
        }
    }

    /// Columns that are left.
    pub(super) fn rest(&self) -> usize {
        self.room - self.width
    }

    /// Adds a text, which a terminal may show; what has no room is cut.
    pub(super) fn push(&mut self, style: Style, text: &str) -> &mut Self {
        self.found(style, text, &[], usize::MAX)
    }

    /// Adds a text in at most `most` columns, of which these letters were looked for.
    pub(super) fn found(
        &mut self,
        style: Style,
        text: &str,
        places: &[u32],
        most: usize,
    ) -> &mut Self {
        let most = most.min(self.rest());
        let is_cut = escape::width(text) > most;
        let shown = match is_cut {
            true => escape::prefix(text, most.saturating_sub(1)),
            false => text,
        };
        let mut places = places.iter().peekable();
        for (number, letter) in (0..).zip(shown.chars()) {
            let is_found = places.next_if(|place| **place == number).is_some();
            self.letter(if is_found { FOUND } else { style }, letter);
        }
        if is_cut && most > 0 {
            self.letter(style, '…');
        }
        self.width += escape::width(shown) + usize::from(is_cut && most > 0);
        self
    }

    fn letter(&mut self, style: Style, letter: char) {
        match self.pieces.last_mut() {
            Some((last, text)) if *last == style => text.push(letter),
            _ => self.pieces.push((style, letter.into())),
        }
    }

    /// Adds blanks up to this column.
    pub(super) fn pad(&mut self, column: usize) -> &mut Self {
        let blanks = column.min(self.room).saturating_sub(self.width);
        if blanks > 0 {
            self.push(Style::new(), &" ".repeat(blanks));
        }
        self
    }

    /// Adds another line, as far as there is room for all of it.
    pub(super) fn join(&mut self, other: Self) -> &mut Self {
        if other.width <= self.rest() {
            self.width += other.width;
            self.pieces.extend(other.pieces);
        }
        self
    }

    /// What shows it on a terminal, with or without styles.
    pub(super) fn write(&self, styled: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for (style, text) in &self.pieces {
            match styled && *style != Style::new() {
                true => out.extend_from_slice(format!("{style}{text}{style:#}").as_bytes()),
                false => out.extend_from_slice(text.as_bytes()),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &Line) -> String {
        String::from_utf8(line.write(false)).expect("text")
    }

    #[test]
    fn a_line_is_never_wider_than_its_room() {
        for room in 0..12 {
            let mut line = Line::new(room);
            line.push(Style::new(), "東京")
                .push(POINTED, "abc")
                .found(Style::new(), "東京都", &[1], 3)
                .pad(20);
            assert!(escape::width(&shown(&line)) <= room, "{room}: {line:?}");
        }
        let mut line = Line::new(6);
        line.push(Style::new(), "東京都庁");
        assert_eq!(shown(&line), "東京…");
        assert_eq!(line.rest(), 1);
    }

    #[test]
    fn styles_are_written_only_where_they_are_wanted() {
        let mut line = Line::new(20);
        line.found(Style::new(), "web", &[0, 2], 20);
        assert_eq!(shown(&line), "web");
        let styled = String::from_utf8(line.write(true)).expect("text");
        let on = FOUND.render().to_string();
        let off = FOUND.render_reset().to_string();
        assert_eq!(styled, format!("{on}w{off}e{on}b{off}"));
    }

    #[test]
    fn lines_are_put_side_by_side() {
        let mut left = Line::new(10);
        let mut right = Line::new(5);
        right.push(Style::new(), "right");
        left.push(Style::new(), "left").pad(5).join(right);
        assert_eq!(shown(&left), "left right");
        let mut wide = Line::new(5);
        wide.push(Style::new(), "wide!");
        assert_eq!(shown(left.join(wide)), "left right");
    }
}
