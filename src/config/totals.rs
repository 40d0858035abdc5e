//! `[totals]`: what accounts at several venues are counted in together.

use super::read::{Section, number_text, safe};
use crate::domain::{
    ids::Currency,
    money::{Ratio, parse_decimal},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The longest name of a currency or coin.
const CURRENCY_CHARS_MAX: usize = 12;

/// What totals over venues are counted in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// In this; `None` is the currency of the first account.
    pub currency: Option<Currency>,
    /// What one unit of these is worth in it, where no venue quotes the pair.
    pub rates: BTreeMap<Currency, Ratio>,
}

pub(super) fn read(s: &Section<'_>, to: &mut Totals) {
    s.text("currency", &mut to.currency, |t| currency(t).map(Some));
    let rates = s.section("rates");
    for (name, at, value) in rates.entries() {
        let of = match currency(name) {
            Ok(of) => of,
            Err(why) => {
                s.reading().fail(at, format!("`{}` is no currency: {why}", safe(name)));
                continue;
            }
        };
        let rate = number_text(value.get_ref()).and_then(|t| parse_decimal(t).ok());
        match rate.filter(|r| *r > Decimal::ZERO) {
            Some(rate) => _ = to.rates.insert(of, Ratio::new(rate)),
            None => rates.wrong(name, value, "write what one unit is worth, such as \"0.9998\""),
        }
    }
    s.finish();
}

/// Capital letters and digits, as venues write them.
pub(super) fn currency(text: &str) -> Result<Currency, String> {
    let good = text.len() <= CURRENCY_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let expected = || "write it in capitals, such as \"USDT\"".to_owned();
    if good { Currency::new(text).map_err(|_| expected()) } else { Err(expected()) }
}
