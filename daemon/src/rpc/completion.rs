//! How a word that is being typed can go on.
//!
//! Whoever presses Tab has asked for nothing yet: nothing here asks AWS, reads what
//! is kept on disk, begins a load, or keeps an entry warm.

use aws_ssm_proto::domain::{Caller, Candidate, Completable, Error};
use aws_ssm_proto::wire;
use tokio::time::Instant;

use crate::daemon::Daemon;
use crate::identity::{Admission, RegionChoice};
use crate::inventory::Fleet;
use crate::query::complete::{self, terms};

/// What is said to be asked for where that does not matter.
const ANY_REGION: &str = "us-east-1";

/// The word for all of them.
const EVERY_REGION: &str = "all";

/// Answers from memory. Who is not known yet gets nothing.
pub(super) async fn candidates(
    daemon: &Daemon,
    question: wire::CompleteRequest,
    deadline: Instant,
) -> Result<wire::CompleteResponse, Error> {
    let what = question.what()?;
    let caller: Caller = question.caller.unwrap_or_default().into();
    let beginning = &question.beginning;
    let candidates = match what {
        Completable::Profile => {
            let names = daemon.identities.profile_names(&caller, deadline).await?;
            complete::beginning_so(names.iter().map(String::as_str), beginning)
        }
        Completable::Region => regions(daemon, caller, beginning, deadline).await?,
        Completable::Target => {
            complete::targets(&fleets(daemon, &caller, deadline).await?, beginning)
        }
        Completable::Term => {
            // The language is known, whoever asks.
            let fleets = fleets(daemon, &caller, deadline).await;
            terms::terms(&fleets.unwrap_or_default(), beginning)
        }
        Completable::TagKey => {
            complete::tag_keys(&fleets(daemon, &caller, deadline).await?, beginning)
        }
        Completable::TagValue(key) => {
            let fleets = fleets(daemon, &caller, deadline).await?;
            complete::tag_values(&fleets, &key, beginning)
        }
    };
    Ok(wire::CompleteResponse {
        candidates: candidates.into_iter().map(Into::into).collect(),
    })
}

/// Those of the caller's regions that are in memory.
async fn fleets(daemon: &Daemon, caller: &Caller, deadline: Instant) -> Result<Vec<Fleet>, Error> {
    let known = daemon.identities.known(caller, deadline).await?;
    let Some(Admission { identity, regions }) = known else {
        return Ok(Vec::new());
    };
    let regions = match regions {
        RegionChoice::Named(names) => names,
        RegionChoice::Wide(wide) => {
            let known = daemon.inventory.regions_in_memory(&identity);
            wide.expand(&known.iter().map(String::as_str).collect::<Vec<_>>())?
        }
    };
    let fleets = regions.iter();
    let fleets = fleets.filter_map(|region| daemon.inventory.in_memory(&identity, region));
    Ok(fleets.collect())
}

async fn regions(
    daemon: &Daemon,
    mut caller: Caller,
    beginning: &str,
    deadline: Instant,
) -> Result<Vec<Candidate>, Error> {
    // Whose credentials these are does not hang on a region, and the one to be typed
    // may be the first that is named at all.
    caller.regions = vec![ANY_REGION.to_owned()];
    let Some(known) = daemon.identities.known(&caller, deadline).await? else {
        return Ok(Vec::new());
    };
    let names = daemon.inventory.regions_in_memory(&known.identity);
    let names = names.iter().map(String::as_str).chain([EVERY_REGION]);
    Ok(complete::beginning_so(names, beginning))
}
