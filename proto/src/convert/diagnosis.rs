//! What is wrong, wire to domain and back.

use std::time::Duration;

use super::time::span_ms;
use crate::domain::{
    CallFinding, ClockOffset, Diagnosis, Error, ErrorKind, Identity, ProfileFinding,
};
use crate::wire;
use crate::wire::identity_finding::Outcome;

impl From<Result<Identity, Error>> for wire::IdentityFinding {
    fn from(found: Result<Identity, Error>) -> Self {
        let outcome = match found {
            Ok(identity) => Outcome::Identity(identity.into()),
            Err(error) => Outcome::Error((&error).into()),
        };
        Self {
            outcome: Some(outcome),
        }
    }
}

fn identity(found: Option<wire::IdentityFinding>) -> Result<Identity, Error> {
    match found.and_then(|found| found.outcome) {
        Some(Outcome::Identity(identity)) => Ok(identity.into()),
        Some(Outcome::Error(error)) => Err(error.into()),
        None => Err(
            Error::new(ErrorKind::Daemon, "the daemon does not say whose these are")
                .why("its answer is that of another version")
                .hint("install aws-ssm and aws-ssmd of one version"),
        ),
    }
}

impl From<ProfileFinding> for wire::ProfileFinding {
    fn from(profile: ProfileFinding) -> Self {
        Self {
            name: profile.name,
            found: Some(profile.identity.into()),
        }
    }
}

impl From<wire::ProfileFinding> for ProfileFinding {
    fn from(profile: wire::ProfileFinding) -> Self {
        Self {
            name: profile.name,
            identity: identity(profile.found),
        }
    }
}

impl From<CallFinding> for wire::CallFinding {
    fn from(call: CallFinding) -> Self {
        Self {
            region: call.region,
            operation: call.operation,
            took_ms: span_ms(call.took),
            error: call.error.as_ref().map(Into::into),
        }
    }
}

impl From<wire::CallFinding> for CallFinding {
    fn from(call: wire::CallFinding) -> Self {
        Self {
            region: call.region,
            operation: call.operation,
            took: Duration::from_millis(call.took_ms),
            error: call.error.map(Into::into),
        }
    }
}

impl From<Diagnosis> for wire::DiagnoseAwsResponse {
    fn from(diagnosis: Diagnosis) -> Self {
        Self {
            identity: Some(diagnosis.identity.into()),
            profiles: diagnosis.profiles.into_iter().map(Into::into).collect(),
            profiles_left_out: diagnosis.profiles_left_out,
            profiles_error: diagnosis.profiles_error.as_ref().map(Into::into),
            calls: diagnosis.calls.into_iter().map(Into::into).collect(),
            regions_left_out: diagnosis.regions_left_out,
            clock_ahead_ms: diagnosis.clock.map(|clock| clock.0),
        }
    }
}

impl From<wire::DiagnoseAwsResponse> for Diagnosis {
    fn from(answer: wire::DiagnoseAwsResponse) -> Self {
        Self {
            identity: identity(answer.identity),
            profiles: answer.profiles.into_iter().map(Into::into).collect(),
            profiles_left_out: answer.profiles_left_out,
            profiles_error: answer.profiles_error.map(Into::into),
            calls: answer.calls.into_iter().map(Into::into).collect(),
            regions_left_out: answer.regions_left_out,
            clock: answer.clock_ahead_ms.map(ClockOffset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_arrives_as_it_was_made() {
        let refused = Error::new(ErrorKind::Credentials, "no").why("b").hint("c");
        let sent = Diagnosis {
            identity: Ok(Identity {
                account: "1".into(),
                arn: "a".into(),
                user_id: "u".into(),
                source: "environment".into(),
                expires_at: None,
                regions: vec!["r".into()],
            }),
            profiles: vec![ProfileFinding {
                name: "old".into(),
                identity: Err(refused.clone()),
            }],
            profiles_left_out: 3,
            profiles_error: Some(refused.clone()),
            calls: vec![CallFinding {
                region: "r".into(),
                operation: "ec2:DescribeInstances".into(),
                took: Duration::from_millis(7),
                error: Some(refused),
            }],
            regions_left_out: 2,
            clock: Some(ClockOffset(-3_600_000)),
        };
        let shown = format!("{sent:?}");
        let arrived = Diagnosis::from(wire::DiagnoseAwsResponse::from(sent));
        assert_eq!(format!("{arrived:?}"), shown);
    }

    #[test]
    fn an_answer_without_an_identity_is_an_error_and_no_identity() {
        let arrived = Diagnosis::from(wire::DiagnoseAwsResponse::default());
        assert!(arrived.identity.is_err());
        assert_eq!(arrived.clock, None);
    }
}
