//! Servers on loopback that do what a test tells them, down to the byte.

use futures_util::{SinkExt as _, StreamExt as _};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::Message;

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
        Self::start_at("127.0.0.1:0", script).await
    }
    /// At an address that somebody else chose.
    pub(crate) async fn start_at(at: &str, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener =
            TcpListener::bind(at).await.unwrap_or_else(|e| panic!("{at} can't be listened at: {e}"));
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
        if !answer(&mut stream, reply).await {
            return;
        }
    }
}

/// Answers as it is told. Does the connection go on?
pub(crate) async fn answer(stream: &mut TcpStream, reply: Reply) -> bool {
    let (status, headers, body) = match reply {
        Reply::Json(status, body) => {
            (status, vec![("content-type", "application/json".to_owned())], body.into_bytes())
        }
        Reply::Full(status, headers, body) => (status, headers, body),
        Reply::Raw(bytes) => {
            drop(stream.write_all(&bytes).await);
            return false;
        }
        Reply::Silence => std::future::pending().await,
        Reply::Drip => {
            drip(stream).await;
            return false;
        }
        Reply::Gone => return false,
    };
    let mut out = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        out.extend([name, ": ", &value, "\r\n"]);
    }
    out.push_str("\r\n");
    let mut out = out.into_bytes();
    out.extend(body);
    stream.write_all(&out).await.is_ok()
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
            break at.saturating_add(4);
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

/// A websocket server: each connection is handed to the test, which speaks for the venue.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) addr: SocketAddr,
    accepted: mpsc::Receiver<Peer>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sockets {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (hand, accepted) = mpsc::channel(64);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                if let Ok(stream) = tokio_tungstenite::accept_async(tcp).await {
                    hand.send(Peer { stream }).await.unwrap();
                }
            }
        });
        Self { addr, accepted, task }
    }
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }
    /// The next connection.
    pub(crate) async fn peer(&mut self) -> Peer {
        within(self.accepted.recv()).await.unwrap()
    }
}

/// The server's end of a websocket. It answers pings only while it is asked to hear.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: tokio_tungstenite::WebSocketStream<TcpStream>,
}

impl Peer {
    /// The next text from the client, as JSON.
    pub(crate) async fn hear(&mut self) -> serde_json::Value {
        loop {
            if let Message::Text(text) = within(self.stream.next()).await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
    pub(crate) async fn say(&mut self, message: impl Into<Message>) {
        self.stream.send(message.into()).await.unwrap();
    }
    /// Stays on the line, answering pings and saying nothing; gives what came once the client has gone.
    pub(crate) fn stay(mut self) -> tokio::task::JoinHandle<Vec<Message>> {
        tokio::spawn(async move {
            let mut got = Vec::new();
            while let Some(Ok(message)) = self.stream.next().await {
                got.push(message);
            }
            got
        })
    }
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(10), future).await.expect("it takes too long")
}
