//! Changes of orders in place, where an order is changed itself and keeps its number and its name: limit orders on futures,
//! and on spot what makes an order smaller.

use super::{Api, Asked, read, replace::never_placed, settle::settle};
use crate::{
    adapters::binance::{
        map::{
            self,
            request::Written,
            rules::{Directory, Rules},
        },
        wire,
    },
    broker::{Outcome, Replacement},
    domain::{lifecycle::OrderEvent, report::OrderReport, text::Text},
    transport::limit::Class,
};
use http::Method;

impl Api {
    /// Sends a change. What comes back is the order as it stands now, or as it ended: one that is made no larger than
    /// what has filled of it, and a post-only order that would take, the venue cancels (the vendor's documentation of
    /// `PUT /fapi/v1/order`); on spot an order may "expire because of the amendment" (CHANGELOG of binance-spot-api-docs,
    /// 2026-04-02), and one that is refused "remains unchanged" (faqs/order_amend_keep_priority.md).
    pub(super) async fn amend(
        &self,
        directory: &Directory,
        rules: &Rules,
        written: Written,
        class: Class,
        change: &Replacement,
    ) -> Outcome<Vec<OrderReport>> {
        let weight = if self.product().is_futures() { 1 } else { 4 };
        let mut asked = Asked::new(Method::PUT, &self.path(written.path), weight);
        (asked.params, asked.orders) = (written.params, written.orders);
        let answer = match settle(self.exchange(class, asked).await) {
            Outcome::Accepted(answer) => answer,
            Outcome::Refused(no) => return Outcome::Refused(no),
            Outcome::NotSent(why) => return Outcome::NotSent(why),
            Outcome::Unknown(why) => return Outcome::Unknown(why),
        };
        let unknown = |why: String| Outcome::Unknown(Text::from(format!("{}: {why}", answer.status)));
        let told = if self.product().is_futures() {
            read::<wire::Order<'_>>(&answer)
        } else {
            read::<wire::Amended<'_>>(&answer).map(|amended| amended.amended_order.into())
        };
        let told = told.and_then(|order| map::order(directory, &order).map_err(|e| e.to_string()));
        let order = match told {
            Ok(order) => order,
            Err(why) => return unknown(format!("the answer can't be read: {why}")),
        };
        if order.client != change.order.client || order.instrument != change.after.instrument {
            return unknown(format!("the answer is about another order, {}", order.client));
        }
        let is_cancelled = matches!(order.status, OrderEvent::Cancelled | OrderEvent::Expired);
        let mut reports = Vec::new();
        if is_cancelled {
            let why = "the venue ended the order over this change: it was to be no larger than what has filled, or \
                       would have taken though it is post-only";
            reports.extend(never_placed(rules, change, Text::from(why)));
        }
        reports.push(order);
        Outcome::Accepted(reports)
    }
}
