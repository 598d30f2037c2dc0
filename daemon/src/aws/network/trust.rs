//! Reads a file of root certificates, whole or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_ssm_proto::domain::{Error, ErrorKind};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::CaBundle;

/// All the root certificates of the world are under 1 MiB.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The bytes of a bundle, in which every certificate can be used. Blocks.
///
/// # Errors
///
/// `Config`, naming the file.
pub(crate) fn read(bundle: &CaBundle) -> Result<Vec<u8>, Error> {
    let refuse = |why: String| {
        let path = bundle.path.display();
        Error::new(
            ErrorKind::Config,
            format!("the CA bundle {path} cannot be used"),
        )
        .why(why)
        .hint("ca_bundle and AWS_CA_BUNDLE name a file of certificates in PEM, or nothing")
    };
    let bytes = bytes(&bundle.path).map_err(|error| refuse(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(&bytes).enumerate() {
        let number = index + 1;
        let certificate = certificate.map_err(|_| refuse("it is no PEM".to_owned()))?;
        roots
            .add(certificate)
            .map_err(|error| refuse(format!("its certificate {number}: {error}")))?;
    }
    if roots.is_empty() {
        return Err(refuse("it holds no certificate".to_owned()));
    }
    Ok(bytes)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Stamp;

    fn read_text(text: &str) -> Result<Vec<u8>, Error> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        let stamp = Stamp::of(&path).unwrap().unwrap();
        read(&CaBundle { path, stamp })
    }

    #[test]
    fn what_is_no_bundle_is_refused_with_its_name() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let open = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for (text, why) in [
            ("", "it holds no certificate"),
            ("hello", "it holds no certificate"),
            (open, "it is no PEM"),
            (broken, "its certificate 1: "),
        ] {
            let error = read_text(text).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config);
            assert!(error.what.contains("ca.pem"), "{error:?}");
            assert!(error.why.starts_with(why), "{text:?}: {error:?}");
        }
    }
}
