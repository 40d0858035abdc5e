//! What only futures have whose margin is the coin: a wallet for each coin, and the prices that it is counted at.

use super::Number;
use serde::Deserialize;
use std::borrow::Cow;

/// `GET /dapi/v1/account`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoinAccount<'a> {
    pub can_trade: bool,
    #[serde(borrow)]
    pub assets: Vec<Wallet<'a>>,
}

/// One coin of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet<'a> {
    #[serde(borrow)]
    pub asset: Cow<'a, str>,
    #[serde(borrow)]
    pub wallet_balance: Number<'a>,
    #[serde(borrow)]
    pub unrealized_profit: Number<'a>,
    #[serde(borrow)]
    pub initial_margin: Number<'a>,
    #[serde(borrow)]
    pub maint_margin: Number<'a>,
    #[serde(borrow)]
    pub available_balance: Number<'a>,
}

/// `GET /dapi/v1/positionSide/dual`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionMode {
    pub dual_side_position: bool,
}

/// What a row of `GET /dapi/v1/positionRisk` says of what is set for its symbol.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    /// In a string, other than that of `symbolConfig`.
    #[serde(borrow)]
    pub leverage: Number<'a>,
    #[serde(borrow)]
    pub margin_type: Cow<'a, str>,
}

/// One row of `GET /dapi/v1/premiumIndex`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexPrice<'a> {
    #[serde(borrow)]
    pub pair: Cow<'a, str>,
    #[serde(borrow)]
    pub index_price: Number<'a>,
    pub time: i64,
}
