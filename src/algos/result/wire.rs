//! What LEAN writes and the cloud hands on, as serde types and nothing else. Names come in three styles: camelCase now, PascalCase in older
//! files and in what streams, kebab-case in old order events (LEAN.md 1.3, 1.4).

use crate::algos::number::{Number, Plain};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData};

/// A map in the order in which it is written. Empty ones come as `[]` (PHP) and as `null` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<V>(pub Vec<(String, V)>);

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = Map<V>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map, or an empty list")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map<V>, A::Error> {
        let mut out = Vec::new();
        while let Some(entry) = map.next_entry::<String, V>()? {
            out.push(entry);
        }
        Ok(Map(out))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Map<V>, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(Map::default()),
            Some(_) => Err(A::Error::custom("a list where a map belongs")),
        }
    }
    fn visit_unit<E>(self) -> Result<Map<V>, E> {
        Ok(Map::default())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }
}

/// What the status, minute, ten-minute and second files hold, and each `LiveResult` that streams a part of.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveResult<'a> {
    #[serde(borrow, default, alias = "Holdings")]
    pub holdings: Option<Map<Holding<'a>>>,
    #[serde(borrow, default, alias = "Cash", alias = "cashBook", alias = "CashBook")]
    pub cash: Option<Map<Cash<'a>>>,
    #[serde(borrow, default, alias = "AccountCurrency", alias = "account-currency")]
    pub account_currency: Option<Plain<'a>>,
    /// Only one of them is looked into.
    #[serde(borrow, default, alias = "Charts")]
    pub charts: Option<Map<&'a RawValue>>,
    #[serde(borrow, default, alias = "Orders")]
    pub orders: Option<Map<Order<'a>>>,
    #[serde(borrow, default, alias = "OrderEvents", alias = "order-events")]
    pub order_events: Option<Vec<OrderEvent<'a>>>,
    #[serde(borrow, default, alias = "Statistics")]
    pub statistics: Option<Map<Plain<'a>>>,
    #[serde(borrow, default, alias = "RuntimeStatistics", alias = "runtime-statistics")]
    pub runtime_statistics: Option<Map<Plain<'a>>>,
    #[serde(borrow, default, alias = "State")]
    pub state: Option<Map<Plain<'a>>>,
    #[serde(borrow, default, alias = "ServerStatistics", alias = "server-statistics")]
    pub server_statistics: Option<Map<Plain<'a>>>,
}

/// The short form, in which every default is left out, and the long one, which has a `symbol`.
#[derive(Debug, Default, Deserialize)]
pub struct Holding<'a> {
    #[serde(borrow, default, alias = "Symbol")]
    pub symbol: Option<Symbol<'a>>,
    #[serde(default, alias = "averagePrice", alias = "AveragePrice", alias = "average-price")]
    pub a: Option<Number>,
    #[serde(default, alias = "quantity", alias = "Quantity")]
    pub q: Option<Number>,
    #[serde(default, alias = "marketPrice", alias = "MarketPrice", alias = "market-price")]
    pub p: Option<Number>,
    #[serde(default, alias = "marketValue", alias = "MarketValue", alias = "market-value")]
    pub v: Option<Number>,
    #[serde(
        default,
        alias = "unrealizedPnl",
        alias = "unrealizedPnL",
        alias = "UnrealizedPnl",
        alias = "UnrealizedPnL",
        alias = "unrealized-pnl"
    )]
    pub u: Option<Number>,
}

/// A symbol, whole or by its text alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// As people say it.
    pub value: Option<Plain<'a>>,
    /// LEAN's own name for it.
    pub id: Option<Plain<'a>>,
}

#[derive(Deserialize)]
struct WholeSymbol<'a> {
    #[serde(borrow, default, alias = "Value")]
    value: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "ID", alias = "Id")]
    id: Option<Plain<'a>>,
}

impl<'a, 'de: 'a> Deserialize<'de> for Symbol<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        if raw.starts_with('"') {
            let id = serde_json::from_str(raw).map_err(D::Error::custom)?;
            return Ok(Self { value: None, id: Some(id) });
        }
        let whole: WholeSymbol<'_> = serde_json::from_str(raw).map_err(D::Error::custom)?;
        Ok(Self { value: whole.value, id: whole.id })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cash<'a> {
    #[serde(borrow, default, alias = "Symbol")]
    pub symbol: Option<Plain<'a>>,
    #[serde(alias = "Amount")]
    pub amount: Number,
    #[serde(default, alias = "ValueInAccountCurrency", alias = "value-in-account-currency")]
    pub value_in_account_currency: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Chart<'a> {
    #[serde(borrow, default, alias = "Series")]
    pub series: Option<Map<Series<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Series<'a> {
    #[serde(borrow, default, alias = "Values")]
    pub values: Option<Vec<Point<'a>>>,
}

/// `[t, y]`, a candle `[t, o, h, l, c]`, or `{x, y}` of old; a value may be `null`, which is empty here.
#[derive(Debug)]
pub struct Point<'a>(pub Vec<Plain<'a>>);

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow, alias = "X")]
    x: Plain<'a>,
    #[serde(borrow, default, alias = "Y")]
    y: Plain<'a>,
}

impl<'a, 'de: 'a> Deserialize<'de> for Point<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        if raw.starts_with('[') {
            return serde_json::from_str(raw).map(Self).map_err(D::Error::custom);
        }
        let pair: Pair<'_> = serde_json::from_str(raw).map_err(D::Error::custom)?;
        Ok(Self(vec![pair.x, pair.y]))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    #[serde(alias = "Id")]
    pub id: i64,
    #[serde(borrow, default, alias = "BrokerId", alias = "broker-id")]
    pub broker_id: Option<Vec<Plain<'a>>>,
    #[serde(borrow, default, alias = "Symbol")]
    pub symbol: Option<Symbol<'a>>,
    #[serde(default, alias = "Price")]
    pub price: Option<Number>,
    #[serde(borrow, default, alias = "Time")]
    pub time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "CreatedTime", alias = "created-time")]
    pub created_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "LastFillTime", alias = "last-fill-time")]
    pub last_fill_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "LastUpdateTime", alias = "last-update-time")]
    pub last_update_time: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "CanceledTime", alias = "canceled-time")]
    pub canceled_time: Option<Plain<'a>>,
    #[serde(alias = "Quantity")]
    pub quantity: Number,
    #[serde(borrow, rename = "type", alias = "Type")]
    pub kind: Plain<'a>,
    #[serde(borrow, alias = "Status")]
    pub status: Plain<'a>,
    #[serde(borrow, default, alias = "Tag")]
    pub tag: Option<Plain<'a>>,
    #[serde(default, alias = "LimitPrice", alias = "limit-price")]
    pub limit_price: Option<Number>,
    #[serde(default, alias = "StopPrice", alias = "stop-price")]
    pub stop_price: Option<Number>,
    #[serde(default, alias = "TriggerPrice", alias = "trigger-price")]
    pub trigger_price: Option<Number>,
    /// What happened to it: only the cloud hands them on with their order.
    #[serde(borrow, default, alias = "Events")]
    pub events: Option<Vec<OrderEvent<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEvent<'a> {
    #[serde(borrow, default, alias = "Id", alias = "ID")]
    pub id: Option<Plain<'a>>,
    #[serde(borrow, default, alias = "AlgorithmId", alias = "algorithm-id")]
    pub algorithm_id: Option<Plain<'a>>,
    #[serde(alias = "OrderId", alias = "order-id")]
    pub order_id: i64,
    #[serde(alias = "OrderEventId", alias = "order-event-id")]
    pub order_event_id: i64,
    #[serde(borrow, default, alias = "Symbol")]
    pub symbol: Option<Symbol<'a>>,
    #[serde(borrow, default, alias = "SymbolValue", alias = "symbol-value")]
    pub symbol_value: Option<Plain<'a>>,
    #[serde(borrow, alias = "Time")]
    pub time: Plain<'a>,
    #[serde(borrow, alias = "Status")]
    pub status: Plain<'a>,
    #[serde(default, alias = "OrderFeeAmount", alias = "order-fee-amount")]
    pub order_fee_amount: Option<Number>,
    #[serde(borrow, default, alias = "OrderFeeCurrency", alias = "order-fee-currency")]
    pub order_fee_currency: Option<Plain<'a>>,
    #[serde(alias = "FillPrice", alias = "fill-price")]
    pub fill_price: Number,
    #[serde(alias = "FillQuantity", alias = "fill-quantity")]
    pub fill_quantity: Number,
    #[serde(borrow, default, alias = "Message")]
    pub message: Option<Plain<'a>>,
}
