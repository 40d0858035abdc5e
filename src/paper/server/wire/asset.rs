//! Instruments, the market's clock and its calendar as the API shows them.

use super::{At, Num, class_word};
use crate::{
    domain::{
        instrument::{AssetClass, Borrow},
        money::{Price, Qty},
    },
    paper::{
        asset::Asset,
        hours::{MarketClock, TradingDay},
    },
};
use jiff::civil::{Date, Time};
use serde_json::{Map, Value, json};

/// The `Assets` of the API. The vendor's file knows no exchange for coins but `OTC`.
pub(in crate::paper::server) fn asset(a: &Asset) -> Value {
    let is_coin = a.class == AssetClass::Crypto;
    let easy = a.shortable && matches!(a.borrow, Borrow::Easy);
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("id", json!(a.id));
    set("class", json!(class_word(a.class)));
    set("exchange", json!(if is_coin { "OTC" } else { a.exchange }));
    set("symbol", json!(a.symbol));
    set("name", json!(a.name));
    set("status", json!("active"));
    set("tradable", json!(a.tradable));
    set("marginable", json!(a.marginable));
    set("shortable", json!(a.shortable));
    set("easy_to_borrow", json!(easy));
    set("borrow_status", json!(if easy { "easy_to_borrow" } else { "hard_to_borrow" }));
    set("fractionable", json!(a.fractionable));
    set("attributes", json!([]));
    for (name, size) in [
        ("min_order_size", a.min_order_size.map(Qty::get)),
        ("min_trade_increment", a.min_trade_increment.map(Qty::get)),
        ("price_increment", a.price_increment.map(Price::get)),
    ] {
        if let Some(size) = size.filter(|_| is_coin) {
            set(name, json!(Num(size)));
        }
    }
    Value::Object(body)
}

/// The answer of `GET /v2/clock`.
pub(in crate::paper::server) fn clock(c: &MarketClock) -> Value {
    json!({
        "timestamp": At(c.at),
        "is_open": c.is_open,
        "next_open": At(c.next_open),
        "next_close": At(c.next_close),
    })
}

/// The answer of `GET /v3/clock`, for the one market that there is.
pub(in crate::paper::server) fn market_clock(c: &MarketClock) -> Value {
    let until = if c.is_open { c.next_close } else { c.next_open };
    json!({"clocks": [{
        "market": {"acronym": "NYSE", "name": "New York Stock Exchange", "timezone": "America/New_York", "mic": "XNYS"},
        "timestamp": At(c.at),
        "is_market_day": c.is_open,
        "next_market_open": At(c.next_open),
        "next_market_close": At(c.next_close),
        "phase": if c.is_open { "core" } else { "closed" },
        "phase_until": At(until),
    }]})
}

/// A day of `GET /v2/calendar`. A day that never closes ends at 23:59: the format has no 24:00.
pub(in crate::paper::server) fn calendar_day(day: &TradingDay, settles: Date) -> Value {
    let end = |open: Time, close: Time| if open == close { Time::constant(23, 59, 0, 0) } else { close };
    let hm = |t: Time| t.strftime("%H:%M").to_string();
    let session = |t: Time| t.strftime("%H%M").to_string();
    json!({
        "date": day.date.to_string(),
        "open": hm(day.open),
        "close": hm(end(day.open, day.close)),
        "session_open": session(day.session_open),
        "session_close": session(end(day.session_open, day.session_close)),
        "settlement_date": settles.to_string(),
    })
}
