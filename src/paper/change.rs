//! Changes of what is there: replace, cancel, close.

use super::{
    asset::Asset,
    event::UpdateKind,
    exchange::{CancelOutcome, CloseOutcome, Exchange, Wire},
    order::{Class, NewOrder, Order, Portion, Replacement, Status},
    refusal::Refusal,
    shape::{is_fraction, on_tick},
    store::Seq,
};
use crate::domain::{
    ids::Symbol,
    money::{Money, Percent, Price, Qty},
    order::{OrderKind, Tif},
    time::Stamp,
};
use rust_decimal::{Decimal, RoundingStrategy};
use smol_str::SmolStr;
use uuid::Uuid;

impl Exchange {
    /// Sends a replacement of a working order to the market. The new order is returned; whether it took the
    /// old one's place is told by an event. The new quantity is the total: what the old order has filled by then
    /// counts as filled by the new one.
    pub fn replace(&mut self, now: Stamp, id: Uuid, change: Replacement) -> Result<Order, Refusal> {
        self.run(now);
        let Some((seq, old)) = self.orders.seq(id).and_then(|s| Some((s, self.orders.get(s)?.clone())))
        else {
            return Err(Refusal::not_found(format!("order not found for {id}")));
        };
        let asset = self.asset(old.symbol.as_str()).cloned();
        let asset = asset.ok_or_else(|| Refusal::not_found("asset not found"))?;
        is_replaceable(&old)?;
        self.client_id_is_free(change.client_order_id.as_ref())?;
        let mut new = changed(&old, &change, &asset)?;
        self.new_terms_are_allowed(&old, &new, &asset)?;
        new.id = self.make_id("order");
        let client = change.client_order_id.filter(|id| !id.is_empty());
        new.client_order_id = client.unwrap_or_else(|| SmolStr::new(self.make_id("client").to_string()));
        new.created_at = self.at;
        new.updated_at = self.at;
        new.submitted_at = self.at;
        new.replaces = Some(old.id);
        new.status = Status::PendingNew;
        new.armed = false;
        new.legs = Vec::new();
        new.expires_at = self.expiry(new.tif, new.extended_hours, self.at, &asset);
        let new_seq = self.orders.add(new);
        self.change(seq, |o| o.status = Status::PendingReplace);
        self.emit(seq, UpdateKind::PendingReplace, None);
        self.emit(new_seq, UpdateKind::PendingNew, None);
        let arrives = self.at.plus_ms(self.setup.model.rules().latency_ms);
        self.schedule(arrives, Wire::Replace(seq, new_seq));
        self.orders.get(new_seq).cloned().ok_or_else(|| Refusal::not_found("order not found"))
    }
    fn new_terms_are_allowed(&self, old: &Order, new: &Order, asset: &Asset) -> Result<(), Refusal> {
        let waits = old.parent.is_some() && !old.armed;
        if waits && new.qty != old.qty {
            return Err(Refusal::invalid("unable to replace order, the qty of a leg follows its parent"));
        }
        if waits {
            return Ok(());
        }
        let more =
            |a: Option<Qty>, b: Option<Qty>| a.unwrap_or_default().saturating_sub(b.unwrap_or_default());
        let asked = more(new.remaining(), old.remaining());
        let probe = NewOrder {
            kind: new.kind,
            limit: new.limit,
            stop: new.stop,
            class: Class::Simple,
            tif: new.tif,
            ..NewOrder::market(asset.symbol.as_str(), new.side, asked)
        };
        self.no_wash(&probe, asset)?;
        if old.closes() {
            return if asked.is_zero() { Ok(()) } else { self.units_are_free(&probe, asset) };
        }
        let cost = |o: &Order| self.value_left(o).get();
        let extra = cost(new).saturating_sub(cost(old));
        if extra > Decimal::ZERO { self.can_pay(Money::new(extra), asset, false) } else { Ok(()) }
    }
    /// A replacement reaches the market. If the old order went in the meantime, the new one is rejected.
    pub(super) fn replacement_arrives(&mut self, old_seq: Seq, new_seq: Seq) {
        let (Some(old), Some(new)) = (self.orders.get(old_seq).cloned(), self.orders.get(new_seq).cloned())
        else {
            return;
        };
        let too_small = new.qty.is_some_and(|q| q <= old.filled_qty);
        if old.status != Status::PendingReplace || too_small || new.status.is_over() {
            self.reject_replacement(old_seq, &old, new_seq, &new);
            return;
        }
        self.change(old_seq, |o| o.replaced_by = Some(new.id));
        self.close(old_seq, Status::Replaced);
        self.take_over(&old, new_seq, &new);
        self.emit(new_seq, UpdateKind::New, None);
        self.schedule_expiry(new_seq);
        self.match_order(new_seq);
    }
    fn reject_replacement(&mut self, old_seq: Seq, old: &Order, new_seq: Seq, new: &Order) {
        if old.status == Status::PendingReplace {
            let status = match (old.parent.is_some() && !old.armed, old.filled_qty.is_zero()) {
                (true, _) => Status::Held,
                (false, true) => Status::New,
                (false, false) => Status::PartiallyFilled,
            };
            self.change(old_seq, |o| o.status = status);
        }
        self.emit(old_seq, UpdateKind::OrderReplaceRejected, None);
        if !new.status.is_over() {
            let reason = format!("order is already in \"{}\" state", old.status.word());
            self.change(new_seq, |o| o.reject_reason = Some(reason.into()));
            self.close(new_seq, Status::Rejected);
        }
    }
    /// The new order steps into the old one's place: its fills, its legs, its place among its parent's legs.
    fn take_over(&mut self, old: &Order, new_seq: Seq, new: &Order) {
        let parent = old.parent.and_then(|id| self.orders.seq(id));
        let parent_filled =
            parent.and_then(|p| self.orders.get(p)).is_some_and(|p| p.status == Status::Filled);
        let armed = old.armed || (parent_filled && old.class != Class::Oco);
        let was_held =
            parent.is_some() && old.kind != OrderKind::Limit && !old.triggered && !self.is_alone(old);
        self.change(new_seq, |o| {
            o.filled_qty = old.filled_qty;
            o.filled_value = old.filled_value;
            o.filled_avg_price = old.filled_avg_price;
            o.fees = old.fees;
            o.coin_fees = old.coin_fees;
            o.legs.clone_from(&old.legs);
            if parent.is_some() {
                // Its sibling may have filled in part, and cut it, while the replacement was on its way.
                o.qty = o.qty.min(old.qty);
            }
            o.armed = armed;
            if o.status == Status::PendingNew {
                o.status = match (!armed || was_held, old.filled_qty.is_zero()) {
                    (true, _) => Status::Held,
                    (false, true) => Status::New,
                    (false, false) => Status::PartiallyFilled,
                };
            }
        });
        self.move_trail(new_seq);
        for leg in old.legs.iter().filter_map(|id| self.orders.seq(*id)).collect::<Vec<_>>() {
            self.change(leg, |o| {
                o.parent = Some(new.id);
                if new.qty != old.qty {
                    o.qty = new.remaining();
                }
            });
        }
        if let Some(parent) = parent {
            self.change(parent, |p| {
                for id in p.legs.iter_mut().filter(|id| **id == old.id) {
                    *id = new.id;
                }
            });
        }
    }
    fn is_alone(&self, leg: &Order) -> bool {
        let parent = leg.parent.and_then(|id| self.orders.by_id(id));
        parent.is_some_and(|p| p.legs.len() == 1 && p.class != Class::Oco)
    }

    /// Sends a cancel to the market. Whether the order went is told by an event.
    pub fn cancel(&mut self, now: Stamp, id: Uuid) -> Result<(), Refusal> {
        self.run(now);
        let Some(seq) = self.orders.seq(id) else {
            return Err(Refusal::not_found(format!("order not found for {id}")));
        };
        self.send_cancel(seq)
    }
    fn send_cancel(&mut self, seq: Seq) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(seq) else {
            return Err(Refusal::not_found("order not found"));
        };
        if order.status.is_over() {
            return Err(Refusal::invalid(format!("order is already in \"{}\" state", order.status.word())));
        }
        if order.status == Status::PendingCancel {
            return Err(Refusal::invalid("order pending cancel"));
        }
        self.change(seq, |o| o.status = Status::PendingCancel);
        self.emit(seq, UpdateKind::PendingCancel, None);
        let arrives = self.at.plus_ms(self.setup.model.rules().latency_ms);
        self.schedule(arrives, Wire::Cancel(seq));
        Ok(())
    }
    /// Sends a cancel for every order that is not over.
    pub fn cancel_all(&mut self, now: Stamp) -> Vec<CancelOutcome> {
        self.run(now);
        let open: Vec<(Seq, Uuid)> = self.orders.open().map(|(seq, o)| (seq, o.id)).collect();
        let outcome = |(seq, id)| CancelOutcome { id, result: self.send_cancel(seq) };
        open.into_iter().map(outcome).collect()
    }
    /// Places the market order that closes a position or a part of it.
    pub fn close_position(&mut self, now: Stamp, symbol: &str, portion: Portion) -> Result<Order, Refusal> {
        self.run(now);
        let not_found = || Refusal::not_found("position does not exist");
        let asset = self.asset(symbol).cloned().ok_or_else(not_found)?;
        let position = self.ledger.qty(&asset.symbol);
        let side = position.exit_side().ok_or_else(not_found)?;
        let qty = portion_of(position.size(), portion, &asset)?;
        let tif = if asset.is_coin() { Tif::Gtc } else { Tif::Day };
        self.place(now, NewOrder { tif, ..NewOrder::market(asset.symbol.as_str(), side, qty) })
    }
    /// Places the orders that close every position; first cancels every working order if asked to, which then
    /// takes no time, so that their units are free.
    pub fn close_all(&mut self, now: Stamp, cancel_orders: bool) -> Vec<CloseOutcome> {
        self.run(now);
        if cancel_orders {
            let open: Vec<Seq> = self.orders.open().map(|(seq, _)| seq).collect();
            for seq in open {
                // A cancel can take others of its group along.
                if self.orders.get(seq).is_some_and(|o| !o.status.is_over()) {
                    self.finish(seq, Status::Canceled);
                }
            }
        }
        let held: Vec<Symbol> = self.ledger.holdings.keys().cloned().collect();
        let close = |symbol: Symbol| {
            let result = self.close_position(now, symbol.as_str(), Portion::All);
            CloseOutcome { symbol, result }
        };
        held.into_iter().map(close).collect()
    }
}

fn portion_of(size: Qty, portion: Portion, asset: &Asset) -> Result<Qty, Refusal> {
    match portion {
        Portion::All => Ok(size),
        Portion::Qty(qty) if qty.is_zero() => Err(Refusal::malformed("qty must be > 0")),
        Portion::Qty(qty) => Ok(qty),
        Portion::Percentage(percent) => {
            let most = Percent::new(Decimal::ONE_HUNDRED);
            let share = percent.factor().filter(|_| percent.is_positive() && percent <= most);
            let share = share.ok_or_else(|| Refusal::malformed("percentage must be between 0 and 100"))?;
            let places =
                if asset.fractionable && !size.get().is_integer() || asset.is_coin() { 9 } else { 0 };
            let units =
                size.get().saturating_mul(share).round_dp_with_strategy(places, RoundingStrategy::ToZero);
            let qty = Qty::new(units.normalize()).filter(|q| !q.is_zero());
            qty.ok_or_else(|| Refusal::invalid(format!("{percent}% of the position is less than one unit")))
        }
    }
}

fn is_replaceable(order: &Order) -> Result<(), Refusal> {
    match order.status {
        Status::New | Status::PartiallyFilled | Status::Held => {}
        Status::Accepted | Status::PendingNew => {
            return Err(Refusal::malformed("unable to replace order, order isn't sent to exchange yet"));
        }
        Status::Filled
        | Status::DoneForDay
        | Status::Canceled
        | Status::Expired
        | Status::Replaced
        | Status::PendingCancel
        | Status::PendingReplace
        | Status::Rejected => {
            return Err(Refusal::invalid("unable to replace order, order is not open"));
        }
    }
    let coin = order.asset_class == crate::domain::instrument::AssetClass::Crypto;
    if order.notional.is_some() || (!coin && is_fraction(order.qty)) {
        return Err(Refusal::invalid(
            "unable to replace order, fractional and notional orders can't be changed",
        ));
    }
    Ok(())
}

/// The order as it would be.
fn changed(old: &Order, change: &Replacement, asset: &Asset) -> Result<Order, Refusal> {
    let mut new = old.clone();
    if let Some(qty) = change.qty {
        if qty <= old.filled_qty {
            return Err(Refusal::invalid("unable to replace order, qty must be > filled_qty"));
        }
        if !asset.is_coin() && is_fraction(Some(qty)) {
            return Err(Refusal::invalid("unable to replace order, qty must be integer"));
        }
        new.qty = Some(qty);
    }
    if let Some(limit) = change.limit {
        on_tick("limit_price", limit, asset)?;
        new.limit = Some(limit).filter(|_| old.limit.is_some());
    }
    if let Some(stop) = change.stop {
        on_tick("stop_price", stop, asset)?;
        new.stop = Some(stop).filter(|_| old.stop.is_some());
    }
    let misplaced = (change.limit.is_some() && old.limit.is_none())
        || (change.stop.is_some() && !matches!(old.kind, OrderKind::Stop | OrderKind::StopLimit))
        || (change.trail.is_some() && old.kind != OrderKind::TrailingStop);
    if misplaced {
        let kind = old.kind.word();
        return Err(Refusal::malformed(format!(
            "unable to replace order, a {kind} order does not have that price"
        )));
    }
    if let Some(trail) = change.trail {
        if !trail.is_positive() {
            return Err(Refusal::malformed("trail must be > 0"));
        }
        new.trail_price = old.trail_price.map(|_| Price::new(trail.get()));
        new.trail_percent = old.trail_percent.map(|_| Percent::new(trail.get()));
        new.stop = None;
    }
    if let Some(tif) = change.tif {
        if !matches!(tif, Tif::Day | Tif::Gtc) {
            return Err(Refusal::malformed("invalid time_in_force"));
        }
        new.tif = tif;
    }
    Ok(new)
}
