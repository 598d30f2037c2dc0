//! What is said when all is gone, and how to go on by hand.

use std::path::Path;

use super::stage::{LATENCY, REGION, Stage};

/// A port for a local AWS started by hand.
const PORT: u16 = 4566;

/// The last lines, after so many commands. The keys in them hold for every local
/// AWS, because its seed decides them.
pub(super) fn farewell(stage: &Stage, commands: usize) -> String {
    format!(
        "\n\
         # {commands} commands, {calls} AWS calls. The daemon, the local AWS and all their\n\
         # files are gone.\n\
         \n\
         # To go on in this scene, with lines to copy into another terminal:\n\
         cargo demo --keep\n\
         \n\
         # Or with a local AWS of your own, here, in the background:\n\
         cargo build --workspace\n\
         {programs}/aws-sandbox --port {PORT} --latency {latency}ms &\n\
         export AWS_ENDPOINT_URL=http://127.0.0.1:{PORT} AWS_REGION={REGION}\n\
         export AWS_ACCESS_KEY_ID={access_key}\n\
         export AWS_SECRET_ACCESS_KEY={secret_key}\n\
         {programs}/aws-ssm list\n\
         {programs}/aws-ssm daemon stop; kill %%\n\
         \n\
         # On the real AWS, in a terminal without those variables. Credentials and region\n\
         # come from where the aws command takes them.\n\
         {programs}/aws-ssm whoami --profile NAME\n\
         {programs}/aws-ssm list --profile NAME --region {REGION}",
        calls = stage.sandbox.counts().total(),
        programs = programs(),
        latency = LATENCY.as_millis(),
        access_key = stage.account().access_key,
        secret_key = stage.account().secret_key,
    )
}

/// Where cargo has put the programs, as it is best typed.
fn programs() -> String {
    let ourselves = std::env::current_exe().unwrap_or_default();
    let programs = ourselves.parent().unwrap_or(Path::new("target/debug"));
    let here = std::env::current_dir().unwrap_or_default();
    let typed = programs.strip_prefix(here).unwrap_or(programs);
    typed.display().to_string()
}
