//! `daemon uninstall`: undoes what `install` has done, and no more.

use std::fs;
use std::path::PathBuf;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::service::{JOB, Manager, SERVICE_UNIT, SOCKET_UNIT, Service};
use rustix::process::geteuid;

use super::super::Context;
use super::install::{Call, call, check_user, possible};
use crate::error::Failure;
use crate::service::{Standing, check_ours, remove, standing};

pub(super) async fn run(print: bool, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::from_process_environment()?;
    let service = possible(&endpoint)?;
    if print {
        show(&service, ctx);
        return Ok(());
    }
    check_user(geteuid())?;
    let mut found = link(&service).is_some();
    for path in service.files() {
        let standing = standing(&path, None)?;
        check_ours(&path, standing)?;
        found |= standing != Standing::Missing;
    }
    if !found {
        ctx.notices.say("no service of aws-ssmd is installed");
        return Ok(());
    }
    take_away(&service, ctx).await?;
    ctx.notices
        .say("the service is removed; the next command starts the daemon by itself");
    let drop_ins = service.units.join(format!("{SERVICE_UNIT}.d"));
    if drop_ins.exists() {
        ctx.notices
            .say(format_args!("{} is yours, and stays", drop_ins.display()));
    }
    Ok(())
}

async fn take_away(service: &Service, ctx: &Context<'_>) -> Result<(), Error> {
    let deadline = ctx.link.deadline();
    // A manager that does not run has nothing of ours running either.
    let runs = service.has_manager();
    if runs {
        for call in end(service) {
            ctx.notices.detail(1, call.join(" "));
            // Half of it may be done already, by hand or by an uninstall that was cut.
            let said = service.ask(&call[0], &call[1..], deadline).await?;
            ctx.notices.detail(2, said.stderr.trim());
        }
        let state = service.state(deadline).await?;
        if state.listening || state.pid.is_some() {
            return Err(stays());
        }
    }
    for path in link(service).into_iter().chain(service.files()) {
        remove(&path)?;
    }
    prune(service);
    if runs && service.manager == Manager::Systemd {
        let reload = forget();
        service.order(&reload[0], &reload[1..], deadline).await?;
        service.forgive(deadline).await;
    }
    Ok(())
}

/// The link that enables the unit, if it is still there.
fn link(service: &Service) -> Option<PathBuf> {
    let link = service.enabled_by();
    let is_link = link
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    (service.manager == Manager::Systemd && is_link).then_some(link)
}

/// What ends the service, now and after the next login.
fn end(service: &Service) -> Vec<Call> {
    match service.manager {
        Manager::Systemd => vec![
            call(&["systemctl", "--user", "disable", "--now", SOCKET_UNIT]),
            call(&["systemctl", "--user", "stop", SOCKET_UNIT, SERVICE_UNIT]),
        ],
        Manager::Launchd => {
            let job = format!("{}/{JOB}", service.domain());
            vec![call(&["launchctl", "bootout", &job])]
        }
    }
}

fn forget() -> Call {
    call(&["systemctl", "--user", "daemon-reload"])
}

/// Directories that `install` may have made, where nothing else is in them.
fn prune(service: &Service) {
    if service.manager == Manager::Systemd {
        let wants = service.enabled_by();
        let made = wants
            .parent()
            .into_iter()
            .flat_map(|wants| wants.ancestors());
        // `sockets.target.wants`, `user` and `systemd`; one that is not empty stays.
        for directory in made.take(3) {
            // Refused for one that is not empty, and then for those above it.
            let _ = fs::remove_dir(directory);
        }
    }
}

fn stays() -> Error {
    Error::new(ErrorKind::Daemon, "the service cannot be ended")
        .why("the service manager still runs it; its files are left in place")
        .hint(format!(
            "look at `systemctl --user status {SOCKET_UNIT} {SERVICE_UNIT}`"
        ))
}

/// Shows what would be done.
fn show(service: &Service, ctx: &mut Context<'_>) {
    let mut lines: Vec<String> = end(service).iter().map(|call| call.join(" ")).collect();
    let files = service.files();
    lines.extend(files.iter().map(|path| format!("rm '{}'", path.display())));
    if service.manager == Manager::Systemd {
        lines.push(forget().join(" "));
    }
    for line in lines {
        ctx.sink.buffer().extend_from_slice(line.as_bytes());
        ctx.sink.buffer().push(b'\n');
    }
}
