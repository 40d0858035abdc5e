//! Watches what is held here: ends what has lost its reason, follows the market for what trails, and acts when a condition
//! comes true. What acts is an order that is proven to reduce, or, where something else in the symbol stands in its way, an
//! exit: no limit and no lock stops it, and it can't turn a position.

use super::{Engine, less};
use crate::{
    book::HeldRow,
    calendar::Phase,
    domain::{
        alert::{AlertCode, Severity},
        draft::Share,
        held::{HeldEvent, HeldKind, Stroke, trailed},
        ids::{ClientId, OrderId},
        lifecycle::OrderState,
        money::{Price, Qty},
        order::{Amount, Attached, OrderSpec, OrderType, Origin, Side},
        scope::Then,
        text::Text,
    },
    engine::orders::Maker,
    risk::Beside,
};

/// After what acted did not close, it waits so long before it acts again.
const AGAIN_MS: i64 = 30_000;
/// Without a price for so long, a person is told that it can't be watched.
const BLIND_MS: u64 = 15_000;

/// Where the entry is that an exit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// Nothing of it has filled, and it still can.
    Waits,
    /// Something of it has filled, or there never was one.
    Filled { open: bool },
    /// It ended with nothing filled.
    Gone(OrderState),
}

/// Has the market reached this?
pub(super) fn has_come(kind: &HeldKind, side: Side, price: Price, at: Price) -> bool {
    match (kind, side) {
        (HeldKind::Target { .. }, Side::Sell)
        | (HeldKind::Stop { .. } | HeldKind::Trail { .. }, Side::Buy) => at >= price,
        (HeldKind::Target { .. }, Side::Buy)
        | (HeldKind::Stop { .. } | HeldKind::Trail { .. }, Side::Sell) => at <= price,
        (HeldKind::Rest { .. }, _) => false,
    }
}

impl Engine {
    /// Looks at everything that is held here. Called at the end of each step.
    pub(in crate::engine) fn drive_held(&mut self) {
        if !self.watch.acts || !self.book.holds_orders() {
            return;
        }
        let ids: Vec<OrderId> = self.book.held_here().map(|row| row.id.clone()).collect();
        for id in ids {
            // What one does can end another.
            let Some(row) = self.book.held_order(&id).cloned() else { continue };
            match &row.stroke {
                Some(Stroke::Order(client)) => self.after_order(&row, client),
                Some(Stroke::Exit(exit)) => self.after_stroke(&row, *exit),
                None if matches!(row.order.kind, HeldKind::Rest { .. }) => self.show_more(&row),
                None => self.judge_held(&row),
            }
        }
    }

    fn entry_of(&self, row: &HeldRow) -> Entry {
        let Some(parent) = &row.order.parent else { return Entry::Filled { open: false } };
        let first = OrderId { venue: row.id.venue.clone(), client: parent.clone() };
        let mut filled = Qty::ZERO;
        let mut at = self.book.order(&first);
        // Made by another program, and not told by the venue yet; or long forgotten.
        let Some(mut last) = at else { return Entry::Waits };
        for _ in 0..1_000 {
            let Some(order) = at else { break };
            filled = filled.checked_add(order.filled).unwrap_or(filled);
            last = order;
            let next = order.replaced_by.clone();
            at = next.and_then(|client| self.book.order(&OrderId { venue: first.venue.clone(), client }));
        }
        let open = last.state.is_open();
        if !filled.is_zero() {
            return Entry::Filled { open };
        }
        // That it has filled can be known before its fills are.
        if open || last.state == OrderState::Filled { Entry::Waits } else { Entry::Gone(last.state) }
    }

    /// Is there nothing yet that it is for?
    pub(in crate::engine) fn waits_for_entry(&self, row: &HeldRow) -> bool {
        let is_rest = matches!(row.order.kind, HeldKind::Rest { .. });
        !is_rest && self.entry_of(row) == Entry::Waits
    }

    fn judge_held(&mut self, row: &HeldRow) {
        let open = match self.entry_of(row) {
            Entry::Waits => return,
            Entry::Gone(state) => {
                let why = format!("its entry ended unfilled: {}", state.word());
                self.end_held(&row.id, false, &why);
                return;
            }
            Entry::Filled { open } => open,
        };
        let held = self.book.position(&row.order.instrument).map(|p| p.qty).unwrap_or_default();
        if held.exit_side() != Some(row.order.side) {
            if !open && self.agrees(&row.id.venue) {
                self.end_held(&row.id, false, "the position is closed");
            }
            return;
        }
        if !self.is_watchable(row) {
            return;
        }
        let Some(at) = self.price_for(row) else { return };
        let Some(price) = self.follow(row, at) else { return };
        let waits = row.failures > 0 && self.now.wall.since_ms(row.updated) < AGAIN_MS;
        if has_come(&row.order.kind, row.order.side, price, at) && !waits {
            self.strike(row, held.size(), at);
        }
    }

    /// Is it a time at which it may act?
    fn is_watchable(&self, row: &HeldRow) -> bool {
        let instrument = &row.order.instrument;
        let is_open = self.session_of(instrument).phase == Phase::Regular;
        let halted =
            self.venues.get(&instrument.venue).is_some_and(|v| v.halted.contains_key(&instrument.symbol));
        is_open
            && !halted
            && matches!(self.proof_of(&instrument.venue), Some(Ok(())))
            && !self.is_exiting(instrument)
    }

    /// The price that it is judged by: for a target what would be had, for a stop where the market is. `None` while that is
    /// not known or old.
    fn price_for(&mut self, row: &HeldRow) -> Option<Price> {
        let instrument = &row.order.instrument;
        let mark = self.marks.get(instrument);
        let heard = mark.and_then(|m| {
            let touch = m.touch.map(|t| t.received);
            touch.max(m.last.map(|l| l.received))
        });
        if self.is_stale(heard, &instrument.venue) {
            let now = self.now.mono;
            self.held.blind.entry(row.id.clone()).or_insert((now, false));
            return None;
        }
        self.held.blind.remove(&row.id);
        match row.order.kind {
            HeldKind::Target { .. } => self.reachable(instrument, row.order.side),
            HeldKind::Stop { .. } | HeldKind::Trail { .. } | HeldKind::Rest { .. } => {
                self.marks.get(instrument)?.price()
            }
        }
    }

    /// Where it stands now; of a trailing stop after it has followed the market.
    fn follow(&mut self, row: &HeldRow, at: Price) -> Option<Price> {
        let side = row.order.side;
        let HeldKind::Trail { trail, best: told } = row.order.kind else { return row.order.kind.price(side) };
        let known = self.held.best.get(&row.id).copied().or(told);
        let best = match (known, side) {
            (None, _) => at,
            (Some(best), Side::Sell) => best.max(at),
            (Some(best), Side::Buy) => best.min(at),
        };
        if known != Some(best) {
            self.held.best.insert(row.id.clone(), best);
        }
        // The first is written at once, the others in steps.
        if told.is_none() {
            self.write_best(row, best);
        }
        trailed(trail, best, side)
    }

    fn write_best(&mut self, row: &HeldRow, best: Price) {
        if let HeldKind::Trail { trail, best: told } = row.order.kind
            && told != Some(best)
        {
            let kind = HeldKind::Trail { trail, best: Some(best) };
            self.note_held(&row.id, HeldEvent::Changed { qty: row.order.qty, kind });
        }
    }

    /// With each tick: what trailing stops have seen is written down, and what can't be watched is said.
    pub(in crate::engine) fn tick_held(&mut self) {
        if !self.watch.acts || !self.book.holds_orders() {
            return;
        }
        let rows: Vec<HeldRow> = self.book.held_here().cloned().collect();
        for row in &rows {
            if let Some(best) = self.held.best.get(&row.id).copied() {
                self.write_best(row, best);
            }
            let now = self.now.mono;
            let blind = self.held.blind.get_mut(&row.id);
            if let Some((since, said)) =
                blind.filter(|(since, said)| !said && now.since_ms(*since) >= BLIND_MS)
            {
                *said = true;
                let seconds = now.since_ms(*since).div_euclid(1_000);
                let symbol = row.order.instrument.symbol.clone();
                let text = format!(
                    "{symbol}: the {} that is held here can't be watched: no price for {seconds} s",
                    row.order.kind.word()
                );
                let severity = if row.order.kind.protects() { Severity::Critical } else { Severity::Warning };
                self.alert_at(severity, AlertCode::Stream, &row.id.venue, Some(symbol), Text::clean(&text));
            }
        }
    }

    fn strike(&mut self, row: &HeldRow, size: Qty, at: Price) {
        let instrument = row.order.instrument.clone();
        let qty = row.order.qty.min(size);
        let lot = self.book.instrument(&instrument).map(|i| i.lot);
        let whole = lot.and_then(|lot| qty.floor_to(lot)).unwrap_or(qty);
        if whole.is_zero() {
            self.end_held(&row.id, false, "what is left is less than the smallest order");
            return;
        }
        // Two stops at one price: the second has what the first leaves.
        let acts = |h: &HeldRow| h.id != row.id && h.order.kind.protects() && h.stroke.is_some();
        if self.book.held_of(&instrument).any(acts) {
            return;
        }
        let alone = self.book.reducing_orders(&instrument).next().is_none();
        // What failed once is left to the exit, which knows every way out.
        let order = if alone && row.failures == 0 { self.strike_with_order(row, whole) } else { None };
        let by = match order {
            Some(client) => Stroke::Order(client),
            None => match self.strike_with_exit(row, whole, size) {
                Some(exit) => Stroke::Exit(exit),
                // Another exit is under way: it is judged again when that is through.
                None => return,
            },
        };
        let text = format!(
            "{}: the {} that is held here is struck at {at}: {} {whole}",
            instrument.symbol,
            row.order.kind.word(),
            row.order.side.word()
        );
        self.note_held(&row.id, HeldEvent::Struck { by, price: at });
        let symbol = Some(instrument.symbol);
        self.alert_at(Severity::Info, AlertCode::Exit, &row.id.venue, symbol, Text::clean(&text));
    }

    fn strike_with_order(&mut self, row: &HeldRow, qty: Qty) -> Option<ClientId> {
        let instrument = &row.order.instrument;
        let order_type = match row.order.kind {
            HeldKind::Target { limit } | HeldKind::Stop { limit: Some(limit), .. } => {
                OrderType::Limit { limit }
            }
            HeldKind::Stop { limit: None, .. } | HeldKind::Trail { .. } | HeldKind::Rest { .. } => {
                OrderType::Market
            }
        };
        let spec = OrderSpec {
            instrument: instrument.clone(),
            side: row.order.side,
            amount: Amount::Qty(qty),
            order_type,
            tif: self.tif_for(instrument),
            extended: false,
            post_only: false,
            reduce_only: true,
            attached: Attached::Simple,
            show: None,
            tag: None,
        };
        let client = self.send_reduction(spec, Origin::Exit).ok()?;
        if row.order.kind.protects() {
            self.cancel_entry_of(row);
        }
        Some(client)
    }

    /// The rest of an entry must not fill behind its own stop.
    fn cancel_entry_of(&mut self, row: &HeldRow) {
        if let Some(parent) = row.order.parent.clone() {
            let first = OrderId { venue: row.id.venue.clone(), client: parent };
            let last = self.book.latest_of(&first).map(|o| o.id.clone());
            if let Some(last) = last {
                self.cancel_order(&last);
            }
        }
    }

    fn strike_with_exit(&mut self, row: &HeldRow, qty: Qty, size: Qty) -> Option<u64> {
        let instrument = &row.order.instrument;
        let share = if qty >= size { Share::All } else { Share::Qty(qty) };
        let then = match self.protection_on(instrument).filter(|_| qty < size) {
            Some(p) => Then::Protect { stop: p.stop, target: p.target },
            None => Then::Nothing,
        };
        let plan = self.plan_close(instrument, share, then);
        let before = self.exit_numbers;
        let maker = Maker { origin: Origin::Exit, asked: None };
        self.begin_exits(vec![plan], &maker);
        (self.exit_numbers > before).then_some(self.exit_numbers)
    }

    fn after_order(&mut self, row: &HeldRow, client: &ClientId) {
        let id = OrderId { venue: row.id.venue.clone(), client: client.clone() };
        let Some(order) = self.book.latest_of(&id) else { return };
        if order.state.is_open() {
            return;
        }
        let (filled, state, price) = (order.filled, order.state, order.avg_price());
        let reason = order.reason.clone().unwrap_or_default();
        // That it has filled can be known before its fills are.
        if filled.is_zero() && state == OrderState::Filled {
            return;
        }
        self.take_off_group(row, filled);
        let left = less(row.order.qty, filled);
        if filled.is_zero() || (!left.is_zero() && state != OrderState::Filled) {
            if !filled.is_zero() {
                let kind = row.order.kind.clone();
                self.note_held(&row.id, HeldEvent::Changed { qty: left, kind });
            }
            let why = format!("order {client} is {}, {filled} filled: {reason}", state.word());
            self.try_again(row, &why);
            return;
        }
        let at = price.map_or_else(String::new, |p| format!(" at {p}"));
        self.end_held(&row.id, true, &format!("{} {filled}{at} by order {client}", row.order.side.word()));
    }

    fn try_again(&mut self, row: &HeldRow, why: &str) {
        self.note_held(&row.id, HeldEvent::Again { why: Text::clean(why) });
        let symbol = row.order.instrument.symbol.clone();
        let text = format!(
            "{symbol}: the {} that is held here did not close: {why}; it is watched again",
            row.order.kind.word()
        );
        self.alert_at(Severity::Critical, AlertCode::Exit, &row.id.venue, Some(symbol), Text::clean(&text));
    }

    fn after_stroke(&mut self, row: &HeldRow, exit: u64) {
        if self.book.open_exits().any(|e| e.exit == exit) {
            return;
        }
        let ended = self.book.ended_exits().find(|e| e.exit == exit).map(|e| (e.flat, e.report.clone()));
        match ended {
            Some((true, _)) => {
                self.take_off_group(row, row.order.qty);
                self.end_held(&row.id, true, &format!("closed by exit {exit}"));
            }
            Some((false, report)) => self.try_again(row, report.as_str()),
            None => self.try_again(row, "its exit is not known"),
        }
    }

    /// What one of a group closed is no longer for the others to close.
    fn take_off_group(&mut self, row: &HeldRow, qty: Qty) {
        if qty.is_zero() {
            return;
        }
        let others: Vec<HeldRow> = self
            .book
            .held_of(&row.order.instrument)
            .filter(|r| r.id != row.id && r.order.group == row.order.group)
            .cloned()
            .collect();
        let by_stop = row.order.kind.protects();
        for other in others {
            if by_stop {
                self.end_held(&other.id, false, "the stop of its group was struck");
            } else if other.order.kind.protects() {
                let left = less(other.order.qty, qty);
                if left.is_zero() {
                    self.end_held(&other.id, false, "the targets of its group closed all of it");
                } else {
                    let kind = other.order.kind.clone();
                    self.note_held(&other.id, HeldEvent::Changed { qty: left, kind });
                }
            }
        }
    }

    /// The next part of an iceberg order, once the part before has filled whole.
    fn show_more(&mut self, row: &HeldRow) {
        let HeldKind::Rest { show, spec } = &row.order.kind else { return };
        let instrument = &row.order.instrument;
        if self.is_exiting(instrument) {
            self.end_held(&row.id, false, "an exit is under way");
            return;
        }
        let Some(parent) = &row.order.parent else { return };
        let shown = OrderId { venue: row.id.venue.clone(), client: parent.clone() };
        let Some(order) = self.book.latest_of(&shown) else { return };
        if order.state.is_open() {
            return;
        }
        if order.state != OrderState::Filled {
            let why = format!("the part that was shown is {}", order.state.word());
            self.end_held(&row.id, false, &why);
            return;
        }
        let part = (*show).min(row.order.qty);
        let next = OrderSpec { amount: Amount::Qty(part), ..(**spec).clone() };
        let sent = if self.book.exit_side(instrument) == Some(next.side) {
            self.send_reduction(next, Origin::Screen)
        } else {
            let beside = Beside { stop: false, follows: true };
            self.submit_beside(next, beside, Origin::Screen).map_err(|why| Text::clean(&why.to_string()))
        };
        match sent {
            Ok(client) => {
                let left = less(row.order.qty, part);
                self.note_held(&row.id, HeldEvent::Shown { part: client, left });
                if left.is_zero() {
                    self.end_held(&row.id, true, "all of it is shown");
                }
            }
            Err(why) => {
                let symbol = instrument.symbol.clone();
                let text = format!(
                    "{symbol}: the next part of an iceberg order was refused, {} not sent: {why}",
                    row.order.qty
                );
                self.end_held(&row.id, false, &format!("the next part was refused: {why}"));
                self.alert_at(
                    Severity::Warning,
                    AlertCode::OrderRejected,
                    &row.id.venue,
                    Some(symbol),
                    Text::clean(&text),
                );
            }
        }
    }
}
