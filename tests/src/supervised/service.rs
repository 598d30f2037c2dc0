//! The service as it comes, goes, and what it does not take from its surroundings.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use super::stage::{NONE, SERVICE, SOCKET, Stage};

/// Nothing runs before; then the caller waits until the daemon is ready.
pub async fn first_connection(stage: Stage) {
    let stage = stage.installed().await;
    assert_eq!(stage.daemons(), NONE);
    assert_eq!(stage.property(SOCKET, "ActiveState"), "active");
    let mode = |path: &std::path::Path| {
        let found = path.metadata().expect("it is there");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(&stage.endpoint.socket), 0o600);
    assert_eq!(mode(stage.endpoint.run_dir()), 0o700);

    let list = stage.lists().await;
    assert_eq!(list.stderr, "", "the daemon itself answered");
    // A unit of this type is active from its READY=1 on.
    assert_eq!(stage.property(SERVICE, "Type"), "notify");
    assert_eq!(stage.property(SERVICE, "ActiveState"), "active");
    let pid = stage.pid().await;
    assert_eq!(stage.property(SERVICE, "MainPID"), pid.to_string());
    assert_eq!(stage.daemons(), [pid]);
}

pub async fn idle(stage: Stage) {
    stage.configure("daemon:\n  idle_timeout_minutes: 0.01\n");
    let stage = stage.installed().await;
    for _ in 0..2 {
        stage.lists().await;
        stage
            .eventually("its end", || {
                stage.property(SERVICE, "ActiveState") == "inactive"
            })
            .await;
        assert_eq!(stage.property(SERVICE, "Result"), "success");
        assert_eq!(stage.property(SOCKET, "ActiveState"), "active");
    }
}

pub async fn stop(stage: Stage) {
    let stage = stage.installed().await;
    stage.lists().await;
    let _silent = UnixStream::connect(&stage.endpoint.socket).expect("a connection");
    stage.systemctl(&["stop", SERVICE]);
    // Anything else says that the manager had to kill it.
    assert_eq!(stage.property(SERVICE, "Result"), "success");
    assert_eq!(stage.daemons(), NONE);
    stage.lists().await;
    // Without its socket nobody is left listening, and a client has it back.
    stage.systemctl(&["stop", SOCKET]);
    assert!(!stage.endpoint.socket.exists());
    assert_eq!(stage.daemons(), NONE);
    stage.lists().await;
    assert_eq!(stage.property(SOCKET, "ActiveState"), "active");
}

pub async fn environment(stage: Stage) {
    let stage = stage.installed().await;
    stage.systemctl(&[
        "set-environment",
        "AWS_PROFILE=nobody",
        "AWS_REGION=mars-north-1",
        "AWS_ACCESS_KEY_ID=AKIAWRONG",
        "AWS_SECRET_ACCESS_KEY=wrong",
        "AWS_ENDPOINT_URL=http://127.0.0.1:9",
        "AWS_CONFIG_FILE=/nonexistent",
        "AWS_SSM_HOME=/run/home/elsewhere",
    ]);
    let list = stage.lists().await;
    assert_eq!(list.stderr, "");
    let pid = stage.pid().await;
    assert_eq!(stage.property(SERVICE, "MainPID"), pid.to_string());
    assert!(!stage.home.join("elsewhere").exists());
    let whoami = stage.done(&["whoami", "-o", "json"]).await;
    let account = &stage.sandbox.account(0).id;
    assert!(whoami.stdout.contains(account.as_str()), "{whoami:?}");
}

pub async fn hardening(stage: Stage) {
    let stage = stage.installed().await;
    for dir in [".local/state/aws-ssm", ".cache/aws-ssm", ".aws/sso/cache"] {
        std::fs::create_dir_all(stage.home.join(dir)).expect("a directory");
    }
    stage.drop_in("hardening", include_str!("../../../systemd/hardening.conf"));
    let list = stage.lists().await;
    assert_eq!(list.stderr, "");
    stage.done(&["daemon", "stop"]).await;
    let kept = std::fs::read_dir(stage.home.join(".cache/aws-ssm")).expect("a directory");
    assert!(kept.count() > 0, "what it knows is kept on disk");
    stage.lists().await;
}
