//! A list of moto's instances, field by field.

use super::judge::{Described, Row, describe, describe_one, id, ids, rows, run};
use super::moto::{AWAY, HOME, OTHER_ROLE, moto};

#[tokio::test]
async fn every_field_is_what_boto3_describes() {
    let Some(moto) = moto().await else { return };
    let questions = [
        moto.question("home", HOME),
        moto.question("away", AWAY),
        moto.question("other", HOME).role(OTHER_ROLE),
    ];
    let described = describe(moto.python, &questions).await;
    let programs = moto.programs();
    let home = &described["home"];
    assert!(home.pages > 3, "{} pages", home.pages);
    assert_eq!(home.rows.len(), moto.fleets.home.len());
    assert_eq!(described["away"].rows.len(), moto.fleets.away.len());
    assert_eq!(described["other"].rows.len(), moto.fleets.other.len());

    let everything = ["list", "--all"];
    let cold = rows(&programs, &everything).await;
    home.assert_printed(&cold);
    assert_eq!(rows(&programs, &everything).await, cold, "warm");
    let away = rows(&programs, &["list", "--all", "-r", AWAY]).await;
    described["away"].assert_printed(&away);
    let other = ["list", "--all", "--role-arn", OTHER_ROLE];
    described["other"].assert_printed(&rows(&programs, &other).await);
    let fresh = rows(&programs, &["list", "--all", "--no-daemon"]).await;
    home.assert_printed(&fresh);

    let regions = format!("{AWAY},{HOME}");
    let both = rows(&programs, &["list", "--all", "-r", &regions]).await;
    assert_joined(&both, &[home, &described["away"]]);
}

/// Rows of several regions stand in one order.
fn assert_joined(printed: &[Row], described: &[&Described]) {
    let count: usize = described.iter().map(|one| one.rows.len()).sum();
    assert_eq!(printed.len(), count);
    for row in printed {
        let region = |one: &&&Described| one.rows[0]["region"] == row["region"];
        let described = described.iter().find(region);
        described.expect("a region that was asked").assert_row(row);
    }
    let key = |row: &Row| (row["name"].as_str().map(str::to_owned), id(row).to_owned());
    assert!(printed.is_sorted_by_key(key), "{:?}", ids(printed));
}

#[tokio::test]
async fn unsorted_rows_come_as_the_server_gives_them() {
    let Some(moto) = moto().await else { return };
    let home = describe_one(moto.python, moto.question("home", HOME)).await;
    let programs = moto.programs();
    for when in ["cold", "warm"] {
        let list = ["list", "--all", "--sort", "none", "-o", "ids"];
        let printed = run(&programs, &list).await;
        assert_eq!(printed.lines(), ids(&home.rows), "{when}");
    }
}

/// moto has no DescribeInstanceInformation, as many users have no permission for it.
#[tokio::test]
async fn a_list_never_fails_for_want_of_agents() {
    let Some(moto) = moto().await else { return };
    let programs = moto.programs();
    let listed = rows(&programs, &["list"]).await;
    assert!(!listed.is_empty());
    let agents = ["ssm", "agent", "agent_version"];
    let are_empty = |row: &Row| agents.iter().all(|field| row[*field].is_null());
    assert!(listed.iter().all(are_empty), "{listed:?}");

    // A named agent column is worth waiting for, and still nothing to fail for.
    let named = ["list", "--columns", "id,ssm,agent-version"];
    let named = rows(&programs, &named).await;
    assert_eq!(ids(&named), ids(&listed));
    assert!(named.iter().all(|row| row["ssm"].is_null()), "{named:?}");

    let shown = run(&programs, &["show", id(&listed[0])]).await;
    let agent = shown
        .stdout
        .split_once("Agent")
        .expect("a part of the page")
        .1;
    let why = agent.lines().find(|line| line.trim().starts_with("why"));
    let why = why.expect("it says why").trim();
    assert!(why.len() > "why".len() + 10, "{why}");
    assert!(!why.contains("run it again"), "{why}");
}
