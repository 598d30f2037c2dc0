//! Work that goes on for as long as the daemon does, also past a panic of its own.
//!
//! What panicked is dropped and begun anew, ever later the more often that happens, so
//! that a bug costs its own work some time and nobody else anything. The panic itself is
//! in the log, by the panic hook.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

/// After the first panic; doubled with each that follows.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Does what `begin` begins, again after each panic. Returns when it ends by itself.
pub(crate) async fn keep_going<Work>(what: &str, mut begin: impl FnMut() -> Work)
where
    Work: Future<Output = ()>,
{
    let mut wait = FIRST;
    loop {
        let began = Instant::now();
        if AssertUnwindSafe(begin()).catch_unwind().await.is_ok() {
            return;
        }
        if began.elapsed() > LONGEST {
            wait = FIRST;
        }
        tracing::error!(what, again_in_s = wait.as_secs(), "has panicked");
        sleep(wait).await;
        wait = LONGEST.min(wait * 2);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_begun_anew_ever_later_until_it_goes_well_for_a_while() {
        let start = Instant::now();
        let begun = RefCell::new(Vec::new());
        keep_going("a test", || async {
            let times = {
                let mut begun = begun.borrow_mut();
                begun.push(start.elapsed().as_secs());
                begun.len()
            };
            match times {
                1..=8 => panic!("as ordered"),
                9 => {
                    sleep(2 * LONGEST).await;
                    panic!("as ordered, after it went well");
                }
                _ => {}
            }
        })
        .await;
        let waits: Vec<_> = begun
            .borrow()
            .windows(2)
            .map(|two| two[1] - two[0])
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 120 + 1]);
    }
}
