//! Our orders into Binance's parameters. What Binance has no word for is refused here with a sentence, before
//! anything leaves.

mod futures;
mod lists;

use super::rules::{Rules, TrailBounds};
use crate::{
    adapters::binance::{auth::Params, config::Product},
    broker::Replacement,
    domain::{
        instrument::WaitingExits,
        money::{Price, Qty},
        order::{Amount, Attached, OrderKind, OrderSpec, OrderType, Side, Submission, Tif, Trail},
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
    /// The largest share of what is bought that may be taken as commission, where it was asked for.
    fee_most: Option<Decimal>,
}

/// Has the venue to be asked for its commission before this order can be written? Only then do its exits fit what comes.
pub fn needs_commission(rules: &Rules, spec: &OrderSpec) -> bool {
    rules.instrument.exits == WaitingExits::LessFees
        && !matches!(spec.attached, Attached::Simple | Attached::Oco { .. })
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
    new_order_paying(product, rules, s, proven_reducing, None)
}

/// The same where [`needs_commission`] asked for the largest one.
///
/// # Errors
/// As [`new_order`].
pub fn new_order_paying(
    product: Product,
    rules: &Rules,
    s: &Submission,
    proven_reducing: bool,
    fee_most: Option<Decimal>,
) -> Result<Written, Unwritable> {
    let to = Writer { product, rules, is_exit: proven_reducing, fee_most };
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

/// How an order is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The order itself: it keeps its number and its name.
    InPlace(Written),
    /// The old one is cancelled and another placed, in one request.
    AtOnce(Written),
    /// This cancels it; what is left of it is placed once the venue has said how much that is.
    InTwo(Written),
}

/// A change. On futures, and on spot where nothing but the size shrinks, the order itself is changed. Else the old order is
/// cancelled and another placed. In one request the venue is told to cancel it only while nothing of it has filled: the
/// other one would be too large by what fills meanwhile. One of which something has filled is changed in two.
///
/// # Errors
/// When Binance has no word for a part of it, or the order belongs to a pair.
pub fn replacement(
    product: Product,
    rules: &Rules,
    r: &Replacement,
    number: &str,
) -> Result<Changed, Unwritable> {
    let to = Writer { product, rules, is_exit: r.adds_nothing, fee_most: None };
    if product.is_futures() {
        return to.amendment(r, number).map(Changed::InPlace);
    }
    if r.before.attached != Attached::Simple
        || r.order.client.as_str().starts_with(crate::adapters::members::MEMBER)
    {
        let why = "the order belongs to a group, and cancelling one of it cancels all; cancel the group and place another";
        return Err(Unwritable::Misfit(why.to_owned()));
    }
    to.check(&r.after)?;
    if let Some(written) = to.shrunk(r, number) {
        return Ok(Changed::InPlace(written));
    }
    if !rules.takes_replace {
        return Err(to.lacks("change of a working order in one step; cancel it and place another"));
    }
    let mut params = to.head(r.after.side);
    to.single(&r.after, &mut params)?;
    if !r.filled.is_zero() {
        let params = vec![("symbol", rules.native.clone()), ("orderId", number.to_owned())];
        return Ok(Changed::InTwo(Written { shape: Shape::Order, path: &["order"], params, orders: 0 }));
    }
    params.push(("cancelReplaceMode", "STOP_ON_FAILURE".to_owned()));
    params.push(("cancelOrderId", number.to_owned()));
    params.push(("cancelRestrictions", "ONLY_NEW".to_owned()));
    params.push(("newClientOrderId", r.client.as_str().to_owned()));
    params.push(("newOrderRespType", "RESULT".to_owned()));
    let path = &["order", "cancelReplace"];
    Ok(Changed::AtOnce(Written { shape: Shape::Order, path, params, orders: 1 }))
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
        if spec.show.is_some() {
            self.check_iceberg(spec)?;
        }
        Ok(())
    }

    /// "Any `LIMIT` or `LIMIT_MAKER` type order can be made an iceberg order by sending an `icebergQty`", which is also
    /// "used with" `STOP_LOSS_LIMIT`; "any order with an `icebergQty` MUST have `timeInForce` set to `GTC`" (rest-api.md,
    /// `POST /api/v3/order`). Futures have none.
    fn check_iceberg(&self, spec: &OrderSpec) -> Result<(), Unwritable> {
        if self.rules.instrument.icebergs.is_none() {
            return Err(self.lacks("icebergs in this symbol"));
        }
        let rests = matches!(spec.order_type.kind(), OrderKind::Limit | OrderKind::StopLimit);
        if !rests || spec.tif != Tif::Gtc || spec.attached != Attached::Simple {
            let why = "an iceberg is a limit or stop-limit order by itself, with gtc";
            return Err(Unwritable::Misfit(why.to_owned()));
        }
        Ok(())
    }

    /// The change where it makes the order smaller and nothing else: the venue then keeps its place in the queue, also where
    /// some of it has filled (`PUT /api/v3/order/amend/keepPriority`: "`newQty` must be greater than 0 and less than the
    /// order's quantity"). That this is the whole, with what has filled, is how the answer reads, which tells `qty` beside
    /// `executedQty`; the answer is what is believed. It keeps its name where that is one that the venue takes.
    fn shrunk(&self, r: &Replacement, number: &str) -> Option<Written> {
        let (before, after) = (r.before.amount.qty()?, r.after.amount.qty()?);
        let is_size_alone = r.before.clone().sized(after) == r.after;
        let name = r.order.client.as_str();
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let keeps_name = (1..=36).contains(&name.len()) && name.bytes().all(is_name);
        (self.rules.takes_amend && is_size_alone && after < before && keeps_name).then(|| Written {
            shape: Shape::Order,
            path: &["order", "amend", "keepPriority"],
            params: vec![
                ("symbol", self.rules.native.clone()),
                ("orderId", number.to_owned()),
                ("newClientOrderId", name.to_owned()),
                ("newQty", units(after)),
            ],
            orders: 0,
        })
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
        params.extend(spec.show.map(|show| ("icebergQty", units(show))));
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
