//! Goal 13: the first full frame with a journal of ten thousand events: in the real program in a terminal, from its
//! start, and in this process, from the closed journal through the engine to the drawn screen.

use super::{
    desk::{self, Size},
    journal::{events, header, run},
    table::{Limit, Row},
    timing::{clock, median, millis},
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui::Terminal;
use std::{
    io::{self, Read as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
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
    let state = dir.path().join("state");
    let path = state.join("journal.sqlite");
    let mut journal = Journal::open(&path, &header(), Mode::Write(run())).unwrap();
    for batch in events(EVENTS).chunks(1_000) {
        journal.append(batch).unwrap();
    }
    journal.close().unwrap();
    let mut replays: Vec<Duration> = (0..11).map(|_| clock(|| drop(replay(&path)))).collect();
    let mut times: Vec<Duration> = (0..11).map(|_| clock(|| show(replay(&path)))).collect();
    let mut starts: Vec<Duration> = (0..7).map(|_| start(&state)).collect();
    vec![
        Row {
            goal: 13,
            what: "the program's start to its first full frame",
            figure: millis(median(&mut starts)),
            unit: " ms",
            limit: Limit::AtMost(50.0),
            sides: "in a terminal of 200x60, journal of 10,000 events".to_owned(),
        },
        Row {
            goal: 13,
            what: "that journal through the engine to a drawn screen",
            figure: millis(median(&mut times)),
            unit: " ms",
            limit: Limit::AtMost(50.0),
            sides: format!("opening and reading the journal {:.1} ms", millis(median(&mut replays))),
        },
    ]
}

/// Starts the program in a terminal; until the end of its first frame.
fn start(state: &Path) -> Duration {
    const END_OF_FRAME: &[u8] = b"\x1b[?2026l";
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tradedeck"));
    command.env_clear();
    command.env("HOME", state);
    command.env("TRADEDECK_STATE", state);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let began = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut seen, mut piece) = (Vec::new(), [0_u8; 8_192]);
    while !seen.windows(END_OF_FRAME.len()).any(|w| w == END_OF_FRAME) {
        let n = reader.read(&mut piece).expect("the program draws");
        seen.extend_from_slice(&piece[..n]);
    }
    let took = began.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut screen = vt100::Parser::new(60.try_into().unwrap(), 200.try_into().unwrap(), 0);
    screen.process(&seen);
    let shown = screen.screen().contents();
    assert!(["Watchlist", "Positions", "Orders"].iter().all(|pane| shown.contains(pane)), "{shown}");
    took
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
