//! Credentials that the metadata services of instances and containers hand out.
//!
//! They are on this machine, or one hop away: an answer that takes long never comes,
//! so the wait is short, and no proxy is ever on the way. Only the second version of
//! the instances' service is spoken, in which a token comes first.

mod machine;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use aws_ssm_proto::domain::{Error, ErrorKind};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

pub use machine::is_instance;

use super::files;
use super::plan::{ContainerPlan, ContainerToken, InstancePlan};

/// How long an instance's service is waited for, once: as the `aws` command does.
const INSTANCE_PATIENCE: Duration = Duration::from_secs(1);
/// How long a container's is waited for, and how often.
const CONTAINER_PATIENCE: Duration = Duration::from_secs(2);
const CONTAINER_ATTEMPTS: usize = 3;
/// No answer of these services is longer.
const MAX_ANSWER: usize = 64 * 1024;
/// How long the token of an instance's service lives, in seconds: for one question,
/// a minute is enough.
const TOKEN_LIVES: &str = "60";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Asks the metadata services.
#[derive(Clone, Debug)]
pub(super) struct Metadata(SharedHttpConnector);

/// An answer that is none.
struct Trouble {
    status: Option<u16>,
    why: String,
}

/// How both services write credentials. Its texts move into [`Credentials`], which
/// zeroizes them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

impl Metadata {
    /// Over this connector, which must go through no proxy.
    pub(super) fn new(direct: SharedHttpConnector) -> Self {
        Self(direct)
    }

    /// Credentials of the role of this instance.
    ///
    /// # Errors
    ///
    /// `Credentials` if the service is not there, or has no role.
    pub(super) async fn of_instance(&self, plan: &InstancePlan) -> Result<Credentials, Error> {
        let until = Instant::now() + INSTANCE_PATIENCE;
        let given = self.ask_instance(&plan.endpoint, until).await;
        given.map_err(|trouble| match &plan.otherwise {
            Some(otherwise) => {
                let why = format!("{}; this instance has no role to give", otherwise.why);
                otherwise.clone().why(format!("{why}: {}", trouble.why))
            }
            None => {
                let hint = "attach an instance profile to this instance, or name another profile";
                Error::new(ErrorKind::Credentials, format!("there is no {plan}"))
                    .why(trouble.why)
                    .hint(hint)
            }
        })
    }

    async fn ask_instance(&self, endpoint: &str, until: Instant) -> Result<Credentials, Trouble> {
        let token = http::Request::put(format!("{endpoint}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_LIVES);
        let token = self.ask(token, until).await?;
        let get = |path: &str| {
            http::Request::get(format!("{endpoint}{path}"))
                .header("x-aws-ec2-metadata-token", token.trim())
        };
        let roles = self.ask(get(ROLES), until).await.map_err(|trouble| {
            let why = match trouble.status {
                Some(404) => "no instance profile is attached to it".to_owned(),
                _ => trouble.why,
            };
            Trouble { why, ..trouble }
        })?;
        let role = roles.lines().next().unwrap_or_default().trim();
        let answer = self.ask(get(&format!("{ROLES}{role}")), until).await?;
        read(&answer)
    }

    /// Credentials of the role of this container.
    ///
    /// # Errors
    ///
    /// `Credentials` if the service refuses, `Unavailable` if it does not answer.
    pub(super) async fn of_container(
        &self,
        plan: &ContainerPlan,
        deadline: Instant,
    ) -> Result<Credentials, Error> {
        let token = match &plan.token {
            Some(ContainerToken::Given(token)) => Some(token.clone()),
            Some(ContainerToken::File(path)) => Some(files::read_token(path).await?),
            None => None,
        };
        let mut attempt = 1;
        loop {
            let mut request = http::Request::get(&plan.url).header("accept", "application/json");
            if let Some(token) = &token {
                request = request.header("authorization", token.as_str());
            }
            let until = deadline.min(Instant::now() + CONTAINER_PATIENCE);
            let given = self.ask(request, until).await;
            let trouble = match given.and_then(|answer| read(&answer)) {
                Ok(credentials) => return Ok(credentials),
                Err(trouble) => trouble,
            };
            let is_refusal = trouble.status.is_some_and(|status| status < 500);
            if is_refusal || attempt == CONTAINER_ATTEMPTS || Instant::now() >= deadline {
                return Err(no_container(plan, trouble, is_refusal));
            }
            attempt += 1;
        }
    }

    /// The text of a good answer.
    async fn ask(
        &self,
        request: http::request::Builder,
        until: Instant,
    ) -> Result<Zeroizing<String>, Trouble> {
        let request = request.body(SdkBody::empty());
        // The reason could show what cannot be in a header: a token.
        let request = request.map_err(|_| trouble("it cannot be asked for"))?;
        let request = HttpRequest::try_from(request).map_err(|_| trouble("it cannot be asked"))?;
        let answered = async {
            let answer = self.0.call(request).await;
            let answer = answer.map_err(|error| trouble(&innermost(&error)))?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| trouble(&error.to_string()))?;
            if status != 200 {
                return Err(Trouble {
                    status: Some(status),
                    why: format!("its metadata service answers with status {status}"),
                });
            }
            let bytes = Zeroizing::new(body.to_bytes().to_vec());
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|_| trouble("its metadata service answers with no text"))?;
            Ok(Zeroizing::new(text.to_owned()))
        };
        let answered = timeout_at(until, answered).await;
        answered.unwrap_or_else(|_| Err(trouble("its metadata service does not answer")))
    }
}

fn trouble(why: &str) -> Trouble {
    Trouble {
        status: None,
        why: why.to_owned(),
    }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |&link| link.source()).last();
    let said = last.map(ToString::to_string).unwrap_or_default();
    format!("its metadata service cannot be reached: {said}")
}

fn read(answer: &str) -> Result<Credentials, Trouble> {
    // serde's own message would show a part of the answer.
    let given: Given = serde_json::from_str(answer)
        .map_err(|_| trouble("its metadata service answers with no credentials"))?;
    let ends = given.expiration.as_deref().map(|text| {
        let time = DateTime::from_str(text, Format::DateTimeWithOffset).ok();
        let time = time.and_then(|time| SystemTime::try_from(time).ok());
        time.ok_or_else(|| trouble("its credentials end at no known time"))
    });
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        given.token,
        ends.transpose()?,
        "metadata",
    ))
}

fn no_container(plan: &ContainerPlan, trouble: Trouble, is_refusal: bool) -> Error {
    let kind = match is_refusal {
        true => ErrorKind::Credentials,
        false => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("there is no {plan}"))
        .why(trouble.why)
        .hint("check the task's or the pod's role, and the AWS_CONTAINER_… variables")
}

#[cfg(test)]
mod tests;
