//! Figures for people: profit and loss, exposure, the equity curve, execution quality.

mod curve;

pub use curve::EquityCurve;

use crate::{
    book::{Book, FillRow, Mark, Marks, OrderRow, PositionRow},
    domain::{
        ids::{OrderId, VenueId},
        money::{Money, Percent, Price, Ratio, SignedQty},
        order::{Attached, OrderKind, Side},
    },
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One position's figures. `None` where an input is missing; never a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionFigures {
    /// What one unit is worth.
    pub last: Option<Price>,
    /// Market value, with sign.
    pub value: Option<Money>,
    /// Unrealized profit.
    pub unrealized: Option<Money>,
    /// The same, per cent of cost.
    pub unrealized_percent: Option<Percent>,
    /// Profit since the trading day began, realized and not, without fees.
    pub day: Option<Money>,
    /// What is lost from here if the working stop fills at its price; below zero locks in a profit.
    pub risk_to_stop: Option<Money>,
    /// Unrealized by the risk from entry to the first stop.
    pub r_multiple: Option<Ratio>,
    /// The working stop's price.
    pub stop: Option<Price>,
    /// Value as a share of the account's equity.
    pub equity_share: Option<Percent>,
}

/// One venue's figures, in its account's currency. Positions in other currencies are counted in `left_out`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VenueFigures {
    /// Equity now: cash and positions at their marks; the venue's own figure when a position can't be counted.
    pub equity: Option<Money>,
    /// Realized since the trading day began, without fees.
    pub realized_today: Money,
    /// Unrealized.
    pub unrealized: Money,
    /// Fees since the trading day began.
    pub fees_today: Money,
    /// Day's profit: equity now less the venue's at the last close, or else the positions' less fees.
    pub day: Option<Money>,
    /// The same, per cent of equity at the last close.
    pub day_percent: Option<Percent>,
    /// Value of long positions.
    pub long: Money,
    /// Value of short positions, above zero.
    pub short: Money,
    /// How many are long.
    pub longs: u32,
    /// How many are short.
    pub shorts: u32,
    /// Positions that could not be counted: no mark, or another currency.
    pub left_out: u32,
}

impl VenueFigures {
    /// Long and short together.
    pub fn gross(&self) -> Option<Money> {
        self.long.checked_add(self.short)
    }
    /// Long less short.
    pub fn net(&self) -> Option<Money> {
        self.long.checked_sub(self.short)
    }
}

/// Works out one position's figures.
pub fn position(book: &Book, row: &PositionRow, mark: Option<&Mark>) -> PositionFigures {
    let last = mark.and_then(Mark::price);
    let value = last.and_then(|p| worth(row, row.qty, p));
    let cost = row.cost.and_then(|c| c.checked_mul(row.multiplier.get()));
    let unrealized = value.zip(cost).and_then(|(v, c)| v.checked_sub(c));
    let stop_order = working_stop(book, row);
    let stop = stop_order.and_then(OrderRow::stop_price);
    let equity = book.account(&row.instrument.venue).map(|a| a.report.equity);
    let same_currency = is_comparable(book, row);
    PositionFigures {
        last,
        value,
        unrealized,
        unrealized_percent: unrealized.zip(cost).and_then(|(u, c)| u.percent_of(c.abs())),
        day: day(row, mark),
        risk_to_stop: last
            .zip(stop)
            .and_then(|(last, stop)| last.checked_sub(stop))
            .and_then(|distance| worth(row, row.qty, distance)),
        r_multiple: r_multiple(book, row, stop_order, unrealized),
        stop,
        equity_share: value.zip(equity).filter(|_| same_currency).and_then(|(v, e)| v.abs().percent_of(e)),
    }
}

/// Works out one venue's figures.
pub fn venue(book: &Book, marks: &Marks, venue: &VenueId) -> VenueFigures {
    let mut sums = VenueFigures::default();
    let mut of_positions = Some(Money::ZERO);
    for row in book.positions().filter(|row| row.instrument.venue == *venue) {
        if !is_comparable(book, row) {
            sums.left_out = sums.left_out.saturating_add(1);
            continue;
        }
        let figures = position(book, row, marks.get(&row.instrument));
        add(&mut sums.realized_today, Some(row.realized_today));
        add(&mut sums.fees_today, Some(row.fees_today));
        of_positions = of_positions.zip(figures.day).and_then(|(sum, day)| sum.checked_add(day));
        if row.qty.is_zero() {
            continue;
        }
        add(&mut sums.unrealized, figures.unrealized);
        match figures.value {
            None => sums.left_out = sums.left_out.saturating_add(1),
            Some(value) if row.qty.is_positive() => {
                add(&mut sums.long, Some(value));
                sums.longs = sums.longs.saturating_add(1);
            }
            Some(value) => {
                add(&mut sums.short, Some(value.negated()));
                sums.shorts = sums.shorts.saturating_add(1);
            }
        }
    }
    let account = book.account(venue).map(|a| &a.report);
    let counted = account.and_then(|a| a.cash.checked_add(sums.long)?.checked_sub(sums.short));
    sums.equity = if sums.left_out == 0 { counted } else { account.map(|a| a.equity) };
    let base = account.and_then(|a| a.last_equity);
    let by_equity = sums.equity.zip(base).and_then(|(now, then)| now.checked_sub(then));
    sums.day = by_equity.or_else(|| of_positions.and_then(|d| d.checked_sub(sums.fees_today)));
    sums.day_percent = sums.day.zip(base.or(sums.equity)).and_then(|(day, base)| day.percent_of(base));
    sums
}

/// What a fill cost against a price that stood when its order was made, basis points; above zero is a cost.
pub fn slippage_bps(fill: &FillRow, reference: Price) -> Option<Ratio> {
    let paid = fill.execution.price.checked_sub(reference)?;
    let worse = match fill.execution.side {
        Side::Buy => paid,
        Side::Sell => paid.negated(),
    };
    let share = worse.get().checked_div(reference.get().abs())?;
    share.checked_mul(Decimal::from(10_000)).map(|bps| Ratio::new(bps.round_dp(2)))
}

fn worth(row: &PositionRow, qty: SignedQty, price: Price) -> Option<Money> {
    qty.checked_mul_price(price)?.checked_mul(row.multiplier.get())
}

/// Value now, less what it was worth at the close before, less what was paid since.
fn day(row: &PositionRow, mark: Option<&Mark>) -> Option<Money> {
    let now = if row.qty.is_zero() {
        Money::ZERO
    } else {
        row.qty.checked_mul_price(mark.and_then(Mark::price)?)?
    };
    let before = if row.day_qty.is_zero() {
        Money::ZERO
    } else {
        let close = row.previous_close.or_else(|| mark.and_then(|m| m.previous_close))?;
        row.day_qty.checked_mul_price(close)?
    };
    now.checked_sub(before)?.checked_sub(row.day_spent)?.checked_mul(row.multiplier.get())
}

/// The stop that covers most of the position; of equals the first.
fn working_stop<'a>(book: &'a Book, row: &PositionRow) -> Option<&'a OrderRow> {
    let is_stop = |order: &&OrderRow| {
        matches!(
            order.spec.order_type.kind(),
            OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop
        )
    };
    book.reducing_orders(&row.instrument).filter(is_stop).max_by_key(|order| order.remaining())
}

fn r_multiple(
    book: &Book,
    row: &PositionRow,
    stop: Option<&OrderRow>,
    unrealized: Option<Money>,
) -> Option<Ratio> {
    let stop = stop?;
    let first = first_stop(book, stop).or_else(|| stop.stop_price())?;
    let risk = worth(row, row.qty, row.avg_price?.checked_sub(first)?)?;
    // A stop beyond the entry has no risk left to count in.
    if !risk.is_positive() {
        return None;
    }
    unrealized?.checked_div(risk.get()).map(|r| Ratio::new(r.round_dp(4)))
}

/// Where the stop stood when the entry was made.
fn first_stop(book: &Book, stop: &OrderRow) -> Option<Price> {
    let client = stop.parent.clone()?;
    let entry = book.order(&OrderId { venue: stop.id.venue.clone(), client })?;
    match entry.spec.attached {
        Attached::Bracket { stop, .. } | Attached::OtoStop { stop } => Some(stop.stop),
        Attached::Simple | Attached::OtoTarget { .. } | Attached::Oco { .. } => None,
    }
}

fn is_comparable(book: &Book, row: &PositionRow) -> bool {
    let currency = book.account(&row.instrument.venue).map(|a| &a.report.currency);
    currency.is_some() && currency == book.instrument(&row.instrument).map(|i| &i.quote)
}

fn add(sum: &mut Money, more: Option<Money>) {
    if let Some(new) = more.and_then(|m| sum.checked_add(m)) {
        *sum = new;
    }
}
