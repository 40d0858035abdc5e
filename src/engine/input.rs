//! What the engine is told.

use super::{Counting, Routing};
use crate::{
    broker::{Capability, Event, Fault, Market, Outcome, Proof},
    desk::{Envelope, Request, RequestId},
    domain::{
        algorithm::{Bounds, Claim, Instructed, Sighting},
        caution::Caution,
        delivery::Delivery,
        draft::Command,
        fact::Dated,
        fee::FeeSchedule,
        ids::{ClientId, Instance, InstrumentId, Symbol, VenueId},
        instrument::{AssetClass, Instrument},
        limits::Limits,
        order::Tif,
        quote::{Bar, Interval},
        report::{Environment, OrderReport, VenueReport},
        rules::Rules,
        scope::ExitTerms,
        text::Text,
    },
    grammar,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// A front end that asked something: the one screen, or an attached one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Front(pub u32);

/// One venue as the engine is set up with it.
#[derive(Debug, Clone)]
pub struct VenueSetup {
    /// Its name.
    pub venue: VenueId,
    /// What it can do.
    pub capability: Capability,
    /// The limits of its account.
    pub limits: Limits,
    /// What is held all the time.
    pub rules: Rules,
    /// What the configuration says it is. The venue's own answer must agree.
    pub environment: Environment,
    /// For a live account, the last four characters of its number as the trader typed them at start.
    pub live_confirmed: Option<SmolStr>,
    /// It trades round the clock whatever the calendar says (the embedded paper venue, by default, and venues of
    /// perpetual swaps).
    pub always_open: bool,
    /// What it charges, for estimates.
    pub fees: Vec<(AssetClass, FeeSchedule)>,
}

/// One algorithm as the engine is set up with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmSetup {
    /// Its name.
    pub name: SmolStr,
    /// Where it is seen: `LEAN`, `program`.
    pub source: SmolStr,
    /// By what its orders are known, where it trades on one of the accounts.
    pub claim: Option<Claim>,
    /// The venue of ours that it trades at.
    pub venue: Option<VenueId>,
    /// It takes instructions.
    pub takes: bool,
    /// Its orders are its sign of life; else its watcher says when there was one.
    pub lives_by_orders: bool,
    /// After so long without a sign of life it is silent, in seconds; 0 is never.
    pub heartbeat_s: u64,
    /// How long what it holds may take to show, in milliseconds.
    pub shown_ms: u64,
    /// What it may do before something is done about it.
    pub bounds: Bounds,
}

/// What the engine is set up with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// This run.
    pub instance: Instance,
    /// The program's version.
    pub version: SmolStr,
    /// The venues, in the order of the screen.
    pub venues: Vec<VenueSetup>,
    /// The algorithms, in the order of the screen.
    pub algorithms: Vec<AlgorithmSetup>,
    /// Watched from the start, at the first venue unless said otherwise.
    pub watchlist: Vec<(Symbol, Option<VenueId>)>,
    /// Where orders go that name no venue.
    pub routing: Routing,
    /// What totals over venues are counted in.
    pub counting: Counting,
    /// Time in force of an order line that names none, for stocks.
    pub default_tif: Tif,
    /// Another process holds the accounts: look, don't touch.
    pub read_only: bool,
    /// This run holds the accounts: its watchers act. A shell command beside it only reads them, so that nothing is
    /// done twice.
    pub watches: bool,
    /// Another run holds the accounts and watches what is held here.
    pub watched_elsewhere: bool,
    /// Somebody wants to be told how each day went.
    pub summaries: bool,
    /// Other runs that are alive and share the journal: what they have under way is theirs to settle.
    pub alive: BTreeSet<Instance>,
    /// How exits go about it.
    pub exit: ExitTerms,
    /// Takes up exits that a run left which has ended. A command that only looks does not.
    pub takes_up_exits: bool,
    /// When an order is called unusual.
    pub caution: Caution,
}

/// What a front end asks.
#[derive(Debug)]
pub struct Asked {
    /// Who.
    pub front: Front,
    /// What.
    pub envelope: Envelope,
    /// An order line in words, for the journal. Who asks puts it into words, so that nobody else waits for that.
    words: Option<Text>,
}

impl Asked {
    /// What this front end asks.
    pub fn new(front: Front, envelope: Envelope) -> Self {
        let words = if let Request::Do(command) = &envelope.request { Some(words_of(command)) } else { None };
        Self { front, envelope, words }
    }
    /// Takes the words.
    pub(super) const fn words(&mut self) -> Option<Text> {
        self.words.take()
    }
}

impl Input {
    /// What this front end asks.
    pub fn asked(front: Front, envelope: Envelope) -> Self {
        Self::Request(Box::new(Asked::new(front, envelope)))
    }
}

/// A command in words, for the journal.
pub(super) fn words_of(command: &Command) -> Text {
    Text::clean(&grammar::print(command))
}

/// An input, in the order of the lanes: an earlier variant's lane is emptied before a later one's.
#[derive(Debug)]
pub enum Input {
    /// A front end asks.
    Request(Box<Asked>),
    /// A venue tells something of orders or connections.
    Venue {
        /// Which.
        venue: VenueId,
        /// What.
        event: Event,
    },
    /// An effect was answered.
    Answer {
        /// Which venue.
        venue: VenueId,
        /// What.
        answer: Answer,
    },
    /// A watcher sees an algorithm.
    Sighted {
        /// Which.
        algorithm: SmolStr,
        /// What it sees.
        sighting: Sighting,
    },
    /// An algorithm was asked, and this came of it.
    Instructed {
        /// Which time.
        ticket: u64,
        /// What.
        result: Instructed,
    },
    /// A channel of notifications delivered something, or could not.
    Delivered(Box<Delivery>),
    /// A timer that the engine had armed.
    Timer(Timer),
    /// Market news, as much as was there.
    Market(Vec<Market>),
    /// The journal can't be written; nothing that opens risk may leave any more.
    JournalLost(Text),
    /// A fact of an earlier run, replayed at the start, in its order.
    Past(Box<Dated>),
    /// A fact that another run of this profile has just written into the journal.
    Elsewhere(Box<Dated>),
    /// What other runs write can't be read any more.
    OthersUnread(Text),
    /// The session can't be recorded any further.
    Unrecorded(Text),
    /// The past is complete: the run begins.
    Begin,
}

/// What came of an effect.
#[derive(Debug)]
pub enum Answer {
    /// Of [`super::Ask::Prove`].
    Proved(Result<Proof, Fault>),
    /// The order is being handed to the transport.
    Sent(ClientId),
    /// Of a submission or reduction: the order, then its children.
    Submitted {
        /// Our id.
        client: ClientId,
        /// How it ended.
        outcome: Outcome<Vec<OrderReport>>,
    },
    /// Of a replacement.
    Replaced {
        /// The order to change.
        order: ClientId,
        /// The id of the one that takes its place.
        by: ClientId,
        /// How it ended.
        outcome: Outcome<Vec<OrderReport>>,
    },
    /// Of a cancel.
    Cancelled {
        /// Which.
        order: ClientId,
        /// How it ended.
        outcome: Outcome<()>,
    },
    /// Of a cancel of everything.
    AllCancelled(Outcome<()>),
    /// Of a search.
    Found {
        /// Which was looked for.
        order: ClientId,
        /// What there is.
        result: Result<Vec<OrderReport>, Fault>,
    },
    /// Of a full report.
    Reported(Box<VenueReport>),
    /// Of [`super::Ask::Symbols`].
    Symbols(Result<Vec<Symbol>, Fault>),
    /// Of [`super::Ask::Instruments`].
    Instruments {
        /// Which were asked for.
        asked: Vec<Symbol>,
        /// Their rules.
        result: Result<Vec<Instrument>, Fault>,
    },
    /// Of [`super::Ask::Bars`].
    Bars {
        /// Who asked.
        front: Front,
        /// In which request.
        id: RequestId,
        /// Of what.
        instrument: InstrumentId,
        /// How long each.
        interval: Interval,
        /// Oldest first.
        result: Result<Vec<Bar>, Fault>,
    },
}

/// A timer. Arming one that is armed moves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Watchers, countdowns, the equity curve.
    Tick,
    /// Look again for an order of which nobody knows what became.
    Look {
        /// Where.
        venue: VenueId,
        /// Which.
        client: ClientId,
    },
    /// Ask the venue for everything.
    Resync(VenueId),
    /// The account's figures have settled after the last order news: ask once more.
    Settle(VenueId),
    /// Ask again about positions of which the venue says something else than the fills.
    Doubt(VenueId),
    /// Prove the environment again after a failure.
    Prove(VenueId),
    /// The next thing that this exit does.
    Exit(u64),
    /// Arming ends.
    Disarm,
}
