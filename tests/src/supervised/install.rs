//! `daemon install` and `daemon uninstall`, for real.

use std::fs;

use super::stage::{NONE, SERVICE, SOCKET, Stage, assert_refused};

pub async fn there_and_back(stage: Stage) {
    let before = stage.files();
    let none = stage.done(&["daemon", "uninstall"]).await;
    assert!(none.stderr.contains("no service"), "{none:?}");
    // What a client had started makes room.
    stage.lists().await;
    let unsupervised = stage.pid().await;
    let printed = stage.done(&["daemon", "install", "--print"]).await;
    for word in [
        "ListenStream=",
        "ExecStart=\"/run/bin/aws-ssmd\"",
        "enable --now",
    ] {
        assert!(printed.stdout.contains(word), "{printed:?}");
    }
    assert_eq!(stage.files(), before, "nothing was done");
    assert_eq!(stage.pid().await, unsupervised);

    stage.done(&["daemon", "install"]).await;
    let supervised = stage.pid().await;
    assert_eq!(stage.daemons(), [supervised]);
    assert_eq!(stage.property(SERVICE, "MainPID"), supervised.to_string());
    assert_eq!(stage.property(SOCKET, "UnitFileState"), "enabled");
    stage.lists().await;

    let installed = stage.files();
    let again = stage.done(&["daemon", "install"]).await;
    assert!(again.stderr.contains("already"), "{again:?}");
    assert_eq!(stage.files(), installed);
    assert_eq!(stage.pid().await, supervised, "it runs on");
    // What is half there is made whole.
    fs::remove_file(stage.home.join(".config/systemd/user").join(SOCKET)).expect("a unit");
    stage.done(&["daemon", "install"]).await;
    assert_eq!(stage.files(), installed);
    stage.lists().await;

    let printed = stage.done(&["daemon", "uninstall", "--print"]).await;
    assert!(printed.stdout.contains("disable --now"), "{printed:?}");
    assert_eq!(stage.files(), installed, "nothing was done");
    stage.done(&["daemon", "uninstall"]).await;
    assert_eq!(stage.files(), before);
    assert!(!stage.home.join(".config/systemd").exists());
    assert_eq!(stage.daemons(), NONE);
    assert!(!stage.endpoint.socket.exists());
    assert_eq!(stage.property(SOCKET, "LoadState"), "not-found");
    stage.done(&["daemon", "uninstall"]).await;

    stage.lists().await;
    let own = stage.pid().await;
    assert_eq!(stage.property(SERVICE, "MainPID"), "0");
    assert_eq!(stage.daemons(), [own], "a client has started it again");
    stage.done(&["daemon", "stop"]).await;
}

pub async fn edited(stage: Stage) {
    stage.done(&["daemon", "install"]).await;
    let unit = stage.home.join(".config/systemd/user").join(SERVICE);
    let text = fs::read_to_string(&unit).expect("a unit");
    fs::write(&unit, format!("{text}Nice=5\n")).expect("a unit");
    let pid = stage.pid().await;
    for command in ["install", "uninstall"] {
        let refused = stage.run(&["daemon", command]).await;
        assert_refused(&refused, 6, &["left as it is", SERVICE, "drop-in"]);
    }
    assert_eq!(stage.pid().await, pid, "it runs on");
    fs::write(&unit, text).expect("a unit");
    // A drop-in is somebody's own.
    stage.drop_in("mine", "[Service]\nNice=5\n");
    let gone = stage.done(&["daemon", "uninstall"]).await;
    assert!(gone.stderr.contains("stays"), "{gone:?}");
    assert_eq!(stage.files().len(), 1);

    fs::write(&unit, "[Service]\nExecStart=/bin/true\n").expect("a unit");
    let refused = stage.run(&["daemon", "install"]).await;
    assert_refused(&refused, 6, &["left as it is", "has not written it"]);
    assert_eq!(stage.files().len(), 2);
}

/// As in a container that has the user's directory and not his manager.
pub async fn no_manager(stage: Stage) {
    let runtime = stage.endpoint.run_dir().parent().expect("a directory");
    let (there, away) = (runtime.join("systemd"), runtime.join("away"));
    fs::rename(&there, &away).expect("the manager's sockets");
    fs::rename(runtime.join("bus"), runtime.join("no-bus")).expect("the bus's socket");
    let refused = stage.run(&["daemon", "install"]).await;
    assert_refused(&refused, 6, &["no service manager runs", "enable-linger"]);
    assert_eq!(stage.files().len(), 0, "nothing was done");
    // Nobody else would start it, so the client does.
    stage.lists().await;
    stage.done(&["daemon", "stop"]).await;
    fs::rename(&away, &there).expect("the manager's sockets");
    stage.done(&["daemon", "install"]).await;

    let mut elsewhere = stage.command("aws-ssm", &["daemon", "install"]);
    elsewhere.env("AWS_SSM_HOME", stage.home.join("elsewhere"));
    let refused = crate::harness::finish(elsewhere).await;
    assert_refused(&refused, 2, &["AWS_SSM_HOME", "unset"]);
}
