//! What the daemon cannot get by itself: it never prompts and runs nobody's programs.
//!
//! A call that needs such a thing fails with an error that carries a [`Challenge`].
//! Whoever can answer it does so and calls again.

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::Error;

/// What stands for the environment that a credential process would see.
pub type EnvironmentDigest = [u8; 16];

/// Something that only the caller can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Names it to the daemon that asks.
    pub id: String,
    /// What is wanted.
    pub question: Question,
}

/// What is wanted.
#[derive(Clone, PartialEq, Eq)]
pub enum Question {
    /// The code that an MFA device shows now.
    MfaCode {
        /// Serial number or ARN of the device.
        serial: String,
        /// The profile that wants it.
        profile: String,
        /// The role that it opens.
        role_arn: String,
    },
    /// The credentials that a program prints, run in the caller's terminal.
    CredentialProcess {
        /// The profile that names it.
        profile: String,
        /// As the profile has it; may hold secrets.
        command: String,
    },
    /// [`super::Caller::environment_digest`]. Nothing is to be answered: the call is
    /// to be repeated with it.
    EnvironmentDigest,
}

impl fmt::Debug for Question {
    /// Without the command, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, profile) = match self {
            Self::MfaCode { profile, .. } => ("MfaCode", profile.as_str()),
            Self::CredentialProcess { profile, .. } => ("CredentialProcess", profile.as_str()),
            Self::EnvironmentDigest => ("EnvironmentDigest", ""),
        };
        f.debug_tuple(name).field(&profile).finish()
    }
}

/// What is answered to a challenge. Has no `Debug`, because it is secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The code that was typed.
    MfaCode(Zeroizing<String>),
    /// What the program printed.
    Credentials(ProcessCredentials),
    /// Why there is no answer, for all who wait for it.
    Failure(Error),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

/// What a credential process gives.
#[derive(Clone, PartialEq, Eq)]
pub struct ProcessCredentials {
    /// Names the keys.
    pub access_key_id: String,
    /// Signs.
    pub secret_access_key: Zeroizing<String>,
    /// Only temporary keys have one.
    pub session_token: Option<Zeroizing<String>>,
    /// When they end; `None` if they do not.
    pub expires_at: Option<SystemTime>,
}

impl fmt::Debug for ProcessCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessCredentials")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Whose turn it is to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Somebody else's; more follows.
    Wait,
    /// Ours; the number goes with the answer.
    Ours(u64),
    /// There is nothing to answer any more: call again.
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_command_no_code_and_no_key() {
        let secret = || Zeroizing::new("hunter2".to_owned());
        let question = Question::CredentialProcess {
            profile: "dev".into(),
            command: "give --password hunter2".into(),
        };
        let credentials = ProcessCredentials {
            access_key_id: "hunter2".into(),
            secret_access_key: secret(),
            session_token: Some(secret()),
            expires_at: None,
        };
        let shown = format!(
            "{question:?} {credentials:?} {:?}",
            Answer::MfaCode(secret())
        );
        assert!(shown.contains("dev"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
