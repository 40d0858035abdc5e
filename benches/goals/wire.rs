//! Goal 1: a market message from its text to the marks, with the profit of what is held, against a bare typed
//! parse of the same text.

use super::{
    table::{Limit, Row},
    timing::{cpu, each_ns, pair},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::{hint::black_box, str::FromStr};
use tradedeck::{
    adapters::alpaca::{
        map::market::{Meaning, news},
        wire::each_news,
    },
    book::{Marked, Marks},
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        money::{NumberError, Price, Qty, SignedQty},
        time::{Mono, Stamp},
    },
};

/// Symbols, and one message of each.
pub(crate) const SYMBOLS: usize = 10_000;
/// One of so many is held.
const HELD: usize = 20;

pub(crate) fn venue() -> VenueId {
    VenueId::new("alpaca").unwrap()
}

pub(crate) fn symbol(n: usize) -> Symbol {
    Symbol::new(&format!("S{n:04}")).unwrap()
}

/// One quote as Alpaca sends it.
pub(crate) fn line(n: usize) -> String {
    let cents = i64::try_from(2_000 + (n * 37) % 40_000).expect("a small number");
    let (bid, ask) = (Decimal::new(cents, 2), Decimal::new(cents + 1, 2));
    let (symbol, nanos) = (symbol(n), 100_000_000 + n * 7_919);
    format!(
        r#"[{{"T":"q","S":"{symbol}","bx":"V","bp":{bid},"bs":{},"ax":"V","ap":{ask},"as":{},"c":["R"],"z":"C","t":"2026-11-20T15:00:00.{nanos}Z"}}]"#,
        1 + n % 9,
        1 + n % 7
    )
}

pub(crate) fn lines() -> Vec<String> {
    (0..SYMBOLS).map(line).collect()
}

/// Marks with positions in some of the symbols.
pub(crate) fn marks() -> Marks {
    let mut marks = Marks::new();
    for n in (0..SYMBOLS).step_by(HELD) {
        let instrument = InstrumentId { venue: venue(), symbol: symbol(n) };
        let (qty, avg) = (SignedQty::new(Decimal::new(100, 0)), Price::new(Decimal::new(2_345, 2)));
        marks.hold(&instrument, qty, Some(avg), tradedeck::domain::payoff::Payoff::ONE);
    }
    marks
}

/// A number as a venue writes it, kept exactly.
fn exact<'de, D: Deserializer<'de>, T: FromStr<Err = NumberError>>(d: D) -> Result<T, D::Error> {
    let raw: &RawValue = Deserialize::deserialize(d)?;
    raw.get().parse().map_err(de::Error::custom)
}

fn stamp<'de, D: Deserializer<'de>>(d: D) -> Result<Stamp, D::Error> {
    let text: &str = Deserialize::deserialize(d)?;
    Stamp::parse_rfc3339(text).map_err(de::Error::custom)
}

/// The yardstick: the fields of a quote in their types, and nothing else.
#[derive(Deserialize)]
struct Bare<'a> {
    #[serde(rename = "T")]
    kind: &'a str,
    #[serde(rename = "S")]
    symbol: Symbol,
    #[serde(deserialize_with = "exact")]
    bp: Price,
    #[serde(deserialize_with = "exact")]
    bs: Qty,
    #[serde(deserialize_with = "exact")]
    ap: Price,
    #[serde(rename = "as", deserialize_with = "exact")]
    as_: Qty,
    #[serde(deserialize_with = "stamp")]
    t: Stamp,
}

pub(crate) fn apply(lines: &[String], marks: &mut Marks, venue: &VenueId, received: Mono) {
    for line in lines {
        each_news(line, |element| match news(venue, &element, received) {
            Ok(Meaning::Market(news)) => assert!(matches!(marks.apply(&news), Marked::Fresh | Marked::New)),
            other => panic!("{other:?}"),
        })
        .unwrap();
    }
}

fn parse(lines: &[String]) {
    for line in lines {
        let (quote,): (Bare<'_>,) = serde_json::from_str(line).unwrap();
        black_box((quote.kind, quote.symbol, quote.bp, quote.bs, quote.ap, quote.as_, quote.t));
    }
}

pub(crate) fn parse_and_apply() -> Vec<Row> {
    let (lines, mut marks, venue) = (lines(), marks(), venue());
    let mut ms = 0;
    let ours = || {
        ms += 33;
        cpu(|| (0..4).for_each(|_| apply(&lines, &mut marks, &venue, Mono::from_millis(ms))))
    };
    let pair = pair(25, ours, || cpu(|| (0..4).for_each(|_| parse(&lines))));
    let each = |time| each_ns(time, 4 * SYMBOLS);
    vec![Row {
        goal: 1,
        what: "parse + apply, 10,000 symbols, 500 held; of a bare parse",
        figure: 1.0 / pair.ratio,
        unit: "",
        limit: Limit::AtLeast(0.75),
        sides: format!(
            "{:.0} ns a message; bare typed parse {:.0} ns",
            each(pair.ours),
            each(pair.yardstick)
        ),
    }]
}
