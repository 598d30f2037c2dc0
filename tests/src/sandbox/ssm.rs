//! Owns the SSM API: DescribeInstanceInformation over the instances that run
//! the agent and the hybrid nodes.

mod filter;
mod node;

use serde_json::{Value, json};

use super::handle::{Answer, Context};
use super::page::{self, Pager};
use super::refusal::Refusal;

use filter::Filters;

const PAGE_SIZES: std::ops::RangeInclusive<u64> = 5..=50;
const DEFAULT_PAGE_SIZE: u64 = 10;

pub(crate) fn answer(
    context: Context<'_>,
    operation: &str,
    body: Option<&Value>,
) -> Result<Answer, Refusal> {
    let body = body
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::client("SerializationException", "Start of structure expected"))?;
    if operation != "DescribeInstanceInformation" {
        return Err(Refusal::client(
            "UnknownOperationException",
            format!("The operation {operation} is not known"),
        ));
    }
    let limit = page_size(body.get("MaxResults"))?;
    let filters = Filters::read(body)?;

    let mut question = body.clone();
    question.remove("MaxResults");
    question.remove("NextToken");
    let caller = context.caller;
    let pager = Pager::new(
        context.world.config.seed,
        &[
            &caller.principal.account,
            caller.region.name,
            operation,
            &Value::Object(question).to_string(),
        ],
    );
    let start = match body.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => pager.open(token).ok_or_else(|| {
            Refusal::client("InvalidNextToken", "The specified token is not valid.")
        })?,
    };
    let fleet = context.fleet();
    let rows = node::all(&fleet)
        .skip_while(|(position, _)| *position < start)
        .filter(|(_, node)| filters.accept(node));
    let (nodes, next) = page::cut(rows, limit);

    let list: Vec<Value> = nodes
        .iter()
        .map(|node| node.describe(context.now))
        .collect();
    let mut answer = json!({ "InstanceInformationList": list });
    if let Some(position) = next {
        answer["NextToken"] = pager.seal(position).into();
    }
    Ok(Answer {
        body: answer.to_string(),
        rows: nodes.len(),
    })
}

fn page_size(given: Option<&Value>) -> Result<usize, Refusal> {
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(DEFAULT_PAGE_SIZE as usize);
    };
    let Some(size) = given.as_u64().filter(|size| PAGE_SIZES.contains(size)) else {
        let bound = if given.as_u64().is_some_and(|size| size > *PAGE_SIZES.end()) {
            format!("less than or equal to {}", PAGE_SIZES.end())
        } else {
            format!("greater than or equal to {}", PAGE_SIZES.start())
        };
        return Err(Refusal::client(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{given}' at 'maxResults' failed to satisfy \
                 constraint: Member must have value {bound}"
            ),
        ));
    };
    Ok(size as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_have_bounds() {
        assert_eq!(page_size(None).expect("default"), 10);
        assert_eq!(page_size(Some(&json!(50))).expect("largest"), 50);
        for wrong in [json!(4), json!(51), json!(-1), json!("10")] {
            let refusal = page_size(Some(&wrong)).expect_err("out of range");
            assert_eq!(refusal.code, "ValidationException");
        }
    }
}
