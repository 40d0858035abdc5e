//! Exposure: the position and what open orders could make of it at worst.

use crate::domain::money::{Qty, SignedQty};

/// One instrument's exposure. Orders whose outcome is not known count in full; of two exits that cancel one
/// another the larger counts; a child that waits for its parent does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// What is held.
    pub position: SignedQty,
    /// What open buys could still buy.
    pub buys: Qty,
    /// What open sells could still sell.
    pub sells: Qty,
    /// Some open order is in money, so that `buys` or `sells` lacks it.
    pub has_notional: bool,
}

impl Exposure {
    /// The most that could be held: every buy fills, no sell does.
    pub fn worst_long(&self) -> Option<SignedQty> {
        self.position.checked_add(SignedQty::new(self.buys.get()))
    }
    /// The least that could be held: every sell fills, no buy does.
    pub fn worst_short(&self) -> Option<SignedQty> {
        self.position.checked_sub(SignedQty::new(self.sells.get()))
    }
}
