//! Orders on futures: plain ones, and conditional ones in the words of their own service.

use super::{Params, Shape, Unwritable, Writer, Written, shown, units};
use crate::{
    broker::Replacement,
    domain::order::{Amount, Attached, OrderSpec, OrderType, Submission, Tif, Trail},
};
use rust_decimal::Decimal;

impl Writer<'_> {
    /// An order on futures. Conditional ones go to a service of their own since 2025-12-09, and on contracts that are paid in
    /// coins since 2026-06-30 (the connector's documentation of `POST /dapi/v1/order`: they are refused there with -4120).
    pub(super) fn future(&self, s: &Submission) -> Result<Written, Unwritable> {
        let spec = &s.spec;
        if spec.attached != Attached::Simple {
            return Err(self.lacks("groups of orders"));
        }
        let Amount::Qty(qty) = spec.amount else { return Err(self.lacks("orders in money")) };
        let mut params = self.head(spec.side);
        let waits = match spec.order_type {
            OrderType::Market => {
                params.push(("type", "MARKET".to_owned()));
                self.tif(spec.tif)?;
                false
            }
            OrderType::Limit { limit } => {
                params.push(("type", "LIMIT".to_owned()));
                self.future_tif(spec, &mut params)?;
                params.push(("price", shown(limit)));
                false
            }
            OrderType::Stop { stop } => {
                params.push(("type", "STOP_MARKET".to_owned()));
                params.push(("triggerPrice", shown(stop)));
                true
            }
            OrderType::StopLimit { stop, limit } => {
                params.push(("type", "STOP".to_owned()));
                self.future_tif(spec, &mut params)?;
                params.push(("price", shown(limit)));
                params.push(("triggerPrice", shown(stop)));
                true
            }
            OrderType::TrailingStop { trail } => {
                params.push(("type", "TRAILING_STOP_MARKET".to_owned()));
                params.push(("callbackRate", self.callback(trail)?));
                true
            }
        };
        params.push(("quantity", units(qty)));
        if spec.reduce_only {
            params.push(("reduceOnly", "true".to_owned()));
        }
        if waits {
            params.insert(0, ("algoType", "CONDITIONAL".to_owned()));
            params.push(("clientAlgoId", s.client.as_str().to_owned()));
            return Ok(Written { shape: Shape::Algo, path: &["algoOrder"], params, orders: 1 });
        }
        params.push(("newClientOrderId", s.client.as_str().to_owned()));
        params.push(("newOrderRespType", "RESULT".to_owned()));
        Ok(Written { shape: Shape::Order, path: &["order"], params, orders: 1 })
    }

    /// A change of an order that stays the same order. The venue takes it of limit orders alone, with price and whole
    /// quantity both (`PUT /fapi/v1/order` in the vendor's documentation); conditional orders it does not change.
    pub(super) fn amendment(&self, r: &Replacement, number: &str) -> Result<Written, Unwritable> {
        let is_conditional = number.starts_with('a');
        let (OrderType::Limit { .. }, OrderType::Limit { limit }) = (r.before.order_type, r.after.order_type)
        else {
            return Err(self.lacks("change of conditional orders; cancel it and place another"));
        };
        if is_conditional {
            return Err(self.lacks("change of conditional orders; cancel it and place another"));
        }
        if r.before.tif != r.after.tif {
            return Err(self.lacks("change of an order's time in force; cancel it and place another"));
        }
        let Amount::Qty(qty) = r.after.amount else { return Err(self.lacks("orders in money")) };
        self.check(&r.after)?;
        let mut params = self.head(r.after.side);
        params.push(("orderId", number.to_owned()));
        params.push(("quantity", units(qty)));
        params.push(("price", shown(limit)));
        Ok(Written { shape: Shape::Order, path: &["order"], params, orders: 1 })
    }

    /// Good till a date is till that day's end by the venue's clock, which is that of Greenwich.
    fn future_tif(&self, spec: &OrderSpec, params: &mut Params) -> Result<(), Unwritable> {
        if let Tif::Gtd(date) = spec.tif {
            if self.product.is_paid_in_coins() {
                return Err(self.lacks("orders until a date"));
            }
            let end = date.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC);
            let end = end.map_err(|e| Unwritable::Misfit(format!("{date} is no date there: {e}")))?;
            params.push(("timeInForce", "GTD".to_owned()));
            params.push(("goodTillDate", end.timestamp().as_millisecond().to_string()));
            return Ok(());
        }
        let word = if spec.post_only { "GTX".to_owned() } else { self.tif(spec.tif)? };
        params.push(("timeInForce", word));
        Ok(())
    }

    /// In per cent, by tenths, from 0.1 to 10 (the vendor's documentation of the conditional service).
    fn callback(&self, trail: Trail) -> Result<String, Unwritable> {
        let Trail::Percent(percent) = trail else {
            return Err(self.lacks("trailing stops by an amount; write a percentage"));
        };
        let rate = percent.get().normalize();
        if rate.scale() > 1 || rate < Decimal::new(1, 1) || rate > Decimal::TEN {
            return Err(Unwritable::Misfit(format!(
                "a trailing stop on futures stays 0.1% to 10% behind, by tenths; {percent}% is outside"
            )));
        }
        Ok(rate.to_string())
    }
}
