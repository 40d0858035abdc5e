//! How far from its reference the venue lets a price be.

use super::{Result, maybe};
use crate::{
    adapters::binance::{config::Product, wire},
    domain::{
        money::{Price, Ratio},
        order::Side,
    },
};
use rust_decimal::Decimal;

/// For one side, as multiples of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Band {
    /// Not below this.
    pub least: Option<Decimal>,
    /// Not above this.
    pub most: Option<Decimal>,
}

/// For both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bands {
    buy: Band,
    sell: Band,
    /// On spot the reference is an average over so many minutes, where the venue has no other; 0 is the last price.
    pub minutes: u32,
}

impl Bands {
    /// Out of a symbol's filters. On spot both bounds hold for both sides (filters.md of binance-spot-api-docs); on futures
    /// a buy is bounded from above and a sale from below (the "Common Definition" of the vendor's documentation).
    ///
    /// # Errors
    /// Names the field that can't be read.
    pub fn of(product: Product, filters: &[wire::Filter<'_>]) -> Result<Option<Self>> {
        let filter = |name: &str| filters.iter().find(|f| f.filter_type == name);
        let multiple = |n| -> Result<Option<Decimal>> {
            let read: Option<Ratio> = maybe("multiplier", n)?;
            // Zero is "not bounded", as with the other filters.
            Ok(read.map(Ratio::get).filter(|d| d.is_sign_positive() && !d.is_zero()))
        };
        let minutes = |f: &wire::Filter<'_>| {
            let told = f.avg_price_mins.map(wire::Number::text);
            told.and_then(|text| text.parse().ok())
        };
        if let Some(f) = filter("PERCENT_PRICE_BY_SIDE") {
            let Some(minutes) = minutes(f) else { return Ok(None) };
            let buy = Band { least: multiple(f.bid_multiplier_down)?, most: multiple(f.bid_multiplier_up)? };
            let sell = Band { least: multiple(f.ask_multiplier_down)?, most: multiple(f.ask_multiplier_up)? };
            return Ok(Some(Self { buy, sell, minutes }));
        }
        let Some(f) = filter("PERCENT_PRICE") else { return Ok(None) };
        let (least, most) = (multiple(f.multiplier_down)?, multiple(f.multiplier_up)?);
        if product.is_futures() {
            let (buy, sell) = (Band { least: None, most }, Band { least, most: None });
            return Ok(Some(Self { buy, sell, minutes: 0 }));
        }
        let both = Band { least, most };
        Ok(minutes(f).map(|minutes| Self { buy: both, sell: both, minutes }))
    }

    /// One side's.
    pub const fn of_side(&self, side: Side) -> Band {
        match side {
            Side::Buy => self.buy,
            Side::Sell => self.sell,
        }
    }
}

impl Band {
    /// The prices that it lets through.
    pub fn around(self, reference: Price) -> (Option<Price>, Option<Price>) {
        let at = |multiple: Option<Decimal>| multiple.and_then(|m| reference.checked_mul(m));
        (at(self.least), at(self.most))
    }

    /// Is the price inside? Where a bound can't be computed, there is none.
    pub fn holds(self, reference: Price, price: Price) -> bool {
        let (least, most) = self.around(reference);
        least.is_none_or(|least| price >= least) && most.is_none_or(|most| price <= most)
    }

    /// The middle half of it: what is in there is inside by a reference that is somewhat old too.
    pub fn middle(self) -> Self {
        let half = |multiple: Decimal| {
            let far = multiple.checked_sub(Decimal::ONE)?.checked_div(Decimal::TWO)?;
            Decimal::ONE.checked_add(far)
        };
        Self { least: self.least.and_then(half), most: self.most.and_then(half) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(product: Product, filters: &str) -> Option<Bands> {
        let filters: Vec<wire::Filter<'_>> = serde_json::from_str(filters).unwrap();
        Bands::of(product, &filters).unwrap()
    }

    fn px(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn each_filter_bounds_what_its_document_says() {
        // As they stand in filters.md.
        let by_side = r#"[{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"1.2","bidMultiplierDown":"0.2","askMultiplierUp":"5","askMultiplierDown":"0.8","avgPriceMins":1}]"#;
        let plain = r#"[{"filterType":"PERCENT_PRICE","multiplierUp":"1.3000","multiplierDown":"0.7000","avgPriceMins":5}]"#;
        let future = r#"[{"filterType":"PERCENT_PRICE","multiplierUp":"1.1500","multiplierDown":"0.8500","multiplierDecimal":"4"}]"#;
        for (product, filters, side, inside, outside) in [
            (Product::Spot, by_side, Side::Buy, ["120", "20"], ["120.01", "19.99"]),
            (Product::Spot, by_side, Side::Sell, ["500", "80"], ["500.01", "79.99"]),
            (Product::Us, plain, Side::Buy, ["130", "70"], ["130.01", "69.99"]),
            (Product::Us, plain, Side::Sell, ["130", "70"], ["130.01", "69.99"]),
            (Product::Usdm, future, Side::Buy, ["115", "0.01"], ["115.01", "116"]),
            (Product::Usdm, future, Side::Sell, ["85", "9000"], ["84.99", "84"]),
        ] {
            let band = bands(product, filters).unwrap().of_side(side);
            for price in inside {
                assert!(band.holds(px("100"), px(price)), "{filters} {side:?} {price}");
            }
            for price in outside {
                assert!(!band.holds(px("100"), px(price)), "{filters} {side:?} {price}");
                assert!(!band.middle().holds(px("100"), px(price)));
            }
        }
        assert_eq!(bands(Product::Spot, by_side).unwrap().minutes, 1);
        assert_eq!(bands(Product::Spot, "[]"), None);
        let nameless = r#"[{"filterType":"PERCENT_PRICE","multiplierUp":"1.3","multiplierDown":"0.7"}]"#;
        assert_eq!(bands(Product::Spot, nameless), None, "an average of nobody knows how long");
    }
}
