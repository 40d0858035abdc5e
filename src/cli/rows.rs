//! The desk's rows as scripts see them. Instants of this process's own clock mean nothing outside it, so they
//! become ages; instants of the wall become RFC 3339. Money, prices and quantities are strings already.

use crate::domain::time::{Now, Stamp};
use serde::Serialize;
use serde_json::{Map, Value};

/// What a key's number is.
enum Instant {
    /// Of the process's clock, in the past: `age_ms`.
    Past(&'static str),
    /// Of the process's clock, to come: `…_in_ms`.
    Future(&'static str),
    /// Of the wall.
    Wall,
}

fn instant(key: &str) -> Option<Instant> {
    match key {
        "updated" => Some(Instant::Past("age_ms")),
        "last_message" => Some(Instant::Past("last_message_age_ms")),
        "began" => Some(Instant::Past("began_ago_ms")),
        "ended" => Some(Instant::Past("ended_ago_ms")),
        "until" => Some(Instant::Future("until_in_ms")),
        "limited_until" => Some(Instant::Future("limited_in_ms")),
        "at" | "created" | "last_delivered" => Some(Instant::Wall),
        _ => None,
    }
}

/// A row, or a list of them.
pub(super) fn document<T: Serialize>(rows: &T, now: Now) -> Value {
    // The desk's rows have no maps with keys that are not text, and nothing else can fail.
    serde_json::to_value(rows).map_or(Value::Null, |value| told(value, now))
}

fn told(value: Value, now: Now) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|v| told(v, now)).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| field(k, v, now)).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn field(key: String, value: Value, now: Now) -> (String, Value) {
    let ns = now.mono.as_nanos();
    match (instant(&key), value.as_i64()) {
        (Some(Instant::Wall), Some(at)) => (key, Value::from(Stamp::from_nanos(at).to_rfc3339())),
        (Some(Instant::Past(name)), at) => {
            (name.to_owned(), ms(at.map(|at| ns.saturating_sub(at.unsigned_abs()))))
        }
        (Some(Instant::Future(name)), at) => {
            (name.to_owned(), ms(at.map(|at| at.unsigned_abs().saturating_sub(ns))))
        }
        (Some(Instant::Wall) | None, _) => (key, told(value, now)),
    }
}

fn ms(ns: Option<u64>) -> Value {
    ns.map_or(Value::Null, |ns| Value::from(ns.div_euclid(1_000_000)))
}

/// A document with these fields.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>())
}

/// The word that a value bears in JSON.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .map_or_else(|_| String::new(), |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Mono;
    use serde_json::json;

    #[test]
    fn instants_become_ages_and_dates() {
        let now = Now { wall: Stamp::default(), mono: Mono::from_millis(5_000) };
        let row = json!([{ "updated": 2_000_000_000_u64, "until": null, "limited_until": 6_000_000_000_u64,
                           "at": 0, "qty": "1.50", "channels": [{ "last_message": 4_999_000_000_u64 }] }]);
        assert_eq!(
            document(&row, now),
            json!([{ "age_ms": 3000, "until_in_ms": null, "limited_in_ms": 1000,
                     "at": "1970-01-01T00:00:00Z", "qty": "1.50", "channels": [{ "last_message_age_ms": 1 }] }])
        );
    }
}
