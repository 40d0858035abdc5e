//! What an order leads to, in whole units of a millionth of a millionth: for what has no more digits than that, as
//! nearly all has. A check that sees here that its limit holds is done; what does not hold here, or can't be said in
//! units, is worked out and said by the check itself. Nothing is rounded.

use super::Case;
use crate::{
    book::{Burden, Margin},
    domain::{
        money::{Money, Percent},
        order::Side,
        payoff::Payoff,
    },
};

/// All of it in units, of what is far below the end of 127 bits: sums and small multiples of them fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance<'a> {
    equity: i128,
    held: i128,
    /// What would be held long at most, and owed short.
    long: i128,
    short: i128,
    /// What all carry now, and what this instrument carries of it.
    sum: &'a Burden,
    was: &'a Burden,
}

impl<'a> Glance<'a> {
    /// `None` where something is not known, not young, or not to be said in units.
    pub(super) fn of(case: &Case<'a>) -> Option<Self> {
        if case.quote_is_old || case.account_is_old || case.adds_nothing {
            return None;
        }
        let (mark, account) = case.mark.zip(case.account)?;
        if case.instrument?.payoff != Payoff::ONE {
            return None;
        }
        let (exposure, value) = (&case.known.exposure, case.value?.in_units()?);
        let held = if exposure.position.is_zero() {
            0
        } else {
            exposure.position.checked_mul_price(case.market?)?.in_units()?
        };
        let mut buying = exposure.buying.named()?.in_units()?;
        let mut selling = exposure.selling.named()?.in_units()?;
        if !exposure.sells.is_zero() {
            // What is sold below the market is owed at the market.
            let owed = exposure.sells.checked_mul_price(mark.bid()?)?;
            selling = selling.max(owed.abs().in_units()?);
        }
        match case.spec.side {
            Side::Buy => buying = buying.wrapping_add(value),
            Side::Sell => selling = selling.wrapping_add(value),
        }
        Some(Self {
            equity: account.report.equity.in_units()?,
            held,
            long: held.wrapping_add(buying),
            short: selling.wrapping_sub(held),
            sum: case.context.marks.carried(&case.spec.instrument.venue).ok()?,
            was: mark.burden(),
        })
    }

    const fn on(&self, side: Side) -> i128 {
        match side {
            Side::Buy => self.long,
            Side::Sell => self.short,
        }
    }

    /// What `side` comes to is not above a limit.
    pub(super) fn is_within(&self, side: Side, limit: Money) -> bool {
        limit.in_units().is_some_and(|limit| self.on(side) <= limit)
    }

    /// Nor above a share of the equity.
    pub(super) fn is_within_share(&self, side: Side, limit: Percent) -> bool {
        self.is_share(self.on(side), limit)
    }

    fn is_share(&self, value: i128, limit: Percent) -> bool {
        let whole = limit.digits();
        whole.is_some_and(|(percent, tenfold)| {
            value.wrapping_mul(100).wrapping_mul(tenfold) <= self.equity.max(0).wrapping_mul(percent)
        })
    }

    /// What all come to is not above the limits in money and of the equity.
    pub(super) fn is_within_gross(&self, limit: Money, share: Percent) -> bool {
        let worst = self.long.max(self.short).max(0);
        let total = self.sum.worst.in_units().zip(self.was.worst.in_units());
        total.is_some_and(|(sum, was)| {
            let total = sum.wrapping_sub(was).wrapping_add(worst);
            limit.in_units().is_some_and(|limit| total <= limit) && self.is_share(total, share)
        })
    }

    /// The margin that all take is not above the equity: by our count, and by the venue's of what is held with ours of
    /// what is open.
    pub(super) fn is_within_margin(&self, case: &Case<'_>, margin: Margin, venue: Option<Money>) -> bool {
        self.margin_left(case, margin, venue).is_some_and(|left| left >= 0)
    }

    /// In hundredths of units.
    fn margin_left(&self, case: &Case<'_>, margin: Margin, venue: Option<Money>) -> Option<i128> {
        let (long, short) = margin.percents(case.instrument, case.market)?;
        let others = |all: Money, own: Money| {
            let (all, own) = all.in_units().zip(own.in_units())?;
            Some(all.wrapping_sub(own).wrapping_mul(100))
        };
        let worst = self.long.wrapping_mul(long).max(self.short.wrapping_mul(short)).max(0);
        let (all, own) = (self.sum.margin(margin), self.was.margin(margin));
        let taken = others(all.worst, own.worst)?.wrapping_add(worst);
        let by_venue = match venue {
            None => taken,
            Some(venue) => {
                let rate = if self.held < 0 { short } else { long };
                let held = self.held.wrapping_abs().wrapping_mul(rate);
                let held = others(all.held, own.held)?.wrapping_add(held);
                taken.wrapping_sub(held).wrapping_add(venue.in_units()?.wrapping_mul(100))
            }
        };
        Some(self.equity.wrapping_mul(100).wrapping_sub(taken.max(by_venue)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            limits::DayTrading,
            money::Qty,
            order::{Attached, OrderSpec, StopLeg},
            report::AccountReport,
        },
        risk::{checks::fixture::Desk, gate::verdict},
    };
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn cents(n: i64) -> Money {
        Money::new(Decimal::new(n, 2))
    }

    fn spec(of: (bool, bool, u32, u32)) -> OrderSpec {
        let (coin, sells, units, price) = of;
        let side = if sells { Side::Sell } else { Side::Buy };
        // Now and then with more digits than a unit has.
        let n = if units % 7 == 0 { format!("{units}.0000000001") } else { units.to_string() };
        let at = if coin { format!("{}", price.saturating_mul(400)) } else { format!("{price}.5") };
        let kind = if price % 5 == 0 { stop(&at) } else { limit(&at) };
        let leg = StopLeg { stop: px("1"), limit: None };
        let order = OrderSpec { attached: Attached::OtoStop { stop: leg }, ..order(side, &n, kind) };
        if coin { OrderSpec { instrument: btc(), ..order } } else { order }
    }

    fn any_order() -> impl Strategy<Value = (bool, bool, u32, u32)> {
        (any::<bool>(), any::<bool>(), 1_u32..300, 60_u32..140)
    }

    proptest! {
        /// With the glance every check says what it says without.
        #[test]
        fn what_is_seen_at_a_glance_is_what_is_worked_out(
            held in -200_i64..200,
            open in proptest::collection::vec(any_order(), 0..5),
            asked in any_order(),
            figures in (0_i64..9_000_000, proptest::option::of(0_i64..5_000_000), proptest::option::of(1_u32..5)),
            limits in (1_i64..9_000_000, 1_i64..20_000_000, 1_i64..500, 1_i64..900),
            cheap in any::<bool>(),
            rule in 0_u32..3,
        ) {
            let mut desk = Desk::open();
            let (equity, margin, multiplier) = figures;
            let account = AccountReport {
                equity: cents(equity - 10_000),
                initial_margin: margin.map(cents),
                maintenance_margin: margin.map(|m| cents(m / 2)),
                multiplier: multiplier.map(|n| crate::domain::money::Ratio::new(Decimal::from(n))),
                ..account()
            };
            desk.book.take(Fact::Account { venue: venue(), report: Box::new(account) });
            if held != 0 {
                let units = held.unsigned_abs().to_string();
                desk.book.holds(&if held < 0 { sell(&units) } else { buy(&units) }, "100");
            }
            for (n, of) in open.into_iter().enumerate() {
                desk.book.works(&format!("o{n}"), &spec(of));
            }
            if cheap {
                desk.marks.apply(&quote(aapl(), "15.99", "16.01", 100));
            }
            desk.limits.position_max = cents(limits.0);
            desk.limits.gross_max = cents(limits.1);
            desk.limits.equity_share_percent_max = Percent::new(Decimal::new(limits.2, 1));
            desk.limits.gross_percent_max = Percent::new(Decimal::from(limits.3));
            desk.limits.day_trading = match rule {
                0 => DayTrading::None,
                1 => DayTrading::Pdt,
                _ => DayTrading::IntradayMargin,
            };
            let (context, spec) = (desk.context(), spec(asked));
            let mut case = Case::of_order(&context, &spec);
            let seen = verdict(&case, 0);
            case.glance = None;
            prop_assert_eq!(seen, verdict(&case, 0));
        }
    }

    #[test]
    fn most_orders_are_seen_at_a_glance() {
        for mut desk in [Desk::open(), Desk::long()] {
            for spec in
                [spec((false, false, 5, 101)), spec((true, false, 1, 101)), spec((false, true, 8, 99))]
            {
                let context = desk.context();
                assert!(Case::of_order(&context, &spec).glance.is_some(), "{spec:?}");
            }
        }
        let mut desk = Desk::open();
        desk.marks = crate::book::Marks::new();
        let (context, spec) = (desk.context(), spec((false, false, 5, 101)));
        assert!(Case::of_order(&context, &spec).glance.is_none(), "nothing is seen without a quote");
        assert_eq!(Qty::ZERO, context.book.exposure(&aapl()).buys);
    }
}
