//! A line of bash that is being typed, up to the cursor: its words as the program
//! will get them, and how the last one can be gone on with.
//!
//! bash itself splits words at `:` and `=` too, and replaces only what comes after
//! the last of them; what is answered must begin there and be quoted as that place
//! is.

use std::str::Chars;

/// The quotation that a place is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Quote {
    #[default]
    None,
    Single,
    Double,
}

/// What a backslash protects between double quotes.
const SPECIAL_IN_DOUBLE: &str = "\"\\$`";

/// What a shell takes for its own where nothing is quoted.
const SPECIAL: &str = " \\'\"$`!&;|<>()[]{}*?#~^";

/// The words of the command before the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Whole words, the program's own name not among them.
    pub words: Vec<String>,
    /// What there is of the last word.
    pub current: String,
    /// How the end of that is quoted.
    pub open_quote: Quote,
    /// Bytes of it that bash leaves as they are.
    kept: usize,
    /// It is the name of a file, as after `>`.
    pub is_file: bool,
}

impl Typed {
    /// The words of a shell that splits and quotes them itself; the last is being
    /// typed.
    #[must_use]
    pub fn words(mut words: Vec<String>) -> Self {
        Self {
            current: words.pop().unwrap_or_default(),
            words,
            ..Self::default()
        }
    }

    /// The words of a line of bash. `breaks` are its `COMP_WORDBREAKS`.
    #[must_use]
    pub fn line(line: &str, breaks: &str) -> Self {
        let mut scan = Scan {
            breaks,
            ..Scan::default()
        };
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            scan.take(c, &mut chars);
        }
        scan.finish()
    }

    /// What bash puts in place of what it replaces, so that the word becomes `value`.
    #[must_use]
    pub fn quote(&self, value: &str) -> String {
        let rest = value.get(self.kept..).unwrap_or(value);
        let mut text = String::with_capacity(rest.len() + 8);
        for c in rest.chars() {
            match self.open_quote {
                Quote::Single if c == '\'' => text.push_str(r"'\''"),
                Quote::Double if SPECIAL_IN_DOUBLE.contains(c) => text.extend(['\\', c]),
                Quote::None if SPECIAL.contains(c) => text.extend(['\\', c]),
                _ => text.push(c),
            }
        }
        text
    }
}

#[derive(Default)]
struct Scan<'a> {
    breaks: &'a str,
    done: Vec<String>,
    word: String,
    /// There is a word, be it empty as `""` is.
    begun: bool,
    quote: Quote,
    kept: usize,
    /// The word is the name of a file.
    is_file: bool,
    /// The command that this one is within, as in `$(…)`.
    outer: Option<Box<Self>>,
}

impl Scan<'_> {
    fn take(&mut self, c: char, rest: &mut Chars<'_>) {
        match (self.quote, c) {
            (Quote::Single, '\'') | (Quote::Double, '"') => self.quote = Quote::None,
            (Quote::Double, '\\') => match rest.next() {
                Some(next) if SPECIAL_IN_DOUBLE.contains(next) => self.word.push(next),
                next => self.word.extend(std::iter::once(c).chain(next)),
            },
            (Quote::Single | Quote::Double, _) => self.word.push(c),
            (Quote::None, '\'') => self.open(Quote::Single),
            (Quote::None, '"') => self.open(Quote::Double),
            (Quote::None, '\\') => {
                self.begun = true;
                self.word.extend(rest.next());
            }
            (Quote::None, ' ' | '\t') => self.end_word(),
            (Quote::None, '\n' | '|' | '&' | ';') => self.begin_command(),
            (Quote::None, '(') => self.nest(),
            (Quote::None, ')') => self.unnest(),
            (Quote::None, '<' | '>') => self.redirect(),
            (Quote::None, _) => {
                self.begun = true;
                self.word.push(c);
                if self.breaks.contains(c) {
                    self.kept = self.word.len();
                }
            }
        }
    }

    fn open(&mut self, quote: Quote) {
        self.begun = true;
        self.quote = quote;
        self.kept = self.word.len();
    }

    fn end_word(&mut self) {
        if !self.begun {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if !std::mem::take(&mut self.is_file) {
            self.done.push(word);
        }
        (self.begun, self.kept) = (false, 0);
    }

    fn redirect(&mut self) {
        // As in `2> errors`.
        if self.word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.word.clear();
            (self.begun, self.kept) = (false, 0);
        }
        self.end_word();
        self.is_file = true;
    }

    fn begin_command(&mut self) {
        *self = Self {
            breaks: self.breaks,
            outer: self.outer.take(),
            ..Self::default()
        };
    }

    fn nest(&mut self) {
        let inner = Self {
            breaks: self.breaks,
            ..Self::default()
        };
        let outer = std::mem::replace(self, inner);
        self.outer = Some(Box::new(outer));
    }

    /// What the inner command makes of the word is not known here.
    fn unnest(&mut self) {
        if let Some(outer) = self.outer.take() {
            *self = *outer;
            self.begun = true;
        }
    }

    fn finish(self) -> Typed {
        // Variables for the command stand before its name.
        let name = self.done.iter().position(|word| !is_assignment(word));
        let own = name.map_or(self.done.len(), |name| name + 1);
        Typed {
            words: self.done[own..].to_vec(),
            current: self.word,
            open_quote: self.quote,
            kept: self.kept,
            is_file: self.is_file,
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else {
        return false;
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'><=;|&(:";

    fn typed(line: &str) -> Typed {
        Typed::line(line, BREAKS)
    }

    #[test]
    fn words_are_split_as_the_shell_splits_them() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("aws-ssm ", &[], ""),
            ("aws-ssm li", &[], "li"),
            (
                r#"aws-ssm show 'a b' "c\"d" e\ f g"#,
                &["show", "a b", "c\"d", "e f"],
                "g",
            ),
            (r#"aws-ssm show "a b"#, &["show"], "a b"),
            (r#"aws-ssm -p "" x"#, &["-p", ""], "x"),
            ("AWS_PROFILE=a aws-ssm list ", &["list"], ""),
            ("sleep 1; aws-ssm list -o j", &["list", "-o"], "j"),
            ("echo $(aws-ssm resolve w", &["resolve"], "w"),
            ("aws-ssm list 2> errors -o j", &["list", "-o"], "j"),
            ("aws-ssm show $(cat a; b) w", &["show", "$"], "w"),
            ("(true) && aws-ssm list ) -o j", &["list", "-o"], "j"),
        ];
        for (line, words, current) in cases {
            let typed = typed(line);
            assert_eq!(typed.words, *words, "{line}");
            assert_eq!(typed.current, *current, "{line}");
            assert!(!typed.is_file, "{line}");
        }
        assert!(typed("aws-ssm list > li").is_file);
    }

    #[test]
    fn what_is_answered_begins_where_bash_replaces() {
        for (line, value, text) in [
            ("aws-ssm show we", "web 1", r"web\ 1"),
            ("aws-ssm list -t Team=w", "Team=web", "web"),
            ("aws-ssm list --output=j", "--output=json", "json"),
            ("aws-ssm list --columns tag:T", "tag:Team", "Team"),
            ("aws-ssm show \"we", "web $1", r"web \$1"),
            ("aws-ssm show 'we", "web's", r"web'\''s"),
            ("aws-ssm list -t Team=\"a b", "Team=a b:c", "a b:c"),
            (r"aws-ssm list -t a\:b=", "a:b=c", "c"),
        ] {
            assert_eq!(typed(line).quote(value), text, "{line}");
        }
    }

    /// Whatever it is, the shell makes it that word again.
    #[test]
    fn what_is_quoted_reads_back() {
        let mut values: Vec<String> = (' '..='~').map(|c| format!("a{c}b")).collect();
        values.push("büro 東京".to_owned());
        for value in &values {
            for start in ["", "'", "\""] {
                let place = typed(&format!("aws-ssm show {start}"));
                let line = format!("aws-ssm show {start}{}", place.quote(value));
                assert_eq!(typed(&line).current, *value, "{line}");
            }
        }
    }
}
