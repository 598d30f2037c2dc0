//! Writes behind the answers, until the end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::folder::Folder;
use super::queue::Content;
use super::{Inner, MAX_FILE, NOT_KEPT, Name, seal, sweep};

/// An answer leaves before its data is written, and what changes twice in so short
/// a time is written once.
const PAUSE: Duration = Duration::from_millis(250);

/// The task that writes, until the end; and before that removes what a daemon that
/// kept more has left.
pub(super) async fn write(inner: Arc<Inner>, leftover: Option<Folder>) {
    if let Some(folder) = leftover {
        let wipe = move || sweep::wipe(&folder);
        // It says what went wrong itself.
        let _ = tokio::task::spawn_blocking(wipe).await;
    }
    let closed = &inner.queue.closed;
    let mut next_sweep = Instant::now();
    loop {
        tokio::select! {
            () = inner.queue.news.notified() => {
                let _closed = timeout(PAUSE, closed.cancelled()).await;
            }
            () = closed.cancelled() => {}
        }
        let ends = closed.is_cancelled();
        let sweeps = next_sweep <= Instant::now();
        let work = {
            let inner = Arc::clone(&inner);
            move || inner.work(sweeps)
        };
        // A panic is in the log; what was written is whole in any case.
        let _ = tokio::task::spawn_blocking(work).await;
        if sweeps {
            next_sweep = Instant::now() + sweep::EVERY;
        }
        if ends {
            return;
        }
    }
}

impl Inner {
    /// Writes everything that waits. Blocks.
    pub(super) fn work(&self, sweeps: bool) {
        let Some(folder) = &self.folder else { return };
        let mut wrote = false;
        while let Some((name, content)) = self.queue.take() {
            match self.write(folder, &name, &content) {
                Ok(()) => {
                    wrote = true;
                    self.trouble.mended(&name);
                }
                Err(error) => self.trouble.tell(&name, NOT_KEPT, &error),
            }
        }
        if wrote && sweeps {
            sweep::sweep(folder, self.moments.now().wall);
        }
    }

    fn write(&self, folder: &Folder, name: &Name, content: &Content) -> io::Result<()> {
        let keys = self.keys();
        if !keys.hold(folder)? {
            return Err(io::Error::other("another daemon has begun it anew"));
        }
        let written =
            folder.write(|file| seal::seal(file, &keys.seal, MAX_FILE, |out| content(out)))?;
        self.queue.settle(|| folder.place(written, &name.0))
    }
}
