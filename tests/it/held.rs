//! Orders that are held here, end to end: coins at the paper venue have no brackets, so this program holds them, over a
//! restart and until their prices come.

use super::{
    counterparty::client_as,
    spine::{run, wait},
};
use std::path::Path;
use tradedeck::{
    desk::{Reply, Snapshot},
    domain::{alert::Severity, money::Qty, order::Amount},
    runtime::{Client, Role},
};

fn open(state: &Path) -> Client {
    let text = "[watchlist]\nsymbols = [\"BTC/USD\"]\n[limits]\nduplicate = \"off\"\n";
    let mut client = client_as(Role::Screen, text, state);
    wait(&mut client, "agreement and a quote", |s| {
        !s.watchlist.is_empty()
            && s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.iter().all(|w| w.bid.is_some() && w.tick.is_some())
    });
    client
}

/// What is held here and not over: its words and quantity.
fn here(s: &Snapshot) -> Vec<(String, Qty)> {
    let open = s.orders.iter().filter(|o| o.here && o.reason.is_none());
    open.map(|o| match o.amount {
        Amount::Qty(qty) => (o.status_word.to_string(), qty),
        Amount::Notional(_) => panic!("held in money"),
    })
    .collect()
}

fn position(s: &Snapshot) -> Qty {
    s.positions.iter().find(|p| p.instrument.symbol.as_str() == "BTC/USD").map_or(Qty::ZERO, |p| p.qty.size())
}

#[test]
fn a_coins_bracket_outlives_a_restart_and_takes_its_profit_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let mut client = open(&state);
    let reply = run(&mut client, "buy BTC/USD 0.02 stop -9% target +8% for 50% target +9%");
    let Reply::Placed { orders, .. } = &reply else { panic!("{reply:?}") };
    assert_eq!(orders.len(), 1, "one order leaves; three wait here");
    wait(&mut client, "all three are watched", |s| {
        here(s).iter().filter(|(w, _)| w == "held here").count() == 3
    });
    wait(&mut client, "the stop counts as protection", |s| {
        s.positions.iter().any(|p| !p.protected.is_zero())
    });
    client.close().unwrap();

    let mut client = open(&state);
    let near = client
        .snapshot()
        .orders
        .iter()
        .find(|o| o.here && o.order_type.limit().is_some())
        .unwrap()
        .id
        .client
        .clone();
    // Just above the market, again and again until its own noise has reached it; where it is there already it is refused.
    for _ in 0..200 {
        let bid = client.snapshot().watchlist.first().and_then(|w| w.bid).unwrap();
        let line = format!("replace {near} limit {}", bid.get() + rust_decimal::Decimal::ONE);
        let acts = |s: &Snapshot| {
            s.orders.iter().any(|o| o.id.client == near && o.status_word.as_str() != "held here")
        };
        if acts(&client.snapshot()) {
            break;
        }
        run(&mut client, &line);
        wait(&mut client, "the market moves", |s| {
            acts(s) || s.watchlist.first().and_then(|w| w.bid) != Some(bid)
        });
    }
    wait(&mut client, "the near target is taken", |s| {
        let left = here(s);
        left.len() == 2 && left.iter().all(|(_, qty)| *qty == "0.01".parse().unwrap())
    });
    wait(&mut client, "half of it is sold", |s| position(s) < "0.0101".parse().unwrap());
    // The fee that the venue took in the coin is told as one, and is no foreign position.
    wait(&mut client, "the fee is told", |s| {
        s.alerts
            .iter()
            .any(|a| a.alert.severity == Severity::Info && a.alert.text.as_str().contains("fee in the coin"))
            && s.reconciliation.iter().all(|r| !r.is_open)
    });
    let worst = client.snapshot().alerts.iter().map(|a| a.alert.severity).max();
    assert!(worst < Some(Severity::Critical), "{:?}", client.snapshot().alerts);
    let reply = run(&mut client, "flatten");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    wait(&mut client, "nothing is left, here or there", |s| position(s).is_zero() && here(s).is_empty());
    client.close().unwrap();
}
