//! Owns the arithmetic of Signature Version 4: the Authorization header, the
//! canonical request and the signature that a secret makes of it.
//!
//! It knows no account and no clock; `authenticate` asks it.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use super::hex;

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An Authorization header, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) access_key: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) signature: String,
}

/// The parts of a request that are signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'r> {
    pub(crate) method: &'r str,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) body: &'r [u8],
}

impl Authorization {
    /// `Ok(None)` without the header; the error says what is wrong with it.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, String> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Ok(None);
        };
        let header = header
            .to_str()
            .map_err(|_| "Authorization header is not ASCII.".to_owned())?;
        let fields = header
            .strip_prefix(ALGORITHM)
            .ok_or_else(|| format!("Unsupported AWS 'algorithm': expected '{ALGORITHM}'."))?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| format!("Authorization header requires '{name}' parameter."))
        };
        let credential = field("Credential")?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else {
            return Err(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{credential}'"
            ));
        };
        Ok(Some(Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: field("SignedHeaders")?
                .split(';')
                .map(str::to_ascii_lowercase)
                .collect(),
            signature: field("Signature")?.to_owned(),
        }))
    }

    /// Whether the holder of `secret` signed this request at `time`, which is
    /// the text of `X-Amz-Date`.
    pub(crate) fn is_made_with(&self, secret: &str, time: &str, request: Signed<'_>) -> bool {
        self.sign(secret, time, request) == self.signature
    }

    /// The signature that the holder of `secret` makes; see `is_made_with`.
    pub(crate) fn sign(&self, secret: &str, time: &str, request: Signed<'_>) -> String {
        let scope = format!(
            "{}/{}/{}/aws4_request",
            self.date, self.region, self.service
        );
        let canonical = sha256_hex(self.canonical_request(request).as_bytes());
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{canonical}");
        let key = signing_key(secret, &self.date, &self.region, &self.service);
        hex::encode(&hmac(&key, text.as_bytes()))
    }

    fn canonical_request(&self, request: Signed<'_>) -> String {
        let headers: String = self
            .signed_headers
            .iter()
            .map(|name| format!("{name}:{}\n", header_value(request.headers, name)))
            .collect();
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            request.method,
            request.path,
            canonical_query(request.query),
            self.signed_headers.join(";"),
            sha256_hex(request.body)
        )
    }
}

/// All values of a header joined by commas, with runs of spaces made one.
fn header_value(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    });
    values.collect::<Vec<_>>().join(",")
}

/// The pairs in order, each with its `=`; they arrive encoded as they were signed.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let key = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    let key = hmac(&key, region.as_bytes());
    let key = hmac(&key, service.as_bytes());
    hmac(&key, b"aws4_request")
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const TIME: &str = "20150830T123600Z";

    fn headers(extra: &[(&'static str, &'static str)]) -> HeaderMap {
        let common = [("host", "example.amazonaws.com"), ("x-amz-date", TIME)];
        common
            .iter()
            .chain(extra)
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    fn authorization(signed_headers: &str, signature: &str) -> Authorization {
        let value = format!(
            "{ALGORITHM} Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        );
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::try_from(value).expect("ascii"));
        Authorization::read(&headers)
            .expect("well formed")
            .expect("present")
    }

    #[test]
    fn the_published_key_derivation() {
        assert_eq!(
            hex::encode(&signing_key(SECRET, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn the_published_plain_get() {
        let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let headers = headers(&[]);
        let request = Signed {
            method: "GET",
            path: "/",
            query: "",
            headers: &headers,
            body: b"",
        };
        let authorization = authorization("host;x-amz-date", signature);
        assert!(authorization.is_made_with(SECRET, TIME, request));
        assert!(!authorization.is_made_with("wrong", TIME, request));
        let other = Signed {
            body: b"x",
            ..request
        };
        assert!(!authorization.is_made_with(SECRET, TIME, other));
    }

    #[test]
    fn the_published_query_order() {
        let signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        let headers = headers(&[]);
        let request = Signed {
            method: "GET",
            path: "/",
            query: "Param2=value2&Param1=value1",
            headers: &headers,
            body: b"",
        };
        let authorization = authorization("host;x-amz-date", signature);
        assert!(authorization.is_made_with(SECRET, TIME, request));
    }

    #[test]
    fn the_published_form_post() {
        let signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
        let headers = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        let request = Signed {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: b"Param1=value1",
        };
        let authorization = authorization("content-type;host;x-amz-date", signature);
        assert!(authorization.is_made_with(SECRET, TIME, request));
    }

    #[test]
    fn broken_headers_are_explained() {
        let read = |value| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            Authorization::read(&headers)
        };
        assert_eq!(Authorization::read(&HeaderMap::new()), Ok(None));
        assert!(read("Basic abc").is_err());
        assert!(read("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=a").is_err());
        assert!(read("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=h, Signature=a").is_err());
    }
}
