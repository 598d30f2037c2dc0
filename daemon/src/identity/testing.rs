//! What the tests of this module share: a clock, a caller, and an STS that says
//! what it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_ssm_proto::domain::{Caller, Error, ErrorKind};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::key::{KeyInputs, KeyMaker};
use super::plan::SourcePlan;
use super::settings::DefaultSettings;
use super::sts::{Asked, Place, TokenService};
use crate::aws::Route;
use crate::aws::sts::{AssumeRole, AssumeRoleWithWebIdentity, CallerIdentity};
use crate::clock::Clock;
use crate::persist::Disk;

/// A wall clock that is turned by hand.
#[derive(Clone, Debug)]
pub(super) struct FixedClock(Arc<Mutex<SystemTime>>);

impl FixedClock {
    pub(super) fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub(super) fn source(&self) -> SharedTimeSource {
        SharedTimeSource::new(self.clone())
    }
}

impl TimeSource for FixedClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

pub(super) fn defaults() -> DefaultSettings {
    DefaultSettings {
        region: None,
        profile: None,
        session_name: "aws-ssm-anna".into(),
        is_instance: false,
    }
}

/// A caller with these variables and nothing else.
pub(super) fn variables(variables: &[(&str, &str)]) -> Caller {
    let mut caller = Caller::default();
    for (name, value) in variables {
        let value = Zeroizing::new((*value).to_owned());
        caller.environment.insert((*name).to_owned(), value);
    }
    caller
}

/// Where STS is asked by nobody in particular.
pub(super) fn place() -> Place {
    let caller = Caller::default();
    let file = super::files::LoadedFile::default();
    let key = KeyMaker::with([1; 32]).key(&KeyInputs {
        caller: &caller,
        default_profile: None,
        session_name: "",
        config: &file,
        credentials: &file,
        token: None,
        ca_bundle: None,
        environment: None,
    });
    Place {
        region: "eu-west-1".into(),
        endpoint: None,
        route: Route::default(),
        key,
    }
}

/// What STS says of a user's keys.
pub(super) fn said(user: &str) -> CallerIdentity {
    CallerIdentity {
        account: "123456789012".into(),
        arn: format!("arn:aws:iam::123456789012:user/{user}"),
        user_id: format!("AIDA{user}"),
    }
}

/// The code of every device.
pub(super) const MFA_CODE: &str = "123456";

/// An STS without a network. It names a user after the access key; a role's
/// access key is `role` and the request's number, and lasts an hour.
#[derive(Debug)]
pub(super) struct FakeSts {
    clock: FixedClock,
    /// Requests wait here until the test lets them through.
    gate: Semaphore,
    /// What every request fails with while it is set.
    pub(super) failure: Mutex<Option<Error>>,
    identities: AtomicUsize,
    roles: AtomicUsize,
    log: Mutex<Vec<String>>,
}

impl FakeSts {
    /// Answers at once.
    pub(super) fn open(clock: &FixedClock) -> Arc<Self> {
        let sts = Self::closed(clock);
        sts.let_through(Semaphore::MAX_PERMITS);
        sts
    }

    /// Answers when it is told to.
    pub(super) fn closed(clock: &FixedClock) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            gate: Semaphore::new(0),
            failure: Mutex::new(None),
            identities: AtomicUsize::new(0),
            roles: AtomicUsize::new(0),
            log: Mutex::default(),
        })
    }

    pub(super) fn let_through(&self, requests: usize) {
        self.gate.add_permits(requests);
    }

    pub(super) fn fail(&self, error: Option<Error>) {
        *self.failure.lock().unwrap() = error;
    }

    /// How often `GetCallerIdentity` was asked.
    pub(super) fn identities(&self) -> usize {
        self.identities.load(Ordering::SeqCst)
    }

    /// How often a role was assumed.
    pub(super) fn roles(&self) -> usize {
        self.roles.load(Ordering::SeqCst)
    }

    /// Who asked for which role.
    pub(super) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    async fn pass(&self) -> Result<(), Error> {
        self.gate.acquire().await.unwrap().forget();
        match &*self.failure.lock().unwrap() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    async fn role(&self, entry: String) -> Result<Credentials, Error> {
        let number = self.roles.fetch_add(1, Ordering::SeqCst) + 1;
        self.log.lock().unwrap().push(entry);
        self.pass().await?;
        let end = self.clock.now() + Duration::from_secs(3600);
        let (id, token) = (format!("role{number}"), Some("token".to_owned()));
        Ok(Credentials::new(id, "secret", token, Some(end), "fake"))
    }
}

impl TokenService for FakeSts {
    fn caller_identity<'a>(
        &'a self,
        _place: &'a Place,
        credentials: Credentials,
        _deadline: Instant,
    ) -> Asked<'a, CallerIdentity> {
        Box::pin(async move {
            self.identities.fetch_add(1, Ordering::SeqCst);
            self.pass().await?;
            Ok(said(credentials.access_key_id()))
        })
    }

    fn assume_role<'a>(
        &'a self,
        _place: &'a Place,
        source: Credentials,
        request: AssumeRole,
        _deadline: Instant,
    ) -> Asked<'a, Credentials> {
        let AssumeRole {
            role_arn,
            session_name,
            external_id,
            mfa,
            ..
        } = request;
        let id = source.access_key_id();
        let external_id = external_id.as_deref().map_or("", String::as_str);
        if mfa.is_some_and(|mfa| *mfa.code != MFA_CODE) {
            let why = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time";
            let error = Error::new(ErrorKind::Permission, "not allowed").why(why);
            return Box::pin(std::future::ready(Err(error)));
        }
        Box::pin(self.role(format!("{id} {role_arn} {session_name} {external_id}")))
    }

    fn assume_role_with_web_identity<'a>(
        &'a self,
        _place: &'a Place,
        request: AssumeRoleWithWebIdentity,
        _deadline: Instant,
    ) -> Asked<'a, Credentials> {
        let (token, role) = (request.token.as_str(), &request.role_arn);
        Box::pin(self.role(format!("{token} {role} {}", request.session_name)))
    }

    fn fetch<'a>(
        &'a self,
        _place: &'a Place,
        source: &'a SourcePlan,
        _deadline: Instant,
    ) -> Asked<'a, Credentials> {
        Box::pin(self.role(source.to_string()))
    }
}

/// Everybody who asks is verified at once, for the tests of other modules: the
/// principal is a user named after the access key.
pub(crate) fn everybody(clock: Clock) -> super::Identities {
    remembering(clock, Disk::nowhere())
}

/// Everybody is verified, and remembered on this disk.
pub(crate) fn remembering(clock: Clock, disk: Arc<Disk>) -> super::Identities {
    let wall = FixedClock::at(SystemTime::now());
    let sts = FakeSts::open(&wall);
    let keys = KeyMaker::with([7; 32]);
    super::Identities::with_parts(sts, defaults(), keys, clock, wall.source(), disk)
}

/// Nobody is verified, because STS cannot be reached.
pub(crate) fn nobody(clock: Clock, disk: Arc<Disk>) -> super::Identities {
    let wall = FixedClock::at(SystemTime::now());
    let sts = FakeSts::open(&wall);
    sts.fail(Some(Error::new(ErrorKind::Unavailable, "cannot reach STS")));
    let keys = KeyMaker::with([7; 32]);
    super::Identities::with_parts(sts, defaults(), keys, clock, wall.source(), disk)
}

/// A caller of [`everybody`] with the keys of one user.
pub(crate) fn user(name: &str) -> Caller {
    let mut caller = variables(&[
        ("AWS_ACCESS_KEY_ID", name),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-west-1"),
    ]);
    caller.config_file = "/nonexistent/config".into();
    caller.credentials_file = "/nonexistent/credentials".into();
    caller
}
