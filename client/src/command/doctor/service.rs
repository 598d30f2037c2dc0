//! The service: whether one is installed, and whether its manager can start the daemon.

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::service::{Service, State};
use tokio::time::Instant;

use super::check::{Check, Name, Status};

const SERVICE: Name = Name::new("daemon", "service");

/// What is known of the service of this user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Some files of it are there, or none, and no manager is to start it.
    Disabled { files: bool },
    /// It is to be started, and no manager runs here.
    Unmanaged,
    /// What its manager says, or why it says nothing.
    Managed(Box<Result<State, Error>>),
}

/// Looks, and asks the manager if the service is his. `None`: a home of its own has no
/// service.
pub(super) async fn look(endpoint: Option<&Endpoint>, deadline: Instant) -> Option<Found> {
    let is_the_users = endpoint.is_some_and(|endpoint| endpoint.is_the_users);
    let service = is_the_users.then(Service::of_this_process)??;
    if !service.is_enabled() {
        let files = service.files().iter().any(|file| file.exists());
        return Some(Found::Disabled { files });
    }
    if !service.has_manager() {
        return Some(Found::Unmanaged);
    }
    let state = service.state(deadline).await;
    Some(Found::Managed(Box::new(state)))
}

pub(super) fn check(found: Option<&Found>) -> Check {
    let state = match found {
        None => {
            return SERVICE.ok("a place of its own has none: commands start the daemon");
        }
        Some(Found::Disabled { files: false }) => {
            return SERVICE.ok("none is installed: commands start the daemon");
        }
        Some(Found::Disabled { files: true }) => {
            return SERVICE
                .warning("its files are there, and nobody starts it")
                .why("the service is not enabled, so commands start the daemon")
                .mend("aws-ssm daemon install, or aws-ssm daemon uninstall");
        }
        Some(Found::Unmanaged) => {
            return SERVICE
                .warning("it is enabled, and no service manager runs for this user")
                .why("this is no login session, or lingering is off")
                .mend("loginctl enable-linger, or go on: commands start the daemon");
        }
        Some(Found::Managed(state)) => match &**state {
            Ok(state) => state,
            Err(error) => return SERVICE.told(Status::Warning, error),
        },
    };
    managed(state)
}

fn managed(state: &State) -> Check {
    if let Some(error) = state.failure() {
        return SERVICE.error(&error);
    }
    if let Some(program) = state.program.as_ref().filter(|program| !program.exists()) {
        return SERVICE
            .failed("the program of the service is gone")
            .why(format!("it names {}", program.display()))
            .mend("aws-ssm daemon install");
    }
    if !state.listening {
        return SERVICE
            .failed("the service is enabled, and its socket does not listen")
            .why("it was stopped, and no command starts a daemon beside it")
            .mend("aws-ssm daemon start");
    }
    if state.needs_reload {
        return SERVICE
            .warning("the service's files have changed since its manager read them")
            .why("what runs is what they said before")
            .mend("aws-ssm daemon install");
    }
    SERVICE.ok(match state.pid {
        Some(pid) => format!("its manager listens, and has started process {pid}"),
        None => "its manager listens, and starts the daemon when it is called".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn well() -> State {
        State {
            enabled: true,
            listening: true,
            pid: Some(7),
            program: std::env::current_exe().ok(),
            ..State::default()
        }
    }

    fn judged(state: State) -> Check {
        check(Some(&Found::Managed(Box::new(Ok(state)))))
    }

    #[test]
    fn a_service_that_is_well_or_not_there_is_well() {
        assert_eq!(judged(well()).status, Status::Ok);
        assert!(judged(well()).finding.contains("process 7"));
        let none = Found::Disabled { files: false };
        assert_eq!(check(Some(&none)).status, Status::Ok);
        assert_eq!(check(None).status, Status::Ok);
    }

    #[test]
    fn what_keeps_a_service_from_starting_the_daemon_is_told_with_its_mend() {
        let gone = State {
            program: Some(PathBuf::from("/nonexistent/aws-ssmd")),
            ..well()
        };
        let stopped = State {
            listening: false,
            ..well()
        };
        for (state, mend) in [(gone, "daemon install"), (stopped, "daemon start")] {
            let check = judged(state);
            assert_eq!(check.status, Status::Failed, "{check:?}");
            assert!(check.mend.contains(mend), "{check:?}");
            assert!(!check.why.is_empty(), "{check:?}");
        }
        let old = State {
            needs_reload: true,
            ..well()
        };
        for check in [
            judged(old),
            check(Some(&Found::Unmanaged)),
            check(Some(&Found::Disabled { files: true })),
        ] {
            assert_eq!(check.status, Status::Warning, "{check:?}");
            assert!(!check.why.is_empty() && !check.mend.is_empty(), "{check:?}");
        }
    }
}
