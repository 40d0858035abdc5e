//! Protocol buffers by their numbers: what stands on the wire, without anybody's definitions.

use std::collections::BTreeMap;

/// A message being written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    fn varint(&mut self, mut n: u64) {
        while n > 0x7f {
            self.0.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
            n >>= 7;
        }
        self.0.push(u8::try_from(n).unwrap());
    }
    pub(crate) fn int(mut self, tag: u64, n: i64) -> Self {
        self.varint(tag << 3);
        self.varint(u64::from_ne_bytes(n.to_ne_bytes()));
        self
    }
    pub(crate) fn flag(self, tag: u64, is: bool) -> Self {
        if is { self.int(tag, 1) } else { self }
    }
    pub(crate) fn double(mut self, tag: u64, n: f64) -> Self {
        self.varint(tag << 3 | 1);
        self.0.extend(n.to_le_bytes());
        self
    }
    pub(crate) fn text(self, tag: u64, text: &str) -> Self {
        if text.is_empty() { self } else { self.bytes(tag, text.as_bytes()) }
    }
    pub(crate) fn message(self, tag: u64, inner: &Self) -> Self {
        self.bytes(tag, &inner.0)
    }
    fn bytes(mut self, tag: u64, bytes: &[u8]) -> Self {
        self.varint(tag << 3 | 2);
        self.varint(u64::try_from(bytes.len()).unwrap());
        self.0.extend(bytes);
        self
    }
}

#[derive(Debug, Clone)]
enum Value {
    Int(u64),
    Fixed([u8; 8]),
    Bytes(Vec<u8>),
}

/// A message that was read: the last value of each field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(BTreeMap<u64, Value>);

impl Fields {
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes)?;
            let value = match key & 7 {
                0 => Value::Int(varint(&mut bytes)?),
                1 => {
                    let (eight, rest) = bytes.split_first_chunk::<8>()?;
                    bytes = rest;
                    Value::Fixed(*eight)
                }
                2 => {
                    let len = usize::try_from(varint(&mut bytes)?).ok()?;
                    let (value, rest) = bytes.split_at_checked(len)?;
                    bytes = rest;
                    Value::Bytes(value.to_vec())
                }
                5 => {
                    bytes = bytes.get(4..)?;
                    continue;
                }
                _ => return None,
            };
            fields.insert(key >> 3, value);
        }
        Some(Self(fields))
    }
    pub(crate) fn int(&self, tag: u64) -> Option<i64> {
        match self.0.get(&tag)? {
            Value::Int(n) => Some(i64::from_ne_bytes(n.to_ne_bytes())),
            Value::Fixed(_) | Value::Bytes(_) => None,
        }
    }
    pub(crate) fn number(&self, tag: u64) -> i32 {
        self.int(tag).map_or(0, |n| i32::try_from(n).unwrap())
    }
    pub(crate) fn flag(&self, tag: u64) -> bool {
        self.int(tag).is_some_and(|n| n != 0)
    }
    pub(crate) fn double(&self, tag: u64) -> Option<f64> {
        match self.0.get(&tag)? {
            Value::Fixed(eight) => Some(f64::from_le_bytes(*eight)).filter(|n| *n < f64::MAX),
            Value::Int(_) | Value::Bytes(_) => None,
        }
    }
    pub(crate) fn text(&self, tag: u64) -> String {
        match self.0.get(&tag) {
            Some(Value::Bytes(bytes)) => String::from_utf8(bytes.clone()).unwrap(),
            _ => String::new(),
        }
    }
    pub(crate) fn inner(&self, tag: u64) -> Self {
        match self.0.get(&tag) {
            Some(Value::Bytes(bytes)) => Self::read(bytes).unwrap(),
            _ => Self::default(),
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}
