//! Futures: orders, conditional orders, positions and the account.

use super::{
    Result, amount, client_id, execution_id, fee, maybe, needed, number, order_type, side, stamp, status,
    tif, venue_order_id,
};
use crate::{
    adapters::{
        Error,
        binance::{
            map::{Typed, rules::Directory},
            wire::futures::{Account, AlgoNews, AlgoOrder, NamedBalance, Position, TradedOrder},
        },
    },
    domain::{
        ids::{AccountId, Currency, VenueOrderId},
        lifecycle::OrderEvent,
        money::{Money, Price, Qty, Ratio, SignedQty},
        order::Attached,
        report::{AccountReport, Execution, Liquidity, OrderReport, PositionReport},
        text::Text,
    },
};
use rust_decimal::Decimal;
use smol_str::format_smolstr;

/// One position a symbol: in hedge mode there are two, which would be taken for one.
pub(super) fn one_way(position_side: Option<&str>) -> Result<()> {
    match position_side {
        None | Some("BOTH" | "") => Ok(()),
        Some(other) => Err(Error::message(
            "positionSide",
            format!("`{}` is of hedge mode; switch the account to one-way mode", Text::clean(other)),
        )),
    }
}

/// Conditional orders have numbers of their own, beside those of orders.
pub fn algo_order_id(native: &str, id: i64) -> Result<VenueOrderId> {
    VenueOrderId::new(&format_smolstr!("{native}:a{id}")).map_err(|e| Error::message("algoId", e))
}

/// Is it the number of a conditional order? The number alone.
pub fn algo_number(id: &VenueOrderId) -> Option<&str> {
    super::number_of(id)?.strip_prefix('a')
}

/// What a status of a conditional order means; `None` for those that say only what its order says better.
fn algo_status(word: &str) -> Option<OrderEvent> {
    match word {
        "NEW" | "TRIGGERING" => Some(OrderEvent::Working),
        // The order that took over has been told, perhaps to its end.
        "TRIGGERED" | "FINISHED" => None,
        "CANCELED" => Some(OrderEvent::Cancelled),
        "EXPIRED" => Some(OrderEvent::Expired),
        "REJECTED" => Some(OrderEvent::Rejected),
        _ => Some(OrderEvent::Unrecognised),
    }
}

/// A conditional order; `None` once its order speaks for it.
///
/// # Errors
/// Names the first field that can't be read, or the symbol that is not known.
pub fn algo_order(directory: &Directory, o: &AlgoOrder<'_>) -> Result<Option<OrderReport>> {
    one_way(o.position_side.as_deref())?;
    let Some(status) = algo_status(&o.algo_status) else { return Ok(None) };
    let typed = Typed {
        word: &o.order_type,
        price: o.price,
        stop: o.trigger_price,
        delta: None,
        rate: o.callback_rate,
    };
    let venue_id = algo_order_id(&o.symbol, o.algo_id)?;
    let order_type = order_type(&typed)?;
    Ok(Some(OrderReport {
        client: client_id(&o.client_algo_id, None, &venue_id)?,
        instrument: directory.of_native(&o.symbol)?.instrument.id.clone(),
        side: side(&o.side)?,
        amount: amount(maybe("quantity", o.quantity)?, None, false),
        tif: tif(&o.time_in_force, o.good_till_date)?,
        extended: false,
        attached: Attached::Simple,
        show: None,
        status,
        status_word: Text::clean(&o.algo_status),
        source: None,
        filled: Qty::ZERO,
        avg_price: None,
        parent: None,
        role: None,
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: None,
        submitted: o.create_time.filter(|ms| *ms > 0).map(|ms| stamp("createTime", ms)).transpose()?,
        order_type,
        venue_id,
    }))
}

/// News of a conditional order; `None` once its order speaks for it.
///
/// # Errors
/// Names the first field that can't be read, or the symbol that is not known.
pub fn algo_news(directory: &Directory, n: &AlgoNews<'_>) -> Result<Option<OrderReport>> {
    let order = AlgoOrder {
        algo_id: n.algo_id,
        client_algo_id: n.client.clone(),
        symbol: n.symbol.clone(),
        side: n.side.clone(),
        order_type: n.order_type.clone(),
        algo_status: n.status.clone(),
        time_in_force: n.time_in_force.clone(),
        position_side: Some(n.position_side.clone()),
        quantity: Some(n.qty),
        price: Some(n.price),
        trigger_price: Some(n.trigger_price),
        callback_rate: n.callback_rate,
        actual_order_id: None,
        good_till_date: n.good_till,
        create_time: None,
    };
    let reason = n.reason.as_deref().filter(|why| !why.is_empty()).map(Text::clean);
    Ok(algo_order(directory, &order)?.map(|report| OrderReport { reason, ..report }))
}

/// What news of an order say of it.
///
/// # Errors
/// Names the first field that can't be read, or the symbol that is not known.
pub fn traded_order(directory: &Directory, o: &TradedOrder<'_>) -> Result<OrderReport> {
    one_way(Some(&o.position_side))?;
    let typed = Typed {
        word: &o.order_type,
        price: Some(o.price),
        stop: Some(o.stop_price),
        delta: None,
        rate: o.callback_rate,
    };
    let venue_id = venue_order_id(&o.symbol, o.order_id)?;
    let order_type = order_type(&typed)?;
    let average: Price = number("ap", o.avg_price)?;
    Ok(OrderReport {
        client: client_id(&o.client, None, &venue_id)?,
        instrument: directory.of_native(&o.symbol)?.instrument.id.clone(),
        side: side(&o.side)?,
        amount: amount(Some(number("q", o.qty)?), None, false),
        tif: tif(&o.time_in_force, o.good_till)?,
        extended: false,
        attached: Attached::Simple,
        show: None,
        status: status(&o.status),
        status_word: Text::clean(&o.status),
        source: None,
        filled: number("z", o.filled)?,
        avg_price: Some(average).filter(|p| p.is_positive()),
        parent: None,
        role: None,
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: None,
        submitted: None,
        order_type,
        venue_id,
    })
}

/// The execution in such news: a trade, or what a liquidation reckoned.
///
/// # Errors
/// Names the first field that can't be read.
pub fn execution(o: &TradedOrder<'_>, order: &OrderReport) -> Result<Option<Execution>> {
    let qty: Qty = number("l", o.last_qty)?;
    if !matches!(&*o.execution_type, "TRADE" | "CALCULATED") || !qty.is_positive() {
        return Ok(None);
    }
    Ok(Some(Execution {
        id: execution_id(&o.symbol, o.trade_id)?,
        client: order.client.clone(),
        venue_id: order.venue_id.clone(),
        instrument: order.instrument.clone(),
        side: order.side,
        qty,
        price: number("L", o.last_price)?,
        cum: Some(order.filled),
        fee: fee(o.fee, o.fee_asset.as_deref())?,
        liquidity: if o.is_maker { Liquidity::Maker } else { Liquidity::Taker },
        at: stamp("T", o.at)?,
        revision: 0,
        seen: None,
    }))
}

/// A position. What is flat, and listed for its orders, is none.
///
/// # Errors
/// Names the first field that can't be read, or says that the account is in hedge mode.
pub fn position(directory: &Directory, p: &Position<'_>) -> Result<Option<PositionReport>> {
    one_way(Some(&p.position_side))?;
    let qty: SignedQty = number("positionAmt", p.position_amt)?;
    if qty.is_zero() {
        return Ok(None);
    }
    let positive = |price: Price| Some(price).filter(|p| p.is_positive());
    Ok(Some(PositionReport {
        instrument: directory.of_native(&p.symbol)?.instrument.id.clone(),
        qty: SignedQty::new(qty.get().normalize()),
        available: None,
        avg_price: positive(number("entryPrice", p.entry_price)?),
        last: positive(number("markPrice", p.mark_price)?),
        previous_close: None,
    }))
}

/// The account. What it can buy is counted at the smallest leverage that is set for any symbol, so that no order is
/// passed that another symbol's leverage would carry.
///
/// # Errors
/// Names the first field that can't be read.
pub fn account(
    currency: &Currency,
    id: AccountId,
    a: &Account<'_>,
    leverage: u32,
    blocked: Option<Text>,
) -> Result<AccountReport> {
    let free: Money = number("availableBalance", a.available_balance)?;
    let times = Decimal::from(leverage.max(1));
    let power =
        free.checked_mul(times).ok_or_else(|| Error::message("availableBalance", "it is too large"))?;
    Ok(AccountReport {
        account: id,
        currency: currency.clone(),
        equity: number("totalMarginBalance", a.total_margin_balance)?,
        last_equity: None,
        cash: number("totalWalletBalance", a.total_wallet_balance)?,
        buying_power: power,
        cash_buying_power: Some(power),
        initial_margin: Some(number("totalInitialMargin", a.total_initial_margin)?),
        maintenance_margin: Some(number("totalMaintMargin", a.total_maint_margin)?),
        multiplier: Some(Ratio::new(times)),
        day_trades: None,
        accrued_fees: None,
        shorting: true,
        blocked,
    })
}

/// The account's name.
///
/// # Errors
/// When there is none.
pub fn account_id(rows: &[NamedBalance<'_>]) -> Result<AccountId> {
    let first = rows.first().ok_or_else(|| Error::message("accountAlias", "it is missing"))?;
    AccountId::new(&first.account_alias).map_err(|e| Error::message("accountAlias", e))
}

/// The percentage of a trailing stop.
pub(super) fn rate(n: Option<super::wire::Number<'_>>) -> Result<crate::domain::money::Percent> {
    needed("callbackRate", n)
}
