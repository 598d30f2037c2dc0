//! Whoever reads our output, and may leave while there is nothing to write.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdout;
use tokio::time::sleep;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Whether he has gone, which nobody who has nothing to write would notice otherwise.
pub(super) fn is_gone() -> bool {
    let stdout = stdout();
    let mut output = [PollFd::new(&stdout, PollFlags::empty())];
    poll(&mut output, Some(&Timespec::default())).is_ok()
        && output[0].revents().contains(PollFlags::ERR)
}

/// Waits until he has gone.
pub(super) async fn gone() {
    while !is_gone() {
        sleep(LOOK).await;
    }
}
