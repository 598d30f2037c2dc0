//! What a daemon of this call alone says: it serves also when the settings are broken,
//! and its findings are not those of one that has run for weeks.

use std::path::PathBuf;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::Checked;
use aws_ssm_proto::domain::{
    Caller, ConfigCheck, ConfigFile, ConfigFileState, Diagnosis, Error, Hello, Question, Setting,
    SettingValue,
};
use aws_ssm_proto::endpoint::SNAPSHOT_DIRECTORY;

use crate::caller::Surroundings;
use crate::challenge;
use crate::connect::Link;
use crate::notices::Notices;

/// Its answers, or why there is no such daemon.
pub(super) type Outcome = Result<Answers, Error>;

/// What it was asked.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) hello: Result<Hello, Error>,
    pub(super) check: Result<ConfigCheck, Error>,
    pub(super) files: Result<Vec<ConfigFile>, Error>,
    pub(super) settings: Result<Vec<Setting>, Error>,
    /// `None`: nobody knows who asks.
    pub(super) diagnosis: Option<Result<Diagnosis, Error>>,
}

/// Asks one. If the caller's credentials come from a program of this terminal, that is
/// run, and it is asked again; nobody is asked for a code.
pub(super) async fn ask(
    link: &mut Link,
    surroundings: &Surroundings<'_>,
    notices: Notices,
    mut caller: Option<Caller>,
) -> Outcome {
    let mut answers = ask_all(link, caller.as_ref()).await?;
    if let (Some(caller), Some(Ok(diagnosis))) = (&mut caller, &mut answers.diagnosis)
        && diagnosis.identity.as_ref().is_err_and(wants_process)
    {
        match run_process(link, surroundings, notices, caller).await {
            Ok(()) => return ask_all(link, Some(caller)).await,
            Err(error) => diagnosis.identity = Err(error),
        }
    }
    Ok(answers)
}

async fn run_process(
    link: &mut Link,
    surroundings: &Surroundings<'_>,
    notices: Notices,
    caller: &mut Caller,
) -> Result<(), Error> {
    let look = async |client: &Client, caller: &Caller| match client.whoami(caller).await {
        Err(error) if wants_process(&error) => Err(error),
        // Whatever else there is to say of it is found out with all the rest.
        _ => Ok(()),
    };
    challenge::ask(link, surroundings, notices, caller, look).await
}

fn wants_process(error: &Error) -> bool {
    let question = error.challenge.as_deref().map(|asked| &asked.question);
    question.is_some_and(|question| !matches!(question, Question::MfaCode { .. }))
}

/// Everything at once.
async fn ask_all(link: &mut Link, caller: Option<&Caller>) -> Outcome {
    link.ask(async |client: &Client| {
        let diagnosis = async {
            match caller {
                Some(caller) => Some(client.diagnose(caller).await),
                None => None,
            }
        };
        let (hello, check, files, settings, diagnosis) = tokio::join!(
            client.hello(),
            client.check_config(Checked::Own),
            client.config_files(),
            client.settings(),
            diagnosis,
        );
        Ok(Answers {
            hello,
            check,
            files,
            settings,
            diagnosis,
        })
    })
    .await
}

impl Answers {
    /// The configuration file that is read.
    pub(super) fn config_file(&self) -> Option<PathBuf> {
        let files = self.files.as_ref().ok()?;
        let read = files
            .iter()
            .find(|file| file.state == ConfigFileState::Read);
        read.map(|file| file.path.clone())
    }

    fn setting(&self, name: &str) -> Option<&SettingValue> {
        let settings = self.settings.as_ref().ok()?;
        let setting = settings.iter().find(|setting| setting.name == name);
        setting.map(|setting| &setting.value)
    }
}

/// Where snapshots are kept; `None` if nowhere, or if that is not known.
pub(super) fn snapshot_directory(outcome: &Outcome) -> Option<PathBuf> {
    let answers = outcome.as_ref().ok()?;
    let on = SettingValue::Set("true".to_owned());
    let switches = ["cache.enabled", "cache.persist"];
    let is_on = |name: &&str| answers.setting(name) == Some(&on);
    if !switches.iter().all(is_on) {
        return None;
    }
    let directory = match answers.setting("cache.cache_dir")? {
        SettingValue::Set(json) => serde_json::from_str(json).ok()?,
        SettingValue::Unset(usual) => usual.clone(),
    };
    let directory = PathBuf::from(directory);
    directory
        .is_absolute()
        .then(|| directory.join(SNAPSHOT_DIRECTORY))
}
