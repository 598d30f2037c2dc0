//! Questions about the daemon's settings.

use std::path::Path;

use super::Client;
use crate::domain::{ConfigCheck, ConfigFile, ConfigReload, ConfigTemplate, Error, Setting};
use crate::wire;

/// A file whose settings are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Checked<'a> {
    /// The one that the daemon reads.
    Own,
    /// Another one; an absolute path.
    File(&'a Path),
    /// One that has not been written, by its text.
    Text(&'a str),
}

impl Client {
    /// Every setting of the daemon.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; what is wrong with the settings, if they are not in use.
    pub async fn settings(&self) -> Result<Vec<Setting>, Error> {
        let request = self.request(wire::ShowConfigRequest {});
        let answer = self.call(self.configuration().show_config(request)).await?;
        Ok(answer.settings.into_iter().map(Into::into).collect())
    }

    /// What is wrong with a file, and with the daemon's variables.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; mistakes are no error.
    pub async fn check_config(&self, checked: Checked<'_>) -> Result<ConfigCheck, Error> {
        use wire::check_config_request::What;
        let what = match checked {
            Checked::Own => None,
            Checked::File(path) => Some(What::File(path.to_string_lossy().into_owned())),
            Checked::Text(text) => Some(What::Text(text.to_owned())),
        };
        let request = self.request(wire::CheckConfigRequest { what });
        let answer = self
            .call(self.configuration().check_config(request))
            .await?;
        Ok(answer.into())
    }

    /// The places where the configuration file may be, in their order.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn config_files(&self) -> Result<Vec<ConfigFile>, Error> {
        let request = self.request(wire::LocateConfigRequest {});
        let answer = self
            .call(self.configuration().locate_config(request))
            .await?;
        Ok(answer.files.into_iter().map(Into::into).collect())
    }

    /// A configuration file with every setting at its default; with `write` it is put
    /// where the daemon looks for it.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; there is a file already, or it cannot be written.
    pub async fn init_config(&self, write: bool) -> Result<ConfigTemplate, Error> {
        let request = self.request(wire::InitConfigRequest { write });
        let answer = self.call(self.configuration().init_config(request)).await?;
        Ok(answer.into())
    }

    /// Has the daemon read its settings again.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; all that is wrong with them, and then the old ones stay.
    pub async fn reload_config(&self) -> Result<ConfigReload, Error> {
        let request = self.request(wire::ReloadConfigRequest {});
        let answer = self
            .call(self.configuration().reload_config(request))
            .await?;
        Ok(answer.into())
    }
}
