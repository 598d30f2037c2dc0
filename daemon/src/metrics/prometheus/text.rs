//! The text format 0.0.4, and nothing of what the figures are about.

use std::fmt::{Display, Write};

/// What the values of a family do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// They only grow.
    Counter,
    /// They go up and down.
    Gauge,
    /// They are cumulative buckets.
    Histogram,
}

/// A text that is being written, family by family.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    family: String,
}

impl Text {
    /// Begins a family; its samples follow. `help` is one line.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        name.clone_into(&mut self.family);
        self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// A sample of the family that was begun last; `suffix` follows its name.
    pub(super) fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.out.push_str(&self.family);
        self.out.push_str(suffix);
        let mut separator = '{';
        for (name, text) in labels {
            self.push(format_args!("{separator}{name}=\""));
            self.push_escaped(text);
            self.out.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
        self.push(format_args!(" {value}\n"));
    }

    /// A family of one sample without labels.
    pub(super) fn one(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample("", &[], value);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn push_escaped(&mut self, text: &str) {
        for char in text.chars() {
            match char {
                '\\' => self.out.push_str("\\\\"),
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                _ => self.out.push(char),
            }
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("a string takes everything");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_label_is_escaped() {
        let mut text = Text::default();
        text.family("x", Kind::Gauge, "Some.");
        text.sample("", &[("a", "q\"b\\c\nd"), ("b", "é")], 1.5);
        assert_eq!(
            text.finish(),
            "# HELP x Some.\n# TYPE x gauge\nx{a=\"q\\\"b\\\\c\\nd\",b=\"é\"} 1.5\n"
        );
    }
}
