//! Our orders into IBKR's. What it has no word for is refused here with a sentence, before anything leaves.

use super::{member, rules::Rules};
use crate::{
    adapters::{Error, ibkr_tws::wire::float},
    broker::Replacement,
    domain::{
        ids::ClientId,
        instrument::AssetClass,
        money::{Price, Qty},
        order::{Amount, Attached, OrderSpec, OrderType, Role, Side, StopLeg, Submission, Tif, Trail},
    },
};
use ibapi::orders::{Action, OcaType, Order, TimeInForce};

/// Why an order can't be written down for IBKR.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// No word for it.
    #[error("Interactive Brokers has no {0}")]
    Lacks(&'static str),
    /// The parts do not fit together.
    #[error("{0}")]
    Misfit(String),
    /// A number that can't be written.
    #[error("{0}")]
    Number(#[from] Error),
}

type Result<T> = std::result::Result<T, Unwritable>;

/// An order and its members, in the order in which they are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Each with its name.
    pub orders: Vec<Order>,
    /// Are the others children of the first? Then only the last is transmitted, and all with it, so that none works
    /// without its protection.
    pub is_parent: bool,
}

struct Writer<'a> {
    rules: &'a Rules,
    account: &'a str,
    /// It is proven to reduce: what it says of that needs no flag, and its prices are put on a step rather than refused.
    exit: bool,
}

/// A new order.
///
/// # Errors
/// When IBKR has no word for a part of it.
pub fn new_order(rules: &Rules, s: &Submission, account: &str, exit: bool) -> Result<Written> {
    let to = Writer { rules, account, exit };
    let first = to.single(&s.spec, &s.client)?;
    let (target, stop) = match s.spec.attached {
        Attached::Simple => return Ok(Written { orders: vec![first], is_parent: false }),
        Attached::Oco { stop } => return to.pair(s, first, stop),
        Attached::Bracket { target, stop } => (Some(target), Some(stop)),
        Attached::OtoStop { stop } => (None, Some(stop)),
        Attached::OtoTarget { target } => (Some(target), None),
    };
    let mut orders = vec![first];
    if let Some(target) = target {
        orders.push(to.exit_of(s, OrderType::Limit { limit: target }, Role::Target)?);
    }
    if let Some(stop) = stop {
        orders.push(to.exit_of(s, stopped(stop), Role::Stop)?);
    }
    Ok(Written { orders: sent_last(orders), is_parent: true })
}

/// A change: the whole order again under the number that it has, with what stays as it is there. IBKR's "TWS API v9.72+:
/// Modifying Orders": the same fields except for those that change, which may be price, quantity and time in force.
///
/// # Errors
/// When IBKR has no word for a part of it.
pub fn changed_order(rules: &Rules, r: &Replacement, there: &Order, account: &str) -> Result<Order> {
    let to = Writer { rules, account, exit: r.adds_nothing };
    let name = ClientId::new(&there.order_ref).map_err(|e| Error::message("orderRef", e))?;
    let plain = OrderSpec { attached: Attached::Simple, ..r.after.clone() };
    let order = to.single(&plain, &name)?;
    Ok(Order {
        parent_id: there.parent_id,
        oca_group: there.oca_group.clone(),
        oca_type: there.oca_type,
        transmit: true,
        ..order
    })
}

/// All but the last wait for the last.
fn sent_last(mut orders: Vec<Order>) -> Vec<Order> {
    let last = orders.len().saturating_sub(1);
    for (at, order) in orders.iter_mut().enumerate() {
        order.transmit = at == last;
    }
    orders
}

const fn stopped(stop: StopLeg) -> OrderType {
    match stop.limit {
        Some(limit) => OrderType::StopLimit { stop: stop.stop, limit },
        None => OrderType::Stop { stop: stop.stop },
    }
}

impl Writer<'_> {
    fn check(&self, spec: &OrderSpec) -> Result<()> {
        if spec.post_only {
            return Err(Unwritable::Lacks("post-only orders at all its exchanges"));
        }
        if spec.reduce_only && !self.exit {
            return Err(Unwritable::Lacks("reduce-only orders"));
        }
        if spec.extended && spec.order_type == OrderType::Market {
            return Err(Unwritable::Lacks("market orders outside regular hours; give it a limit"));
        }
        if self.rules.instrument.class == AssetClass::Crypto && spec.tif != Tif::Ioc {
            return Err(Unwritable::Lacks("coin orders that rest here; write ioc"));
        }
        Ok(())
    }

    fn single(&self, spec: &OrderSpec, name: &ClientId) -> Result<Order> {
        self.check(spec)?;
        let mut order = Order {
            action: match spec.side {
                Side::Buy => Action::Buy,
                Side::Sell => Action::Sell,
            },
            order_ref: name.as_str().to_owned(),
            account: self.account.to_owned(),
            outside_rth: spec.extended,
            total_quantity: self.quantity(spec.amount)?,
            transmit: true,
            ..Order::default()
        };
        self.typed(spec, &mut order)?;
        timed(spec, &mut order)?;
        Ok(order)
    }

    fn quantity(&self, amount: Amount) -> Result<f64> {
        let Amount::Qty(qty) = amount else {
            return Err(Unwritable::Lacks("orders in money here; give it a quantity"));
        };
        let lot = self.rules.instrument.lot;
        if !qty.is_multiple_of(lot) {
            let symbol = &self.rules.instrument.id.symbol;
            let note = if lot == one() {
                " (fractions are for accounts that were given the right to them)"
            } else {
                ""
            };
            return Err(Unwritable::Misfit(format!("{symbol} goes in steps of {lot}, {qty} is none{note}")));
        }
        Ok(float("totalQuantity", qty.get())?)
    }

    fn typed(&self, spec: &OrderSpec, order: &mut Order) -> Result<()> {
        let limit = |price| self.price("lmtPrice", price, spec.side == Side::Buy);
        // A stop wakes rather sooner than later.
        let stop = |price| self.price("auxPrice", price, spec.side == Side::Sell);
        let kind = match spec.order_type {
            OrderType::Market => "MKT",
            OrderType::Limit { limit: at } => {
                order.limit_price = Some(limit(at)?);
                "LMT"
            }
            OrderType::Stop { stop: at } => {
                order.aux_price = Some(stop(at)?);
                "STP"
            }
            OrderType::StopLimit { stop: at, limit: worst } => {
                order.aux_price = Some(stop(at)?);
                order.limit_price = Some(limit(worst)?);
                "STP LMT"
            }
            OrderType::TrailingStop { trail: Trail::Amount(by) } => {
                order.aux_price = Some(self.price("auxPrice", by, true)?);
                "TRAIL"
            }
            OrderType::TrailingStop { trail: Trail::Percent(by) } => {
                order.trailing_percent = Some(float("trailingPercent", by.get())?);
                "TRAIL"
            }
        };
        kind.clone_into(&mut order.order_type);
        Ok(())
    }

    /// On a step of the prices that holds there. An exit goes to the next one that fills more surely; for everything
    /// else another price than was given is not for us to choose.
    fn price(&self, place: &'static str, price: Price, up: bool) -> Result<f64> {
        let step = self.rules.step_at(price);
        if step.is_zero() || price.is_multiple_of(Price::new(step)) {
            return Ok(float(place, price.get())?);
        }
        let misfit = || {
            let symbol = &self.rules.instrument.id.symbol;
            Unwritable::Misfit(format!("at {price} the prices of {symbol} go in steps of {step}"))
        };
        if !self.exit {
            return Err(misfit());
        }
        let steps = price.get().checked_div(step).ok_or_else(misfit)?;
        let whole = if up { steps.ceil() } else { steps.floor() };
        Ok(float(place, whole.checked_mul(step).ok_or_else(misfit)?)?)
    }

    /// What protects stays until it is cancelled: it outlives the day of its entry.
    fn exit_of(&self, s: &Submission, order_type: OrderType, role: Role) -> Result<Order> {
        let Amount::Qty(_) = s.spec.amount else {
            return Err(Unwritable::Misfit("an entry with exits is in units".to_owned()));
        };
        let spec = OrderSpec {
            side: s.spec.side.opposite(),
            order_type,
            tif: Tif::Gtc,
            extended: false,
            attached: Attached::Simple,
            show: None,
            ..s.spec.clone()
        };
        self.single(&spec, &member(&s.client, role)?)
    }

    /// A pair of exits, the order's own limit and the stop: a part that fills takes as much off the other.
    fn pair(&self, s: &Submission, first: Order, stop: StopLeg) -> Result<Written> {
        if !matches!(s.spec.order_type, OrderType::Limit { .. }) {
            return Err(Unwritable::Misfit("an exit pair is a limit order with a stop".to_owned()));
        }
        let spec = OrderSpec { order_type: stopped(stop), attached: Attached::Simple, ..s.spec.clone() };
        let other = self.single(&spec, &member(&s.client, Role::Stop)?)?;
        let group = s.client.as_str().to_owned();
        let grouped =
            |order: Order| Order { oca_group: group.clone(), oca_type: OcaType::ReduceWithBlock, ..order };
        // They are no parent and child, and each works as soon as it is there: the stop first, so that what is sold at
        // the target is never there without it.
        Ok(Written { orders: vec![grouped(other), grouped(first)], is_parent: false })
    }
}

fn one() -> Qty {
    Qty::new(rust_decimal::Decimal::ONE).unwrap_or(Qty::ZERO)
}

/// The auctions are times in force here and order types there, but for the opening one.
fn timed(spec: &OrderSpec, order: &mut Order) -> Result<()> {
    order.tif = match spec.tif {
        Tif::Day => TimeInForce::Day,
        Tif::Gtc => TimeInForce::GoodTillCanceled,
        Tif::Ioc => TimeInForce::ImmediateOrCancel,
        Tif::Fok => TimeInForce::FillOrKill,
        Tif::Opg => TimeInForce::OnOpen,
        Tif::Gtd(date) => {
            order.good_till_date = format!("{} 23:59:59 US/Eastern", date.strftime("%Y%m%d"));
            TimeInForce::GoodTillDate
        }
        Tif::Cls => {
            let kind = match spec.order_type {
                OrderType::Market => "MOC",
                OrderType::Limit { .. } => "LOC",
                OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => {
                    return Err(Unwritable::Lacks("stops in the closing auction"));
                }
            };
            kind.clone_into(&mut order.order_type);
            TimeInForce::Day
        }
    };
    let is_plain = matches!(spec.order_type, OrderType::Market | OrderType::Limit { .. });
    if matches!(spec.tif, Tif::Opg) && !is_plain {
        return Err(Unwritable::Lacks("stops in the opening auction"));
    }
    Ok(())
}
