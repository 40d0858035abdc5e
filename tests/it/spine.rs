//! The whole way without a screen: host, engine, journal, adapter, paper venue over real sockets.

use std::{path::Path, time::Duration};
use tradedeck::{
    config::{Config, Env, Flags},
    desk::{Envelope, Reply, Request, RequestId, Snapshot},
    domain::{draft::Command, lifecycle::OrderState, order::Origin},
    grammar,
    runtime::{Client, Host, Opening, Role},
};

const LONG: Duration = Duration::from_secs(20);

pub(crate) fn open(state: &Path) -> Client {
    let mut client = Client::over(tradedeck::runtime::Deck::Own(host(state))).unwrap();
    wait(&mut client, "agreement and quotes", |s| {
        s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.iter().filter(|w| w.bid.is_some()).count() >= 5
    });
    client
}

fn host(state: &Path) -> Host {
    let env = Env::new([
        ("HOME".to_owned(), state.display().to_string()),
        ("TRADEDECK_STATE".to_owned(), state.join("state").display().to_string()),
    ]);
    let mut config = Config::default();
    config.paths.state = Some(state.join("state"));
    Host::open(Opening { config, env, flags: Flags::default(), role: Role::Screen, live: None, looks: false })
        .expect("the host opens")
}

pub(crate) fn wait(client: &mut Client, what: &str, ready: impl Fn(&Snapshot) -> bool) {
    if client.wait_for(LONG, ready).unwrap().is_none() {
        let s = client.snapshot();
        panic!(
            "waited in vain for {what}\norders {:#?}\npositions {:#?}\nhealth {:#?}\nbanner {:#?}\nalerts {:?}\nexit {:?}",
            s.orders,
            s.positions,
            s.health,
            s.banner,
            s.alerts.iter().map(|a| a.alert.text.to_string()).collect::<Vec<_>>(),
            s.exit
        );
    }
}

pub(crate) fn line(text: &str) -> Command {
    grammar::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub(crate) fn run(client: &mut Client, text: &str) -> Reply {
    client.ask(Request::Do(line(text)), LONG).unwrap()
}

/// What is about orders steps the engine where that is free, and everything else goes over a lane: whichever way it goes,
/// nothing passes what was asked before it.
#[test]
fn a_front_end_is_answered_in_the_order_in_which_it_asks() {
    let home = tempfile::tempdir().unwrap();
    let mut host = host(home.path());
    let mut answered = Vec::new();
    for n in 0..600 {
        let request = if n % 3 == 0 {
            Request::Acknowledge { alert: None }
        } else {
            Request::Do(line(&format!("close NONE{}", n % 7)))
        };
        let envelope = Envelope { id: RequestId(n), origin: Origin::Screen, request };
        // A full lane says so; it is empty again soon.
        while host.desk.ask(envelope.clone()).is_err() {
            answered.extend(host.desk.receipts.blocking_recv().map(|receipt| receipt.id.0));
        }
        while let Ok(receipt) = host.desk.receipts.try_recv() {
            answered.push(receipt.id.0);
        }
    }
    while answered.len() < 600 {
        answered.push(host.desk.receipts.blocking_recv().expect("an answer to each").id.0);
    }
    assert!(answered.is_sorted(), "{answered:?}");
    let quit = Envelope { id: RequestId(600), origin: Origin::Screen, request: Request::Quit };
    host.desk.ask(quit).unwrap();
    host.close().unwrap();
}

#[test]
fn a_bracket_is_bought_filled_protected_closed_and_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = open(dir.path());
    let reply = run(&mut client, "buy AAPL risk 0.5% stop -2% target 2R");
    let Reply::Placed { orders, .. } = &reply else { panic!("{reply:?}") };
    let parent = orders[0].clone();
    wait(&mut client, "the entry filled and two children", |s| {
        let filled = s.orders.iter().any(|o| o.id.client == parent && o.state == OrderState::Filled);
        let kids =
            s.orders.iter().filter(|o| o.parent.as_ref() == Some(&parent) && o.state.is_open()).count();
        filled && kids == 2 && s.positions.len() == 1
    });
    let held = client.snapshot().positions[0].clone();
    assert_eq!(held.protected, held.qty.size(), "the stop covers all of it");
    wait(&mut client, "fees and figures", |s| s.accounts.iter().all(|a| a.unrealized.is_some()));
    client.close().unwrap();

    let mut client = open(dir.path());
    wait(&mut client, "the same position", |s| s.positions.iter().any(|p| p.qty == held.qty));
    let reply = run(&mut client, "flatten");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    wait(&mut client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    let s = client.snapshot();
    assert!(s.positions.is_empty() && s.orders.iter().all(|o| o.state.is_final()), "{:#?}", s.orders);
    assert!(s.banner.locked.is_some(), "entries stay blocked after a flatten");
    let reply = run(&mut client, "buy AAPL 1");
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    assert!(matches!(run(&mut client, "unlock checked"), Reply::Done(_)));
    assert!(matches!(run(&mut client, "buy AAPL 1"), Reply::Placed { .. }));
    wait(&mut client, "one share", |s| s.positions.iter().any(|p| p.qty.to_string() == "1"));
    client.close().unwrap();
}

fn position(client: &mut Client, symbol: &str) -> String {
    client
        .snapshot()
        .positions
        .iter()
        .find(|p| p.instrument.symbol.as_str() == symbol)
        .map_or("0".to_owned(), |p| p.qty.to_string())
}

fn placed(reply: &Reply) -> &tradedeck::domain::ids::ClientId {
    let Reply::Placed { orders, .. } = reply else { panic!("{reply:?}") };
    &orders[0]
}

#[test]
fn take_half_keeps_protection_break_even_moves_it_and_reverse_turns() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = open(dir.path());
    let parent = placed(&run(&mut client, "buy MSFT 40 stop -3% target 3R")).clone();
    let exits = |s: &Snapshot| {
        s.orders
            .iter()
            .filter(|o| o.state.is_open() && o.symbol.as_str() == "MSFT" && o.id.client != parent)
            .map(|o| (o.order_type.kind(), o.amount.qty().unwrap().to_string()))
            .collect::<Vec<_>>()
    };
    wait(&mut client, "bracket", |s| {
        exits(s).len() == 2 && s.positions.iter().any(|p| p.qty.to_string() == "40")
    });

    run(&mut client, "close MSFT 50%");
    wait(&mut client, "half closed and protected again", |s| {
        s.positions.iter().any(|p| p.qty.to_string() == "20" && p.protected == p.qty.size())
            && exits(s).len() == 2
            && exits(s).iter().all(|(_, q)| q == "20")
    });

    // The market stands about where it was bought: a stop at break-even is refused or taken, never lost.
    let reply = run(&mut client, "protect MSFT stop -1%");
    assert!(matches!(reply, Reply::Placed { .. }), "{reply:?}");
    wait(&mut client, "the stop moved", |s| {
        let p = s.positions.iter().find(|p| p.instrument.symbol.as_str() == "MSFT").unwrap();
        let want = p.avg_price.unwrap().checked_mul(rust_decimal::Decimal::new(985, 3)).unwrap();
        p.stop.is_some_and(|stop| stop > want) && p.protected == p.qty.size()
    });

    run(&mut client, "reverse MSFT");
    wait(&mut client, "short 20, and no exits left", |s| {
        s.positions.iter().any(|p| p.qty.to_string() == "-20") && exits(s).is_empty()
    });
    run(&mut client, "close MSFT");
    wait(&mut client, "flat", |s| s.positions.is_empty());
    let again = run(&mut client, "close MSFT");
    assert!(matches!(again, Reply::Refused { .. }), "closing nothing sends nothing: {again:?}");
    client.close().unwrap();
}

#[test]
fn a_limit_is_changed_in_place_and_cancelled_and_coins_trade_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = open(dir.path());
    let first = placed(&run(&mut client, "buy NVDA 5 limit -5%")).clone();
    wait(&mut client, "working", |s| {
        s.orders.iter().any(|o| o.id.client == first && o.state == OrderState::Working)
    });
    let second = placed(&run(&mut client, &format!("replace {first} qty 7 limit +10t"))).clone();
    wait(&mut client, "replaced", |s| {
        let old = s.orders.iter().any(|o| o.id.client == first && o.state == OrderState::Replaced);
        let new = s.orders.iter().any(|o| {
            o.id.client == second
                && o.state == OrderState::Working
                && o.amount.qty().is_some_and(|q| q.to_string() == "7")
        });
        old && new
    });
    run(&mut client, "cancel NVDA");
    wait(&mut client, "cancelled", |s| s.orders.iter().all(|o| o.state.is_final()));

    run(&mut client, "buy BTC/USD $500");
    wait(&mut client, "coins", |s| s.positions.iter().any(|p| p.instrument.symbol.as_str() == "BTC/USD"));
    run(&mut client, "close BTCUSD");
    wait(&mut client, "no coins", |s| s.positions.is_empty());
    assert_eq!(position(&mut client, "BTC/USD"), "0");
    client.close().unwrap();
}
