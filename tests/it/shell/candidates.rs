//! What `__complete` answers, and what it never does.

use std::os::unix::net::UnixListener;

use crate::stage::{OTHER_REGION, REGION, Stage, programs};

/// What Tab asks; on a busy machine an answer takes longer than a person would wait.
const TAB: [&str; 5] = ["__complete", "--timeout", "20s", "fish", "--"];

/// Presses Tab after these words, and expects this to be offered.
#[track_caller]
fn offers(stage: &Stage, words: &[&str], expected: &[&str]) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let arguments = [&TAB, words].concat();
    async move {
        let finished = stage.done(&arguments).await;
        assert_eq!(finished.stderr, "", "{caller}");
        let lines = finished.stdout.lines();
        let values: Vec<_> = lines.filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(values, expected, "{caller}: {words:?}");
    }
}

async fn offers_nothing(stage: &Stage, words: &[&str]) {
    offers(stage, words, &[]).await;
}

/// One with a name that no other begins like.
async fn stage() -> (Stage, String) {
    let stage = Stage::new().await;
    let id = stage.listed().remove(0);
    let account = &stage.sandbox.account(0).id;
    for (key, value) in [("Name", "zz one"), ("zz:team", "a b$c")] {
        let tagged = stage
            .sandbox
            .retag(account, REGION, &id, (key, Some(value)));
        tagged.expect("an instance");
    }
    (stage, id)
}

#[tokio::test]
async fn names_ids_and_tags_come_from_the_cache() {
    let (stage, id) = stage().await;
    stage.done(&["list"]).await;
    offers(&stage, &["show", "zz"], &["zz one"]).await;
    offers(&stage, &["resolve", &id[..12]], &[&id]).await;
    offers(&stage, &["list", "-t", "zz"], &["zz:team="]).await;
    offers(&stage, &["list", "-t", "zz:team="], &["zz:team=a b$c"]).await;
    offers(
        &stage,
        &["list", "--columns", "id,tag:zz"],
        &["id,tag:zz:team"],
    )
    .await;
    offers(&stage, &["list", "name:zz"], &[r"name:zz\ one"]).await;
    offers(
        &stage,
        &["list", r"tag:zz\:team="],
        &[r"tag:zz\:team=a\ b$c"],
    )
    .await;
    offers(&stage, &["show", "tag:zz"], &["tag:zz:team="]).await;
    offers(&stage, &["list", "!state:run"], &["!state:running"]).await;
    // What is known of one region is not said to be in another.
    offers_nothing(&stage, &["show", "-r", OTHER_REGION, "zz"]).await;
}

#[tokio::test]
async fn regions_are_those_that_are_known_and_profiles_those_of_the_files() {
    let (stage, _) = stage().await;
    let files = "[profile dev]\nregion = eu-west-1\n[profile deploy]\nregion = x\n";
    stage.programs.home.write(".aws/config", files);
    stage.done(&["list"]).await;
    offers(&stage, &["-p", "de"], &["deploy", "dev"]).await;
    offers(
        &stage,
        &["list", "-r", "eu-west-1,eu"],
        &["eu-west-1,eu-west-1"],
    )
    .await;
    stage.done(&["regions"]).await;
    offers(&stage, &["list", "-r", "us-east-1"], &[OTHER_REGION]).await;
    offers(&stage, &["list", "-r", "al"], &["all"]).await;
    offers(&stage, &["show", "-r", "eu-west-*", "zz"], &["zz one"]).await;
    offers(&stage, &["show", "-r", "us-*", "zz"], &[]).await;
}

#[tokio::test]
async fn tab_asks_aws_nothing() {
    let (stage, _) = stage().await;
    let words: [&[&str]; 6] = [
        &["show", "zz"],
        &["list", "-t", "zz"],
        &["list", "-r", "us"],
        &["list", "-r", OTHER_REGION, "zz"],
        &["-p", "de"],
        &["list", "--fresh", "name:z"],
    ];
    // A daemon that knows nobody yet.
    stage.done(&["daemon", "start"]).await;
    for words in words {
        offers_nothing(&stage, words).await;
    }
    assert_eq!(stage.sandbox.counts().total(), 0);
    stage.done(&["list"]).await;
    stage.settled().await;
    let before = stage.sandbox.counts().total();
    offers(&stage, &["show", "zz"], &["zz one"]).await;
    for words in words {
        stage.done(&[&TAB, words].concat()).await;
    }
    assert_eq!(stage.sandbox.counts().total(), before);
}

#[tokio::test]
async fn tab_starts_no_daemon_and_leaves_nothing() {
    let programs = programs().with("AWS_REGION", REGION);
    for words in [
        &["show", "w"][..],
        &["-p", "d"],
        &["list", "-r", ""],
        &["list", "-t", "K="],
    ] {
        let finished = programs
            .run(&[&["__complete", "fish", "--"], words].concat())
            .await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("", "")
        );
    }
    let left = std::fs::read_dir(programs.home.path()).expect("a home");
    assert_eq!(left.count(), 0, "something was made");
}

/// It takes connections and says nothing; a shell must not hang on it.
#[tokio::test]
async fn a_deaf_daemon_is_not_waited_for() {
    let programs = programs().with("AWS_REGION", REGION);
    let socket = programs.home.endpoint().socket;
    let dir = socket.parent().expect("a directory");
    std::fs::create_dir_all(dir).expect("a directory");
    let deaf = UnixListener::bind(&socket).expect("a socket");
    let finished = programs
        .run(&["__complete", "fish", "--", "show", "w"])
        .await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("", "")
    );
    drop(deaf);
    std::fs::remove_file(socket).expect("it is ours");
}

#[tokio::test]
async fn nobody_is_offered_what_another_account_has() {
    let (stage, _) = stage().await;
    stage.done(&["list"]).await;
    offers(&stage, &["show", "zz"], &["zz one"]).await;
    let other = stage.sandbox.account(1).clone();
    let Stage {
        sandbox,
        mut programs,
    } = stage;
    programs.set("AWS_ACCESS_KEY_ID", &other.access_key);
    programs.set("AWS_SECRET_ACCESS_KEY", &other.secret_key);
    let stage = Stage { sandbox, programs };
    offers_nothing(&stage, &["show", "zz"]).await;
    offers_nothing(&stage, &["list", "-r", ""]).await;
    stage.done(&["list"]).await;
    offers_nothing(&stage, &["show", "zz"]).await;
}

#[tokio::test]
async fn what_steers_a_terminal_is_never_offered() {
    let (stage, id) = stage().await;
    let account = &stage.sandbox.account(0).id;
    let evil = "zz\u{1b}]0;x\u{7}\nrm -rf /";
    let tagged = stage
        .sandbox
        .retag(account, REGION, &id, ("Name", Some(evil)));
    tagged.expect("an instance");
    stage.done(&["list"]).await;
    offers(&stage, &["list", "-t", "zz"], &["zz:team="]).await;
    offers_nothing(&stage, &["show", "zz"]).await;
    offers_nothing(&stage, &["list", "-t", "Name=zz"]).await;
}

#[tokio::test]
async fn whatever_is_typed_tab_says_nothing_of_it() {
    let programs = programs();
    for arguments in [
        &["fish", "--"][..],
        &["fish", "--", "--output"],
        &["fish", "--", "--nonsense=", "-", "--", "-z"],
        &[
            "fish", "--", "list", "-o", "nonsense", "--color", "x", "--limit", "-",
        ],
        &["bash", "--breaks", "", "--", "aws-ssm '"],
        &["bash", "--", ""],
        &["zsh"],
        &["powershell", "--", ""],
        &["nonsense", "--", "x"],
    ] {
        let finished = programs.run(&[&["__complete"], arguments].concat()).await;
        assert_eq!(finished.code(), 0, "{arguments:?}: {finished:?}");
        assert_eq!(finished.stderr, "", "{arguments:?}");
    }
}
