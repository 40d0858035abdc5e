//! Servers on loopback that do what a test tells them, down to the byte.

use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let url = url::Url::parse(&format!("http://x{}", self.target)).unwrap();
        url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A JSON body under a status.
    Json(u16, String),
    /// Any head and body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, with the connection open.
    Silence,
    /// A head, then one byte of the body every so often, for ever.
    Drip,
    /// The connection is gone without an answer.
    Gone,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Json(status, body.to_string())
    }
}

pub(crate) type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// An HTTP server that answers by a script and reports every request.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) seen: mpsc::Receiver<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (report, seen) = mpsc::channel(4096);
        let script: Script = Arc::new(script);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), report.clone()));
            }
        });
        Self { addr, seen, task }
    }
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
    /// Every request until now.
    pub(crate) fn drain(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }
}

async fn serve(mut stream: TcpStream, script: Script, report: mpsc::Sender<Seen>) {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await {
        let reply = script(&seen);
        report.send(seen).await.unwrap();
        let (status, headers, body) = match reply {
            Reply::Json(status, body) => {
                (status, vec![("content-type", "application/json".to_owned())], body.into_bytes())
            }
            Reply::Full(status, headers, body) => (status, headers, body),
            Reply::Raw(bytes) => {
                drop(stream.write_all(&bytes).await);
                return;
            }
            Reply::Silence => std::future::pending().await,
            Reply::Drip => return drip(&mut stream).await,
            Reply::Gone => return,
        };
        let mut out = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            out.extend([name, ": ", &value, "\r\n"]);
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        out.extend(body);
        if stream.write_all(&out).await.is_err() {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream) {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    if stream.write_all(head).await.is_err() {
        return;
    }
    while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Reads one request; `None` when the client has gone.
pub(crate) async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..head_end).collect()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, v)| v.parse::<usize>().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer.drain(..length).collect();
    Some(Seen { method, target, headers, body })
}

/// An address at which nobody listens.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

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
        let config = Arc::new(config);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                drop(answer_over_tls(tcp, config.clone(), bytes));
            }
        });
        port
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
