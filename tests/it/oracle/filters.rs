//! Which instances are listed: the server's own filters decide.

use serde_json::{Value, json};

use super::judge::{describe, describe_one, rows, run};
use super::moto::{HOME, Moto, moto};

/// Arguments of `list`, and the filters that mean the same to the server.
struct Case {
    arguments: Vec<String>,
    filters: Value,
}

const TAGS: &[&[(&str, &str)]] = &[
    &[("Team", "web")],
    &[("Team", "web"), ("Stage", "live")],
    &[("Team", "Web")],
    &[("team", "web")],
    &[("Team", "größe")],
    &[("Kosten Stelle", "4711")],
    &[("Team", "a,b=c")],
    &[("comma,key", "1")],
    &[("Team", "")],
    &[("Empty", "")],
    &[("K", "V=x=y")],
    &[("Team", "nobody")],
    &[("Name", "web-01")],
    &[("Name", "東京-1")],
    &[("Name", "👩‍💻 shell")],
    &[("Name", " padded ")],
    &[("Name", "two\nlines")],
    &[("Name", "say \"hi\"")],
    &[("Name", "<b>&amp;</b>")],
    &[("Name", "null"), ("Team", "web")],
];

fn cases() -> Vec<Case> {
    let listed = json!({"Name": "instance-state-name", "Values": ["pending", "running"]});
    let mut cases = Vec::new();
    for all in [false, true] {
        let states = if all { vec![] } else { vec![listed.clone()] };
        let flag = all.then(|| "--all".to_owned());
        for tags in std::iter::once(&(&[] as &[_])).chain(TAGS) {
            let tagged = tags
                .iter()
                .flat_map(|(key, value)| ["--tag".to_owned(), format!("{key}={value}")]);
            let filter = |(key, value): &(&str, &str)| json!({"Name": format!("tag:{key}"), "Values": [value]});
            let filters: Vec<_> = tags.iter().map(filter).chain(states.clone()).collect();
            cases.push(Case {
                arguments: flag.iter().cloned().chain(tagged).collect(),
                filters: Value::Array(filters),
            });
        }
    }
    cases
}

#[tokio::test]
async fn a_list_chooses_what_the_server_chooses() {
    let Some(moto) = moto().await else { return };
    let cases = cases();
    let questions: Vec<_> = (cases.iter().enumerate())
        .map(|(number, case)| {
            let question = moto.question(&number.to_string(), HOME);
            question.filters(case.filters.clone())
        })
        .collect();
    let described = describe(moto.python, &questions).await;
    let programs = moto.programs();
    let mut hits = 0;
    for (number, case) in cases.iter().enumerate() {
        let described = &described[&number.to_string()];
        let arguments: Vec<&str> = case.arguments.iter().map(String::as_str).collect();
        let arguments = [&["list"], arguments.as_slice()].concat();
        described.assert_printed(&rows(&programs, &arguments).await);
        hits += usize::from(!described.rows.is_empty());
    }
    // Filters that nothing passes would agree on anything.
    assert!(hits > cases.len() / 2, "only {hits} filters chose any");
}

#[tokio::test]
async fn a_count_and_a_limit_are_of_the_same_list() {
    let Some(moto) = moto().await else { return };
    let Moto { python, .. } = moto;
    let filters = json!([{"Name": "tag:Team", "Values": ["web"]}]);
    let question = moto.question("web", HOME).filters(filters);
    let web = describe_one(python, question).await;
    let programs = moto.programs();
    let list = ["list", "--all", "--tag", "Team=web"];
    let counted = run(&programs, &[&list[..], &["--count"]].concat()).await;
    assert_eq!(counted.lines(), [web.rows.len().to_string()]);
    let limited = run(
        &programs,
        &[&list[..], &["--limit", "7", "-o", "ids"]].concat(),
    )
    .await;
    assert_eq!(limited.lines(), web.sorted[..7]);
}
