//! Our orders into Binance's parameters. What Binance has no word for is refused here with a sentence, before
//! anything leaves.

mod futures;

use super::{
    member,
    rules::{Rules, TrailBounds},
};
use crate::{
    adapters::binance::{auth::Params, config::Product},
    broker::Replacement,
    domain::{
        ids::ClientId,
        money::{Price, Qty},
        order::{
            Amount, Attached, OrderKind, OrderSpec, OrderType, Role, Side, StopLeg, Submission, Tif, Trail,
        },
    },
};
use rust_decimal::Decimal;

/// Why an order can't be written down for Binance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// No word for it.
    #[error("{venue} has no {what}")]
    Lacks {
        /// Which exchange.
        venue: &'static str,
        /// What it lacks.
        what: String,
    },
    /// The parts do not fit together.
    #[error("{0}")]
    Misfit(String),
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An order.
    Order,
    /// A list of orders.
    List,
    /// A conditional order.
    Algo,
}

/// What is sent, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What comes back.
    pub shape: Shape,
    /// Below the version.
    pub path: &'static [&'static str],
    /// Its parameters, without time and signature.
    pub params: Params,
    /// How many orders it makes: each counts against the venue's limit of orders.
    pub orders: u32,
}

struct Writer<'a> {
    product: Product,
    rules: &'a Rules,
    /// It gets out: of what only a filter of the venue may be against, the venue judges.
    is_exit: bool,
}

/// A new order. `proven_reducing` orders may ask to reduce only: on spot there is nothing below zero, so that the
/// proof stands in for the flag that spot lacks.
///
/// # Errors
/// When Binance has no word for a part of it.
pub fn new_order(
    product: Product,
    rules: &Rules,
    s: &Submission,
    proven_reducing: bool,
) -> Result<Written, Unwritable> {
    let to = Writer { product, rules, is_exit: proven_reducing };
    if product.is_futures() {
        to.check(&s.spec)?;
        return to.future(s);
    }
    if s.spec.reduce_only && !proven_reducing {
        return Err(to.lacks("reduce-only orders"));
    }
    to.check(&s.spec)?;
    match s.spec.attached {
        Attached::Simple => {
            let mut params = to.head(s.spec.side);
            to.single(&s.spec, &mut params)?;
            params.push(("newClientOrderId", s.client.as_str().to_owned()));
            params.push(("newOrderRespType", "RESULT".to_owned()));
            Ok(Written { shape: Shape::Order, path: &["order"], params, orders: 1 })
        }
        Attached::Oco { stop } if product == Product::Us => to.old_pair(s, stop),
        Attached::Oco { stop } => to.pair(s, stop),
        Attached::Bracket { target, stop } => to.waiting(s, Some(target), Some(stop)),
        Attached::OtoStop { stop } => to.waiting(s, None, Some(stop)),
        Attached::OtoTarget { target } => to.waiting(s, Some(target), None),
    }
}

/// A change. On spot the old order is cancelled and the new one placed in one request; the venue is told to cancel it
/// only while nothing of it has filled: else the new one would be too large by what fills meanwhile. On futures the order
/// itself is changed.
///
/// # Errors
/// When Binance has no word for a part of it, or the order belongs to a pair.
pub fn replacement(
    product: Product,
    rules: &Rules,
    r: &Replacement,
    number: &str,
) -> Result<Written, Unwritable> {
    let to = Writer { product, rules, is_exit: r.adds_nothing };
    if product.is_futures() {
        return to.amendment(r, number);
    }
    if !rules.takes_replace {
        return Err(to.lacks("change of a working order in one step; cancel it and place another"));
    }
    if r.before.attached != Attached::Simple
        || r.order.client.as_str().starts_with(crate::adapters::members::MEMBER)
    {
        let why = "the order belongs to a group, and cancelling one of it cancels all; cancel the group and place another";
        return Err(Unwritable::Misfit(why.to_owned()));
    }
    to.check(&r.after)?;
    let mut params = to.head(r.after.side);
    to.single(&r.after, &mut params)?;
    params.push(("cancelReplaceMode", "STOP_ON_FAILURE".to_owned()));
    params.push(("cancelOrderId", number.to_owned()));
    params.push(("cancelRestrictions", "ONLY_NEW".to_owned()));
    params.push(("newClientOrderId", r.client.as_str().to_owned()));
    params.push(("newOrderRespType", "RESULT".to_owned()));
    Ok(Written { shape: Shape::Order, path: &["order", "cancelReplace"], params, orders: 1 })
}

impl Writer<'_> {
    fn lacks(&self, what: &str) -> Unwritable {
        Unwritable::Lacks { venue: self.product.title(), what: what.to_owned() }
    }

    /// What no order there may have.
    fn check(&self, spec: &OrderSpec) -> Result<(), Unwritable> {
        if spec.extended {
            return Err(self.lacks("extended hours: it never closes"));
        }
        if spec.post_only && (spec.order_type.kind() != OrderKind::Limit || spec.tif != Tif::Gtc) {
            return Err(Unwritable::Misfit("a post-only order is a limit order with gtc".to_owned()));
        }
        if let (OrderType::Market, Amount::Qty(qty), false) = (spec.order_type, spec.amount, self.is_exit) {
            self.check_market(qty)?;
        }
        if matches!(spec.amount, Amount::Notional(_))
            && (spec.order_type != OrderType::Market || !self.rules.takes_notional)
        {
            return Err(self.lacks("orders in money other than market orders where the symbol takes them"));
        }
        Ok(())
    }

    /// The bounds that only market orders have (`MARKET_LOT_SIZE`). The largest one is among the instrument's own.
    fn check_market(&self, qty: Qty) -> Result<(), Unwritable> {
        let symbol = &self.rules.instrument.id.symbol;
        if let Some(lot) = self.rules.market_lot.filter(|lot| !qty.is_multiple_of(*lot)) {
            let why = format!("market orders in {symbol} go in steps of {lot}, {qty} is none");
            return Err(Unwritable::Misfit(why));
        }
        match self.rules.market_least.filter(|least| qty < *least) {
            Some(least) => {
                Err(Unwritable::Misfit(format!("market orders in {symbol} begin at {least}, {qty} is less")))
            }
            None => Ok(()),
        }
    }

    fn head(&self, side: Side) -> Params {
        vec![("symbol", self.rules.native.clone()), ("side", word(side).to_owned())]
    }

    fn kind(&self, word: &'static str) -> Result<String, Unwritable> {
        if self.rules.kinds.iter().any(|k| k == word) {
            return Ok(word.to_owned());
        }
        Err(Unwritable::Misfit(format!("{} takes no {word} orders", self.rules.instrument.id.symbol)))
    }

    fn single(&self, spec: &OrderSpec, params: &mut Params) -> Result<(), Unwritable> {
        let tif = |params: &mut Params| -> Result<(), Unwritable> {
            params.push(("timeInForce", self.tif(spec.tif)?));
            Ok(())
        };
        // Market orders and stops that become one have no time in force of their own.
        let waits = matches!(spec.order_type, OrderType::Stop { .. } | OrderType::TrailingStop { .. });
        if waits && spec.tif != Tif::Gtc {
            return Err(self.lacks("stop orders that end by themselves; write gtc"));
        }
        self.tif(spec.tif)?;
        match spec.order_type {
            OrderType::Market => params.push(("type", self.kind("MARKET")?)),
            OrderType::Limit { limit } if spec.post_only => {
                params.push(("type", self.kind("LIMIT_MAKER")?));
                params.push(("price", shown(limit)));
            }
            OrderType::Limit { limit } => {
                params.push(("type", self.kind("LIMIT")?));
                tif(params)?;
                params.push(("price", shown(limit)));
            }
            OrderType::Stop { stop } => {
                params.push(("type", self.kind("STOP_LOSS")?));
                params.push(("stopPrice", shown(stop)));
            }
            OrderType::StopLimit { stop, limit } => {
                params.push(("type", self.kind("STOP_LOSS_LIMIT")?));
                tif(params)?;
                params.push(("price", shown(limit)));
                params.push(("stopPrice", shown(stop)));
            }
            OrderType::TrailingStop { trail } => {
                params.push(("type", self.kind("STOP_LOSS")?));
                params.push(("trailingDelta", self.delta(trail, spec.side)?));
            }
        }
        match spec.amount {
            Amount::Qty(qty) => params.push(("quantity", units(qty))),
            Amount::Notional(money) => params.push(("quoteOrderQty", money.get().normalize().to_string())),
        }
        Ok(())
    }

    fn tif(&self, tif: Tif) -> Result<String, Unwritable> {
        match tif {
            Tif::Gtc => Ok("GTC".to_owned()),
            Tif::Ioc => Ok("IOC".to_owned()),
            Tif::Fok => Ok("FOK".to_owned()),
            Tif::Day => Err(self.lacks("orders for the day; write gtc")),
            Tif::Gtd(_) => Err(self.lacks("orders until a date")),
            Tif::Opg | Tif::Cls => Err(self.lacks("auctions")),
        }
    }

    /// Hundredths of a per cent.
    fn delta(&self, trail: Trail, side: Side) -> Result<String, Unwritable> {
        let Some(TrailBounds { above, below }) = self.rules.trailing else {
            return Err(Unwritable::Misfit(format!(
                "{} takes no trailing stops",
                self.rules.instrument.id.symbol
            )));
        };
        let Trail::Percent(percent) = trail else {
            return Err(self.lacks("trailing stops by an amount; write a percentage"));
        };
        let bips = percent.get().checked_mul(Decimal::ONE_HUNDRED).map(|d| d.normalize());
        let bips = bips.filter(|d| d.scale() == 0).ok_or_else(|| {
            Unwritable::Misfit(format!("trailing stops go in hundredths of a per cent, {percent}% is none"))
        })?;
        let bounds = if side == Side::Sell { below } else { above };
        if let Some((least, most)) = bounds
            && (bips < Decimal::from(least) || bips > Decimal::from(most))
        {
            return Err(Unwritable::Misfit(format!(
                "a trailing stop in {} stays {} to {} hundredths of a per cent behind, {bips} is outside",
                self.rules.instrument.id.symbol, least, most
            )));
        }
        Ok(bips.to_string())
    }

    /// A pair of exits: the order's own limit, and the stop.
    fn pair(&self, s: &Submission, stop: StopLeg) -> Result<Written, Unwritable> {
        if !self.rules.takes_oco {
            return Err(self.lacks("pairs in this symbol"));
        }
        let (limit, qty) = exit_pair(s)?;
        let mut params = self.head(s.spec.side);
        params.push(("quantity", units(qty)));
        let names = if s.spec.side == Side::Sell { [ABOVE, BELOW] } else { [BELOW, ABOVE] };
        let [target, stopped] = names;
        self.target_leg(target, limit, s.client.clone(), &mut params)?;
        self.stop_leg(stopped, stop, name(&s.client, Role::Stop)?, &mut params)?;
        params.push(("newOrderRespType", "RESULT".to_owned()));
        Ok(Written { shape: Shape::List, path: &["orderList", "oco"], params, orders: 2 })
    }

    /// The same in the older words that Binance.US still has.
    fn old_pair(&self, s: &Submission, stop: StopLeg) -> Result<Written, Unwritable> {
        if !self.rules.takes_oco {
            return Err(self.lacks("pairs in this symbol"));
        }
        let (limit, qty) = exit_pair(s)?;
        let mut params = self.head(s.spec.side);
        params.push(("quantity", units(qty)));
        params.push(("price", shown(limit)));
        params.push(("limitClientOrderId", s.client.as_str().to_owned()));
        params.push(("stopPrice", shown(stop.stop)));
        if let Some(limit) = stop.limit {
            params.push(("stopLimitPrice", shown(limit)));
            params.push(("stopLimitTimeInForce", "GTC".to_owned()));
        } else {
            self.kind("STOP_LOSS")?;
        }
        params.push(("stopClientOrderId", name(&s.client, Role::Stop)?.as_str().to_owned()));
        params.push(("newOrderRespType", "RESULT".to_owned()));
        Ok(Written { shape: Shape::List, path: &["order", "oco"], params, orders: 2 })
    }

    /// An entry with exits that wait for it. Where the fee is taken out of what was bought, exits over the ordered
    /// quantity would be rejected when they are due: only those are written whose quantity is what came. The plain lists
    /// (`oto`, `otoco`) have a fixed quantity and are not used: that BNB pays the fee is not known before the order fills,
    /// for it may have run out by then; and a sale opens nothing here that exits would have to close.
    fn waiting(
        &self,
        s: &Submission,
        target: Option<Price>,
        stop: Option<StopLeg>,
    ) -> Result<Written, Unwritable> {
        if self.product == Product::Us || !self.rules.takes_opo || s.spec.side == Side::Sell {
            return Err(self.lacks("exits here that wait for a buy and take the quantity that came of it"));
        }
        let OrderType::Limit { limit } = s.spec.order_type else {
            return Err(Unwritable::Misfit(
                "exits wait for limit orders only; give the entry a limit".to_owned(),
            ));
        };
        let Amount::Qty(qty) = s.spec.amount else {
            return Err(Unwritable::Misfit("an entry with exits is in units".to_owned()));
        };
        let mut params: Params = vec![("symbol", self.rules.native.clone())];
        params.push(("newOrderRespType", "RESULT".to_owned()));
        if s.spec.post_only {
            params.push(("workingType", self.kind("LIMIT_MAKER")?));
        } else {
            params.push(("workingType", self.kind("LIMIT")?));
            params.push(("workingTimeInForce", self.tif(s.spec.tif)?));
        }
        params.push(("workingSide", word(s.spec.side).to_owned()));
        params.push(("workingClientOrderId", s.client.as_str().to_owned()));
        params.push(("workingPrice", shown(limit)));
        params.push(("workingQuantity", units(qty)));
        params.push(("pendingSide", word(s.spec.side.opposite()).to_owned()));
        let stop_id = name(&s.client, Role::Stop)?;
        let target_id = name(&s.client, Role::Target)?;
        match (target, stop) {
            (Some(target), Some(stop)) => {
                self.target_leg(PENDING_ABOVE, target, target_id, &mut params)?;
                self.stop_leg(PENDING_BELOW, stop, stop_id, &mut params)?;
                Ok(Written { shape: Shape::List, path: &["orderList", "opoco"], params, orders: 3 })
            }
            (target, stop) => {
                if let Some(target) = target {
                    self.target_leg(PENDING, target, target_id, &mut params)?;
                }
                if let Some(stop) = stop {
                    self.stop_leg(PENDING, stop, stop_id, &mut params)?;
                }
                Ok(Written { shape: Shape::List, path: &["orderList", "opo"], params, orders: 2 })
            }
        }
    }

    fn target_leg(
        &self,
        leg: Leg,
        limit: Price,
        id: ClientId,
        params: &mut Params,
    ) -> Result<(), Unwritable> {
        params.push((leg.kind, self.kind("LIMIT_MAKER")?));
        params.push((leg.id, id.as_str().to_owned()));
        params.push((leg.price, shown(limit)));
        Ok(())
    }

    fn stop_leg(&self, leg: Leg, stop: StopLeg, id: ClientId, params: &mut Params) -> Result<(), Unwritable> {
        let word = if stop.limit.is_some() { "STOP_LOSS_LIMIT" } else { "STOP_LOSS" };
        params.push((leg.kind, self.kind(word)?));
        params.push((leg.id, id.as_str().to_owned()));
        params.push((leg.stop, shown(stop.stop)));
        if let Some(limit) = stop.limit {
            params.push((leg.price, shown(limit)));
            params.push((leg.tif, "GTC".to_owned()));
        }
        Ok(())
    }
}

/// How the parameters of one member of a list are called.
#[derive(Clone, Copy)]
struct Leg {
    kind: &'static str,
    id: &'static str,
    price: &'static str,
    stop: &'static str,
    tif: &'static str,
}

const ABOVE: Leg = Leg {
    kind: "aboveType",
    id: "aboveClientOrderId",
    price: "abovePrice",
    stop: "aboveStopPrice",
    tif: "aboveTimeInForce",
};
const BELOW: Leg = Leg {
    kind: "belowType",
    id: "belowClientOrderId",
    price: "belowPrice",
    stop: "belowStopPrice",
    tif: "belowTimeInForce",
};
const PENDING: Leg = Leg {
    kind: "pendingType",
    id: "pendingClientOrderId",
    price: "pendingPrice",
    stop: "pendingStopPrice",
    tif: "pendingTimeInForce",
};
const PENDING_ABOVE: Leg = Leg {
    kind: "pendingAboveType",
    id: "pendingAboveClientOrderId",
    price: "pendingAbovePrice",
    stop: "pendingAboveStopPrice",
    tif: "pendingAboveTimeInForce",
};
const PENDING_BELOW: Leg = Leg {
    kind: "pendingBelowType",
    id: "pendingBelowClientOrderId",
    price: "pendingBelowPrice",
    stop: "pendingBelowStopPrice",
    tif: "pendingBelowTimeInForce",
};

fn exit_pair(s: &Submission) -> Result<(Price, Qty), Unwritable> {
    match (s.spec.order_type, s.spec.amount) {
        (OrderType::Limit { limit }, Amount::Qty(qty)) => Ok((limit, qty)),
        (
            OrderType::Limit { .. }
            | OrderType::Market
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. }
            | OrderType::TrailingStop { .. },
            Amount::Qty(_) | Amount::Notional(_),
        ) => Err(Unwritable::Misfit("an exit pair is a limit order with a stop, in units".to_owned())),
    }
}

fn name(client: &ClientId, role: Role) -> Result<ClientId, Unwritable> {
    member(client, role).map_err(|why| Unwritable::Misfit(why.to_string()))
}

const fn word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

fn shown(price: Price) -> String {
    price.get().normalize().to_string()
}

fn units(qty: Qty) -> String {
    qty.get().normalize().to_string()
}
