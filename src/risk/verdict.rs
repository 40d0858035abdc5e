//! What the checks found: one line for each, its sentence made only when somebody reads it.

use crate::domain::{
    ids::{Currency, InstrumentId},
    money::{Money, Percent, Price, Qty},
    order::{OrderKind, Tif},
    text::Text,
};

/// The checks, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// Trading is locked, not armed, read-only, or the account or instrument can't trade.
    Access,
    /// The venue takes such an order.
    Capability,
    /// Prices on the tick, quantity on the lot and between the smallest and the largest.
    TickAndLot,
    /// Not more units than one order may have.
    Quantity,
    /// Not more money than one order may have.
    Notional,
    /// There is a quote, believable and young enough.
    Quote,
    /// Prices near the last quote.
    Collar,
    /// Not the same order as a moment ago.
    Duplicate,
    /// Enough buying power at worst.
    BuyingPower,
    /// A sell below flat is allowed and can be borrowed.
    Short,
    /// An entry brings its protective stop.
    StopRequired,
}

impl CheckName {
    /// As the ticket shows it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Capability => "venue takes it",
            Self::TickAndLot => "tick and lot",
            Self::Quantity => "quantity",
            Self::Notional => "value",
            Self::Quote => "quote",
            Self::Collar => "price collar",
            Self::Duplicate => "duplicate",
            Self::BuyingPower => "buying power",
            Self::Short => "short sale",
            Self::StopRequired => "protective stop",
        }
    }
}

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
    /// The same again.
    #[error("the same order went out {age_ms} ms ago")]
    Duplicate {
        /// How long ago.
        age_ms: i64,
    },
    /// Not enough.
    #[error("it takes {need} of buying power, {left} is left")]
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

/// All checks of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its number in the journal; zero for a preview.
    pub id: u64,
    /// One for each check.
    pub checks: Vec<CheckResult>,
}

impl Verdict {
    /// May the order go?
    pub fn allows(&self) -> bool {
        self.checks.iter().all(|c| c.outcome != Outcome::Block)
    }
    /// What blocks it.
    pub fn blocks(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|c| c.outcome == Outcome::Block)
    }
    /// What does not hold, in one line; empty when all does.
    pub fn reasons(&self) -> String {
        let reasons: Vec<String> =
            self.checks.iter().filter_map(|c| c.why.as_ref()).map(ToString::to_string).collect();
        reasons.join("; ")
    }
    /// How one check ended.
    pub fn of(&self, name: CheckName) -> Option<&CheckResult> {
        self.checks.iter().find(|c| c.name == name)
    }
}
