//! The market data subscriptions of one connection.

use crate::{
    adapters::ibkr_tws::{
        map::{market::Feed, rules::Rules},
        rest::{Api, gate::Session},
    },
    broker::{Channel, Event, Fault, Market},
    domain::{
        ids::Symbol,
        money::Price,
        text::Text,
        time::{Mono, Now},
    },
    transport::limit::Class,
};
use futures_util::Stream as _;
use ibapi::{
    Error as Theirs,
    market_data::realtime::TickTypes,
    subscriptions::{Subscription, SubscriptionItem},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    task::{Context, Poll},
};

/// Ticks taken in at once before anything else has its turn.
const BATCH_MAX: usize = 512;
/// After a subscription failed, or there was no room for it in the limit of messages.
const AGAIN_MS: u64 = 30_000;
const NO_ROOM_MS: u64 = 500;

/// One subscription.
struct Live {
    ticks: Subscription<TickTypes>,
    feed: Feed,
    rules: Rules,
}

/// What came of one of them.
pub(super) struct Moved {
    symbol: Symbol,
    item: Option<Result<SubscriptionItem<TickTypes>, Theirs>>,
}

/// What was taken in, beside the news.
pub(super) struct Taken {
    pub(super) lasts: Vec<(Symbol, Price)>,
    pub(super) unread: Vec<Event>,
}

#[derive(Default)]
pub(super) struct Feeds {
    wanted: BTreeSet<Symbol>,
    live: BTreeMap<Symbol, Live>,
    /// Not to be tried before.
    waits: BTreeMap<Symbol, Mono>,
    quarantined: u64,
}

impl Feeds {
    /// These and no others.
    pub(super) fn want(&mut self, symbols: &BTreeSet<Symbol>) {
        self.wanted.clone_from(symbols);
        // Dropped, a subscription cancels itself.
        self.live.retain(|symbol, _| symbols.contains(symbol));
        self.waits.retain(|symbol, _| symbols.contains(symbol));
    }

    /// TWS has lost them all.
    pub(super) fn renew(&mut self) {
        self.live.clear();
        self.waits.clear();
    }

    /// Are prices of any of them not of now?
    pub(super) fn is_any_old(&self) -> bool {
        self.live.values().any(|live| live.feed.is_old)
    }

    /// When [`Feeds::subscribe`] has something to do, at the latest.
    pub(super) fn due_at(&self, now: Mono) -> Option<Mono> {
        let missing = self.wanted.iter().filter(|symbol| !self.live.contains_key(*symbol));
        missing.map(|symbol| self.waits.get(symbol).copied().unwrap_or(now)).min()
    }

    /// Subscribes to the first of what is wanted and not had yet: one at a time, so that orders are never held up.
    pub(super) async fn subscribe(&mut self, api: &Api, session: &Session) {
        let now = api.clock().now().mono;
        let is_due = |symbol: &&Symbol| {
            !self.live.contains_key(*symbol) && self.waits.get(*symbol).is_none_or(|at| *at <= now)
        };
        let Some(symbol) = self.wanted.iter().find(is_due).cloned() else { return };
        let wait = match api.feed(&symbol, session).await {
            Ok((rules, ticks)) => {
                self.live.insert(symbol, Live { ticks, feed: Feed::default(), rules });
                return;
            }
            Err(Fault::Limited { .. }) => NO_ROOM_MS,
            Err(fault) => {
                tracing::debug!(%symbol, %fault, "no market data");
                AGAIN_MS
            }
        };
        self.waits.insert(symbol, now.plus_ms(wait));
    }

    /// Waits for the next ticks of any of them.
    pub(super) async fn moved(&mut self) -> Vec<Moved> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Moved>> {
        let mut moved = Vec::new();
        for (symbol, live) in &mut self.live {
            while moved.len() < BATCH_MAX
                && let Poll::Ready(item) = Pin::new(&mut live.ticks).poll_next(cx)
            {
                let is_over = !matches!(item, Some(Ok(_)));
                moved.push(Moved { symbol: symbol.clone(), item });
                if is_over {
                    break;
                }
            }
        }
        if moved.is_empty() { Poll::Pending } else { Poll::Ready(moved) }
    }

    /// Takes ticks in and says what is new.
    pub(super) fn take(&mut self, moved: Vec<Moved>, now: Now, news: &mut Vec<Market>) -> Taken {
        let mut taken = Taken { lasts: Vec::new(), unread: Vec::new() };
        let mut touched = BTreeSet::new();
        for Moved { symbol, item } in moved {
            let why = match item {
                Some(Ok(SubscriptionItem::Data(tick))) => {
                    let Some(live) = self.live.get_mut(&symbol) else { continue };
                    let applied = live.feed.apply(&tick);
                    touched.insert(symbol.clone());
                    match applied {
                        Ok(()) => continue,
                        Err(why) => why.to_string(),
                    }
                }
                Some(Ok(SubscriptionItem::Notice(notice))) => {
                    tracing::debug!(%symbol, code = notice.code, "TWS remarks: {}", Text::clean(&notice.message));
                    continue;
                }
                Some(Err(error)) => {
                    self.drop_feed(&symbol, now.mono);
                    tracing::debug!(%symbol, %error, "market data ended");
                    continue;
                }
                None => {
                    self.drop_feed(&symbol, now.mono);
                    continue;
                }
            };
            self.quarantined = self.quarantined.saturating_add(1);
            let (channel, count) = (Channel::Market, self.quarantined);
            taken.unread.push(Event::Quarantined { channel, count, why: Text::clean(&why) });
        }
        for symbol in touched {
            if let Some(live) = self.live.get_mut(&symbol) {
                live.feed.news(&live.rules.instrument.id, now, news);
                taken.lasts.extend(live.feed.last().map(|last| (symbol, last)));
            }
        }
        taken
    }

    fn drop_feed(&mut self, symbol: &Symbol, now: Mono) {
        self.live.remove(symbol);
        self.waits.insert(symbol.clone(), now.plus_ms(AGAIN_MS));
    }
}

impl Api {
    /// Subscribes to what the market says of a symbol.
    pub(super) async fn feed(
        &self,
        symbol: &Symbol,
        session: &Session,
    ) -> Result<(Rules, Subscription<TickTypes>), Fault> {
        let rules = self.rules_of(symbol, Class::Read).await?;
        if let Err(limited) = self.grant(Class::Read, 1).await {
            return Err(self.limited(limited));
        }
        let asked = session.client.market_data(&rules.contract).subscribe().await;
        Ok((rules, asked.map_err(|e| self.fault(&e))?))
    }
}
