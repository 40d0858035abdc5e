//! Requests and websockets against servers that misbehave in every way that has hurt somebody.

use super::{
    authority::Authority,
    loopback::{Peer, Reply, Seen, Server, Sockets, closed_port, read_request, within},
};
use http::{HeaderName, HeaderValue};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tradedeck::{
    clock::System,
    config::secret::Secret,
    transport::{
        Error,
        rest::{Call, Options, Rest, Sent, secret_header},
        socket::{self, BATCH_MAX, Frame, Socket},
        tls::{Scheme, Tls, address},
    },
};

const CANARY: &str = "canary-secret-4711";

fn tls() -> Tls {
    Tls::with_only(Authority::new("ours").pem().as_bytes()).unwrap()
}

fn rest_with(base: &str, tls: &Tls, deadline_ms: u64) -> Rest {
    let mut options = Options { deadline: Duration::from_millis(deadline_ms), ..Options::default() };
    let key = HeaderName::from_static("apca-api-secret-key");
    options.headers.insert(key, secret_header(&Secret::new(CANARY.to_owned())).unwrap());
    Rest::new(address(base, Scheme::Http).unwrap(), tls, options, Arc::new(System::start())).unwrap()
}

fn rest(base: &str) -> Rest {
    rest_with(base, &tls(), 2_000)
}

fn post() -> Call {
    Call::new(http::Method::POST, &["v2", "orders"]).json("{\"qty\":\"1\"}").query("signature", CANARY)
}

fn not_sent(sent: Sent) -> String {
    match sent {
        Sent::NotSent { why } => why.as_str().to_owned(),
        other @ (Sent::Unanswered { .. } | Sent::Answered(_)) => panic!("{other:?}"),
    }
}

fn unanswered(sent: Sent) -> String {
    match sent {
        Sent::Unanswered { why } => why.as_str().to_owned(),
        other @ (Sent::NotSent { .. } | Sent::Answered(_)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_headers_and_its_time() {
    let mut server = Server::start(|_: &Seen| {
        Reply::Full(422, vec![("x-ratelimit-remaining", "198".to_owned())], b"{\"code\":42210000}".to_vec())
    })
    .await;
    let Sent::Answered(answer) = rest(&server.url()).send(post()).await else { panic!("no answer") };
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (422, &b"{\"code\":42210000}"[..]));
    assert_eq!(answer.number("X-RateLimit-Remaining"), Some(198));
    assert!(answer.round_trip_ns > 0);
    let seen = server.drain();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method.as_str(), seen[0].path()), ("POST", "/v2/orders"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].header("apca-api-secret-key"), Some(CANARY));
    assert_eq!(seen[0].json(), serde_json::json!({"qty": "1"}));
    assert_eq!(seen[0].query(), [("signature".to_owned(), CANARY.to_owned())]);
}

#[tokio::test]
async fn no_connection_means_not_sent() {
    let said = not_sent(rest(&format!("http://{}", closed_port().await)).send(post()).await);
    assert!(said.contains("refused"), "{said}");
    // A listener whose queue nobody serves and a name that does not exist are the same: nothing went out.
    let said = not_sent(rest("https://no-such-host.invalid").send(post()).await);
    assert!(!said.contains(CANARY) && !said.contains("signature"), "{said}");
}

#[tokio::test]
async fn whatever_happens_after_sending_is_unanswered_and_sent_once() {
    let huge = vec![b' '; 1024 * 1024 + 1];
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":\"61e6".to_vec();
    for (name, reply, expected) in [
        ("silence", Reply::Silence, "timed out"),
        ("drip", Reply::Drip, ""),
        ("gone", Reply::Gone, ""),
        ("cut", Reply::Raw(cut), ""),
        ("not http", Reply::Raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), ""),
        ("huge", Reply::Full(200, Vec::new(), huge), "larger than 1048576 bytes"),
    ] {
        let mut server = Server::start(move |_: &Seen| reply.clone()).await;
        let rest = rest_with(&server.url(), &tls(), 300);
        let said = unanswered(rest.send(post()).await);
        assert!(said.contains(expected), "{name}: {said}");
        assert!(!said.contains(CANARY) && !said.contains("127.0.0.1"), "{name}: {said}");
        assert_eq!(server.drain().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_and_one_that_was_closed_meanwhile_is_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    // Two requests on the first connection, which is closed then, and one on the next.
    let (closed, is_closed) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(async move {
        let mut closed = Some(closed);
        let mut seen = Vec::new();
        for requests in [2, 1] {
            let (mut tcp, _) = listener.accept().await.unwrap();
            for _ in 0..requests {
                seen.push(read_request(&mut tcp, &mut Vec::new()).await.unwrap());
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                tokio::io::AsyncWriteExt::write_all(&mut tcp, answer).await.unwrap();
            }
            drop(tcp);
            if let Some(closed) = closed.take() {
                closed.send(()).unwrap();
            }
        }
        seen.len()
    });
    let rest = rest(&base);
    for n in 0..2 {
        assert!(matches!(rest.send(post()).await, Sent::Answered(_)), "{n}");
    }
    is_closed.await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(rest.send(post()).await, Sent::Answered(_)), "over a new one");
    assert_eq!(server.await.unwrap(), 3, "each came once");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_takes_no_key_anywhere() {
    for status in [301, 302, 307, 308] {
        let mut elsewhere = Server::start(|_: &Seen| Reply::json(200, &serde_json::json!({}))).await;
        let to = elsewhere.url();
        let mut server =
            Server::start(move |_: &Seen| Reply::Full(status, vec![("location", to.clone())], Vec::new()))
                .await;
        let Sent::Answered(answer) = rest(&server.url()).send(post()).await else { panic!("no answer") };
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!((server.drain().len(), elsewhere.drain().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_larger_list_is_taken_when_the_call_says_so() {
    let server = Server::start(|_: &Seen| Reply::Full(200, Vec::new(), vec![b'1'; 1024 * 1024 + 1])).await;
    let call = Call::get(&["v2", "assets"]).body_max(8 * 1024 * 1024);
    assert!(
        matches!(rest(&server.url()).send(call).await, Sent::Answered(a) if a.body.len() == 1024 * 1024 + 1)
    );
}

#[test]
fn nothing_printed_shows_a_secret() {
    let mut options = Options::default();
    let key = HeaderName::from_static("apca-api-secret-key");
    options.headers.insert(key.clone(), secret_header(&Secret::new(CANARY.to_owned())).unwrap());
    let call = post().header(key, HeaderValue::from_static("x"));
    let rest = rest("http://127.0.0.1:1");
    let printed = format!("{options:?} {call:?} {rest:?}");
    assert!(!printed.contains(CANARY), "{printed}");
    let said = secret_header(&Secret::new(format!("{CANARY}\u{7f}x"))).unwrap_err().to_string();
    assert!(!said.contains(CANARY), "{said}");
}

#[tokio::test]
async fn a_bad_certificate_is_refused_with_its_reason() {
    let ours = Authority::new("ours");
    let trusted = Tls::with_only(ours.pem().as_bytes()).unwrap();
    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let good = ours.serve("localhost", 2100, ok);
    let sent = rest_with(&format!("https://localhost:{good}"), &trusted, 2_000).send(post()).await;
    assert!(matches!(sent, Sent::Answered(_)), "{sent:?}");
    for (port, reason) in [
        (Authority::new("a stranger").serve("localhost", 2100, ok), "UnknownIssuer"),
        (ours.serve("elsewhere.example", 2100, ok), "not valid for name"),
        (ours.serve("localhost", 2021, ok), "expired"),
    ] {
        let rest = rest_with(&format!("https://localhost:{port}"), &trusted, 2_000);
        let said = not_sent(rest.send(post()).await);
        assert!(said.contains(reason), "{said}");
        let url = address(&format!("wss://localhost:{port}"), Scheme::Websocket).unwrap();
        let said =
            Socket::connect(&url, &trusted, &socket::Options::default()).await.unwrap_err().to_string();
        assert!(said.contains(reason) && said.contains("can't be reached"), "{said}");
    }
}

/// An open websocket whose server has sent these messages, and the server's end of it.
async fn websocket(messages: Vec<Message>) -> (Socket, Peer) {
    let mut sockets = Sockets::start().await;
    let url = address(&sockets.url(), Scheme::Websocket).unwrap();
    let (tls, options) = (tls(), socket::Options::default());
    let (socket, mut peer) = tokio::join!(Socket::connect(&url, &tls, &options), sockets.peer());
    for message in messages {
        peer.say(message).await;
    }
    (socket.unwrap(), peer)
}

#[tokio::test]
async fn text_and_binary_are_both_text_and_pings_are_answered() {
    let (mut socket, mut peer) = websocket(vec![
        Message::text("{\"a\":1}"),
        Message::binary("{\"b\":\"ü\"}".as_bytes().to_vec()),
        Message::Ping(vec![7].into()),
    ])
    .await;
    assert_eq!(socket.next().await.unwrap(), Frame::Text("{\"a\":1}".into()));
    assert_eq!(socket.next().await.unwrap(), Frame::Text("{\"b\":\"ü\"}".into()));
    assert_eq!(socket.next().await.unwrap(), Frame::Ping);
    socket.send("{\"hello\":1}").await.unwrap();
    assert_eq!(peer.hear().await, serde_json::json!({"hello": 1}));
    let rest = peer.stay();
    socket.ping().await.unwrap();
    assert_eq!(within(socket.next()).await.unwrap(), Frame::Pong);
    socket.close().await;
    let rest = within(rest).await.unwrap();
    assert!(rest.contains(&Message::Pong(vec![7].into())), "{rest:?}");
    assert!(rest.iter().any(Message::is_close), "{rest:?}");
}

#[tokio::test]
async fn what_is_there_is_taken_in_one_go_but_never_more_than_a_batch() {
    let (mut socket, _peer) = websocket((0..200).map(|n| Message::text(n.to_string())).collect()).await;
    let (mut all, mut batches) = (Vec::new(), 0);
    while all.len() < 200 {
        let mut batch = Vec::new();
        socket.batch(&mut batch).await.unwrap();
        assert!((1..=BATCH_MAX).contains(&batch.len()));
        all.extend(batch);
        batches += 1;
    }
    assert_eq!(all, (0..200).map(|n| Frame::Text(n.to_string().as_str().into())).collect::<Vec<_>>());
    assert!(batches < 200);
}

#[tokio::test]
async fn frames_before_the_end_are_handed_out_before_the_end() {
    let bye = tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: 1008.into(),
        reason: "slow \u{1b}[2Jclient".into(),
    };
    let said = vec![Message::text("1"), Message::text("2"), Message::Close(Some(bye))];
    let (mut socket, _peer) = websocket(said).await;
    let mut frames = Vec::new();
    let error = loop {
        if let Err(error) = socket.batch(&mut frames).await {
            break error;
        }
    };
    assert_eq!(frames.len(), 2);
    assert_eq!(error.to_string(), "the other side closed the connection (code 1008: slow [2Jclient)");
}

#[tokio::test]
async fn messages_that_are_too_large_or_not_text_end_the_connection() {
    let (mut socket, _peer) = websocket(vec![Message::text("x".repeat(1024 * 1024 + 1))]).await;
    assert!(matches!(socket.next().await, Err(Error::TooLarge(_))));
    let (mut socket, _peer) = websocket(vec![Message::binary(vec![0xff, 0xfe])]).await;
    assert!(matches!(socket.next().await, Err(Error::NotText)));
    // A text frame that is not text, which no honest library would send.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tcp = tokio_tungstenite::accept_async(tcp).await.unwrap().into_inner();
        tcp.write_all(&[0x81, 2, 0xff, 0xfe]).await.unwrap();
        std::future::pending::<()>().await;
    });
    let url = address(&url, Scheme::Websocket).unwrap();
    let mut socket = Socket::connect(&url, &tls(), &socket::Options::default()).await.unwrap();
    assert!(matches!(socket.next().await, Err(Error::NotText)));
}

#[tokio::test]
async fn an_upgrade_that_is_never_answered_or_refused_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = address(&format!("ws://{}", listener.local_addr().unwrap()), Scheme::Websocket).unwrap();
    let options =
        socket::Options { connect_timeout: Duration::from_millis(200), ..socket::Options::default() };
    let silent = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        read_request(&mut tcp, &mut Vec::new()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = Socket::connect(&url, &tls(), &options).await.unwrap_err();
    assert_eq!(error.to_string(), "opening the websocket took longer than 200 ms");
    silent.abort();

    let server = Server::start(|_: &Seen| Reply::Json(429, "{}".to_owned())).await;
    let url = address(&format!("ws://{}", server.addr), Scheme::Websocket).unwrap();
    let error = Socket::connect(&url, &tls(), &options).await.unwrap_err();
    assert!(error.to_string().ends_with("answered 429 instead of opening a websocket"), "{error}");

    let url = address(&format!("ws://{}", closed_port().await), Scheme::Websocket).unwrap();
    let error = Socket::connect(&url, &tls(), &options).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_send_that_nobody_takes_has_a_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = address(&format!("ws://{}", listener.local_addr().unwrap()), Scheme::Websocket).unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let _stalled = tokio_tungstenite::accept_async(tcp).await.unwrap();
        std::future::pending::<()>().await;
    });
    let options = socket::Options { send_timeout: Duration::from_millis(200), ..socket::Options::default() };
    let mut socket = Socket::connect(&url, &tls(), &options).await.unwrap();
    let text = "x".repeat(1024 * 1024);
    let error = loop {
        if let Err(error) = socket.send(&text).await {
            break error;
        }
    };
    assert_eq!(error.to_string(), "sending on the websocket took longer than 200 ms");
}
