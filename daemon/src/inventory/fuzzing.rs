//! What AWS says and what lies on disk, of any bytes.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ssm::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_ssm_proto::domain::Column;
use tokio::runtime::{Builder, Runtime};

use super::project::{InstancesProjection, InterfacesProjection, agent};
use super::stored::Stored;
use super::{Agents, Fleet, Instances, Interfaces, Regions, Subnets, encode_row};
use crate::aws::{Projection, Unreadable};
use crate::persist::{Input, Output};

/// Instances of one answer.
const ROOM: usize = 1000;

/// Reads a file of the cache, without its frame. The first byte says of which kind.
pub fn snapshot(bytes: &[u8]) {
    let Some((kind, content)) = bytes.split_first() else {
        return;
    };
    // Those that came later have numbers that were another's before.
    match kind {
        3 => drop(reread::<Interfaces>(content)),
        4 => drop(reread::<Subnets>(content)),
        _ => old_snapshot(kind % 3, content),
    }
}

fn old_snapshot(kind: u8, content: &[u8]) {
    match kind {
        0 => reread::<Instances>(content).into_iter().for_each(show),
        1 => reread::<Agents>(content).into_iter().for_each(|agents| {
            assert!(agents.get("i-1").is_none_or(|agent| agent.id == "i-1"));
            assert!(agents.weight() > 0);
        }),
        _ => drop(reread::<Regions>(content)),
    }
}

/// What was taken once is written so that it is taken again.
fn reread<T: Stored>(content: &[u8]) -> Option<T> {
    let read = T::read(&mut Input::new(content)).ok()?;
    let written = written(|out| read.write(out));
    let again = T::read(&mut Input::new(&written)).expect("we wrote it");
    assert_eq!(self::written(|out| again.write(out)), written);
    Some(read)
}

fn written(write: impl FnOnce(&mut Output<'_>) -> io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::persist::write_bare(&mut bytes, write).expect("memory takes it");
    bytes
}

/// Every field of every row, and every way to find one.
fn show(instances: Instances) {
    let fleet = Fleet {
        region: "eu-west-1".into(),
        instances: Arc::new(instances),
        agents: None,
        agents_error: None,
    };
    let columns: Vec<_> = Column::all()
        .chain([Column::Tag("Name".to_owned())])
        .collect();
    let snapshot = &fleet.instances.snapshot;
    let mut encoded = Vec::new();
    for row in snapshot.rows() {
        encoded.clear();
        encode_row(&fleet, row, &columns, &mut encoded);
        assert!(aws_ssm_proto::wire::row::read(&encoded).is_some());
        assert!(snapshot.find_id(row.id()).is_some());
        if let Some(name) = row.name() {
            assert!(snapshot.find_name(name).next().is_some());
        }
    }
}

/// Reads an answer of `DescribeInstances`, in pieces as long as the first two bytes
/// say, and whole; both must come to the same.
pub fn instances(bytes: &[u8]) {
    let Some((length, xml)) = bytes.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).max(1);
    let whole = project([xml].into_iter());
    let pieces = project(xml.chunks(length));
    assert_eq!(whole.is_ok(), pieces.is_ok(), "{whole:?}: {pieces:?}");
    if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
        assert_eq!(whole, pieces);
    }
}

/// What is kept of an answer, as it is kept, and where the next begins.
fn project<'a>(
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, bool, Option<String>), Unreadable> {
    let mut projection = InstancesProjection::new(ROOM);
    pieces.try_for_each(|piece| projection.read(piece))?;
    let page = projection.end()?;
    let left_out = page.items.left_out;
    let instances = Instances::new(page.items.rows.finish(left_out));
    let written = written(|out| instances.write(out));
    show(instances);
    Ok((written, left_out, page.next))
}

/// Reads an answer of `DescribeNetworkInterfaces` as [`instances`] does the other.
pub fn interfaces(bytes: &[u8]) {
    let Some((length, xml)) = bytes.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).max(1);
    let whole = project_interfaces([xml].into_iter());
    let pieces = project_interfaces(xml.chunks(length));
    assert_eq!(whole.is_ok(), pieces.is_ok(), "{whole:?}: {pieces:?}");
    if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
        assert_eq!(whole, pieces);
    }
}

/// What is kept of an answer, as it is kept, and where the next begins.
fn project_interfaces<'a>(
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, bool, Option<String>), Unreadable> {
    let mut projection = InterfacesProjection::new(ROOM);
    pieces.try_for_each(|piece| projection.read(piece))?;
    let page = projection.end()?;
    let left_out = page.items.left_out;
    let interfaces = page.items.rows.finish(left_out);
    let written = written(|out| Stored::write(&interfaces, out));
    <Interfaces as Stored>::read(&mut Input::new(&written)).expect("we wrote it");
    Ok((written, left_out, page.next))
}

/// Reads an answer of `DescribeInstanceInformation`, which the SDK's own reader does
/// first. The first byte says whether it is a refusal.
pub fn agents(bytes: &[u8]) {
    thread_local! {
        static SSM: RefCell<Ssm> = RefCell::new(Ssm::new());
    }
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    let status = if kind % 4 == 3 { 400 } else { 200 };
    SSM.with_borrow_mut(|ssm| ssm.answer(status, body));
}

/// A client of Systems Manager that gets what it is given.
struct Ssm {
    runtime: Runtime,
    client: aws_sdk_ssm::Client,
    given: Canned,
}

impl Ssm {
    fn new() -> Self {
        let given = Canned::default();
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "fuzzing"))
            .retry_config(RetryConfig::disabled())
            .http_client(given.clone())
            .build();
        let runtime = Builder::new_current_thread().enable_all().build();
        Self {
            runtime: runtime.expect("a runtime"),
            client: aws_sdk_ssm::Client::from_conf(config),
            given,
        }
    }

    fn answer(&mut self, status: u16, body: &[u8]) {
        *self.given.lock() = (status, body.to_vec());
        let call = self.client.describe_instance_information().send();
        if let Ok(answer) = self.runtime.block_on(call) {
            let agents = Agents::new(answer.instance_information_list().iter().filter_map(agent));
            let written = written(|out| Stored::write(&agents, out));
            <Agents as Stored>::read(&mut Input::new(&written)).expect("we wrote it");
        }
    }
}

/// Answers every request with this status and body.
#[derive(Clone, Debug, Default)]
pub(super) struct Canned(Arc<Mutex<(u16, Vec<u8>)>>);

impl Canned {
    fn lock(&self) -> std::sync::MutexGuard<'_, (u16, Vec<u8>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl From<&str> for Canned {
    fn from(body: &str) -> Self {
        Self(Arc::new(Mutex::new((200, body.into()))))
    }
}

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Canned {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.lock().clone();
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}
