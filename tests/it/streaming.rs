//! Pages: every instance once, the first rows before the last, and what is said
//! of rows that are missing.

mod library;

use std::collections::BTreeMap;

use aws_ssm_proto::domain::{ListQuery, Sort};
use aws_ssm_tests::harness::{TestDaemon, caller, list_ids};
use aws_ssm_tests::sandbox::{Fault, Sandbox, SandboxConfig};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, assert_told, small, sorted};

/// Instances on the first page of a load that somebody waits for.
const FIRST_PAGE: usize = 100;

fn of_size(instances: usize) -> SandboxConfig {
    SandboxConfig {
        instances,
        ..small()
    }
}

/// All ids of the first account, in the order of AWS.
fn in_order(sandbox: &Sandbox, region: &str) -> Vec<String> {
    let account = &sandbox.account(0).id;
    let instances = sandbox.instances(account, region).expect("a fleet");
    instances.into_iter().map(|instance| instance.id).collect()
}

#[tokio::test]
async fn the_first_rows_come_before_the_last_page() {
    let stage = Stage::with(of_size(250)).await;
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstances").after(1));
    for format in ["jsonl", "csv", "tsv", "ids"] {
        let arguments = [
            "list",
            "--all",
            "--sort",
            "none",
            "--no-header",
            "-o",
            format,
        ];
        let command = stage
            .programs
            .command([&arguments[..], &["--columns", "id"]].concat());
        let mut command = tokio::process::Command::from(command);
        let mut child = command.kill_on_drop(true).spawn().expect("the client");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        for id in &in_order(&stage.sandbox, REGION)[..FIRST_PAGE] {
            let line = lines.next_line().await.expect("text").expect("a row");
            assert!(line.contains(id.as_str()), "{format}: {line}");
        }
        assert!(
            child.try_wait().expect("ours").is_none(),
            "the rest is still to come"
        );
        child.kill().await.expect("ours");
        // The next format joins the same load.
    }
}

#[tokio::test]
async fn rows_that_never_come_are_not_passed_over_in_silence() {
    let stage = Stage::with(of_size(250)).await;
    let list = ["list", "--all", "-o", "ids", "--timeout", "2s"];
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstances").after(1));
    let unsorted = stage.run(&[&list[..], &["--sort", "none"]].concat()).await;
    assert_eq!(unsorted.code(), 5, "{unsorted:?}");
    assert_eq!(
        unsorted.lines(),
        in_order(&stage.sandbox, REGION)[..FIRST_PAGE]
    );
    assert_told(&unsorted, &["--timeout"]);
    assert_refused(&stage.run(&list).await, 5, &["--timeout"]);
}

#[tokio::test]
async fn a_page_that_is_refused_fails_the_list() {
    let stage = Stage::with(of_size(250)).await;
    stage
        .sandbox
        .inject(Fault::access_denied().on("DescribeInstances").after(1));
    let unsorted = stage
        .run(&["list", "--all", "-o", "ids", "--sort", "none"])
        .await;
    assert_eq!(unsorted.code(), 4, "{unsorted:?}");
    assert_told(&unsorted, &["ec2:DescribeInstances"]);
    let sorted = stage.run(&["list", "--all", "-o", "ids"]).await;
    assert_refused(&sorted, 4, &["ec2:DescribeInstances"]);
}

#[tokio::test]
async fn every_instance_comes_once_whatever_the_sizes() {
    let sizes = [0, 1, 6, 7, 8, 99, 100, 101, 1000, 1001, 1100, 1101];
    let mut config = SandboxConfig {
        accounts: sizes.len(),
        ..small()
    };
    for (account, size) in sizes.into_iter().enumerate() {
        config = config.fleet_size(account, REGION, size);
    }
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    for page_size in [None, Some(7), Some(100)] {
        let setting = page_size.map_or_else(String::new, |size| {
            format!(
                "performance:\n  streaming_page_size: {size}\n\
                 resilience:\n  requests_per_second: 10000\n  burst: 10000\n"
            )
        });
        let daemon = TestDaemon::start(&setting).await;
        let client = daemon.client().await;
        // Small pages of large fleets prove nothing more, and take long.
        let most = page_size.map_or(usize::MAX, |size| size * 20);
        let sizes = sizes.into_iter().enumerate();
        for (account, size) in sizes.filter(|(_, size)| *size <= most) {
            let case = format!("{size} instances, pages of {page_size:?}");
            let account = sandbox.account(account);
            let caller = caller(&sandbox, account, &[REGION]);
            let fleet = sandbox.instances(&account.id, REGION).expect("a fleet");
            let fleet: Vec<String> = fleet.into_iter().map(|instance| instance.id).collect();
            assert_eq!(fleet.len(), size);
            let unsorted = ListQuery {
                sort: Sort::Unsorted,
                all_states: true,
                ..ListQuery::default()
            };
            let standard = ListQuery {
                sort: Sort::Standard,
                ..unsorted.clone()
            };
            let (ids, summary) = list_ids(&client, &caller, unsorted).await.expect("a list");
            assert_eq!(ids, fleet, "{case}, as AWS gives them");
            assert_eq!(summary.matched, size as u64, "{case}");
            assert!(!summary.regions[0].cut, "{case}");
            let (ids, _) = list_ids(&client, &caller, standard).await.expect("a list");
            assert_eq!(sorted(ids), sorted(fleet), "{case}, sorted");
        }
        drop(client);
        daemon.stop().await;
    }
}

#[tokio::test]
async fn reaching_the_maximum_is_said_and_is_no_failure() {
    for (size, maximum, expected, cut) in [
        (60, 37, 37, true),
        (60, 59, 59, true),
        (60, 60, 60, false),
        (60, 61, 60, false),
        (150, 100, 100, true),
    ] {
        let config = format!("performance:\n  streaming_max_items: {maximum}\n");
        let stage = Stage::with(of_size(size)).await.configured(&config);
        let case = format!("{size} of at most {maximum}");
        for sort in ["none", "name"] {
            let list = stage
                .done(&["list", "--all", "-o", "ids", "--sort", sort])
                .await;
            assert_eq!(list.lines().len(), expected, "{case}");
            let warned = list.stderr.contains("streaming_max_items");
            assert_eq!(warned, cut, "{case}: {}", list.stderr);
        }
        let quiet = stage.done(&["list", "--all", "-o", "ids", "-q"]).await;
        assert_eq!(quiet.stderr, "");
        let meta = stage.json(&["list", "--all", "--meta"]).await;
        assert_eq!(meta["cut"], cut, "{case}");
        assert_eq!(meta["rows"].as_array().expect("rows").len(), expected);
    }
}

#[tokio::test]
async fn rows_say_what_aws_says() {
    let stage = Stage::with(of_size(250)).await;
    let rows = stage.json(&["list", "--all"]).await;
    let rows: BTreeMap<&str, &Value> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["id"].as_str().expect("an id"), row))
        .collect();
    let account = &stage.sandbox.account(0).id;
    let fleet = stage.sandbox.instances(account, REGION).expect("a fleet");
    assert_eq!(rows.len(), fleet.len());
    for instance in fleet {
        let row = rows[instance.id.as_str()];
        let name = instance.name.map_or(Value::Null, Value::from);
        let address = instance
            .private_ip
            .map_or(Value::Null, |ip| ip.to_string().into());
        assert_eq!(row["name"], name, "{row}");
        assert_eq!(row["state"], instance.state.name(), "{row}");
        assert_eq!(row["private_ip"], address, "{row}");
        assert_eq!(
            row["tags"],
            serde_json::to_value(&instance.tags).expect("JSON"),
            "{row}"
        );
        assert_eq!(row["account"], **account, "{row}");
        assert_eq!(row["region"], REGION, "{row}");
    }
}

#[tokio::test]
async fn regions_come_in_the_order_asked_when_unsorted() {
    let stage = Stage::new().await;
    for regions in [[REGION, OTHER_REGION], [OTHER_REGION, REGION]] {
        let arguments = [
            "list",
            "--all",
            "--sort",
            "none",
            "-o",
            "ids",
            "-r",
            &regions.join(","),
        ];
        let expected = regions
            .map(|region| in_order(&stage.sandbox, region))
            .concat();
        for _ in ["cold", "warm"] {
            assert_eq!(stage.done(&arguments).await.lines(), expected);
        }
    }
}

#[tokio::test]
async fn a_limit_ends_the_list_early_cold_and_warm() {
    let stage = Stage::with(of_size(250)).await;
    let first = &in_order(&stage.sandbox, REGION)[..7];
    for _ in ["cold", "warm"] {
        let list = [
            "list", "--all", "-o", "ids", "--sort", "none", "--limit", "7",
        ];
        assert_eq!(stage.done(&list).await.lines(), first);
    }
    let sorted = stage
        .done(&["list", "--all", "-o", "ids", "--limit", "7"])
        .await;
    let whole = stage.done(&["list", "--all", "-o", "ids"]).await;
    assert_eq!(sorted.lines(), whole.lines()[..7]);
}

/// A reader who does not read holds up nobody else, and the daemon holds no more
/// for him than fits the connection.
#[tokio::test]
async fn a_slow_reader_holds_up_nobody() {
    let config = SandboxConfig {
        instances: 5000,
        ..small()
    };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let daemon = TestDaemon::start("").await;
    let ours = caller(&sandbox, sandbox.account(0), &[REGION]);
    let query = ListQuery {
        all_states: true,
        ..ListQuery::default()
    };
    let everything = ListQuery {
        columns: aws_ssm_proto::domain::Column::all().collect(),
        ..query.clone()
    };
    let slow = daemon.client().await;
    let mut unread = slow
        .list_instances(&ours, &everything)
        .await
        .expect("an answer");
    for _ in 0..3 {
        let client = daemon.client().await;
        let (ids, _) = list_ids(&client, &ours, query.clone())
            .await
            .expect("a list");
        assert_eq!(ids.len(), 5000);
    }
    let mut rows = 0;
    while let Some(page) = unread.next().await.expect("the rest") {
        rows += page.rows().count();
    }
    assert_eq!(rows, 5000);
    drop((unread, slow));
    daemon.stop().await;
}

#[tokio::test]
async fn a_reader_who_leaves_ends_the_client_quietly() {
    let stage = Stage::with(of_size(1000)).await;
    for arguments in [
        &["list", "--all", "-o", "json"][..],
        &["list", "--all", "-o", "jsonl", "--sort", "none"],
    ] {
        let mut command = tokio::process::Command::from(stage.programs.command(arguments));
        let mut child = command.kill_on_drop(true).spawn().expect("the client");
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        reader.read_line(&mut line).await.expect("a line");
        drop(reader);
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut said).await.expect("text");
        assert_eq!(said, "", "{arguments:?}");
        let status = child.wait().await.expect("ours");
        assert_ne!(status.code(), Some(1), "{arguments:?}");
    }
}
