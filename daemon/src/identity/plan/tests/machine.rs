//! The roles of containers and instances.

use super::*;

fn source(plan: CredentialPlan) -> SourcePlan {
    match plan {
        CredentialPlan::Source(source) => source,
        CredentialPlan::AssumeRole(role) => source(role.source),
        other => panic!("{other:?}"),
    }
}

fn instance(plan: Result<CredentialPlan, Error>) -> InstancePlan {
    match source(plan.unwrap()) {
        SourcePlan::Instance(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

fn container(plan: Result<CredentialPlan, Error>) -> ContainerPlan {
    match source(plan.unwrap()) {
        SourcePlan::Container(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

const MOVED: (&str, &str) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9/");

#[test]
fn an_instance_is_asked_unbidden_only_where_there_is_one() {
    refused(make(&Caller::default(), "", ""), ErrorKind::Credentials);
    let plan = instance(make(&variables(&[MOVED]), "", ""));
    assert_eq!(plan.endpoint, "http://127.0.0.1:9");
    assert!(plan.otherwise.is_some());
    let off = variables(&[MOVED, ("AWS_EC2_METADATA_DISABLED", "TRUE")]);
    refused(make(&off, "", ""), ErrorKind::Credentials);
    let keys = format!("[default]\n{KEYS}");
    let plan = make(&variables(&[MOVED]), &keys, "").unwrap();
    assert_eq!(plan.to_string(), "profile default");
}

#[test]
fn a_profile_may_ask_for_the_instance_by_name() {
    let file = format!("[profile a]\nrole_arn = {ROLE}\ncredential_source = Ec2InstanceMetadata\n");
    let plan = instance(of_profile("a", &file));
    assert_eq!(plan.endpoint, "http://169.254.169.254");
    assert!(plan.otherwise.is_none());
    let ipv6 = format!("{file}ec2_metadata_service_endpoint_mode = IPv6\n");
    assert_eq!(
        instance(of_profile("a", &ipv6)).endpoint,
        "http://[fd00:ec2::254]"
    );
    let caller = with(profile("a"), &[("AWS_EC2_METADATA_DISABLED", "true")]);
    refused(make(&caller, &file, ""), ErrorKind::Credentials);
    let moved = format!("{file}ec2_metadata_service_endpoint = nowhere\n");
    let error = refused(of_profile("a", &moved), ErrorKind::Config);
    assert!(error.why.contains("nowhere"), "{error:?}");
}

#[test]
fn a_containers_variables_come_before_the_instance() {
    let relative = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x");
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/y");
    let plan = container(make(&variables(&[MOVED, full, relative]), "", ""));
    assert_eq!(plan.url, "http://169.254.170.2/v2/x");
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hunter2");
    let plan = container(make(&variables(&[full, token]), "", ""));
    assert_eq!(plan.url, "http://localhost/y");
    assert!(matches!(plan.token, Some(ContainerToken::Given(_))));
    assert!(!format!("{plan:?} {plan}").contains("hunter2"));
    let file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token");
    let plan = container(make(&variables(&[full, token, file]), "", ""));
    assert!(matches!(plan.token, Some(ContainerToken::File(_))));
    let file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token");
    refused(
        make(&variables(&[full, file]), "", ""),
        ErrorKind::Credentials,
    );

    let config = format!("[profile a]\nrole_arn = {ROLE}\ncredential_source = EcsContainer\n");
    let plan = container(make(&with(profile("a"), &[full]), &config, ""));
    assert_eq!(plan.to_string(), "profile a (role of this container)");
    refused(of_profile("a", &config), ErrorKind::Credentials);
}
