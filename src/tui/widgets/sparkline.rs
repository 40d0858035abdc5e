//! The last prices of a symbol as one line of columns.

use crate::domain::money::Price;

/// A column's height, from zero to `steps - 1`, for each price. All the same height where nothing moved.
pub fn heights(prices: &[Price], steps: i128) -> impl Iterator<Item = usize> {
    let scale = prices.iter().map(|p| p.get().scale()).max().unwrap_or(0);
    let level = move |p: &Price| {
        let mut d = p.get();
        d.rescale(scale);
        d.mantissa()
    };
    let low = prices.iter().map(level).min().unwrap_or(0);
    let high = prices.iter().map(level).max().unwrap_or(0);
    let range = high.saturating_sub(low);
    let top = steps.saturating_sub(1);
    prices.iter().map(move |p| {
        let above = level(p).saturating_sub(low);
        let height = above.saturating_mul(top).checked_div(range).unwrap_or(top / 2);
        usize::try_from(height).map_or(0, |h| h)
    })
}

/// Appends the last `columns` prices to `out`, one character each.
pub fn write(out: &mut String, prices: &[Price], columns: usize, levels: &[char; 8]) {
    let from = prices.len().saturating_sub(columns);
    let shown = prices.get(from..).unwrap_or_default();
    out.extend(heights(shown, 8).filter_map(|h| levels.get(h)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyphs::Glyphs;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    #[test]
    fn low_is_low_and_high_is_high() {
        let prices: Vec<Price> = ["1.0", "1.50", "2", "1.7"].iter().map(|p| p.parse().unwrap()).collect();
        let mut out = String::new();
        write(&mut out, &prices, 3, &Glyphs::UNICODE.levels);
        assert_eq!(out, "▁█▃");
        assert_eq!(heights(&prices, 8).collect::<Vec<_>>(), [0, 3, 7, 4]);
        assert_eq!(heights(&prices[..1], 8).collect::<Vec<_>>(), [3]);
        assert_eq!(heights(&[], 8).count(), 0);
    }

    proptest! {
        #[test]
        fn any_prices_stay_inside(raw in proptest::collection::vec((any::<i64>(), 0_u32..28), 0..70)) {
            let prices: Vec<Price> = raw.into_iter().map(|(m, s)| Price::new(Decimal::new(m, s))).collect();
            prop_assert!(heights(&prices, 8).all(|h| h < 8));
        }
    }
}
