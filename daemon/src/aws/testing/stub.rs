//! An AWS without a network, for tests on a paused clock: with a real socket the
//! clock would run on while an answer is on its way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// One call as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// As in `DescribeInstances`.
    pub(crate) operation: String,
    pub(crate) region: String,
    /// The access key.
    pub(crate) user: String,
}

/// What a call gets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// What is there, after this time.
    After(Duration),
    /// A refusal with this status and code.
    Refusal(u16, &'static str),
    /// No connection.
    Unreachable,
    /// None.
    Never,
}

type Judge = Box<dyn Fn(&Asked) -> Answer + Send>;

/// See the module. Every region has the same fleet; each of its instances wears
/// the fleet's version as its name.
#[derive(Clone)]
pub(crate) struct StubAws(Arc<Mutex<State>>);

struct State {
    judge: Judge,
    instances: usize,
    version: u32,
    calls: BTreeMap<String, u64>,
    in_flight: usize,
    most_in_flight: usize,
}

impl StubAws {
    /// Answers at once.
    pub(crate) fn new(instances: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            judge: Box::new(|_| Answer::After(Duration::ZERO)),
            instances,
            version: 1,
            calls: BTreeMap::new(),
            in_flight: 0,
            most_in_flight: 0,
        })))
    }

    /// What calls get from now on.
    pub(crate) fn answer(&self, judge: impl Fn(&Asked) -> Answer + Send + 'static) {
        self.lock().judge = Box::new(judge);
    }

    /// Every instance of the fleet is changed at once; loads that have begun go on
    /// with the fleet that they began with.
    pub(crate) fn change(&self) -> u32 {
        let mut state = self.lock();
        state.version += 1;
        state.version
    }

    /// How often an operation was called.
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.lock().calls.get(operation).copied().unwrap_or(0)
    }

    /// The most calls that were under way at one time.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    /// For a connector.
    pub(crate) fn http(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (asked, form) = read(&request);
        let answer = {
            let mut state = self.lock();
            *state.calls.entry(asked.operation.clone()).or_default() += 1;
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            (state.judge)(&asked)
        };
        let _under_way = UnderWay(self.clone());
        match answer {
            Answer::After(time) => {
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
                Ok(response(200, self.body(&asked, &form)))
            }
            Answer::Refusal(status, code) => Ok(response(status, refusal(&asked, code))),
            Answer::Unreachable => {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                Err(ConnectorError::io(refused.into()))
            }
            Answer::Never => std::future::pending().await,
        }
    }

    fn body(&self, asked: &Asked, form: &BTreeMap<String, String>) -> String {
        match asked.operation.as_str() {
            "DescribeInstances" => {
                let state = self.lock();
                let size = form.get("MaxResults").and_then(|size| size.parse().ok());
                let token = form.get("NextToken").map(String::as_str);
                page(state.instances, state.version, token, size.unwrap_or(1000))
            }
            "DescribeInstanceInformation" => r#"{"InstanceInformationList":[]}"#.to_owned(),
            other => panic!("nobody asks for {other} here"),
        }
    }
}

impl fmt::Debug for StubAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StubAws").finish_non_exhaustive()
    }
}

impl HttpClient for StubAws {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for StubAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().serve(request))
    }
}

/// A call that has not been answered yet, or was given up.
struct UnderWay(StubAws);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

fn read(request: &HttpRequest) -> (Asked, BTreeMap<String, String>) {
    let header = |name| request.headers().get(name).unwrap_or_default();
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    let form: BTreeMap<String, String> = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":")))
        .collect();
    let target = header("x-amz-target").rsplit('.').next();
    let operation = form.get("Action").map(String::as_str).or(target);
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let scope = header("authorization").split("Credential=").nth(1);
    let mut scope = scope.expect("it is signed").split('/');
    let user = scope.next().expect("a key").to_owned();
    let region = scope.nth(1).expect("a region").to_owned();
    let operation = operation.expect("an operation").to_owned();
    let asked = Asked {
        operation,
        region,
        user,
    };
    (asked, form)
}

/// Instances from where the token says, and a token for the rest: `VERSION:START`.
fn page(instances: usize, version: u32, token: Option<&str>, size: usize) -> String {
    let asked = token.and_then(|token| token.split_once(':'));
    let asked = asked.map(|(version, start)| (version.parse(), start.parse()));
    let (version, start) = match asked {
        Some((version, start)) => (version.expect("a version"), start.expect("a start")),
        None => (version, 0),
    };
    let end = instances.min(start + size);
    let item = |number: usize| {
        format!(
            "<item><instancesSet><item><instanceId>i-{number:017x}</instanceId>\
             <instanceState><code>16</code><name>running</name></instanceState>\
             <tagSet><item><key>Name</key><value>v{version}</value></item></tagSet>\
             </item></instancesSet></item>"
        )
    };
    let items: String = (start..end).map(item).collect();
    let next = if end < instances {
        format!("<nextToken>{version}:{end}</nextToken>")
    } else {
        String::new()
    };
    format!(
        "<DescribeInstancesResponse><reservationSet>{items}</reservationSet>{next}\
         </DescribeInstancesResponse>"
    )
}

fn refusal(asked: &Asked, code: &str) -> String {
    if asked.operation == "DescribeInstanceInformation" {
        return format!(r#"{{"__type":"{code}","message":"as ordered"}}"#);
    }
    let error = format!("<Error><Code>{code}</Code><Message>as ordered</Message></Error>");
    format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>")
}

fn response(status: u16, body: String) -> HttpResponse {
    let status = status.try_into().expect("a status");
    HttpResponse::new(status, SdkBody::from(body))
}
