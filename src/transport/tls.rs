//! Who is on the other end: one TLS configuration for requests and websockets alike, and the rule that
//! nothing leaves this computer unencrypted. There is no switch that accepts a bad certificate.

use super::Error;
use rustls::{
    CertificateError, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use std::sync::Arc;
use url::{Host, Url};

/// TLS settings, cheap to clone. Reading the system's roots costs some milliseconds: make it once, after the
/// first frame is on the screen.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<rustls::ClientConfig>,
    roots: usize,
}

impl Tls {
    /// With the operating system's roots, and those of `extra_pem` where a private authority is used.
    ///
    /// # Errors
    /// When `extra_pem` holds no certificate or a damaged one.
    pub fn with_native_roots(extra_pem: Option<&[u8]>) -> Result<Self, Error> {
        let mut store = rustls::RootCertStore::empty();
        // A computer without roots can still reach the embedded venue on loopback, so that is not an error here:
        // a venue on the internet then fails with `UnknownIssuer`, and health shows the count of roots.
        let (_, damaged) = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if damaged > 0 {
            tracing::debug!(damaged, "root certificates of the system that can't be used");
        }
        if let Some(pem) = extra_pem {
            add_pem(&mut store, pem)?;
        }
        Self::with_roots(store)
    }

    /// With the roots of `pem` alone.
    ///
    /// # Errors
    /// When `pem` holds no certificate or a damaged one.
    pub fn with_only(pem: &[u8]) -> Result<Self, Error> {
        let mut store = rustls::RootCertStore::empty();
        add_pem(&mut store, pem)?;
        Self::with_roots(store)
    }

    fn with_roots(store: rustls::RootCertStore) -> Result<Self, Error> {
        let roots = store.len();
        // The provider is named here: a global default would be state that nobody owns.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::Settings(e.to_string()))?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), roots })
    }

    /// With the one certificate of `pem` and no other: for a server on this computer that made its own. Whoever holds
    /// its key is believed; name and dates, which its maker chose as he liked, say nothing more and are not asked.
    ///
    /// # Errors
    /// When `pem` holds no certificate, more than one, or a damaged one.
    pub fn pinned(pem: &[u8]) -> Result<Self, Error> {
        let mut all = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            all.push(certificate.map_err(|e| Error::Roots(format!("not a PEM certificate: {e}")))?);
        }
        let (Some(certificate), true) = (all.pop(), all.is_empty()) else {
            return Err(Error::Roots("a pinned certificate stands alone in its PEM text".to_owned()));
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let pin = Pin { certificate, algorithms: provider.signature_verification_algorithms };
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::Settings(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pin))
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), roots: 1 })
    }

    /// How many root certificates are trusted.
    pub fn roots(&self) -> usize {
        self.roots
    }

    pub(super) fn config(&self) -> &Arc<rustls::ClientConfig> {
        &self.config
    }
}

/// Believes one certificate, byte by byte, and that the other side has its key.
#[derive(Debug)]
struct Pin {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Another certificate than the pinned one.
#[derive(thiserror::Error)]
#[error("the certificate is not the pinned one")]
struct NotPinned;

/// The library shows this where a person reads it.
impl std::fmt::Debug for NotPinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.certificate.as_ref() {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(NotPinned)))))
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn add_pem(store: &mut rustls::RootCertStore, pem: &[u8]) -> Result<(), Error> {
    let before = store.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|e| Error::Roots(format!("not a PEM certificate: {e}")))?;
        store.add(certificate).map_err(|e| Error::Roots(e.to_string()))?;
    }
    if store.len() == before {
        Err(Error::Roots("no certificate in the PEM text".to_owned()))
    } else {
        Ok(())
    }
}

/// The two kinds of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Requests: `https`, and `http` to this computer.
    Http,
    /// Websockets: `wss`, and `ws` to this computer.
    Websocket,
}

/// Reads an address and refuses what would send a key in clear.
///
/// # Errors
/// Says what is wrong with the address, without any password that stands in it.
pub fn address(text: &str, scheme: Scheme) -> Result<Url, Error> {
    let url = Url::parse(text.trim())
        .map_err(|_| refused("(unreadable)", "it is not a URL such as https://host or wss://host/path"))?;
    let shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or(""));
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            &shown,
            "a user or password in an address ends up in logs; use the key settings",
        ));
    }
    if url.fragment().is_some() {
        return Err(refused(&shown, "an address has no `#` part"));
    }
    match (scheme, url.scheme()) {
        (Scheme::Http, "https") | (Scheme::Websocket, "wss") => Ok(url),
        (Scheme::Http, "http") | (Scheme::Websocket, "ws") if is_loopback(&url) => Ok(url),
        (Scheme::Http, "http") => Err(refused(&shown, "http is for this computer only; use https")),
        (Scheme::Websocket, "ws") => Err(refused(&shown, "ws is for this computer only; use wss")),
        (Scheme::Http, _) => Err(refused(&shown, "it must begin with https://")),
        (Scheme::Websocket, _) => Err(refused(&shown, "it must begin with wss://")),
    }
}

fn refused(shown: &str, why: &'static str) -> Error {
    Error::Address { address: shown.to_owned(), why }
}

/// Does the address stay on this computer?
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_computer_unencrypted() {
        for (text, scheme) in [
            ("https://api.alpaca.markets", Scheme::Http),
            ("http://127.0.0.1:8787", Scheme::Http),
            ("http://[::1]:8787/base", Scheme::Http),
            ("http://localhost:1", Scheme::Http),
            ("wss://stream.example/v2", Scheme::Websocket),
            ("ws://127.0.0.2:9", Scheme::Websocket),
        ] {
            assert!(address(text, scheme).is_ok(), "{text}");
        }
        for (text, scheme, why) in [
            ("http://api.alpaca.markets", Scheme::Http, "use https"),
            ("http://127.0.0.1.evil.example", Scheme::Http, "use https"),
            ("http://localhost.evil.example", Scheme::Http, "use https"),
            ("ws://10.0.0.1", Scheme::Websocket, "use wss"),
            ("ftp://127.0.0.1", Scheme::Http, "https://"),
            ("https://host", Scheme::Websocket, "wss://"),
            ("https://user:canary@host", Scheme::Http, "key settings"),
            ("https://host/#x", Scheme::Http, "`#`"),
            ("canary not a url", Scheme::Http, "not a URL"),
        ] {
            let said = address(text, scheme).unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
            assert!(!said.contains("canary"), "{said}");
        }
    }

    #[test]
    fn roots_must_be_certificates() {
        assert!(Tls::with_only(b"").is_err());
        assert!(
            Tls::with_only(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .unwrap_err()
                .to_string()
                .starts_with("root certificates")
        );
    }
}
