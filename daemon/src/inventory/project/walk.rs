//! The way through an answer: which of the elements that matter are open.
//!
//! A [`Sense`] says where in its answer each fact lies; all the rest is passed over
//! here. What is read is taken for true only as far as it can be wrong without harm:
//! a text of unreasonable length or a broken answer ends it.

use std::fmt::Debug;

use super::xml::{Outline, Pieces};
use crate::aws::{Projection, Unreadable};

/// More than any text that AWS allows: a tag's value has at most 256 characters, a
/// name of the DNS 253.
const LONGEST_TEXT: usize = 16 << 10;
/// Deeper than anything of AWS.
const DEEPEST: usize = 128;

/// What the elements of an answer mean, and what is made of them.
pub(in crate::inventory) trait Sense: Send + Sync + Unpin + 'static {
    /// An element that matters.
    type Place: Copy + Debug + Send + Sync + Unpin;
    /// What the answer comes to.
    type Output: Send + 'static;

    /// What an element of this name is within another, or as the outermost;
    /// `None`: nothing that matters.
    fn within(place: Option<Self::Place>, name: &str) -> Option<Self::Place>;

    /// Whether what matters of it is its text.
    fn is_text(place: Self::Place) -> bool;

    /// It begins.
    fn begin(&mut self, _place: Self::Place) {}

    /// It ends; `text` is that of an element of text.
    ///
    /// # Errors
    ///
    /// It is not what the service would say.
    fn finish(&mut self, place: Self::Place, text: &str) -> Result<(), Unreadable>;

    /// The answer is all there.
    fn output(self) -> Self::Output;
}

/// Reads an answer as its sense has it.
#[derive(Debug)]
pub(in crate::inventory) struct Reading<S: Sense> {
    pieces: Pieces,
    walk: Walk<S>,
}

impl<S: Sense> Reading<S> {
    /// Nothing is read yet.
    pub(super) fn of(sense: S) -> Self {
        Self {
            pieces: Pieces::default(),
            walk: Walk {
                open: Vec::new(),
                passed_over: 0,
                text: String::new(),
                ended: false,
                sense,
            },
        }
    }
}

impl<S: Sense> Projection for Reading<S> {
    type Output = S::Output;

    fn read(&mut self, piece: &[u8]) -> Result<(), Unreadable> {
        self.pieces.read(piece, &mut self.walk)
    }

    fn end(mut self) -> Result<Self::Output, Unreadable> {
        self.pieces.end(&mut self.walk)?;
        match self.walk.ended {
            true => Ok(self.walk.sense.output()),
            false => Err(Unreadable::new("it is not whole")),
        }
    }
}

/// The answer as far as it is read.
#[derive(Debug)]
struct Walk<S: Sense> {
    /// The open elements that matter, outermost first.
    open: Vec<S::Place>,
    /// How many elements are open within the innermost of them that do not.
    passed_over: usize,
    /// The text of the innermost, if it is one of text.
    text: String,
    ended: bool,
    sense: S,
}

impl<S: Sense> Outline for Walk<S> {
    fn open(&mut self, name: &str) -> Result<(), Unreadable> {
        let place = self.open.last().copied();
        let inner = match self.passed_over {
            0 => S::within(place, name),
            _ => None,
        };
        let Some(inner) = inner else {
            if place.is_none() {
                return Err(Unreadable::new(format!("it is a <{name}>")));
            }
            self.passed_over += 1;
            if self.passed_over > DEEPEST {
                return Err(Unreadable::new("its elements are nested too deep"));
            }
            return Ok(());
        };
        if self.ended {
            return Err(Unreadable::new("it goes on after its end"));
        }
        self.open.push(inner);
        if S::is_text(inner) {
            self.text.clear();
        }
        self.sense.begin(inner);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return Ok(());
        }
        let Some(place) = self.open.pop() else {
            return Err(Unreadable::new("it closes an element that is not open"));
        };
        self.ended = self.open.is_empty();
        self.sense.finish(place, &self.text)
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        match self.open.last() {
            Some(place) if S::is_text(*place) && self.passed_over == 0 => {
                self.text.push_str(text);
                if self.text.len() > LONGEST_TEXT {
                    return Err(Unreadable::new("a text of it is too long"));
                }
            }
            None if !text.trim_ascii().is_empty() => {
                return Err(Unreadable::new("it is no XML"));
            }
            _ => {}
        }
        Ok(())
    }
}
