//! What the global flags mean, checked before anything is done.

use std::path::PathBuf;
use std::time::Duration;

use aws_ssm_proto::client::DEFAULT_TIMEOUT;
use aws_ssm_proto::domain::{Error, Freshness};

use crate::cli::GlobalArgs;
use crate::duration;
use crate::error::usage;
use crate::render::terminal::Colours;
use crate::render::{Format, suggestion};

/// What `--color` takes.
pub(crate) const COLOURS: [&str; 3] = ["auto", "always", "never"];

/// The global flags, understood.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `None` when the command may choose.
    pub format: Option<Format>,
    /// Names of columns, in the order given; each command knows its own.
    pub columns: Option<Vec<String>>,
    /// Whether names of columns are printed.
    pub header: bool,
    /// When colours are wanted.
    pub colours: Colours,
    /// Whether JSON is wrapped in what is known of it.
    pub meta: bool,
    /// How old an answer may be.
    pub freshness: Freshness,
    /// What the whole call may take.
    pub timeout: Duration,
    /// Whether a helper of this process answers instead of the daemon.
    pub no_daemon: bool,
    /// The configuration file for a daemon that is started.
    pub config: Option<PathBuf>,
    /// How much is said beside the answer: 0 what matters, 1 and 2 more.
    pub verbose: u8,
    /// Nothing but errors is said beside the answer.
    pub quiet: bool,
}

impl Settings {
    /// Understands the flags.
    ///
    /// # Errors
    ///
    /// A value that is none of those a flag takes.
    pub fn new(args: &GlobalArgs) -> Result<Self, Error> {
        Ok(Self {
            format: args.output.as_deref().map(Format::parse).transpose()?,
            columns: args.columns.as_deref().map(columns).transpose()?,
            header: !args.no_header,
            colours: match args.no_color {
                true => Colours::Never,
                false => args.color.as_deref().map_or(Ok(Colours::Auto), colours)?,
            },
            meta: args.meta,
            freshness: freshness(args)?,
            timeout: match &args.timeout {
                Some(text) => positive("--timeout", text)?,
                None => DEFAULT_TIMEOUT,
            },
            no_daemon: args.no_daemon,
            config: args.config.clone(),
            verbose: args.verbose,
            quiet: args.quiet,
        })
    }
}

fn freshness(args: &GlobalArgs) -> Result<Freshness, Error> {
    Ok(match &args.max_age {
        _ if args.fresh => Freshness::Fresh,
        Some(text) => Freshness::MaxAge(length("--max-age", text)?),
        None => Freshness::Configured,
    })
}

fn columns(list: &str) -> Result<Vec<String>, Error> {
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(usage("--columns has an empty name")
            .why(format!("it is {list:?}"))
            .hint("write names with one comma between two, as in --columns name,id,tag:Team"));
    }
    Ok(names)
}

fn colours(name: &str) -> Result<Colours, Error> {
    match name {
        "auto" => Ok(Colours::Auto),
        "always" => Ok(Colours::Always),
        "never" => Ok(Colours::Never),
        _ => Err(usage(format!("--color cannot be {name:?}"))
            .why("it is auto, always or never")
            .hint(suggestion(name, &COLOURS))),
    }
}

/// A length of time that is some.
///
/// # Errors
///
/// It is none, or is written in a way that is not known.
pub(crate) fn positive(flag: &str, text: &str) -> Result<Duration, Error> {
    let length = length(flag, text)?;
    if length.is_zero() {
        return Err(usage(format!("{flag} is zero"))
            .why("nothing can be answered in no time")
            .hint(format!("allow some, as in {flag} 30s")));
    }
    Ok(length)
}

fn length(flag: &str, text: &str) -> Result<Duration, Error> {
    duration::parse(text).ok_or_else(|| {
        let hint = match text.parse::<u64>() {
            Ok(number) => format!("say which unit: {flag} {number}s"),
            Err(_) => format!("write it as in {flag} 30s, 5m, 1h30m or 500ms"),
        };
        usage(format!("{flag} takes a length of time"))
            .why(format!("{text:?} is none"))
            .hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut GlobalArgs)) -> Result<Settings, Error> {
        let mut args = GlobalArgs::default();
        change(&mut args);
        Settings::new(&args)
    }

    #[test]
    fn silence_means_the_defaults() {
        let settings = settings(|_| {}).expect("defaults");
        assert_eq!(settings.format, None);
        assert_eq!(settings.timeout, DEFAULT_TIMEOUT);
        assert_eq!(settings.freshness, Freshness::Configured);
        assert!(settings.header);
    }

    #[test]
    fn a_wrong_format_is_told_the_nearest() {
        let error = settings(|args| args.output = Some("jsn".into())).expect_err("no format");
        assert_eq!(error.hint, "did you mean json?");
        let error = settings(|args| args.output = Some("xml".into())).expect_err("no format");
        assert!(error.hint.contains("table, wide, json"), "{}", error.hint);
    }

    #[test]
    fn a_number_without_a_unit_is_asked_for_one() {
        let error = settings(|args| args.timeout = Some("30".into())).expect_err("no unit");
        assert_eq!(error.hint, "say which unit: --timeout 30s");
        let error = settings(|args| args.max_age = Some("soon".into())).expect_err("no length");
        assert!(error.why.contains("soon"));
    }

    #[test]
    fn no_time_at_all_is_refused() {
        assert!(settings(|args| args.timeout = Some("0s".into())).is_err());
        let age = settings(|args| args.max_age = Some("0s".into())).expect("allowed");
        assert_eq!(age.freshness, Freshness::MaxAge(Duration::ZERO));
    }

    #[test]
    fn an_empty_column_name_is_refused() {
        assert!(settings(|args| args.columns = Some("id,,name".into())).is_err());
        let named = settings(|args| args.columns = Some("id, name".into())).expect("names");
        assert_eq!(named.columns.expect("given"), ["id", "name"]);
    }

    #[test]
    fn a_wrong_colour_is_refused() {
        let error = settings(|args| args.color = Some("alway".into())).expect_err("wrong");
        assert_eq!(error.hint, "did you mean always?");
    }
}
