//! `daemon install`: makes the daemon a service of this user.
//!
//! Nothing is written before everything has been looked at, and what somebody else has
//! put there is left alone. Run twice, it does nothing the second time.

use std::path::{Path, PathBuf};

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Error, ErrorKind, Hello};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::{self, DaemonCommand};
use aws_ssm_proto::service::{JOB, Manager, SERVICE_UNIT, SOCKET_UNIT, Service, no_manager};
use rustix::process::{Uid, geteuid};

use super::super::Context;
use crate::error::Failure;
use crate::service::{self, Program, Standing, UnitFile, check_ours, standing};

/// A word for word call of the service manager's tool.
pub(super) type Call = Vec<String>;

pub(super) async fn run(print: bool, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::from_process_environment()?;
    let service = possible(&endpoint)?;
    let files = service::files(&service, &program(ctx)?, &endpoint.socket)?;
    if print {
        show(&service, &files, ctx);
        return Ok(());
    }
    check_user(geteuid())?;
    check_place(&service, &endpoint, Path::new("/run/systemd/system"))?;
    let deadline = ctx.link.deadline();
    let state = service.state(deadline).await?;
    let mut as_wanted = service.is_enabled() && state.listening && !state.needs_reload;
    for file in &files {
        let standing = standing(&file.path, Some(&file.text))?;
        check_ours(&file.path, standing)?;
        as_wanted &= standing == Standing::AsWanted;
    }
    if !as_wanted {
        put_in_place(&service, &files, &endpoint, ctx).await?;
    }
    let hello = verify(&service, &files, &endpoint, ctx).await?;
    ctx.notices.say(format_args!(
        "aws-ssmd {} is {} as a service: it listens on {}",
        hello.build,
        if as_wanted {
            "installed already"
        } else {
            "installed"
        },
        endpoint.socket.display()
    ));
    Ok(())
}

/// The service of this user, where there can be one.
pub(super) fn possible(endpoint: &Endpoint) -> Result<Service, Error> {
    if let Some(home) = std::env::var_os("AWS_SSM_HOME").filter(|home| !home.is_empty()) {
        return Err(
            Error::new(ErrorKind::Usage, "AWS_SSM_HOME can have no service")
                .why(format!(
                    "it is {}, and a service listens at the one place that every session \
                     finds without it",
                    Path::new(&home).display()
                ))
                .hint("unset AWS_SSM_HOME; with it, the first command starts the daemon"),
        );
    }
    Service::of_this_process().ok_or_else(|| {
        Error::new(ErrorKind::Daemon, "no place for the service's files")
            .why(format!(
                "HOME is not set, and {} was meant to be below it",
                endpoint.run_dir().display()
            ))
            .hint("set HOME to your home directory")
    })
}

/// Root's files in a user's home would be in the way of the user.
pub(super) fn check_user(user: Uid) -> Result<(), Error> {
    if user.is_root() {
        return Err(Error::new(
            ErrorKind::Daemon,
            "the service belongs to a user, not to root",
        )
        .why("this runs as root, and the daemon serves only the user it runs as")
        .hint("run it as yourself, without sudo"));
    }
    Ok(())
}

/// `booted` is there where systemd runs.
fn check_place(service: &Service, endpoint: &Endpoint, booted: &Path) -> Result<(), Error> {
    if service.manager == Manager::Systemd && !booted.exists() {
        return Err(
            Error::new(ErrorKind::Daemon, "this system does not run systemd")
                .why(format!("{} is missing", booted.display()))
                .hint("nothing is lost: without a service, the first command starts the daemon"),
        );
    }
    if !endpoint.is_the_users {
        return Err(no_manager("this user has no directory below /run/user"));
    }
    Ok(())
}

/// The daemon that a client of this kind would start, by a name that lasts.
fn program(ctx: &Context<'_>) -> Result<Program, Error> {
    let daemon = DaemonCommand::from_process_environment(Vec::new())?;
    let config = ctx.settings.config.as_ref();
    Ok(Program {
        path: service::lasting(daemon.program),
        config: config
            .map(|file| ctx.surroundings.absolute(file))
            .transpose()?,
    })
}

/// What ends the service, so that the next one is what the files say.
fn end(service: &Service) -> Call {
    match service.manager {
        Manager::Systemd => call(&["systemctl", "--user", "stop", SOCKET_UNIT, SERVICE_UNIT]),
        Manager::Launchd => call(&[
            "launchctl",
            "bootout",
            &format!("{}/{JOB}", service.domain()),
        ]),
    }
}

/// What makes a service of the files.
fn begin(service: &Service) -> Vec<Call> {
    match service.manager {
        Manager::Systemd => vec![
            call(&["systemctl", "--user", "daemon-reload"]),
            call(&["systemctl", "--user", "enable", "--now", SOCKET_UNIT]),
        ],
        Manager::Launchd => {
            let plist = service.enabled_by().display().to_string();
            vec![call(&["launchctl", "bootstrap", &service.domain(), &plist])]
        }
    }
}

async fn put_in_place(
    service: &Service,
    files: &[UnitFile],
    endpoint: &Endpoint,
    ctx: &Context<'_>,
) -> Result<(), Error> {
    let deadline = ctx.link.deadline();
    // Nobody else starts a daemon between the last one's end and the service.
    let starts = launch::hold_starts(endpoint, deadline).await?;
    let end = end(service);
    // There may be nothing yet that could be ended.
    let _ = service.ask(&end[0], &end[1..], deadline).await?;
    end_unsupervised(endpoint, ctx).await?;
    for file in files {
        file.write()?;
    }
    service.forgive(deadline).await;
    for call in begin(service) {
        ctx.notices.detail(1, call.join(" "));
        service.order(&call[0], &call[1..], deadline).await?;
    }
    drop(starts);
    Ok(())
}

/// One owner: a daemon that a client has started makes room for the service.
async fn end_unsupervised(endpoint: &Endpoint, ctx: &Context<'_>) -> Result<(), Error> {
    let deadline = ctx.link.deadline();
    let Some(socket) = launch::connect_only(endpoint, deadline).await? else {
        return Ok(());
    };
    let pid = Client::over(socket, deadline)
        .await?
        .shutdown(false)
        .await?;
    launch::wait_until_gone(endpoint, pid, deadline).await?;
    ctx.notices.detail(
        1,
        format_args!("process {pid}, which a client had started, has ended"),
    );
    Ok(())
}

/// Has the daemon say who it is, and the manager that it is the manager's.
async fn verify(
    service: &Service,
    files: &[UnitFile],
    endpoint: &Endpoint,
    ctx: &Context<'_>,
) -> Result<Hello, Error> {
    let deadline = ctx.link.deadline();
    let answer = match launch::connect_only(endpoint, deadline).await? {
        Some(socket) => Client::over(socket, deadline).await?.hello().await,
        None => Err(launch::not_running(endpoint)),
    };
    let state = service.state(deadline).await?;
    let hello = match (answer, state.failure()) {
        (Ok(hello), _) => hello,
        (Err(_), Some(failure)) => return Err(failure),
        (Err(error), None) => return Err(silent(&error)),
    };
    if state.pid != Some(hello.pid) {
        return Err(another(&hello, state.pid));
    }
    let loaded = [state.socket_file, state.service_file];
    for (file, loaded) in files.iter().zip(loaded) {
        if loaded.as_ref() != Some(&file.path) {
            return Err(overruled(&file.path, loaded));
        }
    }
    Ok(hello)
}

fn silent(error: &Error) -> Error {
    Error::new(
        ErrorKind::Daemon,
        "the service is installed, and does not answer",
    )
    .why(error.to_string())
    .hint(format!(
        "look at `journalctl --user-unit {SERVICE_UNIT}`; `aws-ssm daemon uninstall` removes it"
    ))
}

fn another(hello: &Hello, expected: Option<u32>) -> Error {
    let expected = expected.map_or("no process".to_owned(), |pid| format!("process {pid}"));
    Error::new(
        ErrorKind::Daemon,
        "the service is installed, and another daemon answers",
    )
    .why(format!(
        "process {} answers, and the service manager runs {expected}",
        hello.pid
    ))
    .hint("run `aws-ssm daemon stop`, then this again")
}

fn overruled(file: &Path, loaded: Option<PathBuf>) -> Error {
    let loaded = loaded.map_or("no file".to_owned(), |file| file.display().to_string());
    Error::new(
        ErrorKind::Daemon,
        "the service manager does not use the file that was written",
    )
    .why(format!("it uses {loaded}, not {}", file.display()))
    .hint("have XDG_CONFIG_HOME as the service manager has it: `systemctl --user show-environment`")
}

/// Shows what would be written and done.
fn show(service: &Service, files: &[UnitFile], ctx: &mut Context<'_>) {
    let mut text = String::new();
    for file in files {
        text.push_str(&format!("# {}\n\n{}\n", file.path.display(), file.text));
    }
    text.push_str("# then\n\n");
    for call in begin(service) {
        text.push_str(&format!("{}\n", call.join(" ")));
    }
    ctx.sink.buffer().extend_from_slice(text.as_bytes());
}

pub(super) fn call(words: &[&str]) -> Call {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::endpoint::EndpointSettings;

    use super::*;

    fn endpoint(run_user: Option<&str>) -> Endpoint {
        Endpoint::resolve(&EndpointSettings {
            aws_ssm_home: None,
            home: "/home/ada".into(),
            run_user: run_user.map(PathBuf::from),
            hostname: String::new(),
        })
    }

    #[test]
    fn root_is_sent_back_to_be_a_user() {
        let error = check_user(Uid::ROOT).unwrap_err();
        assert!(error.hint.contains("without sudo"), "{error:?}");
        check_user(Uid::from_raw(1000)).unwrap();
    }

    #[test]
    fn a_system_without_systemd_loses_nothing_and_is_told_so() {
        let service = Service::systemd("/home/ada/.config", "/run/user/1000", 1000);
        let endpoint = endpoint(Some("/run/user/1000"));
        let error = check_place(&service, &endpoint, Path::new("/nonexistent")).unwrap_err();
        assert!(error.what.contains("does not run systemd"), "{error}");
        assert!(error.hint.contains("first command starts"), "{error:?}");
        check_place(&service, &endpoint, Path::new("/")).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_session_without_a_runtime_directory_is_told_how_to_get_one() {
        let service = Service::systemd("/home/ada/.config", "/run/user/1000", 1000);
        let error = check_place(&service, &endpoint(None), Path::new("/")).unwrap_err();
        assert!(error.hint.contains("enable-linger"), "{error:?}");
    }
}
