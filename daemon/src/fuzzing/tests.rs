//! Every input that is kept, and thousands of changes of each.

use std::path::{Path, PathBuf};

use super::*;
use crate::persist::testing::mutations;

/// The kept inputs of a target.
fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{dir:?}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let inputs: Vec<_> = paths
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    assert!(!inputs.is_empty(), "{dir:?}");
    inputs
}

/// Feeds a target; about so many changes of each input are enough.
fn replay(target: &str, changes: usize, feed: fn(&[u8])) {
    for (path, input) in kept(target) {
        // The one that fails is the last that is named.
        eprintln!("{}", path.display());
        feed(&input);
        let every = (mutations(&input).count() / changes).max(1);
        mutations(&input)
            .step_by(every)
            .for_each(|bytes| feed(&bytes));
    }
}

/// A target without kept inputs would be replayed by nobody.
#[test]
fn every_fuzz_target_has_inputs_that_are_kept() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let names = |dir: &str| {
        let entries = std::fs::read_dir(fuzz.join(dir)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let names = paths.map(|path| path.file_stem().unwrap().to_owned());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names("fuzz_targets"), names("corpus"));
}

#[test]
fn settings_of_any_bytes_are_read_or_refused() {
    replay("settings", 1500, settings);
}

#[test]
fn terms_of_any_letters_are_read_or_told_of() {
    replay("terms", 4000, terms);
}

#[test]
fn profiles_of_any_bytes_are_read_or_refused_and_no_secret_is_told() {
    replay("profiles", 4000, profiles);
}

#[test]
fn snapshots_of_any_bytes_are_read_or_set_aside() {
    replay("snapshot", 8000, snapshot);
}

#[test]
fn answers_of_ec2_of_any_bytes_are_read_alike_in_pieces_and_whole() {
    replay("instances", 4000, instances);
}

#[test]
fn answers_about_interfaces_of_any_bytes_are_read_alike_in_pieces_and_whole() {
    replay("interfaces", 4000, interfaces);
}

#[test]
fn answers_of_ssm_of_any_bytes_are_read_or_refused() {
    replay("agents", 500, agents);
}
