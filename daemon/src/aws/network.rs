//! The network of one caller: through which proxies AWS is reached, and whose
//! certificates are trusted.
//!
//! Invariant: the address of a proxy may hold a password and is shown without it.

mod bypass;
mod trust;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use aws_ssm_proto::domain::{Error, ErrorKind};
use http::Uri;
use zeroize::Zeroizing;

use crate::identity::Stamp;
use bypass::Bypass;
pub(super) use trust::read as read_trusted;

/// See the module. Cheap to clone; the default is AWS itself, without a proxy, for
/// whom this machine trusts.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Network(Option<Arc<Parts>>);

#[derive(Default, PartialEq, Eq, Hash)]
struct Parts {
    /// For requests over plain HTTP.
    http: Option<Proxy>,
    /// For requests over TLS.
    https: Option<Proxy>,
    bypass: Bypass,
    trusted: Option<CaBundle>,
}

/// A proxy's address.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// With user and password.
    url: Zeroizing<String>,
    /// Scheme, host and port alone.
    shown: String,
}

/// A file of root certificates that stand in the place of this machine's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CaBundle {
    /// Absolute.
    pub path: PathBuf,
    /// Its state.
    pub stamp: Stamp,
}

impl Network {
    /// Over these proxies, but for what `no_proxy` lists, and trusting the bundle if
    /// there is one.
    #[must_use]
    pub fn new(
        http: Option<Proxy>,
        https: Option<Proxy>,
        no_proxy: &str,
        trusted: Option<CaBundle>,
    ) -> Self {
        if http.is_none() && https.is_none() && trusted.is_none() {
            return Self::default();
        }
        Self(Some(Arc::new(Parts {
            http,
            https,
            bypass: Bypass::parse(no_proxy),
            trusted,
        })))
    }

    /// Whether it is that of a caller without any settings.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// Through which proxy a request goes.
    #[must_use]
    pub fn proxy(&self, uri: &Uri) -> Option<&Proxy> {
        let parts = self.0.as_ref()?;
        let proxy = match uri.scheme_str() {
            Some("https") => parts.https.as_ref(),
            _ => parts.http.as_ref(),
        };
        proxy.filter(|_| !parts.bypass.covers(uri))
    }

    /// What is trusted instead of this machine's root certificates.
    #[must_use]
    pub fn trusted(&self) -> Option<&CaBundle> {
        self.0.as_ref()?.trusted.as_ref()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parts) = &self.0 else {
            return f.write_str("Network(plain)");
        };
        f.debug_struct("Network")
            .field("http", &parts.http)
            .field("https", &parts.https)
            .field("trusted", &parts.trusted)
            .finish_non_exhaustive()
    }
}

impl Proxy {
    /// Reads an address; one without a scheme is that of an HTTP proxy, as for the
    /// `aws` command. `source` is the variable it stands in.
    ///
    /// # Errors
    ///
    /// `Usage` if it is none, or that of another kind of proxy.
    pub fn parse(text: &str, source: &str) -> Result<Self, Error> {
        let url = match text.contains("://") {
            true => Zeroizing::new(text.to_owned()),
            false => Zeroizing::new(format!("http://{text}")),
        };
        // What is wrong is said without the address, which may hold a password.
        let refuse = |why: &str| {
            Error::new(ErrorKind::Usage, format!("{source} names no proxy"))
                .why(why)
                .hint("write it as http://proxy.example.com:3128, or unset it")
        };
        let uri: Uri = url
            .parse()
            .map_err(|_| refuse("its address cannot be understood"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") {
            return Err(refuse("only proxies for HTTP and HTTPS are known"));
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| refuse("its address has no host"))?;
        let port = uri.port().map(|port| format!(":{port}"));
        let shown = format!("{scheme}://{host}{}", port.unwrap_or_default());
        Ok(Self { url, shown })
    }

    /// With user and password; secret.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Hash for Proxy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.as_str().hash(state);
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> Proxy {
        Proxy::parse(text, "HTTPS_PROXY").unwrap()
    }

    fn through(network: &Network, uri: &str) -> Option<String> {
        let proxy = network.proxy(&uri.parse().unwrap());
        proxy.map(ToString::to_string)
    }

    #[test]
    fn each_scheme_has_its_own_proxy() {
        let (plain, tls) = (proxy("http://a:1"), proxy("http://b:2"));
        let network = Network::new(Some(plain.clone()), Some(tls), ".internal", None);
        assert_eq!(
            through(&network, "http://ec2").as_deref(),
            Some("http://a:1")
        );
        assert_eq!(
            through(&network, "https://ec2").as_deref(),
            Some("http://b:2")
        );
        assert_eq!(through(&network, "https://ec2.internal"), None);
        let network = Network::new(Some(plain), None, "", None);
        assert_eq!(through(&network, "https://ec2"), None);
        assert!(Network::new(None, None, "*", None).is_plain());
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let proxy = proxy("http://ada:hunter2@proxy:3128/");
        assert_eq!(proxy.to_string(), "http://proxy:3128");
        let network = Network::new(Some(proxy.clone()), Some(proxy.clone()), "", None);
        let shown = format!("{proxy:?} {network:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("ada"),
            "{shown}"
        );
        for text in [
            "socks5://ada:hunter2@p:1",
            "http://ada:hunter2@",
            "http://hun ter2",
        ] {
            let error = Proxy::parse(text, "HTTPS_PROXY").unwrap_err();
            assert_eq!(error.kind, ErrorKind::Usage);
            assert!(!error.why.is_empty() && !error.hint.is_empty());
            let shown = format!("{error:?}");
            assert!(
                shown.contains("HTTPS_PROXY") && !shown.contains("ter2"),
                "{shown}"
            );
        }
    }

    #[test]
    fn an_address_without_a_scheme_is_that_of_an_http_proxy() {
        assert_eq!(proxy("proxy:3128").url(), "http://proxy:3128");
        assert_eq!(proxy("https://proxy").to_string(), "https://proxy");
    }
}
