//! Ways out: the exit is the engine's; here it is asked for, watched, and reported.

use super::{
    act::{self, Wish, same},
    ask,
    open::{ANSWER, agreed, is_at},
    orders, preview,
    report::{Code, Failure, Report, say},
    rows,
};
use crate::{
    desk::{
        Reply, Request, Snapshot,
        snapshot::{ExitAlgorithm, ExitRow, ExitVenue, OrderRow, PositionRow},
    },
    domain::{
        draft::{Command, Share},
        ids::{Symbol, VenueId},
        money::SignedQty,
        scope::{Pick, Scope},
    },
    runtime::{Client, client::Waited},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// So much longer than the engine gives an exit: it is the engine who says that it is over.
const OVER: Duration = Duration::from_secs(30);
/// How long the other half of a reversal is watched.
const REVERSED: Duration = Duration::from_secs(5);

/// One position on its way out.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) symbol: Symbol,
    pub(super) venue: Option<VenueId>,
    /// Some of it stays.
    pub(super) partly: bool,
}

impl Out {
    fn positions(&self, s: &Snapshot) -> Vec<PositionRow> {
        let ours = |p: &&PositionRow| {
            is_at(self.venue.as_ref(), &p.instrument.venue) && same(&p.instrument.symbol, &self.symbol)
        };
        s.positions.iter().filter(ours).cloned().collect()
    }
}

/// `close SYMBOL [SHARE]`.
pub(super) fn close(
    wish: &Wish<'_>,
    client: &mut Client,
    command: Command,
    out: &Out,
) -> Result<Report, Failure> {
    let before = ended(&client.snapshot());
    if let Some(report) = begin(wish, client, command, out)? {
        return Ok(report);
    }
    let scope = Covered::of_symbol(&out.symbol, out.partly);
    follow(wish, client, &scope, before)
}

/// `reverse SYMBOL`.
pub(super) fn reverse(
    wish: &Wish<'_>,
    client: &mut Client,
    command: Command,
    out: &Out,
) -> Result<Report, Failure> {
    let before = ended(&client.snapshot());
    if let Some(report) = begin(wish, client, command, out)? {
        return Ok(report);
    }
    let scope = Covered::of_symbol(&out.symbol, true);
    let report = follow(wish, client, &scope, before)?;
    if report.code != Code::Done {
        return Ok(report);
    }
    match client.wait_for(REVERSED, |s| !out.positions(s).is_empty())? {
        Some(_) => Ok(report),
        None => {
            let why = client.snapshot().alerts.first().map(|a| a.alert.text.to_string());
            let why = why.unwrap_or_else(|| "its order has not filled".to_owned());
            let note = format!("{} is flat; the other side is not open: {why}", out.symbol);
            Ok(Report { code: Code::Failed, note: Some(note), ..report })
        }
    }
}

/// Starts to close; a report where there is nothing to follow.
fn begin(
    wish: &Wish<'_>,
    client: &mut Client,
    command: Command,
    out: &Out,
) -> Result<Option<Report>, Failure> {
    let snapshot = agreed(client, out.venue.as_ref())?;
    if out.positions(&snapshot).is_empty() {
        return nothing_held(&snapshot, &out.symbol).map(Some);
    }
    if wish.dry_run {
        return wish.simply(client, command).map(Some);
    }
    let live = ask::is_live(wish.config, out.venue.as_ref());
    ask::consent(wish.context, wish.yes, live, &crate::grammar::print(&command))?;
    if live && matches!(command, Command::Reverse { .. }) {
        client.ask(Request::Arm { minutes: 1 }, ANSWER)?;
    }
    let reply = client.ask(Request::Do(command), ANSWER)?;
    if matches!(reply, Reply::Done(_)) { Ok(None) } else { Ok(Some(act::answer(reply, &snapshot))) }
}

/// Flat already is what was wanted; a symbol that nobody knows is a slip of the fingers.
fn nothing_held(snapshot: &Snapshot, symbol: &Symbol) -> Result<Report, Failure> {
    let known = snapshot.symbols.iter().any(|(s, _)| same(s, symbol));
    if !known && !snapshot.symbols.is_empty() {
        return Err(Failure::usage(format!("no venue knows a symbol `{symbol}`; nothing was sent")));
    }
    let text = format!("{symbol} is flat already; nothing was sent");
    let document = rows::object([("outcome", Value::from("flat")), ("text", Value::from(text.as_str()))]);
    Ok(Report::done(document, format!("{text}\n")))
}

/// `halt`: blocks entries at once, then tells what a flatten would do. An exit that an earlier run left goes on.
pub(super) fn halt(wish: &Wish<'_>, client: &mut Client) -> Result<Report, Failure> {
    let all = Command::Flatten(Scope::default());
    if !wish.dry_run {
        let reply = client.ask(Request::Do(Command::Halt), ANSWER)?;
        if !matches!(reply, Reply::Plan(_)) {
            return Ok(act::answer(reply, &client.snapshot()));
        }
        say("entries are blocked; `tradedeck unlock REASON` lifts it");
    }
    if let Err(failure) = agreed(client, None) {
        say(&format!("tradedeck: {}; the plan is what was last known", failure.text));
    }
    let reply = client.ask(Request::Preview(all), ANSWER)?;
    let Reply::Plan(plan) = reply else { return Ok(act::answer(reply, &client.snapshot())) };
    let report = preview::plan(&plan, client.snapshot().at);
    if client.snapshot().exit.as_ref().is_none_or(|e| e.flat.is_some()) {
        return Ok(report);
    }
    say(&report.text);
    say("an exit that an earlier run left is taken up");
    follow(wish, client, &Covered { scope: Scope::default() }, None)
}

/// `flatten …`.
pub(super) fn flatten(wish: &Wish<'_>, client: &mut Client, scope: Scope) -> Result<Report, Failure> {
    let venue = scope.venue.clone();
    // An exit does not hang on agreement: it looks for itself.
    if let Err(failure) = agreed(client, venue.as_ref()) {
        say(&format!("tradedeck: {}; going out all the same", failure.text));
    }
    let live = ask::is_live(wish.config, venue.as_ref());
    let covered = Covered { scope: scope.clone() };
    let command = Command::Flatten(scope);
    let reply = client.ask(Request::Preview(command.clone()), ANSWER)?;
    let Reply::Plan(plan) = reply else { return Ok(act::answer(reply, &client.snapshot())) };
    if wish.dry_run {
        return Ok(preview::plan(&plan, client.snapshot().at));
    }
    ask::consent(wish.context, wish.yes, live, &preview::plan_text(&plan))?;
    let before = ended(&client.snapshot());
    let reply = client.ask(Request::Do(command), ANSWER)?;
    let Reply::Done(text) = reply else { return Ok(act::answer(reply, &client.snapshot())) };
    say(text.as_str());
    follow(wish, client, &covered, before)
}

/// The exit that has ended already: an engine that runs on still shows it when the next one is asked for.
fn ended(snapshot: &Snapshot) -> Option<u64> {
    snapshot.exit.as_ref().filter(|e| e.ended.is_some()).map(|e| e.id)
}

/// What an exit covers, to say what is left of it.
#[derive(Debug)]
struct Covered {
    scope: Scope,
}

impl Covered {
    fn of_symbol(symbol: &Symbol, partly: bool) -> Self {
        let share = if partly { Share::Qty(crate::domain::money::Qty::ZERO) } else { Share::All };
        Self { scope: Scope { share, ..Scope::of_symbol(symbol.clone(), None) } }
    }
    fn is_partly(&self) -> bool {
        self.scope.share != Share::All
    }
    fn holds(&self, exit: &ExitRow, venue: &VenueId, symbol: &Symbol) -> bool {
        let here = exit.venues.iter().any(|v| v.venue == *venue);
        here && self.scope.symbol.as_ref().is_none_or(|s| same(s, symbol))
    }
    /// Of what the engine alone can tell (profits, algorithms) only its own words are repeated.
    fn picks(&self, qty: SignedQty) -> bool {
        self.scope.algorithm.is_none()
            && match self.scope.pick {
                Pick::All => true,
                Pick::Longs => qty.is_positive(),
                Pick::Shorts => qty.is_negative(),
                Pick::Winners | Pick::Losers => false,
            }
    }
    fn has_all_orders(&self) -> bool {
        self.scope.algorithm.is_none() && self.scope.pick == Pick::All
    }
}

/// Watches the exit until it is over, with a line on standard error for each step.
fn follow(
    wish: &Wish<'_>,
    client: &mut Client,
    scope: &Covered,
    before: Option<u64>,
) -> Result<Report, Failure> {
    let mut said = String::new();
    // An algorithm that runs elsewhere shows late what it holds.
    let shown_ms = wish.config.algorithms.iter().map(|a| a.kind.shown_ms()).max().unwrap_or(0);
    let over = Duration::from_millis(wish.config.exit.max_ms.max(shown_ms)).saturating_add(OVER);
    let waited = client.follow(over, |s| {
        let Some(exit) = s.exit.as_ref().filter(|e| Some(e.id) != before) else { return false };
        let venues = exit.venues.iter().map(progress);
        let line = venues.chain(exit.algorithms.iter().map(asked)).collect::<Vec<_>>().join("; ");
        if line != said {
            say(&line);
            said = line;
        }
        exit.flat.is_some()
    })?;
    let (snapshot, interrupted) = match waited {
        Waited::Ready(snapshot) => (snapshot, false),
        Waited::Late => (client.snapshot(), false),
        Waited::Interrupted => (client.snapshot(), true),
    };
    match snapshot.exit.as_ref().filter(|e| Some(e.id) != before) {
        Some(exit) => Ok(report(&snapshot, exit, scope, interrupted)),
        None => {
            Err(Failure { code: Code::NotFlat, text: "the exit was asked for and does not show".to_owned() })
        }
    }
}

fn progress(v: &ExitVenue) -> String {
    let error = v.error.as_ref().map_or_else(String::new, |e| format!(" ({e})"));
    format!(
        "{}: {}, {} of {} orders gone, {} of {} positions flat{error}",
        v.venue, v.phase, v.orders_gone, v.orders, v.positions_flat, v.positions
    )
}

fn asked(a: &ExitAlgorithm) -> String {
    format!("algorithm {}: {}", a.name, a.phase)
}

fn report(snapshot: &Arc<Snapshot>, exit: &ExitRow, scope: &Covered, interrupted: bool) -> Report {
    let flat = exit.flat == Some(true);
    let positions: Vec<&PositionRow> = snapshot
        .positions
        .iter()
        .filter(|p| scope.holds(exit, &p.instrument.venue, &p.instrument.symbol) && scope.picks(p.qty))
        .collect();
    let open: Vec<&OrderRow> = snapshot
        .orders
        .iter()
        .filter(|o| scope.has_all_orders() && o.state.is_open())
        .filter(|o| scope.holds(exit, &o.id.venue, &o.symbol))
        .collect();
    let left = open_words(&positions, &open);
    let outcome = match (flat, interrupted, scope.is_partly()) {
        (true, _, false) => "flat",
        (true, _, true) => "done",
        (false, true, _) => "interrupted",
        (false, false, _) => "not_flat",
    };
    let of_algorithms = exit.algorithms.iter().filter_map(|a| a.left.as_ref());
    let why: Vec<String> =
        exit.venues.iter().flat_map(|v| &v.left).chain(of_algorithms).map(ToString::to_string).collect();
    let note = match (flat, interrupted) {
        (true, _) => None,
        (false, true) => Some(format!(
            "interrupted: the exit is recorded in the journal and entries stay blocked; `tradedeck flatten` takes it \
             up again. Still open: {left}"
        )),
        (false, false) => Some(format!("NOT FLAT: {}. Still open: {left}", why.join("; "))),
    };
    let document = rows::object([
        ("outcome", Value::from(outcome)),
        ("exit", rows::document(exit, snapshot.at)),
        ("positions", rows::document(&positions, snapshot.at)),
        ("orders", rows::document(&open, snapshot.at)),
    ]);
    let took = exit.ended.map_or_else(String::new, |at| format!(" in {} ms", at.since_ms(exit.began)));
    let mut text = format!("{}: {}{took}\n", exit.scope, outcome.replace('_', " "));
    if !open.is_empty() {
        text.push_str(&orders::table(&open, snapshot.at).print(""));
    }
    Report { code: if flat { Code::Done } else { Code::NotFlat }, document, text, note }
}

fn open_words(positions: &[&PositionRow], orders: &[&OrderRow]) -> String {
    let mut words: Vec<String> = positions.iter().map(|p| format!("{} {}", p.qty, p.instrument)).collect();
    words.extend(orders.iter().map(|o| format!("order {} ({})", o.id.client, o.state.word())));
    if words.is_empty() { "nothing that is known".to_owned() } else { words.join(", ") }
}
