//! The cost of attaching: a screen in another process is told a whole snapshot over the local socket; and what one look
//! of the market costs it after that.

use super::{
    desk::{self, Size},
    table::{Limit, Row},
    timing::{median, millis},
};
use std::{sync::Arc, time::Duration};
use tokio::net::UnixStream;
use tradedeck::{
    desk::{Snapshot, protocol::Down, update::Update},
    runtime::frames::Room,
};

const SIZE: Size = Size { symbols: 600, positions: 500, orders: 2_000 };
const ROUNDS: usize = 200;

/// Differs, goes over, is read and put: both ends on one thread, one after the other, so nothing of it is hidden.
async fn cross(
    ends: &mut (UnixStream, UnixStream),
    rooms: &mut (Room, Room),
    held: &Snapshot,
    newest: &Snapshot,
) -> Snapshot {
    let update = Down::Update(Update::between(held, newest));
    let (sent, got) = tokio::join!(rooms.0.write(&mut ends.0, &update), rooms.1.read::<Down>(&mut ends.1));
    sent.unwrap();
    let Some(Down::Update(update)) = got.unwrap() else { panic!("an update") };
    let mut snapshot = held.clone();
    update.put(&mut snapshot).unwrap();
    snapshot
}

pub(crate) fn attaching() -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut engine = desk::engine(SIZE, 40);
    let newest = engine.snapshot(desk::now(1_000)).unwrap();
    assert_eq!((newest.positions.len(), newest.orders.len()), (SIZE.positions, SIZE.orders));
    let (mut whole, mut looks): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        let mut ends = UnixStream::pair().unwrap();
        let mut rooms = (Room::default(), Room::default());
        let empty = Snapshot::default();
        let mut held = Arc::clone(&newest);
        for round in 0..ROUNDS {
            let began = std::time::Instant::now();
            let told = cross(&mut ends, &mut rooms, &empty, &newest).await;
            whole.push(began.elapsed());
            assert_eq!(told, *newest, "it arrives as it is");
            let now = desk::now(2_000 + round as u64 * 33);
            desk::quotes(&mut engine, 20, round, now);
            let Some(next) = engine.snapshot(now) else { continue };
            let began = std::time::Instant::now();
            let told = cross(&mut ends, &mut rooms, &held, &next).await;
            looks.push(began.elapsed());
            assert_eq!(told, *next, "and so does what is new");
            held = next;
        }
    });
    let each = millis(median(&mut whole));
    let look = millis(median(&mut looks));
    vec![Row {
        goal: 17,
        what: "attaching: a whole snapshot over the socket, 500 positions, 2,000 orders",
        figure: each,
        unit: " ms",
        limit: Limit::AtMost(2.0),
        sides: format!("both ends together; what 20 quotes change {:.0} us", look * 1e3),
    }]
}
