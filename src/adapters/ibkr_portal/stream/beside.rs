//! What the stream asks by request while it listens. It is asked beside the stream and not within it: who opens the session
//! holds up all who need one until he is done, and so has to go on also while the stream itself is one of those.

use crate::{
    adapters::{ibkr_portal::rest::Api, pump::Gone},
    broker::Fault,
    domain::ids::{InstrumentId, Symbol},
    transport::limit::Class,
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait to be taken up, which happens at once.
const QUEUE: usize = 4;

/// What is asked.
#[derive(Debug)]
pub(super) enum Ask {
    /// A sign of life.
    Tickle,
    /// What the gateway calls these.
    Resolve(Vec<Symbol>),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Told {
    Tickled(Result<String, Fault>),
    /// Those that were found, and whether the others are not there, as far as the gateway says.
    Resolved(BTreeMap<i64, InstrumentId>, bool),
}

/// Where its answer comes. Let go, it is asked no more.
pub(super) type Awaited = oneshot::Receiver<Told>;

type Asked = (Ask, oneshot::Sender<Told>);

/// Where to ask.
#[derive(Debug)]
pub(super) struct Asks(mpsc::Sender<Asked>);

impl Asks {
    /// Asks.
    ///
    /// # Errors
    /// Nobody answers any more.
    pub(super) async fn ask(&self, ask: Ask) -> Result<Awaited, Gone> {
        let (tell, told) = oneshot::channel();
        self.0.send((ask, tell)).await.map_err(|_| Gone)?;
        Ok(told)
    }
}

/// Where to ask, and what is asked there.
pub(super) fn asks() -> (Asks, mpsc::Receiver<Asked>) {
    let (asks, asked) = mpsc::channel(QUEUE);
    (Asks(asks), asked)
}

/// Answers until nobody can ask any more. One does not wait for another.
pub(super) async fn answer(api: &Api, mut asked: mpsc::Receiver<Asked>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            next = asked.recv() => match next {
                Some((ask, tell)) => under_way.push(tell_of(api, ask, tell)),
                None => return,
            },
            Some(()) = under_way.next() => {}
        }
    }
}

async fn tell_of(api: &Api, ask: Ask, mut tell: oneshot::Sender<Told>) {
    let told = tokio::select! {
        told = ask.of(api) => told,
        () = tell.closed() => return,
    };
    // Who has let go meanwhile does not want it.
    drop(tell.send(told));
}

impl Ask {
    async fn of(self, api: &Api) -> Told {
        match self {
            Self::Tickle => Told::Tickled(api.tickle().await),
            Self::Resolve(symbols) => {
                let (mut found, mut is_whole) = (BTreeMap::new(), true);
                for symbol in symbols {
                    match api.contract(&symbol, Class::Entry).await {
                        Ok(contract) => _ = found.insert(contract.conid, contract.instrument.id),
                        Err(fault) => {
                            tracing::debug!(%fault, %symbol, "its contract could not be had");
                            is_whole = is_whole && matches!(fault, Fault::Refused { .. });
                        }
                    }
                }
                Told::Resolved(found, is_whole)
            }
        }
    }
}
