//! `tradedeck engine`: the accounts are held without a screen.

use super::{
    open::{ANSWER, AttachFailure, Context, opening_failed},
    report::{Failure, Report, say},
    rows,
};
use crate::{
    desk::{Reply, Request},
    runtime::{AttachError, Deck, Role, headless},
};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::time::Duration;

/// How long an engine may take to end in order: what is on its way to a venue gets a moment to arrive.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(super) struct Engine {
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// End the engine that runs, and with it every screen that is attached. Orders and positions stay as they are.
    Stop,
}

pub(super) fn run(context: &Context, engine: &Engine) -> Result<Report, Failure> {
    match engine.deed {
        None => serve(context),
        Some(Deed::Stop) => stop(context),
    }
}

fn serve(context: &Context) -> Result<Report, Failure> {
    let config = context.config()?;
    let ready = |socket: &std::path::Path| {
        say(&format!(
            "the engine runs as process {} at {}; `tradedeck` attaches to it, `tradedeck engine stop` ends it",
            std::process::id(),
            socket.display()
        ));
    };
    headless::run(context.opening(config, Role::Engine), ready).map_err(opening_failed)?;
    let fields = [("outcome", Value::from("ended"))];
    Ok(Report::done(rows::object(fields), "the engine has ended\n".to_owned()))
}

fn stop(context: &Context) -> Result<Report, Failure> {
    let mut client = match context.attach(&context.config()?) {
        Ok(Some(client)) => client,
        Ok(None) => return Err(Failure::failed("no engine runs for this profile")),
        Err(AttachFailure::Silent) => {
            return Err(Failure::failed(format!("{}; nothing was ended", AttachError::Silent)));
        }
        Err(AttachFailure::Other(failure)) => return Err(failure),
    };
    let open = match client.ask(Request::AskOpen, ANSWER)? {
        Reply::Open { orders, positions, unknown, held } => [
            ("orders", Value::from(orders)),
            ("positions", Value::from(positions)),
            ("unknown_orders", Value::from(unknown)),
            ("held_orders", Value::from(held)),
        ],
        Reply::Done(_)
        | Reply::Placed { .. }
        | Reply::Refused { .. }
        | Reply::Preview(_)
        | Reply::Plan(_)
        | Reply::Bars { .. }
        | Reply::Since(_)
        | Reply::Busy => return Err(Failure::failed("the engine is busy and was not ended; try again")),
    };
    if let Deck::Attached(attachment) = client.deck() {
        attachment.end();
    }
    if !client.ends(ENDS_WITHIN) {
        let why = client.refusal().map_or_else(
            || format!("the engine has not ended within {} s", ENDS_WITHIN.as_secs()),
            |why| why.to_string(),
        );
        return Err(Failure::failed(why));
    }
    let count = |n: usize| open.get(n).and_then(|(_, v)| v.as_u64()).unwrap_or_default();
    let text = format!(
        "the engine has ended; at the venues stay {} position(s) and {} order(s), {} of them unknown; {} order(s) were held \
         here and are watched by nobody now\n",
        count(1),
        count(0),
        count(2),
        count(3)
    );
    let [orders, positions, unknown, held] = open;
    let document = rows::object([("outcome", Value::from("ended")), orders, positions, unknown, held]);
    Ok(Report::done(document, text))
}
