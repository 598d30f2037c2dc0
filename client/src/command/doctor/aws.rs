//! What AWS says: whose credentials these are, which regions answer, what is allowed,
//! and what time it is.

use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{
    CallFinding, Caller, ClockOffset, Diagnosis, Error, ErrorKind, Identity, ProfileFinding,
};

use super::alone::Outcome;
use super::check::{Check, Name, Status};
use super::programs::NO_PROGRAM;
use crate::command::unix;
use crate::render::time::{Calendar, span};

const IDENTITY: Name = Name::new("aws", "identity");
const PROFILE: Name = Name::new("aws", "profile");
const REGION: Name = Name::new("aws", "region");
const PERMISSION: Name = Name::new("aws", "permission");
const CLOCK: Name = Name::new("aws", "clock");

/// Without it there is nothing to show; everything else can be done without.
const NEEDED: &str = "ec2:DescribeInstances";

/// AWS writes its time in whole seconds, and the answer takes a moment.
const UNCERTAIN: Duration = Duration::from_secs(3);
/// From here on credentials seem to end at the wrong time.
const NOTABLE: Duration = Duration::from_secs(60);
/// AWS refuses what is signed with a clock that is five minutes off; a minute is left
/// for drift.
const REFUSED: Duration = Duration::from_secs(4 * 60);

pub(super) fn checks(
    caller: &Result<Caller, Error>,
    alone: &Outcome,
    now: SystemTime,
) -> Vec<Check> {
    if let Err(error) = caller {
        return vec![IDENTITY.error(error)];
    }
    let diagnosis = alone
        .as_ref()
        .ok()
        .and_then(|answers| answers.diagnosis.as_ref());
    match diagnosis {
        None => vec![IDENTITY.skipped(NO_PROGRAM)],
        Some(Err(error)) => vec![IDENTITY.error(error)],
        Some(Ok(diagnosis)) => found(diagnosis, now),
    }
}

fn found(diagnosis: &Diagnosis, now: SystemTime) -> Vec<Check> {
    let mut checks = vec![identity(&diagnosis.identity, now)];
    checks.extend(diagnosis.profiles.iter().map(|found| profile(found, now)));
    checks.extend(diagnosis.profiles_error.as_ref().map(|e| PROFILE.error(e)));
    if diagnosis.profiles_left_out > 0 {
        let left_out = diagnosis.profiles_left_out;
        checks.push(
            PROFILE
                .skipped("there are more than are looked at in one go")
                .about(format!("{left_out} more"))
                .mend("aws-ssm doctor --profile NAME"),
        );
    }
    checks.extend(diagnosis.calls.iter().filter_map(region));
    if diagnosis.regions_left_out > 0 {
        let left_out = diagnosis.regions_left_out;
        checks.push(
            REGION
                .skipped("there are more than are looked at in one go")
                .about(format!("{left_out} more"))
                .mend("aws-ssm doctor --region NAME"),
        );
    }
    checks.extend(permissions(&diagnosis.calls));
    checks.push(clock(diagnosis.clock));
    checks
}

fn identity(found: &Result<Identity, Error>, now: SystemTime) -> Check {
    match found {
        Ok(identity) => IDENTITY.ok(described(identity, now)),
        // On a terminal the code is asked for.
        Err(error) if error.challenge.is_some() => IDENTITY.told(Status::Warning, error),
        Err(error) => IDENTITY.error(error),
    }
}

/// A profile that this call does not use may be broken for years.
fn profile(found: &ProfileFinding, now: SystemTime) -> Check {
    let check = match &found.identity {
        Ok(identity) => PROFILE.ok(described(identity, now)),
        Err(error) if error.challenge.is_some() => PROFILE
            .skipped(&*error.what)
            .mend(format!("aws-ssm doctor --profile {}", found.name)),
        Err(error) => PROFILE.told(Status::Warning, error),
    };
    check.about(&*found.name)
}

/// As in `arn:aws:iam::111122223333:user/ada, from environment, until …`.
fn described(identity: &Identity, now: SystemTime) -> String {
    let (arn, source) = (&identity.arn, &identity.source);
    match identity.expires_at {
        None => format!("{arn}, from {source}"),
        Some(end) => {
            let at = Calendar::default().text(unix(end));
            let left = end.duration_since(now).unwrap_or_default();
            let left = span(Duration::from_secs(left.as_secs()));
            format!("{arn}, from {source}, until {at} (in {left})")
        }
    }
}

/// Whether a service answers in a region, be it with a refusal for want of permission.
fn region(call: &CallFinding) -> Option<Check> {
    let service = match call.operation.as_str() {
        NEEDED => "EC2",
        "ssm:DescribeInstanceInformation" => "Systems Manager",
        _ => return None,
    };
    let check = match &call.error {
        Some(error) if error.kind != ErrorKind::Permission => REGION.error(error),
        _ => REGION.ok(format!("{service} answers, in {}", span(call.took))),
    };
    Some(check.about(&*call.region))
}

/// Each operation once, allowed or not.
fn permissions(calls: &[CallFinding]) -> Vec<Check> {
    let mut operations: Vec<&str> = Vec::new();
    for call in calls {
        if !operations.contains(&call.operation.as_str()) {
            operations.push(&call.operation);
        }
    }
    let all = operations.into_iter().flat_map(|operation| {
        let here: Vec<_> = calls.iter().filter(|c| c.operation == operation).collect();
        permission(operation, &here)
    });
    all.collect()
}

fn permission(operation: &str, calls: &[&CallFinding]) -> Vec<Check> {
    let mut checks = Vec::new();
    let allowed: Vec<&str> = calls
        .iter()
        .filter(|call| call.error.is_none())
        .map(|call| call.region.as_str())
        .collect();
    if !allowed.is_empty() {
        checks.push(PERMISSION.ok(format!("allowed in {}", allowed.join(", "))));
    }
    let status = match operation {
        NEEDED => Status::Failed,
        _ => Status::Warning,
    };
    let errors = calls.iter().filter_map(|call| call.error.as_ref());
    let refused = errors.filter(|error| error.kind == ErrorKind::Permission);
    checks.extend(refused.map(|error| PERMISSION.told(status, error)));
    if checks.is_empty() {
        checks.push(PERMISSION.skipped("AWS has not said"));
    }
    checks
        .into_iter()
        .map(|check| check.about(operation))
        .collect()
}

fn clock(offset: Option<ClockOffset>) -> Check {
    let Some(offset) = offset else {
        return CLOCK.skipped("AWS has not answered, so its time is not known");
    };
    let apart = offset.apart();
    if apart < UNCERTAIN {
        return CLOCK.ok("this machine's clock is AWS's");
    }
    let side = if offset.is_behind() {
        "behind"
    } else {
        "ahead of"
    };
    let finding = format!(
        "this machine's clock is {} {side} AWS's",
        span(Duration::from_secs(apart.as_secs()))
    );
    let mend = match cfg!(target_os = "macos") {
        true => "sudo sntp -sS time.apple.com",
        false => "sudo timedatectl set-ntp true",
    };
    if apart >= REFUSED {
        CLOCK
            .failed(finding)
            .why("AWS refuses what is signed with such a time; aws-ssm signs anew by AWS's, other tools may not")
            .mend(mend)
    } else if apart >= NOTABLE {
        CLOCK
            .warning(finding)
            .why("credentials seem to end sooner or later than they do")
            .mend(mend)
    } else {
        CLOCK.ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, region: &str, refused: Option<ErrorKind>) -> CallFinding {
        CallFinding {
            region: region.into(),
            operation: operation.into(),
            took: Duration::from_millis(20),
            error: refused.map(|kind| Error::new(kind, "no").why("because").hint("do this")),
        }
    }

    #[test]
    fn a_refusal_for_want_of_permission_is_an_answer() {
        let denied = call(NEEDED, "r", Some(ErrorKind::Permission));
        assert_eq!(region(&denied).expect("a check").status, Status::Ok);
        let away = call(NEEDED, "r", Some(ErrorKind::Unavailable));
        assert_eq!(region(&away).expect("a check").status, Status::Failed);
        let checks = permissions(&[denied, away]);
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert_eq!(
            (checks[0].status, &*checks[0].mend),
            (Status::Failed, "do this")
        );
    }

    #[test]
    fn only_the_permission_that_everything_needs_is_a_failure() {
        let ssm = "ssm:DescribeInstanceInformation";
        let calls = [
            call(ssm, "a", None),
            call(ssm, "b", Some(ErrorKind::Permission)),
            call("ec2:DescribeRegions", "a", Some(ErrorKind::Unavailable)),
        ];
        let told: Vec<_> = permissions(&calls).iter().map(|c| c.status).collect();
        assert_eq!(told, [Status::Ok, Status::Warning, Status::Skipped]);
    }

    #[test]
    fn a_clock_is_told_by_how_much_it_is_off_and_to_which_side() {
        let at = |seconds: i64| clock(Some(ClockOffset(seconds * 1000)));
        assert_eq!(at(-1).status, Status::Ok);
        assert_eq!(at(59).status, Status::Ok);
        assert_eq!(at(90).status, Status::Warning);
        let behind = at(3600);
        assert_eq!(behind.status, Status::Failed);
        assert!(behind.finding.contains("1h behind AWS's"), "{behind:?}");
        assert!(at(-3600).finding.contains("1h ahead of AWS's"));
        assert!(!behind.mend.is_empty());
        assert_eq!(clock(None).status, Status::Skipped);
    }
}
