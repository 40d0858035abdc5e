//! Goal 13: from a closed journal of ten thousand events to the first full frame.

use super::{
    desk::{self, Size},
    journal::{events, header, run},
    table::{Limit, Row},
    timing::{clock, median, millis},
};
use ratatui::Terminal;
use std::{io, path::Path, sync::Arc, time::Duration};
use tradedeck::{
    domain::fact::Dated,
    engine::{Engine, Input},
    journal::{Journal, Mode},
    tui::{
        app::App,
        canvas::Look,
        model::{ColorMode, Model},
        msg::Msg,
        screen::Screen,
        settings::Settings,
        theme::Theme,
    },
};

const EVENTS: usize = 10_000;

pub(crate) fn first_frame() -> Vec<Row> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/journal.sqlite");
    let mut journal = Journal::open(&path, &header(), Mode::Write(run())).unwrap();
    for batch in events(EVENTS).chunks(1_000) {
        journal.append(batch).unwrap();
    }
    journal.close().unwrap();
    let mut replays: Vec<Duration> = (0..11).map(|_| clock(|| drop(replay(&path)))).collect();
    let mut times: Vec<Duration> = (0..11).map(|_| clock(|| show(replay(&path)))).collect();
    vec![Row {
        goal: 13,
        what: "journal of 10,000 events to the first full frame",
        figure: millis(median(&mut times)),
        unit: " ms",
        limit: Limit::AtMost(50.0),
        sides: format!("opening and reading the journal {:.1} ms", millis(median(&mut replays))),
    }]
}

fn replay(path: &Path) -> Vec<Dated> {
    let journal = Journal::open(path, &header(), Mode::Write(run())).unwrap();
    let past: Vec<Dated> = journal.replay().map(|r| r.unwrap().dated).collect();
    assert_eq!(past.len(), EVENTS);
    past
}

/// The engine with this past, its first snapshot, and that on a screen.
fn show(past: Vec<Dated>) {
    let size = Size { symbols: 40, positions: 20, orders: 40 };
    let mut engine = Engine::new(desk::setup(size.symbols));
    for dated in past {
        engine.step(desk::now(0), Input::Past(Box::new(dated)));
    }
    desk::agree(&mut engine, size);
    desk::quotes(&mut engine, size.symbols, 0, desk::now(1));
    let snapshot: Arc<_> = engine.snapshot(desk::now(1)).unwrap();
    let theme = Theme::embedded("dark", ColorMode::Truecolor).unwrap();
    let look = Look::new(theme, false, jiff::tz::TimeZone::UTC);
    let mut app = App::new(Model::new(Settings::default(), 200, 60), look);
    app.handle(Msg::Snapshot(snapshot), desk::now(1));
    let mut terminal = Terminal::new(Screen::new(io::sink(), || Ok((200, 60)))).unwrap();
    terminal.draw(|frame| app.view(frame)).unwrap();
}
