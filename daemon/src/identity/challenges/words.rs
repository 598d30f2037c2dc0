//! What is said of challenges and of their answers.

use aws_ssm_proto::domain::{Challenge, Error, ErrorKind, Question};

use super::Step;

/// How STS says that it is the code, and nothing else, that it does not accept.
const WRONG_CODE: &str = "MultiFactorAuthentication failed";

fn credentials(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, what)
}

/// A question, with words for those who cannot answer it.
pub(super) fn challenge(step: Step, question: Question) -> Error {
    let error = match &question {
        Question::MfaCode {
            serial, profile, ..
        } => credentials(format!(
            "profile {profile} wants a code of the MFA device {serial}"
        ))
        .why("nobody has typed one, or the session that one has opened has ended")
        .hint(format!(
            "run `aws-ssm whoami --profile {profile}` in a terminal, and type the code there"
        )),
        Question::CredentialProcess { profile, .. } => {
            credentials(format!("profile {profile} runs a credential process"))
                .why("it has not been run, or the keys that it has given have ended")
                .hint(format!(
                    "run `aws-ssm whoami --profile {profile}`, which runs it"
                ))
        }
        Question::EnvironmentDigest => credentials("the environment of the call is not known"),
    };
    error.challenge(Challenge {
        id: step.to_hex(),
        question,
    })
}

/// STS has not given a session for a code.
pub(super) fn refused(error: Error, serial: &str) -> Error {
    if !error.why.contains(WRONG_CODE) {
        return error;
    }
    credentials(format!(
        "AWS does not accept the code of the MFA device {serial}"
    ))
    .why(error.why)
    .hint(
        "run it again and type the next code, as each one works once; check mfa_serial and \
         the device's clock",
    )
}

pub(super) fn already_ended(profile: &str) -> Error {
    credentials(format!(
        "the credential process of profile {profile} has given keys that are of no use"
    ))
    .why("their Expiration is past")
    .hint("sign in again with the tool that it belongs to; check this machine's clock")
}

pub(super) fn other_question() -> Error {
    Error::new(ErrorKind::Usage, "the answer is to another question")
        .why("a code answers for a code, and credentials for a credential process")
}

/// Somebody else has had the turn for as long as this call could wait.
pub(super) fn nobody_answered() -> Error {
    credentials("another terminal has been asked, and has not answered yet")
        .why("one answers for all, and this call could wait no longer")
        .hint("answer there, or allow more time with --timeout")
}
