//! How long things may take, and the pump that alone holds the engine's lanes.

use crate::{
    adapters::ibkr_portal::rest::Api,
    broker::{Event, Market, Sink},
    domain::time::Mono,
    transport::{
        alarm::Alarm,
        backoff,
        supervise::{self, Silence},
    },
};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long everything may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Market data is read at most so often: what came in between is taken together, for one wake.
    pub read_ms: u64,
    /// Between two signs of life of ours, by request and on the websocket: the vendor wants both about once a minute.
    pub tickle_ms: u64,
    /// Silence of the websocket: the server's heart beats every ten seconds.
    pub connection: Silence,
    /// So long an order's news waits for the executions that they follow from.
    pub park_ms: u64,
    /// Between two looks for the contract of a symbol that could not be had.
    pub look_ms: u64,
    /// Between two looks at round trips and limits.
    pub vitals_ms: u64,
    /// Becoming ready, living, waiting.
    pub link: supervise::Plan,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_ms: 16,
            tickle_ms: 55_000,
            connection: Silence { stale_ms: 25_000, dead_ms: 45_000 },
            park_ms: 1_500,
            look_ms: 30_000,
            vitals_ms: 1_000,
            link: supervise::Plan { ready_ms: 15_000, lifetime_ms: None, backoff: backoff::Plan::default() },
        }
    }
}

pub(super) enum News {
    Event(Event),
    Market(Vec<Market>),
    /// Time to send on what waited for room.
    Tick,
}

/// The pump is gone, and with it the engine.
pub(super) struct Gone;

pub(super) async fn pump(mut incoming: mpsc::Receiver<News>, mut sink: Sink) {
    while let Some(news) = incoming.recv().await {
        let put = match news {
            News::Event(event) => sink.event(event).await,
            News::Market(list) => sink.market(list),
            News::Tick => sink.flush(),
        };
        if put.is_err() {
            return;
        }
    }
}

pub(super) async fn tell_vitals(api: &Api, every_ms: u64, news: mpsc::Sender<News>) {
    let mut told = None;
    let alarm = Alarm::new();
    loop {
        until(&alarm, api, api.clock().now().mono.next_beat(every_ms)).await;
        let vitals = api.vitals().await;
        let next = if told.as_ref() == Some(&vitals) {
            News::Tick
        } else {
            told = Some(vitals.clone());
            News::Event(Event::Vitals(vitals))
        };
        if news.send(next).await.is_err() {
            return;
        }
    }
}

pub(super) async fn until(alarm: &Alarm, api: &Api, at: Mono) {
    let wait = at.as_nanos().saturating_sub(api.clock().now().mono.as_nanos());
    alarm.after(Duration::from_nanos(wait)).await;
}
