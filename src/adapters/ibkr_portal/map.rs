//! The gateway's words into ours, purely. What can't be read is an error that names the field; a status that nobody
//! knows is kept as it is, and the order stays an open risk.

pub mod account;
pub mod contracts;
pub mod market;
pub mod questions;
pub mod request;

use super::{
    memory::{Contract, Known, Memory, Name},
    wire::{Row, Trade},
};
use crate::{
    adapters::Error,
    domain::{
        ids::{ClientId, ExecutionId, VenueOrderId},
        lifecycle::OrderEvent,
        money::{Money, NumberError, Price, Qty},
        order::{Amount, Attached, OrderKind, OrderSpec, OrderType, Role, Side, Tif},
        report::{Execution, Fee, Liquidity, OrderReport},
        text::Text,
        time::Stamp,
    },
};
use std::str::FromStr;

type Result<T> = std::result::Result<T, Error>;

/// A number as the gateway writes it: some are texts with thousands marked.
pub(super) fn number<T: FromStr<Err = NumberError>>(place: &'static str, text: &str) -> Result<T> {
    text.replace(',', "").trim().parse().map_err(|e| Error::message(place, e))
}

fn maybe<T: FromStr<Err = NumberError>>(place: &'static str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| number(place, text)).transpose()
}

fn needed<T: FromStr<Err = NumberError>>(place: &'static str, text: Option<&str>) -> Result<T> {
    number(place, text.ok_or_else(|| Error::message(place, "it is missing"))?)
}

/// A number where it can be read.
pub(super) fn loose<T: FromStr<Err = NumberError>>(text: &str) -> Option<T> {
    number("", text).ok()
}

pub(super) fn stamp(place: &'static str, ms: &str) -> Result<Stamp> {
    let at = ms.trim().parse().ok().and_then(Stamp::from_millis);
    at.ok_or_else(|| Error::message(place, format!("`{}` is no time in milliseconds", Text::clean(ms))))
}

fn whole(place: &'static str, text: Option<&str>) -> Result<i64> {
    let text = text.ok_or_else(|| Error::message(place, "it is missing"))?;
    text.parse().map_err(|_| Error::message(place, format!("`{}` is no number", Text::clean(text))))
}

/// Without zeros at the end: `5.0` shares are 5.
fn normal(q: Qty) -> Qty {
    Qty::new(q.get().normalize()).unwrap_or(q)
}

/// Buy or sell, in any of the gateway's spellings.
///
/// # Errors
/// When it is neither.
pub fn side(word: &str) -> Result<Side> {
    match word.to_ascii_uppercase().as_str() {
        "B" | "BUY" | "BOT" => Ok(Side::Buy),
        "S" | "SELL" | "SLD" | "SSHORT" => Ok(Side::Sell),
        _ => Err(Error::message("side", format!("`{}` is not known", Text::clean(word)))),
    }
}

/// Has an order of this status ended?
pub fn is_over(word: &str) -> bool {
    matches!(word, "Filled" | "Cancelled")
}

/// How much of an order has filled, by its row.
pub fn filled(row: &Row) -> Qty {
    row.filled_quantity.as_deref().and_then(loose).map_or(Qty::ZERO, normal)
}

/// What kind of order, in the gateway's several spellings: `Stop Limit`, `STOP_LIMIT`, `STPLMT`.
fn kind(word: &str) -> Option<OrderKind> {
    let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(match plain.to_ascii_uppercase().as_str() {
        "MKT" | "MARKET" => OrderKind::Market,
        "LMT" | "LIMIT" => OrderKind::Limit,
        "STP" | "STOP" => OrderKind::Stop,
        "STOPLIMIT" | "STPLMT" | "STOPLMT" => OrderKind::StopLimit,
        "TRAIL" | "TRAILINGSTOP" | "TRAILSTOP" => OrderKind::TrailingStop,
        _ => return None,
    })
}

fn kind_of(row: &Row) -> Option<OrderKind> {
    let words = [row.order_type.as_deref(), row.orig_order_type.as_deref()];
    words.into_iter().flatten().find_map(kind)
}

/// The part of a child: a limit takes the profit, everything else limits the loss.
pub fn role(row: &Row) -> Role {
    if kind_of(row) == Some(OrderKind::Limit) { Role::Target } else { Role::Stop }
}

/// The name of a member of `client`'s group.
///
/// # Errors
/// When the order was not made here.
pub fn member(client: &ClientId, role: Role) -> Result<ClientId> {
    crate::adapters::members::member("parentId", client, role)
}

/// An order's type and prices. What the row leaves out is what was sent; an order of somebody else's without them is
/// told as the one that it becomes once it is triggered.
fn order_type(row: &Row, sent: Option<&OrderSpec>) -> Result<OrderType> {
    let sent = sent.map(|spec| spec.order_type);
    let price = maybe::<Price>("price", row.price.as_deref())?.filter(|p| !p.is_zero());
    let aux = row.aux_price.as_deref().or(row.stop_price.as_deref());
    let aux = maybe::<Price>("auxPrice", aux)?.filter(|p| !p.is_zero());
    let told = kind_of(row).or_else(|| sent.map(OrderType::kind));
    let sent = sent.filter(|t| told == Some(t.kind()));
    let missing = |place| Error::message(place, "it is missing");
    match told {
        Some(OrderKind::Market) => Ok(OrderType::Market),
        Some(OrderKind::Limit) => {
            let limit = price.or(sent.and_then(OrderType::limit)).ok_or_else(|| missing("price"))?;
            Ok(OrderType::Limit { limit })
        }
        Some(OrderKind::Stop) => {
            // The ticket has it as its price, and so do some rows.
            let stop = aux.or(price).or(sent.and_then(OrderType::stop)).ok_or_else(|| missing("auxPrice"))?;
            Ok(OrderType::Stop { stop })
        }
        Some(OrderKind::StopLimit) => Ok(OrderType::StopLimit {
            stop: aux.or(sent.and_then(OrderType::stop)).ok_or_else(|| missing("auxPrice"))?,
            limit: price.or(sent.and_then(OrderType::limit)).ok_or_else(|| missing("price"))?,
        }),
        Some(OrderKind::TrailingStop) => match (sent, aux.or(price)) {
            (Some(trailing), _) => Ok(trailing),
            (None, Some(stop)) => Ok(OrderType::Stop { stop }),
            (None, None) => Err(missing("auxPrice")),
        },
        None => Ok(price.map_or(OrderType::Market, |limit| OrderType::Limit { limit })),
    }
}

/// `CLOSE` is how the vendor's own answers write the end of the day.
fn tif(word: Option<&str>, sent: Option<&OrderSpec>) -> Tif {
    match word.map(str::to_ascii_uppercase).as_deref() {
        Some("GTC" | "GTD") => Tif::Gtc,
        Some("IOC") => Tif::Ioc,
        Some("FOK") => Tif::Fok,
        Some("OPG") => Tif::Opg,
        Some("DAY" | "CLOSE") => Tif::Day,
        Some(_) | None => sent.map_or(Tif::Day, |spec| spec.tif),
    }
}

/// What a status word means for the order's life. What is not listed is kept, never guessed.
///
/// `waits`: it hangs on an order that has not filled.
pub fn status(row: &Row, waits: bool) -> OrderEvent {
    let word = row.status.as_deref().unwrap_or_default();
    match word {
        "PendingSubmit" => OrderEvent::Accepted,
        "PreSubmitted" if waits => OrderEvent::Held,
        // The venue's own servers watch it: a stop that stands.
        "PreSubmitted" if kind_of(row).is_some_and(OrderKind::can_be_held) => OrderEvent::Working,
        "PreSubmitted" => OrderEvent::Accepted,
        "Submitted" if waits => OrderEvent::Held,
        "Submitted" => OrderEvent::Working,
        "Filled" => OrderEvent::FilledWhole,
        "PendingCancel" | "PreCancelled" => OrderEvent::CancelAsked,
        // The system's own reason is told where it refused the order as well as where it ended it.
        "Cancelled" if row.reason.is_some() && filled(row).is_zero() => OrderEvent::Rejected,
        "Cancelled" => OrderEvent::Cancelled,
        // Not transmitted, or stopped: it may come back, and can't fill meanwhile.
        "Inactive" | "WarnState" => OrderEvent::Suspended,
        _ => OrderEvent::Unrecognised,
    }
}

/// An order as the venue has it, under the name that it goes by here. `contract` is what it is in.
///
/// # Errors
/// Names the first field that can't be read.
pub fn order(memory: &Memory, number: i64, contract: &Contract) -> Result<OrderReport> {
    let missing = || Error::message("orderId", format!("{number} is not known"));
    let known = memory.order(number).ok_or_else(missing)?;
    let name = memory.name(number).ok_or_else(missing)?;
    let (row, sent) = (&known.row, known.spec.as_ref());
    let parent = memory.parent(number);
    let above = memory.above(number).and_then(|above| memory.order(above));
    let waits = above.is_some_and(|above| !above.row.status.as_deref().is_some_and(is_over));
    let order_type = order_type(row, sent)?;
    let all = filled(row);
    let total = match maybe::<Qty>("totalSize", row.total_size.as_deref())? {
        Some(total) => total,
        None => all
            .checked_add(needed("remainingQuantity", row.remaining_quantity.as_deref())?)
            .ok_or_else(|| Error::message("remainingQuantity", "the sum is too large"))?,
    };
    let is_trailing = kind_of(row) == Some(OrderKind::TrailingStop);
    let trail_at = row.aux_price.as_deref().or(row.stop_price.as_deref()).or(row.price.as_deref());
    let avg_price = maybe::<Price>("avgPrice", row.avg_price.as_deref())?.filter(|p| !p.is_zero());
    Ok(OrderReport {
        venue_id: venue_id(number, &name)?,
        instrument: contract.instrument.id.clone(),
        side: side(row.side.as_deref().unwrap_or_default())?,
        amount: Amount::Qty(normal(total.saturating_sub(name.base))),
        tif: tif(row.time_in_force.as_deref(), sent),
        extended: row.outside_rth.as_deref().map_or(sent.is_some_and(|s| s.extended), |w| w == "true"),
        attached: sent.map_or(Attached::Simple, |spec| spec.attached),
        show: None,
        status: status(row, waits),
        status_word: Text::clean(row.status.as_deref().unwrap_or_default()),
        source: None,
        filled: all.saturating_sub(name.base),
        // Of an order that was changed after a part had filled it is the average of both.
        avg_price: avg_price.filter(|_| name.base.is_zero()),
        role: parent.as_ref().map(|(_, role)| *role),
        parent: parent.map(|(client, _)| client),
        replaces: known.before.as_ref().and_then(|old| old.venue_id(number)),
        replaced_by: None,
        trailing_stop: trail_at.filter(|_| is_trailing).and_then(loose),
        reason: row.reason.as_deref().map(Text::clean),
        submitted: None,
        order_type,
        client: name.client,
    })
}

/// The order that was changed, as it ended: another took its place.
pub fn replaced(known: &Known, number: i64, now: &OrderReport) -> Option<OrderReport> {
    let before = known.before.as_ref()?;
    let filled = known.name.as_ref().map_or(Qty::ZERO, |name| name.base).saturating_sub(before.base);
    Some(OrderReport {
        client: before.client.clone(),
        venue_id: before.venue_id(number)?,
        status: OrderEvent::Replaced,
        status_word: Text::from("changed"),
        source: None,
        filled,
        avg_price: None,
        replaces: None,
        replaced_by: Some(now.venue_id.clone()),
        ..now.clone()
    })
}

fn venue_id(number: i64, name: &Name) -> Result<VenueOrderId> {
    name.venue_id(number).ok_or_else(|| Error::message("orderId", format!("{number} is no id")))
}

/// An execution's side and size, to tell whose it is.
///
/// # Errors
/// Names the first field that can't be read.
pub fn side_and_size(t: &Trade) -> Result<(Side, Qty)> {
    Ok((side(t.side.as_deref().unwrap_or_default())?, normal(needed("size", t.size.as_deref())?)))
}

/// An execution of the order `number`, or of one that the venue does not list any more. The vendor does not say in
/// what a commission is; it is taken to be what the instrument is paid in.
///
/// # Errors
/// Names the first field that can't be read.
pub fn execution(
    memory: &Memory,
    number: Option<i64>,
    t: &Trade,
    contract: &Contract,
    now: Stamp,
) -> Result<Execution> {
    let id = t.execution_id.as_deref().ok_or_else(|| Error::message("execution_id", "it is missing"))?;
    let (first, revision) = execution_id(id);
    let (side, qty) = side_and_size(t)?;
    let (client, venue_id) = match number.and_then(|n| Some((n, memory.name(n)?))) {
        Some((number, name)) => (name.client.clone(), venue_id(number, &name)?),
        None => of_the_past(t, id)?,
    };
    let commission: Option<Money> = maybe("commission", t.commission.as_deref())?;
    let fee = commission.filter(|m| !m.is_zero());
    let at = t.trade_time_r.as_deref().map(|ms| stamp("trade_time_r", ms)).transpose()?;
    Ok(Execution {
        id: ExecutionId::new(&first).map_err(|e| Error::message("execution_id", e))?,
        client,
        venue_id,
        instrument: contract.instrument.id.clone(),
        side,
        qty,
        price: needed("price", t.price.as_deref())?,
        cum: None,
        fee: fee.map(|amount| Fee { amount, currency: contract.instrument.quote.clone() }),
        liquidity: Liquidity::Unknown,
        at: at.unwrap_or(now),
        revision,
        seen: None,
    })
}

/// The id that an execution was first told under, and how often it was corrected since: a correction has the next number
/// behind the last dot (`0000e0d5.6047f2a0.01.02` of `….01`), as TWS documents of the same ids (`execId` of its Execution).
pub fn execution_id(told: &str) -> (String, u32) {
    let version = told.rsplit_once('.').filter(|(_, last)| last.len() == 2);
    let version =
        version.and_then(|(lasting, last)| Some((lasting, last.parse::<u32>().ok()?.checked_sub(1)?)));
    version.map_or_else(|| (told.to_owned(), 0), |(lasting, revision)| (format!("{lasting}.01"), revision))
}

/// The names of an order of an earlier day: by our id where it is told.
fn of_the_past(t: &Trade, execution: &str) -> Result<(ClientId, VenueOrderId)> {
    let number = t.order_id.clone().unwrap_or_else(|| format!("of-{execution}"));
    let venue_id = VenueOrderId::new(&number).map_err(|e| Error::message("order_id", e))?;
    let client = match t.order_ref.as_deref() {
        Some(own) => ClientId::new(own).map_err(|e| Error::message("order_ref", e))?,
        None => ClientId::of_venue(&venue_id),
    };
    Ok((client, venue_id))
}
