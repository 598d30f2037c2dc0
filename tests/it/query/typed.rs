//! Terms as they are typed: what they choose, and how a wrong one is told.

use aws_ssm_tests::sandbox::State;

use crate::stage::{REGION, Stage, assert_refused, sorted};

impl Stage {
    /// The ids that the local AWS has of instances like this.
    fn those(&self, wanted: impl Fn(&str, State, &str) -> bool) -> Vec<String> {
        let account = &self.sandbox.account(0).id;
        let instances = self.sandbox.instances(account, REGION).expect("a fleet");
        let chosen = instances.into_iter().filter(|one| {
            let team = one.tags.get("Team").map_or("", String::as_str);
            wanted(one.name.as_deref().unwrap_or(""), one.state, team)
        });
        sorted(chosen.map(|one| one.id))
    }

    async fn chosen(&self, terms: &[&str]) -> Vec<String> {
        let arguments = [&["list", "-o", "ids"], terms].concat();
        sorted(self.done(&arguments).await.lines())
    }
}

fn is_up(state: State) -> bool {
    matches!(state, State::Pending | State::Running)
}

#[tokio::test]
async fn every_term_must_match_and_a_count_counts_those_that_do() {
    let stage = Stage::new().await;
    let web = stage.those(|name, state, _| name.contains("web") && is_up(state));
    assert!(!web.is_empty());
    assert_eq!(stage.chosen(&["name:WEB"]).await, web);
    let counted = stage.done(&["list", "name:web", "--count"]).await;
    assert_eq!(counted.lines(), [web.len().to_string()]);
    let others = stage.those(|name, state, _| !name.contains("web") && is_up(state));
    assert_eq!(stage.chosen(&["!name:web"]).await, others);
    assert!(stage.chosen(&["name:web", "!name:web"]).await.is_empty());
}

#[tokio::test]
async fn a_term_about_states_lifts_the_choice_of_states() {
    let stage = Stage::new().await;
    let stopped = stage.those(|_, state, _| state == State::Stopped);
    assert!(!stopped.is_empty());
    assert_eq!(stage.chosen(&["state:stopped"]).await, stopped);
    let others = stage.those(|_, state, _| state != State::Running);
    assert_eq!(stage.chosen(&["!state:running"]).await, others);
}

#[tokio::test]
async fn a_tag_by_its_flag_is_taken_letter_for_letter_and_in_a_term_it_is_not() {
    let stage = Stage::new().await;
    let id = stage.listed().remove(0);
    let account = stage.sandbox.account(0).id.clone();
    let retag = |key: &str, value: &str| {
        let sandbox = &stage.sandbox;
        let done = sandbox.retag(&account, REGION, &id, (key, Some(value)));
        done.expect("an instance");
    };
    retag("Kosten Stelle", "A*,b:C");
    let chosen = async |terms: &[&str]| stage.chosen(terms).await == [id.clone()];
    assert!(chosen(&["--tag", "Kosten Stelle=A*,b:C"]).await);
    assert!(!chosen(&["--tag", "Kosten Stelle=a*,b:c"]).await);
    assert!(chosen(&["tag:kosten stelle=a*"]).await);
    assert!(chosen(&["tag:Kosten Stelle='a*,B:c'"]).await);
    assert!(chosen(&["tag:Kosten\\ Stelle:a\\*\\,B\\:c"]).await);
    assert!(chosen(&["has:kosten*"]).await);
    assert!(!chosen(&["tag:Kosten Stelle='a*'"]).await);
}

#[tokio::test]
async fn a_wrong_term_is_a_usage_error_with_its_column_and_asks_nobody() {
    let stage = Stage::new().await;
    for (term, words) in [
        ("nmae:web", ["column 1:", "did you mean name:web?"]),
        ("!ip:10.0.0.0/33", ["column 14:", "0 to 32"]),
        ("name:web,", ["column 10:", "empty"]),
        ("state:runing", ["column 7:", "did you mean running?"]),
        ("name:\"web", ["column 6:", "not closed"]),
        ("web state:stopped", ["column 5:", "arguments of their own"]),
    ] {
        for more in [&[][..], &["--sort", "none", "-o", "jsonl"], &["--count"]] {
            let arguments = [&["list", term], more].concat();
            assert_refused(&stage.run(&arguments).await, 2, &words);
        }
    }
    assert_eq!(stage.calls("DescribeInstances"), 0);
    assert_eq!(stage.calls("GetCallerIdentity"), 0);
}
