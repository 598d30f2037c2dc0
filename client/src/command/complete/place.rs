//! What can stand where the cursor is, by the definition of the command line.

use aws_ssm_proto::domain::{Column, Completable, OUTPUT_FORMATS};
use clap::{Arg, ArgAction, Command};

use crate::cli::{GlobalArgs, mentioned, whole};
use crate::settings::COLOURS;
use crate::shell::line::Typed;
use crate::shell::{Offer, SHELLS};

/// What is wanted there.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    /// Nothing that anybody knows.
    Nothing,
    /// The name of a file.
    File,
    /// One of these.
    Known(Vec<Offer>),
    /// Something that the daemon may know.
    Live {
        /// Whose it is, by the flags on the line.
        given: Box<GlobalArgs>,
        /// What it is, and what there is of it.
        asked: (Completable, String),
        /// What stands around it in its word.
        ends: Ending,
    },
}

/// What stands around a candidate in its word.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ending {
    pub(super) before: String,
    pub(super) after: &'static str,
}

/// Finds out what is wanted at the end of what was typed.
pub(super) fn find(typed: &Typed) -> Wanted {
    if typed.is_file {
        return Wanted::File;
    }
    // To define all commands takes as long as to ask the daemon; nearly always the one
    // that counts stands in the words.
    let mut some = mentioned(&typed.words);
    some.build();
    let walk = Walk::along(&some, &typed.words);
    if walk.command.get_name() != some.get_name() {
        return walk.end(&typed.current);
    }
    let mut all = whole();
    all.build();
    Walk::along(&all, &typed.words).end(&typed.current)
}

/// The way along the words to the one that is being typed.
struct Walk<'a> {
    command: &'a Command,
    /// The words of this command that are no flags.
    words: Vec<&'a str>,
    /// `--` was there: no flags any more.
    only_words: bool,
    /// The flag whose value comes next.
    pending: Option<&'a Arg>,
    /// Flags that were there.
    seen: Vec<&'a str>,
    given: GlobalArgs,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Command) -> Self {
        Self {
            command: root,
            words: Vec::new(),
            only_words: false,
            pending: None,
            seen: Vec::new(),
            given: GlobalArgs::default(),
        }
    }

    fn along(root: &'a Command, words: &'a [String]) -> Self {
        let mut walk = Self::new(root);
        words.iter().for_each(|word| walk.pass(word));
        walk
    }

    /// Goes past one whole word.
    fn pass(&mut self, word: &'a str) {
        if let Some(flag) = self.pending.take() {
            return self.note(flag, word);
        }
        if self.only_words {
            self.words.push(word);
        } else if word == "--" {
            self.only_words = true;
        } else if let Some(long) = word.strip_prefix("--") {
            self.pass_long(long);
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            match self.cluster(letters) {
                Some((flag, "")) => self.pending = Some(flag),
                Some((flag, value)) => self.note(flag, value),
                None => {}
            }
        } else if let Some(below) = self.command.find_subcommand(word) {
            self.command = below;
        } else {
            self.words.push(word);
        }
    }

    fn pass_long(&mut self, long: &str) {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let Some(flag) = self.long(name) else {
            return;
        };
        self.seen.push(flag.get_id().as_str());
        match value {
            Some(value) => self.note(flag, value),
            None if takes_value(flag) => self.pending = Some(flag),
            None => {}
        }
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        let mut flags = self.command.get_arguments();
        flags.find(|flag| flag.get_long() == Some(name))
    }

    /// Of short flags in one word the one that takes a value, and what of that is in
    /// the word.
    fn cluster<'w>(&mut self, letters: &'w str) -> Option<(&'a Arg, &'w str)> {
        for (at, letter) in letters.char_indices() {
            let mut flags = self.command.get_arguments();
            let flag = flags.find(|flag| flag.get_short() == Some(letter))?;
            self.seen.push(flag.get_id().as_str());
            if takes_value(flag) {
                return Some((flag, &letters[at + letter.len_utf8()..]));
            }
        }
        None
    }

    /// Keeps what decides whose data is meant.
    fn note(&mut self, flag: &Arg, value: &str) {
        let given = &mut self.given;
        match flag.get_id().as_str() {
            "region" => given.region = value.split(',').map(str::to_owned).collect(),
            "profile" => given.profile = Some(value.to_owned()),
            "endpoint_url" => given.endpoint_url = Some(value.to_owned()),
            "role_arn" => given.role_arn = Some(value.to_owned()),
            _ => {}
        }
    }

    fn end(mut self, current: &str) -> Wanted {
        if let Some(flag) = self.pending.take() {
            return self.value(flag, "", current);
        }
        if let Some(rest) = current.strip_prefix('-').filter(|_| !self.only_words) {
            return self.end_in_flag(current, rest);
        }
        if self.command.has_subcommands() {
            return Wanted::Known(commands(self.command, current));
        }
        let mut positionals = self.command.get_positionals();
        let at = positionals.nth(self.words.len()).or_else(|| {
            let last = self.command.get_positionals().last();
            last.filter(|last| matches!(last.get_action(), ArgAction::Append))
        });
        match at {
            Some(argument) => self.value(argument, "", current),
            // Nothing else can come, so that much can be told.
            None if current.is_empty() => Wanted::Known(self.flags("")),
            None => Wanted::Nothing,
        }
    }

    fn end_in_flag(mut self, current: &str, rest: &str) -> Wanted {
        if let Some((name, value)) = rest.strip_prefix('-').and_then(|long| long.split_once('=')) {
            return match self.long(name) {
                Some(flag) => self.value(flag, &format!("--{name}="), value),
                None => Wanted::Nothing,
            };
        }
        if rest.is_empty() || rest.starts_with('-') {
            return Wanted::Known(self.flags(current));
        }
        match self.cluster(rest) {
            Some((flag, value)) => {
                let before = &current[..current.len() - value.len()];
                self.value(flag, before, value)
            }
            None => Wanted::Nothing,
        }
    }

    /// The flags that may come, each once unless it may be repeated.
    fn flags(&self, beginning: &str) -> Vec<Offer> {
        let flags = self.command.get_arguments().filter(|flag| {
            let repeats = matches!(flag.get_action(), ArgAction::Append | ArgAction::Count);
            !flag.is_hide_set() && (repeats || !self.seen.contains(&flag.get_id().as_str()))
        });
        let offers = flags.filter_map(|flag| {
            Some(Offer {
                value: format!("--{}", flag.get_long()?),
                about: flag.get_help().map(ToString::to_string).unwrap_or_default(),
                open: false,
            })
        });
        beginning_so(offers, beginning)
    }

    /// The value of a flag, or a word. `before` is what stands before it in its word.
    fn value(self, argument: &Arg, before: &str, typed: &str) -> Wanted {
        match argument.get_id().as_str() {
            "output" => words(&OUTPUT_FORMATS, before, typed),
            "color" => words(&COLOURS, before, typed),
            "shell" => words(&SHELLS, before, typed),
            "config" | "file" | "dir" => Wanted::File,
            "command" => self.pages(typed),
            "profile" => self.live(Completable::Profile, before, typed),
            "target" | "node_name" | "instance_id" => self.live(Completable::Target, before, typed),
            "terms" => self.live(Completable::Term, before, typed),
            "region" => {
                let (before, typed) = last_of_list(before, typed);
                self.live(Completable::Region, &before, typed)
            }
            "tag" => self.tag(before, typed),
            "columns" if self.is_about_instances() => self.columns(before, typed),
            "sort" => self.sort(before, typed),
            _ => Wanted::Nothing,
        }
    }

    /// Other tables have columns of their own.
    fn is_about_instances(&self) -> bool {
        matches!(self.command.get_name(), "list" | "show" | "resolve")
    }

    fn live(self, what: Completable, before: &str, typed: &str) -> Wanted {
        let ends = Ending {
            before: before.to_owned(),
            ..Ending::default()
        };
        self.live_within(what, typed, ends)
    }

    fn live_within(self, what: Completable, typed: &str, ends: Ending) -> Wanted {
        Wanted::Live {
            given: Box::new(self.given),
            asked: (what, typed.to_owned()),
            ends,
        }
    }

    fn tag(self, before: &str, typed: &str) -> Wanted {
        match typed.split_once('=') {
            Some((key, value)) => {
                let what = Completable::TagValue(key.to_owned());
                self.live(what, &format!("{before}{key}="), value)
            }
            None => {
                let ends = Ending {
                    before: before.to_owned(),
                    after: "=",
                };
                self.live_within(Completable::TagKey, typed, ends)
            }
        }
    }

    fn columns(self, before: &str, typed: &str) -> Wanted {
        let (before, last) = last_of_list(before, typed);
        if let Some(key) = last.strip_prefix("tag:") {
            return self.live(Completable::TagKey, &format!("{before}tag:"), key);
        }
        Wanted::Known(columns(&before, last, None))
    }

    fn sort(self, before: &str, typed: &str) -> Wanted {
        let (mut before, mut last) = last_of_list(before, typed);
        let is_first = last.len() == typed.len();
        if let Some(rest) = last.strip_prefix('-') {
            (before, last) = (before + "-", rest);
        }
        let unsorted = (is_first && last.len() == typed.len()).then_some("none");
        if let Some(key) = last.strip_prefix("tag:") {
            return self.live(Completable::TagKey, &format!("{before}tag:"), key);
        }
        Wanted::Known(columns(&before, last, unsorted))
    }

    /// The commands that have a page of the manual: those below the words before.
    fn pages(self, typed: &str) -> Wanted {
        let root = whole();
        let mut words = self.words.iter();
        let below = words.try_fold(&root, |command, word| command.find_subcommand(word));
        below.map_or(Wanted::Nothing, |command| {
            Wanted::Known(commands(command, typed))
        })
    }
}

/// The commands below one that begin so.
fn commands(command: &Command, beginning: &str) -> Vec<Offer> {
    let below = command.get_subcommands();
    let shown = below.filter(|command| !command.is_hide_set());
    let offers = shown.map(|command| Offer {
        value: command.get_name().to_owned(),
        about: command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default(),
        open: false,
    });
    beginning_so(offers, beginning)
}

fn takes_value(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::Set | ArgAction::Append)
}

fn beginning_so(offers: impl Iterator<Item = Offer>, beginning: &str) -> Vec<Offer> {
    offers
        .filter(|offer| offer.value.starts_with(beginning))
        .collect()
}

/// One of a few words.
fn words(known: &[&str], before: &str, typed: &str) -> Wanted {
    let known = known.iter().filter(|word| word.starts_with(typed));
    let offers = known.map(|word| Offer {
        value: [before, word].concat(),
        ..Offer::default()
    });
    Wanted::Known(offers.collect())
}

/// Of values with commas between them the last, and all that stands before it.
fn last_of_list<'t>(before: &str, typed: &'t str) -> (String, &'t str) {
    let start = typed.rfind(',').map_or(0, |comma| comma + 1);
    let (done, last) = typed.split_at(start);
    ([before, done].concat(), last)
}

/// The columns of instances that begin so; more of them may follow.
fn columns(before: &str, typed: &str, other: Option<&str>) -> Vec<Offer> {
    let names = Column::all().map(|column| column.to_string());
    let names = names
        .chain(["tag:".to_owned()])
        .chain(other.map(str::to_owned));
    let names = names.filter(|name| name.starts_with(typed));
    let offers = names.map(|name| Offer {
        value: [before, &name].concat(),
        about: String::new(),
        open: true,
    });
    offers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted at the end of these words.
    fn wanted(line: &str) -> Wanted {
        let words = line.split(' ').map(str::to_owned).collect();
        find(&Typed::words(words))
    }

    fn values(line: &str) -> Vec<String> {
        match wanted(line) {
            Wanted::Known(offers) => offers.into_iter().map(|offer| offer.value).collect(),
            other => panic!("{line}: {other:?}"),
        }
    }

    /// What the daemon is asked, and a word that its answer `x` would make.
    fn live(line: &str) -> (Completable, String, String) {
        match wanted(line) {
            Wanted::Live { asked, ends, .. } => {
                (asked.0, asked.1, format!("{}x{}", ends.before, ends.after))
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn commands_go_on_where_a_command_stands() {
        assert_eq!(values("sh"), ["show"]);
        assert_eq!(values("-r x -q sh"), ["show"]);
        assert_eq!(values("-p daemon sh"), ["show"]);
        assert_eq!(values("daemon re"), ["restart", "reload"]);
        assert_eq!(values("daemon -v relo"), ["reload"]);
        let all = values("");
        assert!(all.contains(&"completion".to_owned()), "{all:?}");
        assert!(!all.iter().any(|name| name.starts_with('_')), "{all:?}");
        assert_eq!(wanted("daemon status surplus"), Wanted::Nothing);
    }

    #[test]
    fn flags_go_on_and_come_once_unless_they_may_be_repeated() {
        assert_eq!(values("list --so"), ["--sort"]);
        assert_eq!(values("list --sort x --so"), [""; 0]);
        assert_eq!(values("list -t A=1 --ta"), ["--tag"]);
        assert_eq!(values("list -q --qui"), [""; 0]);
        assert!(values("regions ").contains(&"--region".to_owned()));
        assert!(values("daemon status -").contains(&"--help".to_owned()));
        assert_eq!(
            values("daemon stop --no"),
            ["--now", "--no-header", "--no-color", "--no-daemon"]
        );
    }

    #[test]
    fn values_of_which_there_are_a_few_are_known() {
        assert_eq!(values("list -o j"), ["json", "jsonl"]);
        assert_eq!(values("list -oj"), ["-ojson", "-ojsonl"]);
        assert_eq!(values("list -aqo c"), ["csv"]);
        assert_eq!(values("list --output=y"), ["--output=yaml"]);
        assert_eq!(values("--color a"), ["auto", "always"]);
        assert_eq!(values("completion z"), ["zsh"]);
        assert_eq!(values("man daemon lo"), ["logs"]);
        assert_eq!(
            values("list --columns name,private-"),
            ["name,private-ip", "name,private-dns"]
        );
        assert_eq!(values("list --sort -lau"), ["-launched"]);
        assert_eq!(values("list --sort n"), ["name", "none"]);
        assert_eq!(values("list --sort name,n"), ["name,name"]);
        assert_eq!(wanted("list --limit "), Wanted::Nothing);
        assert_eq!(wanted("whoami --columns a"), Wanted::Nothing);
    }

    #[test]
    fn the_daemon_is_asked_for_what_only_it_knows() {
        use Completable::{Profile, Region, TagKey, TagValue, Target, Term};
        let team = || TagValue("Team".to_owned());
        for (line, what, beginning, word) in [
            ("show we", Target, "we", "x"),
            ("show a b ", Target, "", "x"),
            ("resolve we", Target, "we", "x"),
            ("if we", Target, "we", "x"),
            ("interfaces -n we", Target, "we", "x"),
            ("interfaces --instance-id i-", Target, "i-", "x"),
            ("interfaces -t Te", TagKey, "Te", "x="),
            ("list -a sta", Term, "sta", "x"),
            ("list a b !c:d", Term, "!c:d", "x"),
            ("show -- -we", Target, "-we", "x"),
            ("list -t Te", TagKey, "Te", "x="),
            ("list --tag=Team=w", team(), "w", "--tag=Team=x"),
            ("list -tTeam=a=b", team(), "a=b", "-tTeam=x"),
            ("list --columns id,tag:Te", TagKey, "Te", "id,tag:x"),
            ("list --sort -tag:Te", TagKey, "Te", "-tag:x"),
            ("list -r eu-west-1,us", Region, "us", "eu-west-1,x"),
            ("-p de", Profile, "de", "x"),
        ] {
            let expected = (what, beginning.to_owned(), word.to_owned());
            assert_eq!(live(line), expected, "{line}");
        }
        assert_eq!(wanted("resolve web w"), Wanted::Nothing);
    }

    #[test]
    fn whose_data_is_meant_is_read_from_the_line() {
        let line = "-p dev show -r a,b --role-arn=arn --endpoint-url u we";
        let Wanted::Live { given, .. } = wanted(line) else {
            panic!("nothing to ask");
        };
        assert_eq!(given.profile.as_deref(), Some("dev"));
        assert_eq!(given.region, ["a", "b"]);
        assert_eq!(given.role_arn.as_deref(), Some("arn"));
        assert_eq!(given.endpoint_url.as_deref(), Some("u"));
    }

    #[test]
    fn files_are_left_to_the_shell() {
        for line in [
            "--config /et",
            "config check x",
            "man --dir ",
            "list --config=x",
        ] {
            assert_eq!(wanted(line), Wanted::File, "{line}");
        }
    }

    /// Values that nobody can know: numbers, lengths of time, addresses.
    const FREE: [&str; 8] = [
        "endpoint_url",
        "interval",
        "limit",
        "lines",
        "max_age",
        "role_arn",
        "timeout",
        "columns",
    ];

    fn each<'a>(command: &'a Command, look: &mut impl FnMut(&'a Command)) {
        look(command);
        command
            .get_subcommands()
            .for_each(|below| each(below, look));
    }

    #[test]
    fn every_value_is_completed_or_known_to_be_free() {
        let mut root = whole();
        root.build();
        each(&root, &mut |command| {
            if command.get_name() == "__complete" {
                return;
            }
            for argument in command.get_arguments().filter(|a| takes_value(a)) {
                let mut walk = Walk::new(&root);
                walk.command = command;
                let id = argument.get_id().as_str();
                let free = walk.value(argument, "", "") == Wanted::Nothing;
                assert!(!free || FREE.contains(&id), "{}: {id}", command.get_name());
            }
        });
    }
}
