//! A local AWS: EC2, SSM, STS and IAM Identity Center on one loopback address, with accounts, fleets
//! made from a seed, and faults to order. The SDKs, boto3 and the `aws` command
//! accept it without knowing.
//!
//! It owns nothing outside its process, and its answers follow from the
//! configuration, the calls and the time. Signatures, scopes and session tokens
//! are checked as AWS does, and refused in the words of each service. What it
//! must not do: listen beyond loopback, or make up an answer to an operation it
//! does not know.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use aws_ssm_tests::sandbox::{Fault, Sandbox, SandboxConfig};
//!
//! let config = SandboxConfig::default().fleet_size(0, "us-east-1", 10_000);
//! let sandbox = Sandbox::start(config).await?;
//! let account = sandbox.account(0); // keys for AWS_ACCESS_KEY_ID and so on
//! println!("AWS_ENDPOINT_URL={}", sandbox.endpoint());
//!
//! sandbox.inject(Fault::throttle(0.3).on("DescribeInstances"));
//! // … run what is to be tested, then ask what it did:
//! let calls = sandbox.counts().by(&account.id, "us-east-1", "DescribeInstances");
//! # let _ = calls;
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What there is
//!
//! | service | operations |
//! |---|---|
//! | EC2 | DescribeInstances, DescribeNetworkInterfaces, DescribeSubnets, DescribeRegions |
//! | SSM | DescribeInstanceInformation |
//! | STS | GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity |
//! | IAM Identity Center | GetRoleCredentials; CreateToken for a refresh token |
//!
//! Every account has one user with static keys and the same roles: by default
//! `ops`, which any account may assume, and `mfa`, which needs the user's device
//! and [`MFA_CODE`]. Sessions of roles are temporary keys that end.
//!
//! The metadata services of an instance and of a container are there, too: at this
//! address, and at [`CONTAINER_PATH`].
//!
//! A fleet begins with `web-1`, running. From about 30 instances on it has a
//! stopped instance with the name of a running one; from a few hundred on, every
//! state, spot, Windows, arm64, several interfaces and cards, and unnamed ones.
//!
//! # Control over HTTP
//!
//! The same orders reach a running sandbox as JSON; requests of web pages are
//! refused.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/accounts` | ids and keys |
//! | `GET`, `DELETE /_sandbox/counts` | calls by account, region and operation; forgets them |
//! | `GET`, `DELETE /_sandbox/faults` | faults that stand; ends all |
//! | `POST /_sandbox/faults` | a [`Fault`]: `{"kind":"throttle","rate":0.3,"operation":"DescribeInstances","times":5}` |
//! | `DELETE /_sandbox/faults/ID` | ends one |
//! | `GET`, `PUT /_sandbox/latency` | `{"per_call_ms":80,"per_row_us":10}` |
//! | `POST`, `DELETE /_sandbox/sign-ins` | `{"person":"ada","lives_seconds":3600}` gives the file that `aws sso login` would write; ends all sign-ins |
//! | `GET /_sandbox/instances?account=ID&region=NAME` | summaries |
//! | `POST /_sandbox/instances` | `{"account":"…","region":"…","action":"stop","id":"i-…"}`; actions `start`, `stop`, `terminate`, `retag` (`key`, `value`), `add` (`count`) |

mod account;
mod authenticate;
mod body;
mod call;
mod clock;
mod config;
mod control;
mod counts;
mod ec2;
mod fault;
mod fleet;
mod form;
mod handle;
mod hex;
mod keyring;
mod metadata;
mod page;
mod pattern;
pub(crate) mod random;
mod refusal;
mod region;
mod server;
mod signature;
mod ssm;
mod sso;
mod sts;
mod world;
mod xml;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub use account::Account;
pub use config::{Role, SandboxConfig};
pub use counts::{Count, Counts};
pub use fault::{Fault, FaultId, FaultKind, StandingFault};
pub use fleet::{InstanceSummary, State};
pub use metadata::{CONTAINER_PATH, CONTAINER_TOKEN};
pub use refusal::Service;
pub use sso::SignIn;

use fleet::Fleet;
use server::Server;
use world::{Latency, World};

/// The code that every MFA device shows, always.
pub const MFA_CODE: &str = "123456";

/// Part of every secret key and token of the sandbox, and of nothing else:
/// whoever finds it somewhere has found a secret there.
pub const MARK: &str = "Mk7Secret9";

/// A running sandbox. It stops when it is dropped; [`Sandbox::shutdown`] also
/// waits for it.
pub struct Sandbox {
    world: Arc<World>,
    server: Server,
}

/// There is no such fleet, or no such instance to which that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound(String);

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotFound {}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Listens and serves on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the configuration makes no sense, or what binding the
    /// port gave, `AddrInUse` for one.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        config
            .check()
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let port = config.port;
        let world = Arc::new(World::new(config));
        let server = Server::start(Arc::clone(&world), port).await?;
        Ok(Self { world, server })
    }

    /// `http://127.0.0.1:PORT`, for all services.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The account with this number, counted from 0.
    ///
    /// # Panics
    ///
    /// If the configuration has fewer.
    pub fn account(&self, number: usize) -> &Account {
        &self.world.accounts[number]
    }

    /// All accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.world.accounts
    }

    /// The calls since the start or the last reset.
    pub fn counts(&self) -> Counts {
        self.world.counter.read()
    }

    /// Forgets all counts but that of connections.
    pub fn reset_counts(&self) {
        self.world.counter.reset();
    }

    /// TCP connections accepted since the start.
    pub fn connections(&self) -> u64 {
        self.world.connections.load(Ordering::Relaxed)
    }

    /// Orders a fault. Of several that could strike a call, the oldest does.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.world.faults.add(fault)
    }

    /// Ends a fault; false if it does not stand any more.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.world.faults.remove(id)
    }

    /// Ends all faults. Calls that hang go on hanging.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    /// The faults that stand, with how many calls each has struck.
    pub fn faults(&self) -> Vec<StandingFault> {
        self.world.faults.list()
    }

    /// Signs somebody in to IAM Identity Center; a renewed token lives an hour.
    pub fn sign_in(&self, person: &str, lives: Duration) -> SignIn {
        self.world.sign_ins.sign_in(person, lives, self.world.now())
    }

    /// Gives the machine a role in the account with this number, whose credentials
    /// last so long, or takes it away. Metadata services are on the sandbox's address.
    pub fn set_machine_role(&self, role: Option<(usize, Duration)>) {
        let role = role.map(|(number, lives)| (self.account(number).id.clone(), lives));
        self.world.machine.set_role(role);
    }

    /// What the machine's metadata services were asked: method and path.
    pub fn machine_asked(&self) -> Vec<String> {
        self.world.machine.asked()
    }

    /// Signs everybody out.
    pub fn sign_out(&self) {
        self.world.sign_ins.sign_out();
    }

    /// How long answers take from now on: so long each, and so much longer for
    /// each instance, interface, node … in it.
    pub fn set_latency(&self, per_call: Duration, per_row: Duration) {
        self.world.set_latency(Latency { per_call, per_row });
    }

    /// AWS's clock is so many seconds ahead of this machine's from now on; with a
    /// negative number, behind. It is as if this machine's had jumped the other way.
    pub fn set_clock(&self, ahead: i64) {
        self.world.set_ahead(ahead);
    }

    /// The instances of an account in a region, in the order in which
    /// DescribeInstances gives them.
    ///
    /// # Errors
    ///
    /// If the account does not exist or does not have the region. The same goes
    /// for all that follow.
    pub fn instances(&self, account: &str, region: &str) -> Result<Vec<InstanceSummary>, NotFound> {
        let fleet = self.world.read(account, region);
        let fleet = fleet.ok_or_else(|| no_fleet(account, region))?;
        Ok(fleet.summaries())
    }

    /// Makes a fleet and renders its instances now instead of with the first
    /// calls, so that measurements of the caller do not contain it.
    ///
    /// # Errors
    ///
    /// If there is no such fleet.
    pub fn prepare(&self, account: &str, region: &str) -> Result<(), NotFound> {
        let fleet = self.world.read(account, region);
        let fleet = fleet.ok_or_else(|| no_fleet(account, region))?;
        for instance in fleet.instances() {
            instance.rendered(ec2::render_instance);
        }
        Ok(())
    }

    /// Adds running instances; returns their ids.
    ///
    /// # Errors
    ///
    /// If there is no such fleet.
    pub fn add_instances(
        &self,
        account: &str,
        region: &str,
        count: usize,
    ) -> Result<Vec<String>, NotFound> {
        let fleet = self.world.write(account, region);
        let mut fleet = fleet.ok_or_else(|| no_fleet(account, region))?;
        Ok(fleet.add(count, clock::now()))
    }

    /// Starts a stopped instance; it gets another public address.
    ///
    /// # Errors
    ///
    /// If there is no such instance, or it is terminated.
    pub fn start_instance(&self, account: &str, region: &str, id: &str) -> Result<(), NotFound> {
        self.change(account, region, id, |fleet| fleet.start(id, clock::now()))
    }

    /// Stops an instance.
    ///
    /// # Errors
    ///
    /// If there is no such instance, or it is terminated.
    pub fn stop_instance(&self, account: &str, region: &str, id: &str) -> Result<(), NotFound> {
        self.change(account, region, id, |fleet| fleet.stop(id, clock::now()))
    }

    /// Terminates an instance; it stays listed as terminated.
    ///
    /// # Errors
    ///
    /// If there is no such instance.
    pub fn terminate_instance(
        &self,
        account: &str,
        region: &str,
        id: &str,
    ) -> Result<(), NotFound> {
        self.change(account, region, id, |fleet| {
            fleet.terminate(id, clock::now())
        })
    }

    /// Sets a tag of an instance, as `("Name", Some("web-9"))`, or removes it.
    ///
    /// # Errors
    ///
    /// If there is no such instance.
    pub fn retag(
        &self,
        account: &str,
        region: &str,
        id: &str,
        (key, value): (&str, Option<&str>),
    ) -> Result<(), NotFound> {
        self.change(account, region, id, |fleet| fleet.retag(id, key, value))
    }

    /// Stops listening, closes every connection and waits until all are gone.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }

    fn change(
        &self,
        account: &str,
        region: &str,
        id: &str,
        change: impl FnOnce(&mut Fleet) -> bool,
    ) -> Result<(), NotFound> {
        let fleet = self.world.write(account, region);
        let mut fleet = fleet.ok_or_else(|| no_fleet(account, region))?;
        if change(&mut fleet) {
            Ok(())
        } else {
            let what =
                format!("no instance {id} of {account} in {region} to which that can be done");
            Err(NotFound(what))
        }
    }
}

fn no_fleet(account: &str, region: &str) -> NotFound {
    NotFound(format!("account {account} has nothing in region {region}"))
}
