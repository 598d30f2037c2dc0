//! Single instances, the account and its regions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::{Described, Row, describe, describe_one, id, rows, run};
use super::moto::{HOME, OTHER_ROLE, moto};

#[tokio::test]
async fn show_and_resolve_find_what_boto3_describes() {
    let Some(moto) = moto().await else { return };
    let home = describe_one(moto.python, moto.question("home", HOME)).await;
    let programs = moto.programs();
    for state in ["running", "stopped", "terminated"] {
        let one = home.rows.iter().find(|row| row["state"] == state);
        let one = id(one.expect("seeded in every state"));
        let mut shown = rows(&programs, &["show", one]).await;
        assert_eq!(shown.len(), 1, "{state}");
        // They are judged by themselves.
        let interfaces = shown[0].remove("interfaces");
        assert!(interfaces.is_some_and(|all| all.is_array()), "{state}");
        home.assert_row(&shown[0]);
        let resolved = run(&programs, &["resolve", one]).await;
        assert_eq!(resolved.lines(), [one], "{state}");
    }
    for (name, rows) in by_name(&home) {
        let finished = programs.run(&["resolve", name]).await;
        match meant(&rows).as_slice() {
            [one] => {
                assert_eq!(finished.code(), 0, "{name:?}: {}", finished.stderr);
                assert_eq!(finished.lines(), [id(one)], "{name:?}");
            }
            _ => assert_eq!(finished.code(), 3, "{name:?}: {}", finished.stdout),
        }
    }
}

/// The instances of every name that can be typed as it is.
fn by_name(described: &Described) -> BTreeMap<&str, Vec<&Row>> {
    let mut names: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &described.rows {
        if let Some(name) = row["name"].as_str() {
            names.entry(name).or_default().push(row);
        }
    }
    // Targets are trimmed, and a dash begins a flag.
    names.retain(|name, _| name.trim() == *name && !name.starts_with('-'));
    assert!(names.len() > 30, "{names:?}");
    names
}

/// Those that a name means: what runs before what is stopped, never the terminated.
fn meant<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let in_state = |states: &[&str]| -> Vec<&'a Row> {
        let is_in = |row: &&&Row| states.iter().any(|state| row["state"] == *state);
        rows.iter().filter(is_in).copied().collect()
    };
    let up = in_state(&["pending", "running"]);
    if up.is_empty() {
        in_state(&["stopping", "stopped", "shutting-down"])
    } else {
        up
    }
}

#[tokio::test]
async fn the_account_and_its_regions_are_as_boto3_is_told() {
    let Some(moto) = moto().await else { return };
    let questions = [
        moto.question("own", HOME).with_account(),
        moto.question("other", HOME).role(OTHER_ROLE).with_account(),
    ];
    let described = describe(moto.python, &questions).await;
    let programs = moto.programs();

    let own = whoami(&programs, &["whoami"]).await;
    assert_eq!(own["account"], described["own"].identity["Account"]);
    assert_eq!(own["arn"], described["own"].identity["Arn"]);
    assert_eq!(own["user_id"], described["own"].identity["UserId"]);
    let other = whoami(&programs, &["whoami", "--role-arn", OTHER_ROLE]).await;
    assert_eq!(other["account"], described["other"].identity["Account"]);
    // Only the names of the two sessions differ.
    let (role, _) = described["other"].identity["Arn"]
        .rsplit_once('/')
        .expect("a session has a name");
    let arn = other["arn"].as_str().expect("text");
    assert!(arn.starts_with(&format!("{role}/")), "{arn}");

    let printed = rows(&programs, &["regions"]).await;
    let found: BTreeMap<_, _> = printed
        .iter()
        .map(region("region", "opt_in_status"))
        .collect();
    let expected = described["own"].regions.iter();
    let expected: BTreeMap<_, _> = expected.map(region("RegionName", "OptInStatus")).collect();
    assert_eq!(found, expected);
}

async fn whoami(programs: &aws_ssm_tests::harness::Programs, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["-o", "json"]].concat();
    let printed = run(programs, &arguments).await.stdout;
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    printed.get(0).unwrap_or(&printed).clone()
}

fn region(name: &str, status: &str) -> impl Fn(&Row) -> (String, (String, String)) {
    let text = |row: &Row, key: &str| row[key].as_str().expect("text").to_owned();
    move |row| {
        let facts = (text(row, status), text_of_endpoint(row));
        (text(row, name), facts)
    }
}

fn text_of_endpoint(row: &Row) -> String {
    let endpoint = row.get("endpoint").or_else(|| row.get("Endpoint"));
    endpoint.and_then(Value::as_str).expect("text").to_owned()
}
