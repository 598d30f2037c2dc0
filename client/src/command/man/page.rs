//! One page of the manual, in the language of man(7).

use clap::{Arg, Command};

/// A command, and the words that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Page<'a> {
    path: Vec<&'a Command>,
}

/// Whether people are told of it.
pub(super) fn is_shown(command: &Command) -> bool {
    !command.is_hide_set()
}

impl<'a> Page<'a> {
    /// That of the program itself.
    pub(super) fn of(root: &'a Command) -> Self {
        Self { path: vec![root] }
    }

    /// That of a command below this one.
    pub(super) fn below(&self, command: &'a Command) -> Self {
        let mut path = self.path.clone();
        path.push(command);
        Self { path }
    }

    pub(super) fn command(&self) -> &'a Command {
        self.path.last().expect("a page is of a command")
    }

    /// The commands below it.
    pub(super) fn commands(&self) -> impl Iterator<Item = &'a Command> + use<'a> {
        self.command()
            .get_subcommands()
            .filter(|below| is_shown(below))
    }

    /// As it is typed.
    pub(super) fn words(&self) -> String {
        self.names().join(" ")
    }

    /// As man(1) finds it.
    fn name(&self) -> String {
        self.names().join("-")
    }

    fn names(&self) -> Vec<&'a str> {
        self.path.iter().map(|command| command.get_name()).collect()
    }

    pub(super) fn file(&self) -> String {
        format!("{}.1", self.name())
    }

    pub(super) fn render(&self) -> String {
        let mut out = Roff::default();
        let version = concat!("aws\\-ssm ", env!("CARGO_PKG_VERSION"));
        let title = escaped(&self.name().to_uppercase());
        out.line(&format!(
            ".TH \"{title}\" \"1\" \"\" \"{version}\" \"User Commands\""
        ));
        self.write_head(&mut out);
        self.write_commands(&mut out);
        self.write_arguments(&mut out);
        self.write_notes(&mut out);
        self.write_others(&mut out);
        out.0
    }

    fn write_head(&self, out: &mut Roff) {
        let command = self.command();
        let about = command.get_about().map(ToString::to_string);
        let about = about.unwrap_or_default();
        out.section("NAME");
        out.line(&format!(
            "{} \\- {}",
            escaped(&self.name()),
            escaped(&about)
        ));
        out.section("SYNOPSIS");
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage:").trim();
        // Clap knows the command by its last word where it stands alone.
        let rest = usage.strip_prefix(&self.words()).unwrap_or(usage);
        out.line(&format!(
            "\\fB{}\\fR{}",
            escaped(&self.words()),
            escaped(rest)
        ));
        out.section("DESCRIPTION");
        out.text(&format!("{about}."));
        let aliases: Vec<_> = command.get_visible_aliases().collect();
        if !aliases.is_empty() {
            out.line(".PP");
            out.text(&format!("Also: {}.", aliases.join(", ")));
        }
    }

    fn write_commands(&self, out: &mut Roff) {
        if self.commands().next().is_none() {
            return;
        }
        out.section("COMMANDS");
        for below in self.commands() {
            let page = self.below(below);
            let about = below.get_about().map(ToString::to_string);
            out.item(&format!("\\fB{}\\fR(1)", escaped(&page.name())));
            out.text(&about.unwrap_or_default());
        }
    }

    fn write_arguments(&self, out: &mut Roff) {
        let shown = || {
            self.command()
                .get_arguments()
                .filter(|arg| !arg.is_hide_set())
        };
        let is_global = |arg: &&Arg| arg.is_global_set();
        write_list(out, "ARGUMENTS", shown().filter(|arg| arg.is_positional()));
        let flags = || shown().filter(|arg| !arg.is_positional());
        write_list(out, "OPTIONS", flags().filter(|arg| !is_global(arg)));
        write_list(out, "GLOBAL OPTIONS", flags().filter(is_global));
    }

    /// What stands after the help: paragraphs, some with a heading.
    fn write_notes(&self, out: &mut Roff) {
        let notes = self.command().get_after_help().map(ToString::to_string);
        for paragraph in notes.unwrap_or_default().split("\n\n") {
            match paragraph.split_once(":\n") {
                Some(("Examples", lines)) => {
                    out.section("EXAMPLES");
                    out.verbatim(lines);
                }
                Some((heading, lines)) => {
                    out.section("NOTES");
                    out.text(&format!("{heading}:"));
                    out.line(".PP");
                    out.verbatim(lines);
                }
                None => match paragraph.strip_prefix("Exit codes: ") {
                    Some(codes) => {
                        out.section("EXIT STATUS");
                        out.text(codes);
                    }
                    None if paragraph.is_empty() => {}
                    None => {
                        out.section("NOTES");
                        out.text(paragraph);
                    }
                },
            }
        }
    }

    fn write_others(&self, out: &mut Roff) {
        let (_, above) = self.path.split_last().expect("a page is of a command");
        if !above.is_empty() {
            let above = Self {
                path: above.to_vec(),
            };
            out.section("SEE ALSO");
            out.line(&format!("\\fB{}\\fR(1)", escaped(&above.name())));
        }
    }
}

fn write_list<'a>(out: &mut Roff, heading: &str, arguments: impl Iterator<Item = &'a Arg>) {
    for (place, argument) in arguments.enumerate() {
        if place == 0 {
            out.section(heading);
        }
        out.item(&shown(argument));
        let help = argument.get_help().map(ToString::to_string);
        out.text(&help.unwrap_or_default());
    }
}

/// `-r, --region R[,R...]`, or the name of a word.
fn shown(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let value = names
        .iter()
        .map(|name| format!("\\fI{}\\fR", escaped(name)));
    let value = value.collect::<Vec<_>>().join(" ");
    if argument.is_positional() {
        return value;
    }
    let short = argument
        .get_short()
        .map(|letter| format!("\\fB\\-{letter}\\fR"));
    let long = argument
        .get_long()
        .map(|name| format!("\\fB\\-\\-{}\\fR", escaped(name)));
    let names = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    match argument.get_action().takes_values() {
        true => format!("{names} {value}"),
        false => names,
    }
}

/// Text in the language of man(7).
#[derive(Default)]
struct Roff(String);

impl Roff {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn section(&mut self, heading: &str) {
        self.line(&format!(".SH {heading}"));
    }

    /// What the next text is about.
    fn item(&mut self, tag: &str) {
        self.line(".TP");
        self.line(tag);
    }

    /// Text that is filled; a full stop at a line's beginning would be a command.
    fn text(&mut self, text: &str) {
        for line in text.lines() {
            self.line(&protected(line.trim()));
        }
    }

    /// Lines that stay as they are.
    fn verbatim(&mut self, lines: &str) {
        self.line(".nf");
        for line in lines.lines() {
            self.line(&protected(line));
        }
        self.line(".fi");
    }
}

fn protected(line: &str) -> String {
    let line_escaped = escaped(line);
    match line.starts_with('.') {
        true => format!("\\&{line_escaped}"),
        false => line_escaped,
    }
}

/// Text that stands for itself.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => safe.push_str("\\e"),
            '-' => safe.push_str("\\-"),
            '\'' => safe.push_str("\\(aq"),
            '`' => safe.push_str("\\(ga"),
            '^' => safe.push_str("\\(ha"),
            '~' => safe.push_str("\\(ti"),
            '…' => safe.push_str("..."),
            c => safe.push(c),
        }
    }
    safe
}
