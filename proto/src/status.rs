//! Errors on the wire: a gRPC status whose details say kind, reason and remedy.
//!
//! The details are a `google.rpc.Status` that holds one [`wire::ErrorDetail`], as
//! gRPC's error model has it, so that generic tools can read them too.

use prost::Message;
use tonic::{Code, Status};

use crate::domain::{Error, ErrorKind, PossibleNode};
use crate::wire;

const DETAIL_TYPE: &str = "type.googleapis.com/aws_ssm.v1.ErrorDetail";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Bytes of one text of an error, and of all its candidates. A status travels in
/// headers, of which a client takes 64 KiB, and most of it travels twice.
const TEXT: usize = 2 << 10;
const CANDIDATES: usize = 8 << 10;
/// Bytes of all nodes that may be meant, or so; those that do not fit are left out.
const NODES: usize = 8 << 10;
/// Bytes of a challenge; one that is larger is left out.
const CHALLENGE: usize = 10 << 10;

/// Puts an error into a status. What is too long to travel is cut.
#[must_use]
pub fn from_error(error: &Error) -> Status {
    let error = &fitted(error);
    let code = code(error.kind);
    let message = error.to_string();
    let details = RpcStatus {
        code: code as i32,
        message: message.clone(),
        details: vec![Any {
            type_url: DETAIL_TYPE.to_owned(),
            value: wire::ErrorDetail::from(error).encode_to_vec(),
        }],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}

/// The error in what room there is.
fn fitted(error: &Error) -> Error {
    let mut room = CANDIDATES;
    let fits = |candidate: &&String| {
        let left = room.checked_sub(candidate.len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    let fitting = Error {
        kind: error.kind,
        what: cut(&error.what),
        why: cut(&error.why),
        hint: cut(&error.hint),
        candidates: error.candidates.iter().take_while(fits).cloned().collect(),
        challenge: error.challenge.clone().filter(|challenge| {
            let sent = wire::Challenge::from(&**challenge);
            sent.encoded_len() <= CHALLENGE
        }),
        may_mean: None,
    };
    fitting.may_mean(fitted_nodes(error.nodes()))
}

fn fitted_nodes(nodes: &[PossibleNode]) -> Vec<PossibleNode> {
    let mut room = NODES;
    let fits = |node: &&PossibleNode| {
        let left = room.checked_sub(wire::PossibleNode::from(*node).encoded_len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    nodes.iter().take_while(fits).cloned().collect()
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(TEXT)])
}

/// Reads the error out of a status, whoever made the status.
#[must_use]
pub fn to_error(status: &Status) -> Error {
    detail(status).unwrap_or_else(|| match status.code() {
        Code::Unavailable => Error::new(ErrorKind::Daemon, "the daemon stopped answering")
            .why(status.message())
            .hint("run the command again; `aws-ssm daemon status` tells whether it is up"),
        Code::DeadlineExceeded | Code::Cancelled => {
            Error::new(ErrorKind::Unavailable, "no answer in time")
                .why(status.message())
                .hint("allow more time with --timeout")
        }
        Code::Unimplemented => Error::new(ErrorKind::Daemon, "the daemon does not know this call")
            .why("it is an older version than this program")
            .hint("run `aws-ssm daemon restart`"),
        code => Error::new(ErrorKind::Internal, format!("the daemon failed: {code}"))
            .why(status.message())
            .hint("`aws-ssm daemon status` names its log"),
    })
}

fn detail(status: &Status) -> Option<Error> {
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let any = details.iter().find(|any| any.type_url == DETAIL_TYPE)?;
    let detail = wire::ErrorDetail::decode(any.value.as_slice()).ok()?;
    Some(detail.into())
}

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Usage | ErrorKind::Config => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Ambiguous => Code::FailedPrecondition,
        ErrorKind::Credentials => Code::Unauthenticated,
        ErrorKind::Permission => Code::PermissionDenied,
        ErrorKind::Unavailable | ErrorKind::Daemon => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::InstanceState;

    fn node(id: &str) -> PossibleNode {
        PossibleNode {
            id: id.to_owned(),
            name: Some("web".to_owned()),
            state: Some(InstanceState::Stopped),
            instance_type: Some("m7g.metal-48xl".to_owned()),
            private_ip: Some("10.100.100.100".to_owned()),
            az: None,
            region: "eu-west-1".to_owned(),
        }
    }

    #[test]
    fn an_error_survives_the_status() {
        let error = Error::new(ErrorKind::Ambiguous, "web names two instances")
            .why("i-1 and i-2 match")
            .hint("use an id")
            .candidates(vec!["i-1".into(), "i-2".into()])
            .may_mean(vec![node("i-1"), node("i-2")]);
        assert_eq!(to_error(&from_error(&error)), error);
    }

    /// Five thousand instances of one name are one error, too.
    #[test]
    fn an_error_of_any_length_fits_the_headers_that_it_travels_in() {
        const HEADERS: usize = 64 << 10;
        let ids: Vec<_> = (0..5000).map(|id| format!("i-{id:017x}")).collect();
        let error = Error::new(ErrorKind::Ambiguous, "ä".repeat(1 << 20))
            .why(ids.join(", "))
            .hint("use an id")
            .candidates(ids.clone())
            .may_mean(ids.iter().map(|id| node(id)).collect());
        let status = from_error(&error);
        // Percent signs for the message, base64 for the details.
        let headers = 3 * status.message().len() + 4 * status.details().len() / 3;
        assert!(headers < HEADERS, "{headers}");
        let read = to_error(&status);
        assert_eq!(read.kind, ErrorKind::Ambiguous);
        assert_eq!(read.hint, "use an id");
        assert!(read.what.ends_with("ä…") && read.why.starts_with(&ids[0]));
        assert!(read.candidates.len() > 400 && ids.starts_with(&read.candidates));
        assert!(read.nodes().len() > 50, "{}", read.nodes().len());
        assert!(
            read.nodes()
                .iter()
                .zip(&ids)
                .all(|(node, id)| node.id == *id)
        );
    }

    #[test]
    fn a_status_of_somebody_else_still_says_something() {
        let error = to_error(&Status::unavailable("broken pipe"));
        assert_eq!(error.kind, ErrorKind::Daemon);
        assert!(error.why.contains("broken pipe"));
    }
}
