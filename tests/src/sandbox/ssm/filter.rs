//! Owns the filters of DescribeInstanceInformation, in the present form
//! (`Filters`) and the old one (`InstanceInformationFilterList`).

use serde_json::{Map, Value};

use super::node::Node;
use crate::sandbox::refusal::Refusal;

/// Values of one filter are joined by OR, filters by AND; values are exact.
#[derive(Debug)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Debug)]
struct Filter {
    key: Key,
    values: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Key {
    InstanceIds,
    PingStatus,
    PlatformTypes,
    ResourceType,
    AgentVersion,
    ActivationIds,
    IamRole,
    AssociationStatus,
    SourceIds,
    SourceTypes,
    Tag(String),
    AnyTag,
}

impl Filters {
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let present = |name: &str| body.get(name).and_then(Value::as_array);
        let new = present("Filters").map(|list| (list, "Key", "Values"));
        let old = present("InstanceInformationFilterList").map(|list| (list, "key", "valueSet"));
        let (list, key, values) = match (new, old) {
            (Some(_), Some(_)) => {
                return Err(Refusal::client(
                    "ValidationException",
                    "Filters and InstanceInformationFilterList cannot be specified at the same time",
                ));
            }
            (None, None) => return Ok(Self(Vec::new())),
            (Some(form), None) | (None, Some(form)) => form,
        };
        let filter = |filter: &Value| {
            let values = filter[values].as_array().into_iter().flatten();
            let values = values.filter_map(|value| Some(value.as_str()?.to_owned()));
            Ok(Filter {
                key: Key::read(filter[key].as_str().unwrap_or_default())?,
                values: values.collect(),
            })
        };
        list.iter().map(filter).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn accept(&self, node: &Node<'_>) -> bool {
        self.0.iter().all(|filter| filter.accepts(node))
    }
}

impl Key {
    fn read(key: &str) -> Result<Self, Refusal> {
        Ok(match key {
            "InstanceIds" => Self::InstanceIds,
            "PingStatus" => Self::PingStatus,
            "PlatformTypes" => Self::PlatformTypes,
            "ResourceType" => Self::ResourceType,
            "AgentVersion" => Self::AgentVersion,
            "ActivationIds" => Self::ActivationIds,
            "IamRole" => Self::IamRole,
            "AssociationStatus" => Self::AssociationStatus,
            "SourceIds" => Self::SourceIds,
            "SourceTypes" => Self::SourceTypes,
            "tag-key" => Self::AnyTag,
            _ => match key.strip_prefix("tag:") {
                Some(tag) => Self::Tag(tag.to_owned()),
                None => {
                    let message = format!("The specified filter key '{key}' is not valid.");
                    return Err(Refusal::client("InvalidFilterKey", message));
                }
            },
        })
    }
}

impl Filter {
    fn accepts(&self, node: &Node<'_>) -> bool {
        let any = |value: &str| self.values.iter().any(|wanted| wanted == value);
        match &self.key {
            Key::InstanceIds | Key::SourceIds => any(node.id()),
            Key::PingStatus => any(node.ping()),
            Key::PlatformTypes => any(node.platform_type()),
            Key::ResourceType => any(node.resource_type()),
            Key::AgentVersion => any(node.agent_version()),
            Key::ActivationIds => node.activation().is_some_and(any),
            Key::IamRole => node.iam_role().is_some_and(any),
            Key::AssociationStatus => any(node.association_status()),
            Key::SourceTypes => any(node.source_type()),
            Key::Tag(key) => (node.tags().iter()).any(|(name, value)| name == key && any(value)),
            Key::AnyTag => node.tags().iter().any(|(name, _)| any(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Filters, Refusal> {
        Filters::read(body.as_object().expect("an object"))
    }

    #[test]
    fn both_forms_are_read() {
        let new = read(json!({"Filters": [{"Key": "tag:Name", "Values": ["a", "b"]}]}));
        let filter = &new.expect("known").0[0];
        assert_eq!(filter.key, Key::Tag("Name".to_owned()));
        assert_eq!(filter.values, ["a", "b"]);
        let old = read(json!({
            "InstanceInformationFilterList": [{"key": "InstanceIds", "valueSet": ["i-1"]}]
        }));
        assert_eq!(old.expect("known").0[0].key, Key::InstanceIds);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let refusal = read(json!({"Filters": [{"Key": "Colour", "Values": []}]}));
        assert_eq!(refusal.expect_err("unknown").code, "InvalidFilterKey");
    }
}
