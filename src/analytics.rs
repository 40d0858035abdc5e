//! Figures for people: profit and loss, exposure, the equity curve, execution quality.

mod curve;
#[cfg(test)]
mod inverse;
mod quality;

pub use curve::EquityCurve;
pub use quality::{By, Fees, OrderQuality, Quality, Tally, quality};

use crate::{
    book::{Book, FillRow, HeldRow, Mark, Marks, OrderRow, PositionRow},
    domain::{
        ids::{OrderId, VenueId},
        money::{Money, Percent, Price, Ratio},
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
    let value = row.payoff.value(row.qty, last).filter(|_| last.is_some());
    let unrealized = row.cost.zip(last).and_then(|(c, p)| row.payoff.profit(row.qty, c, Some(p)));
    let cost = row.cost.and_then(|c| row.payoff.cost(row.qty, c));
    let stop_order = working_stop(book, row);
    let here = held_stop(book, row);
    let stop = stop_order.and_then(OrderRow::stop_price).or_else(|| here.and_then(stands_at));
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
            .and_then(|(last, stop)| row.payoff.profit_between(row.qty, last, stop))
            .map(Money::negated),
        r_multiple: first_stop(book, stop_order, here).and_then(|first| r_multiple(row, first, unrealized)),
        stop,
        equity_share: value.zip(equity).filter(|_| same_currency).and_then(|(v, e)| v.abs().percent_of(e)),
    }
}

/// Works out one venue's figures.
pub fn venue(book: &Book, marks: &Marks, venue: &VenueId) -> VenueFigures {
    let mut sums = VenueFigures::default();
    let mut of_positions = Some(Money::ZERO);
    // What they add to the cash; `None` where only the venue knows.
    let mut beside = Some(Money::ZERO);
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
        beside = beside.zip(beside_cash(book, row, figures.last)).and_then(|(sum, b)| sum.checked_add(b));
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
    let counted = account.zip(beside).filter(|_| sums.left_out == 0);
    let counted = counted.and_then(|(a, beside)| a.cash.checked_add(beside));
    sums.equity = counted.or(account.map(|a| a.equity));
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

/// The profit now of what was there at the close before, as if bought then, and of what was traded since.
fn day(row: &PositionRow, mark: Option<&Mark>) -> Option<Money> {
    let before = if row.day_qty.is_zero() {
        Money::ZERO
    } else {
        let close = row.previous_close.or_else(|| mark.and_then(|m| m.previous_close))?;
        row.payoff.weight(row.day_qty, close)?
    };
    row.payoff.profit(row.qty, before.checked_add(row.day_spent)?, mark.and_then(Mark::price))
}

fn beside_cash(book: &Book, row: &PositionRow, last: Option<Price>) -> Option<Money> {
    book.instrument(&row.instrument)?.beside_cash(row.qty, row.avg_price, last?)
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

/// The stop that this program holds itself and that covers most of the position.
fn held_stop<'a>(book: &'a Book, row: &'a PositionRow) -> Option<&'a HeldRow> {
    let exit = row.qty.exit_side();
    let of = book.held_of(&row.instrument);
    of.filter(|held| held.order.kind.protects() && Some(held.order.side) == exit)
        .max_by_key(|held| held.order.qty)
}

fn stands_at(held: &HeldRow) -> Option<Price> {
    held.order.kind.price(held.order.side)
}

/// Where the stop that protects stood at first: at the venue, else here.
fn first_stop(book: &Book, stop: Option<&OrderRow>, here: Option<&HeldRow>) -> Option<Price> {
    match (stop, here) {
        (Some(stop), _) => stop_of_entry(book, stop).or_else(|| stop.stop_price()),
        (None, Some(held)) => held.first.or_else(|| stands_at(held)),
        (None, None) => None,
    }
}

fn r_multiple(row: &PositionRow, first: Price, unrealized: Option<Money>) -> Option<Ratio> {
    let risk = row.payoff.profit_between(row.qty, row.avg_price?, first)?.negated();
    // A stop beyond the entry has no risk left to count in.
    if !risk.is_positive() {
        return None;
    }
    unrealized?.checked_div(risk.get()).map(|r| Ratio::new(r.round_dp(4)))
}

/// Where the stop stood when the entry was made.
fn stop_of_entry(book: &Book, stop: &OrderRow) -> Option<Price> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{
            fact::{Fact, PositionSource},
            order::{OrderSpec, StopLeg},
        },
    };

    fn at_price(bid: &str, ask: &str) -> Marks {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), bid, ask, 0));
        marks
    }
    fn figures(book: &Book, marks: &Marks) -> PositionFigures {
        position(book, book.position(&aapl()).unwrap(), marks.get(&aapl()))
    }

    #[test]
    fn a_position_opened_today_with_its_stop() {
        let mut book = Book::furnished();
        let leg = StopLeg { stop: px("98"), limit: None };
        let spec = OrderSpec { attached: Attached::OtoStop { stop: leg }, ..buy("100") };
        book.works("a", &spec);
        book.take(Fact::Executed(Box::new(execution("x", "a", &spec, "100", "100"))));
        let mut child = report(
            "s",
            &order(Side::Sell, "100", stop("99")),
            crate::domain::lifecycle::OrderEvent::Working,
            "0",
        );
        child.parent = Some(client("a"));
        child.role = Some(crate::domain::order::Role::Stop);
        book.take(Fact::Learned { report: Box::new(child), origin: crate::domain::order::Origin::Child });
        let got = figures(&book, &at_price("103", "103"));
        assert_eq!((got.unrealized, got.day), (Some(usd("300")), Some(usd("300"))));
        assert_eq!(got.unrealized_percent, Some("3".parse().unwrap()));
        assert_eq!((got.stop, got.risk_to_stop), (Some(px("99")), Some(usd("400"))));
        assert_eq!(got.r_multiple, Some("1.5".parse().unwrap()), "by the first stop, 98");
        assert_eq!(got.equity_share, Some("10.3".parse().unwrap()));
    }

    #[test]
    fn the_day_of_a_position_that_was_held_over_night_counts_from_the_close() {
        let mut book = Book::furnished();
        book.take(Fact::Position {
            instrument: aapl(),
            qty: "-50".parse().unwrap(),
            avg_price: Some(px("253.10")),
            previous_close: Some(px("250")),
            source: PositionSource::Baseline,
        });
        let marks = at_price("251.20", "251.20");
        let got = figures(&book, &marks);
        assert_eq!((got.unrealized, got.day), (Some(usd("95.00")), Some(usd("-60.00"))));
        // Half of it is bought back today.
        let back = buy("25");
        book.works("b", &back);
        book.take(Fact::Executed(Box::new(execution("x", "b", &back, "25", "249"))));
        let got = figures(&book, &marks);
        assert_eq!(got.day, Some(usd("-5.00")), "25 at +1 against the close, 25 at -1.20");
        assert_eq!(book.position(&aapl()).unwrap().realized_today, usd("102.50"));
    }

    #[test]
    fn what_lacks_a_mark_has_no_figures_and_is_counted_as_left_out() {
        let mut book = Book::furnished();
        book.holds(&buy("100"), "100");
        let got = figures(&book, &Marks::new());
        assert_eq!((got.value, got.unrealized, got.day), (None, None, None));
        let sums = super::venue(&book, &Marks::new(), &crate::book::fixture::venue());
        assert_eq!((sums.left_out, sums.equity), (1, Some(usd("100000"))), "then the venue's own equity");
    }

    #[test]
    fn a_venue_adds_up() {
        let mut book = Book::furnished();
        book.holds(&buy("100"), "100");
        let cash = crate::domain::report::AccountReport { cash: usd("90000"), ..account() };
        book.take(Fact::Account { venue: crate::book::fixture::venue(), report: Box::new(cash) });
        let sums = super::venue(&book, &at_price("105", "105"), &crate::book::fixture::venue());
        assert_eq!((sums.long, sums.short, sums.longs, sums.shorts), (usd("10500"), usd("0"), 1, 0));
        assert_eq!((sums.equity, sums.day), (Some(usd("100500")), Some(usd("500"))));
        assert_eq!(sums.day_percent, Some("0.5".parse().unwrap()));
        assert_eq!((sums.gross(), sums.net()), (Some(usd("10500")), Some(usd("10500"))));
    }

    #[test]
    fn slippage_is_a_cost_on_either_side() {
        let mut book = Book::furnished();
        book.holds(&buy("100"), "100.05");
        let fill = book.fills().last().unwrap();
        assert_eq!(slippage_bps(fill, px("100")), Some("5".parse().unwrap()));
        let mut sold = fill.clone();
        sold.execution.side = Side::Sell;
        assert_eq!(slippage_bps(&sold, px("100")), Some("-5".parse().unwrap()));
        assert_eq!(slippage_bps(&sold, px("0")), None);
    }
}
