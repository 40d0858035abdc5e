//! New orders: checked, written down, and sent to the market.

use super::{
    asset::Asset,
    event::UpdateKind,
    exchange::{Exchange, Wire},
    hours::{Hours, Session, date_of, days_after},
    order::{Class, Intent, NewOrder, Order, Status},
    refusal::Refusal,
    shape,
    store::Seq,
};
use crate::domain::{
    money::{Money, Price, Qty},
    order::{OrderKind, Side, StopLeg, Tif},
    time::Stamp,
};
use smol_str::SmolStr;

/// An order that is good till cancelled is cancelled after so many days all the same.
const GTC_DAYS: i64 = 90;

impl Exchange {
    /// Takes an order.
    pub fn place(&mut self, now: Stamp, order: NewOrder) -> Result<Order, Refusal> {
        self.run(now);
        if self.configuration.suspend_trade {
            return Err(Refusal::forbidden("trading is suspended by user request"));
        }
        let Some(asset) = self.asset(&order.symbol).cloned() else {
            let shown: String = order.symbol.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(Refusal::invalid(format!("asset \"{shown}\" not found")));
        };
        shape::check(&order, &asset, self.setup.model)?;
        self.client_id_is_free(order.client_order_id.as_ref())?;
        let intent = self.intent(order.side, &asset.symbol);
        self.may(&order, &asset, intent)?;
        if matches!(order.class, Class::Bracket | Class::Oto) {
            let base = order.limit.or(order.stop).unwrap_or_else(|| self.last(&asset.symbol));
            shape::legs_clear(&order, base)?;
        }
        let seq = self.write_down(order, &asset, intent);
        self.orders.get(seq).cloned().ok_or_else(|| Refusal::not_found("order not found"))
    }
    /// Does no order have this id yet?
    pub(super) fn client_id_is_free(&self, id: Option<&SmolStr>) -> Result<(), Refusal> {
        match id {
            Some(id) if self.orders.by_client(id).is_some() => Err(Refusal::client_order_id_taken()),
            Some(_) | None => Ok(()),
        }
    }
    fn write_down(&mut self, order: NewOrder, asset: &Asset, intent: Intent) -> Seq {
        let (status, wire_at) = self.arrival(&order, asset);
        let expires_at = self.expiry(order.tif, order.extended_hours, wire_at, asset);
        let mut parent = self.draft(&order, asset, intent);
        parent.status = status;
        parent.expires_at = expires_at;
        let legs = self.draft_legs(&order, &parent);
        parent.legs = legs.iter().map(|leg| leg.id).collect();
        let auction = matches!(order.tif, Tif::Opg | Tif::Cls);
        let seq = self.orders.add(parent);
        for leg in legs {
            let leg_seq = self.orders.add(leg);
            self.schedule_expiry(leg_seq);
        }
        self.schedule(wire_at, if auction { Wire::Auction(seq) } else { Wire::Ack(seq) });
        self.schedule_expiry(seq);
        let kind = if status == Status::Accepted { UpdateKind::Accepted } else { UpdateKind::PendingNew };
        self.emit(seq, kind, None);
        seq
    }
    /// Puts the end of its time in force in the line of things that are due.
    pub(super) fn schedule_expiry(&mut self, seq: Seq) {
        if let Some(at) = self.orders.get(seq).and_then(|o| o.expires_at) {
            self.schedule(at, Wire::Expire(seq));
        }
    }
    /// When it reaches the market, and how it is shown until then.
    fn arrival(&self, order: &NewOrder, asset: &Asset) -> (Status, Stamp) {
        let at = self.at.plus_ms(self.setup.model.rules().latency_ms);
        if matches!(order.tif, Tif::Opg | Tif::Cls) {
            return (Status::Accepted, self.setup.hours.next_auction(at, order.tif == Tif::Opg));
        }
        if asset.is_coin() || self.setup.hours == Hours::AllDay {
            return (Status::PendingNew, at);
        }
        match self.setup.hours.next_span(at, span_of(order.extended_hours)) {
            Some((opens, _)) if opens > at => (Status::Accepted, opens),
            Some(_) | None => (Status::PendingNew, at),
        }
    }
    /// When its time in force ends it, if the clock does.
    pub(super) fn expiry(&self, tif: Tif, extended: bool, from: Stamp, asset: &Asset) -> Option<Stamp> {
        match tif {
            Tif::Day => self.setup.hours.next_span(from, span_of(extended)).map(|(_, ends)| ends),
            Tif::Gtc if !asset.is_coin() => {
                Some(self.setup.hours.session(days_after(date_of(from), GTC_DAYS)).ends)
            }
            Tif::Gtc | Tif::Gtd(_) | Tif::Ioc | Tif::Fok | Tif::Opg | Tif::Cls => None,
        }
    }
    fn draft(&mut self, order: &NewOrder, asset: &Asset, intent: Intent) -> Order {
        let id = self.make_id("order");
        let client = order.client_order_id.clone().filter(|id| !id.is_empty());
        let client_order_id = client.unwrap_or_else(|| SmolStr::new(self.make_id("client").to_string()));
        let oco_limit = order.take_profit.filter(|_| order.class == Class::Oco);
        Order {
            id,
            client_order_id,
            asset_id: asset.id,
            symbol: asset.symbol.clone(),
            asset_class: asset.class,
            created_at: self.at,
            updated_at: self.at,
            submitted_at: self.at,
            filled_at: None,
            expired_at: None,
            expires_at: None,
            canceled_at: None,
            failed_at: None,
            replaced_at: None,
            replaced_by: None,
            replaces: None,
            qty: order.qty,
            notional: order.notional,
            filled_qty: Qty::ZERO,
            filled_value: Money::ZERO,
            filled_avg_price: None,
            class: order.class,
            kind: order.kind,
            side: order.side,
            intent,
            tif: order.tif,
            limit: oco_limit.or(order.limit),
            stop: order.stop,
            trail_price: order.trail_price,
            trail_percent: order.trail_percent,
            hwm: None,
            armed: false,
            triggered: false,
            rested: false,
            extended_hours: order.extended_hours,
            status: Status::PendingNew,
            reject_reason: None,
            legs: Vec::new(),
            parent: None,
            fees: Money::ZERO,
            coin_fees: Qty::ZERO,
        }
    }
    /// The legs of a group, target before stop. An OCO order is its own target.
    fn draft_legs(&mut self, order: &NewOrder, parent: &Order) -> Vec<Order> {
        let side = if order.class == Class::Oco { order.side } else { order.side.opposite() };
        let target = order.take_profit.filter(|_| matches!(order.class, Class::Bracket | Class::Oto));
        let stop = order.stop_loss.filter(|_| order.class != Class::Simple);
        let mut legs = Vec::new();
        if let Some(limit) = target {
            legs.push(self.draft_leg(parent, side, Some(limit), None));
        }
        if let Some(StopLeg { stop, limit }) = stop {
            legs.push(self.draft_leg(parent, side, limit, Some(stop)));
        }
        legs
    }
    fn draft_leg(&mut self, parent: &Order, side: Side, limit: Option<Price>, stop: Option<Price>) -> Order {
        let kind = match (limit.is_some(), stop.is_some()) {
            (true, true) => OrderKind::StopLimit,
            (false, true) => OrderKind::Stop,
            (true | false, false) => OrderKind::Limit,
        };
        Order {
            id: self.make_id("order"),
            client_order_id: SmolStr::new(self.make_id("client").to_string()),
            kind,
            side,
            limit,
            stop,
            intent: match side {
                Side::Buy => Intent::BuyToClose,
                Side::Sell => Intent::SellToClose,
            },
            status: Status::Held,
            extended_hours: false,
            parent: Some(parent.id),
            legs: Vec::new(),
            ..parent.clone()
        }
    }
}

fn span_of(extended: bool) -> fn(&Session) -> Option<(Stamp, Stamp)> {
    if extended { |s| s.extended } else { |s| s.regular }
}
