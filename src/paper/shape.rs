//! Is a request for an order in order by itself, whatever the account holds? In the venue's own words.

use super::{
    asset::Asset,
    models::Model,
    order::{Class, NewOrder},
    refusal::{Context, Refusal},
};
use crate::domain::{
    instrument::Tick,
    money::{Price, Qty},
    order::{OrderKind, Side, Tif},
};
use rust_decimal::Decimal;

const PRICE_MAX: u64 = 100_000_000;
const NOTIONAL_MAX: u64 = 1_000_000_000_000;

/// The first thing that is wrong with it, if anything.
pub fn check(order: &NewOrder, asset: &Asset, model: Model) -> Result<(), Refusal> {
    amount(order, model)?;
    prices(order)?;
    if order.client_order_id.as_ref().is_some_and(|id| id.chars().count() > 128) {
        return Err(Refusal::malformed("client_order_id must be no more than 128 characters"));
    }
    taken_here(order, asset, model)?;
    extended(order)?;
    fractions(order, asset)?;
    class(order)?;
    increments(order, asset)
}

fn amount(order: &NewOrder, model: Model) -> Result<(), Refusal> {
    match (order.qty, order.notional) {
        (None, None) => Err(Refusal::malformed("qty or notional is required")),
        (Some(_), Some(_)) => Err(Refusal::malformed("only one of qty or notional is accepted")),
        (Some(qty), None) if qty.is_zero() => Err(Refusal::malformed("qty must be > 0")),
        (Some(qty), None) if qty.get().normalize().scale() > 9 => {
            Err(Refusal::invalid("qty must be limited to 9 decimal places"))
        }
        (Some(qty), None) if qty.get() > Decimal::from(model.rules().qty_max) => {
            Err(Refusal::invalid(format!("qty must be <= {}", model.rules().qty_max)))
        }
        (None, Some(money)) if !money.is_positive() => Err(Refusal::malformed("notional must be > 0")),
        (None, Some(money)) if money.get() > Decimal::from(NOTIONAL_MAX) => {
            Err(Refusal::invalid(format!("notional must be <= {NOTIONAL_MAX}")))
        }
        (None, Some(money)) if money.get().normalize().scale() > 2 => {
            Err(Refusal::invalid("notional value must be limited to 2 decimal places"))
        }
        (None, Some(_)) if order.kind != OrderKind::Market => {
            Err(Refusal::invalid("notional orders must be market orders"))
        }
        (Some(_), None) | (None, Some(_)) => Ok(()),
    }
}

fn prices(order: &NewOrder) -> Result<(), Refusal> {
    let trails = order.trail_price.is_some() || order.trail_percent.is_some();
    let oco_limit = order.class == Class::Oco && order.take_profit.is_some();
    let wrong = match (order.kind, order.limit.is_some(), order.stop.is_some()) {
        (OrderKind::Market, false, false)
        | (OrderKind::Limit, true, false)
        | (OrderKind::Stop, false, true) => None,
        (OrderKind::StopLimit, true, true) | (OrderKind::TrailingStop, false, false) => None,
        (OrderKind::Limit, false, false) if oco_limit => None,
        (OrderKind::Market, ..) => Some("market orders require no stop or limit price"),
        (OrderKind::Limit, false, _) => Some("limit orders require a limit price"),
        (OrderKind::Limit, true, true) => Some("limit orders require no stop price"),
        (OrderKind::Stop, _, false) => Some("stop orders require a stop price"),
        (OrderKind::Stop, true, true) => Some("stop orders require no limit price"),
        (OrderKind::StopLimit, ..) => Some("stop limit orders require both stop and limit price"),
        (OrderKind::TrailingStop, ..) => Some("trailing stop orders require no stop or limit price"),
    };
    if let Some(wrong) = wrong {
        return Err(Refusal::malformed(wrong));
    }
    if order.kind == OrderKind::TrailingStop {
        if order.trail_price.is_some() == order.trail_percent.is_some() {
            return Err(Refusal::malformed(
                "trailing stop orders must specify one of trail_price or trail_percent",
            ));
        }
        if order.trail_price.is_some_and(|p| !p.is_positive()) {
            return Err(Refusal::malformed("trail_price must be > 0"));
        }
        if order
            .trail_percent
            .is_some_and(|p| p.get() < Decimal::new(1, 1) || p.get() > Decimal::from(100_u32))
        {
            return Err(Refusal::malformed("trail_percent must be greater than or equal to 0.1"));
        }
    } else if trails {
        return Err(Refusal::malformed("only trailing stop orders take trail_price or trail_percent"));
    }
    Ok(())
}

/// The prices that an order names, with the names of their fields.
fn named_prices(order: &NewOrder) -> [(&'static str, Option<Price>); 6] {
    [
        ("limit_price", order.limit),
        ("stop_price", order.stop),
        ("trail_price", order.trail_price),
        ("take_profit.limit_price", order.take_profit),
        ("stop_loss.stop_price", order.stop_loss.map(|s| s.stop)),
        ("stop_loss.limit_price", order.stop_loss.and_then(|s| s.limit)),
    ]
}

fn increments(order: &NewOrder, asset: &Asset) -> Result<(), Refusal> {
    for (name, price) in named_prices(order) {
        if let Some(price) = price {
            on_tick(name, price, asset)?;
        }
    }
    let (Some(qty), Some(step)) = (order.qty, asset.min_trade_increment) else {
        return Ok(());
    };
    if !qty.is_multiple_of(step) {
        return Err(Refusal::invalid(format!("qty increment must be a multiple of {step}")));
    }
    match asset.min_order_size {
        Some(min) if qty < min => {
            Err(Refusal::invalid(format!("qty must be >= {min}, the minimum order size of {}", asset.symbol)))
        }
        Some(_) | None => Ok(()),
    }
}

/// Is a price allowed for the instrument?
pub fn on_tick(name: &str, price: Price, asset: &Asset) -> Result<(), Refusal> {
    if !price.is_positive() || price.get() > Decimal::from(PRICE_MAX) {
        return Err(Refusal::malformed(format!("{} must be > 0", name.replace("_price", " price"))));
    }
    if asset.tick.allows(price) {
        return Ok(());
    }
    Err(Refusal::invalid(match asset.tick {
        Tick::UsEquity => {
            format!("invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria")
        }
        Tick::Fixed(_) | Tick::Stepped { .. } => {
            let step = asset.tick.at(price);
            format!("invalid {name} {price}. must be a multiple of the price increment {step}")
        }
    }))
}

fn taken_here(order: &NewOrder, asset: &Asset, model: Model) -> Result<(), Refusal> {
    if matches!(order.tif, Tif::Gtd(_)) {
        return Err(Refusal::malformed("invalid time_in_force"));
    }
    if asset.is_coin() && order.class != Class::Simple {
        let class = if order.class == Class::Bracket { "otoco" } else { order.class.word() };
        return Err(Refusal::invalid(format!("crypto orders not allowed for advanced order_class: {class}")));
    }
    if matches!(order.tif, Tif::Opg | Tif::Cls) && !matches!(order.kind, OrderKind::Market | OrderKind::Limit)
    {
        return Err(Refusal::invalid(format!("{} orders must be market or limit orders", order.tif.word())));
    }
    let Some(objection) = model.rules().objection(asset.class, order.kind, order.tif) else {
        return Ok(());
    };
    if model != Model::Alpaca {
        return Err(Refusal::invalid(objection));
    }
    let by_kind = model.rules().objection(asset.class, order.kind, Tif::Gtc).is_some();
    Err(Refusal::malformed(if by_kind {
        "invalid order type for crypto order"
    } else {
        "invalid crypto time_in_force"
    }))
}

fn extended(order: &NewOrder) -> Result<(), Refusal> {
    let fits = order.kind == OrderKind::Limit && matches!(order.tif, Tif::Day | Tif::Gtc);
    if order.extended_hours && !fits {
        return Err(Refusal::invalid("extended hours order must be DAY or GTC limit orders"));
    }
    if order.extended_hours && order.class != Class::Simple {
        return Err(Refusal::invalid(format!(
            "{} orders are not eligible for extended hours trading",
            order.class.word()
        )));
    }
    Ok(())
}

/// Is it a part of a share?
pub fn is_fraction(qty: Option<Qty>) -> bool {
    qty.is_none_or(|q| !q.get().is_integer())
}

fn fractions(order: &NewOrder, asset: &Asset) -> Result<(), Refusal> {
    if asset.is_coin() || !is_fraction(order.qty) {
        return Ok(());
    }
    if !asset.fractionable {
        return Err(Refusal::forbidden(format!("asset \"{}\" is not fractionable", asset.symbol)));
    }
    if order.tif != Tif::Day {
        return Err(Refusal::invalid("fractional orders must be DAY orders"));
    }
    if order.class != Class::Simple {
        return Err(Refusal::invalid("fractional orders must be simple orders"));
    }
    if order.kind == OrderKind::TrailingStop {
        return Err(Refusal::invalid("fractional orders must be market, limit, stop, or stop_limit orders"));
    }
    Ok(())
}

fn class(order: &NewOrder) -> Result<(), Refusal> {
    let (target, stop) = (order.take_profit.is_some(), order.stop_loss.is_some());
    let word = order.class.word();
    let need = |field: &str| Err(Refusal::malformed(format!("{word} orders require {field}")));
    match order.class {
        Class::Simple if target || stop => {
            return Err(Refusal::malformed("simple orders take no take_profit or stop_loss"));
        }
        Class::Simple => return Ok(()),
        Class::Bracket | Class::Oco if !target => return need("take_profit.limit_price"),
        Class::Bracket | Class::Oco if !stop => return need("stop_loss.stop_price"),
        Class::Oto if target == stop => return need("either take_profit or stop_loss"),
        Class::Oco if order.kind != OrderKind::Limit => {
            return Err(Refusal::malformed("oco orders must be limit orders"));
        }
        Class::Bracket | Class::Oco | Class::Oto => {}
    }
    if !matches!(order.tif, Tif::Day | Tif::Gtc) {
        return Err(Refusal::invalid(format!("{word} orders must be DAY or GTC orders")));
    }
    if order.kind == OrderKind::TrailingStop {
        return Err(Refusal::invalid("trailing stop orders must be simple orders"));
    }
    let (Some(target), Some(stop)) = (order.take_profit, order.stop_loss) else {
        return Ok(());
    };
    // The exits stand on the other side of an entry, and on the order's own side of an OCO.
    let exits_sell = (order.side == Side::Buy) == (order.class == Class::Bracket);
    if exits_sell && target <= stop.stop {
        return Err(Refusal::invalid("take_profit.limit_price must be > stop_loss.stop_price"));
    }
    if !exits_sell && target >= stop.stop {
        return Err(Refusal::invalid("take_profit.limit_price must be < stop_loss.stop_price"));
    }
    Ok(())
}

/// Do the legs lie on the right sides of the price that the entry is measured by, at least a cent away?
pub fn legs_clear(order: &NewOrder, base: Price) -> Result<(), Refusal> {
    let cent = Decimal::new(1, 2);
    let above = Price::new(base.get().saturating_add(cent));
    let below = Price::new(base.get().saturating_sub(cent));
    let target = order.take_profit;
    let stop = order.stop_loss.map(|s| s.stop);
    let wrong = match order.side {
        Side::Buy if target.is_some_and(|p| p < above) => {
            "take_profit.limit_price must be >= base_price + 0.01"
        }
        Side::Buy if stop.is_some_and(|p| p > below) => "stop_loss.stop_price must be <= base_price - 0.01",
        Side::Sell if target.is_some_and(|p| p > below) => {
            "take_profit.limit_price must be <= base_price - 0.01"
        }
        Side::Sell if stop.is_some_and(|p| p < above) => "stop_loss.stop_price must be >= base_price + 0.01",
        Side::Buy | Side::Sell => return Ok(()),
    };
    Err(Refusal::invalid(wrong).with(Context { base_price: Some(base), ..Context::default() }))
}
