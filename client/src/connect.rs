//! What the flags say of connecting: `--no-daemon`, `--timeout`, `--config`.
//!
//! A [`Link`] finds somebody who answers: the daemon, started if need be, or with
//! `--no-daemon` a daemon for this call alone. A daemon that takes the connection
//! and then says nothing is told of, never killed, and the call is answered by one
//! of its own, if there is time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::report::Greeting;
use aws_ssm_proto::launch::{self, DAEMON_VARIABLE, DaemonCommand, Oneshot};
use aws_ssm_proto::published::{self, Published};
use aws_ssm_proto::service::Service;
use tokio::time::{Instant, sleep, timeout};

use crate::notices::Notices;

/// An answer that takes longer makes us ask whether anybody is there.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a daemon that is alive needs for its hello, and a good deal more.
const HELLO_TIME: Duration = Duration::from_secs(2);

/// A daemon may end, or be killed, between our connecting and its answer. Its
/// successor is asked then, and once more, because one that is dying still takes
/// a connection now and then.
const MOST_DAEMONS: usize = 3;

/// What a dying daemon needs to be gone.
const BURIAL: Duration = Duration::from_millis(10);

/// How long a daemon of one call may put away what the next one can use.
const FINISH_TIME: Duration = Duration::from_secs(2);

/// What whoever calls wants of a daemon that is started.
#[derive(Debug, Default)]
pub struct Wishes {
    /// The configuration file; absolute.
    pub config: Option<PathBuf>,
    /// The variables that set something.
    pub variables: Vec<(String, String)>,
}

/// Variables of ours that are no settings, and the setting that each call may choose.
const NO_SETTINGS: [&str; 4] = [
    "AWS_SSM_HOME",
    "AWS_SSM_CONFIG",
    DAEMON_VARIABLE,
    "AWS_SSM_DEFAULT_OUTPUT",
];

/// Those of these variables that set something of a daemon.
pub fn setting_variables(variables: &[(OsString, OsString)]) -> Vec<(String, String)> {
    variables
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
        .filter(|(name, value)| {
            name.starts_with("AWS_SSM_") && !NO_SETTINGS.contains(name) && !value.is_empty()
        })
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Who answers this call.
#[derive(Debug)]
pub struct Link {
    /// `None`: the daemon may not be asked.
    no_daemon: bool,
    wishes: Wishes,
    deadline: Instant,
    notices: Notices,
    client: Option<Client>,
    /// A daemon took our connection.
    reached: bool,
    /// Its settings have been compared with those of this terminal.
    compared: bool,
    /// Where that daemon publishes its settings.
    settings: Option<PathBuf>,
    oneshot: Option<Oneshot>,
}

impl Link {
    /// Nobody yet; the first question connects. Everything must be over by
    /// `deadline`.
    #[must_use]
    pub fn new(no_daemon: bool, wishes: Wishes, deadline: Instant, notices: Notices) -> Self {
        Self {
            no_daemon,
            wishes,
            deadline,
            notices,
            client: None,
            reached: false,
            compared: false,
            settings: None,
            oneshot: None,
        }
    }

    /// Has every question answered by a daemon of this call alone.
    pub fn leave_daemon_alone(&mut self) {
        self.no_daemon = true;
    }

    /// The same, until `deadline`, and without a word on standard error.
    pub fn leave_daemon_alone_until(&mut self, deadline: Instant) {
        self.no_daemon = true;
        self.deadline = self.deadline.min(deadline);
        self.notices = Notices::new(true, 0);
    }

    /// Whether the daemon may not be asked.
    #[must_use]
    pub fn leaves_daemon_alone(&self) -> bool {
        self.no_daemon
    }

    /// The program that is started where none runs, and what it is given.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn daemon(&self) -> Result<DaemonCommand, Error> {
        let config = self.wishes.config.iter();
        let args = config.flat_map(|file| [OsString::from("--config"), file.into()]);
        DaemonCommand::from_process_environment(args.collect())
    }

    /// The output format that whoever answers has for those who ask for none.
    #[must_use]
    pub fn default_output(&self) -> Option<String> {
        match &self.oneshot {
            Some(oneshot) => oneshot.greeting().output.clone(),
            None => {
                let published = match &self.settings {
                    Some(path) => Published::read(path),
                    None => published(),
                };
                published?.get("default.output").map(str::to_owned)
            }
        }
    }

    /// Gives everything so much more time: a person has taken it.
    pub fn extend(&mut self, length: Duration) {
        self.renew(self.deadline + length);
    }

    /// Gives what follows until then.
    pub fn renew(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if let Some(client) = &mut self.client {
            client.set_deadline(self.deadline);
        }
    }

    /// When everything must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Puts a question to whoever answers, starting a daemon if there is none.
    ///
    /// # Errors
    ///
    /// The question's own, or nobody can be reached.
    pub async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 1..MOST_DAEMONS {
            match self.put(&question).await {
                Err(error) if error.kind == ErrorKind::Daemon && self.may_ask_again() => {
                    self.notices
                        .detail(2, format_args!("asking again: {error}"));
                    self.client = None;
                    self.reached = false;
                    sleep(BURIAL).await;
                }
                answer => return answer,
            }
        }
        self.put(&question).await
    }

    /// Leaves whoever answers; the next question connects again.
    pub async fn hang_up(&mut self) {
        self.finish().await;
        self.client = None;
        self.reached = false;
    }

    fn may_ask_again(&self) -> bool {
        self.reached && self.oneshot.is_none() && Instant::now() + BURIAL < self.deadline
    }

    async fn put<T>(
        &mut self,
        question: &impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let client = self.open().await?;
        if let Some(answer) = attend(client, question(client)).await {
            return answer;
        }
        self.notices.warn(
            "the daemon takes connections and does not answer; this call does without it \
             (`aws-ssm daemon restart` mends that)",
        );
        // Whatever becomes of that, the deaf one is not asked again.
        self.reached = false;
        question(self.open_oneshot().await?).await
    }

    async fn open(&mut self) -> Result<&Client, Error> {
        if self.client.is_none() {
            if self.no_daemon {
                return self.open_oneshot().await;
            }
            let endpoint = Endpoint::from_process_environment()?;
            let daemon = || self.daemon();
            let reached = launch::connect_or_start(&endpoint, daemon, self.deadline).await?;
            self.reached = true;
            self.pass_on(&reached.greeting);
            let client = Client::over(reached.stream, self.deadline).await?;
            if !std::mem::replace(&mut self.compared, true) {
                self.compare_settings(&endpoint);
            }
            self.settings = Some(endpoint.settings);
            return Ok(self.client.insert(client));
        }
        Ok(self.client.as_ref().expect("it was looked at above"))
    }

    async fn open_oneshot(&mut self) -> Result<&Client, Error> {
        let (socket, oneshot) = launch::oneshot(&self.daemon()?, self.deadline).await?;
        self.pass_on(oneshot.greeting());
        self.oneshot = Some(oneshot);
        let client = Client::over(socket, self.deadline).await?;
        Ok(self.client.insert(client))
    }

    /// Passes on what a daemon has to say of its settings as it starts.
    fn pass_on(&self, greeting: &Greeting) {
        for warning in &greeting.warnings {
            self.notices.warn(warning);
        }
    }

    /// Tells those who set something for a daemon that the running one has it
    /// otherwise.
    ///
    /// At `endpoint` that one publishes what it has.
    pub fn compare_settings(&self, endpoint: &Endpoint) {
        if self.wishes.config.is_none() && self.wishes.variables.is_empty() {
            return;
        }
        if let Some(published) = Published::read(&endpoint.settings) {
            let owned = || Service::owner_of(endpoint).is_some();
            for difference in differences(&self.wishes, &published, owned) {
                self.notices.warn(difference);
            }
        }
    }

    /// Lets a daemon of this call alone put away what it has learnt. A connection to
    /// the daemon itself ends with the process.
    pub async fn finish(&mut self) {
        if let Some(oneshot) = self.oneshot.take() {
            self.client = None;
            let deadline = self.deadline.min(Instant::now() + FINISH_TIME);
            oneshot.finish(deadline).await;
        }
    }
}

/// What the daemon of this home has published.
fn published() -> Option<Published> {
    let endpoint = Endpoint::from_process_environment().ok()?;
    Published::read(&endpoint.settings)
}

/// What is wanted and is not so, a line for each. Whether the daemon is a service, whose
/// own files then have the last word, is asked only if there is a difference.
fn differences(wishes: &Wishes, theirs: &Published, owned: impl Fn() -> bool) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(config) = wishes.config.as_deref().map(Path::display) {
        let file = theirs.get(published::FILE);
        if file != Some(&config.to_string()) {
            let file = file.unwrap_or("no configuration file");
            let command = if owned() { "install" } else { "restart" };
            told.push(format!(
                "the running daemon was started with {file}, so --config changes nothing; \
                 run `aws-ssm daemon {command} --config {config}`"
            ));
        }
    }
    let variable = |name: &str| format!("AWS_SSM_{}", name.replace('.', "_").to_uppercase());
    let others = wishes.variables.iter().filter(|(name, value)| {
        let their = theirs.iter().find(|(known, _)| variable(known) == *name);
        their.is_none_or(|(_, their)| !means_the_same(value, their))
    });
    let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
    if !others.is_empty() {
        let command = match owned() {
            true => "systemctl --user edit aws-ssmd.service",
            false => "aws-ssm daemon restart",
        };
        told.push(format!(
            "the running daemon does not have this terminal's {}; `{command}` gives it to it",
            others.join(", ")
        ));
    }
    told
}

/// Whether two spellings are one value: 5 and 5.0, true and yes.
fn means_the_same(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let switch = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    };
    one == other
        || number(one).is_some_and(|one| number(other) == Some(one))
        || switch(one).is_some_and(|one| switch(other) == Some(one))
}

/// Waits for an answer; `None` if the daemon turns out to be deaf.
pub async fn attend<T>(client: &Client, answer: impl Future<Output = T>) -> Option<T> {
    let mut answer = pin!(answer);
    if let Ok(answer) = timeout(PATIENCE, &mut answer).await {
        return Some(answer);
    }
    tokio::select! {
        answer = &mut answer => Some(answer),
        hello = timeout(HELLO_TIME, client.hello()) => match hello {
            // It is alive and busy with us; or it is gone, which the answer tells.
            Ok(_) => Some(answer.await),
            Err(_) => None,
        },
    }
}

/// The running daemon, for those who never start one.
///
/// # Errors
///
/// Somebody listens and cannot be talked to.
pub async fn running(deadline: Instant) -> Result<Option<Client>, Error> {
    let endpoint = Endpoint::from_process_environment()?;
    match launch::connect_running(&endpoint, deadline).await? {
        Some(socket) => Client::over(socket, deadline).await.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> Vec<(String, String)> {
        let set: Vec<_> = set
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        setting_variables(&set)
    }

    #[test]
    fn only_variables_that_set_something_of_a_daemon_are_compared() {
        let set = variables(&[
            ("AWS_SSM_HOME", "/h"),
            ("AWS_SSM_DAEMON", "/d"),
            ("AWS_SSM_CONFIG", "/c"),
            ("AWS_SSM_DEFAULT_OUTPUT", "json"),
            ("AWS_SSM_CACHE_SHARE", ""),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_SSM_CACHE_TTL_MINUTES", "5"),
        ]);
        assert_eq!(
            set,
            [("AWS_SSM_CACHE_TTL_MINUTES".to_owned(), "5".to_owned())]
        );
    }

    #[test]
    fn what_the_daemon_has_otherwise_is_told_and_nothing_else() {
        let theirs = Published::new([
            ("file", "/h/config.yaml".to_owned()),
            ("cache.ttl_minutes", "5".to_owned()),
            ("cache.enabled", "true".to_owned()),
        ]);
        let told_by = |is_service: bool, config: Option<&str>, set: &[(&str, &str)]| {
            let wishes = Wishes {
                config: config.map(PathBuf::from),
                variables: variables(set),
            };
            differences(&wishes, &theirs, || is_service)
        };
        let told = |config: Option<&str>, set: &[(&str, &str)]| told_by(false, config, set);
        let same = [
            ("AWS_SSM_CACHE_TTL_MINUTES", "5.0"),
            ("AWS_SSM_CACHE_ENABLED", "yes"),
        ];
        assert_eq!(told(Some("/h/config.yaml"), &same), [""; 0]);
        let other = told(None, &[same[1], ("AWS_SSM_CACHE_TTL_MINUTES", "6")]);
        assert!(other[0].contains("AWS_SSM_CACHE_TTL_MINUTES;"), "{other:?}");
        let unset = told(None, &[("AWS_SSM_DEFAULT_REGION", "eu-west-1")]);
        assert!(unset[0].contains("AWS_SSM_DEFAULT_REGION"), "{unset:?}");
        let file = told(Some("/other.yaml"), &[]);
        assert!(file[0].contains("/h/config.yaml"), "{file:?}");
        assert!(
            file[0].contains("daemon restart --config /other.yaml"),
            "{file:?}"
        );
        let unset = [("AWS_SSM_DEFAULT_REGION", "eu-west-1")];
        let service = told_by(true, Some("/other.yaml"), &unset);
        assert!(
            service[0].contains("daemon install --config /other.yaml"),
            "{service:?}"
        );
        assert!(service[1].contains("systemctl --user edit"), "{service:?}");
    }
}
