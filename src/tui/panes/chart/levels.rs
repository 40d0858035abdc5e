//! What stands at a price: a dotted line across the candles, and a label beside them. Labels never lie over each
//! other: those of neighbouring prices move apart, and each says its own price.

use super::scale::{Place, Scale};
use crate::config::Numbers;
use crate::desk::snapshot::OrderRow;
use crate::domain::{
    lifecycle::OrderState,
    money::Price,
    order::{Amount, OrderKind, OrderType, Role as Part, Side},
};
use crate::tui::{
    canvas::{Canvas, small, width},
    format,
    ladder::waits_at,
    model::Model,
    panes::orders::state_role,
    theme::Role,
    widgets::table::side_role,
};
use ratatui::layout::Rect;

/// The most orders that are drawn; more are counted.
const ORDERS_MAX: usize = 40;

/// A price that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) price: Price,
    /// What stands there, in a few words.
    text: String,
    role: Role,
    /// The lowest goes last where room is short.
    rank: u8,
    /// Is a line drawn at it?
    line: bool,
}

/// A label's width without its price, at the most.
const TEXT_MAX: u16 = 20;

const fn kind(order_type: OrderType) -> &'static str {
    match order_type.kind() {
        OrderKind::Market => "mkt",
        OrderKind::Limit => "lmt",
        OrderKind::Stop => "stp",
        OrderKind::StopLimit => "stpl",
        OrderKind::TrailingStop => "trl",
    }
}

/// `sell 673 lmt`, with what is left to fill, and what is not as it should be; the least needed stands last, where it is
/// cut first.
fn words(numbers: &Numbers, order: &OrderRow) -> String {
    let mut text = String::with_capacity(24);
    text.push_str(match order.side {
        Side::Buy => "buy ",
        Side::Sell => "sell ",
    });
    match order.amount {
        Amount::Qty(all) => numbers.short_qty(&mut text, all.saturating_sub(order.filled)),
        Amount::Notional(money) => {
            text.push('$');
            numbers.decimal(&mut text, money.get(), Some(2), format::Sign::Minus);
        }
    }
    text.push(' ');
    text.push_str(match order.role {
        Some(Part::Stop) => "stop",
        Some(Part::Target) => "target",
        Some(Part::Entry) | None => kind(order.order_type),
    });
    if !matches!(order.state, OrderState::Working | OrderState::Accepted) {
        text.push(' ');
        text.push_str(order.state.word());
    }
    text
}

/// Everything that stands at a price, highest first, and how many orders are not among it.
pub(super) fn tags(numbers: &Numbers, model: &Model) -> (Vec<Tag>, usize) {
    let Some(instrument) = model.chart.instrument.as_ref() else { return (Vec::new(), 0) };
    let mut tags: Vec<Tag> = Vec::new();
    let mut more = 0_usize;
    let own = |o: &&OrderRow| o.symbol == instrument.symbol && o.id.venue == instrument.venue;
    // Open orders come first.
    for order in model.snapshot.orders.iter().take_while(|o| o.state.is_open()).filter(own) {
        let Some(price) = waits_at(order) else { continue };
        if tags.len() >= ORDERS_MAX {
            more = more.saturating_add(1);
            continue;
        }
        let calm = matches!(order.state, OrderState::Working | OrderState::Accepted | OrderState::Held);
        let role = if calm { side_role(order.side) } else { state_role(order.state) };
        tags.push(Tag { price, text: words(numbers, order), role, rank: 2, line: true });
    }
    if let Some(position) = model.snapshot.positions.iter().find(|p| p.instrument == *instrument) {
        let lines = [
            (position.stop, "stop", Role::Sell),
            (position.target, "target", Role::Buy),
            (position.avg_price, "avg", Role::Info),
        ];
        for (price, name, role) in lines {
            // The order that is the stop or the target says so itself.
            if let Some(price) = price.filter(|p| name == "avg" || tags.iter().all(|t| t.price != *p)) {
                tags.push(Tag { price, text: name.to_owned(), role, rank: 1, line: true });
            }
        }
    }
    if let Some(row) = model.watched(instrument)
        && let Some(price) = row.last
    {
        let role = if row.stale { Role::Stale } else { Role::Strong };
        tags.push(Tag { price, text: "last".to_owned(), role, rank: 0, line: false });
    }
    tags.sort_by(|a, b| b.price.cmp(&a.price).then(a.rank.cmp(&b.rank)));
    (joined(tags), more)
}

/// What stands at one price has one label.
fn joined(tags: Vec<Tag>) -> Vec<Tag> {
    let mut out: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        match out.last_mut() {
            Some(same) if same.price == tag.price => {
                same.text.push_str(", ");
                same.text.push_str(&tag.text);
                same.line |= tag.line;
                // An order's colour tells more than that of the last price.
                if same.rank == 0 {
                    (same.role, same.rank) = (tag.role, 0);
                }
            }
            Some(_) | None => out.push(tag),
        }
    }
    out
}

/// Columns on the right, for prices and what stands at them: a quarter of the width at the most.
pub(super) fn gutter(tags: &[Tag], columns: u16) -> u16 {
    let text = tags.iter().map(|t| width(&t.text)).max().unwrap_or(0).min(TEXT_MAX);
    let wanted = text.saturating_add(14);
    wanted.min(columns / 4).max(12).min(columns)
}

/// Dotted lines across the candles.
pub(super) fn lines(canvas: &mut Canvas<'_>, scale: &Scale, tags: &[Tag]) {
    let sign = canvas.look.glyphs.level_line;
    for tag in tags.iter().filter(|t| t.line) {
        let Some(y) = scale.row(tag.price) else { continue };
        let style = canvas.style(tag.role);
        for x in scale.plot.left()..scale.plot.right() {
            canvas.put(x, y, 1, sign, style);
        }
    }
}

/// Labels of the lines, each as near to its price as the others let it, and round prices where there is room.
pub(super) fn labels(
    canvas: &mut Canvas<'_>,
    scale: &Scale,
    mut tags: Vec<Tag>,
    side: Rect,
    tick: Option<Price>,
) {
    while tags.len() > usize::from(side.height) {
        let Some(last) = tags.iter().enumerate().max_by_key(|(_, t)| t.rank).map(|(n, _)| n) else { break };
        tags.remove(last);
    }
    let rows = spread(tags.iter().map(|t| scale.near(t.price) / 2), side.height);
    let mut text = std::mem::take(&mut canvas.scratch);
    let muted = canvas.style(Role::Muted);
    for price in scale.round() {
        let Some(y) = scale.row(price) else { continue };
        if rows.contains(&y.saturating_sub(side.y)) {
            continue;
        }
        text.clear();
        canvas.look.numbers.price(&mut text, price, tick);
        canvas.left(side.x.saturating_add(1), y, side.width.saturating_sub(1), &text, muted);
    }
    let (up, down, here) = (canvas.look.glyphs.up, canvas.look.glyphs.down, canvas.look.glyphs.pointer);
    for (tag, row) in tags.iter().zip(rows) {
        text.clear();
        text.push_str(match scale.place(tag.price) {
            Place::Above => up,
            Place::Below => down,
            Place::Half(_) if tag.rank == 0 => here,
            Place::Half(_) => " ",
        });
        canvas.look.numbers.price(
            &mut text,
            tag.price,
            tick.filter(|t| tag.rank < 2 || on_tick(tag.price, *t)),
        );
        text.push(' ');
        text.push_str(&tag.text);
        let style = canvas.style(tag.role);
        canvas.left(side.x, side.y.saturating_add(row), side.width, &text, style);
    }
    canvas.scratch = text;
}

/// An average entry is shown with the tick's decimals, as everywhere; an order's price with all that it has.
fn on_tick(price: Price, tick: Price) -> bool {
    price.get().normalize().scale() <= tick.get().normalize().scale()
}

/// Rows for labels whose prices lie at `wanted` (top down), none on another's, as near as can be.
fn spread(wanted: impl Iterator<Item = u16>, height: u16) -> Vec<u16> {
    let mut rows: Vec<u16> = Vec::new();
    for want in wanted {
        let free = rows.last().map_or(0, |last| last.saturating_add(1));
        rows.push(want.max(free));
    }
    let mut below = height;
    for row in rows.iter_mut().rev() {
        *row = (*row).min(below.saturating_sub(1));
        below = *row;
    }
    debug_assert!(
        small(rows.len()) > height || rows.is_sorted_by(|a, b| a < b),
        "two labels on one row: {rows:?}"
    );
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_of_neighbouring_prices_move_apart() {
        let rows = |wanted: &[u16]| spread(wanted.iter().copied(), 6);
        assert_eq!(rows(&[0, 3, 5]), [0, 3, 5]);
        assert_eq!(rows(&[2, 2, 2]), [2, 3, 4]);
        assert_eq!(rows(&[5, 5, 5]), [3, 4, 5]);
        assert_eq!(rows(&[0, 0, 4, 5, 5, 5]), [0, 1, 2, 3, 4, 5]);
    }

    proptest! {
        #[test]
        fn no_two_labels_share_a_row(mut wanted in proptest::collection::vec(0_u16..20, 0..20)) {
            wanted.sort_unstable();
            let rows = spread(wanted.into_iter(), 20);
            prop_assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");
            prop_assert!(rows.iter().all(|r| *r < 20));
        }
    }
}
