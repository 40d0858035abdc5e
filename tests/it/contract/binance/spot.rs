//! What spot alone has: icebergs, exits that wait for an entry by a fixed quantity, and orders that are changed after
//! something of them has filled.

use super::super::{Rig, agrees, exchange::Order, order};
use super::*;
use crate::spine::{line, run};
use std::time::Duration;
use tradedeck::{
    desk::{Preview, Reply, Request, Snapshot, snapshot::OrderRow},
    domain::{lifecycle::OrderState, money::Qty, order::Amount},
    runtime::Role,
};

fn preview(rig: &mut Rig<Binance>, text: &str) -> Preview {
    let reply = rig.client.ask(Request::Preview(line(text)), Duration::from_secs(10)).unwrap();
    let Reply::Preview(preview) = reply else { panic!("{text}: {reply:?}") };
    *preview
}

fn there(rig: &Rig<Binance>, client: &str) -> Order {
    rig.stand
        .running
        .with(|e| e.by_client(client).unwrap_or_else(|| panic!("{client}: {:#?}", e.orders)).clone())
}

fn is_open_there(rig: &Rig<Binance>, client: &str) -> bool {
    rig.stand.open().contains(client)
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

/// The dashboard that watches, with both of the stand's markets.
fn watched(stand: Binance) -> Rig<Binance> {
    let config = stand.config().replace("\"BTC/USDT\"]", "\"BTC/USDT\", \"ETH/USDT\"]");
    let mut rig = Rig::open_as(Role::Screen, stand, &config);
    rig.wait("both quotes", |s| s.watchlist.iter().filter(|w| w.bid.is_some()).count() == 2);
    rig
}

/// An iceberg is one order at the venue, and stays one when it is changed; what the venue told before is read back.
#[test]
fn an_iceberg_goes_to_the_venue_where_it_is_taken() {
    for stand in [Binance::start(), Binance::start_us()] {
        let mut rig = Rig::open(stand);
        let said = preview(&mut rig, "buy BTC/USDT 0.01 limit 48000 gtc show 0.001");
        assert_eq!(said.spec.unwrap().show, Some(qty("0.001")));
        assert!(said.held.is_empty() && said.problems.is_empty(), "{:?} {:?}", said.held, said.problems);
        let id = rig.place("buy BTC/USDT 0.01 limit 48000 gtc show 0.001");
        rig.wait_state(&id, OrderState::Working);
        assert_eq!((there(&rig, &id).qty, there(&rig, &id).iceberg), (dec("0.01"), dec("0.001")));
        let shows = |s: &Snapshot, id: &str| order(s, id).and_then(|o| o.show);
        assert_eq!(shows(&rig.client.snapshot(), &id), Some(qty("0.001")));
        let id = rig.replaced(&id, "limit 48100");
        assert_eq!(there(&rig, &id).iceberg, dec("0.001"), "changed, it shows as much");
        rig.agree();
        // Somebody else's, told by the stream, and by the list after a restart.
        let theirs = [
            ("symbol", "BTCUSDT"),
            ("side", "BUY"),
            ("type", "LIMIT"),
            ("timeInForce", "GTC"),
            ("price", "47000"),
            ("quantity", "0.02"),
            ("icebergQty", "0.005"),
            ("newClientOrderId", "theirs"),
        ];
        let theirs = theirs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        rig.stand.running.with(|e| e.answer("POST /api/v3/order", &theirs).unwrap());
        rig.wait("theirs", |s| shows(s, "theirs") == Some(qty("0.005")));
        let Rig { stand, client, .. } = rig;
        client.close().unwrap();
        let mut rig = Rig::open(stand);
        rig.wait("both are read back", |s| {
            shows(s, "theirs") == Some(qty("0.005")) && shows(s, &id) == Some(qty("0.001"))
        });
        rig.close();
    }
}

/// What the venue does not take so is held here as before, and it is said which and why.
#[test]
fn an_iceberg_that_is_not_taken_is_held_here() {
    let mut rig = watched(Binance::start());
    for (text, why) in [
        (
            "buy BTC/USDT 0.01 limit 48000 gtc show 0.0009",
            "stand takes an order in BTC/USDT in 10 parts at most",
        ),
        ("buy ETH/USDT 1 limit 2400 gtc show 0.1", "stand takes no icebergs in ETH/USDT"),
        ("buy BTC/USDT 0.01 limit 48000 gtc show 0.001001", "0.001001 is no whole number of lots of 0.00001"),
    ] {
        let said = preview(&mut rig, text);
        assert_eq!(said.spec.as_ref().unwrap().show, None, "{text}");
        assert!(said.held.len() == 1 && said.held[0].as_str().contains(why), "{text}: {:?}", said.held);
    }
    // Its trigger would be passed when the next part is due.
    let waits = "buy ETH/USDT 1 trigger 2600 limit 2610 gtc show 0.1";
    let said = preview(&mut rig, waits);
    assert!(said.problems.iter().any(|(field, _)| field == "show"), "{:?}", said.problems);
    let reply = run(&mut rig.client, waits);
    assert!(
        matches!(&reply, Reply::Refused { text, .. } if text.as_str().contains("no icebergs in ETH/USDT"))
    );
    let first = rig.place("buy ETH/USDT 1 limit 2400 gtc show 0.1");
    rig.wait_state(&first, OrderState::Working);
    assert_eq!((there(&rig, &first).qty, there(&rig, &first).iceberg), (dec("0.1"), Decimal::ZERO));
    rig.wait("the rest is held here", |s| {
        s.orders.iter().any(|o| o.here && o.amount == Amount::Qty(qty("0.9")) && o.state == OrderState::Held)
    });
    // The venue's own count of icebergs.
    for n in 0..2 {
        let id = rig.place(&format!("buy BTC/USDT 0.01 limit 4800{n} gtc show 0.001"));
        rig.wait_state(&id, OrderState::Working);
    }
    let said = preview(&mut rig, "buy BTC/USDT 0.01 limit 48005 gtc show 0.001");
    assert!(
        said.held[0].as_str().contains("takes 2 icebergs in BTC/USDT at a time, 2 are open"),
        "{:?}",
        said.held
    );
    rig.agree();
    rig.close();
}

/// Where the symbol has OTO and no OPO, exits wait by a quantity that the fee leaves, whatever parts the entry fills in.
#[test]
fn exits_wait_by_a_quantity_that_is_there_after_the_fee() {
    let mut rig = watched(Binance::start());
    let text = "buy ETH/USDT 0.5 limit 2400 gtc stop -10% target +10%";
    let said = preview(&mut rig, text);
    assert!(said.held.is_empty(), "{:?}", said.held);
    let less = "exits at the venue are for less: room for the largest fee is left in ETH/USDT";
    assert!(said.capped_by.as_ref().is_some_and(|c| c.as_str().contains(less)), "{:?}", said.capped_by);
    let id = rig.place(text);
    rig.wait_state(&id, OrderState::Working);
    // 0.5 less a thousandth, less a hundred-millionth for each of 50,000 lots.
    let sent = rig
        .stand
        .running
        .with(|e| e.seen.iter().rfind(|(w, _)| w == "POST /api/v3/orderList/otoco").cloned());
    assert_eq!(sent.unwrap().1["pendingQuantity"], "0.499");
    let kids = |s: &Snapshot, state: OrderState| {
        let of = |o: &&OrderRow| o.parent.as_ref().is_some_and(|p| p.as_str() == id) && o.state == state;
        s.orders.iter().filter(of).count()
    };
    rig.wait("they wait", |s| kids(s, OrderState::Held) == 2);
    rig.agree();
    assert!(rig.stand.reach(&id, 7));
    rig.wait_state(&id, OrderState::Filled);
    rig.wait("they work", |s| kids(s, OrderState::Working) == 2);
    rig.wait("what they cover is protected", |s| s.positions.iter().any(|p| p.protected == qty("0.499")));
    rig.agree();
    rig.done("flatten");
    rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
    assert!(rig.stand.open().is_empty() && rig.stand.held("ETH/USDT") < dec("0.00001"));
    rig.done("unlock seen");
    // One exit alone.
    let id = rig.place("buy ETH/USDT 0.4 limit 2400 gtc stop -10%");
    rig.wait_state(&id, OrderState::Working);
    assert_eq!(rig.stand.running.with(|e| e.count("POST /api/v3/orderList/oto")), 1);
    rig.done(&format!("cancel {id}"));
    rig.wait("all of it is gone", |s| s.orders.iter().all(|o| o.state.is_final()));
    // Without the venue's word on its commission no such list leaves.
    let no = Mishap::Answer { status: 503, body: "{}".to_owned(), retry_after: None, done: false };
    rig.stand.running.with(|e| e.mishaps.push_back(("GET /api/v3/account/commission", no)));
    let id = rig.place("buy ETH/USDT 0.3 limit 2400 gtc stop -10%");
    rig.wait_state(&id, OrderState::NotSent);
    rig.close();
}

/// The stand judges: of a quantity that the fee has eaten into it rejects the exit, when it is due.
#[test]
fn an_exit_of_more_than_came_would_be_rejected() {
    let running = Running::start(|_| {});
    for (quantity, status) in [("0.5", "REJECTED"), ("0.49951", "REJECTED"), ("0.4995", "NEW")] {
        let list = [
            ("symbol", "ETHUSDT"),
            ("workingType", "LIMIT"),
            ("workingTimeInForce", "GTC"),
            ("workingSide", "BUY"),
            ("workingPrice", "2400"),
            ("workingQuantity", "0.5"),
            ("pendingType", "LIMIT_MAKER"),
            ("pendingSide", "SELL"),
            ("pendingPrice", "2700"),
            ("pendingQuantity", quantity),
        ];
        let list = list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        running.with(|e| {
            e.balances.insert("ETH".to_owned(), (Decimal::ZERO, Decimal::ZERO));
            drop(e.answer("POST /api/v3/orderList/oto", &list).unwrap());
            let working = e.orders.iter().rfind(|o| o.side == "BUY").unwrap().clone();
            e.fill(working.id, working.qty, working.price, true);
            assert_eq!(e.orders.iter().rfind(|o| o.side == "SELL").unwrap().status, status, "{quantity}");
        });
    }
}

/// A symbol without such lists has its exits held here, not refused.
#[test]
fn exits_of_a_symbol_without_lists_are_held_here() {
    let stand = Binance {
        running: Running::start(|e| e.no_oto = BTreeSet::from(["ETHUSDT".to_owned()])),
        product: Product::Spot,
    };
    let mut rig = watched(stand);
    let text = "buy ETH/USDT 0.5 limit 2400 gtc stop -10% target +10%";
    assert_eq!(preview(&mut rig, text).held.len(), 2);
    let id = rig.place(text);
    rig.wait_state(&id, OrderState::Working);
    rig.wait("both wait here", |s| {
        s.orders.iter().filter(|o| o.here && o.status_word.as_str() == "waits here").count() == 2
    });
    assert!(rig.stand.running.with(|e| e.orders.iter().all(|o| o.list < 0)));
    rig.agree();
    rig.close();
}

/// A buy of 0.03 of which so much has filled, as both sides know.
fn part_filled(rig: &mut Rig<Binance>, price: &str, filled: &str) -> String {
    let id = rig.place(&format!("buy BTC/USDT 0.03 limit {price} gtc"));
    rig.wait_state(&id, OrderState::Working);
    fill(rig, &id, filled);
    rig.wait("a part", |s| order(s, &id).is_some_and(|o| o.filled == qty(filled)));
    id
}

fn fill(rig: &Rig<Binance>, id: &str, filled: &str) {
    rig.stand.running.with(|e| {
        let order = e.by_client(id).unwrap().clone();
        e.fill(order.id, dec(filled), order.price, true);
    });
}

/// Another price for an order that has filled in part: what is left of it stands in its place, and no more.
#[test]
fn an_order_that_filled_in_part_is_changed() {
    for stand in [Binance::start(), Binance::start_us()] {
        let mut rig = Rig::open(stand);
        let old = part_filled(&mut rig, "48000", "0.01");
        let new = rig.replaced(&old, "limit 48100");
        assert_ne!(new, old);
        assert_eq!((there(&rig, &new).qty, there(&rig, &new).price), (dec("0.02"), dec("48100")));
        assert!(is_open_there(&rig, &new) && !is_open_there(&rig, &old));
        rig.agree();
        let s = rig.client.snapshot();
        let (was, is) = (order(&s, &old).unwrap(), order(&s, &new).unwrap());
        // The stream may tell of the cancel first.
        assert!(matches!(was.state, OrderState::Replaced | OrderState::Cancelled), "{:?}", was.state);
        assert_eq!((was.filled, was.replaced_by.as_ref()), (qty("0.01"), Some(&is.id.client)));
        assert_eq!((is.state, is.amount), (OrderState::Working, Amount::Qty(qty("0.02"))));
        // A larger one: the total counts what has filled.
        fill(&rig, &new, "0.005");
        rig.wait("a part", |s| order(s, &new).is_some_and(|o| o.filled == qty("0.005")));
        let last = rig.place(&format!("replace {new} qty 0.04"));
        rig.wait_state(&last, OrderState::Working);
        rig.wait("what is left of it", |s| {
            order(s, &last).is_some_and(|o| o.amount == Amount::Qty(qty("0.035")))
        });
        assert_eq!(there(&rig, &last).qty, dec("0.035"));
        rig.agree();
        assert!(rig.stand.reach(&last, 3));
        rig.wait_state(&last, OrderState::Filled);
        rig.agree();
        assert_eq!(rig.ours("BTC/USDT"), dec("0.05") - dec("0.00005"));
        rig.close();
    }
}

/// A smaller one is changed in its place, with its number and its name.
#[test]
fn an_order_that_shrinks_keeps_its_place() {
    let mut rig = Rig::open(Binance::start());
    let id = part_filled(&mut rig, "48000", "0.01");
    let number = there(&rig, &id).id;
    let amount = |s: &Snapshot, id: &str| order(s, id).map(|o| o.amount);
    let shrink = |rig: &mut Rig<Binance>, to: &str| {
        let by = rig.place(&format!("replace {id} qty {to}"));
        let size = Some(Amount::Qty(qty(to)));
        rig.wait(&format!("{to} of it"), |s| {
            amount(s, &id) == size && order(s, &by).is_some_and(|o| o.state.is_final())
        });
        assert_eq!((there(rig, &id).id, there(rig, &id).qty), (number, dec(to)));
        rig.agree();
    };
    shrink(&mut rig, "0.025");
    // The answer is lost, the change was made: told by the stream or by asking.
    rig.stand.deaf(true);
    rig.stand.running.with(|e| {
        e.mishaps.push_back(("PUT /api/v3/order/amend/keepPriority", Mishap::HangUp { done: true }));
    });
    shrink(&mut rig, "0.02");
    rig.stand.deaf(false);
    // The venue refuses: it stands as it was.
    let body = r#"{"code":-2038,"msg":"Filter failure: MAX_NUM_ORDER_AMENDS"}"#.to_owned();
    let no = Mishap::Answer { status: 400, body, retry_after: None, done: false };
    rig.stand.running.with(|e| e.mishaps.push_back(("PUT /api/v3/order/amend/keepPriority", no)));
    let by = rig.place(&format!("replace {id} qty 0.018"));
    rig.wait_state(&by, OrderState::Rejected);
    rig.wait_state(&id, OrderState::Working);
    assert_eq!(there(&rig, &id).qty, dec("0.02"));
    // More had filled than was known here: the amendment ends it, and nothing more is bought.
    rig.stand.deaf(true);
    fill(&rig, &id, "0.006");
    let by = rig.place(&format!("replace {id} qty 0.015"));
    rig.wait_state(&by, OrderState::Rejected);
    rig.wait("it is over", |s| order(s, &id).is_some_and(|o| o.state.is_final() && o.filled == qty("0.016")));
    rig.stand.deaf(false);
    assert_eq!(rig.stand.running.with(|e| e.count("POST /api/v3/order/cancelReplace")), 0);
    rig.agree();
    rig.close();
}

/// Whatever is lost on the way: never do two orders work, and nothing is placed before the old one is known to be gone.
#[test]
fn a_change_in_two_steps_breaks_off_safely() {
    let mut rig = Rig::open(Binance::start());
    let mishap = |rig: &Rig<Binance>, on: &'static str, what: Mishap| {
        rig.stand.running.with(|e| e.mishaps.push_back((on, what)));
    };
    let said = |s: &Snapshot, words: &str| s.alerts.iter().any(|a| a.alert.text.as_str().contains(words));
    let names = |rig: &Rig<Binance>| rig.stand.sent().len();
    // The cancel was done, and its answer is lost: nothing is placed, and the venue tells what became of the old one.
    let old = part_filled(&mut rig, "48000", "0.01");
    let before = names(&rig);
    rig.stand.deaf(true);
    mishap(&rig, "DELETE /api/v3/order", Mishap::HangUp { done: true });
    let new = rig.place(&format!("replace {old} limit 48100"));
    rig.wait_state(&new, OrderState::NotSent);
    rig.wait_state(&old, OrderState::Cancelled);
    rig.stand.deaf(false);
    assert!(names(&rig) == before && rig.stand.open().is_empty());
    rig.agree();
    // It never arrived: the old one works on.
    let old = part_filled(&mut rig, "48001", "0.01");
    mishap(&rig, "DELETE /api/v3/order", Mishap::HangUp { done: false });
    let new = rig.place(&format!("replace {old} limit 48100"));
    rig.wait_state(&new, OrderState::NotSent);
    rig.wait_state(&old, OrderState::Working);
    rig.agree();
    // It filled meanwhile: the cancel is refused, and there is nothing to replace.
    rig.stand.deaf(true);
    fill(&rig, &old, "0.02");
    let new = rig.place(&format!("replace {old} limit 48100"));
    rig.wait_state(&new, OrderState::Rejected);
    rig.wait_state(&old, OrderState::Filled);
    rig.stand.deaf(false);
    assert!(rig.stand.open().is_empty());
    rig.agree();
    // More filled meanwhile, and not all: what is left is by the venue's word, not by what was known here.
    let old = part_filled(&mut rig, "48002", "0.01");
    rig.stand.deaf(true);
    fill(&rig, &old, "0.01");
    let new = rig.place(&format!("replace {old} limit 48100"));
    rig.wait_state(&new, OrderState::Working);
    assert_eq!(there(&rig, &new).qty, dec("0.01"));
    rig.stand.deaf(false);
    rig.agree();
    rig.done(&format!("cancel {new}"));
    rig.wait_state(&new, OrderState::Cancelled);
    // The new one is refused: said, with an alert.
    let old = part_filled(&mut rig, "48003", "0.01");
    let body = r#"{"code":-2010,"msg":"Account has insufficient balance for requested action."}"#.to_owned();
    mishap(&rig, "POST /api/v3/order", Mishap::Answer { status: 400, body, retry_after: None, done: false });
    let new = rig.place(&format!("replace {old} limit 48100"));
    rig.wait_state(&new, OrderState::Rejected);
    rig.wait_state(&old, OrderState::Cancelled);
    rig.wait("the alert", |s| said(s, "nothing works there now"));
    rig.agree();
    // Its answer is lost, done or not: it is looked for, and sent once.
    for (price, done) in [("48004", true), ("48005", false)] {
        let old = part_filled(&mut rig, price, "0.01");
        rig.stand.deaf(true);
        mishap(&rig, "POST /api/v3/order", Mishap::HangUp { done });
        let new = rig.place(&format!("replace {old} limit 48100"));
        let state = if done { OrderState::Working } else { OrderState::Abandoned };
        rig.wait_state(&new, state);
        rig.wait("the old one is over", |s| order(s, &old).is_some_and(|o| o.state.is_final()));
        rig.stand.deaf(false);
        assert_eq!(is_open_there(&rig, &new), done);
        assert_eq!(rig.stand.sent().iter().filter(|id| **id == new).count(), 1);
        rig.wait("agreement", agrees);
        rig.agree();
        if done {
            rig.done(&format!("cancel {new}"));
            rig.wait_state(&new, OrderState::Cancelled);
        }
    }
    rig.close();
}
