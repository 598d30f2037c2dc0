//! The definition of the command line, built only as far as it is needed.
//!
//! Clap makes a copy of every global flag for every command, which for a warm list
//! would cost as much as asking and printing together. So a command line that begins
//! with a command's name is read by that command's definition alone, and another
//! first by a definition of the commands whose names occur in it. No other command
//! can be meant; whatever those refuse, help included, is read again by the whole
//! definition, which alone speaks to people.

use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Args, FromArgMatches, Subcommand};

use super::examples;
use super::{CacheCommand, Cli, Command, ConfigCommand, DaemonCommand, GlobalArgs};
use super::{CompleteArgs, CompletionArgs, InterfacesArgs, ListArgs, ManArgs};
use super::{TargetArgs, TargetsArgs};

const EXAMPLES: &str = "Examples:
  aws-ssm list web tag:Team=storefront -o wide
  aws-ssm list --all --sort -launched --limit 20
  aws-ssm list -r eu-west-1,us-east-1 -o json | jq '.[].name'
  aws-ssm show web-1

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 target unknown or
ambiguous, 4 credentials or permission, 5 AWS unavailable, 6 no daemon";

const LIST_EXAMPLES: &str =
    "Terms, all of which must match; a comma is or, a ! before one excludes:
  WORD                            in name, id, addresses, DNS names, tag values
  name: id: dns: image: profile:  a part of it, or a glob
  ip: private-ip: public-ip:      10.0.3.7, 10.0.*, 10.0.0.0/16
  state: type: az: vpc: subnet: sg: platform: arch: lifecycle: region:
                                  all of it, or a glob
  tag:K=V has:K missing:K         tags
  ssm:                            online, lost, inactive, none
  launched: up:                   >7d, <2h30m, >=2026-11-01

Examples:
  aws-ssm list web state:running,stopped 'type:t3.*'
  aws-ssm list 'ip:10.0.0.0/16' '!tag:Stage=test' 'up:>30d'
  aws-ssm list -t Team=web -t Stage=live
  aws-ssm list --columns name,id,private-ip,tag:Team
  aws-ssm list --sort -launched --limit 10
  aws-ssm list --sort none -o jsonl
  aws-ssm list tag:Team=web --watch";

const DOCTOR_NOTES: &str = "Examples:
  aws-ssm doctor
  aws-ssm doctor --profile prod --region eu-west-1
  aws-ssm doctor -o json | jq '.[] | select(.status != \"ok\")'

It changes nothing, works with the daemon dead or hung, and exits with 1 when something
is wrong.";

/// A command as it is typed.
struct Entry {
    name: &'static str,
    alias: Option<&'static str>,
    about: &'static str,
    define: fn(clap::Command) -> clap::Command,
    read: fn(&ArgMatches) -> Result<Command, clap::Error>,
}

const COMMANDS: [Entry; 14] = [
    Entry {
        name: "list",
        alias: Some("ls"),
        about: "List instances",
        define: |command| ListArgs::augment_args(command).after_help(LIST_EXAMPLES),
        read: |matches| ListArgs::from_arg_matches(matches).map(Command::List),
    },
    Entry {
        name: "show",
        alias: None,
        about: "Show everything known of an instance",
        define: TargetsArgs::augment_args,
        read: |matches| TargetsArgs::from_arg_matches(matches).map(Command::Show),
    },
    Entry {
        name: "resolve",
        alias: None,
        about: "Print the id of the instance that a target names",
        define: TargetArgs::augment_args,
        read: |matches| TargetArgs::from_arg_matches(matches).map(Command::Resolve),
    },
    Entry {
        name: "interfaces",
        alias: Some("if"),
        about: "Show the network interfaces of instances",
        define: InterfacesArgs::augment_args,
        read: |matches| InterfacesArgs::from_arg_matches(matches).map(Command::Interfaces),
    },
    Entry {
        name: "regions",
        alias: None,
        about: "List the account's regions",
        define: |command| command,
        read: |_| Ok(Command::Regions),
    },
    Entry {
        name: "whoami",
        alias: None,
        about: "Show whose credentials are used",
        define: |command| command,
        read: |_| Ok(Command::Whoami),
    },
    Entry {
        name: "cache",
        alias: None,
        about: "Look at the daemon's cache, or change it",
        define: |command| CacheCommand::augment_subcommands(group(command)),
        read: |matches| CacheCommand::from_arg_matches(matches).map(Command::Cache),
    },
    Entry {
        name: "config",
        alias: None,
        about: "Look at the settings, and check them",
        define: |command| ConfigCommand::augment_subcommands(group(command)),
        read: |matches| ConfigCommand::from_arg_matches(matches).map(Command::Config),
    },
    Entry {
        name: "daemon",
        alias: None,
        about: "Start, stop and look at the daemon",
        define: |command| DaemonCommand::augment_subcommands(group(command)),
        read: |matches| DaemonCommand::from_arg_matches(matches).map(Command::Daemon),
    },
    Entry {
        name: "doctor",
        alias: None,
        about: "Find out why something does not work, and what mends it",
        define: |command| command.after_help(DOCTOR_NOTES),
        read: |_| Ok(Command::Doctor),
    },
    Entry {
        name: "completion",
        alias: None,
        about: "Print what makes a shell complete commands, flags and names",
        define: CompletionArgs::augment_args,
        read: |matches| CompletionArgs::from_arg_matches(matches).map(Command::Completion),
    },
    Entry {
        name: "man",
        alias: None,
        about: "Print a manual page, or write them all",
        define: ManArgs::augment_args,
        read: |matches| ManArgs::from_arg_matches(matches).map(Command::Man),
    },
    Entry {
        name: "version",
        alias: None,
        about: "Print the versions of this program and of a running daemon",
        define: |command| command,
        read: |_| Ok(Command::Version),
    },
    Entry {
        name: "__complete",
        alias: None,
        about: "Answer a shell",
        define: |command| CompleteArgs::augment_args(command).hide(true),
        read: |matches| CompleteArgs::from_arg_matches(matches).map(Command::Complete),
    },
];

impl Entry {
    fn is_called(&self, argument: impl AsRef<OsStr>) -> bool {
        let argument = argument.as_ref();
        argument == self.name || self.alias.is_some_and(|alias| argument == alias)
    }

    fn is_in(&self, arguments: &[OsString]) -> bool {
        arguments.iter().any(|argument| self.is_called(argument))
    }

    fn command(&self) -> clap::Command {
        let command = clap::Command::new(self.name).visible_aliases(self.alias);
        (self.define)(command).about(self.about)
    }
}

/// A command that only holds others.
fn group(command: clap::Command) -> clap::Command {
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
}

fn definition(wanted: impl Fn(&Entry) -> bool) -> clap::Command {
    let root = clap::Command::new("aws-ssm")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXAMPLES);
    let root = GlobalArgs::augment_args(group(root))
        .about("Finds EC2 instances at once: a daemon keeps the fleet in memory");
    let commands = COMMANDS.iter().filter(|entry| wanted(entry));
    root.subcommands(commands.map(Entry::command))
}

/// The definition of every command, as it is shown to people.
#[must_use]
pub fn whole() -> clap::Command {
    examples::add(definition(|_| true))
}

/// The definition of the commands whose names are among these words.
#[must_use]
pub fn mentioned(words: &[String]) -> clap::Command {
    definition(|entry| words.iter().any(|word| entry.is_called(word)))
}

fn parse(definition: clap::Command, arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = definition.try_get_matches_from(arguments)?;
    let (name, below) = matches.subcommand().expect("a command is required");
    let entry = COMMANDS.iter().find(|entry| entry.name == name);
    let read = entry.expect("only these commands are defined").read;
    Ok(Cli {
        global: GlobalArgs::from_arg_matches(&matches)?,
        command: read(below)?,
    })
}

/// Reads a command line in which a command's name comes first, as nearly all do;
/// `None` if it is another, or wrong.
fn parse_alone(arguments: &[OsString]) -> Option<Cli> {
    let arguments = arguments.get(1..)?;
    let name = arguments.first()?;
    let entry = COMMANDS.iter().find(|entry| entry.is_called(name))?;
    let definition = GlobalArgs::augment_args(entry.command());
    let matches = definition.try_get_matches_from(arguments).ok()?;
    Some(Cli {
        global: GlobalArgs::from_arg_matches(&matches).ok()?,
        command: (entry.read)(&matches).ok()?,
    })
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// Clap's, which are also how help and version are asked for.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        if let Some(cli) = parse_alone(&arguments) {
            return Ok(cli);
        }
        parse(definition(|entry| entry.is_in(&arguments)), &arguments)
            .or_else(|_| parse(whole(), &arguments))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(words(line))
    }

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        let words = std::iter::once("aws-ssm").chain(line.split_whitespace());
        words.map(OsString::from)
    }

    #[test]
    fn the_definition_holds_together() {
        whole().debug_assert();
    }

    #[test]
    fn a_command_can_be_a_value_too() {
        let cli = read("-p daemon list -t cache=show").expect("a command line");
        assert_eq!(cli.global.profile.as_deref(), Some("daemon"));
        assert!(matches!(cli.command, Command::List(_)));
        let cli = read("show list").expect("a command line");
        assert!(matches!(cli.command, Command::Show(args) if args.target == ["list"]));
    }

    #[test]
    fn every_definition_reads_a_command_line_alike() {
        for line in [
            "list web state:stopped -r a -t A=1 -t B=2 --sort -name --limit 3 -v",
            "ls -a -o json -vv --max-age 5m",
            "list web --watch --interval 10s -o jsonl",
            "show a b -r x,y --role-arn r",
            "resolve web-1 -q -p dev",
            "if -n a -n b -t A=1 --all -o wide",
            "regions --no-daemon",
            "daemon stop --now --timeout 5s",
            "daemon -v status",
            "cache clear --all -o json",
        ] {
            let arguments: Vec<OsString> = words(line).collect();
            let alone = parse_alone(&arguments).expect("its own definition");
            let whole = parse(definition(|_| true), &arguments).expect("the whole one");
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn help_and_mistakes_are_left_to_the_whole_definition() {
        for line in [
            "list --help",
            "list --nonsense",
            "show --nonsense",
            "daemon",
            "-q list",
            "regions list",
        ] {
            let arguments: Vec<OsString> = words(line).collect();
            assert!(parse_alone(&arguments).is_none(), "{line}");
        }
    }

    #[test]
    fn help_knows_every_command() {
        let help = read("list --help").expect_err("help").to_string();
        assert!(help.contains("--sort"), "{help}");
        let help = read("--help").expect_err("help").to_string();
        for entry in &COMMANDS {
            let is_shown = help.contains(entry.about);
            assert_eq!(is_shown, entry.name != "__complete", "{help}");
        }
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
    fn contradictions_are_refused() {
        for line in ["list --fresh --max-age 5m", "list --count --limit 3"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
