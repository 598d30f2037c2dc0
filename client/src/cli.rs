//! What can be typed. Only clap types: the meaning of an argument is the business
//! of [`crate::settings`] and of the command it belongs to.
//!
//! Values stay text here, so that a wrong one is told of in the same three lines
//! as every other error.

mod definition;
mod examples;
mod mistake;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use definition::{mentioned, whole};
pub use mistake::mistake;

/// The whole command line.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Cli {
    pub global: GlobalArgs,
    pub command: Command,
}

/// Accepted by every command, before its name and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Global options")]
#[allow(missing_docs)]
pub struct GlobalArgs {
    /// Ask in these regions: names, globs such as 'us-*', or all
    #[arg(
        short,
        long,
        global = true,
        value_name = "R[,R...]",
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
    #[arg(long, global = true, value_name = "A,B,...")]
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
    /// Say how old the data is, fresh or not; twice: also what was tried again
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// The commands; `cli/definition.rs` holds what each is called and says of itself.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Command {
    List(ListArgs),
    Show(TargetsArgs),
    Resolve(TargetArgs),
    Interfaces(InterfacesArgs),
    Regions,
    Whoami,
    Cache(CacheCommand),
    Config(ConfigCommand),
    Daemon(DaemonCommand),
    Doctor,
    Completion(CompletionArgs),
    Man(ManArgs),
    Version,
    Complete(CompleteArgs),
}

/// Arguments of `list`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct ListArgs {
    /// What to look for, as in web, state:stopped or '!tag:Team=web'
    #[arg(value_name = "TERM")]
    pub terms: Vec<String>,
    /// Only instances with exactly this tag; repeat for more
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
    /// Go on with a line for each change, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// How often to look for changes [default: 30s]
    #[arg(long, value_name = "TIME", requires = "watch")]
    pub interval: Option<String>,
}

/// One instance.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct TargetArgs {
    /// Id, address, tag K=V, DNS name or name of an instance; without, it is picked on the terminal
    pub target: Option<String>,
}

/// One instance or more.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct TargetsArgs {
    /// Id, address, tag K=V, DNS name or name of an instance; without, they are picked on the
    /// terminal
    pub target: Vec<String>,
}

/// Arguments of `completion`.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct CompletionArgs {
    /// bash, zsh, fish or powershell
    pub shell: String,
}

/// Arguments of `man`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct ManArgs {
    /// The command, as it is typed: man daemon logs
    pub command: Vec<String>,
    /// Write the pages of all commands into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

/// What a shell asks when Tab is pressed; no person types this.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs)]
pub struct CompleteArgs {
    /// bash, zsh, fish or powershell
    pub shell: String,
    /// bash: the characters that end a word for it
    #[arg(long, value_name = "CHARS", allow_hyphen_values = true)]
    pub breaks: Option<String>,
    /// bash: the line up to the cursor. Others: the words up to there
    #[arg(last = true, value_name = "WORD")]
    pub words: Vec<OsString>,
}

/// Arguments of `interfaces`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct InterfacesArgs {
    /// An instance's id or name; without one, all that match
    #[arg(conflicts_with_all = ["node_name", "tag"])]
    pub target: Option<String>,
    /// Only of instances with this name or private DNS name; repeat for more
    #[arg(short, long, value_name = "NAME")]
    pub node_name: Vec<String>,
    /// Of the instance with this id; repeat for more
    #[arg(long, value_name = "ID", conflicts_with_all = ["node_name", "tag"])]
    pub instance_id: Vec<String>,
    /// Only of instances with exactly this tag; repeat for more
    #[arg(short, long, value_name = "K=V")]
    pub tag: Vec<String>,
    /// Also of instances that are neither pending nor running
    #[arg(short, long)]
    pub all: bool,
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

/// The commands of `config`.
#[derive(Clone, Debug, Subcommand)]
#[allow(missing_docs)]
pub enum ConfigCommand {
    /// Show every setting and where its value comes from
    Show,
    /// Look for mistakes, all at once
    Check {
        /// Another file than the one that is read; - for standard input
        file: Option<PathBuf>,
    },
    /// Show where the file is looked for, and which is read
    Path,
    /// Write a file with every setting at its default
    Init {
        /// Print it instead
        #[arg(long)]
        print: bool,
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
    Stats(StatsArgs),
    /// Have it read its settings again
    Reload,
    /// Show the end of its log, whether it runs or not
    Logs(LogsArgs),
    /// Install it as a service of this user, which systemd or launchd starts
    Install(InstallArgs),
    /// Remove the service again
    Uninstall(InstallArgs),
}

/// Arguments of `daemon logs`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct LogsArgs {
    /// Go on with what is written later, until Ctrl-C
    #[arg(short, long)]
    pub follow: bool,
    /// How many lines of what there is, or all [default: 100]
    #[arg(short = 'n', long, value_name = "N")]
    pub lines: Option<String>,
}

/// Arguments of `install` and `uninstall`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct InstallArgs {
    /// Print the files and the commands, and do nothing
    #[arg(long)]
    pub print: bool,
}

/// Arguments of `daemon stats`.
#[derive(Clone, Debug, Default, Args)]
#[allow(missing_docs)]
pub struct StatsArgs {
    /// Show them again and again, in place on a terminal, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// How often [default: 2s]
    #[arg(long, value_name = "TIME", requires = "watch")]
    pub interval: Option<String>,
}
