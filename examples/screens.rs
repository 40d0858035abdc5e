//! Draws the screen without a venue: one scene of the golden tests' desk, to the terminal, once.
//!
//! `cargo run --example screens -- [--scene NAME] [--size 120x40] [--theme dark] [--ascii] [--colors rgb|16|none]`
//! `cargo run --release --example screens -- --measure` prints what a frame costs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an example's input is the fixture beside the tests"
)]

#[path = "../tests/fixtures/screen/scenes.rs"]
#[expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "fixtures, written for tests")]
mod scenes;

use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::{CrosstermBackend, TestBackend},
    layout::Rect,
};
use std::{
    io::{Read as _, Write},
    sync::Arc,
};
use tradedeck::{
    domain::{money::Price, time::Now},
    tui::{
        canvas::Look,
        draw::draw,
        focus::Pane,
        model::{ColorMode, Model},
        table::OrdersTab,
        theme::Theme,
    },
};

/// What is to be shown.
struct Options {
    scene: String,
    width: u16,
    height: u16,
    theme: String,
    ascii: bool,
    color: ColorMode,
    measure: bool,
    hold: bool,
}

fn options() -> Result<Options, String> {
    let mut o = Options {
        scene: "first".to_owned(),
        width: 120,
        height: 40,
        theme: "dark".to_owned(),
        ascii: false,
        color: ColorMode::Truecolor,
        measure: false,
        hold: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--scene" => o.scene = value()?,
            "--theme" => o.theme = value()?,
            "--ascii" => o.ascii = true,
            "--measure" => o.measure = true,
            "--hold" => o.hold = true,
            "--size" => {
                let size = value()?;
                let parsed = size.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
                (o.width, o.height) = parsed.ok_or_else(|| format!("`{size}` is not a size like 120x40"))?;
            }
            "--colors" => {
                o.color = match value()?.as_str() {
                    "rgb" => ColorMode::Truecolor,
                    "16" => ColorMode::Ansi16,
                    "none" => ColorMode::None,
                    other => return Err(format!("`{other}` is none of rgb, 16, none")),
                }
            }
            other => return Err(format!("`{other}` is no option of this example")),
        }
    }
    Ok(o)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let o = options()?;
    let theme = Theme::embedded(&o.theme, o.color)?;
    let look = Look::new(theme, o.ascii, jiff::tz::TimeZone::fixed(jiff::tz::offset(-5)));
    let mut out = std::io::stdout();
    if o.measure {
        return Ok(measure(&look, &mut out)?);
    }
    let model = scenes::scene(&o.scene, o.width, o.height)
        .ok_or_else(|| format!("no scene `{}`; there are: {}", o.scene, scenes::SCENES.join(", ")))?;
    crossterm::style::force_color_output(o.color != ColorMode::None);
    let area = Rect::new(0, 0, o.width, o.height);
    write!(out, "\x1b[2J")?;
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(&mut out),
        TerminalOptions { viewport: Viewport::Fixed(area) },
    )?;
    terminal.draw(|frame| {
        draw(&model, &look, frame);
    })?;
    drop(terminal);
    write!(out, "\x1b[0m\x1b[{};1H", o.height)?;
    out.flush()?;
    if o.hold {
        // Kept on the screen until a key.
        std::io::stdin().read_exact(&mut [0_u8; 1])?;
    }
    writeln!(out)?;
    Ok(())
}

/// The desk after `n` ticks more: the prices of twenty cells moved.
fn ticked(model: &mut Model, n: u64) {
    let mut snapshot = (*model.snapshot).clone();
    snapshot.seq = snapshot.seq.wrapping_add(1);
    let at = Now { mono: snapshot.at.mono.plus_ms(33), ..snapshot.at };
    snapshot.at = at;
    let step = rust_decimal::Decimal::new(i64::try_from(n % 7).map_or(0, |n| n), 2);
    for row in Arc::make_mut(&mut snapshot.watchlist).iter_mut().take(20) {
        row.last = row.last.and_then(|p| p.get().checked_add(step)).map(Price::new);
        row.updated = Some(at.mono);
    }
    let now = Now { mono: model.now.mono.plus_ms(33), ..model.now };
    model.see(Arc::new(snapshot), now);
}

/// Frames per measurement, and how often each is measured; the best counts.
const FRAMES: u64 = 400;
const ROUNDS: u32 = 7;

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn timed(mut frame: impl FnMut(u64)) -> std::time::Duration {
    let mut best = std::time::Duration::MAX;
    for _ in 0..ROUNDS {
        let start = std::time::Instant::now();
        (0..FRAMES).for_each(&mut frame);
        best = best.min(start.elapsed());
    }
    best.checked_div(u32::try_from(FRAMES).unwrap()).unwrap()
}

#[expect(clippy::float_arithmetic, reason = "ratios of measured times")]
fn measure(look: &Look, out: &mut impl Write) -> std::io::Result<()> {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (300, 100)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let empty = timed(|_| {
            terminal.draw(|_| {}).unwrap();
        });
        let mut model = scenes::model(scenes::crowded(2_000, 500), width, height);
        let mut screen = |model: &Model| {
            terminal
                .draw(|frame| {
                    draw(model, look, frame);
                })
                .unwrap();
        };
        let still = timed(|_| screen(&model));
        let ticking = timed(|n| {
            ticked(&mut model, n);
            screen(&model);
        });
        let see = timed(|n| ticked(&mut model, n));
        let with_orders = |orders: usize| {
            let mut model = scenes::model(scenes::crowded(orders, 50), width, height);
            model.tabs.orders = OrdersTab::All;
            model.focus = Pane::Orders;
            model
        };
        let (few, many) = (with_orders(200), with_orders(20_000));
        let few = timed(|_| screen(&few));
        let many = timed(|_| screen(&many));
        let us = |d: std::time::Duration| d.as_secs_f64() * 1e6;
        writeln!(
            out,
            "{width}x{height}: empty {:.0} us, unchanged {:.0} us ({:.2}x), 20 ticks {:.0} us ({:.2}x; without the model's part {:.2}x), 20,000 orders {:.0} us ({:.3}x of 200)",
            us(empty),
            us(still),
            us(still) / us(empty),
            us(ticking),
            us(ticking) / us(empty),
            (us(ticking) - us(see)) / us(empty),
            us(many),
            us(many) / us(few),
        )?;
    }
    Ok(())
}
