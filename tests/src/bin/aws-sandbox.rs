//! The local AWS as a program: starts it, says how to use it, runs until told
//! to stop. Everything else is `aws_ssm_tests::sandbox`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use aws_ssm_tests::sandbox::{Fault, MFA_CODE, Sandbox, SandboxConfig};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

const EXAMPLES: &str = "\
EXAMPLES
  aws-sandbox                                   100 instances a region, any free port
  aws-sandbox --port 4566 --instances 50000 --regions us-east-1
  aws-sandbox --latency 80ms --throttle 0.3     slow, and refusing every third call

  The first line of output is the address. Then, in another shell, the lines it
  prints (AWS_ENDPOINT_URL, keys, region), and:
    aws ec2 describe-instances --filters 'Name=tag:Name,Values=web-*'
    aws ssm describe-instance-information
    aws sts assume-role --role-arn arn:aws:iam::111122223333:role/ops --role-session-name me

WHILE IT RUNS
  curl $AWS_ENDPOINT_URL/_sandbox/counts        calls by account, region and operation
  curl -X DELETE $AWS_ENDPOINT_URL/_sandbox/counts
  curl $AWS_ENDPOINT_URL/_sandbox/accounts      ids and keys
  curl $AWS_ENDPOINT_URL/_sandbox/faults -d '{\"kind\":\"throttle\",\"rate\":0.3}'
      kinds: throttle internal_error unavailable hang cut nonsense
             access_denied expired_token unknown_key
      limits, each optional: rate times after operation account region access_key
             service (ec2 ssm sts sso sso_oidc)
  curl -X DELETE $AWS_ENDPOINT_URL/_sandbox/faults       (or /faults/ID)
  curl -X PUT $AWS_ENDPOINT_URL/_sandbox/latency -d '{\"per_call_ms\":80,\"per_row_us\":10}'
  curl $AWS_ENDPOINT_URL/_sandbox/sign-ins -d '{\"person\":\"ada\",\"lives_seconds\":3600}'
      the file that `aws sso login` would write
  curl \"$AWS_ENDPOINT_URL/_sandbox/instances?account=111122223333&region=us-east-1\"
  curl $AWS_ENDPOINT_URL/_sandbox/instances -d '{\"account\":\"111122223333\",
      \"region\":\"us-east-1\",\"action\":\"stop\",\"id\":\"i-...\"}'
      actions: start stop terminate; retag with key and value; add with count

Ctrl-C or SIGTERM stops it. Exit status: 0 stopped, 1 could not start, 2 wrong usage.";

/// A local AWS (EC2, SSM, STS, IAM Identity Center) on a loopback port, for tests and trying things out
#[derive(Debug, Parser)]
#[command(name = "aws-sandbox", version, after_help = EXAMPLES)]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Instances in each account and region
    #[arg(long, value_name = "N", default_value_t = SandboxConfig::default().instances)]
    instances: usize,

    /// Hybrid nodes (mi-...) in each account and region
    #[arg(long, value_name = "N", default_value_t = SandboxConfig::default().hybrid_nodes)]
    hybrid: usize,

    /// Regions with instances [default: all that need no opt-in]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    regions: Vec<String>,

    /// Number of accounts
    #[arg(long, value_name = "N", default_value_t = SandboxConfig::default().accounts)]
    accounts: usize,

    /// Decides names, ids, tags, states and luck
    #[arg(long, default_value_t = SandboxConfig::default().seed)]
    seed: u64,

    /// How long each answer takes: 80ms, 1.5s, 200us
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    latency: Duration,

    /// How much longer for each instance or node in it
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    latency_per_row: Duration,

    /// Part of all calls to refuse as too many, 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    throttle: f64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (why, remedy) = explain(&error, arguments.port);
            let _unread = write!(
                io::stderr(),
                "error: the sandbox cannot start\n  why: {why}\n  do: {remedy}\n"
            );
            ExitCode::from(if error.kind() == io::ErrorKind::InvalidInput {
                2
            } else {
                1
            })
        }
    }
}

async fn run(arguments: &Arguments) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let sandbox = Sandbox::start(config(arguments)).await?;
    if arguments.throttle > 0.0 {
        sandbox.inject(Fault::throttle(arguments.throttle));
    }
    // A reader that takes the first line and leaves is no reason to stop.
    let _unread = io::stdout().write_all(banner(&sandbox, arguments).as_bytes());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    sandbox.shutdown().await;
    Ok(())
}

fn config(arguments: &Arguments) -> SandboxConfig {
    let mut config = SandboxConfig {
        port: arguments.port,
        seed: arguments.seed,
        accounts: arguments.accounts,
        instances: arguments.instances,
        hybrid_nodes: arguments.hybrid,
        latency_per_call: arguments.latency,
        latency_per_row: arguments.latency_per_row,
        ..SandboxConfig::default()
    };
    if !arguments.regions.is_empty() {
        config.regions.clone_from(&arguments.regions);
    }
    config
}

fn banner(sandbox: &Sandbox, arguments: &Arguments) -> String {
    let account = sandbox.account(0);
    let region = arguments
        .regions
        .first()
        .map_or("us-east-1", String::as_str);
    format!(
        "listening on {endpoint}\n\
         \n\
         # Account {id}; the others: curl {endpoint}/_sandbox/accounts\n\
         export AWS_ENDPOINT_URL={endpoint}\n\
         export AWS_ACCESS_KEY_ID={access_key}\n\
         export AWS_SECRET_ACCESS_KEY={secret_key}\n\
         export AWS_REGION={region} AWS_DEFAULT_REGION={region}\n\
         unset AWS_SESSION_TOKEN AWS_PROFILE\n\
         \n\
         # Roles: {ops}, {mfa} (device {mfa_serial}, code {MFA_CODE})\n\
         # Faults, counts and more: aws-sandbox --help\n",
        endpoint = sandbox.endpoint(),
        id = account.id,
        access_key = account.access_key,
        secret_key = account.secret_key,
        ops = account.role_arn("ops"),
        mfa = account.role_arn("mfa"),
        mfa_serial = account.mfa_serial,
    )
}

fn explain(error: &io::Error, port: u16) -> (String, &'static str) {
    match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("port {port} of 127.0.0.1 is in use"),
            "choose another --port, or --port 0 for any free one",
        ),
        io::ErrorKind::PermissionDenied => (
            format!("port {port} of 127.0.0.1 is not for this user"),
            "choose a --port above 1023, or --port 0 for any free one",
        ),
        io::ErrorKind::InvalidInput => (error.to_string(), "see aws-sandbox --help"),
        _ => (
            error.to_string(),
            "try again; if it stays, run it with --port 0",
        ),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let parsed = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    parsed.ok_or_else(|| "expected a number and us, ms or s, as in 80ms".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}
