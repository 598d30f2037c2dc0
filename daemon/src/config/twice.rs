//! What is written twice. Which of the two was meant cannot be known, so neither
//! counts; a section's two halves are shown as one, to be put in their place.

use std::collections::HashMap;
use std::path::Path;

use super::mistake::{At, Mistake};
use super::setting;
use super::tree::{Entry, Node};

/// Sections that are there more than once; those that mean nothing are wrong anyway.
pub(super) fn sections(path: &Path, entries: &[Entry]) -> Vec<Mistake> {
    let known = |(name, _): &&Entry| setting::sections().contains(&name.value.as_str());
    let again = repeated(entries.iter().filter(known)).map(|(first, again)| {
        let section = &again.0.value;
        mistake(path, section, first, again)
            .hint("write it once, as below")
            .instead(merged(section, entries))
    });
    again.collect()
}

/// Keys of one section that are there more than once.
pub(super) fn keys(path: &Path, section: &str, entries: &[Entry]) -> Vec<Mistake> {
    let again = repeated(entries.iter()).map(|(first, again)| {
        let name = format!("{section}.{}", again.0.value);
        mistake(path, &name, first, again).hint("leave one of them out")
    });
    again.collect()
}

fn mistake(path: &Path, name: &str, first: &Entry, again: &Entry) -> Mistake {
    let at = At::File(path.to_owned(), Some(again.0.place));
    let why = format!(
        "it stands on line {} too, and only one of the two could count",
        first.0.place.line
    );
    Mistake::new(at, name, format!("{name} is written twice")).why(why)
}

/// The first and the second entry of each key that has several.
fn repeated<'a>(
    entries: impl Iterator<Item = &'a Entry>,
) -> impl Iterator<Item = (&'a Entry, &'a Entry)> {
    let mut firsts = HashMap::new();
    entries.filter_map(move |entry| {
        let (first, times) = firsts.entry(&entry.0.value).or_insert((entry, 0));
        *times += 1;
        (*times == 2).then_some((*first, entry))
    })
}

/// All settings of all sections of this name. Of one that is in both, the later
/// value stands, because it was added last, and the line of the other is named.
fn merged(section: &str, entries: &[Entry]) -> Vec<String> {
    let mut merged: Vec<Line<'_>> = Vec::new();
    let halves = entries.iter().filter(|(name, _)| name.value == section);
    let keys = halves.flat_map(|(_, node)| match &node.value {
        Node::Map(keys) => keys.as_slice(),
        _ => &[],
    });
    for (key, value) in keys {
        if setting::find(&format!("{section}.{}", key.value)).is_none() {
            continue;
        }
        let line = Line {
            key: &key.value,
            value: value.value.to_string(),
            number: key.place.line,
            other: None,
        };
        match merged.iter_mut().find(|before| before.key == line.key) {
            Some(before) if before.value == line.value => {}
            Some(before) => {
                let other = Some(before.number);
                *before = Line { other, ..line };
            }
            None => merged.push(line),
        }
    }
    let lines = merged.iter().map(|line| match line.other {
        Some(other) => format!("  {}: {}  # not as on line {other}", line.key, line.value),
        None => format!("  {}: {}", line.key, line.value),
    });
    std::iter::once(format!("{section}:"))
        .chain(lines)
        .collect()
}

/// A setting as it stands in the section that is put together.
struct Line<'a> {
    key: &'a str,
    value: String,
    number: u64,
    /// Where it has another value.
    other: Option<u64>,
}
