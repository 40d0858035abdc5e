//! What the cloud answers, as serde types and nothing else (LEAN.md 3). Figures, orders and charts are LEAN's own
//! ([`crate::algos::result::wire`]). Empty maps come as `[]`.

use crate::algos::{
    number::{Number, Plain},
    result::wire::{Map, Order},
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What every answer has.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    #[serde(default, alias = "Success")]
    pub success: Option<bool>,
    /// A list of texts; whatever else stands there is passed over.
    #[serde(borrow, default, alias = "Errors")]
    pub errors: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "Messages")]
    pub messages: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "Message")]
    pub message: Option<&'a RawValue>,
    /// `loading`, or how the algorithm is.
    #[serde(borrow, default)]
    pub status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub progress: Option<&'a RawValue>,
}

/// `/live/read`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status<'a> {
    #[serde(borrow, default, alias = "DeployId")]
    pub deploy_id: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Status")]
    pub status: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Launched")]
    pub launched: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "RuntimeStatistics")]
    pub runtime_statistics: Option<Map<Plain<'a>>>,
    #[serde(borrow, default, alias = "ServerStatistics")]
    pub server_statistics: Option<Map<Plain<'a>>>,
}

/// `/live/portfolio/read`
#[derive(Debug, Deserialize)]
pub struct Portfolio<'a> {
    /// `holdings` and `cash`, as in a result file.
    #[serde(borrow, default, alias = "Portfolio")]
    pub portfolio: Option<&'a RawValue>,
}

/// `/live/orders/read`
#[derive(Debug, Deserialize)]
pub struct Orders<'a> {
    #[serde(borrow, alias = "Orders")]
    pub orders: Vec<Order<'a>>,
}

/// `/live/logs/read`
#[derive(Debug, Deserialize)]
pub struct Log<'a> {
    #[serde(borrow, alias = "Logs")]
    pub logs: Vec<Plain<'a>>,
    /// How many lines there are.
    #[serde(default, alias = "Length")]
    pub length: Option<u64>,
}

/// `/live/chart/read`
#[derive(Debug, Deserialize)]
pub struct Chart<'a> {
    #[serde(borrow, default, alias = "Chart")]
    pub chart: Option<&'a RawValue>,
}

/// `/live/list`
#[derive(Debug, Deserialize)]
pub struct List<'a> {
    #[serde(borrow, default, alias = "Live")]
    pub live: Vec<Row<'a>>,
}

/// A deployment of the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<'a> {
    #[serde(borrow, default, alias = "DeployId")]
    pub deploy_id: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Error")]
    pub error: Option<Plain<'a>>,
    #[serde(default, alias = "Equity")]
    pub equity: Option<Number>,
}

/// `/live/insights/read`
#[derive(Debug, Deserialize)]
pub struct Insights<'a> {
    #[serde(borrow, alias = "Insights")]
    pub insights: Vec<Insight<'a>>,
}

/// A prediction. Its time has two names, of which either may be missing; older ones are in kebab-case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Insight<'a> {
    #[serde(borrow, default, alias = "Id")]
    pub id: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "SourceModel", alias = "source-model")]
    pub source_model: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "CreatedTime", alias = "created-time")]
    pub created_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "GeneratedTime", alias = "generated-time")]
    pub generated_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "CloseTime", alias = "close-time")]
    pub close_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Symbol")]
    pub symbol: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Ticker")]
    pub ticker: Option<Plain<'a>>,
    #[serde(borrow, default, rename = "type", alias = "Type")]
    pub kind: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Direction")]
    pub direction: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Magnitude")]
    pub magnitude: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Confidence")]
    pub confidence: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Weight")]
    pub weight: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "Tag")]
    pub tag: Option<Plain<'a>>,
}
