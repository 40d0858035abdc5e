//! The closes of an exit: how much stays, what is sent, and by which order type.

use super::{BEAT_MS, CLOSE_WAIT_MS, Engine, Phase, VenueExit};
use crate::{
    domain::{
        draft::Share,
        ids::{ClientId, InstrumentId},
        money::Qty,
        order::{Amount, Attached, OrderSpec, OrderType, Origin, Side, Tif},
        text::Text,
    },
    engine::{effect::Effect, input::Timer},
};
use std::collections::BTreeMap;

impl Engine {
    /// Sends a close for everything in scope that is more than what stays; ends the exit when nothing is.
    pub(super) fn close_positions(&mut self, exit: &mut VenueExit) {
        self.decide_what_stays(exit);
        exit.left.clear();
        let mut closes = Vec::new();
        for (instrument, excess) in self.excess(exit) {
            match self.close_one(&instrument, excess) {
                Ok(client) => closes.push(client),
                Err(why) => exit.left.push(Text::clean(&format!("{}: {why}", instrument.symbol))),
            }
        }
        if closes.is_empty() {
            let flat = exit.left.is_empty();
            // One symbol closed from the book is still to be read back from the venue.
            let uncertain = !self.can_still_fill(exit).is_empty();
            if uncertain {
                exit.error = Some(Text::clean("waiting for an order whose outcome nobody knows"));
            }
            if uncertain || (exit.rounds == 0 && !exit.positions.is_empty()) {
                exit.phase = Phase::Reading { since: self.now.mono };
                self.reread(exit);
            } else {
                self.end_exit(exit, flat, None);
            }
            return;
        }
        exit.rounds = exit.rounds.saturating_add(1);
        exit.phase = Phase::Closing { until: self.now.mono.plus_ms(CLOSE_WAIT_MS), closes };
        self.effect(Effect::Arm {
            timer: Timer::Exit { exit: exit.id, venue: exit.venue.clone() },
            after_ms: BEAT_MS,
        });
    }

    fn decide_what_stays(&mut self, exit: &mut VenueExit) {
        if exit.keep.is_some() {
            return;
        }
        let mut keep = BTreeMap::new();
        for position in self.book.positions().filter(|p| p.instrument.venue == exit.venue) {
            if !exit.cover.holds(&position.instrument) || position.qty.is_zero() {
                continue;
            }
            if !exit.positions.contains(&position.instrument) {
                exit.positions.push(position.instrument.clone());
            }
            let size = position.qty.size();
            let close = match exit.cover.share {
                Share::All => size,
                Share::Qty(q) => q.min(size),
                Share::Percent(p) => p
                    .factor()
                    .and_then(|f| size.get().checked_mul(f))
                    .and_then(Qty::new)
                    .map_or(size, |q| q.min(size)),
            };
            keep.insert(position.instrument.clone(), size.saturating_sub(close));
        }
        exit.keep = Some(keep);
    }

    pub(super) fn excess(&self, exit: &VenueExit) -> Vec<(InstrumentId, Qty)> {
        let stays = |i: &InstrumentId| exit.keep.as_ref().and_then(|k| k.get(i)).copied().unwrap_or_default();
        self.book
            .positions()
            .filter(|p| p.instrument.venue == exit.venue && exit.cover.holds(&p.instrument))
            .map(|p| (p.instrument.clone(), p.qty.size().saturating_sub(stays(&p.instrument))))
            .filter(|(_, excess)| excess.is_positive())
            .collect()
    }

    fn close_one(&mut self, instrument: &InstrumentId, excess: Qty) -> Result<ClientId, Text> {
        let side = self
            .book
            .position(instrument)
            .and_then(|p| p.qty.exit_side())
            .ok_or_else(|| Text::clean("already flat"))?;
        let rules = self.book.instrument(instrument);
        let lot = rules.map_or(Qty::ZERO, |r| r.lot);
        let max = rules.and_then(|r| r.qty_max);
        let qty = excess.floor_to(lot).ok_or_else(|| Text::clean("its size can't be worked out"))?;
        let qty = max.map_or(qty, |m| qty.min(m));
        if qty.is_zero() {
            return Err(Text::clean(&format!("{excess} is dust: less than the smallest lot of {lot}")));
        }
        let (order_type, tif, extended) = self.exit_type(instrument, side)?;
        let spec = OrderSpec {
            instrument: instrument.clone(),
            side,
            amount: Amount::Qty(qty),
            order_type,
            tif,
            extended,
            post_only: false,
            reduce_only: self.takes_reduce_only(instrument),
            attached: Attached::Simple,
            tag: None,
        };
        self.send_reduction(spec, Origin::Exit)
    }

    /// The order type that gets out now: market, or outside regular hours a limit through the touch.
    fn exit_type(&self, instrument: &InstrumentId, side: Side) -> Result<(OrderType, Tif, bool), Text> {
        let tif = self.tif_for(instrument);
        if self.takes_market_orders_now(instrument) {
            return Ok((OrderType::Market, tif, false));
        }
        let limit = self.collar_price(instrument, side).ok_or_else(|| {
            Text::clean("market orders are refused outside regular hours and there is no quote for a limit")
        })?;
        Ok((OrderType::Limit { limit }, tif, true))
    }
}
