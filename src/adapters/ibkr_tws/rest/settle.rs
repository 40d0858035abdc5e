//! What TWS's answer to a request that changes something means. An order is a message on a socket: it is taken when TWS
//! tells of it, refused when TWS says so with a code that is documented as a refusal, and everything else leaves it
//! unknown.

use super::words;
use crate::{
    adapters::ibkr_tws::wire::code,
    broker::Refusal,
    domain::{text::Text, time::Mono},
};
use futures_util::StreamExt as _;
use ibapi::{
    Error as Theirs, Notice,
    orders::{CancelOrder, Order, OrderData, OrderStatus, OrderStatusKind, PlaceOrder},
    subscriptions::{Subscription, SubscriptionItem},
};
use std::time::Duration;

/// TWS says "Inactive" a moment before it says why.
const REASON_WAIT: Duration = Duration::from_millis(750);

/// What came of a message.
#[derive(Debug)]
pub enum Settled {
    /// TWS has it, as far as it told.
    Taken(Option<Box<OrderData>>, Option<OrderStatus>),
    /// TWS refused it.
    Refused(Refusal),
    /// TWS did not look at it: too many messages.
    TooMany(Text),
    /// No answer that settles it.
    Unknown(Text),
}

/// Codes that say of an order that it was not taken, or not changed (IBKR's "TWS API v9.72+: Message Codes"). Not among
/// them: what is said of orders that go on (399, 404), a number that was used before (103), an error of TWS's own while it
/// was at it (322), and whatever came later.
pub const fn is_refusal(code: i32) -> bool {
    matches!(
        code,
        104..=134
            | 136..=149
            | 152
            | 157..=160
            | 162..=164
            | 200..=201
            | 203
            | 321
            | 325
            | 328..=353
            | 355..=364
            | 367..=384
            | 387..=398
            | 400..=403
            | 405..=449
            | 10_000..=10_146
            | 10_149..=10_399
    )
}

/// Codes that say of a cancel that it was not.
pub const fn is_cancel_refusal(code: i32) -> bool {
    matches!(
        code,
        code::NO_SUCH_ORDER
            | 136
            | code::NOT_CANCELLABLE
            | code::INVALID
            | code::FILLED_ALREADY
            | code::CANCEL_UNKNOWN
            | code::CANCEL_REFUSED
    )
}

fn refusal(notice: &Notice) -> Refusal {
    Refusal {
        code: Text::from(notice.code.to_string()),
        text: Text::clean(notice.message.trim()),
        retry_at: None,
    }
}

/// What an error on a request's own way says.
fn failed(error: &Theirs, is_no: impl Fn(i32) -> bool) -> Settled {
    let Theirs::Notice(notice) = error else {
        return Settled::Unknown(Text::from(format!("the connection was lost before an answer: {error}")));
    };
    if notice.code == code::PACING {
        Settled::TooMany(Text::from(words(notice)))
    } else if is_no(notice.code) {
        Settled::Refused(refusal(notice))
    } else {
        Settled::Unknown(Text::from(words(notice)))
    }
}

/// Is it this order that is told of, as it was to be?
fn is_as_asked(told: &Order, wanted: &Order) -> bool {
    told.limit_price.filter(|_| wanted.limit_price.is_some()) == wanted.limit_price
        && told.aux_price.filter(|_| wanted.aux_price.is_some()) == wanted.aux_price
        && told.trailing_percent.filter(|_| wanted.trailing_percent.is_some()) == wanted.trailing_percent
        && told.tif == wanted.tif
        && is_same_number(told.total_quantity, wanted.total_quantity)
}

/// Both were written by the same rule: the same decimal is the same number.
#[expect(clippy::float_cmp, reason = "not a result of arithmetic: what was sent comes back")]
fn is_same_number(a: f64, b: f64) -> bool {
    a == b
}

/// Does an order stand as a change wanted it?
pub fn is_changed(told: &Order, wanted: &Order) -> bool {
    is_as_asked(told, wanted)
}

/// Waits for what becomes of an order that was written, until `most` has passed. Of a `change` only an order with its
/// terms is the answer: TWS may be telling of the order as it was.
pub async fn placed(sub: &mut Subscription<PlaceOrder>, most: Duration, change: Option<&Order>) -> Settled {
    let mut status: Option<OrderStatus> = None;
    let mut data: Option<Box<OrderData>> = None;
    let clock = tokio::time::sleep(most);
    let reason = tokio::time::sleep(most);
    tokio::pin!(clock, reason);
    let mut is_inactive = false;
    loop {
        let item = tokio::select! {
            item = sub.next() => item,
            () = &mut reason, if is_inactive => return Settled::Taken(data, status),
            () = &mut clock => {
                let why = format!("no answer in {} ms", most.as_millis());
                return Settled::Unknown(Text::from(why));
            }
        };
        match item {
            None => return Settled::Unknown(Text::from("the connection was lost before an answer")),
            Some(Err(error)) => return failed(&error, is_refusal),
            Some(Ok(SubscriptionItem::Notice(notice))) => {
                if notice.code == code::CANCELLED && change.is_none() && data.is_none() {
                    return Settled::Refused(refusal(&notice));
                }
                tracing::debug!("TWS remarks on an order: {}", Text::from(words(&notice)));
            }
            Some(Ok(SubscriptionItem::Data(PlaceOrder::OpenOrder(told)))) => {
                let is_dead = told.order_state.status == OrderStatusKind::Inactive;
                let is_it = change.is_none_or(|wanted| is_as_asked(&told.order, wanted));
                data = Some(Box::new(told));
                if is_it && !is_dead {
                    return Settled::Taken(data, status);
                }
                if is_dead && !is_inactive {
                    is_inactive = true;
                    reason.set(tokio::time::sleep(REASON_WAIT));
                }
            }
            Some(Ok(SubscriptionItem::Data(PlaceOrder::OrderStatus(told)))) => {
                let is_dead = told.status == OrderStatusKind::Inactive;
                status = Some(told);
                if change.is_none() && !is_dead {
                    return Settled::Taken(data, status);
                }
                if is_dead && !is_inactive {
                    is_inactive = true;
                    reason.set(tokio::time::sleep(REASON_WAIT));
                }
            }
            Some(Ok(SubscriptionItem::Data(
                PlaceOrder::ExecutionData(_) | PlaceOrder::CommissionReport(_),
            ))) => {
                if change.is_none() {
                    return Settled::Taken(data, status);
                }
            }
        }
    }
}

/// Waits for what becomes of a cancel. The first that comes may still be old news of the order.
pub async fn cancelled(sub: &mut Subscription<CancelOrder>, most: Duration) -> Settled {
    let wait = async {
        loop {
            match sub.next().await {
                None => return Settled::Unknown(Text::from("the connection was lost before an answer")),
                Some(Err(error)) => return failed(&error, is_cancel_refusal),
                Some(Ok(SubscriptionItem::Notice(notice))) => {
                    if notice.code == code::CANCELLED {
                        return Settled::Taken(None, None);
                    }
                    if is_cancel_refusal(notice.code) {
                        return Settled::Refused(refusal(&notice));
                    }
                }
                Some(Ok(SubscriptionItem::Data(CancelOrder::OrderStatus(status)))) => match status.status {
                    OrderStatusKind::PendingCancel
                    | OrderStatusKind::ApiCancelled
                    | OrderStatusKind::Cancelled => {
                        return Settled::Taken(None, Some(status));
                    }
                    OrderStatusKind::Filled => {
                        let text = Text::from("the order has filled");
                        return Settled::Refused(Refusal {
                            code: Text::from("filled"),
                            text,
                            retry_at: None,
                        });
                    }
                    OrderStatusKind::ApiPending
                    | OrderStatusKind::PendingSubmit
                    | OrderStatusKind::PreSubmitted
                    | OrderStatusKind::Submitted
                    | OrderStatusKind::Inactive
                    | OrderStatusKind::Unknown(_) => {}
                },
            }
        }
    };
    match tokio::time::timeout(most, wait).await {
        Ok(settled) => settled,
        Err(_) => Settled::Unknown(Text::from(format!("no answer in {} ms", most.as_millis()))),
    }
}

/// Until when TWS wants no more, in a refusal.
pub fn limited(text: Text, until: Mono) -> Refusal {
    Refusal { code: Text::from(code::PACING.to_string()), text, retry_at: Some(until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(code: i32) -> Theirs {
        Theirs::Notice(Notice {
            request_id: Some(7),
            code,
            message: "Order rejected - reason:\u{1b}[31mno".into(),
            error_time: None,
            advanced_order_reject_json: String::new(),
        })
    }

    #[test]
    fn only_what_is_documented_is_a_refusal() {
        for code in [104, 105, 110, 111, 200, 201, 203, 321, 387, 10_243, 10_268] {
            let Settled::Refused(no) = failed(&notice(code), is_refusal) else { panic!("{code}") };
            assert!(!no.text.as_str().contains('\u{1b}'));
        }
        for code in [103, 135, 161, 202, 322, 399, 404, 504, 1_100, 10_147, 10_148, 10_400, 99_999, 0, -1] {
            assert!(matches!(failed(&notice(code), is_refusal), Settled::Unknown(_)), "{code}");
        }
        assert!(matches!(failed(&notice(100), is_refusal), Settled::TooMany(_)));
        for error in [
            Theirs::ConnectionReset,
            Theirs::Shutdown,
            Theirs::Timeout,
            Theirs::Parse(0, "a".into(), "b".into()),
        ] {
            assert!(matches!(failed(&error, is_refusal), Settled::Unknown(_)));
        }
        for (code, is_no) in
            [(135, true), (161, true), (10_147, true), (10_148, true), (201, false), (202, false)]
        {
            assert_eq!(is_cancel_refusal(code), is_no, "{code}");
        }
    }
}
