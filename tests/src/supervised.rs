//! What is played under a real user manager: `tests/supervised/with-user-manager.sh`
//! runs the program `supervised-play` in there, as a user of that manager, with both
//! programs in `PATH` and an empty home.
//!
//! A play asserts, and its program fails with it; what it leaves goes with the
//! namespaces it runs in.

mod crash;
mod install;
mod owner;
mod service;
mod stage;
mod upgrade;

use std::pin::Pin;

use stage::Stage;

type Play = fn(Stage) -> Pin<Box<dyn Future<Output = ()>>>;

/// Every play, by the name of the test that has it played.
const PLAYS: [(&str, Play); 15] = [
    ("the_first_connection_starts_the_daemon", |stage| {
        Box::pin(service::first_connection(stage))
    }),
    (
        "an_idle_daemon_ends_and_the_next_connection_starts_it",
        |stage| Box::pin(service::idle(stage)),
    ),
    ("stop_does_not_wait_for_a_caller_who_stays", |stage| {
        Box::pin(service::stop(stage))
    }),
    (
        "settings_of_the_managers_environment_do_not_matter",
        |stage| Box::pin(service::environment(stage)),
    ),
    ("it_works_with_all_hardening", |stage| {
        Box::pin(service::hardening(stage))
    }),
    (
        "a_killed_daemon_is_restarted_and_who_calls_meanwhile_is_served",
        |stage| Box::pin(crash::killed(stage)),
    ),
    ("a_daemon_that_hangs_is_replaced_by_the_watchdog", |stage| {
        Box::pin(crash::hanging(stage))
    }),
    ("a_daemon_that_cannot_start_is_explained", |stage| {
        Box::pin(crash::start_limit(stage))
    }),
    ("a_program_that_is_gone_is_explained", |stage| {
        Box::pin(crash::program_gone(stage))
    }),
    ("install_takes_over_and_uninstall_undoes_it", |stage| {
        Box::pin(install::there_and_back(stage))
    }),
    ("a_file_that_is_not_as_installed_is_left_alone", |stage| {
        Box::pin(install::edited(stage))
    }),
    (
        "without_a_manager_install_says_so_and_does_nothing",
        |stage| Box::pin(install::no_manager(stage)),
    ),
    ("no_client_starts_a_daemon_beside_the_service", |stage| {
        Box::pin(owner::one_owner(stage))
    }),
    (
        "commands_that_look_at_the_daemon_do_not_start_it",
        |stage| Box::pin(owner::looking(stage)),
    ),
    (
        "a_program_replaced_under_load_is_followed_by_the_new_one_and_no_call_fails",
        |stage| Box::pin(upgrade::replaced(stage)),
    ),
];

/// Plays the play of this name.
///
/// # Panics
///
/// If something is not as it should be, or there is no such play.
pub async fn play(name: &str) {
    let play = PLAYS.iter().find(|(known, _)| *known == name);
    let (_, play) = play.expect("a play of this name");
    play(Stage::new().await).await;
}
