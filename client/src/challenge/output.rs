//! What a credential process prints: a JSON object of version 1.
//!
//! Nothing of it is ever shown, because any part of it may be a secret.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_ssm_proto::domain::ProcessCredentials;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    version: Option<serde_json::Number>,
    access_key_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    secret_access_key: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "secret")]
    session_token: Option<Zeroizing<String>>,
    expiration: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::deserialize(input)?.map(Zeroizing::new))
}

/// The credentials in it.
///
/// # Errors
///
/// What is wrong with it, in words that hold nothing of it.
pub(super) fn read(output: &[u8]) -> Result<ProcessCredentials, String> {
    let output: Output = serde_json::from_slice(output).map_err(|error| not_json(&error))?;
    match output.version.map(|version| version.as_u64()) {
        Some(Some(1)) => {}
        Some(_) => return Err("its Version is not 1".to_owned()),
        None => return Err("it has no Version".to_owned()),
    }
    let missing = |name: &str| format!("it has no {name}");
    let given = output.access_key_id.filter(|id| !id.is_empty());
    let secret = output.secret_access_key.filter(|key| !key.is_empty());
    let expiration = output.expiration.filter(|end| !end.is_empty());
    Ok(ProcessCredentials {
        access_key_id: given.ok_or_else(|| missing("AccessKeyId"))?,
        secret_access_key: secret.ok_or_else(|| missing("SecretAccessKey"))?,
        session_token: output.session_token.filter(|token| !token.is_empty()),
        expires_at: expiration.as_deref().map(time).transpose()?,
    })
}

fn time(text: &str) -> Result<SystemTime, String> {
    let time: Timestamp = text
        .parse()
        .map_err(|_| "its Expiration is no time as in 2026-11-01T12:00:00Z".to_owned())?;
    // What ended before 1970 has ended.
    let since = u64::try_from(time.as_millisecond()).unwrap_or_default();
    Ok(UNIX_EPOCH + Duration::from_millis(since))
}

/// Where it is wrong; the parser's own words may quote what stands there.
fn not_json(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof if error.column() == 0 => "it is empty".to_owned(),
        Category::Data => format!("a value in {place} is not of the type it must be"),
        _ => format!("it is no JSON, seen from {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_read() {
        let output = br#"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "hush",
            "SessionToken": "token", "Expiration": "2030-01-01T02:00:00+02:00", "AccountId": "1"}"#;
        let read = read(output).expect("credentials");
        assert_eq!(read.access_key_id, "AKIA");
        assert_eq!(read.secret_access_key.as_str(), "hush");
        assert_eq!(read.session_token.expect("given").as_str(), "token");
        let end = UNIX_EPOCH + Duration::from_secs(1_893_456_000);
        assert_eq!(read.expires_at, Some(end));
    }

    #[test]
    fn long_term_keys_have_no_token_and_no_end() {
        let output = br#"{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"hush"}"#;
        let read = read(output).expect("credentials");
        assert_eq!((read.session_token, read.expires_at), (None, None));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_word_of_the_output() {
        let cases: [(&str, &str); 9] = [
            ("", "it is empty"),
            ("hush", "it is no JSON, seen from line 1, column 1"),
            ("{\"Version\": 1,\n \"hush", "it is no JSON"),
            ("{\"Version\": \"hush\"}", "line 1, column 18"),
            ("{\"AccessKeyId\": \"hush\"}", "it has no Version"),
            ("{\"Version\": 2}", "its Version is not 1"),
            (
                "{\"Version\": 1, \"SecretAccessKey\": \"hush\"}",
                "it has no AccessKeyId",
            ),
            (
                "{\"Version\": 1, \"AccessKeyId\": \"hush\", \"SecretAccessKey\": \"\"}",
                "it has no SecretAccessKey",
            ),
            (
                "{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hush\",\"Expiration\":\"hush\"}",
                "its Expiration is no time",
            ),
        ];
        for (output, expected) in cases {
            let said = read(output.as_bytes()).expect_err(output);
            assert!(said.contains(expected), "{output}: {said}");
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
