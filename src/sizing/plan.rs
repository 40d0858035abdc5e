//! A draft, sized and priced.

use super::prices::{Base, Round, resolve, trail};
use crate::{
    book::{Exposure, Mark},
    domain::{
        draft::{ChangeExpr, Draft, DraftType, PriceExpr, StopExpr},
        ids::Symbol,
        instrument::{Instrument, Tick},
        money::{Money, Percent, Price, Qty, Ratio},
        order::{Amount, Attached, Change, OrderKind, OrderSpec, OrderType, Side, StopLeg, Tif},
        report::AccountReport,
    },
};

/// What sizing looks at. What is `None` is not known; what needs it says so.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The instrument's rules.
    pub instrument: &'a Instrument,
    /// What the market says.
    pub mark: Option<&'a Mark>,
    /// The account.
    pub account: Option<&'a AccountReport>,
    /// What is taken off the account's buying power by orders that it has not counted.
    pub committed: Money,
    /// Position and open orders.
    pub exposure: Exposure,
    /// What can be closed.
    pub closable: Qty,
    /// The position's average entry.
    pub avg_price: Option<Price>,
    /// Fees, for the estimate.
    pub fees: Option<&'a FeeSchedule>,
    /// A fixed account size for risk and share of equity, instead of the equity.
    pub account_size: Option<Money>,
    /// Time in force where the draft has none.
    pub default_tif: Tif,
}

/// What a venue charges, for estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeSchedule {
    /// Money per unit.
    pub per_unit: Money,
    /// Per cent of the value.
    pub percent: Percent,
    /// Least per order.
    pub least: Money,
}

/// What made the quantity smaller than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Rounded down to the lot.
    Lot,
    /// The buying power.
    BuyingPower,
    /// The largest order of the instrument.
    Largest,
    /// What can be closed.
    Closable,
}

/// An order with what it may cost and bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The order.
    pub spec: OrderSpec,
    /// Where it is thought to fill.
    pub entry: Price,
    /// The protective stop.
    pub stop: Option<Price>,
    /// The target.
    pub target: Option<Price>,
    /// How much; for an order in money the estimate.
    pub qty: Qty,
    /// What is lost if the stop fills at its price.
    pub risk: Option<Money>,
    /// What is won if the target fills.
    pub reward: Option<Money>,
    /// Reward by risk.
    pub reward_to_risk: Option<Ratio>,
    /// Value of the order at the entry.
    pub cost: Money,
    /// Fees of the entry.
    pub fees: Option<Money>,
    /// Buying power that it takes: none for a reduction.
    pub margin: Money,
    /// Buying power left after it.
    pub buying_power_after: Option<Money>,
    /// Its value as a share of equity.
    pub equity_share: Option<Percent>,
    /// What made it smaller than asked.
    pub cut: Option<Cut>,
}

/// Why a draft can't be sized. Each sentence says which field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizingError {
    /// A number went beyond what can be held.
    #[error("the numbers of this order are too large to be worked out")]
    Overflow,
    /// An offset, percentage or number of ticks has nothing to count from.
    #[error("{field}: there is no quote to count from; type a price")]
    NoReference {
        /// Which field.
        field: &'static str,
    },
    /// The size or the target needs a stop.
    #[error("{what} needs a stop: add `stop PRICE`")]
    NeedsStop {
        /// What needs it.
        what: &'static str,
    },
    /// There is no quote to size by.
    #[error("there is no quote for {0} yet, so the entry can't be estimated")]
    NoQuote(Symbol),
    /// The account's figures are not known.
    #[error("the account's {0} is not known yet")]
    NoAccount(&'static str),
    /// The stop stands where it would win.
    #[error("stop {stop} is on the wrong side of the entry {entry}: {side} needs a stop {where_}", side = side.word(), where_ = match side { Side::Buy => "below it", Side::Sell => "above it" })]
    StopSide {
        /// The stop.
        stop: Price,
        /// The entry.
        entry: Price,
        /// The order's side.
        side: Side,
    },
    /// The target stands where it would lose.
    #[error("target {target} is on the wrong side of the entry {entry}: {side} needs a target {where_}", side = side.word(), where_ = match side { Side::Buy => "above it", Side::Sell => "below it" })]
    TargetSide {
        /// The target.
        target: Price,
        /// The entry.
        entry: Price,
        /// The order's side.
        side: Side,
    },
    /// A trail of zero or less.
    #[error("the trail must be above zero")]
    TrailNotPositive,
    /// A size of zero or less.
    #[error("the size must be above zero")]
    SizeNotPositive,
    /// It came to nothing.
    #[error("nothing to trade: {why}")]
    NothingToTrade {
        /// What made it nothing.
        why: Nothing,
    },
    /// A share of a position that is not there, or on the side that would add.
    #[error("there is no {0} position that this order could reduce")]
    NoPosition(Symbol),
    /// The average entry is not known.
    #[error("the average entry of {0} is not known")]
    NoAverage(Symbol),
    /// The market is already beyond the entry.
    #[error("{symbol} trades at {price}, already beyond the entry {entry}: a stop there would fill at once")]
    PastEntry {
        /// What.
        symbol: Symbol,
        /// Where it trades.
        price: Price,
        /// The average entry.
        entry: Price,
    },
    /// Neither stop nor target was given.
    #[error("give a stop or a target, for example `protect AAPL stop 174 target 180`")]
    NoExit,
    /// The order has no such price.
    #[error("a {kind} order has no {what} to change", kind = kind.word())]
    NoSuchPrice {
        /// The order's type.
        kind: OrderKind,
        /// What was asked for.
        what: &'static str,
    },
}

/// What made an order come to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Nothing {
    /// The buying power.
    #[error("buying power of {left} buys less than one lot of {lot} at {price}")]
    BuyingPower {
        /// What is left.
        left: Money,
        /// The lot.
        lot: Qty,
        /// The entry.
        price: Price,
    },
    /// The amount or the risk.
    #[error("{amount} is less than one lot of {lot} takes ({each} for one unit)")]
    Amount {
        /// What was to be spent or risked.
        amount: Money,
        /// The lot.
        lot: Qty,
        /// What one unit takes of it.
        each: Money,
    },
    /// Open orders already reduce it.
    #[error("open orders already close all that can be closed")]
    Closable,
    /// Below the venue's smallest order.
    #[error("{qty} is below the smallest order of {least}")]
    Least {
        /// What it came to.
        qty: Qty,
        /// The smallest.
        least: Qty,
    },
    /// Below the venue's smallest order in money.
    #[error("{cost} is below the smallest order of {least}")]
    LeastNotional {
        /// What it came to.
        cost: Money,
        /// The smallest.
        least: Money,
    },
}

impl SizingError {
    /// The field of the ticket that it is about.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Overflow
            | Self::NoAccount(_)
            | Self::SizeNotPositive
            | Self::NothingToTrade { .. }
            | Self::NoPosition(_) => "size",
            Self::NoReference { field } => field,
            Self::NoQuote(_) => "symbol",
            Self::NeedsStop { .. }
            | Self::StopSide { .. }
            | Self::NoAverage(_)
            | Self::PastEntry { .. }
            | Self::NoExit => "stop",
            Self::TargetSide { .. } => "target",
            Self::TrailNotPositive => "trail",
            Self::NoSuchPrice { what, .. } => what,
        }
    }
    /// Would a quote mend it?
    pub const fn needs_quote(&self) -> bool {
        matches!(self, Self::NoReference { .. } | Self::NoQuote(_) | Self::NoAccount(_))
    }
}

/// The prices of a draft.
struct Prices {
    order_type: OrderType,
    entry: Price,
    stop: Option<StopLeg>,
    target: Option<Price>,
}

/// Sizes and prices a draft. Offsets of a limit count from where a market order would fill, those of stop and target
/// from the entry. A stop that is off the tick is moved towards the entry, so that the risk is never more than asked.
///
/// # Errors
/// Which field can't be worked out, and why; a typed reason when it comes to nothing.
pub fn plan(inputs: &Inputs<'_>, draft: &Draft) -> Result<Plan, SizingError> {
    let prices = price(inputs, draft)?;
    let attached = attach(&prices);
    let (qty, cut) =
        super::size::quantity(inputs, draft, prices.entry, prices.stop.map(|s| s.stop), attached)?;
    let spec = OrderSpec {
        instrument: inputs.instrument.id.clone(),
        side: draft.side,
        amount: Amount::Qty(qty),
        order_type: prices.order_type,
        tif: draft.tif.unwrap_or(inputs.default_tif),
        extended: draft.extended,
        post_only: draft.post_only,
        reduce_only: draft.reduce_only,
        attached,
        tag: draft.tag.clone(),
    };
    figures(inputs, spec, &prices, qty, cut)
}

fn attach(prices: &Prices) -> Attached {
    match (prices.stop, prices.target) {
        (None, None) => Attached::Simple,
        (Some(stop), None) => Attached::OtoStop { stop },
        (None, Some(target)) => Attached::OtoTarget { target },
        (Some(stop), Some(target)) => Attached::Bracket { target, stop },
    }
}

/// Where a market order would fill.
pub(super) fn touch(inputs: &Inputs<'_>, side: Side) -> Option<Price> {
    let mark = inputs.mark?;
    match side {
        Side::Buy => mark.ask(),
        Side::Sell => mark.bid(),
    }
    .or_else(|| mark.price())
}

fn price(inputs: &Inputs<'_>, draft: &Draft) -> Result<Prices, SizingError> {
    let tick = inputs.instrument.tick;
    let side = draft.side;
    let touch = touch(inputs, side);
    let at = |expr, field| {
        let base = Base { from: touch, risk: None, side, field };
        resolve(expr, &base, tick, Round::Nearest)
    };
    let no_quote = || SizingError::NoQuote(inputs.instrument.id.symbol.clone());
    let (order_type, entry) = match draft.order_type {
        DraftType::Market => (OrderType::Market, touch.ok_or_else(no_quote)?),
        DraftType::Limit(limit) => {
            let limit = at(limit, "limit")?;
            (OrderType::Limit { limit }, limit)
        }
        DraftType::Stop(stop) => {
            let stop = at(stop, "trigger")?;
            (OrderType::Stop { stop }, stop)
        }
        DraftType::StopLimit { stop, limit } => {
            let stop = at(stop, "trigger")?;
            let base = Base { from: Some(stop), risk: None, side, field: "limit" };
            let limit = resolve(limit, &base, tick, Round::Nearest)?;
            (OrderType::StopLimit { stop, limit }, limit)
        }
        DraftType::Trail(expr) => {
            let trail = trail(expr, touch, tick)?;
            (OrderType::TrailingStop { trail }, touch.ok_or_else(no_quote)?)
        }
    };
    let stop = draft.stop.map(|s| stop_leg(s, entry, side, tick)).transpose()?;
    let distance = stop.and_then(|s| entry.checked_sub(s.stop)).map(Price::abs);
    let base = Base { from: Some(entry), risk: distance, side, field: "target" };
    let target = draft.target.map(|t| resolve(t, &base, tick, Round::Nearest)).transpose()?;
    if let Some(target) = target.filter(|t| !wins(side, entry, *t)) {
        return Err(SizingError::TargetSide { target, entry, side });
    }
    Ok(Prices { order_type, entry, stop, target })
}

fn stop_leg(expr: StopExpr, entry: Price, side: Side, tick: Tick) -> Result<StopLeg, SizingError> {
    let towards_entry = if side == Side::Buy { Round::Up } else { Round::Down };
    let base = Base { from: Some(entry), risk: None, side, field: "stop" };
    let stop = resolve(expr.stop, &base, tick, towards_entry)?;
    if !wins(side.opposite(), entry, stop) {
        return Err(SizingError::StopSide { stop, entry, side });
    }
    let base = Base { from: Some(stop), ..base };
    let limit = expr.limit.map(|l| resolve(l, &base, tick, Round::Nearest)).transpose()?;
    Ok(StopLeg { stop, limit })
}

/// Is `price` on the side of `entry` where this side wins?
pub(super) fn wins(side: Side, entry: Price, price: Price) -> bool {
    match side {
        Side::Buy => price > entry,
        Side::Sell => price < entry,
    }
}

fn figures(
    inputs: &Inputs<'_>,
    spec: OrderSpec,
    prices: &Prices,
    qty: Qty,
    cut: Option<Cut>,
) -> Result<Plan, SizingError> {
    let multiplier = inputs.instrument.multiplier.get();
    let worth = |per_unit: Price| qty.checked_mul_price(per_unit)?.checked_mul(multiplier);
    let away = |to: Option<Price>| to.and_then(|p| worth(prices.entry.checked_sub(p)?.abs()));
    let cost = worth(prices.entry).ok_or(SizingError::Overflow)?;
    let risk = away(prices.stop.map(|s| s.stop));
    let reward = away(prices.target);
    let fees = inputs.fees.and_then(|f| f.of(qty, cost));
    let opening = super::size::opening(inputs, spec.side, qty);
    let margin = opening
        .checked_mul_price(prices.entry.abs())
        .and_then(|m| m.checked_mul(multiplier))
        .ok_or(SizingError::Overflow)?;
    let equity = inputs.account_size.or_else(|| inputs.account.map(|a| a.equity));
    Ok(Plan {
        entry: prices.entry,
        stop: prices.stop.map(|s| s.stop),
        target: prices.target,
        qty,
        risk,
        reward,
        reward_to_risk: reward
            .zip(risk)
            .and_then(|(w, l)| w.checked_div(l.get()))
            .map(|r| Ratio::new(r.round_dp(2))),
        cost,
        fees,
        margin,
        buying_power_after: super::size::buying_power(inputs).and_then(|bp| bp.checked_sub(margin)),
        equity_share: equity.and_then(|e| cost.percent_of(e)),
        cut,
        spec,
    })
}

impl FeeSchedule {
    /// What an order of this quantity and value is charged.
    pub fn of(&self, qty: Qty, value: Money) -> Option<Money> {
        let units = self.per_unit.checked_mul(qty.get())?;
        let share = self.percent.of(value.abs())?;
        Some(units.checked_add(share)?.max(self.least))
    }
}

/// Prices a change of a working order. Offsets, percentages and ticks count from the order's own price.
///
/// # Errors
/// Which field can't be worked out, and why.
pub fn change(inputs: &Inputs<'_>, order: &OrderSpec, change: &ChangeExpr) -> Result<Change, SizingError> {
    let tick = inputs.instrument.tick;
    let kind = order.order_type.kind();
    let own = |expr: Option<PriceExpr>, from: Option<Price>, what: &'static str| {
        let Some(expr) = expr else { return Ok(None) };
        if from.is_none() {
            return Err(SizingError::NoSuchPrice { kind, what });
        }
        let base = Base { from, risk: None, side: order.side, field: what };
        resolve(expr, &base, tick, Round::Nearest).map(Some)
    };
    let touch = touch(inputs, order.side);
    Ok(Change {
        qty: change.qty,
        limit: own(change.limit, order.order_type.limit(), "limit")?,
        stop: own(change.stop, order.order_type.stop(), "stop")?,
        trail: change.trail.map(|t| trail(t, touch, tick)).transpose()?,
        tif: change.tif,
    })
}
