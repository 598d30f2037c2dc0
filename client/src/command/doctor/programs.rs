//! Both programs: where they are, whether they can be run, and of which version.

use std::env;
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::hello::BUILD;
use aws_ssm_proto::launch::{DAEMON_VARIABLE, DaemonCommand};

use super::alone::Outcome;
use super::check::{Check, Name};

const CLIENT: Name = Name::new("programs", "client");
const DAEMON: Name = Name::new("programs", "daemon-program");
const STARTS: Name = Name::new("programs", "daemon-starts");

/// Shown in the place of what the missing program would have said.
pub(super) const NO_PROGRAM: &str = "aws-ssmd cannot be run, and only it can find that out";

pub(super) fn checks(program: &Result<DaemonCommand, Error>, alone: &Outcome) -> Vec<Check> {
    let mut checks = vec![client()];
    match program {
        Ok(program) => checks.extend(found(&program.program, alone)),
        Err(error) => checks.push(missing(error)),
    }
    checks
}

fn client() -> Check {
    let place = match env::current_exe() {
        Ok(path) => path.display().to_string(),
        Err(error) => format!("at a place that is not known: {error}"),
    };
    CLIENT.ok(format!("aws-ssm {BUILD}, {place}"))
}

/// There is none; one that lies there and cannot be executed explains it better.
fn missing(error: &Error) -> Check {
    let named = env::var_os(DAEMON_VARIABLE).map(PathBuf::from);
    let beside = env::current_exe().map(|path| path.with_file_name("aws-ssmd"));
    let lies_there = named.into_iter().chain(beside.ok()).find_map(|path| {
        let found = path.metadata().ok()?;
        is_plain_and_not_executable(&found).then_some(path)
    });
    match lies_there {
        Some(path) => {
            let shown = path.display();
            DAEMON
                .failed("the daemon's program cannot be executed")
                .why(format!("{shown} has no permission for that"))
                .mend(format!("chmod +x '{shown}'"))
        }
        None => DAEMON.error(error),
    }
}

fn is_plain_and_not_executable(found: &Metadata) -> bool {
    found.is_file() && found.permissions().mode() & 0o111 == 0
}

fn found(path: &Path, alone: &Outcome) -> Vec<Check> {
    let path = path.display();
    let answers = match alone {
        Ok(answers) => answers,
        Err(error) => return vec![DAEMON.ok(path.to_string()), STARTS.error(error)],
    };
    let build = match &answers.hello {
        Ok(hello) => &hello.build,
        Err(error) => return vec![DAEMON.ok(path.to_string()), STARTS.error(error)],
    };
    let program = format!("aws-ssmd {build}, {path}");
    let program = match build == BUILD {
        true => DAEMON.ok(program),
        false => DAEMON
            .warning(program)
            .why(format!(
                "this is aws-ssm {BUILD}: the two are of different versions"
            ))
            .mend(format!(
                "install both of one version, or set {DAEMON_VARIABLE} to the right aws-ssmd"
            )),
    };
    vec![program, STARTS.ok("it starts and answers")]
}
