//! Alpaca's words into ours, purely. What can't be read is an error that names the field; a status that
//! nobody knows is kept as it is, and the order stays an open risk.

pub mod market;
pub mod request;

use super::wire;
use crate::{
    adapters::Error,
    domain::{
        ids::{AccountId, ClientId, Currency, ExecutionId, InstrumentId, Symbol, VenueId, VenueOrderId},
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        lifecycle::OrderEvent,
        money::{Money, NumberError, Percent, Price, Qty, Ratio, SignedQty},
        order::{Amount, Attached, OrderType, Role, Side, StopLeg, Tif, Trail},
        payoff::Payoff,
        report::{AccountReport, Execution, Liquidity, OrderReport, PositionReport},
        text::Text,
        time::Stamp,
    },
};
use rust_decimal::Decimal;
use std::str::FromStr;

type Result<T> = std::result::Result<T, Error>;

pub(super) fn number<T: FromStr<Err = NumberError>>(place: &'static str, n: wire::Number<'_>) -> Result<T> {
    n.text().parse().map_err(|e| Error::message(place, e))
}

pub(super) fn maybe<T: FromStr<Err = NumberError>>(
    place: &'static str,
    n: Option<wire::Number<'_>>,
) -> Result<Option<T>> {
    n.map(|n| number(place, n)).transpose()
}

fn needed<T: FromStr<Err = NumberError>>(place: &'static str, n: Option<wire::Number<'_>>) -> Result<T> {
    number(place, n.ok_or_else(|| Error::message(place, "it is missing"))?)
}

pub(super) fn stamp(place: &'static str, text: &str) -> Result<Stamp> {
    Stamp::parse_rfc3339(text).map_err(|e| Error::message(place, e))
}

fn unknown<T>(place: &'static str, word: &str) -> Result<T> {
    Err(Error::message(place, format!("`{}` is not known", Text::clean(word))))
}

/// Alpaca writes coins as `BTC/USD`, and in positions and older messages as `BTCUSD`.
pub fn symbol(native: &str, class: Option<&str>) -> Result<Symbol> {
    let joined = (class == Some("crypto") && !native.contains('/')).then_some(native);
    let split = joined.and_then(|text| {
        ["USDT", "USDC", "USDG", "USD", "BTC"].into_iter().find_map(|quote| {
            text.strip_suffix(quote).filter(|base| !base.is_empty()).map(|base| (base, quote))
        })
    });
    let neutral = match split {
        Some((base, quote)) => Symbol::new(&format!("{base}/{quote}")),
        None => Symbol::new(native),
    };
    neutral.map_err(|e| Error::message("symbol", e))
}

/// The instrument of a symbol at `venue`.
pub fn instrument_id(venue: &VenueId, native: &str, class: Option<&str>) -> Result<InstrumentId> {
    Ok(InstrumentId { venue: venue.clone(), symbol: symbol(native, class)? })
}

/// Is it a coin? Their requests go to other addresses.
pub fn is_crypto(symbol: &Symbol) -> bool {
    symbol.as_str().contains('/')
}

fn side(word: &str) -> Result<Side> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" | "sell_short" => Ok(Side::Sell),
        other => unknown("side", other),
    }
}

fn tif(word: &str) -> Result<Tif> {
    match word {
        "day" => Ok(Tif::Day),
        "gtc" => Ok(Tif::Gtc),
        "ioc" => Ok(Tif::Ioc),
        "fok" => Ok(Tif::Fok),
        "opg" => Ok(Tif::Opg),
        "cls" => Ok(Tif::Cls),
        other => unknown("time_in_force", other),
    }
}

/// What a status word means for the order's life. What is not listed is kept, never guessed.
pub fn status(word: &str) -> OrderEvent {
    match word {
        // "stopped" promises an execution that has not happened: the order can still fill.
        "new" | "stopped" => OrderEvent::Working,
        "partially_filled" => OrderEvent::FilledInPart,
        "filled" => OrderEvent::FilledWhole,
        // "calculated": done for the day, with the settlement still being reckoned.
        "done_for_day" | "calculated" => OrderEvent::DoneForDay,
        "canceled" => OrderEvent::Cancelled,
        "expired" => OrderEvent::Expired,
        "replaced" => OrderEvent::Replaced,
        "pending_cancel" => OrderEvent::CancelAsked,
        "pending_replace" => OrderEvent::ReplaceAsked,
        "accepted" | "pending_new" | "accepted_for_bidding" => OrderEvent::Accepted,
        "rejected" => OrderEvent::Rejected,
        "suspended" => OrderEvent::Suspended,
        "held" => OrderEvent::Held,
        _ => OrderEvent::Unrecognised,
    }
}

fn order_type(o: &wire::Order<'_>) -> Result<OrderType> {
    let limit = || needed::<Price>("limit_price", o.limit_price);
    let stop = || needed::<Price>("stop_price", o.stop_price);
    match &*o.order_type {
        "market" => Ok(OrderType::Market),
        "limit" => Ok(OrderType::Limit { limit: limit()? }),
        "stop" => Ok(OrderType::Stop { stop: stop()? }),
        "stop_limit" => Ok(OrderType::StopLimit { stop: stop()?, limit: limit()? }),
        "trailing_stop" => Ok(OrderType::TrailingStop {
            trail: match maybe::<Percent>("trail_percent", o.trail_percent)? {
                Some(percent) => Trail::Percent(percent),
                None => Trail::Amount(needed("trail_price", o.trail_price)?),
            },
        }),
        other => unknown("type", other),
    }
}

fn amount(o: &wire::Order<'_>) -> Result<Amount> {
    match maybe::<Qty>("qty", o.qty)? {
        Some(qty) => Ok(Amount::Qty(qty)),
        None => Ok(Amount::Notional(needed("notional", o.notional)?)),
    }
}

/// The maker's id; one is derived where the maker gave none.
fn client_id(o: &wire::Order<'_>, venue_id: &VenueOrderId) -> Result<ClientId> {
    if o.client_order_id.is_empty() {
        return Ok(ClientId::of_venue(venue_id));
    }
    ClientId::new(&o.client_order_id).map_err(|e| Error::message("client_order_id", e))
}

fn venue_order_id(place: &'static str, text: &str) -> Result<VenueOrderId> {
    VenueOrderId::new(text).map_err(|e| Error::message(place, e))
}

/// An order, then its children.
///
/// # Errors
/// Names the first field that can't be read.
pub fn order(venue: &VenueId, o: &wire::Order<'_>) -> Result<Vec<OrderReport>> {
    let mut parent = one_order(venue, o)?;
    let mut children = Vec::new();
    for leg in o.legs.iter().flatten() {
        let mut child = one_order(venue, leg)?;
        child.parent = Some(parent.client.clone());
        child.role = Some(match child.order_type {
            OrderType::Market | OrderType::Limit { .. } => Role::Target,
            OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => {
                Role::Stop
            }
        });
        children.push(child);
    }
    parent.attached = attached(&children, o.order_class.as_deref());
    parent.role = match o.order_class.as_deref() {
        Some("oco") if !children.is_empty() => Some(Role::Target),
        // A member of a group that comes without its group: the parent's message says what it is.
        Some("bracket" | "oto" | "oco") if children.is_empty() => None,
        Some(_) | None => Some(Role::Entry),
    };
    let mut all = vec![parent];
    all.append(&mut children);
    Ok(all)
}

fn attached(children: &[OrderReport], class: Option<&str>) -> Attached {
    let target = children.iter().find(|c| c.role == Some(Role::Target)).and_then(|c| c.order_type.limit());
    let stop = children
        .iter()
        .find(|c| c.role == Some(Role::Stop))
        .and_then(|c| c.order_type.stop().map(|stop| StopLeg { stop, limit: c.order_type.limit() }));
    match (target, stop) {
        (None, Some(stop)) if class == Some("oco") => Attached::Oco { stop },
        (Some(target), Some(stop)) => Attached::Bracket { target, stop },
        (None, Some(stop)) => Attached::OtoStop { stop },
        (Some(target), None) => Attached::OtoTarget { target },
        (None, None) => Attached::Simple,
    }
}

fn one_order(venue: &VenueId, o: &wire::Order<'_>) -> Result<OrderReport> {
    let venue_id = venue_order_id("id", &o.id)?;
    let order_type = order_type(o)?;
    let link = |place, id: &Option<std::borrow::Cow<'_, str>>| {
        id.as_deref().map(|text| venue_order_id(place, text)).transpose()
    };
    let submitted = o.submitted_at.as_deref().or(o.created_at.as_deref());
    Ok(OrderReport {
        client: client_id(o, &venue_id)?,
        instrument: instrument_id(venue, &o.symbol, o.asset_class.as_deref())?,
        side: side(&o.side)?,
        amount: amount(o)?,
        tif: tif(&o.time_in_force)?,
        extended: o.extended_hours.unwrap_or(false),
        attached: Attached::Simple,
        show: None,
        status: status(&o.status),
        status_word: Text::clean(&o.status),
        source: o.source.as_deref().map(Text::clean).filter(|word| !word.is_empty()),
        filled: needed("filled_qty", o.filled_qty)?,
        avg_price: maybe("filled_avg_price", o.filled_avg_price)?,
        parent: None,
        role: None,
        replaces: link("replaces", &o.replaces)?,
        replaced_by: link("replaced_by", &o.replaced_by)?,
        trailing_stop: match order_type {
            OrderType::TrailingStop { .. } => maybe("stop_price", o.stop_price)?,
            OrderType::Market
            | OrderType::Limit { .. }
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. } => None,
        },
        reason: None,
        submitted: submitted.map(|t| stamp("submitted_at", t)).transpose()?,
        order_type,
        venue_id,
    })
}

/// The execution in a `fill` or `partial_fill`; `None` in all other updates.
///
/// # Errors
/// Names the first field that can't be read.
pub fn execution(update: &wire::TradeUpdate<'_>, order: &OrderReport) -> Result<Option<Execution>> {
    if !matches!(&*update.event, "fill" | "partial_fill") {
        return Ok(None);
    }
    let id = update.execution_id.as_deref().ok_or_else(|| Error::message("execution_id", "it is missing"))?;
    let at = update.timestamp.as_deref().ok_or_else(|| Error::message("timestamp", "it is missing"))?;
    Ok(Some(Execution {
        id: ExecutionId::new(id).map_err(|e| Error::message("execution_id", e))?,
        client: order.client.clone(),
        venue_id: order.venue_id.clone(),
        instrument: order.instrument.clone(),
        side: order.side,
        qty: needed("qty", update.qty)?,
        price: needed("price", update.price)?,
        cum: Some(order.filled),
        fee: None,
        liquidity: Liquidity::Unknown,
        at: stamp("timestamp", at)?,
        revision: 0,
        seen: None,
    }))
}

/// An execution as the account's activities tell it. Its id ends, after `::`, in the id that the stream uses;
/// its order is looked up in `orders`, since an activity names neither the client's id nor the class.
///
/// # Errors
/// Names the first field that can't be read.
pub fn activity(a: &wire::Activity<'_>, order: &OrderReport) -> Result<Execution> {
    let id = a.id.rsplit_once("::").map_or(&*a.id, |(_, id)| id);
    Ok(Execution {
        id: ExecutionId::new(id).map_err(|e| Error::message("id", e))?,
        client: order.client.clone(),
        venue_id: order.venue_id.clone(),
        instrument: order.instrument.clone(),
        side: side(&a.side)?,
        qty: number("qty", a.qty)?,
        price: number("price", a.price)?,
        cum: maybe("cum_qty", a.cum_qty)?,
        fee: None,
        liquidity: Liquidity::Unknown,
        at: stamp("transaction_time", &a.transaction_time)?,
        revision: 0,
        seen: None,
    })
}

/// A position.
///
/// # Errors
/// Names the first field that can't be read.
pub fn position(venue: &VenueId, p: &wire::Position<'_>) -> Result<PositionReport> {
    let size = number::<SignedQty>("qty", p.qty)?.size();
    let side = match &*p.side {
        "long" => Side::Buy,
        "short" => Side::Sell,
        other => return unknown("side", other),
    };
    Ok(PositionReport {
        instrument: instrument_id(venue, &p.symbol, p.asset_class.as_deref())?,
        qty: size.signed(side),
        available: maybe::<SignedQty>("qty_available", p.qty_available)?.map(SignedQty::size),
        avg_price: maybe("avg_entry_price", p.avg_entry_price)?,
        last: maybe("current_price", p.current_price)?,
        previous_close: maybe("lastday_price", p.lastday_price)?,
    })
}

/// The account.
///
/// # Errors
/// Names the first field that can't be read.
pub fn account(a: &wire::Account<'_>) -> Result<AccountReport> {
    Ok(AccountReport {
        account: AccountId::new(&a.account_number).map_err(|e| Error::message("account_number", e))?,
        currency: match a.currency.as_deref() {
            Some(text) => Currency::new(text).map_err(|e| Error::message("currency", e))?,
            None => Currency::usd(),
        },
        equity: number("equity", a.equity)?,
        last_equity: maybe("last_equity", a.last_equity)?,
        cash: number("cash", a.cash)?,
        buying_power: number("buying_power", a.buying_power)?,
        cash_buying_power: maybe("non_marginable_buying_power", a.non_marginable_buying_power)?,
        initial_margin: maybe("initial_margin", a.initial_margin)?,
        maintenance_margin: maybe("maintenance_margin", a.maintenance_margin)?,
        multiplier: maybe("multiplier", a.multiplier)?,
        day_trades: a.daytrade_count,
        accrued_fees: maybe("accrued_fees", a.accrued_fees)?,
        shorting: a.shorting_enabled.unwrap_or(false),
        blocked: blocked(a),
    })
}

/// Why it can't trade, in the venue's words.
pub fn blocked(a: &wire::Account<'_>) -> Option<Text> {
    if a.account_blocked {
        Some(Text::from("account_blocked"))
    } else if a.trading_blocked {
        Some(Text::from("trading_blocked"))
    } else if a.trade_suspended_by_user {
        Some(Text::from("trade_suspended_by_user"))
    } else {
        (!matches!(&*a.status, "ACTIVE" | "PAPER_ONLY")).then(|| Text::clean(&a.status))
    }
}

/// An instrument's rules. Alpaca states steps for coins only; those of stocks are the market's own.
///
/// # Errors
/// Names the first field that can't be read.
pub fn instrument(venue: &VenueId, a: &wire::Asset<'_>) -> Result<Instrument> {
    let one = || Qty::new(Decimal::ONE).unwrap_or(Qty::ZERO);
    // "≤ 9 decimal places" of a share.
    let fraction = || Qty::new(Decimal::new(1, 9)).unwrap_or(Qty::ZERO);
    let (class, tick, lot, qty_min) = match &*a.class {
        "us_equity" if a.fractionable => (AssetClass::Equity, Tick::UsEquity, fraction(), fraction()),
        "us_equity" => (AssetClass::Equity, Tick::UsEquity, one(), one()),
        "us_option" => (AssetClass::Option, Tick::Fixed(Price::new(Decimal::new(1, 2))), one(), one()),
        "crypto" => (
            AssetClass::Crypto,
            Tick::Fixed(needed("price_increment", a.price_increment)?),
            needed("min_trade_increment", a.min_trade_increment)?,
            needed("min_order_size", a.min_order_size)?,
        ),
        other => return unknown("class", other),
    };
    let id = instrument_id(venue, &a.symbol, Some(&a.class))?;
    let (base, quote) = match id.symbol.as_str().split_once('/') {
        Some((base, quote)) if class == AssetClass::Crypto => {
            (Currency::new(base).ok(), Currency::new(quote).ok())
        }
        Some(_) | None => (None, None),
    };
    let is_fraction = class == AssetClass::Equity && a.fractionable;
    Ok(Instrument {
        name: Text::clean(a.name.as_deref().unwrap_or_default()),
        native: Text::clean(&a.symbol),
        class,
        quote: quote.unwrap_or_else(Currency::usd),
        base,
        tick,
        lot,
        whole_lot: if class == AssetClass::Crypto { lot } else { one() },
        qty_min,
        qty_max: None,
        notional_min: Money::new(if is_fraction { Decimal::ONE } else { Decimal::ZERO }),
        payoff: Payoff::Linear(Ratio::new(if class == AssetClass::Option {
            Decimal::ONE_HUNDRED
        } else {
            Decimal::ONE
        })),
        shortable: a.shortable,
        borrow: match (a.shortable, a.easy_to_borrow) {
            (true, true) => Borrow::Easy,
            (true, false) => Borrow::Hard,
            (false, _) => Borrow::None,
        },
        marginable: a.marginable,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: match (a.tradable, &*a.status) {
            (true, "active") => Tradable::Yes,
            (false, "active") => Tradable::No(Text::from("not tradable at Alpaca")),
            (_, other) => Tradable::No(Text::clean(other)),
        },
        id,
    })
}
