//! What the checks found: one line for each, its sentence made only when somebody reads it.

mod name;

pub use name::CheckName;

use super::checks::NAMES;
use crate::domain::{
    ids::{Currency, InstrumentId, Symbol},
    money::{Money, Percent, Price, Qty},
    order::{OrderKind, Side, Tif},
    text::Text,
    time::Stamp,
};
use rust_decimal::Decimal;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold, and the order may go all the same.
    Warn,
    /// It does not hold, and the order may not go.
    Block,
}

impl Outcome {
    /// `pass`, `warn`, `block`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// Why a check does not hold, in numbers; `Display` makes the sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Entries are locked.
    #[error("trading is locked: {0}")]
    Locked(Text),
    /// Only looking is allowed.
    #[error("this account is read-only here")]
    ReadOnly,
    /// No account figures.
    #[error("the account's figures are not known yet")]
    NoAccount,
    /// The venue blocks the account.
    #[error("the venue blocks the account: {0}")]
    AccountBlocked(Text),
    /// No rules of the instrument.
    #[error("the rules of {0} are not known yet")]
    NoInstrument(InstrumentId),
    /// Halted, delisted.
    #[error("it can't be traded: {0}")]
    NotTradable(Text),
    /// The venue's abilities are not known, or the class is not among them.
    #[error("this venue does not trade that class of instrument")]
    NoClass,
    /// Order type.
    #[error("this venue takes no {kind} order here", kind = .0.word())]
    NoKind(OrderKind),
    /// Time in force.
    #[error("this venue takes no `{tif}` order here", tif = .0.word())]
    NoTif(Tif),
    /// Bracket, OCO, OTO, post-only, extended hours, money, fractions, changes.
    #[error("this venue has no {0} here")]
    NoFeature(&'static str),
    /// A market order outside regular hours.
    #[error("a market order outside regular hours: give a limit")]
    NotInRegularHours,
    /// A price between ticks.
    #[error("{what} {price} is not on the tick of {tick}")]
    OffTick {
        /// Which price.
        what: &'static str,
        /// What it is.
        price: Price,
        /// The tick there.
        tick: Price,
    },
    /// A quantity between lots.
    #[error("{qty} is not a whole number of lots of {lot}")]
    OffLot {
        /// What was asked.
        qty: Qty,
        /// The lot.
        lot: Qty,
    },
    /// Below the venue's smallest.
    #[error("{qty} is below the smallest order of {least}")]
    BelowLeast {
        /// What was asked.
        qty: Qty,
        /// The smallest.
        least: Qty,
    },
    /// Above the venue's largest.
    #[error("{qty} is above the venue's largest order of {most}")]
    AboveMost {
        /// What was asked.
        qty: Qty,
        /// The largest.
        most: Qty,
    },
    /// Below the venue's smallest in money.
    #[error("a value of {value} is below the smallest of {least}")]
    BelowLeastValue {
        /// What it comes to.
        value: Money,
        /// The smallest.
        least: Money,
    },
    /// Above the trader's limit in units.
    #[error("{qty} is above your limit of {limit} an order")]
    Quantity {
        /// What was asked.
        qty: Qty,
        /// The limit.
        limit: Qty,
    },
    /// Above the trader's limit in money.
    #[error("a value of {value} is above your limit of {limit} an order")]
    Notional {
        /// What it comes to.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// Old account figures.
    #[error("the account's figures are {age_s} s old, the most is {limit_s} s")]
    StaleAccount {
        /// Their age.
        age_s: i64,
        /// The limit.
        limit_s: i64,
    },
    /// On the list of what may not be opened.
    #[error("{0} is on your list of symbols that may not be opened")]
    Denied(Symbol),
    /// Not on the list of what may be.
    #[error("{0} is not on your list of symbols that may be opened")]
    NotAllowed(Symbol),
    /// Sent, and not at work before the next session.
    #[error("{phase}{}: the order waits at the venue for regular hours", ending(.until.as_ref()))]
    SessionClosed {
        /// Where the market is.
        phase: &'static str,
        /// Until when.
        until: Option<Stamp>,
    },
    /// Above the trader's limit for one symbol.
    #[error(
        "the position would come to {value:.2} with what is open, above your limit of {limit:.2} for one symbol"
    )]
    Position {
        /// What it would come to.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// Above the trader's limit for one symbol, in per cent of equity.
    #[error(
        "the position would come to {value:.2} with what is open, {share} % of an equity of {equity:.2}, above your limit of {limit} %"
    )]
    EquityShare {
        /// What it would come to.
        value: Money,
        /// In per cent.
        share: Percent,
        /// Of this.
        equity: Money,
        /// The limit.
        limit: Percent,
    },
    /// Above the trader's limit for everything.
    #[error("all positions would come to {value:.2} with what is open, above your limit of {limit:.2}")]
    Gross {
        /// What they would come to.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// Above the trader's limit for everything, in per cent of equity.
    #[error(
        "all positions would come to {value:.2} with what is open, {share} % of an equity of {equity:.2}, above your limit of {limit} %"
    )]
    GrossPercent {
        /// What they would come to.
        value: Money,
        /// In per cent.
        share: Percent,
        /// Of this.
        equity: Money,
        /// The limit.
        limit: Percent,
    },
    /// Something that is held can't be valued.
    #[error("what is held or ordered of {0} can't be valued: the account's exposure is not known")]
    NoValue(InstrumentId),
    /// Nothing to judge by.
    #[error("there is no price to judge it by")]
    NoPrice,
    /// No quote at all.
    #[error("there is no quote")]
    NoQuote,
    /// The newest quote is not believed.
    #[error("the quote is not believable: {0}")]
    BadQuote(&'static str),
    /// Too old.
    #[error("the quote is {age_ms} ms old, the most is {limit_ms} ms")]
    StaleQuote {
        /// Its age.
        age_ms: u64,
        /// The limit.
        limit_ms: u64,
    },
    /// Too far off.
    #[error("{what} {price} is {off} % from the market at {market}, the most is {limit} %")]
    Collar {
        /// Which price.
        what: &'static str,
        /// What it is.
        price: Price,
        /// The market.
        market: Price,
        /// How far.
        off: Percent,
        /// The limit.
        limit: Percent,
    },
    /// Too wide.
    #[error(
        "the spread from {bid} to {ask} is {percent} % of the price, the most for a market order is {limit} %"
    )]
    Spread {
        /// Best bid.
        bid: Price,
        /// Best ask.
        ask: Price,
        /// How wide.
        percent: Percent,
        /// The limit.
        limit: Percent,
    },
    /// One side of the market is not there.
    #[error("there is no {0}: a market order would fill at any price")]
    OneSided(&'static str),
    /// Too many orders.
    #[error("{limit} orders went out in the last {window}: more is too fast")]
    OrderRate {
        /// How many went, and may go.
        limit: u64,
        /// `second` or `minute`.
        window: &'static str,
    },
    /// It would meet an order of our own.
    #[error("it would trade with your own {side} order{}", priced(.price.as_ref()), side = .side.word())]
    SelfCross {
        /// The side of that order.
        side: Side,
        /// Its limit; a market order has none.
        price: Option<Price>,
    },
    /// The same again.
    #[error("the same order went out {age_ms} ms ago")]
    Duplicate {
        /// How long ago.
        age_ms: i64,
    },
    /// Not enough.
    #[error("it takes {need:.2} of buying power, {left:.2} is left")]
    BuyingPower {
        /// What it needs.
        need: Money,
        /// What is left, orders under way taken off.
        left: Money,
    },
    /// Priced in another currency than the account.
    #[error("it is paid in {instrument}, the account is kept in {account}: buying power can't be compared")]
    Currency {
        /// The instrument's.
        instrument: Currency,
        /// The account's.
        account: Currency,
    },
    /// Not enough cash that has settled.
    #[error("it takes {need:.2} of settled cash, {left:.2} is left{}", on_its_way(*.unsettled))]
    Cash {
        /// What it needs.
        need: Money,
        /// What is left, orders under way taken off.
        left: Money,
        /// What sales brought in and has not settled.
        unsettled: Money,
    },
    /// A cash account owes no shares.
    #[error("nothing can be sold short in a cash account")]
    CashShort,
    /// Not enough margin.
    #[error(
        "{taken:.2} of margin would be taken with what is open, of an equity of {equity:.2} (at {leverage}x)"
    )]
    Margin {
        /// What all would take.
        taken: Money,
        /// What is there.
        equity: Money,
        /// By which leverage.
        leverage: Decimal,
    },
    /// One day trade too many: it could not be closed today.
    #[error(
        "{count} day trades in five business days and an equity of {equity:.2}, below 25,000: what this opens could not be closed today"
    )]
    DayTrades {
        /// How many.
        count: u32,
        /// What counts as equity.
        equity: Money,
    },
    /// Said, and never stops it.
    #[error(
        "closing this today is day trade {nth} in five business days, with an equity of {equity:.2}, below 25,000: the venue may restrict the account"
    )]
    ClosingDayTrade {
        /// Which it would be.
        nth: u32,
        /// What counts as equity.
        equity: Money,
    },
    /// Beyond what must be there at every moment of the day.
    #[error(
        "{taken:.2} of intraday margin would be taken with what is open, of an equity of {equity:.2}: an intraday margin deficit"
    )]
    IntradayMargin {
        /// What all would take.
        taken: Money,
        /// What is there.
        equity: Money,
    },
    /// Hard to borrow.
    #[error("it sells {qty} short that is hard to borrow, at a fee that the venue does not tell")]
    HardToBorrow {
        /// How much.
        qty: Qty,
    },
    /// Nobody says.
    #[error("it sells {qty} short, and the venue does not say whether that can be borrowed")]
    BorrowUnknown {
        /// How much.
        qty: Qty,
    },
    /// Short sale impossible.
    #[error("it would sell {qty} short: {why}")]
    Short {
        /// How much.
        qty: Qty,
        /// What is against it.
        why: &'static str,
    },
    /// No stop.
    #[error("the entry has no protective stop")]
    NoStop,
    /// A change to no more than what has filled.
    #[error("a new quantity of {qty} is not above what has filled ({filled})")]
    BelowFilled {
        /// What was asked.
        qty: Qty,
        /// What has filled.
        filled: Qty,
    },
}

fn ending(until: Option<&Stamp>) -> String {
    until.map_or_else(String::new, |at| format!(" until {}", at.to_rfc3339()))
}

fn priced(price: Option<&Price>) -> String {
    price.map_or_else(String::new, |price| format!(" at {price}"))
}

fn on_its_way(money: Money) -> String {
    if money.is_zero() { String::new() } else { format!(" ({money:.2} from sales has not settled)") }
}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Which.
    pub name: CheckName,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it passed. `Display` is the sentence.
    pub why: Option<Box<Why>>,
}

impl std::fmt::Display for CheckResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.why.as_ref().map_or(Ok(()), |why| why.fmt(f))
    }
}

/// All checks of one order. Kept are those that do not hold: an order that passes takes no room for what nobody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its number in the journal; zero for a preview.
    pub id: u64,
    against: Vec<CheckResult>,
}

impl Verdict {
    /// Of every check that was asked, those that do not hold, in the order in which they were asked.
    pub(super) const fn new(id: u64, against: Vec<CheckResult>) -> Self {
        Self { id, against }
    }
    /// May the order go?
    pub fn allows(&self) -> bool {
        self.blocks().next().is_none()
    }
    /// What blocks it.
    pub fn blocks(&self) -> impl Iterator<Item = &CheckResult> {
        self.against.iter().filter(|c| c.outcome == Outcome::Block)
    }
    /// What does not hold, in one line; empty when all does.
    pub fn reasons(&self) -> String {
        in_one_line(self.against.iter())
    }
    /// What blocks it, in one line.
    pub fn blocking(&self) -> String {
        in_one_line(self.blocks())
    }
    /// One for each check, in the order in which they are asked.
    pub fn checks(&self) -> impl Iterator<Item = CheckResult> {
        NAMES.iter().map(|name| self.of(*name))
    }
    /// How one check ended.
    pub fn of(&self, name: CheckName) -> CheckResult {
        let against = self.against.iter().find(|c| c.name == name);
        against.cloned().unwrap_or(CheckResult { name, outcome: Outcome::Pass, why: None })
    }
}

/// Several checks that lack the same thing say so once.
fn in_one_line<'a>(checks: impl Iterator<Item = &'a CheckResult>) -> String {
    let mut said: Vec<&Why> = Vec::new();
    let mut line = String::new();
    for why in checks.filter_map(|c| c.why.as_deref()) {
        if said.contains(&why) {
            continue;
        }
        if !said.is_empty() {
            line.push_str("; ");
        }
        line.push_str(&why.to_string());
        said.push(why);
    }
    line
}
