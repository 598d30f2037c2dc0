//! Clap's errors in the words of all others.

use aws_ssm_proto::domain::Error;
use clap::error::ErrorKind;

use crate::error::usage;

/// What clap has against a command line, in three parts.
#[must_use]
pub fn mistake(error: &clap::Error) -> Error {
    let rendered = error.to_string();
    let mut paragraphs = rendered.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let what = first.strip_prefix("error: ").unwrap_or(first);
    let tip = paragraphs.find_map(|text| text.trim().strip_prefix("tip: "));
    let (what, why) = what.split_once('\n').unwrap_or((what, ""));
    let mut why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    if why.is_empty() {
        why = reason(error.kind()).to_owned();
    }
    usage(what)
        .why(why)
        .hint(tip.unwrap_or("`aws-ssm --help` and `aws-ssm COMMAND --help` tell what there is"))
}

/// Why it is one, for those of which clap says only what.
fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSubcommand => "there is no such command",
        ErrorKind::UnknownArgument => "nothing of this name belongs here",
        ErrorKind::ArgumentConflict => "each of them says something else",
        _ => "the command line does not read like this",
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::tests::read;
    use super::*;

    #[test]
    fn a_mistake_is_told_in_three_parts() {
        let error = mistake(&read("list --fresch").expect_err("no such flag"));
        assert!(error.what.contains("--fresch"), "{error:?}");
        assert!(error.hint.contains("--fresh"), "{error:?}");
        let error = mistake(&read("lits").expect_err("no such command"));
        assert!(error.hint.contains("list"), "{error:?}");
        for line in [
            "frobnicate",
            "regions surplus",
            "list --count --limit 3",
            "list --count=3",
        ] {
            let error = mistake(&read(line).expect_err("a mistake"));
            for part in [&error.what, &error.why, &error.hint] {
                assert!(!part.is_empty(), "{line}: {error:?}");
            }
        }
        let error = mistake(&read("list --tag").expect_err("no tag"));
        assert!(error.what.contains("<K=V>"), "{error:?}");
        assert!(error.hint.contains("--help"), "{error:?}");
    }
}
