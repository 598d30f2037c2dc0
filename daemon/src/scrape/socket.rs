//! The socket that Prometheus connects to. Only the same user's connections come
//! out of it.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_ssm_proto::endpoint::{Probe, probe};
use aws_ssm_proto::peer::check_peer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::owner;
use crate::config::PrometheusListen;
use crate::lifecycle::SocketFile;

/// A socket that listens; its file goes with it.
#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixListener, SocketFile),
    Tcp(TcpListener),
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Self::Unix(_, file) = self
            && let Err(error) = file.remove()
        {
            tracing::warn!(%error, "the socket for Prometheus cannot be removed");
        }
    }
}

impl Socket {
    /// Listens at an address.
    ///
    /// # Errors
    ///
    /// Somebody listens there already, or it cannot be had for another reason.
    pub(super) async fn bind(listen: &PrometheusListen) -> io::Result<Self> {
        match listen {
            PrometheusListen::Unix(path) => bind_unix(path),
            PrometheusListen::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
        }
    }

    /// The next connection; `None`: it was another user's.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        match self {
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let allowed = check_peer(&stream).map_err(|error| error.to_string());
                Ok(judge(allowed).then_some(Stream::Unix(stream)))
            }
            Self::Tcp(listener) => {
                let (stream, theirs) = listener.accept().await?;
                let allowed = check_owner(theirs, stream.local_addr()?);
                Ok(judge(allowed).then_some(Stream::Tcp(stream)))
            }
        }
    }
}

/// A file that is no socket, or a socket at which somebody listens, is left alone.
fn bind_unix(path: &Path) -> io::Result<Socket> {
    match probe(path)? {
        Probe::Listening => return Err(io::ErrorKind::AddrInUse.into()),
        Probe::Stale if !is_socket(path)? => {
            return Err(io::Error::other("a file is there that is no socket"));
        }
        Probe::Stale => fs::remove_file(path)?,
        Probe::Absent => {}
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile::at(path)?;
    let socket = Socket::Unix(listener, file);
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(socket)
}

fn is_socket(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    Ok(path.symlink_metadata()?.file_type().is_socket())
}

fn check_owner(theirs: SocketAddr, ours: SocketAddr) -> Result<(), String> {
    let user = rustix::process::geteuid().as_raw();
    match owner::of_connection(theirs, ours) {
        Ok(owner::Owner::User(owner)) if owner == user => Ok(()),
        Ok(owner::Owner::User(owner)) => Err(format!("user {owner} asks, and only {user} may")),
        Ok(owner::Owner::Untold) => Ok(()),
        Err(error) => Err(format!("the system does not tell who asks: {error}")),
    }
}

fn judge(allowed: Result<(), String>) -> bool {
    if let Err(why) = &allowed {
        tracing::warn!(why, "a question for the counters was refused");
    }
    allowed.is_ok()
}

/// A connection of the same user's.
#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    /// Names lead to a port; to a socket file they do not.
    pub(super) fn needs_host(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }
}

/// Hands a call on to whichever it is.
macro_rules! either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Unix($stream) => $call,
            Self::Tcp($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(ctx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(ctx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(ctx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(ctx))
    }
}
