//! Matching: an order takes what the touch shows, and what is left waits for the next one.

use super::{
    account::{Activity, Detail, FeeRow, FillRow},
    event::{Event, Execution, UpdateKind},
    exchange::{ACTIVITIES_KEPT, Exchange},
    hours::{Phase, settles_at},
    ledger::Deal,
    models::rules::{Charge, Filled},
    order::{Intent, Order, Status},
    store::Seq,
};
use crate::domain::{
    ids::Symbol,
    money::{Money, Price, Qty, SignedQty},
    order::{OrderKind, Side, Tif},
};
use jiff::civil::{Time, time};
use rust_decimal::{Decimal, RoundingStrategy};
use smol_str::{SmolStr, format_smolstr};
use uuid::Uuid;

/// Proceeds settle at this time of the day.
const SETTLES: Time = time(6, 0, 0, 0);

/// What the market offers to an order: a price, the units at it, and the units that the order wants.
struct Offer {
    price: Price,
    size: Qty,
    want: Qty,
}

impl Exchange {
    /// Lets every order in the market look at it, oldest first.
    pub(super) fn match_all(&mut self) {
        let armed: Vec<Seq> = self.orders.open().filter(|(_, o)| o.armed).map(|(seq, _)| seq).collect();
        for seq in armed {
            self.match_order(seq);
        }
    }
    /// Somebody offers so many units at a price: orders that cross it take them, and with the next tick the market is what
    /// it was. `false` where there is no such market.
    pub fn offer_once(&mut self, symbol: &Symbol, seller: bool, price: Price, size: Qty) -> bool {
        let Ok(place) = self.lines.binary_search_by(|l| l.symbol().cmp(symbol)) else { return false };
        let Some(line) = self.lines.get_mut(place) else { return false };
        let quote = &mut line.face.quote;
        // Never a crossed market: the other side steps back.
        if seller {
            (quote.ask, quote.ask_size) = (price, size);
            quote.bid = quote.bid.min(price);
        } else {
            (quote.bid, quote.bid_size) = (price, size);
            quote.ask = quote.ask.max(price);
        }
        let told = quote.clone();
        self.outbox.push(Event::Quote(told));
        self.match_all();
        true
    }
    /// Lets an order look at the market.
    pub(super) fn match_order(&mut self, seq: Seq) {
        let tradable = self.orders.get(seq).is_some_and(|o| o.armed && self.may_trade(o));
        if !tradable || !self.is_triggered(seq) {
            return;
        }
        let cap = self.left_of_cap(seq);
        if cap.is_some_and(Qty::is_zero) {
            return;
        }
        let Some(offer) = self.orders.get(seq).and_then(|o| self.offer(o)) else {
            return;
        };
        if offer.want.is_zero() {
            // Too little money is left for the smallest unit.
            let done = self.orders.get(seq).is_some_and(|o| !o.filled_qty.is_zero());
            self.finish(seq, if done { Status::Filled } else { Status::Canceled });
            return;
        }
        let size = cap.map_or(offer.size, |left| offer.size.min(left));
        let qty = offer.want.min(size);
        if qty.is_zero() {
            return;
        }
        self.take_from_touch(seq, qty);
        self.fill(seq, offer.price, qty, qty == offer.want);
        // At once: what its cap leaves is not to wait for the next tick.
        self.left_of_cap(seq);
    }
    fn may_trade(&self, order: &Order) -> bool {
        let coin = self.line(&order.symbol).is_some_and(super::market::Line::is_coin);
        coin || match self.session.phase(self.at) {
            Phase::Regular => true,
            Phase::Extended => order.extended_hours,
            Phase::Closed => false,
        }
    }
    /// Is it free to fill? A stop is once the market trades at it or beyond, or is quoted through it; that is
    /// looked at before a trailing stop moves.
    fn is_triggered(&mut self, seq: Seq) -> bool {
        let Some(order) = self.orders.get(seq).cloned() else {
            return false;
        };
        match order.kind {
            OrderKind::Market | OrderKind::Limit => return true,
            OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop => {}
        }
        if order.triggered {
            return true;
        }
        let Some((stop, line)) = order.stop.zip(self.line(&order.symbol)) else {
            return false;
        };
        let (last, quote) = (line.face.trade.price, &line.face.quote);
        let hit = match order.side {
            Side::Buy => last >= stop || quote.bid >= stop,
            Side::Sell => last <= stop || quote.ask <= stop,
        };
        if !hit {
            self.move_trail(seq);
            return false;
        }
        let was_held = order.status == Status::Held;
        self.change(seq, |o| {
            o.triggered = true;
            if was_held {
                o.status = Status::New;
            }
        });
        if was_held {
            self.emit(seq, UpdateKind::New, None);
        }
        if order.parent.is_some() {
            // The stop goes to the market with everything that is left; the target must not fill beside it.
            self.close_relatives(&order, Status::Canceled);
        }
        true
    }
    fn offer(&self, order: &Order) -> Option<Offer> {
        let line = self.line(&order.symbol)?;
        let quote = &line.face.quote;
        let (touch, size) = match order.side {
            Side::Buy => (quote.ask, quote.ask_size),
            Side::Sell => (quote.bid, quote.bid_size),
        };
        let price = match order.limit {
            Some(limit) => Some(touch).filter(|p| match order.side {
                Side::Buy => *p <= limit,
                Side::Sell => *p >= limit,
            })?,
            None => {
                let asset = self.asset(order.symbol.as_str())?;
                let desk = self.setup.model.rules().desk(asset.class)?;
                desk.slipped(order.side, touch, asset.tick.at(touch))
            }
        };
        let want = self.wanted(order, price);
        if order.tif == Tif::Fok && size < want {
            return None;
        }
        Some(Offer { price, size, want })
    }
    /// Units that the order still wants at `price`. One that was given as money never sells more than is held.
    fn wanted(&self, order: &Order, price: Price) -> Qty {
        if let Some(left) = order.remaining() {
            return left;
        }
        let money = order.notional_left().unwrap_or_default().get();
        let units = money.checked_div(price.get()).unwrap_or_default();
        let units = units.round_dp_with_strategy(9, RoundingStrategy::ToZero).normalize();
        let units = Qty::new(units).unwrap_or_default();
        if order.closes() { units.min(self.ledger.qty(&order.symbol).size()) } else { units }
    }
    fn take_from_touch(&mut self, seq: Seq, qty: Qty) {
        let Some((symbol, side)) = self.orders.get(seq).map(|o| (o.symbol.clone(), o.side)) else {
            return;
        };
        let place = self.lines.binary_search_by(|l| l.symbol().cmp(&symbol)).ok();
        if let Some(line) = place.and_then(|i| self.lines.get_mut(i)) {
            let quote = &mut line.face.quote;
            let size = match side {
                Side::Buy => &mut quote.ask_size,
                Side::Sell => &mut quote.bid_size,
            };
            *size = size.saturating_sub(qty);
        }
    }
    /// Fills an order with `qty` at `price`: the order, the account, the history, the news.
    pub(super) fn fill(&mut self, seq: Seq, price: Price, qty: Qty, complete: bool) {
        let at = self.at;
        self.change(seq, |o| {
            let value = qty.checked_mul_price(price).unwrap_or_default();
            o.filled_qty = o.filled_qty.checked_add(qty).unwrap_or(o.filled_qty);
            o.filled_value = o.filled_value.checked_add(value).unwrap_or(o.filled_value);
            let average = o.filled_value.checked_div(o.filled_qty.get());
            o.filled_avg_price = average.map(|p| Price::new(p.round_dp(9).normalize()));
            if complete {
                o.status = Status::Filled;
                o.filled_at = Some(at);
                o.armed = false;
            } else if matches!(o.status, Status::New | Status::Held) {
                o.status = Status::PartiallyFilled;
            }
        });
        let Some(order) = self.orders.get(seq).cloned() else {
            return;
        };
        let execution_id = self.make_id("fill");
        let charge = self.charge(seq, &order, price);
        let position = self.book(&order, price, qty, charge);
        self.note_fill(&order, execution_id, price, qty);
        self.note_fee(&order, execution_id, price, charge);
        let execution = Execution { id: execution_id, price, qty, position_qty: position };
        let kind = if complete { UpdateKind::Fill } else { UpdateKind::PartialFill };
        self.emit(seq, kind, Some(execution));
        if complete {
            self.settle_group(seq);
        } else {
            self.cut_relatives(&order, qty);
        }
    }
    /// What this fill is charged: the fee of the order as far as it is filled, less what was charged before.
    fn charge(&mut self, seq: Seq, order: &Order, price: Price) -> Charge {
        let Some(desk) = self.setup.model.rules().desk(order.asset_class) else {
            return Charge::default();
        };
        let (side, qty, value) = (order.side, order.filled_qty, order.filled_value);
        let whole = desk.fee.of(&Filled { side, qty, value, rested: order.rested });
        self.change(seq, |o| {
            o.fees = whole.money;
            o.coin_fees = whole.coin;
        });
        let money = whole.money.checked_sub(order.fees).unwrap_or_default();
        let coin = whole.coin.saturating_sub(order.coin_fees);
        let held = self.ledger.qty(&order.symbol).get();
        let left = held.saturating_sub(order.filled_qty.get());
        if order.side == Side::Sell && coin.get() > left {
            // Nothing is left of the coin to take the fee from.
            let instead = coin.checked_mul_price(price).unwrap_or_default();
            return Charge { money: money.checked_add(instead).unwrap_or(money), coin: Qty::ZERO };
        }
        Charge { money, coin }
    }
    fn book(&mut self, order: &Order, price: Price, qty: Qty, charge: Charge) -> SignedQty {
        let is_stock = order.asset_class == crate::domain::instrument::AssetClass::Equity;
        if is_stock
            && order.side == Side::Sell
            && self.configuration.max_margin_multiplier.get() <= Decimal::ONE
        {
            let days = self.setup.model.rules().settle_days;
            let proceeds = qty.checked_mul_price(price).unwrap_or_default();
            self.ledger.unsettled.push((settles_at(self.at, days, SETTLES), proceeds));
        }
        self.ledger.book(&Deal {
            symbol: order.symbol.clone(),
            side: order.side,
            qty,
            price,
            charge,
            order: order.id,
            today: self.session.date,
            is_stock,
        })
    }
    fn note_fill(&mut self, order: &Order, execution_id: Uuid, price: Price, qty: Qty) {
        let complete = order.status == Status::Filled;
        let leaves = if complete { Qty::ZERO } else { order.remaining().unwrap_or_default() };
        let row = FillRow {
            order_id: order.id,
            execution_id,
            side: order.side,
            short: order.intent == Intent::SellToOpen,
            price,
            qty,
            cum_qty: order.filled_qty,
            leaves_qty: leaves,
            complete,
        };
        let id = self.activity_id(execution_id);
        self.note(Activity { id, at: self.at, symbol: order.symbol.clone(), detail: Detail::Fill(row) });
    }
    fn note_fee(&mut self, order: &Order, execution_id: Uuid, price: Price, charge: Charge) {
        if charge.money.is_zero() && charge.coin.is_zero() {
            return;
        }
        let money = Money::new(charge.money.get()).negated();
        let coin = SignedQty::new(charge.coin.get()).negated();
        let fee_id = self.make_id("fee");
        let id = self.activity_id(fee_id);
        let detail = Detail::Fee(FeeRow { execution_id, money, coin, price });
        self.note(Activity { id, at: self.at, symbol: order.symbol.clone(), detail });
    }
    fn activity_id(&self, id: Uuid) -> SmolStr {
        let stamp = self.at.to_jiff().strftime("%Y%m%d%H%M%S%3f");
        format_smolstr!("{stamp}::{id}")
    }
    fn note(&mut self, activity: Activity) {
        self.activities.push_back(activity);
        if self.activities.len() > ACTIVITIES_KEPT {
            self.activities.pop_front();
        }
    }
}
