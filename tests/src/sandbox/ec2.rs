//! Owns the EC2 query API: which operations there are and what they share.

mod filter;
mod instance_xml;
mod instances;
mod interface_xml;
mod interfaces;
mod regions;
mod subnets;

pub(crate) use instance_xml::render as render_instance;

use super::form::Form;
use super::handle::{Answer, Context};
use super::page::Pager;
use super::refusal::Refusal;
use super::xml::Xml;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
const PAGE_SIZES: std::ops::RangeInclusive<u64> = 5..=1000;

pub(crate) fn answer(
    context: Context<'_>,
    operation: &str,
    form: &Form,
) -> Result<Answer, Refusal> {
    let describe = match operation {
        "DescribeInstances" => instances::describe,
        "DescribeNetworkInterfaces" => interfaces::describe,
        "DescribeRegions" => regions::describe,
        "DescribeSubnets" => subnets::describe,
        unknown => {
            let message = format!("The action {unknown} is not valid for this web service.");
            return Err(Refusal::client("InvalidAction", message));
        }
    };
    if form.flag("DryRun") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Refusal::new(412, "DryRunOperation", message));
    }
    describe(context, form)
}

/// The answer to an operation: its request id, then `content`.
fn document(operation: &str, request_id: &str, content: impl FnOnce(&mut Xml)) -> String {
    Xml::document(&format!("{operation}Response"), NAMESPACE, |xml| {
        xml.text("requestId", request_id);
        content(xml);
    })
}

fn tag_set(xml: &mut Xml, tags: &[(String, String)]) {
    xml.list("tagSet", tags, |xml, (key, value)| {
        xml.text("key", key);
        xml.text("value", value);
    });
}

/// Which page of its rows a call asks for.
#[derive(Debug)]
struct Page {
    pager: Pager,
    /// The position of its first row.
    start: u64,
    limit: usize,
}

impl Page {
    /// Reads `MaxResults` and `NextToken`; `ids` is the name of the list of ids
    /// and whether there are any, with which `MaxResults` is not allowed.
    fn read(
        context: Context<'_>,
        operation: &str,
        form: &Form,
        ids: (&str, bool),
    ) -> Result<Self, Refusal> {
        let (list, has_ids) = ids;
        let size = form.number("MaxResults")?;
        if size.is_some() && has_ids {
            return Err(Refusal::client(
                "InvalidParameterCombination",
                format!("The parameter {list} cannot be used with the parameter maxResults"),
            ));
        }
        if let Some(size) = size.filter(|size| !PAGE_SIZES.contains(size)) {
            let expected = if size < *PAGE_SIZES.start() {
                format!("greater than {}", PAGE_SIZES.start())
            } else {
                format!("less than {}", PAGE_SIZES.end())
            };
            return Err(Refusal::client(
                "InvalidParameterValue",
                format!(
                    "Value ( {size} ) for parameter maxResults is invalid. \
                     Expecting a value {expected}."
                ),
            ));
        }
        let caller = context.caller;
        let pager = Pager::new(
            context.world.config.seed,
            &[
                &caller.principal.account,
                caller.region.name,
                operation,
                &form.question(),
            ],
        );
        let start = match form.get("NextToken") {
            // Callers who page by hand begin with an empty token.
            None | Some("") => 0,
            Some(token) => pager.open(token).ok_or_else(|| {
                Refusal::client(
                    "InvalidParameterValue",
                    format!(
                        "Value ( {token} ) for parameter NextToken is invalid. \
                         The token is invalid."
                    ),
                )
            })?,
        };
        Ok(Self {
            pager,
            start,
            // Without a size everything comes in one page.
            limit: size.map_or(usize::MAX, |size| size as usize),
        })
    }

    fn next_token(&self, xml: &mut Xml, next: Option<u64>) {
        if let Some(position) = next {
            xml.text("nextToken", &self.pager.seal(position));
        }
    }
}

/// Checks that ids have the form `prefix-` and 8 or 17 hexadecimal digits.
fn check_ids(ids: &[String], prefix: &str, code: &'static str) -> Result<(), Refusal> {
    let is_well_formed = |id: &str| {
        id.strip_prefix(prefix).is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    match ids.iter().find(|id| !is_well_formed(id)) {
        None => Ok(()),
        Some(id) => Err(Refusal::client(code, format!("Invalid id: \"{id}\""))),
    }
}

/// The refusal for ids of nothing: "The instance ID 'i-1' does not exist".
fn not_found(kind: &str, ids: &[&str], code: &'static str) -> Refusal {
    let (noun, verb) = match ids {
        [_] => ("ID", "does"),
        _ => ("IDs", "do"),
    };
    let ids = ids.join(", ");
    Refusal::client(code, format!("The {kind} {noun} '{ids}' {verb} not exist"))
}
