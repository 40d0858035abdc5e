//! The price ladder: bids, asks and own orders at their prices. Without an order book it shows the touch, and says so;
//! a book that can't be true is said, not drawn.

use crate::desk::snapshot::{DepthRow, OrderRow};
use crate::domain::{
    money::{Price, Qty},
    order::{Amount, OrderType, Side},
};
use crate::tui::{
    canvas::{Canvas, width},
    focus::Pane,
    hit::{Drawn, Hit},
    ladder::{Rungs, book, by_rung, own, stand, tick},
    model::Model,
    theme::Role,
    widgets::table::side_role,
};
use ratatui::layout::Rect;

/// What was seen of the ladder, for the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The rung in the first row.
    pub top: i128,
    /// Rows.
    pub rows: u16,
}

/// Where the columns stand: own orders, bar, size, price, mark, size, bar, own orders.
#[derive(Debug, Clone, Copy)]
struct Columns {
    own: u16,
    bar: u16,
    price: u16,
}

/// Columns of a size.
const SIZE: u16 = 6;
/// Columns of what a price is: `stop`, `tgt`, `avg`, and a blank before it.
const MARK: u16 = 5;
/// A book that changed no longer ago is as new as can be, milliseconds.
const QUIET_MS: u64 = 3_000;
/// The most columns that the ladder makes use of.
const WIDEST: u16 = 72;

impl Columns {
    fn of(wide: u16, price: u16) -> Self {
        let price = price.saturating_add(1);
        let rest = wide.saturating_sub(price.saturating_add(MARK).saturating_add(SIZE.saturating_mul(2)));
        let side = rest / 2;
        let own = side.saturating_sub(1).min(if side >= 16 { 8 } else { 7 });
        Self { own, bar: side.saturating_sub(own).min(20), price }
    }
    const fn side(&self) -> u16 {
        self.own.saturating_add(self.bar).saturating_add(SIZE)
    }
}

/// What stands on the ladder, by rung.
struct Market {
    bids: Vec<(i128, Qty)>,
    asks: Vec<(i128, Qty)>,
    most: Qty,
    last: Option<i128>,
    marks: Vec<(i128, &'static str, Role)>,
    stale: bool,
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    head(model, canvas, inner);
    let body = Rect {
        y: inner.y.saturating_add(1),
        height: inner.height.saturating_sub(1),
        width: inner.width.min(WIDEST),
        ..inner
    };
    let Some((rungs, middle)) = stand(model).filter(|_| model.ladder.instrument == model.instrument) else {
        let text = if model.instrument.is_none() { "no symbol chosen" } else { "no market yet" };
        let style = canvas.style(Role::Muted);
        canvas.left(body.x, body.y, body.width, text, style);
        return;
    };
    let rows = body.height;
    let top = middle.saturating_add(i128::from(rows) / 2);
    drawn.room.push((Pane::Depth, usize::from(rows)));
    drawn.ladder = Some(Seen { top, rows });
    let market = market(model, &rungs);
    let tick = tick(model);
    let orders = own_by_rung(model, &rungs);
    let mut text = std::mem::take(&mut canvas.scratch);
    let widest =
        [top, top.saturating_sub(i128::from(rows))].into_iter().filter_map(|n| rungs.price(n)).map(|p| {
            text.clear();
            canvas.look.numbers.price(&mut text, p, tick);
            width(&text)
        });
    let columns = Columns::of(body.width, widest.max().unwrap_or(0));
    canvas.scratch = text;
    let cursor = model.ladder.cursor.and_then(|p| rungs.below(p));
    for row in 0..rows {
        let rung = top.saturating_sub(i128::from(row));
        let Some(price) = rungs.price(rung).filter(|p| p.is_positive()) else { continue };
        let line = Rect { y: body.y.saturating_add(row), height: 1, ..body };
        drawn.hits.push((Rect { x: area.x, width: area.width, ..line }, Hit::Rung(price)));
        let mut pen = Line { canvas, line, columns };
        pen.price(&market, rung, price, tick);
        pen.sizes(&market, rung);
        for (at, side, orders) in &orders {
            if *at == rung {
                pen.own(*side, orders, model.ladder.taken.as_ref());
            }
        }
        if cursor == Some(rung) {
            let role = if model.focus == Pane::Depth { Role::Selected } else { Role::SelectedIdle };
            canvas.tint(Rect { x: area.x, width: area.width, ..line }, role);
        }
    }
    beyond(model, canvas, body, &market, top);
}

fn watched(model: &Model) -> Option<&crate::desk::snapshot::WatchRow> {
    model.watched(model.instrument.as_ref()?)
}

fn market(model: &Model, rungs: &Rungs) -> Market {
    let row = watched(model);
    let book = book(model);
    let touch = |price: Option<Price>, size: Option<Qty>| price.zip(size).into_iter().collect::<Vec<_>>();
    let below = |p: Price| rungs.below(p);
    let above = |p: Price| rungs.above(p);
    let (bids, asks) = match book {
        Some(book) => (by_rung(book.bids.iter(), below), by_rung(book.asks.iter(), above)),
        None => (
            by_rung(touch(row.and_then(|r| r.bid), row.and_then(|r| r.bid_size)).iter(), below),
            by_rung(touch(row.and_then(|r| r.ask), row.and_then(|r| r.ask_size)).iter(), above),
        ),
    };
    let most = bids.iter().chain(&asks).map(|(_, size)| *size).max().unwrap_or(Qty::ZERO);
    let mut marks = Vec::new();
    let position = model.snapshot.positions.iter().find(|p| Some(&p.instrument) == model.instrument.as_ref());
    if let Some(position) = position {
        for (price, word, role) in [
            (position.stop, "stop", Role::Sell),
            (position.target, "tgt", Role::Buy),
            (position.avg_price, "avg", Role::Info),
        ] {
            marks.extend(price.and_then(below).map(|at| (at, word, role)));
        }
    }
    let stale = book.is_some_and(|b| b.stale) || row.is_none_or(|r| r.stale);
    Market { bids, asks, most, last: row.and_then(|r| r.last).and_then(below), marks, stale }
}

type Own<'m> = (i128, Side, Vec<&'m OrderRow>);

/// Own orders by rung and side.
fn own_by_rung<'m>(model: &'m Model, rungs: &Rungs) -> Vec<Own<'m>> {
    let mut out: Vec<Own<'m>> = Vec::new();
    for (order, price) in own(model) {
        let Some(at) = rungs.below(price) else { continue };
        match out.iter_mut().find(|(n, side, _)| (*n, *side) == (at, order.side)) {
            Some((_, _, orders)) => orders.push(order),
            None => out.push((at, order.side, vec![order])),
        }
    }
    out
}

/// One row of the ladder.
struct Line<'c, 'a> {
    canvas: &'c mut Canvas<'a>,
    line: Rect,
    columns: Columns,
}

impl Line<'_, '_> {
    fn price(&mut self, market: &Market, rung: i128, price: Price, tick: Option<Price>) {
        let is_last = market.last == Some(rung);
        let role = match (market.stale, is_last) {
            (true, _) => Role::Stale,
            (false, true) => Role::Strong,
            (false, false) => Role::Muted,
        };
        let style = self.canvas.style(role);
        let x = self.line.x.saturating_add(self.columns.side());
        let mut text = std::mem::take(&mut self.canvas.scratch);
        text.clear();
        self.canvas.look.numbers.price(&mut text, price, tick);
        self.canvas.right(
            x.saturating_add(1),
            self.line.y,
            self.columns.price.saturating_sub(1),
            &text,
            style,
        );
        self.canvas.scratch = text;
        if is_last {
            let sign = self.canvas.look.glyphs.pointer;
            self.canvas.put(x, self.line.y, 1, sign, style);
        }
        let mut marks = market.marks.iter().filter(|(at, ..)| *at == rung);
        if let Some((_, word, role)) = marks.next() {
            let style = self.canvas.style(*role);
            let at = x.saturating_add(self.columns.price).saturating_add(1);
            let room = MARK.saturating_sub(1);
            let used = self.canvas.put(at, self.line.y, room, word, style);
            if marks.next().is_some() {
                self.canvas.put(at.saturating_add(used), self.line.y, room.saturating_sub(used), "+", style);
            }
        }
    }

    /// What is bid on the left, what is asked on the right, each with a bar.
    fn sizes(&mut self, market: &Market, rung: i128) {
        let of = |levels: &[(i128, Qty)]| levels.iter().find(|(at, _)| *at == rung).map(|(_, size)| *size);
        let Columns { own, bar, price } = self.columns;
        let middle = self.columns.side().saturating_add(price).saturating_add(MARK);
        let sides = [
            (of(&market.bids), Side::Buy, own.saturating_add(bar), own),
            (of(&market.asks), Side::Sell, middle, middle.saturating_add(SIZE)),
        ];
        for (size, side, at, bar_at) in sides {
            let Some(size) = size else { continue };
            let role = if market.stale { Role::Stale } else { side_role(side) };
            let style = self.canvas.style(role);
            let mut text = std::mem::take(&mut self.canvas.scratch);
            text.clear();
            self.canvas.look.numbers.short_qty(&mut text, size);
            let x = self.line.x.saturating_add(at);
            if side == Side::Buy {
                self.canvas.right(x, self.line.y, SIZE.saturating_sub(1), &text, style);
            } else {
                self.canvas.left(x, self.line.y, SIZE, &text, style);
            }
            self.canvas.scratch = text;
            self.bar(self.line.x.saturating_add(bar_at), halves(size, market.most, bar), side, role);
        }
    }

    /// A bar of so many half columns, from the size outwards.
    fn bar(&mut self, x: u16, halves: u16, side: Side, role: Role) {
        let ascii = self.canvas.ascii();
        let style = self.canvas.style(role);
        let half = match (ascii, side) {
            (true, _) => "-",
            (false, Side::Buy) => "▗",
            (false, Side::Sell) => "▖",
        };
        // Half as high as the row, so that bars of neighbouring prices are two.
        let full = if ascii { self.canvas.look.glyphs.bar } else { "▄" };
        for n in 0..halves.div_ceil(2).min(self.columns.bar) {
            let sign = if n.saturating_mul(2).saturating_add(1) == halves { half } else { full };
            let at = match side {
                Side::Buy => x.saturating_add(self.columns.bar.saturating_sub(1)).saturating_sub(n),
                Side::Sell => x.saturating_add(n),
            };
            self.canvas.put(at, self.line.y, 1, sign, style);
        }
    }

    /// Own orders: what is left to fill, how many where there are several, `s` where it is a stop.
    fn own(&mut self, side: Side, orders: &[&OrderRow], taken: Option<&crate::domain::ids::ClientId>) {
        let mut text = std::mem::take(&mut self.canvas.scratch);
        text.clear();
        let is_taken = orders.iter().any(|o| Some(&o.id.client) == taken);
        if is_taken {
            text.push_str(self.canvas.look.glyphs.pointer);
        }
        if orders.iter().all(|o| !matches!(o.order_type, OrderType::Limit { .. })) {
            text.push('s');
        }
        let left = |o: &&OrderRow| match o.amount {
            Amount::Qty(all) => Some(all.saturating_sub(o.filled)),
            Amount::Notional(_) => None,
        };
        match orders.iter().map(left).try_fold(Qty::ZERO, |sum, q| sum.checked_add(q?)) {
            Some(sum) => self.canvas.look.numbers.short_qty(&mut text, sum),
            None => text.push('$'),
        }
        if orders.len() > 1 {
            text.push('x');
            crate::domain::money::put_whole(u64::try_from(orders.len()).ok().unwrap_or(u64::MAX), |n| {
                text.push_str(n);
            });
        }
        let style = self.canvas.style(if is_taken { Role::Focus } else { side_role(side) });
        let own = self.columns.own;
        if side == Side::Buy {
            self.canvas.left(self.line.x, self.line.y, own, &text, style);
        } else {
            let at = self.line.right().saturating_sub(own);
            self.canvas.right(at, self.line.y, own, &text, style);
        }
        self.canvas.scratch = text;
    }
}

/// Half columns of a bar.
fn halves(size: Qty, most: Qty, columns: u16) -> u16 {
    let scale = size.get().scale().max(most.get().scale());
    let whole = |q: Qty| {
        let mut d = q.get();
        d.rescale(scale);
        d.mantissa()
    };
    let part = whole(size).saturating_mul(i128::from(columns).saturating_mul(2));
    let halves = part.saturating_add(whole(most).saturating_sub(1)).checked_div(whole(most)).unwrap_or(0);
    u16::try_from(halves).ok().unwrap_or(0)
}

/// Where the market is, when the ladder stands elsewhere.
fn beyond(model: &Model, canvas: &mut Canvas<'_>, body: Rect, market: &Market, top: i128) {
    let bottom = top.saturating_add(1).saturating_sub(i128::from(body.height));
    let near = market.bids.first().or(market.asks.first()).map(|(at, _)| *at).or(market.last);
    let (Some(at), false) = (near, model.ladder.is_centred) else { return };
    let (y, sign) = if at > top {
        (body.y, canvas.look.glyphs.up)
    } else if at < bottom {
        (body.bottom().saturating_sub(1), canvas.look.glyphs.down)
    } else {
        return;
    };
    let text = format!(" {sign} the market is there: r ");
    let style = canvas.style(Role::Warning);
    let wide = width(&text).min(body.width);
    canvas.put(body.x.saturating_add(body.width.saturating_sub(wide) / 2), y, wide, &text, style);
}

/// What the ladder is of, how it stands, and what may be believed of it.
fn head(model: &Model, canvas: &mut Canvas<'_>, inner: Rect) {
    let Some(instrument) = &model.instrument else { return };
    let mut x = inner.x;
    let mut put = |canvas: &mut Canvas<'_>, text: &str, role: Role| {
        let style = canvas.style(role);
        let room = inner.right().saturating_sub(x);
        if width(text) <= room {
            x = x.saturating_add(canvas.put(x, inner.y, room, text, style));
        }
    };
    put(canvas, instrument.symbol.as_str(), Role::Strong);
    let row = model.snapshot.depth.iter().find(|d| d.instrument == *instrument);
    let mut text = std::mem::take(&mut canvas.scratch);
    text.clear();
    text.push_str("  ");
    let role = said(&mut text, row, canvas);
    put(canvas, &text, role);
    put(canvas, if model.ladder.is_centred { "  centred" } else { "  static" }, Role::Muted);
    if let Some((tick, ticks)) = tick(model).map(|t| (t, model.ladder.ticks)).filter(|(_, n)| *n > 0)
        && let Some(step) = Rungs::new(tick, ticks).and_then(|r| r.price(1))
    {
        text.clear();
        text.push_str("  by ");
        canvas.look.numbers.price(&mut text, step, Some(tick));
        put(canvas, &text, Role::Muted);
    }
    if let Some(row) = watched(model).filter(|r| r.stale || r.halted.is_some()) {
        text.clear();
        text.push_str(if row.halted.is_some() { "  HALTED" } else { "  stale" });
        put(canvas, &text, Role::Warning);
    }
    canvas.scratch = text;
}

/// What there is of a book, in words.
fn said(text: &mut String, row: Option<&DepthRow>, canvas: &Canvas<'_>) -> Role {
    match row {
        None => {
            text.push_str("touch only");
            Role::Muted
        }
        Some(DepthRow { fault: Some(fault), .. }) => {
            text.push_str(fault.word());
            text.push_str(": touch only");
            Role::Warning
        }
        Some(row) => {
            text.push_str("book");
            let age = canvas.now.mono.since_ms(row.updated);
            if row.stale || age > QUIET_MS {
                text.push(' ');
                canvas.look.numbers.age(text, age);
                text.push_str(" old");
            }
            if row.stale { Role::Stale } else { Role::Muted }
        }
    }
}
