//! All that an engine and a front end can say to each other, made from the types themselves: every variant of every
//! enum that a message can hold goes over as the socket takes it, and arrives as it was.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::{
    Serialize,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess,
        SeqAccess, VariantAccess, Visitor, value::Error,
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt::Debug,
    sync::Arc,
};
use tradedeck::{
    desk::{
        protocol::{Down, Up},
        update::{Rows, Section},
    },
    domain::{
        ids::{Symbol, VenueId},
        money::{Money, Price, Qty, parse_decimal},
    },
    runtime::frames::Room,
};

/// So many are sent even where each variant was met before.
const AT_LEAST: usize = 500;
/// Rounds after which a type that still has variants unseen is one that can't be walked.
const ROUNDS: usize = 20_000;

type Variants = &'static [&'static str];

/// The enums met, with how often each was: the next variant of each is the one that it was met least with. And chance for
/// what may be there or not: a field that is left out where it is nothing would shift all behind it.
#[derive(Default)]
struct Met(RefCell<BTreeMap<(&'static str, Variants), usize>>, Cell<u64>);

impl Met {
    fn next(&self, name: &'static str, variants: Variants) -> u32 {
        let mut met = self.0.borrow_mut();
        let times = met.entry((name, variants)).or_default();
        let variant = *times % variants.len();
        *times += 1;
        u32::try_from(variant).unwrap()
    }

    fn is_there(&self) -> bool {
        let next =
            self.1.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.1.set(next);
        !(next >> 33).is_multiple_of(3)
    }

    fn unseen(&self) -> Vec<String> {
        let met = self.0.borrow();
        let unseen = met.iter().filter(|((_, variants), times)| **times < variants.len());
        unseen.map(|((name, variants), times)| format!("{name}::{}", variants[*times])).collect()
    }
}

/// Gives a type what it asks for: one of everything.
#[derive(Clone, Copy)]
struct Walk<'a>(&'a Met);

/// So many of them.
struct Several<'a>(Walk<'a>, usize);

impl<'de> SeqAccess<'de> for Several<'_> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.1.checked_sub(1) else { return Ok(None) };
        self.1 = left;
        seed.deserialize(self.0).map(Some)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.1)
    }
}

impl<'de> MapAccess<'de> for Several<'_> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.0)
    }
}

/// A variant by its number.
struct Variant<'a>(Walk<'a>, u32);

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Walk<'a>;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Walk<'a>), Error> {
        let number: de::value::U32Deserializer<Error> = self.1.into_deserializer();
        Ok((seed.deserialize(number)?, self.0))
    }
}

impl<'de> VariantAccess<'de> for Walk<'_> {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, len))
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: Variants, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, fields.len()))
    }
}

macro_rules! gives {
    ($($asked:ident $visit:ident $it:expr;)*) => {
        $(fn $asked<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($it)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Walk<'_> {
    type Error = Error;

    gives! {
        deserialize_bool visit_bool true;
        deserialize_i8 visit_i8 1;
        deserialize_i16 visit_i16 1;
        deserialize_i32 visit_i32 1;
        deserialize_i64 visit_i64 1;
        deserialize_i128 visit_i128 1;
        deserialize_u8 visit_u8 1;
        deserialize_u16 visit_u16 1;
        deserialize_u32 visit_u32 1;
        deserialize_u64 visit_u64 1;
        deserialize_u128 visit_u128 1;
        deserialize_char visit_char 'A';
        deserialize_str visit_str "2026-11-30";
        deserialize_string visit_str "2026-11-30";
        deserialize_bytes visit_bytes b"2026-11-30";
        deserialize_byte_buf visit_bytes b"2026-11-30";
    }

    fn is_human_readable(&self) -> bool {
        false
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_there() { visitor.visit_some(self) } else { visitor.visit_none() }
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, 1))
    }
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Several(self, 1))
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, len))
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, len))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: Variants,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Several(self, fields.len()))
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: Variants,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let number = self.0.next(name, variants);
        visitor.visit_enum(Variant(self, number))
    }
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        struct Expected<V>(V);
        impl<'de, V: Visitor<'de>> std::fmt::Display for Expected<V> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.expecting(f)
            }
        }
        Err(Error::custom(format!("the bytes do not say what they are, and {} asks them", Expected(visitor))))
    }
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }
    fn deserialize_f32<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no float is on a desk"))
    }
    fn deserialize_f64<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no float is on a desk"))
    }
}

/// Sends one of every kind of `T` and gives how many there were.
async fn sent_and_read<T: Serialize + DeserializeOwned + PartialEq + Debug>() -> usize {
    let (met, mut room, mut wire) = (Met::default(), Room::default(), Vec::new());
    let mut sent = 0;
    while sent < AT_LEAST || !met.unseen().is_empty() {
        let message = T::deserialize(Walk(&met)).unwrap();
        wire.clear();
        room.write(&mut wire, &message).await.unwrap();
        let read: Option<T> = room.read(&mut wire.as_slice()).await.unwrap();
        assert_eq!(read, Some(message));
        sent += 1;
        assert!(sent < ROUNDS, "never met: {:?}", met.unseen());
    }
    sent
}

#[tokio::test]
async fn every_kind_of_message_arrives_as_it_went() {
    let (asked, told) = (sent_and_read::<Up>().await, sent_and_read::<Down>().await);
    assert!(asked >= AT_LEAST && told >= AT_LEAST, "{asked} and {told}");
}

fn crossed(number: Decimal) -> Decimal {
    let bytes = postcard::to_stdvec(&Money::new(number)).unwrap();
    postcard::from_bytes::<Money>(&bytes).unwrap().get()
}

#[test]
fn the_largest_and_the_finest_numbers_arrive_as_they_went() {
    let ends = ["0", "0.00", "-0.01", "79228162514264337593543950335", "-7.9228162514264337593543950335"];
    let edges =
        ["9223372036854775807", "-9223372036854775807", "-9223372036854775808", "9223372036854775808"];
    for text in ends.into_iter().chain(edges) {
        let number = parse_decimal(text).unwrap();
        assert_eq!(crossed(number).to_string(), number.to_string(), "{text}: to the last zero");
    }
}

#[test]
fn bytes_that_are_no_number_are_refused() {
    let bad = [
        postcard::to_stdvec(&(29_u8, 1_i64)).unwrap(),
        postcard::to_stdvec(&(0_u8, i64::MIN)).unwrap(),
        postcard::to_stdvec(&(0x9d_u8, 1_i128)).unwrap(),
        postcard::to_stdvec(&(0x80_u8, i128::MAX)).unwrap(),
        vec![2],
        vec![],
    ];
    for bytes in bad {
        assert!(postcard::from_bytes::<Price>(&bytes).is_err(), "{bytes:?}");
    }
    let below = postcard::to_stdvec(&(0_u8, -1_i64)).unwrap();
    assert!(postcard::from_bytes::<Qty>(&below).is_err());
}

fn listed(n: u8) -> (Symbol, VenueId) {
    (Symbol::new(&format!("S{n}")).unwrap(), VenueId::new(&format!("v{}", n % 3)).unwrap())
}

proptest! {
    #[test]
    fn a_number_arrives_with_its_scale(low: u32, mid: u32, high in prop_oneof![Just(0_u32), any::<u32>()],
        negative: bool, scale in 0_u32..=28) {
        let number = Money::new(Decimal::from_parts(low, mid, high, negative, scale)).get();
        prop_assert_eq!(crossed(number).unpack(), number.unpack());
    }

    /// The list of all symbols goes by venue, and arrives in its order, whatever that is.
    #[test]
    fn the_list_of_symbols_arrives_as_it_went(rows in proptest::collection::vec(any::<u8>().prop_map(listed), 0..40)) {
        for rows in [Rows::All(Arc::new(rows.clone())), Rows::Splice { at: 1, gone: 2, rows: rows.clone() }] {
            let plain = serde_json::json!({ "Symbols": &rows });
            let told = Section::Symbols(rows);
            let bytes = postcard::to_stdvec(&told).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Section>(&bytes).unwrap(), &told);
            let words = serde_json::to_value(&told).unwrap();
            prop_assert_eq!(&words, &plain, "rows, where people read them");
            prop_assert_eq!(serde_json::from_value::<Section>(words).unwrap(), told);
        }
    }
}
