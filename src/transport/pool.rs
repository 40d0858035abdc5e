//! Connections for requests to one host: dialled when there is none, given to one request at a time, kept while they are
//! young.

use super::{chain, tls::Tls};
use crate::domain::{text::Text, time::Mono};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::Mutex,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// What a request carries.
pub(super) type Body = Full<Bytes>;

/// After so long without an answer the next address is tried beside the one before (RFC 8305, section 5).
const NEXT_AFTER: Duration = Duration::from_millis(250);
/// Shorter than servers keep an idle connection: a request on one that the server is just closing would be unanswered,
/// and nobody could say whether it arrived.
const KEPT_MS: u64 = 30_000;
/// No more than this are kept.
const KEPT_MAX: usize = 64;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Kept {
    line: SendRequest<Body>,
    since: Mono,
}

/// The connections. Clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    host: Arc<str>,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    // Held for a few instructions at a time and never across a request.
    kept: Arc<Mutex<Vec<Kept>>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}:{})", self.host, self.port)
    }
}

impl Pool {
    /// To the host of this address; `None` where it names none. `timeout`: until a connection stands, TLS included.
    pub(super) fn new(base: &Url, tls: &Tls, timeout: Duration) -> Option<Self> {
        let (host, port) = (base.host()?, base.port_or_known_default()?);
        let host = match host {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let tls = if base.scheme() == "https" {
            Some((TlsConnector::from(Arc::clone(tls.config())), ServerName::try_from(host.clone()).ok()?))
        } else {
            None
        };
        Some(Self { host: host.into(), port, tls, timeout, kept: Arc::default() })
    }

    /// One that is kept, is young, and takes a request.
    pub(super) async fn take(&self, now: Mono) -> Option<SendRequest<Body>> {
        while let Some(Kept { mut line, since }) = self.pop().await {
            if now.since_ms(since) < KEPT_MS && line.ready().await.is_ok() {
                return Some(line);
            }
        }
        None
    }

    async fn pop(&self) -> Option<Kept> {
        self.kept.lock().await.pop()
    }

    /// Takes back one whose answer was read to its end.
    pub(super) async fn keep(&self, line: SendRequest<Body>, now: Mono) {
        let mut kept = self.kept.lock().await;
        kept.retain(|k| !k.line.is_closed() && now.since_ms(k.since) < KEPT_MS);
        if kept.len() < KEPT_MAX && !line.is_closed() {
            kept.push(Kept { line, since: now });
        }
    }

    /// A new one. Until it stands nothing of a request has left.
    ///
    /// # Errors
    /// Why none came about, in a sentence.
    pub(super) async fn dial(&self) -> Result<SendRequest<Body>, Text> {
        let ms = self.timeout.as_millis();
        match timeout(self.timeout, self.connect()).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(why)) => Err(Text::from(format!("it can't be reached: {why}"))),
            Err(_) => Err(Text::from(format!("it can't be reached: connecting timed out after {ms} ms"))),
        }
    }

    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let said = |why: io::Error| chain(&why);
        let tcp = dial(&self.host, self.port).await.map_err(said)?;
        tcp.set_nodelay(true).map_err(said)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some((tls, name)) => Box::new(tls.connect(name.clone(), tcp).await.map_err(said)?),
        };
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|why| chain(&why))?;
        tokio::spawn(async move {
            if let Err(why) = connection.await {
                tracing::debug!(why = chain(&why), "a connection ended");
            }
        });
        Ok(line)
    }
}

/// A connection to the first of a host's addresses that answers.
async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut addresses = alternated(lookup_host((host, port)).await?).into_iter();
    let mut tries = FuturesUnordered::new();
    let mut why = io::Error::other("the name has no address");
    while let Some(address) = addresses.next() {
        tries.push(TcpStream::connect(address));
        tokio::select! {
            Some(tried) = tries.next() => match tried {
                Ok(tcp) => return Ok(tcp),
                Err(error) => why = error,
            },
            () = sleep(NEXT_AFTER), if addresses.len() > 0 => {}
        }
    }
    while let Some(tried) = tries.next().await {
        match tried {
            Ok(tcp) => return Ok(tcp),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// By turns of both kinds, the kind of the first one first: where one of them leads nowhere the other is soon tried.
fn alternated(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let is_v6 = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (mine, others): (Vec<_>, Vec<_>) = addresses.partition(|a| a.is_ipv6() == is_v6);
    let (mut mine, mut others) = (mine.into_iter(), others.into_iter());
    let mut all = Vec::with_capacity(mine.len().saturating_add(others.len()));
    while mine.len() > 0 || others.len() > 0 {
        all.extend(mine.next());
        all.extend(others.next());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_take_turns() {
        let of = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let told = of(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        let tried = of(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert_eq!(alternated(told.into_iter()), tried);
    }

    #[tokio::test]
    async fn a_second_address_is_tried_where_the_first_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // `localhost` may have both kinds of address, of which one has a listener.
        assert!(dial("localhost", port).await.is_ok());
        drop(listener);
        let refused = dial("127.0.0.1", port).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
