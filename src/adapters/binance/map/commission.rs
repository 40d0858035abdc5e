//! What the venue may take of what is bought.

use super::{Result, number};
use crate::{
    adapters::{Error, binance::wire},
    domain::money::Ratio,
};
use rust_decimal::Decimal;

/// A tenth of a per cent: the standard rate of the lowest tier (the same that fees are estimated by). An order may rest
/// until its account is back there.
const LOWEST_TIER: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// The largest share of a buy that may be taken out of the coin: the rates of a kind add up to maker or taker and buyer,
/// and the kinds to each other ("How is the commission calculated?", faqs/commission_faq.md). The discount for paying in
/// BNB is not counted.
///
/// # Errors
/// Names the first rate that can't be read.
pub fn commission_most(told: &wire::Commission<'_>) -> Result<Decimal> {
    let kind = |place: &'static str, rates: &wire::Rates<'_>| -> Result<Decimal> {
        let rate = |n| number::<Ratio>(place, n).map(Ratio::get);
        let side = rate(rates.maker)?.max(rate(rates.taker)?);
        side.checked_add(rate(rates.buyer)?).ok_or_else(|| Error::message(place, "it is too large"))
    };
    let standard = kind("standardCommission", &told.standard_commission)?.max(LOWEST_TIER);
    let special = kind("specialCommission", &told.special_commission)?.max(Decimal::ZERO);
    let tax = kind("taxCommission", &told.tax_commission)?.max(Decimal::ZERO);
    let sum = standard.checked_add(special).and_then(|sum| sum.checked_add(tax));
    let sum = sum.filter(|sum| *sum < Decimal::ONE);
    sum.ok_or_else(|| Error::message("commission", "it is all of what is bought"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(text: &str) -> String {
        commission_most(&serde_json::from_str(text).unwrap())
            .map_or_else(|e| e.to_string(), |d| d.to_string())
    }

    #[test]
    fn every_kind_counts_at_its_worst_and_no_discount_does() {
        // The vendor's own example (faqs/commission_faq.md, "test-order-differences").
        let told = r#"{"symbol":"BTCUSDT",
            "standardCommission":{"maker":"0.00000040","taker":"0.00000050","buyer":"0.00000010","seller":"0.00000010"},
            "specialCommission":{"maker":"0.04000000","taker":"0.05000000","buyer":"0.01000000","seller":"0.01000000"},
            "taxCommission":{"maker":"0.00000128","taker":"0.00000130","buyer":"0.00000100","seller":"0.00000100"},
            "discount":{"enabledForAccount":true,"enabledForSymbol":true,"discountAsset":"BNB","discount":"0.25000000"}}"#;
        assert_eq!(most(told), "0.06100230", "the lowest tier's tenth of a per cent, special and tax");
        let zero = r#"{"maker":"0","taker":"0","buyer":"0","seller":"0"}"#;
        let with = |standard: &str| {
            format!(
                r#"{{"standardCommission":{standard},"specialCommission":{zero},"taxCommission":{zero}}}"#
            )
        };
        assert_eq!(most(&with(zero)), "0.001", "a promotion may end while the order rests");
        let high = r#"{"maker":"0.002","taker":"0.004","buyer":"0.001","seller":"0"}"#;
        assert_eq!(most(&with(high)), "0.005");
        assert!(most(&with(r#"{"maker":"1","taker":"0","buyer":"0","seller":"0"}"#)).contains("all of what"));
        assert!(
            most(&with(r#"{"maker":"x","taker":"0","buyer":"0","seller":"0"}"#))
                .contains("standardCommission")
        );
    }
}
