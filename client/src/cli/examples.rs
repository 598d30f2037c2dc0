//! What a person would type: the examples that `--help` and the manual show.

use clap::Command;

/// By the words of the command, without the program's name. Those whose definition
/// says more than this after its help are not here.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "show",
        &["aws-ssm show web-1", "aws-ssm show web-1 db-1 -o json"],
    ),
    (
        "resolve",
        &[
            "aws-ssm resolve web-1",
            "aws ec2 reboot-instances --instance-ids \"$(aws-ssm resolve web-1)\"",
        ],
    ),
    (
        "interfaces",
        &[
            "aws-ssm interfaces web-1",
            "aws-ssm interfaces -n ip-10-0-3-7 -o wide",
            "aws-ssm interfaces -t Team=web --columns instance,id,private-ip,cidr -o csv",
            "aws-ssm interfaces web-1 -o json | jq '.[].security_groups'",
        ],
    ),
    ("regions", &["aws-ssm regions", "aws-ssm regions -o ids"]),
    ("whoami", &["aws-ssm whoami --profile prod"]),
    ("cache", &["aws-ssm cache show", "aws-ssm cache clear"]),
    ("cache show", &["aws-ssm cache show --columns region,age"]),
    ("cache refresh", &["aws-ssm cache refresh -r eu-west-1"]),
    (
        "cache clear",
        &["aws-ssm cache clear", "aws-ssm cache clear --all"],
    ),
    ("config", &["aws-ssm config show", "aws-ssm config check"]),
    ("config show", &["aws-ssm config show -o json"]),
    (
        "config check",
        &[
            "aws-ssm config check",
            "aws-ssm config check ./config.yaml",
            "aws-ssm config init --print | aws-ssm config check -",
        ],
    ),
    ("config path", &["aws-ssm config path"]),
    (
        "config init",
        &["aws-ssm config init", "aws-ssm config init --print | less"],
    ),
    (
        "daemon",
        &[
            "aws-ssm daemon status",
            "aws-ssm daemon stats --watch",
            "aws-ssm daemon logs -f",
        ],
    ),
    (
        "daemon start",
        &["aws-ssm daemon start --config ./config.yaml"],
    ),
    (
        "daemon stop",
        &["aws-ssm daemon stop", "aws-ssm daemon stop --now"],
    ),
    ("daemon restart", &["aws-ssm daemon restart"]),
    ("daemon status", &["aws-ssm daemon status -o json"]),
    (
        "daemon stats",
        &[
            "aws-ssm daemon stats -o json | jq '.[0].summary'",
            "aws-ssm daemon stats --watch --interval 5s",
        ],
    ),
    ("daemon reload", &["aws-ssm daemon reload"]),
    (
        "daemon logs",
        &["aws-ssm daemon logs -n 20", "aws-ssm daemon logs -f"],
    ),
    (
        "daemon install",
        &["aws-ssm daemon install --print", "aws-ssm daemon install"],
    ),
    ("daemon uninstall", &["aws-ssm daemon uninstall"]),
    (
        "completion",
        &[
            "aws-ssm completion bash > ~/.local/share/bash-completion/completions/aws-ssm",
            "aws-ssm completion zsh > ~/.zfunc/_aws-ssm",
            "aws-ssm completion fish > ~/.config/fish/completions/aws-ssm.fish",
            "aws-ssm completion powershell >> $PROFILE",
        ],
    ),
    (
        "man",
        &[
            "aws-ssm man list | man -l -",
            "aws-ssm man --dir ~/.local/share/man/man1",
        ],
    ),
    ("version", &["aws-ssm version"]),
];

/// Adds them to the definition of the whole program.
pub(super) fn add(root: Command) -> Command {
    root.mut_subcommands(|command| add_below("", command))
}

fn add_below(above: &str, command: Command) -> Command {
    let path = [above, command.get_name()].join(" ");
    let path = path.trim_start();
    let found = EXAMPLES.iter().find(|(known, _)| *known == path);
    let command = match found {
        Some((_, lines)) => command.after_help(format!("Examples:\n  {}", lines.join("\n  "))),
        None => command,
    };
    command.mut_subcommands(|below| add_below(path, below))
}

#[cfg(test)]
mod tests {
    use super::super::definition::{tests::read, whole};
    use super::*;

    fn each(command: &Command, look: &mut impl FnMut(&Command)) {
        look(command);
        let shown = command
            .get_subcommands()
            .filter(|below| !below.is_hide_set());
        shown.for_each(|below| each(below, look));
    }

    fn examples(command: &Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let lines = help.split("Examples:\n").nth(1).unwrap_or_default().lines();
        let examples = lines.map_while(|line| line.strip_prefix("  "));
        examples.map(str::to_owned).collect()
    }

    #[test]
    fn every_command_shows_examples_of_its_own() {
        each(&whole(), &mut |command| {
            let (name, examples) = (command.get_name(), examples(command));
            let own = examples.iter().any(|line| line.contains(name));
            assert!(own, "{name}: {examples:?}");
        });
    }

    #[test]
    fn every_example_can_be_typed() {
        each(&whole(), &mut |command| {
            for line in examples(command) {
                for part in line.split(['|', '>', '(']) {
                    let Some(words) = part.trim().strip_prefix("aws-ssm ") else {
                        continue;
                    };
                    let words = words.split(')').next().unwrap_or_default();
                    assert!(read(words).is_ok(), "{line}");
                }
            }
        });
    }

    #[test]
    fn no_examples_are_of_a_command_that_is_gone() {
        let mut names = Vec::new();
        each(&whole(), &mut |command| {
            names.push(command.get_name().to_owned())
        });
        for (path, _) in EXAMPLES {
            let last = path.rsplit(' ').next().unwrap_or_default();
            assert!(names.iter().any(|name| name == last), "{path}");
        }
    }
}
