//! A page for a person: headings, and below each what belongs to it, line by line.
//! Never cut: on a narrow terminal long values wrap.

use super::colour::{Tone, push};
use super::time::Calendar;
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
        push(self.out, self.look.colours, Tone::Heading, shown.as_bytes());
        self.out.push(b'\n');
    }

    /// Labels and values, aligned, under a heading if it is not empty.
    pub fn lines(&mut self, heading: &str, lines: &[(&str, Value<'_>)]) {
        if !heading.is_empty() {
            self.heading(heading);
        }
        let indent: &[u8] = if heading.is_empty() { b"" } else { b"  " };
        let labels = lines.iter().map(|(label, _)| escape::shown(label));
        let widest = labels.map(|label| escape::width(&label)).max().unwrap_or(0);
        for (label, value) in lines {
            let label = escape::shown(label);
            let blanks = widest - escape::width(&label) + 2;
            self.out.extend_from_slice(indent);
            self.out.extend_from_slice(label.as_bytes());
            self.out.extend(std::iter::repeat_n(b' ', blanks));
            let mut shown = Vec::new();
            value.show(&mut shown, &mut self.calendar);
            push(self.out, self.look.colours, value.tone(), &shown);
            self.out.push(b'\n');
        }
    }
}
