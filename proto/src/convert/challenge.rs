//! Challenges, turns and answers.

use std::time::{Duration, UNIX_EPOCH};

use zeroize::Zeroizing;

use crate::domain::{Answer, Challenge, Error, ErrorKind, ProcessCredentials, Question, Turn};
use crate::wire;
use crate::wire::answer_challenge_request::Answer as WireAnswer;
use crate::wire::challenge::Question as WireQuestion;
use crate::wire::take_turn_response::Standing;

impl From<&Challenge> for wire::Challenge {
    fn from(challenge: &Challenge) -> Self {
        let question = match challenge.question.clone() {
            Question::MfaCode {
                serial,
                profile,
                role_arn,
            } => WireQuestion::MfaCode(wire::MfaCode {
                serial,
                profile,
                role_arn,
            }),
            Question::CredentialProcess { profile, command } => {
                WireQuestion::CredentialProcess(wire::CredentialProcess { profile, command })
            }
            Question::EnvironmentDigest => {
                WireQuestion::EnvironmentDigest(wire::EnvironmentDigest {})
            }
        };
        Self {
            id: challenge.id.clone(),
            question: Some(question),
        }
    }
}

impl wire::Challenge {
    /// `None` for a question that this version does not know.
    pub(super) fn known(self) -> Option<Challenge> {
        let question = match self.question? {
            WireQuestion::MfaCode(mfa) => Question::MfaCode {
                serial: mfa.serial,
                profile: mfa.profile,
                role_arn: mfa.role_arn,
            },
            WireQuestion::CredentialProcess(process) => Question::CredentialProcess {
                profile: process.profile,
                command: process.command,
            },
            WireQuestion::EnvironmentDigest(_) => Question::EnvironmentDigest,
        };
        Some(Challenge {
            id: self.id,
            question,
        })
    }
}

impl From<Turn> for wire::TakeTurnResponse {
    fn from(turn: Turn) -> Self {
        let standing = match turn {
            Turn::Wait => Standing::Wait(wire::WaitForTurn {}),
            Turn::Ours(turn) => Standing::Turn(turn),
            Turn::Over => Standing::Over(wire::ChallengeOver {}),
        };
        Self {
            standing: Some(standing),
        }
    }
}

impl From<wire::TakeTurnResponse> for Turn {
    fn from(response: wire::TakeTurnResponse) -> Self {
        match response.standing {
            Some(Standing::Wait(_)) => Self::Wait,
            Some(Standing::Turn(turn)) => Self::Ours(turn),
            Some(Standing::Over(_)) | None => Self::Over,
        }
    }
}

impl From<&Answer> for WireAnswer {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::MfaCode(code) => Self::MfaCode(code.to_string()),
            Answer::Credentials(credentials) => Self::Credentials(credentials.into()),
            Answer::Failure(error) => Self::Failure(error.into()),
        }
    }
}

impl TryFrom<WireAnswer> for Answer {
    type Error = Error;

    fn try_from(answer: WireAnswer) -> Result<Self, Error> {
        Ok(match answer {
            WireAnswer::MfaCode(code) => Self::MfaCode(code.into()),
            WireAnswer::Credentials(credentials) => Self::Credentials(credentials.try_into()?),
            WireAnswer::Failure(error) => Self::Failure(error.into()),
        })
    }
}

impl From<&ProcessCredentials> for wire::ProcessCredentials {
    fn from(credentials: &ProcessCredentials) -> Self {
        let since = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH);
        let ms = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Self {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.to_string(),
            session_token: credentials.session_token.as_deref().cloned(),
            // What ended before 1970 has ended.
            expires_at_ms: credentials.expires_at.map(|end| since(end).map_or(0, ms)),
        }
    }
}

impl TryFrom<wire::ProcessCredentials> for ProcessCredentials {
    type Error = Error;

    fn try_from(credentials: wire::ProcessCredentials) -> Result<Self, Error> {
        let end = |ms: i64| {
            let ms = u64::try_from(ms).ok()?;
            UNIX_EPOCH.checked_add(Duration::from_millis(ms))
        };
        let expires_at = match credentials.expires_at_ms {
            Some(ms) => Some(end(ms).ok_or_else(no_time)?),
            None => None,
        };
        Ok(Self {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key.into(),
            session_token: credentials.session_token.map(Zeroizing::new),
            expires_at,
        })
    }
}

fn no_time() -> Error {
    Error::new(ErrorKind::Usage, "the end of the credentials is no time")
        .why("it is before 1970, or too late to be written down")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_survives_the_status() {
        let mut error = Error::new(ErrorKind::Credentials, "a code is wanted");
        let questions = [
            Question::MfaCode {
                serial: "s".into(),
                profile: "p".into(),
                role_arn: "r".into(),
            },
            Question::CredentialProcess {
                profile: "p".into(),
                command: "give".into(),
            },
            Question::EnvironmentDigest,
        ];
        for question in questions {
            let id = "1".to_owned();
            error.challenge = Some(Box::new(Challenge { id, question }));
            let status = crate::status::from_error(&error);
            assert_eq!(crate::status::to_error(&status), error);
        }
    }

    #[test]
    fn an_answer_survives_the_wire() {
        let credentials = ProcessCredentials {
            access_key_id: "id".into(),
            secret_access_key: Zeroizing::new("secret".into()),
            session_token: None,
            expires_at: Some(UNIX_EPOCH + Duration::from_millis(1_800_000_000_001)),
        };
        let answers = [
            Answer::MfaCode(Zeroizing::new("123456".into())),
            Answer::Credentials(credentials),
            Answer::Failure(Error::new(ErrorKind::Credentials, "no").why("so")),
        ];
        for answer in answers {
            assert_eq!(Answer::try_from(WireAnswer::from(&answer)), Ok(answer));
        }
    }

    #[test]
    fn an_end_that_is_no_time_is_refused() {
        let credentials = wire::ProcessCredentials {
            expires_at_ms: Some(-1),
            ..wire::ProcessCredentials::default()
        };
        assert!(ProcessCredentials::try_from(credentials).is_err());
    }
}
