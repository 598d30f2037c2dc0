//! What of a question EC2 itself can choose by.
//!
//! Case counts in EC2's filters and not in our values, so a term becomes a filter only
//! where both mean the same set: for words that AWS writes in small letters, for whole
//! ids, and for `--tag`. Everything is put to the rows once more, so that a filter may
//! leave rows for us to choose from, but must never take one away.

use aws_ssm_proto::domain::InstanceState;

use super::Conditions;
use super::pattern::Pattern;
use super::term::{Term, Test};
use crate::aws::{Filter, Filters, MOST_VALUES};
use crate::inventory::SharedField;

/// AWS has no shorter ids than those of 8 digits, which may begin longer ones.
const WHOLE_ID: usize = 17;

/// AWS takes no longer value.
const LONGEST: usize = 255;

impl Conditions {
    /// The filters that every instance passes which meets the conditions.
    #[must_use]
    pub fn filters(&self) -> Filters {
        let mut filters: Vec<Filter> = Vec::new();
        let mut room = MOST_VALUES;
        let states = self.states();
        let states = states.map(|states| ("instance-state-name".to_owned(), states));
        let terms = self.terms.iter().filter(|term| !term.excludes);
        for (name, values) in states.into_iter().chain(terms.filter_map(filter)) {
            let known = filters.iter().any(|filter| filter.name == name);
            if !known && values.len() <= room {
                room -= values.len();
                filters.push(Filter { name, values });
            }
        }
        filters.into()
    }

    /// The states that an instance may have; `None` for any.
    fn states(&self) -> Option<Vec<String>> {
        let mut states: Option<Vec<InstanceState>> = None;
        let mut narrow = |may: &dyn Fn(InstanceState) -> bool| {
            let states = states.get_or_insert_with(|| InstanceState::ALL.to_vec());
            states.retain(|state| may(*state));
        };
        if !self.all_states {
            narrow(&InstanceState::is_listed_by_default);
        }
        for term in self.terms.iter().filter(|term| !term.excludes) {
            match &term.test {
                Test::State(wanted) => narrow(&|state| wanted.contains(&state)),
                Test::Up(_) => narrow(&InstanceState::is_listed_by_default),
                _ => {}
            }
        }
        // Terms that no state meets choose nothing, which has no name in EC2.
        let states = states.filter(|states| !states.is_empty())?;
        Some(
            states
                .iter()
                .map(|state| state.as_str().to_owned())
                .collect(),
        )
    }
}

/// The filter of one term.
fn filter(term: &Term) -> Option<(String, Vec<String>)> {
    let (name, values) = match &term.test {
        Test::Text(SharedField::Type, values) => ("instance-type", each(values, equal)?),
        Test::Text(SharedField::Az, values) => ("availability-zone", each(values, equal)?),
        Test::Text(SharedField::Vpc, values) => ("vpc-id", each(values, equal)?),
        Test::Text(SharedField::Subnet, values) => ("subnet-id", each(values, equal)?),
        Test::Text(SharedField::Arch, values) => ("architecture", each(values, equal)?),
        Test::Text(SharedField::Image, values) => {
            ("image-id", each(values, |value| whole("ami-", value))?)
        }
        Test::Id(values) => ("instance-id", each(values, |value| whole("i-", value))?),
        Test::Group(values) => ("instance.group-id", each(values, group)?),
        Test::Tag(Pattern::Literal(key), values) => {
            let values = each(values, literal)?;
            return is_plain(key).then(|| (format!("tag:{key}"), values));
        }
        _ => return None,
    };
    Some((name.to_owned(), values))
}

fn each<'a>(
    values: &'a [Pattern],
    read: impl Fn(&'a Pattern) -> Option<&'a str>,
) -> Option<Vec<String>> {
    values
        .iter()
        .map(|value| read(value).map(str::to_owned))
        .collect()
}

/// A whole value in small letters.
fn equal(value: &Pattern) -> Option<&str> {
    match value {
        Pattern::Equal(text) if text.is_ascii() && is_plain(text) => Some(text),
        _ => None,
    }
}

/// A whole id of a kind, which is part of no other.
fn whole<'a>(start: &str, value: &'a Pattern) -> Option<&'a str> {
    let Pattern::Contains(text) = value else {
        return None;
    };
    let digits = text.strip_prefix(start)?;
    let is_id = digits.len() == WHOLE_ID && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then_some(text)
}

/// The id of a security group. No group's name begins like one, so it is not both.
fn group(value: &Pattern) -> Option<&str> {
    equal(value).filter(|text| text.starts_with("sg-"))
}

fn literal(value: &Pattern) -> Option<&str> {
    match value {
        Pattern::Literal(text) if is_plain(text) => Some(text),
        _ => None,
    }
}

/// Nothing in it has a meaning in a filter, and AWS takes it.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && !text.contains(['*', '?', '\\'])
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::domain::{ListQuery, TagFilter};

    use super::*;

    fn filters(terms: &[&str], all_states: bool) -> Vec<String> {
        let query = ListQuery {
            terms: terms.iter().map(|term| (*term).to_owned()).collect(),
            all_states,
            ..ListQuery::default()
        };
        shown(&query)
    }

    fn shown(query: &ListQuery) -> Vec<String> {
        let filters = Conditions::new(query, 0).expect("terms").filters();
        let filters = filters.iter();
        filters
            .map(|filter| format!("{}={}", filter.name, filter.values.join(",")))
            .collect()
    }

    #[test]
    fn the_states_that_a_list_shows_are_asked_for() {
        assert_eq!(filters(&[], false), ["instance-state-name=pending,running"]);
        assert!(filters(&[], true).is_empty());
        assert_eq!(
            filters(&["state:stop*"], false),
            ["instance-state-name=stopping,stopped"]
        );
        assert_eq!(
            filters(&["state:*ing", "state:stop*"], false),
            ["instance-state-name=stopping"]
        );
        assert_eq!(
            filters(&["up:<1d"], true),
            ["instance-state-name=pending,running"]
        );
        // What is in a state that we have no word for is not any of ours.
        assert!(filters(&["!state:running"], false).is_empty());
    }

    #[test]
    fn words_that_aws_writes_small_are_asked_for_whatever_their_case() {
        assert_eq!(
            filters(&["type:T3.Micro,m5.large", "zone:EU-west-1a"], true),
            [
                "instance-type=t3.micro,m5.large",
                "availability-zone=eu-west-1a"
            ]
        );
        assert_eq!(
            filters(
                &["vpc:vpc-1", "subnet:subnet-2", "arch:arm64", "sg:SG-3"],
                true
            ),
            [
                "vpc-id=vpc-1",
                "subnet-id=subnet-2",
                "architecture=arm64",
                "instance.group-id=sg-3"
            ]
        );
    }

    #[test]
    fn whole_ids_are_asked_for_and_parts_are_not() {
        let id = "0123456789abcdef0";
        assert_eq!(
            filters(&[&format!("id:I-{id}"), &format!("image:ami-{id}")], true),
            [format!("instance-id=i-{id}"), format!("image-id=ami-{id}")]
        );
        for term in [
            "id:i-01234567",
            "id:0123456789abcdef0",
            "image:ami-",
            "id:i-*",
        ] {
            assert!(filters(&[term], true).is_empty(), "{term}");
        }
    }

    #[test]
    fn what_filters_cannot_say_exactly_is_left_to_us() {
        for term in [
            "web",
            "name:web",
            "type:t3.*",
            "type:t3.micro,m5.*",
            "!type:t3.micro",
            "sg:web",
            "sg:sg-1,web",
            "platform:windows",
            "lifecycle:spot",
            "ip:10.0.0.1",
            "tag:Team=web",
            "has:Team",
            "ssm:online",
            "launched:>1d",
            "region:eu-west-1",
            "profile:web",
            "type:größe",
            "type:'a*'",
            "type:a\\\\b",
        ] {
            assert!(filters(&[term], true).is_empty(), "{term}");
        }
    }

    #[test]
    fn tags_by_their_flag_are_asked_for_letter_for_letter() {
        let tag = |key: &str, value: &str| TagFilter {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let query = |tags: Vec<TagFilter>| ListQuery {
            tags,
            all_states: true,
            ..ListQuery::default()
        };
        let plain = query(vec![tag("Kosten Stelle", "A,b=Größe"), tag("K", "v")]);
        assert_eq!(shown(&plain), ["tag:Kosten Stelle=A,b=Größe", "tag:K=v"]);
        let odd = [
            ("K", "a*"),
            ("K", "a?"),
            ("K", "a\\"),
            ("K", ""),
            ("K*", "v"),
        ];
        for (key, value) in odd {
            assert!(
                shown(&query(vec![tag(key, value)])).is_empty(),
                "{key}={value}"
            );
        }
        // Two filters of one name mean something else.
        let twice = query(vec![tag("K", "a"), tag("K", "b")]);
        assert_eq!(shown(&twice), ["tag:K=a"]);
    }

    #[test]
    fn more_values_than_aws_takes_are_left_to_us() {
        let many: Vec<String> = (0..150).map(|n| format!("t{n}")).collect();
        let many = many.join(",");
        let asked = filters(
            &[
                &format!("type:{many}"),
                &format!("vpc:{many}"),
                "arch:arm64",
            ],
            true,
        );
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert!(asked[0].starts_with("instance-type=") && asked[1] == "architecture=arm64");
    }
}
