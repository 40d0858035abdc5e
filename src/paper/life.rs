//! An order's way from its acknowledgement to its end, and what its end does to the others of its group.

use super::{
    event::{Event, Execution, OrderUpdate, UpdateKind},
    exchange::Exchange,
    order::{Class, Order, Status},
    store::Seq,
};
use crate::domain::{
    instrument::AssetClass,
    money::{Money, Price, Qty},
    order::{OrderKind, Side, Tif},
};
use rust_decimal::Decimal;

impl Exchange {
    /// Tells of a change of an order.
    pub(super) fn emit(&mut self, seq: Seq, kind: UpdateKind, execution: Option<Execution>) {
        let Some(order) = self.orders.get(seq).cloned() else {
            return;
        };
        let legs = self.legs(&order).into_iter().cloned().collect();
        let at = self.at;
        self.outbox.push(Event::Order(Box::new(OrderUpdate { kind, at, order, legs, execution })));
    }
    /// Changes an order and notes when.
    pub(super) fn change(&mut self, seq: Seq, change: impl FnOnce(&mut Order)) {
        let at = self.at;
        if let Some(order) = self.orders.get_mut(seq) {
            change(order);
            order.updated_at = at;
        }
        self.orders.settle(seq);
    }
    /// The order reaches the market.
    pub(super) fn acknowledge(&mut self, seq: Seq) {
        let waits = |o: &&Order| matches!(o.status, Status::PendingNew | Status::Accepted);
        let Some(order) = self.orders.get(seq).filter(waits).cloned() else {
            return;
        };
        self.enter_market(seq, &order);
        self.emit(seq, UpdateKind::New, None);
        if order.class == Class::Oco {
            self.arm_legs(&order);
        }
        self.match_order(seq);
        let left = self.orders.get(seq).is_some_and(|o| !o.status.is_over());
        if left && matches!(order.tif, Tif::Ioc | Tif::Fok) {
            self.finish(seq, Status::Canceled);
        }
    }
    fn enter_market(&mut self, seq: Seq, order: &Order) {
        let rested = order.kind == OrderKind::Limit && !self.is_marketable(order);
        let hwm = order.hwm.unwrap_or_else(|| self.last(&order.symbol));
        let at = self.at;
        self.change(seq, |o| {
            o.status = Status::New;
            o.armed = true;
            o.submitted_at = at;
            o.rested = rested;
            if o.kind == OrderKind::TrailingStop {
                o.hwm = Some(hwm);
            }
        });
        self.move_trail(seq);
    }
    fn is_marketable(&self, order: &Order) -> bool {
        let Some((limit, line)) = order.limit.zip(self.line(&order.symbol)) else {
            return true;
        };
        match order.side {
            Side::Buy => line.face.quote.ask <= limit,
            Side::Sell => line.face.quote.bid >= limit,
        }
    }
    /// The auction: everything at the last price, or nothing.
    pub(super) fn auction(&mut self, seq: Seq) {
        let Some(order) = self.orders.get(seq).filter(|o| o.status == Status::Accepted).cloned() else {
            return;
        };
        self.enter_market(seq, &order);
        self.emit(seq, UpdateKind::New, None);
        let price = self.last(&order.symbol);
        let fits = order.limit.is_none_or(|limit| match order.side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        });
        match order.remaining().filter(|_| fits) {
            Some(qty) => self.fill(seq, price, qty, true),
            None => self.finish(seq, Status::Canceled),
        }
    }
    /// A cancel reaches the market. If the order filled in the meantime, the fill wins.
    pub(super) fn cancel_arrives(&mut self, seq: Seq) {
        match self.orders.get(seq).map(|o| o.status) {
            Some(Status::PendingCancel) => self.finish(seq, Status::Canceled),
            Some(Status::Filled) => self.emit(seq, UpdateKind::OrderCancelRejected, None),
            Some(
                Status::Accepted
                | Status::PendingNew
                | Status::New
                | Status::PartiallyFilled
                | Status::DoneForDay
                | Status::Canceled
                | Status::Expired
                | Status::Replaced
                | Status::PendingReplace
                | Status::Rejected
                | Status::Held,
            )
            | None => {}
        }
    }
    /// The regular session is over: what is filled in part and stays working is done for the day.
    pub(super) fn rest_until_tomorrow(&mut self) {
        let rests = |o: &Order| {
            o.armed && o.status == Status::PartiallyFilled && o.tif == Tif::Gtc && !o.extended_hours
        };
        let stock = |o: &Order| o.asset_class == AssetClass::Equity;
        let resting = self.orders.open().filter(|(_, o)| rests(o) && stock(o)).map(|(seq, _)| seq);
        for seq in resting.collect::<Vec<_>>() {
            self.change(seq, |o| o.status = Status::DoneForDay);
            self.emit(seq, UpdateKind::DoneForDay, None);
        }
    }
    /// A new day: what was done for the day works again.
    pub(super) fn wake(&mut self) {
        let done = self.orders.open().filter(|(_, o)| o.status == Status::DoneForDay).map(|(seq, _)| seq);
        for seq in done.collect::<Vec<_>>() {
            self.change(seq, |o| o.status = Status::PartiallyFilled);
        }
    }
    /// Its time in force is over.
    pub(super) fn expire(&mut self, seq: Seq) {
        if self.orders.get(seq).is_some_and(|o| !o.status.is_over()) {
            self.finish(seq, Status::Expired);
        }
    }
    /// Ends an order, and what hangs on it.
    pub(super) fn finish(&mut self, seq: Seq, status: Status) {
        self.close(seq, status);
        self.settle_group(seq);
    }
    /// Ends an order alone.
    pub(super) fn close(&mut self, seq: Seq, status: Status) {
        if status != Status::Replaced {
            self.note_ending(seq);
        }
        let at = self.at;
        self.change(seq, |o| {
            o.status = status;
            o.armed = false;
            match status {
                Status::Canceled => o.canceled_at = Some(at),
                Status::Expired => o.expired_at = Some(at),
                Status::Rejected => o.failed_at = Some(at),
                Status::Replaced => o.replaced_at = Some(at),
                Status::Filled => o.filled_at = Some(at),
                Status::Accepted
                | Status::PendingNew
                | Status::New
                | Status::PartiallyFilled
                | Status::DoneForDay
                | Status::PendingCancel
                | Status::PendingReplace
                | Status::Held => {}
            }
        });
        let kind = match status {
            Status::Canceled => UpdateKind::Canceled,
            Status::Expired => UpdateKind::Expired,
            Status::Rejected => UpdateKind::Rejected,
            Status::Replaced => UpdateKind::Replaced,
            Status::Filled
            | Status::Accepted
            | Status::PendingNew
            | Status::New
            | Status::PartiallyFilled
            | Status::DoneForDay
            | Status::PendingCancel
            | Status::PendingReplace
            | Status::Held => return,
        };
        self.emit(seq, kind, None);
    }
    /// The others of its group: of an entry its legs, of a leg the other legs, of an OCO order both ways.
    pub(super) fn relatives(&self, order: &Order) -> Vec<Seq> {
        let parent = order.parent.and_then(|id| self.orders.by_id(id));
        let mut ids = parent.map_or_else(|| order.legs.clone(), |p| p.legs.clone());
        if let Some(parent) = parent.filter(|p| p.class == Class::Oco) {
            ids.push(parent.id);
        }
        ids.into_iter().filter(|id| *id != order.id).filter_map(|id| self.orders.seq(id)).collect()
    }
    /// What an order's end does to its group: a filled entry sends its legs to the market, any other end takes
    /// the others along.
    pub(super) fn settle_group(&mut self, seq: Seq) {
        let Some(order) = self.orders.get(seq).cloned() else {
            return;
        };
        let entry = order.parent.is_none() && matches!(order.class, Class::Bracket | Class::Oto);
        if entry && order.status == Status::Filled {
            self.arm_legs(&order);
            return;
        }
        let end = if order.status == Status::Expired { Status::Expired } else { Status::Canceled };
        self.close_relatives(&order, end);
    }
    /// Ends the others of a group.
    pub(super) fn close_relatives(&mut self, order: &Order, end: Status) {
        if order.class == Class::Simple || order.status == Status::Replaced {
            return;
        }
        for relative in self.relatives(order) {
            if self.orders.get(relative).is_some_and(|o| !o.status.is_over()) {
                self.close(relative, end);
            }
        }
    }
    /// Sends an entry's legs to the market. A stop beside a target is still shown as held, as the venue shows it,
    /// and watches the market all the same.
    fn arm_legs(&mut self, parent: &Order) {
        let at = self.at;
        let alone = parent.legs.len() == 1 && parent.class != Class::Oco;
        for id in &parent.legs {
            let Some((seq, leg)) = self.orders.seq(*id).and_then(|s| Some((s, self.orders.get(s)?))) else {
                continue;
            };
            if leg.status != Status::Held {
                continue;
            }
            let shown = alone || leg.kind == OrderKind::Limit;
            let rested = leg.kind == OrderKind::Limit && !self.is_marketable(leg);
            self.change(seq, |o| {
                o.armed = true;
                o.rested = rested;
                o.submitted_at = at;
                if shown {
                    o.status = Status::New;
                }
            });
            if shown {
                self.emit(seq, UpdateKind::New, None);
            }
        }
    }
    /// One of two exits filled in part: the other is cut by as much.
    pub(super) fn cut_relatives(&mut self, order: &Order, by: Qty) {
        if order.class == Class::Simple || (order.parent.is_none() && order.class != Class::Oco) {
            return;
        }
        for relative in self.relatives(order) {
            if self.orders.get(relative).is_some_and(|o| !o.status.is_over()) {
                self.change(relative, |o| o.qty = o.qty.map(|q| q.saturating_sub(by)));
                self.emit(relative, UpdateKind::Restated, None);
            }
        }
    }
    /// Moves a trailing stop after the market: it only ever comes nearer.
    pub(super) fn move_trail(&mut self, seq: Seq) {
        let Some(order) = self.orders.get(seq).filter(|o| o.kind == OrderKind::TrailingStop).cloned() else {
            return;
        };
        let last = self.last(&order.symbol);
        let best = order.hwm.map_or(last, |hwm| match order.side {
            Side::Sell => hwm.max(last),
            Side::Buy => hwm.min(last),
        });
        if order.hwm == Some(best) && order.stop.is_some() {
            return;
        }
        let step = self.asset(order.symbol.as_str()).map(|a| a.tick);
        let stop = trailing_stop(best, &order);
        let stop = step.and_then(|tick| tick.round(stop)).unwrap_or(stop);
        if let Some(order) = self.orders.get_mut(seq) {
            order.hwm = Some(best);
            order.stop = Some(stop);
        }
    }
}

/// Where a trailing stop stands when the best price was `best`.
fn trailing_stop(best: Price, order: &Order) -> Price {
    let by_percent = order.trail_percent.and_then(|p| p.of(best.per_unit())).map(Money::get);
    let distance = order.trail_price.map(Price::get).or(by_percent).unwrap_or(Decimal::ZERO);
    Price::new(match order.side {
        Side::Sell => best.get().saturating_sub(distance),
        Side::Buy => best.get().saturating_add(distance),
    })
}
