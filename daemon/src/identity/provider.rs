//! Carries out a [`CredentialPlan`], and keeps what it leads to until shortly
//! before its end.
//!
//! One refresh at a time, shared by all who wait for it, success and failure
//! alike: an STS that fails is asked once, not once for each waiter. A refresh
//! that fails while the present credentials still hold is no failure yet, and one
//! that hangs holds up nobody but whoever began it, and him for seconds only.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_async::time::SharedTimeSource;
use aws_ssm_proto::domain::{Error, ErrorKind};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::challenges::Challenges;
use super::files;
use super::plan::{CredentialPlan, RolePlan, WebIdentityPlan};
use super::sts::{Place, TokenService};
use crate::aws::Route;
use crate::aws::sts::AssumeRoleWithWebIdentity;

/// Credentials are renewed this long before they end, as the SDKs do.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// After a failed renewal, how long the present credentials serve untroubled.
const RENEW_PAUSE: Duration = Duration::from_secs(30);
/// The time for all the calls of one renewal: the default
/// `resilience.operation_timeout_seconds`.
pub(super) const RENEW_LIMIT: Duration = Duration::from_secs(60);
/// The same while the present credentials hold: they serve, and it is tried again.
const RENEW_AHEAD_LIMIT: Duration = Duration::from_secs(5);

/// Obtains the credentials of one plan.
pub(super) struct Provider {
    plan: CredentialPlan,
    sts: Arc<dyn TokenService>,
    place: Place,
    challenges: Arc<Challenges>,
    clock: SharedTimeSource,
    held: Mutex<Held>,
    /// Renewals that have ended; tells a waiter whether one did while it waited.
    ended: AtomicU64,
    /// Held by the one renewal under way; why the last one failed.
    renewal: tokio::sync::Mutex<Option<Error>>,
}

#[derive(Default)]
struct Held {
    credentials: Option<Credentials>,
    /// When they came.
    since: Option<Instant>,
    /// No renewal is tried before this while the credentials hold.
    not_before: Option<SystemTime>,
}

impl Provider {
    pub(super) fn new(
        plan: CredentialPlan,
        sts: Arc<dyn TokenService>,
        place: Place,
        challenges: Arc<Challenges>,
        clock: SharedTimeSource,
    ) -> Self {
        Self {
            plan,
            sts,
            place,
            challenges,
            clock,
            held: Mutex::default(),
            ended: AtomicU64::new(0),
            renewal: tokio::sync::Mutex::new(None),
        }
    }

    /// Credentials that hold now.
    pub(super) async fn credentials(&self) -> Result<Credentials, Error> {
        if let CredentialPlan::Static(keys) = &self.plan {
            return Ok(keys.credentials.clone());
        }
        if let Some(credentials) = self.fresh() {
            return Ok(credentials);
        }
        let seen = self.ended.load(Ordering::Acquire);
        let mut renewal = match (self.renewal.try_lock(), self.present()) {
            (Ok(renewal), _) => renewal,
            (Err(_), Some(present)) => return Ok(present),
            (Err(_), None) => self.renewal.lock().await,
        };
        if self.ended.load(Ordering::Acquire) != seen {
            if let Some(credentials) = self.fresh() {
                return Ok(credentials);
            }
            if let Some(error) = renewal.as_ref() {
                return Err(error.clone());
            }
        }
        let outcome = self.renew().await;
        *renewal = outcome.as_ref().err().cloned();
        self.ended.fetch_add(1, Ordering::AcqRel);
        outcome
    }

    /// When the present credentials end; `None` if they do not, or if there are
    /// none yet.
    pub(super) fn expires_at(&self) -> Option<SystemTime> {
        self.held().credentials.as_ref()?.expiry()
    }

    /// Drops the present credentials: the next to ask gets new ones.
    pub(super) fn forget(&self) {
        *self.held() = Held::default();
    }

    /// Drops the present credentials unless they came after `moment`; says whether
    /// they are gone.
    pub(super) fn forget_older(&self, moment: Instant) -> bool {
        let mut held = self.held();
        let is_older = held.since.is_some_and(|since| since <= moment);
        if is_older {
            *held = Held::default();
        }
        is_older
    }

    /// Whether AWS gives new credentials for the asking, before the present ones end.
    pub(super) fn is_renewable(&self) -> bool {
        match &self.plan {
            CredentialPlan::Static(_) | CredentialPlan::Process(_) => false,
            CredentialPlan::AssumeRole(role) => role.mfa.is_none(),
            CredentialPlan::WebIdentity(_) | CredentialPlan::Source(_) => true,
        }
    }

    /// Drops what a person or a program has given for them as well: AWS has refused
    /// what it led to.
    pub(super) fn forget_answers(&self) {
        self.forget();
        let mut plan = &self.plan;
        loop {
            self.challenges
                .forget(self.challenges.step(plan, &self.place));
            match plan {
                CredentialPlan::AssumeRole(role) => plan = &role.source,
                _ => return,
            }
        }
    }

    /// Whether new credentials can be had only from a person or from the caller's
    /// terminal.
    pub(super) fn needs_caller(&self) -> bool {
        !self.can_obtain(&self.plan) && self.fresh().is_none()
    }

    fn can_obtain(&self, plan: &CredentialPlan) -> bool {
        let held = || {
            let step = self.challenges.step(plan, &self.place);
            self.challenges.held(step).is_some()
        };
        match plan {
            CredentialPlan::Process(_) => held(),
            CredentialPlan::AssumeRole(role) if role.mfa.is_some() => held(),
            CredentialPlan::AssumeRole(role) => self.can_obtain(&role.source),
            _ => true,
        }
    }

    /// How the credentials are obtained.
    pub(super) fn plan(&self) -> &CredentialPlan {
        &self.plan
    }

    /// Where STS is asked for them.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// How AWS is reached with them.
    pub(super) fn route(&self) -> &Route {
        &self.place.route
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> Option<Credentials> {
        let held = self.held();
        let credentials = held.credentials.as_ref()?;
        let now = self.clock.now();
        let serves = credentials.expiry().is_none_or(|end| {
            let paused = held.not_before.is_some_and(|until| now < until);
            let margin = if paused { Duration::ZERO } else { RENEW_BEFORE };
            now + margin < end
        });
        serves.then(|| credentials.clone())
    }

    /// The present credentials, if they hold, however soon they end.
    fn present(&self) -> Option<Credentials> {
        let held = self.held();
        let now = self.clock.now();
        let holds = |present: &&Credentials| present.expiry().is_none_or(|end| now < end);
        held.credentials.as_ref().filter(holds).cloned()
    }

    async fn renew(&self) -> Result<Credentials, Error> {
        let limit = match self.present() {
            Some(_) => RENEW_AHEAD_LIMIT,
            None => RENEW_LIMIT,
        };
        let deadline = Instant::now() + limit;
        let outcome = timeout_at(deadline, self.carry_out(&self.plan, deadline)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(too_slow(&self.plan)));
        let present = self.present();
        let now = self.clock.now();
        let mut held = self.held();
        match outcome {
            Ok(credentials) => {
                *held = Held {
                    credentials: Some(credentials.clone()),
                    since: Some(Instant::now()),
                    not_before: None,
                };
                Ok(credentials)
            }
            Err(error) => {
                let present = present.ok_or_else(|| error.clone())?;
                if error.challenge.is_none() {
                    tracing::warn!(source = %self.plan, %error, "credentials could not be renewed");
                }
                held.not_before = Some(now + RENEW_PAUSE);
                Ok(present)
            }
        }
    }

    fn carry_out<'a>(
        &'a self,
        plan: &'a CredentialPlan,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Credentials, Error>> {
        Box::pin(async move {
            match plan {
                CredentialPlan::Static(keys) => Ok(keys.credentials.clone()),
                CredentialPlan::AssumeRole(role) if role.mfa.is_some() => {
                    self.assume_with_code(plan, role, deadline).await
                }
                CredentialPlan::AssumeRole(role) => self.assume(role, deadline).await,
                CredentialPlan::WebIdentity(web) => self.exchange(web, deadline).await,
                CredentialPlan::Source(source) => {
                    self.sts.fetch(&self.place, source, deadline).await
                }
                CredentialPlan::Process(process) => {
                    let step = self.challenges.step(plan, &self.place);
                    let held = self.challenges.held(step);
                    held.ok_or_else(|| self.challenges.ask_process(step, process))
                }
            }
        })
    }

    async fn assume(&self, role: &RolePlan, deadline: Instant) -> Result<Credentials, Error> {
        let source = self.carry_out(&role.source, deadline).await?;
        let request = role.request();
        let asked = self.sts.assume_role(&self.place, source, request, deadline);
        asked.await.map_err(|error| blame(error, &role.source))
    }

    /// The session that a code has opened; without one, the code is asked for in the
    /// name of those who may assume the role.
    async fn assume_with_code(
        &self,
        plan: &CredentialPlan,
        role: &RolePlan,
        deadline: Instant,
    ) -> Result<Credentials, Error> {
        let step = self.challenges.step(plan, &self.place);
        if let Some(session) = self.challenges.held(step) {
            return Ok(session);
        }
        let source = self.carry_out(&role.source, deadline).await?;
        self.check_use(&role.source, source.clone(), deadline)
            .await?;
        Err(self.challenges.ask_code(step, role, source, &self.place))
    }

    /// Whether a code would be of use: nobody is asked for one while STS cannot be
    /// reached, or refuses the credentials that it would come with.
    async fn check_use(
        &self,
        plan: &CredentialPlan,
        source: Credentials,
        deadline: Instant,
    ) -> Result<(), Error> {
        let asked = self.sts.caller_identity(&self.place, source, deadline);
        match asked.await {
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Credentials) => {
                Err(blame(error, plan))
            }
            _ => Ok(()),
        }
    }

    async fn exchange(
        &self,
        web: &WebIdentityPlan,
        deadline: Instant,
    ) -> Result<Credentials, Error> {
        let request = AssumeRoleWithWebIdentity {
            role_arn: web.role_arn.clone(),
            session_name: web.session_name.clone(),
            token: files::read_token(&web.token_file).await?,
            duration: None,
        };
        let sts = &self.sts;
        sts.assume_role_with_web_identity(&self.place, request, deadline)
            .await
    }
}

fn too_slow(plan: &CredentialPlan) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the credentials could not be had in time",
    )
    .why(format!("whoever hands them out has not answered: {plan}"))
    .hint("check this machine's network, and run it again")
}

/// Says which credentials they are that AWS refuses: they may not be those that
/// the caller had in mind.
pub(super) fn blame(error: Error, source: &CredentialPlan) -> Error {
    if error.kind != ErrorKind::Credentials {
        return error;
    }
    let mut why = error.why.clone();
    if !why.is_empty() {
        why.push_str("; ");
    }
    why.push_str(&format!("the credentials are those of: {source}"));
    error.why(why)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("plan", &self.plan)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl ProvideCredentials for Provider {
    /// The SDK's clients ask here whenever those they have are about to end. The
    /// error's source is the [`Error`] that says what to do.
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let credentials = self.credentials().await;
            credentials.map_err(CredentialsError::provider_error)
        })
    }
}

#[cfg(test)]
mod tests;
