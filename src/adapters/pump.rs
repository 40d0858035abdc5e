//! What the streams of a venue say goes into one pump, which alone holds the engine's lanes.

use crate::{
    broker::{Event, Market, Sink, event::Vitals},
    clock::Clock,
    transport::alarm::Alarm,
};
use tokio::sync::mpsc;

/// What a stream says.
pub(super) enum News {
    Event(Event),
    Market(Vec<Market>),
    /// Time to send on what waited for room.
    Tick,
}

/// The pump is gone, and with it the engine.
pub(super) struct Gone;

/// Puts what comes in into the engine's lanes, until one of the two ends.
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

/// Looks at how a venue does at whole multiples of `every_ms`, and tells what has changed.
pub(super) async fn tell_vitals<F: Future<Output = Vitals>>(
    clock: &dyn Clock,
    vitals: impl Fn() -> F,
    every_ms: u64,
    news: mpsc::Sender<News>,
) {
    let mut told = None;
    let alarm = Alarm::new();
    loop {
        alarm.at(clock, clock.now().mono.next_beat(every_ms)).await;
        let now = vitals().await;
        let next = if told.as_ref() == Some(&now) {
            News::Tick
        } else {
            told = Some(now.clone());
            News::Event(Event::Vitals(now))
        };
        if news.send(next).await.is_err() {
            return;
        }
    }
}
