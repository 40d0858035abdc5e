//! The paper venue over HTTP and websockets on loopback, in the wire format of Alpaca's public API. It only ever
//! listens: there is no code here that connects to anything, and it takes no address but a loopback one.

mod address;
mod answer;
mod door;
mod error;
mod feed;
mod files;
mod keys;
mod owner;
mod pace;
mod query;
mod quota;
mod record;
mod rest;
mod socket;
mod store;
mod tap;
mod tape;
mod updates;
mod venue;
mod wire;
pub mod witness;

pub use address::{Addresses, Presence, running};
pub use error::Error;

use super::{
    exchange::{Exchange, Saved, Setup},
    faults::{Script, Tally},
    furnish::Furniture,
    hours::Hours,
    models::Model,
};
use crate::{
    clock::Clock,
    domain::{
        ids::Symbol,
        money::{Money, Price, Qty},
    },
};
use files::Lock;
use keys::Keys;
use owner::{Owner, Task};
use pace::Pace;
use quota::Quota;
use rest::App;
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use store::Store;
use tap::{Shears, Tap};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use venue::{
    Venue,
    faults::{Moods, Stage},
};

/// A look at the lock by another program can be in the way for an instant.
const LOCK_TRIES: u32 = 10;
const LOCK_EVERY: Duration = Duration::from_millis(20);
/// Connections that do not end by themselves are cut off.
const GOODBYE: Duration = Duration::from_secs(2);

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// A loopback address; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The market's seed. An account that is there already keeps its own unless one is named here.
    pub seed: Option<u64>,
    /// The brokerage model, likewise.
    pub model: Option<Model>,
    /// When stocks trade, likewise.
    pub hours: Option<Hours>,
    /// Simulated seconds for each second.
    pub speed: NonZeroU32,
    /// The cash that a new account starts with.
    pub start_cash: Money,
    /// Requests in a minute, counted for trading and for data.
    pub requests_per_min: u32,
    /// Where the account is kept; nowhere, if there is none.
    pub data_dir: Option<PathBuf>,
    /// What goes wrong on purpose.
    pub faults: Option<Script>,
    /// What a new account begins with, besides what the script says. Refused where there is an account already.
    pub furniture: Furniture,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// Alpaca's model, open all day, at the clock's pace, on any free port of 127.0.0.1, kept nowhere.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: None,
            model: None,
            hours: None,
            speed: NonZeroU32::MIN,
            start_cash: Money::new(rust_decimal::Decimal::from(100_000_u32)),
            requests_per_min: 1_000,
            data_dir: None,
            faults: None,
            furniture: Furniture::default(),
            clock,
        }
    }
}

/// Reads a script of faults.
///
/// # Errors
/// The file cannot be read, or it holds something else: every mistake with its place.
pub fn script(path: &std::path::Path) -> Result<Script, Error> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::file("read", path, e))?;
    Ok(Script::parse(&path.display().to_string(), &text)?)
}

/// A paper venue that is being served.
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    owner: Owner,
    tally: watch::Receiver<Tally>,
    stop: watch::Sender<bool>,
    served: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// Where it is, and its keys.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// How often each fault has struck until now.
    pub fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }

    /// Lets somebody sell (or buy) so many units at a price, once: orders that cross it fill by as much. `false` where there
    /// is no such market, or the venue has ended.
    pub async fn offer(&self, symbol: &Symbol, seller: bool, price: Price, size: Qty) -> bool {
        let symbol = symbol.clone();
        let asked = self.owner.ask(|to| owner::Request::Offer(symbol, seller, price, size, to)).await;
        matches!(asked, Ok(true))
    }

    /// Closes every connection, saves the account, and ends.
    ///
    /// # Errors
    /// The account could not be saved.
    pub async fn stop(self) -> Result<(), Error> {
        self.stop.send_replace(true);
        self.join().await
    }

    /// Waits until it ends by itself, which it does only when the account cannot be saved any more.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn join(self) -> Result<(), Error> {
        self.served.await.map_err(|e| Error::Defect(e.to_string()))?
    }

    /// The same, without giving up the handle.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> Result<(), Error> {
        (&mut self.served).await.map_err(|e| Error::Defect(e.to_string()))?
    }
}

/// Serves a paper venue until it is stopped. It answers when this returns.
///
/// # Errors
/// The address is not a loopback one or is taken; the data directory is in use, unreadable, or holds something
/// else.
pub async fn serve(options: Options) -> Result<Running, Error> {
    if !options.listen.ip().is_loopback() {
        return Err(Error::NotLoopback(options.listen));
    }
    let home = Home::open(options.data_dir.as_deref()).await?;
    let keys = Arc::new(home.keys.clone());
    let exchange = opened(&options, home.saved.clone(), &home)?;
    let listen = |source| Error::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let mut addresses = Addresses::of(listener.local_addr().map_err(listen)?, &keys);
    addresses.faults = options.faults.as_ref().map(|script| script.name.to_string());
    let now = options.clock.now();
    let pace = Pace::start(options.speed, now, exchange.at());
    let mut venue = Venue::new(exchange, Quota::new(options.requests_per_min), pace);
    let (counted, tally) = watch::channel(Tally::default());
    let moods = options.faults.map(|script| {
        let (told, moods) = watch::channel(Moods::default());
        venue.play(Stage::new(script, now.mono, told, counted));
        moods
    });
    let (owner, inbox) = Owner::channel();
    let (stop, stopping) = watch::channel(false);
    let clock = Arc::clone(&options.clock);
    let app = App { owner: owner.clone(), keys, clock: Arc::clone(&clock), stop: stopping.clone(), moods };
    let Home { dir, lock, store, .. } = home;
    let task = Task { venue, store, clock, inbox, stop: stopping };
    // The account exists on the disk before anybody can trade it.
    let task = task.founded().await?;
    if let Some(dir) = &dir {
        addresses.write(dir)?;
    }
    let served = tokio::spawn(attend(task, listener, app, stop.clone(), Leave { dir, _lock: lock }));
    Ok(Running { addresses, owner, tally, stop, served })
}

/// The exchange of an earlier run, or a new one.
fn opened(options: &Options, saved: Option<Saved>, home: &Home) -> Result<Exchange, Error> {
    let Some(saved) = saved else {
        let mut setup = Setup::new(options.seed.unwrap_or(1), options.clock.now().wall);
        setup.model = options.model.unwrap_or_default();
        setup.hours = options.hours.unwrap_or_default();
        setup.start_cash = options.start_cash;
        return furnished(Exchange::new(setup), options);
    };
    if !options.furniture.is_empty() {
        return Err(Error::Exchange(
            "this account is there already, and only a new one can be furnished; choose another data directory"
                .to_owned(),
        ));
    }
    if let Some(problem) = disagreement(options, &saved.setup) {
        return Err(Error::Exchange(problem));
    }
    let path = home.store.as_ref().map_or_else(PathBuf::new, |store| store.path().to_owned());
    Exchange::restore(saved).map_err(|e| Error::foreign(&path, e))
}

/// With what the options and the script say that it begins with.
fn furnished(mut exchange: Exchange, options: &Options) -> Result<Exchange, Error> {
    let of_script = options.faults.iter().map(|script| &script.furniture);
    for furniture in of_script.chain([&options.furniture]).filter(|f| !f.is_empty()) {
        exchange.furnish(furniture).map_err(|refusal| Error::Exchange(refusal.message))?;
    }
    Ok(exchange)
}

/// An account keeps the market, the model and the hours that it was opened with.
fn disagreement(options: &Options, kept: &Setup) -> Option<String> {
    let differs = |name: &str, asked: Option<String>, kept: String| {
        let asked = asked.filter(|a| *a != kept)?;
        Some(format!(
            "this account was opened with {name} {kept}, not {asked}; leave {name} out, or choose another data \
             directory for a new account"
        ))
    };
    let hours = |h: Hours| format!("{h:?}");
    differs("seed", options.seed.map(|s| s.to_string()), kept.seed.to_string())
        .or_else(|| {
            differs("model", options.model.map(|m| m.word().to_owned()), kept.model.word().to_owned())
        })
        .or_else(|| differs("hours", options.hours.map(hours), hours(kept.hours)))
}

/// What a data directory gives: its lock, its keys, its account.
#[derive(Debug)]
struct Home {
    dir: Option<PathBuf>,
    lock: Option<Lock>,
    keys: Keys,
    store: Option<Store>,
    saved: Option<Saved>,
}

impl Home {
    async fn open(dir: Option<&std::path::Path>) -> Result<Self, Error> {
        let Some(dir) = dir else {
            return Ok(Self { dir: None, lock: None, keys: Keys::random()?, store: None, saved: None });
        };
        files::make_dir(dir)?;
        let lock = Some(locked(dir).await?);
        // Of a server that was killed.
        files::remove(&address::path_in(dir))?;
        let keys = Keys::of_dir(dir)?;
        let (store, saved) = Store::open(dir)?;
        Ok(Self { dir: Some(dir.to_owned()), lock, keys, store: Some(store), saved })
    }
}

async fn locked(dir: &std::path::Path) -> Result<Lock, Error> {
    for _ in 0..LOCK_TRIES {
        if let Some(lock) = Lock::take(dir)? {
            return Ok(lock);
        }
        tokio::time::sleep(LOCK_EVERY).await;
    }
    Err(Error::Taken(dir.to_owned()))
}

/// What is left to do at the end: the address goes, then the lock.
struct Leave {
    dir: Option<PathBuf>,
    _lock: Option<Lock>,
}

async fn attend(
    task: Task,
    listener: TcpListener,
    app: App,
    stop: watch::Sender<bool>,
    leave: Leave,
) -> Result<(), Error> {
    let mut stopping = app.stop.clone();
    let goodbye = async move { drop(stopping.wait_for(|stop| *stop).await) };
    let service = rest::router(app).into_make_service_with_connect_info::<Shears>();
    let http = axum::serve(Tap(listener), service).with_graceful_shutdown(goodbye);
    let http = tokio::spawn(http.into_future());
    let served = task.run().await;
    stop.send_replace(true);
    let aborter = http.abort_handle();
    if tokio::time::timeout(GOODBYE, http).await.is_err() {
        aborter.abort();
    }
    let removed = leave.dir.as_deref().map_or(Ok(()), |dir| files::remove(&address::path_in(dir)));
    served.and(removed)
}
