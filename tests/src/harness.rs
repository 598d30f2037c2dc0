//! What every test, bench and the demo need: a home of their own, a daemon inside
//! the process or both programs for real, and callers for the sandbox's accounts.
//!
//! Nothing here reads the settings of whoever runs the tests, and everything it
//! starts ends with it.

mod certificates;
mod forward;
mod home;
mod programs;
pub mod secrets;
mod versions;

use std::path::PathBuf;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Column, Error, InstanceRef, ListQuery, ListSummary};
use aws_ssm_proto::endpoint::Endpoint;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use certificates::TlsFront;
pub use forward::ForwardProxy;
pub use home::Home;
pub use programs::{Finished, Programs, finish};
pub use versions::{NEWER, a_newer_client_calls, hello_of};

use crate::sandbox::{Account, Sandbox};

/// No call of a test takes longer, on however busy a machine; one that would is
/// broken.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon inside this process, on a real socket in a home of its own.
#[derive(Debug)]
pub struct TestDaemon {
    /// Its home; the configuration is there.
    pub home: Home,
    running: JoinHandle<Result<(), Error>>,
}

impl TestDaemon {
    /// Starts one with this configuration file, and waits until it listens.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong or nothing listens in time.
    pub async fn start(config: &str) -> Self {
        secrets::listen_to_this_process();
        let home = Home::new();
        home.write("config.yaml", config);
        let path = home.path().join("config.yaml");
        let config = aws_ssmd::Config::load(Some(&path), &[], |_| None).expect("a configuration");
        let endpoint = home.endpoint();
        let running = tokio::spawn(aws_ssmd::run(config, endpoint.clone()));
        let daemon = Self { home, running };
        daemon.connect(Instant::now() + PATIENCE).await;
        daemon
    }

    /// A new connection to it.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub async fn client(&self) -> Client {
        let deadline = Instant::now() + PATIENCE;
        let socket = self.connect(deadline).await;
        let client = Client::over(socket, deadline).await;
        let mut client = client.expect("a daemon answers");
        // All the calls of a test together.
        client.set_deadline(deadline + 10 * PATIENCE);
        client
    }

    /// Ends it and waits until everything it started is gone.
    ///
    /// # Panics
    ///
    /// If it does not end, or not well.
    pub async fn stop(self) {
        self.client().await.shutdown(true).await.expect("it agrees");
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        let ended = ended.expect("it ends in time").expect("it does not panic");
        ended.expect("it ends well");
    }

    async fn connect(&self, deadline: Instant) -> UnixStream {
        let Endpoint { socket, .. } = self.home.endpoint();
        loop {
            match UnixStream::connect(&socket).await {
                Ok(stream) => return stream,
                Err(error) => {
                    assert!(Instant::now() < deadline, "{}: {error}", socket.display());
                    assert!(!self.running.is_finished(), "the daemon has ended");
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// A caller with the static keys of an account, as if they were exported.
#[must_use]
pub fn caller(sandbox: &Sandbox, account: &Account, regions: &[&str]) -> Caller {
    let mut caller = stranger(&sandbox.endpoint(), regions);
    export_keys(&mut caller, &account.access_key, &account.secret_key);
    caller
}

/// A caller without credentials.
#[must_use]
pub fn stranger(endpoint: &str, regions: &[&str]) -> Caller {
    let nowhere = PathBuf::from("/nonexistent");
    let mut caller = Caller {
        regions: regions.iter().map(|region| (*region).to_owned()).collect(),
        endpoint_url: Some(endpoint.to_owned()),
        config_file: nowhere.join("config"),
        credentials_file: nowhere.join("credentials"),
        home: nowhere,
        ..Caller::default()
    };
    // The machine that runs the tests may be an instance with a role.
    set(&mut caller, "AWS_EC2_METADATA_DISABLED", "true");
    caller
}

/// Gives a caller these keys, as if they were exported.
pub fn export_keys(caller: &mut Caller, access_key: &str, secret_key: &str) {
    set(caller, "AWS_ACCESS_KEY_ID", access_key);
    set(caller, "AWS_SECRET_ACCESS_KEY", secret_key);
}

fn set(caller: &mut Caller, name: &str, value: &str) {
    let value = value.to_owned().into();
    caller.environment.insert(name.to_owned(), value);
}

/// Takes the exported keys away, as in a terminal whose profile has its own.
pub fn forget_keys(caller: &mut Caller) {
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        caller.environment.remove(name);
    }
}

/// The ids that a list answers, in its order, and what it says at the end.
///
/// # Errors
///
/// What the daemon reports.
///
/// # Panics
///
/// If the answer ends without its summary, or an error tells a secret.
pub async fn list_ids(
    client: &Client,
    caller: &Caller,
    query: ListQuery,
) -> Result<(Vec<String>, ListSummary), Error> {
    let columns = vec![Column::Id];
    let query = ListQuery { columns, ..query };
    let pages = client.list_instances(caller, &query).await;
    if let Err(error) = &pages {
        let said = format!("{error:?}");
        let found = secrets::search(said.as_bytes(), || "an error".to_owned());
        found.unwrap_or_else(|found| panic!("{found}"));
    }
    let mut pages = pages?;
    let mut ids = Vec::new();
    let mut summary = None;
    while let Some(page) = pages.next().await? {
        let id = |row: InstanceRef<'_>| row.id.map(str::to_owned);
        ids.extend(page.rows().filter_map(id));
        summary = page.summary.or(summary);
    }
    Ok((ids, summary.expect("the last page has the summary")))
}
