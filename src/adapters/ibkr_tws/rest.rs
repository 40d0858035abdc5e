//! Requests to TWS or IB Gateway over the one connection that the stream keeps, under its limit of messages. Each is sent
//! at most once. Where there is no connection nothing is sent; one that ends leaves every request on it unanswered.

pub mod contracts;
pub mod gate;
pub mod orders;
mod pace;
pub mod prices;
pub mod queries;
pub mod settle;

use self::{
    gate::{Gate, Session},
    pace::Pace,
};
use super::{config::Config, map::rules::Rules, session::Orders};
use crate::{
    broker::{Fault, event::Vitals},
    clock::Clock,
    domain::{
        ids::{Symbol, VenueId},
        money::Price,
        text::Text,
        time::Mono,
    },
    transport::limit::{Class, Grant},
};
use ibapi::{Error as Theirs, contracts::MarketRule};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::{Mutex, Notify};

pub use pace::REQUESTS_PER_MIN;

/// What is no exit waits so long for its turn.
const TURN_WAIT_MS: u64 = 1_000;

/// The venue, by requests.
#[derive(Debug)]
pub struct Api {
    config: Config,
    clock: Arc<dyn Clock>,
    /// The connection, while there is one.
    pub(super) gate: Gate,
    /// What is known of orders.
    pub(super) orders: Mutex<Orders>,
    pace: Mutex<Pace>,
    rules: Mutex<BTreeMap<Symbol, (Mono, Rules)>>,
    steps: Mutex<BTreeMap<i32, MarketRule>>,
    /// Last prices of whatever age: what a position is worth where no quote of now is to be had.
    pub(super) lasts: Mutex<BTreeMap<Symbol, Price>>,
    /// Held while numbers are given and orders written: TWS wants them ascending.
    placing: Mutex<()>,
    /// TWS has just said that it were too many messages.
    pub(super) limited: Notify,
    /// Held over a question that all share: two at a time would take each other's answers for their own.
    sharing: Mutex<()>,
}

/// Our own limiter said no.
#[derive(Debug, Clone, Copy)]
pub struct Limited {
    until: Mono,
    wait_ms: u64,
}

impl Limited {
    fn words(self) -> Text {
        let seconds = self.wait_ms.div_ceil(1_000);
        Text::from(format!("not sent: the limit of messages has no room for it for {seconds} s"))
    }
}

impl Api {
    /// Nothing is sent yet.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Self {
        let orders = Mutex::new(Orders::new(config.venue.clone(), config.client_id));
        Self {
            gate: Gate::new(),
            orders,
            pace: Mutex::new(Pace::new()),
            rules: Mutex::default(),
            steps: Mutex::default(),
            lasts: Mutex::default(),
            placing: Mutex::default(),
            sharing: Mutex::default(),
            limited: Notify::new(),
            config,
            clock,
        }
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    fn venue(&self) -> &VenueId {
        &self.config.venue
    }
    fn now(&self) -> Mono {
        self.clock.now().mono
    }
    fn deadline(&self) -> Duration {
        self.config.deadline
    }

    /// How requests do.
    pub async fn vitals(&self) -> Vitals {
        self.pace.lock().await.vitals(self.now())
    }

    /// Lets so many messages go. Exits wait for their turn. Others wait for a second, in which the limit is whole again:
    /// an order must not go out much later than its maker saw the price.
    pub(super) async fn grant(&self, class: Class, messages: u32) -> Result<(), Limited> {
        let began = self.now();
        loop {
            let now = self.now();
            let grant = self.pace.lock().await.limit.ask(now, class, messages);
            let slot = match grant {
                Grant::Go => return Ok(()),
                Grant::At(slot) => {
                    self.sleep(now, slot).await;
                    return Ok(());
                }
                Grant::Refused { until } => until,
            };
            if slot.since_ms(began) > TURN_WAIT_MS {
                return Err(Limited { until: slot, wait_ms: slot.since_ms(now) });
            }
            self.sleep(now, slot).await;
        }
    }

    async fn sleep(&self, now: Mono, until: Mono) {
        let wait = until.as_nanos().saturating_sub(now.as_nanos());
        tokio::time::sleep(Duration::from_nanos(wait)).await;
    }

    /// TWS said that it were too many. Until when to wait.
    pub(super) async fn too_many(&self) -> Mono {
        let now = self.now();
        let until = self.pace.lock().await.limit.back_off(now, None);
        self.limited.notify_one();
        until
    }

    /// A request was answered after so long.
    pub(super) async fn answered(&self, sent: Mono) {
        let (now, mut pace) = (self.now(), self.pace.lock().await);
        pace.answered(now.as_nanos().saturating_sub(sent.as_nanos()));
        pace.limit.passed(now);
    }

    /// The clock of the gateway's host was this far ahead.
    pub(super) async fn skewed(&self, ms: i64) {
        self.pace.lock().await.skew_ms = Some(ms);
    }

    /// The connection, waited for a while.
    async fn session(&self) -> Result<Arc<Session>, Fault> {
        let why = match self.gate.wait(self.deadline()).await {
            Ok(session) => return Ok(session),
            Err(why) => why,
        };
        Err(Fault::Unreachable { venue: self.venue().clone(), why })
    }

    /// The connection and leave for one question.
    async fn question(&self, class: Class) -> Result<Arc<Session>, Fault> {
        let session = self.session().await?;
        match self.grant(class, 1).await {
            Ok(()) => Ok(session),
            Err(limited) => Err(self.limited(limited)),
        }
    }

    pub(super) fn limited(&self, limited: Limited) -> Fault {
        Fault::Limited { venue: self.venue().clone(), until: limited.until, why: limited.words() }
    }

    fn unreadable(&self, why: impl std::fmt::Display) -> Fault {
        Fault::Unreadable { venue: self.venue().clone(), why: Text::clean(&why.to_string()) }
    }
    fn refused(&self, why: &str) -> Fault {
        Fault::Refused { venue: self.venue().clone(), why: Text::clean(why) }
    }
    fn silent(&self, what: &str) -> Fault {
        let why = format!("no answer to the question about {what} in {} ms", self.deadline().as_millis());
        Fault::Unreachable { venue: self.venue().clone(), why: Text::from(why) }
    }

    /// A question that failed, in our words.
    pub(super) fn fault(&self, error: &Theirs) -> Fault {
        let venue = self.venue().clone();
        let why = Text::clean(&error.to_string());
        if let Theirs::Notice(notice) = error {
            return Fault::Refused { venue, why: Text::from(words(notice)) };
        }
        let is_lost = matches!(
            error,
            Theirs::Io(_)
                | Theirs::ConnectionFailed
                | Theirs::ConnectionReset
                | Theirs::ConnectionRejected(_)
                | Theirs::Shutdown
                | Theirs::Timeout
                | Theirs::UnexpectedEndOfStream
                | Theirs::Cancelled
        );
        if is_lost { Fault::Unreachable { venue, why } } else { Fault::Unreadable { venue, why } }
    }
}

/// What TWS says, with its code.
pub fn words(notice: &ibapi::Notice) -> String {
    format!("{} (code {})", notice.message.trim(), notice.code)
}
