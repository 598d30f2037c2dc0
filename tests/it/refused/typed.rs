//! What a person types.

use crate::stage::{REGION, Stage, assert_refused, programs};

/// Mistakes that need no daemon to be seen.
#[tokio::test]
async fn mistakes_in_the_words_themselves_start_nothing() {
    let programs = programs();
    let mistakes: &[(&[&str], &[&str])] = &[
        (&["frobnicate"], &["frobnicate"]),
        (&["lsit"], &["list"]),
        (&["list", "--frobnicate"], &["--frobnicate"]),
        (&["regions", "surplus"], &["surplus"]),
        (&["show"], &["TARGET", "no terminal"]),
        (&["resolve", "-q"], &["TARGET", "-q"]),
        (&["list", "-o", "jsn"], &["did you mean json?"]),
        (&["list", "-o", "xml"], &["table, wide"]),
        (&["list", "--columns", "nam"], &["did you mean name?"]),
        (&["list", "--columns", "id,,name"], &["--columns"]),
        (&["list", "--columns", "tag:"], &["tag:Team"]),
        (
            &["list", "--sort", "privat-ip"],
            &["did you mean private-ip?"],
        ),
        (&["list", "--sort", "name,none"], &["none"]),
        (&["list", "--tag", "Team"], &["Team=web"]),
        (&["list", "--limit", "0"], &["--limit"]),
        (&["list", "--limit", "many"], &["many"]),
        (&["list", "--count", "--limit", "3"], &["--limit"]),
        (&["list", "--fresh", "--max-age", "5m"], &["--max-age"]),
        (&["list", "--max-age", "5"], &["--max-age 5s"]),
        (&["list", "--timeout", "soon"], &["soon"]),
        (&["list", "--timeout", "0s"], &["--timeout"]),
        (&["list", "--color", "blue"], &["auto, always or never"]),
        (&["list", "--profile", ""], &["--profile"]),
        (&["list", "--region", "eu-west-1,"], &["--region"]),
    ];
    for (arguments, words) in mistakes {
        let finished = programs.run(arguments).await;
        assert_eq!(finished.code(), 2, "{arguments:?}: {finished:?}");
        assert_refused(&finished, 2, words);
    }
    let left = std::fs::read_dir(programs.home.path())
        .expect("a home")
        .count();
    assert_eq!(left, 0, "nothing was made");
}

/// Mistakes that are seen where the settings are understood, before AWS is asked.
#[tokio::test]
async fn mistakes_in_the_settings_ask_aws_nothing() {
    let stage = Stage::new().await;
    let mistakes: &[(&[&str], i32, &[&str])] = &[
        (
            &["list", "-r", "EU-West-1"],
            2,
            &["did you mean eu-west-1?"],
        ),
        (&["list", "-r", "eu-west-1b"], 2, &["availability zone"]),
        (&["list", "-r", "mars"], 2, &["mars", "--region"]),
        (&["list", "-r", "eu-west-1/../x"], 2, &["--region"]),
        (&["list", "--profile", "nonesuch"], 4, &["nonesuch"]),
        (&["list", "--role-arn", "admin"], 2, &["admin"]),
        (&["list", "--endpoint-url", "somewhere"], 2, &["somewhere"]),
        (
            &["list", "--endpoint-url", "ftp://127.0.0.1/"],
            2,
            &["ftp://127.0.0.1/"],
        ),
        (&["whoami", "-r", "mars"], 2, &["mars"]),
        (&["show", "web-1", "-r", "mars"], 2, &["mars"]),
        (&["regions", "-r", "mars"], 2, &["mars"]),
        (&["cache", "refresh", "-r", "mars"], 2, &["mars"]),
    ];
    for (arguments, code, words) in mistakes {
        let finished = stage.run(arguments).await;
        assert_eq!(finished.code(), *code, "{arguments:?}: {finished:?}");
        assert_refused(&finished, *code, words);
    }
    assert_eq!(stage.sandbox.counts().total(), 0);
}

#[tokio::test]
async fn a_region_that_does_not_exist_is_refused_by_aws_and_told() {
    let stage = Stage::new().await;
    let list = stage
        .run(&["list", "-r", "eu-wset-1", "--timeout", "20s"])
        .await;
    assert_refused(&list, 4, &["region"]);
}

#[tokio::test]
async fn an_unknown_target_is_told_with_the_nearest_names() {
    let stage = Stage::new().await;
    for command in ["resolve", "show"] {
        let finished = stage.run(&[command, "wbe-1"]).await;
        assert_refused(&finished, 3, &["wbe-1", "web-1"]);
        let finished = stage.run(&[command, "i-00000000000000000"]).await;
        assert_refused(&finished, 3, &["i-00000000000000000"]);
    }
}

#[tokio::test]
async fn an_ambiguous_target_is_told_with_its_candidates() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let ids = stage.listed();
    for id in &ids[..2] {
        let tag = ("Name", Some("twin"));
        stage
            .sandbox
            .retag(account, REGION, id, tag)
            .expect("an instance");
    }
    for command in ["resolve", "show"] {
        assert_refused(&stage.run(&[command, "twin"]).await, 3, &[&ids[0], &ids[1]]);
    }
    // A stopped twin is no ambiguity.
    stage
        .sandbox
        .stop_instance(account, REGION, &ids[0])
        .expect("an instance");
    let resolved = stage.done(&["resolve", "twin", "--fresh"]).await;
    assert_eq!(resolved.lines(), [&ids[1]]);
}

#[tokio::test]
async fn a_missing_or_broken_configuration_is_told_by_the_command_that_needs_it() {
    let stage = Stage::new().await;
    let missing = stage
        .run(&["list", "--config", "/nonexistent/config.yaml"])
        .await;
    assert_refused(&missing, 2, &["/nonexistent/config.yaml"]);
    let broken = [
        "cache: [",
        "cache:\n  ttl_minutes: 0\n",
        "cache:\n  xylophone: 1\n",
        "- 1\n",
    ];
    for text in broken {
        stage.programs.home.write("config.yaml", text);
        for arguments in [
            &["list"][..],
            &["list", "--no-daemon"],
            &["daemon", "start"],
        ] {
            assert_refused(&stage.run(arguments).await, 2, &["config.yaml"]);
        }
    }
    assert!(!stage.programs.home.endpoint().socket.exists());
    // Mended, it serves at once.
    stage
        .programs
        .home
        .write("config.yaml", "cache:\n  ttl_minutes: 10\n");
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn help_and_version_are_answers_and_nothing_at_all_is_not() {
    let programs = programs();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["list", "--help"],
        &["daemon", "--help"],
    ] {
        let finished = programs.run(arguments).await;
        assert_eq!(finished.code(), 0, "{arguments:?}");
        assert!(
            !finished.stdout.is_empty() && finished.stderr.is_empty(),
            "{arguments:?}"
        );
    }
    assert_eq!(programs.run(&[]).await.code(), 2);
    assert_eq!(programs.run(&["daemon"]).await.code(), 2);
}
