//! Owns the control API under `/_sandbox/`: what the Rust API can do to a
//! running sandbox, over HTTP and in JSON, for shells and other languages.
//!
//! Invariant: no web page reaches it. Browsers name the page in `Origin`, and a
//! page that borrows this address by DNS has another `Host`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::body::AnswerBody;
use super::clock;
use super::fault::{Fault, FaultId};
use super::form::Form;
use super::world::{Latency, World};

const ROOT: &str = "/_sandbox";

/// Status and message of what went wrong.
type Failure = (u16, String);

pub(crate) fn is_meant(parts: &Parts) -> bool {
    let rest = parts.uri.path().strip_prefix(ROOT);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn answer(world: &World, parts: &Parts, body: &[u8]) -> Response<AnswerBody> {
    let outcome = if is_local(&parts.headers) {
        route(world, parts, body)
    } else {
        Err((403, "this API is not for web pages".to_owned()))
    };
    let (status, answer) = match outcome {
        Ok(answer) => (200, answer),
        Err((status, message)) => (status, json!({ "error": message })),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(AnswerBody::whole(Bytes::from(format!("{answer}\n"))))
        .expect("statuses are written in this module and are well formed")
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    !headers.contains_key("origin") && matches!(name, Some("127.0.0.1" | "localhost"))
}

fn route(world: &World, parts: &Parts, body: &[u8]) -> Result<Value, Failure> {
    let path: Vec<&str> = parts.uri.path()[ROOT.len()..]
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    match (&parts.method, &path[..]) {
        (&Method::GET, ["accounts"]) => Ok(accounts(world)),
        (&Method::GET, ["counts"]) => Ok(counts(world)),
        (&Method::DELETE, ["counts"]) => {
            world.counter.reset();
            Ok(counts(world))
        }
        (&Method::GET, ["faults"]) => Ok(json!(world.faults.list())),
        (&Method::POST, ["faults"]) => inject(world, body),
        (&Method::DELETE, ["faults"]) => {
            world.faults.clear();
            Ok(json!([]))
        }
        (&Method::DELETE, ["faults", id]) => remove(world, id),
        (&Method::GET, ["latency"]) => Ok(latency(world)),
        (&Method::PUT, ["latency"]) => {
            let wanted: WantedLatency = read(body)?;
            world.set_latency(Latency {
                per_call: Duration::from_millis(wanted.per_call_ms),
                per_row: Duration::from_micros(wanted.per_row_us),
            });
            Ok(latency(world))
        }
        (&Method::POST, ["sign-ins"]) => {
            let wanted: WantedSignIn = read(body)?;
            let lives = Duration::from_secs(wanted.lives_seconds);
            let sign_in = world.sign_ins.sign_in(&wanted.person, lives, world.now());
            Ok(sign_in.to_json())
        }
        (&Method::DELETE, ["sign-ins"]) => {
            world.sign_ins.sign_out();
            Ok(json!({}))
        }
        (&Method::GET, ["instances"]) => instances(world, parts),
        (&Method::POST, ["instances"]) => change(world, &read(body)?),
        (method, _) => Err((
            404,
            format!(
                "{method} {} is not known; see aws-sandbox --help",
                parts.uri.path()
            ),
        )),
    }
}

fn accounts(world: &World) -> Value {
    let accounts = world.accounts.iter().map(|account| {
        json!({
            "id": account.id,
            "access_key": account.access_key,
            "secret_key": account.secret_key,
            "user_arn": account.user_arn,
            "mfa_serial": account.mfa_serial,
        })
    });
    accounts.collect()
}

fn counts(world: &World) -> Value {
    let counts = world.counter.read();
    json!({
        "total": counts.total(),
        "refused": counts.refused(),
        "connections": world.connections.load(Ordering::Relaxed),
        "counts": counts,
    })
}

fn inject(world: &World, body: &[u8]) -> Result<Value, Failure> {
    let fault: Fault = read(body)?;
    if !(0.0..=1.0).contains(&fault.rate) {
        return Err((400, "the rate of a fault must be 0 to 1".to_owned()));
    }
    Ok(json!({ "id": world.faults.add(fault) }))
}

fn remove(world: &World, id: &str) -> Result<Value, Failure> {
    let number = id.parse().ok();
    if number.is_some_and(|number| world.faults.remove(FaultId(number))) {
        Ok(json!({}))
    } else {
        Err((404, format!("there is no fault '{id}'")))
    }
}

/// A part left out is none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedLatency {
    #[serde(default)]
    per_call_ms: u64,
    #[serde(default)]
    per_row_us: u64,
}

/// Who signs in to IAM Identity Center, and for how long.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedSignIn {
    person: String,
    lives_seconds: u64,
}

fn latency(world: &World) -> Value {
    let latency = world.latency();
    json!({
        "per_call_ms": latency.per_call.as_millis() as u64,
        "per_row_us": latency.per_row.as_micros() as u64,
    })
}

fn instances(world: &World, parts: &Parts) -> Result<Value, Failure> {
    let query = Form::parse(&[parts.uri.query().unwrap_or_default()]);
    let (account, region) = (query.get("account"), query.get("region"));
    let (Some(account), Some(region)) = (account, region) else {
        return Err((400, "name ?account=ID&region=NAME".to_owned()));
    };
    let fleet = world.read(account, region);
    let fleet = fleet.ok_or_else(|| no_fleet(account, region))?;
    Ok(json!(fleet.summaries()))
}

/// A change to the instances of one fleet.
#[derive(Debug, Deserialize)]
struct Order {
    account: String,
    region: String,
    #[serde(flatten)]
    action: Action,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Action {
    Add {
        count: usize,
    },
    Start {
        id: String,
    },
    Stop {
        id: String,
    },
    Terminate {
        id: String,
    },
    /// Without a value the tag is removed.
    Retag {
        id: String,
        key: String,
        value: Option<String>,
    },
}

fn change(world: &World, order: &Order) -> Result<Value, Failure> {
    let fleet = world.write(&order.account, &order.region);
    let mut fleet = fleet.ok_or_else(|| no_fleet(&order.account, &order.region))?;
    let now = clock::now();
    let (id, done) = match &order.action {
        Action::Add { count } => return Ok(json!({ "ids": fleet.add(*count, now) })),
        Action::Start { id } => (id, fleet.start(id, now)),
        Action::Stop { id } => (id, fleet.stop(id, now)),
        Action::Terminate { id } => (id, fleet.terminate(id, now)),
        Action::Retag { id, key, value } => (id, fleet.retag(id, key, value.as_deref())),
    };
    if done {
        Ok(json!({ "ids": [id] }))
    } else {
        Err((
            404,
            format!("there is no instance '{id}' to which that can be done"),
        ))
    }
}

fn no_fleet(account: &str, region: &str) -> Failure {
    (
        404,
        format!("account '{account}' has nothing in region '{region}'"),
    )
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|why| (400, why.to_string()))
}
