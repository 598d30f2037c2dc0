//! The guide's tables, held against the code: every setting stands there with its
//! default, its range and when a change of it holds, and nothing else does.

use super::setting::{Applies, SETTINGS, Setting};
use super::*;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");

fn row(setting: &Setting) -> String {
    let default = match setting.get(&Config::default()) {
        serde_json::Value::Null => setting.unset.unwrap_or_default().to_owned(),
        serde_json::Value::String(text) => text,
        value => value.to_string(),
    };
    let holds = match setting.applies {
        Applies::AtOnce => "reload",
        Applies::WithRestart => "restart",
    };
    let (name, takes, about) = (setting.name, setting.takes, setting.about);
    format!("| `{name}` | {default} | {takes} | {holds} | {about} |")
}

#[test]
fn the_guide_has_every_setting_with_its_default_and_range_and_no_other() {
    let guide = std::fs::read_to_string(GUIDE).expect("the guide");
    let (_, settings) = guide
        .split_once("## Every setting")
        .expect("the part with the tables");
    let (settings, _) = settings.split_once("\n## ").expect("a part after it");
    let written: Vec<&str> = settings
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let right: Vec<String> = SETTINGS.iter().map(row).collect();
    assert_eq!(written, right, "the right rows:\n{}", right.join("\n"));
    for section in setting::sections() {
        let heading = format!("\n### {section}\n");
        assert!(settings.contains(&heading), "{section}");
    }
}
