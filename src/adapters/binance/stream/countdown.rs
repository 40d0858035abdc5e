//! Keeps the venue's dead man's switch: a countdown in each symbol with open orders is set anew well within its time while
//! order news stand, and called off when the last order there is gone.

use super::{Api, Gone, News, changed};
use crate::{
    broker::{Event, Fault, Watched},
    domain::{
        alert::{AlertCode, Severity},
        ids::Symbol,
        text::Text,
        time::Mono,
    },
    transport::{alarm::Alarm, limit::Class},
};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::{mpsc, watch};

/// So many of its requests are under way at one time.
const ONCE_MAX: usize = 8;

/// One symbol's countdown.
#[derive(Debug, Clone, Copy)]
struct Set {
    /// Something has to be asked then.
    due: Mono,
    /// By then it has run out at the venue, unless it is set anew.
    ends: Mono,
    /// The last request about it failed.
    is_failing: bool,
}

/// The keeper of one venue's.
pub(super) struct Countdown<'a> {
    api: &'a Api,
    watched: watch::Receiver<Watched>,
    is_up: watch::Receiver<bool>,
    news: mpsc::Sender<News>,
    after_ms: u64,
    sets: BTreeMap<Symbol, Set>,
    /// In what this run has said what it would cancel.
    said: BTreeSet<Symbol>,
}

/// What one round of requests came to.
#[derive(Debug, Default)]
struct Round {
    first: Vec<Symbol>,
    again: Vec<Symbol>,
    failed: Vec<Symbol>,
    why: Option<Fault>,
}

impl<'a> Countdown<'a> {
    pub(super) const fn new(
        api: &'a Api,
        watched: watch::Receiver<Watched>,
        is_up: watch::Receiver<bool>,
        news: mpsc::Sender<News>,
        after_ms: u64,
    ) -> Self {
        Self { api, watched, is_up, news, after_ms, sets: BTreeMap::new(), said: BTreeSet::new() }
    }

    /// Until the engine is gone: then nobody renews it.
    pub(super) async fn run(mut self) {
        let alarm = Alarm::new();
        loop {
            let wanted = open(&self.watched.borrow_and_update());
            let is_up = *self.is_up.borrow_and_update();
            let round = self.round(&wanted, is_up).await;
            self.api.tell_switch(self.words(&wanted, is_up)).await;
            if self.tell(round).await.is_err() {
                return;
            }
            let wake =
                self.sets.iter().filter(|(s, _)| is_up || !wanted.contains(*s)).map(|(_, set)| set.due);
            let wake = wake.min();
            let asleep = async {
                match wake {
                    Some(at) => alarm.at(&**self.api.clock(), at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed(&mut self.watched) => {}
                gone = self.is_up.changed() => if gone.is_err() { return },
                () = asleep => {}
            }
        }
    }

    /// Asks for what is due. While order news are down nothing is renewed: nobody sees here what happens there.
    async fn round(&mut self, wanted: &BTreeSet<Symbol>, is_up: bool) -> Round {
        let now = self.now();
        for symbol in wanted.iter().filter(|_| is_up) {
            let fresh = Set { due: now, ends: now, is_failing: false };
            self.sets.entry(symbol.clone()).or_insert(fresh);
        }
        // What has run out while its end was not confirmed runs no more.
        self.sets.retain(|symbol, set| wanted.contains(symbol) || set.ends > now);
        let after_ms = self.after_ms;
        let due: Vec<(Symbol, u64)> = self
            .sets
            .iter_mut()
            .filter_map(|(symbol, set)| {
                let is_wanted = wanted.contains(symbol);
                if !is_wanted && !set.is_failing {
                    set.due = now;
                }
                let is_due = set.due <= now && (is_up || !is_wanted);
                is_due.then(|| (symbol.clone(), if is_wanted { after_ms } else { 0 }))
            })
            .collect();
        let mut round = Round::default();
        for some in due.chunks(ONCE_MAX) {
            let asked = some.iter().map(|(symbol, ms)| {
                let api = self.api;
                async move { (symbol, *ms, set(api, symbol, *ms).await) }
            });
            let asked: Vec<(&Symbol, u64, Result<(), Fault>)> = join_all(asked).await;
            for (symbol, ms, told) in asked {
                self.take(symbol, ms, told, now, &mut round);
            }
        }
        round
    }

    fn take(&mut self, symbol: &Symbol, ms: u64, told: Result<(), Fault>, asked: Mono, round: &mut Round) {
        let Some(set) = self.sets.get_mut(symbol) else { return };
        match told {
            Ok(()) if ms == 0 => _ = self.sets.remove(symbol),
            Ok(()) => {
                let was_failing = std::mem::replace(&mut set.is_failing, false);
                // A quarter of the time, as the vendor proposes: 120 s, set anew every 30 s.
                set.due = asked.plus_ms(ms / 4);
                set.ends = self.api.clock().now().mono.plus_ms(ms);
                if self.said.insert(symbol.clone()) {
                    round.first.push(symbol.clone());
                } else if was_failing {
                    round.again.push(symbol.clone());
                }
            }
            Err(fault) => {
                let was_failing = std::mem::replace(&mut set.is_failing, true);
                set.due = self.api.clock().now().mono.plus_ms((self.after_ms / 12).clamp(1_000, 10_000));
                if ms > 0 && !was_failing {
                    round.failed.push(symbol.clone());
                    round.why = Some(fault);
                }
            }
        }
    }

    async fn tell(&self, round: Round) -> Result<(), Gone> {
        let seconds = self.after_ms / 1_000;
        let title = self.api.config().product.title();
        if !round.first.is_empty() {
            let text = format!(
                "the dead man's switch is armed in {}: not heard for {seconds} s, {title} cancels every order in force \
                 there, also exits at a limit and orders of other programs; positions stay. Of conditional orders \
                 (stops, trailing stops) its documentation says nothing: count neither on their end nor on their staying",
                list(&round.first)
            );
            self.put(Severity::Info, &round.first, text).await?;
        }
        if !round.again.is_empty() {
            let text = format!("the dead man's switch is armed again in {}", list(&round.again));
            self.put(Severity::Info, &round.again, text).await?;
        }
        if let Some(why) = round.why {
            let text = format!("the dead man's switch is NOT armed in {}: {why}", list(&round.failed));
            self.put(Severity::Critical, &round.failed, text).await?;
        }
        Ok(())
    }

    async fn put(&self, severity: Severity, about: &[Symbol], text: String) -> Result<(), Gone> {
        let symbol = if let [one] = about { Some(one.clone()) } else { None };
        let notice = Event::Notice { severity, code: AlertCode::Venue, symbol, text: Text::from(text) };
        match self.news.send(News::Event(notice)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Gone),
        }
    }

    fn words(&self, wanted: &BTreeSet<Symbol>, is_up: bool) -> Text {
        let seconds = self.after_ms / 1_000;
        if wanted.is_empty() {
            return Text::from(format!("{seconds} s; no orders here to arm it for"));
        }
        if !is_up {
            return Text::from("NOT renewed while order news are down");
        }
        let fails = |s: &&Symbol| self.sets.get(*s).is_none_or(|set| set.is_failing);
        let failing: Vec<Symbol> = wanted.iter().filter(fails).cloned().collect();
        if failing.is_empty() {
            let all: Vec<Symbol> = wanted.iter().cloned().collect();
            return Text::from(format!("{seconds} s in {}", list(&all)));
        }
        Text::from(format!("NOT armed in {}", list(&failing)))
    }

    fn now(&self) -> Mono {
        self.api.clock().now().mono
    }
}

/// Where it is to be kept.
fn open(watched: &Watched) -> BTreeSet<Symbol> {
    if watched.holds_accounts { watched.open.keys().cloned().collect() } else { BTreeSet::new() }
}

async fn set(api: &Api, symbol: &Symbol, ms: u64) -> Result<(), Fault> {
    let directory = api.directory(Class::Entry).await?;
    match directory.of(symbol) {
        Some(rules) => api.count_down(&rules.native, ms).await,
        None => Err(Fault::Refused {
            venue: api.config().venue.clone(),
            why: Text::from(format!("{symbol} is not in its list")),
        }),
    }
}

/// The first few by name.
fn list(symbols: &[Symbol]) -> String {
    const SHOWN: usize = 4;
    let named: Vec<&str> = symbols.iter().take(SHOWN).map(Symbol::as_str).collect();
    match symbols.len().saturating_sub(SHOWN) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
