//! The account, its positions and its history as the API shows them.

use super::{At, Bare, Num, class_word};
use crate::{
    domain::{instrument::AssetClass, money::Money, time::Stamp},
    paper::{
        account::{Account, Activity, Configuration, Detail, EquityPoint, Position},
        order::Status,
    },
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

fn money(m: Money) -> Num {
    Num(m.get())
}

/// The `Account` of the API.
pub(in crate::paper::server) fn account(a: &Account, now: Stamp) -> Value {
    json!({
        "id": a.id,
        "account_number": a.account_number,
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "created_at": At(a.created_at),
        "balance_asof": now.to_jiff().strftime("%Y-%m-%d").to_string(),
        "equity": money(a.equity),
        "last_equity": money(a.last_equity),
        "portfolio_value": money(a.equity),
        "cash": money(a.cash),
        "cash_withdrawable": money(a.cash_withdrawable),
        "unsettled_cash": money(a.unsettled_cash),
        "buying_power": money(a.buying_power),
        "regt_buying_power": money(a.regt_buying_power),
        "daytrading_buying_power": money(a.daytrading_buying_power),
        "non_marginable_buying_power": money(a.non_marginable_buying_power),
        "options_buying_power": money(Money::ZERO),
        "options_approved_level": 0,
        "options_trading_level": 0,
        "initial_margin": money(a.initial_margin),
        "maintenance_margin": money(a.maintenance_margin),
        "last_maintenance_margin": money(a.last_maintenance_margin),
        "sma": money(a.sma),
        "long_market_value": money(a.long_market_value),
        "short_market_value": money(a.short_market_value),
        "position_market_value": a.long_market_value.checked_add(a.short_market_value).map(money),
        "accrued_fees": money(a.accrued_fees),
        "pending_transfer_in": money(Money::ZERO),
        "pending_transfer_out": money(Money::ZERO),
        "pending_reg_taf_fees": money(Money::ZERO),
        "intraday_adjustments": money(Money::ZERO),
        "daytrade_count": a.daytrade_count,
        "multiplier": Num(a.multiplier.get()),
        "shorting_enabled": a.shorting_enabled,
        "pattern_day_trader": a.pattern_day_trader,
        "trade_suspended_by_user": a.trade_suspended_by_user,
        "trading_blocked": a.trading_blocked,
        "transfers_blocked": false,
        "account_blocked": false,
    })
}

/// The `AccountConfigurations` of the API.
pub(in crate::paper::server) fn configurations(c: &Configuration) -> Value {
    json!({
        "dtbp_check": c.dtbp_check,
        "pdt_check": c.pdt_check,
        "trade_confirm_email": c.trade_confirm_email,
        "suspend_trade": c.suspend_trade,
        "no_shorting": c.no_shorting,
        "fractional_trading": c.fractional_trading,
        "max_margin_multiplier": Num(c.max_margin_multiplier.get()),
        "max_options_trading_level": 0,
        "ptp_no_exception_entry": c.ptp_no_exception_entry,
        "disable_overnight_trading": c.disable_overnight_trading,
    })
}

/// The `Position` of the API. The vendor's file has no exchange for coins, and an empty word where there is none.
pub(in crate::paper::server) fn position(p: &Position) -> Value {
    let exchange = if p.asset_class == AssetClass::Crypto { "" } else { p.exchange };
    json!({
        "asset_id": p.asset_id,
        "symbol": p.symbol,
        "exchange": exchange,
        "asset_class": class_word(p.asset_class),
        "asset_marginable": p.asset_marginable,
        "qty": Num(p.qty.get()),
        "qty_available": Num(p.qty_available.get()),
        "side": if p.qty.is_negative() { "short" } else { "long" },
        "avg_entry_price": Num(p.avg_entry_price.get()),
        "market_value": money(p.market_value),
        "cost_basis": money(p.cost_basis),
        "unrealized_pl": money(p.unrealized_pl),
        "unrealized_plpc": Num(p.unrealized_plpc.get()),
        "unrealized_intraday_pl": money(p.unrealized_intraday_pl),
        "unrealized_intraday_plpc": Num(p.unrealized_intraday_plpc.get()),
        "current_price": Num(p.current_price.get()),
        "lastday_price": Num(p.lastday_price.get()),
        "change_today": Num(p.change_today.get()),
    })
}

/// A line of the account's history: the API's `TradingActivities` or `NonTradeActivities`.
pub(in crate::paper::server) fn activity(a: &Activity) -> Value {
    match &a.detail {
        Detail::Fill(fill) => json!({
            "id": a.id,
            "activity_type": "FILL",
            "transaction_time": At(a.at),
            "type": if fill.complete { "fill" } else { "partial_fill" },
            "price": Num(fill.price.get()),
            "qty": Num(fill.qty.get()),
            "side": if fill.short { "sell_short" } else { fill.side.word() },
            "symbol": a.symbol,
            "leaves_qty": Num(fill.leaves_qty.get()),
            "order_id": fill.order_id,
            "cum_qty": Num(fill.cum_qty.get()),
            "order_status": if fill.complete { Status::Filled } else { Status::PartiallyFilled }.word(),
        }),
        Detail::Fee(fee) => json!({
            "id": a.id,
            "activity_type": if fee.coin.is_zero() { "FEE" } else { "CFEE" },
            "date": At(a.at),
            "created_at": At(a.at),
            "net_amount": money(fee.money),
            "symbol": a.symbol,
            "qty": Num(fee.coin.get()),
            "price": Num(fee.price.get()),
            "status": "executed",
        }),
    }
}

/// The `PortfolioHistory` of the API.
pub(in crate::paper::server) fn history(points: &[EquityPoint], timeframe: &str) -> impl Serialize + use<> {
    #[derive(Serialize)]
    struct History {
        timestamp: Vec<i64>,
        equity: Vec<Bare>,
        profit_loss: Vec<Bare>,
        profit_loss_pct: Vec<Bare>,
        base_value: Bare,
        timeframe: String,
    }
    let base = points.first().map_or(Decimal::ZERO, |p| p.equity.get());
    let gain = |p: &EquityPoint| p.equity.get().checked_sub(base).unwrap_or(Decimal::ZERO);
    let share = |p: &EquityPoint| gain(p).checked_div(base).unwrap_or(Decimal::ZERO).round_dp(6);
    History {
        timestamp: points.iter().map(|p| p.at.as_secs()).collect(),
        equity: points.iter().map(|p| Bare(p.equity.get().round_dp(2))).collect(),
        profit_loss: points.iter().map(|p| Bare(gain(p).round_dp(2))).collect(),
        profit_loss_pct: points.iter().map(|p| Bare(share(p))).collect(),
        base_value: Bare(base.round_dp(2)),
        timeframe: timeframe.to_owned(),
    }
}
