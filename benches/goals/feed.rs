//! Goal 3: a saturated websocket on loopback, through the transport's socket and the adapter's session to the
//! marks, against the same messages from memory. What counts is the reading thread's processor time.

use super::{
    table::{Limit, Row},
    timing::{cpu, cpu_now, each_ns, pair},
    wire,
};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};
use tokio_tungstenite::tungstenite;
use tradedeck::{
    adapters::alpaca::session::{Data, Say, Session},
    book::Marks,
    broker::{Channel, Watched},
    domain::time::Mono,
    transport::{
        socket::{BATCH_MAX, Frame, Options, Socket},
        tls::Tls,
    },
};
use url::Url;

/// How often the lines are sent in a round.
const PASSES: usize = 6;
const MESSAGES: usize = PASSES * wire::SYMBOLS;

/// What stands behind a socket: a session that is logged in, and the marks.
struct State {
    session: Session,
    marks: Marks,
    said: Vec<Say>,
    ms: u64,
}

impl State {
    fn new() -> Self {
        let mut session = Session::Data(Data::new(wire::venue(), Channel::Market));
        let mut said = Vec::new();
        let symbols = BTreeSet::from([wire::symbol(0)]);
        session.watch(&Watched { symbols, ..Watched::default() }, &mut said);
        session.opened(&mut said);
        said.clear();
        Self { session, marks: wire::marks(), said, ms: 0 }
    }

    /// One batch of messages into the marks; gives how many there were.
    fn take<'a>(&mut self, lines: impl Iterator<Item = &'a str>) -> usize {
        self.ms += 1;
        let now = Mono::from_millis(self.ms);
        for line in lines {
            self.session.line(line, now, &mut self.said);
        }
        let mut taken = 0;
        for say in self.said.drain(..) {
            let Say::Market(news) = say else { panic!("{say:?}") };
            self.marks.apply(&news);
            taken += 1;
        }
        taken
    }
}

/// All messages of a pass as a server puts them on the wire.
fn framed(lines: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines {
        out.extend([0x81, 126]);
        out.extend(u16::try_from(line.len()).expect("a short message").to_be_bytes());
        out.extend(line.as_bytes());
    }
    out
}

/// Answers the opening, then writes a round of messages whenever the other side asks for one.
fn serve(stream: impl Read + Write, frames: &[u8]) {
    let mut websocket = tungstenite::accept(stream).map_err(|_| "no websocket").unwrap();
    while let Ok(message) = websocket.read() {
        if message.is_text() {
            let sent = (0..PASSES).try_for_each(|_| {
                frames.chunks(64 * 1024).try_for_each(|chunk| websocket.get_mut().write_all(chunk))
            });
            if sent.and_then(|()| websocket.get_mut().flush()).is_err() {
                return;
            }
        }
    }
}

/// A local authority, as PEM, and a server that it vouches for.
fn authority() -> (String, Arc<rustls::ServerConfig>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let named = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = named.signed_by(&server_key, &issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (root.pem(), Arc::new(config))
}

/// Starts a server for one connection and gives its address.
fn start(frames: Vec<u8>, tls: Option<Arc<rustls::ServerConfig>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    std::thread::spawn(move || {
        let (tcp, _): (TcpStream, _) = listener.accept().unwrap();
        tcp.set_nodelay(true).unwrap();
        match tls {
            None => serve(tcp, &frames),
            Some(config) => {
                let connection = rustls::ServerConnection::new(config).unwrap();
                serve(rustls::StreamOwned::new(connection, tcp), &frames);
            }
        }
    });
    Url::parse(&format!("{scheme}://localhost:{port}/")).unwrap()
}

async fn receive(socket: &mut Socket, state: &mut State) -> Duration {
    socket.send("go").await.unwrap();
    // The first batch is waited for; from then on there is always more.
    let (mut frames, mut taken) = (Vec::with_capacity(BATCH_MAX), 0);
    let before = cpu_now();
    while taken < MESSAGES {
        socket.batch(&mut frames).await.unwrap();
        taken += state.take(frames.iter().map(|frame| {
            let Frame::Text(line) = frame else { panic!("{frame:?}") };
            line.as_str()
        }));
        frames.clear();
    }
    cpu_now().saturating_sub(before)
}

fn measure(what: &'static str, limit: f64, tls: Option<(String, Arc<rustls::ServerConfig>)>) -> Row {
    let lines = wire::lines();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (pem, server) = tls.unzip();
    let trusted = match pem {
        Some(pem) => Tls::with_only(pem.as_bytes()),
        None => Tls::with_native_roots(None),
    };
    let url = start(framed(&lines), server);
    let options = Options::default();
    let mut socket = runtime.block_on(Socket::connect(&url, trusted.as_ref().unwrap(), &options)).unwrap();
    let (mut state, mut memory) = (State::new(), State::new());
    let in_memory = || {
        cpu(|| {
            for _ in 0..PASSES {
                for batch in lines.chunks(BATCH_MAX) {
                    memory.take(batch.iter().map(String::as_str));
                }
            }
        })
    };
    let pair = pair(15, || runtime.block_on(receive(&mut socket, &mut state)), in_memory);
    let each = |time| each_ns(time, MESSAGES);
    Row {
        goal: 3,
        what,
        figure: 1.0 / pair.ratio,
        unit: "",
        limit: Limit::AtLeast(limit),
        sides: format!("{:.0} ns a message; from memory {:.0} ns", each(pair.ours), each(pair.yardstick)),
    }
}

pub(crate) fn websocket_to_state() -> Vec<Row> {
    vec![
        measure("websocket to state, saturated; of in-memory", 0.60, None),
        measure("the same with TLS", 0.50, Some(authority())),
    ]
}
