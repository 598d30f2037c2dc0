//! Has the service manager start the daemon, where it owns the socket.
//!
//! Its socket may be missing because nobody has started the unit yet, or because the
//! manager has given up after too many failures. Only then is it asked; otherwise it
//! listens, and a connection is all it takes.

use tokio::time::Instant;

use super::start::{Turn, elsewhere, wait_for_turn};
use super::{Reached, connect_only};
use crate::domain::Error;
use crate::endpoint::Endpoint;
use crate::service::Service;

pub(super) async fn start(
    service: &Service,
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<Reached, Error> {
    endpoint.prepare()?;
    let turn = match wait_for_turn(endpoint, deadline).await? {
        Turn::Listening(stream) => return Ok(Reached::running(stream)),
        Turn::Ours(turn) => turn,
    };
    // Asked to start a unit that has failed, it would try in vain once more.
    if let Some(error) = service.state(deadline).await?.failure() {
        return Err(error);
    }
    service.listen(deadline).await?;
    let stream = connect_only(endpoint, deadline).await?;
    drop(turn);
    let stream = stream.ok_or_else(|| elsewhere(endpoint))?;
    Ok(Reached::running(stream))
}
