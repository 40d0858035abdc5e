//! What is known: orders, positions, accounts, instruments, alerts and the lock. One writer, one way in:
//! [`Book::apply`]. The same facts in the same order always make the same book.

pub mod accounts;
pub mod alerts;
mod algorithms;
pub mod applied;
pub mod burden;
mod corrections;
pub mod day_trades;
mod executions;
pub mod exposure;
pub mod fills;
#[cfg(test)]
pub(crate) mod fixture;
pub mod held;
pub mod latches;
#[cfg(test)]
mod lives;
pub mod marks;
pub mod orders;
pub mod positions;
pub mod reconcile;
#[cfg(test)]
mod recovery;
mod rows;
pub mod sessions;
mod settled;
mod trail;

pub use accounts::{AccountRow, ResumePoint};
pub use applied::{Applied, FillApplied};
pub use burden::{Burden, Margin, Part, Reach, Sides, Taken};
pub use exposure::{Exposure, Known};
pub use fills::FillRow;
pub use held::HeldRow;
pub use latches::{LatchRow, SessionRow};
pub use marks::{Mark, Marked, Marks};
pub use orders::{LATE_MS, Moments, OrderRow, Uncounted};
pub use positions::PositionRow;
pub use reconcile::{
    AlertSeed, Doubt, Finding, contradiction, corrected, of_execution, of_order_report, reconcile,
    uncorrected,
};
pub use sessions::DayRow;

use crate::domain::{
    alert::Alert,
    fact::{Fact, Intent, PositionSource},
    ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId, VenueOrderId},
    instrument::Instrument,
    money::{Ratio, SignedQty},
    names::FewMap,
    order::{Origin, Side},
    report::{AccountReport, OrderReport},
    rules::{LatchKey, Rule},
    scope::{ExitPlan, Kept},
    text::Text,
    time::Stamp,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Why entries are blocked, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockRow {
    /// Why.
    pub reason: Text,
    /// Since.
    pub since: Stamp,
}

/// An exit that began and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitRow {
    /// Its number.
    pub exit: u64,
    /// What it covers.
    pub scope: Text,
    /// Since.
    pub since: Stamp,
    /// What it is to do; exits of old journals have none.
    pub plan: Option<ExitPlan>,
    /// What stays of each position, once it was counted.
    pub keep: Option<Kept>,
}

/// An exit that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedExit {
    /// Its number.
    pub exit: u64,
    /// What it covered.
    pub scope: Text,
    /// Where, as far as it was written down.
    pub venue: Option<VenueId>,
    /// When it ended.
    pub at: Stamp,
    /// Was everything flat?
    pub flat: bool,
    /// What is left and why, or that nothing is.
    pub report: Text,
}

/// Ended exits that are remembered.
const ENDED_EXITS_MAX: usize = 16;

/// Everything that is known of orders and money.
#[derive(Debug, Default)]
pub struct Book {
    orders: orders::Orders,
    positions: positions::Positions,
    fills: fills::Fills,
    alerts: alerts::Alerts,
    held: held::Held,
    accounts: FewMap<VenueId, AccountRow>,
    seats: rows::Seats,
    instruments: rows::Seated<Instrument>,
    resume: FewMap<VenueId, ResumePoint>,
    counted: BTreeSet<VenueId>,
    heard: BTreeSet<VenueId>,
    lock: Option<LockRow>,
    exits: BTreeMap<u64, ExitRow>,
    ended_exits: VecDeque<EndedExit>,
    tagged: algorithms::Tagged,
    parts: algorithms::Parts,
    latches: latches::Latches,
    days: day_trades::Days,
    sessions: sessions::Sessions,
    last_exit: u64,
}

impl Book {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one fact: the only way in which a book changes. `at` is the fact's own time.
    pub fn apply(&mut self, at: Stamp, fact: &Fact) -> Applied {
        let applied = match fact {
            Fact::Opened { .. } => {
                self.counted.clear();
                Applied::Noted
            }
            Fact::Commanded { .. } => Applied::Noted,
            Fact::Intended(intent) => {
                let applied = self.intend(at, intent);
                if applied != Applied::Duplicate {
                    self.sessions.intended(&intent.order.venue);
                }
                applied
            }
            Fact::Order(fact) => {
                self.sessions.order(fact);
                self.orders.fact(at, fact)
            }
            Fact::Learned { report, origin } => self.learn(at, report, origin),
            Fact::Executed(execution) => self.fill(at, execution, false),
            Fact::Inferred(execution) => self.fill(at, execution, true),
            Fact::Corrected(correction) => self.correct(at, correction),
            Fact::Position { instrument, qty, avg_price, previous_close, source } => {
                let said =
                    positions::Said { qty: *qty, avg_price: *avg_price, previous_close: *previous_close };
                self.set_position(at, instrument, said, *source)
            }
            Fact::Account { venue, report } => self.account_report(at, venue, report),
            Fact::DayBegan { venue, began } => self.begin_day(venue, *began),
            Fact::Instrument(instrument) => self.learn_instrument(instrument),
            Fact::Alerted(alert) => {
                self.sessions.alerted(alert);
                noted_if(self.alerts.push(alert))
            }
            Fact::Adopted { order, .. } => order.as_ref().map_or(Applied::Noted, |id| self.adopt(id)),
            Fact::Held(fact) => noted_if(self.held.fact(at, fact)),
            Fact::Algorithm(fact) => noted_if(self.parts.fact(&self.seats, fact)),
            Fact::Acknowledged { id } => noted_if(self.alerts.acknowledge(*id)),
            Fact::Locked { reason } => {
                self.lock = Some(LockRow { reason: reason.clone(), since: at });
                Applied::Noted
            }
            Fact::Unlocked { .. } => noted_if(self.lock.take().is_some()),
            Fact::ExitBegan { exit, scope, plan } => {
                self.begin_exit(at, *exit, scope, plan.as_deref());
                Applied::Noted
            }
            Fact::ExitMeasured { exit, keep } => noted_if(self.measure_exit(*exit, keep)),
            Fact::ExitEnded { exit, flat, report } => noted_if(self.end_exit(at, *exit, *flat, report)),
            Fact::Tripped(trip) => {
                self.sessions.tripped(&trip.key);
                noted_if(self.latches.trip(at, trip))
            }
            Fact::Untripped { key, used, .. } => {
                self.sessions.untripped(key, *used);
                noted_if(self.latches.lift(key))
            }
            Fact::Baseline(baseline) => {
                if baseline.week {
                    self.sessions.begin_week(&baseline.venue);
                }
                noted_if(self.latches.begin(baseline))
            }
            Fact::EquityHigh { venue, equity } => noted_if(self.latches.rose(venue, *equity)),
        };
        self.orders.purge(at);
        applied
    }

    fn begin_day(&mut self, venue: &VenueId, began: Stamp) -> Applied {
        self.positions.begin_day(&self.seats, venue);
        self.parts.begin_day(&self.seats, venue);
        self.days.begin(venue, began);
        self.sessions.begin_day(venue);
        Applied::Noted
    }

    /// An order that nobody here made is a person's from now on.
    fn adopt(&mut self, id: &OrderId) -> Applied {
        let Some(row) = self.orders.rows.get_mut(id) else { return Applied::NoSuchOrder(id.clone()) };
        noted_if(std::mem::replace(&mut row.origin, Origin::Screen) != Origin::Screen)
    }

    /// One order.
    pub fn order(&self, id: &OrderId) -> Option<&OrderRow> {
        self.orders.rows.get(id)
    }
    /// One order by the venue's id.
    pub fn order_by_venue_id(&self, venue: &VenueId, id: &VenueOrderId) -> Option<&OrderRow> {
        let client = self.orders.client_of(venue, Some(id))?;
        self.order(&OrderId { venue: venue.clone(), client })
    }
    /// All orders that are kept, open and ended, in no order that means anything.
    pub fn orders(&self) -> impl Iterator<Item = &OrderRow> {
        self.orders.rows.values()
    }
    /// Orders that could still fill, by instrument and then as they came.
    pub fn open_orders(&self) -> impl Iterator<Item = &OrderRow> {
        self.orders.lines.values().flat_map(|line| line.open.iter()).filter_map(|at| self.orders.rows.at(at))
    }
    /// Orders of one instrument that could still fill.
    pub fn open_orders_of(&self, instrument: &InstrumentId) -> impl Iterator<Item = &OrderRow> {
        let line = self.seats.find(instrument).and_then(|seat| self.orders.lines.get(seat));
        line.into_iter().flat_map(|line| line.open.iter()).filter_map(|at| self.orders.rows.at(at))
    }
    /// Orders of ours that left, or may have left, and that no word of the venue settles: `Intended`, `Sending`,
    /// `Unknown`, `Absent`.
    pub fn uncertain_orders(&self) -> impl Iterator<Item = &OrderRow> {
        self.orders.uncertain.iter().filter_map(|at| self.orders.rows.at(at))
    }
    /// Open orders that would make this position smaller: what a close must cancel first.
    pub fn reducing_orders(&self, instrument: &InstrumentId) -> impl Iterator<Item = &OrderRow> {
        let exit = self.position(instrument).and_then(|p| p.qty.exit_side());
        self.open_orders_of(instrument).filter(move |row| Some(row.spec.side) == exit)
    }
    /// Orders of a venue that its last account report can't have counted: what they need is still to be taken off its
    /// buying power. What only closes is not among them, as far as that is seen.
    pub fn uncounted(&self, venue: &VenueId) -> impl Iterator<Item = Uncounted<'_>> {
        self.orders.uncounted(venue, |seat, side| self.is_exit(seat, side))
    }
    /// Our orders since then (of the last some hundreds), newest first.
    pub fn intents_since(&self, since: Stamp) -> impl Iterator<Item = &OrderRow> {
        let recent = self.orders.recent.iter().rev().take_while(move |(at, _)| *at > since);
        recent.filter_map(|(_, at)| self.orders.rows.at(*at))
    }
    /// Was the `nth` last order at this venue (1 is the last) made within the window before `now`? Orders that close do
    /// not count.
    pub fn has_made(&self, venue: &VenueId, nth: u64, window_ms: i64, now: Stamp) -> bool {
        self.orders.has_made(venue, nth, window_ms, now)
    }
    /// One position; also one that is flat now and was traded today.
    pub fn position(&self, instrument: &InstrumentId) -> Option<&PositionRow> {
        self.positions.rows.get(self.seats.find(instrument)?)
    }
    /// All positions, with those that are flat now and were traded today.
    pub fn positions(&self) -> impl Iterator<Item = &PositionRow> {
        self.positions.rows.values()
    }
    /// Has an execution moved this position at or after `since`?
    pub fn has_filled_since(&self, instrument: &InstrumentId, since: Stamp) -> bool {
        self.position(instrument).and_then(|p| p.filled_at).is_some_and(|at| at >= since)
    }
    /// One venue's account.
    pub fn account(&self, venue: &VenueId) -> Option<&AccountRow> {
        self.accounts.get(venue)
    }
    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = (&VenueId, &AccountRow)> {
        self.accounts.iter()
    }
    /// One instrument's rules.
    pub fn instrument(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.instruments.get(self.seats.find(id)?)
    }
    /// All instruments whose rules are known.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }
    /// Fills, venue by venue, each venue's oldest first.
    pub fn fills(&self) -> impl DoubleEndedIterator<Item = &FillRow> {
        self.fills.iter()
    }
    /// Fills of one venue, oldest first.
    pub fn fills_of(&self, venue: &VenueId) -> impl DoubleEndedIterator<Item = &FillRow> {
        self.fills.of(venue)
    }
    /// How many fills of a venue there were, kept or not.
    pub fn fill_count(&self, venue: &VenueId) -> u64 {
        self.fills.count(venue)
    }
    /// Alerts, oldest first, with whether a person saw each.
    pub fn alerts(&self) -> impl DoubleEndedIterator<Item = (&Alert, bool)> {
        self.alerts.iter()
    }
    /// How many alerts were dropped to make room.
    pub fn alerts_dropped(&self) -> u64 {
        self.alerts.dropped()
    }
    /// The worst alert that nobody has acknowledged; of equals the newest.
    pub fn worst_alert(&self) -> Option<&Alert> {
        self.alerts.worst()
    }
    /// The number for the next alert.
    pub fn next_alert_id(&self) -> u64 {
        self.alerts.next_id()
    }
    /// The number for the next exit.
    pub fn next_exit(&self) -> u64 {
        self.last_exit.saturating_add(1)
    }
    /// The lock, while it stands.
    pub fn lock(&self) -> Option<&LockRow> {
        self.lock.as_ref()
    }
    /// Exits that began and did not end, oldest first: to be taken up again.
    pub fn open_exits(&self) -> impl Iterator<Item = &ExitRow> {
        self.exits.values()
    }
    /// The last exits that ended, oldest first.
    pub fn ended_exits(&self) -> impl DoubleEndedIterator<Item = &EndedExit> {
        self.ended_exits.iter()
    }
    /// The latches that stand.
    pub fn latches(&self) -> impl Iterator<Item = &LatchRow> {
        self.latches.rows.values()
    }
    /// One latch.
    pub fn latch(&self, key: &LatchKey) -> Option<&LatchRow> {
        self.latches.rows.get(key)
    }
    /// Latches that block what would open risk in this symbol at this venue.
    pub fn blocking_latches<'a>(
        &'a self,
        venue: &'a VenueId,
        symbol: &'a Symbol,
    ) -> impl Iterator<Item = &'a LatchRow> {
        self.latches.blocking(venue, symbol)
    }
    /// What a venue's trading day and week count from.
    pub fn session(&self, venue: &VenueId) -> Option<&SessionRow> {
        self.latches.sessions.get(venue)
    }
    /// What was counted of a venue's trading day.
    pub fn day(&self, venue: &VenueId) -> &DayRow {
        self.sessions.day(venue)
    }
    /// What happened at a venue that nobody here did, and that nobody has looked at: by the rule and symbol.
    pub fn surprises(&self) -> impl Iterator<Item = (&LatchKey, &Text)> {
        self.sessions.surprises.iter()
    }
    /// Rules whose latch a person lifted.
    pub fn lifts(&self) -> impl Iterator<Item = &LatchKey> {
        self.sessions.lifted.keys()
    }
    /// How much of its limit a rule had used when a person lifted its latch.
    pub fn lifted(&self, key: &LatchKey) -> Option<Ratio> {
        self.sessions.lifted.get(key).copied()
    }
    /// How far the venue's executions are known.
    pub fn resume_point(&self, venue: &VenueId) -> Option<&ResumePoint> {
        self.resume.get(venue)
    }
    /// The root of the group that an order hangs in, and all that hang on it, the root first.
    pub fn group(&self, id: &OrderId) -> Vec<&OrderRow> {
        self.orders.group(id).collect()
    }
    /// The order at the end of a chain of replacements.
    pub fn latest_of<'a>(&'a self, id: &'a OrderId) -> Option<&'a OrderRow> {
        let mut row = self.order(id)?;
        // A chain has no rings, but a venue's words are not trusted to make none.
        for _ in 0..1_000 {
            let Some(client) = row.replaced_by.clone() else {
                return Some(row);
            };
            let Some(next) = self.order(&OrderId { venue: id.venue.clone(), client }) else {
                return Some(row);
            };
            row = next;
        }
        Some(row)
    }
    /// Was this client id used before at this venue?
    pub fn knows_client(&self, venue: &VenueId, client: &ClientId) -> bool {
        self.order(&OrderId { venue: venue.clone(), client: client.clone() }).is_some()
    }

    fn intend(&mut self, at: Stamp, intent: &Intent) -> Applied {
        let seat = self.seats.take(&intent.spec.instrument);
        let held = self.positions.rows.get(seat).map_or(SignedQty::ZERO, |p| p.qty);
        let closes = held.exit_side() == Some(intent.spec.side);
        let payoff = self.instruments.get(seat).map(|i| i.payoff);
        let applied = self.orders.intend(at, seat, intent, payoff);
        if !closes && !matches!(applied, Applied::Duplicate) {
            self.orders.count_entry(at, &intent.order.venue);
        }
        applied
    }

    fn learn(&mut self, at: Stamp, report: &OrderReport, origin: &Origin) -> Applied {
        let seat = self.seats.take(&report.instrument);
        self.orders.learn(at, seat, report, origin)
    }

    fn begin_exit(&mut self, at: Stamp, exit: u64, scope: &Text, plan: Option<&ExitPlan>) {
        self.last_exit = self.last_exit.max(exit);
        let row = ExitRow { exit, scope: scope.clone(), since: at, plan: plan.cloned(), keep: None };
        self.exits.insert(exit, row);
    }

    fn end_exit(&mut self, at: Stamp, exit: u64, flat: bool, report: &Text) -> bool {
        let Some(row) = self.exits.remove(&exit) else { return false };
        let venue = row.plan.map(|p| p.venue);
        let report = report.clone();
        self.ended_exits.push_back(EndedExit { exit, scope: row.scope, venue, at, flat, report });
        if self.ended_exits.len() > ENDED_EXITS_MAX {
            self.ended_exits.pop_front();
        }
        true
    }

    fn measure_exit(&mut self, exit: u64, keep: &Kept) -> bool {
        match self.exits.get_mut(&exit) {
            Some(row) if row.keep.as_ref() != Some(keep) => {
                row.keep = Some(keep.clone());
                true
            }
            Some(_) | None => false,
        }
    }

    fn learn_instrument(&mut self, instrument: &Instrument) -> Applied {
        let seat = self.seats.take(&instrument.id);
        if let Some(row) = self.positions.rows.get_mut(seat) {
            row.pays(instrument.payoff);
        }
        self.charge_kept(instrument);
        self.orders.pay_anew();
        self.instruments.insert(seat, instrument.clone());
        Applied::Noted
    }

    fn account_report(&mut self, at: Stamp, venue: &VenueId, report: &AccountReport) -> Applied {
        self.orders.seen(venue, at);
        self.accounts.insert(venue.clone(), AccountRow { report: report.clone(), at });
        Applied::Noted
    }

    fn set_position(
        &mut self,
        at: Stamp,
        instrument: &InstrumentId,
        said: positions::Said,
        source: PositionSource,
    ) -> Applied {
        if source == PositionSource::Baseline {
            self.counted.insert(instrument.venue.clone());
        }
        if source == PositionSource::Correction {
            self.note_change(instrument, said.qty);
        }
        self.heard.insert(instrument.venue.clone());
        let seat = self.seats.take(instrument);
        self.positions.set(at, (seat, instrument), said, self.payoff(seat));
        Applied::Noted
    }

    fn note_change(&mut self, instrument: &InstrumentId, now: SignedQty) {
        let before = self.position(instrument).map_or(SignedQty::ZERO, |p| p.qty);
        let what = format!("{}: from {before} to {now} without an order of ours", instrument.symbol);
        self.sessions.surprise(Rule::PositionChanged, instrument, Text::clean(&what));
    }

    /// The side that closes a position; `None` when flat.
    pub fn exit_side(&self, instrument: &InstrumentId) -> Option<Side> {
        self.position(instrument).and_then(|p| p.qty.exit_side())
    }
}

fn noted_if(new: bool) -> Applied {
    if new { Applied::Noted } else { Applied::Duplicate }
}
