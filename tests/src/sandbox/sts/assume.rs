//! Owns the assuming of roles: who may, for how long, and the keys that come
//! of it.

use jiff::{SignedDuration, Timestamp};

use super::document;
use crate::sandbox::MFA_CODE;
use crate::sandbox::clock;
use crate::sandbox::config::Role;
use crate::sandbox::form::Form;
use crate::sandbox::handle::{Answer, Context};
use crate::sandbox::keyring::Principal;
use crate::sandbox::refusal::{Refusal, Service, Trouble};
use crate::sandbox::world::World;
use crate::sandbox::xml::Xml;

const SHORTEST: u64 = 900;
const LONGEST: u64 = 43_200;
/// The longest session of a role that nobody changed.
const ROLE_LONGEST: u64 = 3_600;

pub(super) fn assume_role(context: Context<'_>, form: &Form) -> Result<Answer, Refusal> {
    let request = Request::read(form)?;
    let caller = &context.caller.principal;
    let denied = || {
        Trouble::Denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
            caller.arn, request.role_arn
        ))
        .refusal(Service::Sts)
    };
    let (account, role) = request.find(context.world).ok_or_else(denied)?;
    let trusted = role.trusted_accounts.as_ref();
    if trusted.is_some_and(|trusted| !trusted.contains(&caller.account)) {
        return Err(denied());
    }
    let has_mfa = check_mfa(caller, form)?;
    if role.requires_mfa && !has_mfa {
        return Err(denied());
    }
    let granted = request.issue(context.world, account, role, context.now);
    let body = document("AssumeRole", context.request_id, |xml| granted(xml));
    Ok(Answer { body, rows: 1 })
}

pub(crate) fn assume_role_with_web_identity(
    world: &World,
    form: &Form,
    request_id: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let request = Request::read(form)?;
    if required(form, "WebIdentityToken")? != world.config.web_identity_token {
        return Err(Refusal::client(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an \
             Access Token)",
        ));
    }
    let role = request.find(world).filter(|(_, role)| !role.requires_mfa);
    let (account, role) = role.ok_or_else(|| {
        let why = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        Trouble::Denied(why.to_owned()).refusal(Service::Sts)
    })?;
    let granted = request.issue(world, account, role, now);
    let body = document("AssumeRoleWithWebIdentity", request_id, |xml| {
        xml.text(
            "SubjectFromWebIdentityToken",
            "system:serviceaccount:default:sandbox",
        );
        xml.text("Audience", "sts.amazonaws.com");
        xml.text("Provider", "https://oidc.sandbox.invalid");
        granted(xml);
    });
    Ok(Answer { body, rows: 1 })
}

/// What both operations ask for.
struct Request<'f> {
    role_arn: &'f str,
    session: &'f str,
    seconds: Option<u64>,
}

impl<'f> Request<'f> {
    fn read(form: &'f Form) -> Result<Self, Refusal> {
        let session = required(form, "RoleSessionName")?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
            return Err(invalid(format!(
                "Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: [\\w+=,.@-]*, length 2 to 64"
            )));
        }
        let seconds = form.number("DurationSeconds")?;
        if let Some(seconds) = seconds.filter(|seconds| !(SHORTEST..=LONGEST).contains(seconds)) {
            let bound = if seconds < SHORTEST {
                format!("greater than or equal to {SHORTEST}")
            } else {
                format!("less than or equal to {LONGEST}")
            };
            return Err(invalid(format!(
                "Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member \
                 must have value {bound}"
            )));
        }
        if seconds.is_some_and(|seconds| seconds > ROLE_LONGEST) {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(Refusal::client("ValidationError", message));
        }
        Ok(Self {
            role_arn: required(form, "RoleArn")?,
            session,
            seconds,
        })
    }

    /// The role and the id of its account.
    fn find<'w>(&self, world: &'w World) -> Option<(&'w str, &'w Role)> {
        let (account, name) = self
            .role_arn
            .strip_prefix("arn:aws:iam::")?
            .split_once(":role/")?;
        let account = world.accounts.iter().find(|known| known.id == account)?;
        let role = world.config.roles.iter().find(|role| role.name == name)?;
        Some((&account.id, role))
    }

    /// Makes the keys; what comes back writes them.
    fn issue(
        &self,
        world: &World,
        account: &str,
        role: &Role,
        now: Timestamp,
    ) -> impl FnOnce(&mut Xml) + use<> {
        let asked = SignedDuration::from_secs(self.seconds.unwrap_or(ROLE_LONGEST) as i64);
        let length = role.session.and_then(|length| length.try_into().ok());
        let ends = now + length.unwrap_or(asked);
        let principal = Principal::assumed_role(account, &role.name, self.session);
        let (access_key, key) = world.keyring.issue(principal, now, ends);
        move |xml| {
            xml.node("AssumedRoleUser", |xml| {
                xml.text("AssumedRoleId", &key.principal.user_id);
                xml.text("Arn", &key.principal.arn);
            });
            xml.node("Credentials", |xml| {
                xml.text("AccessKeyId", &access_key);
                xml.text("SecretAccessKey", &key.secret);
                let token = key.session.as_ref().map(|session| session.token.as_str());
                xml.text("SessionToken", token.unwrap_or_default());
                xml.text("Expiration", &clock::with_seconds(ends));
            });
        }
    }
}

/// Whether the caller gave the code of its own device; a wrong one is refused
/// even where none is needed.
fn check_mfa(caller: &Principal, form: &Form) -> Result<bool, Refusal> {
    let why = match (form.get("SerialNumber"), form.get("TokenCode")) {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => {
            if caller.mfa_serial.as_deref() != Some(serial) {
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify \
                 your MFA serial number is valid and associated with this user."
            } else if code != MFA_CODE {
                "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            } else {
                return Ok(true);
            }
        }
        _ => {
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        }
    };
    Err(Trouble::Denied(why.to_owned()).refusal(Service::Sts))
}

fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str, Refusal> {
    form.get(name).ok_or_else(|| {
        invalid(format!(
            "Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn invalid(what: String) -> Refusal {
    Refusal::client(
        "ValidationError",
        format!("1 validation error detected: {what}"),
    )
}
