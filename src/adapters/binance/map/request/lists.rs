//! Lists of orders: pairs of exits, and entries with exits that wait for them.

use super::{Params, Shape, Unwritable, Writer, Written, shown, units, word};
use crate::{
    adapters::binance::{config::Product, map::member},
    domain::{
        ids::ClientId,
        instrument::WaitingExits,
        money::{Price, Qty},
        order::{Amount, OrderType, Role, Side, StopLeg, Submission},
    },
};
use rust_decimal::Decimal;

impl Writer<'_> {
    /// A pair of exits: the order's own limit, and the stop.
    pub(super) fn pair(&self, s: &Submission, stop: StopLeg) -> Result<Written, Unwritable> {
        if !self.rules.takes_oco {
            return Err(self.lacks("pairs in this symbol"));
        }
        let (limit, qty) = exit_pair(s)?;
        let mut params = self.head(s.spec.side);
        params.push(("quantity", units(qty)));
        let names = if s.spec.side == Side::Sell { [ABOVE, BELOW] } else { [BELOW, ABOVE] };
        let [target, stopped] = names;
        self.target_leg(target, limit, s.client.clone(), &mut params)?;
        self.stop_leg(stopped, stop, name(&s.client, Role::Stop)?, &mut params)?;
        params.push(("newOrderRespType", "RESULT".to_owned()));
        Ok(Written { shape: Shape::List, path: &["orderList", "oco"], params, orders: 2 })
    }

    /// The same in the older words that Binance.US still has.
    pub(super) fn old_pair(&self, s: &Submission, stop: StopLeg) -> Result<Written, Unwritable> {
        if !self.rules.takes_oco {
            return Err(self.lacks("pairs in this symbol"));
        }
        let (limit, qty) = exit_pair(s)?;
        let mut params = self.head(s.spec.side);
        params.push(("quantity", units(qty)));
        params.push(("price", shown(limit)));
        params.push(("limitClientOrderId", s.client.as_str().to_owned()));
        params.push(("stopPrice", shown(stop.stop)));
        if let Some(limit) = stop.limit {
            params.push(("stopLimitPrice", shown(limit)));
            params.push(("stopLimitTimeInForce", "GTC".to_owned()));
        } else {
            self.kind("STOP_LOSS")?;
        }
        params.push(("stopClientOrderId", name(&s.client, Role::Stop)?.as_str().to_owned()));
        params.push(("newOrderRespType", "RESULT".to_owned()));
        Ok(Written { shape: Shape::List, path: &["order", "oco"], params, orders: 2 })
    }

    /// An entry with exits that wait for it. Where the symbol takes OPO, they are for what comes of it: "the received
    /// quantity will have commission deducted as appropriate" (faqs/opo.md). Where it does not, the quantity is fixed with
    /// the entry (OTO, OTOCO), and one that is more than what came is rejected when it is due, which leaves the position
    /// naked: so it leaves room for the largest fee. That BNB will pay the fee is never counted on: "if you do not have
    /// enough BNB to pay the discounted commission, the full commission will be taken out of your received amount"
    /// (faqs/commission_faq.md). A sale opens nothing here that exits would have to close.
    pub(super) fn waiting(
        &self,
        s: &Submission,
        target: Option<Price>,
        stop: Option<StopLeg>,
    ) -> Result<Written, Unwritable> {
        let exits = self.rules.instrument.exits;
        if self.product == Product::Us || exits == WaitingExits::None || s.spec.side == Side::Sell {
            return Err(self.lacks("exits here that wait for a buy"));
        }
        let OrderType::Limit { limit } = s.spec.order_type else {
            return Err(Unwritable::Misfit(
                "exits wait for limit orders only; give the entry a limit".to_owned(),
            ));
        };
        let Amount::Qty(qty) = s.spec.amount else {
            return Err(Unwritable::Misfit("an entry with exits is in units".to_owned()));
        };
        let mut params = self.working(s, limit, qty)?;
        params.push(("pendingSide", word(s.spec.side.opposite()).to_owned()));
        let is_fixed = exits == WaitingExits::LessFees;
        if is_fixed {
            params.push(("pendingQuantity", units(self.less_fees(qty, stop)?)));
        }
        let stop_id = name(&s.client, Role::Stop)?;
        let target_id = name(&s.client, Role::Target)?;
        match (target, stop) {
            (Some(target), Some(stop)) => {
                self.target_leg(PENDING_ABOVE, target, target_id, &mut params)?;
                self.stop_leg(PENDING_BELOW, stop, stop_id, &mut params)?;
                let path: &[&str] = if is_fixed { &["orderList", "otoco"] } else { &["orderList", "opoco"] };
                Ok(Written { shape: Shape::List, path, params, orders: 3 })
            }
            (target, stop) => {
                if let Some(target) = target {
                    self.target_leg(PENDING, target, target_id, &mut params)?;
                }
                if let Some(stop) = stop {
                    self.stop_leg(PENDING, stop, stop_id, &mut params)?;
                }
                let path: &[&str] = if is_fixed { &["orderList", "oto"] } else { &["orderList", "opo"] };
                Ok(Written { shape: Shape::List, path, params, orders: 2 })
            }
        }
    }

    /// The entry of such a list.
    fn working(&self, s: &Submission, limit: Price, qty: Qty) -> Result<Params, Unwritable> {
        let mut params: Params = vec![("symbol", self.rules.native.clone())];
        params.push(("newOrderRespType", "RESULT".to_owned()));
        if s.spec.post_only {
            params.push(("workingType", self.kind("LIMIT_MAKER")?));
        } else {
            params.push(("workingType", self.kind("LIMIT")?));
            params.push(("workingTimeInForce", self.tif(s.spec.tif)?));
        }
        params.push(("workingSide", word(s.spec.side).to_owned()));
        params.push(("workingClientOrderId", s.client.as_str().to_owned()));
        params.push(("workingPrice", shown(limit)));
        params.push(("workingQuantity", units(qty)));
        Ok(params)
    }

    /// What is there at least once so much was bought, in whole lots. A fee is a share of what each execution brings, and
    /// how its last digit is rounded no document says: there are at most as many executions as lots, and each may take one
    /// unit of that digit more.
    fn less_fees(&self, qty: Qty, stop: Option<StopLeg>) -> Result<Qty, Unwritable> {
        let symbol = &self.rules.instrument.id.symbol;
        let unknown = || Unwritable::Misfit(format!("the largest commission in {symbol} is not known"));
        let (most, digits) = self.fee_most.zip(self.rules.fee_digits).ok_or_else(unknown)?;
        let lot = self.rules.instrument.lot;
        let unit = Decimal::try_new(1, digits).map_err(|_| unknown())?;
        let left = || {
            let fees = qty.get().checked_mul(most)?;
            let roundings = qty.get().checked_div(lot.get())?.ceil().checked_mul(unit)?;
            let left = Qty::new(qty.get().checked_sub(fees)?.checked_sub(roundings)?)?.floor_to(lot)?;
            // A stop without a limit becomes a market order, which may go in larger steps.
            let steps = self.rules.market_lot.filter(|_| stop.is_some_and(|stop| stop.limit.is_none()));
            steps.map_or(Some(left), |step| left.floor_to(step))
        };
        let left = left().filter(|left| *left >= self.rules.instrument.qty_min);
        left.ok_or_else(|| {
            Unwritable::Misfit(format!(
                "of {qty} in {symbol} too little for an exit is left after the largest fee"
            ))
        })
    }

    fn target_leg(
        &self,
        leg: Leg,
        limit: Price,
        id: ClientId,
        params: &mut Params,
    ) -> Result<(), Unwritable> {
        params.push((leg.kind, self.kind("LIMIT_MAKER")?));
        params.push((leg.id, id.as_str().to_owned()));
        params.push((leg.price, shown(limit)));
        Ok(())
    }

    fn stop_leg(&self, leg: Leg, stop: StopLeg, id: ClientId, params: &mut Params) -> Result<(), Unwritable> {
        let word = if stop.limit.is_some() { "STOP_LOSS_LIMIT" } else { "STOP_LOSS" };
        params.push((leg.kind, self.kind(word)?));
        params.push((leg.id, id.as_str().to_owned()));
        params.push((leg.stop, shown(stop.stop)));
        if let Some(limit) = stop.limit {
            params.push((leg.price, shown(limit)));
            params.push((leg.tif, "GTC".to_owned()));
        }
        Ok(())
    }
}

/// How the parameters of one member of a list are called.
#[derive(Clone, Copy)]
struct Leg {
    kind: &'static str,
    id: &'static str,
    price: &'static str,
    stop: &'static str,
    tif: &'static str,
}

const ABOVE: Leg = Leg {
    kind: "aboveType",
    id: "aboveClientOrderId",
    price: "abovePrice",
    stop: "aboveStopPrice",
    tif: "aboveTimeInForce",
};
const BELOW: Leg = Leg {
    kind: "belowType",
    id: "belowClientOrderId",
    price: "belowPrice",
    stop: "belowStopPrice",
    tif: "belowTimeInForce",
};
const PENDING: Leg = Leg {
    kind: "pendingType",
    id: "pendingClientOrderId",
    price: "pendingPrice",
    stop: "pendingStopPrice",
    tif: "pendingTimeInForce",
};
const PENDING_ABOVE: Leg = Leg {
    kind: "pendingAboveType",
    id: "pendingAboveClientOrderId",
    price: "pendingAbovePrice",
    stop: "pendingAboveStopPrice",
    tif: "pendingAboveTimeInForce",
};
const PENDING_BELOW: Leg = Leg {
    kind: "pendingBelowType",
    id: "pendingBelowClientOrderId",
    price: "pendingBelowPrice",
    stop: "pendingBelowStopPrice",
    tif: "pendingBelowTimeInForce",
};

fn exit_pair(s: &Submission) -> Result<(Price, Qty), Unwritable> {
    match (s.spec.order_type, s.spec.amount) {
        (OrderType::Limit { limit }, Amount::Qty(qty)) => Ok((limit, qty)),
        (
            OrderType::Limit { .. }
            | OrderType::Market
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. }
            | OrderType::TrailingStop { .. },
            Amount::Qty(_) | Amount::Notional(_),
        ) => Err(Unwritable::Misfit("an exit pair is a limit order with a stop, in units".to_owned())),
    }
}

fn name(client: &ClientId, role: Role) -> Result<ClientId, Unwritable> {
    member(client, role).map_err(|why| Unwritable::Misfit(why.to_string()))
}
