//! `tradedeck cancel ID|SYMBOL|all`.

use super::{
    act::{self, Wish, same},
    open::{ANSWER, Context, agreed, is_at},
    order, orders,
    report::{Code, Failure, Report},
    rows,
};
use crate::{
    desk::{Reply, Request, Snapshot, snapshot::OrderRow},
    domain::{
        draft::{CancelTarget, Command},
        ids::{ClientId, VenueId},
    },
    runtime::Client,
};
use clap::Args;
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// An order's id (ours or the venue's), a symbol, `buys`, `sells`, or `all`.
    #[arg(value_name = "ID|SYMBOL|all")]
    what: String,
}

/// How long cancels may take to be confirmed.
const CONFIRMED: Duration = Duration::from_secs(10);

pub(super) fn run(context: &Context, cancel: &Cancel) -> Result<Report, Failure> {
    act::run(context, target(&cancel.what)?, false, true)
}

/// A venue's own id is no symbol: a uuid has more characters than any symbol and stands for an order.
fn target(what: &str) -> Result<Command, Failure> {
    if what.len() >= 32
        && let Ok(id) = ClientId::new(what)
    {
        return Ok(Command::Cancel { target: CancelTarget::Order(id), venue: None });
    }
    order::read(&format!("cancel {what}"))
}

/// Cancels and waits for the venue's word.
pub(super) fn cancel(
    wish: &Wish<'_>,
    client: &mut Client,
    target: CancelTarget,
    venue: Option<VenueId>,
) -> Result<Report, Failure> {
    let snapshot = agreed(client, venue.as_ref())?;
    let meant: Vec<OrderRow> = snapshot
        .orders
        .iter()
        .filter(|o| o.state.is_open() && is_meant(o, &target, venue.as_ref()))
        .cloned()
        .collect();
    if wish.dry_run {
        return Ok(report(&snapshot, &meant, false));
    }
    let reply = client.ask(Request::Do(Command::Cancel { target, venue }), ANSWER)?;
    if !matches!(reply, Reply::Done(_)) {
        return Ok(act::answer(reply, &snapshot));
    }
    let ended = |s: &Snapshot| now(s, &meant).iter().all(|o| o.state.is_final());
    client.wait_for(CONFIRMED, ended)?;
    let snapshot = client.snapshot();
    Ok(report(&snapshot, &now(&snapshot, &meant), true))
}

fn is_meant(o: &OrderRow, target: &CancelTarget, venue: Option<&VenueId>) -> bool {
    is_at(venue, &o.id.venue)
        && match target {
            CancelTarget::Order(id) => {
                o.id.client == *id || o.venue_id.as_ref().is_some_and(|v| v.as_str() == id.as_str())
            }
            CancelTarget::Symbol(symbol) => same(&o.symbol, symbol),
            CancelTarget::Side(side) => o.side == *side,
            CancelTarget::Entries => o.opens,
            CancelTarget::All => true,
        }
}

fn now(s: &Snapshot, meant: &[OrderRow]) -> Vec<OrderRow> {
    s.orders.iter().filter(|o| meant.iter().any(|m| m.id == o.id)).cloned().collect()
}

fn report(snapshot: &Snapshot, meant: &[OrderRow], sent: bool) -> Report {
    let open: Vec<&str> = meant.iter().filter(|o| o.state.is_open()).map(|o| o.id.client.as_str()).collect();
    let failed = sent && !open.is_empty();
    let note = failed.then(|| {
        format!("not confirmed within {} s, can still fill: {}", CONFIRMED.as_secs(), open.join(", "))
    });
    let outcome = match (sent, failed) {
        (false, _) => "plan",
        (true, false) => "done",
        (true, true) => "open",
    };
    let document =
        rows::object([("outcome", Value::from(outcome)), ("orders", rows::document(&meant, snapshot.at))]);
    let all: Vec<&OrderRow> = meant.iter().collect();
    let text = orders::table(&all, snapshot.at).print("there is no such order to cancel; nothing was sent");
    Report { code: if failed { Code::Failed } else { Code::Done }, document, text, note }
}
