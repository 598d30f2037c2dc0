//! The checks on paper: for people grouped by subject, a line each, with why and what
//! mends it below those that are not well; for programs a row each.

use std::time::Duration;

use super::check::{Check, Status};
use crate::command::Context;
use crate::error::Failure;
use crate::render::colour::Tone;
use crate::render::page::Page;
use crate::render::sheet::Sheet;
use crate::render::terminal::Look;
use crate::render::time::span;
use crate::render::{Field, Value};

/// Where findings begin, behind the longest word for a status.
const INDENT: usize = 9;

/// Prints the checks and, on standard error, how many of them are well.
///
/// # Errors
///
/// The sink takes no more, a column is unknown; or something is wrong, when all of it
/// has been printed.
pub(super) fn print(
    checks: &[Check],
    took: Duration,
    ctx: &mut Context<'_>,
) -> Result<(), Failure> {
    let format = ctx.format()?;
    if format.is_table() && ctx.settings.columns.is_none() {
        let look = ctx.look(format);
        page(checks, look, ctx.sink.buffer());
    } else {
        ctx.print(sheet(checks))?;
    }
    ctx.sink.flush()?;
    ctx.notices.say(summary(checks, took));
    match count(checks, Status::Failed) {
        0 => Ok(()),
        _ => Err(Failure::Unwell),
    }
}

fn count(checks: &[Check], status: Status) -> usize {
    checks.iter().filter(|check| check.status == status).count()
}

/// As in `23 checks in 1s: 20 ok, 2 warnings, 1 failed`.
fn summary(checks: &[Check], took: Duration) -> String {
    let mut parts = vec![format!("{} ok", count(checks, Status::Ok))];
    let words = [
        (Status::Warning, "warning", "warnings"),
        (Status::Failed, "failed", "failed"),
        (Status::Skipped, "skipped", "skipped"),
    ];
    for (status, one, more) in words {
        match count(checks, status) {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            some => parts.push(format!("{some} {more}")),
        }
    }
    let (all, took, parts) = (checks.len(), span(took), parts.join(", "));
    format!("{all} checks in {took}: {parts}")
}

fn sheet(checks: &[Check]) -> Sheet<'_> {
    let labels = [
        "check", "subject", "about", "status", "finding", "why", "mend",
    ];
    let some = |text: &'_ str| match text {
        "" => Value::Absent,
        text => Value::Owned(text.to_owned()),
    };
    let row = |check: &'_ Check| {
        vec![
            Value::Text(check.name.check),
            Value::Text(check.name.subject),
            some(&check.about),
            Value::Word(check.status.word(), check.status.tone()),
            some(&check.finding),
            some(&check.why),
            some(&check.mend),
        ]
    };
    let rows = checks.iter().map(row).collect();
    Sheet::list(labels.map(Field::named).into(), rows)
}

fn page(checks: &[Check], look: Look, out: &mut Vec<u8>) {
    let label = |check: &Check| match check.about.is_empty() {
        true => check.name.check.to_owned(),
        false => format!("{} {}", check.name.check, check.about),
    };
    let mut subject = "";
    let mut page = Page::new(out, look);
    for check in checks {
        if check.name.subject != subject {
            subject = check.name.subject;
            page.heading(subject);
        }
        let head = format!("{}: {}", label(check), check.finding);
        page.item((check.status.word(), check.status.tone()), INDENT, &head);
        for (word, text) in [("  why", &check.why), ("  mend", &check.mend)] {
            if !text.is_empty() {
                page.item((word, Tone::Faint), INDENT, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Name;
    use super::*;
    use crate::render::terminal::ELLIPSIS;

    const RUN: Name = Name::new("files", "run-directory");

    fn look(width: Option<usize>, colours: bool) -> Look {
        Look {
            width,
            terminal: width.is_some(),
            colours,
            header: true,
            ellipsis: ELLIPSIS,
        }
    }

    fn checks() -> Vec<Check> {
        vec![
            RUN.failed("a directory of the daemon is not safe")
                .why("/run/user/1000/aws-ssm has mode 0755, so others may enter it")
                .mend("run `chmod 700 '/run/user/1000/aws-ssm'`"),
            Name::new("AWS", "region")
                .ok("EC2 answers in 31ms")
                .about("eu-west-1"),
        ]
    }

    fn shown(width: Option<usize>, colours: bool) -> String {
        let mut out = Vec::new();
        page(&checks(), look(width, colours), &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_finding_that_is_not_well_has_its_reason_and_its_mend_below_it() {
        assert_eq!(
            shown(None, false),
            "files\n\
             failed   run-directory: a directory of the daemon is not safe\n  \
             why    /run/user/1000/aws-ssm has mode 0755, so others may enter it\n  \
             mend   run `chmod 700 '/run/user/1000/aws-ssm'`\n\
             \n\
             AWS\n\
             ok       region eu-west-1: EC2 answers in 31ms\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_every_word_and_no_line_that_is_wider_unless_a_word_is() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let whole: Vec<String> = words(&shown(None, false));
        for width in [20, 30, 40, 60, 80] {
            let narrow = shown(Some(width), false);
            let read: Vec<String> = words(&narrow);
            assert_eq!(read, whole, "{width}: {narrow}");
            let too_wide = |line: &&str| line.len() > width && line.trim().contains(' ');
            assert_eq!(narrow.lines().find(too_wide), None, "{width}: {narrow}");
        }
    }

    #[test]
    fn colour_repeats_the_word_and_changes_no_text() {
        let coloured = shown(None, true);
        assert!(coloured.contains("\u{1b}[31mfailed\u{1b}[0m"), "{coloured}");
        let mut plain = String::new();
        for part in coloured.split('\u{1b}') {
            let rest = part.split_once('m').filter(|_| part.starts_with('['));
            plain.push_str(rest.map_or(part, |(_, text)| text));
        }
        assert_eq!(plain, shown(None, false));
    }

    #[test]
    fn the_summary_counts_what_there_is() {
        let said = summary(&checks(), Duration::from_secs(2));
        assert_eq!(said, "2 checks in 2s: 1 ok, 1 failed");
    }
}
