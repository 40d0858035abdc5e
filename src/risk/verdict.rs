//! What the checks found: one line for each, its sentence made only when somebody reads it.

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

/// Why a check does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Which.
    pub name: CheckName,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it passed. `Display` is the sentence.
    pub why: Option<Why>,
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
}
