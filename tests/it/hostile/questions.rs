//! Questions that are well formed and ask for far too much.

use std::path::Path;

use aws_ssm_proto::client::Checked;
use aws_ssm_proto::domain::{
    Caller, Column, Error, ErrorKind, Freshness, ListQuery, Sort, SortKey, TagFilter,
};

use super::Scene;

#[track_caller]
fn assert_usage(what: &str, error: &Error) {
    assert_eq!(error.kind, ErrorKind::Usage, "{what}: {error:?}");
    let parts = [&error.what, &error.why, &error.hint];
    assert!(
        parts.iter().all(|part| !part.is_empty()),
        "{what}: {error:?}"
    );
    assert!(error.to_string().len() < 1000, "{what}: it is sent back");
}

fn lists() -> Vec<(&'static str, ListQuery)> {
    let tag = TagFilter {
        key: "Team".to_owned(),
        value: "core".to_owned(),
    };
    let key = SortKey {
        column: Column::Tags,
        descending: true,
    };
    let columns = (0..5000).map(|number| Column::Tag(format!("t{number}")));
    let query = ListQuery::default;
    vec![
        (
            "columns",
            ListQuery {
                columns: columns.collect(),
                ..query()
            },
        ),
        (
            "tags",
            ListQuery {
                tags: vec![tag; 5000],
                ..query()
            },
        ),
        (
            "terms",
            ListQuery {
                terms: vec!["web".to_owned(); 5000],
                ..query()
            },
        ),
        (
            "values of terms",
            ListQuery {
                terms: vec!["a,".repeat(5000) + "a"],
                ..query()
            },
        ),
        (
            "a long term",
            ListQuery {
                terms: vec!["web".repeat(50_000)],
                ..query()
            },
        ),
        (
            "sort keys",
            ListQuery {
                sort: Sort::By(vec![key; 5000]),
                ..query()
            },
        ),
    ]
}

#[tokio::test]
async fn a_list_that_names_more_than_anybody_reads_is_a_usage_error() {
    let scene = Scene::new().await;
    for (what, query) in lists() {
        let error = scene.witness.list_instances(&scene.caller, &query).await;
        assert_usage(what, &error.expect_err("refused"));
        scene.others_are_answered().await;
    }
    let regions = (0..5000).map(|number| format!("eu-{}-1", "x".repeat(number % 50 + 1)));
    let caller = Caller {
        regions: regions.collect(),
        ..scene.caller.clone()
    };
    let query = ListQuery::default();
    let error = scene.witness.list_instances(&caller, &query).await;
    assert_usage("regions", &error.expect_err("refused"));
    scene.others_are_answered().await;
    scene.stays_small("lists").await;
    scene.ends_well().await;
}

#[tokio::test]
async fn targets_beyond_the_bounds_are_a_usage_error_and_hold_up_nobody() {
    let scene = Scene::new().await;
    let cases = [
        ("many", vec!["web-1".to_owned(); 20_000]),
        ("one that is long", vec!["web-1".repeat(40_000)]),
    ];
    for (what, targets) in cases {
        let columns = [Column::Id];
        let asked = Freshness::Configured;
        let answer = scene
            .witness
            .resolve(&scene.caller, &targets, &columns, asked);
        assert_usage(what, &answer.await.expect_err("refused"));
        scene.others_are_answered().await;
    }
    scene.ends_well().await;
}

#[tokio::test]
async fn settings_of_any_length_are_refused_in_words_that_fit_an_answer() {
    let scene = Scene::new().await;
    let long = "x".repeat(200_000);
    let set = |change: &dyn Fn(&mut Caller)| {
        let mut caller = scene.caller.clone();
        change(&mut caller);
        caller
    };
    let callers = [
        set(&|caller| caller.profile = Some(long.clone())),
        set(&|caller| caller.role_arn = Some(long.clone())),
        set(&|caller| caller.regions = vec![long.clone()]),
        set(&|caller| caller.endpoint_url = Some(long.clone())),
        set(&|caller| caller.config_file = format!("/{long}").into()),
    ];
    for caller in callers {
        let error = scene.witness.whoami(&caller).await.expect_err("refused");
        assert!(!error.hint.is_empty(), "{error:?}");
        assert_ne!(error.kind, ErrorKind::Daemon, "the answer got through");
        scene.others_are_answered().await;
    }
    scene.ends_well().await;
}

/// Whoever opened one of these as a plain file would wait for ever, or never be done.
#[tokio::test]
async fn files_that_are_no_plain_files_are_neither_waited_for_nor_read_without_end() {
    let scene = Scene::new().await;
    let pipe = scene.stage.programs.home.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let home = scene.stage.programs.home.path();
    for path in [&pipe, home, Path::new("/dev/zero"), Path::new("/dev/ptmx")] {
        let checked = scene.witness.check_config(Checked::File(path)).await;
        let checked = checked.expect("an answer");
        assert!(checked.error.is_some(), "{}", path.display());
        let caller = Caller {
            config_file: path.to_owned(),
            ..scene.caller.clone()
        };
        // To the `aws` command it is as if there were none.
        scene.witness.whoami(&caller).await.expect("an answer");
        scene.others_are_answered().await;
    }
    scene.stays_small("files").await;
    scene.ends_well().await;
}
