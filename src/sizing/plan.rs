//! A draft, sized and priced.

use super::{
    Field, SizingError,
    prices::{Frame, Rounding, toward_entry, trail},
    quantity::{Cut, Wish, buying_power, resolve, whole_lots},
};
use crate::{
    book::{Exposure, Mark},
    domain::{
        draft::{ChangeExpr, Draft, DraftType, PartExpr, PriceExpr, TifExpr},
        fee::FeeSchedule,
        instrument::Instrument,
        money::{Money, Percent, Price, Qty, Ratio},
        order::{Amount, Attached, Change, OrderSpec, OrderType, Side, StopLeg, Tif},
        payoff::Payoff,
        report::AccountReport,
    },
};
use jiff::civil::Date;

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
    /// The day at the venue.
    pub today: Date,
}

impl Inputs<'_> {
    /// What a market order of this side would trade at.
    pub(super) fn touch(&self, side: Side) -> Result<Price, SizingError> {
        let at = |mark: &Mark| match side {
            Side::Buy => mark.ask(),
            Side::Sell => mark.bid(),
        };
        let touch = self.mark.and_then(at);
        touch.ok_or_else(|| SizingError::NoQuote(self.instrument.id.clone()))
    }
    /// What so much is worth at this price, without sign.
    pub(super) fn value(&self, qty: Qty, price: Price) -> Result<Money, SizingError> {
        self.instrument.payoff.size(qty, Some(price)).ok_or(SizingError::Overflow)
    }
    /// What so much wins or loses between two prices, without sign.
    pub(super) fn between(&self, qty: Qty, entry: Price, exit: Price) -> Result<Money, SizingError> {
        let qty = qty.held();
        let won = self.instrument.payoff.profit_between(qty, entry, exit);
        won.map(Money::abs).ok_or(SizingError::Overflow)
    }
    fn tif(&self, expr: Option<TifExpr>) -> Result<Option<Tif>, SizingError> {
        let over = SizingError::Over(self.today);
        expr.map(|e| e.on(self.today).ok_or(over)).transpose()
    }
    pub(super) const fn frame(&self, field: Field, reference: Price, rounding: Rounding) -> Frame {
        Frame { field, tick: self.instrument.tick, reference, rounding }
    }
}

/// An order with what it may cost and bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The order.
    pub spec: OrderSpec,
    /// Targets for parts of it.
    pub parts: Vec<Part>,
    /// No more than this is shown at a time.
    pub show: Option<Qty>,
    /// Where it is thought to fill.
    pub entry: Price,
    /// The protective stop.
    pub stop: Option<Price>,
    /// The target.
    pub target: Option<Price>,
    /// How much.
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
    /// What the account is worth, or the fixed size that stands for it.
    pub equity: Option<Money>,
    /// What made it smaller than asked.
    pub cut: Option<Cut>,
}

impl Plan {
    /// Its value as a share of equity. A division, and for a person to look at: worked out when somebody does.
    pub fn equity_share(&self) -> Option<Percent> {
        self.equity.and_then(|e| self.cost.percent_of(e))
    }
}

/// A target for a part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where.
    pub limit: Price,
    /// How much.
    pub qty: Qty,
}

/// An order as it was asked for, with what no [`OrderSpec`] says: who sends it decides what the venue takes of it and
/// what is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The order. Its target is for what the parts leave.
    pub spec: OrderSpec,
    /// Targets for parts of it.
    pub parts: Vec<Part>,
    /// No more than this is shown at a time.
    pub show: Option<Qty>,
}

/// Entry, stop and target of a draft.
struct Prices {
    order_type: OrderType,
    entry: Price,
    stop: Option<StopLeg>,
    target: Option<Price>,
    /// In the order of the draft's parts.
    parts: Vec<Price>,
}

/// A draft with its size and prices worked out.
struct Sized {
    order: Box<Order>,
    prices: Prices,
    qty: Qty,
    cut: Option<Cut>,
}

impl Prices {
    /// Of numbers of the size that nearly all have, what an order is worth, loses and brings can always be said.
    fn can_be_worked_out(&self, payoff: Payoff, qty: Qty) -> bool {
        let modest = |price: Option<Price>| price.is_none_or(Price::is_modest);
        payoff == Payoff::ONE
            && self.parts.is_empty()
            && qty.is_modest()
            && self.entry.is_modest()
            && modest(self.stop.map(|leg| leg.stop))
            && modest(self.target)
    }
}

/// Sizes and prices a draft, with what it may cost and bring.
///
/// # Errors
/// Which field can't be worked out, and why; [`SizingError::NothingToTrade`] when it comes to nothing.
pub fn plan(inputs: &Inputs<'_>, draft: &Draft) -> Result<Plan, SizingError> {
    figures(inputs, sized(inputs, draft)?)
}

/// The order of a draft alone: as [`plan`], without the figures that nobody looks at.
///
/// # Errors
/// As [`plan`].
pub fn order(inputs: &Inputs<'_>, draft: &Draft) -> Result<Box<Order>, SizingError> {
    let Sized { order, prices, qty, .. } = sized(inputs, draft)?;
    if !prices.can_be_worked_out(inputs.instrument.payoff, qty) {
        stakes(inputs, &prices, &order.parts, qty)?;
    }
    Ok(order)
}

fn sized(inputs: &Inputs<'_>, draft: &Draft) -> Result<Sized, SizingError> {
    let closes = draft.size.is_of_position();
    if closes && (draft.stop.is_some() || draft.target.is_some() || !draft.parts.is_empty()) {
        return Err(SizingError::ExitsOnClose);
    }
    let prices = price(inputs, draft)?;
    let attached = attach(&prices);
    let short = draft.side == Side::Sell && !inputs.exposure.position.is_positive();
    let wish = Wish {
        size: draft.size,
        side: draft.side,
        entry: prices.entry,
        stop: prices.stop.map(|leg| leg.stop),
        whole: attached != Attached::Simple || short,
    };
    let (qty, cut) = resolve(inputs, wish)?;
    let spec = OrderSpec {
        instrument: inputs.instrument.id.clone(),
        side: draft.side,
        amount: Amount::Qty(qty),
        order_type: prices.order_type,
        tif: inputs.tif(draft.tif)?.unwrap_or(inputs.default_tif),
        extended: draft.extended,
        post_only: draft.post_only,
        reduce_only: draft.reduce_only || closes,
        attached,
        show: None,
        tag: draft.tag.clone(),
    };
    let parts = parts(inputs, draft, &prices, qty)?;
    Ok(Sized { order: Box::new(Order { spec, parts, show: draft.show }), prices, qty, cut })
}

/// How much each part's target is for: its share, rounded down to the lot; what is left over goes with the rest.
fn parts(inputs: &Inputs<'_>, draft: &Draft, prices: &Prices, qty: Qty) -> Result<Vec<Part>, SizingError> {
    if draft.parts.is_empty() {
        return Ok(Vec::new());
    }
    let each = draft.parts.iter().zip(&prices.parts).map(|(part, limit)| {
        let asked = part.share.factor().and_then(|f| qty.get().checked_mul(f)).and_then(Qty::new);
        let asked = asked.ok_or(SizingError::Overflow)?;
        let (qty, _) = whole_lots(inputs, true, asked, asked, None)?;
        Ok(Part { limit: *limit, qty })
    });
    each.collect()
}

fn price(inputs: &Inputs<'_>, draft: &Draft) -> Result<Prices, SizingError> {
    let (order_type, entry) = entry(inputs, draft)?;
    let stop = match draft.stop {
        None => None,
        Some(expr) => {
            let frame = inputs.frame(Field::Stop, entry, toward_entry(draft.side));
            let stop = frame.price(expr.stop)?;
            on_side(Field::Stop, stop, entry, draft.side.opposite())?;
            let limit = match expr.limit {
                None => None,
                Some(limit) => Some(inputs.frame(Field::StopLimit, stop, Rounding::Near).price(limit)?),
            };
            Some(StopLeg { stop, limit })
        }
    };
    let target = match draft.target {
        None => None,
        Some(expr) => {
            let frame = inputs.frame(Field::Target, entry, Rounding::Near);
            let target = frame.target(expr, stop.map(|leg| leg.stop), draft.side)?;
            on_side(Field::Target, target, entry, draft.side)?;
            Some(target)
        }
    };
    let mut prices = Prices { order_type, entry, stop, target, parts: Vec::new() };
    if !draft.parts.is_empty() {
        prices.parts = part_prices(inputs, draft, &prices)?;
    }
    Ok(prices)
}

fn part_prices(inputs: &Inputs<'_>, draft: &Draft, prices: &Prices) -> Result<Vec<Price>, SizingError> {
    let of_part = |part: &PartExpr| {
        let frame = inputs.frame(Field::Target, prices.entry, Rounding::Near);
        let target = frame.target(part.target, prices.stop.map(|leg| leg.stop), draft.side)?;
        on_side(Field::Target, target, prices.entry, draft.side).map(|()| target)
    };
    draft.parts.iter().map(of_part).collect()
}

/// The order type with its prices, and where it is thought to fill: a limit at its limit, a stop at its trigger,
/// a market order and a trail at the touch.
fn entry(inputs: &Inputs<'_>, draft: &Draft) -> Result<(OrderType, Price), SizingError> {
    let at = |field, expr: PriceExpr| match expr {
        PriceExpr::At(price) => Ok(price),
        PriceExpr::Offset(_) | PriceExpr::Percent(_) | PriceExpr::Ticks(_) | PriceExpr::R(_) => {
            inputs.frame(field, inputs.touch(draft.side)?, Rounding::Near).price(expr)
        }
    };
    Ok(match draft.order_type {
        DraftType::Market => (OrderType::Market, inputs.touch(draft.side)?),
        DraftType::Limit(limit) => {
            let limit = at(Field::Limit, limit)?;
            (OrderType::Limit { limit }, limit)
        }
        DraftType::Stop(stop) => {
            let stop = at(Field::Trigger, stop)?;
            (OrderType::Stop { stop }, stop)
        }
        DraftType::StopLimit { stop, limit } => {
            let stop = at(Field::Trigger, stop)?;
            let limit = inputs.frame(Field::Limit, stop, Rounding::Near).price(limit)?;
            (OrderType::StopLimit { stop, limit }, limit)
        }
        DraftType::Trail(expr) => {
            let touch = inputs.touch(draft.side)?;
            (OrderType::TrailingStop { trail: trail(expr, inputs.instrument.tick, touch)? }, touch)
        }
    })
}

/// Above the reference for `Buy`, below it for `Sell`.
pub(super) fn on_side(field: Field, price: Price, reference: Price, side: Side) -> Result<(), SizingError> {
    let right = match side {
        Side::Buy => price > reference,
        Side::Sell => price < reference,
    };
    if right { Ok(()) } else { Err(SizingError::WrongSide { field, price, reference }) }
}

const fn attach(prices: &Prices) -> Attached {
    match (prices.stop, prices.target) {
        (Some(stop), Some(target)) => Attached::Bracket { target, stop },
        (Some(stop), None) => Attached::OtoStop { stop },
        (None, Some(target)) => Attached::OtoTarget { target },
        (None, None) => Attached::Simple,
    }
}

/// What the order is worth, and what its stop loses and its target brings.
struct Stakes {
    cost: Money,
    risk: Option<Money>,
    reward: Option<Money>,
}

fn stakes(inputs: &Inputs<'_>, prices: &Prices, parts: &[Part], qty: Qty) -> Result<Stakes, SizingError> {
    let distance = |to: Option<Price>, qty: Qty| match to {
        None => Ok(None),
        Some(to) => inputs.between(qty, prices.entry, to).map(Some),
    };
    let mut rest = qty;
    let mut reward = None;
    for part in parts {
        rest = rest.saturating_sub(part.qty);
        reward = add(reward, distance(Some(part.limit), part.qty)?)?;
    }
    reward = add(reward, distance(prices.target, rest)?)?;
    let risk = distance(prices.stop.map(|leg| leg.stop), qty)?;
    Ok(Stakes { cost: inputs.value(qty, prices.entry)?, risk, reward })
}

fn add(sum: Option<Money>, more: Option<Money>) -> Result<Option<Money>, SizingError> {
    match (sum, more) {
        (Some(a), Some(b)) => a.checked_add(b).map(Some).ok_or(SizingError::Overflow),
        (one, None) | (None, one) => Ok(one),
    }
}

fn figures(inputs: &Inputs<'_>, sized: Sized) -> Result<Plan, SizingError> {
    let Sized { order, prices, qty, cut } = sized;
    let Order { spec, parts, show } = *order;
    let Stakes { cost, risk, reward } = stakes(inputs, &prices, &parts, qty)?;
    let margin = inputs.value(inputs.exposure.opening_part(spec.side, qty), prices.entry)?;
    let equity = inputs.account_size.or(inputs.account.map(|a| a.equity));
    Ok(Plan {
        entry: prices.entry,
        stop: prices.stop.map(|leg| leg.stop),
        target: prices.target,
        qty,
        risk,
        reward,
        reward_to_risk: reward.zip(risk).and_then(|(w, r)| w.checked_div(r.get())).map(Ratio::new),
        cost,
        fees: inputs.fees.and_then(|f| f.of(qty, cost)),
        margin,
        buying_power_after: buying_power(inputs).ok().and_then(|bp| bp.checked_sub(margin)),
        equity,
        cut,
        spec,
        parts,
        show,
    })
}

/// Prices a change of a working order. Offsets, percentages and ticks count from the order's own prices.
///
/// # Errors
/// Which field can't be worked out, and why.
pub fn change(inputs: &Inputs<'_>, order: &OrderSpec, change: &ChangeExpr) -> Result<Change, SizingError> {
    let moved = |field, own: Option<Price>, expr: Option<PriceExpr>| match expr {
        None => Ok(None),
        Some(expr) => {
            let own = own.ok_or(SizingError::NotThere(field))?;
            inputs.frame(field, own, Rounding::Near).price(expr).map(Some)
        }
    };
    let new_trail = match (change.trail, order.order_type) {
        (None, _) => None,
        (Some(expr), OrderType::TrailingStop { .. }) => {
            let reference = match expr {
                crate::domain::draft::TrailExpr::Ticks(_) => inputs.touch(order.side)?,
                crate::domain::draft::TrailExpr::Amount(_) | crate::domain::draft::TrailExpr::Percent(_) => {
                    Price::ZERO
                }
            };
            Some(trail(expr, inputs.instrument.tick, reference)?)
        }
        (
            Some(_),
            OrderType::Market
            | OrderType::Limit { .. }
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. },
        ) => return Err(SizingError::NotThere(Field::Trail)),
    };
    if change.qty.is_some_and(Qty::is_zero) {
        return Err(SizingError::NotPositive(Field::Size));
    }
    let out = Change {
        qty: change.qty,
        limit: moved(Field::Limit, order.order_type.limit(), change.limit)?,
        stop: moved(Field::Trigger, order.order_type.stop(), change.stop)?,
        trail: new_trail,
        tif: inputs.tif(change.tif)?,
    };
    if out == Change::default() { Err(SizingError::NoChange) } else { Ok(out) }
}
