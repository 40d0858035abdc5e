//! `tradedeck orders`.

use super::{
    open::{Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{Table, age, maybe},
};
use crate::{
    desk::snapshot::OrderRow,
    domain::{
        money::Price,
        order::{Amount, OrderType},
        time::{Mono, Now},
    },
};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Orders {
    /// Only this venue.
    #[arg(value_name = "VENUE")]
    at: Option<String>,
    /// The ended ones of today too.
    #[arg(long)]
    all: bool,
}

pub(super) fn run(context: &Context, orders: &Orders) -> Result<Report, Failure> {
    look(context, orders.at.as_deref(), |s, venue| {
        let wanted = |o: &&OrderRow| is_at(venue, &o.id.venue) && (orders.all || o.state.is_open());
        let shown: Vec<&OrderRow> = s.orders.iter().filter(wanted).collect();
        let nothing = if orders.all { "no orders" } else { "no working orders" };
        ("orders", rows::document(&shown, s.at), table(&shown, s.at).print(nothing))
    })
}

/// Orders as a table; children stand behind their parent.
pub(super) fn table(orders: &[&OrderRow], now: Now) -> Table {
    let mut table = Table::new(&[
        "id", "venue", "state", "side", "symbol", ">filled", ">of", "type", ">price", "tif", ">average",
        ">age", "note",
    ]);
    for o in orders {
        let indent = if o.depth == 0 { "" } else { "  " };
        table.row(vec![
            format!("{indent}{}", o.id.client),
            o.id.venue.to_string(),
            // What is held here has words of its own: it is no state at the venue.
            if o.here { o.status_word.to_string() } else { o.state.word().to_owned() },
            o.side.word().to_owned(),
            o.symbol.to_string(),
            o.filled.to_string(),
            amount(o.amount),
            o.order_type.kind().word().to_owned(),
            price(o),
            o.tif.to_string(),
            maybe(o.avg_price),
            age(now.mono.since_ms(o.updated)),
            note(o),
        ]);
    }
    table
}

pub(super) fn amount(amount: Amount) -> String {
    match amount {
        Amount::Qty(qty) => qty.to_string(),
        Amount::Notional(money) => format!("${money}"),
    }
}

fn price(o: &OrderRow) -> String {
    let stop: Option<Price> = match o.order_type {
        OrderType::TrailingStop { .. } => o.trailing_stop,
        OrderType::Market
        | OrderType::Limit { .. }
        | OrderType::Stop { .. }
        | OrderType::StopLimit { .. } => o.order_type.stop(),
    };
    match (stop, o.order_type.limit()) {
        (Some(stop), Some(limit)) => format!("{stop}/{limit}"),
        (one, other) => maybe(one.or(other)),
    }
}

fn note(o: &OrderRow) -> String {
    let mut words = Vec::new();
    if o.state.is_uncertain() {
        words.push("UNKNOWN whether the venue has it".to_owned());
    }
    if o.late && o.updated > Mono::default() {
        words.push("waits too long".to_owned());
    }
    words.extend(o.show.map(|show| format!("an iceberg, {show} shown at a time")));
    words.extend(o.reason.as_ref().map(ToString::to_string));
    words.join(", ")
}
