//! Somebody who names no instance, at a terminal and elsewhere.

mod terminal;

use aws_ssm_tests::sandbox::SandboxConfig;

use crate::stage::{REGION, Stage, assert_refused, small};
use terminal::{client, keys, run, signal, size};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// A fleet in which two running instances and a stopped one have names of their own,
/// and their ids.
async fn stage() -> (Stage, [String; 3]) {
    let stage = Stage::new().await;
    let account = stage.sandbox.account(0).id.clone();
    let [one, two, three] = std::array::from_fn(|place| stage.listed()[place].clone());
    for (id, name) in [
        (&one, "quokka-1"),
        (&two, "quokka-東京"),
        (&three, "quokka-off"),
    ] {
        let tag = ("Name", Some(name));
        let retagged = stage.sandbox.retag(&account, REGION, id, tag);
        retagged.expect("an instance");
    }
    let stopped = stage.sandbox.stop_instance(&account, REGION, &three);
    stopped.expect("an instance");
    stage.done(&["list"]).await;
    (stage, [one, two, three])
}

#[tokio::test]
async fn somebody_types_a_part_of_a_name_and_picks_the_instance() {
    let (stage, [one, ..]) = stage().await;
    let todo = [keys("/60", "qk1"), keys("1/60", "\r")];
    let seen = client(&stage, &["show", "--color", "never"], &todo).await;
    seen.assert_restored();
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.last_frame().contains(">  quokka-1  "), "{seen:?}");
    let page = seen.afterwards();
    assert!(
        page.contains(&format!("quokka-1  {one}  running")),
        "{page}"
    );
    assert!(page.contains("Security groups"), "{page}");
}

#[tokio::test]
async fn several_instances_are_marked_where_a_command_takes_several() {
    let (stage, [one, two, three]) = stage().await;
    let todo = [
        keys("/60", "quokka"),
        keys("3/60", "\t\t"),
        keys("2 marked", "\r"),
    ];
    let seen = client(&stage, &["show", "-o", "ids"], &todo).await;
    seen.assert_restored();
    let shown: Vec<&str> = seen.afterwards().split_whitespace().collect();
    assert_eq!(shown, [one.as_str(), two.as_str()], "{three} is stopped");

    let todo = [keys("/60", "quokka"), keys("3/60", "\t\t\r")];
    let seen = client(&stage, &["resolve"], &todo).await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), three);
    assert!(!seen.last_frame().contains("marked"), "{seen:?}");
}

/// A name that somebody gave an instance reaches no terminal as it is.
#[tokio::test]
async fn the_answer_of_a_command_substitution_is_the_id_alone() {
    let (stage, [_, two, _]) = stage().await;
    let script = r#"id=$("$CLIENT" resolve) && echo "picked: $id.""#;
    let todo = [keys("/60", "東"), keys("1/60", "\r")];
    let seen = run(&stage.programs.shell(script), "xterm", (100, 24), &todo).await;
    seen.assert_restored();
    assert_eq!(seen.code, 0, "{seen:?}");
    assert_eq!(seen.afterwards().trim(), format!("picked: {two}."));
}

#[tokio::test]
async fn who_leaves_picks_nothing_and_finds_the_terminal_as_it_was() {
    let (stage, _) = stage().await;
    for (ends, code) in [
        (keys("/60", "\u{1b}"), 130),
        (keys("/60", "\u{3}"), 130),
        (keys("/60", "quo\u{3}"), 130),
        (signal("/60", SIGINT), 130),
        (signal("/60", SIGTERM), 143),
    ] {
        let seen = client(&stage, &["show"], std::slice::from_ref(&ends)).await;
        seen.assert_restored();
        assert_eq!((seen.code, seen.afterwards()), (code, ""), "{ends}");
    }
}

#[tokio::test]
async fn a_terminal_of_another_size_is_drawn_anew() {
    let (stage, _) = stage().await;
    let todo = [
        size("/60", (140, 30)),
        size("| ", (20, 5)),
        keys(">  quokka", "\u{1b}"),
    ];
    // With something typed, so that the smallest one shows what is expected.
    let todo = [&[keys("/60", "quokka-1")], &todo[..]].concat();
    let seen = client(&stage, &["resolve", "--color", "never"], &todo).await;
    seen.assert_restored();
    let frames = seen.frames();
    let wide = frames.iter().find(|frame| frame.concat().contains("| "));
    assert_eq!(wide.expect("it was wide").len(), 30);
    let last = frames.last().expect("a frame");
    assert!(last.len() <= 5, "{last:?}");
    assert!(
        last.iter().all(|line| line.chars().count() <= 20),
        "{last:?}"
    );
}

#[tokio::test]
async fn terms_of_the_search_language_filter_the_list() {
    let (stage, [_, _, three]) = stage().await;
    let todo = [keys("/60", "quokka state:stopped"), keys("1/60", "\r")];
    let seen = client(&stage, &["resolve"], &todo).await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), three);
    // Typed at once, an Enter waits for the daemon.
    let seen = client(
        &stage,
        &["resolve"],
        &[keys("/60", "state:stopped quokka\r")],
    )
    .await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), three);
}

#[tokio::test]
async fn a_wrong_term_is_told_and_neither_empties_the_list_nor_picks() {
    let (stage, [one, ..]) = stage().await;
    let todo = [
        keys("/60", "quokka-1 stat:x\r"),
        keys("did you mean state", "\u{17}"),
        keys("> quokka-1 \r\n", "\r"),
    ];
    let seen = client(&stage, &["resolve", "--color", "never"], &todo).await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), one);
    let frames = seen.frames();
    let told = frames
        .iter()
        .find(|frame| frame.concat().contains("did you mean"));
    let told = told.expect("it was told");
    assert!(
        told[1].starts_with("1/60") && told[2].contains("quokka-1"),
        "{told:?}"
    );
}

#[tokio::test]
async fn nothing_is_opened_where_nobody_could_pick() {
    let (stage, _) = stage().await;
    for command in ["show", "resolve"] {
        assert_refused(
            &stage.run(&[command]).await,
            2,
            &["no TARGET", "no terminal"],
        );
        let quiet = client(&stage, &[command, "-q"], &[]).await;
        assert!(!quiet.was_opened() && quiet.code == 2, "{quiet:?}");
        let client = stage.programs.command([command]);
        let dumb = run(&client, "dumb", (100, 24), &[]).await;
        assert!(!dumb.was_opened() && dumb.code == 2, "{dumb:?}");
    }
    // Standard input is no terminal: nobody could type.
    let fed = stage.programs.shell(r#"echo web-1 | "$CLIENT" show"#);
    let fed = run(&fed, "xterm", (100, 24), &[]).await;
    assert!(!fed.was_opened() && fed.code == 2, "{fed:?}");
}

#[tokio::test]
async fn ten_thousand_instances_are_searched_while_somebody_types() {
    let stage = Stage::with(SandboxConfig {
        instances: 10_000,
        ..small()
    })
    .await;
    let id = stage.listed()[5_000].clone();
    stage.done(&["list", "--count"]).await;
    let todo = [keys("10000/10000", &id), keys("1/10000", "\r")];
    let seen = client(&stage, &["resolve"], &todo).await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), id);
}

#[tokio::test]
async fn an_account_without_instances_has_nothing_to_pick() {
    let stage = Stage::with(SandboxConfig {
        instances: 0,
        ..small()
    })
    .await;
    let seen = client(&stage, &["show"], &[]).await;
    assert!(!seen.was_opened() && seen.code == 3, "{seen:?}");
    assert!(seen.afterwards().contains(REGION), "{seen:?}");
}

#[tokio::test]
async fn an_ambiguous_target_lets_somebody_choose_between_its_candidates() {
    let (stage, [one, two, _]) = stage().await;
    let account = &stage.sandbox.account(0).id;
    for id in [&one, &two] {
        let tag = ("Name", Some("twin"));
        let retagged = stage.sandbox.retag(account, REGION, id, tag);
        retagged.expect("an instance");
    }
    stage.done(&["list", "--fresh"]).await;
    let mut ids = [one, two];
    ids.sort();
    let seen = client(&stage, &["resolve", "twin"], &[keys("2/2", "\u{1b}[B\r")]).await;
    seen.assert_restored();
    assert_eq!(seen.afterwards().trim(), ids[1]);
    // The others are taken as they are named.
    let targets = ["show", "-o", "ids", "quokka-off", "twin"];
    let seen = client(&stage, &targets, &[keys("2/2", "\t\t\r")]).await;
    seen.assert_restored();
    let shown: Vec<&str> = seen.afterwards().split_whitespace().collect();
    assert_eq!(shown[1..], [ids[0].as_str(), &ids[1]]);
    let quiet = client(&stage, &["resolve", "twin", "-q"], &[]).await;
    assert!(!quiet.was_opened() && quiet.code == 3, "{quiet:?}");
}
