//! XML that arrives in pieces.
//!
//! quick-xml reads a document that is all there. This cuts what has arrived before
//! the last `<`, so that quick-xml sees whole pieces of markup, each text with the
//! tag that ends it, and keeps the rest for the next piece. It knows the grammar
//! and nothing of what the elements mean.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

use crate::aws::Unreadable;

/// Markup that goes on for longer than this is no answer of AWS.
const LONGEST_MARKUP: usize = 1 << 20;

/// Takes what a document is made of, in its order.
pub(super) trait Outline {
    /// An element begins.
    fn open(&mut self, name: &str) -> Result<(), Unreadable>;
    /// The innermost open element ends.
    fn close(&mut self) -> Result<(), Unreadable>;
    /// Text of the innermost open element, without escapes; it may come in parts.
    fn text(&mut self, text: &str) -> Result<(), Unreadable>;
}

/// What has arrived and is not read yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pending: Vec<u8>,
}

impl Pieces {
    /// Reads as far as the document has arrived.
    pub(super) fn read(
        &mut self,
        piece: &[u8],
        outline: &mut impl Outline,
    ) -> Result<(), Unreadable> {
        let before = self.pending.len();
        self.pending.extend_from_slice(piece);
        let Some(last) = piece.iter().rposition(|byte| *byte == b'<') else {
            return self.check_length();
        };
        let whole = &self.pending[..before + last];
        let read = read_whole(whole, outline)?;
        self.pending.drain(..read);
        self.check_length()
    }

    /// Reads what is left when nothing more will come.
    pub(super) fn end(&mut self, outline: &mut impl Outline) -> Result<(), Unreadable> {
        let read = read_whole(&self.pending, outline)?;
        if read < self.pending.len() {
            return Err(Unreadable::new("it ends in the middle of an element"));
        }
        self.pending.clear();
        Ok(())
    }

    fn check_length(&self) -> Result<(), Unreadable> {
        if self.pending.len() > LONGEST_MARKUP {
            return Err(Unreadable::new("an element or a text of it does not end"));
        }
        Ok(())
    }
}

/// Reads all markup that is complete, and says how many bytes that were.
fn read_whole(xml: &[u8], outline: &mut impl Outline) -> Result<usize, Unreadable> {
    let mut reader = Reader::from_reader(xml);
    let config = reader.config_mut();
    // An element may have begun in an earlier piece: `outline` counts them.
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => outline.open(tag.name().into_inner())?,
            Ok(Event::Empty(tag)) => {
                outline.open(tag.name().into_inner())?;
                outline.close()?;
            }
            Ok(Event::End(_)) => outline.close()?,
            Ok(Event::Text(text)) => outline.text(&text)?,
            Ok(Event::CData(text)) => outline.text(&text)?,
            Ok(Event::GeneralRef(reference)) => refer(&reference, outline)?,
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::DocType(_)) => return Err(Unreadable::new("it declares a document type")),
            Ok(Event::Eof) => return Ok(xml.len()),
            // A `<` stood inside the markup that it was taken for the end of.
            Err(quick_xml::Error::Syntax(_)) => return Ok(position(reader.error_position())),
            Err(error) => return Err(Unreadable::new(error)),
        }
    }
}

/// Resolves `&amp;` and the like, and characters given by number.
fn refer(reference: &BytesRef<'_>, outline: &mut impl Outline) -> Result<(), Unreadable> {
    if let Some(character) = reference.resolve_char_ref().map_err(Unreadable::new)? {
        return outline.text(character.encode_utf8(&mut [0; 4]));
    }
    match resolve_xml_entity(reference) {
        Some(text) => outline.text(text),
        None => Err(Unreadable::new(format!("&{}; is not known", &**reference))),
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).expect("a position in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it is told.
    #[derive(Debug, Default)]
    struct Notes(String);

    impl Outline for Notes {
        fn open(&mut self, name: &str) -> Result<(), Unreadable> {
            self.0.push_str(&format!("({name} "));
            Ok(())
        }

        fn close(&mut self) -> Result<(), Unreadable> {
            self.0.push(')');
            Ok(())
        }

        fn text(&mut self, text: &str) -> Result<(), Unreadable> {
            self.0.push_str(text);
            Ok(())
        }
    }

    fn noted<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<String, Unreadable> {
        let (mut reader, mut notes) = (Pieces::default(), Notes::default());
        for piece in pieces {
            reader.read(piece, &mut notes)?;
        }
        reader.end(&mut notes)?;
        Ok(notes.0)
    }

    const DOCUMENT: &str = "<?xml version=\"1.0\"?>\n<!-- <b> --><a x=\"1>2\"><b>1 &lt; 2 > 0 &#xe4;\
        &#228;</b><c/><d><![CDATA[<e>&amp;]]></d >ä€</a>";

    #[test]
    fn however_a_document_is_cut_it_reads_the_same() {
        let whole = noted([DOCUMENT.as_bytes()]).expect("it is well formed");
        assert_eq!(whole, "\n(a (b 1 < 2 > 0 ää)(c )(d <e>&amp;)ä€)");
        let bytes = DOCUMENT.as_bytes();
        for cut in 0..bytes.len() {
            for other in cut..bytes.len() {
                let pieces = [&bytes[..cut], &bytes[cut..other], &bytes[other..]];
                assert_eq!(noted(pieces).expect("the same"), whole, "{cut}, {other}");
            }
        }
        assert_eq!(noted(bytes.chunks(1)).expect("the same"), whole);
    }

    #[test]
    fn what_is_no_xml_is_told() {
        for (text, told) in [
            ("<a", "ends in the middle"),
            ("<a><![CDATA[ ", "ends in the middle"),
            ("<a>&nbsp;</a>", "&nbsp; is not known"),
            ("<a>&amp</a>", "`;` not found"),
            ("<a>&#x110000;</a>", "character"),
            ("<!DOCTYPE a><a/>", "document type"),
        ] {
            let error = noted([text.as_bytes()]).expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
        assert!(noted([&b"<a>\xff</a>"[..]]).is_err());
        let endless = vec![b'x'; LONGEST_MARKUP + 1];
        assert!(noted([&b"<a"[..], &endless]).is_err());
    }
}
