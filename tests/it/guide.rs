//! What the user guide names is there.

use std::fs;
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::CALLER_VARIABLES;

/// The guide's tables of promises name the tests that hold each.
#[test]
fn every_test_that_the_guide_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for part in [
        "proto/src",
        "daemon/src",
        "client/src",
        "tests/src",
        "tests/it",
    ] {
        for file in rust_files(&root.join(part)) {
            sources += &fs::read_to_string(file).expect("a source file");
        }
    }
    for page in ["docs/performance.md", "docs/security.md", "docs/rules.md"] {
        let guide = fs::read_to_string(root.join(page)).expect("the guide");
        let named = tests_in(&guide);
        assert!(named.len() > 20, "the table is not read: {named:?}");
        for name in named {
            let is_there = sources.contains(&format!("fn {name}("))
                || PLAYED.lines().any(|line| line == format!("    {name},"));
            assert!(is_there, "{page}: {name}");
        }
    }
}

/// The tests under a real service manager are made from a list of their names.
const PLAYED: &str = include_str!("supervised/manager.rs");

#[test]
fn every_rule_of_the_guide_names_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/rules.md")).expect("the guide");
    let rows: Vec<&str> = guide.lines().filter(|line| is_row(line)).collect();
    for row in &rows {
        let tests = row.rsplit('|').nth(1).unwrap_or_default();
        assert!(!tests_in(tests).is_empty(), "{row}");
    }
    assert!(rows.len() > 60, "the tables are not read: {}", rows.len());
    let numbered = |number: &usize| {
        rows.iter()
            .any(|row| row.starts_with(&format!("| {number} |")))
    };
    assert_eq!((1..=16).find(|number| !numbered(number)), Some(16));
}

/// A line of a table that is neither its head nor the rule below it.
fn is_row(line: &str) -> bool {
    line.starts_with("| ") && !line.trim_end().ends_with("| tests |")
}

/// The names of tests in a text.
fn tests_in(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| is_test(name)).collect()
}

/// Its table is what a person relies on who wonders why a variable has no effect.
#[test]
fn every_variable_that_a_call_carries_is_in_the_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/credentials.md")).expect("the guide");
    let (_, table) = guide.split_once("## What is read").expect("the table");
    for name in CALLER_VARIABLES {
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

/// Tests are named with whole sentences.
fn is_test(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
    plain && name.matches('_').count() >= 3
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
