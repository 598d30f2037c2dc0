//! Who asks: the caller, from the flags and from this terminal's AWS settings.
//!
//! Only the variables of [`CALLER_VARIABLES`] are read, and no file is opened: what
//! they mean is the daemon's business. They hold secrets, so nothing here is logged.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::{CALLER_VARIABLES, Caller, Error, ErrorKind};

use crate::cli::GlobalArgs;
use crate::error::usage;

/// What a process knows of the place it runs in.
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The variables that could be a caller's, see [`may_be_ours`]. Looking for each
    /// of some dozens by its name would cost more than looking once at all.
    pub environment: &'a [(OsString, OsString)],
    /// All of them.
    pub variables: &'a dyn Fn() -> Vec<(OsString, OsString)>,
    /// The working directory.
    pub directory: &'a dyn Fn() -> io::Result<PathBuf>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

impl Surroundings<'_> {
    /// A variable that is set to something.
    fn given(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// `path` seen from the root.
    ///
    /// # Errors
    ///
    /// The path is relative and the working directory is gone.
    pub fn absolute(&self, path: &Path) -> Result<PathBuf, Error> {
        if path.is_absolute() {
            return Ok(path.to_owned());
        }
        let directory = (self.directory)().map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("cannot tell where {} is", path.display()),
            )
            .why(format!("the working directory cannot be read: {error}"))
            .hint("go to a directory that exists, or name an absolute path")
        })?;
        Ok(directory.join(path))
    }
}

/// Makes the caller.
///
/// # Errors
///
/// The home directory is unknown, a variable is not text, or a flag is empty.
pub fn caller(args: &GlobalArgs, surroundings: &Surroundings<'_>) -> Result<Caller, Error> {
    let home = surroundings
        .given("HOME")
        .map(PathBuf::from)
        .ok_or_else(|| {
            Error::new(ErrorKind::Config, "the AWS configuration cannot be found")
                .why("the variable HOME is not set")
                .hint("set HOME to your home directory")
        })?;
    let home = surroundings.absolute(&home)?;
    let file = |variable: &str, usual: &str| match surroundings.given(variable) {
        Some(path) => surroundings.absolute(&expand(Path::new(&path), &home)),
        None => Ok(home.join(usual)),
    };
    let mut caller = Caller {
        profile: flag("--profile", args.profile.as_ref())?,
        regions: named_regions(&args.region)?,
        endpoint_url: flag("--endpoint-url", args.endpoint_url.as_ref())?,
        role_arn: flag("--role-arn", args.role_arn.as_ref())?,
        config_file: file("AWS_CONFIG_FILE", ".aws/config")?,
        credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")?,
        home,
        ..Caller::default()
    };
    read_environment(&mut caller, surroundings)?;
    for name in FILES {
        find_file(&mut caller, name, surroundings)?;
    }
    Ok(caller)
}

/// The variables that name a file. The daemon is in another directory.
const FILES: [&str; 3] = [
    "AWS_CA_BUNDLE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// Writes down where the file is that a variable names, if it is set.
fn find_file(
    caller: &mut Caller,
    name: &str,
    surroundings: &Surroundings<'_>,
) -> Result<(), Error> {
    let Some(value) = caller.environment.get_mut(name) else {
        return Ok(());
    };
    let path = surroundings.absolute(&expand(Path::new(value.as_str()), &caller.home))?;
    let path = path.into_os_string().into_string();
    // Only a directory whose name is no text cannot be written down.
    if let Ok(path) = path {
        *value = path.into();
    }
    Ok(())
}

/// `~` as the AWS tools expand it: the user's own only.
fn expand(path: &Path, home: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => path.to_owned(),
    }
}

/// Puts the variables that are set into the caller.
fn read_environment(caller: &mut Caller, surroundings: &Surroundings<'_>) -> Result<(), Error> {
    for (name, value) in surroundings.environment {
        let known = CALLER_VARIABLES.iter().find(|known| name == **known);
        let Some(name) = known.filter(|_| !value.is_empty()) else {
            continue;
        };
        // The value is not shown: it may be a secret.
        let value = value.to_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("{name} is not usable"))
                .why("its value is not valid UTF-8")
                .hint(format!("set {name} again, or unset it"))
        })?;
        let value = value.to_owned().into();
        caller.environment.insert((*name).to_owned(), value);
    }
    Ok(())
}

/// Whether a variable's name is like those that this program reads.
pub fn may_be_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let ends = |end: &[u8]| name.ends_with(end);
    name.starts_with(b"AWS_") || ends(b"_PROXY") || ends(b"_proxy")
}

/// The regions that `--region` names, in its words, each once.
///
/// # Errors
///
/// `Usage` for a name that is empty.
pub fn named_regions(named: &[String]) -> Result<Vec<String>, Error> {
    let mut regions: Vec<String> = Vec::with_capacity(named.len());
    for region in named {
        let region = region.trim();
        if region.is_empty() {
            return Err(empty("--region"));
        }
        if !regions.iter().any(|known| known == region) {
            regions.push(region.to_owned());
        }
    }
    Ok(regions)
}

fn flag(name: &str, value: Option<&String>) -> Result<Option<String>, Error> {
    match value {
        Some(value) if value.trim().is_empty() => Err(empty(name)),
        value => Ok(value.cloned()),
    }
}

/// An empty value is mostly an unset variable of a script, and to go on without it
/// could ask another account.
fn empty(flag: &str) -> Error {
    usage(format!("{flag} is empty"))
        .why("a flag that is given must say something")
        .hint(format!("name one, or leave {flag} out"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn with(
        variables: &[(&str, &str)],
        change: impl FnOnce(&mut GlobalArgs),
    ) -> Result<Caller, Error> {
        let mut args = GlobalArgs::default();
        change(&mut args);
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let environment: Vec<_> = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .filter(|(name, _)| may_be_ours(name))
            .collect();
        let surroundings = Surroundings {
            variable: &variable,
            environment: &environment,
            variables: &Vec::new,
            directory: &|| Ok("/work/here".into()),
        };
        caller(&args, &surroundings)
    }

    #[test]
    fn the_files_are_in_the_home_directory() {
        let caller = with(&[("HOME", "/home/ada")], |_| {}).expect("a caller");
        assert_eq!(caller.config_file, Path::new("/home/ada/.aws/config"));
        assert_eq!(
            caller.credentials_file,
            Path::new("/home/ada/.aws/credentials")
        );
        assert_eq!(caller.home, Path::new("/home/ada"));
    }

    #[test]
    fn files_that_variables_name_become_absolute() {
        let variables = [
            ("HOME", "/home/ada"),
            ("AWS_CONFIG_FILE", "aws/config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/keys"),
        ];
        let caller = with(&variables, |_| {}).expect("a caller");
        assert_eq!(caller.config_file, Path::new("/work/here/aws/config"));
        assert_eq!(caller.credentials_file, Path::new("/home/ada/keys"));
        assert!(caller.environment.is_empty());
    }

    #[test]
    fn files_that_variables_name_are_where_the_terminal_is() {
        for name in FILES {
            for (value, expected) in [
                ("a/b", "/work/here/a/b"),
                ("~/b", "/home/ada/b"),
                ("/b", "/b"),
            ] {
                let caller = with(&[("HOME", "/home/ada"), (name, value)], |_| {});
                let caller = caller.expect("a caller");
                assert_eq!(caller.variable(name), Some(expected), "{name}");
            }
        }
    }

    #[test]
    fn only_listed_variables_that_are_set_travel() {
        let variables = [
            ("HOME", "/home/ada"),
            ("AWS_PROFILE", "dev"),
            ("AWS_REGION", ""),
            ("AWS_PAGER", "less"),
            ("SECRET", "hunter2"),
        ];
        let caller = with(&variables, |_| {}).expect("a caller");
        assert_eq!(caller.environment.len(), 1);
        assert_eq!(caller.variable("AWS_PROFILE"), Some("dev"));
        assert_eq!(caller.profile, None, "a flag and a variable are two things");
    }

    #[test]
    fn every_listed_variable_is_looked_at() {
        for name in CALLER_VARIABLES {
            let caller = with(&[("HOME", "/h"), (name, "x")], |_| {}).expect("a caller");
            let value = match FILES.contains(name) {
                true => "/work/here/x",
                false => "x",
            };
            assert_eq!(caller.variable(name), Some(value), "{name}");
        }
    }

    #[test]
    fn regions_keep_their_order_and_come_once() {
        let caller = with(&[("HOME", "/h")], |args| {
            args.region = ["eu-west-1", " us-east-1", "eu-west-1"]
                .map(String::from)
                .to_vec();
        });
        assert_eq!(
            caller.expect("a caller").regions,
            ["eu-west-1", "us-east-1"]
        );
    }

    #[test]
    fn an_empty_flag_is_refused() {
        let error = with(&[("HOME", "/h")], |args| args.profile = Some(String::new()));
        assert_eq!(error.expect_err("refused").kind, ErrorKind::Usage);
        let error = with(&[("HOME", "/h")], |args| args.region = vec![String::new()]);
        assert!(error.expect_err("refused").what.contains("--region"));
    }

    #[test]
    fn without_a_home_directory_nobody_knows_where_to_look() {
        let error = with(&[], |_| {}).expect_err("no home");
        assert_eq!(error.kind, ErrorKind::Config);
    }

    #[test]
    fn a_value_that_is_no_text_is_refused_and_not_shown() {
        let variable = |name: &str| match name {
            "HOME" => Some("/h".into()),
            _ => None,
        };
        let secret = OsString::from_vec(vec![b'k', 0xff]);
        let surroundings = Surroundings {
            variable: &variable,
            environment: &[("AWS_SECRET_ACCESS_KEY".into(), secret)],
            variables: &Vec::new,
            directory: &|| Ok("/".into()),
        };
        let error = caller(&GlobalArgs::default(), &surroundings).expect_err("refused");
        assert!(error.what.contains("AWS_SECRET_ACCESS_KEY"));
        assert!(!crate::error::lines(&error).contains('\u{fffd}'));
    }
}
