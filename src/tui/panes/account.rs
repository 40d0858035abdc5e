//! Accounts: what they hold, owe and earned today, and the day's equity as a curve.

use super::banner::{RATE_MS, said, trend};
use crate::desk::{
    snapshot::{AccountRow, EquityPoint},
    total::{Rate, Source, Total},
};
use crate::domain::{
    ids::{Symbol, VenueId},
    money::{Money, Percent},
};
use crate::tui::{
    canvas::{Canvas, small, width},
    column::Column as Key,
    focus::Pane,
    format,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::{
        curve::Curve,
        table::{self, Align, Column, Table},
    },
};
use ratatui::layout::Rect;
use std::borrow::Cow;

const COLUMNS: [Column<AccountRow>; 5] = [
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 10,
        grow: 6,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.word(r.venue.as_str(), Role::Strong),
    },
    Column {
        key: Some(Key::Equity),
        head: "",
        width: 12,
        grow: 2,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.money(Some(r.equity)),
    },
    Column {
        key: Some(Key::DayPnl),
        head: "",
        width: 11,
        grow: 2,
        rank: 1,
        align: Align::Right,
        cell: |r, c| c.gain(r.day_pnl),
    },
    Column {
        key: Some(Key::Cash),
        head: "",
        width: 12,
        grow: 2,
        rank: 2,
        align: Align::Right,
        cell: |r, c| c.money(Some(r.cash)),
    },
    Column {
        key: Some(Key::BuyingPower),
        head: "",
        width: 12,
        grow: 2,
        rank: 3,
        align: Align::Right,
        cell: |r, c| c.money(Some(r.buying_power)),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

/// A figure with its name.
struct Figure {
    label: &'static str,
    text: String,
    role: Role,
}

/// Columns that a figure takes.
const FIGURE: u16 = 27;

fn plain(label: &'static str, money: Option<Money>, canvas: &Canvas<'_>) -> Figure {
    match money {
        Some(m) => Figure { label, text: said(|s| canvas.look.numbers.money(s, m)), role: Role::Text },
        None => Figure { label, text: canvas.look.glyphs.none.to_owned(), role: Role::Muted },
    }
}

fn gain(label: &'static str, money: Option<Money>, canvas: &Canvas<'_>) -> Figure {
    match money {
        Some(m) => Figure { label, text: said(|s| canvas.look.numbers.gain(s, m)), role: trend(canvas, m).1 },
        None => plain(label, None, canvas),
    }
}

fn percent(label: &'static str, percent: Option<Percent>, canvas: &Canvas<'_>) -> Figure {
    match percent {
        Some(p) => {
            let role = if p.is_negative() { Role::Down } else { Role::Text };
            Figure { label, text: said(|s| canvas.look.numbers.percent(s, p, format::Sign::Minus)), role }
        }
        None => plain(label, None, canvas),
    }
}

fn mover(label: &'static str, mover: Option<&(Symbol, Money)>, canvas: &Canvas<'_>) -> Figure {
    match mover {
        Some((symbol, m)) => Figure {
            label,
            text: format!("{symbol} {}", said(|s| canvas.look.numbers.gain(s, *m))),
            role: trend(canvas, *m).1,
        },
        None => plain(label, None, canvas),
    }
}

/// The figures of an account, the most asked for first.
fn figures(row: &AccountRow, canvas: &Canvas<'_>) -> Vec<Figure> {
    let count = |label, n: Option<u32>| match n {
        Some(n) => Figure { label, text: n.to_string(), role: Role::Text },
        None => plain(label, None, canvas),
    };
    let told = canvas.now.mono.since_ms(row.updated);
    vec![
        Figure { role: Role::Strong, ..plain("equity", Some(row.equity), canvas) },
        gain("day", row.day_pnl, canvas),
        gain("unrealized", row.unrealized, canvas),
        plain("buying power", Some(row.buying_power), canvas),
        plain("cash", Some(row.cash), canvas),
        plain("fees", Some(row.fees), canvas),
        gain("realized", Some(row.realized), canvas),
        percent("drawdown", row.drawdown, canvas),
        plain("gross", row.gross, canvas),
        plain("net", row.net, canvas),
        plain("margin", row.initial_margin, canvas),
        plain("maintenance", row.maintenance_margin, canvas),
        Figure { label: "long / short", text: format!("{} / {}", row.longs, row.shorts), role: Role::Text },
        count("day trades", row.day_trades),
        mover("best", row.top_gainer.as_ref(), canvas),
        mover("worst", row.top_loser.as_ref(), canvas),
        plain("yesterday", row.last_equity, canvas),
        Figure {
            label: "told",
            text: said(|s| canvas.look.numbers.age(s, told)),
            role: if told > 60_000 { Role::Stale } else { Role::Muted },
        },
    ]
}

/// Figures in columns of `rows` lines; returns the columns of the screen that they took.
fn grid(canvas: &mut Canvas<'_>, area: Rect, rows: u16, figures: &[Figure]) -> u16 {
    let across = area.width.saturating_add(3).checked_div(FIGURE.saturating_add(3)).unwrap_or(1).max(1);
    let field = if across == 1 { area.width.min(FIGURE.saturating_add(6)) } else { FIGURE };
    let label_style = canvas.style(Role::Muted);
    let mut taken = 0_u16;
    let per = usize::from(rows).max(1);
    for (i, column) in figures.chunks(per).take(usize::from(across)).enumerate() {
        let x = area.x.saturating_add(small(i).saturating_mul(field.saturating_add(3)));
        for (y, figure) in (area.y..area.bottom()).zip(column) {
            let used = canvas.left(x, y, field, figure.label, label_style);
            let style = canvas.style(figure.role);
            let room = field.saturating_sub(used).saturating_sub(1);
            let x = x.saturating_add(used).saturating_add(1);
            if width(&figure.text) > room {
                let bare = canvas.look.numbers.bare(&figure.text);
                canvas.number(x, y, room, &bare, (0, style));
            } else {
                canvas.number(x, y, room, &figure.text, (0, style));
            }
        }
        taken = x.saturating_add(field).saturating_sub(area.x);
    }
    taken
}

const fn below(area: Rect, lines: u16) -> Rect {
    Rect { y: area.y.saturating_add(lines), height: area.height.saturating_sub(lines), ..area }
}

/// The accounts together, and what the rates were: a line, or two where there are rates; says how many.
fn total(canvas: &mut Canvas<'_>, area: Rect, total: &Total) -> u16 {
    let (x, room) = (area.x.saturating_add(1), area.width.saturating_sub(2));
    let sum = match total {
        Total::Sum(sum) => sum,
        Total::Missing(why) => {
            let style = canvas.style(Role::Warning);
            canvas.left(x, area.y, room, why.as_str(), style);
            return 1;
        }
    };
    let old = sum.oldest().is_some_and(|at| canvas.now.mono.since_ms(at) > RATE_MS);
    let amount = |m: Option<Money>| match m {
        Some(m) => said(|s| canvas.look.numbers.money(s, m)),
        None => canvas.look.glyphs.none.to_owned(),
    };
    let day = match sum.day_pnl {
        Some(m) => said(|s| canvas.look.numbers.gain(s, m)),
        None => canvas.look.glyphs.none.to_owned(),
    };
    let text = format!(
        "total {}  equity {}  day {day}  cash {}  unrealized {}  fees {}",
        sum.currency,
        amount(sum.equity),
        amount(sum.cash),
        amount(sum.unrealized),
        amount(sum.fees)
    );
    let style = canvas.style(if old { Role::Stale } else { Role::Strong });
    canvas.left(x, area.y, room, &text, style);
    if sum.rates.is_empty() {
        return 1;
    }
    let rates: Vec<String> = sum.rates.iter().map(|r| rate(canvas, r)).collect();
    let style = canvas.style(if old { Role::Stale } else { Role::Muted });
    canvas.left(x, area.y.saturating_add(1), room, &rates.join(", "), style);
    2
}

fn rate(canvas: &Canvas<'_>, rate: &Rate) -> String {
    let source = match &rate.source {
        Source::Quote { instrument, at } => {
            let age = canvas.now.mono.since_ms(*at);
            format!("{instrument}, {} ago", said(|s| canvas.look.numbers.age(s, age)))
        }
        Source::Fixed => "fixed".to_owned(),
    };
    format!("1 {} is {} {} ({source})", rate.from, rate.rate, rate.to)
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let rows = &model.snapshot.accounts;
    let state = model.table(Pane::Account);
    let mut area = area;
    if rows.len() != 1 {
        let lines = small(rows.len()).saturating_add(1).clamp(2, (area.height / 2).max(2));
        let table = Table {
            pane: Pane::Account,
            columns: &COLUMNS,
            rows,
            state,
            focused: model.focus == Pane::Account,
            places: 2,
            stale: |_| false,
            empty: "no account yet",
        };
        table.draw(canvas, Rect { height: lines, ..area }, drawn);
        area = below(area, lines);
        if let Some(together) = model.snapshot.total.as_deref() {
            area = below(area, total(canvas, area, together));
        }
    }
    let chosen = state.rows.get(state.cursor).and_then(|i| rows.get(*i)).or_else(|| rows.first());
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let mut curve_area = inner;
    if let Some(row) = chosen {
        let figures = figures(row, canvas);
        if inner.width >= 80 && inner.height >= 6 {
            let half =
                Rect { width: FIGURE.saturating_mul(2).saturating_add(3).min(inner.width / 2), ..inner };
            let taken = grid(canvas, half, inner.height, &figures).saturating_add(4);
            curve_area.x = inner.x.saturating_add(taken);
            curve_area.width = inner.width.saturating_sub(taken);
        } else {
            // The curve takes what the first figures leave, and gives way to them below four rows.
            let want = if inner.height >= 9 { (inner.height / 2).min(8) } else { inner.height.min(8) };
            grid(canvas, Rect { height: want, ..inner }, want, &figures);
            curve_area.y = inner.y.saturating_add(want);
            curve_area.height = inner.height.saturating_sub(want);
        }
    }
    let points = points_of(&model.snapshot.equity_curve, chosen);
    let base = chosen.and_then(|a| a.last_equity).or_else(|| points.first().map(|p| p.equity));
    Curve { points: &points, base }.draw(canvas, curve_area);
}

/// The points of the account whose figures are shown.
fn points_of<'p>(points: &'p [EquityPoint], chosen: Option<&AccountRow>) -> Cow<'p, [EquityPoint]> {
    if points.iter().all(|p| p.venue.is_none()) {
        return Cow::Borrowed(points);
    }
    Cow::Owned(chosen.map_or_else(Vec::new, |row| its(points, &row.venue)))
}

fn its(points: &[EquityPoint], venue: &VenueId) -> Vec<EquityPoint> {
    points.iter().filter(|p| p.venue.as_ref() == Some(venue)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Stamp;

    #[test]
    fn the_curve_is_that_of_the_account_that_is_chosen() {
        let point = |venue: Option<&str>, n: i64| EquityPoint {
            venue: venue.map(|v| VenueId::new(v).unwrap()),
            at: Stamp::from_nanos(n),
            equity: Money::new(n.into()),
        };
        let one = [point(None, 1), point(None, 2)];
        assert_eq!(points_of(&one, None).len(), 2, "of one account all are its");
        let several = [point(Some("a"), 1), point(Some("b"), 2), point(Some("a"), 3)];
        assert!(points_of(&several, None).is_empty());
        let venue = VenueId::new("a").unwrap();
        let its = its(&several, &venue);
        assert_eq!(
            its.iter().map(|p| p.equity).collect::<Vec<_>>(),
            [Money::new(1.into()), Money::new(3.into())]
        );
    }
}
