//! Orders that this program holds itself, because the venue has no such order: exits that wait for a price, and what is
//! not yet shown of an iceberg order. They are facts, so that a restart goes on with them; while the program does not run,
//! nobody watches them.

use super::{
    ids::{ClientId, InstrumentId, OrderId},
    money::{Price, Qty},
    order::{OrderSpec, OrderType, Side, Trail},
    text::Text,
};
use serde::{Deserialize, Serialize};

/// What it waits for, and what it then does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeldKind {
    /// Takes the profit once the market bids (or, for a short position, offers) this.
    Target {
        /// The price, and the limit of the order that is then sent.
        limit: Price,
    },
    /// Limits the loss once the market is at this or beyond.
    Stop {
        /// Trigger.
        stop: Price,
        /// Worst price, if it is a stop-limit.
        limit: Option<Price>,
    },
    /// A stop that follows the market.
    Trail {
        /// How far behind.
        trail: Trail,
        /// The best price since it is watched, as far as it was written down.
        best: Option<Price>,
    },
    /// What is left of an iceberg order. The next part is sent when the one before has filled whole.
    Rest {
        /// So much is shown at a time.
        show: Qty,
        /// What each part says, but for its quantity.
        spec: Box<OrderSpec>,
    },
}

impl HeldKind {
    /// Does it limit a loss?
    pub const fn protects(&self) -> bool {
        matches!(self, Self::Stop { .. } | Self::Trail { .. })
    }
    /// Where it stands: the price that the market has to reach. A trailing stop has none before it saw a price.
    pub fn price(&self, side: Side) -> Option<Price> {
        match self {
            Self::Target { limit } => Some(*limit),
            Self::Stop { stop, .. } => Some(*stop),
            Self::Trail { trail, best } => trailed(*trail, (*best)?, side),
            Self::Rest { spec, .. } => spec.order_type.limit(),
        }
    }
    /// As an order type, for the screen and for a change.
    pub const fn order_type(&self) -> OrderType {
        match self {
            Self::Target { limit } => OrderType::Limit { limit: *limit },
            Self::Stop { stop, limit: Some(limit) } => OrderType::StopLimit { stop: *stop, limit: *limit },
            Self::Stop { stop, limit: None } => OrderType::Stop { stop: *stop },
            Self::Trail { trail, .. } => OrderType::TrailingStop { trail: *trail },
            Self::Rest { spec, .. } => spec.order_type,
        }
    }
    /// In words.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Target { .. } => "target",
            Self::Stop { .. } => "stop",
            Self::Trail { .. } => "trailing stop",
            Self::Rest { .. } => "rest of an iceberg",
        }
    }
}

/// Where a trailing stop stands below (for a sell) or above (for a buy) the best price.
pub fn trailed(trail: Trail, best: Price, side: Side) -> Option<Price> {
    let by = match trail {
        Trail::Amount(by) => by.abs(),
        Trail::Percent(percent) => best.abs().checked_mul(percent.factor()?.abs())?,
    };
    match side {
        Side::Sell => best.checked_sub(by),
        Side::Buy => best.checked_add(by),
    }
}

/// One order that is held here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOrder {
    /// Where and what.
    pub instrument: InstrumentId,
    /// The side of the order that it sends.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// What it waits for.
    pub kind: HeldKind,
    /// Those of one group share what they are for: what one does is taken off the others.
    pub group: ClientId,
    /// The entry whose fills it waits for; `None` is a position that is there. Of an iceberg, the part that is shown.
    pub parent: Option<ClientId>,
}

/// What acts once the condition has come true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// This order, proven to reduce.
    Order(ClientId),
    /// This exit: something else in the symbol had to be cancelled first.
    Exit(u64),
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HeldEvent {
    /// It is held from now on.
    Began(HeldOrder),
    /// A person, a fill of its group, or the market (the best price of a trailing stop) changed it.
    Changed {
        /// How much is left for it to do.
        qty: Qty,
        /// What it waits for now.
        kind: HeldKind,
    },
    /// Its condition came true.
    Struck {
        /// What acts.
        by: Stroke,
        /// At what price of the market.
        price: Price,
    },
    /// What acted did not close: it is watched again.
    Again {
        /// Why.
        why: Text,
    },
    /// The next part of an iceberg order was sent.
    Shown {
        /// Which order that is.
        part: ClientId,
        /// What is left after it.
        left: Qty,
    },
    /// It is over.
    Ended {
        /// It did what it was for.
        done: bool,
        /// Why.
        why: Text,
    },
}

/// Something happened to an order that is held here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFact {
    /// Which.
    pub order: OrderId,
    /// What.
    pub event: HeldEvent,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Percent;

    fn px(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_trail_stands_behind_the_best_price() {
        let percent = Trail::Percent(Percent::new("2".parse().unwrap()));
        assert_eq!(trailed(percent, px("200"), Side::Sell), Some(px("196")));
        assert_eq!(trailed(percent, px("200"), Side::Buy), Some(px("204")));
        assert_eq!(trailed(Trail::Amount(px("1.50")), px("200"), Side::Sell), Some(px("198.50")));
        let kind = HeldKind::Trail { trail: percent, best: None };
        assert_eq!(kind.price(Side::Sell), None, "before it saw a price");
    }
}
