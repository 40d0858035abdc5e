//! Market data and stream messages as the wire has them, in either of its two encodings. JSON keeps every
//! number's digits; MessagePack has only binary floats for fractions, and gets the nearest one.

use crate::domain::time::Stamp;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Serialize, Serializer, ser::Error as _, ser::SerializeMap as _};
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Text(SmolStr),
    Number(Decimal),
    Whole(u64),
    Flag(bool),
    Time(Stamp),
    List(Vec<Self>),
    Record(Record),
    Null,
}

/// Named values in the order in which they are sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Record(Vec<(SmolStr, Field)>);

impl Record {
    pub(super) fn new() -> Self {
        Self::default()
    }
    pub(super) fn with(mut self, name: &str, value: impl Into<Field>) -> Self {
        self.0.push((SmolStr::new(name), value.into()));
        self
    }
    /// The same with `other`'s values behind.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
    /// The same with every instant off by `ms`.
    pub(super) fn shifted(self, ms: i64) -> Self {
        let off = |(name, value)| {
            (name, if let Field::Time(at) = value { Field::Time(at.plus_ms(ms)) } else { value })
        };
        Self(self.0.into_iter().map(off).collect())
    }
    fn to_msgpack(&self) -> rmpv::Value {
        rmpv::Value::Map(
            self.0.iter().map(|(k, v)| (rmpv::Value::from(k.as_str()), v.to_msgpack())).collect(),
        )
    }
}

impl From<Decimal> for Field {
    fn from(d: Decimal) -> Self {
        Self::Number(d)
    }
}
impl From<u64> for Field {
    fn from(n: u64) -> Self {
        Self::Whole(n)
    }
}
impl From<bool> for Field {
    fn from(yes: bool) -> Self {
        Self::Flag(yes)
    }
}
impl From<Stamp> for Field {
    fn from(at: Stamp) -> Self {
        Self::Time(at)
    }
}
impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(SmolStr::new(text))
    }
}
impl From<Record> for Field {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}
impl<T: Into<Self>> From<Vec<T>> for Field {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Self>> From<Option<T>> for Field {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => s.serialize_str(text),
            Self::Number(d) => {
                RawValue::from_string(d.normalize().to_string()).map_err(S::Error::custom)?.serialize(s)
            }
            Self::Whole(n) => s.serialize_u64(*n),
            Self::Flag(yes) => s.serialize_bool(*yes),
            Self::Time(at) => s.collect_str(&at.to_jiff()),
            Self::List(list) => s.collect_seq(list),
            Self::Record(record) => record.serialize(s),
            Self::Null => s.serialize_none(),
        }
    }
}

impl Field {
    fn to_msgpack(&self) -> rmpv::Value {
        match self {
            Self::Text(text) => rmpv::Value::from(text.as_str()),
            Self::Number(d) => nearest(*d),
            Self::Whole(n) => rmpv::Value::from(*n),
            Self::Flag(yes) => rmpv::Value::from(*yes),
            Self::Time(at) => timestamp(*at),
            Self::List(list) => rmpv::Value::Array(list.iter().map(Self::to_msgpack).collect()),
            Self::Record(record) => record.to_msgpack(),
            Self::Null => rmpv::Value::Nil,
        }
    }
}

/// A whole number as it is; of a fraction the nearest float, which only the way over its text gives.
fn nearest(d: Decimal) -> rmpv::Value {
    let d = d.normalize();
    match d.to_i64().filter(|_| d.scale() == 0) {
        Some(whole) => rmpv::Value::from(whole),
        None => d.to_string().parse::<f64>().map_or(rmpv::Value::Nil, rmpv::Value::from),
    }
}

/// MessagePack's own timestamp, in its 96 bit form: nanoseconds, then seconds.
fn timestamp(at: Stamp) -> rmpv::Value {
    let nanos = at.as_nanos().rem_euclid(1_000_000_000);
    let nanos = u32::try_from(nanos).ok().unwrap_or(0);
    let bytes = [nanos.to_be_bytes().as_slice(), at.as_secs().to_be_bytes().as_slice()].concat();
    rmpv::Value::Ext(-1, bytes)
}

/// How a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    Msgpack,
}

impl Codec {
    /// What the handshake's `Content-Type` asks for.
    pub(super) fn asked_for(content_type: Option<&str>) -> Self {
        match content_type {
            Some("application/msgpack") => Self::Msgpack,
            Some(_) | None => Self::Json,
        }
    }

    /// A frame: an array of messages.
    pub(super) fn encode(self, records: &[&Record]) -> Vec<u8> {
        match self {
            // Neither writer can fail: the sink is memory and every name is text.
            Self::Json => serde_json::to_vec(records).ok().unwrap_or_default(),
            Self::Msgpack => {
                let mut out = Vec::new();
                let frame = rmpv::Value::Array(records.iter().map(|r| r.to_msgpack()).collect());
                match rmpv::encode::write_value(&mut out, &frame) {
                    Ok(()) => out,
                    Err(_) => Vec::new(),
                }
            }
        }
    }

    /// What a client says, as JSON either way: it holds names and words only. `None` if it cannot be read.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<serde_json::Value> {
        match self {
            Self::Json => serde_json::from_slice(bytes).ok(),
            Self::Msgpack => {
                let mut rest = bytes;
                let value = rmpv::decode::read_value_with_max_depth(&mut rest, 16).ok()?;
                rest.is_empty().then(|| words(&value))
            }
        }
    }
}

/// A JSON text in MessagePack: the order updates' other encoding.
pub(super) fn repack(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let value = serde_json::from_slice(json).map_or(rmpv::Value::Nil, |v| packed(&v));
    match rmpv::encode::write_value(&mut out, &value) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

fn packed(value: &serde_json::Value) -> rmpv::Value {
    match value {
        serde_json::Value::Null => rmpv::Value::Nil,
        serde_json::Value::Bool(b) => rmpv::Value::from(*b),
        serde_json::Value::Number(n) => match n.as_i64() {
            Some(whole) => rmpv::Value::from(whole),
            None => n.as_f64().map_or(rmpv::Value::Nil, rmpv::Value::from),
        },
        serde_json::Value::String(text) => rmpv::Value::from(text.as_str()),
        serde_json::Value::Array(list) => rmpv::Value::Array(list.iter().map(packed).collect()),
        serde_json::Value::Object(map) => {
            rmpv::Value::Map(map.iter().map(|(k, v)| (rmpv::Value::from(k.as_str()), packed(v))).collect())
        }
    }
}

fn words(value: &rmpv::Value) -> serde_json::Value {
    match value {
        rmpv::Value::String(text) => text.as_str().into(),
        rmpv::Value::Array(list) => list.iter().map(words).collect(),
        rmpv::Value::Map(pairs) => {
            let named = pairs.iter().filter_map(|(k, v)| Some((k.as_str()?.to_owned(), words(v))));
            serde_json::Value::Object(named.collect())
        }
        rmpv::Value::Boolean(b) => (*b).into(),
        rmpv::Value::Nil
        | rmpv::Value::Integer(_)
        | rmpv::Value::F32(_)
        | rmpv::Value::F64(_)
        | rmpv::Value::Binary(_)
        | rmpv::Value::Ext(..) => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote() -> Record {
        Record::new()
            .with("T", "q")
            .with("bp", Decimal::new(12_655_000_000_000_001, 14))
            .with("bs", Decimal::new(300, 2))
            .with("t", Stamp::from_nanos(1_613_997_904_208_000_001))
            .with("c", vec!["R"])
            .with("z", Option::<&str>::None)
    }

    #[test]
    fn json_keeps_every_digit() {
        assert_eq!(
            String::from_utf8(Codec::Json.encode(&[&quote()])).unwrap(),
            r#"[{"T":"q","bp":126.55000000000001,"bs":3,"t":"2021-02-22T12:45:04.208000001Z","c":["R"],"z":null}]"#
        );
    }

    #[test]
    fn msgpack_has_the_timestamp_extension_and_the_nearest_float() {
        let bytes = Codec::Msgpack.encode(&[&quote()]);
        let back = rmpv::decode::read_value(&mut bytes.as_slice()).unwrap();
        assert_eq!(back[0]["bp"].as_f64(), Some(126.550_000_000_000_01));
        assert_eq!(back[0]["bs"].as_u64(), Some(3));
        let (kind, time) = back[0]["t"].as_ext().unwrap();
        assert_eq!((kind, time.len()), (-1, 12));
        assert_eq!(time[..4], 208_000_001_u32.to_be_bytes());
        assert_eq!(time[4..], 1_613_997_904_i64.to_be_bytes());
    }

    #[test]
    fn both_encodings_of_a_request_read_the_same() {
        let json = serde_json::json!({"action": "subscribe", "quotes": ["AAPL", "*"]});
        let mut packed = Vec::new();
        let value = rmpv::Value::Map(vec![
            ("action".into(), "subscribe".into()),
            ("quotes".into(), rmpv::Value::Array(vec!["AAPL".into(), "*".into()])),
        ]);
        rmpv::encode::write_value(&mut packed, &value).unwrap();
        assert_eq!(Codec::Msgpack.decode(&packed), Some(json.clone()));
        assert_eq!(Codec::Json.decode(json.to_string().as_bytes()), Some(json));
        packed.push(0);
        assert_eq!(Codec::Msgpack.decode(&packed), None);
        assert_eq!(Codec::Json.decode(b"{"), None);
    }
}
