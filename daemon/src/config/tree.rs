//! A file as it stands: every key and every value with its place in it.
//!
//! Keys that are written twice are all here, in their order, so that whoever looks
//! can say where each of them is. Nothing is known of settings.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_yaml::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Location, Spanned};

/// Sections, tunnels and their keys are three; more is no configuration.
const MAX_DEPTH: usize = 16;

/// Where something begins, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u64,
    /// In characters.
    pub(super) column: u64,
}

/// Something and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    pub(super) place: Place,
    pub(super) value: T,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Nothing, yes or no, a number or a text.
    Scalar(Value),
    /// A list, whatever is in it.
    List,
    /// Keys and values, in the order they are written.
    Map(Vec<Entry>),
}

/// A key and its value.
pub(super) type Entry = (Located<String>, Located<Node>);

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NoYaml {
    /// Unknown when the reader cannot tell.
    pub(super) place: Option<Place>,
    /// The reader's words, on one line.
    pub(super) why: String,
}

/// Reads a text; an empty one holds nothing.
pub(super) fn parse(text: &str) -> Result<Option<Located<Node>>, NoYaml> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_depth: MAX_DEPTH },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let error = error.without_snippet();
        let said = error.render_with_formatter(&serde_yaml::UserMessageFormatter);
        let known = |location: &Location| location.line() > 0;
        NoYaml {
            place: error.location().filter(known).map(place),
            why: said.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    })
}

fn place(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            place: place(spanned.referenced),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sections with keys")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        while items.next_element::<Node>()?.is_some() {}
        Ok(Node::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(Value::Null) => f.write_str("empty"),
            Self::Scalar(value) => write!(f, "{value}"),
            Self::List => f.write_str("a list"),
            Self::Map(_) => f.write_str("a section"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Entry> {
        match parse(text).expect("YAML").expect("something").value {
            Node::Map(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_key_and_value_has_its_place() {
        let entries = entries("# first\ncache:\n  ttl_minutes:   5\n");
        let (section, keys) = &entries[0];
        assert_eq!((section.place.line, section.place.column), (2, 1));
        let Node::Map(keys) = &keys.value else {
            panic!("{keys:?}")
        };
        let (key, value) = &keys[0];
        assert_eq!((key.place.line, key.place.column), (3, 3));
        assert_eq!((value.place.line, value.place.column), (3, 18));
        assert_eq!(value.value, Node::Scalar(5.into()));
    }

    #[test]
    fn what_is_written_twice_is_there_twice() {
        let entries = entries("a: {b: 1}\na: {b: 2}\n");
        let lines: Vec<_> = entries.iter().map(|(key, _)| key.place.line).collect();
        assert_eq!(lines, [1, 2]);
    }

    #[test]
    fn values_keep_their_kinds() {
        let entries = entries("a: yes\nb: -1\nc: 0.5\nd:\ne: '5'\nf: [1]\ng: .inf\n");
        let values: Vec<_> = entries
            .into_iter()
            .map(|(_, value)| value.value.to_string())
            .collect();
        assert_eq!(
            values,
            ["true", "-1", "0.5", "empty", "\"5\"", "a list", "\".inf\""]
        );
    }

    #[test]
    fn nothing_is_nothing() {
        for text in ["", "# a comment\n", "---\n"] {
            let node = parse(text).expect("YAML");
            let empty = node.is_none_or(|node| node.value == Node::Scalar(Value::Null));
            assert!(empty, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let error = parse("a: 1\nb: [\n").expect_err("no YAML");
        assert!(
            error.place.is_some_and(|place| place.line >= 2),
            "{error:?}"
        );
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(parse(&deep).is_err());
    }
}
