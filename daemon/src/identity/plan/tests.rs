mod machine;
mod sign_in;

use super::*;
use crate::identity::profile::{ProfileFile, Profiles};
use crate::identity::testing::{defaults, variables};
use aws_ssm_proto::domain::{Caller, Question};

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const KEYS: &str = "aws_access_key_id = AKIA\naws_secret_access_key = secret\n";

fn make(caller: &Caller, config: &str, credentials: &str) -> Result<CredentialPlan, Error> {
    let config = ProfileFile::parse(config.as_bytes(), FileKind::Config).unwrap();
    let credentials = ProfileFile::parse(credentials.as_bytes(), FileKind::Credentials).unwrap();
    let profiles = Profiles::new(&config, &credentials);
    let defaults = defaults();
    let settings = Settings::resolve(caller, profiles, &defaults)?;
    CredentialPlan::make(&settings, &defaults)
}

/// The plan of a caller with `--profile` and nothing else.
fn of_profile(name: &str, config: &str) -> Result<CredentialPlan, Error> {
    make(&profile(name), config, "")
}

fn profile(name: &str) -> Caller {
    Caller {
        profile: Some(name.into()),
        home: "/home/anna".into(),
        ..Caller::default()
    }
}

fn exported() -> Caller {
    variables(&[
        ("AWS_ACCESS_KEY_ID", "EXPORTED"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ])
}

fn with(mut caller: Caller, more: &[(&str, &str)]) -> Caller {
    caller.environment.extend(variables(more).environment);
    caller
}

fn id(plan: &CredentialPlan) -> &str {
    match plan {
        CredentialPlan::Static(keys) => keys.credentials.access_key_id(),
        CredentialPlan::AssumeRole(role) => id(&role.source),
        CredentialPlan::WebIdentity(_) | CredentialPlan::Source(_) | CredentialPlan::Process(_) => {
            ""
        }
    }
}

fn refused(result: Result<CredentialPlan, Error>, kind: ErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind, kind, "{error:?}");
    assert!(!error.what.is_empty() && !error.why.is_empty() && !error.hint.is_empty());
    error
}

#[test]
fn an_explicit_profile_beats_exported_keys() {
    let file = format!("[profile prod]\n{KEYS}");
    let mut caller = exported();
    caller.profile = Some("prod".into());
    let plan = make(&caller, &file, "").unwrap();
    assert_eq!(id(&plan), "AKIA");
    assert_eq!(plan.to_string(), "profile prod");
}

#[test]
fn exported_keys_beat_the_profile_of_a_variable() {
    let file = format!("[default]\n{KEYS}[profile prod]\n{KEYS}");
    let caller = with(exported(), &[("AWS_PROFILE", "prod")]);
    let plan = make(&caller, &file, "").unwrap();
    assert_eq!(id(&plan), "EXPORTED");
    assert_eq!(plan.to_string(), "environment");
    let CredentialPlan::Static(keys) = plan else {
        panic!("exported keys are static");
    };
    assert_eq!(keys.credentials.session_token(), Some("token"));
}

#[test]
fn the_default_profile_comes_last() {
    let plan = make(&Caller::default(), "", &format!("[default]\n{KEYS}")).unwrap();
    assert_eq!(plan.to_string(), "profile default");
}

#[test]
fn an_explicit_profile_without_credentials_does_not_fall_back_to_exported_keys() {
    let mut caller = exported();
    caller.profile = Some("empty".into());
    let error = make(&caller, "[profile empty]\nregion = x\n", "");
    let error = refused(error, ErrorKind::Credentials);
    assert!(
        error
            .why
            .contains("explicit profile sets exported keys aside")
    );
}

#[test]
fn no_credentials_says_where_they_were_sought() {
    let error = refused(make(&Caller::default(), "", ""), ErrorKind::Credentials);
    assert!(error.hint.contains("aws configure"));
}

#[test]
fn half_a_key_pair_is_refused() {
    for (name, missing) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ] {
        let error = make(
            &variables(&[(name, "x")]),
            "",
            &format!("[default]\n{KEYS}"),
        );
        let error = refused(error, ErrorKind::Credentials);
        assert_eq!(error.why, format!("{name} is set, {missing} is not"));
    }
    for line in ["aws_access_key_id = x", "aws_secret_access_key = x"] {
        let file = format!("[profile a]\n{line}\n");
        let error = refused(of_profile("a", &file), ErrorKind::Credentials);
        assert_eq!(error.what, "profile a holds half a key pair");
        assert!(error.why.contains("(config, line 2)"));
    }
}

#[test]
fn id_secret_and_token_come_from_one_file() {
    let config = "[profile a]\naws_session_token = old\n";
    let credentials = format!("[a]\n{KEYS}");
    let plan = make(&profile("a"), config, &credentials).unwrap();
    let CredentialPlan::Static(keys) = plan else {
        panic!("keys of a profile are static");
    };
    assert_eq!(keys.credentials.session_token(), None);
    let split = make(
        &profile("a"),
        "[profile a]\naws_secret_access_key = x\n",
        "[a]\naws_access_key_id = x\n",
    );
    refused(split, ErrorKind::Credentials);
}

#[test]
fn a_role_is_assumed_with_its_source_profile() {
    let file = format!(
        "[profile base]\n{KEYS}[profile a]\nrole_arn = {ROLE}\nsource_profile = base\n\
         external_id = x\nduration_seconds = 900\nrole_session_name = mine\n"
    );
    let plan = of_profile("a", &file).unwrap();
    let shown = format!("profile a (role {ROLE} assumed from profile base)");
    assert_eq!(plan.to_string(), shown);
    let CredentialPlan::AssumeRole(role) = plan else {
        panic!("a role is to be assumed");
    };
    assert_eq!(role.session_name, "mine");
    assert_eq!(role.external_id, Some(Zeroizing::new("x".into())));
    assert_eq!(role.duration, Some(Duration::from_secs(900)));
}

#[test]
fn an_external_id_is_shown_nowhere() {
    let file =
        format!("[profile a]\nrole_arn = {ROLE}\nsource_profile = a\n{KEYS}external_id = hush\n");
    let plan = of_profile("a", &file).unwrap();
    let CredentialPlan::AssumeRole(role) = &plan else {
        panic!("a role is to be assumed");
    };
    let shown = format!("{plan} {plan:?} {:?}", role.request());
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_role_without_a_session_name_gets_the_users() {
    let file = format!("[profile a]\nrole_arn = {ROLE}\nsource_profile = a\n{KEYS}");
    let CredentialPlan::AssumeRole(role) = of_profile("a", &file).unwrap() else {
        panic!("a profile may name itself as its source");
    };
    assert_eq!(role.session_name, "aws-ssm-anna");
    assert_eq!(id(&role.source), "AKIA");
}

#[test]
fn roles_chain() {
    let role = |name: &str, source: &str| {
        format!("[profile {name}]\nrole_arn = {ROLE}-{name}\nsource_profile = {source}\n")
    };
    let file = format!("{}{}[profile c]\n{KEYS}", role("a", "b"), role("b", "c"));
    let CredentialPlan::AssumeRole(outer) = of_profile("a", &file).unwrap() else {
        panic!("the outer role is to be assumed");
    };
    assert_eq!(outer.role_arn, format!("{ROLE}-a"));
    let CredentialPlan::AssumeRole(inner) = outer.source else {
        panic!("with the credentials of the inner role");
    };
    assert_eq!(inner.role_arn, format!("{ROLE}-b"));
    assert_eq!(id(&inner.source), "AKIA");
}

#[test]
fn a_source_profile_with_keys_is_not_asked_for_its_role() {
    let file = format!(
        "[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n\
         [profile b]\nrole_arn = {ROLE}\nsource_profile = a\n{KEYS}"
    );
    let CredentialPlan::AssumeRole(role) = of_profile("a", &file).unwrap() else {
        panic!("the role is to be assumed");
    };
    assert!(matches!(role.source, CredentialPlan::Static(_)));
}

#[test]
fn source_profiles_in_a_circle_are_shown() {
    let role = |name: &str, source: &str| {
        format!("[profile {name}]\nrole_arn = {ROLE}\nsource_profile = {source}\n")
    };
    let file = format!("{}{}", role("a", "b"), role("b", "a"));
    let error = refused(of_profile("a", &file), ErrorKind::Config);
    assert_eq!(error.why, "a -> b -> a");
    let error = refused(of_profile("a", &role("a", "a")), ErrorKind::Config);
    assert_eq!(error.why, "a -> a");
}

#[test]
fn an_endless_chain_is_refused() {
    let role = |n: usize| {
        let next = n + 1;
        format!("[profile p{n}]\nrole_arn = {ROLE}\nsource_profile = p{next}\n")
    };
    let file: String = (0..2000).map(role).collect();
    let error = refused(of_profile("p0", &file), ErrorKind::Config);
    assert!(error.what.ends_with("is too long"));
}

#[test]
fn a_role_needs_exactly_one_source_that_exists() {
    let with = |lines: &str| of_profile("a", &format!("[profile a]\nrole_arn = {ROLE}\n{lines}"));
    refused(with(""), ErrorKind::Config);
    let both = "source_profile = b\ncredential_source = Environment\n";
    refused(with(both), ErrorKind::Config);
    refused(with("credential_source = Nowhere\n"), ErrorKind::Config);
    let error = refused(with("source_profile = aa\n"), ErrorKind::Config);
    assert!(error.why.contains("(config, line 3)"));
    assert_eq!(error.hint, "did you mean a?");
    refused(
        with("source_profile = b\n[profile b]\n"),
        ErrorKind::Credentials,
    );
}

#[test]
fn the_environment_can_be_a_roles_source_even_of_an_explicit_profile() {
    let file = format!("[profile a]\nrole_arn = {ROLE}\ncredential_source = Environment\n");
    let mut caller = exported();
    caller.profile = Some("a".into());
    let plan = make(&caller, &file, "").unwrap();
    assert_eq!(id(&plan), "EXPORTED");
    let error = refused(of_profile("a", &file), ErrorKind::Credentials);
    assert!(error.why.contains("no keys are exported"));
}

#[test]
fn the_flag_puts_a_role_on_top() {
    let mut caller = exported();
    caller.role_arn = Some(ROLE.into());
    let plan = make(&caller, "", "").unwrap();
    let shown = format!("role {ROLE} assumed from environment");
    assert_eq!(plan.to_string(), shown);
    caller.role_arn = Some("deploy".into());
    let error = refused(make(&caller, "", ""), ErrorKind::Usage);
    assert!(error.what.contains("\"deploy\""));
}

#[test]
fn a_web_identity_of_a_profile_is_used() {
    let file = format!("[profile a]\nrole_arn = {ROLE}\nweb_identity_token_file = ~/token\n{KEYS}");
    let plan = of_profile("a", &file).unwrap();
    assert_eq!(plan.token_file(), Some(&PathBuf::from("/home/anna/token")));
    assert_eq!(
        plan.to_string(),
        format!("profile a (role {ROLE} by web identity)")
    );
}

#[test]
fn web_identity_variables_come_between_the_roles_and_the_keys_of_the_profile() {
    let web = &[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
        ("AWS_ROLE_ARN", ROLE),
    ];
    let caller = variables(web);
    let keys = format!("[default]\n{KEYS}");
    let plan = make(&caller, &keys, "").unwrap();
    assert_eq!(
        plan.to_string(),
        format!("environment (role {ROLE} by web identity)")
    );
    let role = format!("{keys}role_arn = {ROLE}\nsource_profile = default\n");
    let plan = make(&caller, &role, "").unwrap();
    assert!(matches!(plan, CredentialPlan::AssumeRole(_)));
    let plan = make(&with(exported(), web), &keys, "").unwrap();
    assert_eq!(plan.to_string(), "environment");
    let mut explicit = variables(web);
    explicit.profile = Some("default".into());
    let plan = make(&explicit, &keys, "").unwrap();
    assert_eq!(plan.to_string(), "profile default");
}

#[test]
fn a_web_identity_needs_a_role_and_a_whole_path() {
    let caller = variables(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")]);
    let error = refused(make(&caller, "", ""), ErrorKind::Credentials);
    assert!(error.hint.contains("AWS_ROLE_ARN"));
    let file = "[profile a]\nweb_identity_token_file = /t\n";
    refused(of_profile("a", file), ErrorKind::Config);
    let file = format!("[profile a]\nweb_identity_token_file = t\nrole_arn = {ROLE}\n");
    let error = refused(of_profile("a", &file), ErrorKind::Config);
    assert!(error.why.contains("relative path \"t\""));
}

#[test]
fn what_this_version_cannot_do_is_said_with_the_way_around() {
    let cases = [("login_session = arn:x\n", "console login")];
    for (lines, expected) in cases {
        let error = of_profile("a b", &format!("[profile \"a b\"]\n{lines}"));
        let error = refused(error, ErrorKind::Credentials);
        assert!(error.what.contains(expected), "{}", error.what);
        let hint = r#"eval "$(aws configure export-credentials --profile 'a b' --format env)""#;
        assert!(error.hint.contains(hint), "{}", error.hint);
        assert!(error.hint.ends_with("without --profile"));
    }
    let caller = variables(&[("AWS_PROFILE", "a")]);
    let file = "[profile a]\nlogin_session = arn:x\n";
    let error = refused(make(&caller, file, ""), ErrorKind::Credentials);
    assert!(error.hint.ends_with("call again"));
}

#[test]
fn a_role_may_want_a_code() {
    let file = format!(
        "[profile b]\n{KEYS}mfa_serial = ignored\n\
         [profile a]\nrole_arn = {ROLE}\nsource_profile = b\nmfa_serial = arn:mfa\n"
    );
    let plan = of_profile("a", &file).unwrap();
    let shown = format!("profile a (role {ROLE} assumed with MFA from profile b)");
    assert_eq!(plan.to_string(), shown);
    let CredentialPlan::AssumeRole(role) = plan else {
        panic!("the role is to be assumed");
    };
    let device = role.mfa.unwrap();
    assert_eq!(
        (device.serial.as_str(), device.profile.as_str()),
        ("arn:mfa", "a")
    );
    assert_eq!(of_profile("b", &file).unwrap().to_string(), "profile b");
}

/// With what a credential process would see.
fn in_terminal(mut caller: Caller) -> Caller {
    caller.environment_digest = Some([1; 16]);
    caller
}

#[test]
fn a_credential_process_comes_after_the_credentials_file_and_before_the_configuration_files_keys() {
    let process = format!("[profile a]\ncredential_process = give \"it all\"\n{KEYS}");
    let plan = make(&in_terminal(profile("a")), &process, "").unwrap();
    assert_eq!(plan.to_string(), "profile a (credential process)");
    assert_eq!(plan.environment(), Some([1; 16]));
    let CredentialPlan::Process(process_plan) = &plan else {
        panic!("a program is to be run");
    };
    assert_eq!(process_plan.command.as_str(), "give \"it all\"");
    assert!(!format!("{plan:?}").contains("it all"));
    let keys = make(&profile("a"), &process, &format!("[a]\n{KEYS}")).unwrap();
    assert_eq!(keys.to_string(), "profile a");
    assert_eq!(keys.environment(), None);
}

#[test]
fn a_role_may_be_assumed_with_what_a_process_gives() {
    let file = format!(
        "[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n\
         [profile b]\ncredential_process = give\n"
    );
    let plan = make(&in_terminal(profile("a")), &file, "").unwrap();
    assert_eq!(plan.environment(), Some([1; 16]));
}

#[test]
fn a_caller_is_asked_for_his_environment_only_where_a_process_would_see_it() {
    let error = of_profile("a", "[profile a]\ncredential_process = give\n");
    let error = refused(error, ErrorKind::Credentials);
    let question = error.challenge.unwrap().question;
    assert_eq!(question, Question::EnvironmentDigest);
}

#[test]
fn a_command_that_cannot_travel_is_refused() {
    let file = format!(
        "[profile a]\ncredential_process = {}\n",
        "x".repeat(9 << 10)
    );
    refused(of_profile("a", &file), ErrorKind::Config);
}

#[test]
fn the_way_around_names_the_profile_that_was_asked_for() {
    let file = format!(
        "[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n\
         [profile b]\nlogin_session = arn:x\n"
    );
    let error = refused(of_profile("a", &file), ErrorKind::Credentials);
    assert!(error.what.starts_with("profile b uses a console login"));
    assert!(error.hint.contains("--profile a --format env"));
}

#[test]
fn debug_shows_no_secret() {
    let file = format!("[profile a]\n{}", KEYS.replace("secret\n", "hunter2\n"));
    let plan = of_profile("a", &file).unwrap();
    assert!(!format!("{plan:?}").contains("hunter2"));
}
