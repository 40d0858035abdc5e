//! A websocket that cannot hang and cannot be flooded: every wait has a deadline, every message a size, and
//! text comes out as text whether the server framed it as text or as binary.

use super::{BODY_BYTES_MAX, Error, chain, tcp::Tcp, tls::Tls};
use crate::domain::text::Text;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http::HeaderMap;
use std::{fmt, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{
        self, Bytes, Message, Utf8Bytes,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use url::Url;

/// Frames taken in one go before the caller looks at its other work.
pub const BATCH_MAX: usize = 512;
/// What one read of the connection takes at most. The library clears that much before each read, whatever comes.
const READ_BYTES: usize = 16 * 1024;

/// How a websocket behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Until the websocket stands: name, TCP, TLS and upgrade together.
    pub connect_timeout: Duration,
    /// Until a message has left.
    pub send_timeout: Duration,
    /// Largest message.
    pub message_max: usize,
    /// Sent with the upgrade.
    pub headers: HeaderMap,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            send_timeout: Duration::from_secs(3),
            message_max: BODY_BYTES_MAX,
            headers: HeaderMap::new(),
        }
    }
}

/// Text that has been received and checked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(Utf8Bytes);

impl Line {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message, text or binary.
    Text(Line),
    /// The server asked whether we are there; it has been answered.
    Ping,
    /// The server answered our ping.
    Pong,
}

/// An open websocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<Tcp>>,
    send_timeout: Duration,
    /// What ended the connection behind frames that were handed out first.
    ended: Option<Error>,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

impl Socket {
    /// Opens a websocket. `url` comes from [`super::tls::address`], which refuses unencrypted ones.
    ///
    /// # Errors
    /// Unreachable, refused by TLS, answered with another status, or too slow.
    pub async fn connect(url: &Url, tls: &Tls, options: &Options) -> Result<Self, Error> {
        let what = timeout(options.connect_timeout, open(url, tls, options)).await;
        let ms = options.connect_timeout.as_millis();
        let stream = what.map_err(|_| Error::TimedOut { what: "opening the websocket", ms })??;
        Ok(Self { stream, send_timeout: options.send_timeout, ended: None })
    }

    /// Waits for at least one frame, then takes what is already there, at most [`BATCH_MAX`]. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// The connection has ended; frames that came before are handed out first.
    pub async fn batch(&mut self, into: &mut Vec<Frame>) -> Result<(), Error> {
        if let Some(ended) = self.ended.take() {
            return Err(ended);
        }
        into.push(self.next().await?);
        self.tcp(|tcp| tcp.look_only(true));
        for _ in 1..BATCH_MAX {
            match self.next().now_or_never() {
                Some(Ok(frame)) => into.push(frame),
                Some(Err(error)) => {
                    self.ended = Some(error);
                    break;
                }
                None => break,
            }
        }
        self.tcp(|tcp| tcp.look_only(false));
        Ok(())
    }

    /// Nobody looks at it for a while: until then no packet wakes anybody.
    pub fn rest(&mut self) {
        self.tcp(Tcp::rest);
    }

    fn tcp(&mut self, change: impl FnOnce(&mut Tcp)) {
        match self.stream.get_mut() {
            MaybeTlsStream::Plain(tcp) => change(tcp),
            MaybeTlsStream::Rustls(tls) => change(tls.get_mut().0),
            // A kind of connection that this program does not make.
            _ => {}
        }
    }

    /// Waits for the next frame. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection has ended: closed, broken, or by a message that is too large or not text.
    pub async fn next(&mut self) -> Result<Frame, Error> {
        loop {
            let Some(message) = self.stream.next().await else {
                return Err(Error::Closed { code: None, reason: Text::default() });
            };
            if let Some(frame) = frame(message.map_err(broken)?)? {
                return Ok(frame);
            }
        }
    }

    /// Sends a text.
    ///
    /// # Errors
    /// The connection is gone, or does not take the text in time.
    pub async fn send(&mut self, text: &str) -> Result<(), Error> {
        self.put(Message::text(text)).await
    }

    /// Asks whether the other side is there.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn ping(&mut self) -> Result<(), Error> {
        self.put(Message::Ping(Bytes::new())).await
    }

    /// Says goodbye, and waits for the answer no longer than for a send.
    pub async fn close(mut self) {
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let closing = async {
            if self.stream.close(Some(goodbye)).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        if timeout(self.send_timeout, closing).await.is_err() {
            tracing::debug!("a websocket was dropped without its goodbye answered");
        }
    }

    async fn put(&mut self, message: Message) -> Result<(), Error> {
        let ms = self.send_timeout.as_millis();
        match timeout(self.send_timeout, self.stream.send(message)).await {
            Ok(sent) => sent.map_err(broken),
            Err(_) => Err(Error::TimedOut { what: "sending on the websocket", ms }),
        }
    }
}

async fn open(
    url: &Url,
    tls: &Tls,
    options: &Options,
) -> Result<WebSocketStream<MaybeTlsStream<Tcp>>, Error> {
    let port = url.port_or_known_default().unwrap_or(443);
    let name = url.host_str().unwrap_or_default();
    let host = format!("{name}:{port}");
    let unreachable =
        |error: &dyn std::error::Error| Error::Unreachable { host: host.clone(), why: chain(error) };

    let mut request = url.as_str().into_client_request().map_err(|e| unreachable(&e))?;
    request.headers_mut().extend(options.headers.clone());
    let tcp = TcpStream::connect(&host).await.map_err(|e| unreachable(&e))?;
    tcp.set_nodelay(true).map_err(|e| unreachable(&e))?;
    let tcp = Tcp::new(tcp).map_err(|e| unreachable(&e))?;
    let sizes = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(options.message_max))
        .max_frame_size(Some(options.message_max));
    let connector = Connector::Rustls(tls.config().clone());
    match client_async_tls_with_config(request, tcp, Some(sizes), Some(connector)).await {
        Ok((stream, _)) => Ok(stream),
        Err(tungstenite::Error::Http(answer)) => {
            Err(Error::NoWebsocket { host: host.clone(), status: answer.status().as_u16() })
        }
        Err(error) => Err(unreachable(&error)),
    }
}

/// `None` for what has no meaning to the caller.
fn frame(message: Message) -> Result<Option<Frame>, Error> {
    match message {
        Message::Text(text) => Ok(Some(Frame::Text(Line(text)))),
        Message::Binary(bytes) => {
            let text = Utf8Bytes::try_from(bytes).map_err(|_| Error::NotText)?;
            Ok(Some(Frame::Text(Line(text))))
        }
        Message::Ping(_) => Ok(Some(Frame::Ping)),
        Message::Pong(_) => Ok(Some(Frame::Pong)),
        Message::Close(Some(bye)) => {
            Err(Error::Closed { code: Some(bye.code.into()), reason: Text::clean(bye.reason.as_str()) })
        }
        Message::Close(None) => Err(Error::Closed { code: None, reason: Text::default() }),
        Message::Frame(_) => Ok(None),
    }
}

fn broken(error: tungstenite::Error) -> Error {
    use tungstenite::Error as E;
    match error {
        E::ConnectionClosed | E::AlreadyClosed => Error::Closed { code: None, reason: Text::default() },
        E::Capacity(why) => Error::TooLarge(why.to_string()),
        E::Utf8(_) => Error::NotText,
        other @ (E::Io(_)
        | E::Tls(_)
        | E::Protocol(_)
        | E::WriteBufferFull(_)
        | E::AttackAttempt
        | E::Url(_)
        | E::Http(_)
        | E::HttpFormat(_)) => Error::Broken(chain(&other)),
    }
}
