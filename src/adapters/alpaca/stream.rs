//! Alpaca's three streams: opened, logged in, watched for silence, and opened again after a wait that grows.
//! Each lives by itself; what they say goes into one pump, which alone holds the engine's lanes.

use super::{
    auth,
    conflate::conflate,
    rest::Api,
    session::{Data, Orders, Say, Session},
};
use crate::{
    adapters::pump::{Gone, News, pump, tell_vitals},
    broker::{Channel, Event, Fault, Link, Market, Sink, Watched},
    domain::{ids::Symbol, text::Text, time::Mono},
    transport::{
        self,
        alarm::Alarm,
        backoff, dice,
        socket::{BATCH_MAX, Frame, Options, Socket},
        supervise::{self, Act, Silence, Supervisor},
        tls::Tls,
    },
};
use futures_util::future::join4;
use std::{future::Future, pin::Pin};
use tokio::sync::{mpsc, watch};
use url::Url;

/// How long everything may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Market data is read at most so often: what came in between is taken together, for one wake, and of the quotes
    /// only the newest. A quiet feed waits for nothing, and order news never waits.
    pub read_ms: u64,
    /// Between our pings, which leave on whole multiples of this.
    pub ping_ms: u64,
    /// Silence of the whole connection, our pings' answers included.
    pub connection: Silence,
    /// Silence of the market news that was asked for, while the market is open.
    pub market: Silence,
    /// After such a silence in a closed market, when to look again whether it has opened.
    pub rest_ms: u64,
    /// Between two looks at the day so far of what is subscribed.
    pub refresh_ms: u64,
    /// Between two looks at the market of a stream that is not up.
    pub bridge_ms: u64,
    /// Between two looks at round trips and limits.
    pub vitals_ms: u64,
    /// Becoming ready, living, waiting.
    pub link: supervise::Plan,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_ms: 16,
            ping_ms: 5_000,
            connection: Silence { stale_ms: 12_000, dead_ms: 20_000 },
            // A quiet stock on one exchange's feed may say nothing for a while in an open market.
            market: Silence { stale_ms: 30_000, dead_ms: 180_000 },
            rest_ms: 120_000,
            refresh_ms: 600_000,
            bridge_ms: 2_000,
            vitals_ms: 1_000,
            link: supervise::Plan { ready_ms: 15_000, lifetime_ms: None, backoff: backoff::Plan::default() },
        }
    }
}

/// Names of what is watched, as they stand in the sentence "no … for 20000 ms".
const CONNECTION: &str = "sign of life";
const MARKET: &str = "market news";

/// Why a connection ended.
enum End {
    Gone,
    Closed(Text),
    Dead(Text),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<transport::Error> for End {
    fn from(error: transport::Error) -> Self {
        Self::Closed(Text::from(error.to_string()))
    }
}

/// Runs all streams until the engine is gone.
pub async fn run(api: &Api, tls: &Tls, timing: Timing, watched: watch::Receiver<Watched>, sink: Sink) {
    let (news, incoming) = mpsc::channel(64);
    let config = api.config();
    let venue = || config.venue.clone();
    let connection = |url: &Url, session| {
        let link = Supervisor::new(timing.link, api.clock().now().mono);
        let connection = Connection {
            api,
            tls,
            timing,
            url: url.clone(),
            session,
            link,
            shown: None,
            alarm: Alarm::new(),
            news: news.clone(),
            resting_until: None,
            bridged: None,
        };
        connection.run(watched.clone())
    };
    let all = join4(
        connection(&config.trading_stream, Session::Orders(Orders::new(venue()))),
        connection(&config.data_stream, Session::Data(Data::new(venue(), Channel::Market))),
        connection(&config.crypto_stream, Session::Data(Data::new(venue(), Channel::Crypto))),
        tell_vitals(&**api.clock(), || api.vitals(), timing.vitals_ms, news.clone()),
    );
    tokio::select! {
        () = pump(incoming, sink) => {}
        _ = all => {}
    }
}

type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Vec<Market>, Fault>> + Send + 'a>>;

/// One stream over all its connections.
struct Connection<'a> {
    api: &'a Api,
    tls: &'a Tls,
    timing: Timing,
    url: Url,
    session: Session,
    link: Supervisor,
    shown: Option<Link>,
    alarm: Alarm,
    news: mpsc::Sender<News>,
    /// The market is closed, so that its silence means nothing.
    resting_until: Option<Mono>,
    /// When the market was last asked for while the stream was not up.
    bridged: Option<Mono>,
}

/// One connection.
struct Life<'a> {
    socket: Socket,
    ping_at: Mono,
    /// The socket is looked at again then.
    read_at: Mono,
    fetch: Option<Fetch<'a>>,
    fetch_at: Option<Mono>,
}

impl<'a> Connection<'a> {
    async fn run(mut self, mut watched: watch::Receiver<Watched>) {
        loop {
            let wanted = watched.borrow_and_update().clone();
            self.session.watch(&wanted, &mut Vec::new());
            if !self.session.is_wanted() {
                changed(&mut watched).await;
                continue;
            }
            let due = self.link.poll(self.now()) == Some(Act::Connect);
            if self.show().await.is_err() {
                return;
            }
            if !due {
                if self.bridge(&mut watched).await.is_err() {
                    return;
                }
                continue;
            }
            match self.live(&mut watched).await {
                Ok(never) => match never {},
                Err(End::Gone) => return,
                Err(End::Closed(why)) => self.link.closed(why, self.now(), dice()),
                Err(End::Dead(why)) => return self.die(why).await,
            }
        }
    }

    /// Waits for the next attempt. Meanwhile the market is asked for over REST: the venue gives an account one
    /// connection for each stream, and where another program has it this one need not be blind.
    async fn bridge(&mut self, watched: &mut watch::Receiver<Watched>) -> Result<(), Gone> {
        let (now, attempt, wanted) = (self.now(), self.link.wake_at(), self.session.wanted());
        let due = self.bridged.map_or(now, |at| at.plus_ms(self.timing.bridge_ms));
        if wanted.is_empty() || due > now {
            let wake = if wanted.is_empty() { attempt } else { attempt.min(due) };
            tokio::select! {
                () = changed(watched) => self.bridged = None,
                () = self.until(wake) => {}
            }
            return Ok(());
        }
        self.bridged = Some(now);
        let told = tokio::select! {
            told = self.api.snapshots(&wanted) => told,
            () = self.until(attempt) => return Ok(()),
        };
        self.snapshot(told).await
    }

    /// Connects, and stays until something ends it.
    async fn live(
        &mut self,
        watched: &mut watch::Receiver<Watched>,
    ) -> Result<std::convert::Infallible, End> {
        let socket = Socket::connect(&self.url, self.tls, &Options::default()).await?;
        let now = self.now();
        let ping_at = now.next_beat(self.timing.ping_ms);
        let mut life = Life { socket, ping_at, read_at: now, fetch: None, fetch_at: None };
        self.link.watch(CONNECTION, self.timing.connection, now);
        self.link.unwatch(MARKET);
        self.resting_until = None;
        let (mut said, mut frames) = (Vec::new(), Vec::with_capacity(BATCH_MAX));
        self.session.opened(&mut said);
        loop {
            self.act(&mut said, &mut life).await?;
            self.show().await?;
            let is_rested = life.read_at <= self.now();
            let wake = self.wake_at(&life, is_rested);
            tokio::select! {
                // The rare ones first: a socket that always has something would starve them.
                biased;
                () = changed(watched) => {
                    let wanted = watched.borrow_and_update().clone();
                    self.session.watch(&wanted, &mut said);
                }
                told = fetched(&mut life.fetch) => {
                    life.fetch = None;
                    self.snapshot(told).await?;
                }
                got = life.socket.batch(&mut frames), if is_rested => {
                    got?;
                    let is_full = frames.len() >= BATCH_MAX;
                    self.hear(&mut frames, &mut said);
                    let is_market = matches!(self.session, Session::Data(_));
                    let rest_ms = if is_market && !is_full { self.timing.read_ms } else { 0 };
                    life.read_at = self.now().plus_ms(rest_ms);
                    if rest_ms > 0 {
                        life.socket.rest();
                    }
                }
                () = self.until(wake) => {}
            }
            self.tend(&mut life).await?;
        }
    }

    /// What came in, in order.
    fn hear(&mut self, frames: &mut Vec<Frame>, said: &mut Vec<Say>) {
        let now = self.now();
        self.link.heard(CONNECTION, now);
        conflate(frames);
        for frame in frames.drain(..) {
            match frame {
                Frame::Text(line) => self.session.line(line.as_str(), now, said),
                Frame::Ping | Frame::Pong => {}
            }
        }
        if said.iter().any(|s| matches!(s, Say::Market(_))) {
            self.link.heard(MARKET, now);
            if self.resting_until.take().is_some() {
                self.link.watch(MARKET, self.timing.market, now);
            }
        }
    }

    /// Does what the session says. Market news of one batch goes on in one piece.
    async fn act(&mut self, said: &mut Vec<Say>, life: &mut Life<'a>) -> Result<(), End> {
        let mut market = Vec::new();
        for say in said.drain(..) {
            match say {
                Say::Market(news) => market.push(news),
                Say::Event(event) => self.put(News::Event(event)).await?,
                Say::Login => life.socket.send(&self.login()?).await?,
                Say::Send(text) => life.socket.send(&text).await?,
                Say::Ready => self.ready(),
                Say::Fetch(symbols) => {
                    self.expect_market();
                    self.fetch(symbols, life);
                }
                Say::Drop(why) => return Err(End::Closed(why)),
                Say::Dead(why) => return Err(End::Dead(why)),
            }
        }
        if !market.is_empty() {
            self.put(News::Market(market)).await?;
        }
        Ok(())
    }

    /// What time demands: pings, the day so far, and an end to silence.
    async fn tend(&mut self, life: &mut Life<'a>) -> Result<(), End> {
        let now = self.now();
        if life.ping_at <= now {
            life.socket.ping().await?;
            life.ping_at = now.next_beat(self.timing.ping_ms);
        }
        if life.fetch.is_none() && life.fetch_at.is_some_and(|at| at <= now) {
            self.fetch(self.session.subscribed(), life);
        }
        if self.resting_until.is_some_and(|until| until <= now) && !self.rests().await {
            self.resting_until = None;
            self.link.watch(MARKET, self.timing.market, self.now());
        }
        self.poll()?;
        let is_quiet =
            matches!(self.link.link(), supervise::Link::Stale { channel, .. } if *channel == MARKET);
        if is_quiet && self.rests().await {
            self.link.unwatch(MARKET);
            self.poll()?;
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), End> {
        match self.link.poll(self.now()) {
            Some(Act::Drop { why }) => Err(End::Closed(why)),
            Some(Act::Connect) | None => Ok(()),
        }
    }

    /// Is the market closed, so that silence is as it should be? Coins never rest.
    async fn rests(&mut self) -> bool {
        let closed =
            self.session.channel() == Channel::Market && matches!(self.api.is_open().await, Ok(false));
        if closed {
            self.resting_until = Some(self.now().plus_ms(self.timing.rest_ms));
        }
        closed
    }

    fn ready(&mut self) {
        if !self.session.subscribed().is_empty() {
            self.link.watch(MARKET, self.timing.market, self.now());
        }
        self.link.ready(self.now());
    }

    /// Subscribed while it was up: from now on silence means something.
    fn expect_market(&mut self) {
        let is_up = matches!(self.link.link(), supervise::Link::Up { .. } | supervise::Link::Stale { .. });
        if is_up && self.resting_until.is_none() {
            self.link.watch(MARKET, self.timing.market, self.now());
        }
    }

    fn fetch(&mut self, symbols: Vec<Symbol>, life: &mut Life<'a>) {
        let api = self.api;
        life.fetch_at = Some(self.now().plus_ms(self.timing.refresh_ms));
        life.fetch = Some(Box::pin(async move { api.snapshots(&symbols).await }));
    }

    async fn snapshot(&self, told: Result<Vec<Market>, Fault>) -> Result<(), Gone> {
        match told {
            Ok(market) => self.put(News::Market(market)).await,
            // The stream itself is fine; the next look will tell.
            Err(fault) => {
                tracing::debug!(%fault, "the day so far could not be had");
                Ok(())
            }
        }
    }

    fn login(&self) -> Result<String, End> {
        let config = self.api.config();
        let login = match self.session {
            Session::Orders(_) => auth::trading_login(config),
            Session::Data(_) => auth::data_login(config),
        };
        login.map_err(|e| End::Dead(Text::from(e.to_string())))
    }

    async fn die(mut self, why: Text) {
        let link = Link::Dead { why };
        self.shown = Some(link.clone());
        let (channel, at) = (self.session.channel(), self.now());
        // When the engine is gone too there is nobody left to tell.
        drop(self.put(News::Event(Event::Link { channel, link, at })).await);
    }

    /// Tells how the link stands, where that has changed.
    async fn show(&mut self) -> Result<(), Gone> {
        let link = match self.link.link() {
            supervise::Link::Connecting { .. } => Link::Connecting,
            supervise::Link::Up { .. } => Link::Up,
            supervise::Link::Stale { .. } => Link::Stale,
            supervise::Link::Backoff { until, why } => Link::Backoff { until: *until, why: why.clone() },
        };
        if self.shown.as_ref() == Some(&link) {
            return Ok(());
        }
        self.shown = Some(link.clone());
        let (channel, at) = (self.session.channel(), self.now());
        self.put(News::Event(Event::Link { channel, link, at })).await
    }

    async fn put(&self, news: News) -> Result<(), Gone> {
        match self.news.send(news).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Gone),
        }
    }

    fn now(&self) -> Mono {
        self.api.clock().now().mono
    }

    fn wake_at(&self, life: &Life<'_>, is_rested: bool) -> Mono {
        let read_at = (!is_rested).then_some(life.read_at);
        let others = [life.fetch_at.filter(|_| life.fetch.is_none()), self.resting_until, read_at];
        others.into_iter().flatten().fold(self.link.wake_at().min(life.ping_at), Mono::min)
    }

    async fn until(&self, at: Mono) {
        self.alarm.at(&**self.api.clock(), at).await;
    }
}

async fn fetched(fetch: &mut Option<Fetch<'_>>) -> Result<Vec<Market>, Fault> {
    match fetch {
        Some(fetch) => fetch.await,
        None => std::future::pending().await,
    }
}

/// Waits until something else is wanted; for ever when nobody can change it any more.
async fn changed(watched: &mut watch::Receiver<Watched>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
