//! Changes of working orders on spot: in place where only the size shrinks, else the old one is cancelled and another
//! placed. Never do both work, and what is not known to be cancelled is not replaced.

use super::{
    Api, Asked, Exchange,
    orders::{no_market, taken},
    read,
    settle::settle,
};
use crate::{
    adapters::binance::{
        map::{
            self,
            request::{Changed, Shape, Written, new_order, replacement},
            rules::{Directory, Rules},
        },
        wire,
    },
    broker::{Outcome, Refusal, Replacement},
    domain::{
        ids::VenueOrderId, lifecycle::OrderEvent, money::Qty, order::Submission, report::OrderReport,
        text::Text,
    },
    transport::limit::Class,
};
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::sync::Arc;

impl Api {
    /// Asks for a change.
    pub async fn replace(&self, change: &Replacement) -> Outcome<Vec<OrderReport>> {
        // A stop that moves must not wait behind entries.
        let class = if change.adds_nothing { Class::Exit } else { Class::Entry };
        let directory = match self.directory(class).await {
            Ok(directory) => directory,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let Some(rules) = directory.of(&change.after.instrument.symbol) else {
            return Outcome::NotSent(no_market(&change.after));
        };
        let number = change.order.venue_id.as_ref().and_then(map::number_of);
        let Some(number) = number else {
            return Outcome::NotSent(Text::from("the venue has not said its number of the order yet"));
        };
        let changed = match replacement(self.product(), rules, change, number) {
            Ok(changed) => changed,
            Err(why) => return Outcome::NotSent(Text::from(why.to_string())),
        };
        // What only shrinks in its place keeps its price, wherever the market has gone since.
        let shrinks = matches!(changed, Changed::InPlace(_)) && !self.product().is_futures();
        if class == Class::Entry
            && !shrinks
            && let Some(why) = self.out_of_band(rules, &change.after).await
        {
            return Outcome::NotSent(why);
        }
        match changed {
            Changed::InPlace(written) => self.amend(&directory, rules, written, class, change).await,
            Changed::AtOnce(written) => {
                let exchange = self.exchange(class, self.post(written)).await;
                halves(&directory, rules, exchange, change)
            }
            Changed::InTwo(cancel) => self.remake(&directory, rules, cancel, class, change).await,
        }
    }

    /// Cancels an order that has filled in part, and places another for what is left. A cancel-replace in one request would
    /// be of a quantity that is fixed before the venue says how much has filled: what fills meanwhile would come twice. Here
    /// the answer to the cancel says it. Until that is there nothing is placed; and should the program end in between,
    /// nothing works at the venue, and a restart finds the one cancelled and the other absent.
    async fn remake(
        &self,
        directory: &Arc<Directory>,
        rules: &Rules,
        cancel: Written,
        class: Class,
        change: &Replacement,
    ) -> Outcome<Vec<OrderReport>> {
        if let Some(why) = too_small(rules, change) {
            return not_placed(&why);
        }
        let mut asked = Asked::new(Method::DELETE, &self.path(cancel.path), 1);
        asked.params = cancel.params;
        let answer = match settle(self.exchange(class, asked).await) {
            Outcome::Accepted(answer) => answer,
            Outcome::Refused(no) => return Outcome::Refused(no),
            Outcome::NotSent(why) => return Outcome::NotSent(why),
            Outcome::Unknown(why) => {
                return not_placed(&format!("the cancel of the old one has no answer, {why}"));
            }
        };
        let told = read::<wire::Order<'_>>(&answer)
            .and_then(|order| map::order(directory, &order).map_err(|e| e.to_string()));
        let old = match told {
            Ok(old) if old.client == change.order.client && old.status == OrderEvent::Cancelled => old,
            Ok(old) => {
                return not_placed(&format!(
                    "of the old one, {}, the venue says {}",
                    old.client, old.status_word
                ));
            }
            Err(why) => return not_placed(&format!("the cancel of the old one can't be read, {why}")),
        };
        let half = |why: Text, old: OrderReport| {
            Outcome::Accepted([old].into_iter().chain(never_placed(rules, change, why)).collect())
        };
        let left = change
            .after
            .amount
            .qty()
            .and_then(|total| total.checked_sub(old.filled))
            .filter(|left| !left.is_zero());
        let Some(left) = left else {
            return half(Text::from(format!("{} has filled, no less than the new size", old.filled)), old);
        };
        let rest = Submission { client: change.client.clone(), spec: change.after.clone().sized(left) };
        let written = match new_order(self.product(), rules, &rest, class == Class::Exit) {
            Ok(written) => written,
            Err(why) => return half(Text::from(why.to_string()), old),
        };
        let sent = settle(self.exchange(class, self.post(written)).await);
        match taken(directory, sent, Shape::Order, &change.client, &rest.spec) {
            Outcome::Accepted(new) => Outcome::Accepted(linked(old, new.into_iter().next())),
            Outcome::Refused(no) => half(Text::from(format!("{} ({})", no.text, no.code)), old),
            Outcome::NotSent(why) => half(why, old),
            Outcome::Unknown(why) => Outcome::Unknown(why),
        }
    }
}

/// Why the venue would refuse what is left, as far as its filling is known here: then nothing need be cancelled for it.
fn too_small(rules: &Rules, change: &Replacement) -> Option<String> {
    let left = change.after.amount.qty()?.checked_sub(change.filled)?;
    let (instrument, symbol) = (&rules.instrument, &rules.instrument.id.symbol);
    if left < instrument.qty_min {
        return Some(format!(
            "{left} would be left of it, orders in {symbol} begin at {}",
            instrument.qty_min
        ));
    }
    let value = left.checked_mul_price(change.after.order_type.limit()?)?;
    (value < instrument.notional_min).then(|| {
        let least = instrument.notional_min;
        format!("{value} would be left of it, orders in {symbol} begin at {least} {}", instrument.quote)
    })
}

fn not_placed(why: &str) -> Outcome<Vec<OrderReport>> {
    Outcome::NotSent(Text::clean(&format!("the new order was not sent: {why}")))
}

/// What became of the two halves of a replacement: both done; the cancel refused and the new order not tried; the
/// cancel done and the new order refused; or not known.
fn halves(
    directory: &Arc<Directory>,
    rules: &Rules,
    exchange: Exchange,
    change: &Replacement,
) -> Outcome<Vec<OrderReport>> {
    let answer = match exchange {
        Exchange::Answered(answer)
            if answer.status.is_success()
                || matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT) =>
        {
            answer
        }
        other @ (Exchange::Limited { .. }
        | Exchange::NotSent(_)
        | Exchange::Unanswered(_)
        | Exchange::TooMany { .. }
        | Exchange::Answered(_)) => {
            return taken(directory, settle(other), Shape::Order, &change.client, &change.after);
        }
    };
    let told = if answer.status.is_success() {
        read::<wire::Replaced<'_>>(&answer).map(Some)
    } else {
        read::<wire::HalfReplaced<'_>>(&answer).map(|half| half.data)
    };
    let unknown = |why: &str| Outcome::Unknown(Text::from(format!("{}: {why}", answer.status)));
    let halves = match told {
        Ok(Some(halves)) => halves,
        // Refused as a whole.
        Ok(None) => {
            let whole = settle(Exchange::Answered(answer.clone()));
            return match whole {
                Outcome::Refused(no) => Outcome::Refused(no),
                Outcome::Accepted(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => {
                    unknown("the answer holds neither half")
                }
            };
        }
        Err(why) => return unknown(&format!("the answer can't be read: {why}")),
    };
    let new = halves.new_order_response;
    match (&*halves.cancel_result, &*halves.new_order_result) {
        ("FAILURE", "NOT_ATTEMPTED") => match refused(Some(halves.cancel_response)) {
            Some(no) => Outcome::Refused(Refusal {
                code: Text::from(no.code.to_string()),
                text: Text::clean(&no.msg),
                retry_at: None,
            }),
            None => unknown("the cancel failed, and why can't be read"),
        },
        ("SUCCESS", "SUCCESS") => {
            let order = new.ok_or_else(|| "it is missing".to_owned()).and_then(|raw| report(directory, raw));
            match order {
                Ok(new) if new.client == change.client && new.instrument == change.after.instrument => {
                    Outcome::Accepted(replaced(directory, halves.cancel_response, change, Some(new)))
                }
                Ok(new) => unknown(&format!("the answer is about another order, {}", new.client)),
                Err(why) => unknown(&format!("the new order can't be read: {why}")),
            }
        }
        ("SUCCESS", "FAILURE") => match refused(new) {
            Some(no) => {
                let why = Text::from(format!("{} ({})", no.msg, no.code));
                let mut reports = replaced(directory, halves.cancel_response, change, None);
                reports.extend(never_placed(rules, change, why));
                Outcome::Accepted(reports)
            }
            None => unknown("the old order is cancelled, and of the new one nothing can be read"),
        },
        (cancel, new) => unknown(&format!("the halves are {} and {}", Text::clean(cancel), Text::clean(new))),
    }
}

fn refused(raw: Option<&RawValue>) -> Option<wire::Refused<'_>> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn report(directory: &Directory, raw: &RawValue) -> Result<OrderReport, String> {
    let order: wire::Order<'_> = serde_json::from_str(raw.get()).map_err(|e| e.to_string())?;
    map::order(directory, &order).map_err(|e| e.to_string())
}

/// The old order as cancelled, behind the new one that took its place.
fn replaced(
    directory: &Directory,
    cancelled: &RawValue,
    change: &Replacement,
    new: Option<OrderReport>,
) -> Vec<OrderReport> {
    match report(directory, cancelled).ok().filter(|old| old.client == change.order.client) {
        Some(old) => linked(old, new),
        None => new.into_iter().collect(),
    }
}

/// The same of one that was read.
fn linked(old: OrderReport, new: Option<OrderReport>) -> Vec<OrderReport> {
    let Some(new) = new else { return vec![old] };
    let by = Some(new.venue_id.clone());
    let new = OrderReport { replaces: Some(old.venue_id.clone()), ..new };
    vec![new, OrderReport { status: OrderEvent::Replaced, replaced_by: by, ..old }]
}

/// The new order that was refused: it has no number there.
pub(super) fn never_placed(rules: &Rules, change: &Replacement, why: Text) -> Option<OrderReport> {
    let after = &change.after;
    Some(OrderReport {
        client: change.client.clone(),
        venue_id: VenueOrderId::new(&format!("{}:none:{}", rules.native, change.client)).ok()?,
        instrument: after.instrument.clone(),
        side: after.side,
        amount: after.amount,
        order_type: after.order_type,
        tif: after.tif,
        extended: false,
        attached: after.attached,
        show: after.show,
        status: OrderEvent::Rejected,
        status_word: Text::from("refused"),
        source: None,
        filled: Qty::ZERO,
        avg_price: None,
        parent: None,
        role: None,
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: Some(why),
        submitted: None,
    })
}
