//! Which one instance a target names.

use aws_ssm_proto::domain::{Error, ErrorKind, InstanceState, nearest};

use crate::inventory::{Fleet, Row};

/// What was found: the place of the fleet among those asked, and the row.
pub type Found<'a> = (usize, Row<'a>);

/// Finds the instance that `target` names: by id, else by its exact name.
///
/// Of several with one name, those that run come before those that are stopped;
/// terminated ones are found by id only.
///
/// # Errors
///
/// None or several are named; the error lists the nearest names, or the ids.
pub fn resolve<'a>(fleets: &'a [Fleet], target: &'a str) -> Result<Found<'a>, Error> {
    let target = target.trim();
    if let Some(found) = by_id(fleets, target) {
        return Ok(found);
    }
    let mut named = by_name(fleets, target);
    if named.iter().any(|(_, row)| is_up(*row)) {
        named.retain(|(_, row)| is_up(*row));
    }
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(not_found(fleets, target)),
        several => Err(ambiguous(target, several)),
    }
}

fn by_id<'a>(fleets: &'a [Fleet], id: &str) -> Option<Found<'a>> {
    let mut hits = fleets.iter().enumerate();
    hits.find_map(|(at, fleet)| fleet.instances.snapshot.find_id(id).map(|row| (at, row)))
}

fn by_name<'a>(fleets: &'a [Fleet], name: &'a str) -> Vec<Found<'a>> {
    let mut named = Vec::new();
    for (at, fleet) in fleets.iter().enumerate() {
        let rows = fleet.instances.snapshot.find_name(name);
        let alive = rows.filter(|row| row.state() != Some(InstanceState::Terminated));
        named.extend(alive.map(|row| (at, row)));
    }
    named
}

fn is_up(row: Row<'_>) -> bool {
    row.state().is_some_and(InstanceState::is_listed_by_default)
}

fn not_found(fleets: &[Fleet], target: &str) -> Error {
    let names = || {
        let rows = fleets
            .iter()
            .flat_map(|fleet| fleet.instances.snapshot.rows());
        rows.filter_map(|row| row.name())
    };
    let regions: Vec<_> = fleets.iter().map(|fleet| &*fleet.region).collect();
    let error = Error::new(
        ErrorKind::NotFound,
        format!("no instance is called {target:?}"),
    )
    .why(format!(
        "no id and no name in {} is this",
        regions.join(", ")
    ));
    match nearest(target, names()) {
        Some(name) => error
            .hint(format!("did you mean {name}?"))
            .candidates(vec![name.to_owned()]),
        None => error.hint("`aws-ssm list --all` shows every instance; --region asks elsewhere"),
    }
}

fn ambiguous(target: &str, several: &[Found<'_>]) -> Error {
    let ids: Vec<_> = several.iter().map(|(_, row)| row.id().to_owned()).collect();
    Error::new(
        ErrorKind::Ambiguous,
        format!("{} instances are called {target:?}", ids.len()),
    )
    .why(format!("they are {}", ids.join(", ")))
    .hint("name one of them by its id")
    .candidates(ids)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use InstanceState::{Running, Stopped, Terminated};

    use super::*;
    use crate::inventory::{Builder, Facts, Instances};

    fn fleet(instances: &[(&str, &str, InstanceState)]) -> Fleet {
        let mut builder = Builder::with_capacity(instances.len());
        for (id, name, state) in instances {
            builder.push(&Facts {
                id,
                state: Some(*state),
                tags: vec![("Name", name)],
                ..Facts::default()
            });
        }
        Fleet {
            region: "eu-west-1".into(),
            instances: Arc::new(Instances::new(builder.finish(false))),
            agents: None,
            agents_error: None,
        }
    }

    fn resolved(fleets: &[Fleet], target: &str) -> Result<String, ErrorKind> {
        let found = resolve(fleets, target);
        found
            .map(|(_, row)| row.id().to_owned())
            .map_err(|error| error.kind)
    }

    #[test]
    fn an_id_is_found_whatever_its_state() {
        let fleets = [fleet(&[("i-1", "web", Terminated)])];
        assert_eq!(resolved(&fleets, " i-1 "), Ok("i-1".into()));
        assert_eq!(resolved(&fleets, "web"), Err(ErrorKind::NotFound));
    }

    #[test]
    fn a_stopped_twin_is_no_ambiguity() {
        let fleets = [
            fleet(&[("i-1", "web", Stopped), ("i-2", "web", Running)]),
            fleet(&[("i-3", "db", Stopped)]),
        ];
        assert_eq!(resolved(&fleets, "web"), Ok("i-2".into()));
        assert_eq!(resolved(&fleets, "db"), Ok("i-3".into()));
    }

    #[test]
    fn several_that_run_are_listed_by_id() {
        let fleets = [
            fleet(&[("i-1", "web", Running)]),
            fleet(&[("i-2", "web", Running)]),
        ];
        let error = resolve(&fleets, "web").expect_err("ambiguous");
        assert_eq!(error.kind, ErrorKind::Ambiguous);
        assert_eq!(error.candidates, ["i-1", "i-2"]);
    }

    #[test]
    fn a_slip_is_told_the_nearest_name() {
        let fleets = [fleet(&[("i-1", "web-31", Running)])];
        let error = resolve(&fleets, "web-3l").expect_err("unknown");
        assert!(error.hint.contains("web-31"));
    }
}
