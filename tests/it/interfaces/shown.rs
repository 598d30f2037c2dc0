//! What is printed of interfaces, by both commands.

use aws_ssm_tests::sandbox::Fault;
use serde_json::Value;

use super::rows;
use crate::stage::{REGION, Stage};

/// Names that a careless table would break.
const ODD_NAMES: [&str; 3] = ["two\nlines", "\u{1b}[31mred\u{9b}2J", "東京 Grüße"];

#[tokio::test]
async fn every_format_has_the_same_interfaces_in_the_same_order() {
    let stage = Stage::new().await;
    let expected: Vec<Value> = rows(&stage, &["--all"]).await;
    let ids: Vec<_> = expected.iter().map(|row| row["id"].clone()).collect();
    let list = async |format| {
        stage
            .done(&["interfaces", "--all", "-o", format])
            .await
            .stdout
    };
    let yaml: Vec<Value> = serde_yaml::from_str(&list("yaml").await).expect("YAML");
    assert_eq!(yaml, expected);
    let jsonl = list("jsonl").await;
    let jsonl = jsonl
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    assert_eq!(jsonl.collect::<Vec<Value>>(), expected);
    let printed = list("ids").await;
    assert_eq!(printed.lines().collect::<Vec<_>>(), ids);
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let text = list(format).await;
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(delimiter).from_reader(text.as_bytes());
        let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>();
        let read: Vec<_> = rows.map(|row| row.expect("a row")["id"].clone()).collect();
        assert_eq!(read, ids, "{format}");
    }
    for format in ["table", "wide"] {
        let tables = list(format).await;
        let words = tables.split_whitespace();
        let shown: Vec<_> = words.filter(|word| word.starts_with("eni-")).collect();
        assert_eq!(shown, ids, "{format}");
    }
}

#[tokio::test]
async fn names_of_any_kind_can_break_no_heading() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let ids = stage.listed();
    for (id, name) in ids.iter().zip(ODD_NAMES) {
        let tag = ("Name", Some(name));
        let tagged = stage.sandbox.retag(account, REGION, id, tag);
        tagged.expect("an instance");
    }
    for (id, name) in ids.iter().zip(ODD_NAMES) {
        for command in ["interfaces", "show"] {
            let shown = stage.done(&[command, id.as_str()]).await.stdout;
            let heading = shown.lines().next().expect("a heading");
            assert!(heading.contains(id.as_str()), "{shown}");
            assert!(
                !shown.contains(|c: char| c != '\n' && c.is_control()),
                "{shown:?}"
            );
        }
        let row = &rows(&stage, &[id.as_str()]).await[0];
        assert_eq!(row["name"], name);
    }
}

#[tokio::test]
async fn show_has_the_interfaces_and_their_subnets() {
    let stage = Stage::new().await;
    let rows = rows(&stage, &["web-1"]).await;
    let shown = stage.json(&["show", "web-1"]).await;
    let interfaces = shown[0]["interfaces"].as_array().expect("interfaces");
    assert_eq!(interfaces.len(), rows.len());
    for (field, value) in interfaces[0].as_object().expect("an object") {
        assert_eq!(*value, rows[0][field], "{field}");
    }
    let page = stage.done(&["show", "web-1"]).await.stdout;
    let cidr = rows[0]["subnet_cidr"].as_str().expect("a block");
    let id = rows[0]["id"].as_str().expect("an id");
    for word in ["Interfaces", cidr, id, "Agent", "Tags", "Data"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let chosen = ["show", "web-1", "--columns", "interfaces,id", "-o", "csv"];
    let chosen = stage.done(&chosen).await.stdout;
    assert!(chosen.starts_with("interfaces,id\neni-"), "{chosen}");
}

#[tokio::test]
async fn show_says_why_interfaces_cannot_be_had() {
    let stage = Stage::new().await;
    let fault = Fault::access_denied().on("DescribeNetworkInterfaces");
    stage.sandbox.inject(fault);
    let page = stage.done(&["show", "web-1"]).await.stdout;
    assert!(page.contains("ec2:DescribeNetworkInterfaces"), "{page}");
    assert!(page.contains("subnet-"), "the rest is there: {page}");
    let json = stage.done(&["show", "web-1", "-o", "json"]).await;
    assert!(json.stdout.contains(r#""interfaces":null"#), "{json:?}");
    assert!(
        json.stderr.contains("ec2:DescribeNetworkInterfaces"),
        "{json:?}"
    );
    let meta = stage.json(&["show", "web-1", "--meta"]).await;
    assert_eq!(meta["errors"][0]["kind"], "permission", "{meta}");
}
