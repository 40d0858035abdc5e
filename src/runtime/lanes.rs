//! The lanes into the engine, in the order in which they are emptied. Every lane is bounded and says what happens
//! when it is full: order news waits, market news is overwritten where it comes from, requests are refused with
//! a receipt.

use super::core::Direct;
use crate::{
    broker::{Event, Market},
    desk::{Envelope, Receipt, Reply, Request, Snapshot, replay::NOTHING_SENT},
    domain::{delivery::Delivery, ids::VenueId, text::Text},
    engine::{Asked, Front, Input},
    journal::Committed,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{mpsc, watch};

/// The engine's ends.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) emergency: mpsc::Receiver<Box<Asked>>,
    pub(super) committed: mpsc::Receiver<Committed>,
    pub(super) answers: mpsc::Receiver<Input>,
    pub(super) venue: mpsc::Receiver<(VenueId, Event)>,
    pub(super) operator: mpsc::Receiver<Box<Asked>>,
    pub(super) algorithms: mpsc::Receiver<Input>,
    pub(super) deliveries: mpsc::Receiver<Delivery>,
    pub(super) market: mpsc::Receiver<Vec<Market>>,
    pub(super) joins: mpsc::Receiver<Joined>,
}

/// The other ends.
#[derive(Debug, Clone)]
pub(super) struct Mouths {
    pub(super) emergency: mpsc::Sender<Box<Asked>>,
    pub(super) committed: mpsc::Sender<Committed>,
    pub(super) answers: mpsc::Sender<Input>,
    pub(super) venue: mpsc::Sender<(VenueId, Event)>,
    pub(super) operator: mpsc::Sender<Box<Asked>>,
    pub(super) algorithms: mpsc::Sender<Input>,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    pub(super) market: mpsc::Sender<Vec<Market>>,
    pub(super) joins: mpsc::Sender<Joined>,
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
    let (joins_in, joins) = mpsc::channel(16);
    let mouths = Mouths {
        emergency: emergency_in,
        committed: committed_in,
        answers: answers_in,
        venue: venue_in,
        operator: operator_in,
        algorithms: algorithms_in,
        deliveries: deliveries_in,
        market: market_in,
        joins: joins_in,
    };
    (mouths, Lanes { emergency, committed, answers, venue, operator, algorithms, deliveries, market, joins })
}

/// A front end in another process comes, with where its answers go, or has gone.
#[derive(Debug)]
pub(super) enum Joined {
    Comes(Front, mpsc::Sender<Receipt>),
    Goes(Front),
}

/// The two lanes that front ends ask over.
#[derive(Debug, Clone)]
pub(super) struct Asks {
    emergency: mpsc::Sender<Box<Asked>>,
    operator: mpsc::Sender<Box<Asked>>,
    /// How many wait in them or were taken and are not decided yet.
    queued: Arc<AtomicUsize>,
}

impl Asks {
    pub(super) fn of(mouths: &Mouths, queued: Arc<AtomicUsize>) -> Self {
        Self { emergency: mouths.emergency.clone(), operator: mouths.operator.clone(), queued }
    }

    /// Never waits: a full lane refuses at once, and the receipt says so.
    pub(super) fn ask(&self, front: Front, envelope: Envelope) -> Result<(), Receipt> {
        self.queue(Box::new(Asked::new(front, envelope)))
    }

    fn queue(&self, asked: Box<Asked>) -> Result<(), Receipt> {
        let id = asked.envelope.id;
        let lane = if asked.envelope.request.is_emergency() { &self.emergency } else { &self.operator };
        self.queued.fetch_add(1, Ordering::AcqRel);
        lane.try_send(asked).map_err(|_| {
            self.queued.fetch_sub(1, Ordering::AcqRel);
            Receipt { id, reply: Reply::Busy }
        })
    }
}

/// Where a front end's requests go.
#[derive(Debug)]
pub(super) enum Lane {
    /// To the engine of this process: straight where it is free, else over its lanes.
    Own { front: Front, direct: Direct, asks: Asks },
    /// Nowhere: it is a recorded session that is looked at. Answers go here.
    Replay(mpsc::Sender<Receipt>),
    /// To the connection with another process's.
    Attached { emergency: mpsc::Sender<Envelope>, operator: mpsc::Sender<Envelope> },
}

/// A front end's way to the engine.
#[derive(Debug)]
pub struct Desk {
    pub(super) lane: Lane,
    /// Answers to what was asked.
    pub receipts: mpsc::Receiver<Receipt>,
    /// The newest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Desk {
    /// Asks the engine. Never waits: a full lane refuses at once, and the receipt says so.
    ///
    /// # Errors
    /// The receipt of a request that was not taken.
    pub fn ask(&self, envelope: Envelope) -> Result<(), Receipt> {
        match &self.lane {
            Lane::Own { front, direct, asks } => {
                let asked = Box::new(Asked::new(*front, envelope));
                direct.serve(asked).or_else(|asked| asks.queue(asked))
            }
            Lane::Replay(receipts) => {
                let Envelope { id, request, .. } = envelope;
                if matches!(request, Request::Quit) {
                    return Ok(());
                }
                // Nothing of it is open: leaving leaves nothing.
                let reply = if matches!(request, Request::AskOpen) {
                    Reply::Open { orders: 0, positions: 0, unknown: 0, held: 0 }
                } else {
                    Reply::Refused { text: Text::clean(NOTHING_SENT), field: None, checks: Vec::new() }
                };
                receipts.try_send(Receipt { id, reply }).map_err(|_| Receipt { id, reply: Reply::Busy })
            }
            Lane::Attached { emergency, operator } => {
                let id = envelope.id;
                let lane = if envelope.request.is_emergency() { emergency } else { operator };
                lane.try_send(envelope).map_err(|_| Receipt { id, reply: Reply::Busy })
            }
        }
    }
}
