//! What is traded: its class, its currency, its price ticks and quantity lots.

use super::{
    ids::{Currency, InstrumentId, Symbol},
    money::{Money, Price, Qty, SignedQty},
    payoff::Payoff,
    text::Text,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The kind of instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetClass {
    /// Shares and funds.
    Equity,
    /// Listed options.
    Option,
    /// Coins.
    Crypto,
    /// Currency pairs.
    Forex,
    /// Listed futures.
    Future,
    /// Perpetual swaps.
    Perpetual,
    /// Contracts for difference.
    Cfd,
}

/// Currencies of states, by their codes (ISO 4217; CNH is the yuan that is traded outside China): pairs of these are
/// foreign exchange, pairs with anything else are coins.
const STATES: [&str; 29] = [
    "AED", "AUD", "BRL", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "JPY",
    "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "USD", "ZAR",
];

impl AssetClass {
    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equity => "a stock",
            Self::Option => "an option",
            Self::Crypto => "a coin",
            Self::Forex => "a currency pair",
            Self::Future => "a future",
            Self::Perpetual => "a perpetual swap",
            Self::Cfd => "a contract for difference",
        }
    }
    /// What a symbol's spelling says, where no venue says more: `EUR/USD`, `BTC/USDT`, `AAPL260116C00200000` (the
    /// OCC's form), `ESZ6` (root, month, year, as its exchange writes it), and everything else is a stock.
    pub fn spelled(symbol: &Symbol) -> Self {
        let text = symbol.as_str();
        if let Some((base, quote)) = text.split_once('/') {
            let states = STATES.contains(&base) && STATES.contains(&quote);
            return if states { Self::Forex } else { Self::Crypto };
        }
        match (is_occ(text), is_dated(text)) {
            (true, _) => Self::Option,
            (false, true) => Self::Future,
            (false, false) => Self::Equity,
        }
    }
}

/// Months of futures, January first.
const MONTHS: &str = "FGHJKMNQUVXZ";

/// A root of one to three letters or digits, the letter of a month, and one or two digits of the year: no share is
/// written so.
fn is_dated(text: &str) -> bool {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some((root, month)) = head.split_at_checked(head.len().saturating_sub(1)) else { return false };
    let digits = text.len().saturating_sub(head.len());
    (1..=2).contains(&digits)
        && (1..=3).contains(&root.len())
        && !month.is_empty()
        && MONTHS.contains(month)
        && root.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A root of one to six letters (and digits, after an adjustment), the day, call or put, and the strike in thousandths.
fn is_occ(text: &str) -> bool {
    let Some(root) = text.len().checked_sub(15).filter(|n| (1..=6).contains(n)) else { return false };
    let (Some(root), Some(tail)) = (text.get(..root), text.get(root..)) else { return false };
    let digits = |part: Option<&str>| part.is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    root.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && root.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
        && digits(tail.get(..6))
        && matches!(tail.get(6..7), Some("C" | "P"))
        && digits(tail.get(7..))
}

const DOLLAR: Price = Price::new(Decimal::ONE);
const PENNY: Price = Price::new(Decimal::from_parts(1, 0, 0, false, 2));
const SUB_PENNY: Price = Price::new(Decimal::from_parts(1, 0, 0, false, 4));

/// Which prices are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    /// Whole multiples of this.
    Fixed(Price),
    /// United States stocks (SEC rule 612): 0.01 from one dollar up, 0.0001 below.
    UsEquity,
    /// Two steps, as of options: one below a price, another from it up.
    Stepped {
        /// From this price up (by its size, where it is below zero) …
        from: Price,
        /// … whole multiples of this, …
        above: Price,
        /// … and of this below.
        below: Price,
    },
}

impl Tick {
    /// The step at `price`.
    pub fn at(self, price: Price) -> Price {
        match self {
            Self::Fixed(step) => step,
            Self::UsEquity if price.abs() >= DOLLAR => PENNY,
            Self::UsEquity => SUB_PENNY,
            Self::Stepped { from, above, .. } if price.abs() >= from => above,
            Self::Stepped { below, .. } => below,
        }
    }
    /// Is `price` allowed?
    pub fn allows(self, price: Price) -> bool {
        let step = self.at(price);
        step.is_zero() || price.is_multiple_of(step)
    }
    /// The nearest allowed price; `None` on overflow.
    pub fn round(self, price: Price) -> Option<Price> {
        let step = self.at(price);
        if step.is_zero() {
            return Some(price);
        }
        // Of 0.01 and the like everything without more digits is a multiple: seen without a division.
        if let Some(padded) = price.padded_to(step) {
            return Some(padded);
        }
        let step = step.get();
        let n = price.get().checked_div(step)?.round();
        n.checked_mul(step).map(|d| Price::new(d.normalize().max_scale_of(step)))
    }
    /// Moved by whole ticks; `None` on overflow.
    pub fn offset(self, price: Price, ticks: i64) -> Option<Price> {
        let step = self.at(price).get().checked_mul(Decimal::from(ticks))?;
        price.get().checked_add(step).map(Price::new)
    }
}

trait ScaleOf {
    fn max_scale_of(self, step: Decimal) -> Self;
}
impl ScaleOf for Decimal {
    /// Shows at least as many digits as the tick has: 178.5 at a 0.01 tick is 178.50.
    fn max_scale_of(mut self, step: Decimal) -> Self {
        let want = step.normalize().scale();
        if self.scale() < want {
            self.rescale(want);
        }
        self
    }
}

/// How hard it is to borrow for a short sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Borrow {
    /// On the easy-to-borrow list.
    Easy,
    /// Only with a locate, at a fee.
    Hard,
    /// Not to be had.
    None,
    /// The venue did not say.
    Unknown,
}

/// May it be traded now?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tradable {
    /// Yes.
    Yes,
    /// Halted, with the venue's words.
    Halted(Text),
    /// Not at all here (inactive, delisted, expired), with the venue's words.
    No(Text),
}

/// Which icebergs a venue takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icebergs {
    /// In so many parts an order may be shown, if the venue says.
    pub parts_max: Option<u32>,
    /// So many may be open, if the venue says.
    pub open_max: Option<u32>,
}

/// For how much the venue takes exits that wait for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingExits {
    /// For all that comes of the entry.
    #[default]
    Whole,
    /// For a quantity that is fixed with the entry. Where a fee may be taken out of what is bought it leaves room for the
    /// largest one, and what is left over no exit covers.
    LessFees,
    /// It takes none in this instrument.
    None,
}

/// An instrument and its rules, as the venue states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Where and what.
    pub id: InstrumentId,
    /// For people: `Apple Inc.`
    pub name: Text,
    /// The venue's own spelling of the symbol.
    pub native: Text,
    /// The kind.
    pub class: AssetClass,
    /// What it is priced and paid in.
    pub quote: Currency,
    /// For coins and currency pairs, what is bought.
    pub base: Option<Currency>,
    /// Allowed prices.
    pub tick: Tick,
    /// Smallest step of quantity (fractions where the venue has them).
    pub lot: Qty,
    /// Smallest step where fractions are not allowed (brackets, stops at some venues).
    pub whole_lot: Qty,
    /// Smallest order in quantity.
    pub qty_min: Qty,
    /// Largest order in quantity, if the venue says.
    pub qty_max: Option<Qty>,
    /// Smallest order in money.
    pub notional_min: Money,
    /// What one unit pays. Journals have it under the name that it had while it was a number.
    #[serde(rename = "multiplier")]
    pub payoff: Payoff,
    /// Can a position below zero be held?
    pub shortable: bool,
    /// How hard to borrow.
    pub borrow: Borrow,
    /// Can it be bought on margin?
    pub marginable: bool,
    /// Which icebergs the venue takes in it; `None` is none.
    #[serde(default)]
    pub icebergs: Option<Icebergs>,
    /// How exits wait there for an entry, where the venue's class of it has such orders at all.
    #[serde(default)]
    pub exits: WaitingExits,
    /// May it be traded now?
    pub tradable: Tradable,
}

impl Instrument {
    /// Is it something of which profit and loss alone are a position's, rather than a thing that is paid for? A contract on
    /// margin is, and so is a currency pair: it is money for money, and both are the account's cash.
    pub const fn is_contract(&self) -> bool {
        let on_margin = matches!(
            self.class,
            AssetClass::Perpetual | AssetClass::Future | AssetClass::Forex | AssetClass::Cfd
        );
        on_margin || self.payoff.is_inverse()
    }
    /// What a position of it adds to the cash in what an account is worth: of what was paid for its value, of a perpetual
    /// contract what it has won since its entry. `None` on overflow, where the entry is not known, and where only the venue
    /// knows: what is settled daily is in the cash already, as is the money that was bought of a currency pair, and beside
    /// an inverse contract the cash itself moves, being coins.
    pub fn beside_cash(&self, qty: SignedQty, entry: Option<Price>, price: Price) -> Option<Money> {
        if !self.is_contract() {
            return self.payoff.value(qty, Some(price));
        }
        match (self.class, self.payoff) {
            (AssetClass::Perpetual, Payoff::Linear(_)) => self.payoff.profit_between(qty, entry?, price),
            (_, Payoff::Linear(_) | Payoff::Inverse { .. }) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_symbol_is_spelled_as_what_it_is() {
        for (symbol, class) in [
            ("AAPL", AssetClass::Equity),
            ("BRK.B", AssetClass::Equity),
            ("Z", AssetClass::Equity),
            ("IB265598", AssetClass::Equity),
            ("EUR/USD", AssetClass::Forex),
            ("BTC/USDT", AssetClass::Crypto),
            ("AAPL260116C00200000", AssetClass::Option),
            ("ESZ6", AssetClass::Future),
            ("MESZ26", AssetClass::Future),
            ("6EH7", AssetClass::Future),
            ("ESA6", AssetClass::Equity),
            ("Z6", AssetClass::Equity),
            ("600519", AssetClass::Equity),
        ] {
            assert_eq!(AssetClass::spelled(&Symbol::new(symbol).unwrap()), class, "{symbol}");
        }
    }

    #[test]
    fn two_steps_meet_at_their_price() {
        let tick = Tick::Stepped { from: price("3"), above: price("0.05"), below: price("0.01") };
        for (at, is_allowed) in
            [("2.99", true), ("3", true), ("3.01", false), ("3.05", true), ("-3.01", false), ("-0.01", true)]
        {
            assert_eq!(tick.allows(price(at)), is_allowed, "{at}");
        }
        assert_eq!(tick.round(price("3.03")), Some(price("3.05")));
        assert_eq!(tick.round(price("2.996")), Some(price("3.00")));
    }
}
