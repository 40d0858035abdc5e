//! The connection: made, watched for silence, made again after a wait that grows. It alone hears what TWS tells without
//! being asked, orders and market alike, and it is the one that requests go over.

mod feeds;

use self::feeds::Feeds;
use super::{
    rest::{Api, gate::Session},
    wire::code,
};
use crate::{
    broker::{Channel, Event, Link, Sink, Watched, event::Closed},
    domain::{text::Text, time::Mono},
    transport::{
        alarm::Alarm,
        backoff, dice,
        limit::Class,
        supervise::{self, Act, Silence, Supervisor},
    },
};
use futures_util::{FutureExt as _, StreamExt as _};
use ibapi::{
    Error as Theirs, Notice,
    market_data::MarketDataType,
    orders::OrderUpdate,
    subscriptions::{NoticeStream, Subscription, SubscriptionItem},
};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio::sync::watch;

/// How long everything may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Market data is taken together over so long.
    pub read_ms: u64,
    /// Between two questions for the gateway's time, on whole multiples of this.
    pub ping_ms: u64,
    /// Silence of the whole connection, those answers included.
    pub connection: Silence,
    /// Between two looks at round trips and limits.
    pub vitals_ms: u64,
    /// After TWS has lost IBKR's servers, when to look again.
    pub lost_ms: u64,
    /// Becoming ready, living, waiting.
    pub link: supervise::Plan,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_ms: 16,
            ping_ms: 5_000,
            connection: Silence { stale_ms: 12_000, dead_ms: 20_000 },
            vitals_ms: 1_000,
            lost_ms: 30_000,
            link: supervise::Plan { ready_ms: 15_000, lifetime_ms: None, backoff: backoff::Plan::default() },
        }
    }
}

const CONNECTION: &str = "sign of life";
/// Order news taken in at once before anything else has its turn.
const BATCH_MAX: usize = 64;

/// Why a connection ended.
enum End {
    /// The engine is gone.
    Gone,
    /// It is over; another is made.
    Over(Text),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

type Ping<'a> = Pin<Box<dyn Future<Output = Result<(), Theirs>> + Send + 'a>>;

/// Runs until the engine is gone.
pub async fn run(api: &Api, timing: Timing, watched: watch::Receiver<Watched>, sink: Sink) {
    let now = api.clock().now().mono;
    let line = Line {
        api,
        timing,
        sink,
        link: Supervisor::new(timing.link, now),
        alarm: Alarm::new(),
        shown: [None, None],
        lost: None,
        broken_farms: std::collections::BTreeSet::new(),
        vitals: None,
        vitals_at: now,
        is_paced: false,
    };
    line.run(watched).await;
}

struct Line<'a> {
    api: &'a Api,
    timing: Timing,
    sink: Sink,
    link: Supervisor,
    alarm: Alarm,
    /// What was last told of the two channels.
    shown: [Option<Link>; 2],
    /// TWS is there and has lost IBKR's servers: since when, and in its words.
    lost: Option<(Mono, Text)>,
    /// Market data farms that are said to be broken, by their names.
    broken_farms: std::collections::BTreeSet<String>,
    vitals: Option<crate::broker::event::Vitals>,
    vitals_at: Mono,
    /// TWS said that there were too many messages.
    is_paced: bool,
}

/// One connection.
struct Life<'a> {
    session: Arc<Session>,
    orders: Subscription<OrderUpdate>,
    notices: NoticeStream,
    feeds: Feeds,
    ping: Option<Ping<'a>>,
    ping_at: Mono,
    read_at: Mono,
}

impl<'a> Line<'a> {
    async fn run(mut self, mut watched: watch::Receiver<Watched>) {
        loop {
            let due = self.link.poll(self.now()) == Some(Act::Connect);
            if self.show(false).await.is_err() {
                return;
            }
            if !due {
                let wake = self.link.wake_at().min(self.vitals_at);
                self.until(wake).await;
                if self.tell_vitals().await.is_err() {
                    return;
                }
                continue;
            }
            let end = match self.open().await {
                Ok(life) => self.live(life, &mut watched).await,
                Err(why) => End::Over(why),
            };
            match end {
                End::Gone => return,
                End::Over(why) => {
                    self.api.gate.close(why.clone());
                    (self.lost, self.broken_farms) = (None, std::collections::BTreeSet::new());
                    self.link.closed(why, self.now(), dice());
                }
            }
        }
    }

    /// Connects and subscribes to what the whole connection tells.
    async fn open(&mut self) -> Result<Life<'a>, Text> {
        let (session, notices) = Session::open(self.api.config()).await?;
        let failed = |error: Theirs| Text::clean(&error.to_string());
        let orders = session.client.order_update_stream().await.map_err(failed)?;
        // Prices of now where the account may have them, delayed ones where it may not.
        if self.api.grant(Class::Exit, 1).await.is_ok() {
            session.client.switch_market_data_type(MarketDataType::Delayed).await.map_err(failed)?;
        }
        let now = self.now();
        self.link.watch(CONNECTION, self.timing.connection, now);
        self.link.ready(now);
        let session = Arc::new(session);
        self.api.gate.open(Arc::clone(&session));
        Ok(Life { session, orders, notices, feeds: Feeds::default(), ping: None, ping_at: now, read_at: now })
    }

    async fn live(&mut self, mut life: Life<'a>, watched: &mut watch::Receiver<Watched>) -> End {
        watched.mark_changed();
        let end = loop {
            if let Err(end) = self.turn(&mut life, watched).await {
                break end;
            }
        };
        // Whoever still waits for an answer on it is told that none will come.
        life.session.client.disconnect().await;
        end
    }

    /// One wait and what follows from it.
    async fn turn(&mut self, life: &mut Life<'a>, watched: &mut watch::Receiver<Watched>) -> Result<(), End> {
        self.show(life.feeds.is_any_old()).await?;
        let due = self.api.orders.lock().await.due_at();
        let wake = self.wake_at(life, due);
        let is_rested = life.read_at <= self.now();
        let mut items = Vec::new();
        tokio::select! {
            biased;
            item = life.orders.next() => items.push(item),
            notice = life.notices.next() => match notice {
                Some(notice) => self.system(&notice, life)?,
                None => return Err(over()),
            },
            pong = pong(&mut life.ping) => {
                life.ping = None;
                match pong {
                    Ok(()) => self.link.heard(CONNECTION, self.now()),
                    Err(error) => tracing::debug!(%error, "the gateway's time could not be had"),
                }
            }
            () = changed(watched) => {
                let wanted = watched.borrow_and_update().clone();
                life.feeds.want(&wanted.symbols);
            }
            moved = life.feeds.moved(), if is_rested => {
                life.read_at = self.now().plus_ms(self.timing.read_ms);
                self.market(moved, life).await?;
            }
            // It lasts no longer than what is between two looks: it is told at once.
            () = self.api.limited.notified() => self.vitals_at = self.now(),
            () = self.until(wake) => {}
        }
        while items.len() < BATCH_MAX
            && let Some(item) = life.orders.next().now_or_never()
        {
            items.push(item);
        }
        self.orders(items).await?;
        self.tend(life).await
    }

    /// News of orders, in their order.
    async fn orders(
        &mut self,
        items: Vec<Option<Result<SubscriptionItem<OrderUpdate>, Theirs>>>,
    ) -> Result<(), End> {
        let now = self.now();
        for item in items {
            let mut events = Vec::new();
            let mut end = None;
            {
                let mut orders = self.api.orders.lock().await;
                match item {
                    None => end = Some(over()),
                    Some(Err(error)) if is_over(&error) => end = Some(over()),
                    // The library can't go on after it: what was lost is read anew over another connection.
                    Some(Err(error)) => {
                        let why = format!("news of orders that can't be read: {error}");
                        events.push(orders.quarantine(&why));
                        end = Some(End::Over(Text::clean(&why)));
                    }
                    Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == code::LAGGED => {
                        end = Some(End::Over(Text::from("news of orders were lost on their way")));
                    }
                    Some(Ok(SubscriptionItem::Notice(notice))) => orders.notice(&notice, now, &mut events),
                    Some(Ok(SubscriptionItem::Data(update))) => orders.update(update, now, &mut events),
                }
            }
            self.link.heard(CONNECTION, now);
            for event in events {
                self.sink.event(event).await?;
            }
            if let Some(end) = end {
                return Err(end);
            }
        }
        Ok(())
    }

    /// What is told of the connection as a whole, apart from orders.
    fn system(&mut self, notice: &Notice, life: &mut Life<'a>) -> Result<(), End> {
        self.link.heard(CONNECTION, self.now());
        let text = Text::clean(&notice.message);
        match notice.code {
            code::LOST => {
                let why = Text::clean(&format!("TWS has lost its connection to Interactive Brokers: {text}"));
                self.api.gate.cut(Some(why.clone()));
                self.lost = Some((self.now(), why));
            }
            code::BACK | code::BACK_ANEW => {
                self.api.gate.cut(None);
                self.lost = None;
                // What came meanwhile is read anew: the link goes through "connecting".
                self.shown = [None, None];
                if notice.code == code::BACK_ANEW {
                    life.feeds.renew();
                }
            }
            // Of a message that nobody knows any more: what waits for an answer finds out by itself.
            code::PACING => self.is_paced = true,
            // "Socket port has been reset": TWS listens elsewhere from now on.
            1_300 => return Err(End::Over(text)),
            2_103 | 2_105 | 2_157 => {
                self.broken_farms.insert(farm_of(&notice.message));
            }
            2_104 | 2_106 | 2_107 | 2_108 | 2_158 => {
                self.broken_farms.remove(&farm_of(&notice.message));
            }
            other => tracing::debug!(code = other, "TWS remarks: {text}"),
        }
        Ok(())
    }

    async fn market(&mut self, moved: Vec<feeds::Moved>, life: &mut Life<'a>) -> Result<(), End> {
        let now = self.api.clock().now();
        self.link.heard(CONNECTION, now.mono);
        let mut news = Vec::new();
        let taken = life.feeds.take(moved, now, &mut news);
        {
            let mut lasts = self.api.lasts.lock().await;
            lasts.extend(taken.lasts);
        }
        for why in taken.unread {
            self.sink.event(why).await?;
        }
        if news.is_empty() { Ok(self.sink.flush()?) } else { Ok(self.sink.market(news)?) }
    }

    /// What time demands.
    async fn tend(&mut self, life: &mut Life<'a>) -> Result<(), End> {
        let now = self.now();
        if life.ping.is_none() && life.ping_at <= now {
            life.ping_at = now.plus_ms(1).next_beat(self.timing.ping_ms);
            if self.api.grant(Class::Entry, 1).await.is_ok() {
                life.ping = Some(Box::pin(ask_time(self.api, Arc::clone(&life.session))));
            }
        }
        if std::mem::take(&mut self.is_paced) {
            self.api.too_many().await;
        }
        let mut events = Vec::new();
        self.api.orders.lock().await.overdue(now, &mut events);
        for event in events {
            self.sink.event(event).await?;
        }
        life.feeds.subscribe(self.api, &life.session).await;
        self.sink.flush()?;
        self.tell_vitals().await?;
        match self.link.poll(self.now()) {
            Some(Act::Drop { why }) => Err(End::Over(why)),
            Some(Act::Connect) | None => Ok(()),
        }
    }

    async fn tell_vitals(&mut self) -> Result<(), Closed> {
        let now = self.now();
        if self.vitals_at > now {
            return Ok(());
        }
        self.vitals_at = now.plus_ms(1).next_beat(self.timing.vitals_ms);
        let vitals = self.api.vitals().await;
        if self.vitals.as_ref() != Some(&vitals) {
            self.vitals = Some(vitals.clone());
            self.sink.event(Event::Vitals(vitals)).await?;
        }
        Ok(())
    }

    /// Tells how the two channels stand, where that has changed. Prices that are delayed, and a market data farm that is
    /// broken, make the market stale and nothing else.
    async fn show(&mut self, is_old: bool) -> Result<(), Closed> {
        let link = match (self.link.link(), &self.lost) {
            (supervise::Link::Up { .. } | supervise::Link::Stale { .. }, Some((since, why))) => {
                Link::Backoff { until: since.plus_ms(self.timing.lost_ms), why: why.clone() }
            }
            (supervise::Link::Connecting { .. }, _) => Link::Connecting,
            (supervise::Link::Up { .. }, None) => Link::Up,
            (supervise::Link::Stale { .. }, None) => Link::Stale,
            (supervise::Link::Backoff { until, why }, _) => Link::Backoff { until: *until, why: why.clone() },
        };
        let is_dim = link == Link::Up && (is_old || !self.broken_farms.is_empty());
        let market = if is_dim { Link::Stale } else { link.clone() };
        let at = self.now();
        for (place, (channel, link)) in
            [(Channel::Orders, link), (Channel::Market, market)].into_iter().enumerate()
        {
            let Some(shown) = self.shown.get_mut(place) else { continue };
            if shown.as_ref() == Some(&link) {
                continue;
            }
            // Up again after it was not: whoever listens must see that it was not.
            let is_anew = shown.is_none() && link == Link::Up;
            *shown = Some(link.clone());
            if is_anew {
                self.sink.event(Event::Link { channel, link: Link::Connecting, at }).await?;
            }
            self.sink.event(Event::Link { channel, link, at }).await?;
        }
        Ok(())
    }

    fn now(&self) -> Mono {
        self.api.clock().now().mono
    }

    fn wake_at(&self, life: &Life<'_>, due: Option<Mono>) -> Mono {
        let ping = Some(life.ping_at).filter(|_| life.ping.is_none());
        let read = Some(life.read_at).filter(|at| *at > self.now());
        let others = [due, ping, read, life.feeds.due_at(self.now()), Some(self.vitals_at)];
        others.into_iter().flatten().fold(self.link.wake_at(), Mono::min)
    }

    async fn until(&self, at: Mono) {
        self.alarm.at(&**self.api.clock(), at).await;
    }
}

fn over() -> End {
    let why = "the session with TWS is lost (it restarts once a day, and when somebody logs in elsewhere)";
    End::Over(Text::from(why))
}

/// `… connection is broken:usfarm`.
fn farm_of(message: &str) -> String {
    message.rsplit_once(':').map_or(message, |(_, farm)| farm).trim().to_owned()
}

const fn is_over(error: &Theirs) -> bool {
    matches!(
        error,
        Theirs::ConnectionFailed
            | Theirs::ConnectionReset
            | Theirs::Shutdown
            | Theirs::Cancelled
            | Theirs::Io(_)
    )
}

/// Asks for the gateway's time: a sign of life, a round trip and the difference of the clocks in one.
async fn ask_time(api: &Api, session: Arc<Session>) -> Result<(), Theirs> {
    let sent = api.clock().now();
    let told = session.client.server_time_millis().await?;
    let got = api.clock().now();
    api.answered(sent.mono).await;
    let half_ms = got.mono.since_ms(sent.mono) / 2;
    let theirs = told.unix_timestamp_nanos() / 1_000_000;
    if let (Ok(theirs), Ok(half_ms)) = (i64::try_from(theirs), i64::try_from(half_ms)) {
        api.skewed(theirs.saturating_add(half_ms).saturating_sub(got.wall.as_millis())).await;
    }
    Ok(())
}

async fn pong(ping: &mut Option<Ping<'_>>) -> Result<(), Theirs> {
    match ping {
        Some(ping) => ping.await,
        None => std::future::pending().await,
    }
}

/// Waits until something else is wanted; for ever when nobody can change it any more.
async fn changed(watched: &mut watch::Receiver<Watched>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
