//! Credentials of people who sign in through IAM Identity Center.
//!
//! The token that `aws sso login` has written is read anew for each renewal of
//! credentials, so that who signs in again is served at once. A token of an
//! `sso-session` is renewed shortly before it ends, by one caller at a time for
//! each file, and not more often than every half minute. A renewal goes on when
//! whoever began it leaves: its answer may be the only way to the next one. Nobody is
//! ever sent to a browser: where a person is needed, the error says the command.

mod refusal;
mod token;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_async::time::SharedTimeSource;
use aws_ssm_proto::domain::{Error, ErrorKind};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use super::plan::SsoPlan;
use super::sts::{Place, unverified_target};
use crate::aws::idle::IdleMap;
use crate::aws::sso::RoleRequest;
use crate::aws::sts::StsTarget;
use crate::aws::{ErrorClass, Sso};
use token::TokenFile;

/// A token is renewed this long before its end, as the SDKs do.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// Nor is it more often than this, as the SDKs have it.
const RENEW_PAUSE: Duration = Duration::from_secs(30);
/// Token files whose last renewal is remembered: far more than one person has.
const MAX_FILES: usize = 64;
/// How long that is remembered.
const FILE_IDLE: Duration = Duration::from_secs(60 * 60);

/// The time for one renewal, whoever waits for it: the default
/// `resilience.operation_timeout_seconds`.
const RENEWAL_LIMIT: Duration = Duration::from_secs(60);
/// How long it is waited for while the present token holds.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct SignOn {
    inner: Arc<Inner>,
    /// Renewals under way.
    tasks: TaskTracker,
    /// Ends them.
    stop: CancellationToken,
}

struct Inner {
    sso: Sso,
    clock: SharedTimeSource,
    files: IdleMap<PathBuf, Arc<Mutex<Renewed>>>,
}

/// What is known of a token file; held by whoever renews its token.
#[derive(Default)]
struct Renewed {
    /// When its token was renewed last, and why it was not.
    last: Option<(SystemTime, Option<Error>)>,
    /// A token that could not be written, for as long as the file stays as it is.
    unwritten: Option<TokenFile>,
}

impl SignOn {
    /// Renewals are among `tasks`, for whoever owns these to wait for, and end with
    /// `stop`.
    pub(super) fn new(
        sso: Sso,
        clock: SharedTimeSource,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let inner = Inner {
            sso,
            clock,
            files: IdleMap::new(MAX_FILES, FILE_IDLE),
        };
        Self {
            inner: Arc::new(inner),
            tasks,
            stop,
        }
    }

    /// The role's credentials.
    ///
    /// # Errors
    ///
    /// `Credentials` if nobody is signed in, or not any more; `Permission` if whoever
    /// is may not have the role; `Unavailable` if that cannot be found out.
    pub(super) async fn credentials(
        &self,
        place: &Place,
        plan: &SsoPlan,
        deadline: Instant,
    ) -> Result<Credentials, Error> {
        let token = self.token(place, plan, deadline).await?;
        let role = RoleRequest {
            account_id: &plan.account_id,
            role_name: &plan.role_name,
        };
        let target = target(place, plan, plan.portal.as_deref());
        let sso = &self.inner.sso;
        let answer = sso.role_credentials(&target, role, &token, deadline);
        answer.await.map_err(|error| match error.class {
            ErrorClass::Expired | ErrorClass::BadCredentials => refusal::signed_out(plan, &error),
            ErrorClass::Denied => refusal::no_such_role(plan, &error),
            ErrorClass::Invalid if error.code.is_some() => refusal::no_such_role(plan, &error),
            _ => error.into_error(),
        })
    }

    /// A token that holds now.
    async fn token(
        &self,
        place: &Place,
        plan: &SsoPlan,
        deadline: Instant,
    ) -> Result<Zeroizing<String>, Error> {
        let file = read(plan).await?;
        let now = self.inner.clock.now();
        if now + RENEW_BEFORE < file.ends() {
            return Ok(file.token());
        }
        let holds = now < file.ends();
        if plan.is_session && file.renewal(now).is_some() {
            let patience = match holds {
                true => deadline.min(Instant::now() + RENEWAL_PATIENCE),
                false => deadline,
            };
            return match self.renewed(place, plan, patience).await {
                Err(error) if holds && error.kind == ErrorKind::Unavailable => Ok(file.token()),
                renewed => renewed,
            };
        }
        if holds {
            return Ok(file.token());
        }
        Err(refusal::expired(plan, file.ends()))
    }

    /// The token of a file whose token is about to end, renewed by the first who comes.
    async fn renewed(
        &self,
        place: &Place,
        plan: &SsoPlan,
        deadline: Instant,
    ) -> Result<Zeroizing<String>, Error> {
        let (inner, stop) = (Arc::clone(&self.inner), self.stop.clone());
        let path = plan.token_file.clone();
        let known = inner.files.get_or_build(path, Instant::now(), Arc::default);
        let lock = timeout_at(deadline, known.lock_owned()).await;
        let known = lock.map_err(|_| refusal::too_slow(plan))?;
        let (place, owned) = (place.clone(), plan.clone());
        let renewal = self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(refusal::stopping(&owned)),
                token = inner.renewed(&place, &owned, known) => token,
            }
        });
        let ended = timeout_at(deadline, renewal).await;
        ended
            .unwrap_or_else(|_| Ok(Err(refusal::too_slow(plan))))
            .unwrap_or_else(|_panic| Err(refusal::too_slow(plan)))
    }
}

impl Inner {
    async fn renewed(
        &self,
        place: &Place,
        plan: &SsoPlan,
        mut known: OwnedMutexGuard<Renewed>,
    ) -> Result<Zeroizing<String>, Error> {
        let deadline = Instant::now() + RENEWAL_LIMIT;
        let mut file = known.latest(read(plan).await?);
        let outcome = self.renew(place, plan, &mut file, &mut known, deadline);
        let outcome = outcome.await;
        known.unwritten = (!file.is_written()).then_some(file);
        outcome
    }

    async fn renew(
        &self,
        place: &Place,
        plan: &SsoPlan,
        file: &mut TokenFile,
        known: &mut Renewed,
        deadline: Instant,
    ) -> Result<Zeroizing<String>, Error> {
        let now = self.clock.now();
        let present = || match now < file.ends() {
            true => Ok(file.token()),
            false => Err(refusal::expired(plan, file.ends())),
        };
        // Somebody may have renewed it, or signed in, meanwhile.
        if now + RENEW_BEFORE < file.ends() {
            return present();
        }
        if let Some((last, failure)) = &known.last
            && now < *last + RENEW_PAUSE
        {
            return present().map_err(|expired| failure.clone().unwrap_or(expired));
        }
        let Some(renewal) = file.renewal(now) else {
            return present();
        };
        let target = target(place, plan, plan.sign_in.as_deref());
        let answer = self.sso.create_token(&target, &renewal, deadline).await;
        match answer {
            Ok(new) => {
                known.last = Some((now, None));
                file.renew(&new, now);
                write(plan, file).await;
                Ok(file.token())
            }
            Err(error) => {
                tracing::warn!(source = %plan, %error, "the sign-in could not be renewed");
                let failure = match error.is_refusal() {
                    true => refusal::expired(plan, file.ends()),
                    false => error.into_error(),
                };
                known.last = Some((now, Some(failure.clone())));
                present().map_err(|_| failure)
            }
        }
    }
}

impl Renewed {
    /// What the file says, unless something newer could not be written into it.
    fn latest(&mut self, file: TokenFile) -> TokenFile {
        match self.unwritten.take() {
            Some(newer) if newer.stamp() == file.stamp() => newer,
            _ => file,
        }
    }
}

impl fmt::Debug for SignOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignOn")
            .field("sso", &self.inner.sso)
            .finish_non_exhaustive()
    }
}

/// In whose name portal and sign-in are asked.
fn target(place: &Place, plan: &SsoPlan, endpoint: Option<&str>) -> StsTarget {
    StsTarget {
        call: unverified_target(&place.key, &plan.region),
        endpoint: endpoint.map(str::to_owned),
        route: place.route.clone(),
    }
}

async fn read(plan: &SsoPlan) -> Result<TokenFile, Error> {
    let path = plan.token_file.clone();
    let read = tokio::task::spawn_blocking(move || TokenFile::read(&path)).await;
    match read.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(refusal::not_signed_in(plan)),
        Err(error) => Err(refusal::unreadable(plan, &error)),
    }
}

/// A token that cannot be written serves on in memory.
async fn write(plan: &SsoPlan, file: &mut TokenFile) {
    let replacement = file.replacement(&plan.token_file);
    let written = tokio::task::spawn_blocking(move || replacement.write()).await;
    match written.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Ok(()) => file.set_written(),
        Err(error) => {
            let path = plan.token_file.display();
            tracing::warn!(%error, %path, "the renewed sign-in could not be kept");
        }
    }
}

#[cfg(test)]
mod tests;
