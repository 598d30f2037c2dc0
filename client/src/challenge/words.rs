//! A command line as words, the way the `aws` command reads `credential_process`: with
//! the quotes of a shell, and nothing else of it.

/// A quote that is opened and not closed, or a backslash that nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfinished;

/// Splits at blanks. Between `'` everything is itself; between `"` a backslash protects
/// `"` and itself; elsewhere it protects anything. Variables, `~`, pipes and globs mean
/// nothing.
pub(super) fn split(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => until_quote(&mut rest, word.get_or_insert_default())?,
            '"' => until_double_quote(&mut rest, word.get_or_insert_default())?,
            '\\' => {
                let protected = rest.next().ok_or(Unfinished)?;
                word.get_or_insert_default().push(protected);
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn until_quote(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unfinished> {
    for c in rest {
        match c {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
    Err(Unfinished)
}

fn until_double_quote(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unfinished> {
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or(Unfinished)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
    Err(Unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python's `shlex.split` makes of the same lines.
    #[test]
    fn words_are_those_of_shlex() {
        let cases: [(&str, &[&str]); 12] = [
            ("", &[]),
            ("  give \t it  ", &["give", "it"]),
            ("/opt/a\\ b/give x", &["/opt/a b/give", "x"]),
            (
                "\"/opt/a b/give\" --user 'anna b'",
                &["/opt/a b/give", "--user", "anna b"],
            ),
            ("a'b c'd", &["ab cd"]),
            ("a ''", &["a", ""]),
            (r#""a\"b" "c\\d" "e\f""#, &["a\"b", "c\\d", "e\\f"]),
            (r"'a\b'", &["a\\b"]),
            (r"a\'b", &["a'b"]),
            ("$HOME ~ *.json | x", &["$HOME", "~", "*.json", "|", "x"]),
            ("a # b", &["a", "#", "b"]),
            ("käse 'ü b'", &["käse", "ü b"]),
        ];
        for (line, expected) in cases {
            assert_eq!(split(line).expect("whole"), expected, "{line}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_refused() {
        for line in ["'a", "\"a", "\"a\\", "a\\", "a 'b c"] {
            assert_eq!(split(line), Err(Unfinished), "{line}");
        }
    }
}
