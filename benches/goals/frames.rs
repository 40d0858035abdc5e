//! Goals 6, 7 and 8: what a frame costs, in time and in bytes.

use super::{
    scenes,
    table::{Limit, Row},
    timing::{cpu, each_ns, pair},
};
use ratatui::{
    Terminal,
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier},
};
use std::{
    fmt::Write as _,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};
use tradedeck::{
    domain::{money::Price, time::Now},
    tui::{
        canvas::Look,
        chart::Zoom,
        draw::{draw, paint},
        focus::Pane,
        model::{ColorMode, Model},
        screen::Screen,
        table::OrdersTab,
        theme::Theme,
    },
};

const WIDTH: u16 = 200;
const HEIGHT: u16 = 60;
/// Frames of one measurement.
const FRAMES: usize = 60;
/// Cells that move between two frames.
const TICKS: usize = 20;

/// A terminal that takes everything and counts it.
#[derive(Debug, Default)]
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal() -> Terminal<Screen<Counted>> {
    Terminal::new(Screen::new(Counted::default(), || Ok((WIDTH, HEIGHT)))).unwrap()
}

fn look() -> Look {
    let theme = Theme::embedded("dark", ColorMode::Truecolor).unwrap();
    Look::new(theme, false, jiff::tz::TimeZone::UTC)
}

/// The desk after the `n`th tick: twenty prices moved.
fn ticked(model: &mut Model, n: usize) {
    let mut snapshot = (*model.snapshot).clone();
    snapshot.seq = snapshot.seq.wrapping_add(1);
    snapshot.at = Now { mono: snapshot.at.mono.plus_ms(33), ..snapshot.at };
    let step = rust_decimal::Decimal::new(if n.is_multiple_of(2) { 1 } else { -1 }, 2);
    for row in Arc::make_mut(&mut snapshot.watchlist).iter_mut().take(TICKS) {
        row.last = row.last.and_then(|p| p.get().checked_add(step)).map(Price::new);
        row.updated = Some(snapshot.at.mono);
    }
    let now = Now { mono: model.now.mono.plus_ms(33), ..model.now };
    model.see(Arc::new(snapshot), now);
}

fn show(terminal: &mut Terminal<Screen<Counted>>, model: &mut Model, look: &Look) {
    let mut drawn = None;
    terminal.draw(|frame| drawn = Some(draw(model, look, frame))).unwrap();
    model.drawn = drawn.unwrap();
}

/// Processor time of frames with ticks between them.
fn ticking(terminal: &mut Terminal<Screen<Counted>>, model: &mut Model, look: &Look) -> Duration {
    cpu(|| {
        for n in 0..FRAMES {
            ticked(model, n);
            show(terminal, model, look);
        }
    })
}

fn with_orders(orders: usize) -> Model {
    let mut model = scenes::model(scenes::crowded(orders, 50), WIDTH, HEIGHT);
    model.tabs.orders = OrdersTab::All;
    model.focus = Pane::Orders;
    model.refresh(Pane::Orders);
    model
}

pub(crate) fn frames() -> Vec<Row> {
    let look = look();
    vec![cost(&look), market(&look), orders(&look), unchanged(&look), changed(&look)]
}

fn cost(look: &Look) -> Row {
    let model = scenes::model(scenes::crowded(2_000, 500), WIDTH, HEIGHT);
    against_empty("a frame with 20 ticks, 200x60; of an empty draw", model, look)
}

/// The page of chart and ladder: candles of one column each, a book, own orders.
fn market(look: &Look) -> Row {
    let mut model = scenes::scene("ladder", WIDTH, HEIGHT).unwrap();
    model.chart.zoom = Zoom(0);
    against_empty("the same of chart and ladder", model, look)
}

fn against_empty(what: &'static str, mut model: Model, look: &Look) -> Row {
    let (mut ours, mut empty) = (terminal(), terminal());
    let pair = pair(
        25,
        || ticking(&mut ours, &mut model, look),
        || {
            cpu(|| {
                for _ in 0..FRAMES {
                    empty.draw(|_| {}).unwrap();
                }
            })
        },
    );
    let each = |time| each_ns(time, FRAMES) / 1e3;
    Row {
        goal: 6,
        what,
        figure: pair.ratio,
        unit: "x",
        limit: Limit::AtMost(4.5),
        sides: format!("{:.0} us; empty {:.0} us", each(pair.ours), each(pair.yardstick)),
    }
}

fn orders(look: &Look) -> Row {
    let (mut many, mut few) = (with_orders(20_000), with_orders(200));
    let (mut a, mut b) = (terminal(), terminal());
    let pair = pair(25, || ticking(&mut a, &mut many, look), || ticking(&mut b, &mut few, look));
    let each = |time| each_ns(time, FRAMES) / 1e3;
    Row {
        goal: 7,
        what: "a frame with 20,000 orders; of one with 200",
        figure: pair.ratio,
        unit: "x",
        limit: Limit::AtMost(1.1),
        sides: format!("{:.0} us; {:.0} us", each(pair.ours), each(pair.yardstick)),
    }
}

fn unchanged(look: &Look) -> Row {
    let mut model = scenes::model(scenes::crowded(2_000, 500), WIDTH, HEIGHT);
    let mut terminal = terminal();
    show(&mut terminal, &mut model, look);
    let before = terminal.backend_mut().out_mut().0;
    show(&mut terminal, &mut model, look);
    let bytes = terminal.backend_mut().out_mut().0 - before;
    Row {
        goal: 8,
        what: "bytes of an unchanged frame",
        figure: bytes as f64,
        unit: "",
        limit: Limit::AtMost(0.0),
        sides: format!("the first frame {before}"),
    }
}

fn changed(look: &Look) -> Row {
    let mut model = scenes::model(scenes::crowded(2_000, 500), WIDTH, HEIGHT);
    let mut terminal = terminal();
    show(&mut terminal, &mut model, look);
    let mut before = painted(&model, look);
    let (mut ours, mut least) = (0, 0);
    for n in 0..FRAMES {
        ticked(&mut model, n);
        let sent = terminal.backend_mut().out_mut().0;
        show(&mut terminal, &mut model, look);
        ours += terminal.backend_mut().out_mut().0 - sent;
        let after = painted(&model, look);
        least += minimal(&before.diff(&after)).len();
        before = after;
    }
    Row {
        goal: 8,
        what: "bytes of a frame with 20 ticks; of a minimal diff",
        figure: ours as f64 / least as f64,
        unit: "x",
        limit: Limit::AtMost(1.2),
        sides: format!("{} bytes; {}", ours / FRAMES, least / FRAMES),
    }
}

fn painted(model: &Model, look: &Look) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
    paint(model, look, &mut buffer);
    buffer
}

/// What has to be written at the least: each run of changed cells placed once, and each style said once, with
/// nothing in it that stands already.
fn minimal(cells: &[(u16, u16, &Cell)]) -> String {
    let mut out = String::new();
    let mut place = None;
    let (mut fg, mut bg, mut modifier) = (Color::Reset, Color::Reset, Modifier::empty());
    for (x, y, cell) in cells {
        if place != Some((*x, *y)) {
            write!(out, "\x1b[{};{}H", y + 1, x + 1).unwrap();
        }
        let mut codes = Vec::new();
        if cell.modifier != modifier {
            codes.extend(attributes(modifier, cell.modifier));
            modifier = cell.modifier;
        }
        if cell.fg != fg {
            codes.push(color(38, cell.fg));
            fg = cell.fg;
        }
        if cell.bg != bg {
            codes.push(color(48, cell.bg));
            bg = cell.bg;
        }
        if !codes.is_empty() {
            write!(out, "\x1b[{}m", codes.join(";")).unwrap();
        }
        out.push_str(cell.symbol());
        let wide = u16::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol())).unwrap();
        place = Some((x + wide, *y));
    }
    out
}

fn color(base: u8, color: Color) -> String {
    if let Color::Rgb(r, g, b) = color {
        format!("{base};2;{r};{g};{b}")
    } else if let Color::Indexed(n) = color {
        format!("{base};5;{n}")
    } else {
        (base + 1).to_string()
    }
}

fn attributes(from: Modifier, to: Modifier) -> Vec<String> {
    let all = [
        (Modifier::BOLD, 1, 22),
        (Modifier::DIM, 2, 22),
        (Modifier::ITALIC, 3, 23),
        (Modifier::UNDERLINED, 4, 24),
        (Modifier::REVERSED, 7, 27),
    ];
    let ends = all.into_iter().filter(|(m, ..)| from.contains(*m) && !to.contains(*m)).map(|(_, _, off)| off);
    let begins = all.into_iter().filter(|(m, ..)| to.contains(*m) && !from.contains(*m)).map(|(_, on, _)| on);
    ends.chain(begins).map(|code: u8| code.to_string()).collect()
}
