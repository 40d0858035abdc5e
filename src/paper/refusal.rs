//! Why the paper venue refuses a request, in the words and numbers of Alpaca's API.

use crate::domain::money::{Money, Price, Qty};
use serde::Serialize;
use smol_str::SmolStr;
use uuid::Uuid;

/// A refused request: HTTP status, the venue's own number and sentence, and what stands beside them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// HTTP status: 403, 404 or 422.
    pub status: u16,
    /// The venue's number.
    pub code: u32,
    /// The venue's sentence.
    pub message: String,
    /// What the answer carries besides.
    pub context: Box<Context>,
}

/// Figures that stand beside a refusal in the answer's body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Context {
    /// Units that are free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<Qty>,
    /// Units in the position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_qty: Option<Qty>,
    /// Units that working orders hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_for_orders: Option<Qty>,
    /// The instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<SmolStr>,
    /// Orders that are in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_orders: Vec<Uuid>,
    /// Buying power that is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buying_power: Option<Money>,
    /// What the order would cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_basis: Option<Money>,
    /// The price that a bracket's legs are measured from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_price: Option<Price>,
    /// The order that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_order_id: Option<Uuid>,
}

impl Refusal {
    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), context: Box::default() }
    }
    /// 422: what was sent makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 42_210_000, message)
    }
    /// 422: a field is missing, or two don't go together.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(422, 40_010_001, message)
    }
    /// 403: it makes sense, and may not be done.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, 40_310_000, message)
    }
    /// 404: there is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, message)
    }
    /// 422: the maker's id is already taken.
    pub fn client_order_id_taken() -> Self {
        Self::malformed("client_order_id must be unique")
    }
    /// With figures beside it.
    pub fn with(self, context: Context) -> Self {
        Self { context: Box::new(context), ..self }
    }
}
