//! Requests to the gateway: under its limits, inside a session, each sent at most once, and none between an order's
//! question and its answer.

pub mod contracts;
pub mod line;
pub mod orders;
pub mod pace;
pub mod prices;
pub mod queries;
pub mod session;
pub mod settle;

use self::{
    line::Line,
    pace::{Kind, Pace},
    queries::Lists,
    session::Opened,
};
use super::{config::Config, memory::Memory, wire};
use crate::{
    adapters::Error,
    broker::{Fault, event::Vitals},
    clock::Clock,
    domain::{
        ids::VenueId,
        text::Text,
        time::{Mono, Now},
    },
    transport::{
        limit::{Class, Grant},
        rest::{Answer, Call, Options, Rest, Sent},
        tls::Tls,
    },
};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, Semaphore, watch};

/// Largest list that is taken.
const LIST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Requests for bars under way at one time; the vendor takes five.
const BARS_MAX: usize = 4;

/// Ten requests a second are soon used up by a report: whoever is not an exit waits so long for a place and no longer,
/// since the price that he saw grows old.
const PATIENCE_MS: u64 = 1_500;

/// How one exchange ended, before anybody says what it means.
#[derive(Debug)]
pub enum Exchange {
    /// Nothing left: our own limits have no room, or the penalty box holds.
    Limited {
        /// When to ask again.
        until: Mono,
        /// In words.
        why: Text,
    },
    /// Nothing left.
    NotSent(Text),
    /// It may have left.
    Unanswered(Text),
    /// The venue wants fewer requests.
    TooMany {
        /// When to ask again.
        until: Mono,
        /// Its words.
        text: Text,
    },
    /// Anything else.
    Answered(Answer),
}

/// The gateway, by requests.
#[derive(Debug)]
pub struct Api {
    config: Config,
    clock: Arc<dyn Clock>,
    rest: Rest,
    /// Held for a few instructions at a time and never across a request.
    pace: Mutex<Pace>,
    /// The same.
    memory: Mutex<Memory>,
    /// The last one.
    session: watch::Sender<Option<Opened>>,
    /// Held while it is opened: whoever comes meanwhile gets the same answer.
    opening: Mutex<()>,
    line: Line,
    lists: Lists,
    bars: Semaphore,
}

impl Api {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's settings contradict each other.
    pub fn new(config: Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let options = Options { deadline: config.deadline, ..Options::default() };
        let rest = Rest::new(config.rest.clone(), tls, options, clock.clone())
            .map_err(|source| Error::Transport { venue: config.venue.clone(), source })?;
        Ok(Self {
            pace: Mutex::new(Pace::new(clock.now().mono)),
            config,
            clock,
            rest,
            memory: Mutex::default(),
            session: watch::Sender::new(None),
            opening: Mutex::default(),
            line: Line::default(),
            lists: Lists::default(),
            bars: Semaphore::new(BARS_MAX),
        })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    /// What has been learnt.
    pub fn memory(&self) -> &Mutex<Memory> {
        &self.memory
    }
    fn venue(&self) -> &VenueId {
        &self.config.venue
    }
    fn now(&self) -> Now {
        self.clock.now()
    }

    /// How requests do.
    pub async fn vitals(&self) -> Vitals {
        self.pace.lock().await.vitals(self.now().mono)
    }

    /// Sends `call` once, when the limits let it. It waits while a question about an order is open: any other request
    /// would take the question back.
    async fn exchange(&self, class: Class, kind: Kind, call: Call) -> Exchange {
        if let Err(ended) = self.admit(class, kind).await {
            return ended;
        }
        let _under_way = self.line.quiet().await;
        let ended = self.send(call).await;
        self.pace.lock().await.listed(self.now().mono, kind);
        ended
    }

    /// Waits for a place in the limits.
    async fn admit(&self, class: Class, kind: Kind) -> Result<(), Exchange> {
        let latest = self.now().mono.plus_ms(PATIENCE_MS);
        loop {
            let now = self.now().mono;
            let grant = self.pace.lock().await.ask(now, class, kind);
            let wait = |slot: Mono| Duration::from_nanos(slot.as_nanos().saturating_sub(now.as_nanos()));
            match grant {
                Grant::Go => return Ok(()),
                Grant::Refused { until } if until <= latest => tokio::time::sleep(wait(until)).await,
                Grant::Refused { until } => return Err(self.limited(until).await),
                Grant::At(slot) => {
                    tokio::time::sleep(wait(slot)).await;
                    break;
                }
            }
        }
        // The box may have closed meanwhile.
        let boxed = self.pace.lock().await.boxed(self.now().mono);
        match boxed {
            Some(until) => Err(self.limited(until).await),
            None => Ok(()),
        }
    }

    async fn limited(&self, until: Mono) -> Exchange {
        let now = self.now();
        let wait_ms = until.since_ms(now.mono);
        let is_boxed = self.pace.lock().await.boxed(now.mono).is_some();
        let why = if is_boxed {
            let end = now.wall.plus_ms(i64::try_from(wait_ms).ok().unwrap_or(i64::MAX)).to_rfc3339();
            format!(
                "not sent: the gateway's penalty box holds until {end} (for {} s); until then only TWS, the phone or the web site reach the account",
                wait_ms.div_ceil(1_000)
            )
        } else {
            format!("not sent: the rate limit has no room for it for {} s", wait_ms.div_ceil(1_000))
        };
        Exchange::Limited { until, why: Text::from(why) }
    }

    async fn send(&self, call: Call) -> Exchange {
        match self.rest.send(call).await {
            Sent::NotSent { why } => Exchange::NotSent(why),
            Sent::Unanswered { why } => Exchange::Unanswered(why),
            Sent::Answered(answer) => {
                let mut pace = self.pace.lock().await;
                pace.learn(&answer);
                if answer.status == StatusCode::TOO_MANY_REQUESTS {
                    return Exchange::TooMany { until: pace.box_in(&answer), text: words(&answer) };
                }
                drop(pace);
                if tells_of_no_session(&answer) {
                    self.forget_session();
                }
                Exchange::Answered(answer)
            }
        }
    }

    /// Asks a question inside the session: a usable answer or a fault.
    async fn ask(&self, class: Class, kind: Kind, call: Call) -> Result<Answer, Fault> {
        self.up(class).await?;
        self.ask_outside(class, kind, call).await
    }

    /// The same of what makes the session.
    async fn ask_outside(&self, class: Class, kind: Kind, call: Call) -> Result<Answer, Fault> {
        self.usable(self.exchange(class, kind, call.body_max(LIST_BYTES_MAX)).await)
    }

    /// The same of a list, for which a place in the limits was waited for before: what is asked from now on is in it.
    async fn ask_list(&self, kind: Kind, call: Call) -> Result<(Mono, Answer), Fault> {
        self.up(Class::Exit).await?;
        if let Err(ended) = self.admit(Class::Exit, kind).await {
            return Err(self.fault(ended));
        }
        let _under_way = self.line.quiet().await;
        let began = self.now().mono;
        let ended = self.send(call.body_max(LIST_BYTES_MAX)).await;
        self.pace.lock().await.listed(self.now().mono, kind);
        Ok((began, self.usable(ended)?))
    }

    fn usable(&self, exchange: Exchange) -> Result<Answer, Fault> {
        match exchange {
            // Complaints come under 200 too.
            Exchange::Answered(answer) if answer.status.is_success() => match complaint(&answer) {
                None => Ok(answer),
                Some(why) => Err(self.refused(Text::clean(&why))),
            },
            ended @ (Exchange::Limited { .. }
            | Exchange::NotSent(_)
            | Exchange::Unanswered(_)
            | Exchange::TooMany { .. }
            | Exchange::Answered(_)) => Err(self.fault(ended)),
        }
    }

    fn fault(&self, exchange: Exchange) -> Fault {
        let venue = self.venue().clone();
        match exchange {
            Exchange::Limited { until, why } => Fault::Limited { venue, until, why },
            Exchange::TooMany { until, text } => Fault::Limited { venue, until, why: text },
            Exchange::NotSent(why) | Exchange::Unanswered(why) => Fault::Unreachable { venue, why },
            Exchange::Answered(answer) if answer.status == StatusCode::UNAUTHORIZED => self.not_logged_in(),
            Exchange::Answered(answer) if answer.status.is_client_error() => self.refused(words(&answer)),
            Exchange::Answered(answer) => Fault::Unreachable { venue, why: words(&answer) },
        }
    }

    fn not_logged_in(&self) -> Fault {
        let why =
            format!("nobody is logged in to the gateway; log in with a browser at {}", self.config.login());
        Fault::Refused { venue: self.venue().clone(), why: Text::from(why) }
    }

    fn refused(&self, why: impl Into<Text>) -> Fault {
        Fault::Refused { venue: self.venue().clone(), why: why.into() }
    }

    fn unreadable(&self, why: impl std::fmt::Display) -> Fault {
        Fault::Unreadable { venue: self.venue().clone(), why: Text::from(why.to_string()) }
    }

    fn read<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, Fault> {
        read(answer).map_err(|why| self.unreadable(why))
    }
}

/// A request that carries something. The vendor refuses one with an empty body.
fn post<B: Serialize>(path: &[&str], body: &B) -> Result<Call, Text> {
    let json = serde_json::to_vec(body).map_err(|e| Text::from(e.to_string()))?;
    Ok(Call::new(Method::POST, path).json(json))
}

/// An answer's body as this type.
fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, String> {
    let text = std::str::from_utf8(&answer.body).map_err(|e| e.to_string())?;
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// The gateway's own complaint, if that is what the body holds.
fn complaint(answer: &Answer) -> Option<String> {
    read::<wire::Complaint>(answer).ok().map(|c| c.error)
}

/// Nobody is logged in, or the gateway has lost the brokerage session behind it ("no bridge").
fn tells_of_no_session(answer: &Answer) -> bool {
    let lost = |why: String| why.to_ascii_lowercase().contains("no bridge");
    answer.status == StatusCode::UNAUTHORIZED || complaint(answer).is_some_and(lost)
}

/// What an answer that was not hoped for says, in short.
fn words(answer: &Answer) -> Text {
    match complaint(answer) {
        Some(why) => Text::from(format!("{} (status {})", Text::clean(&why), answer.status.as_u16())),
        None => {
            let body: String = String::from_utf8_lossy(&answer.body).chars().take(120).collect();
            Text::from(format!("{} {body}", answer.status))
        }
    }
}
