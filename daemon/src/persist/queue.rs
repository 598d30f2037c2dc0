//! What waits to be written: of each name the last, and no more names than there is
//! room for.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Name;
use super::codec::Output;

/// More names than one person's daemon has in use; what finds no room is written
/// with its next refresh.
const ROOM: usize = 256;

/// Writes the content of one file.
pub(super) type Content = Box<dyn Fn(&mut Output<'_>) -> io::Result<()> + Send + Sync>;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Held while a file is placed or removed; never by who only puts.
    changing: Mutex<()>,
    /// Something waits.
    pub(super) news: Notify,
    /// Nothing more is taken.
    pub(super) closed: CancellationToken,
}

#[derive(Default)]
struct State {
    order: VecDeque<Name>,
    waiting: HashMap<Name, Content>,
    /// What is being written, unless it was dropped meanwhile.
    writing: Option<Name>,
}

impl Queue {
    /// Whether it will be written.
    pub(super) fn put(&self, name: Name, content: Content) -> bool {
        let mut state = self.lock();
        if self.closed.is_cancelled()
            || (state.waiting.len() >= ROOM && !state.waiting.contains_key(&name))
        {
            return false;
        }
        if state.waiting.insert(name.clone(), content).is_none() {
            state.order.push_back(name);
        }
        drop(state);
        self.news.notify_one();
        true
    }

    /// The next to be written.
    pub(super) fn take(&self) -> Option<(Name, Content)> {
        let mut state = self.lock();
        let name = state.order.pop_front()?;
        let content = state.waiting.remove(&name)?;
        state.writing = Some(name.clone());
        Some((name, content))
    }

    /// Ends the writing of what was taken: does `place` unless it was dropped
    /// meanwhile.
    pub(super) fn settle(&self, place: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let _changing = self.change();
        let writing = self.lock().writing.take();
        writing.map_or(Ok(()), |_| place())
    }

    /// Forgets what waits or is being written under the names that `which` says, so
    /// that it is not placed, and does `remove`.
    pub(super) fn drop_and<T>(
        &self,
        which: impl Fn(&Name) -> bool,
        remove: impl FnOnce() -> T,
    ) -> T {
        let mut state = self.lock();
        state.order.retain(|name| !which(name));
        state.waiting.retain(|name, _| !which(name));
        if state.writing.as_ref().is_some_and(&which) {
            state.writing = None;
        }
        drop(state);
        // Waits for what is being placed, which is removed then.
        let _changing = self.change();
        remove()
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn name(text: &str) -> Name {
        Name(text.to_owned())
    }

    fn content(byte: u8) -> Content {
        Box::new(move |out| out.u8(byte))
    }

    fn written(content: &Content) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut out = Output::new(&mut bytes, blake3::Hasher::new(), 100);
        content(&mut out).unwrap();
        out.finish().unwrap();
        bytes
    }

    #[test]
    fn of_each_name_the_last_is_written() {
        let queue = Queue::default();
        for byte in 0..3 {
            assert!(queue.put(name("a"), content(byte)));
            assert!(queue.put(name("b"), content(10 + byte)));
        }
        let (first, what) = queue.take().unwrap();
        assert_eq!((first, written(&what)), (name("a"), vec![2]));
        let (second, what) = queue.take().unwrap();
        assert_eq!((second, written(&what)), (name("b"), vec![12]));
        assert!(queue.take().is_none());
    }

    #[test]
    fn a_full_queue_takes_only_what_replaces_something() {
        let queue = Queue::default();
        for number in 0..ROOM {
            assert!(queue.put(name(&number.to_string()), content(0)));
        }
        assert!(!queue.put(name("one more"), content(0)));
        assert!(queue.put(name("7"), content(1)));
        queue.closed.cancel();
        assert!(!queue.put(name("7"), content(1)), "it takes nothing more");
    }

    #[test]
    fn what_is_dropped_while_it_is_written_is_not_placed() {
        let queue = Queue::default();
        let placed = Cell::new(false);
        let place = || {
            placed.set(true);
            Ok(())
        };
        queue.put(name("a"), content(0));
        let _content = queue.take().unwrap();
        queue.drop_and(|n| *n == name("a"), || {});
        queue.settle(place).unwrap();
        assert!(!placed.get());
        queue.put(name("a"), content(0));
        let _content = queue.take().unwrap();
        queue.drop_and(|n| *n == name("b"), || {});
        queue.settle(place).unwrap();
        assert!(placed.get());
    }
}
