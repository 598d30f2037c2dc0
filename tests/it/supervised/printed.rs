//! What `daemon install --print` shows, which takes neither a service manager nor a user.

use aws_ssm_tests::harness::finish;

use crate::stage::{assert_refused, programs};

#[tokio::test]
async fn what_install_and_uninstall_would_do_is_shown_and_not_done() {
    let programs = programs();
    let config = programs.home.path().join("my config.yaml");
    let config = config.to_str().expect("a path");
    let shown = async |arguments: &[&str]| {
        let mut command = programs.command(arguments);
        command.env_remove("AWS_SSM_HOME");
        let finished = finish(command).await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        finished.stdout
    };
    let install = shown(&["daemon", "install", "--print", "--config", config]).await;
    let exec = format!("\" \"--config\" \"{config}\"\n");
    for words in [
        "ListenStream=%t/aws-ssm/v1.sock",
        &exec,
        "enable --now aws-ssmd.socket",
    ] {
        assert!(install.contains(words), "{words}: {install}");
    }
    let uninstall = shown(&["daemon", "uninstall", "--print"]).await;
    let unit = programs
        .home
        .path()
        .join(".config/systemd/user/aws-ssmd.service");
    for words in [
        "disable --now",
        unit.to_str().expect("a path"),
        "daemon-reload",
    ] {
        assert!(uninstall.contains(words), "{words}: {uninstall}");
    }
    let left = std::fs::read_dir(programs.home.path()).expect("a home");
    assert_eq!(left.count(), 0, "nothing was made");
}

/// Its socket would be where nobody else looks.
#[tokio::test]
async fn a_home_of_its_own_can_have_no_service() {
    let programs = programs();
    for command in ["install", "uninstall"] {
        let refused = programs.run(&["daemon", command]).await;
        let home = programs.home.path().to_str().expect("a path");
        assert_refused(&refused, 2, &["AWS_SSM_HOME", home, "unset"]);
    }
}
