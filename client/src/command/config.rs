//! `config`: the settings, what is wrong with them, where they are.
//!
//! A daemon for this call alone answers, which does so also when the settings are
//! wrong; one that runs is neither started nor changed by it.

use std::io::Read;
use std::path::Path;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::Checked;
use aws_ssm_proto::domain::{
    ConfigCheck, ConfigFile, ConfigFileState, ConfigFinding, Error, ErrorKind, Setting,
};

use super::Context;
use crate::cli::ConfigCommand;
use crate::connect::running;
use crate::error::Failure;
use crate::render::colour::Tone;
use crate::render::sheet::Sheet;
use crate::render::{Field, Format, Value};

/// A larger file is a mistake, which is told by whoever knows the limit.
const MAX_BYTES: u64 = (1 << 20) + 1;

pub(super) async fn run(command: &ConfigCommand, ctx: &mut Context<'_>) -> Result<(), Failure> {
    ctx.link.leave_daemon_alone();
    match command {
        ConfigCommand::Show => show(ctx).await,
        ConfigCommand::Check { file } => check(file.as_deref(), ctx).await,
        ConfigCommand::Path => path(ctx).await,
        ConfigCommand::Init { print } => init(*print, ctx).await,
    }
}

async fn show(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let settings = ctx.link.ask(async |client| client.settings().await).await?;
    let fields = vec![
        Field::named("setting").whole(),
        Field::named("value"),
        Field::named("source"),
    ];
    ctx.print(Sheet::list(fields, settings.iter().map(row).collect()))?;
    ctx.sink.flush()?;
    tell_of_others(&settings, ctx).await;
    Ok(())
}

fn row(setting: &Setting) -> Vec<Value<'_>> {
    vec![
        Value::Text(&setting.name),
        Value::Setting(&setting.value),
        Value::Text(&setting.source),
    ]
}

/// Says which of these the running daemon does not have yet.
async fn tell_of_others(settings: &[Setting], ctx: &Context<'_>) {
    // A daemon that cannot be asked has nothing to do with what was printed.
    let Ok(Some(client)) = running(ctx.link.deadline()).await else {
        return;
    };
    let Ok(theirs) = client.settings().await else {
        return;
    };
    let differs = |setting: &&Setting| {
        let their = theirs.iter().find(|their| their.name == setting.name);
        their.is_some_and(|their| their.value != setting.value)
    };
    let names: Vec<&str> = settings
        .iter()
        .filter(differs)
        .map(|setting| setting.name.as_str())
        .collect();
    if !names.is_empty() {
        ctx.notices.say(format_args!(
            "the running daemon has other values of {}; `aws-ssm daemon reload` or \
             `aws-ssm daemon restart` changes that",
            names.join(", ")
        ));
    }
}

async fn check(file: Option<&Path>, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let check = match file {
        None => ask(ctx, Checked::Own).await?,
        Some(file) if file == Path::new("-") => {
            let text = standard_input()?;
            ask(ctx, Checked::Text(&text)).await?
        }
        Some(file) => {
            let file = ctx.surroundings.absolute(file)?;
            ask(ctx, Checked::File(&file)).await?
        }
    };
    let format = ctx.format()?;
    if !format.is_table() {
        ctx.print(findings(&check.findings))?;
        ctx.sink.flush()?;
    }
    // A daemon that is started says these by itself.
    for warning in check.findings.iter().filter(|finding| !finding.is_mistake) {
        ctx.notices.warn(in_one_line(warning));
    }
    match check.error {
        Some(error) => Err(error.into()),
        None => {
            let file = check.file.as_deref().map(Path::display);
            match file {
                Some(file) => ctx.notices.say(format_args!("{file}: no mistake")),
                None => ctx.notices.say("no file is read, and no variable is wrong"),
            }
            Ok(())
        }
    }
}

async fn ask(ctx: &mut Context<'_>, checked: Checked<'_>) -> Result<ConfigCheck, Error> {
    let question = async |client: &Client| client.check_config(checked).await;
    ctx.link.ask(question).await
}

fn standard_input() -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_BYTES).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| {
        Error::new(ErrorKind::Config, "standard input cannot be read")
            .why(error.to_string())
            .hint("give it a file, as in aws-ssm config check - < config.yaml")
    })
}

fn in_one_line(finding: &ConfigFinding) -> String {
    let place = match finding.position {
        Some((line, column)) => format!("{}, line {line}, column {column}", finding.place),
        None => finding.place.clone(),
    };
    let (what, why, hint) = (&finding.what, &finding.why, &finding.hint);
    format!("{place}: {what}: {why}; {hint}")
}

fn findings(findings: &[ConfigFinding]) -> Sheet<'_> {
    let labels = [
        "level", "place", "line", "column", "setting", "what", "why", "hint",
    ];
    let row = |finding: &'_ ConfigFinding| {
        let (line, column) = finding.position.unzip();
        vec![
            match finding.is_mistake {
                true => Value::Word("error", Tone::Bad),
                false => Value::Word("warning", Tone::Warning),
            },
            Value::Owned(finding.place.clone()),
            Value::of(line, Value::Number),
            Value::of(column, Value::Number),
            Value::Owned(finding.setting.clone()),
            Value::Owned(finding.what.clone()),
            Value::Owned(finding.why.clone()),
            Value::Owned(finding.hint.clone()),
        ]
    };
    let rows = findings.iter().map(row).collect();
    Sheet::list(labels.map(Field::named).into(), rows)
}

async fn path(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let question = async |client: &Client| client.config_files().await;
    let mut files = ctx.link.ask(question).await?;
    if ctx.format()? == Format::Ids {
        // For scripts: the file that is read, or the one to begin with.
        let read = files
            .iter()
            .position(|file| file.state == ConfigFileState::Read);
        files = files.drain(..).skip(read.unwrap_or(0)).take(1).collect();
    }
    let fields = ["path", "state", "named-by"].map(Field::named);
    let rows = files.iter().map(place).collect();
    ctx.print(Sheet::list(fields.map(Field::whole).into(), rows))
}

fn place(file: &ConfigFile) -> Vec<Value<'_>> {
    vec![
        Value::Owned(file.path.display().to_string()),
        match file.state {
            ConfigFileState::Read => Value::Word("read", Tone::Good),
            ConfigFileState::NotRead => Value::Word("not read", Tone::Warning),
            ConfigFileState::Missing => Value::Word("missing", Tone::Faint),
        },
        Value::Text(&file.named_by),
    ]
}

async fn init(print: bool, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let question = async |client: &Client| client.init_config(!print).await;
    let template = ctx.link.ask(question).await?;
    if print {
        ctx.sink
            .buffer()
            .extend_from_slice(template.text.as_bytes());
    } else {
        ctx.notices
            .say(format_args!("{} is written", template.path.display()));
    }
    Ok(())
}
