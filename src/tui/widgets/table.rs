//! Tables. A column is one entry of a list: its head, its width, what it may be left out for, and the function
//! that writes its cell. Where columns stand follows from the width alone, never from what is in them; and only
//! the rows that are seen are made.

use crate::config::Negative;
use crate::domain::{
    money::{Money, Percent, Price, Qty, SignedQty},
    order::Side,
    time::{Mono, Now},
};
use crate::tui::{
    canvas::{Canvas, Look, width},
    column::Column as Key,
    focus::Pane,
    format,
    hit::{Drawn, Hit},
    table::TableState,
    theme::Role,
};
use ratatui::layout::Rect;
use smol_str::SmolStr;

/// How a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Short things that end at the right.
    Right,
    /// Numbers, by their points.
    Point,
}

/// A column.
pub struct Column<R> {
    /// What it can be sorted by, and its head.
    pub key: Option<Key>,
    /// Its head where that differs.
    pub head: &'static str,
    /// Columns that it takes.
    pub width: u16,
    /// Columns that it may take beyond that, where there is room.
    pub grow: u16,
    /// When room is short, the highest rank goes first; rank zero stays.
    pub rank: u8,
    /// How cells stand.
    pub align: Align,
    /// Writes a cell.
    pub cell: fn(&R, &mut Cell<'_>),
}

impl<R> std::fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Column").field("head", &self.head()).finish_non_exhaustive()
    }
}

impl<R> Column<R> {
    fn head(&self) -> &'static str {
        match self.key {
            Some(key) if self.head.is_empty() => key.word(),
            Some(_) | None => self.head,
        }
    }
}

/// A cell being written.
#[derive(Debug)]
pub struct Cell<'a> {
    /// Its text.
    pub out: String,
    /// Its look.
    pub role: Role,
    /// Signs, zone.
    pub look: &'a Look,
    /// The time that ages count to.
    pub now: Now,
    /// Columns that it has.
    pub room: usize,
    /// The whole row is too old.
    pub stale: bool,
}

impl Cell<'_> {
    /// Words.
    pub fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }
    /// Words in a role.
    pub fn word(&mut self, text: &str, role: Role) {
        self.out.push_str(text);
        self.role = role;
    }
    /// There is no figure.
    pub fn none(&mut self) {
        self.out.push_str(self.look.glyphs.none);
        self.role = Role::Muted;
    }
    /// A figure that may grow old with its row.
    fn figure<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut String, T)) {
        match value {
            Some(value) => {
                write(&mut self.out, value);
                if self.stale {
                    self.role = Role::Stale;
                }
            }
            None => self.none(),
        }
    }
    /// An amount. What closes a negative one stands behind the column of the others' last digits; the sign of the
    /// currency goes where there is no room for it.
    fn amount(&mut self, money: Option<Money>, write: impl FnOnce(&mut String, Money)) {
        let (numbers, before) = (&self.look.numbers, self.out.len());
        self.figure(money, write);
        let written = self.out.get(before..).unwrap_or_default();
        let pads = numbers.negative == Negative::Parentheses && !written.ends_with(')') && money.is_some();
        let room = self.room.saturating_sub(usize::from(pads));
        if usize::from(width(written)) > room {
            let bare = numbers.bare(written);
            self.out.truncate(before);
            self.out.push_str(&bare);
        }
        if pads && usize::from(width(&self.out)) < self.room {
            self.out.push(' ');
        }
    }
    /// A price.
    pub fn price(&mut self, price: Option<Price>, tick: Option<Price>) {
        let look = self.look;
        self.figure(price, |out, p| look.numbers.price(out, p, tick));
    }
    /// An amount.
    pub fn money(&mut self, money: Option<Money>) {
        let look = self.look;
        self.amount(money, |out, m| look.numbers.money(out, m));
    }
    /// A gain or a loss: sign and colour.
    pub fn gain(&mut self, money: Option<Money>) {
        self.trend(money.map(|m| (m.is_positive(), m.is_negative())));
        let look = self.look;
        self.amount(money, |out, m| look.numbers.gain(out, m));
    }
    /// A change in per cent: sign and colour.
    pub fn change(&mut self, percent: Option<Percent>) {
        self.trend(percent.map(|p| (p.is_positive(), p.is_negative())));
        let look = self.look;
        self.figure(percent, |out, p| look.numbers.percent(out, p, format::Sign::Always));
    }
    /// A share in per cent.
    pub fn share(&mut self, percent: Option<Percent>) {
        let look = self.look;
        self.figure(percent, |out, p| look.numbers.percent(out, p, format::Sign::Minus));
    }
    /// A quantity.
    pub fn qty(&mut self, qty: Option<Qty>) {
        let look = self.look;
        self.figure(qty, |out, q| look.numbers.qty(out, q));
    }
    /// Figures that came as a text.
    pub fn told(&mut self, text: &str) {
        if text.is_empty() {
            self.none();
        } else {
            self.look.numbers.retell(&mut self.out, text);
        }
    }
    /// A quantity with its direction.
    pub fn signed_qty(&mut self, qty: SignedQty) {
        self.role = if qty.is_negative() { Role::Sell } else { Role::Buy };
        self.look.numbers.decimal(&mut self.out, qty.get(), None, format::Sign::Always);
    }
    /// Buy or sell.
    pub fn side(&mut self, side: Side) {
        self.word(side.word(), side_role(side));
    }
    /// How long ago.
    pub fn age(&mut self, at: Option<Mono>) {
        let (now, look) = (self.now.mono, self.look);
        self.role = Role::Muted;
        self.figure(at, |out, at| look.numbers.age(out, now.since_ms(at)));
    }
    fn trend(&mut self, signs: Option<(bool, bool)>) {
        self.role = match signs {
            Some((true, _)) => Role::Up,
            Some((_, true)) => Role::Down,
            Some((false, false)) | None => Role::Text,
        };
    }
}

/// How a side looks.
pub const fn side_role(side: Side) -> Role {
    match side {
        Side::Buy => Role::Buy,
        Side::Sell => Role::Sell,
    }
}

/// Where a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which column of the list.
    pub column: usize,
    /// Its first screen column.
    pub x: u16,
    /// Its screen columns.
    pub width: u16,
}

/// The heads of a table's columns: their names in the configuration and in `:columns`.
pub fn heads<R>(columns: &[Column<R>]) -> Vec<&'static str> {
    columns.iter().map(Column::head).filter(|h| !h.is_empty()).collect()
}

/// Places the columns into `width`: those that were `chosen`, in that order, as many as fit from the left; else of all
/// of them the least important go until the rest fits. Then some may grow.
pub fn place<R>(columns: &[Column<R>], chosen: &[SmolStr], x: u16, room: u16) -> Vec<Place> {
    let gap = if room < 60 { 1 } else { 2 };
    let column = |i: &usize| columns.get(*i);
    let need = |kept: &[usize]| -> u16 {
        let widths = kept.iter().filter_map(column).map(|c| c.width.saturating_add(gap));
        widths.fold(0, u16::saturating_add).saturating_sub(gap)
    };
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    if !chosen.is_empty() {
        kept = chosen.iter().filter_map(|name| columns.iter().position(|c| c.head() == name)).collect();
    }
    while need(&kept) > room {
        let worst = kept.iter().filter_map(|i| column(i).map(|c| (c.rank, *i))).max();
        match worst {
            _ if !chosen.is_empty() && kept.len() > 1 => drop(kept.pop()),
            Some((rank, i)) if rank > 0 => kept.retain(|k| *k != i),
            Some(_) | None => break,
        }
    }
    let mut spare = room.saturating_sub(need(&kept));
    let mut at = x;
    let end = x.saturating_add(room);
    kept.into_iter()
        .filter_map(|i| {
            let c = columns.get(i)?;
            let more = spare.min(c.grow);
            spare = spare.saturating_sub(more);
            let width = c.width.saturating_add(more).min(end.saturating_sub(at));
            let place = Place { column: i, x: at, width };
            at = at.saturating_add(width).saturating_add(gap);
            Some(place)
        })
        .collect()
}

/// A table on the screen.
pub struct Table<'a, R> {
    /// Of which pane.
    pub pane: Pane,
    /// Its columns.
    pub columns: &'a [Column<R>],
    /// The snapshot's list.
    pub rows: &'a [R],
    /// Which of them, in which order, and where the cursor is.
    pub state: &'a TableState,
    /// Is its pane focused?
    pub focused: bool,
    /// Decimals of the numbers, for their points.
    pub places: u32,
    /// Is a row too old?
    pub stale: fn(&R) -> bool,
    /// What stands there when there are no rows.
    pub empty: &'a str,
}

impl<R> std::fmt::Debug for Table<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("pane", &self.pane)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// The first row to show, so that the cursor is seen and no room is wasted.
pub fn first_row(state: &TableState, rows: usize, room: usize) -> usize {
    let lowest = state.cursor.saturating_sub(room.saturating_sub(1));
    let offset = state.offset.clamp(lowest, state.cursor.max(lowest));
    offset.min(rows.saturating_sub(room))
}

impl<R> Table<'_, R> {
    /// Draws heads and rows into `area` and notes where they are.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
        let pad = u16::from(area.width > 20);
        let places = place(
            self.columns,
            &self.state.columns,
            area.x.saturating_add(pad),
            area.width.saturating_sub(pad.saturating_mul(2)),
        );
        self.heads(canvas, area, &places, drawn);
        let room = usize::from(area.height.saturating_sub(1));
        drawn.room.push((self.pane, room));
        let shown = self.state.rows.len();
        if shown == 0 {
            let style = canvas.style(Role::Muted);
            let text = if self.state.filter.is_empty() || self.rows.is_empty() {
                self.empty
            } else {
                "nothing matches the filter"
            };
            canvas.left(
                area.x.saturating_add(pad),
                area.y.saturating_add(1),
                area.width.saturating_sub(pad),
                text,
                style,
            );
            return;
        }
        let first = first_row(self.state, shown, room);
        let seen = self.state.rows.iter().enumerate().skip(first).take(room);
        for (y, (at, index)) in (area.y.saturating_add(1)..area.bottom()).zip(seen) {
            let line = Rect { y, height: 1, ..area };
            drawn.hits.push((line, Hit::Row(self.pane, at)));
            if at == self.state.cursor && self.state.selected.is_some() {
                canvas.tint(line, if self.focused { Role::Selected } else { Role::SelectedIdle });
            }
            if let Some(row) = self.rows.get(*index) {
                self.row(canvas, y, row, &places);
            }
        }
    }

    fn heads(&self, canvas: &mut Canvas<'_>, area: Rect, places: &[Place], drawn: &mut Drawn) {
        for place in places {
            let Some(column) = self.columns.get(place.column) else { continue };
            let sorted = self.state.sort.filter(|s| Some(s.column) == column.key);
            let role = if sorted.is_some() { Role::Title } else { Role::Heading };
            let style = canvas.style(role);
            let glyphs = &canvas.look.glyphs;
            let sign = match sorted {
                Some(s) if s.descending => glyphs.descending,
                Some(_) => glyphs.ascending,
                None => "",
            };
            let mut head = std::mem::take(&mut canvas.scratch);
            head.clear();
            head.push_str(column.head());
            head.push_str(sign);
            match column.align {
                Align::Left => {
                    canvas.left(place.x, area.y, place.width, &head, style);
                }
                Align::Right | Align::Point => canvas.right(place.x, area.y, place.width, &head, style),
            }
            canvas.scratch = head;
            if let Some(key) = column.key {
                let area = Rect { x: place.x, width: place.width, height: 1, ..area };
                drawn.hits.push((area, Hit::Head(self.pane, key)));
            }
        }
    }

    fn row(&self, canvas: &mut Canvas<'_>, y: u16, row: &R, places: &[Place]) {
        let stale = (self.stale)(row);
        let fraction = if self.places == 0 { 0 } else { small_places(self.places).saturating_add(1) };
        for place in places {
            let Some(column) = self.columns.get(place.column) else { continue };
            let mut cell = Cell {
                out: std::mem::take(&mut canvas.scratch),
                role: Role::Text,
                look: canvas.look,
                now: canvas.now,
                room: usize::from(place.width),
                stale,
            };
            cell.out.clear();
            (column.cell)(row, &mut cell);
            let Cell { out, role, .. } = cell;
            let style = canvas.style(role);
            match column.align {
                Align::Left => {
                    canvas.left(place.x, y, place.width, &out, style);
                }
                Align::Right | Align::Point if !out.bytes().any(|b| b.is_ascii_digit()) => {
                    canvas.right(place.x, y, place.width, &out, style);
                }
                Align::Right => canvas.number(place.x, y, place.width, &out, (0, style)),
                Align::Point => canvas.number(place.x, y, place.width, &out, (fraction, style)),
            }
            canvas.scratch = out;
        }
    }
}

fn small_places(places: u32) -> u16 {
    u16::try_from(places).map_or(0, |p| p)
}

/// Decimals that the prices of these rows need, within reason.
pub fn places_of<R>(rows: &[R], state: &TableState, room: usize, tick: impl Fn(&R) -> Option<Price>) -> u32 {
    let first = first_row(state, state.rows.len(), room);
    let seen = state.rows.iter().skip(first).take(room).filter_map(|i| rows.get(*i));
    seen.map(|row| format::places(tick(row))).fold(2, u32::max).min(6)
}
