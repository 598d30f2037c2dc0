//! What a daemon of this call alone says: it serves also when the settings are broken,
//! and its findings are not those of one that has run for weeks.

use std::path::PathBuf;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::Checked;
use aws_ssm_proto::domain::{
    Caller, ConfigCheck, ConfigFile, ConfigFileState, Diagnosis, Error, Hello, Setting,
    SettingValue,
};
use aws_ssm_proto::endpoint::SNAPSHOT_DIRECTORY;

use crate::connect::Link;

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

/// Asks one, all at once.
pub(super) async fn ask(link: &mut Link, caller: Option<&Caller>) -> Outcome {
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
