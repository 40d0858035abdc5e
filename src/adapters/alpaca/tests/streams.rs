//! The streams over real sockets: silence, junk, refusals, and what comes after.

use super::*;
use crate::{
    adapters::alpaca::{
        loopback::{Peer, within},
        stream::Timing,
    },
    broker::{Channel, Event, Link, Market, Sink, Watched},
    transport::{backoff, supervise::Silence},
};
use tokio::sync::{mpsc, watch};

fn quick() -> Timing {
    let silence = Silence { stale_ms: 300, dead_ms: 600 };
    let usual = Timing::default();
    let backoff = backoff::Plan { base_ms: 20, cap_ms: 50, floor_ms: 1, held_ms: 60_000 };
    Timing {
        ping_ms: 50,
        connection: silence,
        market: silence,
        link: crate::transport::supervise::Plan { ready_ms: 5_000, backoff, ..usual.link },
        ..usual
    }
}

/// A venue with its four servers, and an engine's ends of the lanes.
struct Desk {
    orders: Sockets,
    market: Sockets,
    rest: Server,
    events: mpsc::Receiver<(VenueId, Event)>,
    news: mpsc::Receiver<Vec<Market>>,
    watched: watch::Sender<Watched>,
    task: tokio::task::JoinHandle<()>,
}

fn watching(names: &[&str]) -> Watched {
    Watched { symbols: names.iter().map(|s| symbol(s)).collect(), ..Watched::default() }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    async fn open(watched: &[&str], market_is_open: bool) -> Self {
        let rest = Server::start(move |seen: &Seen| match seen.path() {
            "/v2/stocks/snapshots" => Reply::json(
                200,
                &json!({"AAPL": {"prevDailyBar": {"c": 173.19, "h": 1, "l": 1, "o": 1, "t": "2026-11-19T05:00:00Z", "v": 5}}}),
            ),
            "/v2/clock" => Reply::json(200, &json!({"is_open": market_is_open})),
            _ => Reply::Gone,
        })
        .await;
        let (orders, market) = (Sockets::start().await, Sockets::start().await);
        let settings = Settings {
            trading_stream_url: Some(orders.url()),
            data_stream_url: Some(market.url()),
            ..settings(&rest.url())
        };
        let venue = alpaca_with(settings).with_timing(quick());
        let (order_lane, events) = mpsc::channel(64);
        let (market_lane, news) = mpsc::channel(64);
        let (watched, seen) = watch::channel(watching(watched));
        let sink = Sink::new(super::venue(), order_lane, market_lane);
        let task = tokio::spawn(async move { venue.stream(seen, sink).await });
        Self { orders, market, rest, events, news, watched, task }
    }
    /// The next event that is not about vitals or another channel.
    async fn event(&mut self, of: Channel) -> Event {
        loop {
            let (_, event) = within(self.events.recv()).await.unwrap();
            let is_other = match &event {
                Event::Vitals(_) => true,
                Event::Link { channel, .. } | Event::Quarantined { channel, .. } => *channel != of,
                Event::Order(_)
                | Event::Execution(_)
                | Event::RequestRefused { .. }
                | Event::Halt { .. }
                | Event::Notice { .. } => false,
            };
            if !is_other {
                return event;
            }
        }
    }
    /// Reads until the link stands so.
    async fn link(&mut self, of: Channel, wanted: impl Fn(&Link) -> bool) -> Link {
        loop {
            if let Event::Link { link, .. } = self.event(of).await
                && wanted(&link)
            {
                return link;
            }
        }
    }
    async fn orders_up(&mut self) -> Peer {
        let mut peer = self.orders.peer().await;
        let login = json!({"action": "authenticate", "data": {"key_id": "PK1", "secret_key": CANARY}});
        assert_eq!(peer.hear().await, login);
        peer.say(r#"{"stream":"authorization","data":{"action":"authenticate","status":"authorized"}}"#)
            .await;
        let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}});
        assert_eq!(peer.hear().await, listen);
        peer.say(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#).await;
        self.link(Channel::Orders, |l| *l == Link::Up).await;
        peer
    }
    async fn market_up(&mut self) -> Peer {
        let mut peer = self.market.peer().await;
        peer.say(r#"[{"T":"success","msg":"connected"}]"#).await;
        assert_eq!(peer.hear().await, json!({"action": "auth", "key": "PK1", "secret": CANARY}));
        peer.say(r#"[{"T":"success","msg":"authenticated"}]"#).await;
        assert_eq!(peer.hear().await["quotes"], json!(["AAPL"]));
        peer.say(r#"[{"T":"subscription","trades":["AAPL"],"quotes":["AAPL"],"bars":["AAPL"]}]"#).await;
        self.link(Channel::Market, |l| *l == Link::Up).await;
        peer
    }
}

fn filled() -> String {
    let order = told(json!({"status": "filled", "filled_qty": "10", "filled_avg_price": "175.4"}));
    json!({"stream": "trade_updates", "data": {"event": "fill", "order": order, "price": "175.4", "qty": "10",
        "timestamp": "2026-11-20T15:00:01Z", "execution_id": "e-1", "position_qty": "10"}})
    .to_string()
}

const QUOTE: &str = r#"[{"T":"q","S":"AAPL","bx":"U","bp":175.49,"bs":100,"ax":"Q","ap":175.51,"as":4,"t":"2026-11-20T15:00:00Z","c":["R"],"z":"C"}]"#;

#[tokio::test]
async fn a_silent_order_stream_is_stale_then_replaced_and_up_only_when_it_listens_again() {
    let mut desk = Desk::open(&[], true).await;
    // From here on this peer answers nothing, pings included, and does not hang up.
    let mut silent = desk.orders_up().await;
    silent.say(filled().into_bytes()).await;
    assert!(matches!(desk.event(Channel::Orders).await, Event::Execution(e) if e.id.as_str() == "e-1"));
    assert!(
        matches!(desk.event(Channel::Orders).await, Event::Order(o) if o.status == OrderEvent::FilledWhole)
    );
    desk.link(Channel::Orders, |l| *l == Link::Stale).await;
    let link = desk.link(Channel::Orders, |l| matches!(l, Link::Backoff { .. })).await;
    assert!(matches!(link, Link::Backoff { why, .. } if why.as_str().contains("no sign of life")));
    assert!(matches!(desk.event(Channel::Orders).await, Event::Link { link: Link::Connecting, .. }));
    let mut peer = desk.orders_up().await;
    peer.say(filled()).await;
    assert!(matches!(desk.event(Channel::Orders).await, Event::Execution(_)));
    drop(silent);
}

#[tokio::test]
async fn a_refused_key_is_told_once_and_not_tried_again() {
    let mut desk = Desk::open(&[], true).await;
    let mut peer = desk.orders.peer().await;
    peer.hear().await;
    peer.say(r#"{"stream":"authorization","data":{"action":"authenticate","status":"unauthorized"}}"#).await;
    let link = desk.link(Channel::Orders, |l| matches!(l, Link::Dead { .. })).await;
    assert!(!format!("{link:?}").contains(CANARY));
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let mut desk = Desk::open(&[], true).await;
    drop(desk.orders_up().await);
    desk.link(Channel::Orders, |l| matches!(l, Link::Backoff { .. })).await;
    desk.orders_up().await;
}

#[tokio::test]
async fn a_message_of_a_megabyte_ends_the_connection_and_waits_before_the_next() {
    let mut desk = Desk::open(&[], true).await;
    let mut peer = desk.orders_up().await;
    peer.say(" ".repeat(1024 * 1024 + 1)).await;
    let link = desk.link(Channel::Orders, |l| matches!(l, Link::Backoff { .. })).await;
    assert!(matches!(link, Link::Backoff { why, .. } if why.as_str().contains("larger than the limit")));
}

#[tokio::test]
async fn market_news_flows_and_nonsense_in_it_is_put_aside() {
    let mut desk = Desk::open(&["AAPL"], true).await;
    let mut peer = desk.market_up().await;
    let day = within(desk.news.recv()).await.unwrap().remove(0);
    let Market::Day(day) = day else { panic!("{day:?}") };
    assert_eq!(day.previous_close, Some("173.19".parse().unwrap()));
    peer.say(QUOTE.replace("175.49", "1e400")).await;
    let event = desk.event(Channel::Market).await;
    assert!(matches!(event, Event::Quarantined { count: 1, .. }), "{event:?}");
    peer.say(QUOTE).await;
    let news = within(desk.news.recv()).await.unwrap().remove(0);
    assert!(matches!(news, Market::Quote(q) if q.bid.unwrap().0 == "175.49".parse().unwrap()));
    desk.watched.send(watching(&["AAPL", "TSLA"])).unwrap();
    assert_eq!(peer.hear().await["trades"], json!(["TSLA"]));
}

#[tokio::test]
async fn silence_in_an_open_market_is_an_alarm_although_pings_are_answered() {
    let mut desk = Desk::open(&["AAPL"], true).await;
    let silent = desk.market_up().await.stay();
    desk.link(Channel::Market, |l| *l == Link::Stale).await;
    let link = desk.link(Channel::Market, |l| matches!(l, Link::Backoff { .. })).await;
    assert!(matches!(link, Link::Backoff { why, .. } if why.as_str().contains("no market news")));
    desk.market_up().await;
    silent.abort();
}

#[tokio::test]
async fn silence_in_a_closed_market_is_as_it_should_be() {
    let mut desk = Desk::open(&["AAPL"], false).await;
    let silent = desk.market_up().await.stay();
    // The market's silence was noticed, the clock was asked, and the link stays up past the time of giving up.
    loop {
        let seen = within(desk.rest.seen.recv()).await.unwrap();
        if seen.path() == "/v2/clock" {
            break;
        }
    }
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(900), async {
        desk.link(Channel::Market, |l| matches!(l, Link::Backoff { .. } | Link::Stale)).await
    });
    assert!(quiet.await.is_err());
    silent.abort();
}

#[tokio::test]
async fn the_streams_end_with_the_engine() {
    let mut desk = Desk::open(&[], true).await;
    let mut peer = desk.orders_up().await;
    desk.events.close();
    drop(std::mem::replace(&mut desk.events, mpsc::channel(1).1));
    peer.say(filled()).await;
    within(&mut desk.task).await.unwrap();
}
