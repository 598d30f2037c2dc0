//! What a caller's settings say, before anybody's credentials are looked at:
//! which profile is meant, which regions, which endpoints.
//!
//! A function of the caller, the profile files and the daemon's own defaults; of a
//! file of certificates, where one is named, it looks at the state. The process's
//! environment is never consulted.

use aws_ssm_proto::domain::{Caller, Error, ErrorKind, nearest};

use super::endpoints::Endpoints;
use super::network;
use super::profile::{DEFAULT_PROFILE, Profile, Profiles};
use super::region::{self, Candidate, RegionChoice};
use crate::aws::Route;

/// What the daemon's configuration says where a caller names nothing.
#[derive(Clone, Debug)]
pub struct DefaultSettings {
    /// `default.region`.
    pub region: Option<String>,
    /// `default.profile`.
    pub profile: Option<String>,
    /// The session name of roles that name none: the same each time, so that
    /// one person stays one principal.
    pub session_name: String,
    /// This machine is an instance of EC2, which may have a role.
    pub is_instance: bool,
}

impl DefaultSettings {
    /// The session name of a user's assumed roles: `aws-ssm-` and the name, or
    /// whatever of it STS accepts (letters, digits, `=,.@-_`; 64 at most).
    #[must_use]
    pub fn session_name_for(user: &str) -> String {
        let accepted = |c: &char| c.is_ascii_alphanumeric() || "=,.@-_".contains(*c);
        let name = "aws-ssm-".chars().chain(user.chars().filter(accepted));
        name.take(64).collect()
    }
}

/// A caller's settings, resolved.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// The caller itself.
    pub caller: &'a Caller,
    /// All profiles there are.
    pub profiles: Profiles<'a>,
    /// The profile in use; `None` if none is named and there is no `default`.
    pub profile: Option<Profile<'a>>,
    /// `--profile` named it: exported keys do not count.
    pub is_explicit: bool,
    /// Where each service is reached.
    pub endpoints: Endpoints,
    /// How AWS is reached.
    pub route: Route,
}

impl<'a> Settings<'a> {
    /// Finds the profile and the endpoints.
    ///
    /// # Errors
    ///
    /// `Credentials` if the profile does not exist; see also
    /// [`Endpoints::resolve`] and [`network::resolve`].
    pub fn resolve(
        caller: &'a Caller,
        profiles: Profiles<'a>,
        defaults: &'a DefaultSettings,
    ) -> Result<Self, Error> {
        let named = Named::find(caller, defaults);
        let profile = profiles.get(named.map_or(DEFAULT_PROFILE, |named| named.profile));
        if let (Some(named), None) = (named, profile) {
            return Err(unknown_profile(named, profiles, caller));
        }
        let route = network::resolve(caller, profile)?;
        Ok(Self {
            caller,
            profiles,
            profile,
            is_explicit: caller.profile.is_some(),
            endpoints: Endpoints::resolve(caller, profile, profiles, route.variant)?,
            route,
        })
    }

    /// The regions this call asks for.
    ///
    /// # Errors
    ///
    /// `Usage` if there is none, or one that cannot be a region.
    pub fn regions(&self, defaults: &DefaultSettings) -> Result<RegionChoice, Error> {
        let asked = &self.caller.regions;
        if asked.is_empty() {
            let configured = self.configured_region(defaults)?;
            return Ok(RegionChoice::Named(vec![configured]));
        }
        RegionChoice::read(asked, || self.configured_region(defaults).ok())
    }

    /// Where STS is asked whose credentials these are, if that is not the home of
    /// the regions `asked` for: a region that is mistyped, or that the account has
    /// not enabled, refuses every key.
    #[must_use]
    pub fn home_region(&self, asked: &RegionChoice, defaults: &DefaultSettings) -> Option<String> {
        if self.caller.regions.is_empty() {
            return None;
        }
        let home = self.configured_region(defaults).ok()?;
        // Another partition knows nothing of these credentials.
        region::fits(asked.home(), &home).then_some(home)
    }

    /// The region of callers who ask for none.
    fn configured_region(&self, defaults: &DefaultSettings) -> Result<String, Error> {
        let of_profile = self.profile.and_then(|profile| profile.get("region"));
        let profile = self
            .profile
            .map_or(DEFAULT_PROFILE, |profile| profile.name());
        let variable = |name| self.variable(name);
        let candidate = |source, name| Candidate { source, name };
        region::choose(&[
            candidate("AWS_REGION", variable("AWS_REGION")),
            candidate("AWS_DEFAULT_REGION", variable("AWS_DEFAULT_REGION")),
            candidate(&format!("profile {profile}"), of_profile),
            candidate("default.region", defaults.region.as_deref()),
        ])
    }

    /// A variable of the caller; one that is set to nothing counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&'a str> {
        let caller: &'a Caller = self.caller;
        caller.variable(name).filter(|value| !value.is_empty())
    }
}

/// A profile and what named it.
#[derive(Clone, Copy)]
struct Named<'a> {
    profile: &'a str,
    source: &'static str,
}

impl<'a> Named<'a> {
    /// The `aws` command reads `AWS_DEFAULT_PROFILE` before `AWS_PROFILE`; the
    /// same terminal must mean the same account here.
    fn find(caller: &'a Caller, defaults: &'a DefaultSettings) -> Option<Self> {
        let variable = |name| caller.variable(name).filter(|value| !value.is_empty());
        let candidates = [
            (caller.profile.as_deref(), "--profile"),
            (variable("AWS_DEFAULT_PROFILE"), "AWS_DEFAULT_PROFILE"),
            (variable("AWS_PROFILE"), "AWS_PROFILE"),
            (defaults.profile.as_deref(), "default.profile"),
        ];
        let found = candidates
            .into_iter()
            .find_map(|(profile, source)| Some((profile?, source)));
        found.map(|(profile, source)| Self { profile, source })
    }
}

fn unknown_profile(named: Named<'_>, profiles: Profiles<'_>, caller: &Caller) -> Error {
    let Named { profile, source } = named;
    let config = caller.config_file.display();
    let why = format!(
        "{source} names it, but neither {config} nor {} has it",
        caller.credentials_file.display()
    );
    let near = nearest(profile, profiles.names());
    let hint = match near {
        _ if profiles.lacks_prefix(profile) => {
            format!("in {config} write [profile {profile}] instead of [{profile}]")
        }
        Some(near) => format!("did you mean {near}?"),
        None => format!(
            "make it with `aws configure --profile {profile}`, or list yours with `aws configure list-profiles`"
        ),
    };
    Error::new(
        ErrorKind::Credentials,
        format!("there is no profile {profile:?}"),
    )
    .why(why)
    .hint(hint)
    .candidates(near.map(str::to_owned).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::profile::{FileKind, ProfileFile};
    use crate::identity::testing::{defaults, variables};

    const FILE: &str = "[default]\nregion = eu-west-1\n[profile prod]\nregion = eu-north-1\n\
                        [profile bare]\n[typo]\n";

    fn with<T>(
        caller: &Caller,
        defaults: &DefaultSettings,
        check: impl FnOnce(Result<Settings<'_>, Error>) -> T,
    ) -> T {
        let config = ProfileFile::parse(FILE.as_bytes(), FileKind::Config).unwrap();
        let none = ProfileFile::default();
        check(Settings::resolve(
            caller,
            Profiles::new(&config, &none),
            defaults,
        ))
    }

    fn of_profile(name: &str) -> Caller {
        Caller {
            profile: Some(name.into()),
            ..Caller::default()
        }
    }

    fn profile_of(caller: &Caller, defaults: &DefaultSettings) -> String {
        with(caller, defaults, |settings| {
            settings.unwrap().profile.unwrap().name().to_owned()
        })
    }

    fn regions_of(caller: &Caller, defaults: &DefaultSettings) -> Vec<String> {
        with(caller, defaults, |settings| {
            let regions = settings.unwrap().regions(defaults);
            regions.unwrap().named().to_vec()
        })
    }

    #[test]
    fn profiles_are_named_in_the_order_of_the_aws_command() {
        let mut daemon = defaults();
        assert_eq!(profile_of(&Caller::default(), &daemon), "default");
        daemon.profile = Some("bare".into());
        assert_eq!(profile_of(&Caller::default(), &daemon), "bare");
        let mut caller = variables(&[("AWS_PROFILE", "prod")]);
        assert_eq!(profile_of(&caller, &daemon), "prod");
        caller
            .environment
            .extend(variables(&[("AWS_DEFAULT_PROFILE", "default")]).environment);
        assert_eq!(profile_of(&caller, &daemon), "default");
        caller.profile = Some("bare".into());
        assert_eq!(profile_of(&caller, &daemon), "bare");
    }

    #[test]
    fn regions_come_from_flag_variables_profile_and_daemon_in_that_order() {
        let mut daemon = defaults();
        daemon.region = Some("sa-east-1".into());
        let mut caller = of_profile("bare");
        assert_eq!(regions_of(&caller, &daemon), ["sa-east-1"]);
        caller.profile = Some("prod".into());
        assert_eq!(regions_of(&caller, &daemon), ["eu-north-1"]);
        caller.environment = variables(&[("AWS_DEFAULT_REGION", "us-east-1")]).environment;
        assert_eq!(regions_of(&caller, &daemon), ["us-east-1"]);
        caller
            .environment
            .extend(variables(&[("AWS_REGION", "us-east-2")]).environment);
        assert_eq!(regions_of(&caller, &daemon), ["us-east-2"]);
        caller.regions = vec!["us-west-1".into(), "us-west-2".into()];
        assert_eq!(regions_of(&caller, &daemon), ["us-west-1", "us-west-2"]);
    }

    #[test]
    fn sts_is_asked_at_home_unless_the_call_goes_to_another_partition() {
        let home_of = |caller: &Caller| {
            with(caller, &defaults(), |settings| {
                let settings = settings.unwrap();
                let asked = settings.regions(&defaults()).unwrap();
                settings.home_region(&asked, &defaults())
            })
        };
        let mut caller = of_profile("prod");
        assert_eq!(home_of(&caller), None, "it is the region asked for");
        caller.regions = vec!["us-nowhere-9".into()];
        assert_eq!(home_of(&caller).as_deref(), Some("eu-north-1"));
        caller.regions = vec!["cn-north-1".into()];
        assert_eq!(home_of(&caller), None);
        caller.regions = vec!["us-east-1".into()];
        caller.profile = Some("bare".into());
        assert_eq!(home_of(&caller), None, "there is no home");
    }

    #[test]
    fn an_unknown_profile_is_named_with_the_nearest() {
        let caller = of_profile("prd");
        let error = with(&caller, &defaults(), |settings| settings.unwrap_err());
        assert_eq!(error.kind, ErrorKind::Credentials);
        assert_eq!(error.hint, "did you mean prod?");
        assert_eq!(error.candidates, ["prod"]);
        assert!(error.why.starts_with("--profile names it"));
    }

    #[test]
    fn a_section_without_its_prefix_is_pointed_out() {
        let caller = variables(&[("AWS_PROFILE", "typo")]);
        let error = with(&caller, &defaults(), |settings| settings.unwrap_err());
        assert!(error.why.starts_with("AWS_PROFILE names it"));
        assert!(error.hint.contains("[profile typo] instead of [typo]"));
    }

    #[test]
    fn a_session_name_is_one_that_sts_accepts() {
        assert_eq!(DefaultSettings::session_name_for("anna"), "aws-ssm-anna");
        assert_eq!(DefaultSettings::session_name_for("a b/ü+c"), "aws-ssm-abc");
        assert_eq!(DefaultSettings::session_name_for(&"x".repeat(99)).len(), 64);
    }
}
