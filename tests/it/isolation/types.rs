//! The rule that no answer is read without proof of whose it is, as the types have it.
//! What the compiler holds is held only as long as the types stay what they are.

use std::path::{Path, PathBuf};

fn daemon() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/src")
}

fn text(file: &str) -> String {
    let text = std::fs::read_to_string(daemon().join(file));
    text.unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every function in a source text that gives back one of these, by its signature.
fn makers<'a>(text: &'a str, gives: &[&str]) -> Vec<&'a str> {
    let functions = text.split("\n    ").filter(|part| {
        let is_function = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn "];
        is_function.iter().any(|start| part.starts_with(start))
    });
    let given = |function: &&str| {
        let result = function.split_once("->").map_or("", |(_, result)| result);
        gives
            .iter()
            .any(|given| result.trim_start().starts_with(given))
    };
    functions.filter(given).collect()
}

#[test]
fn only_the_identity_module_makes_a_verified_identity() {
    let verified = text("identity/verified.rs");
    // Its field is its own: nobody outside can put one together.
    assert!(verified.contains("pub struct VerifiedIdentity(Arc<Inner>);"));
    assert!(verified.contains("\nstruct Inner {"));
    for derived in ["Default", "Deserialize", "From<"] {
        assert!(!verified.contains(derived), "{derived}");
    }
    let code = verified.split("#[cfg(test)]").next().expect("code");
    for maker in code.match_indices("-> Self").map(|(at, _)| &code[..at]) {
        let begin = maker.rfind("fn ").expect("a function");
        assert!(
            maker[..begin].ends_with("pub(super) "),
            "{}",
            &maker[begin..]
        );
    }
    // The module that it belongs to is seen by no other crate.
    assert!(text("lib.rs").contains("\nmod identity;\n"));
}

#[test]
fn every_key_of_the_cache_comes_from_a_verified_identity() {
    let (entry, cached) = (
        text("inventory/cached/entry.rs"),
        text("inventory/cached.rs"),
    );
    let key = entry.split_once("pub struct Key {").expect("the key").1;
    let fields = key.split_once('}').expect("its end").0;
    assert!(!fields.contains("pub"), "{fields}");
    let key = entry.split_once("impl Key {").expect("its functions").1;
    let key = key.split_once("\n}\n").expect("their end").0;
    for (text, gives) in [(key, "Self "), (&cached, "Key ")] {
        let makers = makers(text, &[gives]);
        assert!(!makers.is_empty());
        for maker in makers {
            // Or from a key, which came from one.
            let is_from_one = maker.contains("identity: &VerifiedIdentity");
            assert!(is_from_one || maker.contains("(self, "), "{maker}");
        }
    }
}

#[test]
fn every_way_to_read_the_cache_asks_for_a_verified_identity() {
    let cached = text("inventory/cached.rs");
    for reader in [
        "fn find(",
        "async fn get(",
        "fn settle(",
        "async fn refresh(",
    ] {
        let (_, rest) = cached.split_once(reader).expect("a way to read");
        let (parameters, _) = rest.split_once("->").expect("an answer");
        assert!(
            parameters.contains("identity: &VerifiedIdentity"),
            "{reader}"
        );
    }
}
