//! The lanes into the engine, in the order in which they are emptied. Every lane is bounded and says what happens
//! when it is full: order news waits, market news is overwritten where it comes from, requests are refused with
//! a receipt.

use crate::{
    broker::{Event, Market},
    desk::{Envelope, Receipt, Reply, Snapshot},
    domain::{delivery::Delivery, ids::VenueId},
    engine::{Front, Input},
    journal::Committed,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The engine's ends.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) emergency: mpsc::Receiver<(Front, Envelope)>,
    pub(super) committed: mpsc::Receiver<Committed>,
    pub(super) answers: mpsc::Receiver<Input>,
    pub(super) venue: mpsc::Receiver<(VenueId, Event)>,
    pub(super) operator: mpsc::Receiver<(Front, Envelope)>,
    pub(super) algorithms: mpsc::Receiver<Input>,
    pub(super) deliveries: mpsc::Receiver<Delivery>,
    pub(super) market: mpsc::Receiver<Vec<Market>>,
}

/// The other ends.
#[derive(Debug, Clone)]
pub(super) struct Mouths {
    pub(super) emergency: mpsc::Sender<(Front, Envelope)>,
    pub(super) committed: mpsc::Sender<Committed>,
    pub(super) answers: mpsc::Sender<Input>,
    pub(super) venue: mpsc::Sender<(VenueId, Event)>,
    pub(super) operator: mpsc::Sender<(Front, Envelope)>,
    pub(super) algorithms: mpsc::Sender<Input>,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    pub(super) market: mpsc::Sender<Vec<Market>>,
}

pub(super) fn lanes() -> (Mouths, Lanes) {
    let (emergency_in, emergency) = mpsc::channel(16);
    let (committed_in, committed) = mpsc::channel(4_096);
    let (answers_in, answers) = mpsc::channel(512);
    let (venue_in, venue) = mpsc::channel(1_024);
    let (operator_in, operator) = mpsc::channel(64);
    // Each source waits with its newest until there is room.
    let (algorithms_in, algorithms) = mpsc::channel(16);
    // Each channel waits with what became of its last message until there is room.
    let (deliveries_in, deliveries) = mpsc::channel(16);
    // Batches of what one look at a socket brought.
    let (market_in, market) = mpsc::channel(64);
    let mouths = Mouths {
        emergency: emergency_in,
        committed: committed_in,
        answers: answers_in,
        venue: venue_in,
        operator: operator_in,
        algorithms: algorithms_in,
        deliveries: deliveries_in,
        market: market_in,
    };
    (mouths, Lanes { emergency, committed, answers, venue, operator, algorithms, deliveries, market })
}

/// A front end's way to the engine.
#[derive(Debug)]
pub struct Desk {
    front: Front,
    emergency: mpsc::Sender<(Front, Envelope)>,
    operator: mpsc::Sender<(Front, Envelope)>,
    /// Answers to what was asked.
    pub receipts: mpsc::Receiver<Receipt>,
    /// The newest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Desk {
    pub(super) fn new(
        front: Front,
        mouths: &Mouths,
        receipts: mpsc::Receiver<Receipt>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
    ) -> Self {
        Self {
            front,
            emergency: mouths.emergency.clone(),
            operator: mouths.operator.clone(),
            receipts,
            snapshots,
        }
    }

    /// Asks the engine. Never waits: a full lane refuses at once, and the receipt says so.
    ///
    /// # Errors
    /// The receipt of a request that was not taken.
    pub fn ask(&self, envelope: Envelope) -> Result<(), Receipt> {
        let id = envelope.id;
        let lane = if envelope.request.is_emergency() { &self.emergency } else { &self.operator };
        match lane.try_send((self.front, envelope)) {
            Ok(()) => Ok(()),
            Err(_) => Err(Receipt { id, reply: Reply::Busy }),
        }
    }
}
