//! Picking instances on a terminal: a list that gets shorter while somebody types.
//!
//! `state.rs` is what is shown and what keys do to it, `view.rs` how that looks; both
//! are pure. `terminal.rs` takes the terminal and gives it back. Here they meet: one
//! loop, in which a key always comes before an answer, and an answer before the rest of
//! a search.

mod filter;
mod finder;
mod fleet;
mod key;
mod keyboard;
mod paint;
mod prompt;
mod search;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::collections::HashSet;
use std::fs::File;
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use aws_ssm_proto::client::InstancePage;
use aws_ssm_proto::domain::{Column, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::ending::Ending;
use crate::error::Failure;
use fleet::Fleet;
use key::Decoder;
use state::{Decision, Picker};
use terminal::Terminal;
use view::{View, Widths};

/// A key sends all its bytes at once; over a slow line they still arrive together.
const ESCAPE_TIME: Duration = Duration::from_millis(50);

/// SIGINT, as a shell counts it.
const INTERRUPT: u8 = 2;
/// SIGHUP.
const HANG_UP: u8 = 1;

/// The terminal, if there is one on which something could be picked.
pub(crate) fn terminal() -> Option<File> {
    terminal::open()
}

/// What a picker is opened with.
#[derive(Debug)]
pub(crate) struct Choice {
    fleet: Fleet,
    /// Several may be picked.
    many: bool,
    /// What is to be known of the data; may be empty.
    pub(crate) remarks: String,
    /// Seconds since 1970, for ages.
    now: i64,
    /// Colours are wanted.
    colours: bool,
}

impl Choice {
    /// One between no instances yet, which is seen with or without colours at this time.
    pub(crate) fn new(many: bool, colours: bool, now: i64) -> Self {
        Self {
            fleet: Fleet::default(),
            many,
            remarks: String::new(),
            now,
            colours,
        }
    }

    /// What of an instance must be asked for.
    pub(crate) fn columns() -> Vec<Column> {
        fleet::columns()
    }

    /// Adds the instances of a page; with `only`, those with these ids.
    pub(crate) fn add(&mut self, page: &InstancePage, only: Option<&[String]>) {
        self.fleet.add(page, only);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fleet.len() == 0
    }

    /// Lets somebody pick on a terminal; the answer is ids, one at least. `ask` has the
    /// daemon say which instances match terms of the search language.
    ///
    /// # Errors
    ///
    /// `Interrupted` if nothing was picked, and when a signal has ended it.
    pub(crate) async fn pick(
        mut self,
        tty: File,
        ending: &mut Ending,
        ask: impl AsyncFnMut(&[String]) -> Result<HashSet<String>, Error>,
    ) -> Result<Vec<String>, Failure> {
        self.fleet.order();
        let view = View {
            widths: Widths::new(&self.fleet),
            now: self.now,
        };
        let mut picker = Picker::new(self.fleet, self.many, self.remarks);
        let resized = signal(SignalKind::window_change())?;
        let terminal = Terminal::take(tty, self.colours).map_err(|_| gone())?;
        let talk = Talk {
            terminal,
            view,
            ending,
            resized,
            decoder: Decoder::default(),
        };
        match talk.hold(&mut picker, ask).await? {
            Decision::Picked(ids) => Ok(ids),
            Decision::Left => Err(Failure::Interrupted(INTERRUPT)),
        }
    }
}

/// The terminal has gone while something was to be picked on it.
fn gone() -> Failure {
    Failure::Interrupted(HANG_UP)
}

/// Between somebody at a terminal and a picker.
struct Talk<'a> {
    terminal: Terminal,
    view: View,
    ending: &'a mut Ending,
    resized: Signal,
    decoder: Decoder,
}

/// Something that has happened.
enum Event {
    Typed(Vec<u8>),
    /// Nothing has followed an escape.
    Escape,
    Answered(Result<HashSet<String>, Error>),
    Resized,
    /// There is time to look at more rows.
    Time,
}

impl Talk<'_> {
    async fn hold(
        mut self,
        picker: &mut Picker,
        mut ask: impl AsyncFnMut(&[String]) -> Result<HashSet<String>, Error>,
    ) -> Result<Decision, Failure> {
        let mut is_new = true;
        loop {
            let question = picker.question();
            let asking = async {
                match &question {
                    Some(terms) => ask(terms).await,
                    None => pending().await,
                }
            };
            let mut asking = pin!(asking);
            // An answer to what is not asked any more is not waited for.
            while picker.question() == question {
                if std::mem::take(&mut is_new) {
                    self.draw(picker)?;
                }
                let event = self.event(picker, &mut asking).await?;
                let decision = match event {
                    Event::Typed(bytes) => self.press(picker, &bytes),
                    Event::Escape => self.decoder.resolve().and_then(|key| picker.press(key)),
                    Event::Answered(answer) => {
                        picker.answered(question.clone().unwrap_or_default(), answer);
                        picker.decided()
                    }
                    Event::Resized => None,
                    Event::Time => {
                        picker.search();
                        is_new = !picker.is_searching();
                        match picker.decided() {
                            None => continue,
                            decision => decision,
                        }
                    }
                };
                if let Some(decision) = decision {
                    return Ok(decision);
                }
                is_new = true;
            }
        }
    }

    async fn event(
        &mut self,
        picker: &Picker,
        asking: impl Future<Output = Result<HashSet<String>, Error>> + Unpin,
    ) -> Result<Event, Failure> {
        Ok(tokio::select! {
            biased;
            ended = self.ending.next() => return Err(ended),
            bytes = self.terminal.read() => Event::Typed(bytes.map_err(|_| gone())?),
            _ = self.resized.recv() => Event::Resized,
            () = sleep(ESCAPE_TIME), if self.decoder.is_in_doubt() => Event::Escape,
            answer = asking => Event::Answered(answer),
            () = yield_now(), if picker.is_searching() => Event::Time,
        })
    }

    fn press(&mut self, picker: &mut Picker, bytes: &[u8]) -> Option<Decision> {
        let keys = self.decoder.feed(bytes);
        keys.into_iter().find_map(|key| picker.press(key))
    }

    fn draw(&self, picker: &mut Picker) -> Result<(), Failure> {
        let size = self.terminal.size();
        let frame = self.view.frame(picker, size);
        self.terminal.draw(&frame, size.rows).map_err(|_| gone())
    }
}
