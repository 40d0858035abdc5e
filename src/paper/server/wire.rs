//! The venue's values in the wire format of Alpaca's public API. The trading side has its numbers in strings, the
//! data side has bare numbers; both keep every digit.

mod account;
mod asset;
mod market;
mod order;
mod request;

pub(super) use account::{account, activity, configurations, history, position};
pub(super) use asset::{asset, calendar_day, clock, market_clock};
pub(super) use market::{bar, book, book_change, quote, tagged, trade};
pub(super) use order::{OrderBody, order, order_flat, trade_update};
pub(super) use request::{CloseRequest, ConfigurationRequest, OrderRequest, ReplaceRequest, Unclear, number};

use crate::domain::{instrument::AssetClass, time::Stamp};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// A number in a string, without idle zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Num(pub(super) Decimal);

impl Serialize for Num {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0.normalize())
    }
}

/// A bare number with every digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bare(pub(super) Decimal);

impl Serialize for Bare {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        super::record::Field::Number(self.0).serialize(s)
    }
}

/// An instant as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(pub(super) Stamp);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0.to_jiff())
    }
}

/// The API's word for a kind of instrument.
const fn class_word(class: AssetClass) -> &'static str {
    match class {
        AssetClass::Crypto => "crypto",
        AssetClass::Option => "us_option",
        AssetClass::Equity
        | AssetClass::Forex
        | AssetClass::Future
        | AssetClass::Perpetual
        | AssetClass::Cfd => "us_equity",
    }
}
