//! Keys in, commands out: the rig that all of these share.

use super::*;
use crate::{
    desk::{
        Receipt, Reply, Request, RequestId,
        receipt::{Plan, Preview},
        snapshot::{AlertRow, Lamp, OrderRow, PositionRow, WatchRow},
    },
    domain::{alert::*, ids::*, lifecycle::OrderState, money::*, order::*, quote::Bar, time::Mono},
    grammar,
    tui::{
        focus::{Context, Pane},
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
use ratatui::layout::Rect;

mod asked;
mod exit;
mod ladder;
mod market;
mod presets;
mod screen;
mod soup;
mod ticket;
mod trade;

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
        show: None,
        state,
        status_word: "new".into(),
        origin: Origin::Screen,
        here: false,
        opens: true,
        parent: None,
        replaced_by: None,
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
            algorithm: None,
            text: "no stop".into(),
        },
        count: 1,
        acknowledged: false,
    }
}

fn snapshot() -> Snapshot {
    let mut s = Snapshot::default();
    s.banner.lamps = vec![Lamp { venue: venue(), environment: None, read_only: false, connected: true }];
    s.watchlist = Arc::new(vec![watch("AAPL", "175.52"), watch("TSLA", "251.20"), watch("BTC/USD", "91204")]);
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
        ("F5", KeyCode::F(5)),
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
    Reply::Plan(Box::new(Plan {
        text: "flatten everything".into(),
        venues: Vec::new(),
        algorithms: Vec::new(),
        unusual: Vec::new(),
    }))
}

fn placed() -> Reply {
    Reply::Placed { orders: Vec::new(), venue: venue(), text: "placed".into() }
}

fn refused(field: Option<&str>) -> Reply {
    Reply::Refused { text: "too much".into(), field: field.map(Into::into), checks: Vec::new() }
}

fn preview(problems: &[(&str, &str)]) -> Reply {
    Reply::Preview(Box::new(figures(problems)))
}

fn figures(problems: &[(&str, &str)]) -> Preview {
    Preview {
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
        unusual: Vec::new(),
        held: Vec::new(),
        checks: Vec::new(),
        problems: problems.iter().map(|(f, t)| ((*f).into(), (*t).into())).collect(),
    }
}

fn with_hotkey(level: crate::config::Level) -> Model {
    with_hotkeys(&["buy {symbol} 100 limit {bid} @{venue}"], level)
}

fn with_hotkeys(lines: &[&str], level: crate::config::Level) -> Model {
    use crate::tui::settings::Preset;
    let lines: Vec<smol_str::SmolStr> = lines.iter().map(|l| (*l).into()).collect();
    let preset = |name: &str| Preset::new(name.into(), lines.clone(), level);
    let settings = Settings {
        keymap: crate::tui::keymap::Keymap::default().with_hotkey("F5", &preset("F5").text()).unwrap(),
        hotkeys: vec![preset("F5")],
        templates: vec![preset("mine")],
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
