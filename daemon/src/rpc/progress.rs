//! What somebody who looks on is told while his answer is being loaded.
//!
//! An answer that comes soon, as every warm one does, is sent as if nobody looked on.
//! Counted are the loads under way, so that all who wait for one see the same.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::{status, wire};
use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::timeout;
use tonic::Status;

use super::regions::Scope;
use super::stream::Pages;
use crate::aws::Filters;
use crate::daemon::Daemon;
use crate::lifecycle::Call;

/// An answer that is there by then needs no words.
const SOON: Duration = Duration::from_millis(400);
/// Between two that are read by a person.
const PACE: Duration = Duration::from_millis(200);

/// What is waited for.
pub(super) struct Asked {
    daemon: Arc<Daemon>,
    scope: Arc<Scope>,
    filters: Filters,
}

impl Asked {
    pub(super) fn new(daemon: &Arc<Daemon>, scope: &Arc<Scope>, filters: &Filters) -> Self {
        Self {
            daemon: Arc::clone(daemon),
            scope: Arc::clone(scope),
            filters: Arc::clone(filters),
        }
    }
}

/// An answer that is being worked out.
type Answer = Pin<Box<dyn Future<Output = Result<Pages, Error>> + Send>>;

/// The answer; before it, if it does not come soon, how far it is.
///
/// # Errors
///
/// The answer's own, if it comes soon; later ones come with the pages.
pub(super) async fn beside(
    asked: Asked,
    answer: impl Future<Output = Result<Pages, Error>> + Send + 'static,
) -> Result<Pages, Error> {
    let mut answer: Answer = Box::pin(answer);
    if let Ok(answer) = timeout(SOON, &mut answer).await {
        return answer;
    }
    let waiting = Waiting {
        _call: asked.daemon.life.call(),
        asked,
        counted: HashMap::new(),
        answer,
        pause: Duration::ZERO,
    };
    let state = State::Waiting(waiting);
    Ok(stream::unfold(state, State::next).boxed())
}

enum State {
    Waiting(Waiting),
    Sending(Pages),
    Over,
}

impl State {
    async fn next(self) -> Option<(Result<wire::Page, Status>, Self)> {
        let mut pages = match self {
            Self::Waiting(mut waiting) => match timeout(waiting.pause, &mut waiting.answer).await {
                Ok(Ok(pages)) => pages,
                Ok(Err(error)) => return Some((Err(status::from_error(&error)), Self::Over)),
                Err(_) => return Some((Ok(waiting.page()), Self::Waiting(waiting))),
            },
            Self::Sending(pages) => pages,
            Self::Over => return None,
        };
        let page = pages.next().await?;
        Some((page, Self::Sending(pages)))
    }
}

/// Somebody who waits.
struct Waiting {
    asked: Asked,
    answer: Answer,
    /// Until he is told something again.
    pause: Duration,
    /// Rows and pages by region; those of a load that is over stay.
    counted: HashMap<usize, (usize, usize)>,
    _call: Call,
}

impl Waiting {
    /// How far it is now.
    fn page(&mut self) -> wire::Page {
        self.pause = PACE;
        let Asked {
            daemon,
            scope,
            filters,
        } = &self.asked;
        let instances = &daemon.inventory.instances;
        for (number, region) in scope.regions.iter().enumerate() {
            let key = instances.key(&scope.identity, region).chosen_by(filters);
            if let Some(so_far) = instances.loaded_so_far(&key) {
                self.counted.insert(number, so_far);
            }
        }
        let sum = |of: fn(&(usize, usize)) -> usize| self.counted.values().map(of).sum::<usize>();
        wire::Page {
            progress: Some(wire::LoadProgress {
                rows: sum(|(rows, _)| *rows) as u64,
                pages: sum(|(_, pages)| *pages) as u64,
            }),
            ..wire::Page::default()
        }
    }
}
