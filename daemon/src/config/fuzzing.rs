//! A configuration file of any bytes.

use std::path::Path;

use super::Origin;
use crate::fuzzing::told;

/// Reads these as the settings, and makes of them what each part is given.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let loaded = Origin::default().load_text(Path::new("/config.yaml"), text);
    let config = match loaded.into_config() {
        Ok(config) => config,
        Err(error) => return told(&error),
    };
    // Numbers that are in range give lengths of time and sizes that are.
    let lengths = (
        config.policy(),
        config.inventory(),
        config.workers(),
        config.pool(),
        config.resilience(),
        (config.idle_timeout(), config.metrics_interval()),
    );
    assert!(!format!("{lengths:?} {:?}", config.disk()).is_empty());
}
