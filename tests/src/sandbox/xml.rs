//! Owns the writing of XML answers.
//!
//! Invariant: elements are balanced by construction and text is escaped. It
//! knows nothing of what it writes.

use std::fmt::{Display, Write};

/// An XML fragment under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    out: String,
}

impl Xml {
    /// A whole document: declaration, root element with its namespace, content.
    pub(crate) fn document(root: &str, namespace: &str, content: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self::default();
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _infallible = write!(xml.out, "<{root} xmlns=\"{namespace}\">");
        content(&mut xml);
        xml.close(root);
        xml.out
    }

    /// An element that holds elements.
    pub(crate) fn node(&mut self, tag: &str, content: impl FnOnce(&mut Self)) {
        self.open(tag);
        content(self);
        self.close(tag);
    }

    /// An element that holds escaped text.
    pub(crate) fn text(&mut self, tag: &str, value: &str) {
        self.open(tag);
        self.escaped(value);
        self.close(tag);
    }

    /// An element that holds a number, an address or a flag: nothing to escape.
    pub(crate) fn show(&mut self, tag: &str, value: impl Display) {
        self.open(tag);
        let _infallible = write!(self.out, "{value}");
        self.close(tag);
    }

    /// An element with neither text nor children.
    pub(crate) fn empty(&mut self, tag: &str) {
        self.raw("<");
        self.raw(tag);
        self.raw("/>");
    }

    /// A list as EC2 writes it: an `item` for each, or an empty element.
    pub(crate) fn list<T>(
        &mut self,
        tag: &str,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return self.empty(tag);
        }
        self.open(tag);
        for each in items {
            self.node("item", |xml| item(xml, each));
        }
        self.close(tag);
    }

    /// Makes room for so many bytes more.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Markup that is already complete.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn open(&mut self, tag: &str) {
        self.raw("<");
        self.raw(tag);
        self.raw(">");
    }

    fn close(&mut self, tag: &str) {
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    fn escaped(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\r' => self.raw("&#xD;"),
                other => self.out.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_lists_may_be_empty() {
        let mut xml = Xml::default();
        xml.node("a", |xml| {
            xml.text("b", "x < y & \"z\"");
            xml.list("c", [1, 2], |xml, n| xml.show("n", n));
            xml.list("d", [0; 0], |xml, n| xml.show("n", n));
        });
        assert_eq!(
            xml.finish(),
            "<a><b>x &lt; y &amp; &quot;z&quot;</b>\
             <c><item><n>1</n></item><item><n>2</n></item></c><d/></a>"
        );
    }
}
