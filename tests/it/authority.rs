//! A certificate authority that only the test knows, and servers with good and bad certificates.

use std::sync::Arc;

/// Certificates of an authority that only the test knows.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().unwrap();
        Self { issuer: rcgen::CertifiedIssuer::self_signed(params, key).unwrap() }
    }
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }
    /// A TLS server with a certificate for `name` that ends in `until`; it answers every connection with `bytes`
    /// once it has read a head. Gives its port.
    pub(crate) fn serve(&self, name: &str, until: i32, bytes: &'static [u8]) -> u16 {
        let config = self.identity(name, until);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                drop(answer_over_tls(tcp, config.clone(), bytes));
            }
        });
        port
    }
    /// What a TLS server with such a certificate begins with.
    pub(crate) fn identity(&self, name: &str, until: i32) -> Arc<rustls::ServerConfig> {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

fn answer_over_tls(
    tcp: std::net::TcpStream,
    config: Arc<rustls::ServerConfig>,
    bytes: &[u8],
) -> std::io::Result<()> {
    use std::io::{Read as _, Write as _};
    let session = rustls::ServerConnection::new(config).unwrap();
    let mut stream = rustls::StreamOwned::new(session, tcp);
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let n = stream.read(&mut chunk)?;
        if n == 0 {
            return Ok(());
        }
        head.extend_from_slice(&chunk[..n]);
    }
    stream.write_all(bytes)?;
    stream.conn.send_close_notify();
    stream.flush()
}
