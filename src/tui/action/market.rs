//! The keys of the chart and of the price ladder.

use super::{Key, Where, key};

/// Which stretch of time is shown, and the crosshair.
pub(super) const CHART: &[Key] = &[
    key("h", "left", Where::Chart, "back in time"),
    key("left", "left", Where::Chart, "back in time"),
    key("l", "right", Where::Chart, "forward in time"),
    key("right", "right", Where::Chart, "forward in time"),
    key("pageup", "page-left", Where::Chart, "a screen back"),
    key("ctrl-u", "page-left", Where::Chart, "a screen back"),
    key("pagedown", "page-right", Where::Chart, "a screen forward"),
    key("ctrl-d", "page-right", Where::Chart, "a screen forward"),
    key("home", "first", Where::Chart, "the oldest candle"),
    key("g", "first", Where::Chart, "the oldest candle"),
    key("end", "last", Where::Chart, "the newest candle"),
    key("G", "last", Where::Chart, "the newest candle"),
    key("+", "in", Where::Chart, "wider candles"),
    key("=", "in", Where::Chart, "wider candles"),
    key("-", "out", Where::Chart, "narrower candles"),
    key("space", "crosshair", Where::Chart, "crosshair"),
    key(",", "previous", Where::Chart, "crosshair a candle back"),
    key(".", "next", Where::Chart, "crosshair a candle on"),
];

/// Where the ladder stands, and which own order is taken.
pub(super) const LADDER: &[Key] = &[
    key("r", "recentre", Where::Depth, "back to the market"),
    key("t", "follow", Where::Depth, "follow the market, or stand still"),
    key("+", "finer", Where::Depth, "smaller rungs"),
    key("=", "finer", Where::Depth, "smaller rungs"),
    key("-", "coarser", Where::Depth, "larger rungs"),
    key("space", "take", Where::Depth, "take the order at the cursor"),
    key("n", "next", Where::Depth, "take the next own order"),
];

/// Orders at a price of the ladder.
pub(super) const RUNG: &[Key] = &[
    key("b", "place buy", Where::Depth, "buy at the cursor"),
    key("s", "place sell", Where::Depth, "sell at the cursor"),
    key("[", "join buy", Where::Depth, "buy at the bid"),
    key("]", "join sell", Where::Depth, "sell at the ask"),
    key("{", "improve buy", Where::Depth, "buy a tick above the bid"),
    key("}", "improve sell", Where::Depth, "sell a tick below the ask"),
    key("m", "move", Where::Depth, "move the taken order to the cursor"),
    key("c", "cancel", Where::Depth, "cancel the order at the cursor"),
];
