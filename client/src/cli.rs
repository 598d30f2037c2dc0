//! What can be typed. Only clap types: the meaning of an argument is the business
//! of [`crate::settings`] and of the command it belongs to.
//!
//! Values stay text here, so that a wrong one is told of in the same three lines
//! as every other error.

use std::ffi::OsString;
use std::path::PathBuf;

use aws_ssm_proto::domain::Error;
use clap::{Args, Parser, Subcommand};

use crate::error::usage;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "aws-ssm",
    version,
    about = "Finds EC2 instances at once: a daemon keeps the fleet in memory",
    after_help = "Examples:\n  \
        aws-ssm list -t Team=web -o wide\n  \
        aws-ssm list --all --sort -launched --limit 20\n  \
        aws-ssm list -r eu-west-1,us-east-1 -o json | jq '.[].name'\n  \
        aws-ssm show web-1\n\n\
        Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 target unknown or\n\
        ambiguous, 4 credentials or permission, 5 AWS unavailable, 6 no daemon",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
#[allow(missing_docs)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// Clap's, which are also how help and version are asked for.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }
}

/// Accepted by every command, before its name and after.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
#[allow(missing_docs)]
pub struct GlobalArgs {
    /// Ask in these regions
    #[arg(
        short,
        long,
        global = true,
        value_name = "R[,R…]",
        value_delimiter = ','
    )]
    pub region: Vec<String>,
    /// Use this profile; beats exported keys
    #[arg(short, long, global = true, value_name = "P")]
    pub profile: Option<String>,
    /// table, wide, json, jsonl, yaml, csv, tsv or ids
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<String>,
    /// Show these columns, in this order
    #[arg(long, global = true, value_name = "A,B,…")]
    pub columns: Option<String>,
    /// Leave out the line of column names
    #[arg(long, global = true)]
    pub no_header: bool,
    /// auto, always or never
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<String>,
    /// The same as --color never
    #[arg(long, global = true, conflicts_with = "color")]
    pub no_color: bool,
    /// Wrap JSON as {fetched_at, stale, cut, errors, rows}
    #[arg(long, global = true)]
    pub meta: bool,
    /// Answer only from data fetched after this call began
    #[arg(long, global = true)]
    pub fresh: bool,
    /// Answer only from data at most this old, as in 30s or 5m
    #[arg(long, global = true, value_name = "AGE", conflicts_with = "fresh")]
    pub max_age: Option<String>,
    /// Give up after this long [default: 60s]
    #[arg(long, global = true, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Answer in this process's own helper instead of the daemon
    #[arg(long, global = true)]
    pub no_daemon: bool,
    /// Reach AWS here
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Assume this role first
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Configuration of a daemon that this call starts
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say where the answer comes from; twice: how long each step took
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Command {
    /// List instances
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Show everything known of an instance
    Show(TargetsArgs),
    /// Print the id of the instance that a target names
    Resolve(TargetArgs),
    /// List the account's regions
    Regions,
    /// Show whose credentials are used
    Whoami,
    /// Look at the daemon's cache, or change it
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true
    )]
    Cache(CacheCommand),
    /// Start, stop and look at the daemon
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true
    )]
    Daemon(DaemonCommand),
    /// Print the versions of this program and of a running daemon
    Version,
}

/// Arguments of `list`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "Examples:\n  \
    aws-ssm list -t Team=web -t Stage=live\n  \
    aws-ssm list --columns name,id,private-ip,tag:Team\n  \
    aws-ssm list --sort -launched --limit 10\n  \
    aws-ssm list --sort none -o jsonl")]
#[allow(missing_docs)]
pub struct ListArgs {
    /// Only instances with this tag; repeat for more
    #[arg(short, long, value_name = "K=V")]
    pub tag: Vec<String>,
    /// Also instances that are neither pending nor running
    #[arg(short, long)]
    pub all: bool,
    /// Sort by these columns, - before one turns it round; none: as AWS gives them
    #[arg(long, value_name = "COL[,-COL]", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Print at most this many
    #[arg(long, value_name = "N")]
    pub limit: Option<String>,
    /// Print only how many there are
    #[arg(long, conflicts_with_all = ["limit", "sort"])]
    pub count: bool,
}

/// One instance.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct TargetArgs {
    /// An instance's id or name
    pub target: String,
}

/// One instance or more.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct TargetsArgs {
    /// An instance's id or name
    #[arg(required = true)]
    pub target: Vec<String>,
}

/// The commands of `cache`.
#[derive(Clone, Debug, Subcommand)]
#[allow(missing_docs)]
pub enum CacheCommand {
    /// List its entries
    Show,
    /// Load the regions again now
    Refresh,
    /// Drop your entries
    Clear {
        /// Everybody's entries, whatever their credentials
        #[arg(long)]
        all: bool,
    },
}

/// The commands of `daemon`.
#[derive(Clone, Debug, Subcommand)]
#[allow(missing_docs)]
pub enum DaemonCommand {
    /// Start it, unless it runs
    Start,
    /// Stop it and wait until it is gone
    Stop {
        /// Cut what is in flight instead of waiting for it
        #[arg(long)]
        now: bool,
    },
    /// Stop it and start it again
    Restart,
    /// Show whether it runs, and where
    Status,
    /// Show its counters
    Stats,
}

/// What clap has against a command line, in three parts.
#[must_use]
pub fn mistake(error: &clap::Error) -> Error {
    let rendered = error.to_string();
    let mut paragraphs = rendered.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let what = first.strip_prefix("error: ").unwrap_or(first);
    let tip = paragraphs.find_map(|text| text.trim().strip_prefix("tip: "));
    let (what, why) = what.split_once('\n').unwrap_or((what, ""));
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    usage(what)
        .why(why)
        .hint(tip.unwrap_or("`aws-ssm --help` and `aws-ssm COMMAND --help` tell what there is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(
            std::iter::once("aws-ssm")
                .chain(line.split_whitespace())
                .map(OsString::from),
        )
    }

    #[test]
    fn the_definition_holds_together() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_the_command_and_after_it() {
        for line in [
            "-r a,b -p dev -o json -q list",
            "list -r a,b -p dev -o json -q",
        ] {
            let cli = read(line).expect("a command line");
            assert_eq!(cli.global.region, ["a", "b"], "{line}");
            assert_eq!(cli.global.profile.as_deref(), Some("dev"));
            assert_eq!(cli.global.output.as_deref(), Some("json"));
            assert!(cli.global.quiet);
        }
        let cli = read("-r a daemon -v status -v -r b").expect("a command line");
        assert_eq!(cli.global.region, ["b"], "the last one counts");
    }

    #[test]
    fn a_minus_before_a_sort_column_is_no_flag() {
        let cli = read("ls --sort -launched -t A=1 -t B=2 -a").expect("a command line");
        let Command::List(args) = cli.command else {
            panic!("not a list");
        };
        assert_eq!(args.sort.as_deref(), Some("-launched"));
        assert_eq!(args.tag, ["A=1", "B=2"]);
        assert!(args.all);
    }

    #[test]
    fn a_mistake_is_told_in_three_parts() {
        let error = mistake(&read("list --fresch").expect_err("no such flag"));
        assert!(error.what.contains("--fresch"), "{error:?}");
        assert!(error.hint.contains("--fresh"), "{error:?}");
        let error = mistake(&read("lits").expect_err("no such command"));
        assert!(error.hint.contains("list"), "{error:?}");
        let error = mistake(&read("show").expect_err("no target"));
        assert!(error.why.contains("<TARGET>"), "{error:?}");
        assert!(error.hint.contains("--help"), "{error:?}");
    }

    #[test]
    fn contradictions_are_refused() {
        for line in ["list --fresh --max-age 5m", "list --count --limit 3"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
