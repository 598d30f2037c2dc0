//! Owns DescribeRegions.

use super::document;
use super::filter::{Attribute, Filterable, Filters};
use crate::sandbox::form::Form;
use crate::sandbox::handle::{Answer, Context};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::region::{self, REGIONS, Region};

/// A region as an account sees it.
#[derive(Debug)]
struct Seen {
    region: &'static Region,
    status: &'static str,
}

const NOT_OPTED_IN: &str = "not-opted-in";

pub(super) fn describe(context: Context<'_>, form: &Form) -> Result<Answer, Refusal> {
    let names = form.list("RegionName");
    if let Some(unknown) = names.iter().find(|name| region::find(name).is_none()) {
        let message = format!("Invalid region: '{unknown}'");
        return Err(Refusal::client("InvalidParameterValue", message));
    }
    let filters = Filters::read(form.filters())?;
    let account = &context.caller.principal.account;
    let regions: Vec<Seen> = REGIONS
        .iter()
        .map(|region| Seen {
            status: match (region.opt_in, context.world.is_enabled(account, region)) {
                (false, _) => "opt-in-not-required",
                (true, true) => "opted-in",
                (true, false) => NOT_OPTED_IN,
            },
            region,
        })
        .filter(|seen| form.flag("AllRegions") || seen.status != NOT_OPTED_IN)
        .filter(|seen| names.is_empty() || names.iter().any(|name| name == seen.region.name))
        .filter(|seen| filters.accept(seen))
        .collect();
    let body = document("DescribeRegions", context.request_id, |xml| {
        xml.list("regionInfo", &regions, |xml, seen| {
            xml.text("regionName", seen.region.name);
            xml.text("regionEndpoint", &seen.region.endpoint());
            xml.text("optInStatus", seen.status);
        });
    });
    Ok(Answer {
        body,
        rows: regions.len(),
    })
}

impl Filterable for Seen {
    fn tags(&self) -> &[(String, String)] {
        &[]
    }

    fn attribute(name: &str) -> Option<Attribute<Self>> {
        Some(match name {
            "endpoint" => |seen, test| test(&seen.region.endpoint()),
            "opt-in-status" => |seen, test| test(seen.status),
            "region-name" => |seen, test| test(seen.region.name),
            _ => return None,
        })
    }
}
