//! The exchange: takes orders, moves the market, matches, and keeps the account.
//!
//! It is one state machine without a clock: requests and `advance` carry the time. The market is a pure
//! function of the seed and the time, ids are derived from the seed and a count, so the same calls at the same
//! times give the same events to the byte. What a request causes goes through a line of things that are due
//! (acknowledgement, cancel, replacement, expiry, the day's end), worked off in the order of their times.

use super::{
    account::{Activity, Configuration, Density, EquityPoint},
    asset::{Asset, assets},
    curve::Curve,
    event::{Bar, Event, Quote, Trade},
    history::History,
    hours::{Hours, Session, date_of},
    ledger::Ledger,
    market::{Book, Face, Line, lines},
    models::Model,
    order::{Order, OrderFilter},
    power::Window,
    refusal::Refusal,
    store::{Orders, Seq},
    strain::Strain,
    walk::{TICKS_A_MINUTE, stamp_of, tick_of},
};
use crate::domain::{
    ids::Symbol,
    money::{Money, Ratio},
    quote::Interval,
    time::Stamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// The version of [`Saved`].
const VERSION: u32 = 1;
/// After a long pause the market is moved in at most so many steps.
const STEPS_MAX: i64 = 2_000;
/// Lines of history kept.
pub(super) const ACTIVITIES_KEPT: usize = 20_000;

/// How an exchange begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The brokerage model.
    pub model: Model,
    /// The market's seed.
    pub seed: u64,
    /// When stocks trade.
    pub hours: Hours,
    /// The cash to start with.
    pub start_cash: Money,
    /// When it begins.
    pub start: Stamp,
}

impl Setup {
    /// Alpaca's model, round the clock, 100,000 dollars.
    pub fn new(seed: u64, start: Stamp) -> Self {
        let start_cash = Money::new(Decimal::from(100_000_u32));
        Self { model: Model::Alpaca, seed, hours: Hours::AllDay, start_cash, start }
    }
}

/// Something that happens at a set time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wire {
    /// An order reaches the market.
    Ack(Seq),
    /// An order takes part in an auction.
    Auction(Seq),
    /// A cancel reaches the market.
    Cancel(Seq),
    /// A replacement reaches the market: the old order, the new one.
    Replace(Seq, Seq),
    /// An order's time in force ends.
    Expire(Seq),
    /// The end of the regular session.
    Bell,
    /// Midnight in New York.
    DayEnd,
}

/// Everything that has to be kept between runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version of this form.
    pub version: u32,
    /// How it began.
    pub setup: Setup,
    at: Stamp,
    tick: i64,
    made: u64,
    due: Vec<(Stamp, Wire)>,
    next_order: Seq,
    // What grows with the account is kept in rows of its own by whoever keeps this.
    pub(super) orders: BTreeMap<Seq, Order>,
    ledger: Ledger,
    pub(super) activities: VecDeque<Activity>,
    pub(super) curve: Curve,
    configuration: Configuration,
    faces: BTreeMap<Symbol, Face>,
}

/// What became of one cancel among many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOutcome {
    /// Which order.
    pub id: Uuid,
    /// Taken, or why not.
    pub result: Result<(), Refusal>,
}

/// What became of one close among many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseOutcome {
    /// Which position.
    pub symbol: Symbol,
    /// The order that closes it, or why there is none.
    pub result: Result<Order, Refusal>,
}

/// Why kept state can't be taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// Written by another version.
    #[error("the paper account's state has version {found}, this program reads version {want}")]
    Version {
        /// What it says.
        found: u32,
        /// What is known here.
        want: u32,
    },
    /// It does not hang together.
    #[error("the paper account's state is damaged: {0}")]
    Damaged(String),
}

/// The paper venue without its wires.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub(super) setup: Setup,
    pub(super) account_id: Uuid,
    pub(super) at: Stamp,
    tick: i64,
    pub(super) made: u64,
    due: VecDeque<(Stamp, Wire)>,
    pub(super) orders: Orders,
    pub(super) ledger: Ledger,
    pub(super) activities: VecDeque<Activity>,
    curve: Curve,
    pub(super) configuration: Configuration,
    pub(super) session: Session,
    assets: Vec<Asset>,
    pub(super) lines: Vec<Line>,
    pub(super) outbox: Vec<Event>,
    pub(super) strain: Strain,
}

impl Exchange {
    /// Opens an account.
    pub fn new(setup: Setup) -> Self {
        let session = setup.hours.session(date_of(setup.start));
        let mut this = Self {
            account_id: Uuid::new_v5(
                &Uuid::NAMESPACE_OID,
                format!("paper account {}", setup.seed).as_bytes(),
            ),
            at: setup.start,
            tick: tick_of(setup.start),
            made: 0,
            due: VecDeque::new(),
            orders: Orders::default(),
            ledger: Ledger::new(setup.start_cash),
            activities: VecDeque::new(),
            curve: Curve::default(),
            configuration: Configuration::default(),
            session,
            assets: assets(setup.model),
            lines: lines(setup.seed, tick_of(setup.start)),
            outbox: Vec::new(),
            strain: Strain::default(),
            setup,
        };
        this.schedule_day();
        this.note_closes();
        this.curve.note(this.at, this.setup.start_cash);
        this.curve.note_day(session.starts, this.setup.start_cash);
        this
    }
    /// Everything that has to be kept.
    pub fn save(&self) -> Saved {
        Saved {
            version: VERSION,
            setup: self.setup.clone(),
            at: self.at,
            tick: self.tick,
            made: self.made,
            due: self.due.iter().copied().collect(),
            next_order: self.orders.next(),
            orders: self.orders.all().clone(),
            ledger: self.ledger.clone(),
            activities: self.activities.clone(),
            curve: self.curve.clone(),
            configuration: self.configuration.clone(),
            faces: self.lines.iter().map(|l| (l.symbol().clone(), l.face.clone())).collect(),
        }
    }
    /// Takes kept state up again.
    pub fn restore(saved: Saved) -> Result<Self, RestoreError> {
        if saved.version != VERSION {
            return Err(RestoreError::Version { found: saved.version, want: VERSION });
        }
        let damaged = |what: &str| Err(RestoreError::Damaged(what.to_owned()));
        if saved.tick != tick_of(saved.at) && saved.tick > tick_of(saved.at) {
            return damaged("the market is ahead of the clock");
        }
        if saved.orders.keys().any(|seq| *seq >= saved.next_order) {
            return damaged("an order has a number that was not given out yet");
        }
        let mut this = Self::new(saved.setup);
        let unknown = |s: &&Symbol| !this.assets.iter().any(|a| a.symbol == **s);
        let symbols = saved.orders.values().map(|o| &o.symbol).chain(saved.ledger.holdings.keys());
        if let Some(symbol) = symbols.into_iter().find(unknown) {
            return damaged(&format!("there is no instrument {symbol}"));
        }
        this.at = saved.at;
        this.tick = saved.tick;
        this.made = saved.made;
        this.due = saved.due.into();
        this.orders = Orders::restore(saved.orders, saved.next_order);
        this.ledger = saved.ledger;
        this.activities = saved.activities;
        this.curve = saved.curve;
        this.configuration = saved.configuration;
        this.session = this.setup.hours.session(date_of(this.at));
        for line in &mut this.lines {
            match saved.faces.get(line.symbol()) {
                Some(face) => line.face = face.clone(),
                None => {
                    line.step(this.tick, true);
                }
            }
        }
        this.note_closes();
        Ok(this)
    }
    /// How it began.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }
    /// The exchange's own time: that of the last request or `advance`.
    pub const fn at(&self) -> Stamp {
        self.at
    }

    // Time.

    /// Moves the market, and what is on its way, up to `now`; returns everything that happened since the last
    /// call of this or of [`Exchange::drain`]. A time before the last one is taken as the last one. After a long
    /// pause the market jumps ahead in coarse steps whose quotes are not told, but days still end and orders
    /// still expire.
    pub fn advance(&mut self, now: Stamp) -> Vec<Event> {
        self.run(now);
        self.drain()
    }
    /// What requests have caused since the last `advance` or `drain`.
    pub fn drain(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.outbox)
    }
    /// When `advance` next has something to do.
    pub fn next_due(&self) -> Stamp {
        let tick = stamp_of(self.tick.saturating_add(1));
        self.due.front().map_or(tick, |(at, _)| (*at).min(tick))
    }
    /// Moves everything up to `now`; what happens goes to the outbox.
    pub(super) fn run(&mut self, now: Stamp) {
        let now = now.max(self.at);
        let target = tick_of(now);
        let gap = target.saturating_sub(self.tick);
        let stride = gap.saturating_add(STEPS_MAX.saturating_sub(1)).wrapping_div(STEPS_MAX).max(1);
        while self.tick < target {
            let next = self.tick.saturating_add(stride).min(target);
            self.work_off(stamp_of(next));
            self.at = self.at.max(stamp_of(next));
            self.step(next, stride, next == target);
        }
        self.work_off(now);
        self.at = now;
    }
    fn work_off(&mut self, until: Stamp) {
        while let Some((at, wire)) = self.due.front().copied()
            && at <= until
        {
            self.due.pop_front();
            self.at = self.at.max(at);
            match wire {
                Wire::Ack(seq) => self.acknowledge(seq),
                Wire::Auction(seq) => self.auction(seq),
                Wire::Cancel(seq) => self.cancel_arrives(seq),
                Wire::Replace(old, new) => self.replacement_arrives(old, new),
                Wire::Expire(seq) => self.expire(seq),
                Wire::Bell => self.rest_until_tomorrow(),
                Wire::DayEnd => self.end_day(),
            }
        }
    }
    /// Puts something in the line of things that are due.
    pub(super) fn schedule(&mut self, at: Stamp, wire: Wire) {
        let place = self.due.partition_point(|(t, _)| *t <= at);
        self.due.insert(place, (at, wire));
    }
    /// One step of the market.
    fn step(&mut self, tick: i64, stride: i64, is_last: bool) {
        let before = self.tick;
        self.tick = tick;
        let passing = stride > 1 && !is_last;
        for index in 0..self.lines.len() {
            if !passing || self.matters(index) {
                self.step_line(index, tick, stride > 1);
            }
        }
        self.match_all();
        let minute = tick.wrapping_sub(tick.rem_euclid(TICKS_A_MINUTE));
        if before < minute {
            self.tell_minutes(minute.saturating_sub(TICKS_A_MINUTE), stride > TICKS_A_MINUTE);
            if self.curve.is_due(self.at) {
                let equity = self.equity();
                self.curve.note(self.at, equity);
            }
        }
    }
    fn step_line(&mut self, index: usize, tick: i64, coarse: bool) {
        let closed = self.is_closed(index);
        let Some(line) = self.lines.get_mut(index).filter(|_| !closed) else {
            return;
        };
        let moved = line.step(tick, coarse);
        if coarse {
            return;
        }
        if moved.quote {
            self.outbox.push(Event::Quote(line.face.quote.clone()));
        }
        if moved.trade {
            self.outbox.push(Event::Trade(line.face.trade.clone()));
        }
    }
    /// Does anything of the account's hang on it? While a long pause is made up for, only that is moved.
    fn matters(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|line| {
            let symbol = line.symbol();
            self.ledger.holdings.contains_key(symbol) || self.orders.open().any(|(_, o)| o.symbol == *symbol)
        })
    }
    fn is_closed(&self, index: usize) -> bool {
        use super::hours::Phase;
        let coin = self.lines.get(index).is_some_and(Line::is_coin);
        !coin && self.session.phase(self.at) == Phase::Closed
    }
    fn tell_minutes(&mut self, first_tick: i64, skip: bool) {
        if skip {
            return;
        }
        for index in 0..self.lines.len() {
            let closed = self.is_closed(index);
            let line = self.lines.get_mut(index).filter(|_| !closed);
            if let Some(bar) = line.and_then(|l| l.minute(stamp_of(first_tick), i64::MAX)) {
                self.outbox.push(Event::MinuteBar(bar));
            }
        }
    }
    fn end_day(&mut self) {
        let equity = self.equity();
        let maintenance = self.sums(Window::Overnight).maintenance;
        self.curve.note_day(self.session.starts, equity);
        self.session = self.setup.hours.session(date_of(self.at));
        self.note_closes();
        self.ledger.last_equity = equity;
        self.ledger.last_maintenance = Money::new(maintenance.round_dp(2));
        self.ledger.release(self.at);
        for line in &self.lines {
            if let Some(holding) = self.ledger.holdings.get_mut(line.symbol()) {
                holding.day_cost = Money::new(holding.qty.get().saturating_mul(line.day_before.get()));
            }
        }
        self.wake();
        self.schedule_day();
    }
    /// Puts the bell, where there is one, and midnight in the line of things that are due.
    fn schedule_day(&mut self) {
        if let Some((_, closes)) =
            self.session.regular.filter(|(_, c)| self.at < *c && *c < self.session.ends)
        {
            self.schedule(closes, Wire::Bell);
        }
        self.schedule(self.session.ends, Wire::DayEnd);
    }
    fn note_closes(&mut self) {
        let starts = self.session.starts;
        for line in &mut self.lines {
            line.day_before = line.close_before(starts);
        }
    }

    // Questions.

    /// What is held now is no profit of today, and the equity curve begins with it.
    pub(super) fn take_stock(&mut self) {
        let (equity, maintenance) = (self.equity(), self.sums(Window::Overnight).maintenance);
        self.ledger.last_equity = equity;
        self.ledger.last_maintenance = Money::new(maintenance.round_dp(2));
        self.curve = Curve::default();
        self.curve.note(self.at, equity);
        self.curve.note_day(self.session.starts, equity);
    }
    /// Changes the account's settings.
    pub fn configure(&mut self, configuration: Configuration) -> Result<(), Refusal> {
        let known = [1_u32, 2, 4].map(|n| Ratio::new(Decimal::from(n)));
        if !known.contains(&configuration.max_margin_multiplier) {
            return Err(Refusal::invalid("max_margin_multiplier must be 1, 2 or 4"));
        }
        self.configuration = configuration;
        Ok(())
    }
    /// The account's settings.
    pub fn configuration(&self) -> Configuration {
        self.configuration.clone()
    }
    /// An order by the venue's id.
    pub fn order(&self, id: Uuid) -> Option<&Order> {
        self.orders.by_id(id)
    }
    /// An order by its maker's id.
    pub fn order_by_client_id(&self, client_order_id: &str) -> Option<&Order> {
        self.orders.by_client(client_order_id)
    }
    /// The legs of an order, target before stop.
    pub fn legs(&self, order: &Order) -> Vec<&Order> {
        order.legs.iter().filter_map(|id| self.order(*id)).collect()
    }
    /// Orders, newest first unless the filter says otherwise.
    pub fn orders(&self, filter: &OrderFilter) -> Vec<&Order> {
        self.orders.list(filter)
    }
    /// The account's history, oldest first. Bounded: the oldest lines are forgotten.
    pub fn activities(&self) -> impl DoubleEndedIterator<Item = &Activity> {
        self.activities.iter()
    }
    /// All instruments, by symbol.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }
    /// An instrument by symbol (`BTC/USD` or `BTCUSD`) or id.
    pub fn asset(&self, symbol: &str) -> Option<&Asset> {
        let place = self.assets.binary_search_by(|a| a.symbol.as_str().cmp(symbol)).ok();
        place.and_then(|i| self.assets.get(i)).or_else(|| self.assets.iter().find(|a| a.is_called(symbol)))
    }
    pub(super) fn line(&self, symbol: &Symbol) -> Option<&Line> {
        let place = self.lines.binary_search_by(|l| l.symbol().cmp(symbol)).ok()?;
        self.lines.get(place)
    }
    fn line_called(&self, symbol: &str) -> Option<&Line> {
        self.line(&self.asset(symbol)?.symbol)
    }
    /// The best bid and ask now.
    pub fn quote(&self, symbol: &str) -> Option<Quote> {
        self.line_called(symbol).map(|l| l.face.quote.clone())
    }
    /// The order book now, the touch first.
    pub fn depth(&self, symbol: &str) -> Option<Book> {
        self.line_called(symbol).map(|l| l.book(self.tick))
    }
    /// The last print.
    pub fn trade(&self, symbol: &str) -> Option<Trade> {
        self.line_called(symbol).map(|l| l.face.trade.clone())
    }
    /// Bars of `interval` that start in `from..until` (the one under way included), oldest first, at most
    /// `limit` of them counted from `from`. Pure: any stretch of time up to the exchange's own can be asked for;
    /// minutes reach sixty days back, days five years.
    pub fn bars(&self, symbol: &str, interval: Interval, range: (Stamp, Stamp), limit: usize) -> Vec<Bar> {
        let line = self.line_called(symbol);
        line.map(|l| l.bars(self.setup.hours, interval, range, self.at, limit)).unwrap_or_default()
    }
    /// An instrument's past, to be read elsewhere: an order should not wait for the bars of a long stretch.
    pub fn history(&self, symbol: &str) -> Option<History> {
        Some(History::new(self.line_called(symbol)?.clone(), self.setup.hours, self.at))
    }
    /// The equity curve, oldest first.
    pub fn equity_curve(&self, density: Density) -> Vec<EquityPoint> {
        self.curve.points(density)
    }
}
