//! The model venue: orders, brackets, balances, positions and what it remembers of how they were. It knows no network
//! and no engine; what it has to tell is kept in `news` until somebody carries it.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tradedeck::{
    broker::{Event, OrderRef, Replacement, Wanted},
    domain::{
        ids::{AccountId, ClientId, Currency, ExecutionId, InstrumentId, Symbol, VenueId, VenueOrderId},
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        lifecycle::OrderEvent,
        money::{Money, Price, Qty, SignedQty},
        order::{Amount, Attached, OrderSpec, OrderType, Role, Side, Submission},
        report::{
            AccountReport, Environment, Execution, Fee, Liquidity, OrderReport, PositionReport, VenueReport,
        },
        text::Text,
        time::{Now, Stamp},
    },
};

/// What a venue says in its own words: every text of the model carries something that must not reach a terminal.
pub(super) fn hostile(text: &str) -> Text {
    Text::clean(&format!("\u{1b}[2J\u{202e}{text}\u{200b}\u{9b}\u{7}"))
}

/// What makes the houses differ.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) class: AssetClass,
    pub(super) symbols: &'static [&'static str],
    /// It holds an order with the flag to the position. Where it has no such flag, nothing keeps a close from turning
    /// one.
    pub(super) reduce_only: bool,
    pub(super) brackets: bool,
    pub(super) replaces: bool,
    pub(super) cancels_all: bool,
    /// Positions below zero; without them what open orders hold can't be sold once more.
    pub(super) short: bool,
    /// What is bought pays its fee in itself.
    pub(super) base_fee: bool,
    pub(super) lot: Decimal,
}

#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) spec: OrderSpec,
    pub(super) id: VenueOrderId,
    pub(super) filled: Decimal,
    value: Decimal,
    pub(super) status: OrderEvent,
    pub(super) parent: Option<ClientId>,
    role: Option<Role>,
    replaces: Option<VenueOrderId>,
    replaced_by: Option<VenueOrderId>,
    submitted: Stamp,
    /// How it stood, and since when, milliseconds.
    past: Vec<(u64, OrderReport)>,
}

impl Held {
    pub(super) fn is_open(&self) -> bool {
        is_open(self.status)
    }
    pub(super) fn rest(&self) -> Decimal {
        self.spec.amount.qty().unwrap().get() - self.filled
    }
}

/// An order's place in its group, and how it begins.
struct Place {
    parent: Option<ClientId>,
    role: Option<Role>,
    status: OrderEvent,
}

fn is_open(status: OrderEvent) -> bool {
    matches!(
        status,
        OrderEvent::Accepted
            | OrderEvent::Held
            | OrderEvent::Working
            | OrderEvent::FilledInPart
            | OrderEvent::ReplaceAsked
    )
}

/// A fill, as the invariants want to know it.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub(super) client: ClientId,
    pub(super) instrument: InstrumentId,
    pub(super) before: Decimal,
    pub(super) after: Decimal,
}

/// When each part of a report was true, milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    pub(super) orders: u64,
    pub(super) executions: u64,
    pub(super) positions: u64,
}

#[derive(Debug)]
pub(super) struct House {
    pub(super) kind: Kind,
    pub(super) id: VenueId,
    /// What its accounts really are.
    pub(super) environment: Environment,
    /// Its clock beside ours, milliseconds.
    pub(super) skew_ms: i64,
    pub(super) orders: BTreeMap<ClientId, Held>,
    open: BTreeSet<ClientId>,
    by_id: BTreeMap<VenueOrderId, ClientId>,
    pub(super) executions: Vec<(u64, Execution)>,
    pub(super) positions: BTreeMap<Symbol, Decimal>,
    past: BTreeMap<Symbol, Vec<(u64, Decimal)>>,
    /// In hundredths.
    pub(super) prices: BTreeMap<Symbol, i64>,
    pub(super) news: Vec<Event>,
    pub(super) fills: Vec<Filled>,
}

impl House {
    pub(super) fn new(kind: Kind) -> Self {
        let id = VenueId::new(kind.name).unwrap();
        let prices = kind.symbols.iter().map(|s| (Symbol::new(s).unwrap(), 10_000)).collect();
        Self {
            kind,
            id,
            environment: Environment::Paper,
            skew_ms: 0,
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            by_id: BTreeMap::new(),
            executions: Vec::new(),
            positions: BTreeMap::new(),
            past: BTreeMap::new(),
            prices,
            news: Vec::new(),
            fills: Vec::new(),
        }
    }

    pub(super) fn instrument(&self, symbol: &Symbol) -> InstrumentId {
        InstrumentId { venue: self.id.clone(), symbol: symbol.clone() }
    }
    pub(super) fn account(&self) -> AccountId {
        AccountId::new(&format!("ACC-{}", self.id)).unwrap()
    }
    pub(super) fn position(&self, symbol: &Symbol) -> Decimal {
        self.positions.get(symbol).copied().unwrap_or_default()
    }
    pub(super) fn open(&self) -> impl Iterator<Item = &Held> {
        self.open.iter().map(|c| &self.orders[c])
    }
    fn clock(&self, now: Now) -> Stamp {
        now.wall.plus_ms(self.skew_ms)
    }

    pub(super) fn rules(&self, symbol: &Symbol) -> Instrument {
        let lot = Qty::new(self.kind.lot).unwrap();
        let base = symbol.as_str().split_once('/').and_then(|(base, _)| Currency::new(base).ok());
        Instrument {
            id: self.instrument(symbol),
            name: hostile(symbol.as_str()),
            native: Text::clean(symbol.as_str()),
            class: self.kind.class,
            quote: Currency::usd(),
            base,
            tick: Tick::Fixed(Price::new(Decimal::new(1, 2))),
            lot,
            whole_lot: lot,
            qty_min: lot,
            qty_max: None,
            notional_min: Money::ZERO,
            payoff: tradedeck::domain::payoff::Payoff::ONE,
            shortable: self.kind.short,
            borrow: if self.kind.short { Borrow::Easy } else { Borrow::None },
            marginable: true,
            icebergs: None,
            exits: WaitingExits::default(),
            tradable: Tradable::Yes,
        }
    }

    /// Takes an order, or says why not.
    pub(super) fn submit(
        &mut self,
        now: Now,
        ms: u64,
        order: Submission,
    ) -> Result<Vec<OrderReport>, &'static str> {
        let Submission { client, spec } = order;
        let size = spec.amount.qty().ok_or("no orders in money")?.get();
        let held = self.position(&spec.instrument.symbol);
        let opposes = match spec.side {
            Side::Buy => held < Decimal::ZERO,
            Side::Sell => held > Decimal::ZERO,
        };
        if self.kind.reduce_only && spec.reduce_only && !opposes {
            return Err("reduce-only order would open a position");
        }
        if !self.kind.short && spec.side == Side::Sell {
            let reserved: Decimal = self
                .open()
                .filter(|o| o.spec.side == Side::Sell && o.spec.instrument == spec.instrument)
                .map(Held::rest)
                .sum();
            if reserved + size > held {
                return Err("insufficient balance: the rest is held by open orders");
            }
        }
        if self.orders.contains_key(&client) {
            return Err("client_order_id must be unique");
        }
        let attached = spec.attached;
        let role = matches!(attached, Attached::Oco { .. }).then_some(Role::Target);
        let place = Place { parent: None, role, status: OrderEvent::Working };
        self.insert((now, ms), client.clone(), spec.clone(), place);
        let mut family = vec![client.clone()];
        let leg = |order_type, amount| OrderSpec {
            side: spec.side.opposite(),
            order_type,
            amount,
            attached: Attached::Simple,
            show: None,
            ..spec.clone()
        };
        let mut legs = Vec::new();
        match attached {
            Attached::Simple => {}
            Attached::Bracket { target, stop } => {
                legs.push((Role::Target, leg(OrderType::Limit { limit: target }, spec.amount)));
                legs.push((Role::Stop, leg(OrderType::Stop { stop: stop.stop }, spec.amount)));
            }
            Attached::OtoStop { stop } => {
                legs.push((Role::Stop, leg(OrderType::Stop { stop: stop.stop }, spec.amount)));
            }
            Attached::OtoTarget { target } => {
                legs.push((Role::Target, leg(OrderType::Limit { limit: target }, spec.amount)));
            }
            Attached::Oco { stop } => {
                let pair = leg(OrderType::Stop { stop: stop.stop }, spec.amount);
                legs.push((Role::Stop, OrderSpec { side: spec.side, ..pair }));
            }
        }
        let status = if role.is_some() { OrderEvent::Working } else { OrderEvent::Held };
        for (role, spec) in legs {
            let name = ClientId::new(&format!("x-{}-{}", self.id, self.orders.len())).unwrap();
            let place = Place { parent: Some(client.clone()), role: Some(role), status };
            self.insert((now, ms), name.clone(), spec, place);
            family.push(name);
        }
        Ok(family.iter().map(|c| self.report_of(c)).collect())
    }

    fn insert(&mut self, (now, ms): (Now, u64), client: ClientId, spec: OrderSpec, place: Place) {
        let Place { parent, role, status } = place;
        let id = VenueOrderId::new(&format!("v-{}-{}", self.id, self.orders.len())).unwrap();
        self.by_id.insert(id.clone(), client.clone());
        let held = Held {
            spec,
            id,
            filled: Decimal::ZERO,
            value: Decimal::ZERO,
            status,
            parent,
            role,
            replaces: None,
            replaced_by: None,
            submitted: self.clock(now),
            past: Vec::new(),
        };
        self.orders.insert(client.clone(), held);
        self.changed(ms, &client);
    }

    /// Something of an order is new: it is remembered, told and indexed.
    fn changed(&mut self, ms: u64, client: &ClientId) {
        let report = self.report_of(client);
        let held = self.orders.get_mut(client).unwrap();
        held.past.push((ms, report.clone()));
        if held.is_open() {
            self.open.insert(client.clone());
        } else {
            self.open.remove(client);
        }
        self.news.push(Event::Order(Box::new(report)));
    }

    /// Prices move, and what can fill does, in part or whole.
    pub(super) fn trade(&mut self, now: Now, ms: u64, rng: &mut fastrand::Rng, eager: bool) {
        for price in self.prices.values_mut() {
            *price = (*price + rng.i64(-12..=12)).clamp(9_500, 10_500);
        }
        for client in self.open.clone() {
            let held = &self.orders[&client];
            let price = self.prices[&held.spec.instrument.symbol];
            let at = Decimal::new(price, 2);
            let buys = held.spec.side == Side::Buy;
            let fills = match held.spec.order_type {
                OrderType::Market => true,
                OrderType::Limit { limit } => {
                    if buys {
                        at <= limit.get()
                    } else {
                        at >= limit.get()
                    }
                }
                OrderType::Stop { stop } | OrderType::StopLimit { stop, .. } => {
                    if buys {
                        at >= stop.get()
                    } else {
                        at <= stop.get()
                    }
                }
                OrderType::TrailingStop { .. } => false,
            };
            let waits = matches!(held.status, OrderEvent::Held | OrderEvent::Accepted);
            if !held.is_open() || waits || !fills || (!eager && rng.u32(0..3) == 0) {
                continue;
            }
            // Legs go whole, so that two of them never fill more than there is.
            let parts = held.role.is_none() && !eager && rng.bool();
            let rest = held.rest();
            let half = (rest / Decimal::TWO / self.kind.lot).trunc() * self.kind.lot;
            let part = if parts && half > Decimal::ZERO { half } else { rest };
            self.fill(now, ms, &client, part, at);
        }
    }

    fn fill(&mut self, now: Now, ms: u64, client: &ClientId, part: Decimal, at: Decimal) {
        let n = self.executions.len();
        let (flags, skewed) = (self.kind.clone(), self.clock(now));
        let held = &self.orders[client];
        let spec = held.spec.clone();
        let before = self.position(&spec.instrument.symbol);
        let opposing = match spec.side {
            Side::Buy => (-before).max(Decimal::ZERO),
            Side::Sell => before.max(Decimal::ZERO),
        };
        let held_to = (flags.reduce_only && spec.reduce_only) || (!flags.short && spec.side == Side::Sell);
        let part = if held_to { part.min(opposing) } else { part };
        if part <= Decimal::ZERO {
            self.end(ms, client, OrderEvent::Cancelled);
            return;
        }
        let fee = (flags.base_fee && spec.side == Side::Buy).then(|| part * Decimal::new(25, 4));
        let held = self.orders.get_mut(client).unwrap();
        held.filled += part;
        held.value += part * at;
        let whole = held.rest().is_zero();
        held.status = if whole { OrderEvent::FilledWhole } else { OrderEvent::FilledInPart };
        let execution = Execution {
            id: ExecutionId::new(&format!("e-{}-{n}", self.id)).unwrap(),
            client: client.clone(),
            venue_id: held.id.clone(),
            instrument: spec.instrument.clone(),
            side: spec.side,
            qty: Qty::new(part.normalize()).unwrap(),
            price: Price::new(at),
            cum: Qty::new(held.filled.normalize()),
            fee: fee.map(|f| Fee {
                amount: Money::new(f.normalize()),
                currency: Currency::new(spec.instrument.symbol.as_str().split('/').next().unwrap()).unwrap(),
            }),
            liquidity: Liquidity::Taker,
            at: skewed,
            revision: 0,
            seen: None,
        };
        let after = (before + execution.qty.signed(spec.side).get() - fee.unwrap_or_default()).normalize();
        let (parent, is_leg) = (held.parent.clone(), held.role.is_some());
        self.positions.insert(spec.instrument.symbol.clone(), after);
        self.past.entry(spec.instrument.symbol.clone()).or_default().push((ms, after));
        self.fills.push(Filled { client: client.clone(), instrument: spec.instrument, before, after });
        self.executions.push((ms, execution.clone()));
        self.news.push(Event::Execution(Box::new(execution)));
        self.changed(ms, client);
        if whole && is_leg {
            self.end_siblings(ms, client, parent.as_ref());
        } else if whole {
            self.wake_legs(ms, client);
        }
    }

    /// One cancels the other.
    fn end_siblings(&mut self, ms: u64, client: &ClientId, parent: Option<&ClientId>) {
        let root = parent.unwrap_or(client).clone();
        let is_pair = |name: &ClientId, held: &Held| {
            name != client && held.role.is_some() && (held.parent.as_ref() == Some(&root) || *name == root)
        };
        let others: Vec<ClientId> =
            self.open.iter().filter(|c| is_pair(c, &self.orders[*c])).cloned().collect();
        for other in others {
            let held = self.orders.get_mut(&other).unwrap();
            held.status = OrderEvent::Cancelled;
            self.changed(ms, &other);
        }
    }

    /// The entry is done: its legs protect what it filled.
    fn wake_legs(&mut self, ms: u64, client: &ClientId) {
        let filled = self.orders[client].filled;
        let legs: Vec<ClientId> =
            self.open.iter().filter(|c| self.orders[*c].parent.as_ref() == Some(client)).cloned().collect();
        for leg in legs {
            let held = self.orders.get_mut(&leg).unwrap();
            if held.status != OrderEvent::Held {
                continue;
            }
            held.status = if filled.is_zero() { OrderEvent::Cancelled } else { OrderEvent::Working };
            if !filled.is_zero() {
                held.spec.amount = Amount::Qty(Qty::new(filled.normalize()).unwrap());
            }
            self.changed(ms, &leg);
        }
    }

    /// Ends an order that is open. Was it?
    pub(super) fn end(&mut self, ms: u64, client: &ClientId, status: OrderEvent) -> bool {
        let Some(held) = self.orders.get_mut(client).filter(|o| o.is_open()) else { return false };
        held.status = status;
        let (parent, is_leg) = (held.parent.clone(), held.role.is_some());
        self.changed(ms, client);
        if is_leg && status == OrderEvent::Cancelled {
            self.end_siblings(ms, client, parent.as_ref());
        } else if !is_leg {
            self.wake_legs(ms, client);
        }
        true
    }

    pub(super) fn end_all(&mut self, ms: u64) {
        for client in self.open.clone() {
            self.end(ms, &client, OrderEvent::Cancelled);
        }
    }

    /// Can it be changed now?
    pub(super) fn may_replace(&self, order: &OrderRef) -> Result<ClientId, &'static str> {
        let held = self.orders.get(&order.client).ok_or("order not found")?;
        let fresh = matches!(held.status, OrderEvent::Working) && held.filled.is_zero();
        let parent = self.open.iter().any(|c| self.orders[c].parent.as_ref() == Some(&order.client));
        if fresh && !parent { Ok(order.client.clone()) } else { Err("order can't be replaced now") }
    }

    pub(super) fn asked_to_replace(&mut self, ms: u64, client: &ClientId) {
        self.orders.get_mut(client).unwrap().status = OrderEvent::ReplaceAsked;
        self.changed(ms, client);
    }

    /// Puts the new order in the place of the old. Both, the new one first; `None` where the old has filled or ended.
    pub(super) fn replace(&mut self, now: Now, ms: u64, wish: &Replacement) -> Option<Vec<OrderReport>> {
        let old = self.orders.get(&wish.order.client)?.clone();
        if !old.is_open() || !old.filled.is_zero() || self.orders.contains_key(&wish.client) {
            return None;
        }
        let mut spec =
            OrderSpec { order_type: wish.change.applied_to(old.spec.order_type), ..old.spec.clone() };
        if let Some(qty) = wish.change.qty {
            spec.amount = Amount::Qty(qty);
        }
        let place = Place { parent: old.parent.clone(), role: old.role, status: OrderEvent::Working };
        self.insert((now, ms), wish.client.clone(), spec, place);
        let new = self.orders.get_mut(&wish.client).unwrap();
        new.replaces = Some(old.id.clone());
        let id = new.id.clone();
        self.changed(ms, &wish.client);
        let held = self.orders.get_mut(&wish.order.client).unwrap();
        held.status = OrderEvent::Replaced;
        held.replaced_by = Some(id);
        self.changed(ms, &wish.order.client);
        Some(vec![self.report_of(&wish.client), self.report_of(&wish.order.client)])
    }

    /// The change is refused after it was taken.
    pub(super) fn refuse_change(&mut self, ms: u64, client: &ClientId) {
        let Some(held) = self.orders.get_mut(client).filter(|o| o.status == OrderEvent::ReplaceAsked) else {
            return;
        };
        held.status = OrderEvent::Working;
        self.changed(ms, client);
    }

    pub(super) fn report_of(&self, client: &ClientId) -> OrderReport {
        let held = &self.orders[client];
        let avg = (!held.filled.is_zero()).then(|| Price::new((held.value / held.filled).normalize()));
        OrderReport {
            client: client.clone(),
            venue_id: held.id.clone(),
            instrument: held.spec.instrument.clone(),
            side: held.spec.side,
            amount: held.spec.amount,
            order_type: held.spec.order_type,
            tif: held.spec.tif,
            extended: held.spec.extended,
            attached: held.spec.attached,
            show: None,
            status: held.status,
            status_word: hostile("word"),
            source: None,
            filled: Qty::new(held.filled.normalize()).unwrap(),
            avg_price: avg,
            parent: held.parent.clone(),
            role: held.role,
            replaces: held.replaces.clone(),
            replaced_by: held.replaced_by.clone(),
            trailing_stop: None,
            reason: (held.status == OrderEvent::Rejected).then(|| hostile("rejected")),
            submitted: Some(held.submitted),
        }
    }

    /// An order as it stood then, and its legs.
    pub(super) fn found(&self, order: &OrderRef, ms: u64) -> Vec<OrderReport> {
        let legs = self.orders.iter().filter(|(_, o)| o.parent.as_ref() == Some(&order.client));
        let all = self.orders.get(&order.client).into_iter().chain(legs.map(|(_, o)| o));
        all.filter_map(|o| as_of(&o.past, ms)).cloned().collect()
    }

    /// Everything, each part as it stood at its own time.
    pub(super) fn report(&self, began: Now, wanted: &Wanted, at: AsOf) -> VenueReport {
        let since =
            wanted.orders_since.unwrap_or_else(|| began.wall.plus_ms(-86_400_000)).plus_ms(self.skew_ms);
        let orders = self.orders.values().filter_map(|held| {
            let recent = held.submitted >= since;
            let seen = as_of(&held.past, at.orders).filter(|_| recent || held.is_open())?;
            (is_open(seen.status) || recent).then(|| seen.clone())
        });
        let known = self.executions.iter().filter(|(ms, _)| *ms <= at.executions).map(|(_, e)| e);
        let after = wanted.executions_after.as_ref();
        let skip = after.and_then(|id| known.clone().position(|e| e.id == *id)).map_or(0, |n| n + 1);
        let positions = self.past.iter().filter_map(|(symbol, past)| {
            let qty = as_of(past, at.positions).copied().filter(|q| !q.is_zero())?;
            Some(PositionReport {
                instrument: self.instrument(symbol),
                qty: SignedQty::new(qty),
                available: None,
                avg_price: Some(Price::new(Decimal::ONE_HUNDRED)),
                last: Some(Price::new(Decimal::new(self.prices[symbol], 2))),
                previous_close: None,
            })
        });
        VenueReport {
            venue: self.id.clone(),
            began,
            orders: Some(orders.collect()),
            executions: Some(known.skip(skip).cloned().collect()),
            positions: Some(positions.collect()),
            account: Some(self.figures()),
            instruments: self.past.keys().map(|s| self.rules(s)).collect(),
            missing: Vec::new(),
        }
    }

    fn figures(&self) -> AccountReport {
        let equity = Money::new(Decimal::from(1_000_000));
        AccountReport {
            account: self.account(),
            currency: Currency::usd(),
            equity,
            last_equity: Some(equity),
            cash: equity,
            buying_power: equity,
            cash_buying_power: None,
            initial_margin: None,
            maintenance_margin: None,
            multiplier: None,
            day_trades: None,
            accrued_fees: None,
            shorting: self.kind.short,
            blocked: None,
        }
    }
}

/// What was true at a time: times grow.
fn as_of<T>(past: &[(u64, T)], ms: u64) -> Option<&T> {
    past.iter().rev().find(|(at, _)| *at <= ms).map(|(_, was)| was)
}
