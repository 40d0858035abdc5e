//! Binance's streams: opened, subscribed, watched for silence, and opened again after a wait that grows. Each lives by
//! itself; what they say goes into one pump, which alone holds the engine's lanes.

use super::{
    book::Snapshot,
    map::rules::Directory,
    rest::Api,
    session::{Data, Orders, Say, Session},
};
use crate::{
    adapters::pump::{Gone, News, pump, tell_vitals},
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
use countdown::Countdown;
use futures_util::future::{join, join_all, join3};
use std::{collections::VecDeque, future::Future, pin::Pin, sync::Arc};
use tokio::sync::{mpsc, watch};
use url::Url;

mod countdown;
mod timing;

pub use self::timing::Timing;
pub use super::session::Kinds;

/// Names of what is watched, as they stand in the sentence "no … for 20000 ms".
const CONNECTION: &str = "sign of life";
const MARKET: &str = "market news";
/// Questions that a stream has waiting; the rest is asked for when it matters again.
const QUESTIONS_MAX: usize = 64;

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

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthorised { why, .. } => Self::Dead(why),
            other @ (Fault::Unreachable { .. }
            | Fault::Limited { .. }
            | Fault::Refused { .. }
            | Fault::Unreadable { .. }) => Self::Closed(Text::from(other.to_string())),
        }
    }
}

/// Runs all streams until the engine is gone.
pub async fn run(api: &Api, tls: &Tls, timing: Timing, watched: watch::Receiver<Watched>, sink: Sink) {
    api.counts(watched.clone()).await;
    let (news, incoming) = mpsc::channel(64);
    let config = api.config();
    let (up, is_up) = watch::channel(false);
    let connection = |url: &Url, session, up| {
        let connection = Connection {
            api,
            tls,
            timing,
            url: url.clone(),
            listen_key: None,
            session,
            directory: Arc::default(),
            link: Supervisor::new(timing.link, api.clock().now().mono),
            shown: None,
            up,
            alarm: Alarm::new(),
            news: news.clone(),
        };
        connection.run(watched.clone())
    };
    let orders = Session::Orders(Orders::new(config.product.has_listen_key()));
    let orders = connection(&config.orders, orders, Some(up));
    let apart = config.market.len() > 1;
    let kinds = if apart { vec![Kinds::Public, Kinds::Market] } else { vec![Kinds::All] };
    let market = config
        .market
        .iter()
        .zip(kinds)
        .map(|(url, kinds)| connection(url, Session::Data(Data::new(config.venue.clone(), kinds)), None));
    let switch = async {
        match config.dead_mans_switch_ms {
            Some(ms) => Countdown::new(api, watched.clone(), is_up, news.clone(), ms).run().await,
            None => std::future::pending().await,
        }
    };
    let all = join3(
        join(orders, join_all(market)),
        switch,
        tell_vitals(&**api.clock(), || api.vitals(), timing.vitals_ms, news.clone()),
    );
    tokio::select! {
        () = pump(incoming, sink) => {}
        _ = all => {}
    }
}

/// What a stream asks by request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    Quotes(Vec<Symbol>),
    Book(Symbol),
    KeepListening,
}

enum Told {
    Quotes(Result<Vec<Market>, Fault>),
    Book(Symbol, Result<Snapshot, Fault>),
    Kept(Result<(), Fault>),
}

type Asking<'a> = Pin<Box<dyn Future<Output = Told> + Send + 'a>>;

/// One stream over all its connections.
struct Connection<'a> {
    api: &'a Api,
    tls: &'a Tls,
    timing: Timing,
    url: Url,
    listen_key: Option<String>,
    session: Session,
    directory: Arc<Directory>,
    link: Supervisor,
    shown: Option<Link>,
    /// Who must know whether order news stand.
    up: Option<watch::Sender<bool>>,
    alarm: Alarm,
    news: mpsc::Sender<News>,
}

/// One connection.
struct Life<'a> {
    socket: Socket,
    ping_at: Mono,
    /// The socket is looked at again then.
    read_at: Mono,
    /// Something else may be subscribed then.
    watch_at: Mono,
    listen_at: Option<Mono>,
    asking: Option<Asking<'a>>,
    questions: VecDeque<Question>,
}

impl<'a> Connection<'a> {
    async fn run(mut self, mut watched: watch::Receiver<Watched>) {
        loop {
            let is_wanted = match self.session {
                Session::Orders(_) => true,
                Session::Data(_) => {
                    let wanted = watched.borrow_and_update();
                    !wanted.symbols.is_empty() || !wanted.books.is_empty()
                }
            };
            if !is_wanted {
                changed(&mut watched).await;
                continue;
            }
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
                Err(End::Dead(why)) => return self.die(why).await,
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
        let wanted = watched.borrow_and_update().clone();
        self.session.watch(&wanted, &self.directory, &mut Vec::new());
        self.session.opened(&self.directory, &mut said);
        loop {
            self.act(&mut said, &mut life).await?;
            self.show().await?;
            let now = self.now().mono;
            let (is_rested, may_watch) = (life.read_at <= now, life.watch_at <= now);
            let wake = self.wake_at(&life, is_rested, may_watch);
            tokio::select! {
                // The rare ones first: a socket that always has something would starve them.
                biased;
                () = changed(watched), if may_watch => {
                    let wanted = watched.borrow_and_update().clone();
                    self.session.watch(&wanted, &self.directory, &mut said);
                    life.watch_at = self.now().mono.plus_ms(self.timing.watch_ms);
                }
                told = asked(&mut life.asking) => {
                    life.asking = None;
                    self.told(told, &mut said).await?;
                }
                got = life.socket.batch(&mut frames), if is_rested => {
                    got?;
                    let is_full = frames.len() >= BATCH_MAX;
                    self.hear(&mut frames, &mut said);
                    let is_market = matches!(self.session, Session::Data(_));
                    let rest_ms = if is_market && !is_full { self.timing.read_ms } else { 0 };
                    life.read_at = self.now().mono.plus_ms(rest_ms);
                    if rest_ms > 0 {
                        life.socket.rest();
                    }
                }
                () = self.until(wake) => {}
            }
            self.tend(&mut life).await?;
        }
    }

    async fn open(&mut self) -> Result<Life<'a>, End> {
        // Without the list of symbols no message can be read.
        self.directory = self.api.directory(Class::Exit).await?;
        let is_orders = matches!(self.session, Session::Orders(_));
        let url = if is_orders && self.api.config().product.has_listen_key() {
            let (key, url) = self.api.listen_url().await?;
            self.listen_key = Some(key);
            url
        } else {
            self.url.clone()
        };
        let socket = Socket::connect(&url, self.tls, &Options::default()).await?;
        let now = self.now().mono;
        self.link.watch(CONNECTION, self.timing.connection, now);
        self.link.unwatch(MARKET);
        Ok(Life {
            socket,
            ping_at: now.next_beat(self.timing.ping_ms),
            read_at: now,
            watch_at: now,
            listen_at: self.listen_key.as_ref().map(|_| now.plus_ms(self.timing.listen_ms)),
            asking: None,
            questions: VecDeque::new(),
        })
    }

    /// What came in, in order.
    fn hear(&mut self, frames: &mut Vec<Frame>, said: &mut Vec<Say>) {
        let now = self.now();
        self.link.heard(CONNECTION, now.mono);
        for frame in frames.drain(..) {
            match frame {
                Frame::Text(line) => self.session.line(line.as_str(), &self.directory, now, said),
                Frame::Ping | Frame::Pong => {}
            }
        }
        if said.iter().any(|s| matches!(s, Say::Market(_))) {
            self.link.heard(MARKET, now.mono);
        }
    }

    /// Does what the session says. Market news of one batch goes on in one piece, the newest of each kind alone.
    async fn act(&mut self, said: &mut Vec<Say>, life: &mut Life<'a>) -> Result<(), End> {
        let mut market: Vec<Market> = Vec::new();
        for say in said.drain(..) {
            match say {
                Say::Market(news) => market.push(news),
                Say::Event(event) => self.put(News::Event(event)).await?,
                Say::Login => {
                    let login = self.api.login().await.map_err(End::Closed)?;
                    life.socket.send(&login).await?;
                }
                Say::Send(text) => life.socket.send(&text).await?,
                Say::Ready => self.ready(),
                Say::Fetch(symbols) => self.ask(Question::Quotes(symbols), life),
                Say::FetchBook(symbol) => self.ask(Question::Book(symbol), life),
                Say::ForgetRules => self.api.forget_rules().await,
                Say::TimeIsOff => {
                    self.api.forget_time().await;
                    return Err(End::Closed(Text::from("the venue says that our time is off")));
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

    fn ask(&self, question: Question, life: &mut Life<'a>) {
        if life.questions.len() < QUESTIONS_MAX && !life.questions.contains(&question) {
            life.questions.push_back(question);
        }
        self.next_question(life);
    }

    fn next_question(&self, life: &mut Life<'a>) {
        if life.asking.is_some() {
            return;
        }
        let Some(question) = life.questions.pop_front() else { return };
        let (api, directory) = (self.api, Arc::clone(&self.directory));
        let key = self.listen_key.clone().unwrap_or_default();
        life.asking = Some(Box::pin(async move {
            match question {
                Question::Quotes(symbols) => Told::Quotes(api.touches(&symbols).await),
                Question::Book(symbol) => {
                    let told = api.depth(&directory, &symbol).await;
                    Told::Book(symbol, told)
                }
                Question::KeepListening => Told::Kept(api.keep_listening(&key).await),
            }
        }));
    }

    async fn told(&mut self, told: Told, said: &mut Vec<Say>) -> Result<(), End> {
        match told {
            Told::Quotes(Ok(market)) => self.put(News::Market(market)).await?,
            // The stream itself is fine; the next change will tell.
            Told::Quotes(Err(fault)) => tracing::debug!(%fault, "the quotes could not be had"),
            Told::Book(symbol, told) => {
                let now = self.now();
                if let Err(fault) = &told {
                    tracing::debug!(%fault, %symbol, "the order book could not be had");
                }
                self.session.book(&symbol, told.ok(), now, said);
            }
            Told::Kept(Ok(())) => {}
            // Gone, or not known to be kept: a new one is sure.
            Told::Kept(Err(fault)) => {
                return Err(End::Closed(Text::from(format!("the key of the order news: {fault}"))));
            }
        }
        Ok(())
    }

    /// What time demands: pings, the key of the stream, and an end to silence.
    async fn tend(&mut self, life: &mut Life<'a>) -> Result<(), End> {
        let now = self.now().mono;
        if life.ping_at <= now {
            life.socket.ping().await?;
            life.ping_at = now.next_beat(self.timing.ping_ms);
        }
        if life.listen_at.is_some_and(|at| at <= now) {
            life.listen_at = Some(now.plus_ms(self.timing.listen_ms));
            self.ask(Question::KeepListening, life);
        }
        self.next_question(life);
        match self.link.poll(now) {
            Some(Act::Drop { why }) => Err(End::Closed(why)),
            Some(Act::Connect) | None => Ok(()),
        }
    }

    fn ready(&mut self) {
        let now = self.now().mono;
        if self.session.is_subscribed() {
            self.link.watch(MARKET, self.timing.market, now);
        }
        self.link.ready(now);
    }

    async fn die(mut self, why: Text) {
        let link = Link::Dead { why };
        self.shown = Some(link.clone());
        let (channel, at) = (self.session.channel(), self.now().mono);
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
        if let Some(up) = &self.up {
            up.send_replace(link == Link::Up);
        }
        let (channel, at): (Channel, Mono) = (self.session.channel(), self.now().mono);
        self.put(News::Event(Event::Link { channel, link, at })).await
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

    fn wake_at(&self, life: &Life<'_>, is_rested: bool, may_watch: bool) -> Mono {
        let read_at = (!is_rested).then_some(life.read_at);
        let watch_at = (!may_watch).then_some(life.watch_at);
        let others = [life.listen_at, read_at, watch_at];
        others.into_iter().flatten().fold(self.link.wake_at().min(life.ping_at), Mono::min)
    }

    async fn until(&self, at: Mono) {
        self.alarm.at(&**self.api.clock(), at).await;
    }
}

async fn asked(asking: &mut Option<Asking<'_>>) -> Told {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// Waits until something else is wanted; for ever when nobody can change it any more.
async fn changed(watched: &mut watch::Receiver<Watched>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
