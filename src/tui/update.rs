//! The one place where the model changes.

mod entry;
mod exit;
mod hotkey;
mod keys;
mod line;
mod mouse;
mod navigate;
mod receipt;
mod trade;

use super::{
    action::Action,
    focus::Pane,
    model::{Model, Tone},
    msg::{Cmd, Msg},
};
use crate::{
    desk::{Request, Snapshot},
    domain::{
        alert::Severity,
        text::Text,
        time::{Mono, Now},
    },
};
use std::sync::Arc;

/// How long a sentence stays at the bottom, milliseconds.
const TOAST_MS: u64 = 6_000;
/// How long a sentence about a failure stays, milliseconds.
const TOAST_BAD_MS: u64 = 15_000;
/// How long a key with several strokes waits for the next, milliseconds.
const STROKES_MS: u64 = 3_000;
/// How old bars may get before newer ones are asked for, milliseconds.
const BARS_AGE_MS: u64 = 5_000;
/// How many bars a chart has.
const BARS: u32 = 240;

/// Takes in one message. The time is the caller's.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Cmd> {
    model.now = now;
    let mut out = match msg {
        Msg::Key(key) => keys::key(model, key),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Resize(width, height) => resize(model, width, height),
        Msg::FocusGained => focus(model, true),
        Msg::FocusLost => focus(model, false),
        Msg::Snapshot(snapshot) => snapshot_came(model, snapshot),
        Msg::Receipt(receipt) => receipt::receipt(model, receipt),
        Msg::Tick => Vec::new(),
    };
    out.extend(settle(model));
    model.refresh_hints();
    out
}

/// When a tick is wanted because something then happens by itself.
pub(super) fn due(model: &Model) -> Option<Mono> {
    exit::due(model)
}

/// Does what an action says. This is what keys, `:` commands and the palette have in common.
///
/// # Errors
/// One sentence: what can't be done and why.
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    match action {
        Action::Halt => Ok(exit::halt(model)),
        Action::Exit => exit::show(model).map(|()| Vec::new()),
        Action::Status => {
            exit::status(model);
            Ok(Vec::new())
        }
        Action::Quit => exit::quit(model, arg),
        Action::Back => Ok(navigate::back(model)),
        Action::Help
        | Action::Filter
        | Action::Sort
        | Action::Flip
        | Action::Page
        | Action::Focus
        | Action::Move
        | Action::Zoom
        | Action::Resize
        | Action::Open
        | Action::Tab
        | Action::Symbol
        | Action::Interval
        | Action::Copy
        | Action::Theme => navigate::perform(model, action, arg),
        Action::CommandLine | Action::Palette | Action::Run | Action::Complete | Action::History => {
            line::perform(model, action, arg)
        }
        Action::Field | Action::Choose | Action::Size | Action::Nudge | Action::SizeMode | Action::Submit => {
            entry::perform(model, action, arg)
        }
        Action::Ticket
        | Action::Cancel
        | Action::CancelSymbol
        | Action::Modify
        | Action::Close
        | Action::BreakEven
        | Action::Reverse
        | Action::Confirm
        | Action::Acknowledge
        | Action::Arm
        | Action::Disarm
        | Action::Watch
        | Action::Unwatch
        | Action::Resync
        | Action::Restore
        | Action::MarginCall
        | Action::Abandon => trade::perform(model, action, arg),
        Action::Hotkey => hotkey::perform(model, arg),
        Action::Redraw => Ok(vec![Cmd::Redraw]),
        Action::Suspend => Ok(vec![Cmd::Suspend]),
    }
}

/// What follows from the time and from what has changed, after every message.
fn settle(model: &mut Model) -> Vec<Cmd> {
    let now = model.now.mono;
    let over = |toast: &super::model::Toast| {
        let stays = if toast.tone == Tone::Bad { TOAST_BAD_MS } else { TOAST_MS };
        now.since_ms(toast.since) > stays
    };
    if model.toast.as_ref().is_some_and(over) {
        model.toast = None;
    }
    if model.pending.is_some() && now.since_ms(model.strokes.1) > STROKES_MS {
        keys::forget_strokes(model);
    }
    let mut out = exit::settle(model);
    out.extend(entry::settle(model));
    out.extend(ask_for_bars(model));
    out
}

/// Asks for bars when the chart is on the screen and shows another symbol or interval, or old bars.
fn ask_for_bars(model: &mut Model) -> Option<Cmd> {
    let shown = model.focus == Pane::Chart
        || (!model.zoomed && model.current_page().is_some_and(|p| p.layout.panes().contains(&Pane::Chart)));
    let instrument = model.instrument.clone().filter(|_| shown && model.snapshot_at.is_some())?;
    let now = model.now.mono;
    let chart = &model.chart;
    let waiting = chart.asked.is_some_and(|(_, at)| now.since_ms(at) < BARS_AGE_MS);
    let other = chart.instrument.as_ref() != Some(&instrument);
    let old = now.since_ms(chart.at) >= BARS_AGE_MS;
    if !other && (waiting || !old) {
        return None;
    }
    let interval = chart.interval.0;
    let (id, cmd) = model.ask(Request::Bars { instrument: instrument.clone(), interval, count: BARS });
    if other {
        model.chart.bars.clear();
    }
    model.chart.instrument = Some(instrument);
    model.chart.at = now;
    model.chart.asked = Some((id, now));
    Some(cmd)
}

fn resize(model: &mut Model, width: u16, height: u16) -> Vec<Cmd> {
    (model.width, model.height) = (width, height);
    if model.too_small() {
        // What can't be seen must not be one key away from being sent.
        entry::unreview(model);
        keys::forget_strokes(model);
    }
    Vec::new()
}

fn focus(model: &mut Model, focused: bool) -> Vec<Cmd> {
    model.focused = focused;
    keys::forget_strokes(model);
    Vec::new()
}

fn snapshot_came(model: &mut Model, snapshot: Arc<Snapshot>) -> Vec<Cmd> {
    let newest = snapshot.alerts.iter().map(|a| a.alert.id).max();
    let loud = |severity| severity >= Severity::Critical;
    let rings = snapshot
        .alerts
        .iter()
        .any(|a| !a.acknowledged && loud(a.alert.severity) && model.rung.is_none_or(|id| a.alert.id > id));
    model.rung = newest.max(model.rung);
    let now = model.now;
    let first = model.snapshot_at.is_none();
    model.see(snapshot, now);
    exit::seen(model, first);
    if rings { vec![Cmd::Bell] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        desk::{
            Receipt, Reply, RequestId,
            receipt::{Plan, Preview},
            snapshot::{AlertRow, Lamp, OrderRow, PositionRow, WatchRow},
        },
        domain::{alert::*, ids::*, lifecycle::OrderState, money::*, order::*, quote::Bar, time::Mono},
        grammar,
        tui::{
            focus::Context,
            hit::Hit,
            keymap::Stroke,
            modal::Modal,
            settings::Settings,
            table::OrdersTab,
            ticket::{Field, Phase},
        },
    };
    use crossterm::event::{
        KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
    };
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }
    fn venue() -> VenueId {
        VenueId::new("paper").unwrap()
    }
    fn instrument(name: &str) -> InstrumentId {
        InstrumentId { venue: venue(), symbol: symbol(name) }
    }

    fn watch(name: &str, last: &str) -> WatchRow {
        WatchRow {
            instrument: instrument(name),
            class: None,
            last: Some(last.parse().unwrap()),
            bid: None,
            bid_size: None,
            ask: None,
            ask_size: None,
            spread: None,
            change: None,
            volume: None,
            spark: Arc::default(),
            tick: Some("0.01".parse().unwrap()),
            updated: None,
            stale: false,
            halted: None,
        }
    }

    fn position(name: &str, qty: &str) -> PositionRow {
        PositionRow {
            instrument: instrument(name),
            qty: qty.parse().unwrap(),
            avg_price: None,
            last: None,
            value: None,
            day_pnl: None,
            unrealized: None,
            unrealized_percent: None,
            risk_to_stop: None,
            r_multiple: None,
            equity_percent: None,
            protected: Qty::ZERO,
            stop: None,
            target: None,
            tick: None,
            currency: Currency::usd(),
            updated: None,
            stale: false,
        }
    }

    fn order(id: &str, name: &str, state: OrderState, role: Option<Role>) -> OrderRow {
        let child = matches!(role, Some(Role::Stop | Role::Target));
        let limit: Price = "178.56".parse().unwrap();
        OrderRow {
            id: OrderId { venue: venue(), client: ClientId::new(id).unwrap() },
            venue_id: None,
            symbol: symbol(name),
            side: if child { Side::Sell } else { Side::Buy },
            amount: Amount::Qty("673".parse().unwrap()),
            filled: Qty::ZERO,
            avg_price: None,
            order_type: match role {
                Some(Role::Stop) => OrderType::Stop { stop: "174".parse().unwrap() },
                Some(Role::Target) => OrderType::Limit { limit },
                Some(Role::Entry) | None => OrderType::Market,
            },
            trailing_stop: None,
            tif: Tif::Day,
            extended: false,
            attached: Attached::Simple,
            state,
            status_word: "new".into(),
            origin: Origin::Screen,
            parent: None,
            role,
            depth: u8::from(child),
            last_child: role == Some(Role::Stop),
            tag: None,
            reason: None,
            created: None,
            updated: Mono::default(),
            late: false,
        }
    }

    fn alert(id: u64, severity: Severity) -> AlertRow {
        AlertRow {
            alert: Alert {
                id,
                at: crate::domain::time::Stamp::default(),
                severity,
                code: AlertCode::NoStop,
                venue: Some(venue()),
                symbol: Some(symbol("TSLA")),
                order: None,
                text: "no stop".into(),
            },
            count: 1,
            acknowledged: false,
        }
    }

    fn snapshot() -> Snapshot {
        let mut s = Snapshot::default();
        s.banner.lamps = vec![Lamp { venue: venue(), environment: None, read_only: false, connected: true }];
        s.watchlist =
            Arc::new(vec![watch("AAPL", "175.52"), watch("TSLA", "251.20"), watch("BTC/USD", "91204")]);
        s.positions = Arc::new(vec![position("AAPL", "673"), position("TSLA", "-50")]);
        s.orders = Arc::new(vec![
            order("td-a-1", "AAPL", OrderState::Filled, Some(Role::Entry)),
            order("td-a-2", "AAPL", OrderState::Working, Some(Role::Target)),
            order("td-a-3", "AAPL", OrderState::Held, Some(Role::Stop)),
            order("td-a-4", "TSLA", OrderState::Working, None),
            order("td-a-5", "TSLA", OrderState::Rejected, None),
        ]);
        s.alerts = Arc::new(vec![alert(8, Severity::Info), alert(7, Severity::Warning)]);
        s.symbols = Arc::new(["AAPL", "AMD", "TSLA", "MSFT"].iter().map(|n| (symbol(n), venue())).collect());
        s
    }

    /// A screen, its clock, and what it sent.
    struct Bench {
        model: Model,
        ms: u64,
        sent: Vec<(RequestId, Request)>,
        log: Vec<String>,
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest shows itself")]
    fn said(cmd: &Cmd) -> Option<String> {
        let Cmd::Send(envelope) = cmd else { return Some(format!("{cmd:?}")) };
        Some(match &envelope.request {
            Request::Bars { .. } => return None,
            Request::Preview(c) => format!("? {}", grammar::print(c)),
            Request::Do(c) => format!("! {}", grammar::print(c)),
            Request::Flatten(scope) => format!("FLATTEN {:?} {:?}", scope.symbol, scope.venue),
            other => format!("{other:?}"),
        })
    }

    impl Bench {
        fn empty(settings: Settings) -> Self {
            Self { model: Model::new(settings, 120, 40), ms: 1_000, sent: Vec::new(), log: Vec::new() }
        }
        fn with(settings: Settings) -> Self {
            let mut bench = Self::empty(settings);
            bench.msg(Msg::Snapshot(Arc::new(snapshot())));
            bench
        }
        fn new() -> Self {
            Self::with(Settings { themes: vec!["dark".into(), "light".into()], ..Settings::default() })
        }
        fn msg(&mut self, msg: Msg) -> &mut Self {
            let now = Now { mono: Mono::from_millis(self.ms), ..Now::default() };
            for cmd in update(&mut self.model, msg, now) {
                self.log.extend(said(&cmd));
                if let Cmd::Send(envelope) = cmd {
                    self.sent.push((envelope.id, envelope.request));
                }
            }
            self
        }
        fn kind(&mut self, key: &str, kind: KeyEventKind) -> &mut Self {
            let (code, modifiers) = event_of(key);
            self.msg(Msg::Key(KeyEvent::new_with_kind(code, modifiers, kind)))
        }
        /// Keys, separated by blanks; a word in quotes is typed.
        fn keys(&mut self, keys: &str) -> &mut Self {
            for (n, part) in keys.split('\'').enumerate() {
                if n % 2 == 1 {
                    for c in part.chars() {
                        self.msg(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
                    }
                } else {
                    for key in part.split_whitespace() {
                        self.kind(key, KeyEventKind::Press);
                    }
                }
            }
            self
        }
        fn wait(&mut self, ms: u64) -> &mut Self {
            self.ms = self.ms.saturating_add(ms);
            self.msg(Msg::Tick)
        }
        fn answer(&mut self, reply: Reply) -> &mut Self {
            let id = self.sent.last().expect("something was asked").0;
            self.msg(Msg::Receipt(Receipt { id, reply }))
        }
        fn answer_to(&mut self, wanted: impl Fn(&Request) -> bool, reply: Reply) -> &mut Self {
            let id = self.sent.iter().rev().find(|(_, r)| wanted(r)).expect("this was asked").0;
            self.msg(Msg::Receipt(Receipt { id, reply }))
        }
        fn log(&mut self) -> Vec<String> {
            std::mem::take(&mut self.log)
        }
        /// Without the questions for figures.
        fn deeds(&mut self) -> Vec<String> {
            let mut log = self.log();
            log.retain(|l| !l.starts_with('?') && !l.starts_with("SaveHistory"));
            log
        }
        fn toast(&self) -> &str {
            self.model.toast.as_ref().map_or("", |t| t.text.as_str())
        }
    }

    fn event_of(key: &str) -> (KeyCode, KeyModifiers) {
        let named = [
            ("Enter", KeyCode::Enter),
            ("Esc", KeyCode::Esc),
            ("Tab", KeyCode::Tab),
            ("BackTab", KeyCode::BackTab),
            ("Up", KeyCode::Up),
            ("Down", KeyCode::Down),
            ("Left", KeyCode::Left),
            ("Right", KeyCode::Right),
            ("Back", KeyCode::Backspace),
            ("F12", KeyCode::F(12)),
            ("PageUp", KeyCode::PageUp),
            ("PageDown", KeyCode::PageDown),
            ("Space", KeyCode::Char(' ')),
        ];
        if let Some((_, code)) = named.iter().find(|(n, _)| *n == key) {
            return (*code, KeyModifiers::NONE);
        }
        match key.strip_prefix('^') {
            Some(rest) if !rest.is_empty() => {
                let c = rest.chars().next().unwrap().to_ascii_lowercase();
                (KeyCode::Char(c), KeyModifiers::CONTROL)
            }
            _ => (KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE),
        }
    }

    fn plan() -> Reply {
        Reply::Plan(Box::new(Plan { text: "flatten everything".into(), venues: Vec::new() }))
    }
    fn placed() -> Reply {
        Reply::Placed { orders: Vec::new(), venue: venue(), text: "placed".into() }
    }
    fn refused(field: Option<&str>) -> Reply {
        Reply::Refused { text: "too much".into(), field: field.map(Into::into), checks: Vec::new() }
    }
    fn preview(problems: &[(&str, &str)]) -> Reply {
        Reply::Preview(Box::new(Preview {
            spec: None,
            side: Side::Buy,
            instrument: None,
            qty: None,
            entry: None,
            entry_is_market: true,
            stop: None,
            stop_percent: None,
            target: None,
            risk: None,
            reward: None,
            reward_to_risk: None,
            cost: None,
            fees: None,
            equity_percent: None,
            buying_power_after: None,
            buying_power_percent: None,
            capped_by: None,
            checks: Vec::new(),
            problems: problems.iter().map(|(f, t)| ((*f).into(), (*t).into())).collect(),
        }))
    }

    #[test]
    fn the_first_trade_is_natural() {
        let mut b = Bench::new();
        b.keys("b 'AAPL' Tab 'risk 1%' Tab Tab '174' Tab '2R' Enter Enter");
        let want = "buy AAPL risk 1% market stop 174 target 2R @paper";
        assert_eq!(b.deeds(), [format!("! {want}")]);
        b.answer(placed());
        assert_eq!((b.model.focus, b.toast()), (Pane::Watchlist, "placed"));
    }

    #[test]
    fn what_is_typed_makes_the_order() {
        for (keys, want) in [
            ("b Tab '100' Enter Enter", "! buy AAPL 100 market @paper"),
            ("s Tab '$500' Enter Enter", "! sell AAPL $500 market @paper"),
            ("b 'tsla' Space '5% equity' Enter Enter", "! buy TSLA 5% equity market"),
            ("b Tab '20% bp' Enter Enter", "! buy AAPL 20% bp market @paper"),
            ("B Tab 'risk $200' Enter Enter", "! buy AAPL risk $200 market stop -1% target 2R @paper"),
            ("S Tab '10' Enter Enter", "! sell AAPL 10 market stop -1% target 2R @paper"),
            ("b Tab '10' Tab 'l' Tab '175' Enter Enter", "! buy AAPL 10 limit 175 @paper"),
            ("b Tab '10' Tab Space Tab '-0.5%' Enter Enter", "! buy AAPL 10 limit -0.5% @paper"),
            ("b Tab '10' Tab 's' Tab '180' Enter Enter", "! buy AAPL 10 trigger 180 @paper"),
            (
                "b Tab '10' Tab 's' 's' Tab '181' Tab '180' Enter Enter",
                "! buy AAPL 10 trigger 180 limit 181 @paper",
            ),
            ("s Tab '10' Tab 't' Tab '1%' Enter Enter", "! sell AAPL 10 trail 1% @paper"),
            (
                "b Tab '10' Tab Tab '174 limit 173.5' Enter Enter",
                "! buy AAPL 10 market stop 174 limit 173.5 @paper",
            ),
            ("b Tab '10' Tab Tab Tab Tab 'g' Tab 'y' Enter Enter", "! buy AAPL 10 market gtc ext @paper"),
            ("b BackTab Space Tab Tab '7' Enter Enter", "! sell AAPL 7 market @paper"),
            ("s Tab 'all' Enter Enter", "! sell AAPL all market @paper"),
            ("b Tab % Tab Tab '174' Enter Enter", "! buy AAPL risk 1% market stop 174 @paper"),
            ("b Tab % % % % % % '7' Enter Enter", "! buy AAPL 7% bp market @paper"),
            ("b Tab '100' ] ] [ Enter Enter", "! buy AAPL 110 market @paper"),
            ("b Tab '10' Tab 'l' Tab '175' + + - Enter Enter", "! buy AAPL 10 limit 175.01 @paper"),
            ("b Tab '10' Tab 'l' Tab '-12t' - Enter Enter", "! buy AAPL 10 limit -13t @paper"),
            ("b Tab '9' Back '8' Enter Enter", "! buy AAPL 8 market @paper"),
        ] {
            let mut b = Bench::new();
            b.keys(keys);
            assert_eq!(b.deeds(), [want], "{keys} {:?} {:?}", b.model.ticket.errors, b.model.ticket.error);
        }
    }

    #[test]
    fn fifty_enters_send_one_order() {
        let mut b = Bench::new();
        b.keys("b Tab '100'");
        for _ in 0..50 {
            b.keys("Enter");
        }
        assert_eq!(b.deeds(), ["! buy AAPL 100 market @paper"]);
        b.answer_to(|r| matches!(r, Request::Do(_)), placed());
        b.keys("Enter Enter Enter");
        assert_eq!(b.deeds(), [""; 0]);
    }

    #[test]
    fn a_held_enter_sends_nothing() {
        let mut b = Bench::new();
        b.keys("b Tab '100' Enter");
        for _ in 0..20 {
            b.kind("Enter", KeyEventKind::Repeat);
        }
        assert_eq!((b.deeds().len(), b.model.ticket.phase.clone()), (0, Phase::Reviewing));
    }

    #[test]
    fn a_paste_never_submits_trades_or_halts() {
        let mut b = Bench::new();
        for text in ["q\nF12\u{18}\u{18}", "b\r100\r\r", "x4", ":buy AAPL 1\n", "\u{1b}[24~"] {
            b.msg(Msg::Paste(text.into()));
            assert_eq!((b.log(), b.model.context()), (vec![], Context::Table(Pane::Watchlist)));
        }
        b.keys("b Tab").msg(Msg::Paste("100\n\n\nrm -rf\u{202e}\u{1b}[2J".into()));
        assert_eq!(b.model.ticket.text(Field::Size), "100");
        assert_eq!((b.deeds(), b.model.ticket.phase.clone()), (vec![], Phase::Editing));
        b.msg(Msg::Paste("9".repeat(1_000_000)));
        assert!(b.model.ticket.text(Field::Size).len() <= 64);
        b.keys("Esc :").msg(Msg::Paste("cancel all\nflatten\n".into()));
        assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "cancel all");
        assert_eq!(b.deeds(), [""; 0]);
    }

    #[test]
    fn any_edit_takes_the_order_out_of_review() {
        for key in ["'5'", "Back", "]", "+", "Tab", "%"] {
            let mut b = Bench::new();
            b.keys("b Tab '100' Tab 'l' Tab '175' BackTab BackTab Enter");
            assert_eq!(b.model.ticket.phase, Phase::Reviewing);
            b.keys(key).keys("Esc");
            assert_eq!(b.model.focus, Pane::Watchlist, "{key}");
            assert_eq!(b.deeds(), [""; 0]);
        }
    }

    #[test]
    fn the_ticket_says_what_is_wrong_and_goes_there() {
        for (keys, field, error) in [
            (
                "b Tab Enter",
                Field::Size,
                "size: write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all",
            ),
            (
                "b Tab 'abc' Enter",
                Field::Size,
                "`abc` is not a number: write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all",
            ),
            (
                "b Tab 'risk 1%' Enter",
                Field::Stop,
                "stop: a size by risk needs one, such as `stop 174` or `stop -1%`",
            ),
            ("b Back Enter", Field::Symbol, "symbol: write one such as AAPL or BTC/USD"),
            ("b Tab '10' Tab 'l' Enter", Field::Limit, "limit: write 174, -1.50, -1% or -12t"),
            (
                "b Tab '10' Tab Tab '1x' Enter",
                Field::Stop,
                "`1x` is not a number: a number has only digits and a point",
            ),
        ] {
            let mut b = Bench::new();
            b.keys(keys);
            let ticket = &b.model.ticket;
            assert_eq!(ticket.error.as_ref().map(Text::as_str), Some(error), "{keys}");
            assert_eq!((ticket.active, ticket.phase.clone()), (Some(field), Phase::Editing), "{keys}");
            assert_eq!(b.deeds(), [""; 0], "{keys}");
        }
    }

    #[test]
    fn figures_are_asked_for_one_at_a_time_and_the_newest_wins() {
        let mut b = Bench::new();
        b.keys("b Tab '1' '0' '0'");
        assert_eq!(b.log(), ["? buy AAPL 1 market @paper"]);
        b.answer_to(|r| matches!(r, Request::Preview(_)), preview(&[]));
        assert!(b.model.ticket.current_preview().is_none());
        assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
        b.answer_to(|r| matches!(r, Request::Preview(_)), preview(&[("size", "too big")]));
        assert!(b.model.ticket.current_preview().is_some());
        assert_eq!(b.model.ticket.error_of(Field::Size).unwrap().as_str(), "too big");
        b.keys("Enter");
        assert_eq!(b.model.ticket.phase, Phase::Editing);
        // Figures grow old; an answer that does not come is given up.
        b.wait(1_000);
        assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
        b.wait(1_000);
        assert_eq!(b.log(), [""; 0]);
        b.wait(1_000);
        assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
    }

    #[test]
    fn a_refusal_comes_back_to_the_field() {
        let mut b = Bench::new();
        b.keys("b Tab '100' Enter Enter").answer_to(|r| matches!(r, Request::Do(_)), refused(Some("size")));
        assert_eq!(b.model.ticket.active, Some(Field::Size));
        assert_eq!(b.model.ticket.error_of(Field::Size).unwrap().as_str(), "too much");
        b.keys("'50' Enter Enter");
        assert_eq!(b.deeds(), ["! buy AAPL 100 market @paper", "! buy AAPL 50 market @paper"]);
    }

    #[test]
    fn a_second_ticket_waits_for_the_first_receipt() {
        let mut b = Bench::new();
        b.keys("b Tab '100' Enter Enter Esc b");
        assert_eq!(b.toast(), "the last order's receipt has not come yet");
        b.wait(10_000).keys("b");
        assert_eq!(b.model.ticket.phase, Phase::Editing);
    }

    #[test]
    fn halt_then_flatten() {
        for key in ["^X", "F12"] {
            let mut b = Bench::new();
            b.keys(key);
            assert_eq!(b.log(), ["Halt"]);
            b.answer(plan()).wait(300).keys(key).wait(100);
            assert_eq!(b.log(), ["FLATTEN None None"]);
            b.wait(500).keys(key).wait(500);
            assert_eq!(b.log(), [""; 0], "the exit under way goes on");
            b.keys("Esc");
            assert!(b.model.modal.is_none());
        }
    }

    #[test]
    fn halt_works_while_anything_is_open() {
        for before in
            ["b Tab '10'", "b Tab '10' Enter", ": 'buy'", "/ 'a'", "?", "^P 'x'", "x", "v", "^C ^C", "z"]
        {
            let mut b = Bench::new();
            b.keys(before).log();
            b.keys("^X");
            assert_eq!(b.log(), ["Halt"], "{before}");
            b.answer(plan()).wait(300).keys("F12").wait(100);
            assert_eq!(b.deeds(), ["FLATTEN None None"], "{before}");
        }
    }

    #[test]
    fn halt_works_on_any_screen_and_a_hidden_ticket_is_dead() {
        for (width, height) in [(0, 0), (1, 1), (12, 4), (79, 24)] {
            let mut b = Bench::new();
            b.keys("b Tab '10' Enter").msg(Msg::Resize(width, height)).log();
            b.keys("Enter Enter c x 4 v Enter");
            assert_eq!(b.deeds(), [""; 0]);
            b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100);
            assert_eq!(b.deeds(), ["Halt", "FLATTEN None None"]);
        }
    }

    #[test]
    fn a_second_stroke_too_soon_or_too_fast_does_nothing() {
        let flattened = |strokes: &[u64], repeats: bool| {
            let mut b = Bench::new();
            b.keys("^X").answer(plan());
            for gap in strokes {
                b.ms = b.ms.saturating_add(*gap);
                b.kind("^X", if repeats { KeyEventKind::Repeat } else { KeyEventKind::Press });
            }
            b.wait(1_000);
            b.log().contains(&"FLATTEN None None".to_owned())
        };
        assert!(!flattened(&[], false));
        assert!(!flattened(&[249], false));
        assert!(flattened(&[250], false));
        assert!(flattened(&[2_000], false));
        assert!(flattened(&[150, 150], false), "hammering");
        assert!(!flattened(&[500, 33, 33, 33, 33], false), "held, in a terminal that does not say so");
        assert!(!flattened(&[250, 40, 40], false), "held, with a short delay");
        assert!(!flattened(&[500, 33, 33, 33], true), "held, in a terminal that says so");
        assert!(flattened(&[500, 33, 33, 600], false), "held, then pressed");
    }

    #[test]
    fn esc_closes_the_plan_and_the_next_stroke_is_a_first_one() {
        let mut b = Bench::new();
        b.keys("^X").answer(plan()).wait(400).keys("Esc").wait(400).keys("^X").wait(200);
        assert_eq!(b.log(), ["Halt", "Halt"]);
        // Between the second stroke and its proof, Esc still takes it back.
        b.answer(plan()).wait(400).keys("^X Esc").wait(400);
        assert_eq!(b.log(), [""; 0]);
    }

    #[test]
    fn flatten_waits_for_the_plan_but_not_for_ever() {
        let mut b = Bench::new();
        b.keys("^X").wait(400).keys("^X").wait(200);
        assert_eq!(b.log(), ["Halt"]);
        b.wait(400).keys("^X").wait(100);
        assert_eq!(b.log(), ["FLATTEN None None"]);
    }

    #[test]
    fn a_failed_flatten_is_said_and_can_be_pressed_again() {
        let mut b = Bench::new();
        b.keys("^X").answer(plan()).wait(400).keys("^X").wait(100).answer(Reply::Busy);
        let Some(Modal::Halt(halt)) = &b.model.modal else { panic!("the plan is gone") };
        assert!(halt.error.is_some());
        b.wait(400).keys("^X").wait(100);
        assert_eq!(b.log(), ["Halt", "FLATTEN None None", "FLATTEN None None"]);
    }

    #[test]
    fn flatten_can_take_the_typed_word() {
        let mut b = Bench::with(Settings { flatten_is_typed: true, ..Settings::default() });
        b.keys("^X").answer(plan()).wait(400).keys("^X").wait(200);
        b.msg(Msg::Paste("FLATTEN".into()));
        assert_eq!(b.log(), ["Halt"]);
        b.keys("'flatten'");
        assert_eq!(b.log(), ["FLATTEN None None"]);
    }

    #[test]
    fn x_and_a_digit_close_a_share() {
        for (keys, want) in [
            ("x 1", "! close AAPL 25% @paper"),
            ("x 2", "! close AAPL 50% @paper"),
            ("x 3", "! close AAPL 75% @paper"),
            ("x 4", "! close AAPL @paper"),
            ("j x 4", "! close TSLA @paper"),
        ] {
            let mut b = Bench::new();
            b.keys(keys);
            assert_eq!(b.deeds(), [want]);
        }
        for keys in ["x 5", "x Esc 4", "x x 4", "x q", "x Tab"] {
            let mut b = Bench::new();
            b.keys(keys);
            assert_eq!(b.deeds(), [""; 0], "{keys}");
        }
        let mut b = Bench::new();
        b.keys("x");
        assert_eq!(
            b.model.pending.as_deref(),
            Some("x  AAPL@paper  1 close a quarter  2 close half  3 close three quarters  4 close all")
        );
        b.wait(3_001).keys("4");
        assert_eq!(b.deeds(), [""; 0], "it does not wait for ever");
    }

    #[test]
    fn single_letters_about_orders() {
        for (keys, want) in [
            ("Tab Tab Tab", vec![]),
            ("v", vec!["? reverse AAPL @paper"]),
            ("e", vec!["? protect AAPL stop be @paper"]),
            ("C", vec!["? cancel AAPL @paper"]),
            ("a", vec!["Acknowledge { alert: Some(7) }"]),
            ("A", vec!["Acknowledge { alert: None }"]),
            (": 'focus orders' Enter c", vec!["no"]),
            (": 'focus orders' Enter j c", vec!["! cancel td-a-2 @paper"]),
            (": 'focus orders' Enter j j c", vec!["? cancel td-a-3 @paper"]),
            (": 'focus orders' Enter G c", vec!["! cancel td-a-4 @paper"]),
        ] {
            let mut b = Bench::new();
            b.keys(keys);
            let mut log = b.log();
            log.retain(|l| !l.starts_with("SaveHistory"));
            if want == ["no"] {
                assert_eq!((log.len(), b.toast()), (0, "this order is filled"), "{keys}");
            } else {
                assert_eq!(log, want, "{keys}");
            }
        }
    }

    #[test]
    fn what_is_shown_once_more_is_done_by_enter_alone() {
        let mut b = Bench::new();
        b.keys("v Enter").wait(100).keys("Enter").wait(100).kind("Enter", KeyEventKind::Repeat);
        assert_eq!(b.deeds(), [""; 0], "too soon after the key that opened it");
        b.wait(100).keys("Enter Enter");
        assert_eq!(b.deeds(), ["! reverse AAPL @paper"]);
        b.keys("e").wait(300).keys("Esc Enter");
        assert_eq!(b.deeds(), [""; 0]);
    }

    #[test]
    fn an_order_is_modified_by_its_differences() {
        for (keys, want) in [
            ("j m + Enter Enter", "! replace td-a-2 limit 178.57 @paper"),
            ("j m BackTab '600' Enter Enter", "! replace td-a-2 qty 600 @paper"),
            ("j j m '173.5' Tab 'g' Enter Enter", "! replace td-a-3 stop 173.5 gtc @paper"),
        ] {
            let mut b = Bench::new();
            b.keys(": 'focus orders' Enter").keys(keys);
            assert_eq!(b.deeds(), [want], "{keys}");
        }
        let mut b = Bench::new();
        b.keys(": 'focus orders' Enter j m Enter");
        assert_eq!(b.model.ticket.error.as_ref().unwrap().as_str(), "nothing is changed yet");
    }

    #[test]
    fn a_row_that_is_gone_is_not_replaced_by_its_neighbour() {
        let mut b = Bench::new();
        b.keys(": 'focus orders' Enter j");
        let mut next = snapshot();
        Arc::make_mut(&mut next.orders).remove(1);
        b.msg(Msg::Snapshot(Arc::new(next))).log();
        b.keys("c");
        assert_eq!((b.deeds(), b.toast()), (vec![], "select an order in Orders first"));
        b.keys("j c");
        assert_eq!(b.log().first().map(String::as_str), Some("? cancel td-a-3 @paper"));
    }

    #[test]
    fn quitting_asks_what_is_open() {
        let open = |orders, positions| Reply::Open { orders, positions, unknown: 0 };
        let mut b = Bench::new();
        b.keys("^C").wait(2_500).keys("^C");
        assert_eq!(b.log(), [""; 0]);
        b.wait(500).keys("^C");
        assert_eq!(b.log(), ["AskOpen"]);
        b.answer(open(0, 0));
        assert_eq!(b.log(), ["Quit", "Quit"]);
        for (keys, want) in [
            ("y", vec!["Quit", "Quit"]),
            ("c", vec!["! cancel all", "Quit", "Quit"]),
            ("x", vec!["Halt"]),
            ("Esc", vec![]),
            ("q", vec![]),
            ("Enter", vec![]),
        ] {
            let mut b = Bench::new();
            b.keys(": 'quit' Enter").answer_to(|r| matches!(r, Request::AskOpen), open(3, 2)).log();
            b.keys(keys);
            assert_eq!(b.log(), want, "{keys}");
        }
        let mut b = Bench::new();
        b.keys("^C ^C").answer(open(3, 2)).keys("^C");
        assert_eq!(b.log(), ["AskOpen"], "held");
        b.wait(300).keys("^C");
        assert_eq!(b.log(), ["Quit", "Quit"]);
    }

    #[test]
    fn an_engine_that_does_not_answer_can_be_left() {
        let mut b = Bench::new();
        b.keys("^C ^C").wait(1_000).keys("^C");
        assert_eq!(b.log(), ["AskOpen", "Quit", "Quit"]);
    }

    #[test]
    fn lines_do_what_keys_do() {
        for (line, want) in [
            ("arm", "Arm { minutes: 15 }"),
            ("arm 5", "Arm { minutes: 5 }"),
            ("disarm", "Disarm"),
            ("ack all", "Acknowledge { alert: None }"),
            ("watch AMD @paper", "Watch { symbol: AMD, venue: Some(paper) }"),
            ("unwatch TSLA", "Unwatch { instrument: InstrumentId { venue: paper, symbol: TSLA } }"),
            ("resync @paper", "Resync { venue: Some(paper) }"),
            ("close AAPL 50%", "! close AAPL 50%"),
            ("cancel td-a-4", "! cancel td-a-4"),
            ("lock lost my head", r#"Lock { reason: "lost my head" }"#),
            ("unlock calm", r#"Unlock { reason: "calm" }"#),
            ("halt", "Halt"),
            ("abandon td-a-4 gone", r#"Abandon { order: td-a-4, venue: paper, reason: "gone" }"#),
            ("close-selected 25%", "! close AAPL 25% @paper"),
            ("quit now", "Quit"),
            ("redraw", "Redraw"),
        ] {
            let mut b = Bench::new();
            b.keys(&format!(": '{line}' Enter"));
            assert_eq!(
                b.deeds().first().map(String::as_str),
                Some(want),
                "{line} {:?}",
                b.model.command_line
            );
        }
    }

    #[test]
    fn order_lines_are_shown_before_they_are_sent() {
        for line in ["buy AAPL 10", "reverse AAPL", "protect AAPL stop be", "cancel all", "cancel AAPL"] {
            let mut b = Bench::new();
            b.keys(&format!(": '{line}' Enter"));
            let asked = format!("? {}", grammar::print(&grammar::parse(line).unwrap()));
            assert_eq!(b.log().first(), Some(&asked));
            b.wait(300).keys("Enter");
            assert_eq!(b.deeds(), [asked.replacen('?', "!", 1)]);
        }
    }

    #[test]
    fn a_scope_is_flattened_by_a_second_enter_over_its_plan() {
        let open = |line: &str| {
            let mut b = Bench::new();
            b.keys(&format!(": '{line}' Enter"));
            b
        };
        let mut b = open("flatten AAPL");
        assert_eq!(b.log().first().map(String::as_str), Some("? flatten AAPL"));
        // Not before the plan stands.
        b.wait(300).keys("Enter").wait(200);
        assert_eq!(b.deeds(), [""; 0]);
        b.answer(plan()).wait(300).keys("Enter").wait(100);
        assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
        assert!(matches!(&b.model.modal, Some(Modal::Exit(shown)) if shown.asked.is_some()));
        b.keys("Enter Enter").wait(500);
        assert_eq!(b.deeds(), [""; 0], "one exit");
        // An engine that does not tell its plan holds nobody in.
        let mut b = open("flatten losers 50%");
        b.wait(1_000).keys("Enter").wait(100);
        assert_eq!(b.deeds(), ["FLATTEN None None"]);
        // Esc leaves everything as it is, also between the stroke and its proof.
        let mut b = open("flatten AAPL");
        b.answer(plan()).wait(300).keys("Enter Esc").wait(300);
        assert_eq!((b.deeds(), b.model.modal.is_none()), (Vec::new(), true));
        // The Enter of the line, held down.
        let mut b = open("flatten AAPL");
        b.answer(plan()).wait(500);
        for _ in 0..60 {
            b.wait(33).keys("Enter");
        }
        assert_eq!(b.deeds(), [""; 0], "held");
        b.wait(300).keys("Enter").wait(100);
        assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
    }

    #[test]
    fn a_scope_can_take_the_typed_word() {
        let mut b = Bench::with(Settings { flatten_is_typed: true, ..Settings::default() });
        b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(400).keys("Enter").wait(400);
        b.msg(Msg::Paste("FLATTEN".into())).keys("Enter");
        assert_eq!(b.deeds(), [""; 0]);
        b.keys("'flatten'");
        assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
    }

    #[test]
    fn a_refused_exit_says_so_in_its_window() {
        let mut b = Bench::new();
        b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(300).keys("Enter").wait(100);
        b.answer(refused(None));
        assert!(matches!(&b.model.modal, Some(Modal::Exit(shown)) if shown.error.is_some()));
    }

    /// A snapshot with an exit in it; `flat` when it has ended.
    fn exit(id: u64, flat: Option<bool>) -> Msg {
        let mut s = snapshot();
        s.banner.locked = Some("flatten everything".into());
        s.exit = Some(Arc::new(crate::desk::snapshot::ExitRow {
            id,
            scope: "flatten everything".into(),
            venues: Vec::new(),
            began: Mono::default(),
            ended: flat.map(|_| Mono::from_millis(2_000)),
            flat,
        }));
        Msg::Snapshot(Arc::new(s))
    }

    fn flattening() -> Bench {
        let mut b = Bench::new();
        b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100).log();
        b.msg(exit(4, None));
        assert_eq!(b.model.context(), Context::Exit);
        b
    }

    /// Row E4.
    #[test]
    fn another_stroke_while_everything_goes_shows_it_and_sends_nothing() {
        let mut b = flattening();
        b.wait(500).keys("^X").wait(500).keys("^X").wait(500);
        assert_eq!((b.log(), b.model.context()), (Vec::new(), Context::Exit));
        b.keys("Esc");
        assert!(b.model.modal.is_none());
        b.keys("b '1' ^X").wait(500).keys("^X").wait(500);
        assert_eq!((b.deeds(), b.model.context()), (Vec::new(), Context::Exit));
        // Somebody allowed entries again: then the stroke is HALT.
        let Msg::Snapshot(running) = exit(4, None) else { panic!("a snapshot") };
        let mut unlocked = (*running).clone();
        unlocked.banner.locked = None;
        b.msg(Msg::Snapshot(Arc::new(unlocked))).keys("^X");
        assert_eq!(b.deeds(), ["Halt"]);
    }

    #[test]
    fn an_exit_of_a_scope_holds_up_no_halt() {
        let mut b = Bench::new();
        b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(300).keys("Enter").wait(100).log();
        b.msg(exit(4, None));
        assert_eq!(b.model.context(), Context::Exit);
        b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100);
        assert_eq!(b.log(), ["Halt", "FLATTEN None None"]);
    }

    #[test]
    fn the_report_stays_until_it_is_dismissed_and_not_flat_until_entries_are_allowed() {
        let mut b = flattening();
        b.msg(exit(4, Some(false))).wait(60_000);
        assert_eq!(b.model.context(), Context::Exit);
        b.keys("Esc").msg(exit(4, Some(false)));
        assert!(b.model.modal.is_none() && b.model.is_not_flat());
        b.keys("X");
        assert_eq!(b.model.context(), Context::Exit);
        b.keys("q");
        let Msg::Snapshot(ended) = exit(4, Some(false)) else { panic!("a snapshot") };
        let mut unlocked = (*ended).clone();
        unlocked.banner.locked = None;
        b.msg(Msg::Snapshot(Arc::new(unlocked)));
        assert!(!b.model.is_not_flat());
        // The next stroke is a first one.
        b.keys("^X");
        assert_eq!(b.log(), ["Halt"]);
    }

    #[test]
    fn a_report_comes_by_itself_but_not_over_what_is_typed() {
        let mut b = flattening();
        b.keys("Esc").msg(exit(4, Some(true)));
        assert_eq!(b.model.context(), Context::Exit, "the trader did nothing else");
        let mut b = flattening();
        b.keys("Esc : 'unl'").msg(exit(4, Some(false)));
        assert_eq!(b.model.context(), Context::CommandLine);
        assert!(b.toast().starts_with("NOT FLAT"), "{}", b.toast());
        // What somebody else got out of is told only when something is left.
        let mut b = Bench::new();
        b.msg(exit(7, None)).msg(exit(7, Some(true)));
        assert!(b.model.modal.is_none() && b.toast().is_empty());
        b.msg(exit(8, Some(false)));
        assert!(b.toast().starts_with("NOT FLAT"), "{}", b.toast());
        // What ended before this screen came is in the banner, not told as news.
        let mut b = Bench::empty(Settings::default());
        b.msg(exit(9, Some(false)));
        assert!(b.toast().is_empty() && b.model.is_not_flat());
    }

    #[test]
    fn status_and_exit_are_commands() {
        let mut b = Bench::new();
        b.keys(": 'status' Enter");
        assert_eq!(b.toast(), "nothing blocks entries; no exit yet");
        b.keys(": 'exit' Enter");
        let error = b.model.command_line.as_ref().and_then(|l| l.error.clone());
        assert!(error.is_some_and(|e| e.text.as_str().starts_with("there was no exit yet")));
        b.keys("Esc").msg(exit(4, Some(true))).keys(": 'exit' Enter");
        assert_eq!(b.model.context(), Context::Exit);
        b.keys("Esc : 'status' Enter");
        assert_eq!(b.toast(), "locked: flatten everything; FLAT by the venue's word: flatten everything");
    }

    #[test]
    fn a_long_plan_scrolls_as_far_as_it_goes() {
        let scroll = |b: &Bench| match &b.model.modal {
            Some(Modal::Halt(halt)) => halt.scroll,
            _ => panic!("no plan"),
        };
        for typed in [false, true] {
            let mut b = Bench::with(Settings { flatten_is_typed: typed, ..Settings::default() });
            b.keys("^X").answer(plan());
            b.model.drawn.seen = crate::tui::widgets::sheet::Seen { lines: 50, room: 20 };
            b.keys("PageDown");
            assert_eq!(scroll(&b), 19);
            b.keys("PageDown PageDown Down");
            assert_eq!(scroll(&b), 30);
            b.keys("Up PageUp");
            assert_eq!(scroll(&b), 10);
        }
    }

    #[test]
    fn what_has_tripped_stands_on_top() {
        use crate::desk::snapshot::{RiskRow, RiskState};
        let row = |rule: &str, state, share: &str| RiskRow {
            venue: None,
            symbol: None,
            rule: rule.into(),
            used: "1".into(),
            limit: "2".into(),
            share: share.parse().ok(),
            state,
            response: "alert".into(),
            until: None,
            reason: None,
        };
        let mut s = snapshot();
        s.risk = Arc::new(vec![
            row("off", RiskState::Off, ""),
            row("clear", RiskState::Clear, "10"),
            row("near", RiskState::Near, "90"),
            row("unknown", RiskState::Unknown, ""),
            row("tripped", RiskState::Tripped, "120"),
            row("tripped too", RiskState::Tripped, "101"),
        ]);
        let mut b = Bench::new();
        b.msg(Msg::Snapshot(Arc::new(s)));
        b.keys(": 'focus risk' Enter");
        assert_eq!((b.model.page, b.model.table(Pane::Risk).rows.clone()), (4, vec![4, 5, 2, 3, 1, 0]));
        b.keys("/ 'tripped' Enter");
        assert_eq!(b.model.table(Pane::Risk).rows, [4, 5]);
        b.keys("Esc : 'sort used up' Enter");
        assert_eq!(b.model.table(Pane::Risk).rows, [1, 2, 5, 4, 0, 3]);
    }

    #[test]
    fn lines_move_about() {
        let mut b = Bench::new();
        b.keys(": 'page 3' Enter : 'focus alerts' Enter : 'zoom' Enter : 'filter stop' Enter : 'sort time up' Enter");
        let m = &b.model;
        assert_eq!(
            (m.current_page().unwrap().name.as_str(), m.focus, m.zoomed),
            ("trade", Pane::Alerts, true)
        );
        assert_eq!((m.table(Pane::Alerts).filter.as_str(), m.table(Pane::Alerts).rows.len()), ("stop", 2));
        assert!(m.table(Pane::Alerts).sort.is_some_and(|s| !s.descending));
        b.keys(
            ": 'tab all' Enter : 'symbol TSLA' Enter : 'theme light' Enter : 'ticket sell bracket AMD' Enter",
        );
        let m = &b.model;
        assert_eq!((m.orders_tab, m.theme.as_str()), (OrdersTab::All, "light"));
        assert_eq!(m.ticket.text(Field::Symbol), "AMD");
        assert_eq!(m.history.len(), 9);
    }

    #[test]
    fn a_wrong_line_stays_with_its_place() {
        for (line, at, text) in [
            ("zom", 0, "`zom` is not a command: did you mean `zoom`?"),
            ("page 99", 5, "there is no page `99`; there are trade, orders, account, health"),
            ("  page x", 7, "there is no page `x`; there are trade, orders, account, health"),
            ("page", 4, "write `page NUMBER|NAME`"),
            ("zoom in", 4, "nothing follows `zoom`"),
            ("arm 0", 4, "write minutes from 1 to 480, as in `arm 15`"),
            (
                "sort colour",
                5,
                "`colour` is no column here; write one of symbol, last, bid, ask, spr, chg, vol, age, venue",
            ),
            ("buy AAPL 10 limt 3", 12, "`limt` at column 13 means nothing here: did you mean `limit`?"),
            ("halt now", 5, "`now` at column 6 means nothing here: "),
            ("abandon td-a-9 x", 8, "there is no order `td-a-9`"),
        ] {
            let mut b = Bench::new();
            b.keys(&format!(": '{line}' Enter"));
            let open = b.model.command_line.as_ref().expect("the line stays open");
            let error = open.error.as_ref().expect("and says why");
            assert!(error.text.as_str().starts_with(text), "{line}: {}", error.text);
            assert_eq!((error.at, open.input.value()), (at, line), "{line}");
            assert_eq!(b.log(), [""; 0]);
        }
    }

    #[test]
    fn words_are_completed() {
        for (typed, tabs, want) in [
            ("zo", 1, "zoom "),
            ("pag", 1, "page "),
            ("page ac", 1, "page account "),
            ("theme ", 2, "theme light"),
            ("theme ", 3, "theme dark"),
            ("buy AM", 1, "buy AMD "),
            ("focus al", 1, "focus alerts "),
            ("quit ", 1, "quit now"),
            ("nothing", 1, "nothing"),
        ] {
            let mut b = Bench::new();
            b.keys(&format!(": '{typed}'"));
            for _ in 0..tabs {
                b.keys("Tab");
            }
            assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), want, "{typed}");
        }
        let mut b = Bench::new();
        b.keys(": 'theme ' Tab Tab BackTab");
        assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "theme dark");
    }

    #[test]
    fn lines_given_before_come_back() {
        let mut b = Bench::new();
        b.model.history = vec!["from the last run".into()];
        b.keys(": 'zoom' Enter : 'zoom' Enter : 'page 2' Enter");
        let saved: Vec<_> = b.log().into_iter().filter(|l| l.starts_with("SaveHistory")).collect();
        assert_eq!(saved.len(), 2, "the same line twice is one");
        assert_eq!(saved[1], r#"SaveHistory(["from the last run", "zoom", "page 2"])"#);
        let line = |b: &mut Bench, keys: &str| {
            b.keys(keys);
            b.model.command_line.as_ref().unwrap().input.value().to_owned()
        };
        assert_eq!(line(&mut b, ": 'half' Up"), "page 2");
        assert_eq!(line(&mut b, "Up"), "zoom");
        assert_eq!(line(&mut b, "Up Up Up"), "from the last run");
        assert_eq!(line(&mut b, "Down Down"), "page 2");
        assert_eq!(line(&mut b, "Down"), "half");
    }

    #[test]
    fn the_filter_acts_while_it_is_typed() {
        let mut b = Bench::new();
        b.keys("/ 'tsl'");
        let shown = |b: &Bench| b.model.table(Pane::Watchlist).rows.clone();
        assert_eq!(shown(&b), [1]);
        b.keys("Enter");
        assert_eq!((shown(&b), b.model.filter_line.is_none()), (vec![1], true));
        b.keys("q");
        assert_eq!(shown(&b), [0, 1, 2]);
        b.keys("/ 'tsl' Esc");
        assert_eq!(shown(&b), [0, 1, 2]);
    }

    #[test]
    fn sorting_keeps_brackets_together() {
        let mut b = Bench::new();
        b.keys(": 'tab all' Enter : 'focus orders' Enter : 'sort symbol down' Enter");
        assert_eq!(b.model.table(Pane::Orders).rows, [3, 4, 0, 1, 2]);
        b.keys("O");
        assert_eq!(b.model.table(Pane::Orders).rows, [0, 1, 2, 3, 4]);
        b.keys(": 'sort qty' Enter : 'sort off' Enter s");
        assert_eq!(b.model.table(Pane::Orders).sort.unwrap().column.word(), "symbol");
        b.keys(": 'tab working' Enter");
        assert_eq!(b.model.table(Pane::Orders).rows, [0, 1, 2, 3]);
        b.keys("] ] ]");
        assert_eq!(
            (b.model.orders_tab, b.model.table(Pane::Orders).rows.clone()),
            (OrdersTab::Rejected, vec![4])
        );
    }

    #[test]
    fn the_selection_stays_on_its_row() {
        let mut b = Bench::new();
        b.keys("j");
        assert_eq!(b.model.instrument, Some(instrument("TSLA")));
        let mut next = snapshot();
        Arc::make_mut(&mut next.watchlist).swap(0, 1);
        b.msg(Msg::Snapshot(Arc::new(next)));
        assert_eq!(
            (b.model.table(Pane::Watchlist).cursor, b.model.instrument.clone()),
            (0, Some(instrument("TSLA")))
        );
    }

    #[test]
    fn the_palette_finds_and_does() {
        let mut b = Bench::new();
        b.keys("^P 'zoom' Enter");
        assert!(b.model.zoomed && b.model.modal.is_none());
        b.keys("^P 'thm' Enter");
        assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "theme ");
    }

    #[test]
    fn help_is_of_what_has_the_focus_and_scrolls() {
        let mut b = Bench::new();
        b.keys("b ?");
        let Some(Modal::Help { title, lines, .. }) = &b.model.modal else { panic!("no help") };
        assert_eq!(*title, "ticket");
        assert!(lines.iter().any(|l| l.keys == "Enter" && l.words == "review, again: send"));
        b.keys("q ?  j j Down");
        let Some(Modal::Help { scroll, .. }) = &b.model.modal else { panic!("no help") };
        assert_eq!(*scroll, 3);
    }

    #[test]
    fn the_mouse_focuses_selects_sorts_and_never_trades() {
        let mut b = Bench::new();
        let click = |b: &mut Bench, column, row| {
            b.msg(Msg::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column,
                row,
                modifiers: KeyModifiers::NONE,
            }));
        };
        b.model.drawn.hits = vec![
            (Rect::new(0, 0, 50, 20), Hit::Pane(Pane::Positions)),
            (Rect::new(0, 3, 50, 1), Hit::Row(Pane::Positions, 1)),
            (Rect::new(0, 1, 10, 1), Hit::Head(Pane::Positions, crate::tui::column::Column::Qty)),
            (Rect::new(0, 30, 10, 1), Hit::Page(1)),
            (Rect::new(60, 0, 10, 1), Hit::Field(Field::Size)),
        ];
        click(&mut b, 5, 3);
        assert_eq!((b.model.focus, b.model.instrument.clone()), (Pane::Positions, Some(instrument("TSLA"))));
        click(&mut b, 5, 1);
        assert_eq!(b.model.table(Pane::Positions).rows, [0, 1]);
        click(&mut b, 5, 1);
        assert_eq!(b.model.table(Pane::Positions).rows, [1, 0]);
        click(&mut b, 5, 30);
        assert_eq!(b.model.page, 1);
        b.keys("b Tab '10' Enter");
        click(&mut b, 5, 3);
        b.keys("Enter Enter");
        assert_eq!(b.deeds(), [""; 0], "a click elsewhere took the order out of review");
        assert_eq!(b.model.ticket.phase, Phase::Editing);
    }

    #[test]
    fn a_loud_alert_rings_once() {
        let mut b = Bench::new();
        let mut next = snapshot();
        Arc::make_mut(&mut next.alerts).insert(0, alert(9, Severity::Critical));
        let next = Arc::new(next);
        b.msg(Msg::Snapshot(Arc::clone(&next))).msg(Msg::Snapshot(next));
        assert_eq!(b.log(), ["Bell"]);
    }

    #[test]
    fn nothing_is_done_before_the_first_snapshot() {
        let mut b = Bench::empty(Settings::default());
        b.keys("x 4 v e C c m a j k G o O y Enter");
        assert_eq!(b.log(), [""; 0]);
    }

    fn any_key() -> impl Strategy<Value = Msg> {
        let code = prop_oneof![
            6 => proptest::sample::select("bsBSxcCmevaAyoOzq?:/[]+-% 1234jkhlgGi><risk0123456789.$tpé\u{202e}".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
            1 => any::<char>().prop_map(KeyCode::Char),
            4 => proptest::sample::select(vec![
                KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
                KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown,
                KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1), KeyCode::F(12), KeyCode::Null,
            ]),
        ];
        let modifiers = prop_oneof![8 => Just(KeyModifiers::NONE), 2 => Just(KeyModifiers::CONTROL),
            1 => Just(KeyModifiers::SHIFT), 1 => any::<u8>().prop_map(KeyModifiers::from_bits_truncate)];
        let kind = prop_oneof![8 => Just(KeyEventKind::Press), 1 => Just(KeyEventKind::Repeat), 1 => Just(KeyEventKind::Release)];
        (code, modifiers, kind).prop_map(|(c, m, k)| Msg::Key(KeyEvent::new_with_kind(c, m, k)))
    }

    fn any_reply() -> impl Strategy<Value = Reply> {
        prop_oneof![
            Just(placed()),
            Just(plan()),
            Just(refused(Some("size"))),
            Just(refused(None)),
            Just(Reply::Busy),
            Just(preview(&[])),
            Just(preview(&[("stop", "no")])),
            Just(Reply::Done("done".into())),
            Just(Reply::Open { orders: 1, positions: 1, unknown: 0 }),
            Just(Reply::Bars {
                instrument: instrument("AAPL"),
                interval: crate::domain::quote::Interval::Min1,
                bars: Vec::<Bar>::new()
            }),
        ]
    }

    fn any_msg() -> impl Strategy<Value = Msg> {
        prop_oneof![
            20 => any_key(),
            1 => any::<String>().prop_map(Msg::Paste),
            1 => (any::<u16>(), any::<u16>()).prop_map(|(w, h)| Msg::Resize(w, h)),
            1 => Just(Msg::Resize(120, 40)),
            1 => (0_u16..130, 0_u16..50, any::<bool>()).prop_map(|(column, row, wheel)| Msg::Mouse(MouseEvent {
                kind: if wheel { MouseEventKind::ScrollDown } else { MouseEventKind::Down(MouseButton::Left) },
                column, row, modifiers: KeyModifiers::NONE,
            })),
            1 => Just(Msg::FocusLost),
            1 => Just(Msg::Tick),
            1 => Just(Msg::Snapshot(Arc::new(Snapshot::default()))),
            2 => Just(Msg::Snapshot(Arc::new(snapshot()))),
            3 => (1_u64..60, any_reply()).prop_map(|(id, reply)| Msg::Receipt(Receipt { id: RequestId(id), reply })),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever comes in: no panic, every cursor inside its rows, texts bounded; and an order leaves the
        /// ticket only by Enter.
        #[test]
        fn anything_may_come_in(msgs in proptest::collection::vec((any_msg(), 0_u64..700), 0..120)) {
            let mut b = Bench::new();
            for (msg, ms) in msgs {
                b.ms = b.ms.saturating_add(ms);
                let enter = matches!(&msg, Msg::Key(k) if k.code == KeyCode::Enter && k.kind == KeyEventKind::Press);
                b.log.clear();
                b.msg(msg.clone());
                let entered = b.log.iter().any(|l| l.starts_with("! buy") || l.starts_with("! sell"));
                prop_assert!(!entered || enter, "{:?} sent {:?}", msg, b.log);
                for (pane, table) in &b.model.tables {
                    prop_assert!(table.cursor < table.rows.len().max(1), "{pane:?}");
                    prop_assert!(table.selected.is_none() || table.selected_row().is_some());
                }
                for field in Field::ALL {
                    prop_assert!(b.model.ticket.input(field).is_none_or(|i| i.value().chars().count() <= 64));
                }
            }
        }

        /// A key of any terminal is spelt, and what is spelt is read as the same stroke.
        #[test]
        fn strokes_have_one_spelling(msg in any_key()) {
            if let Msg::Key(key) = msg {
                let stroke = Stroke::of(key);
                prop_assert!(!stroke.to_string().is_empty());
            }
        }
    }

    fn with_hotkey(level: crate::tui::settings::Level) -> Model {
        use crate::tui::settings::Hotkey;
        let line = "buy {symbol} 100 limit {bid} @{venue}";
        let settings = Settings {
            keymap: crate::tui::keymap::Keymap::default().with_hotkey("F5", line).unwrap(),
            hotkeys: vec![Hotkey { key: "F5".into(), line: line.into(), level }],
            ..Settings::default()
        };
        let mut model = Model::new(settings, 120, 40);
        let mut s = snapshot();
        let mut rows = (*s.watchlist).clone();
        rows[0].bid = Some("175.51".parse().unwrap());
        s.watchlist = Arc::new(rows);
        update(&mut model, Msg::Snapshot(Arc::new(s)), Now::default());
        model
    }

    fn f5(model: &mut Model) -> Vec<Cmd> {
        update(model, Msg::Key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE)), Now::default())
    }

    #[test]
    fn a_hotkey_loads_reviews_or_sends_while_armed() {
        use crate::tui::settings::Level;
        let line = "buy AAPL 100 limit 175.51 @paper";
        let mut model = with_hotkey(Level::Load);
        assert!(!f5(&mut model).iter().any(|c| matches!(c, Cmd::Send(_))));
        assert_eq!(model.command_line.as_ref().map(|l| l.input.value().to_owned()), Some(line.to_owned()));

        let mut model = with_hotkey(Level::Review);
        f5(&mut model);
        assert!(matches!(&model.modal, Some(Modal::Confirm(c)) if c.title.as_str().contains("AAPL")));

        let does = |out: Vec<Cmd>| {
            out.iter()
                .any(|c| matches!(c, Cmd::Send(e) if e.request == Request::Do(grammar::parse(line).unwrap())))
        };
        let mut model = with_hotkey(Level::Send);
        assert!(!does(f5(&mut model)));
        assert!(model.toast.as_ref().is_some_and(|t| t.text.as_str().contains("only while ARMED")));
        let mut armed = (*model.snapshot).clone();
        armed.banner.armed_until = Some(Mono::default().plus_ms(60_000));
        update(&mut model, Msg::Snapshot(Arc::new(armed)), Now::default());
        assert!(does(f5(&mut model)));
    }

    #[test]
    fn a_view_is_made_anew_only_when_its_list_is_another() {
        let mut model = with_hotkey(crate::tui::settings::Level::Load);
        model.tables.get_mut(&Pane::Orders).unwrap().rows.clear();
        let same = Snapshot { seq: 9, ..(*model.snapshot).clone() };
        update(&mut model, Msg::Snapshot(Arc::new(same.clone())), Now::default());
        assert!(model.table(Pane::Orders).rows.is_empty(), "the same list");
        let other = Snapshot { orders: Arc::new((*same.orders).clone()), ..same };
        update(&mut model, Msg::Snapshot(Arc::new(other)), Now::default());
        assert!(!model.table(Pane::Orders).rows.is_empty(), "another list");
    }
}
