//! Screens as golden text, their looks by role, and what must hold of every screen whatever is on it.

use proptest::prelude::*;
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    buffer::{Buffer, Cell},
    layout::Rect,
};
use std::sync::Arc;
use tradedeck::{
    desk::Snapshot,
    domain::{ids::Symbol, text::is_unsafe},
    tui::{
        canvas::Look,
        draw::{draw, paint},
        focus::Pane,
        hit::Hit,
        model::{ColorMode, Model},
        theme::{EMBEDDED, Role, Theme},
    },
};

#[path = "../fixtures/screen/scenes.rs"]
mod scenes;
use scenes::{SCENES, scene};

/// Those about limits and the way out, which are kept at every size.
const WAY_OUT: [&str; 11] = [
    "risk",
    "risk-calm",
    "margin-call",
    "plan-venues",
    "plan-many",
    "flatten-scope",
    "flatten-typed",
    "progress",
    "flat",
    "not-flat",
    "not-flat-closed",
];

fn look(theme: &str, color: ColorMode, ascii: bool) -> Look {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
    Look::new(Theme::embedded(theme, color).unwrap(), ascii, zone)
}

fn dark() -> Look {
    look("dark", ColorMode::Truecolor, false)
}

fn painted(model: &Model, look: &Look, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    paint(model, look, &mut buf);
    buf
}

fn rows(buf: &Buffer) -> Vec<String> {
    let line = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(line).collect()
}

fn text(buf: &Buffer) -> String {
    rows(buf).iter().map(|l| l.trim_end()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_first_page_at_every_size() {
    for (width, height) in SIZES {
        let model = scene("first", width, height).unwrap();
        let got = text(&painted(&model, &dark(), width, height));
        insta::assert_snapshot!(format!("first-{width}x{height}"), got);
    }
    let model = scene("first", 80, 24).unwrap();
    let ascii = look("dark", ColorMode::None, true);
    insta::assert_snapshot!("first-80x24-ascii", text(&painted(&model, &ascii, 80, 24)));
}

/// Every pane writes numbers as the configuration says: none keeps a mark of the default.
#[test]
fn numbers_as_they_are_configured() {
    use tradedeck::config::{Negative, Numbers};
    let mut look = dark();
    look.write_numbers(Numbers {
        thousands: Some('.'),
        decimal: ',',
        negative: Negative::Parentheses,
        compact: true,
        currency: "€".into(),
        currency_after: true,
    });
    for name in ["first", "ticket", "halt", "series"] {
        let model = scene(name, 200, 60).unwrap();
        insta::assert_snapshot!(format!("numbers-{name}"), text(&painted(&model, &look, 200, 60)));
    }
    let point = |line: &str| {
        let bytes = line.as_bytes();
        let digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
        let marks = (1..bytes.len()).filter(|i| bytes[*i] == b'.' && digit(bytes.get(i - 1)));
        // Behind a thousands' mark stand three digits.
        marks.into_iter().any(|i| digit(bytes.get(i + 1)) && !(2..4).all(|n| digit(bytes.get(i + n))))
    };
    // What the engine tells in sentences is in its own words.
    for pane in Pane::ALL.into_iter().filter(|p| !matches!(p, Pane::Alerts | Pane::Reconciliation)) {
        let mut model = scene("first", 200, 60).unwrap();
        (model.focus, model.zoomed) = (pane, true);
        for line in rows(&painted(&model, &look, 200, 60)).iter().skip(2) {
            assert!(!point(line), "{}: {line}", pane.word());
        }
    }
}

/// Those about prices, which are kept at every size.
const MARKET: [&str; 6] =
    ["chart", "chart-moved", "chart-stale", "ladder", "ladder-crossed", "ladder-ticket"];

#[test]
fn charts_and_ladders_at_every_size() {
    for name in MARKET {
        for (width, height) in SIZES {
            let model = scene(name, width, height).unwrap();
            let got = text(&painted(&model, &dark(), width, height));
            insta::assert_snapshot!(format!("market-{name}-{width}x{height}"), got);
        }
    }
    let ascii = look("dark", ColorMode::None, true);
    for name in ["chart", "ladder"] {
        let model = scene(name, 120, 40).unwrap();
        insta::assert_snapshot!(format!("market-{name}-ascii"), text(&painted(&model, &ascii, 120, 40)));
    }
}

#[test]
fn every_scene() {
    for name in SCENES.iter().filter(|n| **n != "first" && !WAY_OUT.contains(n) && !MARKET.contains(n)) {
        let model = scene(name, 120, 40).unwrap();
        insta::assert_snapshot!(format!("scene-{name}"), text(&painted(&model, &dark(), 120, 40)));
    }
}

#[test]
fn limits_and_the_way_out_at_every_size() {
    for name in WAY_OUT {
        for (width, height) in SIZES {
            let model = scene(name, width, height).unwrap();
            let got = text(&painted(&model, &dark(), width, height));
            insta::assert_snapshot!(format!("out-{name}-{width}x{height}"), got);
        }
    }
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_pane_alone_at_every_size() {
    for pane in Pane::ALL {
        for (width, height) in SIZES {
            let mut model = scene("first", width, height).unwrap();
            (model.focus, model.zoomed) = (pane, true);
            model.refresh_hints();
            let got = text(&painted(&model, &dark(), width, height));
            insta::assert_snapshot!(format!("pane-{}-{width}x{height}", pane.word()), got);
        }
    }
}

#[test]
fn every_page_at_every_size() {
    let pages = scene("first", 120, 40).unwrap().pages;
    for (place, page) in pages.iter().enumerate().skip(1) {
        for (width, height) in SIZES {
            let mut model = scene("first", width, height).unwrap();
            model.page = place;
            model.focus = page.layout.panes()[0];
            model.refresh_hints();
            let got = text(&painted(&model, &dark(), width, height));
            insta::assert_snapshot!(format!("page-{}-{width}x{height}", page.name), got);
        }
    }
}

/// A scene, a text on it, and the role that it must be drawn in.
const LOOKS: &[(&str, &str, Role)] = &[
    ("first", "104,997.90", Role::Text),
    ("first", "equity", Role::Muted),
    ("first", "431.07", Role::Stale),
    ("first", "101,284.60", Role::Strong),
    ("first", "│", Role::Rule),
    ("first", "Positions", Role::Focus),
    ("first", "Watchlist", Role::Title),
    ("first", "symbol", Role::Heading),
    ("first", "▲ +1,284.60", Role::Up),
    ("first", "-1.94%", Role::Down),
    ("first", "⢀⣸", Role::AreaUp),
    ("first", "⠛⠓⠻", Role::AreaDown),
    ("first", "+230", Role::Buy),
    ("first", "-50", Role::Sell),
    ("first", "working", Role::Good),
    ("halt", "Asking", Role::Pending),
    ("first", "UNKNOWN", Role::Unknown),
    ("first", "held", Role::Info),
    ("first", "backoff", Role::Warning),
    ("first", "NO STOP", Role::Critical),
    ("emergency", "EMERGENCY", Role::Emergency),
    ("first", " PAPER ", Role::Paper),
    ("live", " LIVE ", Role::Live),
    ("live", " LIVE READ-ONLY ", Role::ReadOnly),
    ("live", " UNPROVEN ", Role::Unproven),
    ("first", " ARMED 4:31 ", Role::Armed),
    ("locked", " LOCKED ", Role::Locked),
    ("locked", " HALT ", Role::Halt),
    ("first", "^X", Role::Key),
    ("ticket", "risk 1%", Role::Input),
    ("first", "▂", Role::Spark),
];

fn shown(name: &str) -> Model {
    match name {
        "halt" => {
            let mut model = scene("halt", 200, 60).unwrap();
            if let Some(tradedeck::tui::modal::Modal::Halt(halt)) = &mut model.modal {
                halt.plan = None;
            }
            model
        }
        "emergency" => {
            let mut desk = scenes::desk();
            if let Some(alert) = &mut desk.banner.worst {
                alert.severity = tradedeck::domain::alert::Severity::Emergency;
            }
            scenes::model(desk, 200, 60)
        }
        other => scene(other, 200, 60).unwrap(),
    }
}

/// Does this text stand somewhere in exactly this look?
fn stands(buf: &Buffer, text: &str, fits: impl Fn(&Cell) -> bool) -> bool {
    let signs: Vec<String> = text.chars().map(String::from).collect();
    let wide = u16::try_from(signs.len()).unwrap();
    (0..buf.area.height).any(|y| {
        (0..=buf.area.width.saturating_sub(wide)).any(|x| {
            signs.iter().zip(x..).all(|(sign, x)| buf[(x, y)].symbol() == sign.as_str() && fits(&buf[(x, y)]))
        })
    })
}

#[test]
fn every_role_is_seen_in_its_look_in_both_themes() {
    for (theme, _) in EMBEDDED {
        let look = look(theme, ColorMode::Truecolor, false);
        for (name, text, role) in LOOKS {
            let model = shown(name);
            let buf = painted(&model, &look, 200, 60);
            let want = look.theme.style(*role);
            let fits = |cell: &Cell| {
                want.fg.is_none_or(|fg| cell.fg == fg)
                    && (*role == Role::Text || want.bg.is_none_or(|bg| cell.bg == bg))
                    && cell.modifier.contains(want.add_modifier)
            };
            assert!(stands(&buf, text, fits), "{theme}: `{text}` on {name} is not drawn as {}", role.name());
        }
    }
    let tested: Vec<Role> = LOOKS.iter().map(|(_, _, role)| *role).collect();
    let grounds = [Role::Selected, Role::SelectedIdle, Role::Window, Role::Cursor];
    for role in Role::ALL {
        assert!(tested.contains(role) || grounds.contains(role), "{} has no look", role.name());
    }
}

#[test]
fn grounds_lie_under_rows_and_windows() {
    let look = dark();
    let ground = |role| look.theme.style(role).bg.unwrap();
    let count = |buf: &Buffer, role| buf.content().iter().filter(|c| c.bg == ground(role)).count();
    let first = painted(&scene("first", 120, 40).unwrap(), &look, 120, 40);
    assert!(count(&first, Role::Selected) >= 80 && count(&first, Role::SelectedIdle) >= 80);
    let help = painted(&scene("help", 120, 40).unwrap(), &look, 120, 40);
    assert!(count(&help, Role::Window) > 500);
    let ticket = painted(&scene("ticket", 120, 40).unwrap(), &look, 120, 40);
    assert_eq!(count(&ticket, Role::Cursor), 1);
}

/// Text that a venue might send to harm a terminal or a reader.
const HOSTILE: &str =
    "A\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{9b}31m\u{202e}LIVE\u{2066}\u{200b}\u{feff}日本株🚀é\u{301}";

/// The desk with that text wherever a venue's words stand.
fn hostile() -> Snapshot {
    let mut snapshot = scenes::desk();
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    for row in alerts.iter_mut() {
        row.alert.text = HOSTILE.into();
    }
    snapshot.banner.worst = alerts.first().map(|a| a.alert.clone());
    snapshot.banner.locked = Some(HOSTILE.into());
    let wide = Symbol::new("日本株🚀X").unwrap();
    for row in Arc::make_mut(&mut snapshot.orders).iter_mut() {
        row.reason = Some(HOSTILE.into());
        row.symbol = wide.clone();
        // These are no `Text`: what a careless room might let through must still not reach the terminal.
        row.tag = Some(HOSTILE.into());
        row.venue_id = Some(HOSTILE.into());
    }
    for row in Arc::make_mut(&mut snapshot.positions).iter_mut() {
        row.instrument.symbol = wide.clone();
    }
    for row in Arc::make_mut(&mut snapshot.health).iter_mut() {
        row.last_error = Some(HOSTILE.into());
        row.state = HOSTILE.into();
    }
    snapshot.banner.session = HOSTILE.into();
    snapshot
}

/// All that a terminal gets for one screen.
fn bytes(model: &Model, look: &Look, width: u16, height: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(&mut out), TerminalOptions { viewport }).unwrap();
    terminal
        .draw(|frame| {
            draw(model, look, frame);
        })
        .unwrap();
    drop(terminal);
    out
}

/// The text without the sequences that ratatui itself makes: `ESC [ digits ; … letter`.
fn without_own_sequences(out: &[u8]) -> String {
    let text = std::str::from_utf8(out).unwrap();
    let mut parts = text.split("\u{1b}[");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !matches!(c, '0'..='9' | ';' | '?')).unwrap();
        let (sequence, rest) = part.split_at(end + 1);
        assert!(sequence.ends_with(['m', 'H', 'l', 'h']), "{sequence:?}");
        kept.push_str(rest);
    }
    kept
}

#[test]
fn no_venue_can_write_to_the_terminal() {
    for page in 0..5 {
        for zoomed in [None, Some(Pane::Orders), Some(Pane::Health), Some(Pane::Alerts)] {
            let mut model = scenes::model(hostile(), 200, 60);
            model.page = page;
            if let Some(pane) = zoomed {
                (model.focus, model.zoomed) = (pane, true);
            }
            model.toast = Some(tradedeck::tui::model::Toast {
                text: HOSTILE.into(),
                tone: tradedeck::tui::model::Tone::Bad,
                since: model.now.mono,
            });
            let text = without_own_sequences(&bytes(&model, &dark(), 200, 60));
            let bad: Vec<char> = text.chars().filter(|c| is_unsafe(*c)).collect();
            assert!(bad.is_empty(), "{bad:?} on page {page}");
        }
    }
}

/// What is refused reads like all other figures; an order line that is repeated can be typed again.
#[test]
fn a_refusal_has_its_figures_as_all_others_have() {
    use tradedeck::tui::model::{Toast, Tone};
    for (tone, said, shown) in [
        (Tone::Bad, "it takes 926.85, -68605.00 is left", "it takes 926.85, -68,605.00 is left"),
        (Tone::Plain, "sent: buy AAPL 10 limit 68605.50", "sent: buy AAPL 10 limit 68605.50"),
    ] {
        let mut model = scenes::model(Snapshot::default(), 120, 40);
        model.toast = Some(Toast { text: said.into(), tone, since: model.now.mono });
        let text = text(&painted(&model, &dark(), 120, 40));
        assert!(text.contains(shown), "{text}");
    }
}

#[test]
fn ascii_screens_are_ascii() {
    let ascii = look("light", ColorMode::None, true);
    for name in SCENES {
        let buf = painted(&scene(name, 120, 40).unwrap(), &ascii, 120, 40);
        assert!(text(&buf).is_ascii(), "{name}: {:?}", text(&buf).chars().find(|c| !c.is_ascii()));
    }
    let hostile = painted(&scenes::model(hostile(), 120, 40), &ascii, 120, 40);
    assert!(text(&hostile).is_ascii());
}

#[test]
fn below_the_smallest_size_one_line_says_what_matters() {
    for (width, height, want) in [
        (79, 24, "+1,284.60  4 pos ^X HALT needs 80x24"),
        (80, 23, "+1,284.60  4 pos ^X HALT needs 80x24"),
        (24, 1, "+1,284.60 4 pos ^X HALT"),
        (8, 2, "^X HALT"),
        (1, 1, ""),
    ] {
        let model = scene("first", width, height).unwrap();
        let got = text(&painted(&model, &dark(), width, height));
        let words = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = words(got.lines().next().unwrap_or_default());
        if width > 1 {
            assert_eq!(first, words(want), "{width}x{height}");
        }
        assert!(got.lines().skip(1).all(str::is_empty));
    }
    painted(&scene("ticket", 0, 0).unwrap(), &dark(), 0, 0);
}

#[test]
fn the_same_model_draws_the_same_screen() {
    for name in SCENES {
        let model = scene(name, 120, 40).unwrap();
        let (a, b) = (painted(&model, &dark(), 120, 40), painted(&model, &dark(), 120, 40));
        assert!(a.diff(&b).is_empty(), "{name}");
    }
}

#[test]
fn clicks_find_what_is_drawn() {
    let model = scene("ticket", 120, 40).unwrap();
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 40));
    let drawn = paint(&model, &dark(), &mut buf);
    let rows = rows(&buf);
    let find = |word: &str| {
        let (y, row) = rows.iter().enumerate().find(|(_, r)| r.contains(word)).unwrap();
        let x = row.chars().collect::<String>().split(word).next().unwrap().chars().count();
        drawn.at(u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
    };
    assert_eq!(find("risk 1%"), Some(Hit::Field(tradedeck::tui::ticket::Field::Size)));
    assert_eq!(find("cancelled"), Some(Hit::OrdersTab(tradedeck::tui::table::OrdersTab::Cancelled)));
    assert_eq!(find("TSLA"), Some(Hit::Row(Pane::Watchlist, 1)));
    assert_eq!(find("1 trade"), Some(Hit::Page(0)));
    assert_eq!(drawn.room(Pane::Positions), 7);
}

#[test]
fn rows_scroll_with_the_cursor() {
    let mut model = scenes::model(scenes::crowded(3, 500), 120, 40);
    model.select(Pane::Positions, 321);
    let buf = painted(&model, &dark(), 120, 40);
    assert!(stands(&buf, "Positions 500", |_| true));
    let chosen = dark().theme.style(Role::Selected).bg.unwrap();
    assert!(stands(&buf, "TSLA", |c| c.bg == chosen), "row 321 is the second of four, again and again");
}

fn columns_of(model: &Model, pane: Pane, width: u16) -> Vec<(Rect, Hit)> {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, 40));
    let drawn = paint(model, &dark(), &mut buf);
    drawn.hits.into_iter().filter(|(_, h)| matches!(h, Hit::Head(p, _) if *p == pane)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn columns_stand_where_they_stand_whatever_is_in_them(name in "\\PC{1,40}", width in 80_u16..220) {
        let Ok(symbol) = Symbol::new(&name) else { return Ok(()) };
        let plain = scenes::model(scenes::desk(), width, 40);
        let mut desk = scenes::desk();
        for row in Arc::make_mut(&mut desk.positions).iter_mut() {
            row.instrument.symbol = symbol.clone();
        }
        let strange = scenes::model(desk, width, 40);
        prop_assert_eq!(columns_of(&plain, Pane::Positions, width), columns_of(&strange, Pane::Positions, width));
        let (a, b) = (painted(&plain, &dark(), width, 40), painted(&strange, &dark(), width, 40));
        let heads = columns_of(&plain, Pane::Positions, width);
        let end = heads.iter().map(|(area, _)| area.right()).max().unwrap();
        let second = heads.iter().map(|(area, _)| area.x).nth(1).unwrap();
        let top = heads[0].0.y;
        for y in top..top + 5 {
            for x in second..end {
                prop_assert_eq!(&a[(x, y)], &b[(x, y)], "at {},{}", x, y);
            }
        }
    }

    #[test]
    fn no_size_and_no_scene_panics(name in 0..SCENES.len(), width in 0_u16..310, height in 0_u16..110, focus in 0_usize..10, zoomed: bool) {
        let mut model = scene(SCENES[name], width, height).unwrap();
        model.focus = Pane::ALL[focus];
        model.zoomed = zoomed;
        painted(&model, &dark(), width, height);
    }
}
