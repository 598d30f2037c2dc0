//! Where a call asks: which regions its words mean, all of them asked side by side, and
//! what it comes to when none of them has an answer.

use std::time::Duration;

use aws_ssm_proto::domain::{
    Caller, DataState, Error, Freshness, Identity, RegionSummary, whole_failure,
};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::daemon::Daemon;
use crate::identity::{Admission, RegionChoice, VerifiedIdentity, Wide};

/// Regions that one call has loaded at a time: as many as an account has enabled without
/// asking for more (17), and some. A load has a connection and a page in memory.
pub(super) const AT_ONCE: usize = 20;

/// Whom a call is for, and the regions it asks.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) identity: VerifiedIdentity,
    /// Each once, in the order asked.
    pub(super) regions: Vec<String>,
}

impl Scope {
    /// The regions that the words of a call mean. Names mean themselves; for other words
    /// the account's regions are looked up, which are kept as its instances are.
    ///
    /// # Errors
    ///
    /// The account's regions cannot be had, or a word means none of them.
    pub(super) async fn of(
        daemon: &Daemon,
        admission: Admission,
        asked: Freshness,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let Admission { identity, regions } = admission;
        let regions = match regions {
            RegionChoice::Named(names) => names,
            RegionChoice::Wide(wide) => {
                let cached = &daemon.inventory.regions;
                let served = cached.get(&identity, &wide.home, asked, deadline).await;
                let served = served.map_err(|error| unknown(&wide, error))?;
                let known = served.entry.value.iter();
                wide.expand(&known.map(|region| region.name.as_str()).collect::<Vec<_>>())?
            }
        };
        Ok(Self { identity, regions })
    }

    /// Admits a caller, and looks up the regions.
    ///
    /// # Errors
    ///
    /// As [`crate::identity::Identities::admit`] and [`Scope::of`].
    pub(super) async fn admit(
        daemon: &Daemon,
        caller: &Caller,
        asked: Freshness,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let admission = daemon.identities.admit(caller, deadline).await?;
        Self::of(daemon, admission, asked, deadline).await
    }

    /// Who this is, and where it asks.
    ///
    /// # Errors
    ///
    /// As [`VerifiedIdentity::describe`].
    pub(super) fn describe(self) -> Result<Identity, Error> {
        self.identity.describe(self.regions)
    }

    /// Asks every region, some at a time; the answers in the order of the regions.
    pub(super) async fn each<'a, T, Answer>(&'a self, ask: impl Fn(&'a str) -> Answer) -> Vec<T>
    where
        Answer: Future<Output = T>,
    {
        // Most calls have one, and no need for more than to wait for it.
        if let [region] = self.regions.as_slice() {
            return vec![ask(region).await];
        }
        let mut numbered = Vec::with_capacity(self.regions.len());
        for (number, region) in self.regions.iter().enumerate() {
            let answer = ask(region);
            numbered.push(async move { (number, answer.await) });
        }
        let answers = stream::iter(numbered).buffer_unordered(AT_ONCE);
        let mut answers: Vec<_> = answers.collect().await;
        answers.sort_unstable_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

/// Without the list of regions nobody can say which are meant.
fn unknown(wide: &Wide, error: Error) -> Error {
    let typed = wide.typed();
    let why = error.to_string();
    let hint = match error.hint.as_str() {
        "" => String::new(),
        hint => format!("{hint}; or "),
    };
    Error {
        what: format!("cannot tell which regions {typed} means"),
        why,
        hint: format!("{hint}name the regions, as in --region eu-west-1,us-east-1"),
        ..error
    }
}

/// A region that gave nothing.
pub(super) fn failed_region(region: &str, error: Error) -> RegionSummary {
    RegionSummary {
        region: region.to_owned(),
        fetched_at: std::time::UNIX_EPOCH,
        age: Duration::ZERO,
        state: DataState::Fresh,
        refreshing: false,
        cut: false,
        error: Some(error),
    }
}

/// Why a call has no answer that no region gave anything for.
pub(super) fn no_answer(regions: &[RegionSummary]) -> Error {
    whole_failure(regions).expect("a call asks for one region at least, and each has failed")
}
