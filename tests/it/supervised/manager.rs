//! Under a real systemd user manager, in namespaces of its own: see
//! `aws_ssm_tests::supervised` for what is played there.
//!
//! That takes root and systemd. Where `AWS_SSM_USER_MANAGER=required` is set, as in
//! `.ci/run`, a machine that cannot do it fails the tests; elsewhere they say that they
//! were not run.

use std::io::Write;
use std::process::Command;

/// What the script exits with where it cannot do it.
const CANNOT: i32 = 77;

/// Anybody but root and whoever runs the tests.
const USER: &str = "47111";

/// A play that takes longer hangs.
const SECONDS: &str = "240";

fn played(name: &str) {
    let programs = [
        ("aws-ssm", env!("CARGO_BIN_EXE_client-under-test")),
        ("aws-ssmd", env!("CARGO_BIN_EXE_daemon-under-test")),
        ("supervised-play", env!("CARGO_BIN_EXE_supervised-play")),
    ];
    let programs: Vec<String> = programs
        .iter()
        .map(|(name, path)| format!("{name}={path}"))
        .collect();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/supervised/with-user-manager.sh"
    );
    let output = Command::new(script)
        .args([USER, "timeout", SECONDS, "supervised-play", name])
        .env("BIND", programs.join("\n"))
        .output()
        .expect("the script can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(CANNOT) {
        let required = std::env::var("AWS_SSM_USER_MANAGER");
        assert_ne!(required.as_deref(), Ok("required"), "{told}");
        // Not through `eprintln!`, which is shown for tests that fail only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: {name}: {}", told.trim());
        return;
    }
    assert!(output.status.success(), "{}: {told}", output.status);
}

macro_rules! plays {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            played(stringify!($name));
        }
    )*};
}

plays!(
    the_first_connection_starts_the_daemon,
    an_idle_daemon_ends_and_the_next_connection_starts_it,
    stop_does_not_wait_for_a_caller_who_stays,
    settings_of_the_managers_environment_do_not_matter,
    it_works_with_all_hardening,
    a_killed_daemon_is_restarted_and_who_calls_meanwhile_is_served,
    a_daemon_that_hangs_is_replaced_by_the_watchdog,
    a_daemon_that_cannot_start_is_explained,
    a_program_that_is_gone_is_explained,
    install_takes_over_and_uninstall_undoes_it,
    a_file_that_is_not_as_installed_is_left_alone,
    without_a_manager_install_says_so_and_does_nothing,
    no_client_starts_a_daemon_beside_the_service,
    commands_that_look_at_the_daemon_do_not_start_it,
    a_program_replaced_under_load_is_followed_by_the_new_one_and_no_call_fails,
);
