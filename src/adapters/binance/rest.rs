//! Requests to Binance: under its weights and order counts, signed with the venue's time, each sent at most once,
//! with what their answers taught.

pub mod account;
mod amend;
mod bands;
pub mod coins;
pub mod countdown;
pub mod futures;
pub mod listen;
pub mod orders;
mod pace;
pub mod prices;
pub mod queries;
mod replace;
pub mod settle;

pub use self::pace::weight_per_min;
use self::pace::{Offset, Pace};
use super::{
    auth::{self, Params},
    config::{Config, Product},
    map::rules::Directory,
    wire,
};
pub use crate::adapters::exchange::Exchange;
use crate::{
    adapters::Error,
    broker::{Fault, Watched, event::Vitals},
    clock::Clock,
    domain::{
        ids::VenueId,
        text::Text,
        time::{Mono, Now},
    },
    transport::{
        limit::{Class, Grant},
        rest::{Answer, Call, Options, Rest, Sent},
        sign::Key,
        tls::Tls,
    },
};
use http::{Method, StatusCode};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, watch};

/// So old may the measured difference of the clocks be.
const OFFSET_FRESH_MS: u64 = 600_000;
const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;
const LIST_DEADLINE: Duration = Duration::from_secs(30);

/// A request before it is signed.
#[derive(Debug, Clone)]
pub struct Asked {
    method: Method,
    path: Vec<&'static str>,
    params: Params,
    weight: u32,
    orders: u32,
    is_signed: bool,
    is_list: bool,
}

impl Asked {
    fn new(method: Method, path: &[&'static str], weight: u32) -> Self {
        let path = path.to_vec();
        Self { method, path, params: Params::new(), weight, orders: 0, is_signed: true, is_list: false }
    }
    fn get(path: &[&'static str], weight: u32) -> Self {
        Self::new(Method::GET, path, weight)
    }
    /// Of the market: nobody need know who asks.
    fn public(path: &[&'static str], weight: u32) -> Self {
        Self { is_signed: false, ..Self::new(Method::GET, path, weight) }
    }
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.push((name, value.into()));
        self
    }
    /// A long answer.
    fn list(self) -> Self {
        Self { is_list: true, ..self }
    }
}

/// The venue, by requests.
#[derive(Debug)]
pub struct Api {
    config: Config,
    clock: Arc<dyn Clock>,
    rest: Rest,
    key: Key,
    // Held for a few instructions at a time and never across a request.
    pace: Mutex<Pace>,
    directory: Mutex<Option<Kept>>,
    switch: Mutex<countdown::Switch>,
    references: Mutex<bands::References>,
    /// What is open there by the engine's count, once streams run.
    open: Mutex<Option<watch::Receiver<Watched>>>,
}

/// All symbols with their rules, as they were read.
#[derive(Debug)]
struct Kept {
    at: Mono,
    /// The venue said since that something of them changed.
    is_old: bool,
    directory: Arc<Directory>,
}

impl Api {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When a key can't stand in a header, or is no usable private key.
    pub fn new(config: Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let wrong = |source| Error::Transport { venue: config.venue.clone(), source };
        let headers = auth::headers(&config).map_err(wrong)?;
        let options = Options { headers, deadline: config.deadline, ..Options::default() };
        let rest = Rest::new(config.rest.clone(), tls, options, clock.clone()).map_err(wrong)?;
        let key = Key::read(&config.secret_key).map_err(wrong)?;
        let pace = Mutex::new(Pace::new(config.product));
        let (directory, switch) = (Mutex::default(), Mutex::default());
        let (references, open) = (Mutex::default(), Mutex::default());
        Ok(Self { config, clock, rest, key, pace, directory, switch, references, open })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    fn venue(&self) -> &VenueId {
        &self.config.venue
    }
    fn product(&self) -> Product {
        self.config.product
    }
    fn now(&self) -> Now {
        self.clock.now()
    }
    /// How requests do.
    pub async fn vitals(&self) -> Vitals {
        let vitals = self.pace.lock().await.vitals(self.now().mono);
        Vitals { switch: self.switch.lock().await.words.clone(), ..vitals }
    }

    /// The login for order news on the websocket API.
    ///
    /// # Errors
    /// When the venue's time can't be had, or the key can't sign.
    pub async fn login(&self) -> Result<String, Text> {
        let at = self.venue_time(Class::Exit).await?;
        auth::subscription(&self.config, &self.key, at).map_err(|e| Text::from(e.to_string()))
    }

    /// A message of the stream said that our time is off.
    pub async fn forget_time(&self) {
        self.pace.lock().await.offset = None;
    }

    /// The venue's time now, in milliseconds. It is asked for where it is not known or has been for long.
    async fn venue_time(&self, class: Class) -> Result<i64, Text> {
        let now = self.now();
        let known = self.pace.lock().await.offset;
        let offset = match known.filter(|o| now.mono.since_ms(o.at) < OFFSET_FRESH_MS) {
            Some(offset) => offset,
            None => self.measure(class).await?,
        };
        Ok(self.now().wall.as_millis().saturating_add(offset.ms))
    }

    /// Asks for the venue's time: it read its clock half-way, as far as anybody can tell.
    async fn measure(&self, class: Class) -> Result<Offset, Text> {
        let failed = |why: &str| Text::from(format!("the venue's time can't be had: {why}"));
        let asked = Asked::public(&self.path(&["time"]), 1);
        let answer = match self.send(class, asked, None).await {
            Exchange::Answered(answer) if answer.status.is_success() => answer,
            Exchange::Answered(answer) => return Err(failed(words(&answer).as_str())),
            Exchange::Limited { wait_ms, .. } => {
                return Err(failed(&format!("the rate limit has no room for {wait_ms} ms")));
            }
            Exchange::NotSent(why) | Exchange::Unanswered(why) | Exchange::TooMany { text: why, .. } => {
                return Err(failed(why.as_str()));
            }
        };
        let told: wire::ServerTime = read(&answer).map_err(|why| failed(&why))?;
        let half_ms = i64::try_from(answer.round_trip_ns / 2_000_000).ok().unwrap_or(0);
        let ours = answer.at.wall.as_millis().saturating_sub(half_ms);
        let offset = Offset { ms: told.server_time.saturating_sub(ours), at: answer.at.mono };
        self.pace.lock().await.offset = Some(offset);
        Ok(offset)
    }

    fn path(&self, tail: &[&'static str]) -> Vec<&'static str> {
        self.product().root().iter().chain(tail).copied().collect()
    }

    /// Sends `asked` once, when the limits let it.
    pub async fn exchange(&self, class: Class, asked: Asked) -> Exchange {
        if !asked.is_signed {
            return self.send(class, asked, None).await;
        }
        // Asked for first: once a request has its place in the limit it goes.
        match self.venue_time(class).await {
            Ok(_) => self.send(class, asked, Some(&self.key)).await,
            Err(why) => Exchange::NotSent(why),
        }
    }

    async fn send(&self, class: Class, asked: Asked, key: Option<&Key>) -> Exchange {
        let now = self.now().mono;
        let grant = self.pace.lock().await.ask(now, class, asked.weight, asked.orders);
        match grant {
            Grant::Go => {}
            Grant::At(slot) => {
                let wait = slot.as_nanos().saturating_sub(now.as_nanos());
                tokio::time::sleep(Duration::from_nanos(wait)).await;
                self.wait_again().await;
            }
            Grant::Refused { until } => return Exchange::Limited { until, wait_ms: until.since_ms(now) },
        }
        let call = match self.call(&asked, key).await {
            Ok(call) => call,
            Err(why) => return Exchange::NotSent(why),
        };
        match self.rest.send(call).await {
            Sent::NotSent { why } => Exchange::NotSent(why),
            Sent::Unanswered { why } => Exchange::Unanswered(why),
            Sent::Answered(answer) => self.learn(self.without_keys(answer)).await,
        }
    }

    /// Signed at the last moment: a request may have waited for its place.
    async fn call(&self, asked: &Asked, key: Option<&Key>) -> Result<Call, Text> {
        let mut call = Call::new(asked.method.clone(), &asked.path);
        if asked.is_list {
            call = call.body_max(LIST_BYTES_MAX).deadline(LIST_DEADLINE);
        }
        let Some(key) = key else {
            let query = auth::query(&asked.params);
            return Ok(if query.is_empty() { call } else { call.signed_query(query) });
        };
        let offset = self.pace.lock().await.offset.map_or(0, |o| o.ms);
        let at = self.now().wall.as_millis().saturating_add(offset);
        let query = auth::signed_query(&asked.params, key, at).map_err(|e| Text::from(e.to_string()))?;
        Ok(call.signed_query(query))
    }

    /// What was given a time before the venue said "too many" would be refused at that time.
    async fn wait_again(&self) {
        let now = self.now().mono;
        let slot = self.pace.lock().await.put_off(now);
        if let Some(slot) = slot {
            let wait = slot.as_nanos().saturating_sub(now.as_nanos());
            tokio::time::sleep(Duration::from_nanos(wait)).await;
        }
    }

    /// Some gateways repeat what they were sent in their error pages, and such words reach screen and journal.
    fn without_keys(&self, answer: Answer) -> Answer {
        if answer.status.is_success() {
            return answer;
        }
        let mut text = String::from_utf8_lossy(&answer.body).into_owned();
        for key in [&self.config.secret_key, &self.config.key_id] {
            text = text.replace(key.expose(), "…");
        }
        Answer { body: text.into(), ..answer }
    }

    async fn learn(&self, answer: Answer) -> Exchange {
        let mut pace = self.pace.lock().await;
        pace.learn(&answer);
        let code = refusal(&answer).map(|no| no.code);
        if code == Some(settle::TIME_IS_OFF) {
            pace.offset = None;
        }
        // 418 is a ban of the address, for those who did not heed a 429.
        if matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::IM_A_TEAPOT) {
            let (now, wait) = (answer.at.mono, answer.retry_after_ms());
            let until = if code == Some(settle::TOO_MANY_ORDERS) {
                pace.too_many_orders(now, wait)
            } else {
                pace.weight.back_off(now, wait)
            };
            return Exchange::TooMany { until, text: words(&answer) };
        }
        pace.weight.passed(answer.at.mono);
        Exchange::Answered(answer)
    }

    /// Asks a question: a usable answer or a fault. "No such order" is an answer: `None`. A request that was refused
    /// for its time was not executed, and is asked once more with a new one.
    async fn ask(&self, class: Class, asked: Asked) -> Result<Option<Answer>, Fault> {
        let mut answer = self.exchange(class, asked.clone()).await;
        if let Exchange::Answered(told) = &answer
            && refusal(told).is_some_and(|no| no.code == settle::TIME_IS_OFF)
        {
            answer = self.exchange(class, asked).await;
        }
        let venue = self.venue().clone();
        match answer {
            Exchange::Limited { until, wait_ms } => {
                let why =
                    Text::from(format!("no room for another request for {} s", wait_ms.div_ceil(1_000)));
                Err(Fault::Limited { venue, until, why })
            }
            Exchange::TooMany { until, text } => Err(Fault::Limited { venue, until, why: text }),
            Exchange::NotSent(why) | Exchange::Unanswered(why) => Err(Fault::Unreachable { venue, why }),
            Exchange::Answered(answer) if answer.status.is_success() => Ok(Some(answer)),
            Exchange::Answered(answer) => {
                let why = words(&answer);
                match (refusal(&answer).map(|no| no.code), answer.status) {
                    (Some(settle::NO_SUCH_ORDER), _) => Ok(None),
                    (Some(-2_014 | -2_015 | -1_022), _) | (Some(_), StatusCode::UNAUTHORIZED) => {
                        Err(Fault::Unauthorised { venue, why })
                    }
                    (Some(_), status) if status.is_client_error() => Err(Fault::Refused { venue, why }),
                    (Some(_) | None, _) => Err(Fault::Unreachable { venue, why }),
                }
            }
        }
    }

    /// As [`Api::ask`], where "no such order" makes no sense.
    async fn ask_for(&self, class: Class, asked: Asked) -> Result<Answer, Fault> {
        let told = self.ask(class, asked).await?;
        told.ok_or_else(|| Fault::Refused { venue: self.venue().clone(), why: Text::from("not found") })
    }

    fn unreadable(&self, why: impl std::fmt::Display) -> Fault {
        Fault::Unreadable { venue: self.venue().clone(), why: Text::from(why.to_string()) }
    }

    fn read<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, Fault> {
        read(answer).map_err(|why| self.unreadable(why))
    }
}

/// An answer's body as this type.
fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, String> {
    let text = std::str::from_utf8(&answer.body).map_err(|e| e.to_string())?;
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// The venue's own refusal, if that is what the body holds.
fn refusal(answer: &Answer) -> Option<wire::Refused<'_>> {
    if answer.status.is_success() { None } else { read(answer).ok() }
}

/// What an answer that was not hoped for says, in short.
fn words(answer: &Answer) -> Text {
    match refusal(answer) {
        Some(refused) => Text::from(format!("{} (code {})", refused.msg, refused.code)),
        None => {
            let body: String = String::from_utf8_lossy(&answer.body).chars().take(120).collect();
            Text::from(format!("{} {body}", answer.status))
        }
    }
}
