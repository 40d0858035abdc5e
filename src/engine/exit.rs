//! Getting out: one machine a venue for closing a share of a position, a symbol, or everything. It cancels what
//! could still fill, waits until the venue says that it is gone, closes what the venue says is there, and reads back
//! until nothing is left, or says what is left and why. Venues work side by side; none waits for another.

mod close;
mod progress;

use super::{
    Engine,
    effect::{Ask, Effect},
    input::Timer,
    orders::Maker,
};
use crate::{
    broker::Wanted,
    desk::Reply,
    domain::{
        alert::{AlertCode, Severity},
        draft::{Command, Share},
        fact::Fact,
        ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId},
        lifecycle::OrderState,
        money::Qty,
        report::VenueReport,
        scope::Then,
        text::Text,
        time::Mono,
    },
};
use std::collections::BTreeMap;

/// How long cancels may take before the positions are read all the same.
const CANCEL_WAIT_MS: u64 = 5_000;
/// How long one round of closes may take before everything is read again.
const CLOSE_WAIT_MS: u64 = 10_000;
/// How long an exit goes on before it says what is left.
const EXIT_MAX_MS: u64 = 120_000;
/// How often an exit looks at itself.
const BEAT_MS: u64 = 250;
/// How often it asks the venue again while it waits.
const REREAD_MS: u64 = 1_000;
/// Reports that may fail before positions are closed as last known.
const BLIND_AFTER: u32 = 3;

/// What an exit covers at a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) symbol: Option<Symbol>,
    pub(super) share: Share,
}

impl Cover {
    fn holds(&self, instrument: &InstrumentId) -> bool {
        self.symbol.as_ref().is_none_or(|s| *s == instrument.symbol)
    }
    fn is_everything(&self) -> bool {
        self.symbol.is_none() && self.share == Share::All
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Waits until nothing in scope can fill any more.
    Cancelling { until: Mono },
    /// Waits for a report that began after this.
    Reading { since: Mono },
    /// Waits for these closes.
    Closing { until: Mono, closes: Vec<ClientId> },
    /// Ended.
    Ended { flat: bool },
}

/// One exit at one venue.
#[derive(Debug, Clone)]
pub(super) struct VenueExit {
    pub(super) id: u64,
    venue: VenueId,
    cover: Cover,
    then: Then,
    phase: Phase,
    began: Mono,
    asked: Mono,
    failures: u32,
    rounds: u32,
    /// How much of each position stays. Known after the first reading.
    keep: Option<BTreeMap<InstrumentId, Qty>>,
    orders: Vec<OrderId>,
    positions: Vec<InstrumentId>,
    left: Vec<Text>,
    error: Option<Text>,
    ended: Option<Mono>,
    words: Text,
    maker: Maker,
}

impl VenueExit {
    const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }
    fn covers(&self, symbol: Option<&Symbol>) -> bool {
        self.cover.symbol.is_none() || self.cover.symbol.as_ref() == symbol
    }
}

impl Engine {
    /// Begins an exit at each of these venues, or says that one is under way already.
    pub(super) fn begin_exit(
        &mut self,
        venues: Vec<VenueId>,
        cover: Cover,
        then: Then,
        maker: Maker,
    ) -> Reply {
        let mut begun = Vec::new();
        for venue in venues {
            let under_way = self
                .exits
                .iter()
                .any(|e| e.venue == venue && !e.is_over() && e.covers(cover.symbol.as_ref()));
            if under_way {
                continue;
            }
            begun.push(venue.clone());
            self.begin_exit_at(venue, cover.clone(), then.clone(), maker.clone());
        }
        if begun.is_empty() {
            return Reply::Done(Text::clean("that exit is under way already; nothing was sent twice"));
        }
        let names: Vec<&str> = begun.iter().map(VenueId::as_str).collect();
        let what = cover.symbol.as_ref().map_or("everything", Symbol::as_str);
        Reply::Done(Text::clean(&format!("getting out of {what} at {}", names.join(", "))))
    }

    fn begin_exit_at(&mut self, venue: VenueId, cover: Cover, then: Then, maker: Maker) {
        let id = self.next_exit();
        let words = match (&cover.symbol, cover.share) {
            (None, _) => Text::clean(&format!("flatten everything at {venue}")),
            (Some(s), Share::All) => Text::clean(&format!("close {s} at {venue}")),
            (Some(s), Share::Percent(p)) => Text::clean(&format!("close {p}% of {s} at {venue}")),
            (Some(s), Share::Qty(q)) => Text::clean(&format!("close {q} {s} at {venue}")),
        };
        self.fact(Fact::ExitBegan { exit: id, scope: words.clone(), plan: None });
        if cover.is_everything() {
            // The same exit would be undone by an order that slips in behind it.
            self.lock(Text::clean(&format!("{words}; entries stay blocked until a person unlocks")));
        }
        let orders: Vec<OrderId> = self.open_orders_in(&venue, &cover);
        let positions: Vec<InstrumentId> = self
            .book
            .positions()
            .filter(|p| p.instrument.venue == venue && cover.holds(&p.instrument) && !p.qty.is_zero())
            .map(|p| p.instrument.clone())
            .collect();
        let now = self.now.mono;
        let mut exit = VenueExit {
            id,
            venue,
            cover,
            then,
            phase: Phase::Cancelling { until: now.plus_ms(CANCEL_WAIT_MS) },
            began: now,
            asked: now,
            failures: 0,
            rounds: 0,
            keep: None,
            orders,
            positions,
            left: Vec::new(),
            error: None,
            ended: None,
            words,
            maker,
        };
        self.cancel_for_exit(&mut exit);
        self.exits.push(exit);
        if self.exits.len() > 32 {
            self.exits.remove(0);
        }
        self.drive_exits();
    }

    fn open_orders_in(&self, venue: &VenueId, cover: &Cover) -> Vec<OrderId> {
        self.book
            .open_orders()
            .filter(|o| o.id.venue == *venue && cover.holds(&o.spec.instrument))
            .map(|o| o.id.clone())
            .collect()
    }

    /// Those of them that are worth waiting for. What the venue has denied over and over is not.
    fn can_still_fill(&self, exit: &VenueExit) -> Vec<OrderId> {
        let mut open = self.open_orders_in(&exit.venue, &exit.cover);
        open.retain(|id| self.book.order(id).is_some_and(|o| o.state != OrderState::Absent));
        open
    }

    /// Those of them of which nobody knows what became.
    fn is_uncertain(&self, id: &OrderId) -> bool {
        self.book.order(id).is_some_and(|o| o.state.is_uncertain())
    }

    fn cancel_for_exit(&mut self, exit: &mut VenueExit) {
        let bulk = exit.cover.is_everything()
            && self.venues.get(&exit.venue).is_some_and(|v| v.setup.capability.cancel_all);
        let orders = self.open_orders_in(&exit.venue, &exit.cover);
        for order in &orders {
            if !exit.orders.contains(order) {
                exit.orders.push(order.clone());
            }
        }
        if bulk {
            for order in &orders {
                self.note_cancel_asked(order);
            }
            self.effect(Effect::CancelAll { venue: exit.venue.clone() });
        } else {
            for order in &orders {
                // A second cancel for what may not be there at all tells nothing new.
                if exit.rounds == 0 || !self.is_uncertain(order) {
                    self.cancel_order(order);
                }
            }
        }
        let until = self.now.mono.plus_ms(CANCEL_WAIT_MS);
        exit.phase = Phase::Cancelling { until };
        self.effect(Effect::Arm {
            timer: Timer::Exit { exit: exit.id, venue: exit.venue.clone() },
            after_ms: BEAT_MS,
        });
    }

    /// Takes every exit as far as it can go now. Called after each input.
    pub(super) fn drive_exits(&mut self) {
        let mut exits = std::mem::take(&mut self.exits);
        for exit in &mut exits {
            if !exit.is_over() {
                self.drive_exit(exit);
            }
        }
        // What was begun while driving (a reversal's second half is not an exit) stands behind.
        exits.append(&mut self.exits);
        self.exits = exits;
    }

    fn drive_exit(&mut self, exit: &mut VenueExit) {
        if self.now.mono.since_ms(exit.began) > EXIT_MAX_MS {
            self.end_exit(exit, false, Some(Text::clean("the time for this exit is over")));
            return;
        }
        match exit.phase.clone() {
            Phase::Cancelling { until } => {
                let open = self.can_still_fill(exit);
                if open.is_empty() && self.can_trust_book(exit) {
                    self.close_positions(exit);
                } else if open.is_empty() || self.now.mono >= until {
                    self.read_for_exit(exit);
                } else {
                    self.reread(exit);
                }
            }
            Phase::Reading { .. } => self.reread(exit),
            Phase::Closing { until, closes } => {
                let open = closes.iter().any(|c| {
                    let id = OrderId { venue: exit.venue.clone(), client: c.clone() };
                    self.book.order(&id).is_some_and(|o| o.state.is_open())
                });
                if !open || self.now.mono >= until {
                    self.read_for_exit(exit);
                } else {
                    self.reread(exit);
                }
            }
            Phase::Ended { .. } => {}
        }
    }

    /// A close of one symbol may begin from the book where the book agrees with the venue: it is faster, and it
    /// is read back all the same. Everything else reads first.
    fn can_trust_book(&self, exit: &VenueExit) -> bool {
        exit.rounds == 0 && exit.cover.symbol.is_some() && self.agrees(&exit.venue)
    }

    fn read_for_exit(&mut self, exit: &mut VenueExit) {
        exit.phase = Phase::Reading { since: self.now.mono };
        self.ask_for_exit(exit);
    }

    fn reread(&mut self, exit: &mut VenueExit) {
        if self.now.mono.since_ms(exit.asked) >= REREAD_MS {
            self.ask_for_exit(exit);
        }
    }

    fn ask_for_exit(&mut self, exit: &mut VenueExit) {
        exit.asked = self.now.mono;
        let wanted: Wanted = self.wanted(&exit.venue);
        let ask = Ask::Report(wanted);
        self.effect(Effect::Ask { venue: exit.venue.clone(), ask, exit: true });
    }

    /// A report came and the book has taken it in.
    pub(super) fn exits_read(&mut self, report: &VenueReport) {
        let mut exits = std::mem::take(&mut self.exits);
        for exit in exits.iter_mut().filter(|e| e.venue == report.venue && !e.is_over()) {
            let Phase::Reading { since } = exit.phase else { continue };
            if report.began.mono < since {
                continue;
            }
            if report.orders.is_none() || report.positions.is_none() {
                exit.failures = exit.failures.saturating_add(1);
                exit.error = report.missing.first().cloned();
                if exit.failures >= BLIND_AFTER {
                    let why = "the venue does not say what is open; closing what was last known";
                    exit.error = Some(Text::clean(why));
                    self.close_positions(exit);
                }
                continue;
            }
            exit.failures = 0;
            self.after_reading(exit);
        }
        exits.append(&mut self.exits);
        self.exits = exits;
    }

    fn after_reading(&mut self, exit: &mut VenueExit) {
        exit.rounds = exit.rounds.saturating_add(1);
        let open = self.can_still_fill(exit);
        if open.iter().any(|id| !self.is_uncertain(id)) {
            self.cancel_for_exit(exit);
            return;
        }
        self.close_positions(exit);
    }

    fn end_exit(&mut self, exit: &mut VenueExit, flat: bool, why: Option<Text>) {
        if let Some(why) = why {
            exit.left.push(why);
            for (instrument, qty) in self.excess(exit) {
                exit.left.push(Text::clean(&format!("{}: {qty} still open", instrument.symbol)));
            }
            for order in self.open_orders_in(&exit.venue, &exit.cover) {
                exit.left.push(Text::clean(&format!("order {} can still fill", order.client)));
            }
        }
        let keeps = exit.keep.as_ref().is_some_and(|k| k.values().any(|q| q.is_positive()));
        let report = if flat && keeps {
            Text::clean(&format!("{}: done", exit.words))
        } else if flat {
            Text::clean(&format!("{}: flat, by the venue's word", exit.words))
        } else {
            let left: Vec<&str> = exit.left.iter().map(Text::as_str).collect();
            Text::clean(&format!("{}: NOT FLAT: {}", exit.words, left.join("; ")))
        };
        exit.phase = Phase::Ended { flat };
        exit.ended = Some(self.now.mono);
        self.fact(Fact::ExitEnded { exit: exit.id, flat, report: report.clone() });
        let severity = match (flat, exit.cover.is_everything()) {
            (true, false) => Severity::Info,
            (true, true) => Severity::Warning,
            (false, _) => Severity::Emergency,
        };
        self.alert_at(severity, AlertCode::Exit, &exit.venue, exit.cover.symbol.clone(), report);
        if flat {
            self.after_exit(exit);
        }
    }

    fn after_exit(&mut self, exit: &VenueExit) {
        let Some(symbol) = exit.cover.symbol.clone() else { return };
        match exit.then.clone() {
            Then::Nothing => {}
            Then::Protect { stop, target } => {
                self.protect_rest(&exit.venue, &symbol, stop, target, &exit.maker);
            }
            Then::Open(spec) => {
                if let Err(why) = self.submit_cleared(*spec, exit.maker.origin.clone(), None) {
                    let text =
                        Text::clean(&format!("{symbol} is flat and the other side was refused: {why}"));
                    self.alert_at(
                        Severity::Warning,
                        AlertCode::OrderRejected,
                        &exit.venue,
                        Some(symbol),
                        text,
                    );
                }
            }
        }
    }

    pub(super) fn exit_goes_on(&self, id: u64, venue: &VenueId) -> bool {
        self.exits.iter().any(|e| e.id == id && e.venue == *venue && !e.is_over())
    }

    /// Are there exits under way that block entries at this venue?
    pub(super) fn is_exiting(&self, venue: &VenueId, symbol: &Symbol) -> bool {
        self.exits.iter().any(|e| e.venue == *venue && !e.is_over() && e.covers(Some(symbol)))
    }
}

/// The exit that a command asks for, in words for the journal.
pub(super) fn line_of(command: &Command) -> Text {
    Text::clean(&crate::grammar::print(command))
}
