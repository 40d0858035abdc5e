//! `[exit]`: how a flatten goes about it.

use super::{limits::above_zero, read::Section};
use crate::domain::{
    money::{Money, Percent},
    scope::ExitTerms,
};
use rust_decimal::Decimal;
use toml::de::DeValue;

/// The widest collar: half of the price.
const COLLAR_PERCENT_MAX: u32 = 50;

pub(super) fn read(s: &Section<'_>, to: &mut ExitTerms) {
    s.whole("cancel_wait_ms", 500..=60_000, &mut to.cancel_wait_ms);
    s.whole("close_wait_ms", 500..=600_000, &mut to.close_wait_ms);
    let mut seconds = to.max_ms.div_euclid(1_000);
    s.whole("max_seconds", 10..=3_600, &mut seconds);
    to.max_ms = seconds.saturating_mul(1_000);
    s.read("collar_percent", &mut to.collar, percent);
    s.read("collar_step_percent", &mut to.collar_step, percent);
    s.read("collar_max_percent", &mut to.collar_max, percent);
    s.read("slice_notional_max", &mut to.slice_notional_max, |v| above_zero(v).map(|d| Some(Money::new(d))));
    if to.collar_max < to.collar {
        let expected = "`exit.collar_max_percent` can't be below `exit.collar_percent`";
        let key =
            if s.value("collar_max_percent").is_some() { "collar_max_percent" } else { "collar_percent" };
        if let Some(value) = s.value(key) {
            s.wrong(key, value, expected);
        }
    }
    s.finish();
}

fn percent(value: &DeValue<'_>) -> Result<Percent, String> {
    match above_zero(value) {
        Ok(percent) if percent <= Decimal::from(COLLAR_PERCENT_MAX) => Ok(Percent::new(percent)),
        Ok(_) | Err(_) => Err(format!("write a number above 0 and up to {COLLAR_PERCENT_MAX}")),
    }
}
