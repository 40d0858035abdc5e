//! Options, futures and currency pairs: found by their names and never guessed among, and counted with what a point of each
//! is worth.

use super::{
    super::{Rig, agrees, client, run, wait},
    *,
};
use tradedeck::{
    desk::{
        Reply, Snapshot,
        snapshot::{FillRow, PositionRow},
    },
    domain::{
        ids::Currency,
        lifecycle::OrderState,
        money::{Money, Price},
    },
    runtime::Client,
};

fn position<'s>(s: &'s Snapshot, symbol: &str) -> Option<&'s PositionRow> {
    s.positions.iter().find(|p| p.instrument.symbol.as_str() == symbol)
}

fn money(d: Decimal) -> Money {
    Money::new(d.normalize())
}

/// What is open is worth the move times quantity times a point's worth; a flatten closes it, and then it is realized, less
/// what it cost, to the cent of what the venue says.
fn is_counted(kind: Kind, [bid, ask]: [&str; 2]) {
    let mut rig = Rig::holding(Tws::trading(kind));
    let (symbol, qty) = rig.stand.market();
    let (paid, unit) = rig.stand.running.with(|g| (g.markets[symbol].ask, g.markets[symbol].unit()));
    let won = dec(qty) * (dec(bid) - paid) * unit;
    rig.stand.running.with(|g| g.move_to(symbol, bid, ask));
    rig.wait("what is won", |s| position(s, symbol).and_then(|p| p.unrealized) == Some(money(won)));
    // The venue's average has the commission in it; the fills are not forgotten over that.
    rig.agree();
    let s = rig.client.snapshot();
    let row = position(&s, symbol).unwrap();
    assert_eq!((row.avg_price, row.unrealized), (Some(Price::new(paid.normalize())), Some(money(won))));
    assert_eq!(row.currency, Currency::usd());
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(rig.stand.held(symbol).is_zero() && rig.stand.open().is_empty());
    rig.wait("two fees", |s| s.fills.iter().filter(|f| f.fee.is_some()).count() == 2);
    let s = rig.client.snapshot();
    let fee = |f: &FillRow| f.fee.as_ref().map_or(Decimal::ZERO, |fee| fee.amount.get());
    let fees: Decimal = s.fills.iter().map(fee).sum();
    assert!(s.fills.iter().all(|f| f.fee.as_ref().is_some_and(|fee| fee.currency == Currency::usd())));
    let account = &s.accounts[0];
    assert_eq!((account.realized, account.fees), (money(won), money(fees)));
    let cash = rig.stand.running.with(|g| g.cash);
    assert_eq!(cash, dec("1000000") + won - fees, "as the stand-in counts it");
    rig.wait("the same equity", |s| s.accounts[0].equity == money(cash));
    rig.close();
}

#[test]
fn an_option_is_counted_with_its_multiplier() {
    is_counted(Kind::Option, ["505.00", "505.05"]);
}

#[test]
fn a_future_is_counted_with_its_multiplier() {
    is_counted(Kind::Future, ["6010.00", "6010.25"]);
}

#[test]
fn a_pair_is_counted_in_the_currency_that_it_is_priced_in() {
    is_counted(Kind::Pair, ["1.08700", "1.08705"]);
}

fn watching(stand: &Tws, symbols: &[&str]) -> (Client, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let own = format!("[\"{}\"]", stand.market().0);
    let config = stand.config().replace(&own, &format!("{symbols:?}"));
    let mut client = client(&config, &dir.path().join("state"));
    wait(&mut client, "agreement", agrees);
    let quoted = |s: &Snapshot| s.watchlist.iter().filter(|w| w.bid.is_some()).count() == symbols.len();
    wait(&mut client, "quotes", quoted);
    (client, dir)
}

/// Wheat is 5,000 bushels at so many cents each: a point is 50 dollars, and what the venue says that a contract cost comes
/// back as the price that was paid for it.
#[test]
fn what_is_priced_in_cents_is_counted_in_dollars() {
    let stand = Tws::start();
    let (mut desk, _dir) = watching(&stand, &["ZWZ6"]);
    let reply = run(&mut desk, "buy ZWZ6 2 market");
    assert!(matches!(reply, Reply::Placed { .. }), "{reply:?}");
    wait(&mut desk, "two contracts", |s| position(s, "ZWZ6").is_some_and(|p| p.qty.get() == Decimal::TWO));
    stand.running.with(|g| g.move_to("ZWZ6", "550.00", "550.25"));
    wait(&mut desk, "what is won", |s| {
        position(s, "ZWZ6").and_then(|p| p.unrealized) == Some(money(dec("975")))
    });
    desk.close().unwrap();
    stand.running.with(super::gateway::Gateway::forget_executions);
    // Nothing but the venue's word: the commission of 2.25 is 4.5 hundredths of a cent a bushel.
    let (mut desk, _dir) = watching(&stand, &["ZWZ6"]);
    wait(&mut desk, "its average", |s| position(s, "ZWZ6").is_some_and(|p| p.avg_price.is_some()));
    let s = desk.snapshot();
    let row = position(&s, "ZWZ6").unwrap();
    assert_eq!(row.avg_price, Some(Price::new(dec("540.295"))));
    desk.close().unwrap();
}

/// Positions of every class that were there before: each by its name, at the price that was paid, closed by one flatten.
#[test]
fn what_was_held_before_is_told_by_name_and_closed() {
    let stand = Tws::start();
    let held = [
        ("AAPL261218C00200000", "-3", "1020.25", "10.2025"),
        ("SPXW261218C06000000", "1", "5400.65", "54.0065"),
        ("MESZ6", "-2", "29990.75", "5998.15"),
        ("ZWZ6", "1", "26912.25", "538.245"),
        ("EUR/USD", "-30000.5", "1.0841", "1.0841"),
    ];
    stand.running.with(|g| {
        for (symbol, qty, cost, _) in held {
            g.positions.insert(symbol.to_owned(), (dec(qty), dec(cost)));
        }
    });
    let (mut desk, _dir) = watching(&stand, &held.map(|(symbol, ..)| symbol));
    for (symbol, qty, _, average) in held {
        wait(&mut desk, symbol, |s| {
            position(s, symbol)
                .is_some_and(|p| p.qty.get() == dec(qty) && p.avg_price == Some(Price::new(dec(average))))
        });
    }
    let reply = run(&mut desk, "flatten");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    wait(&mut desk, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(stand.running.with(|g| g.positions.values().all(|(qty, _)| qty.is_zero())));
    desk.close().unwrap();
}

/// What is held can always be closed: of two contracts of one name it is the one that is held.
#[test]
fn a_position_whose_name_is_anothers_too_is_closed() {
    let stand = Tws::start();
    stand.running.with(|g| {
        g.positions.insert("GAZ6 elsewhere".to_owned(), (dec("3"), dec("1802.25")));
    });
    let (mut desk, _dir) = watching(&stand, &["AAPL"]);
    let average = Some(Price::new(dec("90.1125")));
    wait(&mut desk, "its average", |s| position(s, "GAZ6").is_some_and(|p| p.avg_price == average));
    let reply = run(&mut desk, "flatten");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    wait(&mut desk, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(stand.held("GAZ6 elsewhere").is_zero() && stand.held("GAZ6").is_zero());
    desk.close().unwrap();
}

/// Two series of one day and strike are told apart by their roots, whether TWS finds an option by its name or by its parts.
#[test]
fn weekly_and_monthly_options_are_told_apart() {
    for is_by_parts in [false, true] {
        let stand = Tws::start();
        stand.running.with(|g| g.is_by_parts = is_by_parts);
        let (mut desk, _dir) = watching(&stand, &["SPX261218C06000000"]);
        let reply = run(&mut desk, "buy SPX261218C06000000 1 limit 495 gtc");
        let Reply::Placed { orders, .. } = &reply else { panic!("{reply:?}") };
        let name = orders.first().unwrap().to_string();
        wait(&mut desk, "it works", |s| s.orders.iter().any(|o| o.state == OrderState::Working));
        let sent = stand.running.with(|g| g.orders[g.by_name(&name).unwrap()].symbol.clone());
        assert_eq!(sent, "SPX261218C06000000");
        desk.close().unwrap();
    }
}

/// A name that is two contracts is refused with both, and a number of a contract that has a name is told that.
#[test]
fn what_could_be_two_contracts_is_never_chosen_among() {
    let stand = Tws::start();
    let (mut desk, _dir) = watching(&stand, &["AAPL"]);
    for (line, parts) in [
        ("buy GAZ6 1 limit 90 gtc", ["fits several contracts", "IB730000003", "IB730000004"]),
        ("buy IB265598 1 limit 150 gtc", ["IB265598 is AAPL here", "write", "that"]),
    ] {
        // At first it is asked for; then it is known why not.
        let says = |reply: &Reply, part: &str| matches!(reply, Reply::Refused { text, .. } if text.as_str().contains(part));
        for _ in 0..100 {
            let reply = run(&mut desk, line);
            if parts.iter().all(|part| says(&reply, part)) {
                break;
            }
            assert!(says(&reply, "asking stand about"), "{line}: {reply:?}");
            drop(desk.wait_for(std::time::Duration::from_millis(100), |_| false));
        }
        let reply = run(&mut desk, line);
        assert!(parts.iter().all(|part| says(&reply, part)), "{line}: {reply:?}");
    }
    assert!(stand.sent().is_empty());
    desk.close().unwrap();
}
