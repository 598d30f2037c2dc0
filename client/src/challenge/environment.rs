//! What stands for the environment that a credential process would see.
//!
//! The daemon shares what such a process gives only among calls with equal digests. It
//! gets the digest and never the environment, most of which is none of its business.
//! The hash has no key and is quick: only the user himself could make two environments
//! of his collide.

use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use aws_ssm_proto::domain::EnvironmentDigest;

/// What shells and terminals keep for themselves. With these, every window and every
/// prompt would have an environment of its own.
const IGNORED: [&str; 9] = [
    "COLUMNS",
    "LINES",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "TERM_SESSION_ID",
    "TMUX_PANE",
    "WINDOWID",
    "_",
];

/// Equal for equal variables, in whatever order, and an equal working directory.
pub(super) fn digest(
    mut variables: Vec<(OsString, OsString)>,
    directory: &Path,
) -> EnvironmentDigest {
    variables.retain(|(name, _)| !IGNORED.iter().any(|ignored| name == ignored));
    variables.sort_unstable();
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        write(&mut hasher, directory.as_os_str());
        for (name, value) in &variables {
            write(&mut hasher, name);
            write(&mut hasher, value);
        }
        hasher.finish().to_le_bytes()
    };
    let mut digest = EnvironmentDigest::default();
    let (one, other) = digest.split_at_mut(8);
    one.copy_from_slice(&half(0));
    other.copy_from_slice(&half(1));
    digest
}

/// With its length before it, so that none can pass for a part of another.
fn write(hasher: &mut DefaultHasher, text: &OsStr) {
    let bytes = text.as_encoded_bytes();
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], directory: &str) -> EnvironmentDigest {
        let owned = variables.iter().map(|(n, v)| (n.into(), v.into()));
        digest(owned.collect(), Path::new(directory))
    }

    #[test]
    fn other_variables_values_and_directories_have_other_digests() {
        let different = [
            of(&[], "/"),
            of(&[], "/h"),
            of(&[("A", "bc")], "/"),
            of(&[("AB", "c")], "/"),
            of(&[("A", "b"), ("C", "")], "/"),
            of(&[("A", ""), ("C", "b")], "/"),
        ];
        for (place, one) in different.iter().enumerate() {
            assert!(!different[place + 1..].contains(one), "{place}");
            assert_ne!(one[..8], one[8..]);
        }
    }

    #[test]
    fn order_and_what_a_shell_keeps_for_itself_do_not_count() {
        let one = of(&[("A", "1"), ("B", "2")], "/");
        let other = of(&[("SHLVL", "3"), ("B", "2"), ("_", "x"), ("A", "1")], "/");
        assert_eq!(one, other);
    }
}
