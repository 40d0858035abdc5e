//! Our orders into Alpaca's requests. What Alpaca has no word for is refused here with a sentence, before
//! anything leaves.

use crate::{
    adapters::alpaca::wire::{ChangedOrder, NewOrder, StopLoss, TakeProfit},
    broker::Replacement,
    domain::{
        money::Price,
        order::{Amount, Attached, OrderKind, OrderType, StopLeg, Submission, Tif, Trail},
    },
};
use smol_str::SmolStr;

/// Why an order can't be written down for Alpaca.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// No word for it.
    #[error("Alpaca has no {0}")]
    Lacks(&'static str),
    /// The parts do not fit together.
    #[error("{0}")]
    Misfit(&'static str),
}

/// A new order. `proven_reducing` orders may ask to reduce only: the proof stands in for the flag that Alpaca lacks.
///
/// # Errors
/// When Alpaca has no word for a part of it.
pub fn new_order(s: &Submission, proven_reducing: bool) -> Result<NewOrder<'_>, Unwritable> {
    let spec = &s.spec;
    if spec.post_only {
        return Err(Unwritable::Lacks("post-only orders"));
    }
    if spec.reduce_only && !proven_reducing {
        return Err(Unwritable::Lacks("reduce-only orders"));
    }
    let (qty, notional) = match spec.amount {
        Amount::Qty(qty) => (Some(qty.to_string()), None),
        Amount::Notional(money) => (None, Some(money.to_string())),
    };
    let (trail_price, trail_percent) = trail(spec.order_type);
    let (order_class, take_profit, stop_loss) = legs(spec.attached, spec.order_type)?;
    // The target of a pair stands in its leg alone.
    let is_pair = matches!(spec.attached, Attached::Oco { .. });
    Ok(NewOrder {
        symbol: spec.instrument.symbol.as_str(),
        qty,
        notional,
        side: spec.side.word(),
        order_type: type_word(spec.order_type.kind()),
        time_in_force: tif_word(spec.tif)?,
        limit_price: shown(spec.order_type.limit().filter(|_| !is_pair)),
        stop_price: shown(spec.order_type.stop()),
        trail_price,
        trail_percent,
        extended_hours: spec.extended,
        client_order_id: s.client.as_str(),
        order_class,
        take_profit,
        stop_loss,
    })
}

/// A change. Prices that the order's type needs are always written, changed or not: Alpaca requires them.
///
/// # Errors
/// When Alpaca has no word for a part of it.
pub fn changed_order(r: &Replacement) -> Result<ChangedOrder<'_>, Unwritable> {
    let after = r.after.order_type;
    Ok(ChangedOrder {
        qty: r.change.qty.map(|q| q.to_string()),
        time_in_force: r.change.tif.map(tif_word).transpose()?,
        limit_price: shown(after.limit()),
        stop_price: shown(after.stop()),
        trail: r.change.trail.map(|t| match t {
            Trail::Amount(price) => price.to_string(),
            Trail::Percent(percent) => percent.to_string(),
        }),
        client_order_id: r.client.as_str(),
    })
}

/// The legs, as class, target and stop.
type Legs = (Option<&'static str>, Option<TakeProfit>, Option<StopLoss>);

fn legs(attached: Attached, order_type: OrderType) -> Result<Legs, Unwritable> {
    match attached {
        Attached::Simple => Ok((None, None, None)),
        Attached::Bracket { target, stop } => {
            Ok((Some("bracket"), Some(take_profit(target)), Some(stop_loss(stop))))
        }
        Attached::OtoStop { stop } => Ok((Some("oto"), None, Some(stop_loss(stop)))),
        Attached::OtoTarget { target } => Ok((Some("oto"), Some(take_profit(target)), None)),
        Attached::Oco { stop } => match order_type {
            OrderType::Limit { limit } => Ok((Some("oco"), Some(take_profit(limit)), Some(stop_loss(stop)))),
            OrderType::Market
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. }
            | OrderType::TrailingStop { .. } => {
                Err(Unwritable::Misfit("an exit pair at Alpaca is a limit order with a stop"))
            }
        },
    }
}

fn take_profit(target: Price) -> TakeProfit {
    TakeProfit { limit_price: target.to_string() }
}

fn stop_loss(stop: StopLeg) -> StopLoss {
    StopLoss { stop_price: stop.stop.to_string(), limit_price: shown(stop.limit) }
}

fn shown(price: Option<Price>) -> Option<String> {
    price.map(|p| p.to_string())
}

fn trail(order_type: OrderType) -> (Option<String>, Option<String>) {
    match order_type {
        OrderType::TrailingStop { trail: Trail::Amount(price) } => (Some(price.to_string()), None),
        OrderType::TrailingStop { trail: Trail::Percent(percent) } => (None, Some(percent.to_string())),
        OrderType::Market
        | OrderType::Limit { .. }
        | OrderType::Stop { .. }
        | OrderType::StopLimit { .. } => (None, None),
    }
}

fn type_word(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "market",
        OrderKind::Limit => "limit",
        OrderKind::Stop => "stop",
        OrderKind::StopLimit => "stop_limit",
        OrderKind::TrailingStop => "trailing_stop",
    }
}

fn tif_word(tif: Tif) -> Result<&'static str, Unwritable> {
    match tif {
        Tif::Gtd(_) => Err(Unwritable::Lacks("orders until a date")),
        Tif::Day | Tif::Gtc | Tif::Ioc | Tif::Fok | Tif::Opg | Tif::Cls => Ok(tif.word()),
    }
}

/// A list of symbols as a parameter.
pub fn joined<'a>(symbols: impl IntoIterator<Item = &'a str>) -> SmolStr {
    SmolStr::from(symbols.into_iter().collect::<Vec<_>>().join(","))
}
