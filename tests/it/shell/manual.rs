//! The manual, as judges that are not ours read it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use aws_ssm_tests::harness::{Programs, finish};

use super::is_there;
use crate::stage::{assert_refused, programs};

async fn written(programs: &Programs) -> Vec<PathBuf> {
    let dir = programs.home.path().join("man/man1");
    let finished = programs
        .run(&["man", "--dir", dir.to_str().expect("a path")])
        .await;
    assert_eq!(
        (finished.code(), finished.stdout.as_str()),
        (0, ""),
        "{finished:?}"
    );
    let pages = fs::read_dir(dir).expect("a directory");
    pages.map(|page| page.expect("a page").path()).collect()
}

fn name(page: &std::path::Path) -> String {
    page.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

#[tokio::test]
async fn every_command_has_a_page_and_every_page_has_its_examples() {
    let programs = programs();
    let pages = written(&programs).await;
    let names: BTreeSet<_> = pages.iter().map(|page| name(page)).collect();
    for expected in [
        "aws-ssm.1",
        "aws-ssm-list.1",
        "aws-ssm-daemon-logs.1",
        "aws-ssm-man.1",
    ] {
        assert!(names.contains(expected), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("__")), "{names:?}");
    for page in &pages {
        let text = fs::read_to_string(page).expect("a page");
        assert!(text.contains("\n.SH EXAMPLES\n"), "{}", page.display());
        let words = name(page)
            .replace(".1", "")
            .replace('-', " ")
            .replace("aws ssm", "");
        let words: Vec<_> = words.split_whitespace().collect();
        let printed = programs.run(&[&["man"], words.as_slice()].concat()).await;
        assert_eq!(printed.stdout, text, "printed and written are one");
    }
}

#[tokio::test]
async fn mandoc_and_groff_find_nothing_wrong_with_any_page() {
    let programs = programs();
    let pages = written(&programs).await;
    if is_there("mandoc") {
        let mut lint = Command::new("mandoc");
        lint.args(["-T", "lint", "-W", "warning"]).args(&pages);
        let finished = finish(lint).await;
        // A page is of a version, and has no date.
        let wrong = finished.stdout.lines();
        let wrong: Vec<_> = wrong
            .filter(|line| !line.contains("missing date"))
            .collect();
        assert_eq!(wrong, [""; 0]);
    }
    if is_there("groff") {
        for page in &pages {
            let mut judge = Command::new("groff");
            judge.args(["-ww", "-z", "-man"]).arg(page);
            let finished = finish(judge).await;
            assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
        }
    }
}

#[tokio::test]
async fn a_page_reads_as_the_help_does() {
    if !is_there("mandoc") {
        return;
    }
    let programs = programs();
    let pages = written(&programs).await;
    let page = pages.iter().find(|page| name(page) == "aws-ssm-list.1");
    let mut shown = Command::new("mandoc");
    shown.args(["-T", "ascii"]).arg(page.expect("a page"));
    // Bold is a letter, a step back and the letter.
    let shown = finish(shown).await.stdout;
    let mut plain = String::new();
    for c in shown.chars() {
        match c {
            '\u{8}' => drop(plain.pop()),
            c => plain.push(c),
        }
    }
    let words: Vec<_> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    for said in [
        "aws-ssm-list - List instances",
        "aws-ssm list [OPTIONS]",
        "--sort COL[,-COL]",
        "-r, --region R[,R...] Ask in these regions: names",
        "aws-ssm list --sort none -o jsonl",
        "SEE ALSO aws-ssm(1)",
    ] {
        assert!(plain.contains(said), "{said}: {plain}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_is_told_with_the_nearest() {
    let programs = programs();
    let refused = programs.run(&["man", "lits"]).await;
    assert_refused(&refused, 2, &["did you mean list?"]);
    let refused = programs.run(&["man", "list", "x"]).await;
    assert_refused(&refused, 2, &["aws-ssm list has no commands"]);
    let refused = programs.run(&["man", "--dir", "/proc/nowhere"]).await;
    assert_refused(&refused, 1, &["/proc/nowhere"]);
    let refused = programs.run(&["completion", "fihs"]).await;
    assert_refused(&refused, 2, &["did you mean fish?"]);
}
