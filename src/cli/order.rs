//! `tradedeck order "LINE"`.

use super::{
    act::{self, Wish},
    ask,
    open::{ANSWER, Context, agreed},
    orders, preview, quote,
    report::{Code, Failure, Report},
    rows,
};
use crate::{
    desk::{Preview, Reply, Request, Snapshot, snapshot::OrderRow},
    domain::{
        draft::{Command, Draft},
        ids::{ClientId, VenueId},
        lifecycle::OrderState,
        order::{Attached, OrderType, Tif},
        text::Text,
    },
    grammar::{self, GrammarError},
    runtime::Client,
};
use clap::Args;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Order {
    /// The order line, in quotes or as several words.
    #[arg(required = true, value_name = "LINE")]
    line: Vec<String>,
    /// Say what it would do, with every check's verdict, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

/// How long rules and a quote may take.
const READY: Duration = Duration::from_secs(10);
/// How long the venue may take to say what became of an order.
const SETTLED: Duration = Duration::from_secs(10);
/// How long an order that should fill at once is watched.
const MOMENT: Duration = Duration::from_secs(3);

pub(super) fn run(context: &Context, order: &Order) -> Result<Report, Failure> {
    let line = order.line.join(" ");
    let command = read(&line)?;
    act::run(context, command, order.dry_run, order.yes)
}

/// The meaning of a line.
///
/// # Errors
/// One sentence, and the line with a caret under the place.
pub(super) fn read(line: &str) -> Result<Command, Failure> {
    grammar::parse(line).map_err(|why| Failure::usage(pointed(line, &why)))
}

fn pointed(line: &str, why: &GrammarError) -> String {
    let is_shown = line.chars().count() <= 200 && !line.chars().any(crate::domain::text::is_unsafe);
    if is_shown { format!("{why}\n  {line}\n  {}", why.caret(line)) } else { why.to_string() }
}

/// Sends an order and says what became of it.
pub(super) fn place(wish: &Wish<'_>, client: &mut Client, draft: Draft) -> Result<Report, Failure> {
    let venue = match routed(client, &draft)? {
        Ok(venue) => venue,
        Err(refusal) => return Ok(refusal),
    };
    agreed(client, Some(&venue))?;
    let symbol = quote::watch(client, &draft.symbol, &venue)?;
    let draft = Draft { symbol, venue: Some(venue.clone()), ..draft };
    let preview = ready(client, &draft, &venue)?;
    if let Some((field, text)) = preview.problems.first() {
        return Ok(act::refusal(text, Some(field.as_str()), &preview.checks));
    }
    if wish.dry_run {
        return Ok(preview::order(&preview, client.snapshot().at));
    }
    let live = ask::is_live(wish.config, Some(&venue));
    ask::consent(wish.context, wish.yes, live, &preview::text(&preview))?;
    if live {
        // The consent just given is for this one order; entries at a live account take an arming.
        client.ask(Request::Arm { minutes: 1 }, ANSWER)?;
    }
    send(client, Command::Order(draft))
}

/// Where the engine would send it.
fn routed(client: &mut Client, draft: &Draft) -> Result<Result<VenueId, Report>, Failure> {
    if let Some(named) = &draft.venue {
        return Ok(Ok(named.clone()));
    }
    let reply = client.ask(Request::Preview(Command::Order(draft.clone())), ANSWER)?;
    let Reply::Preview(preview) = reply else {
        return Err(Failure::failed("the engine is busy and did nothing; try again"));
    };
    match (&preview.instrument, preview.problems.first()) {
        (Some(instrument), _) => Ok(Ok(instrument.venue.clone())),
        (None, Some((field, text))) => Ok(Err(act::refusal(text, Some(field.as_str()), &preview.checks))),
        (None, None) => Err(Failure::failed("no venue is open")),
    }
}

/// Changes a working order, or protects a position.
pub(super) fn change(wish: &Wish<'_>, client: &mut Client, command: Command) -> Result<Report, Failure> {
    agreed(client, None)?;
    if wish.dry_run {
        return wish.simply(client, command);
    }
    let live = ask::is_live(wish.config, None);
    ask::consent(wish.context, wish.yes, live, &grammar::print(&command))?;
    if live {
        client.ask(Request::Arm { minutes: 1 }, ANSWER)?;
    }
    send(client, command)
}

/// The preview, once the symbol's rules and a quote are there; the last one where they do not come.
fn ready(client: &mut Client, draft: &Draft, venue: &VenueId) -> Result<Box<Preview>, Failure> {
    let until = client.now().plus_ms(u64::try_from(READY.as_millis()).ok().unwrap_or(u64::MAX));
    loop {
        let reply = client.ask(Request::Preview(Command::Order(draft.clone())), ANSWER)?;
        let Reply::Preview(preview) = reply else {
            return Err(Failure::failed("the engine is busy and did nothing; try again"));
        };
        let waits = preview.problems.iter().any(|(field, _)| field == "wait");
        let snapshot = client.snapshot();
        let quoted =
            quote::row(&snapshot, &draft.symbol, venue).is_some_and(|r| r.updated.is_some() && !r.stale);
        if (!waits && quoted) || client.now() >= until {
            return Ok(preview);
        }
        client.wait_for(Duration::from_millis(200), |s| s.seq > snapshot.seq)?;
    }
}

fn send(client: &mut Client, command: Command) -> Result<Report, Failure> {
    let reply = client.ask(Request::Do(command), ANSWER)?;
    let Reply::Placed { orders, venue, text } = reply else {
        return Ok(act::answer(reply, &client.snapshot()));
    };
    placed(client, &orders, &venue, &text)
}

/// Waits until it is known what became of the orders, and says it.
fn placed(client: &mut Client, ids: &[ClientId], venue: &VenueId, text: &Text) -> Result<Report, Failure> {
    let of = |s: &Snapshot| -> Vec<OrderRow> {
        let ours = |o: &&OrderRow| {
            o.id.venue == *venue
                && (ids.contains(&o.id.client) || o.parent.as_ref().is_some_and(|p| ids.contains(p)))
        };
        s.orders.iter().filter(ours).cloned().collect()
    };
    let settled = client.wait_for(SETTLED, |s| {
        let rows = of(s);
        !rows.is_empty() && rows.iter().all(|o| !is_under_way(o.state))
    })?;
    if settled.is_some() {
        client.wait_for(MOMENT, |s| is_quiet(&of(s)))?;
    }
    let snapshot = client.snapshot();
    Ok(report(&snapshot, &of(&snapshot), text))
}

const fn is_under_way(state: OrderState) -> bool {
    matches!(state, OrderState::Intended | OrderState::Sending)
}

/// Nothing more is to come in a moment: what fills at once has ended, and an entry that has filled has its exits.
fn is_quiet(rows: &[OrderRow]) -> bool {
    let at_once = |o: &OrderRow| {
        o.parent.is_none()
            && (matches!(o.order_type, OrderType::Market) || matches!(o.tif, Tif::Ioc | Tif::Fok))
    };
    let has_children = |o: &OrderRow| {
        matches!(o.attached, Attached::Simple) || rows.iter().any(|c| c.parent.as_ref() == Some(&o.id.client))
    };
    rows.iter()
        .all(|o| (!at_once(o) || o.state.is_final()) && (o.state != OrderState::Filled || has_children(o)))
}

fn report(snapshot: &Arc<Snapshot>, rows: &[OrderRow], text: &Text) -> Report {
    let unknown = rows.iter().find(|o| is_under_way(o.state) || o.state.is_uncertain());
    let dead = rows
        .iter()
        .find(|o| matches!(o.state, OrderState::Rejected | OrderState::NotSent | OrderState::Abandoned));
    let (code, outcome, note) = match (rows.is_empty(), unknown, dead) {
        (true, _, _) => {
            (Code::Failed, "unknown", Some("UNKNOWN: the order does not show in the book".to_owned()))
        }
        (_, Some(o), _) => (Code::Failed, "unknown", Some(unknown_words(o))),
        (_, None, Some(o)) => {
            let why = o.reason.as_ref().map_or("no reason given", Text::as_str);
            (Code::Failed, "rejected", Some(format!("order {} is {}: {why}", o.id.client, o.state.word())))
        }
        (false, None, None) => (Code::Done, "placed", None),
    };
    let document = rows::object([
        ("outcome", Value::from(outcome)),
        ("text", Value::from(text.as_str())),
        ("orders", rows::document(&rows, snapshot.at)),
    ]);
    let all: Vec<&OrderRow> = rows.iter().collect();
    let table = orders::table(&all, snapshot.at).print("");
    Report { code, document, text: format!("{text}\n{table}"), note }
}

fn unknown_words(o: &OrderRow) -> String {
    format!(
        "UNKNOWN: order {} may or may not have reached {} (it is {}). It was NOT sent again; it counts as exposure. \
         Look with `tradedeck orders` before you send another",
        o.id.client,
        o.id.venue,
        o.state.word()
    )
}
