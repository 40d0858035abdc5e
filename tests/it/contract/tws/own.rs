//! What only this venue has.

use super::{
    super::{Rig, agrees},
    *,
};
use std::time::Duration;
use tradedeck::{
    desk::Snapshot,
    domain::{alert::AlertCode, lifecycle::OrderState},
};

fn is_dim(s: &tradedeck::desk::Snapshot) -> bool {
    s.health[0].channels.iter().any(|c| c.name == "market" && c.state == "stale")
}
fn to(rig: &Rig<Tws>, bid: &str, ask: &str) {
    rig.stand.running.with(|gateway| gateway.move_to("AAPL", bid, ask));
}

#[test]
fn what_an_execution_cost_is_in_the_book() {
    let mut rig = Rig::holding(Tws::start());
    rig.wait("the fee", |s| s.fills.iter().any(|f| f.fee.is_some()));
    rig.close();
}

fn fill_of<'s>(s: &'s Snapshot, id: &str) -> Option<&'s tradedeck::desk::snapshot::FillRow> {
    s.fills.iter().find(|f| f.order.client.as_str() == id)
}

/// What a fill was corrected to counts: in the position, in what is realized, in the fills, and again after a restart.
/// Told twice, or after the version that it corrects, it counts once.
#[test]
fn a_corrected_execution_is_booked() {
    let mut rig = Rig::open(Tws::start());
    let entry = rig.place("buy AAPL 10 market");
    rig.wait_state(&entry, OrderState::Filled);
    rig.agree();
    rig.stand.running.with(|g| g.correct(&entry, dec("8"), dec("201.00")));
    let is_booked = |s: &Snapshot| {
        let held = s.positions.iter().any(|p| {
            p.qty.get() == dec("8") && p.avg_price.is_some_and(|avg| avg.get().normalize() == dec("201"))
        });
        let fill = fill_of(s, &entry);
        held && s.fills.len() == 1
            && fill.is_some_and(|f| (f.qty.get(), f.price.get()) == (dec("8"), dec("201")))
    };
    rig.wait("eight at 201", is_booked);
    rig.wait("the alert", |s| {
        let said = "corrected a fill of AAPL: buy 10 at 200.02 is 8 at 201 now";
        s.alerts.iter().any(|a| a.alert.text.as_str().contains(said))
    });
    rig.stand.running.with(Gateway::tell_again);
    rig.agree();
    let s = rig.client.snapshot();
    assert!(is_booked(&s), "{:?} {:?}", s.positions, s.fills);
    assert!(!s.alerts.iter().any(|a| a.alert.code == AlertCode::PositionMismatch), "{:?}", s.alerts);
    // Again, and nobody hears of it: the report after the cut tells both versions.
    rig.stand.deaf(true);
    rig.stand.running.with(|g| g.correct(&entry, dec("9"), dec("199.00")));
    rig.stand.deaf(false);
    rig.stand.cut();
    let nine = |s: &Snapshot| {
        fill_of(s, &entry).is_some_and(|f| (f.qty.get(), f.price.get()) == (dec("9"), dec("199")))
            && s.positions.iter().any(|p| p.qty.get() == dec("9"))
    };
    rig.wait("nine at 199", nine);
    rig.agree();
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    let cash = rig.stand.running.with(|g| g.cash);
    let won = (dec("200.00") - dec("199.00")) * dec("9");
    rig.wait("what was realized", |s| s.accounts[0].realized.get() == won);
    assert_eq!(rig.client.snapshot().accounts[0].fees.get(), dec("1000000") + won - cash);
    // The journal alone makes the same.
    let Rig { client, stand, dir, placed } = rig;
    client.close().unwrap();
    let client = super::super::client(&stand.config(), &dir.path().join("state"));
    let mut rig = Rig { stand, client, dir, placed };
    rig.agree();
    let s = rig.client.snapshot();
    assert!(s.positions.is_empty() && s.accounts[0].realized.get() == won, "{:?}", s.accounts);
    assert!(fill_of(&s, &entry).is_some_and(|f| f.qty.get() == dec("9")));
    rig.close();
}

#[test]
fn a_pair_ends_with_the_one_that_fills() {
    Rig::holding(Tws::start()).pair_ends(|rig| to(rig, "206.10", "206.12"));
}

#[test]
fn a_trailing_stop_follows_the_market_and_sells() {
    let move_to = |rig: &Rig<_>, bid: Decimal| to(rig, &bid.to_string(), &(bid + dec("0.02")).to_string());
    let mut rig = Rig::holding(Tws::start()).trail_sells("10", move_to, ["210.00", "208.00", "207.80"]);
    rig.wait("flat", |s| s.positions.is_empty());
    rig.close();
}

/// TWS is there and has lost IBKR: nothing that opens is sent, the farms are another matter, and a cancel that came
/// back as error 202 alarms nobody.
#[test]
fn system_notices_are_told_apart_from_those_of_orders() {
    let mut rig = Rig::open(Tws::start());
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.done(&format!("cancel {id}"));
    rig.wait_state(&id, OrderState::Cancelled);
    let warned = |s: &tradedeck::desk::Snapshot, code| s.alerts.iter().any(|a| a.alert.code == code);
    let s = rig.client.snapshot();
    assert!(!warned(&s, AlertCode::OrderRejected) && !warned(&s, AlertCode::CancelRefused), "{:?}", s.alerts);
    rig.stand.running.with(|g| g.notice(2_103, "Market data farm connection is broken:usfarm"));
    rig.wait("a dim market", is_dim);
    assert!(agrees(&rig.client.snapshot()), "orders are not concerned");
    rig.stand.running.with(|g| g.notice(2_104, "Market data farm connection is OK:usfarm"));
    rig.wait("a bright one", |s| !is_dim(s));
    let lost = "Connectivity between IBKR and Trader Workstation has been lost.";
    rig.stand.running.with(|g| g.notice(1_100, lost));
    rig.wait("no agreement", |s| !agrees(s));
    let before = rig.stand.sent().len();
    drop(super::super::run(&mut rig.client, "buy AAPL 10 limit -4% gtc"));
    assert_eq!(rig.stand.sent().len(), before);
    let back = "Connectivity between IBKR and Trader Workstation has been restored - data maintained.";
    rig.stand.running.with(|g| g.notice(1_102, back));
    rig.agree();
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.agree();
    rig.close();
}

/// Prices that are a quarter of an hour old are none to trade by.
#[test]
fn delayed_prices_are_no_quotes() {
    let stand = Tws { running: Running::start(|gateway| gateway.is_delayed = true), kind: Kind::Stock };
    let dir = tempfile::tempdir().unwrap();
    let mut client = super::super::client(&stand.config(), &dir.path().join("state"));
    super::super::wait(&mut client, "agreement", agrees);
    super::super::wait(&mut client, "a dim market", is_dim);
    drop(client.wait_for(Duration::from_secs(2), |_| false));
    let s = client.snapshot();
    assert!(s.watchlist.iter().all(|w| w.bid.is_none() && w.last.is_none()), "{:?}", s.watchlist);
    let reply = super::super::run(&mut client, "buy AAPL 10 market");
    assert!(matches!(reply, tradedeck::desk::Reply::Refused { .. }), "{reply:?}");
    assert!(stand.sent().is_empty());
    client.close().unwrap();
}

/// Who is in the way of a connection is said in a sentence, and nothing is sent.
#[test]
fn what_stands_in_the_way_is_said() {
    let sentence = |stand: &Tws, text: &str, part: &'static str| {
        let dir = tempfile::tempdir().unwrap();
        let mut client = super::super::client(text, &dir.path().join("state"));
        super::super::wait(&mut client, part, |s| format!("{:?} {:?}", s.health, s.alerts).contains(part));
        assert!(stand.sent().is_empty());
        client.close().unwrap();
    };
    let old = Tws { running: Running::speaking(200, |_| {}), kind: Kind::Stock };
    sentence(&old, &old.config(), "213 is needed");
    let stand = Tws::start();
    let rig = Rig::open(Tws::start());
    // Shell commands come with the next number: one works beside a dashboard, and two do not beside each other.
    sentence(&rig.stand, &rig.stand.config(), "client id 8 is in use");
    let dir = tempfile::tempdir().unwrap();
    let config = rig.stand.config();
    let mut screen =
        crate::counterparty::client_as(tradedeck::runtime::Role::Screen, &config, &dir.path().join("state"));
    super::super::wait(&mut screen, "agreement beside a shell command", super::super::agrees);
    screen.close().unwrap();
    rig.close();
    let text = format!("{}account = \"DU1\"\n", stand.config());
    sentence(&stand, &text, "the login has no account DU1");
    stand.running.with(|gateway| gateway.accounts.push("DU9000002".into()));
    sentence(&stand, &stand.config(), "several accounts");
    stand.running.with(|gateway| gateway.accounts = vec!["U9000001".into()]);
    sentence(&stand, &stand.config(), "is LIVE, the configuration says PAPER");
}

/// An order of another program: seen, counted, not to be cancelled singly, and gone with everything.
#[test]
fn what_others_sent_is_seen_and_goes_with_everything() {
    let mut rig = Rig::open(Tws::start());
    rig.stand.running.with(|gateway| gateway.enter_by_hand("AAPL", "5", "150.00"));
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.wait("the order entered by hand", |s| {
        s.orders.iter().any(|o| o.id.client.as_str().starts_with("x-"))
    });
    let s = rig.client.snapshot();
    let theirs = s.orders.iter().find(|o| o.id.client.as_str().starts_with("x-")).unwrap().id.client.clone();
    drop(super::super::run(&mut rig.client, &format!("cancel {theirs}")));
    rig.wait("a sentence", |s| {
        s.alerts.iter().any(|a| a.alert.text.as_str().contains("entered by hand in TWS"))
    });
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(rig.stand.open().is_empty());
    rig.close();
}

/// After a restart orders of the run before are changed and cancelled under their numbers.
#[test]
fn orders_of_an_earlier_run_are_reached() {
    let stand = Tws::start();
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let mut client = super::super::client(&stand.config(), &state);
    super::super::wait(&mut client, "agreement", agrees);
    super::super::wait(&mut client, "a quote", |s| s.watchlist.iter().any(|w| w.bid.is_some()));
    let reply = super::super::run(&mut client, "buy AAPL 10 limit -4% gtc");
    assert!(matches!(reply, tradedeck::desk::Reply::Placed { .. }), "{reply:?}");
    super::super::wait(&mut client, "working", |s| s.orders.iter().any(|o| o.state == OrderState::Working));
    let id = client.snapshot().orders[0].id.client.clone();
    client.close().unwrap();
    let mut rig = Rig { client: super::super::client(&stand.config(), &state), stand, dir, placed: 0 };
    rig.wait("agreement", agrees);
    rig.wait("a quote", |s| s.watchlist.iter().any(|w| w.bid.is_some()));
    let still = rig.replaced(id.as_str(), "limit -3%");
    assert_eq!(still, id.as_str(), "in place");
    rig.done(&format!("cancel {id}"));
    rig.wait_state(id.as_str(), OrderState::Cancelled);
    rig.agree();
    rig.close();
}

/// The shell: reach, account, environment, clock; then the way out.
#[test]
fn the_shell_checks_looks_and_gets_out() {
    let stand = Tws::start();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    std::fs::write(&file, stand.config()).unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"));
        command.env_clear().env("HOME", home.path()).env("TRADEDECK_CONFIG", &file);
        command.env("TRADEDECK_STATE", home.path().join("state"));
        let output = command.args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = told + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        (output.status.code(), said)
    };
    let (code, said) = run(&["check", "stand"]);
    assert_eq!(code, Some(0), "{said}");
    for part in ["connected, in agreement", "PAPER, proven by the venue", "may trade", " ms"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = run(&["order", "buy AAPL 10 market", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["positions"]);
    assert!(code == Some(0) && said.contains("AAPL"), "{said}");
    let (code, said) = run(&["flatten", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(stand.held("AAPL").is_zero() && stand.open().is_empty());
}
