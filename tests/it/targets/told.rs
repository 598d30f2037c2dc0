//! What is said of targets that name none, several, or one by a part of its name.

use aws_ssm_tests::sandbox::State;

use super::{special, those};
use crate::stage::{REGION, Stage, assert_refused};

#[tokio::test]
async fn those_that_may_be_meant_are_a_table_that_a_pipe_has_whole() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let long = format!("twin-{}", "x".repeat(200));
    let twins = &those(&stage.sandbox, State::Running)[..3];
    for twin in twins {
        let tag = ("Name", Some(long.as_str()));
        let done = stage.sandbox.retag(account, REGION, &twin.id, tag);
        done.expect("an instance");
    }
    let refused = stage.run(&["show", &long]).await;
    assert_refused(&refused, 3, &["3 instances are called", "by its id"]);
    let table: Vec<_> = refused.stderr.lines().skip(3).collect();
    let (header, rows) = table.split_first().expect("a header");
    let columns: Vec<_> = header.split_whitespace().collect();
    let all = ["NAME", "ID", "STATE", "TYPE", "PRIVATE-IP", "AZ", "REGION"];
    assert_eq!(columns, all);
    assert_eq!(rows.len(), twins.len());
    for twin in twins {
        let row = rows.iter().find(|row| row.contains(&twin.id));
        let row = row.unwrap_or_else(|| panic!("{refused:?}"));
        let address = twin.private_ip.expect("it runs").to_string();
        for part in [long.as_str(), "running", &address, REGION] {
            assert!(row.contains(part), "{part}: {row}");
        }
    }
    // Nor does -q take it away: the choice is the answer.
    let quiet = stage.run(&["show", &long, "-q", "-o", "json"]).await;
    assert_eq!((quiet.code(), quiet.stderr), (3, refused.stderr));
}

#[tokio::test]
async fn more_than_can_be_told_are_told_as_far_as_a_person_reads() {
    let stage = Stage::new().await;
    let refused = stage.run(&["resolve", "i-0"]).await;
    // Too short to begin an id, and a part of no name.
    assert_refused(&refused, 3, &["no instance is called \"i-0\""]);
    let refused = stage.run(&["resolve", "-"]).await;
    assert_refused(&refused, 3, &["instances have \"-\" in their names"]);
    let told = refused.stderr.lines().filter(|line| line.contains(" i-0"));
    assert!(told.count() <= 50, "{refused:?}");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_told_with_several_near_ones() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let near = ["bastion-a", "bastion-b"];
    for (one, name) in those(&stage.sandbox, State::Running).iter().zip(near) {
        let tag = ("Name", Some(name));
        stage
            .sandbox
            .retag(account, REGION, &one.id, tag)
            .expect("an instance");
    }
    let refused = stage.run(&["resolve", "bastion-c"]).await;
    assert_refused(
        &refused,
        3,
        &["did you mean one of these?", near[0], near[1]],
    );
    let refused = stage.run(&["resolve", "no such thing at all"]).await;
    assert_refused(&refused, 3, &["list --all"]);
}

#[tokio::test]
async fn a_part_of_a_name_is_told_to_be_one() {
    let stage = Stage::new().await;
    let special = special(&stage.sandbox);
    let part = stage.done(&["resolve", "lonely"]).await;
    assert_eq!(part.lines(), [&special.id]);
    let told = format!("\"lonely\" is only a part of the name of {}", special.id);
    assert!(part.stderr.contains(&told), "{part:?}");
    let quiet = stage.done(&["resolve", "lonely", "-q"]).await;
    assert_eq!(quiet.stderr, "");
    let whole = stage.done(&["resolve", "lonely-node-7"]).await;
    assert_eq!(whole.stderr, "");
    let shown = stage.done(&["show", "lonely"]).await;
    assert!(shown.stderr.contains(&told), "{shown:?}");
}
