//! What the price ladder remembers, and its rungs: whole numbers of a step, so that nothing is rounded on the way from
//! a price to a row and back.

use super::model::Model;
use crate::{
    desk::{
        RequestId,
        snapshot::{DepthRow, OrderRow},
    },
    domain::{
        ids::{ClientId, InstrumentId},
        money::{Price, Qty},
        order::OrderType,
        time::Mono,
    },
};
use rust_decimal::Decimal;

/// The ladder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladder {
    /// Of what.
    pub instrument: Option<InstrumentId>,
    /// It follows the middle of the market; else it stands still.
    pub is_centred: bool,
    /// The price of its middle row while it stands still; `None` until the market was seen.
    pub middle: Option<Price>,
    /// Where the trader's keys act; `None` until a row was chosen.
    pub cursor: Option<Price>,
    /// Ticks of a rung; zero until the market was seen.
    pub ticks: u32,
    /// The own order that would be moved.
    pub taken: Option<ClientId>,
    /// Whose order book the engine was asked to follow, when, and by which request.
    pub followed: Option<(Option<InstrumentId>, Mono, RequestId)>,
}

/// Rungs of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rungs {
    scale: u32,
    step: i128,
}

/// The most that a rung may be of ticks.
const TICKS_MAX: u32 = 1_000_000;
/// So many rungs lie between bid and ask at first, at the most.
const SPREAD_RUNGS: i128 = 4;

fn whole(price: Price, scale: u32) -> Option<i128> {
    let mut d = price.get();
    if d.normalize().scale() > scale {
        return None;
    }
    d.rescale(scale);
    Some(d.mantissa())
}

impl Rungs {
    /// Of so many ticks each.
    pub fn new(tick: Price, ticks: u32) -> Option<Self> {
        let tick = tick.get().normalize();
        let step = tick.mantissa().checked_mul(i128::from(ticks.max(1)))?;
        (step > 0).then_some(Self { scale: tick.scale(), step })
    }
    /// The rung at or below a price.
    pub fn below(&self, price: Price) -> Option<i128> {
        // What lies between two ticks is cut to the one below.
        let cut = price.get().trunc_with_scale(self.scale);
        let at = whole(Price::new(cut), self.scale)?;
        let is_cut = cut != price.get() && price.is_negative();
        at.checked_sub(i128::from(is_cut))?.checked_div_euclid(self.step)
    }
    /// The rung at or above a price.
    pub fn above(&self, price: Price) -> Option<i128> {
        let below = self.below(price)?;
        if self.price(below) == Some(price) { Some(below) } else { below.checked_add(1) }
    }
    /// The price of a rung.
    pub fn price(&self, rung: i128) -> Option<Price> {
        let at = rung.checked_mul(self.step)?;
        Decimal::try_from_i128_with_scale(at, self.scale).ok().map(Price::new)
    }
    /// A price so many rungs on.
    pub fn moved(&self, price: Price, by: i128) -> Option<Price> {
        self.price(self.below(price)?.checked_add(by)?)
    }
}

/// Rungs so large that the spread does not fill the ladder.
pub fn fitting(tick: Price, bid: Option<Price>, ask: Option<Price>) -> u32 {
    let Some(spread) = bid.zip(ask).and_then(|(b, a)| a.checked_sub(b)) else { return 1 };
    let ticks = Rungs::new(tick, 1).and_then(|r| r.below(spread)).unwrap_or(1);
    let mut size = 1;
    while i128::from(size).saturating_mul(SPREAD_RUNGS) < ticks && size < TICKS_MAX {
        size = coarser(size);
    }
    size
}

/// The next of 1, 2, 5, 10, 20, …
pub fn coarser(ticks: u32) -> u32 {
    let next = if leading(ticks) == 2 { ticks.saturating_mul(5) / 2 } else { ticks.saturating_mul(2) };
    next.clamp(1, TICKS_MAX)
}

/// The one before.
pub fn finer(ticks: u32) -> u32 {
    if leading(ticks) == 5 { (ticks / 5).saturating_mul(2) } else { ticks / 2 }.max(1)
}

fn leading(mut n: u32) -> u32 {
    while n >= 10 {
        n /= 10;
    }
    n
}

/// The price at which an own order stands on the ladder.
pub const fn waits_at(order: &OrderRow) -> Option<Price> {
    match order.order_type {
        OrderType::Market => None,
        OrderType::Limit { limit } => Some(limit),
        OrderType::Stop { stop } | OrderType::StopLimit { stop, .. } => Some(stop),
        OrderType::TrailingStop { .. } => order.trailing_stop,
    }
}

/// Sizes of one side by rung, from the best on: those of one rung are one.
pub fn by_rung<'a>(
    levels: impl Iterator<Item = &'a (Price, Qty)>,
    rung: impl Fn(Price) -> Option<i128>,
) -> Vec<(i128, Qty)> {
    let mut out: Vec<(i128, Qty)> = Vec::new();
    for (price, size) in levels {
        let Some(at) = rung(*price) else { continue };
        match out.last_mut() {
            Some((last, sum)) if *last == at => {
                if let Some(more) = sum.checked_add(*size) {
                    *sum = more;
                }
            }
            Some(_) | None => out.push((at, *size)),
        }
    }
    out
}

/// The price step of the ladder's symbol.
pub fn tick(model: &Model) -> Option<Price> {
    let instrument = model.instrument.as_ref()?;
    let watched = model.watched(instrument).and_then(|w| w.tick);
    watched.or_else(|| model.snapshot.positions.iter().find(|p| p.instrument == *instrument)?.tick)
}

/// The order book, where one is to be believed.
pub fn book(model: &Model) -> Option<&DepthRow> {
    let instrument = model.instrument.as_ref()?;
    model.snapshot.depth.iter().find(|d| d.instrument == *instrument).filter(|d| d.fault.is_none())
}

/// The best bid and ask: the order book's where one is shown, else the quote's.
pub fn market(model: &Model) -> (Option<Price>, Option<Price>) {
    if let Some(book) = book(model) {
        return (book.bids.first().map(|(p, _)| *p), book.asks.first().map(|(p, _)| *p));
    }
    let row = model.instrument.as_ref().and_then(|i| model.watched(i));
    (row.and_then(|r| r.bid), row.and_then(|r| r.ask))
}

/// Half way between bid and ask; the last price where one is missing.
pub fn middle_of(bid: Option<Price>, ask: Option<Price>, last: Option<Price>) -> Option<Price> {
    match (bid, ask) {
        (Some(bid), Some(ask)) => bid.midpoint(ask),
        (bid, ask) => last.or(bid).or(ask),
    }
}

/// The rungs, and that in the middle row.
pub fn stand(model: &Model) -> Option<(Rungs, i128)> {
    let rungs = Rungs::new(tick(model)?, model.ladder.ticks)?;
    let (bid, ask) = market(model);
    let last = model.instrument.as_ref().and_then(|i| model.watched(i)).and_then(|w| w.last);
    let centre = middle_of(bid, ask, last).filter(|_| model.ladder.is_centred);
    let middle = rungs.below(centre.or(model.ladder.middle)?)?;
    Some((rungs, middle))
}

/// Own open orders of the ladder's symbol that stand at a price.
pub fn own(model: &Model) -> impl Iterator<Item = (&OrderRow, Price)> {
    let instrument = model.instrument.as_ref();
    let open = model.snapshot.orders.iter().take_while(|o| o.state.is_open());
    open.filter(move |o| instrument.is_some_and(|i| i.symbol == o.symbol && i.venue == o.id.venue))
        .filter_map(|o| Some((o, waits_at(o)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn px(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn prices_stand_on_their_rungs() {
        let rungs = Rungs::new(px("0.01"), 5).unwrap();
        let said = |n: Option<i128>| n.and_then(|n| rungs.price(n)).unwrap().to_string();
        for (price, below, above) in [
            ("175.50", "175.50", "175.50"),
            ("175.51", "175.50", "175.55"),
            ("175.5199", "175.50", "175.55"),
            ("0.004", "0.00", "0.05"),
            ("-0.011", "-0.05", "0.00"),
        ] {
            assert_eq!(
                [said(rungs.below(px(price))), said(rungs.above(px(price)))],
                [below, above],
                "{price}"
            );
        }
        assert_eq!(rungs.moved(px("175.52"), -2).unwrap().to_string(), "175.40");
        assert_eq!(Rungs::new(px("0.50"), 1).unwrap().price(351).unwrap().to_string(), "175.5");
        assert!(Rungs::new(px("0"), 1).is_none());
    }

    #[test]
    fn rungs_come_in_round_sizes() {
        let mut sizes = vec![1];
        for _ in 0..7 {
            sizes.push(coarser(sizes[sizes.len() - 1]));
        }
        assert_eq!(sizes, [1, 2, 5, 10, 20, 50, 100, 200]);
        let back: Vec<u32> = sizes.iter().map(|n| finer(*n)).collect();
        assert_eq!(back, [1, 1, 2, 5, 10, 20, 50, 100]);
        let fit = |bid: &str, ask: &str| fitting(px("0.01"), Some(px(bid)), Some(px(ask)));
        assert_eq!([fit("175.51", "175.52"), fit("251.18", "251.21")], [1, 1]);
        assert_eq!([fit("91204.00", "91222.00"), fit("10", "10.09")], [500, 5]);
        assert_eq!(fitting(px("0.01"), None, Some(px("1"))), 1);
        assert_eq!(fit("1", "79228162514264337593543950.33"), TICKS_MAX);
    }

    #[test]
    fn sizes_of_one_rung_are_added_up() {
        let rungs = Rungs::new(px("0.01"), 5).unwrap();
        let levels = [("10.04", "1"), ("10.01", "2"), ("9.99", "4"), ("9.9", "8")];
        let levels = levels.map(|(p, q)| (px(p), q.parse().unwrap()));
        let said: Vec<String> = by_rung(levels.iter(), |p| rungs.below(p))
            .iter()
            .map(|(n, q)| format!("{}x{q}", rungs.price(*n).unwrap()))
            .collect();
        assert_eq!(said, ["10.00x3", "9.95x4", "9.90x8"]);
    }

    proptest! {
        #[test]
        fn a_rung_is_where_its_price_is(mantissa in -1_000_000_000_i64..1_000_000_000, places in 0_u32..6, ticks in 1_u32..1_000) {
            let rungs = Rungs::new(px("0.01"), ticks).unwrap();
            let price = Price::new(Decimal::new(mantissa, places));
            let (below, above) = (rungs.below(price).unwrap(), rungs.above(price).unwrap());
            let (low, high) = (rungs.price(below).unwrap(), rungs.price(above).unwrap());
            prop_assert!(low <= price && price <= high, "{low} {price} {high}");
            prop_assert!((above == below) == (low == price) && (above == below || above.checked_sub(below) == Some(1)));
            prop_assert_eq!(rungs.below(low), Some(below));
        }
    }
}
