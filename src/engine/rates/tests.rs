//! Totals over currencies: what is added, what is not, and how old it is.

use super::*;
use crate::{
    domain::{instrument::AssetClass, report::Environment},
    engine::rig::{Several, of},
};

fn usd() -> Currency {
    Currency::usd()
}

fn two(counting: Counting) -> Several {
    let venues = [
        ("alpaca", AssetClass::Equity, Environment::Paper),
        ("binance", AssetClass::Crypto, Environment::Paper),
    ];
    Several::new(&venues, super::super::Routing::default(), counting)
}

fn sum(several: &mut Several) -> TotalRow {
    match several.snapshot().total.as_deref() {
        Some(Total::Sum(row)) => (**row).clone(),
        other => panic!("{other:?}"),
    }
}

fn missing(several: &mut Several) -> String {
    match several.snapshot().total.as_deref() {
        Some(Total::Missing(why)) => why.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_account_has_no_total_and_two_of_one_currency_need_no_rate() {
    let mut s = two(Counting::default());
    s.holds("alpaca", "USD", "1500");
    assert_eq!(s.snapshot().total, None);
    assert_eq!(s.snapshot().banner.equity.unwrap().to_string(), "1500");
    s.holds("binance", "USD", "500.25");
    let total = sum(&mut s);
    assert_eq!(total.equity.unwrap().to_string(), "2000.25");
    assert_eq!((total.rates.len(), total.currency), (0, usd()));
    let banner = s.snapshot().banner;
    assert_eq!((banner.equity.unwrap().to_string().as_str(), banner.rates_at), ("2000.25", None));
}

#[test]
fn nothing_is_added_across_currencies_without_a_rate_and_its_age() {
    let mut s = two(Counting::default());
    s.holds("alpaca", "USD", "1500");
    s.holds("binance", "USDT", "500");
    assert_eq!(missing(&mut s), "no total in USD: no venue here quotes USDT/USD; totals.rates can fix it");
    let banner = s.snapshot().banner;
    assert_eq!((banner.equity, banner.day_pnl, banner.currency), (None, None, None), "nothing is summed");

    // A venue lists the pair: it is watched there, and until it has a quote there is no total.
    s.lists("alpaca", &["AAPL", "USDT/USD"]);
    assert!(s.watched[&of("alpaca")].iter().any(|symbol| symbol.as_str() == "USDT/USD"));
    assert_eq!(missing(&mut s), "no total in USD: USDT/USD@alpaca has no quote yet");

    s.quote("alpaca", "USDT/USD", "0.9996", "0.9998");
    let heard = s.now.mono;
    s.now.mono = s.now.mono.plus_ms(90_000);
    let total = sum(&mut s);
    assert_eq!(total.equity.unwrap().to_string(), "1999.8500");
    assert_eq!(total.rates[0].rate.to_string(), "0.9997");
    assert!(matches!(&total.rates[0].source, Source::Quote { at, .. } if *at == heard));
    assert_eq!(s.snapshot().banner.rates_at, Some(heard), "the banner can tell how old it is");
}

#[test]
fn a_pair_the_other_way_round_and_a_fixed_rate_count_too() {
    let euro = Currency::new("EUR").unwrap();
    let mut s = two(Counting { currency: Some(euro), fixed: BTreeMap::new() });
    s.holds("alpaca", "USD", "1100");
    s.holds("binance", "USDT", "220");
    s.lists("alpaca", &["EUR/USD"]);
    s.quote("alpaca", "EUR/USD", "1.1", "1.1");
    assert!(missing(&mut s).contains("USDT/EUR"), "{}", missing(&mut s));

    let fixed = BTreeMap::from([(Currency::new("USDT").unwrap(), Ratio::new(Decimal::new(9, 1)))]);
    let mut s = two(Counting { currency: Some(Currency::new("EUR").unwrap()), fixed });
    s.holds("alpaca", "USD", "1100");
    s.holds("binance", "USDT", "220");
    s.lists("alpaca", &["EUR/USD"]);
    s.quote("alpaca", "EUR/USD", "1.1", "1.1");
    let total = sum(&mut s);
    // 1100 at 0.90909091, and 220 at 0.9.
    assert_eq!(total.equity.unwrap().to_cents().to_string(), "1198.00");
    assert!(total.rates.iter().any(|r| r.source == Source::Fixed && r.from.as_str() == "USDT"));
}
