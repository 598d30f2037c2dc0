//! A region that is cut proves neither that there is no such node nor that there is
//! only one: AWS is asked.

use aws_ssm_proto::domain::MatchedBy;
use aws_ssm_tests::sandbox::Fault;

use super::{special, targets_of};
use crate::stage::{REGION, Stage, assert_refused};

/// Of sixty.
const CUT: &str = "performance:\n  streaming_max_items: 5\nresilience:\n  max_attempts: 1\n  \
                   requests_per_second: 1000\n  burst: 1000\n";

#[tokio::test]
async fn every_kind_of_target_finds_a_node_that_the_snapshot_does_not_have() {
    let stage = Stage::new().await.configured(CUT);
    let special = special(&stage.sandbox);
    let listed = stage.done(&["list", "--all", "-o", "ids"]).await;
    assert_eq!(listed.lines().len(), 5);
    assert!(!listed.stdout.contains(&special.id));
    for (target, by) in targets_of(&special) {
        let found = stage.done(&["resolve", &target, "-v"]).await;
        assert_eq!(found.lines(), [&special.id], "{target}");
        let how = match by {
            MatchedBy::PartOfName => "only a part of the name of",
            by => by.as_str(),
        };
        assert!(found.stderr.contains(how), "{target}: {found:?}");
        assert!(!found.stderr.contains("warning"), "{found:?}");
    }
    // Nobody else's, whatever is asked.
    for nobody in [
        "lonely-node-8",
        "10.255.255.254",
        "tag:app:Serial=a=b:?",
        "i-00000",
    ] {
        assert_refused(&stage.run(&["resolve", nobody]).await, 3, &[nobody]);
    }
}

#[tokio::test]
async fn a_name_that_the_snapshot_has_once_may_be_anothers_too() {
    let stage = Stage::new().await.configured(CUT);
    let special = special(&stage.sandbox);
    let known = stage
        .done(&["list", "--all", "-o", "ids", "--limit", "1"])
        .await;
    let known = known.stdout.trim().to_owned();
    let account = &stage.sandbox.account(0).id;
    let tag = ("Name", Some("LONELY-node-7"));
    stage
        .sandbox
        .retag(account, REGION, &known, tag)
        .expect("an instance");
    stage.done(&["cache", "refresh"]).await;
    let both = [special.id.as_str(), known.as_str()];
    // What is known has the second alone, and AWS the first alone exactly so.
    for several in ["lonely-node-7", "onely-Node"] {
        assert_refused(&stage.run(&["resolve", several]).await, 3, &both);
    }
    let exact = stage.done(&["resolve", "LONELY-node-7"]).await;
    assert_eq!(exact.lines(), [&known]);
    // An id that is known is nobody else's, so nobody is asked.
    let before = stage.calls("DescribeInstances");
    let by_id = stage.done(&["resolve", &known]).await;
    assert_eq!(by_id.lines(), [&known]);
    assert_eq!(stage.calls("DescribeInstances"), before);
    // Without AWS there is no proof.
    stage
        .sandbox
        .inject(Fault::unavailable().on("DescribeInstances"));
    for target in ["LONELY-node-7", "nobody"] {
        assert_refused(&stage.run(&["resolve", target]).await, 5, &[]);
    }
}
