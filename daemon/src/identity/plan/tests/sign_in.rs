//! Profiles that sign in through IAM Identity Center.

use super::*;

const SIGN_IN: &str = "[sso-session corp]\nsso_region = eu-west-1\n\
    sso_start_url = https://corp.awsapps.com/start\n\
    [profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n";

fn sign_in(config: &str) -> SsoPlan {
    match of_profile("dev", config).unwrap() {
        CredentialPlan::Source(SourcePlan::Sso(plan)) => *plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sign_in_session_is_read_with_its_profile() {
    let plan = sign_in(SIGN_IN);
    assert_eq!(plan.region, "eu-west-1");
    assert_eq!(plan.role_name, "Admin");
    assert!(plan.is_session);
    assert!(plan.token_file.starts_with("/home/anna/.aws/sso/cache"));
    assert_eq!(
        plan.to_string(),
        "profile dev (Admin in 111122223333 by IAM Identity Center)"
    );
}

#[test]
fn a_sign_in_without_a_session_has_its_token_under_the_address() {
    let session = sign_in(SIGN_IN);
    let legacy = sign_in(&SIGN_IN.replace(
        "sso_session = corp",
        "sso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start",
    ));
    assert!(!legacy.is_session);
    assert_eq!(legacy.region, "eu-west-1");
    assert_ne!(legacy.token_file, session.token_file);
}

#[test]
fn a_sign_in_comes_before_the_keys_of_the_profile() {
    let plan = of_profile("dev", &format!("{SIGN_IN}{KEYS}")).unwrap();
    assert!(plan.token_file().is_some());
    let role = format!("{SIGN_IN}[profile a]\nrole_arn = {ROLE}\nsource_profile = dev\n");
    let plan = of_profile("a", &role).unwrap();
    assert!(plan.token_file().is_some(), "also below a role");
}

#[test]
fn portal_and_sign_in_have_endpoints_of_their_own() {
    let section = "services = local\n[services local]\nsso =\n  endpoint_url = http://portal\n\
        sso_oidc =\n  endpoint_url = http://sign-in\n";
    let plan = sign_in(&format!("{SIGN_IN}{section}"));
    assert_eq!(plan.portal.as_deref(), Some("http://portal"));
    assert_eq!(plan.sign_in.as_deref(), Some("http://sign-in"));
    let caller = Caller {
        endpoint_url: Some("http://flag".into()),
        ..with(
            profile("dev"),
            &[("AWS_ENDPOINT_URL_SSO", "http://variable")],
        )
    };
    let CredentialPlan::Source(SourcePlan::Sso(plan)) = make(&caller, SIGN_IN, "").unwrap() else {
        panic!("it signs in");
    };
    assert_eq!(plan.portal.as_deref(), Some("http://variable"));
    assert_eq!(
        plan.sign_in, None,
        "the flag says where AWS is asked with them"
    );
}

#[test]
fn half_a_sign_in_says_what_is_missing() {
    for (from, to, why) in [
        ("sso_role_name = Admin\n", "", "sso_role_name is not"),
        (
            "sso_account_id = 111122223333\n",
            "",
            "sso_account_id is not",
        ),
        ("sso_session = corp\n", "", "sso_start_url is not"),
        ("sso_region = eu-west-1\n", "", "has no sso_region"),
        (
            "sso_session = corp",
            "sso_session = crop",
            "[sso-session crop]",
        ),
        (
            "sso_session = corp\n",
            "sso_session = corp\nsso_region = eu-west-3\n",
            "another than that of [sso-session corp]",
        ),
    ] {
        let error = of_profile("dev", &SIGN_IN.replacen(from, to, 1));
        let error = refused(error, ErrorKind::Config);
        assert!(error.why.contains(why), "{error:?}");
    }
    let error = of_profile("dev", &SIGN_IN.replace("= eu-west-1", "= nowhere"));
    refused(error, ErrorKind::Usage);
}
