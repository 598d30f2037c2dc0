//! The same rows in every format, read back by others.

use aws_ssm_tests::harness::Finished;
use serde_json::Value;

use crate::stage::{OTHER_REGION, REGION, Stage, listed, sorted};

/// Names that a careless format would break.
const ODD_NAMES: [&str; 6] = [
    "comma, quote \" and semicolon;",
    "tab\tand\nnewline",
    "- dash: colon #hash",
    "Grüße 東京",
    "\u{9b}31mred, and \u{202e}backwards",
    "=SUM(A1)",
];

/// The rows of an answer, each by its columns' names.
fn read(format: &str, finished: &Finished) -> Vec<Value> {
    let text = finished.stdout.as_str();
    match format {
        "json" => serde_json::from_str(text).expect("JSON"),
        "jsonl" => text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect(),
        "yaml" => serde_yaml::from_str(text).expect("YAML"),
        "csv" => separated(csv::ReaderBuilder::new().from_reader(text.as_bytes())),
        "tsv" => separated(
            csv::ReaderBuilder::new()
                .delimiter(b'\t')
                .quoting(false)
                .from_reader(text.as_bytes()),
        ),
        _ => unreachable!("no other format is read by programs"),
    }
}

fn separated(mut reader: csv::Reader<&[u8]>) -> Vec<Value> {
    let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>();
    rows.map(|row| serde_json::to_value(row.expect("a row")).expect("JSON"))
        .collect()
}

fn ids_of(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn every_format_has_the_same_rows_in_the_same_order() {
    let stage = Stage::new().await;
    for sort in [
        &[][..],
        &["--sort", "-launched"],
        &["--sort", "az,-private-ip"],
    ] {
        let list = async |format| {
            let arguments = [&["list", "--all", "-o", format], sort].concat();
            stage.done(&arguments).await
        };
        let ids = list("ids").await.stdout;
        let ids: Vec<&str> = ids.lines().collect();
        assert_eq!(ids.len(), 60);
        for format in ["json", "jsonl", "yaml", "csv", "tsv"] {
            assert_eq!(
                ids_of(&read(format, &list(format).await)),
                ids,
                "{format} {sort:?}"
            );
        }
        for format in ["table", "wide"] {
            let shown = list(format).await.stdout;
            let rows: Vec<&str> = shown.lines().skip(1).collect();
            assert_eq!(rows.len(), ids.len(), "{format}: {shown}");
            for (row, id) in rows.iter().zip(&ids) {
                assert!(row.contains(id), "{format}: {row}");
            }
        }
    }
}

#[tokio::test]
async fn rows_come_by_name_then_id() {
    let stage = Stage::new().await;
    let rows = stage.json(&["list", "--all"]).await;
    let key = |row: &Value| {
        (
            row["name"].as_str().map(str::to_owned),
            row["id"].to_string(),
        )
    };
    let keys: Vec<_> = rows.as_array().expect("rows").iter().map(key).collect();
    let named: Vec<_> = keys.iter().filter(|(name, _)| name.is_some()).collect();
    assert!(named.is_sorted(), "{named:?}");
}

#[tokio::test]
async fn names_of_any_kind_survive_every_format() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let ids = stage.listed();
    for (id, name) in ids.iter().zip(ODD_NAMES) {
        stage
            .sandbox
            .retag(account, REGION, id, ("Name", Some(name)))
            .expect("an instance");
    }
    let list = async |format| {
        stage
            .done(&["list", "--columns", "id,name,tag:Name", "-o", format])
            .await
    };
    for format in ["json", "jsonl", "yaml", "csv"] {
        let rows = read(format, &list(format).await);
        for (id, name) in ids.iter().zip(ODD_NAMES) {
            let row = rows
                .iter()
                .find(|row| row["id"] == **id)
                .expect("it is listed");
            assert_eq!(row["name"], name, "{format}");
        }
    }
    for format in ["table", "wide", "tsv"] {
        let shown = list(format).await.stdout;
        assert_eq!(
            shown.lines().count(),
            ids.len() + 1,
            "{format}: a line for each row"
        );
        let is_order = |c: char| c != '\n' && c != '\t' && c.is_control();
        assert!(
            !shown.contains(is_order),
            "{format} sends orders to the terminal: {shown:?}"
        );
    }
    // They name their instances, too.
    for (id, name) in ids.iter().zip(ODD_NAMES) {
        assert_eq!(stage.done(&["resolve", "--", name]).await.lines(), [id]);
        let tag = format!("Name={name}");
        assert_eq!(
            stage
                .done(&["list", "-o", "ids", "--tag", &tag])
                .await
                .lines(),
            [id]
        );
    }
}

#[tokio::test]
async fn columns_come_as_they_are_named() {
    let stage = Stage::new().await;
    let columns = ["list", "--columns", "state,id,tag:Name", "-o", "csv"];
    let list = stage.done(&columns).await;
    let header = list.stdout.lines().next().expect("a header");
    assert_eq!(header, "state,id,tag:Name");
    let bare = stage.done(&[&columns[..], &["--no-header"]].concat()).await;
    let rows: Vec<&str> = list.stdout.lines().skip(1).collect();
    assert_eq!(bare.lines(), rows);
    let row = &stage
        .json(&["list", "--columns", "state,id,private-ip", "--limit", "1"])
        .await[0];
    let keys: Vec<&String> = row.as_object().expect("a row").keys().collect();
    assert_eq!(sorted(keys), ["id", "private_ip", "state"]);
}

#[tokio::test]
async fn filters_and_counts_agree() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let fleet = stage.sandbox.instances(account, REGION).expect("a fleet");
    let count = async |flags: &[&str]| -> usize {
        let counted = stage.done(&[&["list", "--count"], flags].concat()).await;
        counted.stdout.trim().parse().expect("a number")
    };
    let ids = async |flags: &[&str]| {
        let list = stage.done(&[&["list", "-o", "ids"], flags].concat()).await;
        sorted(list.lines())
    };
    assert_eq!(count(&[]).await, stage.listed().len());
    assert_eq!(count(&["--all"]).await, fleet.len());

    let (key, value) = fleet[0]
        .tags
        .iter()
        .find(|(key, _)| *key != "Name")
        .expect("a tag");
    let tag = format!("{key}={value}");
    let tagged = sorted(
        fleet
            .iter()
            .filter(|i| i.tags.get(key) == Some(value))
            .map(|instance| &instance.id),
    );
    assert!(!tagged.is_empty() && tagged.len() < fleet.len());
    assert_eq!(ids(&["--all", "--tag", &tag]).await, tagged);
    assert_eq!(count(&["--all", "--tag", &tag]).await, tagged.len());
    let both = ids(&["--all", "--tag", &tag, "--tag", "Name=web-1"]).await;
    assert!(both.iter().all(|id| tagged.contains(id)));
    let none = stage.done(&["list", "--tag", "Name=nobody-has-this"]).await;
    assert_eq!(
        none.stdout.lines().count().min(1),
        none.stdout.lines().count()
    );
    assert!(none.stderr.contains("no instance matches"), "{none:?}");
    assert_eq!(count(&["--tag", "Name=nobody-has-this"]).await, 0);
    for format in ["json", "jsonl", "yaml", "csv", "tsv"] {
        let none = ["list", "--tag", "Name=nobody-has-this", "-o", format];
        let none = stage.done(&none).await;
        assert_eq!(read(format, &none), Vec::<Value>::new(), "{format}");
        assert_eq!(none.stderr, "", "{format}");
    }
}

#[tokio::test]
async fn several_regions_make_one_sorted_list() {
    let stage = Stage::new().await;
    let regions = format!("{REGION},{OTHER_REGION}");
    let rows = stage.json(&["list", "-r", &regions]).await;
    let rows = rows.as_array().expect("rows");
    let expected = [REGION, OTHER_REGION]
        .map(|region| listed(&stage.sandbox, 0, region))
        .concat();
    assert_eq!(sorted(ids_of(rows)), sorted(expected));
    let names: Vec<_> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    let repeated = stage
        .done(&["list", "-o", "ids", "-r", REGION, "-r", OTHER_REGION])
        .await;
    assert_eq!(repeated.lines().len(), rows.len());
}

#[tokio::test]
async fn show_tells_everything_of_each_target() {
    let stage = Stage::new().await;
    let ids = stage.listed();
    let shown = stage.done(&["show", &ids[0], &ids[1]]).await;
    for id in &ids[..2] {
        assert!(shown.stdout.contains(id), "{}", shown.stdout);
    }
    let json = stage.json(&["show", &ids[0]]).await;
    let row = json.get(0).unwrap_or(&json);
    for field in [
        "id",
        "private_ip",
        "tags",
        "security_groups",
        "launched",
        "ssm",
        "subnet",
    ] {
        assert!(row.get(field).is_some(), "{field}: {row}");
    }
    assert!(row["ssm"].is_string(), "show waits for the agent: {row}");
}

#[tokio::test]
async fn the_other_commands_speak_json_as_well() {
    let stage = Stage::new().await;
    let whoami = stage.json(&["whoami"]).await;
    assert_eq!(
        whoami["arn"],
        *stage.sandbox.account(0).user_arn,
        "{whoami}"
    );
    let regions = stage.json(&["regions"]).await;
    let regions = regions.as_array().expect("rows");
    assert!(
        regions.iter().any(|region| region["region"] == REGION),
        "{regions:?}"
    );
    for arguments in [
        &["daemon", "status"][..],
        &["daemon", "stats"],
        &["cache", "show"],
        &["cache", "clear"],
        &["version"],
    ] {
        stage.json(arguments).await;
    }
}
