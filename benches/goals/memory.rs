//! Goal 14: what stays in memory. Each size is a process of its own, which tells its resident set.

use super::{
    desk::{self, Size},
    table::{Limit, Row},
};
use ratatui::Terminal;
use std::{
    io::{self, Write as _},
    process::Command,
};
use tradedeck::tui::{
    app::App,
    canvas::Look,
    model::{ColorMode, Model},
    msg::Msg,
    screen::Screen,
    settings::Settings,
    theme::Theme,
};

/// The argument that makes this program such a process; the number of symbols follows.
pub(crate) const CHILD: &str = "--resident";

const SYMBOLS: usize = 10_000;

/// What a screen watches; the other symbols are followed without standing on it.
const WATCHED: usize = 40;

pub(crate) fn child(args: &[String]) -> io::Result<()> {
    let symbols = args.first().and_then(|n| n.parse().ok()).expect("a number of symbols");
    let size = Size { symbols, positions: 500, orders: 2_000 };
    let mut engine = desk::engine(size, WATCHED);
    let theme = Theme::embedded("dark", ColorMode::Truecolor).unwrap();
    let look = Look::new(theme, false, jiff::tz::TimeZone::UTC);
    let mut app = App::new(Model::new(Settings::default(), 200, 60), look);
    let mut terminal = Terminal::new(Screen::new(io::sink(), || Ok((200, 60)))).unwrap();
    // A minute, one look each second.
    for second in 1..=60_u64 {
        let now = desk::now(second * 1_000);
        desk::quotes(&mut engine, symbols, usize::try_from(second % 7).unwrap(), now);
        if let Some(snapshot) = engine.snapshot(now) {
            app.handle(Msg::Snapshot(snapshot), now);
            terminal.draw(|frame| app.view(frame)).unwrap();
        }
    }
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("the resident pages");
    writeln!(io::stdout(), "{}", pages * 4096)
}

fn resident_of(symbols: usize) -> f64 {
    let program = std::env::current_exe().unwrap();
    let told = Command::new(program).args([CHILD, &symbols.to_string()]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap().trim().parse().unwrap()
}

pub(crate) fn resident() -> Vec<Row> {
    let (base, more) = (resident_of(SYMBOLS), resident_of(2 * SYMBOLS));
    vec![
        Row {
            goal: 14,
            what: "resident: 10,000 symbols, 500 positions, 2,000 orders",
            figure: base / 1e6,
            unit: " MB",
            limit: Limit::AtMost(25.0),
            sides: "after a minute of quotes of all, on a screen of 200x60".to_owned(),
        },
        Row {
            goal: 14,
            what: "resident: each further symbol",
            figure: (more - base) / SYMBOLS as f64,
            unit: " B",
            limit: Limit::AtMost(400.0),
            sides: format!("20,000 symbols {:.1} MB", more / 1e6),
        },
    ]
}
