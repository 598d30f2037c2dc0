//! Owns EC2 filters: values of one filter are joined by OR, filters by AND.
//!
//! Invariant: a filter that a resource does not know is refused, never ignored.

use crate::sandbox::form::RawFilter;
use crate::sandbox::pattern::Pattern;
use crate::sandbox::refusal::Refusal;

/// AWS allows no more in one call.
const MOST_VALUES: usize = 200;

/// Says whether a test holds for any of the values that `T` has for an attribute.
pub(crate) type Attribute<T> = fn(&T, &mut dyn FnMut(&str) -> bool) -> bool;

/// Something that can be filtered.
pub(crate) trait Filterable: Sized {
    /// The attribute behind a filter name, if there is one.
    fn attribute(name: &str) -> Option<Attribute<Self>>;
    fn tags(&self) -> &[(String, String)];
}

#[derive(Debug)]
pub(crate) struct Filters<T>(Vec<Filter<T>>);

#[derive(Debug)]
struct Filter<T> {
    subject: Subject<T>,
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
enum Subject<T> {
    Attribute(Attribute<T>),
    Tag(String),
    TagKey,
}

impl<T: Filterable> Filters<T> {
    pub(crate) fn read(filters: Vec<RawFilter>) -> Result<Self, Refusal> {
        let values: usize = filters.iter().map(|filter| filter.values.len()).sum();
        if values > MOST_VALUES {
            return Err(Refusal::client(
                "FilterLimitExceeded",
                format!(
                    "The maximum number of filter values specified on a single call is {MOST_VALUES}"
                ),
            ));
        }
        filters
            .into_iter()
            .map(Filter::read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn accept(&self, item: &T) -> bool {
        self.0.iter().all(|filter| filter.accepts(item))
    }
}

impl<T: Filterable> Filter<T> {
    fn read(raw: RawFilter) -> Result<Self, Refusal> {
        let subject = match raw.name.strip_prefix("tag:") {
            Some(key) => Subject::Tag(key.to_owned()),
            None if raw.name == "tag-key" => Subject::TagKey,
            None => Subject::Attribute(T::attribute(&raw.name).ok_or_else(|| {
                let message = format!("The filter '{}' is invalid", raw.name);
                Refusal::client("InvalidParameterValue", message)
            })?),
        };
        Ok(Self {
            subject,
            patterns: raw.values.iter().map(|v| Pattern::parse(v)).collect(),
        })
    }

    fn accepts(&self, item: &T) -> bool {
        let mut any = |value: &str| self.patterns.iter().any(|pattern| pattern.matches(value));
        match &self.subject {
            Subject::Attribute(attribute) => attribute(item, &mut any),
            Subject::Tag(wanted) => {
                (item.tags().iter()).any(|(key, value)| key == wanted && any(value))
            }
            Subject::TagKey => item.tags().iter().any(|(key, _)| any(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Thing {
        colours: [&'static str; 2],
        tags: Vec<(String, String)>,
    }

    impl Filterable for Thing {
        fn attribute(name: &str) -> Option<Attribute<Self>> {
            match name {
                "colour" => Some(|thing, test| thing.colours.iter().any(|colour| test(colour))),
                _ => None,
            }
        }

        fn tags(&self) -> &[(String, String)] {
            &self.tags
        }
    }

    fn read(filters: &[(&str, &[&str])]) -> Result<Filters<Thing>, Refusal> {
        let raw = filters.iter().map(|(name, values)| RawFilter {
            name: (*name).to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        });
        Filters::read(raw.collect())
    }

    #[test]
    fn values_are_or_and_filters_are_and() {
        let thing = Thing {
            colours: ["red", "blue"],
            tags: vec![("Name".to_owned(), "web-1".to_owned())],
        };
        let accepts = |filters: &[(&str, &[&str])]| read(filters).expect("known").accept(&thing);
        assert!(accepts(&[]));
        assert!(accepts(&[("colour", &["green", "blue"])]));
        assert!(!accepts(&[("colour", &["green"])]));
        assert!(!accepts(&[("colour", &["Red"])]));
        assert!(accepts(&[("colour", &["r*"]), ("tag:Name", &["web-?"])]));
        assert!(!accepts(&[("colour", &["r*"]), ("tag:Name", &["api-?"])]));
        assert!(accepts(&[("tag-key", &["Name", "x"])]));
        assert!(!accepts(&[("tag:name", &["web-1"])]));
        assert!(!accepts(&[("colour", &[])]));
    }

    #[test]
    fn unknown_names_and_too_many_values_are_refused() {
        let refusal = read(&[("shape", &["round"])]).expect_err("unknown");
        assert_eq!(refusal.code, "InvalidParameterValue");
        assert_eq!(refusal.message, "The filter 'shape' is invalid");
        let refusal = read(&[("colour", &["red"; 201])]).expect_err("too many");
        assert_eq!(refusal.code, "FilterLimitExceeded");
    }
}
