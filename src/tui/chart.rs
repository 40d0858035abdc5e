//! What the chart remembers: bars as the venue told them, the candle that grows between two answers, and which
//! stretch of time is looked at.

use crate::{
    desk::{RequestId, snapshot::WatchRow},
    domain::{
        ids::InstrumentId,
        money::{Price, Qty},
        quote::{Bar, Interval},
        text::Text,
        time::{Mono, Now, Stamp},
    },
};
use std::ops::Range;

/// Columns of a candle, its gap among them, from far to near.
pub const ZOOMS: [u16; 4] = [1, 2, 4, 6];
/// The most bars that are kept.
pub const BARS_MAX: usize = 5_000;

/// The chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chart {
    /// Of what the bars are.
    pub instrument: Option<InstrumentId>,
    /// How long each.
    pub interval: ChartInterval,
    /// As the venue told them, oldest first; the last one may not be over.
    pub bars: Vec<Bar>,
    /// The candle that grows: in place of the last bar where it has the same start, else behind it.
    pub live: Option<Bar>,
    /// When the newest were asked for.
    pub at: Mono,
    /// When the newest came.
    pub came: Option<Mono>,
    /// The request for newer ones that is not answered, and since when.
    pub asked: Option<(RequestId, Mono)>,
    /// Why the venue gave none the last time.
    pub refused: Option<Text>,
    /// How far the past is known.
    pub past: Past,
    /// The last candle that is shown; `None` is the newest, whatever comes.
    pub anchor: Option<Stamp>,
    /// How wide candles are.
    pub zoom: Zoom,
    /// The candle, and where it was clicked the price, that the crosshair stands on.
    pub cross: Option<Cross>,
}

/// How far the past is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Past {
    /// There may be more.
    #[default]
    Open,
    /// More was asked for.
    Asked(RequestId, Mono),
    /// The venue did not answer then.
    Failed(Mono),
    /// The venue has no more, or no more is kept.
    End,
}

/// A place in [`ZOOMS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zoom(pub usize);
impl Default for Zoom {
    fn default() -> Self {
        Self(1)
    }
}

/// Where the crosshair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cross {
    /// The candle.
    pub at: Stamp,
    /// The price, where one was pointed at.
    pub price: Option<Price>,
}

/// `Interval` with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartInterval(pub Interval);
impl Default for ChartInterval {
    fn default() -> Self {
        Self(Interval::Min1)
    }
}

impl Chart {
    /// Forgets what belongs to another symbol or interval.
    pub fn turn_to(&mut self, instrument: InstrumentId) {
        let Self { interval, zoom, .. } = *self;
        *self = Self { instrument: Some(instrument), interval, zoom, ..Self::default() };
    }

    /// Does the growing candle stand behind the last bar?
    fn grows_behind(&self) -> bool {
        match (&self.live, self.bars.last()) {
            (Some(live), Some(last)) => live.at > last.at,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
    /// How many candles there are.
    pub fn len(&self) -> usize {
        self.bars.len().saturating_add(usize::from(self.grows_behind()))
    }
    /// None?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The candle at this place.
    pub fn bar(&self, place: usize) -> Option<&Bar> {
        let bar = self.bars.get(place);
        match (&self.live, bar) {
            (Some(live), Some(bar)) if live.at == bar.at => Some(live),
            (_, Some(bar)) => Some(bar),
            (Some(live), None) if place == self.bars.len() => Some(live),
            (_, None) => None,
        }
    }
    /// The place of the candle that stands at this time; `None` where there is none.
    pub fn place_of(&self, at: Stamp) -> Option<usize> {
        let place = self.bars.partition_point(|b| b.at < at);
        self.bar(place).filter(|b| b.at == at).map(|_| place)
    }

    /// The candles that are shown where there is room for so many.
    pub fn window(&self, room: usize) -> Range<usize> {
        let len = self.len();
        let end = match self.anchor {
            Some(at) => self.bars.partition_point(|b| b.at <= at).max(room.min(len)),
            None => len,
        };
        end.saturating_sub(room)..end.min(len)
    }

    /// Moves the view so that it ends before this place.
    pub fn show_until(&mut self, end: usize, room: usize) {
        let len = self.len();
        let end = end.max(room.min(len));
        self.anchor = if end >= len { None } else { self.bar(end.saturating_sub(1)).map(|b| b.at) };
    }

    /// How many bars to ask for so that nothing is missing between the last one and now.
    pub fn behind(&self, now: Stamp, all: u32) -> u32 {
        let Some(last) = self.bars.last() else { return all };
        let secs = now.as_secs().saturating_sub(last.at.as_secs()).max(0);
        let bars = secs.checked_div(i64::from(self.interval.0.secs())).unwrap_or(0);
        u32::try_from(bars).map_or(all, |n| n.saturating_add(3).min(all))
    }

    /// Takes in the newest bars. What they do not reach back to stays as it was.
    pub fn take(&mut self, fresh: Vec<Bar>, now: Mono) {
        self.came = Some(now);
        self.refused = None;
        let Some(first) = fresh.first().map(|b| b.at) else { return };
        if self.bars.last().is_some_and(|last| last.at < first) {
            // A hole: what is old is asked for again when it is looked at.
            self.bars.clear();
            self.past = Past::Open;
        }
        let kept = self.bars.partition_point(|b| b.at < first);
        self.bars.truncate(kept);
        self.bars.extend(fresh);
        let over = self.bars.len().saturating_sub(BARS_MAX);
        self.bars.drain(..over);
        self.live = None;
    }

    /// Takes in what lies before the oldest bar.
    pub fn take_past(&mut self, mut older: Vec<Bar>) {
        if let Some(first) = self.bars.first() {
            older.retain(|b| b.at < first.at);
        }
        let room = BARS_MAX.saturating_sub(self.bars.len());
        older.drain(..older.len().saturating_sub(room));
        self.past = if older.is_empty() { Past::End } else { Past::Open };
        older.append(&mut self.bars);
        self.bars = older;
    }

    /// Is more of the past worth asking for, with so many candles on the screen?
    pub fn wants_past(&self, room: usize, now: Mono, again_ms: u64) -> bool {
        let may = match self.past {
            Past::Open => true,
            Past::Failed(at) | Past::Asked(_, at) => now.since_ms(at) >= again_ms,
            Past::End => false,
        };
        let near = self.window(room).start < room / 2;
        may && near && !self.bars.is_empty() && self.bars.len() < BARS_MAX
    }

    /// The last price grows the last candle, or begins the next one.
    pub fn follow(&mut self, row: Option<&WatchRow>, at: Now) {
        let told = row.filter(|r| !r.stale).and_then(|r| r.last.zip(r.updated));
        let (Some((price, updated)), Some(last)) = (told, self.bars.last()) else { return };
        let age = i64::try_from(at.mono.since_ms(updated)).ok().unwrap_or(i64::MAX);
        let Some(start) = self.start_of(at.wall.plus_ms(age.saturating_neg()), last.at) else { return };
        if start < last.at {
            return;
        }
        let base = match self.live.take() {
            Some(live) if live.at == start => live,
            Some(_) | None if start == last.at => last.clone(),
            Some(_) | None => {
                Bar { at: start, open: price, high: price, low: price, close: price, volume: Qty::ZERO }
            }
        };
        let (high, low) = (base.high.max(price), base.low.min(price));
        self.live = Some(Bar { high, low, close: price, ..base });
    }

    /// When the bar began that this time lies in. A day begins when the venue says so.
    fn start_of(&self, at: Stamp, last: Stamp) -> Option<Stamp> {
        let secs = i64::from(self.interval.0.secs());
        if self.interval.0 == Interval::Day1 {
            return (at.as_secs().saturating_sub(last.as_secs()) < secs).then_some(last);
        }
        let begun = at.as_secs().saturating_sub(at.as_secs().rem_euclid(secs));
        Stamp::from_secs(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Symbol, VenueId};
    use std::sync::Arc;

    fn bar(minute: i64, close: &str) -> Bar {
        let price: Price = close.parse().unwrap();
        let at = Stamp::from_secs(minute.saturating_mul(60)).unwrap();
        Bar { at, open: price, high: price, low: price, close: price, volume: Qty::ZERO }
    }
    fn chart(minutes: Range<i64>) -> Chart {
        Chart { bars: minutes.map(|n| bar(n, "10")).collect(), ..Chart::default() }
    }
    fn minutes(chart: &Chart) -> Vec<i64> {
        (0..chart.len()).map(|n| chart.bar(n).unwrap().at.as_secs() / 60).collect()
    }
    fn row(last: &str, updated_ms: u64) -> WatchRow {
        WatchRow {
            instrument: InstrumentId {
                venue: VenueId::new("paper").unwrap(),
                symbol: Symbol::new("AAPL").unwrap(),
            },
            class: None,
            last: Some(last.parse().unwrap()),
            bid: None,
            bid_size: None,
            ask: None,
            ask_size: None,
            spread: None,
            change: None,
            volume: None,
            spark: Arc::default(),
            tick: None,
            updated: Some(Mono::from_millis(updated_ms)),
            stale: false,
            halted: None,
        }
    }
    /// A time of so many seconds on both clocks.
    fn now(secs: i64) -> Now {
        let ms = u64::try_from(secs).unwrap().saturating_mul(1_000);
        Now { wall: Stamp::from_secs(secs).unwrap(), mono: Mono::from_millis(ms) }
    }

    #[test]
    fn newer_bars_take_the_place_of_what_they_reach_back_to() {
        let mut chart = chart(0..10);
        chart.take(vec![bar(8, "11"), bar(9, "12"), bar(10, "13")], Mono::default());
        assert_eq!(minutes(&chart), (0..11).collect::<Vec<_>>());
        assert_eq!(chart.bars[9].close.to_string(), "12");
        chart.past = Past::End;
        chart.take(vec![bar(20, "11")], Mono::default());
        assert_eq!((minutes(&chart), chart.past), (vec![20], Past::Open), "no bar stands beside a hole");
        chart.take(Vec::new(), Mono::default());
        assert_eq!(minutes(&chart), [20]);
    }

    #[test]
    fn the_past_is_put_before_what_is_known_until_there_is_none() {
        let mut chart = chart(10..13);
        chart.take_past((5..11).map(|n| bar(n, "9")).collect());
        assert_eq!((minutes(&chart), chart.past), ((5..13).collect::<Vec<_>>(), Past::Open));
        assert_eq!(chart.bars[5].close.to_string(), "10", "what the venue told last stays");
        chart.take_past(Vec::new());
        assert_eq!(chart.past, Past::End);
        assert!(!chart.wants_past(100, Mono::from_millis(1_000_000), 5));
        let mut full = self::chart(10_000..14_990);
        full.take_past((0..100).map(|n| bar(n, "9")).collect());
        assert_eq!(full.bars.len(), BARS_MAX);
        assert_eq!(full.bars[0].at.as_secs() / 60, 90, "the nearest are kept");
    }

    #[test]
    fn the_last_price_grows_the_last_candle_and_begins_the_next() {
        let mut chart = chart(0..3);
        let mut follow = |last: &str, secs: i64, updated: u64| {
            chart.follow(Some(&row(last, updated)), now(secs));
            let last = chart.bar(chart.len() - 1).unwrap();
            let figures = format!("{} {} {} {}", last.open, last.high, last.low, last.close);
            (last.at.as_secs() / 60, figures)
        };
        assert_eq!(follow("10.5", 150, 149_000), (2, "10 10.5 10 10.5".to_owned()));
        assert_eq!(follow("9", 160, 160_000), (2, "10 10.5 9 9".to_owned()));
        // A price of the minute before, however late it is looked at.
        assert_eq!(follow("9.5", 200, 179_000), (2, "10 10.5 9 9.5".to_owned()));
        assert_eq!(follow("11", 200, 190_000), (3, "11 11 11 11".to_owned()));
        assert_eq!(follow("10", 210, 210_000), (3, "11 11 10 10".to_owned()));
        chart.take(vec![bar(2, "12"), bar(3, "13")], Mono::default());
        assert_eq!(chart.bar(3).unwrap().close.to_string(), "13", "the venue's word is the last");
        let stale = WatchRow { stale: true, ..row("99", 230_000) };
        chart.follow(Some(&stale), now(230));
        chart.follow(None, now(230));
        assert_eq!(chart.live, None);
    }

    #[test]
    fn a_view_that_was_moved_stands_still_while_bars_come_on_both_sides() {
        let mut chart = chart(100..200);
        assert_eq!(chart.window(30), 70..100);
        chart.show_until(80, 30);
        let seen = |chart: &Chart| {
            let window = chart.window(30);
            (chart.bar(window.start).unwrap().at, chart.bar(window.end - 1).unwrap().at)
        };
        let before = seen(&chart);
        chart.take_past((0..100).map(|n| bar(n, "9")).collect());
        chart.take(vec![bar(199, "11"), bar(200, "12")], Mono::default());
        assert_eq!(seen(&chart), before);
        chart.show_until(5, 30);
        assert_eq!(chart.window(30), 0..30);
        chart.show_until(usize::MAX, 30);
        assert_eq!((chart.anchor, chart.window(30)), (None, 171..201));
        assert_eq!(Chart::default().window(30), 0..0);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let chart = chart(0..3);
        assert_eq!(Chart::default().behind(now(60).wall, 240), 240);
        assert_eq!(chart.behind(now(130).wall, 240), 3);
        assert_eq!(chart.behind(now(600).wall, 240), 11);
        assert_eq!(chart.behind(now(1_000_000).wall, 240), 240);
        assert_eq!(chart.behind(now(0).wall, 240), 3);
    }
}
