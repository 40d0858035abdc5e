//! A draft, sized and priced.

use crate::{
    book::{Exposure, Mark},
    domain::{
        draft::{ChangeExpr, Draft},
        instrument::Instrument,
        money::{Money, Percent, Price, Qty, Ratio},
        order::{Change, OrderSpec, Tif},
        report::AccountReport,
    },
};

/// What sizing looks at. What is `None` is not known; what needs it says so.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The instrument's rules.
    pub instrument: &'a Instrument,
    /// What the market says.
    pub mark: Option<&'a Mark>,
    /// The account.
    pub account: Option<&'a AccountReport>,
    /// What is taken off the account's buying power by orders that it has not counted.
    pub committed: Money,
    /// Position and open orders.
    pub exposure: Exposure,
    /// What can be closed.
    pub closable: Qty,
    /// The position's average entry.
    pub avg_price: Option<Price>,
    /// Fees, for the estimate.
    pub fees: Option<&'a FeeSchedule>,
    /// A fixed account size for risk and share of equity, instead of the equity.
    pub account_size: Option<Money>,
    /// Time in force where the draft has none.
    pub default_tif: Tif,
}

/// What a venue charges, for estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeSchedule {
    /// Money per unit.
    pub per_unit: Money,
    /// Per cent of the value.
    pub percent: Percent,
    /// Least per order.
    pub least: Money,
}

/// What made the quantity smaller than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Rounded down to the lot.
    Lot,
    /// The buying power.
    BuyingPower,
    /// The largest order of the instrument.
    Largest,
    /// What can be closed.
    Closable,
}

/// An order with what it may cost and bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The order.
    pub spec: OrderSpec,
    /// Where it is thought to fill.
    pub entry: Price,
    /// The protective stop.
    pub stop: Option<Price>,
    /// The target.
    pub target: Option<Price>,
    /// How much; for an order in money the estimate.
    pub qty: Qty,
    /// What is lost if the stop fills at its price.
    pub risk: Option<Money>,
    /// What is won if the target fills.
    pub reward: Option<Money>,
    /// Reward by risk.
    pub reward_to_risk: Option<Ratio>,
    /// Value of the order at the entry.
    pub cost: Money,
    /// Fees of the entry.
    pub fees: Option<Money>,
    /// Buying power that it takes: none for a reduction.
    pub margin: Money,
    /// Buying power left after it.
    pub buying_power_after: Option<Money>,
    /// Its value as a share of equity.
    pub equity_share: Option<Percent>,
    /// What made it smaller than asked.
    pub cut: Option<Cut>,
}

/// Why a draft can't be sized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizingError {
    /// A number went beyond what can be held.
    #[error("the numbers of this order are too large to be worked out")]
    Overflow,
}

/// Sizes and prices a draft.
///
/// # Errors
/// Which field can't be worked out, and why; a typed reason when it comes to nothing.
pub fn plan(_inputs: &Inputs<'_>, _draft: &Draft) -> Result<Plan, SizingError> {
    unimplemented!()
}

/// Prices a change of a working order.
///
/// # Errors
/// Which field can't be worked out, and why.
pub fn change(_inputs: &Inputs<'_>, _order: &OrderSpec, _change: &ChangeExpr) -> Result<Change, SizingError> {
    unimplemented!()
}
