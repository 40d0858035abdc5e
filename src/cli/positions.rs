//! `tradedeck positions`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{Table, maybe},
};
use crate::desk::snapshot::PositionRow;

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    look(context, at.at.as_deref(), |s, venue| {
        let held: Vec<&PositionRow> =
            s.positions.iter().filter(|p| is_at(venue, &p.instrument.venue)).collect();
        let mut table = Table::new(&[
            "venue",
            "symbol",
            ">qty",
            ">average",
            ">last",
            ">value",
            ">day P&L",
            ">unrealized",
            ">stop",
            ">target",
            "note",
        ]);
        for p in &held {
            table.row(vec![
                p.instrument.venue.to_string(),
                p.instrument.symbol.to_string(),
                p.qty.to_string(),
                maybe(p.avg_price),
                maybe(p.last),
                maybe(p.value),
                maybe(p.day_pnl),
                maybe(p.unrealized),
                maybe(p.stop),
                maybe(p.target),
                note(p),
            ]);
        }
        ("positions", rows::document(&held, s.at), table.print("no positions"))
    })
}

fn note(p: &PositionRow) -> String {
    let mut words = Vec::new();
    if p.stale {
        words.push("STALE");
    }
    if p.protected < p.qty.size() {
        words.push(if p.protected.is_zero() { "no stop" } else { "stop covers a part" });
    }
    words.join(", ")
}
