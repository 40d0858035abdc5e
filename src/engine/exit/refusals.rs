//! What did not go, and when it is tried again: closes that the venue refused are not sent for ever.

use super::{Engine, VenueExit};
use crate::{
    broker::Refusal,
    domain::{
        ids::{ClientId, OrderId},
        lifecycle::OrderState,
        text::Text,
        time::Mono,
    },
};
use std::collections::BTreeSet;

/// So often the closes of one position may be refused before it is left, with the venue's words.
pub(super) const REFUSED_MAX: u32 = 4;
/// The first pause after a refusal; it doubles with each.
const PAUSE_MS: u64 = 1_000;
/// The longest.
const PAUSE_MAX_MS: u64 = 15_000;

/// What was tried of one position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tries {
    /// Rounds of limit orders: each widens the collar.
    pub(super) limits: u32,
    /// Rounds that the venue took while the market was shut: one is enough.
    pub(super) shut: u32,
    /// The last round went out while the market was shut.
    pub(super) in_shut: bool,
    /// Closes that the venue refused.
    pub(super) refused: u32,
    /// Rounds in which nothing could be sent.
    unsent: u32,
    /// Not before then again.
    pub(super) not_before: Mono,
    /// Why.
    pub(super) why: Option<Text>,
    /// Refused for their rate alone: that is no word about the order.
    limited: BTreeSet<ClientId>,
}

fn pause(n: u32) -> u64 {
    PAUSE_MS.saturating_mul(1_u64 << n.min(6)).min(PAUSE_MAX_MS)
}

impl Engine {
    /// A close was refused for its rate: the venue says when to come again.
    pub(in crate::engine) fn exit_limited(&mut self, id: &OrderId, refusal: &Refusal) {
        let Some(at) = refusal.retry_at else { return };
        let Some(instrument) = self.book.order(id).map(|o| o.spec.instrument.clone()) else { return };
        let its = |e: &&mut VenueExit| e.plan.venue == id.venue && e.closes.contains(&id.client);
        if let Some(exit) = self.exits.iter_mut().find(its) {
            let tries = exit.tries.entry(instrument).or_default();
            tries.not_before = tries.not_before.max(at);
            tries.why = Some(refusal.text.clone());
            tries.limited.insert(id.client.clone());
        }
    }

    /// Looks at closes that have ended: what was refused is remembered, with the words.
    pub(super) fn note_refusals(&self, exit: &mut VenueExit, closes: &[ClientId]) {
        let now = self.now.mono;
        for client in closes {
            let id = OrderId { venue: exit.plan.venue.clone(), client: client.clone() };
            let Some(row) = self.book.order(&id) else { continue };
            let (rejected, unsent) = (row.state == OrderState::Rejected, row.state == OrderState::NotSent);
            let tries = exit.tries.entry(row.spec.instrument.clone()).or_default();
            if tries.limited.remove(client) {
                continue;
            }
            if !(rejected || unsent) {
                // Only what the venue took was a try of a market that seems shut.
                tries.shut = tries.shut.saturating_add(u32::from(tries.in_shut));
                tries.in_shut = false;
                continue;
            }
            let n = if rejected { &mut tries.refused } else { &mut tries.unsent };
            *n = n.saturating_add(1);
            let wait = pause(n.saturating_sub(1));
            tries.not_before = tries.not_before.max(now.plus_ms(wait));
            let words = row.reason.as_ref().map_or("no reason given", Text::as_str);
            let what = if rejected { "rejected" } else { "not sent" };
            tries.why = Some(Text::clean(&format!("{what}: {words}")));
        }
    }
}
