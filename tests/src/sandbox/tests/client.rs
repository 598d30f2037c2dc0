//! A caller as small as possible: signs, sends and reads over one connection.

use std::fmt::Write;
use std::io;

use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::value;
use crate::sandbox::signature::{ALGORITHM, Authorization, Signed};
use crate::sandbox::{Account, Sandbox, clock};

pub(super) struct Client {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
    signs: bool,
    region: String,
    host: String,
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Reply {
    /// Status and code.
    pub(super) fn error(&self) -> (u16, String) {
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let code = json["__type"].as_str().map(str::to_owned);
        (
            self.status,
            code.unwrap_or_else(|| value(&self.body, "Code")),
        )
    }
}

impl Client {
    pub(super) async fn new(sandbox: &Sandbox, account: &Account, region: &str) -> Self {
        let host = sandbox.endpoint().replace("http://", "");
        let stream = TcpStream::connect(&host).await.expect("it listens");
        Self {
            access_key: account.access_key.clone(),
            secret_key: account.secret_key.clone(),
            session_token: None,
            signs: true,
            region: region.to_owned(),
            host,
            stream: BufReader::new(stream),
        }
    }

    pub(super) async fn unsigned(sandbox: &Sandbox, region: &str) -> Self {
        let mut client = Self::new(sandbox, sandbox.account(0), region).await;
        client.signs = false;
        client
    }

    pub(super) async fn ec2(&mut self, operation: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.try_ec2(operation, parameters).await;
        reply.expect("an answer")
    }

    pub(super) async fn try_ec2(
        &mut self,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> io::Result<Reply> {
        let body = form(operation, "2016-11-15", parameters);
        self.signed("ec2", &[], &body).await
    }

    pub(super) async fn sts(&mut self, operation: &str, parameters: &[(&str, &str)]) -> Reply {
        let body = form(operation, "2011-06-15", parameters);
        self.signed("sts", &[], &body).await.expect("an answer")
    }

    /// Asks for DescribeInstanceInformation.
    pub(super) async fn ssm(&mut self, body: &str) -> Reply {
        let target = ("x-amz-target", "AmazonSSM.DescribeInstanceInformation");
        self.signed("ssm", &[target], body)
            .await
            .expect("an answer")
    }

    pub(super) async fn control(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Reply {
        let reply = self
            .exchange(&format!("{method} {path}"), headers, body)
            .await;
        reply.expect("an answer")
    }

    async fn signed(
        &mut self,
        service: &str,
        more: &[(&'static str, &str)],
        body: &str,
    ) -> io::Result<Reply> {
        let time = clock::compact(clock::now());
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).expect("ascii"));
        };
        add("x-amz-date", &time);
        for (name, value) in more {
            add(name, value);
        }
        if let Some(token) = &self.session_token {
            add("x-amz-security-token", token);
        }
        let mut text = String::new();
        for (name, value) in &headers {
            let value = value.to_str().expect("ascii");
            write!(text, "{name}: {value}\r\n").expect("strings take everything");
        }
        if self.signs {
            headers.insert("host", HeaderValue::from_str(&self.host).expect("ascii"));
            let mut names: Vec<_> = headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .collect();
            names.sort_unstable();
            let request = Signed {
                method: "POST",
                path: "/",
                query: "",
                headers: &headers,
                body: body.as_bytes(),
            };
            text += &self.authorization(service, &time, names, request);
        }
        self.exchange("POST /", &text, body).await
    }

    fn authorization(
        &self,
        service: &str,
        time: &str,
        signed_headers: Vec<String>,
        request: Signed<'_>,
    ) -> String {
        let mut authorization = Authorization {
            access_key: self.access_key.clone(),
            date: time[..8].to_owned(),
            region: self.region.clone(),
            service: service.to_owned(),
            signed_headers,
            signature: String::new(),
        };
        authorization.signature = authorization.sign(&self.secret_key, time, request);
        let Authorization {
            access_key,
            date,
            region,
            signature,
            ..
        } = &authorization;
        let names = authorization.signed_headers.join(";");
        format!(
            "authorization: {ALGORITHM} Credential={access_key}/{date}/{region}/{service}/\
             aws4_request, SignedHeaders={names}, Signature={signature}\r\n"
        )
    }

    async fn exchange(&mut self, what: &str, headers: &str, body: &str) -> io::Result<Reply> {
        let head = format!(
            "{what} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        );
        self.stream.write_all((head + body).as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let after = |text: &str| head.split_once(text)?.1.split_whitespace().next();
        let status = after("HTTP/1.1 ").and_then(|status| status.parse().ok());
        let length = after("content-length: ").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.expect("all answers announce their length")];
        let mut read = 0;
        while read < body.len() {
            match self.stream.read(&mut body[read..]).await? {
                0 => {
                    let what = format!("half: {read} of {} bytes", body.len());
                    return Err(io::Error::other(what));
                }
                more => read += more,
            }
        }
        Ok(Reply {
            status: status.expect("a status line"),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn form(operation: &str, version: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={operation}&Version={version}");
    for (name, value) in parameters {
        write!(form, "&{name}=").expect("strings take everything");
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                form.push(char::from(byte));
            } else {
                write!(form, "%{byte:02X}").expect("strings take everything");
            }
        }
    }
    form
}
