//! Owns the parameters of the query protocol: form decoding and the numbered
//! lists (`Filter.1.Value.2`). It knows no operation.

use std::collections::BTreeMap;

use super::refusal::Refusal;

/// Decoded parameters; a repeated name keeps its last value.
#[derive(Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

/// A filter as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawFilter {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

impl Form {
    /// Reads each of `encoded` (a query string, a body) in turn.
    pub(crate) fn parse(encoded: &[&str]) -> Self {
        let pairs = encoded.iter().flat_map(|text| text.split('&'));
        Self(
            pairs
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A number, or the refusal that EC2 gives for what is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| {
            Refusal::client(
                "InvalidParameterValue",
                format!("Value ( {value} ) for parameter {name} is invalid. Expecting a number."),
            )
        })
    }

    /// `Name.1`, `Name.2`, … up to the first that is missing.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        (1..)
            .map_while(|number| self.0.get(&format!("{name}.{number}")).cloned())
            .collect()
    }

    pub(crate) fn filters(&self) -> Vec<RawFilter> {
        (1..)
            .map_while(|number| {
                let name = self.0.get(&format!("Filter.{number}.Name"))?.clone();
                let values = self.list(&format!("Filter.{number}.Value"));
                Some(RawFilter { name, values })
            })
            .collect()
    }

    /// All that decides which rows are meant: everything but the page itself.
    pub(crate) fn question(&self) -> String {
        let mut question = String::new();
        for (name, value) in &self.0 {
            if name != "NextToken" && name != "MaxResults" {
                question.extend([name, "\0", value, "\0"]);
            }
        }
        question
    }
}

/// Decodes `+` and `%XX`; a broken escape stands for itself.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match tail {
                [high, low, after @ ..] if hex_value(*high, *low).is_some() => {
                    bytes.extend(hex_value(*high, *low));
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_value(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_lists_and_filters_in_order() {
        let form = Form::parse(&[
            "Action=DescribeInstances&NextToken=t",
            "Filter.1.Name=tag%3AName&Filter.1.Value.1=a+b&Filter.1.Value.2=%C3%BC%2&MaxResults=5",
        ]);
        assert_eq!(form.get("Action"), Some("DescribeInstances"));
        assert_eq!(
            form.filters(),
            [RawFilter {
                name: "tag:Name".to_owned(),
                values: vec!["a b".to_owned(), "ü%2".to_owned()],
            }]
        );
        assert_eq!(form.number("MaxResults").expect("a number"), Some(5));
        assert!(!form.question().contains("MaxResults"));
    }

    #[test]
    fn ten_come_after_nine() {
        let body: Vec<String> = (1..=12).map(|n| format!("InstanceId.{n}=i-{n}")).collect();
        let ids = Form::parse(&[&body.join("&")]).list("InstanceId");
        assert_eq!(ids.len(), 12);
        assert_eq!(ids[9], "i-10");
    }
}
