//! The gateway's messages as they are written, and nothing else. The same field is a number here and a text there, so
//! each is kept as its text until `map` reads it, and no float comes between.

pub mod sent;
pub mod streamed;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A field that is a text, a number or a flag: its text. Nothing is `null`, and an empty text is nothing too.
pub fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    let text = match text.bytes().next() {
        Some(b'"') => serde_json::from_str::<String>(text).map_err(serde::de::Error::custom)?,
        Some(b'{' | b'[') => return Err(serde::de::Error::custom("a list stands where a value should")),
        _ if text == "null" => return Ok(None),
        _ => text.to_owned(),
    };
    Ok(Some(text).filter(|t| !t.trim().is_empty()))
}

/// What a field that may be missing is declared as.
macro_rules! scalars {
    ($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $member:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$field])*
                #[serde(deserialize_with = "scalar")]
                pub $member: Option<String>,
            )*
        }
    };
}

/// `POST /iserver/auth/status`, and what stands of it in other answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct AuthStatus {
    pub authenticated: bool,
    pub competing: bool,
    pub connected: bool,
    #[serde(deserialize_with = "scalar")]
    pub message: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub fail: Option<String>,
}

/// `POST /tickle`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tickle {
    #[serde(deserialize_with = "scalar")]
    pub session: Option<String>,
    pub iserver: Bridge,
}

/// The part of it that tells of the brokerage session.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bridge {
    pub auth_status: Option<AuthStatus>,
}

/// `GET /iserver/accounts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Accounts {
    pub accounts: Vec<String>,
    #[serde(deserialize_with = "scalar")]
    pub selected_account: Option<String>,
    pub is_paper: Option<bool>,
}

/// `GET /sso/validate`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Validated {
    /// 1 is live, 2 is paper.
    #[serde(rename = "LOGIN_TYPE", deserialize_with = "scalar")]
    pub login_type: Option<String>,
}

/// One row of `GET /portfolio/accounts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PortfolioAccount {
    #[serde(deserialize_with = "scalar")]
    pub account_id: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub currency: Option<String>,
    pub no_client_trading: bool,
}

/// A complaint, under whatever status.
#[derive(Debug, Clone, Deserialize)]
pub struct Complaint {
    pub error: String,
}

/// `GET /iserver/account/orders`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LiveOrders {
    pub orders: Option<Vec<Box<RawValue>>>,
    /// Are these all?
    pub snapshot: bool,
}

scalars! {
    /// One order of that list, or what changed of it.
    Row {
        acct,
        account,
        conid,
        conidex,
        #[serde(rename = "orderId")]
        order_id,
        #[serde(rename = "parentId")]
        parent_id,
        order_ref,
        ticker,
        #[serde(rename = "secType")]
        sec_type,
        #[serde(rename = "totalSize")]
        total_size,
        #[serde(rename = "filledQuantity")]
        filled_quantity,
        #[serde(rename = "remainingQuantity")]
        remaining_quantity,
        #[serde(rename = "avgPrice")]
        avg_price,
        status,
        #[serde(rename = "orderType")]
        order_type,
        #[serde(rename = "origOrderType")]
        orig_order_type,
        price,
        #[serde(rename = "auxPrice")]
        aux_price,
        stop_price,
        #[serde(rename = "timeInForce")]
        time_in_force,
        side,
        #[serde(rename = "outsideRTH")]
        outside_rth,
        #[serde(rename = "orderDesc")]
        order_desc,
        #[serde(rename = "order_cancellation_by_system_reason")]
        reason,
        #[serde(rename = "lastExecutionTime_r")]
        last_execution_ms,
    }
}

scalars! {
    /// `GET /iserver/account/order/status/{orderId}`. It does not name our id.
    Status {
        order_id,
        conid,
        account,
        order_clearing_account,
        side,
        sec_type,
        symbol,
        order_type,
        limit_price,
        price,
        stop_price,
        tif,
        total_size,
        cum_fill,
        filled_quantity,
        average_price,
        avg_fill_price,
        order_status,
        outside_rth,
        order_time,
    }
}

scalars! {
    /// One execution, of `GET /iserver/account/trades` and of the stream.
    Trade {
        execution_id,
        order_id,
        order_ref,
        account,
        #[serde(rename = "accountCode")]
        account_code,
        conid,
        side,
        size,
        price,
        commission,
        trade_time,
        trade_time_r,
    }
}

/// One element of the answer to a placement, a change or a reply. Which of them it is follows from what it has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Placed {
    #[serde(deserialize_with = "scalar")]
    pub order_id: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub order_status: Option<String>,
    /// Of a question.
    #[serde(deserialize_with = "scalar")]
    pub id: Option<String>,
    pub message: Option<Vec<String>>,
    #[serde(rename = "messageIds")]
    pub message_ids: Option<Vec<String>>,
    /// Of a refusal.
    #[serde(deserialize_with = "scalar")]
    pub error: Option<String>,
    /// Of the longer form of a refusal.
    #[serde(deserialize_with = "scalar")]
    pub text: Option<String>,
    #[serde(rename = "messageId", deserialize_with = "scalar")]
    pub message_id: Option<String>,
    #[serde(rename = "reqId", deserialize_with = "scalar")]
    pub req_id: Option<String>,
}

/// `DELETE /iserver/account/{accountId}/order/{orderId}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Cancelled {
    #[serde(deserialize_with = "scalar")]
    pub msg: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub order_id: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub error: Option<String>,
}

scalars! {
    /// One row of `GET /portfolio2/{accountId}/positions`, and of the older list.
    Position {
        #[serde(rename = "acctId")]
        acct_id,
        conid,
        position,
        #[serde(rename = "avgPrice")]
        avg_price,
        #[serde(rename = "marketPrice", alias = "mktPrice")]
        market_price,
        #[serde(rename = "assetClass")]
        asset_class,
        currency,
        #[serde(alias = "contractDesc")]
        description,
    }
}

/// `GET /portfolio/{accountId}/summary`, by the names of its figures.
pub type Summary = BTreeMap<String, Figure>;

/// One figure of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Figure {
    #[serde(deserialize_with = "scalar")]
    pub amount: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub currency: Option<String>,
    #[serde(rename = "isNull")]
    pub is_null: bool,
}

/// `GET /portfolio/{accountId}/ledger`, by currency.
pub type Ledger = BTreeMap<String, Balance>;

/// One currency of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Balance {
    #[serde(deserialize_with = "scalar")]
    pub cashbalance: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub exchangerate: Option<String>,
}

/// `GET /trsrv/stocks`, by symbol.
pub type Stocks = BTreeMap<String, Vec<Company>>;

/// A company that goes by the symbol.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Company {
    #[serde(deserialize_with = "scalar")]
    pub name: Option<String>,
    pub contracts: Vec<Listing>,
}

/// One of its contracts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Listing {
    pub conid: i64,
    pub exchange: String,
    #[serde(rename = "isUS")]
    pub is_us: bool,
}

/// `GET /iserver/currency/pairs`, by currency.
pub type Pairs = BTreeMap<String, Vec<Pair>>;

/// One pair.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pair {
    pub symbol: String,
    pub conid: i64,
}

/// One row of `GET /iserver/secdef/info`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Derivative {
    pub conid: i64,
    #[serde(deserialize_with = "scalar")]
    pub maturity_date: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub right: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub strike: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub trading_class: Option<String>,
}

/// `GET /iserver/contract/{conid}/info-and-rules`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contract {
    pub con_id: i64,
    #[serde(deserialize_with = "scalar")]
    pub symbol: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub local_symbol: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub instrument_type: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub currency: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub company_name: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub multiplier: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub exchange: Option<String>,
    pub rules: Rules,
}

/// Its rules.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rules {
    #[serde(deserialize_with = "scalar")]
    pub error: Option<String>,
    pub order_types: Option<Vec<String>>,
    pub can_trade_acct_ids: Option<Vec<String>>,
    #[serde(deserialize_with = "scalar")]
    pub increment: Option<String>,
    pub increment_rules: Option<Vec<Increment>>,
    #[serde(deserialize_with = "scalar")]
    pub price_magnifier: Option<String>,
}

/// From this price on, prices go in this step.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Increment {
    #[serde(deserialize_with = "scalar")]
    pub lower_edge: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub increment: Option<String>,
}

/// `GET /iserver/marketdata/history`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct History {
    #[serde(deserialize_with = "scalar")]
    pub volume_factor: Option<String>,
    pub data: Vec<Candle>,
}

scalars! {
    /// One bar of it: open, close, high, low, volume, and when it began in milliseconds.
    Candle { o, c, h, l, v, t, }
}

scalars! {
    /// A look at the market, of `GET /iserver/marketdata/snapshot` and of the stream: what changed of it.
    Tick {
        conid,
        #[serde(rename = "_updated")]
        updated,
        /// Last price; a letter before it says that it is yesterday's close, or that trading is halted.
        #[serde(rename = "31")]
        last,
        #[serde(rename = "84")]
        bid,
        #[serde(rename = "85")]
        ask_size,
        #[serde(rename = "86")]
        ask,
        #[serde(rename = "88")]
        bid_size,
        #[serde(rename = "7059")]
        last_size,
        #[serde(rename = "7741")]
        prior_close,
        #[serde(rename = "7762")]
        volume,
        /// Real-time, delayed, frozen, …
        #[serde(rename = "6509")]
        availability,
    }
}
