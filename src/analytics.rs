//! Figures for people: profit and loss, exposure, the equity curve, execution quality.

use crate::{
    book::{Book, FillRow, Mark, Marks, PositionRow},
    domain::{
        ids::{Currency, VenueId},
        money::{Money, Percent, Price, Ratio},
        order::Side,
        time::Stamp,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

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
    /// Unrealized by the risk from entry to stop.
    pub r_multiple: Option<Ratio>,
    /// The working stop's price.
    pub stop: Option<Price>,
    /// Value as a share of the account's equity.
    pub equity_share: Option<Percent>,
}

/// One venue's figures, in its account's currency. Positions in other currencies are counted in `left_out`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VenueFigures {
    /// Realized since the trading day began, without fees.
    pub realized_today: Money,
    /// Unrealized.
    pub unrealized: Money,
    /// Fees since the trading day began.
    pub fees_today: Money,
    /// Day's profit: by the account's equity where the venue gives yesterday's, else from the positions.
    pub day: Option<Money>,
    /// The same, per cent.
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

/// Works out one position's figures.
pub fn position(book: &Book, row: &PositionRow, mark: Option<&Mark>) -> PositionFigures {
    let last = mark.and_then(Mark::price);
    let worth = |price: Price| row.qty.checked_mul_price(price)?.checked_mul(row.multiplier.get());
    let value = last.and_then(worth);
    let cost = row.avg_price.and_then(worth);
    let unrealized = value.zip(cost).and_then(|(v, c)| v.checked_sub(c));
    let stop = nearest_stop(book, row);
    let at_stop = stop.and_then(worth);
    let equity = book.account(&row.instrument.venue).map(|a| a.report.equity);
    PositionFigures {
        last,
        value,
        unrealized,
        unrealized_percent: unrealized.zip(cost).and_then(|(u, c)| u.percent_of(c.abs())),
        day: day_of(row, value, unrealized),
        risk_to_stop: value.zip(at_stop).and_then(|(v, s)| v.checked_sub(s)),
        r_multiple: r_multiple(unrealized, cost, at_stop),
        stop,
        equity_share: value.zip(equity).and_then(|(v, e)| v.abs().percent_of(e)),
    }
}

/// The working stop that is hit first.
fn nearest_stop(book: &Book, row: &PositionRow) -> Option<Price> {
    let stops = book
        .reducing_orders(&row.instrument)
        .filter_map(|o| o.trailing_stop.or_else(|| o.spec.order_type.stop()));
    if row.qty.is_positive() { stops.max() } else { stops.min() }
}

/// Unrealized by the distance from entry to stop. A stop moved to the winning side has no R any more.
fn r_multiple(unrealized: Option<Money>, cost: Option<Money>, at_stop: Option<Money>) -> Option<Ratio> {
    let risk = cost?.checked_sub(at_stop?)?;
    if !risk.is_positive() {
        return None;
    }
    unrealized?.checked_div(risk.get()).map(|r| Ratio::new(r.round_dp(2)))
}

/// The day's profit: what was held over night from yesterday's close, what was traded today from its price.
fn day_of(row: &PositionRow, value: Option<Money>, unrealized: Option<Money>) -> Option<Money> {
    let realized = row.realized_today;
    if row.qty.is_zero() {
        return Some(realized);
    }
    let all = unrealized?.checked_add(realized)?;
    let (Some(close), false) = (row.previous_close, row.day_qty.is_zero()) else { return Some(all) };
    // The part held since yesterday counts from the close, not from its entry: take off what it had won by then.
    let kept = if row.day_qty.is_positive() == row.qty.is_positive() {
        row.day_qty.size().min(row.qty.size())
    } else {
        crate::domain::money::Qty::ZERO
    };
    let average = row.avg_price?;
    let won_before = close.checked_sub(average)?;
    let signed = if row.qty.is_positive() { won_before } else { won_before.negated() };
    let before = kept.checked_mul_price(signed)?.checked_mul(row.multiplier.get())?;
    let day = all.checked_sub(before);
    value.and(day)
}

/// Works out one venue's figures.
pub fn venue(book: &Book, marks: &Marks, venue: &VenueId) -> VenueFigures {
    let mut figures = VenueFigures::default();
    let account = book.account(venue).map(|a| &a.report);
    let mut days = Some(Money::ZERO);
    for row in book.positions().filter(|p| p.instrument.venue == *venue) {
        let add =
            add_position(book, row, marks.get(&row.instrument), account.map(|a| &a.currency), &mut figures);
        match add {
            Some(day) => days = days.zip(day).and_then(|(sum, day)| sum.checked_add(day)),
            None => figures.left_out = figures.left_out.saturating_add(1),
        }
    }
    let by_account = account.and_then(|a| a.equity.checked_sub(a.last_equity?));
    figures.day = by_account.or_else(|| days.and_then(|d| d.checked_sub(figures.fees_today)));
    let base = account.and_then(|a| a.last_equity);
    figures.day_percent = figures.day.zip(base).and_then(|(d, b)| d.percent_of(b));
    figures
}

/// Adds one position; `None` when it can't be counted, else its day's profit where that is known.
fn add_position(
    book: &Book,
    row: &PositionRow,
    mark: Option<&Mark>,
    currency: Option<&Currency>,
    sum: &mut VenueFigures,
) -> Option<Option<Money>> {
    let quote = book.instrument(&row.instrument).map(|i| &i.quote);
    if quote.is_some() && currency.is_some() && quote != currency {
        return None;
    }
    let figures = position(book, row, mark);
    sum.realized_today = sum.realized_today.checked_add(row.realized_today)?;
    sum.fees_today = sum.fees_today.checked_add(row.fees_today)?;
    if row.qty.is_zero() {
        return Some(figures.day);
    }
    let (value, unrealized) = (figures.value?, figures.unrealized?);
    sum.unrealized = sum.unrealized.checked_add(unrealized)?;
    if row.qty.is_positive() {
        sum.longs = sum.longs.saturating_add(1);
        sum.long = sum.long.checked_add(value)?;
    } else {
        sum.shorts = sum.shorts.saturating_add(1);
        sum.short = sum.short.checked_add(value.abs())?;
    }
    Some(figures.day)
}

/// What a fill cost against a price that stood when its order was made, basis points; above zero is a cost.
pub fn slippage_bps(fill: &FillRow, reference: Price) -> Option<Ratio> {
    let e = &fill.execution;
    let worse = match e.side {
        Side::Buy => e.price.checked_sub(reference)?,
        Side::Sell => reference.checked_sub(e.price)?,
    };
    let share = worse.get().checked_div(reference.get().abs())?;
    share.checked_mul(rust_decimal::Decimal::new(10_000, 0)).map(|bps| Ratio::new(bps.round_dp(1)))
}

/// The time between two points, milliseconds.
const POINT_EVERY_MS: i64 = 15_000;
/// A whole day of points.
const POINTS_MAX: usize = 5_760;

/// The equity of one account over the day: a point each 15 seconds, bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EquityCurve {
    points: VecDeque<(Stamp, Money)>,
    /// When the last point was made; it moves until it is 15 seconds old.
    made: Option<Stamp>,
    high: Option<Money>,
}

impl EquityCurve {
    /// Takes the present equity; makes a point when the last is 15 seconds old, else moves the last.
    pub fn add(&mut self, at: Stamp, equity: Money) {
        self.high = Some(self.high.map_or(equity, |h| h.max(equity)));
        let young = self.made.is_some_and(|made| at.since_ms(made) < POINT_EVERY_MS);
        if young && let Some(last) = self.points.back_mut() {
            *last = (at, equity);
            return;
        }
        if self.points.len() >= POINTS_MAX {
            self.points.pop_front();
        }
        self.made = Some(at);
        self.points.push_back((at, equity));
    }
    /// The points, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (Stamp, Money)> {
        self.points.iter().copied()
    }
    /// The day's highest.
    pub const fn high(&self) -> Option<Money> {
        self.high
    }
    /// How far below the day's highest, per cent, zero or below.
    pub fn drawdown(&self) -> Option<Percent> {
        let (high, (_, last)) = (self.high?, self.points.back()?);
        last.checked_sub(high)?.percent_of(high)
    }
    /// A new trading day: start anew.
    pub fn begin_day(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(n: i64) -> Money {
        Money::new(rust_decimal::Decimal::new(n, 0))
    }
    fn at(secs: i64) -> Stamp {
        Stamp::from_secs(secs).unwrap()
    }

    #[test]
    fn the_curve_has_a_point_each_15_seconds_and_knows_its_high() {
        let mut curve = EquityCurve::default();
        for (secs, equity) in [(0, 100), (5, 120), (14, 90), (15, 95), (29, 110), (31, 108)] {
            curve.add(at(secs), money(equity));
        }
        let points: Vec<_> = curve.points().map(|(at, m)| (at.as_secs(), m)).collect();
        assert_eq!(points, [(14, money(90)), (29, money(110)), (31, money(108))]);
        assert_eq!(curve.high(), Some(money(120)));
        assert_eq!(curve.drawdown().unwrap().to_string(), "-10.0");
        curve.begin_day();
        assert_eq!(curve.drawdown(), None);
    }

    #[test]
    fn the_curve_is_bounded() {
        let mut curve = EquityCurve::default();
        for n in 0..10_000 {
            curve.add(at(n * 15), money(n));
        }
        assert_eq!(curve.points().count(), POINTS_MAX);
    }
}
