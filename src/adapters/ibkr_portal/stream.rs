//! The gateway's one websocket: opened inside a session, subscribed, watched for silence, and opened again after a wait
//! that grows. It carries orders and the market, so that both links stand and fall with it.

use super::{
    map,
    rest::Api,
    session::{Say, Session},
};
use crate::{
    adapters::{
        ibkr_portal::auth,
        pump::{Gone, News, pump, tell_vitals},
    },
    broker::{Channel, Event, Fault, Link, Market, Sink, Watched},
    domain::{
        ids::Symbol,
        text::Text,
        time::{Mono, Now},
    },
    transport::{
        self,
        alarm::Alarm,
        dice,
        limit::Class,
        socket::{BATCH_MAX, Frame, Options, Socket},
        supervise::{self, Act, Supervisor},
        tls::Tls,
    },
};
use futures_util::future::join3;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

mod beside;
mod timing;

use self::beside::{Ask, Asks, Awaited, Told, asks};
pub use self::timing::Timing;

/// What is watched, as it stands in the sentence "no … for 45000 ms".
const CONNECTION: &str = "heartbeat";
/// What the websocket is told about once a minute.
const KEEP_ALIVE: &str = "tic";
const CHANNELS: [Channel; 2] = [Channel::Orders, Channel::Market];

/// Why a connection ended.
enum End {
    Gone,
    Closed(Text),
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

impl From<Fault> for End {
    /// None is for good: a person can log in to the gateway at any time.
    fn from(fault: Fault) -> Self {
        Self::Closed(match fault {
            Fault::Refused { why, .. } => why,
            other @ (Fault::Unreachable { .. }
            | Fault::Unauthorised { .. }
            | Fault::Limited { .. }
            | Fault::Unreadable { .. }) => Text::from(other.to_string()),
        })
    }
}

/// Runs the stream until the engine is gone.
pub async fn run(api: &Api, tls: &Tls, timing: Timing, watched: watch::Receiver<Watched>, sink: Sink) {
    let (news, incoming) = mpsc::channel(64);
    let (asks, asked) = asks();
    let connection = Connection {
        api,
        tls,
        timing,
        session: Session::default(),
        link: Supervisor::new(timing.link, api.clock().now().mono),
        shown: None,
        alarm: Alarm::new(),
        news: news.clone(),
        asks,
    };
    let vitals = tell_vitals(&**api.clock(), || api.vitals(), timing.vitals_ms, news);
    let all = join3(connection.run(watched), beside::answer(api, asked), vitals);
    tokio::select! {
        () = pump(incoming, sink) => {}
        _ = all => {}
    }
}

/// The stream over all its connections.
struct Connection<'a> {
    api: &'a Api,
    tls: &'a Tls,
    timing: Timing,
    session: Session,
    link: Supervisor,
    shown: Option<Link>,
    alarm: Alarm,
    news: mpsc::Sender<News>,
    asks: Asks,
}

/// One connection.
struct Life {
    socket: Socket,
    /// The session that it was opened in.
    key: String,
    tickle_at: Mono,
    read_at: Mono,
    /// Contracts are looked for again then.
    look_at: Option<Mono>,
    tickling: Option<Awaited>,
    resolving: Option<Awaited>,
    /// Orders whose executions have not all been told, and until when they wait for them.
    parked: BTreeMap<i64, Mono>,
}

impl Connection<'_> {
    async fn run(mut self, mut watched: watch::Receiver<Watched>) {
        loop {
            let due = self.link.poll(self.now().mono) == Some(Act::Connect);
            if self.show().await.is_err() {
                return;
            }
            if !due {
                self.until(self.link.wake_at()).await;
                continue;
            }
            match self.live(&mut watched).await {
                Ok(never) => match never {},
                Err(End::Gone) => return,
                Err(End::Closed(why)) => self.link.closed(why, self.now().mono, dice()),
            }
        }
    }

    /// Connects, and stays until something ends it.
    async fn live(
        &mut self,
        watched: &mut watch::Receiver<Watched>,
    ) -> Result<std::convert::Infallible, End> {
        let mut life = self.open().await?;
        let (mut said, mut frames) = (Vec::new(), Vec::with_capacity(BATCH_MAX));
        self.resolve(watched, &mut life).await?;
        loop {
            self.act(&mut said, &mut life).await?;
            self.show().await?;
            let is_rested = life.read_at <= self.now().mono;
            let wake = self.wake_at(&life, is_rested);
            tokio::select! {
                // The rare ones first: a socket that always has something would starve them.
                biased;
                () = changed(watched) => self.resolve(watched, &mut life).await?,
                told = asked(&mut life.tickling) => {
                    life.tickling = None;
                    self.told(told?, &mut life, &mut said)?;
                }
                told = asked(&mut life.resolving) => {
                    life.resolving = None;
                    self.told(told?, &mut life, &mut said)?;
                }
                got = life.socket.batch(&mut frames), if is_rested => {
                    got?;
                    self.hear(&mut frames, &mut said).await;
                    life.read_at = self.now().mono.plus_ms(self.timing.read_ms);
                }
                () = self.until(wake) => {}
            }
            self.tend(watched, &mut life).await?;
        }
    }

    async fn open(&mut self) -> Result<Life, End> {
        let up = self.api.up(Class::Exit).await?;
        let key = self.api.tickle().await?;
        // A list that somebody filtered would silence the news of orders.
        self.api.force_orders().await?;
        let headers = auth::socket_headers(&key)?;
        let options = Options { headers, ..Options::default() };
        let socket = Socket::connect(&self.api.config().socket, self.tls, &options).await?;
        let now = self.now().mono;
        // Two lists were waited for, each once in five seconds, behind whoever else wanted them.
        self.link.opened(now);
        self.link.watch(CONNECTION, self.timing.connection, now);
        self.session.opened(Some(up.account.as_str().to_owned()));
        Ok(Life {
            socket,
            key,
            tickle_at: now.plus_ms(self.timing.tickle_ms),
            read_at: now,
            look_at: None,
            tickling: None,
            resolving: None,
            parked: BTreeMap::new(),
        })
    }

    /// What came in, in order.
    async fn hear(&mut self, frames: &mut Vec<Frame>, said: &mut Vec<Say>) {
        let now = self.now();
        self.link.heard(CONNECTION, now.mono);
        let mut memory = self.api.memory().lock().await;
        for frame in frames.drain(..) {
            match frame {
                Frame::Text(line) => self.session.line(line.as_str(), &mut memory, now, said),
                Frame::Ping | Frame::Pong => {}
            }
        }
    }

    /// Does what the session says. Market news of one batch goes on in one piece.
    async fn act(&mut self, said: &mut Vec<Say>, life: &mut Life) -> Result<(), End> {
        let mut market: Vec<Market> = Vec::new();
        for say in said.drain(..) {
            match say {
                Say::Market(news) => market.push(news),
                Say::Event(event) => self.put(News::Event(event)).await?,
                Say::Session => {
                    let text = serde_json::json!({ "session": life.key }).to_string();
                    life.socket.send(&text).await?;
                }
                Say::Send(text) => life.socket.send(&text).await?,
                Say::Ready => self.link.ready(self.now().mono),
                Say::Order(number) => self.order(number, life).await?,
                Say::Execution(trade) => self.execution(&trade, life).await?,
                Say::Lost(status) => {
                    self.api.forget_session();
                    return Err(End::Closed(self.api.lost(&status)));
                }
            }
        }
        if !market.is_empty() {
            self.put(News::Market(market)).await?;
        }
        Ok(())
    }

    /// An order's news, behind the executions that they follow from: those come in messages of their own.
    async fn order(&mut self, number: i64, life: &mut Life) -> Result<(), End> {
        let (is_named, is_told) = {
            let memory = self.api.memory().lock().await;
            let told = memory.order(number).is_some_and(|known| known.told() >= map::filled(&known.row));
            (memory.is_named, told)
        };
        // Under which names orders go is not known before the first report, which then tells of all of them.
        if !is_named {
            return Ok(());
        }
        if is_told {
            life.parked.remove(&number);
            return self.tell_order(number).await;
        }
        let until = self.now().mono.plus_ms(self.timing.park_ms);
        life.parked.entry(number).or_insert(until);
        Ok(())
    }

    async fn tell_order(&mut self, number: i64) -> Result<(), End> {
        match self.api.order_report(number).await {
            Ok(report) => self.put(News::Event(Event::Order(Box::new(report)))).await?,
            Err(fault) => self.quarantine(fault).await?,
        }
        Ok(())
    }

    async fn execution(&mut self, trade: &super::wire::Trade, life: &mut Life) -> Result<(), End> {
        if !self.api.memory().lock().await.is_named || !self.is_of_account(trade) {
            return Ok(());
        }
        match self.api.told_execution(trade, self.now().wall).await {
            Ok(Some(execution)) => {
                self.put(News::Event(Event::Execution(Box::new(execution)))).await?;
                let parked: Vec<i64> = life.parked.keys().copied().collect();
                for number in parked {
                    self.order(number, life).await?;
                }
            }
            // Whose it is can't be told: the order's own count will, at the latest when it is read.
            Ok(None) => {}
            Err(fault) => self.quarantine(fault).await?,
        }
        Ok(())
    }

    fn is_of_account(&self, trade: &super::wire::Trade) -> bool {
        let own = trade.account.as_deref().or(trade.account_code.as_deref());
        let account = self.api.account();
        own.is_none() || account.is_none() || own == account.as_deref()
    }

    /// What would have been told is asked for by the engine.
    async fn quarantine(&self, fault: Fault) -> Result<(), Gone> {
        let event =
            Event::Quarantined { channel: Channel::Orders, count: 1, why: Text::from(fault.to_string()) };
        self.put(News::Event(event)).await
    }

    /// Looks up what is wanted of the market.
    async fn resolve(&self, watched: &mut watch::Receiver<Watched>, life: &mut Life) -> Result<(), Gone> {
        let symbols: Vec<Symbol> = watched.borrow_and_update().symbols.iter().cloned().collect();
        life.look_at = None;
        life.resolving = Some(self.asks.ask(Ask::Resolve(symbols)).await?);
        Ok(())
    }

    fn told(&mut self, told: Told, life: &mut Life, said: &mut Vec<Say>) -> Result<(), End> {
        match told {
            Told::Tickled(Ok(_)) => Ok(()),
            Told::Tickled(Err(fault)) => Err(fault.into()),
            Told::Resolved(found, is_whole) => {
                if !is_whole {
                    life.look_at = Some(self.now().mono.plus_ms(self.timing.look_ms));
                }
                self.session.watch(found, said);
                Ok(())
            }
        }
    }

    /// What time demands: signs of life, orders that waited long enough, and an end to silence.
    async fn tend(&mut self, watched: &mut watch::Receiver<Watched>, life: &mut Life) -> Result<(), End> {
        let now = self.now().mono;
        if life.tickle_at <= now {
            life.tickle_at = now.plus_ms(self.timing.tickle_ms);
            life.socket.send(KEEP_ALIVE).await?;
            life.tickling = Some(self.asks.ask(Ask::Tickle).await?);
        }
        if life.look_at.is_some_and(|at| at <= now) {
            self.resolve(watched, life).await?;
        }
        let due: Vec<i64> = life.parked.iter().filter(|(_, at)| **at <= now).map(|(n, _)| *n).collect();
        for number in due {
            life.parked.remove(&number);
            self.tell_order(number).await?;
        }
        match self.link.poll(now) {
            Some(Act::Drop { why }) => Err(End::Closed(why)),
            Some(Act::Connect) | None => Ok(()),
        }
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
        let at: Mono = self.now().mono;
        for channel in CHANNELS {
            self.put(News::Event(Event::Link { channel, link: link.clone(), at })).await?;
        }
        Ok(())
    }

    async fn put(&self, news: News) -> Result<(), Gone> {
        match self.news.send(news).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Gone),
        }
    }

    fn now(&self) -> Now {
        self.api.clock().now()
    }

    fn wake_at(&self, life: &Life, is_rested: bool) -> Mono {
        let read_at = (!is_rested).then_some(life.read_at);
        let parked = life.parked.values().min().copied();
        let others = [read_at, parked, life.look_at];
        others.into_iter().flatten().fold(self.link.wake_at().min(life.tickle_at), Mono::min)
    }

    async fn until(&self, at: Mono) {
        self.alarm.at(&**self.api.clock(), at).await;
    }
}

async fn asked(awaited: &mut Option<Awaited>) -> Result<Told, Gone> {
    match awaited {
        Some(told) => told.await.map_err(|_| Gone),
        None => std::future::pending().await,
    }
}

/// Waits until something else is wanted; for ever when nobody can change it any more.
async fn changed(watched: &mut watch::Receiver<Watched>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
