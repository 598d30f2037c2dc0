//! From a caller's settings to credentials, and to the proof of whose they are.
//!
//! Admission has two steps. A *credential key*, a keyed hash over every input
//! that decides a caller's credentials, costs a few `stat`s; one seen for the
//! first time is verified by `sts:GetCallerIdentity` and stands for that
//! principal until its credentials end. That is remembered on disk: while STS cannot
//! be reached, or cannot be asked before somebody has typed a code, a key that it has
//! named before opens what is known of its principal. When it refuses, never.
//!
//! Invariants: only this module makes a [`VerifiedIdentity`]; it takes AWS
//! settings from the [`Caller`] alone, never from the process's environment; it
//! never prompts; nobody waits past the deadline; secrets are in zeroizing
//! memory and never shown. It keeps no answers and decides nothing about them.

mod challenges;
mod endpoints;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod key;
mod metadata;
mod network;
mod plan;
mod principal;
mod profile;
mod provider;
mod region;
mod registry;
mod remembered;
mod settings;
mod sso;
mod sts;
#[cfg(test)]
pub(crate) mod testing;
mod unverified;
mod verified;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_ssm_proto::domain::{Answer, Caller, Challenge, Error, ErrorKind, Identity, Question};
use tokio::time::{Duration, Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use challenges::Queue;
pub use endpoints::Endpoints;
pub use files::Stamp;
pub use key::CredentialKey;
pub use metadata::is_instance;
pub use principal::Principal;
pub use region::{RegionChoice, Wide, check_words, means};
pub use settings::DefaultSettings;
pub use unverified::Unverified;
pub use verified::VerifiedIdentity;

use crate::aws::http::direct_connector;
use crate::aws::{Connector, Route, Service, Sso, Sts};
use crate::clock::Clock;
use crate::persist::Disk;
use crate::resilience::Resilience;
use challenges::Challenges;
use files::{FileCache, LoadedFile};
use key::{KeyInputs, KeyMaker};
use metadata::Metadata;
use plan::CredentialPlan;
use profile::{FileKind, Profiles};
use provider::{Provider, RENEW_LIMIT};
use registry::{Known, Pending, Registry, Verification};
use remembered::Memory;
use settings::Settings;
use sso::SignOn;
use sts::{Place, Services, TokenService};

/// How long STS may be silent about credentials that it has named before; a call that
/// has less time waits half of that.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a connection to a metadata service may take to open: it is beside us.
const METADATA_CONNECT: Duration = Duration::from_secs(1);

/// What a caller's settings have led to.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The caller, verified.
    pub identity: VerifiedIdentity,
    /// The regions this call asks for, as it names them.
    pub regions: RegionChoice,
}

/// Everybody the daemon knows.
pub struct Identities {
    inner: Arc<Inner>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

struct Inner {
    keys: Arc<KeyMaker>,
    files: FileCache,
    registry: Arc<Registry>,
    memory: Memory,
    sts: Arc<dyn TokenService>,
    challenges: Arc<Challenges>,
    defaults: ArcSwap<DefaultSettings>,
    wall: SharedTimeSource,
}

/// A caller's settings, resolved, with nobody asked yet.
#[derive(Clone)]
struct Prepared {
    key: CredentialKey,
    plan: CredentialPlan,
    endpoints: Endpoints,
    route: Route,
    regions: RegionChoice,
    /// Where STS is asked; `None`: at the home of the regions.
    home: Option<String>,
}

impl Admission {
    /// Who this is, and the regions as they were typed.
    ///
    /// # Errors
    ///
    /// As [`VerifiedIdentity::describe`].
    pub fn describe(self) -> Result<Identity, Error> {
        self.identity.describe(self.regions.into_words())
    }
}

impl Identities {
    /// Knows nobody but whom `disk` remembers. `clock` measures how long a binding
    /// goes unused.
    #[must_use]
    pub fn new(
        connector: &Connector,
        resilience: Arc<Resilience>,
        defaults: DefaultSettings,
        clock: Clock,
        disk: Arc<Disk>,
    ) -> Self {
        let wall = SharedTimeSource::new(SystemTimeSource::new());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let sso = Sso::new(connector.clone(), Arc::clone(&resilience));
        let sts = Arc::new(Services {
            sts: Sts::new(connector.clone(), resilience),
            sign_on: SignOn::new(sso, wall.clone(), tasks.clone(), stop.clone()),
            metadata: Metadata::new(direct_connector(METADATA_CONNECT)),
        });
        let keys = {
            let disk = Arc::clone(&disk);
            KeyMaker::new(move || disk.credential_hash_key())
        };
        let mut identities = Self::with_parts(sts, defaults, keys, clock, wall, disk);
        (identities.tasks, identities.stop) = (tasks, stop);
        identities
    }

    fn with_parts(
        sts: Arc<dyn TokenService>,
        defaults: DefaultSettings,
        keys: KeyMaker,
        idle: Clock,
        wall: SharedTimeSource,
        disk: Arc<Disk>,
    ) -> Self {
        let keys = Arc::new(keys);
        let inner = Inner {
            files: FileCache::new(Arc::clone(&keys), wall.clone()),
            registry: Arc::new(Registry::new(idle, wall.clone())),
            memory: Memory::new(disk),
            challenges: Arc::new(Challenges::new(
                Arc::clone(&keys),
                Arc::clone(&sts),
                wall.clone(),
            )),
            keys,
            sts,
            defaults: ArcSwap::from_pointee(defaults),
            wall,
        };
        Self {
            inner: Arc::new(inner),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Whose credentials the caller's settings lead to, and the regions asked.
    ///
    /// Warm, this is a few `stat`s and a hash. A credential key that is not
    /// bound is verified by STS once for all who wait, and the verification goes
    /// on when the first of them leaves. Where STS cannot be reached, or a code must be
    /// typed first, a key that it has named before gives an identity that is
    /// [`VerifiedIdentity::unconfirmed`].
    ///
    /// # Errors
    ///
    /// `Usage` for a missing or impossible region or endpoint; `Config` for a
    /// profile file that is broken or contradicts itself; `Credentials` if there
    /// are none or STS refuses them; `Unavailable` if STS cannot be reached in
    /// time; `Daemon` if it is stopping, or full.
    pub async fn admit(&self, caller: &Caller, deadline: Instant) -> Result<Admission, Error> {
        self.admit_beside(caller, deadline, drop).await
    }

    /// As [`Identities::admit`]. When STS is asked about credentials that nobody
    /// has used before, `beside` gets them at once, so that what they will be used
    /// for can begin meanwhile.
    ///
    /// # Errors
    ///
    /// As [`Identities::admit`].
    pub async fn admit_beside(
        &self,
        caller: &Caller,
        deadline: Instant,
        beside: impl FnOnce(Unverified),
    ) -> Result<Admission, Error> {
        let prepared = timeout_at(deadline, self.inner.prepare(caller)).await;
        let prepared = prepared.map_err(|_| slow_files(caller))??;
        let regions = prepared.regions.clone();
        let identity = match self.inner.registry.look(prepared.key)? {
            Known::Bound(identity) => identity,
            Known::Pending(pending) => self.settle(prepared, pending, deadline).await?,
            Known::Nothing(duty) => {
                let pending = self.verify(prepared.clone(), duty, beside);
                self.settle(prepared, pending, deadline).await?
            }
        };
        Ok(Admission { identity, regions })
    }

    /// A caller whom STS has named to this daemon before; `None` for everybody else.
    /// Nobody is asked, nothing is begun, and his binding does not count as used.
    ///
    /// # Errors
    ///
    /// `Usage` and `Config` as [`Identities::admit`]; `Unavailable` if the profile
    /// files cannot be read in time.
    pub async fn known(
        &self,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<Option<Admission>, Error> {
        let prepared = timeout_at(deadline, self.inner.prepare(caller)).await;
        let prepared = prepared.map_err(|_| slow_files(caller))??;
        let identity = self.inner.registry.bound(&prepared.key);
        Ok(identity.map(|identity| Admission {
            identity,
            regions: prepared.regions,
        }))
    }

    /// The names of the profiles in the caller's files, each once, in order.
    ///
    /// # Errors
    ///
    /// `Config` for a file that is broken; `Unavailable` if they cannot be read in time.
    pub async fn profile_names(
        &self,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<Vec<String>, Error> {
        let names = timeout_at(deadline, self.inner.profile_names(caller)).await;
        names.map_err(|_| slow_files(caller))?
    }

    /// Gives callers who name none these from now on.
    pub fn retune(&self, defaults: DefaultSettings) {
        self.inner.defaults.store(Arc::new(defaults));
    }

    /// How many credential keys are bound.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.registry.count()
    }

    /// Ends the binding of credentials that a service has refused (`ExpiredToken`,
    /// `AuthFailure` …); the next caller with them asks STS again. Ends that of
    /// their own key only, never the principal's other callers'. What is remembered
    /// on disk is left to STS: a region that the account has not enabled refuses
    /// credentials that are good everywhere else.
    pub fn unbind(&self, identity: &VerifiedIdentity) {
        identity.provider().forget();
        self.inner.registry.unbind(identity);
    }

    /// Has credentials renewed that AWS called expired in a call that began at `began`,
    /// and STS say whose the new ones are. `false`: there are none without a person or
    /// a program, or they are somebody else's; the next admission finds that out.
    pub async fn renew(
        &self,
        identity: &VerifiedIdentity,
        began: Instant,
        deadline: Instant,
    ) -> bool {
        let (inner, provider) = (&self.inner, identity.provider());
        if !provider.is_renewable() {
            return false;
        }
        // Of all who are told so one begins, and the others wait.
        if provider.forget_older(began) {
            inner.registry.unbind_credentials(identity);
        }
        let renewed = match inner.registry.look(*identity.credential_key()) {
            Ok(Known::Bound(renewed)) => Ok(renewed),
            Ok(Known::Pending(pending)) => wait(pending, deadline).await,
            Ok(Known::Nothing(duty)) => {
                let endpoints = identity.principal().endpoints().clone();
                let pending = self.begin(duty, Arc::clone(provider), endpoints);
                wait(pending, deadline).await
            }
            Err(full) => Err(full),
        };
        renewed.is_ok_and(|renewed| {
            renewed.has_same_credentials(identity) && renewed.principal() == identity.principal()
        })
    }

    /// Remembers a verified identity for the time after a restart, unless its binding
    /// has ended.
    pub fn remember(&self, identity: &VerifiedIdentity) {
        if self.inner.registry.is_bound(identity) {
            self.inner.memory.remember(identity);
        }
    }

    /// Ends the bindings unused for an hour, and with them drops the keys they
    /// hold. To be called now and then; a verification does so too.
    pub fn forget_idle(&self) {
        self.inner.registry.forget_idle();
        self.inner.challenges.forget_old();
    }

    /// Queues up to answer a challenge.
    #[must_use]
    pub fn queue_up(&self, challenge_id: &str, deadline: Instant) -> Queue {
        self.inner.challenges.queue(challenge_id, deadline)
    }

    /// Answers a challenge for all who wait. `false`: nobody waits for that any more.
    ///
    /// # Errors
    ///
    /// `Credentials` or `Permission` if AWS does not take the answer; `Unavailable` if
    /// it cannot be asked.
    pub async fn answer(
        &self,
        challenge_id: &str,
        turn: u64,
        answer: Answer,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let challenges = &self.inner.challenges;
        challenges
            .answer(challenge_id, turn, answer, deadline)
            .await
    }

    /// Stops the verifications under way, whose callers are told so, and waits
    /// until they have ended.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits for STS's word, and takes what it said before for it where it cannot be
    /// had.
    async fn settle(
        &self,
        prepared: Prepared,
        pending: Pending,
        deadline: Instant,
    ) -> Result<VerifiedIdentity, Error> {
        let now = Instant::now();
        let half = now + deadline.saturating_duration_since(now) / 2;
        let until = half.min(pending.began + PATIENCE);
        let word = wait(pending.clone(), until).await;
        if !matches!(&word, Err(why) if decides_nothing(why)) {
            return word;
        }
        let Some(principal) = self.inner.memory.recall(&prepared).await else {
            // The word has come already, or there is time left for it.
            return wait(pending, deadline).await;
        };
        let why = match &*pending.outcome.borrow() {
            Some(Err(why)) if decides_nothing(why) => why.clone(),
            Some(word) => return word.clone(),
            None => silent(),
        };
        Ok(self.inner.unconfirmed(prepared, principal, why))
    }

    /// Begins to find out whose credentials these are.
    fn verify(
        &self,
        prepared: Prepared,
        duty: Verification,
        beside: impl FnOnce(Unverified),
    ) -> Pending {
        let known = duty.provider.clone();
        let place = prepared.place();
        let provider = known
            .clone()
            .unwrap_or_else(|| self.inner.provider(prepared.plan, place.clone()));
        // Credentials that were verified before have their data in the cache; those that
        // somebody must give first cannot be used yet.
        if known.is_none() && !provider.needs_caller() {
            let regions = prepared.regions.named().to_vec();
            let endpoints = prepared.endpoints.clone();
            let provider = Arc::clone(&provider);
            let outcome = duty.subscribe().outcome;
            beside(Unverified::new(
                place, provider, endpoints, regions, outcome,
            ));
        }
        self.begin(duty, provider, prepared.endpoints)
    }

    /// Asks STS whose credentials a provider has.
    fn begin(&self, duty: Verification, provider: Arc<Provider>, endpoints: Endpoints) -> Pending {
        let pending = duty.subscribe();
        let (inner, stop) = (Arc::clone(&self.inner), self.stop.clone());
        let key = provider.place().key;
        self.tasks.spawn(async move {
            let deadline = Instant::now() + RENEW_LIMIT;
            let verification = inner.verify(provider, endpoints, deadline);
            let verified = tokio::select! {
                biased;
                () = stop.cancelled() => Err(stopping()),
                verified = timeout_at(deadline, verification) => {
                    verified.unwrap_or_else(|_| Err(too_slow()))
                }
            };
            inner.memory.learn(key, &verified);
            duty.settle(verified);
        });
        pending
    }
}

impl Drop for Identities {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn prepare(&self, caller: &Caller) -> Result<Prepared, Error> {
        let (config, credentials) = self.load_files(caller).await?;
        let profiles = Profiles::new(&config.parsed, &credentials.parsed);
        let defaults = self.defaults.load_full();
        let settings = Settings::resolve(caller, profiles, &defaults)?;
        let plan = CredentialPlan::make(&settings, &defaults)?;
        let regions = settings.regions(&defaults)?;
        let home = settings.home_region(&regions, &defaults);
        // A token that cannot be looked at is reported when it is read.
        let token = plan
            .token_file()
            .and_then(|path| Stamp::of(path).ok().flatten());
        let key = self.keys.key(&KeyInputs {
            caller,
            default_profile: defaults.profile.as_deref(),
            session_name: &defaults.session_name,
            config: &config,
            credentials: &credentials,
            token,
            ca_bundle: settings.route.network.trusted().map(|bundle| bundle.stamp),
            environment: plan.environment(),
        });
        Ok(Prepared {
            key,
            plan,
            endpoints: settings.endpoints,
            route: settings.route,
            regions,
            home,
        })
    }

    async fn load_files(&self, caller: &Caller) -> Result<(LoadedFile, LoadedFile), Error> {
        let config = self.files.load(&caller.config_file, FileKind::Config);
        let config = config.await?;
        let credentials = self
            .files
            .load(&caller.credentials_file, FileKind::Credentials);
        Ok((config, credentials.await?))
    }

    async fn profile_names(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let (config, credentials) = self.load_files(caller).await?;
        let profiles = Profiles::new(&config.parsed, &credentials.parsed);
        let names: BTreeSet<&str> = profiles.names().collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    async fn verify(
        &self,
        provider: Arc<Provider>,
        endpoints: Endpoints,
        deadline: Instant,
    ) -> Result<VerifiedIdentity, Error> {
        let place = provider.place();
        let credentials = provider.credentials().await?;
        let bound_until = credentials.expiry();
        let said = self.sts.caller_identity(place, credentials, deadline);
        let said = said.await;
        let said = said.map_err(|error| {
            if error.kind == ErrorKind::Credentials {
                provider.forget_answers();
            }
            provider::blame(error, provider.plan())
        })?;
        let principal = Principal::new(said, endpoints)?;
        let key = place.key;
        tracing::info!(arn = principal.arn(), ?key, "identity verified");
        Ok(VerifiedIdentity::new(principal, key, provider, bound_until))
    }

    /// Whom STS has named before, as it cannot be asked now.
    fn unconfirmed(
        &self,
        prepared: Prepared,
        principal: Principal,
        why: Error,
    ) -> VerifiedIdentity {
        tracing::info!(arn = principal.arn(), key = ?prepared.key, %why, "identity remembered");
        let place = prepared.place();
        let provider = self.provider(prepared.plan, place);
        VerifiedIdentity::unconfirmed_as(principal, prepared.key, provider, why)
    }

    fn provider(&self, plan: CredentialPlan, place: Place) -> Arc<Provider> {
        let (sts, wall) = (Arc::clone(&self.sts), self.wall.clone());
        let challenges = Arc::clone(&self.challenges);
        Arc::new(Provider::new(plan, sts, place, challenges, wall))
    }
}

impl Prepared {
    /// Where STS is asked.
    fn place(&self) -> Place {
        let region = self.home.as_deref();
        Place {
            region: region.unwrap_or_else(|| self.regions.home()).to_owned(),
            endpoint: self.endpoints.get(Service::Sts).map(str::to_owned),
            route: self.route.clone(),
            key: self.key,
        }
    }
}

/// Whether this says nothing against whom STS has named before: it could not be asked
/// about him. What a program would print may be another's keys by now; a code opens the
/// same role.
fn decides_nothing(why: &Error) -> bool {
    let wants_code = |challenge: &Challenge| matches!(challenge.question, Question::MfaCode { .. });
    why.kind == ErrorKind::Unavailable || why.challenge.as_deref().is_some_and(wants_code)
}

async fn wait(pending: Pending, deadline: Instant) -> Result<VerifiedIdentity, Error> {
    let mut outcome = pending.outcome;
    let settled = timeout_at(deadline, outcome.wait_for(Option::is_some)).await;
    match settled {
        Err(_) => Err(too_slow()),
        Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| Err(abandoned())),
        Ok(Err(_)) => Err(abandoned()),
    }
}

fn slow_files(caller: &Caller) -> Error {
    let files = format!(
        "{} or {} did not answer in time",
        caller.config_file.display(),
        caller.credentials_file.display()
    );
    Error::new(
        ErrorKind::Unavailable,
        "the profile files could not be read in time",
    )
    .why(files)
    .hint("check the file system they are on, or allow more time with --timeout")
}

fn too_slow() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "STS did not say in time whose credentials these are",
    )
    .why("no answer came before the call's time was over")
    .hint("check the network and the endpoint, or allow more time with --timeout")
}

/// It may yet say.
fn silent() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "STS has not said whose credentials these are",
    )
    .why(format!("no answer came within {} s", PATIENCE.as_secs()))
    .hint("check the network and the endpoint")
}

fn stopping() -> Error {
    Error::new(ErrorKind::Daemon, "the daemon is stopping")
        .why("it was told to stop while STS was being asked")
        .hint("try again")
}

/// The verification ended without a word, which only a panic does.
fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, "the credentials could not be verified")
        .why("the verification broke off")
        .hint("the daemon's log says more; `aws-ssm daemon status` names it")
}

#[cfg(test)]
mod tests;
