//! Goal 2: exact decimals against floats, from JSON strings and from JSON numbers.

use super::{
    table::{Limit, Row},
    timing::{cpu, each_ns, pair},
};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::{hint::black_box, time::Duration};
use tradedeck::domain::money::{Price, Qty, parse_decimal};

const MESSAGES: usize = 10_000;
const PASSES: usize = 8;

#[derive(Deserialize)]
struct ExactStrings<'a> {
    u: u64,
    s: &'a str,
    b: Price,
    #[serde(rename = "B")]
    bid_size: Qty,
    a: Price,
    #[serde(rename = "A")]
    ask_size: Qty,
}

fn float<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let text: &str = Deserialize::deserialize(d)?;
    text.parse().map_err(de::Error::custom)
}

#[derive(Deserialize)]
struct FloatStrings<'a> {
    u: u64,
    s: &'a str,
    #[serde(deserialize_with = "float")]
    b: f64,
    #[serde(rename = "B", deserialize_with = "float")]
    bid_size: f64,
    #[serde(deserialize_with = "float")]
    a: f64,
    #[serde(rename = "A", deserialize_with = "float")]
    ask_size: f64,
}

#[derive(Deserialize)]
struct ExactNumbers<'a> {
    #[serde(rename = "S")]
    symbol: &'a str,
    #[serde(borrow)]
    bp: &'a RawValue,
    bs: &'a RawValue,
    ap: &'a RawValue,
    #[serde(rename = "as")]
    as_: &'a RawValue,
}

#[derive(Deserialize)]
struct FloatNumbers<'a> {
    #[serde(rename = "S")]
    symbol: &'a str,
    bp: f64,
    bs: f64,
    ap: f64,
    #[serde(rename = "as")]
    as_: f64,
}

fn strings() -> Vec<String> {
    let line = |n: usize| {
        let (bid, ask) = (100_000 + n * 13, 100_001 + n * 13);
        format!(
            r#"{{"u":{},"s":"BNBUSDT","b":"{}.{:08}","B":"{}.21000000","a":"{}.{:08}","A":"{}.66000000"}}"#,
            400_900_217 + n,
            bid / 1000,
            bid % 1000 * 100_000,
            1 + n % 90,
            ask / 1000,
            ask % 1000 * 100_000,
            1 + n % 70
        )
    };
    (0..MESSAGES).map(line).collect()
}

/// Processor time of reading all of them.
fn read<'a, T>(lines: &'a [String], each: impl Fn(&'a str) -> T) -> Duration {
    cpu(|| {
        for line in (0..PASSES).flat_map(|_| lines) {
            black_box(each(line));
        }
    })
}

fn row(what: &'static str, pair: super::timing::Pair) -> Row {
    let each = |time| each_ns(time, MESSAGES * PASSES);
    Row {
        goal: 2,
        what,
        figure: pair.ratio,
        unit: "x",
        limit: Limit::AtMost(1.15),
        sides: format!("exact {:.0} ns a message; f64 {:.0} ns", each(pair.ours), each(pair.yardstick)),
    }
}

pub(crate) fn exact_decimals() -> Vec<Row> {
    let lines = strings();
    let exact = || {
        read(&lines, |line| {
            let m: ExactStrings<'_> = serde_json::from_str(line).unwrap();
            (m.u, m.s, m.b, m.bid_size, m.a, m.ask_size)
        })
    };
    let floats = || {
        read(&lines, |line| {
            let m: FloatStrings<'_> = serde_json::from_str(line).unwrap();
            (m.u, m.s, m.b, m.bid_size, m.a, m.ask_size)
        })
    };
    let of_strings = row("exact decimals from JSON strings, of f64", pair(25, exact, floats));
    let lines = super::wire::lines();
    let exact = || {
        read(&lines, |line| {
            let (m,): (ExactNumbers<'_>,) = serde_json::from_str(line).unwrap();
            let number = |raw: &RawValue| parse_decimal(raw.get()).unwrap();
            (m.symbol, number(m.bp), number(m.bs), number(m.ap), number(m.as_))
        })
    };
    let floats = || {
        read(&lines, |line| {
            let (m,): (FloatNumbers<'_>,) = serde_json::from_str(line).unwrap();
            (m.symbol, m.bp, m.bs, m.ap, m.as_)
        })
    };
    vec![of_strings, row("exact decimals from JSON numbers, of f64", pair(25, exact, floats))]
}
