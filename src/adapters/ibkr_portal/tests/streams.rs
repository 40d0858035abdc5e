//! The stream over real sockets: when it is ready, and that nothing it asks for holds it up.

use super::*;
use crate::{
    adapters::ibkr_portal::{
        loopback::{Peer, Sockets, within},
        stream::Timing,
    },
    broker::{Channel, Event, Link, Sink, Watched},
    transport::{limit::Class, supervise},
};
use futures_util::FutureExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, watch};

/// A stream to a server of requests and one of websockets.
struct Listening {
    portal: Arc<Portal>,
    sockets: Sockets,
    events: mpsc::Receiver<(VenueId, Event)>,
    wanted: watch::Sender<Watched>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listening {
    async fn to(server: &Server, timing: Timing) -> Self {
        let sockets = Sockets::start().await;
        let settings = Settings {
            environment: Some(Environment::Paper),
            trading_url: Some(format!("{}/v1/api", server.url())),
            trading_stream_url: Some(sockets.url()),
            own: BTreeMap::from([("account".into(), crate::config::own::Own::Text("DU1234567".into()))]),
            ..Settings::default()
        };
        let tls = Tls::with_native_roots(None).unwrap();
        let config = Config::new(venue(), settings).unwrap();
        let portal = Portal::new(config, &tls, Arc::new(System::start())).unwrap().with_timing(timing);
        let portal = Arc::new(portal);
        let (order_lane, events) = mpsc::channel(64);
        let (market_lane, mut news) = mpsc::channel(64);
        let (wanted, watched) = watch::channel(Watched::default());
        let streams = Arc::clone(&portal);
        let task = tokio::spawn(async move {
            let market = async { while news.recv().await.is_some() {} };
            tokio::join!(streams.stream(watched, Sink::new(venue(), order_lane, market_lane)), market);
        });
        Self { portal, sockets, events, wanted, task }
    }

    /// Says who it is, and is up.
    async fn up(&mut self) -> Peer {
        let mut peer = self.sockets.peer().await;
        peer.say(r#"{"message":"waiting for session"}"#).await;
        assert_eq!(peer.hear().await, json!({"session": "s"}));
        peer.say(r#"{"topic":"system","success":"user1234"}"#).await;
        let mut links = Vec::new();
        while links.last() != Some(&Link::Up) {
            let (_, event) = within(self.events.recv()).await.unwrap();
            if let Event::Link { channel: Channel::Orders, link, .. } = event {
                links.push(link);
            }
        }
        assert_eq!(links, [Link::Connecting, Link::Up]);
        peer
    }
}

/// Lists are taken once in five seconds, so that a stream may wait for its own behind the engine's for longer than a
/// websocket may take to get ready.
#[tokio::test]
async fn a_stream_that_waited_for_its_lists_has_its_whole_time_to_get_ready() {
    let server = Server::start(answer).await;
    let usual = Timing::default();
    let link = supervise::Plan { ready_ms: 2_000, ..usual.link };
    Listening::to(&server, Timing { link, ..usual }).await.up().await;
}

/// Who opens the session holds up all who need one. The stream is one of those, and goes on all the same.
#[tokio::test]
async fn a_stream_goes_on_while_what_it_asked_beside_opens_the_session() {
    let is_silent = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&is_silent);
    let server = Server::start(move |seen: &Seen| {
        let asks_status = seen.path() == "/v1/api/iserver/auth/status";
        if asks_status && silent.load(Ordering::SeqCst) { Reply::Silence } else { answer(seen) }
    })
    .await;
    let mut stand = Listening::to(&server, Timing::default()).await;
    let mut peer = stand.up().await;
    stand.portal.api.memory().lock().await.is_named = true;
    // The session is lost; what is looked up now begins to open it, and is not answered.
    is_silent.store(true, Ordering::SeqCst);
    stand.portal.api.forget_session();
    let symbols = [Symbol::new("AAPL").unwrap()].into();
    stand.wanted.send(Watched { symbols, ..Watched::default() }).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(stand.portal.api.up(Class::Exit).now_or_never().is_none(), "somebody opens it");
    assert_eq!(
        stand.portal.api.account().as_deref(),
        Some("DU1234567"),
        "news of other accounts are still told apart"
    );
    peer.say(r#"{"topic":"str","args":[{"execution_id":"e-1","account":"DU1234567","conid":265598}]}"#).await;
    peer.say("no JSON at all").await;
    loop {
        let (_, event) = within(stand.events.recv()).await.unwrap();
        if matches!(event, Event::Quarantined { channel: Channel::Orders, .. }) {
            return;
        }
    }
}
