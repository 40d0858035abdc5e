//! What is sent.

use serde::Serialize;
use serde_json::value::RawValue;

/// An empty body. Requests that change something without saying anything must have one: the gateway answers 411
/// otherwise.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Nothing {}

/// `POST /iserver/auth/ssodh/init`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Init {
    /// Always: the vendor answers 500 otherwise.
    pub publish: bool,
    pub compete: bool,
}

/// `POST /iserver/account`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Switch<'a> {
    #[serde(rename = "acctId")]
    pub acct_id: &'a str,
}

/// `POST /iserver/reply/{replyId}`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reply {
    pub confirmed: bool,
}

/// `POST /iserver/account/{accountId}/orders`.
#[derive(Debug, Clone, Serialize)]
pub struct Orders {
    pub orders: Vec<Ticket>,
}

/// One order. Its numbers are written with the digits that they have.
#[derive(Debug, Clone, Serialize)]
pub struct Ticket {
    #[serde(rename = "acctId")]
    pub acct_id: String,
    pub conid: i64,
    /// Our id; a child of another order has none.
    #[serde(rename = "cOID", skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Our id of the order that it hangs on.
    #[serde(rename = "parentId", skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(rename = "isSingleGroup", skip_serializing_if = "Option::is_none")]
    pub is_single_group: Option<bool>,
    #[serde(rename = "orderType")]
    pub order_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Box<RawValue>>,
    #[serde(rename = "auxPrice", skip_serializing_if = "Option::is_none")]
    pub aux_price: Option<Box<RawValue>>,
    #[serde(rename = "trailingType", skip_serializing_if = "Option::is_none")]
    pub trailing_type: Option<&'static str>,
    #[serde(rename = "trailingAmt", skip_serializing_if = "Option::is_none")]
    pub trailing_amt: Option<Box<RawValue>>,
    pub side: &'static str,
    pub quantity: Box<RawValue>,
    pub tif: &'static str,
    #[serde(rename = "outsideRTH")]
    pub outside_rth: bool,
}
