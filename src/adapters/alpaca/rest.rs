//! Requests to Alpaca: under its rate limits, each sent at most once, with what their answers taught.

pub mod orders;
pub mod prices;
pub mod queries;
pub mod settle;

use super::{auth, config::Config, wire};
pub use crate::adapters::exchange::Exchange;
use crate::{
    adapters::Error,
    broker::{Fault, Release, event::Vitals},
    clock::Clock,
    domain::{
        ids::{Symbol, VenueId},
        instrument::Instrument,
        text::Text,
        time::{Mono, Stamp},
    },
    transport::{
        limit::{Class, Grant, Limit, Model, Plan, Told},
        rest::{Answer, Call, Options, Rest, Sent},
        round_trips::RoundTrips,
        tls::Tls,
    },
};
use http::StatusCode;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Documented for trading and for the free data plan. Answers' headers raise it for those who have more.
pub const REQUESTS_PER_MIN: u32 = 200;
/// Of those, kept for cancels, reductions and the questions that an exit asks.
const RESERVE_PER_MIN: u32 = 40;
const LIMIT: Plan =
    Plan { model: Model::Window, limit: REQUESTS_PER_MIN, per_ms: 60_000, reserve: RESERVE_PER_MIN };

/// The two addresses, each with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Orders and the account.
    Trading,
    /// The market.
    Data,
}

/// What is learnt on the way, for one host.
#[derive(Debug)]
struct Pace {
    limit: Limit,
    round_trips: RoundTrips,
    skew_ms: Option<i64>,
}

impl Pace {
    fn new() -> Self {
        Self { limit: Limit::new(LIMIT), round_trips: RoundTrips::default(), skew_ms: None }
    }
    fn learn(&mut self, answer: &Answer) {
        let small = |header| answer.number(header).and_then(|n| u32::try_from(n).ok());
        self.limit.learn(
            answer.at,
            Told {
                limit: small("x-ratelimit-limit"),
                remaining: small("x-ratelimit-remaining"),
                reset: answer
                    .number("x-ratelimit-reset")
                    .and_then(|secs| i64::try_from(secs).ok())
                    .and_then(Stamp::from_secs),
            },
        );
        self.round_trips.note(answer.round_trip_ns);
        self.skew_ms = answer.skew_ms().or(self.skew_ms);
    }
    fn vitals(&self, now: Mono) -> Vitals {
        let [rtt_p50_us, rtt_p99_us] = self.round_trips.percentiles_us();
        let gauge = self.limit.gauge(now);
        Vitals {
            rtt_p50_us,
            rtt_p99_us,
            limit_used: Some(gauge.used),
            limit_max: Some(gauge.limit),
            limited_until: gauge.backing_off_until,
            waits_until: gauge.waits_until,
            skew_ms: self.skew_ms,
            switch: None,
        }
    }
}

/// The venue, by requests.
#[derive(Debug)]
pub struct Api {
    config: Config,
    clock: Arc<dyn Clock>,
    trading: Rest,
    data: Rest,
    // Held for a few instructions at a time and never across a request.
    trading_pace: Mutex<Pace>,
    data_pace: Mutex<Pace>,
    rules: Mutex<BTreeMap<Symbol, (Mono, Instrument)>>,
}

impl Api {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When a key can't stand in a header.
    pub fn new(config: Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let wrong = |source| Error::Transport { venue: config.venue.clone(), source };
        let headers = auth::headers(&config).map_err(wrong)?;
        let options = Options { headers, deadline: config.deadline, ..Options::default() };
        let trading =
            Rest::new(config.trading.clone(), tls, options.clone(), clock.clone()).map_err(wrong)?;
        let data = Rest::new(config.data.clone(), tls, options, clock.clone()).map_err(wrong)?;
        let (trading_pace, data_pace) = (Mutex::new(Pace::new()), Mutex::new(Pace::new()));
        Ok(Self { config, clock, trading, data, trading_pace, data_pace, rules: Mutex::default() })
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
    fn pace(&self, host: Host) -> &Mutex<Pace> {
        match host {
            Host::Trading => &self.trading_pace,
            Host::Data => &self.data_pace,
        }
    }

    /// How requests do.
    pub async fn vitals(&self) -> Vitals {
        self.trading_pace.lock().await.vitals(self.clock.now().mono)
    }

    /// Sends `call` once, when the limit lets it.
    pub async fn exchange(&self, host: Host, class: Class, call: Call) -> Exchange {
        self.exchange_upon(host, class, call, Release::given()).await
    }

    /// The same, made ready now and sent once it is released.
    pub(super) async fn exchange_upon(
        &self,
        host: Host,
        class: Class,
        call: Call,
        release: Release,
    ) -> Exchange {
        let now = self.clock.now().mono;
        let grant = self.pace(host).lock().await.limit.ask(now, class, 1);
        match grant {
            Grant::Go => {}
            Grant::At(slot) => {
                let wait = slot.as_nanos().saturating_sub(now.as_nanos());
                tokio::time::sleep(Duration::from_nanos(wait)).await;
                self.wait_again(host).await;
            }
            Grant::Refused { until } => return Exchange::Limited { until, wait_ms: until.since_ms(now) },
        }
        let rest = match host {
            Host::Trading => &self.trading,
            Host::Data => &self.data,
        };
        let ready = match rest.ready(call).await {
            Ok(ready) => ready,
            Err(why) => return Exchange::NotSent(why),
        };
        if let Err(why) = release.wait().await {
            return Exchange::NotSent(why);
        }
        match ready.send().await {
            Sent::NotSent { why } => Exchange::NotSent(why),
            Sent::Unanswered { why } => Exchange::Unanswered(why),
            Sent::Answered(answer) => self.learn(host, self.without_keys(answer)).await,
        }
    }

    /// What was given a time before the venue said "too many" would be refused at that time.
    async fn wait_again(&self, host: Host) {
        let now = self.clock.now().mono;
        let slot = self.pace(host).lock().await.limit.put_off(now);
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

    async fn learn(&self, host: Host, answer: Answer) -> Exchange {
        let mut pace = self.pace(host).lock().await;
        pace.learn(&answer);
        // 418 is what some gateways answer to those who did not heed a 429.
        if matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::IM_A_TEAPOT) {
            let until = pace.limit.back_off(answer.at.mono, answer.retry_after_ms());
            return Exchange::TooMany { until, text: words(&answer) };
        }
        pace.limit.passed(answer.at.mono);
        Exchange::Answered(answer)
    }

    /// Asks a question: a usable answer or a fault. "Not found" is an answer: `None`.
    async fn ask(&self, host: Host, class: Class, call: Call) -> Result<Option<Answer>, Fault> {
        let venue = self.venue().clone();
        match self.exchange(host, class, call).await {
            Exchange::Limited { until, wait_ms } => {
                let why =
                    Text::from(format!("no room for another request for {} s", wait_ms.div_ceil(1_000)));
                Err(Fault::Limited { venue, until, why })
            }
            Exchange::TooMany { until, text } => Err(Fault::Limited { venue, until, why: text }),
            Exchange::NotSent(why) | Exchange::Unanswered(why) => Err(Fault::Unreachable { venue, why }),
            Exchange::Answered(answer) => match answer.status {
                status if status.is_success() => Ok(Some(answer)),
                StatusCode::NOT_FOUND if refusal(&answer).is_some() => Ok(None),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(Fault::Unauthorised { venue, why: words(&answer) })
                }
                status if status.is_client_error() => Err(Fault::Refused { venue, why: words(&answer) }),
                _ => Err(Fault::Unreachable { venue, why: words(&answer) }),
            },
        }
    }

    /// As [`Api::ask`], where "not found" makes no sense.
    async fn ask_for(&self, host: Host, class: Class, call: Call) -> Result<Answer, Fault> {
        let told = self.ask(host, class, call).await?;
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
    read(answer).ok()
}

/// What an answer that was not hoped for says, in short.
fn words(answer: &Answer) -> Text {
    match refusal(answer) {
        Some(refused) => Text::from(format!("{} (code {})", refused.message, refused.code)),
        None => {
            let body: String = String::from_utf8_lossy(&answer.body).chars().take(120).collect();
            Text::from(format!("{} {body}", answer.status))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_and_many() {
        let mut pace = Pace::new();
        assert_eq!(pace.vitals(Mono::default()).rtt_p50_us, None);
        (1..=100).for_each(|ms| pace.round_trips.note(ms * 1_000_000));
        let vitals = pace.vitals(Mono::default());
        assert_eq!((vitals.rtt_p50_us, vitals.rtt_p99_us), (Some(51_000), Some(100_000)));
        assert_eq!((vitals.limit_used, vitals.limit_max), (Some(0), Some(200)));
    }
}
