//! The account, its positions and its figures, as the venue shows them.

use crate::domain::{
    ids::Symbol,
    instrument::AssetClass,
    money::{Money, Price, Qty, Ratio, SignedQty},
    order::Side,
    time::Stamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

/// The account's figures now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: Uuid,
    /// The account's number.
    pub account_number: SmolStr,
    /// When it was opened.
    pub created_at: Stamp,
    /// Cash and positions.
    pub equity: Money,
    /// Equity at the end of the day before.
    pub last_equity: Money,
    /// Cash, below zero when borrowed.
    pub cash: Money,
    /// Cash from sales that has not settled (cash accounts only).
    pub unsettled_cash: Money,
    /// What can be bought now.
    pub buying_power: Money,
    /// What can be bought and held over night.
    pub regt_buying_power: Money,
    /// What can be bought and sold the same day, beyond the overnight figure (zero without that privilege).
    pub daytrading_buying_power: Money,
    /// What can be bought of things that take no margin.
    pub non_marginable_buying_power: Money,
    /// Cash that could be taken out.
    pub cash_withdrawable: Money,
    /// Margin that opening what is held took.
    pub initial_margin: Money,
    /// Margin that holding it takes.
    pub maintenance_margin: Money,
    /// The same at the end of the day before.
    pub last_maintenance_margin: Money,
    /// The special memorandum account.
    pub sma: Money,
    /// Value of what is held long.
    pub long_market_value: Money,
    /// Value of what is held short, zero or below.
    pub short_market_value: Money,
    /// Fees not yet taken from the cash.
    pub accrued_fees: Money,
    /// Fees since the account was opened.
    pub fees_paid: Money,
    /// Day trades in the last five trading days.
    pub daytrade_count: u32,
    /// 1, 2 or 4.
    pub multiplier: Ratio,
    /// May it sell short?
    pub shorting_enabled: bool,
    /// Is it flagged as a day trader's?
    pub pattern_day_trader: bool,
    /// Is all trading stopped by its owner?
    pub trade_suspended_by_user: bool,
    /// Is it stopped by the venue?
    pub trading_blocked: bool,
}

/// What the owner can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// `both`, `entry` or `exit`.
    pub dtbp_check: SmolStr,
    /// `both`, `entry` or `exit`.
    pub pdt_check: SmolStr,
    /// `all` or `none`.
    pub trade_confirm_email: SmolStr,
    /// Refuse every new order.
    pub suspend_trade: bool,
    /// Refuse short sales.
    pub no_shorting: bool,
    /// Take fractions.
    pub fractional_trading: bool,
    /// Not more leverage than this: 1, 2 or 4.
    pub max_margin_multiplier: Ratio,
    /// Refuse orders in partnerships that withhold tax; kept, without effect here.
    pub ptp_no_exception_entry: bool,
    /// Refuse orders between 20:00 and 04:00; kept, without effect here.
    pub disable_overnight_trading: bool,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            dtbp_check: SmolStr::new_static("entry"),
            pdt_check: SmolStr::new_static("entry"),
            trade_confirm_email: SmolStr::new_static("all"),
            suspend_trade: false,
            no_shorting: false,
            fractional_trading: true,
            max_margin_multiplier: Ratio::new(Decimal::from_parts(4, 0, 0, false, 0)),
            ptp_no_exception_entry: false,
            disable_overnight_trading: false,
        }
    }
}

/// A position's figures now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The instrument's id.
    pub asset_id: Uuid,
    /// The instrument.
    pub symbol: Symbol,
    /// Where it is listed.
    pub exchange: &'static str,
    /// Its kind.
    pub asset_class: AssetClass,
    /// Can it be bought on margin?
    pub asset_marginable: bool,
    /// Units; below zero is short.
    pub qty: SignedQty,
    /// Units (with the position's sign) that no working order holds.
    pub qty_available: SignedQty,
    /// Average price paid or received.
    pub avg_entry_price: Price,
    /// At the last price.
    pub market_value: Money,
    /// At the average price.
    pub cost_basis: Money,
    /// Profit or loss since it was opened.
    pub unrealized_pl: Money,
    /// The same as a share of the cost.
    pub unrealized_plpc: Ratio,
    /// Profit or loss of today.
    pub unrealized_intraday_pl: Money,
    /// The same as a share.
    pub unrealized_intraday_plpc: Ratio,
    /// The last price.
    pub current_price: Price,
    /// The last price of the day before.
    pub lastday_price: Price,
    /// The change from it, as a share.
    pub change_today: Ratio,
}

/// A line of the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// `20220202135509981::<uuid>`: sorts by time; the uuid is the execution's or the fee's.
    pub id: SmolStr,
    /// When.
    pub at: Stamp,
    /// The instrument.
    pub symbol: Symbol,
    /// What.
    pub detail: Detail,
}

/// What a line of the account's history says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// A fill.
    Fill(FillRow),
    /// A fee.
    Fee(FeeRow),
}

/// A fill in the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// Of which order.
    pub order_id: Uuid,
    /// Which execution.
    pub execution_id: Uuid,
    /// Buy or sell.
    pub side: Side,
    /// Did it open or add to a short position?
    pub short: bool,
    /// At.
    pub price: Price,
    /// Units.
    pub qty: Qty,
    /// Of the order, filled with this one.
    pub cum_qty: Qty,
    /// Of the order, still open after this one.
    pub leaves_qty: Qty,
    /// Did it complete the order?
    pub complete: bool,
}

/// A fee in the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRow {
    /// For which execution.
    pub execution_id: Uuid,
    /// In the quote currency, zero or below.
    pub money: Money,
    /// In the coin, zero or below.
    pub coin: SignedQty,
    /// The coin's price then.
    pub price: Price,
}

/// A point of the equity curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// When.
    pub at: Stamp,
    /// Equity then.
    pub equity: Money,
}

/// How dense an equity curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Density {
    /// One point a minute, the last two days.
    Minute,
    /// One point in five minutes, the last month.
    FiveMinutes,
    /// One point a day.
    Day,
}
