//! Owns the metadata services of an instance and of a container, on the sandbox's own
//! address: whoever names it as theirs gets the credentials of a machine's role.
//!
//! Of an instance's service there is the second version only: without its token
//! nothing is told. A container shows [`CONTAINER_TOKEN`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use jiff::SignedDuration;
use serde_json::json;

use super::body::AnswerBody;
use super::clock;
use super::keyring::Principal;
use super::world::World;

/// What a container shows in `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
pub const CONTAINER_TOKEN: &str = "Mk7Secret9-container";
/// Where a container's credentials are.
pub const CONTAINER_PATH: &str = "/container/credentials";

const TOKEN_PATH: &str = "/latest/api/token";
const ROLES_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const TOKEN: &str = "Mk7Secret9-instance";
const ROLE: &str = "machine";
/// Appears in the ARN of the role's sessions.
const INSTANCE: &str = "i-0123456789abcdef0";

/// What the machine has.
#[derive(Debug, Default)]
pub(crate) struct Machine(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// In which account its role is, and how long credentials last.
    role: Option<(String, Duration)>,
    asked: Vec<String>,
}

impl Machine {
    /// Gives it a role in this account, or takes it away.
    pub(crate) fn set_role(&self, role: Option<(String, Duration)>) {
        self.state().role = role;
    }

    /// Method and path of every request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn is_meant(parts: &Parts) -> bool {
    let path = parts.uri.path();
    path.starts_with("/latest/") || path == CONTAINER_PATH
}

pub(crate) fn answer(world: &World, parts: &Parts) -> Response<AnswerBody> {
    let path = parts.uri.path();
    let mut state = world.machine.state();
    state.asked.push(format!("{} {path}", parts.method));
    let role = state.role.clone();
    drop(state);
    let (status, body) = match (&parts.method, path) {
        (&Method::PUT, TOKEN_PATH) if has_lifetime(&parts.headers) => (200, TOKEN.to_owned()),
        (&Method::PUT, TOKEN_PATH) => (400, "no lifetime".to_owned()),
        (_, CONTAINER_PATH) if shown(&parts.headers, "authorization") != CONTAINER_TOKEN => {
            (401, "not you".to_owned())
        }
        (_, path) if path != CONTAINER_PATH && !has_token(&parts.headers) => {
            (401, "no token".to_owned())
        }
        (&Method::GET, path) => match (role, path) {
            (Some(_), ROLES_PATH) => (200, ROLE.to_owned()),
            (Some(role), path) if names_role(path) || path == CONTAINER_PATH => {
                (200, credentials(world, role))
            }
            _ => (404, "not found".to_owned()),
        },
        _ => (405, String::new()),
    };
    Response::builder()
        .status(status)
        .body(AnswerBody::whole(Bytes::from(body)))
        .expect("statuses are written in this module and are well formed")
}

fn shown<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn has_lifetime(headers: &HeaderMap) -> bool {
    shown(headers, "x-aws-ec2-metadata-token-ttl-seconds")
        .parse::<u32>()
        .is_ok()
}

fn has_token(headers: &HeaderMap) -> bool {
    shown(headers, "x-aws-ec2-metadata-token") == TOKEN
}

fn names_role(path: &str) -> bool {
    path.strip_prefix(ROLES_PATH) == Some(ROLE)
}

fn credentials(world: &World, (account, lives): (String, Duration)) -> String {
    let now = world.now();
    let ends = now + SignedDuration::try_from(lives).unwrap_or(SignedDuration::MAX);
    let principal = Principal::assumed_role(&account, ROLE, INSTANCE);
    let (access_key, key) = world.keyring.issue(principal, now, ends);
    let token = key.session.as_ref().map(|session| session.token.as_str());
    json!({
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key,
        "SecretAccessKey": key.secret,
        "Token": token,
        "Expiration": clock::with_seconds(ends),
    })
    .to_string()
}
