//! Prices to rows and back, in whole numbers: every row has an upper and a lower half.

use crate::domain::{money::Price, quote::Bar};
use ratatui::layout::Rect;
use rust_decimal::Decimal;

/// Prices to halves of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Where prices are drawn.
    pub plot: Rect,
    /// Decimals of the whole numbers.
    scale: u32,
    low: i128,
    high: i128,
}

/// Where a price stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Above what is shown.
    Above,
    /// In this half, counted from the top of the plot.
    Half(u16),
    /// Below what is shown.
    Below,
}

pub(super) fn level(price: Price, scale: u32) -> i128 {
    let mut d = price.get();
    d.rescale(scale);
    d.mantissa()
}

impl Scale {
    /// For these candles, and for those of `lines` that are not so far off that the candles would become flat.
    pub fn of<'a>(
        bars: impl Iterator<Item = &'a Bar> + Clone,
        lines: impl Iterator<Item = Price> + Clone,
        plot: Rect,
    ) -> Option<Self> {
        let prices = bars.clone().flat_map(|b| [b.high, b.low]).chain(lines.clone());
        let scale = prices.map(|p| p.get().scale()).max()?;
        let (mut low, mut high) = (i128::MAX, i128::MIN);
        for bar in bars {
            low = low.min(level(bar.low, scale));
            high = high.max(level(bar.high, scale));
        }
        let range = high.checked_sub(low).filter(|range| *range >= 0)?;
        let reach = range.max(1);
        let (floor, ceiling) = (low.saturating_sub(reach / 2), high.saturating_add(reach / 2));
        for at in lines.map(|p| level(p, scale)).filter(|at| (floor..=ceiling).contains(at)) {
            (low, high) = (low.min(at), high.max(at));
        }
        if low == high {
            (low, high) = (low.saturating_sub(1), high.saturating_add(1));
        }
        Some(Self { plot, scale, low, high })
    }

    fn halves(&self) -> i128 {
        i128::from(self.plot.height).saturating_mul(2).saturating_sub(1).max(1)
    }

    /// Where a price stands.
    pub fn place(&self, price: Price) -> Place {
        let at = level(price, self.scale);
        if at > self.high {
            return Place::Above;
        }
        if at < self.low {
            return Place::Below;
        }
        Place::Half(self.half(at))
    }
    fn half(&self, at: i128) -> u16 {
        let range = self.high.saturating_sub(self.low).max(1);
        let below = self.high.saturating_sub(at).saturating_mul(self.halves()).saturating_add(range / 2);
        below.checked_div(range).and_then(|half| u16::try_from(half).ok()).unwrap_or(0)
    }
    /// The same, held at the ends of what is shown.
    pub fn near(&self, price: Price) -> u16 {
        self.half(level(price, self.scale).clamp(self.low, self.high))
    }
    /// The row of a price; `None` off the chart.
    pub fn row(&self, price: Price) -> Option<u16> {
        match self.place(price) {
            Place::Half(half) => Some(self.plot.y.saturating_add(half / 2)),
            Place::Above | Place::Below => None,
        }
    }
    /// The price in the middle of a row, on the tick where that is known.
    pub fn price_at(&self, row: u16, tick: Option<Price>) -> Option<Price> {
        // A row is two halves: its middle lies between them. The price nearest to that stands in the row if any does.
        let quarters = i128::from(row.checked_sub(self.plot.y)?).saturating_mul(4).saturating_add(1);
        let range = self.high.saturating_sub(self.low);
        let whole = self.halves().saturating_mul(2);
        let below = quarters.saturating_mul(range).saturating_mul(2).saturating_add(whole.saturating_sub(1));
        let below = below.checked_div(whole.saturating_mul(2))?;
        let at = self.high.saturating_sub(below).max(self.low);
        let on_tick = tick.map(|t| level(t, self.scale)).filter(|t| *t > 0);
        let at = on_tick.map_or(at, |t| at.saturating_add(t / 2).div_euclid(t).saturating_mul(t));
        Decimal::try_from_i128_with_scale(at, self.scale).ok().map(Price::new)
    }
    /// Round prices, highest first: five on a small chart, and one for every four rows of a large one.
    pub fn round(&self) -> impl Iterator<Item = Price> {
        let range = self.high.saturating_sub(self.low);
        let height = self.plot.height;
        let wanted = i128::from((height / 4).max((height / 2).min(5))).max(1);
        let least =
            range.saturating_add(wanted.saturating_sub(1)).checked_div(wanted).unwrap_or(range).max(1);
        let step = round_step(least);
        let first = self.high.div_euclid(step).saturating_mul(step);
        let count = range.checked_div(step).unwrap_or(0).saturating_add(1);
        let (scale, low) = (self.scale, self.low);
        (0..count)
            .map(move |n| first.saturating_sub(step.saturating_mul(n)))
            .take_while(move |at| *at >= low)
            .filter_map(move |at| Decimal::try_from_i128_with_scale(at, scale).ok().map(Price::new))
    }
}

/// The smallest of 1, 2, 5, 10, 20, … that is not below `least`.
fn round_step(least: i128) -> i128 {
    let mut unit = 1_i128;
    loop {
        for factor in [1, 2, 5] {
            let step = unit.saturating_mul(factor);
            if step >= least {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// What was seen of the chart, for the mouse and for paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Prices to rows.
    pub scale: Scale,
    /// The first candle's place.
    pub first: usize,
    /// Candles that were drawn.
    pub count: usize,
    /// Candles that there was room for.
    pub room: usize,
    /// Columns of each.
    pub per: u16,
}

impl Seen {
    /// The place of the candle in a column; the last one where none stands there any more.
    pub fn place_at(&self, column: u16) -> Option<usize> {
        let n = column.checked_sub(self.scale.plot.x)?.checked_div(self.per)?;
        let last = self.count.checked_sub(1)?;
        Some(self.first.saturating_add(usize::from(n).min(last)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::domain::{money::Qty, time::Stamp};
    use proptest::prelude::*;

    fn px(text: &str) -> Price {
        text.parse().unwrap()
    }
    fn bars(low: &str, high: &str) -> Vec<Bar> {
        let (low, high) = (px(low), px(high));
        vec![Bar { at: Stamp::default(), open: low, high, low, close: high, volume: Qty::ZERO }]
    }
    fn scale(low: &str, high: &str, lines: &[&str]) -> Scale {
        let lines: Vec<Price> = lines.iter().map(|l| px(l)).collect();
        Scale::of(bars(low, high).iter(), lines.into_iter(), Rect::new(4, 2, 30, 10)).unwrap()
    }

    #[test]
    fn the_ends_of_the_candles_are_the_ends_of_the_plot() {
        let scale = scale("100", "119", &[]);
        assert_eq!([scale.row(px("119")), scale.row(px("100"))], [Some(2), Some(11)]);
        assert_eq!(scale.place(px("118")), Place::Half(1));
        assert_eq!(scale.place(px("119.5")), Place::Above);
        assert_eq!(scale.place(px("99")), Place::Below);
        assert_eq!([scale.near(px("500")), scale.near(px("1"))], [0, 19]);
    }

    #[test]
    fn a_line_nearby_is_on_the_chart_and_one_far_off_does_not_flatten_it() {
        assert_eq!(scale("100", "110", &["114"]).row(px("114")), Some(2));
        assert_eq!(scale("100", "110", &["140"]).place(px("140")), Place::Above);
        assert_eq!(scale("100", "110", &["140"]).row(px("110")), Some(2));
    }

    #[test]
    fn labels_stand_at_round_prices() {
        let said = |s: &Scale| s.round().map(|p| p.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(said(&scale("172.20", "175.64", &[])), "175.00 174.00 173.00");
        assert_eq!(said(&scale("100", "119", &[])), "115 110 105 100");
        assert_eq!(said(&scale("2.5", "20", &[])), "20.0 15.0 10.0 5.0");
        assert_eq!(said(&scale("0.00001", "0.00009", &[])), "0.00008 0.00006 0.00004 0.00002");
        assert_eq!(said(&scale("5", "5", &[])), "6 5 4");
    }

    #[test]
    fn a_row_has_a_price_on_the_tick() {
        let scale = scale("100.00", "119.37", &[]);
        assert_eq!(scale.price_at(2, Some(px("0.05"))).unwrap().to_string(), "118.85");
        assert_eq!(scale.price_at(1, None), None);
    }

    proptest! {
        #[test]
        fn every_price_has_a_place_in_the_plot(low in 1_i64..1_000_000, range in 0_i64..1_000_000, at in 0_i64..1_000_000, height in 1_u16..60) {
            let p = |n: i64| Price::new(Decimal::new(n, 2));
            let bars = bars(&p(low).to_string(), &p(low + range).to_string());
            let scale = Scale::of(bars.iter(), std::iter::empty(), Rect::new(0, 0, 10, height)).unwrap();
            let at = low + at % (range + 1);
            let row = scale.row(p(at)).unwrap();
            prop_assert!(row < height, "{row}");
            let back = scale.price_at(row, None).unwrap();
            prop_assert_eq!(scale.row(back), Some(row));
            prop_assert!(scale.round().count() <= usize::from((height / 4).max((height / 2).min(5)).max(1)) + 2);
        }
    }
}
