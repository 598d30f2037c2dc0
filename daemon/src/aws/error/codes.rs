//! AWS's error codes, by what they mean for us.
//!
//! From the services' own lists: EC2's "Error codes for the Amazon EC2 API",
//! "Common errors" of Systems Manager and of STS, the models of the IAM Identity
//! Center portal and sign-in, and the SDK's list of throttles.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;

use super::ErrorClass;

/// The region must be enabled first.
pub(super) const REGION_NOT_ENABLED: &[&str] = &["OptInRequired", "RegionDisabledException"];

/// The signature is wrong: the secret key, or the clock.
pub(super) const BAD_SIGNATURE: &[&str] = &[
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
];

/// A token of an identity provider was refused.
pub(super) const BAD_WEB_IDENTITY: &[&str] = &["IDPRejectedClaim", "InvalidIdentityToken"];

const BAD_CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientException",
    "InvalidClientTokenId",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "UnauthorizedClientException",
    "UnrecognizedClientException",
];

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "Blocked",
    "ForbiddenException",
    "NotAuthorized",
    "PendingVerification",
    "UnauthorizedOperation",
];

const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidGrantException",
    "RequestExpired",
    "TokenRefreshRequired",
    "UnauthorizedException",
];

const UNAVAILABLE: &[&str] = &[
    "IDPCommunicationError",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "Unavailable",
];

/// What a code means; `status` decides for those that are not listed.
pub(super) fn class(code: &str, status: Option<u16>) -> ErrorClass {
    let among = |list: &[&str]| list.contains(&code);
    if among(THROTTLING_ERRORS) || code.starts_with("Throttl") || code == "SlowDownException" {
        ErrorClass::Throttled
    } else if among(DENIED) || among(REGION_NOT_ENABLED) {
        ErrorClass::Denied
    } else if among(EXPIRED) {
        ErrorClass::Expired
    } else if among(BAD_CREDENTIALS) || among(BAD_SIGNATURE) || among(BAD_WEB_IDENTITY) {
        ErrorClass::BadCredentials
    } else if among(UNAVAILABLE) {
        ErrorClass::Unavailable
    } else {
        by_status(status).unwrap_or(ErrorClass::Invalid)
    }
}

/// What a status alone means, if it means anything.
pub(super) fn by_status(status: Option<u16>) -> Option<ErrorClass> {
    match status? {
        429 => Some(ErrorClass::Throttled),
        500.. => Some(ErrorClass::Unavailable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_all_services_have_their_class() {
        let cases = [
            ("RequestLimitExceeded", 503, ErrorClass::Throttled),
            ("ThrottlingException", 400, ErrorClass::Throttled),
            ("Throttling", 400, ErrorClass::Throttled),
            ("UnauthorizedOperation", 403, ErrorClass::Denied),
            ("AccessDeniedException", 400, ErrorClass::Denied),
            ("AccessDenied", 403, ErrorClass::Denied),
            ("OptInRequired", 401, ErrorClass::Denied),
            ("AuthFailure", 401, ErrorClass::BadCredentials),
            ("InvalidClientTokenId", 403, ErrorClass::BadCredentials),
            (
                "UnrecognizedClientException",
                400,
                ErrorClass::BadCredentials,
            ),
            ("SignatureDoesNotMatch", 403, ErrorClass::BadCredentials),
            ("ExpiredToken", 403, ErrorClass::Expired),
            ("ExpiredTokenException", 400, ErrorClass::Expired),
            ("RequestExpired", 400, ErrorClass::Expired),
            ("InternalError", 500, ErrorClass::Unavailable),
            ("InternalServerError", 500, ErrorClass::Unavailable),
            ("InvalidInstanceID.NotFound", 400, ErrorClass::Invalid),
            ("UnauthorizedException", 401, ErrorClass::Expired),
            ("InvalidGrantException", 400, ErrorClass::Expired),
            ("ForbiddenException", 403, ErrorClass::Denied),
            ("SlowDownException", 400, ErrorClass::Throttled),
            ("SomethingNew", 502, ErrorClass::Unavailable),
            ("SomethingNew", 429, ErrorClass::Throttled),
            ("SomethingNew", 400, ErrorClass::Invalid),
        ];
        for (code, status, expected) in cases {
            assert_eq!(class(code, Some(status)), expected, "{code} {status}");
        }
    }
}
