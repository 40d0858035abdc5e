//! The engine: takes one input at a time with the time at which it came, and answers with facts for the
//! journal and effects for the shell. No await, no clock, no file, no socket, no chance.

mod alerts;
mod algorithms;
mod answers;
mod baselines;
mod commands;
mod deliveries;
mod depth;
mod differences;
mod doubts;
pub mod effect;
mod elsewhere;
mod exit;
mod held;
pub mod input;
mod latches;
mod looks;
mod margin_call;
mod news;
mod orders;
mod preview;
mod protect;
mod rates;
mod recovery;
mod requests;
#[cfg(test)]
mod rig;
mod route;
mod routing;
mod settle;
mod summaries;
mod timers;
mod unusual;
mod venue;
mod view;
mod watch;
mod witness;

pub use effect::{Ask, Effect, Step};
pub use input::{AlgorithmSetup, Answer, Asked, Front, Input, Setup, Timer, VenueSetup};
pub use rates::Counting;
pub use route::Routing;
pub use settle::Decided;

use crate::{
    analytics::EquityCurve,
    book::{Applied, Book, FillApplied, Marks},
    calendar::Hours,
    desk::{Receipt, Reply, RequestId},
    domain::{
        alert::{AlertCode, Severity},
        caution::Caution,
        fact::{Dated, Fact},
        ids::{ClientId, ClientIds, Instance, InstrumentId, OrderId, Symbol, VenueId},
        lifecycle::Transition,
        names::FewMap,
        order::Tif,
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now},
    },
};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The engine. One a process.
#[derive(Debug)]
pub struct Engine {
    instance: Instance,
    version: SmolStr,
    default_tif: Tif,
    read_only: bool,
    alive: BTreeSet<Instance>,
    book: Book,
    marks: Marks,
    depths: depth::Depths,
    watch: watch::Watch,
    venues: FewMap<VenueId, venue::VenueState>,
    /// The venues as the configuration orders them.
    names: Vec<VenueId>,
    /// What the venues list, in the same order; the list that front ends see.
    listed: Arc<Vec<(Symbol, VenueId)>>,
    held: held::Watched,
    /// Another run of this profile watches what is held here.
    is_watched_elsewhere: bool,
    routing: Routing,
    rates: rates::Rates,
    exits: Vec<exit::VenueExit>,
    exit_terms: ExitTerms,
    takes_up_exits: bool,
    caution: Caution,
    looks: BTreeMap<OrderId, looks::Look>,
    doubts: doubts::Doubts,
    differences: differences::Differences,
    /// Status words that nobody here knows and a person was told of.
    strange_words: BTreeSet<Text>,
    curves: BTreeMap<VenueId, EquityCurve>,
    armed_until: Option<Mono>,
    halted: bool,
    journal_lost: Option<Text>,
    clients: u64,
    names_of_orders: ClientIds,
    verdicts: u64,
    exit_numbers: u64,
    said: alerts::Said,
    deliveries: deliveries::Deliveries,
    summaries: summaries::Summaries,
    begun: bool,
    /// Something happened that may change whose market is wanted.
    watches_moved: bool,
    /// An order ended or filled since execution quality was worked out.
    quality_moved: bool,
    now: Now,
    hours: Hours,
    out: Step,
    /// What was decided and is not in the book yet.
    unsettled: settle::Unsettled,
    algorithms: algorithms::Algorithms,
    view: view::View,
}

impl Engine {
    /// Sets it up. Nothing happens before the past was replayed and [`Input::Begin`] came.
    pub fn new(setup: Setup) -> Self {
        let names: Vec<VenueId> = setup.venues.iter().map(|v| v.venue.clone()).collect();
        let mut venues: FewMap<VenueId, venue::VenueState> =
            setup.venues.into_iter().map(|v| (v.venue.clone(), venue::VenueState::new(v))).collect();
        let mut marks = Marks::new();
        for (symbol, at) in setup.watchlist {
            let Some(venue) = at.or_else(|| names.first().cloned()) else { continue };
            if let Some(state) = venues.get_mut(&venue) {
                state.watch(symbol.clone());
                marks.chart(&InstrumentId { venue, symbol });
            }
        }
        let algorithms = algorithms::Algorithms::new(setup.algorithms);
        let mut book = Book::new();
        book.claim(algorithms.claims());
        Self {
            version: setup.version,
            default_tif: setup.default_tif,
            read_only: setup.read_only,
            alive: setup.alive,
            book,
            marks,
            depths: depth::Depths::default(),
            watch: watch::Watch::new(setup.watches),
            venues,
            names,
            listed: Arc::default(),
            held: held::Watched::default(),
            is_watched_elsewhere: setup.watched_elsewhere,
            routing: setup.routing,
            rates: rates::Rates::new(setup.counting),
            exits: Vec::new(),
            exit_terms: setup.exit,
            takes_up_exits: setup.takes_up_exits,
            caution: setup.caution,
            looks: BTreeMap::new(),
            doubts: doubts::Doubts::default(),
            differences: differences::Differences::default(),
            strange_words: BTreeSet::new(),
            curves: BTreeMap::new(),
            armed_until: None,
            halted: false,
            journal_lost: None,
            clients: 0,
            names_of_orders: ClientIds::of(&setup.instance),
            instance: setup.instance,
            verdicts: 0,
            exit_numbers: 0,
            said: alerts::Said::default(),
            deliveries: deliveries::Deliveries::default(),
            summaries: summaries::Summaries::new(setup.summaries),
            begun: false,
            watches_moved: true,
            quality_moved: false,
            now: Now::default(),
            hours: Hours::default(),
            out: Step::default(),
            unsettled: settle::Unsettled::default(),
            algorithms,
            view: view::View::default(),
        }
    }

    /// Takes in one input, and settles it. The facts of the answer are applied already; they must be durable before the
    /// effects leave.
    pub fn step(&mut self, now: Now, input: Input) -> Step {
        let mut decided = self.decide(now, input);
        let Step { mut facts, mut effects } = decided.hand_out();
        let rest = decided.settle();
        facts.extend(rest.facts);
        effects.extend(rest.effects);
        Step { facts, effects }
    }

    /// Takes in one input, and decides. What leaves is told first, with the facts that must be durable before; the book
    /// takes these in, and what follows from them is worked out, as it is settled.
    pub fn decide(&mut self, now: Now, input: Input) -> Decided<'_> {
        self.settle();
        let before = std::mem::replace(&mut self.now, now);
        if self.begun {
            self.notice_sleep(before);
        }
        self.hours.keep_up(now.wall);
        self.unsettled.is_open = true;
        match input {
            Input::Request(asked) => self.on_request(asked),
            Input::Venue { venue, event } => self.on_news(&venue, event),
            Input::Answer { venue, answer } => self.on_answer(&venue, answer),
            Input::Sighted { algorithm, sighting } => self.on_sighted(&algorithm, sighting),
            Input::Instructed { ticket, result } => self.on_instructed(ticket, result),
            Input::Delivered(told) => self.on_delivered(*told),
            Input::Timer(timer) => self.on_timer(timer),
            Input::Market(news) => self.on_market(&news),
            Input::JournalLost(why) => self.on_journal_lost(why),
            Input::Past(dated) => self.on_past(&dated),
            Input::Elsewhere(dated) => self.on_elsewhere(&dated),
            Input::OthersUnread(why) => self.on_others_unread(&why),
            Input::Unrecorded(why) => self.on_unrecorded(&why),
            Input::Begin => self.on_begin(),
        }
        Decided::of(self)
    }

    /// The book, to look at.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Applies a fact, puts it into the step, and says what a person must know of it.
    fn fact(&mut self, mut fact: Fact) -> Applied {
        self.take_in_unsettled();
        self.witness(&mut fact);
        let applied = self.apply(&fact);
        if !matches!(applied, Applied::Duplicate) {
            self.out.facts.push(Dated { at: self.now.wall, fact });
        }
        self.say(&applied);
        applied
    }

    /// Puts a fact into the step of which nothing is kept beside the book. The book takes every fact: also of this one it
    /// knows the time, as it will when it is folded anew from the journal.
    fn record(&mut self, fact: Fact) {
        self.take_in_unsettled();
        let applied = self.book.apply(self.now.wall, &fact);
        debug_assert!(matches!(applied, Applied::Noted), "nothing follows from it");
        self.out.facts.push(Dated { at: self.now.wall, fact });
    }

    /// The book takes a fact in, and what is kept beside the book.
    fn apply(&mut self, fact: &Fact) -> Applied {
        let applied = self.book.apply(self.now.wall, fact);
        self.view.note(fact);
        self.summaries.note(fact);
        self.note_algorithms(fact);
        self.doubts.note(fact, self.now.mono);
        if let Some(instrument) = market_of(fact) {
            self.want_market(instrument);
        }
        if let Some(e) = fact.execution() {
            self.hold(&e.instrument);
            self.watch.due = true;
        }
        if let Fact::Position { instrument, .. } = fact {
            self.hold(instrument);
            self.watch.due = true;
        }
        // What could not be judged without the account's figures can be now.
        self.watch.due |= matches!(fact, Fact::Account { .. });
        let is_of_order = matches!(fact, Fact::Order(_) | Fact::Learned { .. });
        self.quality_moved |= is_of_order || fact.execution().is_some();
        self.marks.weigh_fact(&self.book, fact);
        applied
    }

    fn hold(&mut self, instrument: &InstrumentId) {
        if let Some(p) = self.book.position(instrument) {
            self.marks.hold(instrument, p.qty, p.avg_price, p.payoff);
        }
    }

    fn say(&mut self, applied: &Applied) {
        match applied {
            Applied::Noted | Applied::Duplicate => {}
            Applied::NoSuchOrder(order) => {
                let text = format!(
                    "{} told something of order {}, which is not in the book",
                    order.venue, order.client
                );
                self.alert_order(Severity::Warning, AlertCode::Impossible, order, Text::clean(&text));
            }
            Applied::Order { order, from, to, transition } => {
                let was = from.map_or("new", |s| s.word());
                match transition {
                    Transition::Next(_) | Transition::Stale => {}
                    Transition::Late(_) => {
                        let text = format!("order {} was {was} and is {} after all", order.client, to.word());
                        self.alert_order(Severity::Warning, AlertCode::LateFill, order, Text::clean(&text));
                    }
                    Transition::Impossible => {
                        let text =
                            format!("order {} is {was}: what the venue says of it can't be", order.client);
                        self.alert_order(Severity::Warning, AlertCode::Impossible, order, Text::clean(&text));
                    }
                }
            }
            Applied::Fill(fill) => self.say_fill(fill),
        }
    }

    fn say_fill(&mut self, fill: &FillApplied) {
        if let Some((from, _, Transition::Late(_))) = &fill.order_moved {
            let text = format!("{}: a fill after the order was {}", fill.instrument.symbol, from.word());
            self.alert_order(Severity::Warning, AlertCode::LateFill, &fill.order, Text::clean(&text));
        }
        if let Some(over) = fill.overfill {
            let text = format!("{}: {over} more filled than was ordered", fill.instrument.symbol);
            self.alert_order(Severity::Critical, AlertCode::Overfill, &fill.order, Text::clean(&text));
        }
        if fill.both_exits {
            let text = format!(
                "{}: target and stop both filled; look at the position, `close {}` makes it flat",
                fill.instrument.symbol, fill.instrument.symbol
            );
            self.alert_order(Severity::Emergency, AlertCode::BothExits, &fill.order, Text::clean(&text));
        }
    }

    fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    fn reply(&mut self, front: Front, id: RequestId, reply: Reply) {
        self.effect(Effect::Reply { front, receipt: Receipt { id, reply } });
    }

    fn next_client(&mut self) -> ClientId {
        self.clients = self.clients.saturating_add(1);
        self.names_of_orders.nth(self.clients)
    }

    fn next_verdict(&mut self) -> u64 {
        self.verdicts = self.verdicts.saturating_add(1);
        self.verdicts
    }

    fn next_exit(&mut self) -> u64 {
        self.exit_numbers = self.exit_numbers.saturating_add(1).max(self.book.next_exit());
        self.exit_numbers
    }

    fn lock(&mut self, reason: Text) {
        if self.book.lock().is_none() {
            self.fact(Fact::Locked { reason: reason.clone() });
            self.alert_program(
                Severity::Warning,
                AlertCode::Lock,
                Text::clean(&format!("entries are blocked: {reason}")),
            );
        }
    }

    fn on_journal_lost(&mut self, why: Text) {
        if self.journal_lost.is_none() {
            let text = Text::clean(&format!(
                "the journal can't be written ({why}): entries are blocked; cancels, closes and flatten go on"
            ));
            self.journal_lost = Some(why);
            self.alert_program(Severity::Emergency, AlertCode::Journal, text);
        }
    }
}

/// The instrument whose market a fact makes worth following.
fn market_of(fact: &Fact) -> Option<&InstrumentId> {
    match fact {
        Fact::Intended(intent) => Some(&intent.spec.instrument),
        Fact::Learned { report, .. } => Some(&report.instrument),
        Fact::Executed(execution) | Fact::Inferred(execution) => Some(&execution.instrument),
        Fact::Corrected(correction) => Some(&correction.now.instrument),
        Fact::Position { instrument, .. } => Some(instrument),
        Fact::Opened { .. }
        | Fact::Commanded { .. }
        | Fact::Order(_)
        | Fact::Account { .. }
        | Fact::DayBegan { .. }
        | Fact::Instrument(_)
        | Fact::Alerted(_)
        | Fact::Acknowledged { .. }
        | Fact::Locked { .. }
        | Fact::Unlocked { .. }
        | Fact::ExitBegan { .. }
        | Fact::ExitMeasured { .. }
        | Fact::Tripped(_)
        | Fact::Untripped { .. }
        | Fact::Baseline(_)
        | Fact::Held(_)
        | Fact::Algorithm(_)
        | Fact::Adopted { .. }
        | Fact::EquityHigh { .. }
        | Fact::ExitEnded { .. } => None,
    }
}
