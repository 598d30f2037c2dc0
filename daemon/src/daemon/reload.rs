//! Reading the settings again while everything runs.
//!
//! Either all of the new ones are used, as far as they can be without a restart, or
//! none of them. Who is being answered meanwhile is answered by the old ones or by the
//! new ones and never waits.

use std::sync::Weak;

use aws_ssm_proto::domain::{ConfigReload, Error, Setting};

use super::{Daemon, defaults};
use crate::config::{Config, Origin};
use crate::lifecycle::Life;
use crate::telemetry;

impl Daemon {
    /// Where the settings are read from.
    pub fn origin(&self) -> Origin {
        self.settings.running().origin().clone()
    }

    /// Every setting in use.
    pub fn describe_settings(&self) -> Vec<Setting> {
        self.settings.running().describe()
    }

    /// Why nothing but the settings can be asked for.
    pub fn broken(&self) -> Option<&Error> {
        self.settings.broken()
    }

    /// Reads the settings again and goes on with them. Blocks while files are read.
    ///
    /// # Errors
    ///
    /// All that is wrong with them; the old ones then stay.
    pub fn reload(&self) -> Result<ConfigReload, Error> {
        let _reading = self.settings.reading();
        let before = self.settings.running();
        let wanted = match before.origin().load().into_config() {
            Ok(wanted) => wanted,
            Err(error) => {
                tracing::warn!(%error, mistakes = ?error.candidates, "the settings stay as they are");
                return Err(stays(error));
            }
        };
        let answer = ConfigReload {
            file: wanted.file.clone(),
            changes: wanted.changes_since(&before),
            warnings: wanted.warnings.clone(),
        };
        let config = wanted.held_by(&before);
        self.retune(&before, &config);
        self.settings.replace(config);
        for change in &answer.changes {
            let (name, after) = (&change.name, &change.after);
            let from = if change.applied {
                "now on"
            } else {
                "a restart on"
            };
            tracing::info!("{name} is {after} from {from}");
        }
        Ok(answer)
    }

    /// Hands the new settings to the parts.
    fn retune(&self, before: &Config, config: &Config) {
        let config = &self.facts.fitted(config);
        telemetry::set_level(&config.daemon.log_level);
        self.life.set_idle_timeout(config.idle_timeout());
        self.identities.retune(defaults(config));
        self.inventory.retune(config.inventory());
        self.pool.retune(&config.pool());
        if config.resilience() != before.resilience() {
            self.resilience.retune(config.resilience());
            self.pool.renew(&config.resilience());
        }
        if let Some(background) = &*self.lock_background() {
            background.workers.retune(config.workers());
        }
    }
}

/// Reads the settings again at every signal that asks for it.
pub(super) async fn when_asked(daemon: Weak<Daemon>, life: Life) {
    loop {
        life.asked_to_reload().await;
        let Some(daemon) = daemon.upgrade() else {
            return;
        };
        // What comes of it is in the log.
        let _ = tokio::task::spawn_blocking(move || daemon.reload()).await;
    }
}

/// The mistakes, and what they mean for whoever has asked.
fn stays(error: Error) -> Error {
    let what = "the daemon goes on with the settings it had";
    Error::new(error.kind, what)
        .why(error.to_string())
        .hint(error.hint)
        .candidates(error.candidates)
}
