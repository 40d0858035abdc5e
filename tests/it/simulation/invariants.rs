//! The invariants, as a judge that sees what happens and holds it against the rules. It knows neither the engine nor
//! the model venue, so that it can be fed a history that breaks a rule: a judge that can't say no is worth nothing.
//!
//! - I1 requests that open risk, for each intent: one at most
//! - I2 no opening order without a durable intent and a verdict
//! - I3 a position is a function of the set of fills, whatever their order (`World::fills_in_any_order`)
//! - I4 orders of which nobody knows what became count in the exposure
//! - I5 after everything has healed, book and venue agree within a bounded time (`heal.rs`)
//! - I6 an exit makes no position larger and turns none
//! - I7 never flat without the venue's word
//! - I8 no secret in any output: the core is given none; with secrets in all places `canary.rs` looks,
//!   `no_secret_stands_anywhere_while_things_go_wrong`
//! - I9 the terminal is given back: `terminal.rs`, `the_terminal_is_given_back_before_a_panic_is_told` and
//!   `stopped_continued_and_ended_by_signals`
//! - I10 no control or bidirectional character of a venue in what is shown (on a real terminal: `soup.rs`)
//! - I11 from key to frame within bounds under load: `benches/goals/keys.rs`
//! - I12 the environment that is shown is the one that the venue proved

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tradedeck::domain::{
    draft::Share,
    ids::{ClientId, InstrumentId},
    money::Qty,
    order::Side,
    report::Environment,
    scope::ExitPlan,
    text::is_unsafe,
};

/// What is durable of an order before it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intended {
    pub(super) verdict: String,
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    durable: BTreeMap<ClientId, Intended>,
    left: BTreeSet<ClientId>,
    exits: BTreeMap<u64, ExitPlan>,
    closes: BTreeSet<ClientId>,
    /// Reductions of the trader's own, by what they reduce and with which side.
    reductions: BTreeMap<ClientId, (InstrumentId, Side)>,
    /// The first rule that was broken.
    pub(super) broken: Option<String>,
}

impl Judge {
    fn no(&mut self, rule: &str, what: &str) {
        if self.broken.is_none() {
            self.broken = Some(format!("{rule}: {what}"));
        }
    }

    /// The journal has it.
    pub(super) fn is_durable(&mut self, client: &ClientId, intended: Intended) {
        self.durable.insert(client.clone(), intended);
    }

    /// A reduction of the trader's own leaves. Whatever was open when it was proven counts against it; what opens on
    /// the same side afterwards was cleared to turn the position, and which of the two turns it is the market's choice.
    pub(super) fn reduces(&mut self, client: &ClientId, what: &InstrumentId, side: Side) {
        self.leaves(client);
        self.reductions.insert(client.clone(), (what.clone(), side));
    }

    /// An order of an exit was made.
    pub(super) fn closes(&mut self, client: &ClientId) {
        self.closes.insert(client.clone());
    }

    /// A request that can open risk leaves the process: I1, I2.
    pub(super) fn opens(&mut self, client: &ClientId, what: &InstrumentId, side: Side) {
        self.leaves(client);
        self.reductions.retain(|_, of| (&of.0, of.1) != (what, side));
        match self.durable.get(client) {
            None => self.no("I2", &format!("{client} left without a durable intent")),
            Some(intended) if !intended.verdict.starts_with("gate ") => {
                self.no("I2", &format!("{client} left with the verdict {:?}", intended.verdict));
            }
            Some(_) => {}
        }
    }

    /// Any order leaves.
    pub(super) fn leaves(&mut self, client: &ClientId) {
        if !self.left.insert(client.clone()) {
            self.no("I1", &format!("{client} left twice"));
        }
    }

    /// The venue filled so much of an order: I6.
    pub(super) fn filled(&mut self, client: &ClientId, what: &InstrumentId, before: Decimal, after: Decimal) {
        if !self.closes.contains(client) && !self.reductions.contains_key(client) {
            return;
        }
        let turned = (before * after).is_sign_negative() && !(before * after).is_zero();
        if turned || after.abs() > before.abs() {
            self.no("I6", &format!("{client} took {what} from {before} to {after}"));
        }
    }

    /// Did the disk not take the record of it? While its run lives it is known all the same; a run that dies with it
    /// leaves nobody who could know of a close that is still on its way.
    pub(super) fn is_off_the_record(&self, client: &ClientId) -> bool {
        !self.durable.contains_key(client)
    }

    /// An exit began.
    pub(super) fn exit_began(&mut self, exit: u64, plan: &ExitPlan) {
        self.exits.insert(exit, plan.clone());
    }

    /// It ended, and this is what the venues hold: I7.
    pub(super) fn exit_ended(&mut self, exit: u64, flat: bool, held: &[(InstrumentId, Decimal)]) {
        let Some(plan) = self.exits.get(&exit).filter(|_| flat) else { return };
        if plan.scope.share != Share::All || plan.scope.algorithm.is_some() {
            return;
        }
        let left = held.iter().find(|(i, q)| i.venue == plan.venue && plan.holds(i) && !q.is_zero());
        if let Some((instrument, qty)) = left {
            let what = format!("exit {exit} is flat, and the venue holds {qty} of {instrument}");
            self.no("I7", &what);
        }
    }

    /// An order of which nobody knows what became could still fill by so much; so much of its side counts: I4.
    pub(super) fn uncertain(&mut self, client: &ClientId, could: Qty, counted: Qty) {
        if counted < could {
            self.no("I4", &format!("{client} could fill {could}, {counted} is counted"));
        }
    }

    /// Something is shown, in the form in which it is serialised: I10.
    pub(super) fn shows(&mut self, json: &str) {
        // A control character is written as an escape there.
        let escaped = json.contains("\\u00") || json.contains("\\b") || json.contains("\\f");
        if escaped || json.chars().any(is_unsafe) {
            let at = json.char_indices().find(|(_, c)| is_unsafe(*c)).map_or(0, |(at, _)| at);
            let near: String = json.chars().skip(at.saturating_sub(60)).take(120).collect();
            self.no("I10", &format!("a character that must not be shown: {near:?}"));
        }
    }

    /// A venue's environment is shown: I12.
    pub(super) fn lamp(&mut self, venue: &str, shown: Option<Environment>, proven: Option<Environment>) {
        if shown.is_some() && shown != proven {
            self.no("I12", &format!("{venue} is shown as {shown:?}, proven is {proven:?}"));
        }
    }

    /// A cancel leaves for a venue that proved to be something else than what was configured: I12.
    pub(super) fn cancels(&mut self, venue: &str, configured: Environment, proven: Option<Environment>) {
        if proven.is_some() {
            self.sends(venue, configured, proven);
        }
    }

    /// An order leaves for a venue that did not prove to be what was configured: I12.
    pub(super) fn sends(&mut self, venue: &str, configured: Environment, proven: Option<Environment>) {
        if proven != Some(configured) {
            self.no(
                "I12",
                &format!("an order or cancel left for {venue}, configured {configured:?}, proven {proven:?}"),
            );
        }
    }
}

/// The judge says no to histories that break a rule.
#[cfg(test)]
mod tests {
    use super::*;
    use tradedeck::domain::{
        ids::{Instance, Symbol, VenueId},
        scope::{Scope, Then},
    };

    fn client() -> ClientId {
        ClientId::new("td-a-1").unwrap()
    }
    fn aapl() -> InstrumentId {
        InstrumentId { venue: VenueId::new("v").unwrap(), symbol: Symbol::new("AAPL").unwrap() }
    }
    fn dec(n: i64) -> Decimal {
        Decimal::from(n)
    }
    #[track_caller]
    fn breaks(rule: &str, history: impl FnOnce(&mut Judge)) {
        let mut judge = Judge::default();
        history(&mut judge);
        let said = judge.broken.unwrap_or_default();
        assert!(said.starts_with(&format!("{rule}: ")), "{rule} was broken and the judge says {said:?}");
    }
    fn intended(judge: &mut Judge, verdict: &str) {
        judge.is_durable(&client(), Intended { verdict: verdict.to_owned() });
    }

    #[test]
    fn an_order_that_leaves_twice_breaks_i1() {
        breaks("I1", |judge| {
            intended(judge, "gate 1");
            judge.opens(&client(), &aapl(), Side::Buy);
            judge.opens(&client(), &aapl(), Side::Buy);
        });
    }

    #[test]
    fn an_order_without_a_durable_intent_or_a_verdict_breaks_i2() {
        breaks("I2", |judge| judge.opens(&client(), &aapl(), Side::Buy));
        breaks("I2", |judge| {
            intended(judge, "");
            judge.opens(&client(), &aapl(), Side::Buy);
        });
    }

    #[test]
    fn an_unknown_order_that_does_not_count_breaks_i4() {
        let qty = |n| Qty::new(dec(n)).unwrap();
        breaks("I4", |judge| judge.uncertain(&client(), qty(5), qty(4)));
    }

    #[test]
    fn a_close_that_turns_or_adds_breaks_i6() {
        for (before, after) in [(10, -10), (0, -5), (10, 11), (-3, 2), (-3, -4)] {
            breaks("I6", |judge| {
                judge.closes(&client());
                judge.filled(&client(), &aapl(), dec(before), dec(after));
            });
        }
        breaks("I6", |judge| {
            judge.reduces(&client(), &aapl(), Side::Sell);
            judge.filled(&client(), &aapl(), dec(1), dec(-1));
        });
        let mut judge = Judge::default();
        judge.closes(&client());
        for (before, after) in [(10, 0), (-10, -4), (0, 0)] {
            judge.filled(&client(), &aapl(), dec(before), dec(after));
        }
        assert_eq!(judge.broken, None);
    }

    #[test]
    fn flat_while_the_venue_holds_something_breaks_i7() {
        let plan = ExitPlan {
            instance: Instance::new("i").unwrap(),
            venue: VenueId::new("v").unwrap(),
            scope: Scope::default(),
            picked: None,
            then: Then::Nothing,
        };
        breaks("I7", |judge| {
            judge.exit_began(1, &plan);
            judge.exit_ended(1, true, &[(aapl(), dec(1))]);
        });
        let mut judge = Judge::default();
        judge.exit_began(1, &plan);
        judge.exit_ended(1, false, &[(aapl(), dec(1))]);
        judge.exit_ended(1, true, &[(aapl(), dec(0))]);
        assert_eq!(judge.broken, None);
    }

    #[test]
    fn hostile_text_on_the_screen_breaks_i10() {
        for bad in ["\u{202e}abc", "a\u{9b}b"] {
            breaks("I10", |judge| judge.shows(&serde_json::to_string(&bad).unwrap()));
        }
        breaks("I10", |judge| judge.shows(&serde_json::to_string("a\u{1b}[2J").unwrap()));
    }

    #[test]
    fn an_environment_that_nobody_proved_breaks_i12() {
        breaks("I12", |judge| judge.lamp("v", Some(Environment::Paper), None));
        breaks("I12", |judge| judge.lamp("v", Some(Environment::Paper), Some(Environment::Live)));
        breaks("I12", |judge| judge.sends("v", Environment::Paper, Some(Environment::Live)));
    }
}
