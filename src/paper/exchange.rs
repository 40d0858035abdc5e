//! The exchange: takes orders, moves the market, matches, and keeps the account.

use super::{
    account::{Account, Activity, Configuration, Density, EquityPoint, Position},
    asset::Asset,
    event::{Bar, Event, Quote, Trade},
    hours::Hours,
    models::Model,
    order::{NewOrder, Order, OrderFilter, Portion, Replacement},
    refusal::Refusal,
};
use crate::domain::{ids::Symbol, money::Money, quote::Interval, time::Stamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
        let start_cash = Money::new(rust_decimal::Decimal::from(100_000_u32));
        Self { model: Model::Alpaca, seed, hours: Hours::AllDay, start_cash, start }
    }
}

/// Everything that has to be kept between runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version of this form.
    pub version: u32,
    /// How it began.
    pub setup: Setup,
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

/// The paper venue without its wires.
#[derive(Debug, Clone)]
pub struct Exchange {
    setup: Setup,
    outbox: Vec<Event>,
}

impl Exchange {
    /// Opens an account.
    pub fn new(setup: Setup) -> Self {
        Self { setup, outbox: Vec::new() }
    }
    /// Everything that has to be kept.
    pub fn save(&self) -> Saved {
        Saved { version: 1, setup: self.setup.clone() }
    }
    /// Takes kept state up again.
    pub fn restore(saved: Saved) -> Result<Self, RestoreError> {
        Ok(Self::new(saved.setup))
    }
    /// How it began.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
    /// Moves the market, and what is on its way, up to `now`; returns everything that happened since the last
    /// call of this or of [`Exchange::drain`]. A time before the last one is taken as the last one.
    pub fn advance(&mut self, now: Stamp) -> Vec<Event> {
        let _now = now;
        self.drain()
    }
    /// What requests have caused since the last `advance` or `drain`.
    pub fn drain(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.outbox)
    }
    /// When `advance` next has something to do.
    pub fn next_due(&self) -> Stamp {
        self.setup.start
    }

    // Requests. What they cause waits in the outbox.

    /// Takes an order.
    pub fn place(&mut self, now: Stamp, order: NewOrder) -> Result<Order, Refusal> {
        let _now = now;
        Err(Refusal::not_found(format!("could not find asset \"{}\"", order.symbol)))
    }
    /// Sends a replacement of a working order to the market. The new order is returned; whether it took the
    /// old one's place is told by an event.
    pub fn replace(&mut self, now: Stamp, id: Uuid, change: Replacement) -> Result<Order, Refusal> {
        let _asked = (now, id, change);
        Err(Refusal::not_found("order not found"))
    }
    /// Sends a cancel to the market. Whether the order went is told by an event.
    pub fn cancel(&mut self, now: Stamp, id: Uuid) -> Result<(), Refusal> {
        let _asked = (now, id);
        Err(Refusal::not_found("order not found"))
    }
    /// Sends a cancel for every order that is not over.
    pub fn cancel_all(&mut self, now: Stamp) -> Vec<CancelOutcome> {
        let _now = now;
        Vec::new()
    }
    /// Places the market order that closes a position or a part of it.
    pub fn close_position(&mut self, now: Stamp, symbol: &str, portion: Portion) -> Result<Order, Refusal> {
        let _asked = (now, symbol, portion);
        Err(Refusal::not_found("position does not exist"))
    }
    /// Places the orders that close every position; first cancels every working order if asked to.
    pub fn close_all(&mut self, now: Stamp, cancel_orders: bool) -> Vec<CloseOutcome> {
        let _asked = (now, cancel_orders);
        Vec::new()
    }
    /// Changes the account's settings.
    pub fn configure(&mut self, configuration: Configuration) -> Result<(), Refusal> {
        let _asked = configuration;
        Ok(())
    }

    // Questions.

    /// An order by the venue's id.
    pub fn order(&self, id: Uuid) -> Option<&Order> {
        let _asked = id;
        None
    }
    /// An order by its maker's id.
    pub fn order_by_client_id(&self, client_order_id: &str) -> Option<&Order> {
        let _asked = client_order_id;
        None
    }
    /// The legs of an order, target before stop.
    pub fn legs(&self, order: &Order) -> Vec<&Order> {
        order.legs.iter().filter_map(|id| self.order(*id)).collect()
    }
    /// Orders, newest first unless the filter says otherwise.
    pub fn orders(&self, filter: &OrderFilter) -> Vec<&Order> {
        let _asked = filter;
        Vec::new()
    }
    /// One position.
    pub fn position(&self, symbol: &str) -> Option<Position> {
        let _asked = symbol;
        None
    }
    /// All positions, by symbol.
    pub fn positions(&self) -> Vec<Position> {
        Vec::new()
    }
    /// The account's figures.
    pub fn account(&self) -> Account {
        Account {
            id: Uuid::nil(),
            account_number: smol_str::SmolStr::new_static("PA00000000"),
            created_at: self.setup.start,
            equity: self.setup.start_cash,
            last_equity: self.setup.start_cash,
            cash: self.setup.start_cash,
            unsettled_cash: Money::ZERO,
            buying_power: self.setup.start_cash,
            regt_buying_power: self.setup.start_cash,
            daytrading_buying_power: Money::ZERO,
            non_marginable_buying_power: self.setup.start_cash,
            cash_withdrawable: self.setup.start_cash,
            initial_margin: Money::ZERO,
            maintenance_margin: Money::ZERO,
            last_maintenance_margin: Money::ZERO,
            sma: Money::ZERO,
            long_market_value: Money::ZERO,
            short_market_value: Money::ZERO,
            accrued_fees: Money::ZERO,
            fees_paid: Money::ZERO,
            daytrade_count: 0,
            multiplier: crate::domain::money::Ratio::new(rust_decimal::Decimal::ONE),
            shorting_enabled: true,
            pattern_day_trader: false,
            trade_suspended_by_user: false,
            trading_blocked: false,
        }
    }
    /// The account's settings.
    pub fn configuration(&self) -> Configuration {
        Configuration::default()
    }
    /// The account's history, oldest first. Bounded: the oldest lines are forgotten.
    pub fn activities(&self) -> impl DoubleEndedIterator<Item = &Activity> {
        std::iter::empty()
    }
    /// All instruments, by symbol.
    pub fn assets(&self) -> &[Asset] {
        &[]
    }
    /// An instrument by symbol (`BTC/USD` or `BTCUSD`) or id.
    pub fn asset(&self, symbol: &str) -> Option<&Asset> {
        self.assets().iter().find(|a| a.symbol.as_str() == symbol)
    }
    /// The best bid and ask now.
    pub fn quote(&self, symbol: &str) -> Option<Quote> {
        let _asked = symbol;
        None
    }
    /// The last print.
    pub fn trade(&self, symbol: &str) -> Option<Trade> {
        let _asked = symbol;
        None
    }
    /// Bars of `interval` that start in `from..until` (the one under way included), oldest first, at most
    /// `limit` of them counted from `from`. Pure: any stretch of time up to the exchange's own can be asked for.
    pub fn bars(&self, symbol: &str, interval: Interval, range: (Stamp, Stamp), limit: usize) -> Vec<Bar> {
        let _asked = (symbol, interval, range, limit);
        Vec::new()
    }
    /// The equity curve, oldest first.
    pub fn equity_curve(&self, density: Density) -> Vec<EquityPoint> {
        let _asked = density;
        Vec::new()
    }
    /// The exchange's own time: that of the last request or `advance`.
    pub fn at(&self) -> Stamp {
        self.setup.start
    }
}
