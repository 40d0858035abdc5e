//! Our orders into tickets. What the gateway has no word for is refused here with a sentence, before anything leaves.

use super::member;
use crate::{
    adapters::ibkr_portal::{
        memory::{Contract, SecType},
        wire::sent::{Orders, Ticket},
    },
    domain::{
        ids::ClientId,
        money::{Price, Qty},
        order::{Amount, Attached, OrderSpec, OrderType, Role, Side, StopLeg, Submission, Tif, Trail},
    },
};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// Why an order can't be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// No word for it.
    #[error("Interactive Brokers' gateway has no {0}")]
    Lacks(&'static str),
    /// The parts do not fit together.
    #[error("{0}")]
    Misfit(String),
}

/// One order of a request: its ticket, and what it is here.
#[derive(Debug, Clone)]
pub struct Part {
    /// Our id.
    pub client: ClientId,
    /// What it says.
    pub spec: OrderSpec,
    /// The order that it hangs on.
    pub parent: Option<(ClientId, Role)>,
}

/// What is sent, and which orders that makes, in the same order.
#[derive(Debug)]
pub struct Written {
    /// The body.
    pub orders: Orders,
    /// What each of them is.
    pub parts: Vec<Part>,
}

/// A new order, with what hangs on it.
///
/// # Errors
/// When the gateway has no word for a part of it.
pub fn new_order(account: &str, contract: &Contract, s: &Submission) -> Result<Written, Unwritable> {
    let own = ticket(account, contract, &s.spec, None)?;
    let first = Ticket { client: Some(s.client.as_str().to_owned()), ..own };
    let mut written = Written {
        orders: Orders { orders: vec![first] },
        parts: vec![Part { client: s.client.clone(), spec: s.spec.clone(), parent: None }],
    };
    let (target, stop) = match s.spec.attached {
        Attached::Simple => return Ok(written),
        Attached::Bracket { target, stop } => (Some(target), Some(stop)),
        Attached::OtoStop { stop } => (None, Some(stop)),
        Attached::OtoTarget { target } => (Some(target), None),
        Attached::Oco { stop } => {
            pair(account, contract, s, stop, &mut written)?;
            return Ok(written);
        }
    };
    let legs = [
        stop.map(|leg| (stop_type(leg), Role::Stop)),
        target.map(|limit| (OrderType::Limit { limit }, Role::Target)),
    ];
    for (order_type, role) in legs.into_iter().flatten() {
        let spec = leg(&s.spec, s.spec.side.opposite(), order_type);
        let hung = ticket(account, contract, &spec, None)?;
        // The vendor wants no id of ours on a child.
        written.orders.orders.push(Ticket { parent: Some(s.client.as_str().to_owned()), ..hung });
        let client = member(&s.client, role).map_err(|e| Unwritable::Misfit(e.to_string()))?;
        written.parts.push(Part { client, spec, parent: Some((s.client.clone(), role)) });
    }
    Ok(written)
}

/// Two exits of which one cancels the other: the order's own limit, and the stop. Neither hangs on the other, so each
/// has an id.
fn pair(
    account: &str,
    contract: &Contract,
    s: &Submission,
    stop: StopLeg,
    written: &mut Written,
) -> Result<(), Unwritable> {
    let spec = leg(&s.spec, s.spec.side, stop_type(stop));
    let client = member(&s.client, Role::Stop).map_err(|e| Unwritable::Misfit(e.to_string()))?;
    let second = ticket(account, contract, &spec, None)?;
    written.orders.orders.push(Ticket { client: Some(client.as_str().to_owned()), ..second });
    for one in &mut written.orders.orders {
        one.is_single_group = Some(true);
    }
    written.parts.push(Part { client, spec, parent: Some((s.client.clone(), Role::Stop)) });
    Ok(())
}

const fn stop_type(leg: StopLeg) -> OrderType {
    match leg.limit {
        None => OrderType::Stop { stop: leg.stop },
        Some(limit) => OrderType::StopLimit { stop: leg.stop, limit },
    }
}

/// What hangs on an order stands as long as it, and beyond it where it is over at once.
fn leg(of: &OrderSpec, side: Side, order_type: OrderType) -> OrderSpec {
    let tif = if of.tif == Tif::Day { Tif::Day } else { Tif::Gtc };
    OrderSpec { side, order_type, tif, extended: false, attached: Attached::Simple, ..of.clone() }
}

/// An order as it will stand, in full: what a change leaves out the venue would reset. `qty` is its whole size there,
/// what an older name of it had filled included.
///
/// # Errors
/// When the gateway has no word for a part of it.
pub fn changed(
    account: &str,
    contract: &Contract,
    after: &OrderSpec,
    qty: Qty,
) -> Result<Ticket, Unwritable> {
    ticket(account, contract, after, Some(qty))
}

fn ticket(
    account: &str,
    contract: &Contract,
    spec: &OrderSpec,
    qty: Option<Qty>,
) -> Result<Ticket, Unwritable> {
    if !matches!(contract.sec_type, SecType::Stock | SecType::Option) {
        return Err(Unwritable::Misfit(format!(
            "{} can't be traded here, only watched",
            spec.instrument.symbol
        )));
    }
    if spec.post_only {
        return Err(Unwritable::Lacks("post-only orders"));
    }
    let Amount::Qty(own) = spec.amount else {
        return Err(Unwritable::Lacks("orders in money for what is traded here"));
    };
    let qty = qty.unwrap_or(own);
    if !qty.is_multiple_of(contract.instrument.whole_lot) {
        return Err(Unwritable::Misfit(format!("only whole units are traded there, {qty} is none")));
    }
    let (word, price, aux, trail) = match spec.order_type {
        OrderType::Market => ("MKT", None, None, None),
        OrderType::Limit { limit } => ("LMT", Some(limit), None, None),
        OrderType::Stop { stop } => ("STP", Some(stop), None, None),
        OrderType::StopLimit { stop, limit } => ("STOP_LIMIT", Some(limit), Some(stop), None),
        OrderType::TrailingStop { trail } => ("TRAIL", None, None, Some(trail)),
    };
    Ok(Ticket {
        acct_id: account.to_owned(),
        conid: contract.conid,
        client: None,
        parent: None,
        is_single_group: None,
        order_type: word,
        price: price.map(digits_of).transpose()?,
        aux_price: aux.map(digits_of).transpose()?,
        trailing_type: trail.map(|t| match t {
            Trail::Amount(_) => "amt",
            Trail::Percent(_) => "%",
        }),
        trailing_amt: match trail {
            None => None,
            Some(Trail::Amount(amount)) => Some(digits(amount.get())?),
            Some(Trail::Percent(percent)) => Some(digits(percent.get())?),
        },
        side: match spec.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        },
        quantity: digits(qty.get())?,
        tif: tif(spec.tif)?,
        outside_rth: spec.extended,
    })
}

const fn tif(tif: Tif) -> Result<&'static str, Unwritable> {
    match tif {
        Tif::Day => Ok("DAY"),
        Tif::Gtc => Ok("GTC"),
        Tif::Ioc => Ok("IOC"),
        Tif::Opg => Ok("OPG"),
        Tif::Fok => Err(Unwritable::Lacks("orders that fill whole at once or not at all")),
        Tif::Cls => Err(Unwritable::Lacks("closing auction")),
        Tif::Gtd(_) => Err(Unwritable::Lacks("orders until a date")),
    }
}

fn digits_of(price: Price) -> Result<Box<RawValue>, Unwritable> {
    digits(price.get())
}

/// A number with the digits that it has.
fn digits(n: Decimal) -> Result<Box<RawValue>, Unwritable> {
    let text = n.normalize().to_string();
    RawValue::from_string(text).map_err(|e| Unwritable::Misfit(e.to_string()))
}
