//! Requests that change something. Each leaves at most once.

use super::{
    Api, Host, read,
    settle::{Request, settle},
};
use crate::{
    adapters::alpaca::{
        map,
        map::request::{changed_order, new_order},
        wire,
    },
    broker::{OrderRef, Outcome, Refusal, Release, Replacement},
    domain::{
        ids::ClientId,
        order::{OrderSpec, Submission},
        report::OrderReport,
        text::Text,
    },
    transport::{
        limit::Class,
        rest::{Answer, Call},
    },
};
use http::Method;
use serde::Serialize;

impl Api {
    /// Sends an order once it is released. A proven reduction goes out of the reserve.
    pub async fn submit(
        &self,
        order: &Submission,
        class: Class,
        release: Release,
    ) -> Outcome<Vec<OrderReport>> {
        let body = match new_order(order, class == Class::Exit) {
            Ok(body) => body,
            Err(why) => return Outcome::NotSent(Text::from(why.to_string())),
        };
        let call = match carrying(Call::new(Method::POST, &["v2", "orders"]), &body) {
            Ok(call) => call,
            Err(why) => return Outcome::NotSent(why),
        };
        let answered = self.exchange_upon(Host::Trading, class, call, release).await;
        let sent = settle(Request::Submit, answered);
        self.taken(sent, &order.client, &order.spec)
    }

    /// Asks for a change.
    pub async fn replace(&self, change: &Replacement) -> Outcome<Vec<OrderReport>> {
        let id = match self.venue_order_id(&change.order).await {
            Ok(id) => id,
            Err(outcome) => return *outcome,
        };
        let body = match changed_order(change) {
            Ok(body) => body,
            Err(why) => return Outcome::NotSent(Text::from(why.to_string())),
        };
        let path = ["v2", "orders", &id];
        // A stop that moves must not wait behind entries.
        let class = if change.adds_nothing { Class::Exit } else { Class::Entry };
        let sent = self.change(Method::PATCH, &path, class, Some(&body), Request::Change).await;
        self.taken(sent, &change.client, &change.after)
    }

    /// Asks for a cancel. "Accepted" is that the venue will try.
    pub async fn cancel(&self, order: &OrderRef) -> Outcome<()> {
        let id = match self.venue_order_id(order).await {
            Ok(id) => id,
            Err(outcome) => return *outcome,
        };
        let path = ["v2", "orders", &id];
        let none: Option<&()> = None;
        asked(self.change(Method::DELETE, &path, Class::Exit, none, Request::Change).await)
    }

    /// Asks for a cancel of everything. The list that comes back says only what was asked of each order.
    pub async fn cancel_all(&self) -> Outcome<()> {
        let none: Option<&()> = None;
        asked(self.change(Method::DELETE, &["v2", "orders"], Class::Exit, none, Request::Change).await)
    }

    async fn change<B: Serialize>(
        &self,
        method: Method,
        path: &[&str],
        class: Class,
        body: Option<&B>,
        request: Request,
    ) -> Outcome<Answer> {
        let mut call = Call::new(method, path);
        if let Some(body) = body {
            call = match carrying(call, body) {
                Ok(call) => call,
                Err(why) => return Outcome::NotSent(why),
            };
        }
        settle(request, self.exchange(Host::Trading, class, call).await)
    }

    /// The order in the answer, if it is the one that was sent.
    fn taken(&self, sent: Outcome<Answer>, client: &ClientId, spec: &OrderSpec) -> Outcome<Vec<OrderReport>> {
        let answer = match sent {
            Outcome::Accepted(answer) => answer,
            Outcome::Refused(no) => return Outcome::Refused(no),
            Outcome::NotSent(why) => return Outcome::NotSent(why),
            Outcome::Unknown(why) => return Outcome::Unknown(why),
        };
        let unknown = |why: String| Outcome::Unknown(Text::from(format!("{}: {why}", answer.status)));
        let order: wire::Order<'_> = match read(&answer) {
            Ok(order) => order,
            Err(why) => return unknown(format!("the answer can't be read: {why}")),
        };
        match map::order(self.venue(), &order) {
            Err(why) => unknown(format!("the answer can't be read: {why}")),
            Ok(reports) => match reports.first() {
                Some(r) if r.client == *client && r.instrument == spec.instrument && r.side == spec.side => {
                    Outcome::Accepted(reports)
                }
                Some(r) => unknown(format!("the answer is about another order, {}", r.client)),
                None => unknown("the answer holds no order".to_owned()),
            },
        }
    }

    /// The venue's id of an order; asked for where it is not known. An `Err` is the outcome of the whole request:
    /// nothing has been changed by looking.
    async fn venue_order_id<T>(&self, order: &OrderRef) -> Result<String, Box<Outcome<T>>> {
        if let Some(id) = &order.venue_id {
            return Ok(id.as_str().to_owned());
        }
        match self.find(order).await {
            Ok(found) => match found.first() {
                Some(report) => Ok(report.venue_id.as_str().to_owned()),
                None => Err(Box::new(Outcome::Refused(Refusal {
                    code: Text::from("404"),
                    text: Text::from(format!("the venue says that it has no order {}", order.client)),
                    retry_at: None,
                }))),
            },
            Err(fault) => Err(Box::new(Outcome::NotSent(Text::from(fault.to_string())))),
        }
    }
}

/// With this as its JSON.
fn carrying<B: Serialize>(call: Call, body: &B) -> Result<Call, Text> {
    serde_json::to_vec(body).map(|json| call.json(json)).map_err(|why| Text::from(why.to_string()))
}

fn asked(sent: Outcome<Answer>) -> Outcome<()> {
    match sent {
        Outcome::Accepted(_) => Outcome::Accepted(()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::NotSent(why) => Outcome::NotSent(why),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    }
}
