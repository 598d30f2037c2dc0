//! Owns the judgement of who made a call: signature, scope, time and session
//! token.
//!
//! Invariant: a principal comes out only if every one of them is right.

use jiff::{SignedDuration, Timestamp};

use super::call::Call;
use super::clock;
use super::keyring::{Key, Principal};
use super::refusal::Trouble;
use super::region::{self, Region};
use super::signature::{Authorization, Signed};
use super::world::World;

/// How far the caller's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Whoever signed a call, and where it was meant to go.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) region: &'static Region,
}

pub(crate) fn authenticate(
    world: &World,
    call: &Call,
    request: Signed<'_>,
    now: Timestamp,
) -> Result<Caller, Trouble> {
    let authorization = call
        .authorization
        .as_ref()
        .map_err(|why| Trouble::Incomplete(why.clone()))?
        .as_ref()
        .ok_or(Trouble::NoCredentials)?;
    let region = check_scope(authorization, call)?;
    let time = check_time(authorization, request, now)?;
    let key = world
        .keyring
        .find(&authorization.access_key)
        .ok_or(Trouble::UnknownKey)?;
    check_token(&key, request)?;
    if !authorization.is_made_with(&key.secret, time, request) {
        return Err(Trouble::WrongSignature);
    }
    if key
        .session
        .as_ref()
        .is_some_and(|session| session.ends <= now)
    {
        return Err(Trouble::ExpiredToken);
    }
    // A region that the account has not opted into does not know its keys.
    if !world.is_enabled(&key.principal.account, region) {
        return Err(Trouble::UnknownKey);
    }
    Ok(Caller {
        principal: key.principal.clone(),
        region,
    })
}

fn check_scope(authorization: &Authorization, call: &Call) -> Result<&'static Region, Trouble> {
    let service = call.service().name();
    if authorization.service != service {
        let why = format!("Credential should be scoped to correct service: '{service}'. ");
        return Err(Trouble::WrongScope(why));
    }
    region::find(&authorization.region).ok_or_else(|| {
        Trouble::WrongScope("Credential should be scoped to a valid region. ".to_owned())
    })
}

/// Returns the time as it was signed.
fn check_time<'r>(
    authorization: &Authorization,
    request: Signed<'r>,
    now: Timestamp,
) -> Result<&'r str, Trouble> {
    for header in ["host", "x-amz-date"] {
        if !authorization
            .signed_headers
            .iter()
            .any(|name| name == header)
        {
            let why = format!("'{header}' must be a 'SignedHeader' in the AWS Authorization.");
            return Err(Trouble::Incomplete(why));
        }
    }
    let text = request.headers.get("x-amz-date");
    let text = text.and_then(|text| text.to_str().ok()).unwrap_or_default();
    let Some(time) = clock::read_compact(text) else {
        let why = format!("Date must be in ISO-8601 'basic format'. Got '{text}'.");
        return Err(Trouble::Incomplete(why));
    };
    let (at, server) = (clock::compact(time), clock::compact(now));
    if now - SKEW > time {
        let earliest = clock::compact(now - SKEW);
        return Err(Trouble::SignedTooEarly(format!(
            "Signature expired: {at} is now earlier than {earliest} ({server} - 15 min.)"
        )));
    }
    if now + SKEW < time {
        let latest = clock::compact(now + SKEW);
        return Err(Trouble::SignedTooLate(format!(
            "Signature not yet current: {at} is still later than {latest} ({server} + 15 min.)"
        )));
    }
    if !text.starts_with(&authorization.date) {
        let why = format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
             from HTTP: '{}' != '{}', from '{text}'.",
            authorization.date,
            &text[..8]
        );
        return Err(Trouble::WrongScope(why));
    }
    Ok(text)
}

/// Temporary keys work only with their token, static ones only without any.
fn check_token(key: &Key, request: Signed<'_>) -> Result<(), Trouble> {
    let given = request.headers.get("x-amz-security-token");
    let given = given.map(http::HeaderValue::as_bytes);
    let expected = key.session.as_ref().map(|session| session.token.as_bytes());
    if given == expected {
        Ok(())
    } else {
        Err(Trouble::UnknownKey)
    }
}
