//! Every format that programs read, read by somebody else's parser.

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::{Described, EVERY_COLUMN, Row, describe_one, run};
use super::moto::{HOME, Moto, moto};

async fn home(moto: &Moto) -> Described {
    describe_one(moto.python, moto.question("home", HOME)).await
}

#[tokio::test]
async fn objects_read_back_in_every_notation() {
    let Some(moto) = moto().await else { return };
    let home = home(moto).await;
    let programs = moto.programs();
    for format in ["json", "jsonl", "yaml"] {
        let printed = run(&programs, &["list", "--all", "-o", format]).await;
        let text = printed.stdout.as_bytes();
        let read: Vec<Row> = moto.python.pipe(&["parse.py", format], text).await;
        home.assert_printed(&read);
    }
}

#[tokio::test]
async fn lines_read_back_in_every_notation() {
    let Some(moto) = moto().await else { return };
    let home = home(moto).await;
    let programs = moto.programs();
    for format in ["csv", "tsv"] {
        let list = ["list", "--all", "--columns", EVERY_COLUMN, "-o", format];
        let printed = run(&programs, &list).await;
        let text = printed.stdout.as_bytes();
        let read: Vec<BTreeMap<String, String>> =
            moto.python.pipe(&["parse.py", format], text).await;
        let ids: Vec<_> = read.iter().map(|row| row["id"].as_str()).collect();
        assert_eq!(ids, home.sorted, "{format}");
        for row in &read {
            assert_fields(row, home.row(&row["id"]), format);
        }
    }
}

fn assert_fields(read: &BTreeMap<String, String>, expected: &Row, format: &str) {
    assert_eq!(read.len(), expected.len(), "{format}");
    for (field, value) in expected {
        let id = &read["id"];
        let found = &read[field];
        match value {
            // The order of tags is the server's, which an object does not keep.
            Value::Object(tags) => {
                let pairs = tags.iter().map(|(key, value)| {
                    let value = value.as_str().expect("values of tags are texts");
                    format!("{key}={value}")
                });
                let pairs: Vec<_> = pairs.collect();
                assert_eq!(found.len(), pairs.join(",").len(), "{field} of {id}");
                for pair in pairs {
                    assert!(found.contains(&pair), "{format}: {field} of {id}: {found}");
                }
            }
            _ => assert_eq!(*found, flat(value), "{format}: {field} of {id}"),
        }
    }
}

/// A field on a line: nothing for nothing, and of groups the ids.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(groups) => {
            let ids = groups.iter().filter_map(|group| group["id"].as_str());
            ids.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn ids_and_single_tags_are_lines_too() {
    let Some(moto) = moto().await else { return };
    let home = home(moto).await;
    let programs = moto.programs();
    let printed = run(&programs, &["list", "--all", "-o", "ids"]).await;
    assert_eq!(printed.lines(), home.sorted);
    let list = [
        "list",
        "--all",
        "--columns",
        "id,tag:Team,tag:glob?",
        "-o",
        "csv",
    ];
    let printed = run(&programs, &list).await;
    let text = printed.stdout.as_bytes();
    let read: Vec<BTreeMap<String, String>> = moto.python.pipe(&["parse.py", "csv"], text).await;
    assert_eq!(read.len(), home.rows.len());
    for row in &read {
        let tags = &home.row(&row["id"])["tags"];
        for key in ["Team", "glob?"] {
            let expected = tags[key].as_str().unwrap_or_default();
            assert_eq!(row[&format!("tag:{key}")], expected, "{}", row["id"]);
        }
    }
}
