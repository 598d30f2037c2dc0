//! Owns IAM Identity Center: who is signed in, the portal that gives them credentials
//! of roles, and the sign-in that renews their tokens.
//!
//! There is no browser: a test signs people in, and writes their token where
//! `aws sso login` would. Invariant: a token is good until its end and no longer, a
//! refresh token once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::MARK;
use super::clock;
use super::form::Form;
use super::handle::Answer;
use super::keyring::Principal;
use super::random::Random;
use super::refusal::{Refusal, Service, Trouble};
use super::world::World;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// How long renewed tokens last, and credentials of a role that says nothing of it.
const SESSION: SignedDuration = SignedDuration::from_hours(1);
const REGISTRATION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Somebody who has signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SignIn {
    /// What the portal takes.
    pub access_token: String,
    /// What the sign-in takes, once, for the next one.
    pub refresh_token: String,
    client_id: String,
    client_secret: String,
    ends: Timestamp,
    registered_until: Timestamp,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

impl SignIn {
    /// The file that `aws sso login` would write.
    #[must_use]
    pub fn token_file(&self) -> String {
        self.to_json().to_string()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "startUrl": "https://sandbox.awsapps.com/start",
            "region": "us-east-1",
            "accessToken": self.access_token,
            "expiresAt": clock::with_seconds(self.ends),
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "registrationExpiresAt": clock::with_seconds(self.registered_until),
            "refreshToken": self.refresh_token,
        })
    }
}

/// A token and whose it is.
struct Session {
    person: String,
    sign_in: SignIn,
}

/// Everybody who is signed in.
pub(crate) struct SignIns(Mutex<State>);

struct State {
    random: Random,
    by_token: HashMap<String, Session>,
}

impl SignIns {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            random: Random::labelled(seed, &["sign-ins"]),
            by_token: HashMap::new(),
        }))
    }

    pub(crate) fn sign_in(&self, person: &str, lives: Duration, now: Timestamp) -> SignIn {
        let lives = SignedDuration::try_from(lives).unwrap_or(SignedDuration::MAX);
        self.state().issue(person, lives, now, None)
    }

    /// Ends every token.
    pub(crate) fn sign_out(&self) {
        self.state().by_token.clear();
    }

    /// Whose token it is, while it holds.
    fn person(&self, token: &str, now: Timestamp) -> Option<String> {
        let state = self.state();
        let session = state.by_token.get(token)?;
        (now < session.sign_in.ends).then(|| session.person.clone())
    }

    /// The next token for a refresh token, which is thereby used up.
    fn renew(&self, asked: &Value, now: Timestamp) -> Option<SignIn> {
        let given = |name: &str| asked[name].as_str().unwrap_or_default();
        let mut state = self.state();
        let token = state.by_token.iter().find_map(|(token, session)| {
            let known = &session.sign_in;
            let fits = known.refresh_token == given("refreshToken")
                && known.client_id == given("clientId")
                && known.client_secret == given("clientSecret");
            fits.then(|| token.clone())
        })?;
        let session = state.by_token.get_mut(&token)?;
        session.sign_in.refresh_token.clear();
        let (person, registered) = (session.person.clone(), session.sign_in.clone());
        Some(state.issue(&person, SESSION, now, Some(registered)))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A renewal keeps the registration of the sign-in before it.
    fn issue(
        &mut self,
        person: &str,
        lives: SignedDuration,
        now: Timestamp,
        before: Option<SignIn>,
    ) -> SignIn {
        let mut secret = |prefix: &str| format!("{prefix}{MARK}{}", self.random.text(48, LETTERS));
        let sign_in = SignIn {
            access_token: secret("aoa"),
            refresh_token: secret("aor"),
            ends: now.saturating_add(lives).unwrap_or(Timestamp::MAX),
            ..before.unwrap_or_else(|| SignIn {
                access_token: String::new(),
                refresh_token: String::new(),
                client_id: secret("id-"),
                client_secret: secret("secret-"),
                ends: now,
                registered_until: now + REGISTRATION,
            })
        };
        let session = Session {
            person: person.to_owned(),
            sign_in: sign_in.clone(),
        };
        self.by_token.insert(sign_in.access_token.clone(), session);
        sign_in
    }
}

/// `GetRoleCredentials`: every role that needs no MFA is a permission set of
/// everybody, in every account.
pub(crate) fn role_credentials(
    world: &World,
    query: &Form,
    token: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let person = world.sign_ins.person(token, now);
    let person = person.ok_or_else(|| Trouble::ExpiredToken.refusal(Service::Sso))?;
    let asked = |name: &str| query.get(name).unwrap_or_default();
    let account = asked("account_id");
    let role = world.config.roles.iter().find(|role| {
        role.name == asked("role_name")
            && !role.requires_mfa
            && world.accounts.iter().any(|known| known.id == account)
    });
    let role = role.ok_or_else(|| Trouble::Denied("No access".to_owned()).refusal(Service::Sso))?;
    let name = format!("AWSReservedSSO_{}_0123456789abcdef", role.name);
    let lives = role.session.and_then(|lives| lives.try_into().ok());
    let ends = now + lives.unwrap_or(SESSION);
    let principal = Principal::assumed_role(account, &name, &person);
    let (access_key, key) = world.keyring.issue(principal, now, ends);
    let session = key.session.as_ref().map(|session| session.token.as_str());
    let body = json!({ "roleCredentials": {
        "accessKeyId": access_key,
        "secretAccessKey": key.secret,
        "sessionToken": session,
        "expiration": ends.as_millisecond(),
    }});
    Ok(Answer {
        body: body.to_string(),
        rows: 1,
    })
}

/// `CreateToken` for a refresh token; nothing else is granted here.
pub(crate) fn create_token(
    world: &World,
    asked: Option<&Value>,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let asked = asked.ok_or_else(|| Refusal::client("InvalidRequestException", "no JSON"))?;
    if asked["grantType"] != "refresh_token" {
        let message = "this sandbox grants refresh_token only";
        return Err(Refusal::client("UnsupportedGrantTypeException", message));
    }
    let renewed = world.sign_ins.renew(asked, now);
    let renewed = renewed.ok_or_else(|| Trouble::ExpiredToken.refusal(Service::SsoOidc))?;
    let body = json!({
        "accessToken": renewed.access_token,
        "tokenType": "Bearer",
        "expiresIn": renewed.ends.duration_since(now).as_secs(),
        "refreshToken": renewed.refresh_token,
    });
    Ok(Answer {
        body: body.to_string(),
        rows: 1,
    })
}
