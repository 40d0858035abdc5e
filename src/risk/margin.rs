//! Margin calls by LEAN's rule (`DefaultMarginCallModel`): what has to be closed, the largest loser first, so that
//! the margin that is used comes back inside the equity.

use crate::domain::{
    ids::InstrumentId,
    money::{Money, Percent, Qty, SignedQty},
    order::Side,
};
use rust_decimal::Decimal;

/// How far the used margin may stand above the equity before anything is closed, per cent: LEAN's default.
pub const BUFFER: Percent = Percent::new(Decimal::TEN);

/// A position with the margin that it uses, in the account's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub instrument: InstrumentId,
    /// How much.
    pub qty: SignedQty,
    /// Maintenance margin that it uses.
    pub margin: Money,
    /// Orders are whole multiples of this.
    pub lot: Qty,
    /// Its unrealized profit; `None` where its mark or cost is not known.
    pub unrealized: Option<Money>,
}

/// One order of a margin call: always a part of what is held, on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What.
    pub instrument: InstrumentId,
    /// On which side.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// What the whole position has won or lost.
    pub unrealized: Option<Money>,
}

/// The margin that remains; below zero there is too little. `None` on overflow.
pub fn remaining(equity: Money, used: Money) -> Option<Money> {
    equity.checked_sub(used)
}

/// The orders of a margin call: none while margin remains, or while `used` is within `buffer` of the equity. Each
/// order by itself would bring the account inside where its position is large enough: send one, wait until it is
/// done, and ask again.
pub fn calls(equity: Money, used: Money, buffer: Percent, held: &[Held]) -> Vec<Call> {
    orders(equity, used, buffer, held).unwrap_or_default()
}

fn orders(equity: Money, used: Money, buffer: Percent, held: &[Held]) -> Option<Vec<Call>> {
    let with_buffer = equity.checked_add(buffer.of(equity)?)?;
    if !used.is_positive() || remaining(equity, used)?.is_positive() || used <= with_buffer {
        return Some(Vec::new());
    }
    let delta = used.checked_sub(equity)?;
    let mut calls: Vec<Call> = held.iter().filter_map(|position| call(position, delta)).collect();
    // What is known to lose most goes first; what nobody knows goes last.
    calls.sort_by_key(|c| (c.unrealized.is_none(), c.unrealized));
    Some(calls)
}

/// LEAN keeps what fits: the position is made smaller by `delta` of margin, in whole lots, to the safe side.
fn call(held: &Held, delta: Money) -> Option<Call> {
    let side = held.qty.exit_side()?;
    let size = held.qty.size();
    if !held.margin.is_positive() {
        return None;
    }
    let kept = held.margin.checked_sub(delta).filter(|m| m.is_positive()).unwrap_or_default();
    let kept_units = kept.get().checked_mul(size.get())?.checked_div(held.margin.get())?;
    let kept_units = Qty::new(kept_units.round_dp(12))?.floor_to(held.lot)?;
    let qty = size.saturating_sub(kept_units).floor_to(held.lot)?;
    qty.is_positive().then(|| Call {
        instrument: held.instrument.clone(),
        side,
        qty,
        unrealized: held.unrealized,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::fixture::*;

    fn held(qty: &str, price: &str, leverage: &str) -> Held {
        let units: SignedQty = qty.parse().unwrap();
        let value = units.size().checked_mul_price(px(price)).unwrap();
        let margin = Money::new(value.checked_div(leverage.parse().unwrap()).unwrap());
        Held { instrument: aapl(), qty: units, margin, lot: crate::book::fixture::qty("1"), unrealized: None }
    }

    /// What LEAN's own tests give: position, price, cash, leverage, then equity, margin used and the order.
    type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, Wanted);
    type Wanted = Option<(Side, &'static str)>;
    const GOLDEN: [Case; 7] = [
        ("300", "100", "-24700", "4", "5300", "7500", Some((Side::Sell, "88"))),
        ("300", "100", "-24700", "2", "5300", "15000", Some((Side::Sell, "194"))),
        ("-300", "100", "34700", "4", "4700", "7500", Some((Side::Buy, "112"))),
        ("-300", "100", "34700", "2", "4700", "15000", Some((Side::Buy, "206"))),
        ("1000", "0.51", "-250", "2", "260", "255", None),
        // Nothing remains, and the margin used is not above 1.10 times the equity.
        ("1000", "0.50", "0", "1", "500", "500", None),
        ("2000", "0.50", "-1250", "2", "-250", "500", Some((Side::Sell, "2000"))),
    ];

    #[test]
    fn the_golden_numbers_of_lean() {
        for (qty, price, cash, leverage, equity, used, order) in GOLDEN {
            let position = held(qty, price, leverage);
            let value = position.qty.checked_mul_price(px(price)).unwrap();
            assert_eq!(value.checked_add(usd(cash)).unwrap(), usd(equity), "{qty} at {price}");
            assert_eq!(position.margin, usd(used), "{qty} at {price}");
            let calls = calls(usd(equity), usd(used), BUFFER, std::slice::from_ref(&position));
            let got: Vec<(Side, String)> = calls.iter().map(|c| (c.side, c.qty.to_string())).collect();
            let want: Vec<(Side, String)> = order.into_iter().map(|(s, q)| (s, q.to_owned())).collect();
            assert_eq!(got, want, "{qty} at {price} with {leverage}x");
        }
    }

    #[test]
    fn the_largest_loser_goes_first_and_one_order_never_takes_more_than_is_held() {
        let mut small = held("10", "100", "2");
        small.unrealized = Some(usd("-900"));
        let mut large = held("300", "100", "2");
        large.unrealized = Some(usd("-100"));
        let mut winner = held("50", "100", "2");
        winner.unrealized = Some(usd("500"));
        let unknown = held("50", "100", "2");
        let all = [unknown, winner, large, small];
        let calls = calls(usd("10000"), usd("20500"), BUFFER, &all);
        let got: Vec<_> = calls.iter().map(|c| (c.qty.to_string(), c.unrealized)).collect();
        assert_eq!(
            got,
            [
                ("10".to_owned(), Some(usd("-900"))),
                ("210".to_owned(), Some(usd("-100"))),
                ("50".to_owned(), Some(usd("500"))),
                ("50".to_owned(), None)
            ]
        );
    }

    #[test]
    fn without_a_buffer_it_goes_on_until_the_margin_is_inside() {
        let position = held("300", "100", "4");
        let one = std::slice::from_ref(&position);
        assert_eq!(calls(usd("7000"), usd("7500"), BUFFER, one), []);
        assert_eq!(
            calls(usd("7000"), usd("7500"), Percent::ZERO, one)[0].qty,
            crate::book::fixture::qty("20")
        );
        assert_eq!(calls(usd("7500"), usd("7500"), Percent::ZERO, one), []);
    }
}
