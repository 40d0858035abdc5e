//! `tradedeck margin-call`: closes what the margin call proposes, one position at a time until the margin is inside.

use super::{
    act,
    ask::{consent, is_live},
    open::{ANSWER, Context, agreed, is_at},
    report::{Code, Failure, Report},
    rows,
    table::{Table, maybe},
};
use crate::{
    desk::{Reply, Request, Snapshot, snapshot::MarginCallRow},
    domain::ids::VenueId,
    runtime::Client,
};
use clap::Args;
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct MarginCall {
    /// Say what it would close, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

/// How long the closes may take.
const INSIDE: Duration = Duration::from_secs(120);

pub(super) fn run(context: &Context, wish: &MarginCall) -> Result<Report, Failure> {
    let config = context.config()?;
    let venue = context.venue(&config, None)?;
    let live = is_live(&config, venue.as_ref());
    context.with_client(config, |client| {
        agreed(client, venue.as_ref())?;
        let snapshot = client.snapshot();
        let calls = proposed(&snapshot, venue.as_ref());
        let text = table(&calls);
        if wish.dry_run || calls.is_empty() {
            let document = rows::object([
                ("outcome", Value::from("preview")),
                ("margin_call", rows::document(&calls, snapshot.at)),
            ]);
            return Ok(Report::done(document, text));
        }
        consent(context, wish.yes, live, &text)?;
        let reply = client.ask(Request::MarginCall { venue: venue.clone() }, ANSWER)?;
        if !matches!(reply, Reply::Done(_)) {
            return Ok(act::answer(reply, &client.snapshot()));
        }
        inside(client, venue.as_ref())
    })
}

fn proposed(snapshot: &Snapshot, venue: Option<&VenueId>) -> Vec<MarginCallRow> {
    snapshot.margin_call.iter().filter(|c| is_at(venue, &c.instrument.venue)).cloned().collect()
}

fn table(calls: &[MarginCallRow]) -> String {
    let mut table = Table::new(&["venue", "symbol", "side", ">qty", ">unrealized"]);
    for call in calls {
        table.row(vec![
            call.instrument.venue.to_string(),
            call.instrument.symbol.to_string(),
            call.side.word().to_owned(),
            call.qty.to_string(),
            maybe(call.unrealized),
        ]);
    }
    table.print("no margin call: enough margin remains")
}

/// Waits until the margin is inside, or says what is left to close.
fn inside(client: &mut Client, venue: Option<&VenueId>) -> Result<Report, Failure> {
    let done = client.wait_for(INSIDE, |s| proposed(s, venue).is_empty())?.is_some();
    let snapshot = client.snapshot();
    let left = proposed(&snapshot, venue);
    let (code, outcome) = if done { (Code::Done, "done") } else { (Code::NotFlat, "not inside") };
    let document = rows::object([
        ("outcome", Value::from(outcome)),
        ("margin_call", rows::document(&left, snapshot.at)),
    ]);
    let note = (!done).then(|| "the margin is not inside yet".to_owned());
    Ok(Report { code, document, text: table(&left), note })
}
