//! What was read of a deployment, and one observation of it. Pure: text in, values out.
//!
//! How old it is: no answer says when its figures were made. The vendor says of portfolio and orders that they are
//! about ten minutes old and of logs about five (LEAN.md 3, the texts of its own tools), so that holdings are shown as of
//! the time of reading less those ten minutes, and so are insights: they may be younger, and are not known to be.

use super::{insights, request, trouble::Trouble, wire};
use crate::{
    algos::result::{
        self, LINES_MAX, ROWS_MAX,
        figures::{Sample, Told},
        last, map,
        wire::LiveResult,
    },
    domain::{
        algorithm::{AlgorithmEvent, AlgorithmOrder, CashRow, Holding, LogLine, Observation, Phase},
        money::Money,
        text::Text,
        time::Stamp,
    },
};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

/// What is asked for, each in its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How it is, with the figures of the moment.
    Status,
    /// What it holds.
    Portfolio,
    /// Its orders.
    Orders,
    /// Its log.
    Log,
    /// The chart of its equity.
    Chart,
    /// What it failed of.
    List,
    /// What it predicts. Last, since nobody acts on that here.
    Insights,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Status, Self::Portfolio, Self::Orders, Self::Log, Self::Chart, Self::List, Self::Insights];

    const fn word(self) -> &'static str {
        match self {
            Self::Status => "its state",
            Self::Portfolio => "its portfolio",
            Self::Orders => "its orders",
            Self::Log => "its log",
            Self::Chart => "its chart",
            Self::List => "the list of deployments",
            Self::Insights => "its insights",
        }
    }
}

/// What an answer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// All of it.
    Whole,
    /// There is another page.
    More,
    /// Another deployment: everything else is to be read anew.
    Anew,
}

#[derive(Debug, Default)]
struct State {
    word: Text,
    started: Option<Stamp>,
    runtime: Vec<(Text, Text)>,
    server: Vec<(Text, Text)>,
}

#[derive(Debug)]
struct Held {
    holdings: Vec<Holding>,
    cash: Vec<CashRow>,
    currency: Option<Text>,
    as_of: Stamp,
}

/// All that was read of one deployment.
#[derive(Debug, Default)]
pub struct Seen {
    deployment: Text,
    state: Option<State>,
    held: Option<Held>,
    orders: BTreeMap<i64, AlgorithmOrder>,
    events: BTreeMap<Text, Told>,
    names: BTreeMap<Text, Text>,
    /// The place of the first order that can still change, the page that is read next, and whether all before is over.
    first: u64,
    page: u64,
    all_over: bool,
    curve: Vec<Sample>,
    log: VecDeque<LogLine>,
    next_line: u64,
    insights: insights::Read,
    error: Option<Text>,
    equity: Option<Money>,
    flaws: BTreeMap<Kind, Text>,
    /// It refused to say what is held.
    has_none: bool,
    /// Nothing at all can be read, or nothing of this project.
    away: Option<Text>,
    gone: Option<Text>,
}

impl Seen {
    /// Which deployment; empty before one is known.
    pub const fn deployment(&self) -> &Text {
        &self.deployment
    }
    /// Where the next page of orders begins.
    pub const fn page(&self) -> u64 {
        self.page
    }
    /// The first line of the log that was not read.
    pub const fn next_line(&self) -> u64 {
        self.next_line
    }
    /// What it predicts, as far as it was read.
    pub const fn insights(&self) -> &insights::Read {
        &self.insights
    }
    /// Why nothing can be seen.
    pub fn lost(&self) -> Option<&Text> {
        self.away.as_ref().or(self.gone.as_ref())
    }

    /// A good answer.
    ///
    /// # Errors
    /// Where it can't be read: nothing of it was taken over.
    pub fn take(&mut self, kind: Kind, text: &str, at: Stamp, delay_ms: i64) -> Result<Took, Trouble> {
        // Someone answered, whatever the answer.
        self.away = None;
        let as_of = at.plus_ms(delay_ms.saturating_neg());
        let took = match kind {
            Kind::Status => return self.take_state(text),
            Kind::Portfolio => self.take_held(text, as_of),
            Kind::Orders => self.take_orders(text),
            Kind::Log => self.take_log(text),
            Kind::Chart => self.take_chart(text),
            Kind::List => self.take_list(text),
            Kind::Insights => read(text).map(|page| self.insights.take(&page, as_of)),
        }
        .map_err(Trouble::Unreadable)?;
        self.flaws.remove(&kind);
        Ok(took)
    }

    /// What else came.
    pub fn fail(&mut self, kind: Kind, trouble: &Trouble) {
        let said = Text::clean(&trouble.to_string());
        if trouble.is_of_all() {
            self.away = Some(said);
            return;
        }
        self.away = None;
        if kind == Kind::Status {
            self.gone = Some(said);
        } else {
            self.has_none |= kind == Kind::Portfolio && matches!(trouble, Trouble::Refused(_));
            self.flaws.insert(kind, Text::clean(&format!("{}: {}", kind.word(), said.as_str())));
        }
    }

    fn take_state(&mut self, text: &str) -> Result<Took, Trouble> {
        let status: wire::Status<'_> = read(text).map_err(Trouble::Unreadable)?;
        let deployment = map::word_of(status.deploy_id.as_ref()).ok_or(Trouble::Nothing)?;
        self.gone = None;
        let is_new = deployment != self.deployment;
        if is_new {
            *self = Self { deployment, ..Self::default() };
        }
        self.state = Some(State {
            word: map::word_of(status.status.as_ref()).unwrap_or_default(),
            started: status.launched.as_ref().and_then(|at| map::stamp(&at.0)),
            runtime: status.runtime_statistics.as_ref().map(map::pairs).unwrap_or_default(),
            server: status.server_statistics.as_ref().map(map::pairs).unwrap_or_default(),
        });
        Ok(if is_new { Took::Anew } else { Took::Whole })
    }

    fn take_held(&mut self, text: &str, as_of: Stamp) -> Result<Took, String> {
        let answer: wire::Portfolio<'_> = read(text)?;
        let whole = answer.portfolio.ok_or("there is no portfolio in it")?;
        let portfolio: LiveResult<'_> = read(whole.get())?;
        let figures = map::figures(&portfolio)?;
        // Without the word for it nothing is flat.
        let holdings = figures.holdings.ok_or("there are no holdings in it")?;
        let cash = figures.cash.unwrap_or_default();
        let currency = figures.currency.or_else(|| account_currency(&cash));
        self.held = Some(Held { holdings, cash, currency, as_of });
        Ok(Took::Whole)
    }

    /// A page. Whatever is over in the pages at the beginning is not read again.
    fn take_orders(&mut self, text: &str) -> Result<Took, String> {
        let answer: wire::Orders<'_> = read(text)?;
        let events = answer.orders.iter().flat_map(|o| o.events.iter().flatten());
        let told = events.map(map::event).collect::<Result<Vec<_>, _>>()?;
        if self.page == self.first {
            self.all_over = true;
        }
        // Only a list that grows at its end has a beginning that is over.
        let ids = || answer.orders.iter().map(|row| row.id);
        self.all_over = self.all_over && ids().zip(ids().skip(1)).all(|(one, next)| one < next);
        for row in &answer.orders {
            let order = map::order(row);
            self.all_over = self.all_over && !order.state.is_open();
            self.orders.insert(order.id, order);
            if self.names.len() < ROWS_MAX {
                self.names.extend(map::name(row));
            }
        }
        self.events.extend(told.into_iter().map(|t| (t.event.id.clone(), t)));
        self.forget();
        let count = u64::try_from(answer.orders.len()).ok().unwrap_or(u64::MAX);
        if count < request::ORDERS_PAGE {
            self.page = self.first;
            return Ok(Took::Whole);
        }
        self.page = self.page.saturating_add(request::ORDERS_PAGE);
        if self.all_over {
            self.first = self.page;
        }
        Ok(Took::More)
    }

    /// No more is kept than is told.
    fn forget(&mut self) {
        if self.orders.len() > ROWS_MAX {
            let kept = result::told(std::mem::take(&mut self.orders).into_values());
            self.orders = kept.into_iter().map(|order| (order.id, order)).collect();
        }
        if self.events.len() > ROWS_MAX {
            let kept = last(in_order(&self.events));
            self.events = kept.into_iter().map(|t| (t.event.id.clone(), t.clone())).collect();
        }
    }

    /// The lines after those that are known; of a log that is longer than what is told, its end.
    fn take_log(&mut self, text: &str) -> Result<Took, String> {
        let answer: wire::Log<'_> = read(text)?;
        let count = u64::try_from(answer.logs.len()).ok().unwrap_or(u64::MAX);
        let read_to = self.next_line.saturating_add(count);
        let length = answer.length.unwrap_or(read_to);
        if length < self.next_line {
            // It is shorter than it was: another one.
            self.log.clear();
            self.next_line = 0;
            return Ok(Took::More);
        }
        self.log.extend(answer.logs.iter().map(|line| result::line(&line.0)));
        let over = self.log.len().saturating_sub(LINES_MAX);
        self.log.drain(..over);
        let told = u64::try_from(LINES_MAX).ok().unwrap_or(u64::MAX);
        self.next_line = read_to.max(length.saturating_sub(told));
        if self.next_line > read_to {
            // What is passed over is passed over whole: there is no gap in what is shown.
            self.log.clear();
        }
        // An empty page of a log that should go on is not asked for again at once.
        Ok(if count > 0 && self.next_line < length { Took::More } else { Took::Whole })
    }

    fn take_chart(&mut self, text: &str) -> Result<Took, String> {
        let answer: wire::Chart<'_> = read(text)?;
        let (curve, unread) = map::chart(answer.chart.ok_or("there is no chart in it")?.get());
        if curve.is_empty() && unread > 0 {
            return Err("its points can't be read".to_owned());
        }
        self.curve = curve;
        Ok(Took::Whole)
    }

    fn take_list(&mut self, text: &str) -> Result<Took, String> {
        let answer: wire::List<'_> = read(text)?;
        let ours = |row: &&wire::Row<'_>| {
            map::word_of(row.deploy_id.as_ref()).is_some_and(|id| id == self.deployment)
        };
        let row = answer.live.iter().find(ours);
        self.error = row.and_then(|row| map::word_of(row.error.as_ref()));
        self.equity = row.and_then(|row| row.equity).map(|n| Money::new(n.0));
        Ok(Took::Whole)
    }

    /// All of it. There is none before it is known how the deployment is, and what it holds or why that is not known.
    pub fn observe(&self) -> Option<Observation> {
        let state = self.state.as_ref()?;
        if self.held.is_none() && !self.has_none {
            return None;
        }
        let phase = map::phase(state.word.as_str());
        let figure = |name: &str| result::figure(&state.runtime, name);
        let at_end = || self.curve.last().map(|s| Money::new(s.close));
        let equity = figure("Equity").or_else(at_end).or(self.equity);
        let as_of = self.held.as_ref().map(|held| held.as_of);
        let names = self.names.iter().collect();
        let told = last(in_order(&self.events));
        Some(Observation {
            deployment: self.deployment.clone(),
            phase,
            word: state.word.clone(),
            error: self.error.clone().filter(|_| phase != Phase::Running),
            started: state.started,
            as_of,
            currency: self.held.as_ref().and_then(|held| held.currency.clone()),
            equity,
            day: as_of.and_then(|at| result::day(&self.curve, equity?, at)),
            unrealized: figure("Unrealized"),
            realized: figure("Net Profit"),
            fees: result::fees(&state.runtime),
            holdings: self.held.as_ref().map(|h| result::called(&h.holdings, &names)).unwrap_or_default(),
            cash: self.held.as_ref().map(|h| h.cash.clone()).unwrap_or_default(),
            orders: result::told(self.orders.values().cloned().collect::<Vec<_>>().into_iter()),
            events: told.into_iter().map(|t| t.event.clone()).collect::<Vec<AlgorithmEvent>>(),
            curve: last(self.curve.iter().map(|s| (s.at, Money::new(s.close))).collect()),
            statistics: state.runtime.clone(),
            server: state.server.clone(),
            log: self.log.iter().cloned().collect(),
            insights: self.insights.told().clone(),
            flaws: self.flaws.values().cloned().collect(),
        })
    }

    /// Why there is no observation yet, where something is in the way.
    pub fn waits_for(&self) -> Option<&Text> {
        self.flaws.get(&Kind::Portfolio)
    }
}

/// The cloud does not name it; it is the only money there that is worth in it what it is.
fn account_currency(cash: &[CashRow]) -> Option<Text> {
    let mut its = cash.iter().filter(|row| !row.amount.is_zero() && row.value == Some(row.amount));
    let (one, other) = (its.next(), its.next());
    one.filter(|_| other.is_none()).map(|row| row.currency.clone())
}

fn in_order(events: &BTreeMap<Text, Told>) -> Vec<&Told> {
    let mut all: Vec<&Told> = events.values().collect();
    all.sort_by_key(|t| (t.event.at, t.event.order, t.number));
    all
}

/// Says where it can't be read, and nothing of what stands there.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| format!("line {}, column {}", e.line(), e.column()))
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
