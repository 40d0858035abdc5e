//! Binance's words into ours, purely. What can't be read is an error that names the field; a status that nobody knows
//! is kept as it is, and the order stays an open risk.

pub mod account;
pub mod bands;
pub mod coins;
pub mod commission;
pub mod futures;
pub mod margin;
pub mod market;
pub mod request;
pub mod rules;

use self::rules::{Directory, Rules};
use super::wire::{self, events::ExecutionReport};
use crate::{
    adapters::Error,
    domain::{
        ids::{ClientId, Currency, ExecutionId, VenueOrderId},
        lifecycle::OrderEvent,
        money::{Money, NumberError, Percent, Price, Qty},
        order::{Amount, Attached, OrderType, Role, Side, Tif, Trail},
        report::{Execution, Fee, Liquidity, OrderReport},
        text::Text,
        time::Stamp,
    },
};
use rust_decimal::Decimal;
use smol_str::{SmolStr, format_smolstr};
use std::str::FromStr;

type Result<T> = std::result::Result<T, Error>;

pub(super) fn number<T: FromStr<Err = NumberError>>(place: &'static str, n: wire::Number<'_>) -> Result<T> {
    n.text().parse().map_err(|e| Error::message(place, e))
}

fn maybe<T: FromStr<Err = NumberError>>(
    place: &'static str,
    n: Option<wire::Number<'_>>,
) -> Result<Option<T>> {
    n.map(|n| number(place, n)).transpose()
}

fn needed<T: FromStr<Err = NumberError>>(place: &'static str, n: Option<wire::Number<'_>>) -> Result<T> {
    number(place, n.ok_or_else(|| Error::message(place, "it is missing"))?)
}

pub(super) fn stamp(place: &'static str, ms: i64) -> Result<Stamp> {
    Stamp::from_millis(ms).ok_or_else(|| Error::message(place, format!("{ms} is no time in milliseconds")))
}

fn unknown<T>(place: &'static str, word: &str) -> Result<T> {
    Err(Error::message(place, format!("`{}` is not known", Text::clean(word))))
}

fn side(word: &str) -> Result<Side> {
    match word {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        other => unknown("side", other),
    }
}

/// GTX is good till cancelled and adds liquidity only; futures until a date say the date beside.
fn tif(word: &str, until: Option<i64>) -> Result<Tif> {
    match word {
        "GTC" | "GTX" | "GTE_GTC" => Ok(Tif::Gtc),
        "IOC" => Ok(Tif::Ioc),
        "FOK" => Ok(Tif::Fok),
        "GTD" => {
            let ms = until.ok_or_else(|| Error::message("goodTillDate", "it is missing"))?;
            let at = stamp("goodTillDate", ms)?.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
            Ok(Tif::Gtd(at.date()))
        }
        other => unknown("timeInForce", other),
    }
}

/// What a status word means for the order's life. What is not listed is kept, never guessed.
pub fn status(word: &str) -> OrderEvent {
    match word {
        "NEW" => OrderEvent::Working,
        // Of a list whose first order is not filled yet.
        "PENDING_NEW" => OrderEvent::Held,
        "PARTIALLY_FILLED" => OrderEvent::FilledInPart,
        "FILLED" => OrderEvent::FilledWhole,
        "CANCELED" => OrderEvent::Cancelled,
        "PENDING_CANCEL" => OrderEvent::CancelAsked,
        "REJECTED" => OrderEvent::Rejected,
        // In match: it would have traded with the same account.
        "EXPIRED" | "EXPIRED_IN_MATCH" => OrderEvent::Expired,
        _ => OrderEvent::Unrecognised,
    }
}

/// What an order says of its type, wherever it is told.
struct Typed<'a> {
    word: &'a str,
    price: Option<wire::Number<'a>>,
    stop: Option<wire::Number<'a>>,
    delta: Option<wire::Number<'a>>,
    /// The same at futures, in per cent.
    rate: Option<wire::Number<'a>>,
}

/// A take-profit is told as a limit at the price that wakes it: it takes a profit there and protects from nothing,
/// which a stop would be taken for.
fn order_type(t: &Typed<'_>) -> Result<OrderType> {
    let limit = || needed::<Price>("price", t.price);
    let stop = || needed::<Price>("stopPrice", t.stop);
    let delta = maybe::<Percent>("trailingDelta", t.delta)?.filter(|d| d.is_positive());
    let trailing = |bips: Percent| {
        let percent = bips.get().checked_div(Decimal::ONE_HUNDRED).map(|d| Percent::new(d.normalize()));
        percent.ok_or_else(|| Error::message("trailingDelta", "it can't be a percentage"))
    };
    match (t.word, delta) {
        ("MARKET", _) => Ok(OrderType::Market),
        ("LIMIT" | "LIMIT_MAKER" | "TAKE_PROFIT_LIMIT", _) => Ok(OrderType::Limit { limit: limit()? }),
        ("STOP_LOSS", Some(bips)) => Ok(OrderType::TrailingStop { trail: Trail::Percent(trailing(bips)?) }),
        ("STOP_LOSS", None) => Ok(OrderType::Stop { stop: stop()? }),
        ("STOP_LOSS_LIMIT", _) => Ok(OrderType::StopLimit { stop: stop()?, limit: limit()? }),
        ("TAKE_PROFIT", _) if t.price.is_some_and(|p| !is_zero(p)) => {
            Ok(OrderType::Limit { limit: limit()? })
        }
        ("TAKE_PROFIT" | "TAKE_PROFIT_MARKET", _) => Ok(OrderType::Limit { limit: stop()? }),
        ("STOP", _) => Ok(OrderType::StopLimit { stop: stop()?, limit: limit()? }),
        ("STOP_MARKET", _) => Ok(OrderType::Stop { stop: stop()? }),
        ("TRAILING_STOP_MARKET", _) => {
            Ok(OrderType::TrailingStop { trail: Trail::Percent(futures::rate(t.rate)?) })
        }
        // The exchange's own, when it closes what margin does not carry any more.
        ("LIQUIDATION", _) => Ok(OrderType::Market),
        (other, _) => unknown("type", other),
    }
}

fn is_zero(n: wire::Number<'_>) -> bool {
    n.text().parse::<Price>().is_ok_and(Price::is_zero)
}

/// The name of a member of `client`'s group.
///
/// # Errors
/// When the order was not made here.
pub fn member(client: &ClientId, role: Role) -> Result<ClientId> {
    crate::adapters::members::member("newClientOrderId", client, role)
}

fn client_id(text: &str, original: Option<&str>, venue_id: &VenueOrderId) -> Result<ClientId> {
    match original.filter(|o| !o.is_empty()).unwrap_or(text) {
        "" => Ok(ClientId::of_venue(venue_id)),
        name => ClientId::new(name).map_err(|e| Error::message("clientOrderId", e)),
    }
}

/// Orders are numbered by symbol: the symbol is part of the number's name here.
pub fn venue_order_id(native: &str, id: i64) -> Result<VenueOrderId> {
    VenueOrderId::new(&format_smolstr!("{native}:{id}")).map_err(|e| Error::message("orderId", e))
}

/// The number in such a name.
pub fn number_of(id: &VenueOrderId) -> Option<&str> {
    id.as_str().rsplit_once(':').map(|(_, number)| number)
}

/// So are executions.
fn execution_id(native: &str, id: i64) -> Result<ExecutionId> {
    ExecutionId::new(&format_smolstr!("{native}:{id}")).map_err(|e| Error::message("tradeId", e))
}

/// The average of what filled: money by quantity.
fn average(filled: Qty, spent: Option<Money>) -> Option<Price> {
    let price = spent.filter(|m| m.is_positive())?.checked_div(filled.get())?;
    Some(Price::new(price.normalize()))
}

/// `quote` is the order's size in money, which a market order may have instead of one in units.
fn amount(qty: Option<Qty>, quote: Option<Money>, is_market: bool) -> Amount {
    match (qty, quote.filter(|m| m.is_positive())) {
        (_, Some(money)) if is_market => Amount::Notional(money),
        (Some(qty), _) => Amount::Qty(qty),
        (None, _) => Amount::Qty(Qty::ZERO),
    }
}

/// What is shown of an iceberg at a time: one that is none says nothing or zero.
fn shown_of(n: Option<wire::Number<'_>>) -> Result<Option<Qty>> {
    Ok(maybe("icebergQty", n)?.filter(|q: &Qty| q.is_positive()))
}

/// An order.
///
/// # Errors
/// Names the first field that can't be read, or the symbol that is not known.
pub fn order(directory: &Directory, o: &wire::Order<'_>) -> Result<OrderReport> {
    let rules = directory.of_native(&o.symbol)?;
    futures::one_way(o.position_side.as_deref())?;
    let venue_id = venue_order_id(&o.symbol, o.order_id)?;
    let typed = Typed {
        word: &o.order_type,
        price: o.price,
        stop: o.stop_price,
        delta: o.trailing_delta,
        rate: o.price_rate,
    };
    let order_type = order_type(&typed)?;
    let filled: Qty = maybe("executedQty", o.executed_qty)?.unwrap_or(Qty::ZERO);
    let told_avg = maybe::<Price>("avgPrice", o.avg_price)?.filter(|p| p.is_positive());
    let spent = maybe("cummulativeQuoteQty", o.cummulative_quote_qty)?;
    let client = client_id(&o.client_order_id, o.orig_client_order_id.as_deref(), &venue_id)?;
    let at = o.time.or(o.transact_time).or(o.update_time).filter(|ms| *ms > 0);
    let amount = amount(
        maybe("origQty", o.orig_qty)?,
        maybe("origQuoteOrderQty", o.orig_quote_order_qty)?,
        order_type == OrderType::Market,
    );
    let parent = crate::adapters::members::parent_of(&client);
    Ok(OrderReport {
        instrument: rules.instrument.id.clone(),
        side: side(&o.side)?,
        amount,
        tif: tif(&o.time_in_force, o.good_till_date)?,
        extended: false,
        attached: Attached::Simple,
        show: shown_of(o.iceberg_qty)?,
        status: status(&o.status),
        status_word: Text::clean(&o.status),
        source: None,
        filled,
        avg_price: told_avg.or_else(|| average(filled, spent)),
        role: parent.as_ref().map(|(_, role)| *role),
        parent: parent.map(|(client, _)| client),
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: None,
        submitted: at.map(|ms| stamp("time", ms)).transpose()?,
        order_type,
        client,
        venue_id,
    })
}

/// What an execution report of the stream says of its order.
///
/// # Errors
/// Names the first field that can't be read, or the symbol that is not known.
pub fn reported(directory: &Directory, r: &ExecutionReport<'_>) -> Result<OrderReport> {
    let rules = directory.of_native(&r.symbol)?;
    let venue_id = venue_order_id(&r.symbol, r.order_id)?;
    let typed = Typed {
        word: &r.order_type,
        price: Some(r.price),
        stop: Some(r.stop_price),
        delta: r.trailing_delta,
        rate: None,
    };
    let order_type = order_type(&typed)?;
    let filled = number("z", r.filled)?;
    let client = client_id(&r.client, r.original_client.as_deref(), &venue_id)?;
    let reason = r.reason.as_deref().filter(|why| !matches!(*why, "" | "NONE")).map(Text::clean);
    let amount = amount(Some(number("q", r.qty)?), maybe("Q", r.quote_qty)?, order_type == OrderType::Market);
    let parent = crate::adapters::members::parent_of(&client);
    Ok(OrderReport {
        instrument: rules.instrument.id.clone(),
        side: side(&r.side)?,
        amount,
        tif: tif(&r.time_in_force, None)?,
        extended: false,
        attached: Attached::Simple,
        show: shown_of(r.iceberg_qty)?,
        status: status(&r.status),
        status_word: Text::clean(&r.status),
        source: None,
        filled,
        avg_price: average(filled, maybe("Z", r.quote_filled)?),
        role: parent.as_ref().map(|(_, role)| *role),
        parent: parent.map(|(client, _)| client),
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason,
        submitted: r.made_at.filter(|ms| *ms > 0).map(|ms| stamp("O", ms)).transpose()?,
        order_type,
        client,
        venue_id,
    })
}

fn fee(amount: Option<wire::Number<'_>>, asset: Option<&str>) -> Result<Option<Fee>> {
    let amount: Option<Money> = maybe("commission", amount)?;
    let (Some(amount), Some(asset)) = (amount.filter(|a| !a.is_zero()), asset) else { return Ok(None) };
    let currency = Currency::new(asset).map_err(|e| Error::message("commissionAsset", e))?;
    Ok(Some(Fee { amount, currency }))
}

/// The execution in a report of the stream; `None` in all reports but those of a trade.
///
/// # Errors
/// Names the first field that can't be read.
pub fn execution(r: &ExecutionReport<'_>, order: &OrderReport) -> Result<Option<Execution>> {
    if r.execution_type != "TRADE" {
        return Ok(None);
    }
    Ok(Some(Execution {
        id: execution_id(&r.symbol, r.trade_id)?,
        client: order.client.clone(),
        venue_id: order.venue_id.clone(),
        instrument: order.instrument.clone(),
        side: order.side,
        qty: number("l", r.last_qty)?,
        price: number("L", r.last_price)?,
        cum: Some(order.filled),
        fee: fee(r.fee, r.fee_asset.as_deref())?,
        liquidity: if r.is_maker { Liquidity::Maker } else { Liquidity::Taker },
        at: stamp("T", r.at)?,
        revision: 0,
        seen: None,
    }))
}

/// An execution as the account's list tells it, of an order that was looked up.
///
/// # Errors
/// Names the first field that can't be read.
pub fn my_trade(rules: &Rules, t: &wire::MyTrade<'_>, client: &ClientId) -> Result<Execution> {
    Ok(Execution {
        id: execution_id(&t.symbol, t.id)?,
        client: client.clone(),
        venue_id: venue_order_id(&t.symbol, t.order_id)?,
        instrument: rules.instrument.id.clone(),
        side: if t.is_buyer { Side::Buy } else { Side::Sell },
        qty: number("qty", t.qty)?,
        price: number("price", t.price)?,
        cum: None,
        fee: fee(Some(t.commission), Some(&t.commission_asset))?,
        liquidity: if t.is_maker { Liquidity::Maker } else { Liquidity::Taker },
        at: stamp("time", t.time)?,
        revision: 0,
        seen: None,
    })
}

/// A symbol as the streams write it.
pub fn lower(native: &str) -> SmolStr {
    SmolStr::from(native.to_lowercase())
}
