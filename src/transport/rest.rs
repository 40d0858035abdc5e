//! One HTTP request, sent at most once, whose outcome says whether it may have reached the venue. Nothing
//! here tries again: whether a second try is safe is known only above.

use super::{
    BODY_BYTES_MAX, Error, chain,
    pool::{Body, Pool},
    tls::Tls,
};
use crate::clock::Clock;
use crate::config::secret::Secret;
use crate::domain::{
    text::Text,
    time::{Now, Stamp},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Frame, Incoming},
    client::conn::http1::SendRequest,
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::timeout;
use url::{Position, Url};

/// What became of a request.
#[derive(Debug)]
pub enum Sent {
    /// It never left this computer, for certain: no connection came about.
    NotSent {
        /// The sentence.
        why: Text,
    },
    /// It may have reached the venue. No usable answer came.
    Unanswered {
        /// The sentence.
        why: Text,
    },
    /// The venue, or something in front of it, answered in full.
    Answered(Answer),
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, at most as large as the call allowed.
    pub body: Bytes,
    /// When the last byte was here.
    pub at: Now,
    /// From the call to the last byte.
    pub round_trip_ns: u64,
}

impl Answer {
    /// A header that holds a whole number.
    pub fn number(&self, header: &str) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }
    /// How far the server's clock is ahead of ours, from its `Date`; good to about half a second.
    pub fn skew_ms(&self) -> Option<i64> {
        let server = http_date(self.headers.get(http::header::DATE)?)?;
        let half_way_ms = i64::try_from(self.round_trip_ns / 2_000_000).ok()?;
        // `Date` drops the fraction of the second: half of one is its expectation.
        Some(server.plus_ms(500).since_ms(self.at.wall.plus_ms(half_way_ms.saturating_neg())))
    }
    /// How long to stay away, where the answer says so: seconds or a date.
    pub fn retry_after_ms(&self) -> Option<u64> {
        let value = self.headers.get(http::header::RETRY_AFTER)?;
        if let Ok(seconds) = value.to_str().ok()?.trim().parse::<u64>() {
            return Some(seconds.saturating_mul(1_000));
        }
        u64::try_from(http_date(value)?.since_ms(self.at.wall)).ok()
    }
}

fn http_date(value: &HeaderValue) -> Option<Stamp> {
    let text = value.to_str().ok()?.trim();
    // RFC 9110 writes "GMT" where RFC 2822 has an offset.
    let text = text.strip_suffix("GMT").map_or_else(|| text.to_owned(), |t| format!("{t}+0000"));
    Stamp::from_jiff(jiff::fmt::rfc2822::parse(&text).ok()?.timestamp())
}

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Until a connection stands, TLS included.
    pub connect_timeout: Duration,
    /// Until the last byte of the answer. A server that drips its body is cut off here.
    pub deadline: Duration,
    /// Sent with every request. Mark secrets with [`secret_header`].
    pub headers: HeaderMap,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            deadline: Duration::from_secs(8),
            headers: HeaderMap::new(),
        }
    }
}

/// A header value that no `Debug` shows.
///
/// # Errors
/// When the secret has characters that a header can't carry.
pub fn secret_header(secret: &Secret) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(secret.expose())
        .map_err(|_| Error::Settings("a secret has characters that can't stand in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request.
#[derive(Clone)]
pub struct Call {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    signed: Option<String>,
    headers: HeaderMap,
    body: Option<Bytes>,
    body_max: usize,
    deadline: Option<Duration>,
}

impl Call {
    /// Of a path given in segments: each is escaped, so that none can reach another path.
    pub fn new(method: Method, segments: &[&str]) -> Self {
        Self {
            method,
            segments: segments.iter().map(|s| (*s).to_owned()).collect(),
            query: Vec::new(),
            signed: None,
            headers: HeaderMap::new(),
            body: None,
            body_max: BODY_BYTES_MAX,
            deadline: None,
        }
    }
    /// Reads.
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }
    /// Adds a parameter.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
    /// Carries these parameters, to the letter: they are encoded and signed.
    pub fn signed_query(mut self, query: String) -> Self {
        self.signed = Some(query);
        self
    }
    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
    /// Carries JSON.
    pub fn json(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }
    /// Carries a form that is encoded already.
    pub fn form(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.header(http::header::CONTENT_TYPE, form)
    }
    /// Takes a larger answer than [`BODY_BYTES_MAX`], for long lists.
    pub fn body_max(mut self, bytes: usize) -> Self {
        self.body_max = bytes;
        self
    }
    /// Another deadline than the client's.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
    fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        // `Rest::new` saw to it that the base can have a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&self.segments);
        }
        if let Some(signed) = &self.signed {
            url.set_query(Some(signed));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.query.iter().map(|(k, v)| (*k, v)));
        }
        url
    }
}

/// Shows neither parameters nor body: at some venues both are signed or hold a token.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.segments.join("/"))
    }
}

/// A client for one base address. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Rest {
    pool: Pool,
    base: Url,
    /// What every request has.
    headers: HeaderMap,
    deadline: Duration,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rest({}://{})", self.base.scheme(), self.base.authority())
    }
}

impl Rest {
    /// A client. `base` comes from [`super::tls::address`], which refuses unencrypted ones.
    ///
    /// # Errors
    /// When the base has no path to add to, or no host.
    pub fn new(base: Url, tls: &Tls, options: Options, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        if base.cannot_be_a_base() {
            return Err(Error::Settings("the base address has no path".to_owned()));
        }
        // A connection that is not there by then is reported as "not sent", which the whole request's deadline
        // could not tell: so connecting must be the shorter one.
        let connect_timeout =
            options.connect_timeout.min(options.deadline.checked_div(2).unwrap_or_default());
        let no_host = || Error::Settings("the base address names no host".to_owned());
        let pool = Pool::new(&base, tls, connect_timeout).ok_or_else(no_host)?;
        let host = HeaderValue::from_str(base.authority()).map_err(|_| no_host())?;
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, host);
        let agent = concat!("tradedeck/", env!("CARGO_PKG_VERSION"));
        headers.insert(http::header::USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.extend(options.headers);
        Ok(Self { pool, base, headers, deadline: options.deadline, clock })
    }

    /// Sends `call` once. A redirect is an answer: followed, it would take the keys to another host.
    pub async fn send(&self, call: Call) -> Sent {
        match self.ready(call).await {
            Ok(ready) => ready.send().await,
            Err(why) => Sent::NotSent { why },
        }
    }

    /// Makes `call` ready, on a connection that was kept where there is one. Nothing of it leaves.
    ///
    /// # Errors
    /// Why it can't be written, in a sentence.
    pub async fn ready(&self, call: Call) -> Result<Ready<'_>, Text> {
        let deadline = call.deadline.unwrap_or(self.deadline);
        let max = call.body_max;
        tracing::trace!(?call, "a request");
        let request = self.request(call)?;
        // Without one it dials when it is sent.
        let line = timeout(deadline, self.pool.take(self.clock.now().mono)).await.ok().flatten();
        Ok(Ready { rest: self, request, line, max, deadline })
    }

    fn request(&self, call: Call) -> Result<Request<Body>, Text> {
        let url = call.url(&self.base);
        // The address itself is in no sentence: some venues sign it.
        let uri: Uri = url[Position::BeforePath..Position::AfterQuery]
            .parse()
            .map_err(|_| Text::from("the address of the request can't be written"))?;
        let mut request = Request::new(Body::new(call.body.unwrap_or_default()));
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        let mut headers = self.headers.clone();
        headers.extend(call.headers);
        *request.headers_mut() = headers;
        Ok(request)
    }

    async fn exchange(
        &self,
        mut request: Request<Body>,
        mut kept: Option<SendRequest<Body>>,
        max: usize,
        started: Now,
    ) -> Sent {
        loop {
            let (mut line, is_kept) = match kept.take() {
                Some(line) => (line, true),
                None => match self.pool.dial().await {
                    Ok(line) => (line, false),
                    Err(why) => return Sent::NotSent { why },
                },
            };
            match line.try_send_request(request).await {
                Ok(response) => return self.receive(response, line, max, started).await,
                Err(mut failed) => match failed.take_message() {
                    // It was closed before any of the request was written: that is as if it had not been there. The
                    // connections that are kept come to an end.
                    Some(unsent) if is_kept => {
                        request = unsent;
                        kept = self.pool.take(started.mono).await;
                    }
                    Some(_) => return Sent::NotSent { why: said(failed.error()) },
                    None => return Sent::Unanswered { why: said(failed.error()) },
                },
            }
        }
    }

    async fn receive(
        &self,
        response: Response<Incoming>,
        line: SendRequest<Body>,
        max: usize,
        started: Now,
    ) -> Sent {
        let (head, mut incoming) = response.into_parts();
        let status = head.status;
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let chunk = match frame.map(Frame::into_data) {
                Ok(Ok(chunk)) => chunk,
                // Trailers are of no use here.
                Ok(Err(_)) => continue,
                Err(error) => return Sent::Unanswered { why: said(&error) },
            };
            if body.len().saturating_add(chunk.len()) > max {
                let why = format!("the answer ({status}) is larger than {max} bytes");
                return Sent::Unanswered { why: Text::from(why) };
            }
            body.extend_from_slice(&chunk);
        }
        tracing::trace!(%status, bytes = body.len(), "its answer");
        let at = self.clock.now();
        self.pool.keep(line, at.mono).await;
        let round_trip_ns = at.mono.as_nanos().saturating_sub(started.mono.as_nanos());
        Sent::Answered(Answer { status, headers: head.headers, body: body.freeze(), at, round_trip_ns })
    }
}

/// A request that can leave at once.
pub struct Ready<'a> {
    rest: &'a Rest,
    request: Request<Body>,
    /// A connection that was kept, for this request alone.
    line: Option<SendRequest<Body>>,
    max: usize,
    deadline: Duration,
}

/// As [`Call`] shows neither parameters nor body.
impl fmt::Debug for Ready<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ready({} by {:?})", self.request.method(), self.rest)
    }
}

impl Ready<'_> {
    /// Sends it once. The deadline begins now.
    pub async fn send(self) -> Sent {
        let Self { rest, request, line, max, deadline } = self;
        let started = rest.clock.now();
        let late = || {
            Text::from(format!("the request timed out: no whole answer within {} ms", deadline.as_millis()))
        };
        let sent = timeout(deadline, rest.exchange(request, line, max, started)).await;
        sent.unwrap_or_else(|_| Sent::Unanswered { why: late() })
    }
}

/// The sentence of an error.
fn said(error: &hyper::Error) -> Text {
    Text::from(chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &'static str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        let wall = Stamp::parse_rfc3339("2026-11-21T12:00:00.100Z").unwrap();
        let at = Now { wall, ..Now::default() };
        Answer { status: StatusCode::OK, headers: map, body: Bytes::new(), at, round_trip_ns: 200_000_000 }
    }

    #[test]
    fn clocks_are_compared_half_way() {
        assert_eq!(answer(&[("date", "Sat, 21 Nov 2026 12:00:02 GMT")]).skew_ms(), Some(2_500));
        assert_eq!(answer(&[("date", "Sat, 21 Nov 2026 11:59:50 GMT")]).skew_ms(), Some(-9_500));
        assert_eq!(answer(&[("date", "yesterday")]).skew_ms(), None);
        assert_eq!(answer(&[]).skew_ms(), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(answer(&[("retry-after", "7")]).retry_after_ms(), Some(7_000));
        assert_eq!(
            answer(&[("retry-after", "Sat, 21 Nov 2026 12:00:30 GMT")]).retry_after_ms(),
            Some(29_900)
        );
        assert_eq!(answer(&[("retry-after", "Sat, 21 Nov 2026 11:00:30 GMT")]).retry_after_ms(), None);
        assert_eq!(answer(&[("retry-after", "-1")]).retry_after_ms(), None);
        assert_eq!(answer(&[("x-ratelimit-remaining", " 41 ")]).number("x-ratelimit-remaining"), Some(41));
    }

    #[test]
    fn no_segment_reaches_another_path() {
        let base = Url::parse("https://host/base/").unwrap();
        let call = Call::get(&["v2", "positions", "BTC/USD?x=1#y"]).query("symbols", "A B&c=d");
        assert_eq!(
            call.url(&base).as_str(),
            "https://host/base/v2/positions/BTC%2FUSD%3Fx=1%23y?symbols=A+B%26c%3Dd"
        );
        assert_eq!(format!("{call:?}"), "GET /v2/positions/BTC/USD?x=1#y");
        let signed = Call::get(&["api"])
            .signed_query("symbol=%EF%BC%91&quantity=1.0&signature=aB%2B%2F%3D".to_owned());
        assert_eq!(
            signed.url(&base).as_str(),
            "https://host/base/api?symbol=%EF%BC%91&quantity=1.0&signature=aB%2B%2F%3D"
        );
        let by_id = Call::get(&["v2", "orders:by_client_order_id"]);
        assert_eq!(by_id.url(&base).path(), "/base/v2/orders:by_client_order_id");
    }
}
