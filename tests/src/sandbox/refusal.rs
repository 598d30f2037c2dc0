//! Owns the refusals: which code and status each service uses for the same
//! trouble, and how each protocol writes them.
//!
//! It decides nothing: callers say what is wrong, this says it as AWS would.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::xml::Xml;

/// The services of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The query protocol with EC2's error document.
    Ec2,
    /// JSON 1.1.
    Ssm,
    /// The query protocol.
    Sts,
    /// The portal of IAM Identity Center: JSON.
    Sso,
    /// The sign-in of IAM Identity Center: JSON.
    #[serde(rename = "sso_oidc")]
    SsoOidc,
}

impl Service {
    /// The name in a credential scope and before the colon of an IAM action.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::Sso => "sso",
            Self::SsoOidc => "sso-oidc",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Ec2 => "text/xml;charset=UTF-8",
            Self::Ssm => "application/x-amz-json-1.1",
            Self::Sts => "text/xml",
            Self::Sso | Self::SsoOidc => "application/json",
        }
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    /// The caller's fault: status 400.
    pub(crate) fn client(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The body in the protocol of `service`.
    pub(crate) fn body(&self, service: Service, request_id: &str) -> String {
        match service {
            Service::Ec2 => self.ec2(request_id),
            Service::Ssm | Service::Sso | Service::SsoOidc => {
                json!({"__type": self.code, "message": self.message}).to_string()
            }
            Service::Sts => self.sts(request_id),
        }
    }

    fn ec2(&self, request_id: &str) -> String {
        let mut xml = Xml::default();
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.node("Response", |xml| {
            xml.node("Errors", |xml| {
                xml.node("Error", |xml| {
                    xml.text("Code", self.code);
                    xml.text("Message", &self.message);
                });
            });
            xml.text("RequestID", request_id);
        });
        xml.finish()
    }

    fn sts(&self, request_id: &str) -> String {
        let fault = if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        };
        Xml::document("ErrorResponse", super::sts::NAMESPACE, |xml| {
            xml.node("Error", |xml| {
                xml.text("Type", fault);
                xml.text("Code", self.code);
                xml.text("Message", &self.message);
            });
            xml.text("RequestId", request_id);
        })
    }
}

/// What can be wrong with a call whatever its operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    NoCredentials,
    /// The Authorization header cannot be understood; the text says why.
    Incomplete(String),
    /// The access key does not exist, or not with this session token.
    UnknownKey,
    WrongSignature,
    /// The credential scope does not fit; the text says what it should be.
    WrongScope(String),
    /// Signed too long ago; the text compares the times.
    SignedTooEarly(String),
    /// Signed in the future; the text compares the times.
    SignedTooLate(String),
    ExpiredToken,
    /// The principal may not do this; the text names both.
    Denied(String),
    Throttled,
    Internal,
    Unavailable,
}

const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
const WRONG_SIGNATURE: &str = "The request signature we calculated does not match the signature \
    you provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

impl Trouble {
    pub(crate) fn refusal(self, service: Service) -> Refusal {
        match service {
            Service::Ec2 => self.ec2(),
            Service::Ssm => self.ssm(),
            Service::Sts => self.sts(),
            Service::Sso => self.sso(),
            Service::SsoOidc => self.sso_oidc(),
        }
    }

    fn ec2(self) -> Refusal {
        let not_validated = || {
            let message = "AWS was not able to validate the provided access credentials";
            Refusal::new(401, "AuthFailure", message)
        };
        match self {
            Self::NoCredentials => Refusal::client(
                "MissingParameter",
                "The request must contain the parameter AWSAccessKeyId",
            ),
            Self::Incomplete(why) => Refusal::client("IncompleteSignature", why),
            Self::UnknownKey | Self::WrongSignature | Self::SignedTooLate(_) => not_validated(),
            Self::WrongScope(why) => Refusal::new(401, "AuthFailure", why),
            Self::SignedTooEarly(_) | Self::ExpiredToken => {
                Refusal::client("RequestExpired", "Request has expired.")
            }
            Self::Denied(who) => Refusal::new(
                403,
                "UnauthorizedOperation",
                format!("You are not authorized to perform this operation. {who}"),
            ),
            Self::Throttled => Refusal::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Self::Internal => Refusal::new(500, "InternalError", "An internal error has occurred"),
            Self::Unavailable => Refusal::new(
                503,
                "Unavailable",
                "The service is unavailable. Please try again shortly.",
            ),
        }
    }

    fn ssm(self) -> Refusal {
        let signature = |why: String| Refusal::client("InvalidSignatureException", why);
        match self {
            Self::NoCredentials => Refusal::client(
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token",
            ),
            Self::Incomplete(why) => Refusal::client("IncompleteSignatureException", why),
            Self::UnknownKey => Refusal::client("UnrecognizedClientException", INVALID_TOKEN),
            Self::WrongSignature => signature(WRONG_SIGNATURE.to_owned()),
            Self::WrongScope(why) | Self::SignedTooEarly(why) | Self::SignedTooLate(why) => {
                signature(why)
            }
            Self::ExpiredToken => Refusal::client("ExpiredTokenException", EXPIRED_TOKEN),
            Self::Denied(who) => Refusal::client("AccessDeniedException", who),
            Self::Throttled => Refusal::client("ThrottlingException", "Rate exceeded"),
            Self::Internal => Refusal::new(500, "InternalServerError", "Internal server error"),
            Self::Unavailable => {
                Refusal::new(503, "ServiceUnavailableException", "Service unavailable")
            }
        }
    }

    fn sts(self) -> Refusal {
        let signature = |why: String| Refusal::new(403, "SignatureDoesNotMatch", why);
        match self {
            Self::NoCredentials => Refusal::new(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            Self::Incomplete(why) => Refusal::client("IncompleteSignature", why),
            Self::UnknownKey => Refusal::new(403, "InvalidClientTokenId", INVALID_TOKEN),
            Self::WrongSignature => signature(WRONG_SIGNATURE.to_owned()),
            Self::WrongScope(why) | Self::SignedTooEarly(why) | Self::SignedTooLate(why) => {
                signature(why)
            }
            Self::ExpiredToken => Refusal::new(403, "ExpiredToken", EXPIRED_TOKEN),
            Self::Denied(who) => Refusal::new(403, "AccessDenied", who),
            Self::Throttled => Refusal::client("Throttling", "Rate exceeded"),
            Self::Internal => Refusal::new(
                500,
                "InternalFailure",
                "The request processing has failed because of an unknown error",
            ),
            Self::Unavailable => Refusal::new(
                503,
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
        }
    }
}

impl Trouble {
    fn sso(self) -> Refusal {
        match self {
            Self::Denied(who) => Refusal::new(403, "ForbiddenException", who),
            Self::Throttled => Refusal::new(429, "TooManyRequestsException", "Rate exceeded"),
            Self::Internal => Refusal::new(500, "InternalServerException", "Internal error"),
            Self::Unavailable => {
                Refusal::new(503, "ServiceUnavailableException", "Service unavailable")
            }
            _ => Refusal::new(
                401,
                "UnauthorizedException",
                "Session token not found or invalid",
            ),
        }
    }

    fn sso_oidc(self) -> Refusal {
        match self {
            Self::Denied(who) => Refusal::client("AccessDeniedException", who),
            Self::Throttled => Refusal::client("SlowDownException", "Slow down"),
            Self::Internal | Self::Unavailable => self.sso(),
            _ => Refusal::client("InvalidGrantException", "Invalid refresh token provided"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_word_for_throttling() {
        let said = |service| {
            let refusal = Trouble::Throttled.refusal(service);
            (refusal.status, refusal.code)
        };
        assert_eq!(said(Service::Ec2), (503, "RequestLimitExceeded"));
        assert_eq!(said(Service::Ssm), (400, "ThrottlingException"));
        assert_eq!(said(Service::Sts), (400, "Throttling"));
    }

    #[test]
    fn bodies_are_those_of_the_protocols() {
        let refusal = Refusal::client("InvalidParameterValue", "a < b");
        assert_eq!(
            refusal.body(Service::Ec2, "r-1"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>\
             <Code>InvalidParameterValue</Code><Message>a &lt; b</Message></Error></Errors>\
             <RequestID>r-1</RequestID></Response>"
        );
        assert_eq!(
            refusal.body(Service::Ssm, "r-1"),
            r#"{"__type":"InvalidParameterValue","message":"a < b"}"#
        );
        assert!(
            refusal
                .body(Service::Sts, "r-1")
                .contains("<Type>Sender</Type>")
        );
    }
}
