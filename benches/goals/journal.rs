//! Goal 16: durable appends to the journal against the same records appended to a bare file with fdatasync.

use super::{
    desk,
    table::{Limit, Row},
    timing::{clock, micros, pair},
};
use std::{fs::OpenOptions, io::Write as _, sync::Arc};
use tradedeck::{
    domain::{
        fact::{Dated, Fact, Grounds, Intent, OrderFact},
        ids::{ClientId, ClientIds, ExecutionId, Instance, OrderId, VenueOrderId},
        lifecycle::OrderEvent,
        order::{Amount, Attached, OrderSpec, OrderType, Origin, Side, Tif},
        report::{Execution, Liquidity},
    },
    journal::{Header, Journal, Mode},
};

pub(crate) fn header() -> Header {
    Header { profile: "default".into(), accounts: Vec::new(), version: "0".into() }
}

pub(crate) fn run() -> Instance {
    Instance::new("k3v9x2").unwrap()
}

fn client(n: usize) -> ClientId {
    ClientIds::of(&run()).nth(n as u64)
}

fn venue_id(n: usize) -> VenueOrderId {
    VenueOrderId::new(&format!("61e69015-8549-4bfd-b9c3-{n:012}")).unwrap()
}

fn spec(n: usize) -> OrderSpec {
    OrderSpec {
        instrument: desk::instrument(n % 40),
        side: if n.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        amount: Amount::Qty(desk::qty(10)),
        order_type: OrderType::Limit { limit: desk::price(17_552) },
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}

/// The lives of orders: intended, sent, accepted, filled.
pub(crate) fn events(n: usize) -> Vec<Dated> {
    (0..n).map(event).collect()
}

fn event(n: usize) -> Dated {
    let of = n / 4;
    let order = OrderId { venue: desk::venue(), client: client(of) };
    let fact = match n % 4 {
        0 => Fact::Intended(Arc::new(Intent {
            order,
            spec: spec(of),
            origin: Origin::Screen,
            replaces: None,
            verdict: Grounds::Gate(of as u64),
            arrival: None,
        })),
        1 => Fact::Order(Box::new(OrderFact::bare(order, OrderEvent::Sent))),
        2 => Fact::Order(Box::new(OrderFact {
            venue_id: Some(venue_id(of)),
            ..OrderFact::because(order, OrderEvent::Accepted, "accepted by the venue".into())
        })),
        _ => Fact::Executed(Box::new(Execution {
            id: ExecutionId::new(&format!("e-{of}")).unwrap(),
            client: client(of),
            venue_id: venue_id(of),
            instrument: spec(of).instrument,
            side: spec(of).side,
            qty: desk::qty(10),
            price: desk::price(17_551),
            cum: Some(desk::qty(10)),
            fee: None,
            liquidity: Liquidity::Taker,
            at: desk::now(n as u64).wall,
            revision: 0,
            seen: None,
        })),
    };
    Dated { at: desk::now(n as u64).wall, fact }
}

pub(crate) fn appends() -> Vec<Row> {
    vec![
        append("a single durable append; of a raw append + fdatasync", 1, 1_500, 0.7),
        append("durable appends of 100; of the same raw", 100, 150, 0.4),
    ]
}

fn append(what: &'static str, batch: usize, rounds: usize, limit: f64) -> Row {
    let dir = tempfile::tempdir_in("target").unwrap();
    let mut journal =
        Journal::open(&dir.path().join("state/journal.sqlite"), &header(), Mode::Write(run())).unwrap();
    let mut raw = OpenOptions::new().create(true).append(true).open(dir.path().join("raw")).unwrap();
    // The lives of ever new orders, as a journal has them; both sides write the same.
    let facts = events(batch * (rounds + 1));
    let mut turns = facts.chunks(batch);
    let mut raw_turns = facts.chunks(batch);
    let mut written = 0_usize;
    let ours = || {
        written += 1;
        if written.is_multiple_of(500) {
            // The journal's own thread does this when nobody waits.
            journal.checkpoint().unwrap();
        }
        let facts = turns.next().unwrap();
        clock(|| {
            journal.append(facts).unwrap();
        })
    };
    let yardstick = || {
        let facts = raw_turns.next().unwrap();
        clock(|| {
            let mut bytes = Vec::new();
            for dated in facts {
                serde_json::to_writer(&mut bytes, &dated.fact).unwrap();
                bytes.push(b'\n');
            }
            raw.write_all(&bytes).unwrap();
            raw.sync_data().unwrap();
        })
    };
    let pair = pair(rounds, ours, yardstick);
    Row {
        goal: 16,
        what,
        figure: pair.yardstick.as_secs_f64() / pair.ours.as_secs_f64(),
        unit: "",
        limit: Limit::AtLeast(limit),
        sides: format!("{:.0} us; raw {:.0} us", micros(pair.ours), micros(pair.yardstick)),
    }
}
