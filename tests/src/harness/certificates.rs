//! A certificate authority that nobody trusts, and the local AWS over TLS with a
//! certificate of it. Made anew by `openssl` for each test.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Whom the certificate is for.
const NAMES: &str = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:*.eu-west-1.amazonaws.com,\
    DNS:*.us-east-1.amazonaws.com,DNS:*.eu-west-1.api.aws";

/// Listens with TLS in front of a server that has none, until dropped.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    ca_bundle: PathBuf,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Stands in front of `target`; its certificates are in `dir`.
    ///
    /// # Panics
    ///
    /// If `openssl` is not there, or no port is free.
    pub async fn start(target: SocketAddr, dir: &Path) -> Self {
        let ca_bundle = issue(dir).expect("openssl makes certificates");
        let config = server(dir);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                served.spawn(serve(acceptor.clone(), stream, target));
            }
        });
        Self {
            address,
            ca_bundle,
            task,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn ca_bundle(&self) -> &Path {
        &self.ca_bundle
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, target: SocketAddr) -> io::Result<()> {
    let mut caller = acceptor.accept(stream).await?;
    let mut target = TcpStream::connect(target).await?;
    tokio::io::copy_bidirectional(&mut caller, &mut target).await?;
    Ok(())
}

/// Makes an authority and a certificate; returns the authority's own.
fn issue(dir: &Path) -> io::Result<PathBuf> {
    std::fs::write(dir.join("names"), NAMES)?;
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        dir,
        &format!("req -x509 {KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=nobody"),
    )?;
    openssl(
        dir,
        &format!("req {KEY} -keyout server.key -out server.csr -subj /CN=sandbox"),
    )?;
    openssl(
        dir,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem \
         -days 2 -extfile names",
    )?;
    Ok(dir.join("ca.pem"))
}

fn openssl(dir: &Path, arguments: &str) -> io::Result<()> {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).current_dir(dir);
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("openssl {arguments}: {told}")))
}

fn server(dir: &Path) -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(dir.join("server.pem"));
    let key = PrivateKeyDer::from_pem_file(dir.join("server.key"));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.expect("a certificate")],
            key.expect("a key"),
        )
        .expect("they belong together")
}
