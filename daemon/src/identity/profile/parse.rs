//! Reads the text of a shared AWS file into sections.
//!
//! As forgiving as the `aws` command: `=` or `:` between name and value, keys
//! at any indent, values that go on below, comments with `#` or `;`, and one
//! level of nested properties. Refuses what that command refuses, naming the
//! line. An error never carries a line's content, because that may be a secret.

use std::collections::BTreeMap;

use thiserror::Error;
use zeroize::Zeroizing;

/// The sections of one file, by the text between their brackets.
pub(super) type Sections = BTreeMap<String, Section>;

/// One section as it stands in its file.
pub(super) struct Section {
    /// Where its header is, counted from 1.
    pub(super) line: usize,
    pub(super) properties: BTreeMap<String, RawProperty>,
}

/// One property as it stands in its file.
#[derive(Clone)]
pub(super) struct RawProperty {
    pub(super) line: usize,
    /// The value's lines, joined by a newline.
    pub(super) value: Zeroizing<String>,
    /// The properties nested below it.
    pub(super) nested: BTreeMap<String, String>,
}

/// A line that is not of the format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl ParseError {
    fn new(line: usize, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { line, reason }
    }
}

/// Where the next line belongs.
#[derive(Default)]
struct Cursor {
    section: Option<String>,
    property: Option<String>,
    /// Columns before the property's name; a line further in continues it.
    indent: usize,
}

/// The sections of a file with these bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Sections, ParseError> {
    let text = decode(bytes)?;
    let mut sections = Sections::new();
    let mut cursor = Cursor::default();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with(['#', ';']) {
            read_line(&mut sections, &mut cursor, line, index + 1)?;
        }
    }
    Ok(sections)
}

fn decode(bytes: &[u8]) -> Result<&str, ParseError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        ParseError::new(line, "the text is not UTF-8")
    })
}

fn read_line(
    sections: &mut Sections,
    cursor: &mut Cursor,
    line: &str,
    number: usize,
) -> Result<(), ParseError> {
    let indent = line.len() - line.trim_start().len();
    let text = without_comment(line.trim());
    if let (Some(section), Some(property)) = (&cursor.section, &cursor.property)
        && indent > cursor.indent
    {
        let property = sections
            .get_mut(section)
            .and_then(|section| section.properties.get_mut(property))
            .expect("the cursor names what was inserted");
        return continue_property(property, text, number);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return open_section(sections, cursor, rest, number);
    }
    cursor.indent = indent;
    open_property(sections, cursor, text, number)
}

fn open_section(
    sections: &mut Sections,
    cursor: &mut Cursor,
    rest: &str,
    number: usize,
) -> Result<(), ParseError> {
    let name = match rest.split_once(']') {
        Some((name, _)) if !name.trim().is_empty() => name.trim().to_owned(),
        Some(_) => return Err(ParseError::new(number, "a section has no name")),
        None => return Err(ParseError::new(number, "a section's name lacks its `]`")),
    };
    if let Some(first) = sections.get(&name) {
        let reason = format!("section [{name}] stands already on line {}", first.line);
        return Err(ParseError::new(number, reason));
    }
    let section = Section {
        line: number,
        properties: BTreeMap::new(),
    };
    sections.insert(name.clone(), section);
    *cursor = Cursor {
        section: Some(name),
        ..Cursor::default()
    };
    Ok(())
}

fn open_property(
    sections: &mut Sections,
    cursor: &mut Cursor,
    text: &str,
    number: usize,
) -> Result<(), ParseError> {
    let section = cursor
        .section
        .as_ref()
        .and_then(|name| sections.get_mut(name))
        .ok_or_else(|| ParseError::new(number, "a setting stands before the first [section]"))?;
    let (name, value) = split_property(text, &['=', ':'], number)?;
    let name = name.to_ascii_lowercase();
    if let Some(first) = section.properties.get(&name) {
        let reason = format!("`{name}` is set already on line {}", first.line);
        return Err(ParseError::new(number, reason));
    }
    let property = RawProperty {
        line: number,
        value: Zeroizing::new(value.to_owned()),
        nested: BTreeMap::new(),
    };
    section.properties.insert(name.clone(), property);
    cursor.property = Some(name);
    Ok(())
}

/// A property without a value of its own opens a block of nested properties;
/// any other goes on with its value.
fn continue_property(
    property: &mut RawProperty,
    text: &str,
    number: usize,
) -> Result<(), ParseError> {
    if property.value.is_empty() {
        let (name, value) = split_property(text, &['='], number)?;
        property.nested.insert(name.to_owned(), value.to_owned());
    } else {
        property.value.push('\n');
        property.value.push_str(text);
    }
    Ok(())
}

fn split_property<'a>(
    text: &'a str,
    signs: &[char],
    number: usize,
) -> Result<(&'a str, &'a str), ParseError> {
    match text.split_once(signs) {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim_end(), value.trim_start())),
        Some(_) => Err(ParseError::new(number, "a value has no name before it")),
        None => Err(ParseError::new(number, "expected `name = value`")),
    }
}

/// Cuts a comment that blank space sets off. Access keys never hold a space, so
/// no secret is cut.
fn without_comment(text: &str) -> &str {
    let mut after_blank = false;
    for (index, character) in text.char_indices() {
        if after_blank && matches!(character, '#' | ';') {
            return text[..index].trim_end();
        }
        after_blank = character.is_whitespace();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(sections: &Sections, section: &str, property: &str) -> String {
        sections[section].properties[property].value.to_string()
    }

    fn refusal(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(_) => panic!("{text:?} was accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn plain_sections_are_read() {
        let text = "\u{feff}# first\r\n[default]\r\nregion = eu-west-1\r\n\r\n\
                    [profile a b] ; note\nRegion=us-east-1 # home\n; last\noutput: json\n";
        let sections = parse(text.as_bytes()).unwrap();
        assert_eq!(value(&sections, "default", "region"), "eu-west-1");
        assert_eq!(value(&sections, "profile a b", "region"), "us-east-1");
        assert_eq!(value(&sections, "profile a b", "output"), "json");
    }

    #[test]
    fn a_secret_keeps_the_signs_it_is_made_of() {
        let sections = parse(b"[a]\naws_secret_access_key = ab/c+d=e#f;g:h==\n").unwrap();
        let secret = value(&sections, "a", "aws_secret_access_key");
        assert_eq!(secret, "ab/c+d=e#f;g:h==");
    }

    #[test]
    fn indented_keys_are_keys_of_their_section() {
        let sections = parse(b"[a]\n  region = x\n  output = y\n[b]\nregion = z\n").unwrap();
        assert_eq!(value(&sections, "a", "output"), "y");
        assert_eq!(value(&sections, "b", "region"), "z");
    }

    #[test]
    fn nested_properties_belong_to_the_key_above() {
        let text = "[services local]\nec2 =\n  endpoint_url = http://a\n\n  # note\n  x = y\nssm =\n  endpoint_url = http://b\n";
        let sections = parse(text.as_bytes()).unwrap();
        let services = &sections["services local"].properties;
        assert_eq!(services["ec2"].nested["endpoint_url"], "http://a");
        assert_eq!(services["ec2"].nested["x"], "y");
        assert_eq!(services["ssm"].nested["endpoint_url"], "http://b");
    }

    #[test]
    fn a_value_goes_on_below() {
        let sections = parse(b"[a]\nx = one\n    two\ny = 3\n").unwrap();
        assert_eq!(value(&sections, "a", "x"), "one\ntwo");
        assert_eq!(value(&sections, "a", "y"), "3");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            ("region = x\n", "line 1: a setting stands before"),
            ("[a]\nregion x\n", "line 2: expected `name = value`"),
            ("[a]\n= x\n", "line 2: a value has no name"),
            ("\n[a\n", "line 2: a section's name lacks"),
            ("[ ]\n", "line 1: a section has no name"),
            (
                "[a]\n[b]\n[a]\n",
                "line 3: section [a] stands already on line 1",
            ),
            ("[a]\nx=1\nX=2\n", "line 3: `x` is set already on line 2"),
            ("[a]\ns3 =\n  nonsense\n", "line 3: expected `name = value`"),
        ];
        for (text, expected) in cases {
            let shown = refusal(text);
            assert!(shown.starts_with(expected), "{text:?}: {shown}");
        }
        let error = parse(b"[a]\nx = \xff\n").err().unwrap();
        assert_eq!(error.line, 2);
    }

    #[test]
    fn an_error_never_shows_what_the_line_holds() {
        assert!(!refusal("[a]\nwJalrXUtnFEMI\n").contains("wJalr"));
    }
}
