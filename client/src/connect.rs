//! What the flags say of connecting: `--no-daemon`, `--timeout`, `--config`.
//!
//! A [`Link`] finds somebody who answers: the daemon, started if need be, or with
//! `--no-daemon` a daemon for this call alone. A daemon that takes the connection
//! and then says nothing is told of, never killed, and the call is answered by one
//! of its own, if there is time.

use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::{self, DaemonCommand, Oneshot};
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

/// Who answers this call.
#[derive(Debug)]
pub struct Link {
    /// `None`: the daemon may not be asked.
    no_daemon: bool,
    config: Option<PathBuf>,
    deadline: Instant,
    notices: Notices,
    client: Option<Client>,
    /// A daemon took our connection.
    reached: bool,
    oneshot: Option<Oneshot>,
}

impl Link {
    /// Nobody yet; the first question connects. Everything must be over by
    /// `deadline`. `config` is absolute.
    #[must_use]
    pub fn new(
        no_daemon: bool,
        config: Option<PathBuf>,
        deadline: Instant,
        notices: Notices,
    ) -> Self {
        Self {
            no_daemon,
            config,
            deadline,
            notices,
            client: None,
            reached: false,
            oneshot: None,
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
            let socket = launch::connect_or_start(&endpoint, daemon, self.deadline).await?;
            self.reached = true;
            let client = Client::over(socket, self.deadline).await?;
            self.compare_configuration(&client).await;
            return Ok(self.client.insert(client));
        }
        Ok(self.client.as_ref().expect("it was looked at above"))
    }

    async fn open_oneshot(&mut self) -> Result<&Client, Error> {
        let (socket, oneshot) = launch::oneshot(&self.daemon()?, self.deadline).await?;
        self.oneshot = Some(oneshot);
        let client = Client::over(socket, self.deadline).await?;
        Ok(self.client.insert(client))
    }

    fn daemon(&self) -> Result<DaemonCommand, Error> {
        let config = self.config.iter();
        let args = config.flat_map(|file| [OsString::from("--config"), file.into()]);
        DaemonCommand::from_process_environment(args.collect())
    }

    /// Tells those who name a configuration file that the daemon has another.
    async fn compare_configuration(&self, client: &Client) {
        let Some(config) = &self.config else { return };
        let status = timeout(HELLO_TIME, client.status()).await;
        if let Ok(Ok(status)) = status
            && status.config_file.as_ref() != Some(config)
        {
            let theirs = status.config_file.map_or_else(
                || "no configuration file".to_owned(),
                |file| file.display().to_string(),
            );
            self.notices.warn(format_args!(
                "the running daemon was started with {theirs}, so --config changes nothing; \
                 run `aws-ssm daemon restart --config {}`",
                config.display()
            ));
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

/// Waits for an answer; `None` if the daemon turns out to be deaf.
async fn attend<T>(client: &Client, answer: impl Future<Output = T>) -> Option<T> {
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
    match launch::connect_only(&endpoint, deadline).await? {
        Some(socket) => Client::over(socket, deadline).await.map(Some),
        None => Ok(None),
    }
}
