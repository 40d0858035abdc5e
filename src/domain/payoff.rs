//! What a contract pays: how quantity and price come to value, average and profit. A linear contract pays so much money
//! for each point. An inverse one is worth a fixed sum of money whatever the price, and pays profit and loss in the coin
//! that it is priced in money of, as `contracts × face × (1/entry − 1/exit)`.
//!
//! Amounts are in the instrument's quote currency. Those of an inverse contract are what the coins are worth at the price
//! of the exit; being quotients they have no last digit, and are rounded to a hundred-millionth, as venues keep coins.

use super::money::{Money, Price, Qty, Ratio, SignedQty};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Digits behind the point of an amount of an inverse contract.
const MONEY_SCALE: u32 = 8;
/// Of quantities by prices: enough that no amount made of them is off in its last digit.
const WEIGHT_SCALE: u32 = 18;
/// Of the average of them at most, as venues give it.
const PRICE_SCALE: u32 = 8;
/// The last digit of a sum of quantities by prices may be off by so much: each trade in it rounds by half of one.
const WEIGHT_OFF: i64 = 100;

/// The payoff of one unit of an instrument.
///
/// A linear one is written as its multiplier alone, as it was before there were others, so that journals of then are
/// read and a journal without an inverse contract reads as it always did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Payoff {
    /// So much money for each unit and point: 1 for stocks, 100 for options.
    Linear(Ratio),
    /// A contract of a fixed worth.
    Inverse {
        /// What one contract is worth in the quote currency: 100 USD of `BTCUSD_PERP`. Above zero.
        face: Money,
    },
}

impl Default for Payoff {
    fn default() -> Self {
        Self::ONE
    }
}

impl Payoff {
    /// A unit that pays its price.
    pub const ONE: Self = Self::Linear(Ratio::ONE);

    /// Is value independent of the price, and profit in the coin?
    pub const fn is_inverse(self) -> bool {
        matches!(self, Self::Inverse { .. })
    }

    /// What a trade adds to the sum that an average entry is made of: quantity times price of a linear contract,
    /// quantity by price of an inverse one; neither multiplier nor face is in it. `None` on overflow, and where an
    /// inverse contract's price is not above zero.
    pub fn weight(self, qty: SignedQty, price: Price) -> Option<Money> {
        match self {
            Self::Linear(_) => qty.checked_mul_price(price),
            Self::Inverse { .. } => {
                let by = qty.get().checked_div(above_zero(price)?)?;
                Some(Money::new(by.round_dp(WEIGHT_SCALE)))
            }
        }
    }

    /// The average price of such a sum: of an inverse contract the harmonic mean. `None` when nothing is held, and on
    /// overflow.
    pub fn average(self, qty: SignedQty, weight: Money) -> Option<Price> {
        let price = match self {
            Self::Linear(_) => weight.checked_div(qty.get())?,
            Self::Inverse { .. } => {
                let price = qty.get().checked_div(weight.get())?;
                price.round_dp(sure_digits(price, weight)).normalize()
            }
        };
        Some(Price::new(price))
    }

    /// What so much is worth, with its sign; of an inverse contract no price is needed. `None` where one is and is not
    /// there, and on overflow.
    pub fn value(self, qty: SignedQty, price: Option<Price>) -> Option<Money> {
        match self {
            Self::Linear(multiplier) if multiplier == Ratio::ONE => qty.checked_mul_price(price?),
            Self::Linear(multiplier) => qty.checked_mul_price(price?)?.times(multiplier),
            Self::Inverse { face } => face.checked_mul(qty.get()),
        }
    }

    /// The same without a sign.
    pub fn size(self, qty: Qty, price: Option<Price>) -> Option<Money> {
        self.value(qty.held(), price).map(Money::abs)
    }

    /// What is held was worth when it was entered for `weight`. `None` on overflow.
    pub fn cost(self, qty: SignedQty, weight: Money) -> Option<Money> {
        match self {
            Self::Linear(multiplier) => weight.times(multiplier),
            Self::Inverse { .. } => self.value(qty, None),
        }
    }

    /// The profit at `price` of what is held and was entered for `weight`. Of what is flat it is what the trades left,
    /// for which a linear contract needs no price. `None` where a price is needed, and on overflow.
    pub fn profit(self, qty: SignedQty, weight: Money, price: Option<Price>) -> Option<Money> {
        match self {
            Self::Linear(multiplier) => {
                let now = if qty.is_zero() { Money::ZERO } else { qty.checked_mul_price(price?)? };
                now.checked_sub(weight)?.times(multiplier)
            }
            Self::Inverse { .. } if qty.is_zero() && weight.is_zero() => Some(Money::ZERO),
            Self::Inverse { face } => {
                let coins = weight.get().checked_mul(above_zero(price?)?)?.checked_sub(qty.get())?;
                let profit = face.get().checked_mul(coins)?;
                Some(Money::new(profit.round_dp(MONEY_SCALE).normalize()))
            }
        }
    }

    /// The profit of so much from one price to another: of an inverse contract `contracts × face × (exit − entry) /
    /// entry`. A loss is never told too small: the last digit is rounded away from zero.
    pub fn profit_between(self, qty: SignedQty, entry: Price, exit: Price) -> Option<Money> {
        match self {
            Self::Linear(_) => self.value(qty, Some(exit))?.checked_sub(self.value(qty, Some(entry))?),
            Self::Inverse { face } => {
                let (from, to) = (above_zero(entry)?, above_zero(exit)?);
                let moved = to.checked_sub(from)?.checked_mul(qty.get())?.checked_mul(face.get())?;
                Some(Money::new(last_digit(moved.checked_div(from)?)))
            }
        }
    }

    /// The same in the coin, which is what an inverse contract pays; `None` of a linear one.
    pub fn coins_between(self, qty: SignedQty, entry: Price, exit: Price) -> Option<Money> {
        let Self::Inverse { face } = self else { return None };
        let (entry, exit) = (above_zero(entry)?, above_zero(exit)?);
        // One quotient, so that entry and exit of the same price leave nothing.
        let moved = exit.checked_sub(entry)?.checked_mul(qty.get())?.checked_mul(face.get())?;
        let coins = moved.checked_div(entry)?.checked_div(exit)?;
        Some(Money::new(coins.round_dp(WEIGHT_SCALE).normalize()))
    }

    /// A fee in the coin as money, at the price of the execution that it is for.
    pub fn coins_at(coins: Money, price: Price) -> Option<Money> {
        let worth = coins.get().checked_mul(price.get())?;
        Some(Money::new(last_digit(worth)))
    }
}

/// An inverse contract has no value below zero.
fn above_zero(price: Price) -> Option<Decimal> {
    price.is_positive().then(|| price.get())
}

/// How many digits behind the point an average has for sure that is made of such a sum: one contract at 400,000 is so
/// little by its price that the ninth digit of the average would come of the sum's rounding.
fn sure_digits(average: Decimal, weight: Money) -> u32 {
    let share = Decimal::new(WEIGHT_OFF, WEIGHT_SCALE).checked_div(weight.get().abs());
    let Some(off) = share.and_then(|share| share.checked_mul(average.abs())) else { return 0 };
    (0..=PRICE_SCALE).rev().find(|digits| Decimal::new(1, *digits) > off).unwrap_or(0)
}

fn last_digit(d: Decimal) -> Decimal {
    d.round_dp_with_strategy(MONEY_SCALE, RoundingStrategy::AwayFromZero).normalize()
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn q(text: &str) -> SignedQty {
        text.parse().unwrap()
    }
    fn p(text: &str) -> Price {
        text.parse().unwrap()
    }
    fn m(text: &str) -> Money {
        text.parse().unwrap()
    }
    /// `BTCUSD_PERP`: a hundred dollars a contract.
    fn hundred() -> Payoff {
        Payoff::Inverse { face: m("100") }
    }
    fn options() -> Payoff {
        Payoff::Linear("100".parse().unwrap())
    }

    /// 1,000 contracts of 100 USD are 100,000 USD at any price; from 50,000 to 40,000 they are 2 BTC that become 2.5.
    #[test]
    fn an_inverse_contract_by_hand() {
        let of = hundred();
        for price in [None, Some(p("50000")), Some(p("0.1"))] {
            assert_eq!(of.value(q("1000"), price), Some(m("100000")));
            assert_eq!(of.value(q("-1000"), price), Some(m("-100000")));
        }
        let long = |to: &str| of.coins_between(q("1000"), p("50000"), p(to)).unwrap();
        assert_eq!((long("40000"), long("62500")), (m("-0.5"), m("0.4")));
        let money = |n: &str, to: &str| of.profit_between(q(n), p("50000"), p(to)).unwrap();
        assert_eq!((money("1000", "40000"), money("1000", "62500")), (m("-20000"), m("25000")));
        assert_eq!(money("-1000", "40000"), m("20000"), "half a coin more, at 40,000");
        // By the sum of the trades it is the same: 1,000 / 50,000 = 0.02.
        let weight = of.weight(q("1000"), p("50000")).unwrap();
        assert_eq!(weight, m("0.02"));
        assert_eq!(of.profit(q("1000"), weight, Some(p("40000"))), Some(m("-20000")));
    }

    /// 100 contracts at 40,000 and 100 at 60,000 are 0.25 and 0.1666… coins of face 100: the average is 48,000, not 50,000.
    #[test]
    fn the_average_entry_is_the_harmonic_mean() {
        let of = hundred();
        let both = of.weight(q("100"), p("40000")).unwrap();
        let both = both.checked_add(of.weight(q("100"), p("60000")).unwrap()).unwrap();
        assert_eq!(of.average(q("200"), both), Some(p("48000")));
        let short = both.negated();
        assert_eq!(of.average(q("-200"), short), Some(p("48000")));
        assert_eq!(of.profit(q("200"), both, Some(p("48000"))), Some(m("0")));
    }

    /// One contract at a high price is a small sum, whose last digit is worth more than a hundred-millionth of the average.
    #[test]
    fn an_average_has_no_digits_that_come_of_rounding() {
        let of = hundred();
        for (qty, price) in [("-1", "377905.7"), ("1", "1999999.9"), ("3", "100000.1"), ("1", "0.0000001")] {
            let weight = of.weight(q(qty), p(price)).unwrap();
            assert_eq!(of.average(q(qty), weight), Some(p(price)), "{qty} at {price}");
        }
        // Where it has them they stay.
        let both = of.weight(q("1000"), p("30000")).unwrap();
        let both = both.checked_add(of.weight(q("500"), p("31000")).unwrap()).unwrap();
        assert_eq!(of.average(q("1500"), both), Some(p("30326.08695652")));
        assert_eq!(of.average(q("79228162514264337593543950335"), m("0.000000000000000001")), None);
    }

    #[test]
    fn a_linear_contract_is_what_it_was() {
        let of = options();
        assert_eq!(of.value(q("-3"), Some(p("2.5"))), Some(m("-750")));
        assert_eq!(of.weight(q("3"), p("2.5")), Some(m("7.5")));
        assert_eq!(of.average(q("3"), m("7.5")), Some(p("2.5")));
        assert_eq!(of.profit(q("3"), m("7.5"), Some(p("2"))), Some(m("-150")));
        assert_eq!(of.profit_between(q("3"), p("2.5"), p("2")), Some(m("-150")));
        assert_eq!(of.profit(q("0"), m("-1.5"), None), Some(m("150")), "flat: what the trades left");
        assert_eq!((of.value(q("1"), None), of.coins_between(q("1"), p("1"), p("2"))), (None, None));
        assert_eq!(of.weight(q("3"), p("-37.63")), Some(m("-112.89")), "prices below zero are prices");
    }

    #[test]
    fn what_can_not_be_said_is_not_said() {
        let of = hundred();
        for price in ["0", "-1"] {
            assert_eq!(of.weight(q("1"), p(price)), None);
            assert_eq!(of.profit_between(q("1"), p(price), p("1")), None);
            assert_eq!(of.profit_between(q("1"), p("1"), p(price)), None);
            assert_eq!(of.coins_between(q("1"), p("1"), p(price)), None);
            assert_eq!(of.profit(q("1"), m("1"), Some(p(price))), None);
        }
        assert_eq!(of.profit(q("1"), m("1"), None), None);
        assert_eq!(of.average(q("0"), m("0")), None);
        let huge = q("79228162514264337593543950335");
        assert_eq!((of.value(huge, None), of.profit_between(huge, p("1"), p("2"))), (None, None));
        assert_eq!(options().value(huge, Some(p("2"))), None);
    }

    /// A loss of a third of a hundred-millionth is told as a whole one, and so is what was won.
    #[test]
    fn a_risk_is_never_told_too_small() {
        let of = Payoff::Inverse { face: m("10") };
        assert_eq!(of.profit_between(q("1"), p("30000"), p("29999")), Some(m("-0.00033334")));
        assert_eq!(Payoff::coins_at(m("0.00000001"), p("0.1")), Some(m("0.00000001")));
    }

    fn prices() -> impl Strategy<Value = Price> {
        (1_i64..20_000_000).prop_map(|tenths| Price::new(Decimal::new(tenths, 1)))
    }
    fn payoffs() -> impl Strategy<Value = Payoff> {
        let face = (1_i64..1_000).prop_map(|n| Payoff::Inverse { face: Money::new(n.into()) });
        let multiplier = (1_i64..1_000).prop_map(|n| Payoff::Linear(Ratio::new(n.into())));
        prop_oneof![face, multiplier]
    }
    fn near(a: Money, b: Money, within: Decimal) -> bool {
        (a.get() - b.get()).abs() <= within
    }

    proptest! {
        #[test]
        fn long_and_short_mirror(of in payoffs(), n in 1_i64..100_000, entry in prices(), exit in prices()) {
            let (long, short) = (SignedQty::new(n.into()), SignedQty::new((-n).into()));
            let won = of.profit_between(long, entry, exit).unwrap();
            prop_assert_eq!(of.profit_between(short, entry, exit).unwrap(), won.negated());
            prop_assert_eq!(won.is_positive(), exit > entry);
            prop_assert_eq!(of.value(short, Some(exit)).unwrap(), of.value(long, Some(exit)).unwrap().negated());
            let coins = of.coins_between(long, entry, exit);
            prop_assert_eq!(coins.map(Money::negated), of.coins_between(short, entry, exit));
        }

        #[test]
        fn at_its_entry_nothing_is_won(of in payoffs(), n in -100_000_i64..100_000, entry in prices()) {
            let held = SignedQty::new(n.into());
            prop_assert_eq!(of.profit_between(held, entry, entry), Some(Money::ZERO));
            let weight = of.weight(held, entry).unwrap();
            prop_assert_eq!(of.profit(held, weight, Some(entry)), Some(Money::ZERO));
            if n != 0 {
                prop_assert_eq!(of.average(held, weight), Some(entry));
            }
        }

        /// Two lots are won as one is whose average they have, and in coins as in money.
        #[test]
        fn the_parts_add_up(of in payoffs(), a in 1_i64..10_000, b in 1_i64..10_000,
            (first, second, exit) in (prices(), prices(), prices())) {
            let (one, two) = (SignedQty::new(a.into()), SignedQty::new(b.into()));
            let whole = one.checked_add(two).unwrap();
            let weight = of.weight(one, first).unwrap().checked_add(of.weight(two, second).unwrap()).unwrap();
            let parts = of.profit_between(one, first, exit).unwrap()
                .checked_add(of.profit_between(two, second, exit).unwrap()).unwrap();
            let close = Decimal::new(5, 8);
            prop_assert!(near(of.profit(whole, weight, Some(exit)).unwrap(), parts, close));
            if let Some(coins) = of.coins_between(one, first, exit) {
                let worth = Money::new(coins.get() * exit.get());
                let told = of.profit_between(one, first, exit).unwrap();
                prop_assert!(near(worth, told, close), "{} {}", worth, told);
            }
        }
    }
}
