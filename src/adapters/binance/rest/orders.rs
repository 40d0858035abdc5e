//! Requests that change something. Each leaves at most once.

use super::{Api, Asked, futures::algo_answer, read, settle::settle};
use crate::{
    adapters::binance::{
        map::{
            self,
            request::{Shape, Written, needs_commission, new_order_paying},
            rules::Directory,
        },
        wire,
    },
    broker::{Fault, OrderRef, Outcome, Refusal, Release},
    domain::{
        ids::ClientId,
        money::Qty,
        order::{OrderSpec, Submission},
        report::OrderReport,
        text::Text,
    },
    transport::{limit::Class, rest::Answer},
};
use http::Method;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// "Unknown order sent", of a cancel.
const UNKNOWN_ORDER: &str = "-2011";

impl Api {
    /// Sends an order once it is released. A proven reduction goes out of the reserve.
    pub async fn submit(
        &self,
        order: &Submission,
        class: Class,
        release: Release,
    ) -> Outcome<Vec<OrderReport>> {
        let directory = match self.directory(class).await {
            Ok(directory) => directory,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let Some(rules) = directory.of(&order.spec.instrument.symbol) else {
            return Outcome::NotSent(no_market(&order.spec));
        };
        let mut fee_most = None;
        if needs_commission(rules, &order.spec) {
            match self.commission_most(rules, class).await {
                Ok(most) => fee_most = Some(most),
                Err(fault) => return Outcome::NotSent(Text::from(format!("its commission: {fault}"))),
            }
        }
        let is_exit = class == Class::Exit;
        let written = match new_order_paying(self.product(), rules, order, is_exit, fee_most) {
            Ok(written) => written,
            Err(why) => return Outcome::NotSent(Text::from(why.to_string())),
        };
        if class == Class::Entry {
            let too_many = self.too_many_open(rules, &order.spec, written.orders).await;
            let why = match too_many {
                Some(why) => Some(why),
                None => self.out_of_band(rules, &order.spec).await,
            };
            if let Some(why) = why {
                return Outcome::NotSent(why);
            }
        }
        let shape = written.shape;
        // Its signature holds the time at which it is sent.
        if let Err(why) = release.wait().await {
            return Outcome::NotSent(why);
        }
        let sent = settle(self.exchange(class, self.post(written)).await);
        taken(&directory, sent, shape, &order.client, &order.spec)
    }

    pub(super) fn post(&self, written: Written) -> Asked {
        let mut asked = Asked::new(Method::POST, &self.path(written.path), 1);
        asked.params = written.params;
        asked.orders = written.orders;
        asked
    }

    /// Asks for a cancel. One of a list takes its list with it.
    pub async fn cancel(&self, order: &OrderRef) -> Outcome<()> {
        let native = match self.native(order, Class::Exit).await {
            Ok(native) => native,
            Err(why) => return Outcome::NotSent(why),
        };
        if Self::is_algo(order) {
            let outcome = self.cancel_algo(order).await;
            let is_gone = matches!(&outcome, Outcome::Refused(no) if no.code.as_str() == UNKNOWN_ORDER);
            if !is_gone {
                return outcome;
            }
        }
        // A conditional order that was triggered is an order with the same client's id.
        let by_client = Self::without_number(order);
        let asked = Asked::new(Method::DELETE, &self.path(&["order"]), 1).with("symbol", native);
        let asked = named(asked, if Self::is_algo(order) { &by_client } else { order });
        let outcome = done(settle(self.exchange(Class::Exit, asked).await));
        match outcome {
            // Which of the two it is, is not known before the venue has said its number.
            Outcome::Refused(no)
                if no.code.as_str() == UNKNOWN_ORDER
                    && self.product().is_futures()
                    && order.venue_id.is_none() =>
            {
                self.cancel_algo(order).await
            }
            outcome @ (Outcome::Accepted(())
            | Outcome::Refused(_)
            | Outcome::NotSent(_)
            | Outcome::Unknown(_)) => outcome,
        }
    }

    async fn cancel_algo(&self, order: &OrderRef) -> Outcome<()> {
        let asked = Self::named_algo(Asked::new(Method::DELETE, &self.path(&["algoOrder"]), 1), order);
        done(settle(self.exchange(Class::Exit, asked).await))
    }

    /// Asks for a cancel of everything. The venue takes it symbol by symbol, lists included, and conditional orders by
    /// themselves: first it says in what orders are open.
    pub async fn cancel_all(&self) -> Outcome<()> {
        let open = match self.open_symbols().await {
            Ok(open) => open,
            Err(fault) => {
                return Outcome::NotSent(Text::from(format!("it is not known what is open: {fault}")));
            }
        };
        let tails: &[&'static str] =
            if self.product().is_futures() { &["algoOpenOrders", "allOpenOrders"] } else { &["openOrders"] };
        let mut left = Vec::new();
        let mut unknown = false;
        let mut each: Vec<(&str, &'static str)> = Vec::new();
        for native in &open {
            each.extend(tails.iter().map(|tail| (native.as_str(), *tail)));
        }
        for (native, tail) in each {
            let asked = Asked::new(Method::DELETE, &self.path(&[tail]), 1).with("symbol", native);
            match settle(self.exchange(Class::Exit, asked).await) {
                Outcome::Accepted(_) => {}
                // Nothing is open there any more.
                Outcome::Refused(no) if no.code.as_str() == UNKNOWN_ORDER => {}
                Outcome::Refused(no) => left.push(format!("{native}: {}", no.text)),
                Outcome::NotSent(why) => left.push(format!("{native}: {why}")),
                Outcome::Unknown(why) => {
                    unknown = true;
                    left.push(format!("{native}: {why}"));
                }
            }
        }
        let text = Text::from(left.join("; "));
        match (left.is_empty(), unknown) {
            (true, _) => Outcome::Accepted(()),
            (false, true) => Outcome::Unknown(text),
            (false, false) => Outcome::Refused(Refusal { code: Text::from("cancel"), text, retry_at: None }),
        }
    }

    async fn open_symbols(&self) -> Result<BTreeSet<String>, Fault> {
        #[derive(Deserialize)]
        struct In<'a> {
            #[serde(borrow)]
            symbol: Cow<'a, str>,
        }
        let mut lists = vec![self.open_orders()];
        lists.extend(self.product().is_futures().then(|| self.open_algo_orders()));
        let mut out = BTreeSet::new();
        for asked in lists {
            let answer = self.ask_for(Class::Exit, asked).await?;
            let orders: Vec<In<'_>> = self.read(&answer)?;
            out.extend(orders.into_iter().map(|o| o.symbol.into_owned()));
        }
        Ok(out)
    }

    /// The venue's name of what an order is in.
    pub(super) async fn native(&self, order: &OrderRef, class: Class) -> Result<String, Text> {
        // It stands in the number, once that is known; then no list need be read.
        if let Some((native, _)) = order.venue_id.as_ref().and_then(|id| id.as_str().rsplit_once(':')) {
            return Ok(native.to_owned());
        }
        let directory = self.directory(class).await.map_err(|fault| Text::from(fault.to_string()))?;
        let symbol = &order.instrument.symbol;
        match directory.of(symbol) {
            Some(rules) => Ok(rules.native.clone()),
            None => Err(Text::from(format!("{} has no market {symbol}", self.product().title()))),
        }
    }
}

/// The orders in the answer, if the first is the one that was sent.
pub(super) fn taken(
    directory: &Arc<Directory>,
    sent: Outcome<Answer>,
    shape: Shape,
    client: &ClientId,
    spec: &OrderSpec,
) -> Outcome<Vec<OrderReport>> {
    let answer = match sent {
        Outcome::Accepted(answer) => answer,
        Outcome::Refused(no) => return Outcome::Refused(no),
        Outcome::NotSent(why) => return Outcome::NotSent(why),
        Outcome::Unknown(why) => return Outcome::Unknown(why),
    };
    let unknown = |why: String| Outcome::Unknown(Text::from(format!("{}: {why}", answer.status)));
    let mut reports = match read_reports(directory, shape, &answer) {
        Ok(reports) => reports,
        Err(why) => return unknown(format!("the answer can't be read: {why}")),
    };
    // The order itself first, whatever the venue's order of its members.
    reports.sort_by_key(|r| r.client != *client);
    match reports.first() {
        Some(r) if r.client == *client && r.instrument == spec.instrument && r.side == spec.side => {
            if let Some(first) = reports.first_mut() {
                first.attached = spec.attached;
            }
            with_size_of_parent(&mut reports);
            Outcome::Accepted(reports)
        }
        Some(r) => unknown(format!("the answer is about another order, {}", r.client)),
        None => unknown("the answer holds no order".to_owned()),
    }
}

fn read_reports(directory: &Directory, shape: Shape, answer: &Answer) -> Result<Vec<OrderReport>, String> {
    let told = match shape {
        Shape::Order => vec![read::<wire::Order<'_>>(answer)?],
        Shape::List => read::<wire::OrderList<'_>>(answer)?.order_reports,
        Shape::Algo => {
            let text = std::str::from_utf8(&answer.body).map_err(|e| e.to_string())?;
            return algo_answer(directory, text).map(|order| vec![order]);
        }
    };
    told.iter().map(|o| map::order(directory, o).map_err(|e| e.to_string())).collect()
}

/// An order that waits for another's proceeds has no size yet: as much as the other, at most.
pub(super) fn with_size_of_parent(reports: &mut [OrderReport]) {
    let sizes: Vec<(ClientId, crate::domain::order::Amount)> =
        reports.iter().map(|r| (r.client.clone(), r.amount)).collect();
    for report in reports.iter_mut() {
        let has_none = report.amount.qty().is_some_and(Qty::is_zero);
        let of_parent = sizes.iter().find(|(client, _)| Some(client) == report.parent.as_ref());
        if let Some((_, size)) = of_parent.filter(|_| has_none) {
            report.amount = *size;
        }
    }
}

/// Names the order: by its number where that is known.
pub(super) fn named(asked: Asked, order: &OrderRef) -> Asked {
    match order.venue_id.as_ref().and_then(map::number_of) {
        Some(number) => asked.with("orderId", number),
        None => asked.with("origClientOrderId", order.client.as_str()),
    }
}

pub(super) fn no_market(spec: &OrderSpec) -> Text {
    Text::from(format!("the venue has no market {}", spec.instrument.symbol))
}

fn done(sent: Outcome<Answer>) -> Outcome<()> {
    match sent {
        Outcome::Accepted(_) => Outcome::Accepted(()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::NotSent(why) => Outcome::NotSent(why),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    }
}
