//! IBKR's words into ours, purely. What can't be read is an error that names the field; a status that nobody knows is
//! kept as it is, and the order stays an open risk.

pub mod account;
pub mod contract;
pub mod market;
pub mod request;
pub mod rules;

use self::contract::symbol_of;
use super::wire::{decimal, maybe_decimal, stamp};
use crate::{
    adapters::Error,
    domain::{
        ids::{ClientId, Currency, ExecutionId, InstrumentId, VenueId, VenueOrderId},
        lifecycle::OrderEvent,
        money::{Money, Percent, Price, Qty},
        order::{Amount, Attached, OrderType, Role, Side, StopLeg, Tif, Trail},
        report::{Execution, Fee, Liquidity, OrderReport},
        text::Text,
    },
};
use ibapi::{
    contracts::Contract,
    orders::{
        self as theirs, Action, CommissionReport, ExecutionData, ExecutionSide, Order, OrderData,
        OrderStatus, OrderStatusKind, TimeInForce,
    },
};
use rust_decimal::Decimal;
use smol_str::format_smolstr;

type Result<T> = std::result::Result<T, Error>;

/// The name of a member of `client`'s group.
///
/// # Errors
/// When the order was not made here.
pub fn member(client: &ClientId, role: Role) -> Result<ClientId> {
    crate::adapters::members::member("orderRef", client, role)
}

/// By the number that the whole account knows the order by; before it has one, by the program's and its own.
///
/// # Errors
/// Never in practice.
pub fn venue_id(perm_id: i64, client_id: i32, order_id: i32) -> Result<VenueOrderId> {
    let name =
        if perm_id > 0 { format_smolstr!("{perm_id}") } else { format_smolstr!("{client_id}:{order_id}") };
    VenueOrderId::new(&name).map_err(|e| Error::message("permId", e))
}

/// The name that the order's maker gave it; one is derived where there is none.
///
/// # Errors
/// When it can't be shown, or is longer than any of ours.
pub fn client_of(reference: &str, venue_id: &VenueOrderId) -> Result<ClientId> {
    if reference.is_empty() {
        return Ok(ClientId::of_venue(venue_id));
    }
    ClientId::new(reference).map_err(|e| Error::message("orderRef", e))
}

fn instrument(venue: &VenueId, contract: &Contract) -> Result<InstrumentId> {
    Ok(InstrumentId { venue: venue.clone(), symbol: symbol_of(contract)? })
}

fn qty(place: &'static str, v: f64) -> Result<Qty> {
    let d = decimal(place, v)?;
    Qty::new(d).ok_or_else(|| Error::message(place, format!("{d} is below zero")))
}

fn price(place: &'static str, v: Option<f64>) -> Result<Option<Price>> {
    Ok(v.map(|v| maybe_decimal(place, v)).transpose()?.flatten().map(Price::new))
}

fn needed(place: &'static str, v: Option<f64>) -> Result<Price> {
    price(place, v)?.ok_or_else(|| Error::message(place, "it is missing"))
}

const fn side(action: Action) -> Side {
    match action {
        Action::Buy => Side::Buy,
        Action::Sell | Action::SellShort | Action::SellLong => Side::Sell,
    }
}

/// What people or other programs made may be of types that are not made here. Each is open risk all the same: with a
/// limit it is taken for a limit order, without one for an order that fills anywhere. What waits to take a profit is
/// told as a limit at the price that wakes it.
fn order_type(o: &Order) -> Result<OrderType> {
    let limit = || needed("lmtPrice", o.limit_price);
    let stop = || needed("auxPrice", o.aux_price);
    match o.order_type.as_str() {
        "LMT" | "LOC" => Ok(OrderType::Limit { limit: limit()? }),
        "STP" => Ok(OrderType::Stop { stop: stop()? }),
        "STP LMT" => Ok(OrderType::StopLimit { stop: stop()?, limit: limit()? }),
        "TRAIL" | "TRAIL LIMIT" => {
            let percent =
                o.trailing_percent.map(|v| maybe_decimal("trailingPercent", v)).transpose()?.flatten();
            let trail = match percent.filter(|p| !p.is_zero()) {
                Some(percent) => Trail::Percent(Percent::new(percent)),
                None => Trail::Amount(stop()?),
            };
            Ok(OrderType::TrailingStop { trail })
        }
        "LIT" => Ok(OrderType::Limit { limit: limit()? }),
        "MIT" => Ok(OrderType::Limit { limit: stop()? }),
        "MKT" | "MOC" => Ok(OrderType::Market),
        _ => Ok(match price("lmtPrice", o.limit_price)?.filter(|p| !p.is_zero()) {
            Some(limit) => OrderType::Limit { limit },
            None => OrderType::Market,
        }),
    }
}

fn tif(o: &Order) -> Result<Tif> {
    if matches!(o.order_type.as_str(), "MOC" | "LOC") {
        return Ok(Tif::Cls);
    }
    match &o.tif {
        TimeInForce::Day | TimeInForce::DayTillCanceled => Ok(Tif::Day),
        TimeInForce::ImmediateOrCancel => Ok(Tif::Ioc),
        TimeInForce::FillOrKill => Ok(Tif::Fok),
        TimeInForce::OnOpen | TimeInForce::Auction => Ok(Tif::Opg),
        // What is not known here stays longest.
        TimeInForce::GoodTillCanceled | TimeInForce::GoodTillCrossing | TimeInForce::Unknown(_) => {
            Ok(Tif::Gtc)
        }
        TimeInForce::GoodTillDate => {
            let day = o.good_till_date.get(..8).unwrap_or_default();
            let date = jiff::civil::Date::strptime("%Y%m%d", day);
            date.map(Tif::Gtd).map_err(|e| Error::message("goodTillDate", e))
        }
    }
}

/// What a status word means for the order's life (IBKR's "TWS API v9.72+: Order Status"). What is not listed is kept,
/// never guessed.
pub fn status(word: &OrderStatusKind, filled: Qty, held: &str) -> OrderEvent {
    match word {
        OrderStatusKind::ApiPending | OrderStatusKind::PendingSubmit => OrderEvent::Accepted,
        OrderStatusKind::PreSubmitted | OrderStatusKind::Submitted if filled.is_positive() => {
            OrderEvent::FilledInPart
        }
        // Waits for its parent, or for shares to be borrowed.
        OrderStatusKind::PreSubmitted if held.split(',').any(|w| matches!(w.trim(), "child" | "locate")) => {
            OrderEvent::Held
        }
        // What TWS or IBKR's servers simulate, or what waits for the open, is never called otherwise.
        OrderStatusKind::PreSubmitted | OrderStatusKind::Submitted => OrderEvent::Working,
        OrderStatusKind::PendingCancel => OrderEvent::CancelAsked,
        OrderStatusKind::ApiCancelled | OrderStatusKind::Cancelled => OrderEvent::Cancelled,
        OrderStatusKind::Filled => OrderEvent::FilledWhole,
        // "Received by the system but no longer active because it was rejected or cancelled"; it may come back.
        OrderStatusKind::Inactive => OrderEvent::Suspended,
        OrderStatusKind::Unknown(_) => OrderEvent::Unrecognised,
    }
}

/// What is known of an order beside its own words.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Why it was refused, where TWS has said so.
    pub reason: Option<Text>,
    /// The name of the order whose number is its parent's.
    pub parent: Option<ClientId>,
}

/// An order that is open, or was a moment ago.
///
/// # Errors
/// Names the first field that can't be read.
pub fn order(
    venue: &VenueId,
    o: &OrderData,
    told: Option<&OrderStatus>,
    beside: &Beside,
) -> Result<OrderReport> {
    let filled = told.map_or(Ok(Qty::ZERO), |s| qty("filled", s.filled))?;
    let word = told.map_or(&o.order_state.status, |s| &s.status);
    let event = status(word, filled, told.map_or("", |s| &s.why_held));
    let report = one(venue, o, filled, (event, word.as_str()), beside)?;
    let avg_price = match told {
        Some(s) if filled.is_positive() => price("avgFillPrice", s.average_fill_price)?,
        Some(_) | None => None,
    };
    Ok(OrderReport { avg_price, ..report })
}

/// An order that has ended, as the list of those tells it: what it was for is what filled and what did not.
///
/// # Errors
/// Names the first field that can't be read.
pub fn completed(venue: &VenueId, o: &OrderData) -> Result<OrderReport> {
    let filled = qty("filledQuantity", o.order.filled_quantity)?;
    let state = &o.order_state;
    let reason = (!state.completed_status.is_empty()).then(|| Text::clean(&state.completed_status));
    let event = match &state.status {
        OrderStatusKind::Filled => OrderEvent::FilledWhole,
        OrderStatusKind::Cancelled | OrderStatusKind::ApiCancelled => OrderEvent::Cancelled,
        OrderStatusKind::Inactive => OrderEvent::Rejected,
        other @ (OrderStatusKind::ApiPending
        | OrderStatusKind::PendingSubmit
        | OrderStatusKind::PendingCancel
        | OrderStatusKind::PreSubmitted
        | OrderStatusKind::Submitted
        | OrderStatusKind::Unknown(_)) => status(other, filled, ""),
    };
    let beside = Beside { reason: reason.filter(|_| event == OrderEvent::Rejected), parent: None };
    let mut report = one(venue, o, filled, (event, state.status.as_str()), &beside)?;
    if let Amount::Qty(rest) = report.amount {
        let whole = rest.checked_add(filled);
        report.amount = Amount::Qty(whole.ok_or_else(|| Error::message("totalQuantity", "it is too large"))?);
    }
    Ok(report)
}

fn one(
    venue: &VenueId,
    o: &OrderData,
    filled: Qty,
    (event, word): (OrderEvent, &str),
    beside: &Beside,
) -> Result<OrderReport> {
    let order = &o.order;
    let venue_id = venue_id(order.perm_id, order.client_id, o.order_id)?;
    let client = client_of(&order.order_ref, &venue_id)?;
    let order_type = order_type(order)?;
    let refused = o.order_state.reject_reason.as_str();
    let reason = beside.reason.clone().or_else(|| (!refused.is_empty()).then(|| Text::clean(refused)));
    // What was said of a change that was refused is no reason of the order's own.
    let is_dead = matches!(event, OrderEvent::Suspended | OrderEvent::Rejected);
    let reason = reason.filter(|_| is_dead);
    let is_refused = event == OrderEvent::Suspended && reason.is_some();
    let by_name = crate::adapters::members::parent_of(&client);
    let parent = by_name.as_ref().map(|(parent, _)| parent.clone()).or_else(|| beside.parent.clone());
    let role = by_name.map(|(_, role)| role).or_else(|| parent.as_ref().map(|_| role_of(order_type)));
    let trailing_stop = match order_type {
        OrderType::TrailingStop { .. } => price("trailStopPrice", order.trail_stop_price)?,
        OrderType::Market
        | OrderType::Limit { .. }
        | OrderType::Stop { .. }
        | OrderType::StopLimit { .. } => None,
    };
    Ok(OrderReport {
        instrument: instrument(venue, &o.contract)?,
        side: side(order.action),
        amount: amount(order, filled)?,
        tif: tif(order)?,
        extended: order.outside_rth,
        attached: Attached::Simple,
        show: None,
        status: if is_refused { OrderEvent::Rejected } else { event },
        status_word: Text::clean(word),
        source: None,
        filled,
        avg_price: None,
        parent,
        role,
        replaces: None,
        replaced_by: None,
        trailing_stop,
        reason,
        submitted: None,
        order_type,
        client,
        venue_id,
    })
}

/// Orders in money come without a quantity, and what has filled says nothing of how much is left.
fn amount(o: &Order, filled: Qty) -> Result<Amount> {
    let total = qty("totalQuantity", o.total_quantity)?;
    let cash = o.cash_qty.map(|v| maybe_decimal("cashQty", v)).transpose()?.flatten();
    Ok(match cash.filter(|c| *c > Decimal::ZERO && total.is_zero() && filled.is_zero()) {
        Some(cash) => Amount::Notional(Money::new(cash)),
        None => Amount::Qty(total),
    })
}

const fn role_of(order_type: OrderType) -> Role {
    match order_type {
        OrderType::Market | OrderType::Limit { .. } => Role::Target,
        OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => Role::Stop,
    }
}

/// Tells each order what hangs on it, from those that say whom they hang on. `pair` says whether two orders cancel each
/// other without one being the other's parent.
pub fn attach(reports: &mut [OrderReport]) {
    let legs: Vec<(ClientId, Role, OrderType)> =
        reports.iter().filter_map(|r| Some((r.parent.clone()?, r.role?, r.order_type))).collect();
    for report in reports {
        let of = |role: Role| {
            let mut mine = legs.iter().filter(|(parent, ..)| *parent == report.client);
            mine.find(|(_, r, _)| *r == role).map(|(.., order_type)| *order_type)
        };
        let target = of(Role::Target).and_then(OrderType::limit);
        let stop = of(Role::Stop)
            .and_then(|order_type| order_type.stop().map(|stop| StopLeg { stop, limit: order_type.limit() }));
        report.attached = match (target, stop) {
            (Some(target), Some(stop)) => Attached::Bracket { target, stop },
            (Some(target), None) => Attached::OtoTarget { target },
            (None, Some(stop)) => Attached::OtoStop { stop },
            (None, None) => report.attached,
        };
    }
}

/// The id that an execution has for ever, and how often it was corrected: a correction differs from it in the digits behind
/// the last dot alone, `.02` being one of `.01` (IBKR's "TWS API v9.72+: Execution", `execId`).
///
/// # Errors
/// When it is empty or can't be shown.
pub fn execution_id(theirs: &str) -> Result<(ExecutionId, u32)> {
    let (lasting, last) = theirs.rsplit_once('.').unwrap_or((theirs, ""));
    let told: u32 = super::wire::number(last, 0, last.len()).unwrap_or_default();
    let id = ExecutionId::new(lasting).map_err(|e| Error::message("execId", e))?;
    Ok((id, told.saturating_sub(1)))
}

/// An execution, with what it cost where that was told.
///
/// # Errors
/// Names the first field that can't be read.
pub fn execution(venue: &VenueId, e: &ExecutionData, cost: Option<&CommissionReport>) -> Result<Execution> {
    let x = &e.execution;
    let venue_id = venue_id(x.perm_id, x.client_id, x.order_id)?;
    let (id, revision) = execution_id(&x.execution_id)?;
    Ok(Execution {
        id,
        client: client_of(&x.order_reference, &venue_id)?,
        instrument: instrument(venue, &e.contract)?,
        side: match x.side {
            ExecutionSide::Bought => Side::Buy,
            ExecutionSide::Sold => Side::Sell,
        },
        qty: qty("shares", x.shares)?,
        price: Price::new(decimal("price", x.price)?),
        cum: Some(qty("cumQty", x.cumulative_quantity)?).filter(|q| q.is_positive()),
        fee: cost.map(fee).transpose()?.flatten(),
        liquidity: match x.last_liquidity {
            theirs::Liquidity::AddedLiquidity => Liquidity::Maker,
            theirs::Liquidity::RemovedLiquidity | theirs::Liquidity::LiquidityRoutedOut => Liquidity::Taker,
            theirs::Liquidity::None | theirs::Liquidity::Unknown(_) => Liquidity::Unknown,
        },
        at: stamp("time", &x.time)?,
        venue_id,
        revision,
        seen: None,
    })
}

fn fee(cost: &CommissionReport) -> Result<Option<Fee>> {
    let Some(amount) = maybe_decimal("commission", cost.commission)? else { return Ok(None) };
    let currency = Currency::new(&cost.currency).map_err(|e| Error::message("commission currency", e))?;
    Ok(Some(Fee { amount: Money::new(amount), currency }))
}
