//! Keys that mean nothing here and are no mistake: those of an older tool's file,
//! and those of what this version does not do. They are told of, never refused.

use super::mistake::{At, Mistake};

const OLDER_TOOL: [&str; 7] = [
    "interactive",
    "keybindings",
    "bookmarks",
    "plugins",
    "default.filters",
    "default.columns",
    "default.weights",
];

const OTHER_VERSION: [&str; 2] = ["sessions", "tunnels"];

/// What is said of a section, or of a key with its section, that means nothing.
pub(super) fn foreign(at: &At, name: &str) -> Option<Mistake> {
    let why = if OLDER_TOOL.contains(&name) {
        "it belongs to an older tool".to_owned()
    } else if OTHER_VERSION.contains(&name) {
        format!("this version has no {name}")
    } else {
        return None;
    };
    let mistake = Mistake::new(at.clone(), name, format!("{name} has no effect"));
    Some(mistake.why(why).hint("it can be left out"))
}
