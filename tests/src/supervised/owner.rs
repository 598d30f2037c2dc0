//! One owner: where the service listens, nobody else starts a daemon.

use futures_util::future::join_all;

use super::stage::{NONE, SERVICE, SOCKET, Stage, assert_refused};
use crate::harness::finish;

pub async fn one_owner(stage: Stage) {
    let stage = stage.installed().await;
    join_all((0..8).map(|_| stage.lists())).await;
    let pid = stage.pid().await;
    assert_eq!(stage.daemons(), [pid]);
    assert_eq!(stage.property(SERVICE, "MainPID"), pid.to_string());

    // Its socket has lost its name, or is not there at all: the manager is asked.
    std::fs::remove_file(&stage.endpoint.socket).expect("a socket");
    join_all((0..4).map(|_| stage.lists())).await;
    stage.systemctl(&["stop", SOCKET]);
    join_all((0..4).map(|_| stage.lists())).await;
    let pid = stage.pid().await;
    assert_eq!(stage.daemons(), [pid]);
    assert_eq!(stage.property(SERVICE, "MainPID"), pid.to_string());

    // By hand, too, there is no second one.
    stage.done(&["daemon", "stop"]).await;
    let by_hand = finish(stage.command("aws-ssmd", &["--foreground"])).await;
    assert_eq!(by_hand.code(), 0, "{by_hand:?}");
    assert!(by_hand.stderr.contains("running already"), "{by_hand:?}");
    stage.lists().await;
    let pid = stage.pid().await;
    assert_eq!(stage.property(SERVICE, "MainPID"), pid.to_string());
}

pub async fn looking(stage: Stage) {
    let stage = stage.installed().await;
    for command in ["status", "stats"] {
        let refused = stage.run(&["daemon", command]).await;
        assert_refused(&refused, 6, &["no daemon is running"]);
    }
    stage.done(&["daemon", "stop"]).await;
    stage.done(&["version"]).await;
    stage.done(&["config", "show"]).await;
    stage.run(&["daemon", "logs"]).await;
    let doctor = stage.run(&["doctor"]).await;
    assert!([0, 1].contains(&doctor.code()), "{doctor:?}");
    assert_eq!(stage.property(SERVICE, "ActiveState"), "inactive");
    assert_eq!(stage.daemons(), NONE);

    stage.done(&["daemon", "start"]).await;
    let first = stage.pid().await;
    let stopped = stage.done(&["daemon", "restart"]).await;
    assert!(stopped.stderr.contains("has ended"), "{stopped:?}");
    let second = stage.pid().await;
    assert_ne!(first, second);
    assert_eq!(stage.daemons(), [second]);
    assert_eq!(stage.property(SERVICE, "MainPID"), second.to_string());
}
