//! Owns one request from its bytes to its answer, in this order: read, count,
//! authenticate, let a fault strike, ask the service, wait as ordered, answer.
//!
//! Invariant: every call ends in an answer in the protocol of its service,
//! unless a fault says otherwise.

use std::sync::{Arc, RwLockReadGuard};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;

use super::authenticate::{Caller, authenticate};
use super::body::AnswerBody;
use super::call::{Call, Parameters};
use super::counts::{Line, UNKNOWN};
use super::fault::{FaultKind, Target};
use super::fleet::Fleet;
use super::refusal::{Refusal, Service, Trouble};
use super::signature::Signed;
use super::world::World;
use super::{clock, control, ec2, metadata, ssm, sso, sts};

/// AWS refuses larger requests as well.
const LARGEST_REQUEST: usize = 1 << 20;
const NONSENSE: &str = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\
    <body><h1>Please sign in to the guest network</h1></body></html>\n";

/// A good answer of a service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: String,
    /// How many instances, interfaces, nodes … are in it: latency counts them.
    pub(crate) rows: usize,
}

/// What an operation may know of its call.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) world: &'c World,
    pub(crate) caller: &'c Caller,
    pub(crate) request_id: &'c str,
    pub(crate) now: Timestamp,
}

impl<'c> Context<'c> {
    /// The caller's instances in the region of the call.
    pub(crate) fn fleet(&self) -> RwLockReadGuard<'c, Fleet> {
        self.world
            .read(&self.caller.principal.account, self.caller.region.name)
            .expect("callers are admitted only where their account has a fleet")
    }
}

/// An answer or a refusal, ready to be sent.
struct Reply {
    status: u16,
    content_type: &'static str,
    body: Bytes,
    rows: usize,
    error: Option<&'static str>,
}

pub(crate) async fn handle(world: Arc<World>, request: Request<Incoming>) -> Response<AnswerBody> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let mut response = Response::new(AnswerBody::whole(Bytes::new()));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let body = body.to_bytes();
    if control::is_meant(&parts) {
        return control::answer(&world, &parts, &body);
    }
    if metadata::is_meant(&parts) {
        return metadata::answer(&world, &parts);
    }
    serve(&world, &parts, &body).await
}

async fn serve(world: &World, parts: &Parts, body: &[u8]) -> Response<AnswerBody> {
    let call = Call::read(parts, body);
    let line = line(world, &call);
    world.counter.arrived(&line);
    let request_id = world.request_id();
    let now = world.now();
    let caller = authenticate(world, &call, signed(parts, body), now);

    let struck = match &caller {
        Err(trouble) if !may_be_unsigned(&call, trouble) => None,
        _ => world.faults.strike(&target(&call, &line)),
    };
    let trouble = |trouble: Trouble| Err(trouble.refusal(call.service()));
    let outcome = match struck {
        Some(FaultKind::Hang) => {
            world.counter.refused(&line);
            std::future::pending().await
        }
        Some(FaultKind::Throttle) => trouble(Trouble::Throttled),
        Some(FaultKind::InternalError) => trouble(Trouble::Internal),
        Some(FaultKind::Unavailable) => trouble(Trouble::Unavailable),
        Some(FaultKind::ExpiredToken) => trouble(Trouble::ExpiredToken),
        Some(FaultKind::UnknownKey) => trouble(Trouble::UnknownKey),
        Some(FaultKind::AccessDenied) => trouble(denied(&call, caller.ok().as_ref())),
        Some(FaultKind::Nonsense | FaultKind::Cut) | None => {
            ask(world, &call, caller, &request_id, now)
        }
    };
    let mut reply = Reply::new(call.service(), outcome, &request_id);
    if struck == Some(FaultKind::Nonsense) {
        reply = Reply::nonsense();
    }
    if struck.is_some() || reply.error.is_some() {
        world.counter.refused(&line);
    }
    world.counter.answered(&line, reply.body.len());
    let latency = world.latency();
    let rows = u32::try_from(reply.rows).unwrap_or(u32::MAX);
    let wait = latency
        .per_call
        .saturating_add(latency.per_row.saturating_mul(rows));
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    reply.into_response(&request_id, now, struck == Some(FaultKind::Cut))
}

fn ask(
    world: &World,
    call: &Call,
    caller: Result<Caller, Trouble>,
    request_id: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let caller = match (caller, &call.parameters) {
        (Ok(caller), _) => caller,
        (_, Parameters::Sso(query, token)) => {
            return sso::role_credentials(world, query, token, now);
        }
        (_, Parameters::SsoOidc(asked)) => {
            return sso::create_token(world, asked.as_ref(), now);
        }
        (Err(trouble), Parameters::Sts(form)) if may_be_unsigned(call, &trouble) => {
            return sts::assume_role_with_web_identity(world, form, request_id, now);
        }
        (Err(trouble), _) => return Err(trouble.refusal(call.service())),
    };
    let context = Context {
        world,
        caller: &caller,
        request_id,
        now,
    };
    match &call.parameters {
        Parameters::Ec2(form) => ec2::answer(context, &call.operation, form),
        Parameters::Ssm(body) => ssm::answer(context, &call.operation, body.as_ref()),
        Parameters::Sts(form) => sts::answer(context, &call.operation, form),
        Parameters::Sso(..) | Parameters::SsoOidc(_) => {
            unreachable!("they are answered without a signature")
        }
    }
}

/// A token is the proof in these operations, so SDKs do not sign them.
fn may_be_unsigned(call: &Call, trouble: &Trouble) -> bool {
    *trouble == Trouble::NoCredentials
        && match call.service() {
            Service::Ec2 | Service::Ssm => false,
            Service::Sts => call.operation == "AssumeRoleWithWebIdentity",
            Service::Sso | Service::SsoOidc => true,
        }
}

fn denied(call: &Call, caller: Option<&Caller>) -> Trouble {
    let who = caller.map_or("anonymous", |caller| &caller.principal.arn);
    let action = format!("{}:{}", call.service().name(), call.operation);
    Trouble::Denied(format!(
        "User: {who} is not authorized to perform: {action} because no identity-based policy \
         allows the {action} action"
    ))
}

/// Where a call is counted, which is known before anything is checked.
fn line(world: &World, call: &Call) -> Line {
    let account = match call.access_key() {
        Some(key) => world
            .keyring
            .find(key)
            .map(|key| key.principal.account.clone()),
        None => account_of_role(world, call),
    };
    (
        account.unwrap_or_else(|| UNKNOWN.to_owned()),
        call.region().to_owned(),
        call.operation.clone(),
    )
}

/// Whoever assumes a role without signing calls for the account of the role.
fn account_of_role(world: &World, call: &Call) -> Option<String> {
    let Parameters::Sts(form) = &call.parameters else {
        return None;
    };
    let id = form.get("RoleArn")?.split(':').nth(4)?;
    let account = world.accounts.iter().find(|account| account.id == id)?;
    Some(account.id.clone())
}

fn target<'c>(call: &'c Call, line: &'c Line) -> Target<'c> {
    let (account, region, operation) = line;
    Target {
        service: call.service(),
        operation,
        account,
        region,
        access_key: call.access_key().unwrap_or_default(),
    }
}

fn signed<'r>(parts: &'r Parts, body: &'r [u8]) -> Signed<'r> {
    Signed {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    }
}

impl Reply {
    fn new(service: Service, outcome: Result<Answer, Refusal>, request_id: &str) -> Self {
        let content_type = service.content_type();
        match outcome {
            Ok(answer) => Self {
                status: 200,
                content_type,
                body: answer.body.into(),
                rows: answer.rows,
                error: None,
            },
            Err(refusal) => Self {
                status: refusal.status,
                content_type,
                body: refusal.body(service, request_id).into(),
                rows: 0,
                error: Some(refusal.code),
            },
        }
    }

    fn nonsense() -> Self {
        Self {
            status: 200,
            content_type: "text/html",
            body: Bytes::from_static(NONSENSE.as_bytes()),
            rows: 0,
            error: None,
        }
    }

    fn into_response(self, request_id: &str, now: Timestamp, cut: bool) -> Response<AnswerBody> {
        let body = if cut {
            AnswerBody::cut_in_half(self.body)
        } else {
            AnswerBody::whole(self.body)
        };
        let mut response = Response::builder()
            .status(self.status)
            .header("content-type", self.content_type)
            .header("date", clock::http_date(now))
            .header("x-amzn-requestid", request_id);
        if let Some(code) = self.error {
            response = response.header("x-amzn-errortype", HeaderValue::from_static(code));
        }
        response
            .body(body)
            .expect("statuses and headers are written in this module and are well formed")
    }
}
