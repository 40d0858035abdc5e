//! A limit of each kind, tripped at the paper venue over real sockets: what the desk then shows, what is done, and that
//! a restart keeps it. How long each takes from its cause to the screen is printed, not judged: the engine's own tests
//! hold the second in virtual time.

use super::{
    counterparty::client_as,
    spine::{run, wait},
};
use std::{fmt::Write as _, path::Path, time::Duration};
use tradedeck::{
    clock::{Clock as _, System},
    desk::{Reply, Snapshot, snapshot::RiskState},
    domain::limits::Action,
    runtime::{Client, Role},
};

/// Everything comes much sooner; prices must move for some of it.
const LONG: Duration = Duration::from_secs(60);

fn open(text: &str, state: &Path) -> Client {
    let mut client = client_as(Role::Screen, text, state);
    wait(&mut client, "agreement and quotes", |s| {
        s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.len() >= 10
            && s.watchlist.iter().all(|w| w.bid.is_some())
    });
    client
}

#[test]
fn each_check_of_the_gate_refuses_at_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"
[watchlist]
symbols = ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN", "SPY", "QQQ", "AMD", "META", "AMC", "GME", "GOOGL", "BTC/USD"]
[rules.order_rate]
per_second = 1000
[limits]
gross_max = 60000
account_type = "reg_t"
symbols_deny = ["GOOGL"]
[limits.symbols]
AAPL = { order_qty_max = 5, self_cross = "block" }
MSFT = { order_notional_max = 100 }
NVDA = { position_max = 100 }
TSLA = { equity_share_percent_max = 1 }
AMZN = { price_collar_percent = 1 }
SPY = { spread_percent_max = 0.0001 }
QQQ = { stop_required = "block" }
"#;
    let mut client = open(text, &dir.path().join("state"));
    let lines = [
        ("buy AAPL 6", "quantity"),
        ("buy MSFT 1", "value"),
        ("buy NVDA 5", "position"),
        ("buy TSLA 10", "share of equity"),
        ("buy AMD $70000", "gross exposure"),
        ("buy AMZN 1 limit -5%", "price collar"),
        ("buy SPY 1", "spread"),
        ("buy META $220000", "buying power"),
        ("buy META $220000", "margin"),
        ("buy QQQ 1", "protective stop"),
        ("buy GOOGL 1", "symbol lists"),
        ("buy BTC/USD 0.01 trigger 900000", "venue takes it"),
        ("buy AMD 1 limit 100.12345", "tick and lot"),
        ("sell AMC 1", "short sale"),
        ("sell GME 1", "borrow"),
    ];
    let mut wrong = String::new();
    for (line, check) in lines {
        match refusal(&mut client, line) {
            Ok(names) if names.iter().any(|n| n == check) => {}
            Ok(names) => writeln!(wrong, "`{line}`: {check} is not among {names:?}").unwrap(),
            Err(reply) => writeln!(wrong, "`{line}`: {reply:?}").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(client.snapshot().orders.is_empty(), "nothing left");

    let reply = run(&mut client, "buy AAPL 1 limit -3%");
    assert!(matches!(reply, Reply::Placed { .. }), "{reply:?}");
    assert_eq!(refusal(&mut client, "buy AAPL 1 limit -3%").unwrap(), ["duplicate"]);
    wait(&mut client, "it works", |s| s.orders.iter().any(|o| o.state.is_open()));
    assert_eq!(refusal(&mut client, "sell AAPL 1 limit -4%").unwrap(), ["own orders"]);
    assert!(matches!(run(&mut client, "lock lunch"), Reply::Done(_)));
    assert_eq!(refusal(&mut client, "buy AAPL 1").unwrap(), ["access"]);
    assert!(matches!(run(&mut client, "cancel all"), Reply::Done(_)), "a cancel passes all of them");
    client.close().unwrap();
}

/// The checks that block this line, or what was answered instead.
fn refusal(client: &mut Client, line: &str) -> Result<Vec<String>, Reply> {
    let reply = run(client, line);
    let Reply::Refused { checks, .. } = &reply else { return Err(reply) };
    let blocking = checks.iter().filter(|c| c.action == Some(Action::Block));
    Ok(blocking.map(|c| c.name.to_string()).collect())
}

/// How a rule is tripped.
struct Trip {
    /// As the Risk pane calls it.
    rule: &'static str,
    /// Its table in the configuration.
    table: &'static str,
    /// What the venue does wrong, if that is needed.
    faults: &'static str,
    /// The lines that lead to it, the last of them not always needed.
    lines: &'static [&'static str],
    /// What must be so at the end of it.
    done: Done,
}

/// The action that was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    /// It is said.
    Alert,
    /// Entries are refused.
    Blocked,
    /// The same, and no entry works any more.
    Cancelled,
    /// The same, and nothing is held.
    Flat,
}

const fn trip(rule: &'static str, table: &'static str, lines: &'static [&'static str], done: Done) -> Trip {
    Trip { rule, table, faults: "", lines, done }
}
const fn fault(
    rule: &'static str,
    table: &'static str,
    faults: &'static str,
    lines: &'static [&'static str],
    done: Done,
) -> Trip {
    Trip { rule, table, faults, lines, done }
}

/// A coin's fee is a loss at once, wherever prices go.
const TRIPS: [Trip; 22] = [
    trip("daily loss", "daily_loss = { money = 0.01 }", &["buy BTC/USD $10000"], Done::Blocked),
    trip(
        "daily loss",
        "daily_loss = { money = 0.01, response = \"flatten_venue\" }",
        &["buy MSFT 1 limit -3%", "buy BTC/USD $10000"],
        Done::Flat,
    ),
    trip("weekly loss", "weekly_loss = { money = 0.01 }", &["buy BTC/USD $10000"], Done::Blocked),
    trip(
        "drawdown",
        "drawdown = { money = 0.01, response = \"cancel_entries\" }",
        &["buy MSFT 1 limit -3%", "buy BTC/USD $10000"],
        Done::Cancelled,
    ),
    trip(
        "loss streak",
        "loss_streak = { most = 1, response = \"block_entries\" }",
        // The spread is lost each time, unless prices rise by more meanwhile.
        &[
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
            "buy SPY 10",
            "close SPY",
        ],
        Done::Blocked,
    ),
    trip(
        "trade count",
        "trade_count = { most = 1, response = \"block_entries\" }",
        &["buy AAPL 1", "buy MSFT 1"],
        Done::Blocked,
    ),
    trip(
        "position loss",
        "position_loss = { money = 0.01, response = \"flatten_venue\" }",
        // Wherever prices go, one of them loses.
        &["buy AAPL 100", "sell MSFT 50", "buy SPY 50", "sell QQQ 50"],
        Done::Flat,
    ),
    trip("margin low", "margin_low = { percent = 98, clear_percent = 99 }", &["buy AAPL 100"], Done::Alert),
    trip(
        "margin call",
        "margin_call = { percent = 98, clear_percent = 99 }",
        &["buy AAPL 100"],
        Done::Blocked,
    ),
    trip(
        "margin out",
        "margin_out = { percent = 98, clear_percent = 99 }",
        &["buy MSFT 1 limit -3%", "buy AAPL 100"],
        Done::Cancelled,
    ),
    trip(
        "negative cash",
        "negative_cash = { response = \"block_entries\" }",
        &["buy SPY $90000", "buy QQQ $60000"],
        Done::Blocked,
    ),
    trip(
        "orders per day",
        "orders_per_day = { most = 1, response = \"block_entries\" }",
        &["buy AAPL 1", "buy MSFT 1"],
        Done::Blocked,
    ),
    trip("order rate", "order_rate = { per_minute = 1 }", &["buy AAPL 1", "buy MSFT 1"], Done::Blocked),
    fault(
        "errors",
        "errors = { most = 1, response = \"block_entries\" }",
        "[[fault]]\nwhat = \"reject\"\non = [\"submit\"]\nsymbol = \"AAPL\"\nstatus = 403\ncode = 40310000\nmessage = \"no\"\n",
        &["buy AAPL 1", "buy AAPL 2", "buy AAPL 3"],
        Done::Blocked,
    ),
    fault(
        "quote age",
        "quote_age = { seconds = 2, response = \"block_entries\" }",
        "[[fault]]\nwhat = \"stall\"\non = \"data_stream\"\nfrom_s = 8\nuntil_s = 60\n",
        &["buy AAPL 1"],
        Done::Blocked,
    ),
    fault(
        "order pending",
        "order_pending = { seconds = 1, response = \"block_entries\" }",
        "[[fault]]\nwhat = \"delay\"\non = [\"submit\"]\nms = 8000\nof = \"request\"\n",
        &["buy AAPL 1"],
        Done::Blocked,
    ),
    trip(
        "order old",
        "order_old = { seconds = 1, response = \"cancel_entries\" }",
        &["buy AAPL 1 limit -3%"],
        Done::Cancelled,
    ),
    trip("no stop", "no_stop = { response = \"flatten_symbol\" }", &["buy AAPL 1"], Done::Flat),
    fault(
        "stream down",
        "stream_down = { seconds = 1, response = \"block_entries\" }",
        "[[fault]]\nwhat = \"down\"\non = \"trade_updates\"\nfrom_s = 6\nuntil_s = 40\n",
        &[],
        Done::Blocked,
    ),
    fault(
        "clock skew",
        "clock_skew = { response = \"block_entries\" }",
        "[[fault]]\nwhat = \"skew\"\non = \"all\"\nms = -5000\n",
        &["buy AAPL 1"],
        Done::Blocked,
    ),
    trip(
        "rate limit",
        "rate_limit = { percent = 1, clear_percent = 0.5, response = \"block_entries\" }",
        &["buy AAPL 1"],
        Done::Blocked,
    ),
    // Nobody's hour is this one: one minute, twelve hours before the present.
    trip("time window", "", &[], Done::Blocked),
];

/// A minute that is not now, on New York's clock.
fn another_minute() -> String {
    // New York is four or five hours behind: so this is twelve or thirteen hours away.
    let hour = (System::start().now().wall.as_secs() / 3_600 + 24 - 5 + 12) % 24;
    format!("time_window = {{ from = \"{hour:02}:00\", to = \"{hour:02}:01\" }}")
}

fn state_of(s: &Snapshot, rule: &str) -> Option<RiskState> {
    s.risk.iter().filter(|r| r.rule == rule).map(|r| r.state).find(|s| *s == RiskState::Tripped)
}

fn is_done(s: &Snapshot, done: Done) -> bool {
    let entries = || s.orders.iter().any(|o| o.state.is_open() && o.parent.is_none());
    match done {
        Done::Alert | Done::Blocked => true,
        Done::Cancelled => !entries(),
        Done::Flat => !entries() && s.positions.is_empty(),
    }
}

fn trips(of: &Trip) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut text = "[venues.paper]\nkind = \"paper\"\n".to_owned();
    if !of.faults.is_empty() {
        let script = dir.path().join("faults.toml");
        std::fs::write(&script, of.faults).unwrap();
        writeln!(text, "faults = \"{}\"", script.display()).unwrap();
    }
    let table = if of.table.is_empty() { another_minute() } else { of.table.to_owned() };
    writeln!(text, "[rules]\n{table}").unwrap();
    let (state, clock) = (dir.path().join("state"), System::start());
    let mut client = open(&text, &state);
    let mut caused = clock.now().mono;
    for line in of.lines {
        let before = client.snapshot().orders.len();
        caused = clock.now().mono;
        // Refused where it has tripped before the last line.
        let reply = run(&mut client, line);
        let in_order = matches!(reply, Reply::Placed { .. } | Reply::Done(_) | Reply::Refused { .. });
        assert!(in_order, "{}: `{line}`: {reply:?}", of.rule);
        // Each line is through, or waits, before the next.
        drop(client.wait_for(Duration::from_secs(2), |s| {
            state_of(s, of.rule).is_some()
                || s.orders.len() > before && s.orders.iter().all(|o| !o.state.is_uncertain())
        }));
    }
    let shown = client.wait_for(LONG, |s| state_of(s, of.rule).is_some()).unwrap();
    let ms = clock.now().mono.since_ms(caused);
    let s = shown.unwrap_or_else(|| panic!("{} does not trip: {:#?}", of.rule, client.snapshot().risk));
    let row = s.risk.iter().find(|r| r.rule == of.rule && r.state == RiskState::Tripped).unwrap();
    let reason = row.reason.as_ref().expect("a reason").as_str();
    let said: Vec<&str> = s.alerts.iter().map(|a| a.alert.text.as_str()).collect();
    assert!(said.iter().any(|text| text.contains(reason)), "{}: {reason:?} is not said: {said:?}", of.rule);
    if client.wait_for(LONG, |s| is_done(s, of.done)).unwrap().is_none() {
        wait(&mut client, of.rule, |s| is_done(s, of.done));
    }
    let symbol = row.symbol.as_ref().map_or("NVDA", |s| s.as_str());
    let stands = state_of(&client.snapshot(), of.rule).is_some();
    if of.done == Done::Blocked || stands && of.done != Done::Alert {
        let refused = run(&mut client, &format!("buy {symbol} 1"));
        assert!(matches!(refused, Reply::Refused { .. }), "{}: {refused:?}", of.rule);
    }
    client.close().unwrap();
    if !is_momentary(of.rule) {
        let mut client = open(&text, &state);
        let kept = client.wait_for(LONG, |s| state_of(s, of.rule).is_some()).unwrap();
        assert!(kept.is_some(), "{}: a restart lost it", of.rule);
        client.close().unwrap();
    }
    format!("{:>15}: {ms} ms from the line to the screen", of.rule)
}

/// It stands while it is so, and what was done, or the end of the fault, ends it.
fn is_momentary(rule: &str) -> bool {
    let of_venue =
        matches!(rule, "order pending" | "stream down" | "quote age" | "clock skew" | "rate limit");
    of_venue || matches!(rule, "order old" | "position loss" | "no stop")
}

#[test]
fn each_rule_trips_shows_acts_and_outlives_a_restart() {
    let mut failed = Vec::new();
    for some in TRIPS.chunks(4) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = some.iter().map(|of| (of.rule, scope.spawn(|| trips(of)))).collect();
            for (rule, run) in runs {
                match run.join() {
                    Ok(line) => println!("{line}"),
                    Err(_) => failed.push(rule),
                }
            }
        });
    }
    assert!(failed.is_empty(), "{failed:?}");
}
